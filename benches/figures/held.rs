//! How much memory each of ten thousand held connections takes of `sockyard serve`.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::serve::Server;
use super::table::{Bar, float, row};

/// How many there are.
const HELD: u64 = 10_000;

/// KiB for each, in each model, beside the bare servers.
pub fn print() {
    for (model, most) in [("poll", 1.0), ("threads", 20.0)] {
        let (here, beside) = (each(&Server::ours(model)), each(&Server::bare(model)));
        let name = format!("serve, {model}, 10,000 connections held, KiB for each");
        row(&name, here, Some(beside), Bar::AtMost(most));
    }
}

fn each(server: &Server) -> f64 {
    let before = server.memory();
    let held: Vec<TcpStream> = (0..HELD)
        .map(|_| {
            let mut peer = TcpStream::connect(server.address).expect("it accepts");
            peer.write_all(b"hello").expect("room");
            peer.read_exact(&mut [0; 5]).expect("an echo");
            peer
        })
        .collect();
    let after = server.memory();
    drop(held);
    float(after.saturating_sub(before)) / float(HELD) / 1024.0
}
