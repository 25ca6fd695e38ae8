//! Large inputs: four times as much takes about four times as much work, and never without end.
//!
//! What is quadratic does not come to its end within the limit; what is linear takes a small part of it on any machine.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sockyard::app::script::Script;
use sockyard::app::words::complete::{There, complete};
use sockyard::app::words::parse;
use sockyard::model::cells::wrap;
use sockyard::run::config_file;

use super::properties;

/// How long one of them may take: far longer than it does.
const LIMIT: Duration = Duration::from_secs(60);

/// Asserts that `work` comes to its end.
fn ends(what: &str, work: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::Builder::new().spawn(move || {
        work();
        let _ = done.send(());
    });
    let thread = thread.expect("a thread");
    match is_done.recv_timeout(LIMIT) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what} has no end"),
        // Its panic is this test's.
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[test]
fn long_lines_are_judged() {
    for (what, line) in [
        ("a long word", "a".repeat(1 << 18)),
        ("quotes", "\"".repeat(100_000)),
        ("quoted words", "\"\" ".repeat(50_000)),
        (
            "escapes",
            "client send \"".to_owned() + &"\\n".repeat(500_000) + "\"",
        ),
        (
            "variables",
            "client send ".to_owned() + &"${".repeat(30_000),
        ),
        (
            "options",
            "client connect a 1 ".to_owned() + &"-4 ".repeat(20_000),
        ),
        (
            "options before what is needed",
            "client connect ".to_owned() + &"-4 ".repeat(20_000),
        ),
        (
            "joined options",
            "client send ".to_owned() + &"--oob=1 ".repeat(8_000),
        ),
        (
            "too many words",
            "client connect ".to_owned() + &"a ".repeat(30_000),
        ),
        ("blanks", " ".repeat(1 << 20)),
        ("wide characters", "你".repeat(100_000)),
    ] {
        ends(what, move || {
            if let Err(wrong) = parse(&line) {
                properties::assert_points_into(&wrong, &line);
            }
            let found = complete(&line, line.chars().count(), &There::default());
            assert!(found.usage.len() <= 20);
        });
    }
}

#[test]
fn long_scripts_are_read() {
    let variables = |value: usize, count: usize| {
        let value = "x".repeat(value);
        format!("let a \"{value}\"\nsay \"{}\"", "${a}".repeat(count))
    };
    let many_words = format!(
        "let a \"{}\"\nsay {}",
        "x".repeat(60_000),
        "${a} ".repeat(12_000)
    );
    let many_lines = format!(
        "let a \"{}\"\n{}",
        "x".repeat(60_000),
        "say ${a}\n".repeat(60_000)
    );
    for (what, text) in [
        ("empty lines", "\n".repeat(1 << 20)),
        ("comments", "#\n".repeat(500_000)),
        ("wrong lines", "a\n".repeat(500_000)),
        ("a variable in one word", variables(60_000, 16_000)),
        ("a variable in many words", many_words),
        ("a variable in many lines", many_lines),
        (
            "variables that are none",
            "say \"${".to_owned() + &"${".repeat(30_000),
        ),
        (
            "variables in a long line",
            format!("let a \"\"\nsay \"{}\"", "${a}".repeat(16_000)).repeat(6),
        ),
    ] {
        ends(what, move || properties::script(text.as_bytes()));
    }
}

#[test]
fn what_variables_make_of_a_script_is_bounded() {
    let long = format!("let a \"{}\"\n", "x".repeat(60_000));
    for (rest, why) in [
        (
            format!("say \"{}\"", "${a}".repeat(16_000)),
            "longer than any line",
        ),
        (
            format!("say {}", "${a} ".repeat(12_000)),
            "longer than any line",
        ),
        ("say ${a}\n".repeat(400), "says more than any"),
    ] {
        let faults = Script::read("a", &format!("{long}{rest}")).expect_err(why);
        assert_eq!(faults.len(), 1, "{faults:?}");
        let told = &faults[0].wrong.message;
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_pattern_of_too_many_states_is_refused() {
    let read = |pattern: &str| {
        let line = format!("expect client received --matches \"{pattern}\"");
        Script::read("a", &line)
    };
    assert!(read("HTTP/1.[01] [0-9]{3} .*").is_ok());
    let faults = read("(a{0,60}b){0,60}").expect_err("thousands of states");
    assert!(faults[0].wrong.message.contains("size limit"), "{faults:?}");
    ends("many nested groups", || {
        properties::line(&format!(
            "expect client received --matches \"{}\"",
            "(".repeat(30_000)
        ));
    });
}

#[test]
fn a_script_of_many_lines_is_read() {
    ends("waits", || {
        let script = Script::read("a", &"wait 0s\n".repeat(4_000)).expect("a good script");
        assert_eq!(script.steps.len(), 4_000);
    });
}

#[test]
fn long_config_files_are_read() {
    let unknown: Vec<String> = (0..80_000).map(|i| format!("a{i} = 1")).collect();
    let unknown = unknown.join("\n");
    for (what, text) in [
        ("unknown keys", unknown),
        ("a key of many parts", "a.".repeat(500_000) + "a = 1"),
        (
            "sections in sections",
            format!("[{}a]", "a.".repeat(500_000)),
        ),
        ("lists in lists", "a = ".to_owned() + &"[".repeat(1 << 20)),
        (
            "a long value",
            format!("bind = \"{}\"", "a".repeat(1 << 20)),
        ),
        ("a long number", format!("port = {}", "1".repeat(1 << 20))),
    ] {
        ends(what, move || match config_file::parse(&text) {
            Ok(_) => {}
            Err(faults) => assert!(faults.len() <= config_file::MOST_FAULTS, "{}", faults.len()),
        });
    }
}

#[test]
fn long_text_is_wrapped() {
    for (what, text, width) in [
        ("combining characters", "\u{301}".repeat(200_000), 80),
        ("one long line", "a ".repeat(200_000), 1 << 20),
        ("a long word", "你".repeat(200_000), 80),
    ] {
        ends(what, move || {
            let lines = wrap(&text, width);
            assert!(lines.len() <= text.len());
        });
    }
}

#[test]
fn large_inputs_hold_too() {
    let requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000);
    let field = [
        b"GET / HTTP/1.1\r\nHost: ".as_slice(),
        &b"a".repeat(64 << 10),
        b"\x01\r\n\r\n",
    ]
    .concat();
    let fields = [b"GET / HTTP/1.1\r\n".as_slice(), &b"a: b\r\n".repeat(4_000)].concat();
    let late = [b"a".repeat(64 << 10), b"\n\nbody".to_vec()].concat();
    for (what, input) in [
        ("http", requests),
        ("http", field),
        ("http", fields),
        ("http", late.clone()),
        ("head", late),
    ] {
        ends(what, move || properties::check(what, &input));
    }
    ends("output", || properties::output(&b"\xe4".repeat(1 << 18)));
    ends("glyphs", || properties::glyphs(&b"\x1b".repeat(1 << 16)));
    ends("escapes", || {
        properties::escapes(&"\\u{10ffff}".repeat(100_000));
    });
}
