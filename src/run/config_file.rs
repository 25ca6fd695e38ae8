//! The config file: where it is, what it says, and what is wrong with it.
//!
//! It has no grammar of its own beside TOML. Each key is an argument of [`Keys`], and its value is judged by the same
//! parser as the flag's, so that file and command line cannot disagree. What a file says becomes the default of every
//! flag with that id ([`Preset::apply`]): a flag beats the file, the file beats the built-in default.

use std::error::Error as _;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser};
use etcetera::BaseStrategy as _;
use toml::de::{DeTable, DeValue};

use super::flags::{Flags, PlayDefaults, ScriptDefaults, address};
use crate::app::Settings;
use crate::model::save::path_text;
use crate::model::{Address, glyph};

/// The variable that names a config file.
pub const VARIABLE: &str = "SOCKYARD_CONFIG";
/// The file in the directory for configurations.
const USUAL: &str = "sockyard/config.toml";
/// The largest file that is read: one with every key has a few thousand bytes.
const LARGEST: u64 = 1 << 20;

/// So many faults of a file are told at most: this is no config file.
pub const MOST_FAULTS: usize = 50;

/// Every key of the file. This is never a command line: its arguments stand for keys, the id of each is its name.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct Keys {
    /// Where both ends are without a flag.
    #[command(flatten)]
    pub addresses: Addresses,
    /// What has a flag of the playground too.
    #[command(flatten)]
    pub flags: Flags,
    /// The section `[script]`.
    #[command(flatten)]
    pub script: ScriptDefaults,
    /// The section `[play]`.
    #[command(flatten)]
    pub play: PlayDefaults,
}

/// What the fields for addresses hold at the start. The flags `--connect` and `--serve` say more: to do it at once.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Addresses {
    /// Where a client connects to unless it is told otherwise
    #[arg(long, value_name = "HOST:PORT", default_value_t = Settings::default().connect, value_parser = address)]
    pub connect: Address,

    /// The address that the server binds to unless it is told otherwise; 127.0.0.1 is for this machine alone
    #[arg(long, value_name = "HOST", default_value_t = Settings::default().bind, value_parser = host)]
    pub bind: String,

    /// The port that the server binds to unless it is told otherwise; 0 lets the kernel choose
    #[arg(long, value_name = "PORT", default_value_t = Settings::default().port)]
    pub port: u16,
}

impl Default for Keys {
    /// What holds without a file.
    fn default() -> Self {
        // All of it has a default, so that nothing can be missing.
        Self::parse_from::<[&str; 0], _>([])
    }
}

impl Keys {
    /// The keys as arguments; each is written `--KEY=VALUE`.
    #[must_use]
    pub fn arguments() -> clap::Command {
        Self::command().mut_args(|arg| {
            let key = arg.get_id().to_string();
            arg.long(key)
        })
    }
}

fn host(text: &str) -> Result<String, String> {
    let bare = crate::app::client::bare(text);
    if bare.is_empty() || bare.contains(char::is_whitespace) {
        return Err("write an address without a port, as in 127.0.0.1, 0.0.0.0 or ::1".to_owned());
    }
    Ok(bare.to_owned())
}

/// What sort of TOML value a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Text in quotes.
    String,
}

impl Sort {
    /// What `key` takes.
    #[must_use]
    pub fn of(key: &Arg) -> Self {
        use std::any::TypeId;
        let parsed = key.get_value_parser().type_id();
        let integers = [
            TypeId::of::<u16>(),
            TypeId::of::<i32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
        ];
        if parsed == TypeId::of::<bool>() {
            Self::Boolean
        } else if integers.into_iter().any(|integer| parsed == integer) {
            Self::Integer
        } else {
            Self::String
        }
    }

    /// `value` as it would stand behind a flag, if it is of this sort.
    fn text(self, value: &DeValue<'_>) -> Option<String> {
        match (self, value) {
            (Self::Boolean, DeValue::Boolean(value)) => Some(value.to_string()),
            (Self::Integer, DeValue::Integer(value)) => {
                let number = i128::from_str_radix(value.as_str(), value.radix());
                // One that is too long for this is out of range whatever its exact value.
                Some(number.map_or_else(|_| value.to_string(), |number| number.to_string()))
            }
            (Self::String, DeValue::String(value)) => Some(value.to_string()),
            (Self::Boolean | Self::Integer | Self::String, _) => None,
        }
    }

    /// A value as a flag takes it, written as the file takes it.
    #[must_use]
    pub fn written(self, value: &str) -> String {
        match self {
            Self::Boolean | Self::Integer => value.to_owned(),
            Self::String => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }
}

/// What a file says: some of the keys, each with its value as a flag takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preset {
    values: Vec<(String, String)>,
}

impl Preset {
    /// `command` with what the file says as the defaults of its flags, and of its subcommands' flags. That it goes by the
    /// ids of [`Keys`] makes it hold for whatever subcommand has such a flag; the addresses are no flags.
    #[must_use]
    pub fn apply(&self, command: clap::Command) -> clap::Command {
        let addresses = Addresses::augment_args(clap::Command::default());
        let is_address = |key: &str| addresses.get_arguments().any(|arg| arg.get_id() == key);
        let mut set = |arg: Arg| {
            let is_set = |(key, _): &&(String, String)| arg.get_id() == key && !is_address(key);
            match self.values.iter().find(is_set) {
                Some((_, value)) => arg.default_value(value.clone()),
                None => arg,
            }
        };
        command
            .mut_args(&mut set)
            .mut_subcommands(|subcommand| self.apply(subcommand))
    }

    /// Every key: what the file says, and for the rest the built-in defaults.
    ///
    /// # Errors
    /// None that [`parse`] has not found already.
    pub fn keys(&self) -> Result<Keys, clap::Error> {
        let flags = self.values.iter();
        let flags = flags.map(|(key, value)| format!("--{key}={value}"));
        let matches = Keys::arguments().try_get_matches_from(flags)?;
        Keys::from_arg_matches(&matches)
    }
}

/// What is wrong with a config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    path: PathBuf,
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, counted from 1; none if it is about the whole file.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub why: String,
}

impl fmt::Display for Faults {
    /// A line for each, `PATH:LINE: WHY`, as editors know to find.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Fault { line, why } in &self.faults {
            let path = path_text(&self.path);
            // The file's own words may stand in it.
            let why = glyph::plain(why);
            match line {
                Some(line) => writeln!(f, "{path}:{line}: {why}")?,
                None => writeln!(f, "{path}: {why}")?,
            }
        }
        Ok(())
    }
}

/// Where the config file is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Whether it was named on the command line, so that it has to exist.
    pub named: bool,
}

/// Where the config file is: the one that is `named`, or the one that the environment names, or the usual one. None if
/// this user has no home directory.
#[must_use]
pub fn place(named: Option<&Path>) -> Option<Place> {
    if let Some(path) = named {
        return Some(Place {
            path: path.to_owned(),
            named: true,
        });
    }
    let by_environment = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let usual = || {
        let strategy = etcetera::choose_base_strategy().ok()?;
        Some(strategy.config_dir().join(USUAL))
    };
    Some(Place {
        path: by_environment.map(PathBuf::from).or_else(usual)?,
        named: false,
    })
}

/// Reads the config file, if there is one.
///
/// # Errors
/// What is wrong with it. That there is none is an error only if it is `named`.
pub fn load(named: Option<&Path>) -> Result<Preset, Faults> {
    let Some(place) = place(named) else {
        return Ok(Preset::default());
    };
    let faults = match text(&place.path) {
        Ok(text) => match parse(&text) {
            Ok(preset) => return Ok(preset),
            Err(faults) => faults,
        },
        Err(error) if is_missing(&error) && !place.named => return Ok(Preset::default()),
        Err(error) => vec![Fault {
            line: None,
            why: format!("the config file cannot be read: {error}"),
        }],
    };
    Err(Faults {
        path: place.path,
        faults,
    })
}

/// Whether a file is not there, or cannot be, as what should be its directory is a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text in UTF-8"))
}

/// What the text of a file says.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines, up to [`MOST_FAULTS`].
pub fn parse(text: &str) -> Result<Preset, Vec<Fault>> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![Fault {
            line: Some(line_of(text, at)),
            why: format!("this is no TOML: {}", error.message()),
        }]
    })?;
    let mut reading = Reading {
        text,
        arguments: Keys::arguments(),
        values: Vec::new(),
        faults: Vec::new(),
    };
    reading.table(table.get_ref(), "");
    if reading.faults.is_empty() {
        let values = reading.values;
        Ok(Preset { values })
    } else {
        reading.faults.sort_by_key(|fault| fault.line);
        Err(reading.faults)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

struct Reading<'a> {
    text: &'a str,
    arguments: clap::Command,
    values: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    /// Takes in a table whose keys begin with `prefix`: a section, or the file.
    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        // In the order of the file: the first faults are told, and of the others nothing is looked at.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            if self.faults.len() >= MOST_FAULTS {
                return;
            }
            let name = format!("{prefix}{}", key.get_ref());
            let section = format!("{name}.");
            let done = match value.get_ref() {
                DeValue::Table(table) if self.is_section(&section) => {
                    self.table(table, &section);
                    Ok(())
                }
                DeValue::Table(table) if !table.is_empty() && !self.is_key(&name) => {
                    // Each of its keys is told what it may have been meant to be.
                    self.table(table, &section);
                    Ok(())
                }
                value => self.value(&name, value),
            };
            if let Err(why) = done {
                let line = Some(line_of(self.text, key.span().start));
                self.faults.push(Fault { line, why });
            }
        }
    }

    fn is_section(&self, prefix: &str) -> bool {
        let mut keys = self.arguments.get_arguments();
        keys.any(|key| key.get_id().as_str().starts_with(prefix))
    }

    fn is_key(&self, name: &str) -> bool {
        self.arguments
            .get_arguments()
            .any(|key| key.get_id() == name)
    }

    /// Takes in one key's value, or says why not.
    fn value(&mut self, name: &str, value: &DeValue<'_>) -> Result<(), String> {
        let shown = name.escape_debug();
        let key = self
            .arguments
            .get_arguments()
            .find(|key| key.get_id() == name);
        let Some(key) = key else {
            if self.is_section(&format!("{name}.")) {
                return Err(format!(
                    "\"{shown}\" is a section: write [{name}] and its keys below"
                ));
            }
            return Err(self.unknown(name));
        };
        let sort = Sort::of(key);
        let Some(text) = sort.text(value) else {
            let usual = key.get_default_values().first();
            let usual =
                usual.map_or_else(String::new, |value| value.to_string_lossy().into_owned());
            let takes = match sort {
                Sort::Boolean => "true or false",
                Sort::Integer => "a whole number without quotes",
                Sort::String => "text in quotes",
            };
            return Err(format!(
                "\"{name}\" takes {takes}, as in {name} = {}",
                sort.written(&usual)
            ));
        };
        let judged = self
            .arguments
            .try_get_matches_from_mut([format!("--{name}={text}")]);
        match judged {
            Ok(_) => {
                self.values.push((name.to_owned(), text));
                Ok(())
            }
            Err(error) => {
                let shown = sort.written(&text.escape_debug().to_string());
                Err(format!("{name} = {shown}{}", objection(&error)))
            }
        }
    }

    /// What to say of a key that there is not.
    fn unknown(&mut self, name: &str) -> String {
        let shown = name.escape_debug();
        let error = self
            .arguments
            .try_get_matches_from_mut([format!("--{name}=")]);
        let similar = error.err().and_then(|error| {
            let ContextValue::String(flag) = error.get(ContextKind::SuggestedArg)? else {
                return None;
            };
            Some(flag.trim_start_matches('-').to_owned())
        });
        // Another spelling of a flag is not one of a key.
        let mut keys = self.arguments.get_arguments();
        let alias = keys.find(|key| {
            let aliases = key.get_all_aliases().unwrap_or_default();
            aliases.contains(&name)
        });
        let meant = alias.map(|key| key.get_id().to_string()).or(similar);
        match meant {
            Some(meant) => format!("unknown key \"{shown}\": did you mean \"{meant}\"?"),
            None => {
                format!("unknown key \"{shown}\": \"sockyard config\" prints every key there is")
            }
        }
    }
}

/// Why a parser did not take a value, without the words about flags around it.
fn objection(error: &clap::Error) -> String {
    if let (ErrorKind::InvalidValue, Some(ContextValue::Strings(valid))) =
        (error.kind(), error.get(ContextKind::ValidValue))
    {
        let meant = match error.get(ContextKind::SuggestedValue) {
            Some(ContextValue::String(meant)) => format!(": did you mean \"{meant}\"?"),
            _ => String::new(),
        };
        return format!(" is none of {}{meant}", valid.join(", "));
    }
    match error.source() {
        Some(why) => format!(": {why}"),
        None => ": this makes no sense here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::client::{LineEnding, Receive};
    use crate::model::{Model, Service};
    use crate::run::flags::{Colour, ServerFlags};
    use std::time::Duration;

    fn faults(text: &str) -> Vec<(usize, String)> {
        let faults = parse(text).expect_err("a file that is wrong");
        faults
            .into_iter()
            .map(|fault| (fault.line.expect("a line"), fault.why))
            .collect()
    }

    /// The only fault of a file.
    fn fault(text: &str) -> (usize, String) {
        let mut faults = faults(text);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.remove(0)
    }

    #[test]
    fn without_a_file_everything_is_as_the_app_starts_by_itself() {
        let keys = Keys::default();
        let playground = crate::run::cli::Playground {
            connect: None,
            serve: None,
            play: None,
            pace: keys.play,
            flags: keys.flags.clone(),
        };
        let clock = crate::model::WallClock::default();
        assert_eq!(playground.settings(&keys, clock), Settings::default());
        assert_eq!(keys.script.limit, Duration::from_secs(5));
        assert_eq!(keys.script.total, Duration::from_secs(60));
        assert_eq!(keys.play.pace, Duration::from_secs(1));
    }

    #[test]
    fn every_key_is_read() {
        let preset = parse(
            r#"
            connect = "[::1]:http"
            bind = "0.0.0.0"
            port = 0
            service = "echo-once"
            model = "poll"
            delay = 0x10
            backlog = 1_000
            max_connections = 5
            receive = "by-hand"
            recv_size = 0
            line_ending = "crlf"
            keep = 1024
            ascii = true
            colour = "never"
            [script]
            limit = "250ms"
            total = "2min"
            [play]
            pace = "0s"
            "#,
        );
        let preset = preset.expect("a good file");
        let keys = preset.keys().expect("good values");
        assert_eq!(
            preset.values.len(),
            Keys::arguments().get_arguments().count(),
            "each of them"
        );
        let Keys {
            addresses,
            flags,
            script,
            play,
        } = keys;
        assert_eq!(addresses.connect.to_string(), "[::1]:http");
        assert_eq!((&addresses.bind[..], addresses.port), ("0.0.0.0", 0));
        assert_eq!(
            (flags.server.service, flags.server.model),
            (Service::EchoOnce, Model::Poll)
        );
        assert_eq!((flags.server.delay, flags.server.backlog), (16, 1_000));
        assert_eq!(flags.capacity.max_connections, 5);
        assert_eq!((flags.receive, flags.recv_size), (Receive::ByHand, 0));
        assert_eq!((flags.line_ending, flags.keep), (LineEnding::CrLf, 1_024));
        assert_eq!((flags.ascii, flags.colour), (true, Colour::Never));
        assert_eq!(script.limit, Duration::from_millis(250));
        assert_eq!(script.total, Duration::from_secs(120));
        assert_eq!(play.pace, Duration::ZERO);
    }

    // `serve` too: the flag does something at once.
    #[test]
    fn an_unknown_key_is_named_with_its_line_and_what_it_may_have_been_meant_to_be() {
        let meant = |text| {
            let (line, why) = fault(text);
            assert!(why.starts_with("unknown key \""), "{why}");
            (line, why)
        };
        let (line, why) = meant("# one\n\nservce = \"echo\"\n");
        assert_eq!(line, 3);
        assert!(
            why.ends_with("\"servce\": did you mean \"service\"?"),
            "{why}"
        );
        let (line, why) = meant("[script]\nlimit = \"1s\"\nlimt = \"1s\"");
        assert_eq!(line, 3);
        assert!(why.ends_with("did you mean \"script.limit\"?"), "{why}");
        let (_, why) = meant("[scripts]\ntotal = \"1s\"");
        assert!(why.ends_with("did you mean \"script.total\"?"), "{why}");
        let (_, why) = meant("color = \"auto\"");
        assert!(why.ends_with("did you mean \"colour\"?"), "{why}");
        for text in [
            "[zzz]",
            "xyzzy = 1",
            "\"\" = 1",
            "\"service=echo\" = 1",
            "\"a\\nb\" = 1",
            "serve = \"127.0.0.1:1\"",
            "config = \"x\"",
            "help = true",
        ] {
            let (line, why) = meant(text);
            assert_eq!(line, 1, "{text}");
            assert!(!why.contains('\n'), "{why}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_what_would_be_right() {
        for (text, words) in [
            (
                "service = \"ecko\"",
                "service = \"ecko\" is none of echo, echo-once, ok, hello, http, discard, daytime, chat, close, manual: did you mean \"echo\"?",
            ),
            (
                "service = 5",
                "\"service\" takes text in quotes, as in service = \"echo\"",
            ),
            ("service = [\"echo\"]", "takes text in quotes"),
            (
                "port = \"80\"",
                "\"port\" takes a whole number without quotes, as in port = 8888",
            ),
            ("port = 80.5", "whole number"),
            ("port = 70000", "port = 70000: 70000 is not in 0..=65535"),
            ("port = -1", "0..=65535"),
            ("delay = 600001", "0..=600000"),
            ("keep = 0", "1..=1024"),
            ("backlog = -1", "backlog = -1"),
            (
                "backlog = 99999999999999999999999999999999999999999999",
                "backlog = 9999",
            ),
            ("recv_size = 1048577", "0..=1048576"),
            ("max_connections = 0", "1..=1000000"),
            (
                "ascii = \"yes\"",
                "\"ascii\" takes true or false, as in ascii = false",
            ),
            ("ascii = 1", "true or false"),
            ("connect = \"nohost\"", "write HOST:PORT"),
            ("bind = \"\"", "without a port"),
            ("script.limit = \"5\"", "250ms, 5s or 2min"),
            ("script = 5", "\"script\" is a section: write [script]"),
            ("[[script]]\nlimit = \"1s\"", "\"script\" is a section"),
            ("[service]\nx = 1", "takes text in quotes"),
        ] {
            let (line, why) = fault(text);
            assert_eq!(line, 1, "{text}");
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        for (text, line) in [
            ("service = echo", 1),
            ("port = 1\nport = 2", 2),
            ("\n\n[script", 3),
            ("keep = 1\nservice = \"echo", 2),
        ] {
            let (at, why) = fault(text);
            assert!(why.starts_with("this is no TOML: "), "{why}");
            assert_eq!(at, line, "{text}: {why}");
        }
    }

    #[test]
    fn all_faults_are_told_in_the_order_of_the_lines() {
        let lines: Vec<usize> = faults("zz = 1\nport = \"\"\naa = 1\n[script]\nlimit = 1\n")
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [1, 2, 3, 5]);
        let faults = Faults {
            path: "/home/x/.config/sockyard/config.toml".into(),
            faults: parse("\n\nservce = 1").expect_err("wrong"),
        };
        assert_eq!(
            faults.to_string(),
            "/home/x/.config/sockyard/config.toml:3: unknown key \"servce\": did you mean \"service\"?\n"
        );
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "\n# service = \"ecko\"\n", "[script]\n[play]\n"] {
            assert_eq!(parse(text), Ok(Preset::default()), "{text:?}");
        }
    }

    #[test]
    fn a_flag_of_a_subcommand_with_the_id_of_a_key_has_the_default_from_the_file() {
        let run = ScriptDefaults::augment_args(clap::Command::new("run"));
        let serve = ServerFlags::augment_args(clap::Command::new("serve"));
        let connect = Arg::new("connect").long("connect");
        let command = clap::Command::new("x")
            .arg(connect)
            .subcommands([run, serve]);
        let preset = parse("connect = \"a:1\"\nservice = \"ok\"\nscript.limit = \"9s\"");
        let mut command = preset.expect("a good file").apply(command);
        let mut matches = |args: &[&str]| {
            let args = [&["x"], args].concat();
            command
                .try_get_matches_from_mut(args)
                .expect("good arguments")
        };
        let run = |matches: &clap::ArgMatches| {
            let run = matches.subcommand_matches("run").expect("run");
            let script = ScriptDefaults::from_arg_matches(run).expect("all there");
            (script.limit.as_secs(), script.total.as_secs())
        };
        assert_eq!(run(&matches(&["run"])), (9, 60));
        assert_eq!(run(&matches(&["run", "--limit", "1s"])), (1, 60));
        let serve = matches(&["serve"]);
        let serve = serve.subcommand_matches("serve").expect("serve");
        let flags = ServerFlags::from_arg_matches(serve).expect("all there");
        assert_eq!(flags.service, Service::Ok);
        assert!(
            !matches(&[]).contains_id("connect"),
            "it would connect at once"
        );
    }
}
