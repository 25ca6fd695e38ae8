//! Scripts that are wrong, and scripts whose expectations do not hold: what is said of them, and the exit status.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use super::foreign::trial;
use super::played::{play, run};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("every_wrong_line_is_named_with_its_column", &[], lines),
        trial(
            "an_expectation_that_fails_is_named_with_its_reason",
            &[],
            expectation,
        ),
        trial(
            "a_call_that_fails_ends_the_script_unless_that_was_expected",
            &[],
            call,
        ),
        trial(
            "a_connection_beyond_the_limit_fails_the_script_in_plain_words",
            &[],
            beyond_the_limit,
        ),
        trial(
            "a_script_that_is_wrong_only_as_it_runs_is_told_apart",
            &[],
            as_it_runs,
        ),
        trial(
            "what_is_no_script_is_refused_in_plain_words",
            &[],
            no_script,
        ),
        trial("a_script_for_a_program_needs_a_program", &[], no_program),
        trial(
            "ports_of_other_machines_are_not_tried_in_silence",
            &[],
            others,
        ),
        trial("a_file_is_not_replaced_in_silence", &[], replaced),
        trial("what_is_far_too_much_is_refused", &[], too_much),
    ]
}

fn too_much() {
    // Each variable is twice the one before.
    let mut doubling = String::from("let a x\n");
    for _ in 0..40 {
        doubling.push_str("let a \"${a}${a}\"\n");
    }
    for command in ["check", "run"] {
        play(&[command, "-"], &doubling)
            .exits(2)
            .complains("longer than any line");
        let played = play(&[command, "-"], &"q\n".repeat(10_000));
        played.exits(2).complains("the rest of it was not read");
        assert_eq!(played.stderr.lines().count(), 51);
        // All of it was read.
        let played = play(&[command, "-"], &"q\n".repeat(50));
        played.exits(2);
        assert_eq!(played.stderr.lines().count(), 50, "{played:#?}");
        play(&[command, "-"], &"q\n".repeat(51)).complains("-: the rest of it was not read");
        // What stands in the line is told, but nothing of it acts on the terminal.
        let played = play(&[command, "-"], "client \x1b[31m\n\x07\u{9b}\u{202e}\n");
        let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!played.stderr.contains(hostile), "{:?}", played.stderr);
    }
}

const WRONG: &str = "\u{feff}# a comment
client conect 127.0.0.1 80
say \"good\"
  expect client recieved \"a\"
expct client ok
client connect 127.0.0.1 ${prot}
expect client connect EBOGUS
quit
wait 5
expect client silence 1s --within 2s
";

fn lines() {
    for command in ["check", "run"] {
        let played = play(&[command, "-"], WRONG);
        played.exits(2);
        assert_eq!(played.stdout, "", "nothing of it was done");
        let found: Vec<&str> = played.stderr.lines().collect();
        let wanted = [
            ("-:2:8: ", "did you mean connect or close?"),
            ("-:4:17: ", "did you mean received"),
            (
                "-:5:1: ",
                "did you mean expect? It begins with one of client, server",
            ),
            ("-:6:26: ", "there is no ${prot}"),
            ("-:7:23: ", "EBOGUS"),
            ("-:8:1: ", "a script ends by itself"),
            ("-:9:6: ", "5s"),
            ("-:10:37: ", "time of its own"),
        ];
        assert_eq!(found.len(), wanted.len(), "{found:#?}");
        for (line, (place, words)) in found.iter().zip(wanted) {
            assert!(line.starts_with(place) && line.contains(words), "{line}");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (good, bad) = (
        folder.path().join("good.yard"),
        folder.path().join("bad.yard"),
    );
    fs::write(&good, "client socket\n").expect("a file");
    fs::write(&bad, "client sockt\n").expect("a file");
    let played = play(&[Path::new("check"), &good, &bad, &good], "");
    played.exits(2);
    let place = format!("{}:1:8: ", bad.display());
    assert_eq!(
        played.stderr.matches(':').count(),
        place.matches(':').count() + 1
    );
    assert!(played.stderr.starts_with(&place), "{played:#?}");
}

fn expectation() {
    let script = "server start 127.0.0.1 0 --service ok
client connect 127.0.0.1 ${server.port}
client send \"a\\n\"
client recv 1024
expect client received \"OK...b\" --else \"it answers\n another thing\"
say \"never said\"
";
    let script = script.replace("answers\n another", "answers another");
    let played = run(&script);
    played.exits(1);
    assert!(!played.stdout.contains("never said"), "{played:#?}");
    let end = played.stdout.split("\n\n").last().expect("a verdict");
    assert_eq!(
        end,
        "FAILED: -:5: expect client received \"OK...b\"\n     it received \"OK...a\\n\"\nsymptom: it answers another thing\n"
    );
    // What is expected next is not what was read before.
    let twice = "server start 127.0.0.1 0
client connect 127.0.0.1 ${server.port}
client send \"ab\"
client autorecv on
expect client received \"a\"
expect client received \"a\" --within 200ms
";
    run(twice)
        .exits(1)
        .says("-:6: expect")
        .says("it received \"b\"");
}

fn call() {
    let refused =
        "client2 socket\nclient2 bind 127.0.0.1 0\nclient connect 127.0.0.1 ${client2.port}\n";
    run(refused)
        .exits(1)
        .says("FAILED: -:3: client connect 127.0.0.1 ${client2.port}")
        .says("expect client connect ECONNREFUSED");
    let expected = format!("{refused}say \"so it is\"\nexpect client connect ECONNREFUSED\n");
    run(&expected)
        .exits(0)
        .says("passed: -: 5 steps, 1 expectation held");
    let another = format!("{refused}expect client connect ok --else \"no server\"\n");
    run(&another)
        .exits(1)
        .says("connect returned -1 ECONNREFUSED")
        .says("symptom: no server");
}

fn as_it_runs() {
    let played = run("client connect 127.0.0.1 ${server.port}\n");
    played
        .exits(2)
        .says("wrong: -:1: client connect 127.0.0.1 ${server.port}")
        .says("${server.port} has no value yet");
}

fn no_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = folder.path().join("long.yard");
    fs::write(&long, "a".repeat(10_000_000)).expect("a file");
    let latin = folder.path().join("latin.yard");
    fs::write(&latin, b"say \"gr\xfc\xdfe\"\n").expect("a file");
    for (path, words) in [
        (folder.path().join("none.yard"), "No such file"),
        (folder.path().to_owned(), "Is a directory"),
        (super::played::BINARY.into(), "1 MiB"),
        (long, "1 MiB"),
        (latin, "UTF-8"),
    ] {
        for command in ["run", "check"] {
            let played = play(&[Path::new(command), &path], "");
            played.exits(2).complains(words);
            let begin = format!("sockyard: {}: ", path.display());
            assert!(played.stderr.starts_with(&begin), "{played:#?}");
            assert_eq!(played.stderr.lines().count(), 1, "{played:#?}");
        }
    }
    run("").exits(0).says("passed: -: 0 steps");
}

fn no_program() {
    let played = run("program start\n");
    played.exits(2).complains("--spawn");
    run("expect program running\n")
        .exits(2)
        .complains("--spawn");
    play(&["check", "-"], "program start\n").exits(0);
}

fn others() {
    let played = run("ports try 192.0.2.1 80\n");
    played.exits(2).says("--allowed");
    assert!(!played.stdout.contains("connect("), "{played:#?}");
}

fn replaced() {
    let script = "server start 127.0.0.1 0 --service daytime
client connect 127.0.0.1 ${server.port}
client autorecv on
client save there.txt
expect client saved
";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("there.txt");
    fs::write(&file, "precious").expect("a file");
    let play =
        |script: &str| super::played::Playing::start(&["run", "-"], folder.path(), script).end();
    play(script).exits(1).says("--replace");
    assert_eq!(fs::read(&file).expect("the file"), b"precious");
    play(&script.replace("there.txt", "there.txt --replace")).exits(0);
    assert_ne!(fs::read(&file).expect("the file"), b"precious");
}

fn beyond_the_limit() {
    let script = "server start 127.0.0.1 0 --model poll
client connect 127.0.0.1 ${server.port}
expect server open 1
client2 connect 127.0.0.1 ${server.port}
expect client2 ended
";
    play(&["run", "-", "--max-connections", "1"], script)
        .exits(1)
        .says("server#2 is closed unserved: 1 connection is open, and --max-connections allows no more");
}
