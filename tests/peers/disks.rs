//! Disks that are really full, or can only be read: a small tmpfs(5) in a mount namespace of the program's own, where
//! the system grants that.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use super::play::{CONNECTED, Peer, leave_field};
use super::pty::{Program, Pty};

const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");
/// The room on the disk, beside what is there.
const ROOM: usize = 60 << 10;
/// Mounts it at `$1`, with two small files in it, then as `$2` says, and goes on with the rest.
const MOUNT: &str = "mount -t tmpfs -o size=160k none \"$1\" && cd \"$1\" && printf old > old &&
    head -c 98304 /dev/zero > filler && mount -o \"remount,$2\" none \"$1\" && cd \"$1\" && shift 2 && exec \"$@\"";
const FULL: &str = "the disk is full: make room, or choose another one (ENOSPC)";

pub fn trials() -> Vec<Trial> {
    let cannot = !can_mount();
    let trial = |name: &str, test: fn(&Path)| {
        let run = move || {
            // The disk is mounted here, and only the program sees it.
            let folder = tempfile::tempdir().expect("a folder");
            test(folder.path());
            Ok::<(), Failed>(())
        };
        let name = format!("{name} (needs to be allowed to mount)");
        Trial::test(name, run).with_ignored_flag(cannot)
    };
    vec![
        trial("a_full_disk_keeps_what_fits_and_the_program_all", full),
        trial("a_full_disk_costs_an_old_file_nothing", replaced),
        trial("a_disk_that_can_only_be_read_is_told", read_only),
        trial("what_is_printed_to_a_full_disk_fails", printed),
    ]
}

/// The arguments of `unshare` that start `program` on such a disk; `way` is `rw` or `ro`.
fn on_disk<'a>(folder: &'a Path, way: &'a str, program: &[&'a str]) -> Vec<&'a str> {
    let folder = folder.to_str().expect("text");
    [&["-rm", "sh", "-c", MOUNT, "sh", folder, way], program].concat()
}

fn can_mount() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("unshare");
    command.args(on_disk(folder.path(), "rw", &["true"]));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The playground on such a disk, connected to a peer that the test is; and the disk, as the program sees it.
fn playground(folder: &Path, way: &str) -> (Pty, Peer, PathBuf) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let args = on_disk(folder, way, &[BINARY, "--connect", &address]);
    let pty = Pty::spawn(&Program {
        cols: 160,
        rows: 40,
        ..Program::new("unshare", &args)
    });
    pty.wait_text(CONNECTED);
    leave_field(&pty);
    let disk = format!("/proc/{}/root{}", pty.pid(), folder.display());
    (pty, Peer::accept(&listener), disk.into())
}

#[track_caller]
fn says(pty: &Pty, line: &str) {
    pty.keys(":");
    pty.wait_text("command line ─");
    pty.keys(&format!("{line}<enter>"));
    pty.wait_gone("command line ─");
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * 7 / 5) as u8).collect()
}

fn full(folder: &Path) {
    let (pty, mut peer, disk) = playground(folder, "rw");
    says(&pty, "client save new");
    pty.wait_text("● saving 0 B");
    let content = bytes(300_000);
    peer.send(&content);
    pty.wait_text(&format!("not saved: {FULL}; the first "));
    pty.wait_text("300,000 B in ");
    let kept = fs::read(disk.join("new")).expect("a file");
    assert!(kept.len() >= ROOM / 2, "{} B", kept.len());
    assert!(kept == content[..kept.len()], "other bytes");
    let count = kept.len();
    let grouped = format!("{},{:03}", count / 1_000, count % 1_000);
    pty.wait_text(&format!("the first {grouped} B are in "));
    // It goes on, and elsewhere there is room.
    peer.send(b"\nmore");
    pty.wait_text(" │ more");
    drop(peer);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let file = elsewhere.path().join("all");
    says(&pty, &format!("client save {}", file.display()));
    pty.wait_text("saved 300,005 B to ");
    assert!(fs::read(file).expect("a file") == [&content[..], b"\nmore"].concat());
}

fn replaced(folder: &Path) {
    let (pty, mut peer, disk) = playground(folder, "rw");
    let content = bytes(100_000);
    peer.send(&content);
    pty.wait_text("100,000 B in ");
    for _ in 0..2 {
        says(&pty, "client save old");
        pty.wait_text("exists and has 3 bytes");
        pty.keys("y");
        pty.wait_text(&format!("not saved: {FULL}: "));
        assert_eq!(fs::read(disk.join("old")).expect("a file"), b"old");
        // What was written beside it is gone, and takes no room.
        assert_eq!(fs::read_dir(&disk).expect("a folder").count(), 2);
    }
    // The person makes room.
    fs::remove_file(disk.join("filler")).expect("it can be removed");
    says(&pty, "client save old");
    pty.wait_text("exists and has 3 bytes");
    pty.keys("y");
    drop(peer);
    pty.wait_text("saved 100,000 B to ");
    assert!(fs::read(disk.join("old")).expect("a file") == content);
}

fn read_only(folder: &Path) {
    let (pty, mut peer, disk) = playground(folder, "ro");
    let why = "not saved: the disk can only be read: choose another one (EROFS)";
    says(&pty, "client save new");
    pty.wait_text(why);
    says(&pty, "save script new");
    pty.wait_text(why);
    says(&pty, "client save old");
    pty.wait_text("exists and has 3 bytes");
    pty.keys("y");
    pty.wait_text(why);
    assert_eq!(fs::read(disk.join("old")).expect("a file"), b"old");
    peer.send(b"\nmore");
    pty.wait_text(" │ more");
}

fn printed(folder: &Path) {
    for command in [
        "\"$0\" config",
        "\"$0\" man",
        "\"$0\" run -",
        "\"$0\" run - --format json",
    ] {
        let script =
            format!("cat /dev/zero > full 2>/dev/null; echo 'client socket' | {command} > printed");
        let output = Command::new("unshare")
            .args(on_disk(folder, "rw", &["sh", "-c", &script, BINARY]))
            .env("SOCKYARD_CONFIG", "/dev/null")
            .output()
            .expect("unshare");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), said),
            (
                Some(1),
                format!("sockyard: cannot write to standard output: {FULL}\n").into()
            ),
            "{command}"
        );
    }
}
