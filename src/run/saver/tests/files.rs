//! Where bytes go: new files, files that are there, and what is no file.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crossbeam_channel::unbounded;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Bench, ID, LIMIT, MIB, OTHER, asking, content, failed, finished, names, opened};
use crate::model::{SaveId, SaveOrder, SaveReport};
use crate::run::saver::save::GATHERED;

#[test]
fn every_byte_arrives_in_order_and_is_counted() {
    let bench = Bench::new();
    let path = bench.path("stream");
    assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
    let mut all = Vec::new();
    for size in [0, 1, GATHERED - 1, 1, GATHERED, 5, 3 * MIB + 7, 2, 100] {
        let bytes: Vec<u8> = (0..size)
            .map(|n| ((n * 31 + all.len()) % 251) as u8)
            .collect();
        all.extend_from_slice(&bytes);
        bench.write(ID, bytes);
    }
    assert_eq!(bench.finish(ID), finished(ID, &path, all.len() as u64));
    assert!(content(&path) == all, "other bytes");
}

#[test]
fn a_new_file_has_the_permissions_of_any_new_file() {
    let bench = Bench::new();
    let (saved, usual) = (bench.path("saved"), bench.path("usual"));
    assert_eq!(bench.open(ID, &saved, false), opened(ID, &saved));
    let usual = File::create(usual).expect("a file");
    let mode = |metadata: io::Result<fs::Metadata>| metadata.expect("a file").mode();
    assert_eq!(mode(fs::metadata(saved)), mode(usual.metadata()));
}

#[test]
fn a_small_write_is_in_the_file_before_the_thread_waits() {
    let (wrote, written) = unbounded();
    let bench = Bench::with(move |path, replace| {
        let wrote = wrote.clone();
        asking(path, replace, move |bytes| {
            wrote.send(bytes.to_vec()).expect("a test");
            Ok(bytes.len())
        })
    });
    let path = bench.path("watched");
    assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
    bench.write(ID, "x");
    assert_eq!(written.recv_timeout(LIMIT), Ok(b"x".to_vec()));
}

#[test]
fn an_existing_file_is_left_alone_unless_it_may_be_replaced() {
    let bench = Bench::new();
    let path = bench.path("there");
    fs::write(&path, "old").expect("a file");
    let exists = SaveReport::Exists {
        id: ID,
        path: path.clone(),
        bytes: 3,
    };
    assert_eq!(bench.open(ID, &path, false), exists);
    bench.write(ID, "ignored");
    bench.saver.order(SaveOrder::Finish { id: ID });
    assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
    assert_eq!(content(&path), b"old");
    bench.write(ID, "new!");
    assert_eq!(bench.finish(ID), finished(ID, &path, 4));
    assert_eq!(content(&path), b"new!");
}

#[test]
fn a_replaced_file_keeps_its_content_to_the_end_and_its_permissions() {
    let bench = Bench::new();
    let (path, other) = (bench.path("old"), bench.path("other"));
    fs::write(&path, "old").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
    assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
    bench.write(ID, vec![b'n'; MIB]);
    // The orders are carried out one after the other.
    assert_eq!(bench.open(OTHER, &other, false), opened(OTHER, &other));
    assert_eq!(content(&path), b"old");
    assert_eq!(bench.finish(ID), finished(ID, &path, MIB as u64));
    assert_eq!(content(&path), vec![b'n'; MIB]);
    assert_eq!(names(&bench.folder), ["old", "other"]);
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_link_stays_and_what_it_points_to_is_replaced() {
    let bench = Bench::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (link, target) = (bench.path("link"), elsewhere.path().join("target"));
    fs::write(&target, "old").expect("a file");
    symlink(&target, &link).expect("a link");
    let exists = SaveReport::Exists {
        id: ID,
        path: link.clone(),
        bytes: 3,
    };
    assert_eq!(bench.open(ID, &link, false), exists);
    assert_eq!(bench.open(ID, &link, true), opened(ID, &link));
    bench.write(ID, "new");
    assert_eq!(bench.finish(ID), finished(ID, &link, 3));
    assert_eq!(fs::read_link(&link).expect("still a link"), target);
    assert_eq!(content(&target), b"new");
}

#[test]
fn what_is_no_file_is_refused_in_plain_words_and_without_a_wait() {
    let bench = Bench::new();
    let at = |name: &str| bench.path(name);
    let base = bench.folder.path().display();
    fs::create_dir(at("folder")).expect("a folder");
    fs::write(at("file"), "").expect("a file");
    symlink("nowhere", at("dangling")).expect("a link");
    symlink("circle", at("circle")).expect("a link");
    symlink("folder", at("to a folder")).expect("a link");
    symlink("/dev/full", at("to a device")).expect("a link");
    symlink(at("pipe"), at("to a pipe")).expect("a link");
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    let _bound = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
    let is_folder = "it is a folder: name a file in it".to_owned();
    let is_folder_too = is_folder.clone();
    let is_device = "it is a device, and only files are saved to".to_owned();
    let is_pipe = "it is a pipe, and only files are saved to".to_owned();
    for (path, why) in [
        (at("folder"), is_folder.clone()),
        (at("folder/"), is_folder.clone()),
        (at("folder/."), is_folder.clone()),
        (PathBuf::from("/"), is_folder),
        (
            at("none/file"),
            format!("the folder {base}/none does not exist: make it first (ENOENT)"),
        ),
        (
            at("none/"),
            format!("the folder {base}/none/ does not exist: make it first (ENOENT)"),
        ),
        (
            at("file/file"),
            format!("there is no folder {base}/file: a part of it is a file (ENOTDIR)"),
        ),
        (
            at("dangling"),
            "it is a link to a file that does not exist".to_owned(),
        ),
        (
            at("circle"),
            "its links lead in a circle: name another file (ELOOP)".to_owned(),
        ),
        (at("to a folder"), is_folder_too),
        (at("to a device"), is_device.clone()),
        (at("pipe"), is_pipe.clone()),
        (at("to a pipe"), is_pipe),
        (
            at("socket"),
            "it is a socket, and only files are saved to".to_owned(),
        ),
        (PathBuf::from("/dev/full"), is_device.clone()),
        (PathBuf::from("/dev/null"), is_device),
        (
            at(&"x".repeat(300)),
            "the name is too long: choose a shorter one (ENAMETOOLONG)".to_owned(),
        ),
        (PathBuf::new(), "no file is named".to_owned()),
        (at("a\0b"), "no name of a file holds a NUL".to_owned()),
        // Nobody may create a file in these, not even root.
        (
            PathBuf::from("/proc/self/file"),
            "no file can be made there: choose another folder (ENOENT)".to_owned(),
        ),
        (
            PathBuf::from("/dev/pts/file"),
            "you may not write there: choose another folder (EACCES)".to_owned(),
        ),
    ] {
        for replace in [false, true] {
            assert_eq!(
                bench.open(ID, &path, replace),
                failed(&path, 0, false, &why)
            );
        }
    }
}

#[test]
fn one_file_is_not_saved_to_twice_at_a_time() {
    let bench = Bench::new();
    let path = bench.path("file");
    assert_eq!(bench.open(OTHER, &path, false), opened(OTHER, &path));
    let why = "something else is being saved to it";
    assert_eq!(bench.open(ID, &path, true), failed(&path, 0, false, why));
}

#[test]
fn one_file_is_not_saved_to_twice_at_a_time_by_another_of_its_names() {
    let bench = Bench::new();
    let (path, link) = (bench.path("file"), bench.path("link"));
    fs::create_dir(bench.path("folder")).expect("a folder");
    symlink("file", &link).expect("a link");
    assert_eq!(bench.open(OTHER, &path, false), opened(OTHER, &path));
    bench.write(OTHER, "all of it");
    let why = "something else is being saved to it";
    for name in [link, bench.path("folder/../file")] {
        assert_eq!(bench.open(ID, &name, true), failed(&name, 0, false, why));
    }
    assert_eq!(bench.finish(OTHER), finished(OTHER, &path, 9));
    assert_eq!(content(&path), b"all of it");
}

#[test]
fn a_file_that_is_taken_away_is_not_said_to_be_saved() {
    let why = "the file was moved or removed while it was being saved: save again";
    for (number, take_away) in [
        (|path: &Path| fs::remove_file(path)) as fn(&Path) -> io::Result<()>,
        |path| fs::rename(path, path.with_extension("moved")),
        |path| fs::remove_dir_all(path.parent().expect("a folder")),
        |path| {
            fs::remove_file(path)?;
            fs::write(path, "another")
        },
    ]
    .into_iter()
    .enumerate()
    {
        let bench = Bench::new();
        let folder = bench.path("folder");
        fs::create_dir(&folder).expect("a folder");
        let path = folder.join("file");
        assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
        bench.write(ID, "bytes");
        take_away(&path).expect("it can be");
        let told = bench.finish(ID);
        assert_eq!(told, failed(&path, 5, false, why), "{number}");
    }
}

#[test]
fn a_replaced_file_whose_folder_goes_is_told_and_one_that_goes_itself_is_written() {
    let bench = Bench::new();
    let folder = bench.path("folder");
    let (path, other) = (folder.join("file"), bench.path("other"));
    fs::create_dir(&folder).expect("a folder");
    for old in [&path, &other] {
        fs::write(old, "old").expect("a file");
    }
    assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
    assert_eq!(bench.open(OTHER, &other, true), opened(OTHER, &other));
    bench.write(ID, "new");
    bench.write(OTHER, "new");
    fs::remove_dir_all(&folder).expect("it can be");
    fs::remove_file(&other).expect("it can be");
    let why = format!(
        "the folder {} does not exist: make it first (ENOENT)",
        folder.display()
    );
    assert_eq!(bench.finish(ID), failed(&path, 3, false, &why));
    assert_eq!(bench.finish(OTHER), finished(OTHER, &other, 3));
    assert_eq!(content(&other), b"new");
}

#[test]
fn a_name_may_be_anything_that_the_system_takes() {
    let bench = Bench::new();
    for (number, name) in [
        "-rf",
        " ",
        "a b",
        "~",
        "\u{1b}[2J\n\u{202e}",
        "\u{9b}31m",
        "\\",
        "你好",
        &"x".repeat(255),
        &"你".repeat(85),
    ]
    .into_iter()
    .enumerate()
    {
        let id = SaveId(number as u64);
        let path = bench.path(name);
        assert_eq!(bench.open(id, &path, false), opened(id, &path));
        bench.write(id, "new");
        assert_eq!(bench.finish(id), finished(id, &path, 3));
        // Replaced too, for which another name is made beside it.
        assert_eq!(bench.open(id, &path, true), opened(id, &path));
        bench.write(id, "newer");
        assert_eq!(bench.finish(id), finished(id, &path, 5));
        assert_eq!(content(&path), b"newer");
    }
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let path = bench.folder.path().join(bytes);
    assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
}
