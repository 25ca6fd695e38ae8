//! UDP at both ends: what a datagram is, who sent it, and to whom an answer goes.

use sockyard::app::control::{Bytes, Control, Input};
use sockyard::app::peers::Peers;
use sockyard::app::stage::Stage;
use sockyard::app::{Effect, Msg, Spot};
use sockyard::model::{
    Action, Call, Event, Fd, Moment, OptionSetting, Outcome, Preview, ServerAction, Service,
    SocketAction, SocketKind,
};

use crate::support::{
    Bench, CLIENT, SERVER, UDP_SOCKET, loopback, on_client, on_server, recv_once, recvfrom,
    send_once,
};

fn sendto(fd: i32, bytes: &[u8], port: u16) -> Call {
    Call::Sendto {
        fd: Fd(fd),
        length: bytes.len(),
        preview: Preview::of(bytes),
        address: loopback(port),
    }
}

#[test]
fn a_udp_server_is_started_stopped_and_waits_for_no_listen() {
    let mut bench = Bench::new(120, 36);
    bench.app.server.kind = SocketKind::Datagram;
    bench.draw();
    assert!(
        matches!(bench.action("s"), Action::Server(ServerAction::Start(setup)) if setup.kind == SocketKind::Datagram)
    );
    bench.udp_server_starts();
    let screen = bench.screen();
    assert!(
        screen.contains("server ─ UDP ─ fd 5 ─ 127.0.0.1:8888"),
        "{screen}"
    );
    assert!(
        screen.contains("server 127.0.0.1:8888 UDP · 0 heard"),
        "{screen}"
    );
    assert!(
        screen.contains("Nobody has sent a datagram yet."),
        "{screen}"
    );
    assert!(
        !screen.contains("[Accept]") && !screen.contains("[listEn]"),
        "{screen}"
    );
    assert!(!screen.contains("LISTEN"), "{screen}");
    assert_eq!(bench.action("s"), Action::Server(ServerAction::Stop));
    bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
    assert!(bench.screen().contains("server ─ no socket"));
}

#[test]
fn the_focus_goes_to_connect_once_a_udp_server_is_bound() {
    let mut bench = Bench::new(120, 36);
    bench.app.server.kind = SocketKind::Datagram;
    bench.keys("s");
    bench.udp_server_starts();
    assert_eq!(
        bench.app.focus,
        Control::Button(sockyard::app::control::Button::Connect)
    );
}

#[test]
fn peers_are_listed_and_the_answer_goes_to_the_selected_one() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    assert_eq!(bench.keys("2iyo<enter>"), []);
    assert!(
        bench.told().contains("no one to answer"),
        "{}",
        bench.told()
    );
    assert_eq!(bench.app.server.answer.value(), "yo", "nothing is lost");
    for (port, bytes) in [(40_001, "one"), (40_002, "two"), (40_001, "more")] {
        bench.datagram(SERVER, 5, bytes.as_bytes(), port, 0);
    }
    let to = |port, bytes: &[u8]| on_server(SocketAction::SendTo(loopback(port), bytes.to_vec()));
    assert_eq!(bench.action("<enter>"), to(40_002, b"yo"), "the newest");
    bench.returned(SERVER, sendto(5, b"yo", 40_002), Outcome::Sent(2));
    let screen = bench.screen();
    assert!(screen.contains("2 heard"), "{screen}");
    assert!(screen.contains("to 127.0.0.1:40002"), "{screen}");
    bench.app.update(Msg::Click(Spot::Peer(loopback(40_001))));
    assert_eq!(bench.action("iho<enter>"), to(40_001, b"ho"));
    assert!(bench.screen().contains("to 127.0.0.1:40001"));
    assert_eq!(
        bench.action("<enter>"),
        to(40_001, b""),
        "an empty datagram"
    );
    bench.app.focus_on(Control::Connections);
    bench.keys("<down>");
    assert_eq!(bench.action("ix<enter>"), to(40_002, b"x"));
    bench.app.focus_on(Control::Connections);
    bench.keys("<home>");
    assert_eq!(bench.action("ix<enter>"), to(40_001, b"x"));
    assert_eq!(
        bench.action("<esc>r"),
        on_server(recv_once(65_536)),
        "recvfrom by hand: no datagram is longer"
    );
    let first = bench.app.server.peers.window(5)[0].clone();
    assert_eq!((first.datagrams, first.received, first.sent), (2, 7, 0));
}

#[test]
fn the_peer_that_is_answered_stays_the_same_while_others_send() {
    let to = |port, bytes: &[u8]| on_server(SocketAction::SendTo(loopback(port), bytes.to_vec()));
    let prepare = || {
        let mut bench = Bench::new(120, 36);
        bench.udp_server_starts();
        bench.datagram(SERVER, 5, b"one", 40_001, 0);
        bench.draw();
        bench
    };
    let answer = Control::Input(Input::Answer);
    for way in ["letter", "tab", "click"] {
        let mut bench = prepare();
        match way {
            "letter" => bench.keys("2i"),
            "tab" => {
                bench.app.focus_on(Control::Connections);
                bench.keys("<tab>")
            }
            _ => bench.app.update(Msg::Click(Spot::Control(answer, 0))),
        };
        assert_eq!(bench.app.focus, answer, "{way}");
        bench.datagram(SERVER, 5, b"two", 40_002, 0);
        assert_eq!(bench.action("yo<enter>"), to(40_001, b"yo"), "{way}");
    }
}

#[test]
fn a_recvfrom_by_hand_that_waits_is_cancelled_by_its_own_button() {
    let mut bench = Bench::new(120, 36);
    bench.app.server.service = Service::Manual;
    bench.udp_server_starts();
    assert!(bench.screen().contains("[canceR]"));
    let cancel = on_server(SocketAction::CancelRecv);
    assert_eq!(bench.action("2r"), cancel);
    bench.returned(SERVER, recvfrom(5), Outcome::Cancelled);
    assert!(bench.screen().contains("[Recvfrom]"));
    assert_eq!(bench.action("r"), on_server(recv_once(65_536)));
    // What a service waits for is not a person's to cancel.
    bench.app.server.service = Service::Echo;
    bench.blocked(SERVER, recvfrom(5));
    assert_eq!(bench.action("r"), on_server(recv_once(65_536)));
    bench.blocked(SERVER, sendto(5, b"x", 40_001));
    assert!(bench.screen().contains("[caNcel]"));
    assert_eq!(bench.action("n"), on_server(SocketAction::CancelSend));
}

#[test]
fn a_new_socket_of_the_server_begins_with_nobody() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.datagram(SERVER, 5, b"one", 40_001, 0);
    bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
    assert_eq!(bench.app.server.peers.len(), 1, "they can still be read");
    bench.udp_server_starts();
    assert!(bench.app.server.peers.is_empty());
    assert_eq!(bench.app.server.received.received(), 0);
}

#[test]
fn more_peers_than_are_kept_can_be_scrolled_through() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.app.focus_on(Control::Connections);
    for port in 1..=Peers::KEPT as u16 + 10 {
        bench.datagram(SERVER, 5, b"x", port, 0);
    }
    assert_eq!(bench.app.server.peers.len(), Peers::KEPT);
    bench.draw();
    for expected in (11..=Peers::KEPT as u16 + 10).rev().skip(1).take(30) {
        bench.keys("<up>");
        let spots = bench.spots();
        assert!(
            spots.contains(&Spot::Peer(loopback(expected))),
            "{expected}"
        );
    }
    bench.keys("<home>");
    assert!(bench.spots().contains(&Spot::Peer(loopback(11))));
}

#[test]
fn a_selected_peer_that_is_forgotten_is_nobody_until_another_is_selected() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.app.focus_on(Control::Connections);
    for port in 1..=Peers::KEPT as u16 {
        bench.datagram(SERVER, 5, b"x", port, 0);
    }
    bench.draw();
    bench.keys("<home>");
    assert!(bench.screen().contains("to 127.0.0.1:1 "));
    bench.datagram(SERVER, 5, b"x", 9_999, 0);
    let current = |bench: &Bench| {
        let peer = bench.app.server.peers.current();
        peer.map(|peer| peer.address)
    };
    assert_eq!(current(&bench), None);
    let screen = bench.screen();
    assert!(!screen.contains("to 127.0.0.1"), "{screen}");
    // Typing an answer selects nobody in its place, as it would be another with each datagram.
    bench.keys("iyo");
    for port in [9_998, 9_997] {
        bench.datagram(SERVER, 5, b"x", port, 0);
        assert_eq!(bench.keys("<enter>"), []);
        let told = bench.told();
        assert!(told.contains("no longer listed"), "{told}");
        assert_eq!(bench.app.server.answer.value(), "yo", "nothing is lost");
    }
    assert_eq!(current(&bench), None);
    bench.app.focus_on(Control::Connections);
    bench.keys("<up>");
    assert_eq!(current(&bench), Some(loopback(9_997)), "the newest");
    let to = on_server(SocketAction::SendTo(loopback(9_997), b"yo".to_vec()));
    assert_eq!(bench.action("i<enter>"), to);
}

#[test]
fn truncated_and_empty_datagrams_are_explained() {
    let mut bench = Bench::new(120, 36);
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    bench.datagram(CLIENT, 7, b"trunc", 40_001, 6);
    let screen = bench.screen();
    assert!(screen.contains("its last 6 bytes are lost"), "{screen}");
    bench.datagram(CLIENT, 7, b"", 40_001, 0);
    let screen = bench.screen();
    assert!(
        screen.contains("recv 0 is not the end of anything"),
        "{screen}"
    );
    assert!(screen.contains("│ an empty datagram"), "{screen}");
    assert!(
        !screen.contains("recv 0 is the end of the stream"),
        "{screen}"
    );
    assert!(screen.contains("5 B in 2 datagrams"), "{screen}");
    assert_eq!(bench.app.client().socket.stage, Stage::Unconnected);
}

#[test]
fn recv_0_is_the_end_of_a_stream_and_of_nothing_with_udp() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.received(CLIENT, 7, b"");
    let screen = bench.screen();
    assert!(
        screen.contains("recv 0 is the end of the stream"),
        "{screen}"
    );
    assert!(screen.contains("CLOSE_WAIT"), "{screen}");

    let mut bench = Bench::new(120, 36);
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    let (fd, address) = (Fd(7), loopback(8888));
    bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
    bench.datagram(CLIENT, 7, b"", 8888, 0);
    let screen = bench.screen();
    assert!(screen.contains("client ─ connected"), "{screen}");
    assert!(!screen.contains("CLOSE_WAIT"), "{screen}");
}

#[test]
fn chunks_say_who_sent_each_datagram() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.datagram(SERVER, 5, b"one", 40_001, 0);
    bench.datagram(SERVER, 5, b"two", 40_002, 0);
    bench.app.focus_on(Control::Bytes(Bytes::Connection));
    bench.keys("mm");
    let screen = bench.screen();
    let row = |said: &str| {
        let found = screen
            .lines()
            .find(|line| line.contains(said) && line.contains('#'));
        found.unwrap_or_else(|| panic!("{screen}")).to_owned()
    };
    assert!(row("from 127.0.0.1:40001").contains("one"), "{screen}");
    assert!(row("from 127.0.0.1:40002").contains("two"), "{screen}");

    // The senders of a stream are known without being told.
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.received(CLIENT, 7, b"one");
    bench.keys("1mm");
    assert!(!bench.screen().contains("from 127"), "{}", bench.screen());
}

#[test]
fn a_client_hears_of_whoever_sends_until_it_is_connected() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.front_mut().kind = SocketKind::Datagram;
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    bench.returned(CLIENT, sendto(7, b"hi", 8888), Outcome::Sent(2));
    bench.blocked(CLIENT, recvfrom(7));
    bench.datagram(CLIENT, 7, b"hi", 8888, 0);
    assert_eq!(bench.app.client().socket.sent, 2);
    let chunk = bench.app.client().received.chunk(1).expect("a chunk");
    assert_eq!(chunk.from, Some(loopback(8888)));
    bench.app.focus_on(Control::Input(Input::Message));
    bench.keys("x");
    let (fd, address) = (Fd(7), loopback(8888));
    bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
    assert_eq!(bench.action("<enter>"), on_client(send_once(b"x")));
}

#[test]
fn a_group_is_joined_from_the_menu_of_the_udp_server() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    let group = "239.1.2.3".parse().expect("an address");
    let interface = sockyard::model::Interface::Address(std::net::Ipv4Addr::LOCALHOST);
    let join = SocketAction::Set(OptionSetting::Join(group, interface));
    assert_eq!(bench.action("2oj<enter>"), on_server(join));
    let leave = SocketAction::Set(OptionSetting::Leave(group, interface));
    assert_eq!(bench.action("ov<enter>"), on_server(leave));
}

#[test]
fn hostile_datagrams_stay_inside_their_rows() {
    let hostile = "\u{1b}[2J\u{9b}\u{202e}你\u{200d}\r\n".as_bytes();
    for columns in [60, 80, 120] {
        let mut bench = Bench::new(columns, 24);
        bench.udp_server_starts();
        bench.datagram(SERVER, 5, hostile, 40_001, 0);
        for focus in [Control::Connections, Control::Bytes(Bytes::Connection)] {
            bench.app.focus_on(focus);
            for _ in 0..4 {
                let screen = bench.screen();
                assert!(
                    !screen.chars().any(|c| c.is_control() && c != '\n'),
                    "{screen}"
                );
                bench.keys("m");
            }
        }
    }
}

#[test]
fn a_datagram_without_a_known_sender_is_counted_and_listed_nowhere() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    let effects = bench.happened(vec![Event::Received {
        who: SERVER,
        at: Moment(1),
        bytes: b"x".to_vec(),
        from: None,
    }]);
    assert_eq!(effects, Vec::<Effect>::new());
    assert_eq!(bench.app.server.received.count(), 1);
    assert!(bench.app.server.peers.is_empty());
    bench.draw();
}
