pub mod model;
pub mod net;
