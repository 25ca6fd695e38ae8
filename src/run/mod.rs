//! The shell around the core: command line, terminal, threads that listen to the person and to signals, and the loop.
//!
//! Nothing depends on this layer. [`main`] is the program; [`shell`] is the loop that joins the layers.
//!
//! | file | what it owns |
//! |---|---|
//! | [`cli`], [`flags`], [`config_file`] | what the program is told: the command line, and the defaults from a file |
//! | [`config`], [`completions`], [`man`] | the commands of these names; [`output`] is where they print |
//! | [`manual`], [`exit`] | what `--help` and the manual page tell beside the options |
//! | [`shell`], [`input`], [`signals`], [`terminal`] | the playground's loop, and what it listens and draws to |
//! | [`hands`] | what carries out effects: the sockets and the files, for every loop |
//! | [`saver`], [`save_file`] | the thread that writes files |
//! | [`script`], [`script_file`], [`program`] | scripts without a terminal, and the program that they test |
//! | [`serve`] | the server without a terminal |
//! | [`report`], [`script_report`] | how calls and scripts are printed |

pub mod cli;
pub mod completions;
pub mod config;
pub mod config_file;
pub mod exit;
pub mod flags;
pub mod hands;
pub mod input;
pub mod man;
pub mod manual;
pub mod output;
pub mod program;
pub mod report;
pub mod save_file;
pub mod saver;
pub mod script;
pub mod script_file;
pub mod script_report;
pub mod serve;
pub mod shell;
pub mod signals;
pub mod terminal;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::app::script::Script;
use crate::model::WallClock;
use crate::model::save::path_text;
use cli::{Command, Playground, Refused};
use config_file::Keys;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let (cli, keys) = match cli::read(std::env::args_os()) {
        Ok(read) => read,
        Err(refused) => return tell(&refused),
    };
    let done = match &cli.command {
        None => play(&cli.playground, &keys),
        Some(Command::Config(args)) => config::config(args, cli.config.as_deref()),
        Some(Command::Completions(args)) => completions::completions(args),
        Some(Command::Man) => man::man(),
        Some(Command::Run(args)) => {
            raise_descriptor_limit();
            script::run(args, wall_clock())
        }
        Some(Command::Check(args)) => script::check(args),
        Some(Command::Serve(args)) => {
            raise_descriptor_limit();
            serve::serve(args, &keys, wall_clock())
        }
    };
    done.unwrap_or_else(|error| {
        say(&format!("{error:#}"));
        ExitCode::from(exit::FAILED)
    })
}

/// Says why nothing is done, or gives the help that was asked for.
fn tell(refused: &Refused) -> ExitCode {
    match refused {
        Refused::CommandLine(error) => {
            // If neither output is there any more, there is nobody to tell.
            let _ = error.print();
            let is_help = !error.use_stderr();
            ExitCode::from(if is_help { 0 } else { exit::USAGE })
        }
        Refused::Config(faults) => {
            let _ = write!(std::io::stderr(), "{faults}");
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Opens the playground. It alone needs a terminal.
fn play(playground: &Playground, keys: &Keys) -> anyhow::Result<ExitCode> {
    let script = match playground.play.as_deref().map(script_to_watch).transpose() {
        Ok(script) => script,
        Err(why) => {
            // With nobody to read it, the status tells all the same.
            let _ = writeln!(std::io::stderr(), "{why}");
            return Ok(ExitCode::from(exit::USAGE));
        }
    };
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        say(
            "needs a terminal on its standard input and output, and one of them is none.\n\
             Run it in a terminal window, without pipes and redirections.",
        );
        return Ok(ExitCode::from(exit::USAGE));
    }
    raise_descriptor_limit();
    Ok(match shell::run(playground, keys, script, wall_clock())? {
        shell::Ending::Quit => ExitCode::SUCCESS,
        shell::Ending::Signal(number) => exit::signal(number),
    })
}

/// Reads a script that is to be played in the playground.
fn script_to_watch(path: &Path) -> Result<Script, String> {
    script_file::may_be_watched(path)
        .map_err(|why| format!("sockyard: {}: {why}", path_text(path)))?;
    let script = script::read(path).map_err(|refused| refused.lines)?;
    match script.cannot_be_watched() {
        Some(why) => Err(format!("sockyard: {why}")),
        None => Ok(script),
    }
}

/// Says something on standard error; if that is gone too, there is nobody to say it to.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "sockyard: {text}");
}

/// Takes as many descriptors as the system grants without asking: each connection needs one, and the usual 1,024 would
/// end a class's experiment early.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where that is not allowed the usual limit stands, and EMFILE is explained when it comes.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// The time of day here and now.
fn wall_clock() -> WallClock {
    let time = jiff::ZonedDateTime::now().time();
    let seconds = [time.hour(), time.minute(), time.second()]
        .into_iter()
        .fold(0, |sum, part| sum * 60 + u64::from(part.unsigned_abs()));
    let micros = u64::from(time.subsec_nanosecond().unsigned_abs()) / 1_000;
    WallClock {
        start_of_day_offset: seconds * 1_000_000 + micros,
    }
}
