//! What the README shows of scripts is what comes of them, and its tables are those of the grammar.

use std::collections::BTreeMap;
use std::path::Path;
use std::process;

use clap::Command;
use libtest_mimic::Trial;
use regex_lite::Regex;
use sockyard::app::script::line::commands;

use super::foreign::trial;
use super::played::{BINARY, play};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub fn trials() -> Vec<Trial> {
    vec![
        trial("the_readme_shows_the_words_of_scripts", &[], tables),
        trial("the_readme_shows_a_script_that_is_there", &[], script),
        trial(
            "the_readme_shows_what_comes_of_scripts",
            &["python3"],
            outputs,
        ),
        trial("the_comparison_sees_a_difference", &[], differs),
    ]
}

/// The README's section on scripts.
fn section() -> String {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("a README");
    let (_, rest) = readme.split_once("\n## Scripts\n").expect("the section");
    let end = rest.find("\n## ").unwrap_or(rest.len());
    rest[..end].to_owned()
}

/// Its blocks of code: the language and the text of each.
fn blocks(section: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut parts = section.split("\n```");
    parts.next();
    while let Some(block) = parts.next() {
        let (language, text) = block.split_once('\n').expect("a language");
        blocks.push((language.to_owned(), format!("{text}\n")));
        parts.next();
    }
    blocks
}

/// How a command is written, with its values: `accepted COUNT`.
fn usage(command: &Command) -> String {
    let values = command
        .get_arguments()
        .filter(|argument| argument.get_long().is_none());
    let names = values.flat_map(|value| value.get_value_names().into_iter().flatten());
    let names: Vec<&str> = names.map(AsRef::as_ref).collect();
    [&[command.get_name()][..], &names].concat().join(" ")
}

fn about(command: &Command) -> String {
    command.get_about().expect("an explanation").to_string()
}

/// The rows about the words of scripts, as the grammar has them.
fn word_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for command in &commands() {
        let about = about(command);
        match command.get_name() {
            "expect" => rows.push(format!("| `expect WHO WHAT` | {about} |")),
            "limit" => rows.push(format!("| `limit TIME`, `limit TIME --total` | {about} |")),
            "program" => rows.extend(command.get_subcommands().map(|step| {
                let about = self::about(step);
                format!("| `program {}` | {about} |", step.get_name())
            })),
            _ => rows.push(format!("| `{}` | {about} |", usage(command))),
        }
    }
    rows
}

/// The rows about what can be expected.
fn expectation_rows() -> Vec<String> {
    let commands = commands();
    let expect = commands
        .iter()
        .find(|command| command.get_name() == "expect");
    let expect = expect.expect("the word");
    let client = expect.find_subcommand("client").expect("a client");
    let mut rows = Vec::new();
    for whom in expect.get_subcommands() {
        let who = match whom.get_name() {
            // The same as of a client.
            "server#N" => continue,
            "client" => "any socket",
            other => other,
        };
        let mut has_calls = false;
        for what in whom.get_subcommands() {
            let name = what.get_name();
            let is_shared = who == "server" && client.find_subcommand(name).is_some();
            if is_shared {
                continue;
            }
            let about = about(what);
            let arguments = what.get_arguments();
            if about == format!("What {name} returns") {
                let mut arguments = arguments;
                let result = arguments.find_map(clap::Arg::get_help);
                let result = result.expect("an explanation");
                if !has_calls {
                    rows.push(format!("| {who} | `FUNCTION RESULT` | What the function, such as `{name}`, returns: {result} |"));
                }
                has_calls = true;
            } else if name == "received" {
                for argument in arguments {
                    let long = argument
                        .get_long()
                        .map_or_else(String::new, |long| format!("--{long} "));
                    let value = argument.get_value_names().expect("a value").join(" ");
                    let about = argument.get_help().expect("an explanation");
                    rows.push(format!("| {who} | `received {long}{value}` | {about} |"));
                }
            } else {
                rows.push(format!("| {who} | `{}` | {about} |", usage(what)));
            }
        }
    }
    rows
}

fn tables() {
    let section = section();
    for (head, rows) in [
        ("| word | what it does |\n|---|---|", word_rows()),
        (
            "| of | what | when it holds |\n|---|---|---|",
            expectation_rows(),
        ),
    ] {
        let table = format!("{head}\n{}\n", rows.join("\n"));
        assert!(section.contains(&table), "the table should be:\n{table}");
    }
}

fn script() {
    let blocks = blocks(&section());
    let (_, shown) = blocks
        .iter()
        .find(|(language, _)| language == "yard")
        .expect("a script");
    let file = std::fs::read_to_string(Path::new(ROOT).join("assets/scripts/12-echo-once.yard"));
    assert_eq!(shown, &file.expect("the script"));
    play(&["check", "-"], shown).exits(0);
}

/// Whose line each is, and what differs from run to run is made equal.
fn by_actor(text: &str) -> BTreeMap<String, Vec<String>> {
    let normal = |line: &str| {
        let mut line = line.to_owned();
        for (pattern, instead) in [
            (r"^\d\d:\d\d:\d\d\.\d{3}", "TIME"),
            (r"holds, after .*", "holds"),
            (r"( waited| EINPROGRESS,)? +\d[0-9.]* (µs|ms|s)$", ""),
            (r"in \d[0-9.]* (µs|ms|s)$", "in a moment"),
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (r#""\d{4,5}""#, "\"PORT\""),
            (r"\((\d+)([,)])", "(FD$2"),
            (r"^(TIME \S+ +(socket|accept)\(.*\)) = \d+", "$1 = FD"),
            (r" +$", ""),
        ] {
            let pattern = Regex::new(pattern).expect("a pattern");
            line = pattern.replace_all(&line, instead).into_owned();
        }
        line
    };
    let mut actors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines().map(normal).filter(|line| !line.is_empty()) {
        let explains = line.starts_with("             ");
        if !explains {
            let call = line.strip_prefix("TIME ");
            let actor = call.and_then(|call| call.split_whitespace().next());
            actor.unwrap_or("script").clone_into(&mut last);
        }
        actors.entry(last.clone()).or_default().push(line);
    }
    actors
}

/// Whether two outputs are the same but for times, numbers that the kernel chose, and the order of what different actors do.
fn same(one: &str, other: &str) -> Result<(), String> {
    let (one, other) = (by_actor(one), by_actor(other));
    if one == other {
        Ok(())
    } else {
        Err(format!("{one:#?}\n{other:#?}"))
    }
}

fn outputs() {
    let blocks = blocks(&section());
    let folder = Path::new(BINARY)
        .parent()
        .expect("a folder")
        .to_str()
        .expect("text");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut compared = 0;
    for pair in blocks.windows(2) {
        let [(language, command), (next, shown)] = pair else {
            continue;
        };
        if language != "sh" || next != "text" {
            continue;
        }
        let output = process::Command::new("sh")
            .args(["-c", command])
            .current_dir(ROOT)
            .env("PATH", format!("{folder}:{path}"))
            .env("SOCKYARD_CONFIG", "/dev/null")
            .output()
            .expect("there is a shell");
        let output = String::from_utf8_lossy(&output.stdout);
        if let Err(difference) = same(shown, &output) {
            panic!("{command}{difference}");
        }
        compared += 1;
    }
    assert!(compared >= 2, "{blocks:#?}");
}

fn differs() {
    let one = "14:02:11.031 client    connect(14, 127.0.0.1:4000) = 0          EINPROGRESS, 0.1 ms\n     holds\n";
    let other = "14:03:19.999 client    connect(9, 127.0.0.1:37000) = 0          0.2 ms\n     holds, after 3.0 ms\n";
    assert_eq!(same(one, other), Ok(()));
    assert!(same(one, &other.replace("= 0", "= -1 ECONNREFUSED")).is_err());
    assert!(same(one, "").is_err());
    let two = "14:02:11.031 server    close(5) = 0       1 µs\n";
    assert_eq!(same(&format!("{one}{two}"), &format!("{two}{one}")), Ok(()));
}
