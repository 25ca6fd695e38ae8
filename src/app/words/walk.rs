//! The way through the words behind a verb, as clap would go it: what is given, what comes next, what can stand there.

use clap::{Arg, Command};

use super::complete::{Candidate, NEXT_CLIENT, There};
use super::token::{Token, quote_message, quote_text, unquote};
use super::usage::{Part, takes_value, value_name};
use crate::app::client::split_address;
use crate::model::SocketOption;
use crate::model::option::ValueKind;

/// A way through the words behind a verb.
#[derive(Clone)]
pub(super) struct Walk<'a> {
    /// The verb, as clap has it.
    pub(super) command: &'a Command,
    /// What they give, each once.
    pub(super) given: Vec<&'a Arg>,
    /// What stands for some of them.
    values: Vec<(&'a Arg, String)>,
    /// The option whose value comes next.
    pub(super) pending: Option<&'a Arg>,
    /// What words behind the cursor give.
    behind: Vec<&'a Arg>,
    /// Whether a -- says that no option follows.
    no_options: bool,
}

impl<'a> Walk<'a> {
    /// Through these words; others stand behind the cursor.
    pub(super) fn of(command: &'a Command, words: &[Token], behind: &[Token]) -> Self {
        let mut walk = Self {
            command,
            given: Vec::new(),
            values: Vec::new(),
            pending: None,
            behind: Vec::new(),
            no_options: false,
        };
        for word in words {
            walk.pass(&word.raw);
        }
        let mut on = walk.clone();
        for word in behind {
            on.pass(&word.raw);
        }
        walk.behind = on.given.split_off(walk.given.len());
        walk
    }

    fn pass(&mut self, word: &str) {
        if let Some(option) = self.pending.take() {
            self.take(option, word);
        } else if word == "--" && !self.no_options {
            self.no_options = true;
        } else if self.is_option(word) {
            let Some(option) = self.option(word) else {
                return;
            };
            match word.split_once('=') {
                Some((_, value)) => self.take(option, value),
                None if takes_value(option) => self.pending = Some(option),
                None => drop(self.give(option)),
            }
        } else if let Some(positional) = self.positional() {
            self.take(positional, word);
        }
    }

    fn take(&mut self, arg: &'a Arg, value: &str) {
        if self.give(arg) {
            self.values.push((arg, value.to_owned()));
        }
    }

    /// Whether it was not given before. Each is kept once: a line has room for one option twenty thousand times.
    fn give(&mut self, arg: &'a Arg) -> bool {
        let is_new = !self.is_given(arg);
        if is_new {
            self.given.push(arg);
        }
        is_new
    }

    /// Whether a word is read as an option.
    fn is_option(&self, word: &str) -> bool {
        let mut chars = word.chars();
        let is_dashed = chars.next() == Some('-');
        let is_negative = chars.next().is_some_and(|c| c.is_ascii_digit())
            && self
                .positional()
                .is_some_and(Arg::is_allow_negative_numbers_set);
        is_dashed && word.len() > 1 && !self.no_options && !is_negative
    }

    /// The option that a word names.
    fn option(&self, word: &str) -> Option<&'a Arg> {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        self.command.get_arguments().find(|arg| names(arg, name))
    }

    /// What stands at the next place.
    fn positional(&self) -> Option<&'a Arg> {
        self.command
            .get_positionals()
            .find(|arg| !self.is_given(arg) && !self.is_excluded(arg))
    }

    fn is_given(&self, arg: &Arg) -> bool {
        self.given
            .iter()
            .any(|given| given.get_id() == arg.get_id())
    }

    /// Whether something that is given leaves no place for it.
    fn is_excluded(&self, arg: &Arg) -> bool {
        let mut begun = self.given.iter().chain(&self.pending);
        begun.any(|given| self.meets(arg, given))
    }

    /// Whether only one of the two has a place in a line.
    fn meets(&self, arg: &Arg, other: &Arg) -> bool {
        let excludes = |arg: &Arg, other: &Arg| {
            let mut conflicts = self.command.get_arg_conflicts_with(arg).into_iter();
            conflicts.any(|conflict| conflict.get_id() == other.get_id())
        };
        arg.get_id() == other.get_id()
            || excludes(arg, other)
            || excludes(other, arg)
            || self.is_alternative(arg, other)
    }

    /// Whether one of the two is enough: of a group that is needed, one is.
    fn is_alternative(&self, arg: &Arg, given: &Arg) -> bool {
        self.command.get_groups().any(|group| {
            let has = |arg: &Arg| group.get_args().any(|member| member == arg.get_id());
            group.is_required_set() && has(arg) && has(given) && arg.get_id() != given.get_id()
        })
    }

    /// What is being typed, or comes next.
    pub(super) fn now(&self, typed: &str) -> Option<&'a Arg> {
        match self.pending {
            Some(option) => Some(option),
            None if self.is_option(typed) => self.option(typed),
            None => self.positional(),
        }
    }

    fn value_of(&self, name: &str) -> Option<&str> {
        let mut values = self.values.iter();
        let found = values.find(|(arg, _)| value_name(arg) == Some(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a line without more lacks this part.
    pub(super) fn is_missing(&self, part: &Part) -> bool {
        let is_given = |id: &String| self.given.iter().any(|arg| arg.get_id() == id);
        let has_port = part.arguments.iter().any(|id| id == "port")
            && self.value_of("HOST").and_then(split_address).is_some();
        part.needed && !part.arguments.iter().any(is_given) && !has_port
    }

    /// What can stand at the cursor, and whether nothing else can.
    pub(super) fn candidates(&self, typed: &str, there: &There) -> (Vec<Candidate>, bool) {
        if let Some(option) = self.pending {
            let (values, is_closed) = self.values_for(option, there);
            return (fitting(values, typed), is_closed);
        }
        if let Some((name, value)) = typed.split_once('=')
            && self.is_option(typed)
            && let Some(option) = self.option(name)
        {
            let (values, is_closed) = self.values_for(option, there);
            let values = fitting(values, value).into_iter();
            let values =
                values.map(|found| Candidate::new(format!("{name}={}", found.text), found.about));
            return (values.collect(), is_closed);
        }
        let options = self.options();
        if self.is_option(typed) || typed == "-" {
            return (matching(options, typed), true);
        }
        let Some(positional) = self.positional() else {
            let all = if typed.is_empty() {
                options
            } else {
                Vec::new()
            };
            return (all, true);
        };
        let (values, is_closed) = self.values_for(positional, there);
        let mut all = fitting(values, typed);
        if typed.is_empty() {
            all.extend(options);
        }
        (all, is_closed)
    }

    /// The options that can still be given.
    fn options(&self) -> Vec<Candidate> {
        if self.no_options {
            return Vec::new();
        }
        self.command
            .get_arguments()
            .filter(|arg| !arg.is_positional() && !self.is_given(arg) && !self.is_excluded(arg))
            .filter(|arg| !self.behind.iter().any(|other| self.meets(arg, other)))
            .map(|arg| {
                let name = match (arg.get_long(), arg.get_short()) {
                    (Some(long), _) => format!("--{long}"),
                    (None, short) => format!("-{}", short.unwrap_or_default()),
                };
                Candidate::new(name, help(arg))
            })
            .collect()
    }

    /// The values that an argument can have, as far as they are known, and whether it can have no other.
    fn values_for(&self, arg: &Arg, there: &There) -> (Vec<Candidate>, bool) {
        let possible = arg.get_possible_values();
        if !possible.is_empty() {
            let values = possible.iter().map(|value| {
                let about = value.get_help().map(ToString::to_string);
                Candidate::new(value.get_name(), about.unwrap_or_default())
            });
            return (values.collect(), true);
        }
        let mut values: Vec<Candidate> = match value_name(arg).unwrap_or_default() {
            "HOST" => there.hosts.clone(),
            "ADDRESS" => {
                let is_numeric = |host: &&Candidate| host.text.parse::<std::net::IpAddr>().is_ok();
                there.hosts.iter().filter(is_numeric).cloned().collect()
            }
            "PORT" | "FIRST" => there.ports.clone(),
            "TEXT" => there.texts.clone(),
            "WHOSE" => {
                let known = there
                    .actors
                    .iter()
                    .filter(|actor| actor.about != NEXT_CLIENT);
                [("all", "everyone's"), ("clients", "those of every client")]
                    .map(|(name, about)| Candidate::new(name, about))
                    .into_iter()
                    .chain(known.cloned())
                    .chain(["server", "ports"].map(|name| Candidate::new(name, "")))
                    .collect()
            }
            "VALUE" => self.option_values(),
            _ => Vec::new(),
        };
        for default in arg.get_default_values() {
            let default = quote_text(&default.to_string_lossy());
            if !values.iter().any(|value| value.text == default) {
                values.push(Candidate::new(default, "unless told otherwise"));
            }
        }
        (values, false)
    }

    /// The values of the socket option that is named before.
    fn option_values(&self) -> Vec<Candidate> {
        let name = self.value_of("OPTION");
        let option = SocketOption::ALL
            .into_iter()
            .find(|option| Some(option.name()) == name);
        let values: &[(&str, &str)] = match option.map(SocketOption::kind) {
            Some(ValueKind::Flag) => &[("on", ""), ("off", "")],
            Some(ValueKind::Linger) => &[
                (
                    "off",
                    "close() returns at once; what is unsent still goes out",
                ),
                ("0", "close() resets the connection"),
            ],
            Some(ValueKind::Number) | None => &[],
        };
        let values = values.iter();
        values
            .map(|(value, about)| Candidate::new(*value, *about))
            .collect()
    }
}

/// The values that begin with what is typed, in quotes if that is.
fn fitting(values: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let Some(inner) = typed.strip_prefix('"') else {
        return matching(values, typed);
    };
    let quoted = values.into_iter().filter_map(|value| {
        let bytes = unquote(&value.text).ok()?;
        let text = quote_message(&bytes);
        text[1..]
            .starts_with(inner)
            .then(|| Candidate::new(text, value.about))
    });
    quoted.collect()
}

/// Whether an option has this name.
fn names(arg: &Arg, name: &str) -> bool {
    let long = name.strip_prefix("--");
    let short = name.strip_prefix('-').and_then(|rest| {
        let mut chars = rest.chars();
        chars.next().filter(|_| chars.next().is_none())
    });
    (long.is_some() && long == arg.get_long()) || (short.is_some() && short == arg.get_short())
}

/// What is said of an argument.
pub(super) fn help(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

/// Those that begin with what is typed, or else those that have it somewhere.
pub(super) fn matching(all: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let (begin, others): (Vec<Candidate>, Vec<Candidate>) = all
        .into_iter()
        .partition(|candidate| candidate.text.starts_with(typed));
    if !begin.is_empty() {
        return begin;
    }
    let typed = typed.to_lowercase();
    others
        .into_iter()
        .filter(|candidate| candidate.text.to_lowercase().contains(&typed))
        .collect()
}
