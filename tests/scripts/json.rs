//! The JSON form: each line is an object of a documented kind, and the last one is the verdict.

use libtest_mimic::Trial;
use serde_json::Value;

use super::foreign::trial;
use super::played::{Played, play, ready_made};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("every_json_line_is_documented", &[], documented),
        trial("the_last_json_line_is_the_verdict", &[], verdict),
        trial("json_tells_what_a_program_does", &["python3"], program),
    ]
}

/// Its lines; the last one is the verdict.
#[track_caller]
pub fn objects(played: &Played) -> Vec<Value> {
    let lines = played.stdout.lines();
    let objects = lines.map(|line| serde_json::from_str(line).expect(line));
    let objects: Vec<Value> = objects.collect();
    let kinds: Vec<&str> = objects
        .iter()
        .map(|object| object["event"].as_str().expect("an event"))
        .collect();
    let verdicts = kinds.iter().filter(|kind| **kind == "verdict").count();
    assert_eq!((verdicts, kinds.last()), (1, Some(&"verdict")), "{kinds:?}");
    objects
}

fn documented() {
    let help = play(&["run", "--help"], "").stdout;
    for path in ready_made() {
        let path = path.to_str().expect("text");
        let played = play(&["run", path, "--format", "json"], "");
        played.exits(0);
        let objects = objects(&played);
        for object in &objects {
            let event = object["event"].as_str().expect("an event");
            assert!(help.contains(&format!("\n  {event} ")), "{event}");
            for key in object.as_object().expect("an object").keys() {
                assert!(help.contains(key.as_str()), "{key} of {event}");
            }
        }
        let last = objects.last().expect("a verdict");
        assert_eq!(last["passed"], true, "{last}");
        assert_eq!(last["script"], path, "{last}");
        let count = |event: &str| objects.iter().filter(|o| o["event"] == event).count();
        assert_eq!(last["steps"], count("step"), "{last}");
        assert_eq!(last["held"], count("held"), "{last}");
        assert!(count("said") > 0 && count("held") > 0, "{path}");
    }
}

fn verdict() {
    let failing =
        "client socket\nexpect client state ESTABLISHED --within 50ms --else \"no \\\"peer\\\"\"\n";
    let played = play(&["run", "-", "--format", "json"], failing);
    played.exits(1);
    let objects = objects(&played);
    let last = objects.last().expect("a verdict");
    assert_eq!(last["passed"], false);
    assert_eq!(
        (&last["line"], &last["steps"], &last["held"]),
        (&2.into(), &1.into(), &0.into())
    );
    assert_eq!(last["symptom"], "no \"peer\"");
    assert_eq!(last["why"], "not within 50ms: its state is CLOSED");
    assert!(
        last["step"]
            .as_str()
            .is_some_and(|step| step.starts_with("expect client state"))
    );
    assert_eq!(last["wrong"], Value::Null);

    for (script, line) in [
        ("clint socket\n", 1),
        ("say \"a\"\nclient bind ${client2.host} 1\n", 2),
    ] {
        let played = play(&["run", "-", "--format", "json"], script);
        played.exits(2);
        let objects = self::objects(&played);
        let last = objects.last().expect("a verdict");
        assert_eq!(
            (&last["passed"], &last["wrong"]),
            (&false.into(), &true.into())
        );
        assert_eq!(last["line"], line, "{last}");
        assert!(last["why"].as_str().is_some_and(|why| !why.is_empty()));
    }
    let missing = play(&["run", "missing.yard", "--format", "json"], "");
    missing.exits(2);
    let last = self::objects(&missing).pop().expect("a verdict");
    assert_eq!(
        (&last["wrong"], &last["line"]),
        (&true.into(), &Value::Null)
    );
}

fn program() {
    let script = "expect program prints \"two\"\nexpect program exits 3 --within 10s\nexpect program exits 4\n";
    let command = "python3 -c 'import socket, sys; s = socket.create_server((\"127.0.0.1\", 0)); print(\"one\\ntwo\\x07.\"); sys.exit(int(input() or 3) if 0 else 3)'";
    let args = ["run", "-", "--spawn", command, "--format", "json"];
    let played = play(&args, script);
    played.exits(1);
    let objects = objects(&played);
    let does: Vec<(&str, &str)> = objects
        .iter()
        .filter(|object| object["event"] == "program")
        .map(|object| {
            let text = |key: &str| object[key].as_str().expect("text");
            (text("does"), text("text"))
        })
        .collect();
    assert!(
        does.contains(&("prints", "one")) && does.contains(&("prints", "two\\x07.")),
        "{does:?}"
    );
    assert!(does.contains(&("exits", "exit status 3")), "{does:?}");
    let last = objects.last().expect("a verdict");
    assert_eq!(last["program_exit"], "exit status 3");
    assert_eq!(last["program_printed"], "one\ntwo\u{7}.");
}
