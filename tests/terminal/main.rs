//! The end-to-end tests: real programs in a real pseudo-terminal. One crate, so that the harness is
//! compiled once and all of it is used. `pty` is the harness, the other modules are tests.

mod pty;
mod pty_selftest;
