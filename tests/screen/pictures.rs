//! More screens as text: the panes, menus and questions of several sessions, of UDP, of the models.

use std::time::Duration;

use sockyard::app::control::{Bytes, Control, Input, Pane};
use sockyard::app::plan::Steps;
use sockyard::app::{Msg, Spot};
use sockyard::model::call::Function;
use sockyard::model::{
    Actor, Call, ConnectionId, Errno, Event, Family, Fd, Model, Offer, OptionValue, Outcome,
    PortEvent, PortVerdict, Preview, Readiness, SaveId, SaveReport, Service, SocketKind,
    SocketOption,
};

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, UDP_SOCKET, client, connection, loopback, recv, recvfrom, send,
};
use crate::views::both_sizes;

#[test]
fn several_sessions() {
    let prepare = |bench: &mut Bench| {
        bench.server_listens();
        bench.client_connects();
        bench.accepted(1, 8, 53_422);
        bench.keys("1onalice<enter>+");
        bench.connects(client(2), 9, 53_424);
        bench.accepted(2, 10, 53_424);
        bench.received(client(2), 9, b"Welcome");
        bench.keys("1+1");
        bench.returned(client(3), SOCKET, Outcome::Descriptor(Fd(11)));
        let (fd, address) = (Fd(11), loopback(81));
        let refused = Outcome::Failed(Errno::ECONNREFUSED);
        bench.returned(client(3), Call::Connect { fd, address }, refused);
        bench.keys("[");
    };
    both_sizes("sessions", prepare);
    both_sizes("sessions_list", |bench| {
        prepare(bench);
        bench.keys("4");
    });
}

#[test]
fn a_crowd() {
    both_sizes("crowd", |bench| {
        bench.server_listens();
        bench.app.sessions.steps = Steps::Say;
        bench.app.focus_on(Control::Input(Input::Crowd));
        bench.keys("<c-u>5<enter>");
        for id in 2..=4 {
            bench.connects(client(id), 10 + id as i32, 40_000 + id as u16);
            bench.accepted(u64::from(id), 20 + id as i32, 40_000 + id as u16);
        }
        for id in 2..=3 {
            bench.sent(client(id), 10 + id as i32, b"hello");
            bench.now += 2_000;
            bench.received(client(id), 10 + id as i32, b"hello");
        }
        let (fd, address) = (Fd(30), loopback(8888));
        bench.returned(client(5), SOCKET, Outcome::Descriptor(fd));
        let refused = Outcome::Failed(Errno::ECONNREFUSED);
        bench.returned(client(5), Call::Connect { fd, address }, refused);
        bench.returned(client(5), Call::Close { fd }, Outcome::Done);
    });
}

#[test]
fn ports_of_each_verdict() {
    both_sizes("ports", |bench| {
        bench.keys("5<enter>");
        let mut events = vec![PortEvent::Began([127, 0, 0, 1].into())];
        let mut tried = |port, verdict, millis| {
            events.push(PortEvent::Tried {
                port,
                verdict,
                took: Duration::from_millis(millis),
            });
        };
        for port in 8_880..=8_887 {
            tried(port, PortVerdict::Closed, 0);
        }
        tried(8_888, PortVerdict::Open, 1);
        tried(8_889, PortVerdict::Closed, 0);
        tried(8_890, PortVerdict::Silent, 1_000);
        tried(8_891, PortVerdict::Failed(Errno::EHOSTUNREACH), 3);
        bench.happened(events.into_iter().map(Event::Port).collect());
    });
    both_sizes("ports_empty", |bench| {
        bench.keys("5");
    });
}

#[test]
fn menus() {
    let prepare = |bench: &mut Bench| {
        bench.server_listens();
        bench.client_connects();
        bench.accepted(1, 8, 53_422);
        let (fd, family) = (Fd(7), Family::Inet);
        for (option, value) in [
            (SocketOption::NoDelay, OptionValue::Flag(false)),
            (SocketOption::ReceiveBuffer, OptionValue::Number(131_072)),
            (
                SocketOption::Linger,
                OptionValue::Linger(Some(Duration::ZERO)),
            ),
        ] {
            let call = Call::Getsockopt { fd, option, family };
            bench.returned(CLIENT, call, Outcome::Value(value));
        }
    };
    for (name, keys) in [
        ("menu_client", "1o"),
        ("menu_options", "1op"),
        ("menu_shutdown", "1d"),
        ("menu_texts", "1t"),
        ("menu_server", "2oo"),
        ("menu_connection", "2o"),
        ("prompt", "1ob"),
        ("prompt_wrong", "1opamaybe<enter>"),
    ] {
        both_sizes(name, |bench| {
            prepare(bench);
            bench.keys(keys);
        });
    }
}

#[test]
fn questions() {
    both_sizes("question_ports", |bench| {
        bench.app.ports.host.set("scanme.example.org");
        bench.keys("5<enter>");
    });
    both_sizes("question_replace", |bench| {
        bench.client_connects();
        bench.received(CLIENT, 7, b"all");
        bench.keys("1os<enter>");
        bench.app.update(Msg::Saved(SaveReport::Exists {
            id: SaveId(1),
            path: "/home/you/received.bin".into(),
            bytes: 1_234_567,
        }));
    });
}

#[test]
fn udp_at_both_ends() {
    let prepare = |bench: &mut Bench| {
        bench.app.server.kind = SocketKind::Datagram;
        bench.app.sessions.front_mut().kind = SocketKind::Datagram;
        bench.udp_server_starts();
        bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
        let sendto = |fd, bytes: &[u8], port| Call::Sendto {
            fd: Fd(fd),
            length: bytes.len(),
            preview: Preview::of(bytes),
            address: loopback(port),
        };
        bench.returned(CLIENT, sendto(7, b"hello", 8888), Outcome::Sent(5));
        bench.datagram(SERVER, 5, b"hello", 40_001, 0);
        bench.returned(SERVER, sendto(5, b"hello", 40_001), Outcome::Sent(5));
        bench.datagram(CLIENT, 7, b"hello", 8888, 0);
        bench.datagram(SERVER, 5, b"", 40_002, 0);
        bench.datagram(CLIENT, 7, b"cut of", 8888, 8);
        bench.blocked(SERVER, recvfrom(5));
        bench.blocked(CLIENT, recvfrom(7));
    };
    both_sizes("udp_client", |bench| {
        prepare(bench);
        bench.keys("1");
    });
    both_sizes("udp_server", |bench| {
        prepare(bench);
        bench.keys("2");
    });
}

#[test]
fn a_serial_server_with_a_queue() {
    both_sizes("serial", |bench| {
        bench.app.server.model = Model::Serial;
        bench.server_listens();
        bench.accepted(1, 8, 53_422);
        bench.serving(
            1,
            Offer {
                model: Model::Serial,
                ..Offer::default()
            },
        );
        bench.happened(vec![Event::AcceptQueue {
            waiting: 3,
            backlog: 2,
            dropped: 0,
        }]);
        bench.keys("2");
    });
}

#[test]
fn a_server_that_polls() {
    both_sizes("poll", |bench| {
        bench.app.server.model = Model::Poll;
        bench.server_listens();
        for number in 1..=3 {
            bench.returned(
                SERVER,
                Call::Accept { fd: Fd(5) },
                Outcome::Accepted {
                    fd: Fd(7 + number),
                    peer: loopback(40_000 + number as u16),
                    connection: ConnectionId(number as u64),
                },
            );
            bench.serving(
                number as u64,
                Offer {
                    model: Model::Poll,
                    service: Service::Chat,
                    ..Offer::default()
                },
            );
        }
        bench.received(connection(1), 8, b"hi all\n");
        bench.happened(vec![Event::AcceptQueue {
            waiting: 0,
            backlog: 128,
            dropped: 0,
        }]);
        bench.blocked(SERVER, Call::EpollWait { sockets: 4 });
        bench.keys("2");
    });
}

#[test]
fn a_connection_by_hand() {
    both_sizes("by_hand", |bench| {
        bench.app.server.service = Service::Manual;
        bench.keys("2e");
        bench.server_listens();
        bench.accepting(false);
        bench.accepted(1, 8, 53_422);
        bench.serving(
            1,
            Offer {
                service: Service::Manual,
                ..Offer::default()
            },
        );
        // Nobody receives until a person does.
        bench.happened(vec![Event::Unblocked {
            who: connection(1),
            function: Function::Recv,
        }]);
        bench.happened(vec![Event::Ready {
            who: connection(1),
            readiness: Readiness {
                readable: true,
                writable: true,
                waiting: 12,
                ..Readiness::default()
            },
        }]);
        bench.keys("2ihello");
    });
    both_sizes("step_by_step", |bench| {
        bench.keys("2k");
        bench.returned(SERVER, SOCKET, Outcome::Descriptor(Fd(5)));
    });
}

#[test]
fn a_web_page() {
    both_sizes("http", |bench| {
        bench.server_listens();
        bench.client_connects();
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n";
        bench.received(CLIENT, 7, head);
        bench.received(CLIENT, 7, b"<h1>It works</h1>\n<p>\xff\n");
        bench.received(CLIENT, 7, b"");
        bench.app.focus_on(Control::Bytes(Bytes::Client));
        bench.keys("mmm");
    });
}

#[test]
fn non_blocking() {
    both_sizes("eagain", |bench| {
        bench.client_connects();
        bench.happened(vec![Event::Unblocked {
            who: CLIENT,
            function: Function::Recv,
        }]);
        bench.keys("1ok");
        bench.blocking(CLIENT, false);
        bench.returned(CLIENT, recv(7), Outcome::Failed(Errno::EAGAIN));
        bench.returned(CLIENT, send(7, &[b'x'; 100]), Outcome::Sent(40));
        bench.happened(vec![Event::Ready {
            who: CLIENT,
            readiness: Readiness {
                writable: true,
                ..Readiness::default()
            },
        }]);
    });
}

#[test]
fn the_end_with_the_focus_last_is_open_and_the_other_is_folded() {
    for (name, keys) in [
        ("folded_server", "13"),
        ("folded_client", "23"),
        ("folded_client_of_ports", "25"),
    ] {
        let mut bench = Bench::new(80, 24);
        bench.echo_session();
        bench.keys("<esc>");
        bench.keys(keys);
        insta::assert_snapshot!(name, bench.screen());
    }
    let mut bench = Bench::new(60, 20);
    bench.echo_session();
    insta::assert_snapshot!("smallest", bench.screen());
    bench.keys("<esc>24");
    insta::assert_snapshot!("smallest_sessions", bench.screen());
    assert_eq!(bench.app.end, Pane::Server);
    bench.app.update(Msg::Click(Spot::Pane(Pane::Ports)));
    insta::assert_snapshot!("smallest_ports", bench.screen());
    assert!(bench.app.known(Actor::Ports).is_none());
}
