//! Every item of every menu, by its letter, by Enter and by a click; what is asked for, and what is answered.

use std::time::Duration;

use sockyard::app::ask::About;
use sockyard::app::control::{Button, Control, Input, Pane};
use sockyard::app::menu::{MenuKind, items};
use sockyard::app::{Effect, Msg, Overlay, Spot};
use sockyard::model::{
    Action, Actor, Call, ClientAction, ConnectionId, Event, Family, Fd, Interface, OptionSetting,
    OptionValue, Outcome, RecvFlags, ServerAction, ShutdownHow, SocketAction, SocketKind,
    SocketOption,
};

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, UDP_SOCKET, client, connection, loopback, on_client, on_server,
    recv_once, send_once,
};

fn perform(action: Action) -> Vec<Effect> {
    vec![Effect::Perform(action)]
}

fn on_connection(action: SocketAction) -> Vec<Effect> {
    perform(Action::Connection(ConnectionId(1), action))
}

/// The client is connected to the server; a message and an answer are typed, and addresses were resolved.
fn ready() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.client_connects();
    bench.accepted(1, 8, 53_422);
    bench.keys("1ihi<esc>2iyo<esc>1");
    bench
}

/// A UDP server that somebody has sent a datagram to, and an answer.
fn udp() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.datagram(SERVER, 5, b"ping", 40_000, 0);
    bench.keys("2iyo<esc>2");
    bench
}

/// A letter, and what it does: the effects, and what is open afterwards.
type Expected = (char, Vec<Effect>, String);

fn does(letter: char, effects: Vec<Effect>) -> Expected {
    (letter, effects, "nothing".to_owned())
}

fn opens(letter: char, open: impl Into<String>) -> Expected {
    (letter, vec![], open.into())
}

/// Every item of this menu does what is expected of it, in whichever of the three ways it is chosen.
fn check(prepare: fn() -> Bench, kind: MenuKind, expected: &[Expected]) {
    let mut bench = prepare();
    bench.draw();
    let prepared = bench.app.clone();
    let letters: Vec<char> = items(&prepared, kind)
        .iter()
        .map(|item| item.letter)
        .collect();
    let wanted: Vec<char> = expected.iter().map(|(letter, ..)| *letter).collect();
    assert_eq!(letters, wanted, "{kind:?}");
    for (number, (letter, effects, open)) in expected.iter().enumerate() {
        for way in ["letter", "enter", "click"] {
            bench.app = prepared.clone();
            bench.app.open_menu(kind);
            bench.draw();
            let done = match way {
                "letter" => bench.keys(&letter.to_string()),
                "enter" => {
                    bench.keys(&"<down>".repeat(number));
                    bench.keys("<enter>")
                }
                _ => {
                    assert!(bench.spots().contains(&Spot::Item(number)), "{letter}");
                    bench.app.update(Msg::Click(Spot::Item(number)))
                }
            };
            assert_eq!(done, *effects, "{kind:?} {letter} by {way}");
            assert_eq!(bench.open(), *open, "{kind:?} {letter} by {way}");
        }
    }
}

fn options(first: &str) -> String {
    format!("menu Options({first})")
}

const fn urgent(bytes: Vec<u8>) -> SocketAction {
    SocketAction::Send {
        bytes,
        urgent: true,
    }
}

const fn recv_with(size: usize, urgent: bool, peek: bool) -> SocketAction {
    SocketAction::Recv {
        size,
        flags: RecvFlags { urgent, peek },
    }
}

#[test]
fn everything_that_a_client_can_do() {
    let prompt = |about: &str, value: &str| format!("prompt {about} {value:?}");
    let who = "Client(ClientId(1))";
    let on = |action| perform(on_client(action));
    let expected = [
        opens('b', prompt(&format!("Bind({who})"), "127.0.0.1:0")),
        opens('p', options(who)),
        does('k', on(SocketAction::Blocking(false))),
        does('u', on(urgent(b"hi".to_vec()))),
        does('w', on(recv_with(1, true, false))),
        does('g', on(recv_with(65_536, false, true))),
        opens('m', prompt(&format!("MadeUp({who}, true)"), "1000000")),
        opens('f', prompt(&format!("MadeUp({who}, false)"), "16000000")),
        does('x', on(SocketAction::Reset)),
        opens('s', prompt(&format!("Save({who}, Whole)"), "received.bin")),
        opens('y', prompt(&format!("Save({who}, Body)"), "page.html")),
        opens('j', prompt(&format!("Join({who})"), "239.1.2.3 127.0.0.1")),
        opens('v', prompt(&format!("Leave({who})"), "239.1.2.3 127.0.0.1")),
        opens('t', "menu Texts"),
        opens('a', "menu Addresses"),
        opens(
            'i',
            prompt(&format!("MulticastInterface({who})"), "127.0.0.1"),
        ),
        opens('n', prompt(&format!("Name({who})"), "")),
        opens('+', "nothing"),
        opens('-', "nothing"),
    ];
    check(ready, MenuKind::Verbs(CLIENT), &expected);
}

#[test]
fn everything_that_can_be_done_to_a_connection() {
    let prompt = |about: &str, value: &str| format!("prompt {about} {value:?}");
    let who = "Connection(ConnectionId(1))";
    let expected = [
        does('n', on_connection(send_once(b"yo"))),
        opens('r', prompt(&format!("Recv({who})"), "16384")),
        opens('d', format!("menu Shutdown({who})")),
        does('l', on_connection(SocketAction::Close)),
        does('u', on_connection(urgent(b"yo".to_vec()))),
        does('w', on_connection(recv_with(1, true, false))),
        does('g', on_connection(recv_with(16_384, false, true))),
        opens('m', prompt(&format!("MadeUp({who}, true)"), "1000000")),
        opens('f', prompt(&format!("MadeUp({who}, false)"), "16000000")),
        does('x', on_connection(SocketAction::Reset)),
        opens('p', options(who)),
        does('k', on_connection(SocketAction::Blocking(false))),
        opens('s', prompt(&format!("Save({who}, Whole)"), "received.bin")),
        opens('y', prompt(&format!("Save({who}, Body)"), "page.html")),
        opens('o', "menu Verbs(Server)"),
    ];
    check(ready, MenuKind::Verbs(connection(1)), &expected);
}

#[test]
fn everything_that_can_be_done_to_the_servers_own_socket() {
    let on = |action| perform(on_server(action));
    let expected = [
        does(
            'a',
            perform(Action::Server(ServerAction::AcceptAlone(false))),
        ),
        opens('p', options("Server")),
        does('k', on(SocketAction::Blocking(false))),
        does('l', on(SocketAction::Close)),
        opens('o', "menu Verbs(Connection(ConnectionId(1)))"),
    ];
    check(ready, MenuKind::Verbs(SERVER), &expected);
}

#[test]
fn everything_that_can_be_done_to_the_socket_of_a_udp_server() {
    let prompt = |about: &str, value: &str| format!("prompt {about}(Server) {value:?}");
    let on = |action| perform(on_server(action));
    let expected = [
        does(
            'n',
            on(SocketAction::SendTo(loopback(40_000), b"yo".to_vec())),
        ),
        opens('r', prompt("Recv", "16384")),
        opens('j', prompt("Join", "239.1.2.3 127.0.0.1")),
        opens('v', prompt("Leave", "239.1.2.3 127.0.0.1")),
        opens('s', "prompt Save(Server, Whole) \"received.bin\""),
        opens('y', "prompt Save(Server, Body) \"page.html\""),
        opens('p', options("Server")),
        does('k', on(SocketAction::Blocking(false))),
        does('l', on(SocketAction::Close)),
    ];
    check(udp, MenuKind::Verbs(SERVER), &expected);
}

#[test]
fn each_direction_can_be_shut_down_at_each_end() {
    let all = [
        ('w', ShutdownHow::Write),
        ('r', ShutdownHow::Read),
        ('b', ShutdownHow::Both),
    ];
    let at = |on: fn(SocketAction) -> Vec<Effect>| {
        all.map(|(letter, how)| does(letter, on(SocketAction::Shutdown(how))))
    };
    let client = at(|action| perform(on_client(action)));
    check(ready, MenuKind::Shutdown(CLIENT), &client);
    check(ready, MenuKind::Shutdown(connection(1)), &at(on_connection));
}

#[test]
fn each_option_asks_for_its_value_and_all_of_them_can_be_got() {
    for (who, prepare) in [
        (CLIENT, ready as fn() -> Bench),
        (connection(1), ready),
        (SERVER, ready),
        (SERVER, udp),
    ] {
        let mut expected: Vec<Expected> = "abcdefghij"
            .chars()
            .zip(SocketOption::ALL)
            .map(|(letter, option)| {
                opens(letter, format!("prompt Option({who:?}, {option:?}) \"\""))
            })
            .collect();
        assert_eq!(expected.len(), SocketOption::ALL.len());
        let got = SocketOption::ALL.map(|option| {
            let get = SocketAction::Get(option);
            Effect::Perform(match who {
                Actor::Client(_) => on_client(get),
                Actor::Server => on_server(get),
                _ => Action::Connection(ConnectionId(1), get),
            })
        });
        expected.push(('z', got.to_vec(), options(&format!("{who:?}"))));
        check(prepare, MenuKind::Options(who), &expected);
    }
}

// ---- Opening, moving, closing --------------------------------------------------------------------------------------

#[test]
fn a_menu_moves_within_its_items_and_closes() {
    let mut bench = ready();
    bench.keys("o");
    let count = items(&bench.app, MenuKind::Verbs(CLIENT)).len();
    let selected = |bench: &Bench| match &bench.app.overlay {
        Some(Overlay::Menu(menu)) => menu.selected,
        other => panic!("{other:?}"),
    };
    bench.draw();
    bench.keys("<up>");
    assert_eq!(selected(&bench), 0);
    bench.keys("<down><down>");
    assert_eq!(selected(&bench), 2);
    bench.keys("<end>");
    assert_eq!(selected(&bench), count - 1);
    bench.keys("<down>");
    assert_eq!(selected(&bench), count - 1);
    bench.keys("<home>");
    assert_eq!(selected(&bench), 0);
    bench.app.update(Msg::Wheel(
        Spot::Overlay,
        sockyard::app::bytes::Motion::WheelDown,
    ));
    assert_eq!(selected(&bench), 3);
    assert_eq!(bench.keys("Q"), [], "no item has this letter");
    assert_eq!(bench.open(), "menu Verbs(Client(ClientId(1)))");
    bench.keys("<esc>");
    assert_eq!(bench.open(), "nothing");
}

#[test]
fn a_click_beside_closes_whatever_is_open_and_one_inside_does_not() {
    for keys in ["?", "o", "d", "ob", "5"] {
        let mut bench = ready();
        bench.keys(keys);
        if keys == "5" {
            bench.app.ports.host.set("192.0.2.1");
            bench.keys("x");
        }
        bench.draw();
        assert_ne!(bench.open(), "nothing", "{keys}");
        assert_eq!(bench.spot_at(0, 0), Some(Spot::Beside), "{keys}");
        let open = bench.open();
        bench.app.update(Msg::Click(Spot::Overlay));
        assert_eq!(bench.open(), open);
        bench.app.update(Msg::Click(Spot::Beside));
        assert_eq!(bench.open(), "nothing", "{keys}");
    }
}

#[test]
fn the_selected_item_is_seen_on_the_smallest_screen() {
    let mut bench = Bench::new(60, 20);
    bench.client_connects();
    bench.keys("1o");
    let count = items(&bench.app, MenuKind::Verbs(CLIENT)).len();
    for number in 0..count {
        assert!(bench.spots().contains(&Spot::Item(number)), "{number}");
        bench.keys("<down>");
    }
}

#[test]
fn no_menu_has_a_letter_twice() {
    let (mut tcp, udp) = (ready(), udp());
    tcp.keys("4+");
    let kinds = [
        MenuKind::Verbs(CLIENT),
        MenuKind::Verbs(client(2)),
        MenuKind::Verbs(connection(1)),
        MenuKind::Verbs(SERVER),
        MenuKind::Verbs(Actor::Ports),
        MenuKind::Shutdown(CLIENT),
        MenuKind::Options(CLIENT),
        MenuKind::Texts,
        MenuKind::Addresses,
    ];
    for app in [&tcp.app, &udp.app] {
        for kind in kinds {
            let mut letters: Vec<char> = items(app, kind).iter().map(|i| i.letter).collect();
            let count = letters.len();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), count, "{kind:?}");
        }
    }
}

#[test]
fn control_c_and_the_help_key_work_above_everything() {
    for keys in ["o", "d", "ob", "?"] {
        let mut bench = ready();
        bench.keys(keys);
        assert_eq!(bench.keys("<c-c>"), [Effect::Quit], "{keys}");
        bench.keys("<f4>");
        assert_eq!(
            (bench.open().as_str(), bench.app.focus),
            ("nothing", Pane::Calls.first())
        );
    }
}

// ---- Texts and addresses -------------------------------------------------------------------------------------------

#[test]
fn texts_fill_the_message_with_the_host_that_is_meant() {
    for (host, port, said) in [
        ("127.0.0.1", "8888", "127.0.0.1:8888"),
        ("example.org", "80", "example.org"),
        ("example.org", "http", "example.org"),
        ("example.org", "8080", "example.org:8080"),
        ("::1", "8888", "[::1]:8888"),
        ("::1", "80", "[::1]"),
        ("[::1]", "80", "[::1]"),
        ("[::1]", "8888", "[::1]:8888"),
    ] {
        let mut bench = Bench::new(120, 36);
        let front = bench.app.sessions.front_mut();
        front.host.set(host);
        front.port.set(port);
        bench.keys("1ta");
        let expected = format!(r"GET / HTTP/1.1\r\nHost: {said}\r\nConnection: close\r\n\r\n");
        assert_eq!(bench.app.client().message.value(), expected);
        assert_eq!(bench.app.focus, Control::Input(Input::Message));
    }
}

#[test]
fn every_text_is_one_that_can_be_sent() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    for item in items(&bench.app, MenuKind::Texts) {
        bench.keys("<esc>1t");
        bench.keys(&item.letter.to_string());
        let Action::Client(_, ClientAction::On(SocketAction::SendAll(bytes))) =
            bench.action("<enter>")
        else {
            panic!("{}", item.name);
        };
        assert!(!bytes.is_empty());
        assert!(
            !bytes.contains(&b'\\') && !bytes.contains(&b'{'),
            "{}",
            item.name
        );
    }
}

#[test]
fn an_address_that_was_resolved_goes_into_the_fields() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1oa");
    assert_eq!(bench.open(), "nothing");
    assert!(bench.told().contains("resolve (e)"), "{}", bench.told());
    let call = Call::Getaddrinfo {
        host: "localhost".to_owned(),
        service: "http".to_owned(),
        family: None,
        kind: SocketKind::Stream,
    };
    let found = ["[::1]:80", "127.0.0.1:80"].map(|a| a.parse().expect("an address"));
    bench.returned(CLIENT, call, Outcome::Resolved(found.to_vec()));
    bench.keys("oa");
    assert!(bench.screen().contains("::1"));
    bench.keys("a");
    let front = bench.app.client();
    assert_eq!((front.host.value(), front.port.value()), ("::1", "80"));
    assert_eq!(bench.app.focus, Control::Button(Button::Connect));
    bench.keys("oab");
    assert_eq!(bench.app.client().host.value(), "127.0.0.1");
}

// ---- What is asked for ---------------------------------------------------------------------------------------------

/// Types this into what the keys open; gives back the effects.
fn answer(bench: &mut Bench, keys: &str, text: &str) -> Vec<Effect> {
    bench.keys(keys);
    assert!(
        bench.open().starts_with("prompt"),
        "{keys}: {}",
        bench.open()
    );
    bench.keys("<c-u>");
    bench.keys(text);
    bench.keys("<enter>")
}

/// The text is refused for this reason, and the window stays open with it until something better is typed.
fn refused(bench: &mut Bench, keys: &str, text: &str, why: &str) {
    assert_eq!(answer(bench, keys, text), [], "{keys} {text}");
    let open = bench.open();
    let Some(Overlay::Prompt(prompt)) = &bench.app.overlay else {
        panic!("{keys} {text}: {open}");
    };
    let wrong = prompt.wrong.clone().unwrap_or_default();
    assert!(wrong.contains(why), "{keys} {text}: {wrong}");
    assert_eq!(prompt.field.value(), text, "what was typed is still there");
    let first: Vec<&str> = why.split(' ').take(2).collect();
    assert!(
        bench.screen().contains(&first.join(" ")),
        "{}",
        bench.screen()
    );
    bench.keys("<esc>");
    assert_eq!(bench.open(), "nothing");
}

#[test]
fn bind_takes_an_address_in_each_of_its_forms() {
    for (text, address) in [
        ("127.0.0.1:4000", "127.0.0.1:4000"),
        ("127.0.0.1", "127.0.0.1:0"),
        ("4000", "0.0.0.0:4000"),
        ("[::1]:4000", "[::1]:4000"),
        ("::1", "[::1]:0"),
    ] {
        let mut bench = ready();
        let bind = SocketAction::Bind(address.parse().expect("an address"));
        assert_eq!(answer(&mut bench, "ob", text), perform(on_client(bind)));
        assert_eq!(bench.open(), "nothing");
    }
    let mut bench = Bench::new(120, 36);
    let six = Call::Socket {
        family: Family::Inet6,
        kind: SocketKind::Stream,
    };
    bench.returned(CLIENT, six, Outcome::Descriptor(Fd(7)));
    let bind = SocketAction::Bind("[::]:4000".parse().expect("an address"));
    assert_eq!(answer(&mut bench, "1ob", "4000"), perform(on_client(bind)));
    for text in ["localhost:80", "127.0.0.1:70000", "999.0.0.1", ""] {
        refused(&mut bench, "ob", text, "a numeric address");
    }
}

#[test]
fn an_option_is_got_with_nothing_and_set_with_a_value() {
    let get = |option| perform(on_client(SocketAction::Get(option)));
    let set = |option, value| {
        perform(on_client(SocketAction::Set(OptionSetting::Value(
            option, value,
        ))))
    };
    let mut bench = ready();
    assert_eq!(answer(&mut bench, "opa", ""), get(SocketOption::NoDelay));
    assert_eq!(bench.open(), "nothing");
    for (text, on) in [("on", true), ("1", true), ("off", false), ("0", false)] {
        let expected = set(SocketOption::NoDelay, OptionValue::Flag(on));
        assert_eq!(answer(&mut bench, "opa", text), expected);
    }
    let expected = set(SocketOption::ReceiveBuffer, OptionValue::Number(4_096));
    assert_eq!(answer(&mut bench, "opc", "4096"), expected);
    let zero = OptionValue::Linger(Some(Duration::ZERO));
    let expected = set(SocketOption::Linger, zero);
    assert_eq!(answer(&mut bench, "ope", "0"), expected);
    refused(&mut bench, "opa", "maybe", "type on or off");
    refused(&mut bench, "opc", "-1", "type a number");
    refused(&mut bench, "ope", "61", "type off");
    // What was wrong can be put right where it stands.
    bench.keys("opamaybe<enter><c-u>on<enter>");
    assert_eq!(bench.open(), "nothing");
}

#[test]
fn the_value_that_was_got_stands_in_the_menu_until_it_is_set_again() {
    let mut bench = ready();
    let (fd, family) = (Fd(7), Family::Inet);
    let option = SocketOption::ReceiveBuffer;
    let get = Call::Getsockopt { fd, option, family };
    let value = OptionValue::Number(131_072);
    bench.returned(CLIENT, get, Outcome::Value(value));
    bench.keys("op");
    let shown = |bench: &mut Bench| {
        let screen = bench.screen();
        let row = screen.lines().find(|line| line.contains("SO_RCVBUF"));
        row.unwrap_or_default().to_owned()
    };
    assert!(shown(&mut bench).contains("131072"), "{}", bench.screen());
    let set = Call::Setsockopt {
        fd,
        setting: OptionSetting::Value(option, OptionValue::Number(1)),
        family,
    };
    bench.returned(CLIENT, set, Outcome::Done);
    assert!(
        shown(&mut bench).contains(" ? "),
        "the kernel may have made something else of it"
    );
    bench.returned(CLIENT, SOCKET, Outcome::Descriptor(fd));
    assert_eq!(bench.app.client().socket.value(option), None);
}

#[test]
fn a_made_up_message_is_sent_whole_or_once() {
    let mut bench = ready();
    let all = SocketAction::SendAll(b"0000000\n000".to_vec());
    assert_eq!(answer(&mut bench, "om", "11"), perform(on_client(all)));
    let once = send_once(b"0000000\n000");
    assert_eq!(answer(&mut bench, "of", "11"), perform(on_client(once)));
    refused(&mut bench, "om", "", "a number of bytes");
    refused(&mut bench, "om", "67108865", "a number of bytes");
    bench.app.focus_on(Control::Connections);
    let all = SocketAction::SendAll(b"0000000\n000".to_vec());
    assert_eq!(answer(&mut bench, "om", "11"), on_connection(all));
}

#[test]
fn a_made_up_datagram_goes_where_a_datagram_would() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.front_mut().kind = SocketKind::Datagram;
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    let effects = answer(&mut bench, "1om", "3");
    assert!(
        matches!(&effects[..], [Effect::Perform(Action::Client(_, ClientAction::SendTo(_, bytes)))] if bytes == b"000"),
        "{effects:?}"
    );
    let (fd, address) = (Fd(7), loopback(8888));
    bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
    let once = perform(on_client(send_once(b"000")));
    assert_eq!(
        answer(&mut bench, "om", "3"),
        once,
        "one send, one datagram"
    );
}

#[test]
fn recv_on_a_connection_asks_for_its_size() {
    let mut bench = ready();
    bench.app.focus_on(Control::Connections);
    let expected = on_connection(recv_once(7));
    assert_eq!(answer(&mut bench, "or", "7"), expected);
    let expected = on_connection(recv_once(1_048_576));
    assert_eq!(answer(&mut bench, "or", "1048576"), expected);
    refused(&mut bench, "or", "1048577", "size \"1048577\"");
    refused(&mut bench, "or", "", "size \"\"");
}

#[test]
fn a_group_is_joined_and_left_with_an_interface_or_without() {
    let four = "239.1.2.3".parse().expect("an address");
    let six = "ff02::1234".parse().expect("an address");
    let loopback = Interface::Address(std::net::Ipv4Addr::LOCALHOST);
    let mut bench = ready();
    for (text, group, interface) in [
        ("239.1.2.3", four, Interface::Any),
        ("239.1.2.3 127.0.0.1", four, loopback),
        ("239.1.2.3 2", four, Interface::Index(2)),
        ("ff02::1234 2", six, Interface::Index(2)),
        ("ff02::1234", six, Interface::Any),
    ] {
        let set = |setting| perform(on_client(SocketAction::Set(setting)));
        let join = set(OptionSetting::Join(group, interface));
        assert_eq!(answer(&mut bench, "oj", text), join);
        let leave = set(OptionSetting::Leave(group, interface));
        assert_eq!(answer(&mut bench, "ov", text), leave);
    }
    refused(&mut bench, "oj", "all-systems", "a group's numeric address");
    refused(
        &mut bench,
        "ov",
        "239.1.2.3 eth0",
        "an interface's IPv4 address",
    );
    refused(
        &mut bench,
        "oj",
        "ff02::1 127.0.0.1",
        "IPv6 names an interface",
    );
    let multicast = |interface| {
        perform(on_client(SocketAction::Set(
            OptionSetting::MulticastInterface(interface),
        )))
    };
    assert_eq!(answer(&mut bench, "oi", "127.0.0.1"), multicast(loopback));
    assert_eq!(
        answer(&mut bench, "oi", "3"),
        multicast(Interface::Index(3))
    );
    assert_eq!(answer(&mut bench, "oi", ""), multicast(Interface::Any));
    refused(&mut bench, "oi", "eth0", "an IPv4 address of this machine");
}

#[test]
fn a_session_has_the_name_that_it_was_given() {
    let mut bench = ready();
    assert_eq!(answer(&mut bench, "on", "alice"), []);
    assert_eq!(bench.app.client().name.as_deref(), Some("alice"));
    assert!(bench.screen().contains("client·alice ─ ESTABLISHED"));
    bench.keys("on");
    assert_eq!(
        bench.open(),
        "prompt Name(Client(ClientId(1))) \"alice\"",
        "it can be changed"
    );
    bench.keys("<c-u><enter>");
    assert_eq!(bench.app.client().name, None);
    assert_eq!(answer(&mut bench, "on", "  "), []);
    assert_eq!(bench.app.client().name, None, "blanks are no name");
}

#[test]
fn keys_in_a_prompt_edit_it_and_reach_nothing_below() {
    let mut bench = ready();
    bench.keys("on");
    let footer = bench.screen().lines().last().unwrap_or("").to_owned();
    assert_eq!(
        footer, " Enter do it · Esc leave it · F1 help · Ctrl-C quit",
        "and nothing of what Enter would do elsewhere"
    );
    assert_eq!(bench.keys("scq?yn<tab><up><down><left>x<home>y"), []);
    assert_eq!(
        bench.open(),
        "prompt Name(Client(ClientId(1))) \"yscq?yxn\""
    );
    bench.app.update(Msg::Paste(" pasted\n\u{1b}".to_owned()));
    let Some(Overlay::Prompt(prompt)) = &bench.app.overlay else {
        panic!("closed");
    };
    assert_eq!(prompt.field.value(), "y pastedscq?yxn");
    assert_eq!(prompt.about, About::Name(CLIENT));
    assert_eq!(bench.app.client().message.value(), "hi");
    let spot = bench.spot("pasted");
    bench.app.update(Msg::Click(spot));
    bench.keys("!<enter>");
    assert_eq!(
        bench.app.client().name.as_deref(),
        Some("y !pastedscq"),
        "twelve characters"
    );
}

// ---- Switches ------------------------------------------------------------------------------------------------------

#[test]
fn blocking_is_switched_at_each_socket_and_seen_where_there_is_one() {
    let mut bench = ready();
    for (keys, who) in [("1ok", CLIENT), ("2ook", SERVER), ("2ok", connection(1))] {
        let switched = |bench: &mut Bench| match bench.action(keys) {
            Action::Client(_, ClientAction::On(SocketAction::Blocking(to)))
            | Action::Server(ServerAction::On(SocketAction::Blocking(to)))
            | Action::Connection(_, SocketAction::Blocking(to)) => to,
            other => panic!("{other:?}"),
        };
        let blocks = |bench: &Bench| bench.app.known(who).expect("a socket").blocks;
        assert!(!switched(&mut bench));
        assert!(bench.told().contains("EAGAIN"), "{}", bench.told());
        assert!(blocks(&bench), "it is so once its worker says so");
        bench.blocking(who, false);
        assert!(!blocks(&bench));
        assert!(switched(&mut bench));
        assert!(bench.told().contains("waits"), "{}", bench.told());
        assert!(!blocks(&bench));
        bench.blocking(who, true);
    }
    bench.keys("1ok");
    bench.blocking(CLIENT, false);
    let screen = bench.screen();
    assert!(screen.contains(" non-blocking "), "{screen}");
    bench.keys("o");
    let screen = bench.screen();
    assert!(screen.contains("calls wait until they can be"), "{screen}");
}

#[test]
fn blocking_stays_as_it_was_chosen_for_the_next_socket() {
    let mut bench = ready();
    bench.keys("1ok1");
    bench.blocking(CLIENT, false);
    bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
    let screen = bench.screen();
    assert!(!screen.contains("non-blocking"), "{screen}");
    bench.client_connects();
    let screen = bench.screen();
    assert!(screen.contains("non-blocking"), "{screen}");
}

#[test]
fn accepting_is_switched_between_alone_and_by_hand() {
    let mut bench = Bench::new(160, 36);
    bench.server_listens();
    bench.keys("2");
    let switch = |alone| Action::Server(ServerAction::AcceptAlone(alone));
    assert_eq!(bench.action("oa"), switch(false));
    assert!(
        !bench.app.is_accepting_by_hand(),
        "it is so once its worker says so"
    );
    bench.accepting(false);
    bench.blocked(SERVER, Call::Accept { fd: Fd(5) });
    assert_eq!(
        bench.action("a"),
        Action::Server(ServerAction::CancelAccept)
    );
    assert!(bench.screen().contains("accepts by hand"));
    assert_eq!(bench.action("oa"), switch(true));
    assert!(bench.app.is_accepting_by_hand());
    bench.accepting(true);
    assert!(!bench.app.is_accepting_by_hand());
    assert!(!bench.screen().contains("accepts by hand"));
}

#[test]
fn what_a_menu_is_about_may_be_gone_when_an_item_is_chosen() {
    let mut bench = ready();
    bench.app.focus_on(Control::Connections);
    bench.keys("o");
    bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
    bench.draw();
    assert_eq!(bench.keys("x"), [], "nobody is there");
    assert!(
        bench.told().contains("server#1 is closed"),
        "{}",
        bench.told()
    );
    let who = connection(9);
    bench.app.open_menu(MenuKind::Verbs(who));
    bench.draw();
    assert_eq!(bench.keys("k"), [], "there never was one");
    assert!(bench.told().contains("no server#9"), "{}", bench.told());
    bench.blocking(who, false);
    assert!(bench.app.known(who).is_none());
    bench.app.open_menu(MenuKind::Verbs(who));
    bench.keys("sx<enter>");
    assert!(bench.told().contains("no server#9"), "{}", bench.told());
    bench.happened(vec![Event::TakenOver(ConnectionId(9))]);
}
