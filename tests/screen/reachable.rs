//! Who can reach this machine's sockets from elsewhere is on the screen, whatever else is there.

use sockyard::app::Overlay;
use sockyard::model::{Call, Fd, Outcome};

use crate::support::{Bench, CLIENT, SERVER, SOCKET, UDP_SOCKET, loopback};

/// The last is as long as an address can be.
const EVERYWHERE: [&str; 4] = [
    "0.0.0.0:8888",
    "[::]:8888",
    "192.168.100.200:65535",
    "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535",
];

/// From the least size to a roomy one.
const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 36), (200, 60)];

/// What opens something above or beside the panes, or gives one of them the whole screen.
const KEYS: [&str; 18] = [
    "",
    "1z",
    "2z",
    "3z",
    "4z",
    "5z",
    "4",
    "5",
    "2",
    "2o",
    "1o",
    "1t",
    "?",
    ":",
    "<c-p>",
    "2:client connect 127.0.0.1",
    "3<enter>",
    "1i",
];

fn serves(bench: &mut Bench, address: &str, udp: bool) {
    let fd = Fd(5);
    let address = address.parse().expect("an address");
    let socket = if udp { UDP_SOCKET } else { SOCKET };
    bench.returned(SERVER, socket, Outcome::Descriptor(fd));
    bench.returned(SERVER, Call::Bind { fd, address }, Outcome::Done);
    if !udp {
        bench.returned(SERVER, Call::Listen { fd, backlog: 1 }, Outcome::Done);
    }
    bench.returned(SERVER, Call::Getsockname { fd }, Outcome::Named(address));
}

#[track_caller]
fn assert_said(bench: &mut Bench, what: &str) {
    let screen = bench.screen();
    let first = screen.lines().next().expect("a line");
    assert!(
        first.contains("open to others") || first.contains("open to every machine"),
        "{what}\n{screen}"
    );
}

#[test]
fn whoever_can_reach_the_server_is_said_at_every_size_whatever_is_open() {
    for address in EVERYWHERE {
        for udp in [false, true] {
            let mut served = Bench::new(120, 36);
            serves(&mut served, address, udp);
            for number in 1..=100 {
                if !udp {
                    served.accepted(number, 8, 10_000);
                }
            }
            served.keys("<esc>");
            for (columns, rows) in SIZES {
                for keys in KEYS {
                    let mut bench = Bench::new(columns, rows);
                    bench.app = served.app.clone();
                    bench.keys(keys);
                    let what = format!("{address} {columns}x{rows} {keys} UDP: {udp}");
                    assert_said(&mut bench, &what);
                }
            }
        }
    }
}

#[test]
fn it_is_said_beside_a_script_that_is_played() {
    for (columns, rows) in SIZES {
        let script =
            "say \"This says a lot, and then even more than that.\"\nwait 1s\nclient close\n";
        let script = sockyard::app::script::Script::read("x.yard", script).expect("a script");
        let mut bench = Bench::new(columns, rows);
        bench.app.begin(script);
        serves(&mut bench, "0.0.0.0:8888", false);
        for keys in ["", " ", "p", "<esc>"] {
            bench.keys(keys);
            assert_said(&mut bench, &format!("{columns}x{rows} {keys:?}"));
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_for_anything_else_says_it_too() {
    let mut bench = Bench::new(30, 8);
    serves(&mut bench, "0.0.0.0:8888", false);
    assert!(bench.screen().contains("open to others"));
}

#[test]
fn loopback_is_for_this_machine_alone() {
    for address in [
        "127.0.0.1:8888",
        "127.9.9.9:1",
        "[::1]:8888",
        "[::ffff:127.0.0.1]:80",
    ] {
        let mut bench = Bench::new(120, 36);
        serves(&mut bench, address, false);
        let screen = bench.screen();
        assert!(!screen.contains("open to"), "{screen}");
    }
    // A socket that is bound and does not listen lets nobody in; nor does one that was closed.
    let mut bench = Bench::new(120, 36);
    let fd = Fd(5);
    let address = "0.0.0.0:8888".parse().expect("an address");
    bench.returned(SERVER, SOCKET, Outcome::Descriptor(fd));
    bench.returned(SERVER, Call::Bind { fd, address }, Outcome::Done);
    bench.returned(SERVER, Call::Getsockname { fd }, Outcome::Named(address));
    assert!(!bench.screen().contains("open to"), "{}", bench.screen());
    bench.returned(SERVER, Call::Listen { fd, backlog: 1 }, Outcome::Done);
    assert_said(&mut bench, "it listens");
    bench.returned(SERVER, Call::Close { fd }, Outcome::Done);
    assert!(!bench.screen().contains("open to"), "{}", bench.screen());
}

#[test]
fn a_clients_udp_socket_that_takes_datagrams_from_anybody_is_said_too() {
    let fd = Fd(7);
    let is_said = |bench: &mut Bench| {
        bench
            .screen()
            .lines()
            .next()
            .map(|l| l.contains("open to others"))
    };
    for (columns, rows) in SIZES {
        // Bound by hand to every address.
        let mut bench = Bench::new(columns, rows);
        bench.server_listens();
        bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(fd));
        assert_eq!(is_said(&mut bench), Some(false));
        let local = "0.0.0.0:4000".parse().expect("an address");
        bench.returned(CLIENT, Call::Getsockname { fd }, Outcome::Named(local));
        assert_eq!(is_said(&mut bench), Some(true), "{}", bench.screen());
        // Connected, the kernel passes on nothing but its peer's.
        let address = loopback(8888);
        bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
        assert_eq!(is_said(&mut bench), Some(false), "{}", bench.screen());
        bench.returned(CLIENT, Call::Close { fd }, Outcome::Done);
        assert_eq!(is_said(&mut bench), Some(false));
    }
    // Never bound by hand: the kernel has done so when it sent.
    let mut bench = Bench::new(80, 24);
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(fd));
    let send = Call::Sendto {
        fd,
        length: 5,
        preview: sockyard::model::Preview::of(b"hello"),
        address: loopback(9),
    };
    bench.returned(CLIENT, send, Outcome::Sent(5));
    assert_eq!(is_said(&mut bench), Some(true), "{}", bench.screen());
    // Bound to loopback, nobody else can.
    let mut bench = Bench::new(80, 24);
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(fd));
    bench.returned(
        CLIENT,
        Call::Getsockname { fd },
        Outcome::Named(loopback(4_000)),
    );
    assert_eq!(is_said(&mut bench), Some(false));
}

#[test]
fn a_question_above_the_panes_hides_it_from_nobody() {
    for (columns, rows) in SIZES {
        let mut bench = Bench::new(columns, rows);
        serves(&mut bench, "[::]:8888", false);
        for overlay in [Overlay::Help(0), Overlay::Script(0), Overlay::Call(0, 0)] {
            bench.app.overlay = Some(overlay);
            assert_said(&mut bench, &format!("{columns}x{rows}"));
        }
    }
}
