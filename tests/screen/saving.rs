//! Received bytes on their way to files: before and while they come, to the end of the stream.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use sockyard::app::control::Control;
use sockyard::app::{Effect, Msg};
use sockyard::model::{
    Action, Actor, Call, ClientAction, Errno, Event, Fd, Moment, Outcome, RecvFlags, SaveId,
    SaveOrder, SaveReport, ShutdownHow,
};

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, UDP_SOCKET, client, connection, loopback, piece, recv, recvfrom,
};

/// The first save.
const FIRST: SaveId = SaveId(1);

fn open(id: u64, path: &str, replace: bool) -> Effect {
    Effect::Save(SaveOrder::Open {
        id: SaveId(id),
        path: PathBuf::from(path),
        replace,
    })
}

fn write(id: u64, bytes: &[u8]) -> Effect {
    Effect::Save(SaveOrder::Write {
        id: SaveId(id),
        bytes: bytes.to_vec(),
    })
}

fn finish(id: u64) -> Effect {
    Effect::Save(SaveOrder::Finish { id: SaveId(id) })
}

/// Reports a recv with these bytes; gives back the effects of both events.
fn receives(bench: &mut Bench, who: Actor, fd: i32, bytes: &[u8]) -> Vec<Effect> {
    let mut effects = bench.returned(who, recv(fd), piece(bytes));
    if !bytes.is_empty() {
        effects.extend(bench.happened(vec![Event::Received {
            who,
            at: Moment(bench.now),
            bytes: bytes.to_vec(),
            from: None,
        }]));
    }
    effects
}

fn report(bench: &mut Bench, report: SaveReport) -> String {
    assert_eq!(bench.app.update(Msg::Saved(report)), []);
    bench.told()
}

fn connected() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.keys("1");
    bench
}

#[test]
fn what_came_before_and_what_comes_is_saved_to_the_end_of_the_stream() {
    let mut bench = connected();
    bench.received(CLIENT, 7, b"one");
    bench.received(CLIENT, 7, b"two");
    let effects = bench.keys("os<c-u>a file<enter>");
    assert_eq!(
        effects,
        [open(1, "a file", false), write(1, b"onetwo")],
        "small pieces are written together"
    );
    assert!(
        bench.told().contains("until the stream ends"),
        "{}",
        bench.told()
    );
    bench.keys("1");
    let screen = bench.screen();
    assert!(screen.contains("● saving 6 B"), "{screen}");
    assert_eq!(
        receives(&mut bench, CLIENT, 7, b"three"),
        [write(1, b"three")]
    );
    assert!(bench.screen().contains("● saving 11 B"));
    assert_eq!(receives(&mut bench, connection(1), 8, b"another's"), []);
    assert_eq!(receives(&mut bench, CLIENT, 7, b""), [finish(1)]);
    let said = report(
        &mut bench,
        SaveReport::Finished {
            id: FIRST,
            path: "/tmp/a file".into(),
            bytes: 11_000,
        },
    );
    assert_eq!(said, "saved 11,000 B to /tmp/a file");
    assert!(!bench.screen().contains("saving"));
}

#[test]
fn what_is_saved_before_there_is_a_socket_outlives_connects_that_fail() {
    let mut bench = Bench::new(120, 36);
    assert_eq!(
        bench.keys("1os<enter>"),
        [open(1, "received.bin", false)],
        "nothing was received, and nothing has ended"
    );
    for errno in [Errno::ECONNREFUSED, Errno::ETIMEDOUT] {
        let (fd, address) = (Fd(7), loopback(81));
        let mut effects = bench.returned(CLIENT, SOCKET, Outcome::Descriptor(fd));
        let failed = Outcome::Failed(errno);
        effects.extend(bench.returned(CLIENT, Call::Connect { fd, address }, failed));
        effects.extend(bench.returned(CLIENT, Call::Close { fd }, Outcome::Done));
        assert_eq!(effects, [], "{errno}");
    }
    assert!(bench.screen().contains("● saving 0 B"));
    bench.client_connects();
    assert_eq!(receives(&mut bench, CLIENT, 7, b"one"), [write(1, b"one")]);
    assert_eq!(receives(&mut bench, CLIENT, 7, b""), [finish(1)]);
}

#[test]
fn a_stream_that_is_over_is_saved_at_once() {
    let mut bench = connected();
    bench.received(CLIENT, 7, b"all");
    bench.received(CLIENT, 7, b"");
    let all = [open(1, "received.bin", false), write(1, b"all"), finish(1)];
    assert_eq!(bench.keys("os<enter>"), all);
    assert_eq!(
        bench.told(),
        "",
        "what came of it is told by the thread that writes"
    );
    // After close() what was received can still be saved.
    let mut bench = connected();
    bench.received(CLIENT, 7, b"all");
    bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
    assert_eq!(bench.keys("os<enter>"), all);
}

#[test]
fn the_body_is_what_follows_the_empty_line_wherever_it_is_cut() {
    let message = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n<html>\n\n</html>";
    for cut in 1..message.len() {
        for begin in [0, 1, 2] {
            let mut bench = connected();
            let mut effects = Vec::new();
            let pieces = [&message[..cut], &message[cut..], b""];
            for (number, bytes) in pieces.into_iter().enumerate() {
                if number == begin {
                    effects.extend(bench.keys("1oy<enter>"));
                }
                effects.extend(receives(&mut bench, CLIENT, 7, bytes));
            }
            let mut saved: Vec<u8> = Vec::new();
            for effect in &effects {
                if let Effect::Save(SaveOrder::Write { bytes, .. }) = effect {
                    saved.extend(bytes);
                }
            }
            assert_eq!(
                saved, b"<html>\n\n</html>",
                "cut at {cut}, begun at {begin}"
            );
            assert_eq!(effects.first(), Some(&open(1, "page.html", false)));
            assert_eq!(effects.last(), Some(&finish(1)));
        }
    }
}

#[test]
fn an_empty_name_is_no_file() {
    let mut bench = connected();
    assert_eq!(bench.keys("os<c-u><enter>"), []);
    assert!(bench.open().starts_with("prompt Save"), "{}", bench.open());
    assert!(bench.screen().contains("name a file"));
    assert_eq!(bench.keys("   <enter>"), []);
    assert!(bench.open().starts_with("prompt Save"));
    assert_eq!(bench.keys("x<enter>"), [open(1, "x", false)]);
    assert_eq!(bench.open(), "nothing");
}

#[test]
fn a_file_that_exists_is_replaced_after_a_yes_alone() {
    let exists = || SaveReport::Exists {
        id: FIRST,
        path: "/tmp/old".into(),
        bytes: 1_234,
    };
    let asked = || {
        let mut bench = connected();
        bench.received(CLIENT, 7, b"one");
        bench.keys("os<c-u>old<enter>");
        report(&mut bench, exists());
        assert_eq!(bench.open(), "question the file exists");
        bench
    };
    let mut bench = asked();
    let screen = bench.screen();
    assert!(
        screen.contains("/tmp/old exists and has 1,234 bytes"),
        "{screen}"
    );
    assert!(screen.contains("yes, replace it"), "{screen}");
    // More has come while it was asked.
    assert_eq!(receives(&mut bench, CLIENT, 7, b"two"), []);
    let again = bench.keys("y");
    assert_eq!(again, [open(2, "/tmp/old", true), write(2, b"onetwo")]);
    assert_eq!(bench.open(), "nothing");
    assert_eq!(receives(&mut bench, CLIENT, 7, b""), [finish(2)]);

    for no in ["n", "<esc>"] {
        let mut bench = asked();
        assert_eq!(bench.keys(no), [], "{no}");
        assert_eq!(bench.open(), "nothing");
        assert!(
            bench.app.saves.is_empty(),
            "nothing is saved, and nothing waits"
        );
        assert_eq!(receives(&mut bench, CLIENT, 7, b"two"), []);
    }
}

#[test]
fn a_yes_for_a_session_that_was_ended_saves_nothing_and_says_so() {
    let mut bench = connected();
    bench.keys("+");
    bench.connects(client(2), 9, 10_001);
    bench.received(client(2), 9, b"one");
    bench.keys("os<enter>");
    assert_eq!(
        bench.keys("1-"),
        [
            finish(1),
            Effect::Perform(Action::Client(
                sockyard::model::ClientId(2),
                ClientAction::End
            ))
        ]
    );
    report(
        &mut bench,
        SaveReport::Exists {
            id: FIRST,
            path: "/tmp/received.bin".into(),
            bytes: 1,
        },
    );
    assert_eq!(bench.keys("y"), []);
    assert!(
        bench.told().contains("client2 was ended"),
        "{}",
        bench.told()
    );
}

#[test]
fn saving_is_stopped_by_hand_and_what_is_written_is_kept() {
    let mut bench = connected();
    bench.keys("os<enter>");
    bench.received(CLIENT, 7, b"one");
    assert_eq!(bench.keys("1oq"), [finish(1)]);
    assert_eq!(receives(&mut bench, CLIENT, 7, b"two"), [], "no more of it");
    assert_eq!(bench.keys("oq"), [], "once");
    report(
        &mut bench,
        SaveReport::Finished {
            id: FIRST,
            path: "/a".into(),
            bytes: 3,
        },
    );
    assert_eq!(
        bench.keys("1os<enter>")[0],
        open(2, "received.bin", false),
        "the menu offers to save again"
    );
}

#[test]
fn what_ends_a_stream_ends_what_is_saved_of_it_and_nothing_else_does() {
    let flags = RecvFlags {
        urgent: true,
        peek: false,
    };
    let oob = Call::Recv {
        fd: Fd(7),
        size: 1,
        flags,
    };
    let failed = |errno| Outcome::Failed(errno);
    let shutdown = Call::Shutdown {
        fd: Fd(7),
        how: ShutdownHow::Write,
    };
    for (call, outcome, ends) in [
        (recv(7), piece(b""), true),
        (recv(7), failed(Errno::ECONNRESET), true),
        (recv(7), failed(Errno::ETIMEDOUT), true),
        (Call::Close { fd: Fd(7) }, Outcome::Done, true),
        (recv(7), failed(Errno::EAGAIN), false),
        (recv(7), Outcome::Cancelled, false),
        (oob, failed(Errno::EINVAL), false),
        (shutdown, Outcome::Done, false),
        (recv(7), piece(b"more"), false),
    ] {
        let mut bench = connected();
        bench.keys("os<enter>");
        let effects = bench.returned(CLIENT, call.clone(), outcome.clone());
        let expected = if ends { vec![finish(1)] } else { vec![] };
        assert_eq!(effects, expected, "{call} {outcome}");
    }
}

#[test]
fn an_error_of_a_udp_socket_does_not_end_what_is_saved() {
    let mut bench = Bench::new(120, 36);
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    let (fd, address) = (Fd(7), loopback(8888));
    bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
    bench.keys("1os<enter>");
    let refused = Outcome::Failed(Errno::ECONNREFUSED);
    assert_eq!(bench.returned(CLIENT, recv(7), refused.clone()), []);
    assert_eq!(bench.returned(CLIENT, recvfrom(7), refused), []);
    bench.datagram(CLIENT, 7, b"", 8888, 0);
    let effects = bench.returned(CLIENT, Call::Close { fd }, Outcome::Done);
    assert_eq!(effects, [finish(1)]);
}

#[test]
fn a_worker_that_fails_ends_what_is_saved_of_it() {
    let mut bench = connected();
    bench.keys("os<enter>");
    let effects = bench.happened(vec![Event::Panicked {
        who: CLIENT,
        at: Moment(1),
        message: "oh".to_owned(),
    }]);
    assert_eq!(
        effects,
        [finish(1)],
        "another socket's bytes are not its own"
    );
}

#[test]
fn each_end_is_saved_for_itself() {
    let mut bench = connected();
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.keys("1os<c-u>c<enter>");
    bench.app.focus_on(Control::Connections);
    assert_eq!(bench.keys("os<c-u>s<enter>"), [open(2, "s", false)]);
    assert_eq!(receives(&mut bench, CLIENT, 7, b"1"), [write(1, b"1")]);
    assert_eq!(
        receives(&mut bench, connection(1), 8, b"2"),
        [write(2, b"2")]
    );
    let closed = bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
    assert_eq!(closed, [finish(2)]);
    let screen = bench.screen();
    assert_eq!(screen.matches("● saving").count(), 1, "{screen}");
}

#[test]
fn datagrams_of_a_udp_server_are_saved_too() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.datagram(SERVER, 5, b"one", 40_000, 0);
    assert_eq!(
        bench.keys("2os<enter>"),
        [open(1, "received.bin", false), write(1, b"one")]
    );
    let more = bench.happened(vec![Event::Received {
        who: SERVER,
        at: Moment(1),
        bytes: b"two".to_vec(),
        from: Some(loopback(40_001)),
    }]);
    assert_eq!(more, [write(1, b"two")]);
    assert!(bench.screen().contains("● saving 6 B"));
}

#[test]
fn each_failure_is_told_in_words() {
    for (written, left, said) in [
        (0, false, "not saved: the disk is full (ENOSPC): /tmp/x"),
        (
            0,
            true,
            "not saved: the disk is full (ENOSPC); /tmp/x is left empty",
        ),
        (
            5_000,
            true,
            "not saved: the disk is full (ENOSPC); the first 5,000 B are in /tmp/x",
        ),
    ] {
        let mut bench = connected();
        bench.keys("os<enter>");
        let told = report(
            &mut bench,
            SaveReport::Failed {
                id: FIRST,
                path: "/tmp/x".into(),
                written,
                left,
                why: "the disk is full (ENOSPC)".to_owned(),
            },
        );
        assert_eq!(told, said);
        assert!(
            bench
                .app
                .notice
                .as_ref()
                .is_some_and(|notice| notice.failure)
        );
        assert!(bench.app.saves.is_empty());
        assert_eq!(receives(&mut bench, CLIENT, 7, b"more"), []);
    }
}

#[test]
fn names_of_files_cannot_reach_the_terminal_as_they_are() {
    let hostile = || {
        PathBuf::from(OsString::from_vec(
            b"/tmp/\x1b[2J\xff\n\xe2\x80\xae".to_vec(),
        ))
    };
    let escaped = r"/tmp/\x1b[2J\xff\n\u{202e}";
    let reports = [
        SaveReport::Finished {
            id: FIRST,
            path: hostile(),
            bytes: 1,
        },
        SaveReport::Failed {
            id: FIRST,
            path: hostile(),
            written: 0,
            left: false,
            why: "\u{1b}[31m".to_owned(),
        },
    ];
    for one in reports {
        let mut bench = connected();
        bench.keys("os<enter>");
        let told = report(&mut bench, one);
        assert!(told.contains(escaped) && !told.contains('\u{1b}'), "{told}");
    }
    let mut bench = connected();
    bench.keys("os<enter>");
    report(
        &mut bench,
        SaveReport::Exists {
            id: FIRST,
            path: hostile(),
            bytes: 1,
        },
    );
    let screen = bench.screen();
    assert!(screen.contains(r"/tmp/\x1b[2J\xff\n"), "{screen}");
    // What is ordered is the file itself.
    let Effect::Save(SaveOrder::Open { path, .. }) = &bench.keys("y")[0] else {
        panic!("nothing is opened");
    };
    assert_eq!(*path, hostile());
}

#[test]
fn reports_about_nothing_do_no_harm() {
    let mut bench = connected();
    for one in [
        SaveReport::CaughtUp,
        SaveReport::Opened {
            id: SaveId(9),
            path: "/x".into(),
        },
        SaveReport::Exists {
            id: SaveId(9),
            path: "/x".into(),
            bytes: 1,
        },
    ] {
        assert_eq!(report(&mut bench, one), "");
        assert_eq!(bench.open(), "nothing");
    }
}

#[test]
fn bytes_that_were_no_longer_kept_are_said_to_be_missing() {
    let mut bench = connected();
    for _ in 0..20 {
        bench.received(CLIENT, 7, &vec![b'x'; 1 << 20]);
    }
    let effects = bench.keys("os<enter>");
    let bytes: usize = effects
        .iter()
        .map(|effect| match effect {
            Effect::Save(order) => order.weight(),
            other => panic!("{other:?}"),
        })
        .sum();
    let missing = (20 << 20) - bytes;
    assert!(missing > 0);
    let told = report(
        &mut bench,
        SaveReport::Finished {
            id: FIRST,
            path: "/x".into(),
            bytes: bytes as u64,
        },
    );
    assert!(
        told.contains("were no longer kept and are not in it"),
        "{told}"
    );
}
