//! The harness tried on ordinary programs, so that a failing end-to-end test is about sockyard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, test_kill_process};

use super::pty::{LIMIT, Modes, Program, Pty, shows};

/// Long enough for nothing in particular: for conditions that never come true.
const SHORT: Duration = Duration::from_millis(50);

fn sh(script: &str) -> Pty {
    Pty::spawn(&Program::new("sh", &["-c", script]))
}

/// A program that shows each byte it is sent, in one long row, after printing `prelude`.
fn shower(prelude: &str) -> Pty {
    let script = format!("stty raw -echo; printf '{prelude}ready|'; exec cat -t");
    let pty = Pty::spawn(&Program {
        cols: 1000,
        ..Program::new("sh", &["-c", &script])
    });
    pty.wait_text("ready|");
    pty
}

/// What `failing` panics with.
fn panic_of(failing: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(failing)).expect_err("this panics");
    *payload
        .downcast()
        .expect("a panic with a formatted message")
}

#[test]
fn named_keys_are_the_bytes_of_xterm() {
    let pty = shower("");
    let keys = "<enter>=^M <tab>=^I <s-tab>=^[[Z <up>=^[[A <down>=^[[B <right>=^[[C <left>=^[[D \
        <home>=^[[H <end>=^[[F <ins>=^[[2~ <del>=^[[3~ <pgup>=^[[5~ <pgdn>=^[[6~ <backspace>=^? \
        <lt>=< <gt>=> <f1>=^[OP <f2>=^[OQ <f3>=^[OR <f4>=^[OS <f5>=^[[15~ <f6>=^[[17~ \
        <f7>=^[[18~ <f8>=^[[19~ <f9>=^[[20~ <f10>=^[[21~ <f11>=^[[23~ <f12>=^[[24~ \
        <c-a>=^A <c-c>=^C <c-z>=^Z <a-x>=^[x <a-X>=^[X <a-.>=^[. <a-->=^[- <a-lt>=^[< \
        <a-enter>=^[^M <a-left>=^[^[[D a>b=a>b é=M-CM-)";
    for pair in keys.split(' ') {
        let (key, shown) = pair.split_once('=').expect("a pair");
        pty.keys(&format!("{key}|"));
        pty.wait_text(&format!("|{shown}|"));
    }
    pty.keys("i he<space>llo<c-w><enter><esc>");
    pty.wait_text("|i he llo^W^M^[");
}

#[test]
fn what_is_no_key_panics() {
    let pty = shower("");
    for keys in [
        "<nope>", "<Esc>", "<", "<up", "<c-1>", "<c-ab>", "<c->", "<a->", "<a-no>", "<f13>", "<>",
    ] {
        let message = panic_of(|| pty.keys(keys));
        assert!(message.starts_with("no such key"), "{keys}: {message}");
    }
    assert!(panic_of(|| pty.keys("a\n")).starts_with("no such key"));
    assert!(panic_of(|| pty.keys("<esc>j")).contains("<esc> is not the last key"));
}

#[test]
fn text_is_found_in_cells() {
    let pty = sh("printf 'ab 世界  cd\\r\\n\\033[3;4Hé日\\033[2;2H'");
    assert!(pty.wait_exit().success());
    assert_eq!(pty.find("ab"), Some((0, 0)));
    assert_eq!(pty.find("世界"), Some((0, 3)));
    assert_eq!(pty.find("界  c"), Some((0, 5)));
    assert_eq!(pty.find("cd"), Some((0, 9)));
    assert_eq!(pty.find("日"), Some((2, 4)));
    assert_eq!(pty.find("dc"), None);
    assert_eq!(pty.cursor(), (1, 1));
    assert_eq!(pty.screen().trim_end(), "ab 世界  cd\n\n   é日");
    assert_eq!(pty.screen().split('\n').count(), 24);
}

#[test]
fn a_program_sees_its_size_and_each_change() {
    let script = "trap 'stty size' WINCH; stty size; while :; do read line; done";
    let pty = Pty::spawn(&Program {
        cols: 61,
        rows: 7,
        ..Program::new("sh", &["-c", script])
    });
    pty.wait_text("7 61");
    pty.resize(132, 50);
    pty.wait_text("50 132");
    assert_eq!(pty.screen().split('\n').count(), 50);
    pty.resize(0, 0);
    pty.wait_raw(b"0 0");
    assert!(pty.screen().chars().count() <= 1);
}

#[test]
fn the_environment_is_known() {
    let script = "echo $TERM/$LANG/${NO_COLOR-none}/${LC_ALL-none}/$EXTRA; pwd";
    let pty = Pty::spawn(&Program {
        env: &[("EXTRA", "more")],
        cwd: "/",
        ..Program::new("sh", &["-c", script])
    });
    pty.wait_exit();
    assert_eq!(
        pty.screen().trim_end(),
        "xterm-256color/C.UTF-8/none/none/more\n/"
    );
}

#[test]
fn the_end_of_a_program_tells_how() {
    assert_eq!(sh("exit 7").wait_exit().exit_code(), 7);
    let pty = sh("echo $$; exec cat");
    pty.wait_text(&pty.pid().to_string());
    pty.kill(Signal::TERM);
    let status = pty.wait_exit();
    assert!(status.signal().is_some() && !status.success(), "{status}");
    pty.kill(Signal::TERM);
}

#[test]
fn waiting_in_vain_panics_with_the_screen() {
    let pty = sh("printf 'some text'; exec cat");
    pty.wait("both words", |screen| {
        shows(screen, "some") && shows(screen, "text")
    });
    let pty = pty.with_limit(SHORT);
    let message = panic_of(|| pty.wait("a miracle", |_| false));
    for part in ["a miracle", "still runs", "cursor at 0,9:\nsome text\n"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(panic_of(|| pty.wait_gone("some")).contains("\"some\" to go away"));
    pty.wait_gone("other");
}

#[test]
fn waiting_for_what_can_no_longer_come_fails_at_once() {
    let pty = sh("echo last words; exit 3");
    let start = Instant::now();
    let message = panic_of(|| pty.wait_text("more"));
    assert!(start.elapsed() < LIMIT / 2);
    assert!(message.contains("has ended (Exited with code 3)") && message.contains("last words"));
}

#[test]
fn a_panic_in_a_predicate_leaves_the_terminal_usable() {
    let pty = sh("echo there; exec cat");
    let failing = || pty.wait("nothing", |_| panic!("{}", "in the predicate"));
    assert_eq!(panic_of(failing), "in the predicate");
    pty.wait_text("there");
}

#[test]
fn every_byte_is_kept() {
    let print = r"printf 'a\033[31mred\033[0m\a\033]52;c;eA==\033\\'";
    let pty = sh(&format!("stty raw; {print}; head -c 300000 /dev/zero"));
    pty.wait_raw(b"\x1b]52;c;eA==\x1b\\");
    pty.wait_exit();
    let raw = pty.raw();
    let text = b"a\x1b[31mred\x1b[0m\x07\x1b]52;c;eA==\x1b\\";
    assert!(raw.starts_with(text));
    assert_eq!(raw.len(), text.len() + 300_000);
    assert!(raw[text.len()..].iter().all(|byte| *byte == 0));
}

#[test]
fn the_mouse_reports_in_sgr() {
    let pty = shower(r"\033[?1002h\033[?1006h");
    pty.click_text("ready");
    pty.wait_text("|^[[<0;3;1M^[[<0;3;1m");
    pty.click(299, 9);
    pty.wait_text("m^[[<0;10;300M^[[<0;10;300m");
    pty.wheel_up(0, 0);
    pty.wheel_down(2, 1);
    pty.wait_text("m^[[<64;1;1M^[[<65;2;3M");
}

#[test]
fn a_paste_is_between_markers() {
    let pty = shower(r"\033[?2004h");
    pty.paste("two\nlines <esc>");
    pty.wait_text("|^[[200~two");
    pty.wait_text("lines <esc>^[[201~");
}

#[test]
fn a_terminal_not_asked_for_clicks_and_pastes_sends_none() {
    let pty = shower(r"\033[?1000h").with_limit(SHORT);
    assert!(panic_of(|| pty.click(0, 0)).contains("ask for the mouse in SGR"));
    assert!(panic_of(|| pty.paste("x")).contains("ask for bracketed paste"));
}

#[test]
fn the_modes_tell_what_a_program_left_behind() {
    let set = r"stty raw -echo; printf '\033[?1049h\033[?2004h\033[?1003h\033[?25lset'";
    let all = Modes {
        alternate_screen: true,
        bracketed_paste: true,
        mouse: true,
        cursor_hidden: true,
        raw: true,
    };
    let untidy = sh(set);
    untidy.wait_exit();
    assert_eq!(untidy.modes(), all);

    let reset = r"printf '\033[?25h\033[?1003l\033[?2004l\033[?1049l'; stty sane";
    let tidy = sh(&format!("{set}; head -c 1 >/dev/null; {reset}"));
    tidy.wait_text("set");
    assert_eq!(tidy.modes(), all);
    tidy.keys("q");
    tidy.wait_exit();
    assert_eq!(tidy.modes(), Modes::default());
}

#[test]
fn a_half_drawn_frame_is_not_looked_at() {
    let pty =
        sh(r"stty -echo; printf '\033[?2026hhalf'; read x; printf ' whole\033[?2026l'; read x");
    pty.wait_raw(b"half");
    let pty = pty.with_limit(SHORT);
    assert!(panic_of(|| pty.wait_text("half")).contains("half"));
    assert!(panic_of(|| drop(pty.screen())).contains("the frame to be complete"));
    let pty = pty.with_limit(LIMIT);
    pty.keys("<enter>");
    pty.wait_text("half");
    assert_eq!(pty.screen().trim_end(), "half whole");
}

#[test]
fn dropping_ends_a_stubborn_program_and_its_children() {
    let pty = sh("trap '' HUP INT TERM; cat <&2 & echo child $! .; wait");
    pty.wait_text(" .");
    let screen = pty.screen();
    let child = screen.split(' ').nth(1).expect("the child's id");
    let child = child.parse().expect("the id is a number");
    for id in [pty.pid(), child] {
        test_kill_process(Pid::from_raw(id).expect("an id")).expect("it runs");
    }
    let (parent, start) = (pty.pid(), Instant::now());
    drop(pty);
    assert!(start.elapsed() < LIMIT, "the child held the terminal open");
    test_kill_process(Pid::from_raw(parent).expect("an id")).expect_err("it was collected");
}

#[test]
fn text_that_arrives_in_two_pieces_is_the_same_text() {
    let text = "4 µs│ 你好 → x";
    for cut in 0..=text.len() {
        let mut parser =
            vt100::Parser::new(super::pty::at_least_one(2), super::pty::at_least_one(40), 0);
        let mut rest = Vec::new();
        for piece in [&text.as_bytes()[..cut], &text.as_bytes()[cut..]] {
            super::pty::feed(&mut parser, &mut rest, piece);
        }
        assert_eq!(parser.screen().contents(), text, "cut at {cut}");
    }
}

#[test]
fn bytes_are_typed_as_they_are_and_nobody_minds_where_nobody_reads() {
    let pty = shower("");
    pty.type_bytes(b"\x1b[<0;1\xff\x01");
    pty.wait_text("^[[<0;1M-^?^A");
    assert!(!pty.is_over());
    pty.kill(Signal::KILL);
    pty.wait_exit();
    assert!(pty.is_over());
    pty.type_bytes(b"x");
}

#[test]
fn what_is_set_of_the_line_is_told_from_what_was_set_before() {
    let pty = sh("read _; stty -echo; printf done; read _; stty echo; printf again; read _");
    let before = pty.line_settings();
    assert!(!before.is_empty());
    pty.keys("<enter>");
    pty.wait_text("done");
    assert_ne!(pty.line_settings(), before);
    pty.keys("<enter>");
    pty.wait_text("again");
    assert_eq!(pty.line_settings(), before);
}
