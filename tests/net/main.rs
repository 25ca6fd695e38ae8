//! Tests of the `net` layer on real loopback sockets, through its door: actions go into a `Yard`, events come out of
//! its channel. The peers are plain std sockets in the test itself, so that nothing else has to be installed.
//!
//! `driver` is that of the bench `integrity`, `harness` waits for events, `peer` is the other end, `reading` reads the events;
//! the other modules are tests.

mod by_hand;
mod cancelling;
mod capacity;
mod client;
mod connecting;
#[expect(dead_code, reason = "the bench pumps through other programs too")]
#[path = "../../benches/integrity/driver.rs"]
mod driver;
mod flood;
mod harness;
mod integrity;
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
