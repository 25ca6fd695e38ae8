//! Tests of the `net` layer on real loopback sockets, through its door: actions go into a `Yard`, events come out of
//! its channel. The peers are plain std sockets in the test itself, so that nothing else has to be installed.
//!
//! `harness` waits for events, `peer` is the other end, `reading` reads the events; the other modules are tests.

mod by_hand;
mod cancelling;
mod client;
mod connecting;
mod flood;
mod harness;
mod models;
mod options;
mod peer;
mod ports;
mod queue;
mod quiet;
mod random;
mod reading;
mod server;
mod service;
mod settled;
mod udp;
