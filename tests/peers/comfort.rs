//! What shells and man make of what the program prints for them.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use tempfile::TempDir;

use super::foreign::trial;

const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");

pub fn trials() -> Vec<Trial> {
    vec![
        trial("bash_completes", &["bash"], bash),
        trial("zsh_takes_the_completions", &["zsh"], || takes("zsh")),
        trial("fish_takes_the_completions", &["fish"], || takes("fish")),
        trial("man_shows_the_manual_page", &["man", "groff"], man),
    ]
}

/// What `program` prints; nothing may be wrong.
#[track_caller]
fn printed(program: &str, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command.env("MANPAGER", "cat").env("MANWIDTH", "80");
    let output = command.args(args).output().expect("it is installed");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(
        (output.status.code(), &said[..]),
        (Some(0), ""),
        "{program}"
    );
    String::from_utf8(output.stdout).expect("text")
}

fn bash() {
    let completed = |line: &str| {
        let script = format!(
            "source <(\"$0\" completions bash)\n\
             COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _sockyard sockyard \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
             echo \"${{COMPREPLY[@]}}\""
        );
        printed("bash", &["-c", &script, BINARY])
    };
    assert_eq!(completed("sockyard --receive by"), "by-hand\n");
    assert_eq!(completed("sockyard --line"), "--line-ending\n");
    assert_eq!(completed("sockyard --service echo"), "echo echo-once\n");
    assert_eq!(completed("sockyard comp"), "completions\n");
    assert_eq!(completed("sockyard completions fi"), "fish\n");
    assert_eq!(completed("sockyard config --p"), "--path\n");
}

/// The shell finds nothing wrong with its script.
fn takes(shell: &str) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("script");
    fs::write(&path, printed(BINARY, &["completions", shell])).expect("a file");
    printed(shell, &["-n", path.to_str().expect("text")]);
}

fn man() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sockyard.1");
    fs::write(&path, printed(BINARY, &["man"])).expect("a file");
    let page = printed("man", &["--warnings", "-l", path.to_str().expect("text")]);
    for words in [
        "NAME",
        "--line-ending <ENDING> [default: none]",
        "sockyard config",
        "Outside a text field",
        "FILES",
        "NO_COLOR",
        "EXIT STATUS",
        "128+N",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}
