//! From a name to a connection: look-ups, addresses in turn, refusals, waiting and giving up.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::process::{self, Command};

use sockyard::model::call::Function;
use sockyard::model::{
    Actor, Address, ClientAction, ClientId, Errno, Family, Fd, LookupError, Outcome, Service,
    SocketAction, SocketKind, Target, Waited,
};

use crate::harness::Harness;
use crate::peer::{self, FullQueue};
use crate::reading::{CLIENT, CLOSE, connect, connect_to, count, descriptor, send};

/// A name that is never found, see RFC 6761.
const NO_SUCH_HOST: &str = "no-such-host.invalid";

#[test]
fn a_refused_connect_says_so_and_the_socket_is_closed() {
    let (_held, address) = peer::refusing();
    let mut h = Harness::new();
    h.client(connect(address));
    h.returned(CLIENT, Function::Close);

    let port = address.port();
    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(
        h.texts(CLIENT),
        [
            format!("getaddrinfo(\"127.0.0.1\", \"{port}\") = 0 → 127.0.0.1"),
            format!("socket(AF_INET, SOCK_STREAM, 0) = {fd}"),
            format!("connect({fd}, 127.0.0.1:{port}) = -1 ECONNREFUSED"),
            format!("close({fd}) = 0"),
        ]
    );
    assert_eq!(h.first(Function::Connect).waited, Waited::InProgress);
    assert_a_new_connect_works(&mut h);
}

#[test]
fn an_unknown_service_name_ends_before_a_socket_is_made() {
    let mut h = Harness::new();
    h.client(connect_to("127.0.0.1", "no-such-service"));
    let record = h.returned(CLIENT, Function::Getaddrinfo);
    assert_eq!(
        record.to_string(),
        "getaddrinfo(\"127.0.0.1\", \"no-such-service\") = EAI_SERVICE"
    );
    assert_a_new_connect_works(&mut h);
    assert_eq!(h.functions()[..3], FAILED_THEN_FOUND);
}

#[test]
fn an_unknown_host_ends_before_a_socket_is_made() {
    let mut h = Harness::new();
    h.client(connect_to(NO_SUCH_HOST, "80"));
    let record = h.returned(CLIENT, Function::Getaddrinfo);
    // EAI_NONAME where a name server answers, EAI_AGAIN where none does.
    assert!(
        matches!(
            record.outcome,
            Outcome::LookupFailed(LookupError::Eai(-2 | -3))
        ),
        "{record}"
    );
    assert_a_new_connect_works(&mut h);
    assert_eq!(h.functions()[..3], FAILED_THEN_FOUND);
}

/// What is called when a look-up has failed and the next one succeeds: no socket belongs to the first.
const FAILED_THEN_FOUND: [Function; 3] = [
    Function::Getaddrinfo,
    Function::Getaddrinfo,
    Function::Socket,
];

#[test]
fn a_cancelled_look_up_is_recorded_and_its_answer_comes_to_nothing() {
    // Without room in the channel the worker cannot report the first call before the test collects it, so that both
    // orders after it are there by the time the worker looks for orders again.
    let mut h = Harness::with_capacity(0);
    h.client(send(b"to nobody"));
    h.client(connect_to(NO_SUCH_HOST, "80"));
    h.client(ClientAction::CancelConnect);
    let record = h.returned(CLIENT, Function::Getaddrinfo);
    assert_eq!(
        record.to_string(),
        format!("getaddrinfo(\"{NO_SUCH_HOST}\", \"80\") cancelled")
    );
    assert_a_new_connect_works(&mut h);
    assert_eq!(h.functions()[1..4], FAILED_THEN_FOUND);
}

/// Where a name has several addresses differs from machine to machine, and often none has. So the test runs itself
/// again with a hosts file of its own, mounted over the real one in a mount namespace that only that process sees.
/// Where that is not permitted, `localhost` is tried with as many addresses as it has there.
#[test]
fn the_addresses_of_a_name_are_tried_in_order_until_one_succeeds() {
    const NAME: &str = "the_addresses_of_a_name_are_tried_in_order_until_one_succeeds";
    const INSIDE: &str = "SOCKYARD_TEST_INSIDE_NAMESPACE";
    const SEVERAL: &str = "several.sockyard.test";
    const MOUNT_FAILED: i32 = 77;

    if env::var_os(INSIDE).is_some() {
        assert!(addresses_of(SEVERAL).len() > 1);
        addresses_are_tried_in_order(SEVERAL);
        return datagrams_go_to_the_family_of_their_socket(SEVERAL);
    }
    let mut hosts = String::new();
    for ip in ["127.0.0.3", "127.0.0.2", "127.0.0.1", "::1"] {
        let ip: IpAddr = ip.parse().expect("an address");
        // Without IPv6 there is no ::1 to be refused by.
        if peer::bound(SocketAddr::new(ip, 0)).is_ok() {
            writeln!(hosts, "{ip} {SEVERAL}").expect("memory");
        }
    }
    let file = env::temp_dir().join(format!("sockyard-hosts-{}", process::id()));
    fs::write(&file, hosts).expect("a file");
    let script = format!(
        "mount --bind \"$1\" /etc/hosts || exit {MOUNT_FAILED}; exec \"$2\" --exact \"$3\""
    );
    let inside = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &script,
            "sh",
        ])
        .arg(&file)
        .arg(env::current_exe().expect("this program"))
        .arg(format!(
            "{}::{NAME}",
            module_path!().split_once("::").expect("a module").1
        ))
        .env(INSIDE, "1")
        // Lets the files database give all lines of a name where it would give the first.
        .env("RESOLV_MULTI", "on")
        .output();
    fs::remove_file(&file).expect("the file is still there");
    let told = inside.map(|output| {
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    });
    match told {
        Ok((Some(0), text)) => assert!(text.contains("1 passed"), "{text}"),
        // What a failed test ends with.
        Ok((Some(101), text)) => panic!("in the namespace: {text}"),
        told => {
            eprintln!("no namespace here, so localhost has to do: {told:?}");
            addresses_are_tried_in_order("localhost");
            datagrams_go_to_the_family_of_their_socket("localhost");
        }
    }
}

/// Lets only the last address of `name` listen, connects, and then lets none listen.
fn addresses_are_tried_in_order(name: &str) {
    let addresses = addresses_of(name);
    let (last, others) = addresses.split_last().expect("an address");
    let (listener, held) = listener_beside(*last, others);
    let port = listener.local_addr().expect("a bound address").port();

    let mut h = Harness::new();
    h.client(connect_to(name, &port.to_string()));
    h.returned(CLIENT, Function::Getsockname);
    let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let look_up = format!(
        "getaddrinfo(\"{name}\", \"{port}\") = 0 → {}",
        all.join(", ")
    );
    let attempt = |ip: &IpAddr, fd: Fd, outcome: &str| {
        let address = SocketAddr::new(*ip, port);
        [
            format!("socket({}, SOCK_STREAM, 0) = {fd}", Family::of(&address)),
            format!("connect({fd}, {address}) = {outcome}"),
        ]
    };
    let fds = h.descriptors();
    assert_eq!(fds.len(), addresses.len());
    let mut expected = vec![look_up.clone()];
    for (at, ip) in others.iter().enumerate() {
        expected.extend(attempt(ip, fds[at], "-1 ECONNREFUSED"));
        expected.push(format!("close({}) = 0", fds[at]));
    }
    expected.extend(attempt(last, fds[others.len()], "0"));
    let texts = h.texts(CLIENT);
    assert_eq!(texts[..texts.len() - 1], expected);
    drop(h);

    drop(listener);
    let _held_too = peer::bound(SocketAddr::new(*last, port)).expect("the port is free again");
    let mut h = Harness::new();
    h.client(connect_to(name, &port.to_string()));
    for _ in &addresses {
        h.returned(CLIENT, Function::Close);
    }
    let fds = h.descriptors();
    assert_eq!(fds.len(), addresses.len());
    let mut expected = vec![look_up];
    for (at, ip) in addresses.iter().enumerate() {
        expected.extend(attempt(ip, fds[at], "-1 ECONNREFUSED"));
        expected.push(format!("close({}) = 0", fds[at]));
    }
    assert_eq!(h.texts(CLIENT), expected);
    assert_a_new_connect_works(&mut h);
    drop(held);
}

/// Sends a datagram to `name` from a socket of each family that it has addresses of, and one that it has not.
fn datagrams_go_to_the_family_of_their_socket(name: &str) {
    let addresses = addresses_of(name);
    let mut h = Harness::new();
    for family in [Family::Inet, Family::Inet6, Family::Inet] {
        let of_family = |ip: &&IpAddr| ip.is_ipv6() == family.is_inet6();
        let expected = addresses.iter().find(of_family);
        let made = h.calls(ClientAction::Socket(family, SocketKind::Datagram));
        if matches!(made.outcome, Outcome::Failed(_)) {
            eprintln!("skipped: {made}");
            continue;
        }
        let target = Target {
            address: Address {
                host: name.to_owned(),
                port: "9".to_owned(),
            },
            family: None,
            kind: SocketKind::Datagram,
        };
        h.client(ClientAction::SendTo(target, b"hi".to_vec()));
        let record = h.returned(CLIENT, Function::Sendto);
        match expected {
            Some(ip) => {
                let to = SocketAddr::new(*ip, 9);
                assert!(
                    record.to_string().contains(&format!("{to}) = 2")),
                    "{record}"
                );
            }
            None => assert_eq!(record.outcome, Outcome::Failed(Errno::EAFNOSUPPORT)),
        }
        h.client(CLOSE);
        h.returned(CLIENT, Function::Close);
    }
    // It was asked once for all of them.
    assert_eq!(count(h.seen(), CLIENT, Function::Getaddrinfo), 1);
}

/// What the resolver gives for `name`, in its order.
fn addresses_of(name: &str) -> Vec<IpAddr> {
    (name, 0)
        .to_socket_addrs()
        .expect("the name is known")
        .map(|address| address.ip())
        .collect()
}

/// A listener at `ip` on a port that is bound, but not listened on, at each of `others`.
fn listener_beside(ip: IpAddr, others: &[IpAddr]) -> (TcpListener, Vec<OwnedFd>) {
    for _ in 0..100 {
        let listener = TcpListener::bind((ip, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        let held: rustix::io::Result<Vec<OwnedFd>> = others
            .iter()
            .map(|other| peer::bound(SocketAddr::new(*other, port)))
            .collect();
        if let Ok(held) = held {
            return (listener, held);
        }
    }
    panic!("no port is free at {ip} and at {others:?}");
}

#[test]
fn a_connect_that_hangs_can_be_cancelled() {
    let full = FullQueue::new();
    let mut h = Harness::new();
    h.client(connect(full.address));
    h.blocked(CLIENT, Function::Connect);
    h.client(ClientAction::CancelConnect);
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(record.outcome, Outcome::Cancelled, "{record}");
    h.returned(CLIENT, Function::Close);

    let (fd, address) = (descriptor(&h.first(Function::Socket)), full.address);
    assert_eq!(
        h.texts(CLIENT)[1..],
        [
            format!("socket(AF_INET, SOCK_STREAM, 0) = {fd}"),
            format!("connect({fd}, {address}) cancelled"),
            format!("close({fd}) = 0"),
        ]
    );
    assert_a_new_connect_works(&mut h);
}

#[test]
fn a_reset_gives_up_a_look_up_and_a_handshake_as_close_does() {
    let linger =
        |fd| format!("setsockopt({fd}, SOL_SOCKET, SO_LINGER, {{l_onoff=1, l_linger=0}}) = 0");
    let reset = ClientAction::On(SocketAction::Reset);
    let full = FullQueue::new();
    let mut h = Harness::new();
    h.client(connect(full.address));
    h.blocked(CLIENT, Function::Connect);
    h.client(reset.clone());
    h.returned(CLIENT, Function::Close);
    let (fd, address) = (descriptor(&h.first(Function::Socket)), full.address);
    assert_eq!(
        h.texts(CLIENT)[2..],
        [
            format!("connect({fd}, {address}) cancelled"),
            linger(fd),
            format!("close({fd}) = 0"),
        ]
    );
    assert_a_new_connect_works(&mut h);
    drop(h);

    // See the test of a cancelled look-up.
    let mut h = Harness::with_capacity(0);
    h.client(ClientAction::Socket(Family::Inet, SocketKind::Stream));
    h.client(connect_to(NO_SUCH_HOST, "80"));
    h.client(reset);
    h.returned(CLIENT, Function::Close);
    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(
        h.texts(CLIENT)[1..],
        [
            format!("getaddrinfo(\"{NO_SUCH_HOST}\", \"80\") cancelled"),
            linger(fd),
            format!("close({fd}) = 0"),
        ]
    );
    assert_a_new_connect_works(&mut h);
}

#[test]
fn a_second_connect_gives_up_the_one_that_hangs() {
    let full = FullQueue::new();
    let mut h = Harness::new();
    h.client(connect(full.address));
    h.blocked(CLIENT, Function::Connect);
    assert_a_new_connect_works(&mut h);
    assert_eq!(
        h.functions(),
        [
            Function::Getaddrinfo,
            Function::Socket,
            Function::Connect,
            Function::Close,
            Function::Getaddrinfo,
            Function::Socket,
            Function::Connect,
            Function::Getsockname,
            Function::Send,
            Function::Recv,
        ]
    );
}

#[test]
fn what_is_sent_while_the_connect_hangs_waits_for_the_handshake() {
    let full = FullQueue::new();
    let mut h = Harness::new();
    h.client(connect(full.address));
    h.blocked(CLIENT, Function::Connect);
    h.client(send(b"early"));
    h.blocked(CLIENT, Function::Send);
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(
        h.texts(CLIENT)[2..],
        [
            format!("connect({fd}, {}) cancelled", full.address),
            format!("send({fd}, \"early\", 5, 0) cancelled"),
            format!("close({fd}) = 0"),
        ]
    );
}

#[test]
fn connect_on_a_connected_socket_fails_and_the_connection_goes_on() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    h.connected(address);
    h.client(connect(address));
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EISCONN), "{record}");
    assert_eq!(
        record.call,
        h.first(Function::Connect).call,
        "it is the same socket"
    );
    h.client(send(b"still here"));
    h.receives(CLIENT, b"still here");
    assert_eq!(
        h.functions(),
        [
            Function::Getaddrinfo,
            Function::Socket,
            Function::Connect,
            Function::Getsockname,
            Function::Getaddrinfo,
            Function::Connect,
            Function::Send,
            Function::Recv,
        ]
    );
}

#[test]
fn two_clients_have_sockets_of_their_own() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    h.connected(address);
    let second = ClientId(2);
    h.client_number(second, connect(address));
    let other = Actor::Client(second);
    h.returned(other, Function::Getsockname);
    h.client_number(second, send(b"two"));
    h.client(send(b"one"));
    h.receives(CLIENT, b"one");
    h.receives(other, b"two");
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    h.client_number(second, send(b" more"));
    h.receives(other, b"two more");
}

/// Whatever happened to the first client before: with a server that listens it connects, sends and receives.
fn assert_a_new_connect_works(h: &mut Harness) {
    let (listener, address) = peer::listener();
    let before = count(h.seen(), CLIENT, Function::Getsockname);
    h.client(connect(address));
    h.wait("a new connection", |events| {
        (count(events, CLIENT, Function::Getsockname) > before).then_some(())
    });
    let peer = peer::accept(&listener);
    h.client(send(b"ping"));
    assert_eq!(peer::read(&peer, 4), b"ping");
    peer::send(&peer, b"pong");
    h.receives(CLIENT, b"pong");
}
