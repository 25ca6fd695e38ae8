//! The app and its view without sockets and without a terminal: keys and events in, effects and text screens out.

mod journey;
mod support;
mod update;
mod views;
