//! The command line: what is typed, completed, refused and done there; and the lines of buttons.

use sockyard::app::control::{Button, Control};
use sockyard::app::words::{Deed, parse};
use sockyard::app::{Effect, Msg, Overlay, Spot};
use sockyard::model::{Action, ClientAction, ServerAction, SocketAction};
use unicode_width::UnicodeWidthStr;

use crate::support::{Bench, by_client, client, on_client, target};
use crate::views::both_sizes;

/// The text of the command line.
fn typed(bench: &Bench) -> String {
    match &bench.app.overlay {
        Some(Overlay::Command(line)) => line.field.value().to_owned(),
        _ => panic!("{} is open", bench.open()),
    }
}

#[test]
fn a_colon_opens_the_command_line_outside_a_field_and_is_typed_in_one() {
    let mut bench = Bench::new(80, 24);
    bench.keys(":");
    assert_eq!(bench.open(), "Line \"\"");
    bench.keys("<esc>");
    assert_eq!(bench.open(), "nothing");
    bench.keys("1i:");
    assert_eq!(bench.app.client().message.value(), ":");
    // From a text to read too.
    bench.keys("<esc>?:");
    assert_eq!(bench.open(), "Line \"\"");
}

#[test]
fn control_p_opens_the_palette_from_everywhere_and_goes_on_to_the_command_line() {
    for keys in ["", "1i", "?", "1o", "1ob", "u", "5<tab>"] {
        let mut bench = Bench::new(80, 24);
        bench.keys(keys);
        bench.keys("<c-p>");
        assert_eq!(bench.open(), "Palette \"\"", "after {keys:?}");
        bench.keys("<c-p>");
        assert_eq!(bench.open(), "Line \"\"");
        bench.keys("<tab>");
        assert_eq!(bench.open(), "Palette \"\"");
        bench.keys("<esc>");
        assert_eq!(bench.open(), "nothing");
    }
}

#[test]
fn enter_says_the_line_and_the_fields_show_what_was_said() {
    let mut bench = Bench::new(80, 24);
    let effects = bench.keys(":client connect localhost 9<enter>");
    let connect = by_client(ClientAction::Connect(target("localhost", "9")));
    assert_eq!(effects, [Effect::Perform(connect)]);
    assert_eq!(bench.open(), "nothing");
    assert_eq!(bench.told(), ": client connect localhost 9");
    assert_eq!(bench.app.client().host.value(), "localhost");
    assert_eq!(bench.app.client().port.value(), "9");
    // What is about another session brings it to the front.
    let effects = bench.keys(":client2 socket &<enter>");
    assert!(
        matches!(&effects[..], [Effect::Perform(Action::Client(id, ClientAction::Socket(..)))] if id.0 == 2),
        "{effects:?}"
    );
    assert_eq!(bench.app.client_actor(), client(2));
}

#[test]
fn what_says_nothing_does_nothing() {
    for line in ["", "   ", "# a comment", "  # client close"] {
        let mut bench = Bench::new(80, 24);
        assert_eq!(bench.keys(&format!(":{line}<enter>")), [], "{line}");
        assert_eq!(
            (bench.open(), bench.told()),
            ("nothing".to_owned(), String::new())
        );
        assert_eq!(bench.app.transcript.history().count(), 0);
    }
}

#[test]
fn a_wrong_line_stays_with_the_cursor_where_it_is_wrong() {
    let mut bench = Bench::new(80, 24);
    assert_eq!(bench.keys(":client shutdown up # now<enter>"), []);
    assert_eq!(typed(&bench), "client shutdown up # now");
    let screen = bench.screen();
    assert!(screen.contains("^ up is none of wr, rd, rdwr"), "{screen}");
    bench.keys("<c-k>wr");
    let screen = bench.screen();
    assert!(
        !screen.contains('^') && screen.contains("Enter says it"),
        "{screen}"
    );
    let effects = bench.keys("<enter>");
    assert!(
        matches!(
            &effects[..],
            [Effect::Perform(Action::Client(
                _,
                ClientAction::On(SocketAction::Shutdown(_))
            ))]
        ),
        "{effects:?}"
    );
}

#[test]
fn what_is_merely_unfinished_is_told_what_comes_next_until_enter() {
    let mut bench = Bench::new(80, 24);
    bench.keys(":client connect 127.0.0.1");
    let screen = bench.screen();
    assert!(!screen.contains('^'), "{screen}");
    bench.keys(" ");
    let screen = bench.screen();
    assert!(
        screen.contains("next: PORT ─ A number, or the name of a service"),
        "{screen}"
    );
    bench.keys("<enter>");
    let screen = bench.screen();
    assert!(screen.contains("PORT is missing"), "{screen}");
    bench.keys("8");
    assert!(!bench.screen().contains("is missing"));
}

#[test]
fn the_caret_stands_below_the_word_that_is_wrong_whatever_stands_before_it() {
    for (columns, rows) in [(80, 24), (120, 36), (60, 20)] {
        let mut bench = Bench::new(columns, rows);
        bench.keys(":client send \"你好\" nonsense <left>");
        let screen = bench.screen();
        let column = |text: &str| {
            let line = screen.lines().find(|line| line.contains(text)).expect(text);
            line[..line.find(text).expect(text)].width()
        };
        assert_eq!(column("nonsense \u{20}"), column("^"), "{screen}");
    }
}

#[test]
fn what_cannot_be_done_stays_with_a_word_on_why() {
    let mut bench = Bench::new(80, 24);
    assert_eq!(bench.keys(":server#7 close<enter>"), []);
    let screen = bench.screen();
    assert!(screen.contains("there is no server#7"), "{screen}");
    bench.keys("<c-u>");
    assert!(!bench.screen().contains("there is no"));
}

#[test]
fn the_history_has_lines_and_what_buttons_did() {
    let mut bench = Bench::new(80, 24);
    bench.keys("c");
    bench.keys(":client recv  10<enter>");
    bench.keys(":<up>");
    assert_eq!(typed(&bench), "client recv  10", "as it was typed");
    bench.keys("<up>");
    assert_eq!(typed(&bench), "client connect 127.0.0.1 8888");
    bench.keys("<up>");
    assert_eq!(typed(&bench), "client connect 127.0.0.1 8888");
    bench.keys("<down><down>");
    assert_eq!(typed(&bench), "");
}

#[test]
fn tab_completes_what_is_certain_and_then_tries_what_would_do() {
    let mut bench = Bench::new(80, 24);
    bench.keys(":cl<tab>");
    assert_eq!(
        typed(&bench),
        "client",
        "what client and client2 begin with"
    );
    bench.keys(" conn<tab>");
    assert_eq!(typed(&bench), "client connect ");
    bench.keys("lo<tab>8888 --u<tab>");
    assert_eq!(typed(&bench), "client connect localhost 8888 --udp ");
    bench.keys("<c-u>server start a 1 --service <tab>");
    assert_eq!(typed(&bench), "server start a 1 --service echo");
    bench.keys("<tab>");
    assert_eq!(typed(&bench), "server start a 1 --service echo-once");
    let screen = bench.screen();
    assert!(
        screen.contains("hello"),
        "the others are still seen:\n{screen}"
    );
    bench.keys("<s-tab><s-tab>");
    assert_eq!(typed(&bench), "server start a 1 --service manual");
    bench.keys(" --mo<tab>p<tab>");
    assert_eq!(
        typed(&bench),
        "server start a 1 --service manual --model poll "
    );
    bench.keys("<c-u>nonsense <tab>");
    assert_eq!(typed(&bench), "nonsense ");
}

#[test]
fn the_actors_that_are_there_and_what_is_in_use_can_be_completed() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.client_connects();
    bench.accepted(1, 8, 53_422);
    bench.keys("1onalice<enter>");
    bench.keys(":");
    let screen = bench.screen();
    for text in [
        "client    alice: ESTABLISHED, 127.0.0.1:8888",
        "client2   a client that is not there yet",
        "server#1  ESTABLISHED, 127.0.0.1:53422",
    ] {
        assert!(screen.contains(text), "{text}:\n{screen}");
    }
    bench.keys("client2 connect 127.0.0.1 ");
    let screen = bench.screen();
    assert!(
        screen.contains("8888   the server listens there"),
        "{screen}"
    );
}

#[test]
fn a_click_takes_a_candidate() {
    let mut bench = Bench::new(120, 36);
    bench.keys(":client sh");
    bench.click("End one direction");
    assert_eq!(typed(&bench), "client shutdown ");
    bench.click("receive no more");
    assert_eq!(typed(&bench), "client shutdown rd ");
    bench.app.update(Msg::Click(Spot::Item(999)));
    assert_eq!(typed(&bench), "client shutdown rd ");
    let effects = bench.keys("<enter>");
    assert_eq!(effects.len(), 1, "{effects:?}");
}

#[test]
fn of_several_pasted_lines_one_is_taken() {
    let mut bench = Bench::new(80, 24);
    bench.keys(":");
    bench.app.update(Msg::Paste("client socket\n".to_owned()));
    assert_eq!(
        (typed(&bench), bench.told()),
        ("client socket".to_owned(), String::new())
    );
    bench.keys("<c-u>");
    bench
        .app
        .update(Msg::Paste("\nclient socket\r\nclient close\n".to_owned()));
    assert_eq!(typed(&bench), "client socket");
    assert!(
        bench.told().contains("one line is said before the next"),
        "{}",
        bench.told()
    );
}

#[test]
fn the_words_of_the_playground_work() {
    let mut bench = Bench::new(80, 24);
    assert_eq!(
        bench.keys(":play a.yard<enter>"),
        [Effect::Load("a.yard".into())]
    );
    assert_eq!(bench.keys(":help<enter>"), []);
    assert_eq!(bench.open(), "help");
    assert_eq!(bench.keys("<esc>:view script<enter>"), []);
    assert_eq!(bench.open(), "script");
    assert_eq!(bench.keys("<esc>:view ports<enter>"), []);
    assert_eq!(bench.app.focus, Control::Button(Button::Try));
    let effects = bench.keys(":save script a.yard<enter>");
    assert!(
        matches!(
            &effects[..],
            [Effect::Save(_), Effect::Save(_), Effect::Save(_)]
        ),
        "{effects:?}"
    );
    assert_eq!(bench.keys(":quit<enter>"), [Effect::Quit]);
}

#[test]
fn a_question_that_a_line_leads_to_is_asked() {
    let mut bench = Bench::new(80, 24);
    assert_eq!(bench.keys(":ports try example.org 80<enter>"), []);
    assert_eq!(
        (bench.open(), bench.told()),
        ("question another machine".to_owned(), String::new())
    );
    assert_eq!(bench.keys("y").len(), 1);
}

#[test]
fn what_was_done_is_seen_copied_and_saved() {
    let mut bench = Bench::new(80, 24);
    bench.keys("su");
    assert_eq!(bench.open(), "script");
    let effects = bench.keys("y");
    let [Effect::Copy(text)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(text.contains("server start 127.0.0.1 8888"), "{text}");
    bench.keys("s");
    assert_eq!(typed(&bench), "save script session.yard");
}

/// Both ends are up, with something typed at both.
fn ready() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.client_connects();
    bench.accepted(1, 8, 53_422);
    bench.keys("1ihi<esc>2iyo<esc>");
    bench
}

#[test]
fn the_line_of_every_button_says_what_the_button_does() {
    let mut seen = Vec::new();
    for up in [false, true] {
        for button in Button::ALL {
            let mut bench = if up { ready() } else { Bench::new(120, 36) };
            if button == Button::Dismiss {
                bench.keys("4w");
            }
            if button == Button::Recv || button == Button::SendAll {
                bench.keys("1h");
            }
            let Some(line) = bench.app.line_of_button(button) else {
                continue;
            };
            let deed = parse(&line).unwrap_or_else(|wrong| panic!("{line}: {wrong}"));
            assert_eq!(deed.as_ref().map(Deed::to_string), Some(line.clone()));
            bench.app.press(button);
            let done: Vec<&str> = bench.app.transcript.history().collect();
            assert_eq!(done.last(), Some(&line.as_str()), "{button:?}");
            // The general form is about the same verb, unless the button cancels or stops what goes on.
            let words = button.words().expect("a line");
            let verb = words.split(' ').nth(1);
            let is_other = line.contains("cancel") || line == "server stop";
            assert!(
                is_other || line.split(' ').nth(1) == verb,
                "{line}: {words}"
            );
            seen.push(button);
        }
    }
    for button in Button::ALL {
        let is_menu = matches!(
            button,
            Button::More | Button::ServerMore | Button::Shutdown | Button::AnswerShutdown
        );
        assert_eq!(seen.contains(&button), !is_menu, "{button:?}");
    }
}

#[test]
fn knowing_what_a_button_would_do_does_nothing() {
    let bench = ready();
    let before = format!("{:?}", bench.app);
    let lines = Button::ALL
        .into_iter()
        .filter_map(|button| bench.app.line_of_button(button));
    assert!(lines.count() > 15);
    assert_eq!(format!("{:?}", bench.app), before);
}

#[test]
fn what_the_button_with_the_focus_would_say_stands_at_the_top() {
    let mut bench = ready();
    bench.keys("1");
    let top = |bench: &mut Bench| {
        bench
            .screen()
            .lines()
            .next()
            .map(str::to_owned)
            .expect("a line")
    };
    assert!(top(&mut bench).contains(": client connect 127.0.0.1 8888"));
    bench.keys("i");
    assert!(
        top(&mut bench).contains(": client sendall \"hi\""),
        "{}",
        top(&mut bench)
    );
    bench.keys("\\n");
    assert!(top(&mut bench).contains(": client sendall \"hi\\n\""));
    // What cannot be read cannot be said.
    bench.keys("\\q");
    assert!(!top(&mut bench).contains("sendall"));
}

#[test]
fn a_line_and_its_button_do_the_same() {
    for (keys, line) in [
        (
            "s",
            "server start 127.0.0.1 8888 --service echo --model threads --backlog 128",
        ),
        ("1k", "client socket"),
        ("c", "client connect 127.0.0.1 8888"),
        ("1l", "client close"),
        ("2b", "server bind 127.0.0.1 8888"),
        ("4+", "client2 open"),
    ] {
        let (mut by_key, mut by_line) = (Bench::new(80, 24), Bench::new(80, 24));
        let effects = by_key.keys(keys);
        assert_eq!(by_line.keys(&format!(":{line}<enter>")), effects, "{line}");
        assert_eq!(
            by_key.app.transcript_lines(),
            by_line.app.transcript_lines(),
            "{line}"
        );
    }
    let mut bench = Bench::new(80, 24);
    bench.server_listens();
    let stop = Action::Server(ServerAction::Stop);
    assert_eq!(bench.keys(":server stop<enter>"), [Effect::Perform(stop)]);
    let send = on_client(SocketAction::SendAll(b"a b\n".to_vec()));
    let effects = bench.keys(":client sendall \"a b\\n\"<enter>");
    assert_eq!(effects.last(), Some(&Effect::Perform(send)));
}

#[test]
fn pictures() {
    for (name, keys) in [
        ("line_empty", "<esc>:"),
        ("line_missing", "<esc>:client2 connect 127.0.0.1 "),
        (
            "line_values",
            "<esc>:server offer --model threads --service <tab><tab>",
        ),
        ("line_wrong", "<esc>:client shutdown both"),
        (
            "line_long",
            "<esc>:client sendall \"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:8888\\r\\nConnection: close\\r\\n\\r\\n\" --oob",
        ),
        ("line_cannot", "<esc>:server#7 close<enter>"),
        ("script", "<esc>u"),
        ("help_lines", "<esc>?<end>"),
    ] {
        both_sizes(name, |bench| {
            bench.echo_session();
            bench.keys(keys);
        });
    }
    let mut bench = Bench::new(60, 20);
    bench.keys(":server start 127.0.0.1 8888 --service x");
    insta::assert_snapshot!("line_smallest", bench.screen());
}
