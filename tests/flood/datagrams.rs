//! Datagrams of every size that there is.

use std::net::UdpSocket;
use std::thread;

use libtest_mimic::Trial;
use sockyard::model::numbers::grouped;
use sockyard::model::{Model, SocketKind};

use super::playground::Playground;
use super::program::{LIMIT, Program};
use super::trial;

/// The most bytes that a datagram over IPv4 has: 65,535 less the headers of IP and UDP.
const LARGEST: usize = 65_507;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("datagrams_of_every_size_are_served", by_serve),
        trial("datagrams_of_many_sizes_are_shown", by_playground),
    ]
}

/// Sends one datagram of each of these sizes, and checks that it comes back.
fn exchange(peer: &UdpSocket, sizes: impl Iterator<Item = usize>) {
    // What is sent begins at another place each time, so that an echo of the one before is not taken for it.
    let noise: Vec<u8> = (0..LARGEST + 251).map(|i| (i * 7 % 251) as u8).collect();
    let mut back = vec![0; LARGEST + 1];
    for size in sizes {
        let bytes = &noise[size % 251..][..size];
        assert_eq!(peer.send(bytes).expect("it is sent"), size);
        let count = peer.recv(&mut back).expect("it comes back");
        assert!(back[..count] == *bytes, "{count} B came back of {size}");
    }
}

fn peer(address: std::net::SocketAddr) -> UdpSocket {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    peer.set_read_timeout(Some(LIMIT)).expect("a limit");
    peer.connect(address).expect("an address");
    peer
}

fn by_serve() {
    let mut program = Program::start(&["127.0.0.1:0", "--udp", "--quiet"]);
    exchange(&peer(program.address()), 0..=LARGEST);
    let left = program.stop();
    let (datagrams, bytes) = (LARGEST as u64 + 1, (0..=LARGEST as u64).sum());
    assert_eq!(
        left.summary(),
        format!(
            "received {} datagrams: {1} B received, {1} B sent",
            grouped(datagrams),
            grouped(bytes)
        )
    );
}

fn by_playground() {
    let sizes = || (0..=LARGEST).step_by(17).chain(LARGEST - 64..=LARGEST);
    let (mut playground, address) = Playground::serve(Model::Threads, SocketKind::Datagram, 0);
    let sending = thread::Builder::new().name("peer".to_owned());
    let sending = sending.spawn(move || exchange(&peer(address), sizes()));
    let sending = sending.expect("a thread");
    let (datagrams, bytes) = (sizes().count() as u64, sizes().sum::<usize>() as u64);
    playground.until("all of them came", |p| {
        let peer = p.app.server.peers.current();
        peer.is_some_and(|peer| peer.datagrams == datagrams && peer.sent == bytes)
    });
    sending.join().expect("each came back");
    let log = &playground.app.server.received;
    assert_eq!((log.count(), log.received()), (datagrams, bytes));
    playground.assert_calls_are_counted();
    let totals = playground.end();
    assert_eq!(
        (
            totals.counts.datagrams,
            totals.counts.received,
            totals.counts.sent
        ),
        (datagrams, bytes, bytes)
    );
}
