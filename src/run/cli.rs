//! The command line: what can be said on it, and how what the config file says goes along.
//!
//! [`read`] is the way in. The flags that the file has keys for are in [`super::flags`].

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};

use super::completions::Completions;
use super::config::Config;
use super::config_file::{self, Faults, Keys, Preset};
use super::flags::{Flags, PlayDefaults, address};
use super::manual;
use super::script::{Check, Run};
use super::serve::Serve;
use crate::app::Settings;
use crate::app::client::Receive;
use crate::model::{Address, WallClock};

/// What can be said on the command line.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "sockyard",
    version,
    about = "A terminal playground for sockets: make the calls by hand and watch both ends.",
    subcommand_help_heading = "Commands",
    subcommand_value_name = "COMMAND",
    after_help = format!("{}\nMore with --help.", manual::BEGINNING),
    after_long_help = manual::long_help(),
)]
pub struct Cli {
    /// What to do instead of opening the playground.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// What the playground is told.
    #[command(flatten)]
    pub playground: Playground,

    /// Read this config file instead of the usual one
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}

/// The id of the option that names a config file.
const CONFIG: &str = "config";

/// What can be done without the playground.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run a script without a terminal: print its calls, and say whether all that it expects came about
    Run(Run),
    /// Read a script without running it, and name each line that makes no sense
    Check(Check),
    /// Serve without a terminal and print the calls, until it is told to stop
    Serve(Serve),
    /// Print a config file with every key, its default and what it does
    Config(Config),
    /// Print a script that completes options and their values in a shell
    Completions(Completions),
    /// Print the manual page; `sockyard man | man -l -` shows it
    Man,
}

impl Command {
    /// Whether it heeds what the config file says; otherwise it works although the file is wrong.
    const fn heeds_config(&self) -> bool {
        match self {
            Self::Run(_) | Self::Serve(_) => true,
            Self::Check(_) | Self::Config(_) | Self::Completions(_) | Self::Man => false,
        }
    }
}

/// What the playground is told.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Playground {
    /// Connect the client to this address at the start
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub connect: Option<Address>,

    /// Start the server on this address at the start; port 0 lets the kernel choose
    #[arg(long, value_name = "HOST:PORT", value_parser = serve_address)]
    pub serve: Option<ServeAddress>,

    /// Play this script, a step at a time (Space) or at a pace (p)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["connect", "serve"])]
    pub play: Option<PathBuf>,

    /// How a script is played.
    #[command(flatten)]
    pub pace: PlayDefaults,

    /// What the config file can set too.
    #[command(flatten)]
    pub flags: Flags,
}

/// Where the server is to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeAddress {
    /// The address to bind to.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Playground {
    /// The settings that the app starts with: what a flag says comes before what the file says.
    #[must_use]
    pub fn settings(&self, keys: &Keys, clock: WallClock) -> Settings {
        let flags = &self.flags;
        let mut settings = Settings {
            connect: keys.addresses.connect.clone(),
            bind: keys.addresses.bind.clone(),
            port: keys.addresses.port,
            backlog: flags.server.backlog,
            offer: flags.server.offer(),
            // A script says what is received, and when.
            receive: match self.play {
                Some(_) => Receive::ByHand,
                None => flags.receive,
            },
            recv_size: flags.recv_size,
            line_ending: flags.line_ending,
            keep: flags.kept_bytes(),
            limits: keys.script.limits(),
            pace: self.pace.pace,
            clock,
        };
        if let Some(serve) = &self.serve {
            settings.bind.clone_from(&serve.host);
            settings.port = serve.port;
            // Whoever starts a server here most likely wants to talk to it.
            settings.connect.port = serve.port.to_string();
            if serve
                .host
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
            {
                settings.connect.host.clone_from(&serve.host);
            }
        }
        if let Some(connect) = &self.connect {
            settings.connect = connect.clone();
        }
        settings
    }
}

/// Why there is nothing to be done.
#[derive(Debug)]
pub enum Refused {
    /// The command line is wrong, or asks only for help or the version.
    CommandLine(clap::Error),
    /// The config file is wrong.
    Config(Faults),
}

impl From<clap::Error> for Refused {
    fn from(error: clap::Error) -> Self {
        Self::CommandLine(error)
    }
}

impl From<Faults> for Refused {
    fn from(faults: Faults) -> Self {
        Self::Config(faults)
    }
}

/// Reads the command line `args`, whose first is the program's name, and the config file. Flags that were not given have
/// what the file says.
///
/// # Errors
/// What is wrong with one of them, or the help that was asked for.
pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<(Cli, Keys), Refused> {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = parse(&args, &Preset::default())?;
    if cli.command.as_ref().is_some_and(|c| !c.heeds_config()) {
        return Ok((cli, Keys::default()));
    }
    let preset = config_file::load(cli.config.as_deref())?;
    let keys = preset.keys()?;
    Ok((parse(&args, &preset)?, keys))
}

fn parse(args: &[OsString], preset: &Preset) -> Result<Cli, clap::Error> {
    let mut command = preset.apply(Cli::command());
    let matches = command.try_get_matches_from_mut(args)?;
    if let Some(subcommand) = matches.subcommand_name() {
        // One that stands before the subcommand would do nothing.
        let lost = command.get_arguments().find(|arg| {
            arg.get_id() != CONFIG
                && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
        });
        if let Some(option) = lost.and_then(clap::Arg::get_long) {
            let why = format!(
                "--{option} before \"{subcommand}\" is for the playground: write the options of \"{subcommand}\" behind it"
            );
            return Err(command.error(ErrorKind::ArgumentConflict, why));
        }
    }
    Cli::from_arg_matches(&matches)
}

/// Takes `HOST:PORT` with a number for the port.
///
/// # Errors
/// What to write instead.
pub fn serve_address(text: &str) -> Result<ServeAddress, String> {
    let Address { host, port } = address(text)?;
    let port = port.parse().map_err(|_| {
        format!("\"{port}\" is no port to listen on: give a number from 0 to 65535")
    })?;
    Ok(ServeAddress { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Model, Service};

    fn parsed(args: &[&str], file: &str) -> Result<Cli, String> {
        let args = [&["sockyard"], args].concat();
        let args: Vec<OsString> = args.into_iter().map(OsString::from).collect();
        let preset = config_file::parse(file).expect("a good file");
        parse(&args, &preset).map_err(|error| error.to_string())
    }

    fn playground(args: &[&str]) -> Result<Playground, String> {
        parsed(args, "").map(|cli| cli.playground)
    }

    fn settings(args: &[&str], file: &str) -> Settings {
        let cli = parsed(args, file).expect("good arguments");
        let preset = config_file::parse(file).expect("a good file");
        let keys = preset.keys().expect("good values");
        cli.playground.settings(&keys, WallClock::default())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn addresses_are_taken_apart() {
        let cli = playground(&[
            "--connect",
            "[::1]:http",
            "--serve",
            "0.0.0.0:0",
            "--service",
            "hello",
        ]);
        let cli = cli.expect("good arguments");
        let connect = Address {
            host: "::1".into(),
            port: "http".into(),
        };
        assert_eq!(cli.connect, Some(connect));
        assert_eq!(
            cli.serve,
            Some(ServeAddress {
                host: "0.0.0.0".into(),
                port: 0
            })
        );
        assert_eq!(cli.flags.server.service, Service::Hello);
    }

    #[test]
    fn a_server_on_another_port_is_what_the_client_connects_to() {
        let settings = settings(&["--serve", "127.0.0.2:9999"], "");
        assert_eq!(settings.connect.to_string(), "127.0.0.2:9999");
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file = "service = \"ok\"\nmodel = \"poll\"\nport = 7\nconnect = \"a:1\"\nascii = true\nbacklog = 5";
        let both = settings(&["--model", "serial", "--backlog=9"], file);
        assert_eq!(both.offer.service, Service::Ok);
        assert_eq!(both.offer.model, Model::Serial);
        assert_eq!(both.backlog, 9);
        assert_eq!((both.port, &both.bind[..]), (7, "127.0.0.1"));
        assert_eq!(both.connect.to_string(), "a:1");
        let serve = settings(&["--serve", "[::1]:3", "--connect", "b:2"], file);
        assert_eq!((serve.port, &serve.bind[..]), (3, "::1"));
        assert_eq!(serve.connect.to_string(), "b:2");
        for (args, ascii) in [
            (&[][..], true),
            (&["--ascii"], true),
            (&["--ascii=false"], false),
        ] {
            let cli = parsed(args, file).expect("good arguments");
            assert_eq!(cli.playground.flags.ascii, ascii, "{args:?}");
            assert_eq!(cli.playground.connect, None, "not at once");
        }
    }

    #[test]
    fn bad_arguments_say_what_is_wrong_and_what_is_allowed() {
        let error = |args: &[&str]| playground(args).expect_err("bad arguments");
        assert!(error(&["--connect", "nohost"]).contains("write HOST:PORT"));
        assert!(error(&["--serve", "127.0.0.1:http"]).contains("number from 0 to 65535"));
        assert!(error(&["--serve", "127.0.0.1:70000"]).contains("up to 65535"));
        let services = error(&["--service", "ecko"]);
        assert!(
            services.contains("echo, echo-once, ok, hello"),
            "{services}"
        );
        assert!(error(&["--keep", "0"]).contains("1..=1024"));
        assert!(error(&["--port"]).contains("--port"));
        assert!(error(&["--backlog", "-1"]).contains("-1"));
        assert!(error(&["--recv-size", "1048577"]).contains("0..=1048576"));
        assert!(error(&["--max-connections", "0"]).contains("1..=1000000"));
    }

    #[test]
    fn an_option_of_the_playground_in_front_of_a_command_is_not_lost_in_silence() {
        let error = parsed(&["--service", "hello", "config"], "").expect_err("a misplaced option");
        assert!(error.contains("--service before \"config\""), "{error}");
        // What the file says was not typed.
        let cli = parsed(&["--config", "x", "config"], "service = \"ok\"");
        assert_eq!(cli.expect("good arguments").config, Some("x".into()));
        let behind = parsed(&["config", "--config", "x"], "");
        assert_eq!(behind.expect("good arguments").config, Some("x".into()));
    }
}
