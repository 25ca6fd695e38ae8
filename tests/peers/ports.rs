//! The panel that tries ports: one that is open, one that is closed, one that says nothing.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use libtest_mimic::Trial;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

use super::foreign::trial;
use super::play::shows_row;
use super::pty::{Pty, shows, sockyard};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "an_open_a_closed_and_a_silent_port_are_told_apart",
            &[],
            three_ports,
        ),
        trial("trying_ports_can_be_stopped", &[], stopped),
    ]
}

/// A port that gives no answer: its accept queue is full, and the kernel drops who else comes.
struct Silent {
    port: u16,
    _listener: OwnedFd,
    _waiting: TcpStream,
}

impl Silent {
    fn at(port: u16) -> Option<Silent> {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).ok()?;
        bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, port))).ok()?;
        listen(&listener, 0).ok()?;
        let address = SocketAddr::try_from(getsockname(&listener).ok()?).ok()?;
        // With a backlog of 0 there is room for one.
        let waiting = TcpStream::connect(address).ok()?;
        Some(Silent {
            port: address.port(),
            _listener: listener,
            _waiting: waiting,
        })
    }
}

/// The playground about to try these ports.
fn ports(first: u16, last: u16) -> Pty {
    let pty = sockyard(&[], 120, 36);
    pty.wait_text("server stopped");
    pty.keys(&format!("<f6><s-tab><c-u>{last}<s-tab><c-u>{first}"));
    pty.wait_text(&format!(" to {last} "));
    pty
}

/// Three neighbours: the first is listened at, on the second nobody is, the third is silent.
fn three_neighbours() -> (TcpListener, Silent) {
    for _ in 0..1_000 {
        let open = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = open.local_addr().expect("it is bound").port();
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if port < 65_000
            && is_free(port + 1)
            && let Some(silent) = Silent::at(port + 2)
        {
            return (open, silent);
        }
    }
    panic!("no three ports in a row are free");
}

fn three_ports() {
    let (open, silent) = three_neighbours();
    let first = open.local_addr().expect("it is bound").port();
    let pty = ports(first, silent.port);
    pty.keys("<enter>");
    pty.wait_text("tried 3 of 3 ports of 127.0.0.1");
    pty.wait_text("1 open · 1 closed · 1 silent");
    pty.wait("a row for each", |screen| {
        shows_row(screen, &[&format!("+ {first}"), "open: somebody listens"])
            && shows_row(
                screen,
                &[
                    &format!("- {}", first + 1),
                    "closed: refused, nobody listens",
                ],
            )
            && shows_row(
                screen,
                &[&format!("? {}", silent.port), "no answer in 1.0 s"],
            )
    });
    // The calls that this took, with why.
    pty.keys("<f4>");
    for (port, result) in [
        (first, "= 0"),
        (first + 1, "= -1 ECONNREFUSED"),
        (silent.port, "cancelled"),
    ] {
        let call = format!("127.0.0.1:{port}) {result}");
        pty.wait(&call, |screen| {
            shows_row(screen, &[" ports ", "connect(", &call])
        });
    }
}

fn stopped() {
    let silent = Silent::at(0).expect("a port is free");
    let pty = ports(silent.port, silent.port);
    // It gives up by itself after a second; on a machine that is busy for as long there is another chance.
    for _ in 0..10 {
        pty.keys("<f6>x");
        pty.wait_text("[stop (x)]");
        pty.keys("x");
        pty.wait("the end of it", |screen| {
            shows(screen, "[try (x)]") && shows(screen, "0 open · 0 closed · ")
        });
        if pty.find("0 open · 0 closed · 0 silent").is_some() {
            pty.keys("<f4>");
            pty.wait("the call that was stopped", |screen| {
                shows_row(screen, &[" ports ", "connect(", "cancelled"])
            });
            return;
        }
    }
    panic!("it cannot be stopped");
}
