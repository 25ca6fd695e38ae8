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
//! | [`report`], [`script_report`] | how calls and scripts are printed; [`json`] is their other form, [`printer`] is where |
//!
//! # What a stranger cannot do
//!
//! Nothing that a peer sends, and nothing that a program under test prints, writes a file, runs a program or acts on the
//! terminal. The argument has three parts, and each rests on there being one door; `tests/reach.rs` holds the source against
//! that, and `tests/terminal/hostile.rs` and `strangers.rs` try the doors.
//!
//! **A file** is written by [`save_file`] alone, for a [`crate::model::SaveOrder`]. Its path is what a person has typed or a
//! script's line says, or one of the names that the save prompt offers, which are constants: bytes that were received are
//! what a file holds, never what it is called. An existing one is replaced after a yes, or where the line itself says
//! `--replace`.
//!
//! **A program** is run by [`program`] alone, and it is what `--spawn` says: no line of a script has words for one, and none
//! is looked up for a peer. The variables that it is given hold an address of our own server.
//!
//! **The terminal** hears of the playground by way of [`crate::ui`], which draws each text through `Painter::put`; of what is
//! printed by way of [`report`], [`json`] and [`output`], and of a panic by way of [`output`] too. All four let plain characters
//! pass ([`crate::model::glyph`]) and make escapes of the rest, so that it does not matter where words come from or who forgot
//! about them. What is beside that are constants of [`terminal`], and OSC 52 with what a person asks to be copied, which is
//! base64. What `config`, `completions` and `man` print is our own; `config --path` prints a path as it is, for a program to
//! read.

pub mod cli;
pub mod completions;
pub mod config;
pub mod config_file;
pub mod exit;
pub mod flags;
pub mod hands;
pub mod input;
pub mod json;
pub mod man;
pub mod manual;
pub mod output;
pub mod printer;
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

use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::script::Script;
use crate::model::WallClock;
use crate::model::save::path_text;
use cli::{Command, Playground, Refused};
use config_file::Keys;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    output::complain_of_panics();
    // Without it whoever writes too much is ended, as any program is.
    let _ = signals::outlive_size_limit();
    if let Some(status) = program::launch(std::env::args_os()) {
        return ExitCode::from(status);
    }
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
    done.unwrap_or_else(|error| failed(&error))
}

/// Says why something could not be done.
fn failed(error: &anyhow::Error) -> ExitCode {
    say(&format!("{error:#}"));
    ExitCode::from(exit::FAILED)
}

/// Says why nothing is done, or gives the help that was asked for.
fn tell(refused: &Refused) -> ExitCode {
    match refused {
        Refused::CommandLine(error) => {
            let text = error.render().to_string();
            if error.exit_code() != 0 {
                output::complain(text.trim_end());
                return ExitCode::from(exit::USAGE);
            }
            output::help(&text)
        }
        Refused::Config(faults) => {
            output::complain(faults.to_string().trim_end());
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Opens the playground. It alone needs a terminal.
fn play(playground: &Playground, keys: &Keys) -> anyhow::Result<ExitCode> {
    let script = match playground.play.as_deref().map(script_to_watch).transpose() {
        Ok(script) => script,
        Err(why) => {
            output::complain(&why);
            return Ok(ExitCode::from(exit::USAGE));
        }
    };
    if !terminal::is_there() {
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

/// Says something on standard error.
fn say(text: &str) {
    output::complain(&format!("sockyard: {text}"));
}

/// Takes as many descriptors as the system grants without asking: each connection needs one, and the usual 1,024 would
/// end a class's experiment early.
pub fn raise_descriptor_limit() {
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
    let time = Timestamp::now().to_zoned_datetime(time_zone()).time();
    let seconds = [time.hour(), time.minute(), time.second()]
        .into_iter()
        .fold(0, |sum, part| sum * 60 + u64::from(part.unsigned_abs()));
    let micros = u64::from(time.subsec_nanosecond().unsigned_abs()) / 1_000;
    WallClock {
        start_of_day_offset: seconds * 1_000_000 + micros,
    }
}

/// The time zone of the system. Unless `TZ` names one it is in `/etc/localtime`, see localtime(5). To find out its name,
/// which nobody asks for, all the folders of time zones would be read first, and that takes as long as the rest of the
/// start.
fn time_zone() -> TimeZone {
    if std::env::var_os("TZ").is_none()
        && let Ok(file) = std::fs::read("/etc/localtime")
        && let Ok(zone) = TimeZone::tzif("local", &file)
    {
        return zone;
    }
    TimeZone::system()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_zone_is_that_of_the_system_whatever_its_name() {
        let now = Timestamp::now();
        let offset = |zone: TimeZone| zone.to_offset(now);
        assert_eq!(offset(time_zone()), offset(TimeZone::system()));
    }
}
