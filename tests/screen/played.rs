//! Scripts that are played on the screen: what the strip shows, which keys drive it, and how a person takes over.

use std::time::Duration;

use sockyard::app::control::{Button, Control};
use sockyard::app::keymap::Command;
use sockyard::app::palette::{Does, entries};
use sockyard::app::script::Script;
use sockyard::app::script::player::{Pace, Player};
use sockyard::app::script::watched::{Drive, Watched};
use sockyard::app::{App, Effect, Msg, Settings, Spot};
use sockyard::model::{Action, Actor, Event, Moment, Outcome, ServerAction, SocketAction};
use sockyard::ui::theme::{Charset, Palette, Theme};
use unicode_width::UnicodeWidthStr;

use crate::support::{Bench, CLIENT, SERVER, on_client, recv, send};
use crate::views::both_sizes;

const LESSON: &str = r#"# What a stream is.
say "A stream has no messages: what was sent with two sends can come with one recv."
server start 127.0.0.1 8888 --service echo --model threads
client connect 127.0.0.1 8888

say "你好，同学们：服务器会把收到的字节送回来。"
client send "hello"
client recv 1024
expect client received "hello" --within 2s --else "An echo server sends back what it receives; this one does not."
"#;

/// A script that was loaded into an empty playground.
fn played(bench: &mut Bench, text: &str) {
    let effects = bench.app.update(Msg::Loaded(
        "lessons/stream.yard".into(),
        Ok(text.to_owned()),
    ));
    assert_eq!(effects, []);
}

fn player(bench: &Bench) -> &Player {
    bench.app.player.as_ref().expect("a script is on the strip")
}

/// Presses keys that are to have one effect, an action, beside what is reported of the script.
fn action(bench: &mut Bench, keys: &str) -> Action {
    let mut actions = performed(bench, keys);
    assert_eq!(actions.len(), 1, "{actions:?}");
    actions.remove(0)
}

/// What pressing keys hands to the workers.
fn performed(bench: &mut Bench, keys: &str) -> Vec<Action> {
    let effects = bench.keys(keys).into_iter();
    let actions = effects.filter_map(|effect| match effect {
        Effect::Perform(action) => Some(action),
        _ => None,
    });
    actions.collect()
}

/// What was handed to the worker of `who` is done.
fn settled(bench: &mut Bench, who: Actor) -> Vec<Effect> {
    bench.happened(vec![Event::Settled { who, actions: 9 }])
}

/// Through the first steps of the lesson, up to the one that says something again.
fn connected(bench: &mut Bench) {
    played(bench, LESSON);
    bench.keys("  ");
    bench.server_listens();
    settled(bench, SERVER);
    bench.keys(" ");
    bench.client_connects();
    bench.happened(vec![Event::Unblocked {
        who: CLIENT,
        function: sockyard::model::call::Function::Recv,
    }]);
    settled(bench, CLIENT);
    bench.accepted(1, 8, 53_422);
}

/// Up to the recv, which waits.
fn receiving(bench: &mut Bench) {
    connected(bench);
    bench.keys(" ");
    assert_eq!(
        action(bench, " "),
        on_client(SocketAction::Send {
            bytes: b"hello".to_vec(),
            urgent: false,
        })
    );
    bench.returned(CLIENT, send(7, b"hello"), Outcome::Sent(5));
    settled(bench, CLIENT);
    bench.keys(" ");
    bench.blocked(CLIENT, recv(7));
}

/// What it received is `bytes`, and the recv is over.
fn answered(bench: &mut Bench, bytes: &[u8]) {
    receiving(bench);
    bench.received(CLIENT, 7, bytes);
    settled(bench, CLIENT);
    bench.keys(" ");
}

// ---- What is seen ----------------------------------------------------------------------------------------------------

#[test]
fn begun() {
    both_sizes("play_begun", |bench| played(bench, LESSON));
}

#[test]
fn said() {
    both_sizes("play_said", connected);
}

#[test]
fn waiting() {
    both_sizes("play_waiting", |bench| {
        receiving(bench);
        bench.now += 1_200_000;
    });
}

#[test]
fn failed() {
    both_sizes("play_failed", |bench| answered(bench, b"jello"));
}

#[test]
fn passed() {
    both_sizes("play_passed", |bench| answered(bench, b"hello"));
}

#[test]
fn folded() {
    both_sizes("play_folded", |bench| {
        connected(bench);
        bench.keys("<esc>");
    });
}

#[test]
fn asked_whether_everything_may_be_closed() {
    both_sizes("play_question", |bench| {
        bench.refused();
        played(bench, LESSON);
    });
}

#[test]
fn at_the_smallest_size_the_step_and_what_is_said_are_seen() {
    let mut bench = Bench::new(60, 15);
    receiving(&mut bench);
    insta::assert_snapshot!("play_60x15", bench.screen());
    bench.keys("<esc>");
    insta::assert_snapshot!("play_folded_60x15", bench.screen());
}

#[test]
fn every_size_is_survived_and_no_row_is_too_wide() {
    let mut waiting = Bench::new(120, 36);
    receiving(&mut waiting);
    let mut failed = Bench::new(120, 36);
    answered(&mut failed, b"\x1b[2Jno");
    for columns in [0, 1, 2, 9, 40, 59, 60, 61, 80, 109, 110, 120, 300] {
        for rows in (0..=22).chain([24, 30, 36, 100]) {
            for app in [&waiting.app, &failed.app] {
                let mut bench = Bench::new(columns, rows);
                bench.app = app.clone();
                for keys in ["", "<esc>", "z", "<f8>"] {
                    bench.keys(keys);
                    let screen = bench.screen();
                    let widest = screen.lines().map(UnicodeWidthStr::width).max();
                    assert!(widest <= Some(usize::from(columns)), "{screen}");
                }
            }
        }
    }
}

#[test]
fn in_ascii_and_without_colour_each_state_is_told_by_a_sign_of_its_own() {
    let theme = Theme::new(Palette::Plain, Charset::Ascii);
    let mut bench = Bench::with_theme(80, 24, theme);
    played(
        &mut bench,
        &LESSON.replace("你好，同学们：服务器会把收到的字节送回来。", "Echo."),
    );
    bench.keys(" ");
    let screen = bench.screen();
    assert!(screen.is_ascii(), "{screen}");
    assert!(screen.contains(" v 2  say "), "{screen}");
    assert!(screen.contains(" > 3  server start"), "{screen}");
    bench.keys(" ");
    let screen = bench.screen();
    assert!(screen.contains(" * 3  server start"), "{screen}");
}

#[test]
fn the_strip_stays_as_tall_as_it_is_from_step_to_step() {
    let height = |bench: &mut Bench| {
        let screen = bench.screen();
        screen
            .lines()
            .position(|line| line.contains("Space step") || line.contains("r again"))
    };
    for (columns, rows) in [(80, 24), (120, 36), (60, 20)] {
        let mut bench = Bench::new(columns, rows);
        played(&mut bench, LESSON);
        let first = height(&mut bench);
        assert!(first.is_some());
        connected(&mut bench);
        assert_eq!(height(&mut bench), first);
        bench = Bench::new(columns, rows);
        receiving(&mut bench);
        assert_eq!(height(&mut bench), first);
        bench = Bench::new(columns, rows);
        answered(&mut bench, b"hello");
        assert_eq!(height(&mut bench), first);
    }
}

#[test]
fn a_script_cannot_disturb_the_screen() {
    let mut bench = Bench::new(80, 24);
    played(
        &mut bench,
        "say \"a\\x1b[2J\\u{202e}b\\r\"\nclient send \"\u{1b}]0;x\u{7}\"\n",
    );
    bench.keys("  ");
    let screen = bench.screen();
    assert!(
        !screen.chars().any(|c| c.is_control() && c != '\n'),
        "{screen}"
    );
    assert!(screen.contains(r"a\x1b[2J"), "{screen}");
}

#[test]
fn what_is_said_is_bold_and_has_blank_rows_around_it() {
    let mut bench = Bench::new(80, 24);
    played(&mut bench, LESSON);
    bench.keys(" ");
    let screen = bench.screen();
    let rows: Vec<&str> = screen.lines().collect();
    let first = rows
        .iter()
        .position(|row| row.contains("A stream has no messages"));
    let first = first.expect("it is said");
    assert!(
        rows[first + 1].contains("can come with one recv."),
        "{screen}"
    );
    for blank in [first - 1, first + 2] {
        assert_eq!(rows[blank].trim_matches(['┃', ' ']), "", "{screen}");
    }
    let column = rows[first]
        .chars()
        .position(|c| c == 'A')
        .expect("it begins so") as u16;
    let bold = ratatui::style::Modifier::BOLD;
    assert!(
        bench.buffer()[(column, first as u16)]
            .modifier
            .contains(bold)
    );
}

#[test]
fn what_a_step_is_about_is_brought_into_sight() {
    let mut bench = Bench::new(80, 24);
    bench.keys("5<esc>");
    played(&mut bench, LESSON);
    bench.keys("  ");
    assert_eq!(bench.app.focus, Control::Button(Button::Start));
    bench.server_listens();
    settled(&mut bench, SERVER);
    assert!(
        bench.screen().contains("listen(5, 10) = 0"),
        "the calls are seen"
    );
    bench.keys(" ");
    assert_eq!(bench.app.focus, Control::Button(Button::Connect));
    let mut bench = Bench::new(80, 24);
    receiving(&mut bench);
    assert_eq!(bench.app.focus, Control::Button(Button::Recv));
}

// ---- The keys --------------------------------------------------------------------------------------------------------

#[test]
fn letters_press_no_button_while_the_script_has_the_keys() {
    let mut bench = Bench::new(120, 36);
    played(&mut bench, LESSON);
    for key in ["s", "c", "i", "l", "k", "x", "w", "9", "<backspace>"] {
        assert_eq!(bench.keys(key), [], "{key}");
        assert!(bench.app.script_has_keys(), "{key}");
    }
    assert!(bench.keys("s").is_empty() && bench.told().contains("Esc takes over"));
    bench.app.update(Msg::Paste("text".to_owned()));
    assert!(bench.told().contains("Esc takes over"));
    // To look is not to press.
    let effects = bench.keys("mzf");
    assert!(effects.is_empty() && bench.app.script_has_keys());
}

#[test]
fn to_go_somewhere_is_to_take_over() {
    for key in [
        "<tab>", "<s-tab>", "<f2>", "<f3>", "<f4>", "<f5>", "<f6>", "1", "<esc>", "<f8>",
    ] {
        let mut bench = Bench::new(120, 36);
        played(&mut bench, LESSON);
        bench.keys("p");
        bench.keys(key);
        assert!(player(&bench).is_left(), "{key}");
        assert_eq!(player(&bench).pace, Pace::ByHand, "{key}");
        bench.keys("<f8>");
        assert!(bench.app.script_has_keys(), "{key}");
    }
    for key in [":", "<c-p>", "u"] {
        let mut bench = Bench::new(120, 36);
        played(&mut bench, LESSON);
        bench.keys(key);
        assert!(player(&bench).is_left(), "{key}");
        assert_ne!(bench.open(), "nothing", "{key}");
    }
    let mut bench = Bench::new(120, 36);
    played(&mut bench, LESSON);
    assert_eq!(bench.keys("<c-c>"), [Effect::Quit]);
    bench.keys("?");
    assert_eq!(bench.open(), "help");
    bench.keys("<esc>");
    assert!(bench.app.script_has_keys(), "to read is not to take over");
}

#[test]
fn after_taking_over_the_usual_keys_work_and_the_script_waits() {
    let mut bench = Bench::new(120, 36);
    receiving(&mut bench);
    let (_, _, until) = player(&bench).awaits().expect("the recv waits");
    bench.keys("<esc>");
    assert_eq!(bench.app.wakes_at(), None);
    // An hour of questions.
    bench.now += 3_600_000_000;
    bench.draw();
    assert_eq!(action(&mut bench, "r"), on_client(SocketAction::CancelRecv));
    assert!(player(&bench).verdict.is_none());
    bench.keys("<f8>");
    let (_, _, later) = player(&bench).awaits().expect("it still waits");
    assert_eq!(later.since(until).as_secs(), 3_600);
    // The call comes back cancelled: the step is over, and the script stops behind it.
    let at = player(&bench).at;
    bench.returned(CLIENT, recv(7), Outcome::Cancelled);
    settled(&mut bench, CLIENT);
    assert_eq!(player(&bench).at, at + 1);
    assert!(player(&bench).verdict.is_none() && !player(&bench).is_busy());
}

#[test]
fn what_goes_wrong_by_hand_is_not_held_against_the_script() {
    let mut bench = Bench::new(120, 36);
    receiving(&mut bench);
    bench.keys("<esc>");
    bench.app.update(Msg::Failed("no such file".to_owned()));
    bench.keys("<f8>");
    assert!(player(&bench).verdict.is_none());
}

#[test]
fn q_or_a_second_esc_puts_the_script_away_and_leaves_open_what_it_opened() {
    for keys in ["q", "<esc>q", "<esc><esc>"] {
        let mut bench = Bench::new(120, 36);
        connected(&mut bench);
        assert_eq!(bench.keys(keys), []);
        assert!(bench.app.player.is_none(), "{keys}");
        assert!(bench.screen().contains("stays open"));
        assert!(bench.app.is_server_up());
    }
    // In a text field Esc leaves the field first.
    let mut bench = Bench::new(120, 36);
    connected(&mut bench);
    bench.keys("<esc>i<esc>");
    assert!(player(&bench).is_left());
    // Without a script these keys mean nothing.
    let mut bench = Bench::new(120, 36);
    assert_eq!(bench.keys("q<esc>"), []);
    assert_eq!(bench.told(), "");
    bench.keys("<f8>");
    assert!(bench.told().contains("no script is played"));
}

#[test]
fn space_does_one_step_and_pauses_what_goes_on_by_itself() {
    let mut bench = Bench::new(120, 36);
    played(
        &mut bench,
        "say \"a\"\nsay \"b\"\nsay \"c\"\nwait 1s\nsay \"d\"\nsay \"e\"\n",
    );
    bench.keys(" ");
    assert_eq!(player(&bench).at, 1);
    bench.keys("p");
    assert_eq!(player(&bench).at, 1, "it rests after what was said before");
    bench.keys(" ");
    assert_eq!((player(&bench).at, player(&bench).pace), (2, Pace::ByHand));
    bench.keys("  ");
    assert!(player(&bench).is_busy(), "it waits for a second");
    bench.keys("   ");
    bench.now += 1_000_000;
    bench.draw();
    assert_eq!(
        player(&bench).at,
        4,
        "keys that came too early are not kept"
    );
}

#[test]
fn at_a_pace_each_step_begins_a_while_after_the_one_before() {
    let mut bench = Bench::new(120, 36);
    played(
        &mut bench,
        "let a 1\nlet b 2\nsay \"a text that takes a while to be read by a class\"\nlet c 3\n",
    );
    bench.now = 5_000_000;
    bench.draw();
    assert_eq!(bench.app.wakes_at(), None, "paused is idle");
    bench.keys("<enter>");
    assert_eq!(player(&bench).at, 1);
    assert_eq!(bench.app.wakes_at(), Some(Moment(6_000_000)));
    bench.keys("+");
    assert_eq!(bench.app.wakes_at(), Some(Moment(5_500_000)));
    bench.now = 5_500_000;
    bench.draw();
    assert_eq!(player(&bench).at, 2);
    bench.now = 6_000_000;
    bench.draw();
    assert_eq!(player(&bench).at, 3);
    let twice = Some(Moment(7_000_000));
    assert_eq!(bench.app.wakes_at(), twice, "there is time to read");
    bench.keys("p");
    assert_eq!(bench.app.wakes_at(), None);
    bench.now = 60_000_000;
    bench.draw();
    assert_eq!(player(&bench).at, 3);
    bench.keys("p");
    assert!(player(&bench).is_over());
    assert_eq!(bench.app.wakes_at(), None, "what is over is idle");
    assert!(!bench.app.is_step_awaited());
}

#[test]
fn the_pace_is_halved_and_doubled_within_bounds() {
    let mut bench = Bench::new(120, 36);
    played(&mut bench, LESSON);
    let pace = |bench: &Bench| player(bench).watched.clone().map(|watched| watched.pace);
    for (keys, millis) in [("+", 500), ("+", 250), ("+", 125), ("+", 125), ("-", 250)] {
        bench.keys(keys);
        assert_eq!(pace(&bench), Some(Duration::from_millis(millis)));
    }
    bench.keys("--------");
    assert_eq!(pace(&bench), Some(Watched::SLOWEST));
    assert!(bench.screen().contains("pace 8s"));
    // What was asked for on the command line may lie outside of them.
    for (set, key, then) in [
        (10, "+", 10),
        (10, "-", 20),
        (60_000, "-", 60_000),
        (60_000, "+", 30_000),
    ] {
        let mut bench = Bench::new(120, 36);
        bench.app = App::new(&Settings {
            pace: Duration::from_millis(set),
            ..Settings::default()
        });
        played(&mut bench, LESSON);
        bench.keys(key);
        assert_eq!(
            pace(&bench),
            Some(Duration::from_millis(then)),
            "{set} {key}"
        );
    }
}

#[test]
fn again_closes_everything_and_begins_with_the_same_numbers() {
    let mut bench = Bench::new(120, 36);
    played(&mut bench, LESSON);
    assert_eq!(bench.keys("r"), [], "nothing was done yet");
    connected(&mut bench);
    bench.keys("+");
    assert_eq!(bench.keys("r"), [Effect::Anew]);
    assert_eq!(player(&bench).at, 0);
    assert!(bench.screen().contains("pace 500ms"));
    assert!(!bench.app.is_server_up());
    assert_eq!(bench.app.calls.journal.total(), 0);
    assert_eq!(bench.app.server.connections.accepted(), 0);
    let starts = performed(&mut bench, "  ");
    assert!(
        matches!(&starts[..], [Action::Server(ServerAction::Start(_))]),
        "{starts:?}"
    );
}

#[test]
fn on_a_used_playground_it_is_asked_first() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1+");
    bench.connects(crate::support::client(2), 9, 50_000);
    played(&mut bench, LESSON);
    assert_eq!(bench.open(), "question play a script");
    assert_eq!(bench.keys("n"), []);
    assert!(bench.app.player.is_none() && bench.app.sessions.len() == 2);
    played(&mut bench, LESSON);
    assert_eq!(bench.keys("y"), [Effect::Anew]);
    assert_eq!(
        (bench.app.sessions.len(), bench.open().as_str()),
        (1, "nothing")
    );
    assert!(bench.app.script_has_keys());
    assert!(!bench.app.client().receives_alone(), "it receives by hand");
}

#[test]
fn the_palette_drives_the_script() {
    let found = |bench: &Bench| {
        let all = entries(&bench.app).into_iter();
        all.filter(|entry| matches!(entry.does, Does::Run(Command::Script(_))))
            .map(|entry| entry.key)
            .collect::<Vec<_>>()
    };
    let mut bench = Bench::new(120, 36);
    assert_eq!(found(&bench), [""; 0]);
    played(&mut bench, LESSON);
    let keys = ["Space", "p Enter", "Esc", "+", "-", "r", "q Esc", "F8"];
    assert_eq!(found(&bench), keys);
    bench.keys("<c-p>do the next step<enter>");
    assert_eq!(player(&bench).at, 1);
    assert!(bench.app.script_has_keys());
}

#[test]
fn the_line_play_reads_a_script() {
    let mut bench = Bench::new(120, 36);
    let effects = bench.keys(":play lessons/stream.yard<enter>");
    assert_eq!(effects, [Effect::Load("lessons/stream.yard".into())]);
    bench.app.update(Msg::Loaded(
        "lessons/stream.yard".into(),
        Err("lessons/stream.yard: ENOENT".to_owned()),
    ));
    assert!(bench.told().contains("ENOENT"));
}

#[test]
fn a_script_that_makes_no_sense_is_told_and_nothing_begins() {
    let mut bench = Bench::new(120, 36);
    for (text, told) in [
        (
            "client conect a 80\nwait soon\n",
            "lessons/stream.yard:1:8: there is no conect",
        ),
        (
            "client socket\nplay other.yard\n",
            "lessons/stream.yard:2:1: a script cannot play another",
        ),
        ("# nothing\n", "has no steps"),
        (
            "program start\n",
            "sockyard run lessons/stream.yard --spawn",
        ),
    ] {
        played(&mut bench, text);
        assert!(bench.told().contains(told), "{}", bench.told());
        assert!(bench.app.player.is_none());
    }
    played(&mut bench, "client conect a 80\nwait soon\n");
    assert!(bench.told().ends_with("(and 1 more)"), "{}", bench.told());
}

#[test]
fn a_failure_stays_until_the_script_is_put_away() {
    let mut bench = Bench::new(120, 36);
    answered(&mut bench, b"jello");
    assert_eq!(bench.keys(" p"), []);
    assert!(bench.told().contains("r plays it from the beginning"));
    bench.keys("<esc>");
    assert!(bench.screen().contains("FAILED in line 9"));
    bench.keys("<f8>");
    assert!(bench.screen().contains("FAILED: An echo server"));
    bench.keys("q");
    assert!(!bench.screen().contains("FAILED"));
}

#[test]
fn a_call_that_fails_unexpectedly_says_which() {
    let mut bench = Bench::new(80, 24);
    played(&mut bench, "client connect 127.0.0.1 81\nsay \"x\"\n");
    bench.keys(" ");
    bench.refused();
    settled(&mut bench, CLIENT);
    let screen = bench.screen();
    assert!(
        screen.contains("FAILED: connect failed with ECONNREFUSED"),
        "{screen}"
    );
    assert!(
        screen.contains("expect client connect ECONNREFUSED"),
        "{screen}"
    );
}

// ---- The mouse -------------------------------------------------------------------------------------------------------

#[test]
fn the_keys_on_the_strip_answer_to_the_mouse() {
    let mut bench = Bench::new(80, 24);
    played(&mut bench, LESSON);
    bench.click("Space step");
    assert_eq!(player(&bench).at, 1);
    bench.click("+ faster");
    assert!(bench.screen().contains("pace 500ms"));
    bench.click("p play");
    assert!(player(&bench).plays());
    bench.click("p pause");
    assert!(!player(&bench).plays());
    bench.click("Esc by hand");
    assert!(player(&bench).is_left());
    bench.click("stream.yard");
    assert!(bench.app.script_has_keys());
    assert_eq!(bench.spot("r again"), Spot::Script(Drive::Again));
    bench.click("q put away");
    assert!(bench.app.player.is_none());
}

#[test]
fn a_click_on_a_button_takes_over_and_presses_it() {
    let mut bench = Bench::new(80, 24);
    played(&mut bench, LESSON);
    let effects = bench.click("[Start]");
    assert!(matches!(
        &effects[..],
        [Effect::Perform(Action::Server(ServerAction::Start(_)))]
    ));
    assert!(player(&bench).is_left());
    // To look at something is not to take over.
    bench.keys("<f8>");
    bench.click("ports");
    assert!(bench.app.script_has_keys());
}

#[test]
fn whatever_the_person_set_a_script_receives_by_hand_from_the_first_call_on() {
    let mut bench = Bench::new(120, 36);
    played(&mut bench, "client connect 127.0.0.1 81\nclient recv 5\n");
    let actions = performed(&mut bench, " ");
    let by_hand = on_client(SocketAction::ReceiveAlone(None));
    assert_eq!(actions.first(), Some(&by_hand));
}

#[test]
fn a_script_can_be_read_apart_from_the_playground() {
    let script = Script::read("a", LESSON).expect("a good script");
    assert_eq!(script.says().count(), 2);
    assert_eq!(script.cannot_be_watched(), None);
}
