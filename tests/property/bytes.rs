//! Bytes from peers, from the kernel and from programs, and what is kept of them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::properties;

/// Requests, whole and in parts, with what people and attackers get wrong.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        6 => select(vec![
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\r\n",
            b"HEAD /zh HTTP/1.0\n",
            b"POST / HTTP/1.1\r\n",
            b"Content-Length: 7\r\n",
            b"Content-Length: 99999999999999999999\r\n",
            b"Connection: keep-alive\r\n",
            b"Connection: close\r\n",
            b"Expect: 100-continue\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b": ",
            b"\x16\x03\x01",
        ]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..8),
        1 => (0..20_000usize).prop_map(|count| vec![b'a'; count]),
    ];
    vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// An answer of the kernel about a listener, as it was recorded, with a few bytes changed and a cut.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    const RECORDED: &[u8] = include_bytes!("../fuzz/seeds/diag/listener");
    let changes = vec((0..RECORDED.len(), any::<u8>()), 0..4);
    (changes, 0..=RECORDED.len(), vec(any::<u8>(), 0..40)).prop_map(|(changes, cut, more)| {
        let mut bytes = RECORDED.to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(cut);
        bytes.extend(more);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn heads_end_where_they_end_however_they_are_cut(bytes in vec(select(b"a\r\n".to_vec()), 0..30)) {
        properties::head(&bytes);
    }

    #[test]
    fn services_answer_in_proportion(bytes in prop_oneof![vec(any::<u8>(), 0..3_000), Just(b"exit\r\n".to_vec())]) {
        properties::service(&bytes);
    }

    #[test]
    fn answers_of_the_kernel_are_read_or_refused(bytes in prop_oneof![vec(any::<u8>(), 0..200), datagram()]) {
        properties::diag(&bytes);
    }

    #[test]
    fn what_a_program_prints_is_read_in_lines(
        lines in vec(prop_oneof![
            "\\PC{0,40}".prop_map(String::into_bytes),
            (4_000..5_000usize).prop_map(|count| "你".repeat(count / 3).into_bytes()),
            vec(any::<u8>(), 0..40),
        ], 0..4),
    ) {
        properties::output(&lines.join(&b'\n'));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_answered_alike_however_they_are_cut(bytes in requests()) {
        properties::http(&bytes);
    }

    #[test]
    fn a_log_keeps_the_newest_bytes(done in vec(any::<u8>(), 0..300)) {
        properties::byte_log(&done);
    }

    #[test]
    fn what_was_received_is_shown_in_rows_that_fit(bytes in prop_oneof![
        vec(any::<u8>(), 0..120),
        vec(select(b"\x14\x04ab\n\r\xe4\xbd\xa0 ".to_vec()), 0..120),
    ]) {
        properties::view(&bytes);
    }

    #[test]
    fn a_journal_keeps_the_newest_calls(calls in vec(any::<u8>(), 0..300)) {
        properties::journal(&calls);
    }

    #[test]
    fn bytes_are_found_where_they_first_stand(bytes in vec(select(b"\x01\x02\x03abab\n".to_vec()), 0..40)) {
        properties::received(&bytes);
    }
}
