//! Tests of the `net` layer on real loopback sockets, through its door: actions go into a `Yard`, events come out of
//! its channel. The peers are plain std sockets in the test itself, so that nothing else has to be installed.
//!
//! `harness` waits for events, `peer` is the other end, `reading` reads the events; the other modules are tests.

mod client;
mod connecting;
mod flood;
mod harness;
mod peer;
mod reading;
mod server;
mod service;
