//! Where the source reaches out of the program: to write a file, to run a program, to act on the terminal. Each is done in
//! the files named here and in no other, which is what the argument at the head of `src/run/mod.rs` rests on.

use std::fs;
use std::path::{Path, PathBuf};

/// What reaches out, as it stands in the source, and the files that may.
const DOORS: [(&str, &[&str], &[&str]); 5] = [
    (
        "a file is written",
        &[
            "OpenOptions",
            "File::create",
            "File::options",
            "fs::write",
            "fs::rename",
            "fs::remove",
            "fs::copy",
            "fs::create_dir",
            "fs::hard_link",
            "tempfile::",
            "mkdir",
        ],
        &["run/save_file.rs"],
    ),
    (
        "a program is run",
        &[
            "std::process::Command",
            "std::process::{",
            "CommandExt",
            "Stdio",
            "posix_spawn",
            "execv",
            "fork(",
        ],
        &["run/program.rs"],
    ),
    (
        "something is printed",
        &[
            "stdout()",
            "stderr()",
            "/dev/tty",
            "print!(",
            "println!(",
            "dbg!(",
        ],
        &["run/output.rs", "run/printer.rs", "run/terminal.rs"],
    ),
    (
        "something is drawn",
        &[
            "set_string",
            "set_symbol",
            "set_char",
            "set_line",
            "set_span",
            "title_top",
            "title_bottom",
            "Paragraph",
        ],
        &["ui/painter.rs", "ui/theme.rs"],
    ),
    (
        "the terminal is told something beside",
        &[
            "CopyToClipboard",
            "SetTitle",
            "\\x1b[",
            "\\x1b]",
            "\\u{1b}",
            "csi!(",
        ],
        &["run/terminal.rs"],
    ),
];

/// The source without its tests and comments.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open: Vec<PathBuf> = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(path) = open.pop() {
        let name = path
            .strip_prefix(&root)
            .expect("it is below")
            .display()
            .to_string();
        if path.is_dir() && !name.ends_with("tests") {
            let entries = fs::read_dir(&path).expect("a folder");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).expect("a file");
            let code = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            let is_code = |line: &&str| !line.trim_start().starts_with("//");
            sources.push((
                name,
                code.lines().filter(is_code).collect::<Vec<_>>().join("\n"),
            ));
        }
    }
    assert!(sources.len() > 100, "{} files", sources.len());
    sources
}

#[test]
fn nothing_reaches_out_but_through_its_door() {
    let sources = sources();
    for (what, words, doors) in DOORS {
        for (name, code) in &sources {
            let found = words.iter().find(|word| code.contains(**word));
            if !doors.contains(&name.as_str()) {
                assert_eq!(found, None, "{what} in {name}");
            }
        }
        for door in doors {
            let code = sources.iter().find(|(name, _)| name == door);
            let (_, code) = code.expect(door);
            assert!(
                words.iter().any(|word| code.contains(word)),
                "{what} no more in {door}"
            );
        }
    }
}
