//! What keys, clicks and events change, and which effects they have.

use std::time::Duration;

use sockyard::app::bytes::{Mode, Motion, Position};
use sockyard::app::calls::Filter;
use sockyard::app::control::{Button, Bytes, Choice, Control, Input};
use sockyard::app::server::Connections;
use sockyard::app::stage::Stage;
use sockyard::app::{Arrangement, Effect, Msg, Overlay, Spot};
use sockyard::model::{
    Action, Call, CallRecord, ClientAction, ConnectionId, Errno, Event, Fd, Moment, Offer, Outcome,
    ServerAction, Service, SocketAction, Waited,
};

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, by_client, connection, loopback, on_client, recv, send,
};

const MESSAGE: Control = Control::Input(Input::Message);

fn client(action: ClientAction) -> Effect {
    Effect::Perform(by_client(action))
}

fn on(action: SocketAction) -> Effect {
    Effect::Perform(on_client(action))
}

#[test]
fn control_c_quits_from_anywhere() {
    for keys in ["", "i", "?", "3", "<tab><tab>"] {
        let mut bench = Bench::new(80, 24);
        bench.keys(keys);
        assert_eq!(bench.keys("<c-c>"), [Effect::Quit], "after {keys:?}");
    }
}

#[test]
fn letters_type_in_a_field_and_press_buttons_outside() {
    let mut bench = Bench::new(80, 24);
    bench.keys("1i");
    assert_eq!(bench.app.focus, MESSAGE);
    assert_eq!(bench.keys("scl?"), []);
    assert_eq!(bench.app.client().message.value(), "scl?");
    bench.keys("<esc>");
    assert_eq!(bench.app.focus, Control::Button(Button::SendAll));
    assert!(matches!(
        bench.action("s"),
        Action::Server(ServerAction::Start(_))
    ));
}

#[test]
fn a_bad_escape_is_named_and_the_cursor_stands_there() {
    let mut bench = Bench::new(80, 24);
    bench.client_connects();
    bench.keys("1i");
    assert_eq!(bench.keys(r"你a\qb<enter>"), []);
    let notice = bench.app.notice.clone().expect("a notice");
    assert!(
        notice.failure && notice.text.starts_with(r"column 3: \q is no escape"),
        "{notice:?}"
    );
    assert_eq!(
        bench.app.client().message.cursor_column(),
        3,
        "behind a wide and a narrow character"
    );
    assert_eq!(
        bench.app.client().message.value(),
        r"你a\qb",
        "nothing is lost"
    );
}

#[test]
fn the_line_ending_is_appended() {
    for (presses, bytes) in [("", "a"), ("<right>", "a\n"), ("<left>", "a\r\n")] {
        let mut bench = Bench::new(80, 24);
        bench.client_connects();
        bench.app.focus_on(Control::Choice(Choice::LineEnding));
        bench.keys(presses);
        bench.keys("i");
        let expected = on(SocketAction::SendAll(bytes.as_bytes().to_vec()));
        assert_eq!(bench.keys("a<enter>"), [expected]);
        assert_eq!(bench.app.client().message.value(), "");
    }
}

#[test]
fn sending_without_a_socket_asks_the_kernel_and_without_bytes_says_why_not() {
    let mut bench = Bench::new(80, 24);
    let sent = on(SocketAction::SendAll(b"hi".to_vec()));
    assert_eq!(bench.keys("1ihi<enter>"), [sent]);
    assert_eq!(bench.app.client().message.value(), "hi", "nothing is lost");
    bench.client_connects();
    bench.keys("<c-u>");
    assert_eq!(bench.keys("<enter>"), []);
    let text = bench.app.notice.clone().expect("a notice").text;
    assert!(text.contains("nothing to send"), "{text}");
}

#[test]
fn what_was_sent_comes_back_from_the_history() {
    let mut bench = Bench::new(80, 24);
    bench.client_connects();
    bench.keys("1ione<enter>two<enter><up><up>");
    assert_eq!(bench.app.client().message.value(), "one");
    bench.keys("<down><down>");
    assert_eq!(bench.app.client().message.value(), "");
}

#[test]
fn a_connect_that_is_blocked_can_be_cancelled_with_its_own_key() {
    let mut bench = Bench::new(80, 24);
    bench.keys("c");
    let (fd, address) = (Fd(7), loopback(8888));
    bench.returned(CLIENT, SOCKET, Outcome::Descriptor(fd));
    bench.blocked(CLIENT, Call::Connect { fd, address });
    assert!(bench.app.calls.is_anything_awaited());
    assert_eq!(bench.keys("c"), [client(ClientAction::CancelConnect)]);
    bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Cancelled);
    bench.returned(CLIENT, Call::Close { fd }, Outcome::Done);
    assert!(!bench.app.calls.is_anything_awaited());
    assert_eq!(bench.app.client().socket.stage, Stage::NoSocket);
    assert!(matches!(
        bench.action("c"),
        Action::Client(_, ClientAction::Connect(_))
    ));
}

#[test]
fn a_send_that_is_blocked_can_be_cancelled_and_keeps_the_connection() {
    let mut bench = Bench::new(80, 24);
    bench.client_connects();
    let call = send(7, b"long text");
    bench.blocked(CLIENT, call.clone());
    assert_eq!(bench.keys("1n"), [on(SocketAction::CancelSend)]);
    bench.returned(CLIENT, call, Outcome::Cancelled);
    assert_eq!(bench.app.client().socket.stage, Stage::Established);
}

#[test]
fn the_focus_does_not_jump_when_the_person_has_moved_on() {
    let mut bench = Bench::new(80, 24);
    bench.keys("c3");
    bench.client_connects();
    assert_eq!(bench.app.focus, Control::Calls);
}

#[test]
fn a_failed_connect_does_not_move_the_focus() {
    let mut bench = Bench::new(80, 24);
    bench.keys("1c");
    bench.refused();
    assert_eq!(bench.app.focus, Control::Button(Button::Connect));
    let remark = bench.app.client().remark.clone().expect("a remark");
    assert!(remark.failure);
    assert_eq!(
        remark.text,
        "ECONNREFUSED: nobody listens on 127.0.0.1:81, an address of this machine: start a server there, or check the address and the port"
    );
}

#[test]
fn the_states_follow_from_the_calls() {
    let mut bench = Bench::new(80, 24);
    assert_eq!(bench.app.client().socket.stage, Stage::NoSocket);
    bench.client_connects();
    assert_eq!(bench.app.client().socket.stage, Stage::Established);
    bench.received(CLIENT, 7, b"bye");
    bench.received(CLIENT, 7, b"");
    assert_eq!(bench.app.client().socket.stage, Stage::CloseWait);
    assert_eq!(bench.app.client().received.received(), 3);
    bench.returned(CLIENT, recv(7), Outcome::Failed(Errno::ECONNRESET));
    assert_eq!(bench.app.client().socket.stage, Stage::Broken);
    bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
    assert_eq!(bench.app.client().socket.stage, Stage::NoSocket);
    assert_eq!(
        bench.app.client().received.received(),
        3,
        "what was received can still be read"
    );
    bench.client_connects();
    assert_eq!(
        bench.app.client().received.received(),
        0,
        "a new connection begins anew"
    );
}

#[test]
fn client_settings_that_make_no_sense_are_named() {
    for (input, typed, said) in [
        (Input::Host, "<c-u>", "give a host"),
        (Input::Port, "<c-u>", "give a number from 0 to 65535"),
        (Input::Port, "<c-u>+70000", "give a number from 0 to 65535"),
        (Input::Port, "<c-u>65536", "give a number from 0 to 65535"),
        (Input::Port, "<c-u>ht/tp", "give a number from 0 to 65535"),
    ] {
        let mut bench = Bench::new(80, 24);
        bench.app.focus_on(Control::Input(input));
        bench.keys(typed);
        assert_eq!(bench.keys("<enter>"), [], "{input:?} {typed}");
        let text = bench.app.notice.clone().expect("a notice").text;
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn enter_in_a_server_field_does_not_stop_a_server_that_runs() {
    let mut bench = Bench::new(80, 24);
    bench.server_listens();
    bench.app.focus_on(Control::Input(Input::ServerPort));
    assert_eq!(bench.keys("<enter>"), []);
    let text = bench.app.notice.clone().expect("a notice").text;
    assert!(text.contains("stop it first"), "{text}");
}

#[test]
fn the_footer_names_what_keys_would_do_now() {
    let mut bench = Bench::new(120, 36);
    let footer = |bench: &mut Bench| bench.screen().lines().last().unwrap_or("").to_owned();
    let stopped = footer(&mut bench);
    assert!(stopped.contains("Enter start server") && stopped.contains("c connect"));
    assert!(
        !stopped.contains("l close") && !stopped.contains("i write"),
        "{stopped}"
    );
    bench.server_listens();
    bench.client_connects();
    bench.app.focus_on(Control::Button(Button::Close));
    let connected = footer(&mut bench);
    assert!(
        connected.contains("s stop server") && connected.contains("Enter close"),
        "{connected}"
    );
    assert!(
        connected.contains("i write") && !connected.contains("c connect"),
        "{connected}"
    );
    bench.keys("i");
    assert!(footer(&mut bench).contains("Enter send"));
    bench.keys("<esc>z");
    assert!(footer(&mut bench).contains("z all panes"));
}

#[test]
fn server_settings_that_make_no_sense_are_named() {
    for (input, typed, said) in [
        (Input::ServerPort, "<c-u>", "give a number from 0 to 65535"),
        (
            Input::ServerPort,
            "<c-u>99999",
            "give a number from 0 to 65535",
        ),
        (
            Input::Backlog,
            "<c-u>99999999999",
            "give a number from 0 to 2147483647",
        ),
        (Input::Bind, "<c-u>", "give an address"),
    ] {
        let mut bench = Bench::new(80, 24);
        bench.app.focus_on(Control::Input(input));
        bench.keys(typed);
        assert_eq!(bench.keys("<enter>"), [], "{input:?} {typed}");
        let text = bench.app.notice.clone().expect("a notice").text;
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn the_service_can_be_changed_while_the_server_runs() {
    let mut bench = Bench::new(80, 24);
    bench.app.focus_on(Control::Choice(Choice::Service));
    assert_eq!(
        bench.keys("<right>"),
        [],
        "a server that is stopped has nobody to tell"
    );
    bench.server_listens();
    let offer = Offer {
        service: Service::Ok,
        ..Offer::default()
    };
    let serve = Effect::Perform(Action::Server(ServerAction::Offer(offer)));
    assert_eq!(bench.keys("<right>"), [serve]);
}

#[test]
fn s_stops_a_server_that_runs() {
    let mut bench = Bench::new(80, 24);
    bench.server_listens();
    assert_eq!(bench.action("s"), Action::Server(ServerAction::Stop));
    bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
    assert!(!bench.app.is_server_up());
}

#[test]
fn an_address_pasted_whole_fills_host_and_port() {
    for (pasted, host, port) in [
        ("localhost:80\n", "localhost", "80"),
        ("localhost:99999", "127.0.0.1localhost:99999", "8888"),
        (" [::1]:8888 ", "::1", "8888"),
        ("::1", "127.0.0.1::1", "8888"),
        ("x", "127.0.0.1x", "8888"),
    ] {
        let mut bench = Bench::new(80, 24);
        bench.app.focus_on(Control::Input(Input::Host));
        bench.app.update(Msg::Paste(pasted.to_owned()));
        assert_eq!(bench.app.client().host.value(), host, "{pasted}");
        assert_eq!(bench.app.client().port.value(), port, "{pasted}");
    }
}

#[test]
fn an_address_typed_whole_into_the_host_is_taken_apart() {
    let mut bench = Bench::new(80, 24);
    bench.app.sessions.front_mut().host.set("localhost:http");
    let Action::Client(_, ClientAction::Connect(target)) = bench.action("c") else {
        panic!("no connect");
    };
    assert_eq!(target.address.to_string(), "localhost:http");
}

#[test]
fn brackets_around_an_ipv6_address_are_taken_off() {
    let mut bench = Bench::new(80, 24);
    bench.app.sessions.front_mut().host.set("[::1]");
    let Action::Client(_, ClientAction::Connect(target)) = bench.action("c") else {
        panic!("no connect");
    };
    assert_eq!(target.address.host, "::1");
}

#[test]
fn a_paste_outside_a_field_says_where_it_goes() {
    let mut bench = Bench::new(80, 24);
    bench.app.update(Msg::Paste("s".to_owned()));
    assert!(bench.app.notice.is_some());
    assert!(bench.app.overlay.is_none());
}

#[test]
fn the_calls_follow_the_newest_until_one_is_selected() {
    let mut bench = Bench::new(80, 24);
    bench.echo_session();
    bench.draw();
    bench.keys("<esc>3<up>");
    let newest = bench.app.calls.journal.total() - 1;
    assert_eq!(bench.app.calls.cursor, Some(newest));
    bench.keys("<up><up>");
    assert_eq!(bench.app.calls.cursor, Some(newest - 2));
    bench.sent(CLIENT, 7, b"more");
    assert_eq!(
        bench.app.calls.cursor,
        Some(newest - 2),
        "new calls do not move the selection"
    );
    bench.keys("<home>");
    assert_eq!(bench.app.calls.cursor, Some(0));
    bench.keys("<end>");
    assert_eq!(bench.app.calls.cursor, None);
}

#[test]
fn every_call_can_be_reached_by_single_steps_in_a_small_window() {
    let mut bench = Bench::new(60, 20);
    bench.echo_session();
    bench.refused();
    bench.keys("<esc>3");
    bench.draw();
    let total = bench.app.calls.journal.total();
    for number in (0..total).rev() {
        bench.keys("<up>");
        assert_eq!(bench.app.calls.cursor, Some(number));
        let room = bench.app.room.calls;
        let shown = bench.app.calls.window(room);
        assert!(
            shown.iter().any(|(n, _)| *n == number),
            "{number} is out of sight"
        );
        bench.draw();
    }
    for number in 1..total {
        bench.keys("<down>");
        assert_eq!(bench.app.calls.cursor, Some(number));
        let room = bench.app.room.calls;
        let shown = bench.app.calls.window(room);
        assert!(
            shown.iter().any(|(n, _)| *n == number),
            "{number} is out of sight"
        );
        bench.draw();
    }
}

#[test]
fn steps_through_calls_that_were_not_drawn_yet_are_steps() {
    let mut bench = Bench::new(80, 24);
    bench.echo_session();
    bench.keys("<esc>5");
    bench.draw();
    // Three keys at once, before the next frame.
    bench.keys("3<up><up>");
    let newest = bench.app.calls.journal.total() - 1;
    assert_eq!(bench.app.calls.cursor, Some(newest - 1));
}

#[test]
fn the_filter_shows_one_side_or_one_connection() {
    let mut bench = Bench::new(120, 36);
    bench.echo_session();
    bench.keys("<esc>");
    let mut seen = vec![bench.app.calls.filter];
    for _ in 0..4 {
        bench.keys("f");
        seen.push(bench.app.calls.filter);
    }
    let one = Filter::Connection(ConnectionId(2));
    assert_eq!(
        seen,
        [
            Filter::All,
            Filter::Client,
            Filter::Server,
            one,
            Filter::All
        ]
    );
    bench.app.calls.set_filter(one);
    let room = bench.app.room.calls;
    let shown = bench.app.calls.window(room);
    assert!(!shown.is_empty() && shown.iter().all(|(_, record)| record.who == connection(2)));
}

#[test]
fn a_copied_line_is_the_one_that_is_selected() {
    let mut bench = Bench::new(80, 24);
    bench.refused();
    bench.keys("3<up><up>");
    let expected = "14:00:00.000 client connect(7, 127.0.0.1:81) = -1 ECONNREFUSED";
    assert_eq!(bench.keys("y"), [Effect::Copy(expected.to_owned())]);
    let notice = bench.app.notice.clone().expect("a notice");
    assert_eq!(notice.text, format!("copied: {expected}"));
}

#[test]
fn help_and_details_open_above_and_close() {
    let mut bench = Bench::new(80, 24);
    bench.keys("?");
    assert!(matches!(bench.app.overlay, Some(Overlay::Help(0))));
    bench.draw();
    bench.keys("<down>");
    assert!(matches!(bench.app.overlay, Some(Overlay::Help(1))));
    assert_eq!(bench.keys("s"), [], "buttons below do not answer");
    bench.keys("<esc>");
    assert!(bench.app.overlay.is_none());
    bench.keys("i<f1>");
    assert!(matches!(bench.app.overlay, Some(Overlay::Help(0))));
    bench.keys("x<f1>");
    assert!(bench.app.overlay.is_none());
    assert_eq!(
        bench.app.client().message.value(),
        "",
        "keys do not reach the field below"
    );
    bench.refused();
    bench.keys("<esc>3<enter>");
    assert!(matches!(bench.app.overlay, Some(Overlay::Call(2, 0))));
    bench.app.update(Msg::Click(Spot::Beside));
    assert!(bench.app.overlay.is_none());
}

#[test]
fn the_view_of_bytes_changes_with_the_pane_that_has_the_focus() {
    let mut bench = Bench::new(120, 36);
    bench.echo_session();
    bench.keys("<esc>m");
    assert_eq!(bench.app.client().view.mode, Mode::Hex);
    bench.keys("2mm");
    let selected = bench
        .app
        .server
        .connections
        .current()
        .expect("a connection");
    assert_eq!(selected.view.mode, Mode::Chunks);
    bench.click("text");
    assert_eq!(bench.app.client().view.mode, Mode::Text);
}

#[test]
fn page_up_in_the_message_scrolls_what_was_received() {
    let mut bench = Bench::new(80, 24);
    bench.client_connects();
    for i in 0..100 {
        bench.received(CLIENT, 7, format!("line {i}\n").as_bytes());
    }
    bench.keys("1i");
    bench.draw();
    bench.keys("<pgup>");
    assert_ne!(bench.app.client().view.position, Position::Tail);
    bench.keys("<pgdn>");
    assert_eq!(bench.app.client().view.position, Position::Tail);
}

#[test]
fn zoom_gives_the_focused_pane_the_screen_and_takes_it_back() {
    let mut bench = Bench::new(80, 24);
    bench.keys("z");
    assert_eq!(bench.app.arrangement, Arrangement::Zoomed);
    assert!(bench.screen().contains("server ─ no socket") && !bench.screen().contains("client ─"));
    bench.keys("1");
    assert!(bench.screen().contains("client ─ no socket"));
    bench.keys("z");
    assert_eq!(bench.app.arrangement, Arrangement::All);
}

#[test]
fn a_click_sets_the_cursor_of_a_field() {
    let mut bench = Bench::new(80, 24);
    // The list of calls has no button whose line would show the address too.
    bench.keys("3");
    bench.click("27.0.0.1");
    assert_eq!(bench.app.focus, Control::Input(Input::Host));
    assert_eq!(bench.app.client().host.cursor_column(), 1);
    bench.keys("x");
    assert_eq!(bench.app.client().host.value(), "1x27.0.0.1");
}

#[test]
fn connections_are_listed_selected_and_forgotten_some_time_after_they_close() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    let many = Connections::CLOSED_KEPT as u64 + 50;
    let current = |bench: &Bench| bench.app.server.connections.current_id();
    for number in 1..=many {
        bench.accepted(number, 8, 10_000);
        bench.returned(connection(number), Call::Close { fd: Fd(8) }, Outcome::Done);
        if number == 1 {
            bench.app.focus_on(Control::Connections);
            bench.keys("<home>");
        }
    }
    let list = &bench.app.server.connections;
    assert_eq!((list.open(), list.len()), (0, Connections::CLOSED_KEPT));
    assert_eq!(
        current(&bench),
        Some(ConnectionId(1)),
        "the selected one is not taken away"
    );
    bench.keys("<end>");
    assert_eq!(current(&bench), Some(ConnectionId(many)));
    bench.accepted(many + 1, 8, 10_000);
    assert_eq!(
        current(&bench),
        Some(ConnectionId(many + 1)),
        "the newest is followed"
    );
    bench.keys("<up><up>");
    assert_eq!(current(&bench), Some(ConnectionId(many - 1)));
    bench.accepted(many + 2, 8, 10_000);
    assert_eq!(
        current(&bench),
        Some(ConnectionId(many - 1)),
        "until one is selected"
    );
    bench.keys("<home>");
    assert_eq!(current(&bench), Some(ConnectionId(1)));
}

#[test]
fn bytes_of_all_connections_together_are_bounded_and_counters_stay_exact() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    for number in 1..=64 {
        bench.accepted(number, 8, 10_000);
    }
    for round in 1..=24u64 {
        for number in 1..=64 {
            let who = connection(number);
            let at = Moment(round);
            bench.happened(vec![Event::Received {
                who,
                at,
                bytes: vec![b'x'; 65_536],
                from: None,
            }]);
        }
        let list = &bench.app.server.connections;
        let held: usize = list.iter().map(|c| c.received.held()).sum();
        assert!(held <= 33 << 20, "{held} bytes held");
        assert!(list.iter().all(|c| c.received.received() == round * 65_536));
    }
}

#[test]
fn those_that_closed_first_are_forgotten_first_and_of_the_open_ones_the_fullest_give() {
    const KIB: u64 = 1 << 10;
    let mut bench = Bench::with_keep(120, 36, 1 << 20);
    bench.server_listens();
    for number in 1..=6 {
        bench.accepted(number, 8, 10_000);
    }
    let receives = |bench: &mut Bench, number: u64, count: u64| {
        for _ in 0..count {
            bench.happened(vec![Event::Received {
                who: connection(number),
                at: Moment(0),
                bytes: vec![b'x'; 64 << 10],
                from: None,
            }]);
        }
    };
    let kept = |bench: &Bench| -> Vec<u64> {
        let all = bench.app.server.connections.iter();
        let kept = all.map(|c| (c.received.received() - c.received.forgotten()) / KIB);
        kept.collect()
    };
    // All of them together may keep 2 MiB: 31 of these pieces, for each has its bookkeeping too.
    for (number, count) in [(1, 7), (2, 6), (3, 10), (4, 1), (5, 6), (6, 1)] {
        receives(&mut bench, number, count);
    }
    assert_eq!(kept(&bench), [448, 384, 640, 64, 384, 64]);
    for number in [3, 1, 2] {
        bench.returned(connection(number), Call::Close { fd: Fd(8) }, Outcome::Done);
    }
    // Half of it is to be free then. That takes all of the two that closed first, and nothing of the third.
    receives(&mut bench, 5, 1);
    assert_eq!(kept(&bench), [0, 384, 0, 64, 448, 64]);
    // Now the third gives all that it has, and that is not enough: of the open ones the small one keeps its piece, and none
    // of the others more than another.
    receives(&mut bench, 4, 13);
    assert_eq!(kept(&bench), [0, 384, 0, 896, 448, 64]);
    receives(&mut bench, 5, 4);
    assert_eq!(kept(&bench), [0, 0, 0, 448, 448, 64]);
    // What is kept is the newest of it, every number is exact, and the screen says what is gone.
    let list = &bench.app.server.connections;
    assert!(
        list.iter()
            .all(|c| *c.received.kept().end() == c.received.count())
    );
    assert_eq!(list.bytes().0, (7 + 6 + 10 + 14 + 11 + 1) << 16);
    bench.app.focus_on(Control::Connections);
    bench.keys("<home><down><down><down>");
    let screen = bench.screen();
    assert!(
        screen.contains("917 kB in 14 recv(), the last 458 kB kept"),
        "{screen}"
    );
    bench.keys("<home>");
    let screen = bench.screen();
    assert!(
        screen.contains("458,752 B in 7 recv(), the last 0 B kept"),
        "{screen}"
    );
}

#[test]
fn a_worker_that_fails_frees_its_pane_and_the_program_goes_on() {
    let mut bench = Bench::new(80, 24);
    bench.echo_session();
    let message = "index out of bounds".to_owned();
    let at = Moment(bench.now);
    bench.happened(vec![Event::Panicked {
        who: CLIENT,
        at,
        message,
    }]);
    assert_eq!(bench.app.client().socket.stage, Stage::NoSocket);
    let notice = bench.app.notice.clone().expect("a notice");
    assert!(
        notice
            .text
            .contains("the thread of client failed (index out of bounds)")
    );
    assert!(bench.app.is_server_up());
    assert!(matches!(
        bench.action("<esc>c"),
        Action::Client(_, ClientAction::Connect(_))
    ));
}

#[test]
fn both_flags_start_the_server_before_the_client() {
    let mut bench = Bench::new(80, 24);
    let effects = bench.app.start(true, true);
    assert!(matches!(effects[..], [Effect::Perform(Action::Server(_))]));
    let (fd, address) = (Fd(5), loopback(8888));
    assert_eq!(
        bench.returned(SERVER, Call::Bind { fd, address }, Outcome::Done),
        []
    );
    let named = Outcome::Named(address);
    let effects = bench.returned(SERVER, Call::Getsockname { fd }, named.clone());
    assert!(
        matches!(effects[..], [Effect::Perform(Action::Client(..))]),
        "{effects:?}"
    );
    assert_eq!(
        bench.returned(SERVER, Call::Getsockname { fd }, named),
        [],
        "once"
    );
}

#[test]
fn the_client_connects_even_if_the_server_could_not_start() {
    let mut bench = Bench::new(80, 24);
    bench.app.start(true, true);
    let (fd, address) = (Fd(5), loopback(8888));
    let taken = Outcome::Failed(Errno::EADDRINUSE);
    let effects = bench.returned(SERVER, Call::Bind { fd, address }, taken);
    assert!(matches!(effects[..], [Effect::Perform(Action::Client(..))]));
}

#[test]
fn the_wheel_scrolls_what_is_under_the_mouse() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    for i in 0..100 {
        bench.received(CLIENT, 7, format!("line {i}\n").as_bytes());
    }
    let spot = bench.spot("line 99");
    assert!(matches!(
        spot,
        Spot::Control(Control::Bytes(Bytes::Client), _)
    ));
    bench.app.update(Msg::Wheel(spot, Motion::WheelUp));
    assert!(!bench.screen().contains("100 │ line 99"));
    assert!(bench.screen().contains(" 97 │ line 96"));
    bench.app.update(Msg::Wheel(spot, Motion::WheelDown));
    assert!(bench.screen().contains("100 │ line 99"));
}

#[test]
fn what_recv_returns_after_a_reset_is_not_the_peers_end() {
    let mut bench = Bench::new(80, 24);
    bench.client_connects();
    bench.returned(CLIENT, send(7, b"x"), Outcome::Failed(Errno::ECONNRESET));
    bench.received(CLIENT, 7, b"");
    assert_eq!(bench.app.client().socket.stage, Stage::Broken);
}

#[test]
fn the_connection_whose_calls_are_shown_stays_among_the_choices() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.click("server#1 ─");
    let one = Filter::Connection(ConnectionId(1));
    assert_eq!(bench.app.calls.filter, one);
    bench.accepted(2, 9, 10_001);
    assert_eq!(bench.app.filters().last(), Some(&one));
    assert!(bench.screen().contains("server server#1 ─"));
}

#[test]
fn a_port_that_the_kernel_chose_is_the_one_that_the_client_connects_to() {
    let mut bench = Bench::new(80, 24);
    bench.app.sessions.front_mut().port.set("0");
    let fd = Fd(5);
    let socket = SOCKET;
    bench.returned(SERVER, socket, Outcome::Descriptor(fd));
    let named = Outcome::Named(loopback(40_000));
    bench.returned(SERVER, Call::Getsockname { fd }, named);
    assert_eq!(bench.app.client().port.value(), "40000");
}

#[test]
fn nobody_waits_for_what_a_connections_service_waits_for() {
    let mut bench = Bench::new(80, 24);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.blocked(connection(1), send(8, b"x"));
    assert!(
        !bench.app.calls.is_anything_awaited(),
        "nothing has to tick"
    );
    bench.blocked(CLIENT, send(8, b"x"));
    assert!(bench.app.calls.is_anything_awaited());
    bench.returned(CLIENT, Call::Close { fd: Fd(8) }, Outcome::Done);
    assert!(!bench.app.calls.is_anything_awaited());
}

#[test]
fn the_focus_leaves_what_is_gone_from_the_server_panel() {
    // What UDP has no use for goes as the protocol is changed.
    for control in [
        Control::Choice(Choice::Model),
        Control::Button(Button::Listen),
        Control::Button(Button::Accept),
    ] {
        let mut bench = Bench::new(120, 36);
        bench.app.focus_on(control);
        bench.keys("p");
        assert_eq!(bench.app.focus, Control::Connections, "{control:?}");
    }
    // What is for a connection goes with it, and with the selection of one that is closed.
    for (control, follows) in [
        (Control::Button(Button::Answer), Control::Connections),
        (Control::Button(Button::AnswerClose), Control::Connections),
        (
            Control::Button(Button::Start),
            Control::Button(Button::Start),
        ),
        (
            Control::Bytes(Bytes::Connection),
            Control::Bytes(Bytes::Connection),
        ),
    ] {
        let mut bench = Bench::new(120, 36);
        bench.server_listens();
        bench.accepted(1, 8, 10_000);
        bench.app.focus_on(control);
        bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
        assert_eq!(bench.app.focus, follows, "{control:?}");
    }
    // In another pane it stays, whatever is gone here.
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.keys("1i");
    bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
    assert_eq!(bench.app.focus, Control::Input(Input::Message));
}

#[test]
fn a_click_on_a_button_of_a_connection_that_is_gone_leads_to_the_list() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.draw();
    bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
    // It was still seen when the mouse was pressed.
    let spot = Spot::Control(Control::Button(Button::AnswerClose), 0);
    assert_eq!(bench.app.update(Msg::Click(spot)), []);
    assert_eq!(bench.told(), "server#1 is closed");
    assert_eq!(bench.app.focus, Control::Connections);
}

#[test]
fn details_that_do_not_fit_can_be_scrolled() {
    let mut bench = Bench::new(60, 20);
    let record = CallRecord {
        who: CLIENT,
        call: Call::Connect {
            fd: Fd(7),
            address: loopback(81),
        },
        outcome: Outcome::Failed(Errno::ECONNREFUSED),
        entered: Moment(0),
        returned: Moment(0),
        took: Duration::ZERO,
        waited: Waited::InProgress,
    };
    bench.happened(vec![Event::Returned(record)]);
    bench.keys("3<enter>");
    let first = bench.screen();
    assert!(first.contains("connect(7, 127.0.0.1:81)"), "{first}");
    assert!(!first.contains("called accept()."), "{first}");
    assert!(first.contains("↑ scroll"), "{first}");
    bench.keys("<end>");
    let last = bench.screen();
    assert!(last.contains("called accept()."), "{last}");
}

#[test]
fn a_click_on_a_connection_that_is_gone_does_not_stop_the_list() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench
        .app
        .update(Msg::Click(Spot::Connection(ConnectionId(99))));
    let list = &bench.app.server.connections;
    assert_eq!(list.current_id(), Some(ConnectionId(1)));
    assert_eq!(list.window(5).len(), 1);
    bench.keys("<up>");
    assert_eq!(bench.app.server.connections.selected, Some(ConnectionId(1)));
}
