//! Saving where it cannot be: each reason is told in words, the old file stays, what was received stays, and the
//! playground goes on. A disk that is really full is in `tests/peers/disks.rs`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::play::{CONNECTED, Peer, leave_field, with_peer};
use super::pty::{Program, Pty};

/// Says a line, and waits for what comes of it.
#[track_caller]
fn says(pty: &Pty, line: &str, answer: &str) {
    pty.keys(":");
    pty.wait_text("command line ─");
    pty.keys(&format!("{}<enter>", line.replace('<', "<lt>")));
    pty.wait_gone("command line ─");
    pty.wait_text(answer);
}

/// The files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|n| n.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The playground where no file may become larger than so many KiB, connected to a peer that the test is.
fn limited(kib: u32) -> (Pty, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let script = format!("ulimit -f {kib}; exec \"$0\" --connect \"$1\"");
    let pty = Pty::spawn(&Program {
        cols: 160,
        rows: 40,
        ..Program::new(
            "bash",
            &["-c", &script, env!("CARGO_BIN_EXE_sockyard"), &address],
        )
    });
    pty.wait_text(CONNECTED);
    (pty, Peer::accept(&listener))
}

#[test]
fn each_place_that_is_none_is_told_and_what_was_received_can_be_saved_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder")).expect("a folder");
    fs::write(at("file"), "old").expect("a file");
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    let _bound = UnixListener::bind(at("socket")).expect("a socket");
    for (link, to) in [
        ("dangling", "nowhere"),
        ("circle", "circle"),
        ("to-folder", "folder"),
        ("to-device", "/dev/full"),
    ] {
        symlink(to, at(link)).expect("a link");
    }
    let (pty, mut peer) = with_peer(&[], 160, 40);
    leave_field(&pty);
    peer.send(b"all of it\n");
    pty.wait_text(" │ all of it");
    let base = folder.path().display();
    let long = "x".repeat(256);
    for (name, why) in [
        ("folder", "it is a folder: name a file in it"),
        ("to-folder", "it is a folder: name a file in it"),
        ("pipe", "it is a pipe, and only files are saved to"),
        ("socket", "it is a socket, and only files are saved to"),
        ("to-device", "it is a device, and only files are saved to"),
        ("dangling", "it is a link to a file that does not exist"),
        (
            "circle",
            "its links lead in a circle: name another file (ELOOP)",
        ),
        ("none/x", "/none does not exist: make it first (ENOENT)"),
        ("file/x", "/file: a part of it is a file (ENOTDIR)"),
        (
            &long,
            "the name is too long: choose a shorter one (ENAMETOOLONG)",
        ),
        (
            r"no\x1b[2J\n\u{202e}/x",
            r"no\x1b[2J\n\u{202e} does not exist: make it first (ENOENT)",
        ),
    ] {
        for (what, shown) in [("client save", " │ all of it"), ("save script", "client")] {
            let line = format!("{what} \"{base}/{name}\"");
            says(&pty, &line, "not saved: ");
            pty.wait_text(why);
            pty.wait_text(shown);
        }
    }
    for place in ["/proc/self/x", "/dev/pts/x"] {
        says(
            &pty,
            &format!("client save {place}"),
            "choose another folder (E",
        );
    }
    pty.keys(":client save \"\"<enter>");
    pty.wait_text("a file's name is missing");
    pty.keys("<esc>");
    pty.wait_gone("command line ─");

    let good = at("good \u{1b}[2J");
    says(
        &pty,
        &format!("client save \"{base}/good \\x1b[2J\""),
        "● saving 10 B",
    );
    says(
        &pty,
        &format!("client save \"{base}/good \\x1b[2J\""),
        "something else is being saved to it",
    );
    peer.send(b"and more");
    pty.wait_text("● saving 18 B");
    drop(peer);
    pty.wait_text(r"good \x1b[2J");
    pty.wait_text("saved 18 B to ");
    assert_eq!(fs::read(good).expect("a file"), b"all of it\nand more");
    assert_eq!(fs::read(at("file")).expect("a file"), b"old");
    assert_eq!(
        names(folder.path()),
        [
            "circle",
            "dangling",
            "file",
            "folder",
            "good \u{1b}[2J",
            "pipe",
            "socket",
            "to-device",
            "to-folder"
        ]
    );
}

#[test]
fn a_file_that_may_not_grow_keeps_what_fits_and_one_that_was_there_keeps_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    fs::write(&old, "old").expect("a file");
    let why = "no file may become larger than this (ulimit -f) (EFBIG)";
    let (pty, mut peer) = limited(100);
    leave_field(&pty);
    says(
        &pty,
        &format!("client save {}", new.display()),
        "● saving 0 B",
    );
    says(
        &pty,
        &format!("client save {}", old.display()),
        "exists and has 3 bytes",
    );
    pty.keys("y");
    pty.wait_gone("exists and has 3 bytes");
    let content: Vec<u8> = (0..300_000_u32).map(|i| (i * 7 / 5) as u8).collect();
    peer.send(&content);
    pty.wait_text(&format!("not saved: {why}"));
    pty.wait_text("300,000 B in ");
    pty.wait_gone("● saving ");
    // Both have failed; the old one has nothing beside it any more.
    assert_eq!(names(folder.path()), ["new", "old"]);
    assert_eq!(fs::read(&old).expect("a file"), b"old");
    let kept = fs::read(&new).expect("a file");
    assert!(kept == content[..100 << 10], "{} B", kept.len());
    // Nothing of it is lost, and more can come.
    peer.send(b"\nand more");
    pty.wait_text(" │ and more");
    pty.wait_text("300,009 B in ");
    pty.keys("<c-c>");
    assert!(pty.wait_exit().success());
}

#[test]
fn a_script_that_cannot_be_written_costs_the_old_one_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    fs::write(&old, "old").expect("a file");
    let (pty, _peer) = limited(0);
    leave_field(&pty);
    let why = "not saved: no file may become larger than this (ulimit -f) (EFBIG)";
    says(&pty, &format!("save script {}", new.display()), why);
    pty.wait_text("new is left empty");
    says(
        &pty,
        &format!("save script {}", old.display()),
        "exists and has 3 bytes",
    );
    pty.keys("y");
    pty.wait_text(&format!("{why}: {}", old.display()));
    assert_eq!(fs::read(&old).expect("a file"), b"old");
    assert_eq!(names(folder.path()), ["new", "old"]);
}

#[test]
fn what_is_taken_away_while_it_is_saved_is_told_and_can_be_saved_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    let file = inner.join("file");
    let (pty, mut peer) = with_peer(&[], 160, 40);
    leave_field(&pty);
    fs::create_dir(&inner).expect("a folder");
    let line = format!("client save {}", file.display());
    says(&pty, &line, "● saving 0 B");
    peer.send(b"all of it\n");
    pty.wait_text("● saving 10 B");
    fs::remove_dir_all(&inner).expect("it can be removed");
    peer.send(b"and more");
    pty.wait_text("18 B in ");
    drop(peer);
    pty.wait_text("the file was moved or removed while it was being saved: save again");
    says(&pty, &line, "inner does not exist: make it first (ENOENT)");
    fs::create_dir(&inner).expect("a folder");
    says(&pty, &line, "saved 18 B to ");
    assert_eq!(fs::read(file).expect("a file"), b"all of it\nand more");
}
