//! The end of the program: every thread ends and every descriptor is closed, whatever the workers were doing. In a
//! process of its own, because it counts the threads and descriptors of the process.

#[path = "net/harness.rs"]
mod harness;

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use harness::{Harness, LIMIT};
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, ClientAction, ClientId, ConnectionId, Event, Outcome, Service,
    SocketAction, Target,
};

/// How many of the server's connections come from clients of the yard, and how many from elsewhere.
const CLIENTS: u32 = 25;
const PEERS: u32 = 25;

/// A thread for each client, for the server and for each connection, and the client that is blocked.
const WORKERS: usize = (2 * CLIENTS + PEERS + 2) as usize;

#[test]
fn shut_down_ends_every_thread_and_closes_every_descriptor_in_time() {
    let descriptors = open_descriptors();
    assert_eq!(workers(), [""; 0]);
    {
        let mut h = Harness::new();
        let server = h.serve(Service::Echo);
        for number in 1..=CLIENTS {
            connect(&mut h, ClientId(number), server);
        }
        let peers: Vec<TcpStream> = (0..PEERS)
            .map(|_| TcpStream::connect(server).expect("a connection"))
            .collect();
        for number in 1..=CLIENTS + PEERS {
            accepted(&mut h, number);
        }
        // One client that waits for room to send, because its peer does not read.
        let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let blocked = ClientId(CLIENTS + 1);
        connect(&mut h, blocked, silent.local_addr().expect("an address"));
        client(&mut h, blocked, send(128 << 20));
        h.wait("a blocked send", |events| {
            events.iter().find_map(|event| match event {
                Event::Blocked { call, .. } if call.function() == Function::Send => Some(()),
                _ => None,
            })
        });
        assert_eq!(workers().len(), WORKERS);

        // And workers that wait for room in the channel, because nobody collects any more.
        client(&mut h, ClientId(1), send(64 << 20));
        let end = Instant::now() + LIMIT;
        while !h.events.is_full() {
            assert!(Instant::now() < end, "the channel was never full");
            thread::yield_now();
        }

        let trouble = |event: &&Event| matches!(event, Event::Trouble { .. });
        assert_eq!(h.seen().iter().find(trouble), None);
        assert!(h.shut_down(LIMIT), "a worker did not end in time");
        // What is still open is the test's own: its peers and the silent listener.
        assert_eq!(open_descriptors(), descriptors + peers.len() + 1);
        for mut peer in peers {
            peer.set_read_timeout(Some(LIMIT)).expect("a limit");
            assert_eq!(peer.read(&mut [0]).expect("the end of the stream"), 0);
        }
    }
    // The crew counts a thread as gone just before the system does.
    let end = Instant::now() + LIMIT;
    while !workers().is_empty() {
        assert!(Instant::now() < end, "threads are left: {:?}", workers());
        thread::yield_now();
    }
    assert_eq!(open_descriptors(), descriptors);
}

fn client(h: &mut Harness, id: ClientId, action: ClientAction) {
    h.perform(Action::Client(id, action))
        .expect("the client's thread can be started");
}

/// To send so many bytes.
fn send(length: usize) -> ClientAction {
    ClientAction::On(SocketAction::SendAll(vec![b'x'; length]))
}

fn connect(h: &mut Harness, id: ClientId, address: SocketAddr) {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let target = Target::stream(Address { host, port });
    client(h, id, ClientAction::Connect(target));
    let record = h.returned(Actor::Client(id), Function::Connect);
    assert_eq!(record.outcome, Outcome::Done, "{record}");
}

/// Waits until the thread of this connection waits for bytes.
fn accepted(h: &mut Harness, number: u32) {
    let who = Actor::Connection(ConnectionId(u64::from(number)));
    h.wait("an accepted connection", |events| {
        events.iter().find_map(|event| match event {
            Event::Blocked { who: by, .. } if *by == who => Some(()),
            _ => None,
        })
    });
}

/// The names of the threads that the yard has started for sockets.
fn workers() -> Vec<String> {
    fs::read_dir("/proc/self/task")
        .expect("procfs")
        .filter_map(|task| {
            let path = task.expect("a thread's directory").path();
            // It may end between the listing and here.
            fs::read_to_string(path.join("comm")).ok()
        })
        .filter(|name| name.starts_with("client") || name.starts_with("server"))
        .collect()
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("procfs").count()
}
