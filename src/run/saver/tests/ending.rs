//! The end of the program while files are being saved.

use std::fs;
use std::time::Duration;

use crossbeam_channel::bounded;

use super::{Bench, ID, LIMIT, MIB, OTHER, content, failed, finished, names, opened};
use crate::model::{SaveId, SaveOrder, SaveReport};
use crate::run::save_file;

#[test]
fn the_end_of_the_program_writes_what_is_queued_and_keeps_it() {
    let (go, held) = bounded::<()>(0);
    let bench = Bench::with(move |path, replace| {
        // Until the test has ordered everything.
        let _ = held.recv_timeout(LIMIT);
        save_file::open(path, replace)
    });
    let (new, old) = (bench.path("new"), bench.path("old"));
    fs::write(&old, "old").expect("a file");
    bench.order_open(ID, &new, false);
    bench.order_open(OTHER, &old, true);
    for _ in 0..20 {
        bench.write(ID, vec![1; MIB]);
        bench.write(OTHER, "new");
    }
    drop(go);
    let (reports, _folder) = bench.all_reports();
    let expected = [
        opened(ID, &new),
        opened(OTHER, &old),
        SaveReport::CaughtUp,
        finished(ID, &new, 20 * MIB as u64),
        finished(OTHER, &old, 60),
    ];
    assert_eq!(reports, expected);
    assert!(content(&new) == vec![1; 20 * MIB], "other bytes");
    assert_eq!(content(&old), b"new".repeat(20));
}

#[test]
fn the_end_of_the_program_replaces_no_file_by_nothing() {
    let bench = Bench::new();
    let path = bench.path("old");
    fs::write(&path, "old").expect("a file");
    assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
    let (reports, folder) = bench.all_reports();
    let why = "the program ended before a byte came";
    assert_eq!(reports, [failed(&path, 0, false, why)]);
    assert_eq!(content(&path), b"old");
    assert_eq!(names(&folder), ["old"]);
}

#[test]
fn the_end_of_the_program_waits_no_longer_than_the_deadline() {
    let (go, held) = bounded::<()>(0);
    let bench = Bench::with(move |path, replace| {
        let _ = held.recv_timeout(LIMIT);
        save_file::open(path, replace)
    });
    bench.order_open(ID, &bench.path("new"), false);
    assert!(!bench.saver.finish(Duration::from_millis(1)));
    drop(go);
}

#[test]
fn a_loop_that_is_gone_does_not_hold_the_saver() {
    let bench = Bench::new();
    let path = bench.path("new");
    drop(bench.reports);
    for n in 0..1_000 {
        bench.saver.order(SaveOrder::Open {
            id: SaveId(n),
            path: path.clone(),
            replace: false,
        });
    }
    let bytes = b"fine".to_vec();
    bench.saver.order(SaveOrder::Write {
        id: SaveId(0),
        bytes,
    });
    assert!(bench.saver.finish(LIMIT));
    assert_eq!(content(&path), b"fine");
}
