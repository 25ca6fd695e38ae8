//! A crowd that resets everything at once.

use libtest_mimic::Trial;

use super::crowd::{Came, Crowd, MESSAGE};
use super::program::{Program, connect, echo};
use super::{connections, served_at_once, trial};
use sockyard::model::numbers::grouped;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for model in ["poll", "threads"] {
        for quiet in [false, true] {
            let name = format!(
                "thousands_that_reset_at_once_leave_exact_numbers_with_{model}{}",
                if quiet { "_quiet" } else { "" }
            );
            trials.push(trial(&name, move || resets(model, quiet)));
        }
    }
    trials
}

fn resets(model: &str, quiet: bool) {
    // The second crowd comes while the first is still being closed.
    let count = served_at_once(model, connections().min(5_000), 2);
    let mut args = vec!["127.0.0.1:0", "--model", model, "--backlog", "4096"];
    args.extend(quiet.then_some("--quiet"));
    let mut program = Program::start(&args);
    let address = program.address();
    // All of these have their answer, so that it is known what was received.
    let mut crowd = Crowd::connect(address, count);
    let answered = Came {
        answered: count,
        refused: 0,
    };
    assert_eq!(crowd.talk(), answered);
    crowd.reset();
    // These wait for none: some are reset before their message was received, or even before they were accepted.
    let mut crowd = Crowd::connect(address, count);
    crowd.speak();
    crowd.reset();
    // Whoever comes then is served as ever.
    let after = connect(address);
    assert_eq!(echo(&after, b"hello"), b"hello");
    drop(after);
    let left = program.stop();
    assert_eq!(left.status.code(), Some(0));
    assert_eq!(left.complaints, "");
    // With the calls as lines the last one is of the same numbers.
    let summary = left.summary();
    let all = grouped(2 * count as u64 + 1);
    assert!(
        summary.starts_with(&format!("served {all} connections: ")),
        "{summary}"
    );
    let number = |before: &str, after: &str| -> u64 {
        let (text, _) = summary.split_once(after).expect("a number");
        let text = text.rsplit(before).next().expect("a number");
        text.replace(',', "").parse().expect("a number")
    };
    let (received, sent) = (number(": ", " B received"), number(", ", " B sent"));
    let sure = (count * MESSAGE.len() + 5) as u64;
    assert!((sure..=2 * sure).contains(&received), "{summary}");
    assert!((sure..=received).contains(&sent), "{summary}");
    if !quiet {
        assert_lines_agree(&left.lines, received, sent);
    }
    eprintln!("{summary}");
}

/// Adds up what the lines of the calls say.
fn assert_lines_agree(lines: &[String], received: u64, sent: u64) {
    let sum = |call: &str| -> u64 {
        let results = lines.iter().filter_map(|line| {
            let (_, after) = line.split_once(call)?;
            let (_, result) = after.rsplit_once(") = ")?;
            result.split(' ').next()?.parse::<u64>().ok()
        });
        results.sum()
    };
    assert_eq!((sum(" recv("), sum(" send(")), (received, sent));
}
