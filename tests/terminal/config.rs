//! The config file and the commands around it, with the real program.

use std::fs;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::play::{CONNECTED, free_port, shows_row};
use super::pty::{Program, Pty};

const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");

/// Runs the program without a terminal and without anything that names a config file but `env`.
fn piped(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BINARY);
    command.env_remove("SOCKYARD_CONFIG");
    command.env_remove("XDG_CONFIG_HOME");
    command.env("HOME", "/nonexistent");
    let output = command.args(args).envs(env.iter().copied());
    let output = output.stdin(Stdio::null()).output();
    output.expect("the program starts")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

/// What a successful run prints.
#[track_caller]
fn printed(args: &[&str], env: &[(&str, &str)]) -> String {
    let output = piped(args, env);
    let said = text(output.stderr);
    assert_eq!((output.status.code(), &said[..]), (Some(0), ""), "{args:?}");
    text(output.stdout)
}

/// A folder with this config file in it, and the file's path.
fn file(text: &str) -> (TempDir, String) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("config.toml");
    fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("text").to_owned();
    (folder, path)
}

/// The playground with a config file that says this.
fn configured(config: &str, args: &[&str]) -> (TempDir, Pty) {
    let (folder, path) = file(config);
    let program = Program::new(BINARY, args);
    let pty = Pty::spawn(&Program {
        env: &[("SOCKYARD_CONFIG", &path)],
        cols: 160,
        rows: 40,
        ..program
    });
    (folder, pty)
}

#[test]
fn the_path_is_where_the_platform_expects_it_unless_another_is_named() {
    let path =
        |args: &[&str], env: &[(&str, &str)]| printed(&[&["config", "--path"], args].concat(), env);
    let usual = "/nonexistent/.config/sockyard/config.toml\n";
    assert_eq!(path(&[], &[]), usual);
    let xdg = ("XDG_CONFIG_HOME", "/x y");
    assert_eq!(path(&[], &[xdg]), "/x y/sockyard/config.toml\n");
    assert_eq!(
        path(&[], &[("XDG_CONFIG_HOME", "relative")]),
        usual,
        "as the specification says"
    );
    let variable = ("SOCKYARD_CONFIG", "/v.toml");
    assert_eq!(path(&[], &[xdg, variable]), "/v.toml\n");
    assert_eq!(path(&[], &[("SOCKYARD_CONFIG", "")]), usual);
    assert_eq!(path(&["--config", "f.toml"], &[xdg, variable]), "f.toml\n");
}

#[test]
fn what_config_prints_is_taken_as_a_config_file() {
    let (_folder, path) = file(&printed(&["config"], &[]));
    let output = piped(&["--config", &path], &[]);
    let said = text(output.stderr);
    assert!(
        said.contains("needs a terminal"),
        "nothing else is wrong: {said}"
    );
}

#[test]
fn a_file_that_is_wrong_is_told_with_its_lines_before_anything_is_done() {
    let (_folder, path) = file("# mine\nservce = \"echo\"\n[script]\nlimit = \"soon\"\n");
    let expected = format!(
        "{path}:2: unknown key \"servce\": did you mean \"service\"?\n\
         {path}:4: script.limit = \"soon\": \"soon\" is no duration: write a number and its unit, as in 250ms, 5s or 2min\n"
    );
    let by_flag = piped(&["--config", &path], &[]);
    let by_variable = piped(&[], &[("SOCKYARD_CONFIG", &path)]);
    for output in [by_flag, by_variable] {
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(output.stderr), expected);
        assert!(output.stdout.is_empty());
    }
    let (_folder, pty) = configured("servce = 1", &[]);
    assert_eq!(pty.wait_exit().exit_code(), 2);
    assert!(!pty.raw().contains(&0x1b), "the terminal is not touched");

    // Whoever mends it needs these.
    let variable = [("SOCKYARD_CONFIG", &path[..])];
    for args in [
        &["config"][..],
        &["config", "--path"],
        &["man"],
        &["--help"],
        &["completions", "zsh"],
    ] {
        assert!(!printed(args, &variable).is_empty());
    }
}

#[test]
fn a_file_that_is_missing_is_an_error_only_where_it_was_named_on_the_command_line() {
    let said = |args: &[&str], env: &[(&str, &str)]| {
        let output = piped(args, env);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        text(output.stderr)
    };
    let missing = "/nonexistent/file.toml";
    for env in [
        &[][..],
        &[("SOCKYARD_CONFIG", missing)],
        &[("XDG_CONFIG_HOME", "/dev/null")],
    ] {
        assert!(said(&[], env).contains("needs a terminal"));
    }
    let named = said(&["--config", missing], &[]);
    assert!(
        named.starts_with("/nonexistent/file.toml: the config file cannot be read: No such file"),
        "{named}"
    );
    assert!(said(&["--config", "/"], &[]).contains("Is a directory"));
    assert!(said(&["--config", "/dev/zero"], &[]).contains("more than 1 MiB"));
}

#[test]
fn what_the_file_says_is_done() {
    let port = free_port();
    let config = format!(
        "connect = \"127.0.0.1:{port}\"\nbind = \"127.0.0.1\"\nport = {port}\nservice = \"hello\"\nmodel = \"poll\"\n\
         backlog = 5\nreceive = \"by-hand\"\nrecv_size = 4\nline_ending = \"crlf\"\n"
    );
    let (_folder, pty) = configured(&config, &[]);
    pty.wait_text("server stopped");
    pty.keys("s");
    pty.wait_text(", 5) ");
    pty.wait_text("epoll_wait");
    pty.keys("<f2>c");
    pty.wait_text(CONNECTED);
    pty.wait_text(" 7 B wait ");
    // Until a person asks nothing is received, and then no more than was set.
    pty.keys("<f2>r");
    pty.wait_text(" 1 │ Welc ");
    pty.keys("r");
    pty.wait_text(" 2 │ ome ");
    pty.keys("ihi<enter>");
    pty.wait_text("\"hi\\r\\n\"");
}

#[test]
fn a_flag_beats_the_file() {
    let config = "ascii = true\ncolour = \"never\"\nservice = \"hello\"\n";
    let (_folder, pty) = configured(config, &[]);
    pty.wait("ASCII borders", |screen| {
        shows_row(screen, &["+ 1 client - ", "+ 2 server - "])
    });
    let (_folder, pty) = configured(config, &["--ascii=false", "--service", "discard"]);
    pty.wait("other borders", |screen| {
        shows_row(screen, &["1 client ─ ", "2 server ─ "])
    });
    pty.wait_text("discard");
}

#[test]
fn a_reader_that_has_heard_enough_ends_the_commands_quietly() {
    for command in ["config", "man", "completions bash"] {
        let script = format!("\"$0\" {command} | true; echo ${{PIPESTATUS[0]}}");
        let output = Command::new("bash").args(["-c", &script, BINARY]).output();
        let output = output.expect("bash starts");
        assert_eq!(
            (text(output.stdout), text(output.stderr)),
            ("0\n".to_owned(), String::new())
        );
    }
    let script = "\"$0\" man > /dev/full";
    let output = Command::new("bash").args(["-c", script, BINARY]).output();
    let output = output.expect("bash starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stderr).contains("cannot write to standard output"));
}
