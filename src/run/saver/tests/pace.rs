//! A disk that is slow: when the saver is behind, and when it has caught up.

use std::io;
use std::path::Path;

use crossbeam_channel::unbounded;

use super::{Bench, ID, LIMIT, MIB, OTHER, asking, failed, finished, opened};
use crate::model::{Errno, SaveReport};

/// Each write of 1 MiB waits until the test lets it go on, and tells when it begins.
#[test]
fn the_saver_is_behind_until_half_is_left_and_tells_once_that_it_has_caught_up() {
    let (began, begins) = unbounded();
    let (go, held) = unbounded::<()>();
    let bench = Bench::with(move |path, replace| {
        let (began, held) = (began.clone(), held.clone());
        asking(path, replace, move |bytes| {
            began.send(()).expect("a test");
            held.recv_timeout(LIMIT).expect("a test");
            Ok(bytes.len())
        })
    });
    let path = bench.path("slow");
    assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
    for _round in 0..2 {
        for _ in 0..4 {
            bench.write(ID, vec![0; MIB]);
        }
        assert!(!bench.saver.is_behind(), "with the limit itself");
        bench.write(ID, vec![0; MIB]);
        assert!(bench.saver.is_behind());
        begins.recv_timeout(LIMIT).expect("a first write");
        for _ in 0..3 {
            go.send(()).expect("a saver");
            begins.recv_timeout(LIMIT).expect("a next write");
        }
        // Two of five are left, the half.
        assert!(!bench.saver.is_behind());
        assert!(bench.reports.is_empty(), "too early");
        go.send(()).expect("a saver");
        assert_eq!(bench.report(), SaveReport::CaughtUp);
        begins.recv_timeout(LIMIT).expect("a last write");
        go.send(()).expect("a saver");
        // An order that is refused: once that is told, all before it are done.
        bench.open(OTHER, Path::new(""), false);
    }
    assert_eq!(bench.finish(ID), finished(ID, &path, 10 * MIB as u64));
    let (reports, _folder) = bench.all_reports();
    assert_eq!(reports, []);
}

#[test]
fn a_save_that_failed_does_not_keep_the_saver_behind() {
    let (fail, held) = unbounded::<()>();
    let bench = Bench::with(move |path, replace| {
        let held = held.clone();
        asking(path, replace, move |_| {
            held.recv_timeout(LIMIT).expect("a test");
            Err(io::Error::from_raw_os_error(Errno::EIO.0))
        })
    });
    let path = bench.path("broken");
    assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
    for _ in 0..9 {
        bench.write(ID, vec![0; MIB]);
    }
    assert!(bench.saver.is_behind());
    fail.send(()).expect("a saver");
    let why = "the disk does not work properly: choose another one (EIO)";
    assert_eq!(bench.report(), failed(&path, 0, true, why));
    assert_eq!(bench.report(), SaveReport::CaughtUp);
    assert!(!bench.saver.is_behind());
}
