//! The assignments, and what becomes of those who got them right or wrong. Each verdict names the symptom of the mistake,
//! for people and for machines.

use std::path::Path;

use libtest_mimic::Trial;

use super::foreign::trial;
use super::json::objects;
use super::played::play;

/// An assignment, a student's program, and where it fails: the line's text and the symptom.
type Case = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);

const CASES: [Case; 7] = [
    ("echo-server", "echo", None),
    (
        "echo-server",
        "echo_one_recv",
        Some((
            "expect client received \", world\"",
            "Only what the first recv() returned comes back",
        )),
    ),
    (
        "echo-server",
        "echo_one_send",
        Some((
            "expect client received --count 100012",
            "Of a long message only a part comes back",
        )),
    ),
    (
        "echo-server",
        "echo_no_close",
        Some((
            "expect client ended",
            "The connection is not closed when the client has finished",
        )),
    ),
    (
        "echo-server",
        "echo_crashes",
        Some((
            "expect client2 received \"and me?\"",
            "The server serves one client and no more",
        )),
    ),
    ("greeting-client", "greeted", None),
    (
        "greeting-client",
        "greeted_one_recv",
        Some((
            "expect server#1 silence 150ms",
            "The client answers half a line",
        )),
    ),
];

pub fn trials() -> Vec<Trial> {
    CASES
        .into_iter()
        .flat_map(|case| {
            let (_, student, mistake) = case;
            let result = if mistake.is_some() { "fails" } else { "passes" };
            ["text", "json"].map(|format| {
                let name = format!("the_student_{student}_{result}_in_{format}");
                trial(&name, &["python3"], move || graded(case, format))
            })
        })
        .collect()
}

fn graded((assignment, student, mistake): Case, format: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = folder.join(format!("assets/scripts/grading/{assignment}.yard"));
    let script = script.to_str().expect("text");
    let program = folder.join(format!("tests/scripts/students/{student}.py"));
    let command = format!("python3 '{}'", program.display());
    let args = ["run", script, "--spawn", &command, "--format", format];
    let played = play(&args, "");
    played.exits(i32::from(mistake.is_some()));
    if format == "json" {
        let last = objects(&played).pop().expect("a verdict");
        assert_eq!(last["passed"], mistake.is_none(), "{last}");
        if let Some((step, symptom)) = mistake {
            let begins = |key: &str, text: &str| {
                last[key]
                    .as_str()
                    .is_some_and(|found| found.starts_with(text))
            };
            assert!(begins("step", step) && begins("symptom", symptom), "{last}");
        }
        return;
    }
    let (_, verdict) = played.stdout.rsplit_once("\n\n").expect("a verdict");
    match mistake {
        None => assert!(verdict.starts_with("passed: "), "{verdict}"),
        Some((step, symptom)) => {
            assert!(verdict.starts_with("FAILED: "), "{verdict}");
            assert!(verdict.contains(&format!(": {step}\n")), "{verdict}");
            assert!(
                verdict.contains(&format!("\nsymptom: {symptom}")),
                "{verdict}"
            );
        }
    }
    if student == "echo_crashes" {
        assert!(
            verdict.contains("the program ended with exit status 1"),
            "{verdict}"
        );
        assert!(
            verdict.contains("IndexError: pop from empty list"),
            "{verdict}"
        );
    }
}
