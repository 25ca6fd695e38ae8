//! The end-to-end tests: the real program in a real pseudo-terminal. One crate, so that the harness is compiled once
//! and all of it is used. `pty` is the harness, `play` what the tests have in common, the other modules are tests.

mod cli;
mod config;
mod ending;
mod hostile;
mod keys;
mod limits;
mod lines;
mod mouse;
mod play;
mod played;
mod pty;
mod pty_selftest;
mod saves;
mod sizes;
mod strangers;
