//! Whatever is typed is read or refused, in bounded time, and a refusal points into the line.

use proptest::prelude::*;
use sockyard::app::script::Script;
use sockyard::app::words::parse;
use sockyard::app::words::token::{quote, quote_message, tokens, unquote};

use super::deeds::deed;

/// A line of words of the grammar in any order, with what people get wrong.
fn jumble() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        proptest::sample::select(vec![
            "client",
            "client2",
            "server",
            "server#1",
            "ports",
            "crowd",
            "save",
            "view",
            "expect",
            "wait",
            "say",
            "let",
            "limit",
            "program",
            "connect",
            "send",
            "recv",
            "start",
            "script",
            "received",
            "--count",
            "--contains",
            "--matches",
            "--else",
            "--within",
            "--udp",
            "-4",
            "-6",
            "--",
            "127.0.0.1",
            "8888",
            "0",
            "-1",
            "\"a b\"",
            "\"\\x\"",
            "\"",
            "${server.port}",
            "${",
            "on",
            "off",
            "&",
            "#",
            "5s",
            "ECONNREFUSED",
            "ok",
            "=",
            "--service=hello",
            "\"--oob\"",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

/// A line that says something, with one thing changed.
fn mutated() -> impl Strategy<Value = String> {
    (deed(), any::<prop::sample::Index>(), any::<char>()).prop_map(|(deed, at, c)| {
        let mut line: Vec<char> = deed.to_string().chars().collect();
        let at = at.index(line.len());
        line[at] = c;
        line.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_is_read_or_refused(line in prop_oneof!["\\PC{0,60}", ".{0,60}", jumble(), mutated()]) {
        match parse(&line) {
            // What is read is said again in a line of its own, which means the same.
            Ok(Some(deed)) => prop_assert_eq!(parse(&deed.to_string()), Ok(Some(deed))),
            Ok(None) => {}
            Err(wrong) => {
                prop_assert!(wrong.column <= line.chars().count(), "{line:?}: {wrong}");
                prop_assert!(!wrong.message.is_empty(), "{line:?}");
            }
        }
    }

    #[test]
    fn whatever_is_written_as_a_script_is_read_or_refused(lines in proptest::collection::vec(prop_oneof![jumble(), mutated(), ".{0,40}"], 0..6)) {
        let text = lines.join("\n");
        match Script::read("a", &text) {
            Ok(script) => {
                let last = text.lines().count();
                prop_assert!(script.steps.iter().all(|step| (1..=last).contains(&step.number)));
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    let line = text.lines().nth(fault.number - 1).expect("the line that is named");
                    prop_assert!(fault.wrong.column <= line.chars().count(), "{line:?}: {}", fault.wrong);
                }
            }
        }
    }

    #[test]
    fn bytes_are_one_word_and_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        for word in [quote(&bytes), quote_message(&bytes)] {
            let found = tokens(&word).expect("a word");
            prop_assert_eq!(found.len(), 1, "{}", word);
            prop_assert_eq!(unquote(&word), Ok(bytes.clone()));
        }
    }
}
