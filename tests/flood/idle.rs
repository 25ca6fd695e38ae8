//! Ten thousand clients that say nothing cost nothing.

use std::time::Duration;

use libtest_mimic::Trial;

use super::crowd::{Came, Crowd};
use super::effort::wait_until_idle;
use super::program::Program;
use super::{connections, served_at_once, trial};

/// For how long no thread may wake up: longer than any pause of the server's.
const QUIET: Duration = Duration::from_millis(1_200);

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (model, quiet) in [
        ("poll", false),
        ("poll", true),
        ("threads", false),
        ("threads", true),
    ] {
        let name = format!(
            "ten_thousand_idle_clients_of_{model}{}_wake_nobody_up",
            if quiet { "_quiet" } else { "" }
        );
        trials.push(trial(&name, move || idle(model, quiet)));
    }
    trials
}

fn idle(model: &str, quiet: bool) {
    let count = served_at_once(model, connections().min(10_000), 1);
    let mut args = vec!["127.0.0.1:0", "--model", model, "--backlog", "4096"];
    args.extend(quiet.then_some("--quiet"));
    let mut program = Program::start(&args);
    let mut crowd = Crowd::connect(program.address(), count);
    let answered = Came {
        answered: count,
        refused: 0,
    };
    assert_eq!(crowd.talk(), answered);
    let before = wait_until_idle(&program, QUIET);
    let threads = before.sleeps.len();
    assert_eq!(threads > count, model == "threads", "{threads} threads");
    crowd.reset();
    assert_eq!(program.stop().status.code(), Some(0));
}
