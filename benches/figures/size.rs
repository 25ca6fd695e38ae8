//! How large the program is, and how long it takes to build.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::table::{Bar, mib, row};

/// The program's size.
pub fn print() {
    let program = fs::metadata(env!("CARGO_BIN_EXE_sockyard")).expect("it is built");
    row(
        "the program, MiB",
        mib(program.len()),
        None,
        Bar::AtMost(4.0),
    );
}

/// Builds it from nothing, in a place of its own.
pub fn print_build() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let start = Instant::now();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--bin", "sockyard"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", place.path())
        .stderr(Stdio::null())
        .status();
    assert!(built.expect("cargo starts").success());
    let took = start.elapsed().as_secs_f64();
    row(
        "cargo build --release from nothing, s",
        took,
        None,
        Bar::AtMost(90.0),
    );
}
