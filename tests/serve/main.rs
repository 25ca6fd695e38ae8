//! `sockyard serve` from outside: the real program, its output read from pipes, and plain std sockets as its peers.
//!
//! `program` starts it and waits for its lines, the other modules are tests.

mod ending;
mod lines;
mod load;
mod program;
