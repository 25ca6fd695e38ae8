//! Disks that are full or broken, and mistakes of our own.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{Bench, ID, MIB, OTHER, asking, content, failed, finished, names, opened};
use crate::model::{Errno, SaveOrder};
use crate::run::save_file::{self, Refusal, Sink};
use crate::run::saver::save::GATHERED;

#[test]
fn a_full_disk_is_told_once_and_other_saves_go_on() {
    let bench = Bench::with(|path, replace| {
        if !path.ends_with("full") {
            return save_file::open(path, replace);
        }
        let device = File::options().write(true).open("/dev/full");
        let device = device.expect("a device");
        Ok(Box::new(save_file::NewFile::new(
            device,
            Path::new("/dev/full"),
        )))
    });
    let (full, fine) = (bench.path("full"), bench.path("fine"));
    bench.order_open(ID, &full, false);
    bench.order_open(OTHER, &fine, false);
    bench.write(ID, vec![0; GATHERED]);
    bench.write(ID, vec![0; GATHERED]);
    bench.write(OTHER, "fine");
    bench.saver.order(SaveOrder::Finish { id: ID });
    bench.saver.order(SaveOrder::Finish { id: OTHER });
    let (reports, _folder) = bench.all_reports();
    let expected = [
        opened(ID, &full),
        opened(OTHER, &fine),
        failed(
            &full,
            0,
            true,
            "the disk is full: make room, or choose another one (ENOSPC)",
        ),
        finished(OTHER, &fine, 4),
    ];
    assert_eq!(reports, expected);
}

/// Opens files on a disk with this much room.
fn with_room(
    room: usize,
) -> impl FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal> + Send + 'static {
    move |path, replace| {
        let mut room = room;
        asking(path, replace, move |bytes| {
            let count = bytes.len().min(room);
            room -= count;
            if count == 0 {
                return Err(io::Error::from_raw_os_error(Errno::ENOSPC.0));
            }
            Ok(count)
        })
    }
}

#[test]
fn what_a_new_file_has_is_kept_and_counted_when_the_disk_is_full() {
    let bench = Bench::with(with_room(100_000));
    let path = bench.path("new");
    assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
    bench.write(ID, vec![7; MIB]);
    let why = "the disk is full: make room, or choose another one (ENOSPC)";
    assert_eq!(bench.report(), failed(&path, 100_000, true, why));
    assert_eq!(content(&path), vec![7; 100_000]);
}

#[test]
fn a_small_write_that_fails_only_at_the_end_is_told() {
    let bench = Bench::with(with_room(0));
    let path = bench.path("new");
    bench.order_open(ID, &path, false);
    bench.write(ID, "x");
    bench.saver.order(SaveOrder::Finish { id: ID });
    let (reports, _folder) = bench.all_reports();
    let why = "the disk is full: make room, or choose another one (ENOSPC)";
    assert_eq!(reports, [opened(ID, &path), failed(&path, 0, true, why)]);
}

#[test]
fn a_full_disk_costs_a_replaced_file_nothing() {
    let bench = Bench::with(with_room(100_000));
    let path = bench.path("old");
    fs::write(&path, "old").expect("a file");
    assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
    bench.write(ID, vec![7; MIB]);
    let why = "the disk is full: make room, or choose another one (ENOSPC)";
    assert_eq!(bench.report(), failed(&path, 100_000, false, why));
    assert_eq!(content(&path), b"old");
    assert_eq!(names(&bench.folder), ["old"]);
}

#[test]
fn a_replacement_that_cannot_be_put_in_place_leaves_nothing() {
    let bench = Bench::new();
    let path = bench.path("old");
    fs::write(&path, "old").expect("a file");
    assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
    bench.write(ID, "new");
    fs::remove_file(&path).expect("gone");
    fs::create_dir(&path).expect("a folder");
    let why = "it is a folder: name a file in it (EISDIR)";
    assert_eq!(bench.finish(ID), failed(&path, 3, false, why));
    assert_eq!(names(&bench.folder), ["old"]);
}

#[test]
fn a_bug_in_one_save_fails_it_and_the_thread_goes_on() {
    let bench = Bench::with(|path, replace| {
        let bad = path.ends_with("bad");
        asking(path, replace, move |bytes| {
            assert!(!bad, "no such luck");
            Ok(bytes.len())
        })
    });
    let (bad, good) = (bench.path("bad"), bench.path("good"));
    assert_eq!(bench.open(ID, &bad, false), opened(ID, &bad));
    bench.write(ID, "x");
    let why = "sockyard itself made a mistake";
    assert_eq!(bench.report(), failed(&bad, 0, true, why));
    assert_eq!(bench.open(OTHER, &good, false), opened(OTHER, &good));
    bench.write(OTHER, "fine");
    assert_eq!(bench.finish(OTHER), finished(OTHER, &good, 4));
}
