//! The figures: how fast the program is, how much memory it takes and how soon it answers, each beside something
//! simpler that is measured in the same run, and with the bar that it is held to.
//!
//! `cargo bench --bench figures` prints the table; it takes some four minutes. With the names of parts as arguments,
//! `cargo bench --bench figures -- serve screen`, it prints those alone. The part `build`, which builds the program from
//! nothing, is only done if it is named. Machines differ and are noisy: let nothing else run, and trust ratios more than
//! numbers.

use std::io;
use std::process::ExitCode;

mod beside;
mod frame;
mod held;
mod process;
mod receive;
mod rest;
mod screen;
mod serve;
mod size;
mod table;
mod terminal;

/// The parts of the table, by name.
const PARTS: [(&str, fn()); 7] = [
    ("receive", receive::print),
    ("serve", serve::print),
    ("held", held::print),
    ("screen", screen::print),
    ("rest", rest::print),
    ("frame", frame::print),
    ("size", size::print),
];

fn main() -> ExitCode {
    // Whoever runs it as a benchmark says so.
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["beside", "poll"] => return ended(beside::poll()),
        ["beside", "threads"] => return ended(beside::threads()),
        ["beside", "recv", address] => return ended(beside::recv(address)),
        ["beside", "screen"] => return ended(beside::screen()),
        _ => {}
    }
    let known = |name: &&String| *name == "build" || PARTS.iter().any(|(part, _)| part == *name);
    if let Some(unknown) = args.iter().find(|name| !known(name)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        eprintln!("no part {unknown}: {}, build", names.join(", "));
        return ExitCode::from(2);
    }
    sockyard::run::raise_descriptor_limit();
    table::head();
    for (name, print) in PARTS {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            print();
        }
    }
    if args.iter().any(|arg| arg == "build") {
        size::print_build();
    }
    ExitCode::SUCCESS
}

/// How what stands beside it has ended: mostly it is killed before.
fn ended(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
