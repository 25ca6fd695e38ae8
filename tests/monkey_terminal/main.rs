//! A monkey at a real terminal, with the real program, its live server, and peers that send whatever they like: thirty
//! thousand keys, halves of keys, clicks, pastes and sizes.
//!
//! What holds: the program never ends but when a key says so, and then with status 0 and the terminal as it was; at the
//! end it lives, and answers a key with a frame; it ends by Ctrl-C with status 0, every mode and every setting of the
//! line is as before, no process, no thread and no socket of it is left; and its memory is bounded.
//!
//! A monkey may well type the address of another machine. So it runs in a network namespace of its own, in which there is
//! nothing but loopback; where that cannot be had it is reported as ignored. It types no `/` and no `~`, and so writes
//! files only to the folder in which it runs.
//!
//! | file | what it owns |
//! |---|---|
//! | `typed` | what is typed |
//! | `peers` | who connects, and who is connected to |
//! | `run` | the run of one seed |

#[expect(
    dead_code,
    reason = "the harness is shared; this test needs a part of it"
)]
#[path = "../terminal/pty.rs"]
mod pty;

#[path = "../monkey/random.rs"]
mod random;

mod peers;
mod run;
mod typed;

use std::env;
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// The argument by which this program is started in its own namespace.
const INSIDE: &str = "--inside";

/// What makes the namespace, brings loopback up and starts this program there.
const NAMESPACE: &str = "ip link set lo up && exec \"$0\" \"$@\"";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, first, how, seed] = &arguments[..]
        && first == INSIDE
    {
        run::run(how, seed.parse().expect("a seed"));
        return ExitCode::SUCCESS;
    }
    let is_possible = unshared("true", &[]).is_ok_and(|status| status.success());
    let trials = [
        ("a_monkey_at_a_live_server", run::SERVES, "1"),
        (
            "a_monkey_at_a_script_that_is_played",
            run::PLAYS,
            "20260101",
        ),
    ]
    .map(|(name, how, seed)| {
        let name = format!("{name} (needs unshare, ip)");
        let test = move || inside(how, seed);
        Trial::test(name, test).with_ignored_flag(!is_possible)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// Runs a program in a network namespace of its own.
fn unshared(program: &str, arguments: &[&str]) -> std::io::Result<std::process::ExitStatus> {
    Command::new("unshare")
        .args(["-rn", "sh", "-c", NAMESPACE, program])
        .args(arguments)
        .stdin(Stdio::null())
        .status()
}

fn inside(how: &str, seed: &str) -> Result<(), Failed> {
    let own = env::current_exe()?;
    let own = own.to_str().ok_or("the path is text")?;
    let status = unshared(own, &[INSIDE, how, seed])?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("seed {seed}: {status}").into())
    }
}
