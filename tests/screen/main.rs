//! The app and its view without sockets and without a terminal: keys and events in, effects and text screens out.

mod buttons;
mod datagrams;
mod journey;
mod lines;
mod menus;
mod outstanding;
mod palette;
mod pictures;
mod played;
mod ports;
mod reachable;
mod reviewed;
mod saving;
mod sessions;
mod settings;
mod shown;
mod sizes;
mod support;
mod update;
mod views;
