//! What holds of every input, tried with many that chance makes up, with those that have failed once, and with large ones.
//!
//! What it is that holds is said in `tests/fuzz/properties`, which the fuzz targets share.

mod bytes;
mod deeds;
mod large;
mod lines;
#[path = "../fuzz/properties/mod.rs"]
mod properties;
mod seeds;
mod text;
