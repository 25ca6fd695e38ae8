//! Whatever is typed is read or refused, and a refusal points into the line; while it is typed it is judged.

use proptest::prelude::*;

use super::deeds::deed;
use super::properties;

/// A line of words of the grammar in any order, with what people get wrong.
pub fn jumble() -> impl Strategy<Value = String> {
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
pub fn mutated() -> impl Strategy<Value = String> {
    (deed(), any::<prop::sample::Index>(), any::<char>()).prop_map(|(deed, at, c)| {
        let mut line: Vec<char> = deed.to_string().chars().collect();
        let at = at.index(line.len());
        line[at] = c;
        line.into_iter().collect()
    })
}

/// A line that says something, cut off.
fn begun() -> impl Strategy<Value = String> {
    (deed(), any::<prop::sample::Index>()).prop_map(|(deed, at)| {
        let line = deed.to_string();
        let at = at.index(line.chars().count() + 1);
        line.chars().take(at).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_is_read_or_refused(line in prop_oneof!["\\PC{0,60}", ".{0,60}", jumble(), mutated()]) {
        properties::line(&line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_offered_fits_where_it_is_offered(line in prop_oneof![".{0,20}", jumble(), begun(), mutated()]) {
        properties::completion(&line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_as_a_script_is_read_or_refused(
        lines in proptest::collection::vec(prop_oneof![jumble(), mutated(), ".{0,40}"], 0..6),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        mark in prop_oneof![Just(""), Just("\u{feff}")],
    ) {
        properties::script(format!("{mark}{}", lines.join(end)).as_bytes());
    }
}
