//! How lines are used, as it is shown: `client connect HOST PORT [-4]`, made of what the grammar tells clap.
//!
//! The hint below the command line, the help, the palette and the menus all show these.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use clap::{Arg, Command};

use super::grammar::{CONNECTION, command_of, commands};

/// A part of a line behind its verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As it is shown, without brackets: `HOST`, `--service SERVICE`, `TEXT|--made-up COUNT`.
    pub text: String,
    /// Whether a line without it is not whole.
    pub needed: bool,
    /// The arguments that it stands for, by their names in the grammar.
    pub arguments: Vec<String>,
}

impl Part {
    /// With brackets around what may be left out.
    #[must_use]
    pub fn bracketed(&self) -> String {
        if self.needed {
            self.text.clone()
        } else {
            format!("[{}]", self.text)
        }
    }
}

/// What follows `command`, in its order: first what stands at its place, then the options.
#[must_use]
pub fn parts(command: &Command) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let options = command.get_arguments().filter(|arg| !arg.is_positional());
    for arg in command.get_positionals().chain(options) {
        let id = arg.get_id().to_string();
        if parts.iter().any(|part| part.arguments.contains(&id)) {
            continue;
        }
        // Of a group that is needed one argument is enough.
        let group = command.get_groups().find(|group| {
            group.is_required_set() && group.get_args().any(|member| member == arg.get_id())
        });
        let Some(group) = group else {
            parts.push(Part {
                text: shown(arg),
                needed: is_needed(arg),
                arguments: vec![id],
            });
            continue;
        };
        let members: Vec<&Arg> = command
            .get_arguments()
            .filter(|arg| group.get_args().any(|member| member == arg.get_id()))
            .collect();
        let texts: Vec<String> = members.iter().map(|arg| shown(arg)).collect();
        parts.push(Part {
            text: texts.join("|"),
            needed: true,
            arguments: members.iter().map(|arg| arg.get_id().to_string()).collect(),
        });
    }
    // What stands before something needed cannot be left out either.
    let last = parts.iter().rposition(|part| part.needed);
    let positionals = command.get_positionals().count();
    for part in parts.iter_mut().take(last.unwrap_or(0).min(positionals)) {
        part.needed = true;
    }
    parts
}

/// Clap takes a port for what may be left out, as HOST:PORT is one word; one of the two it has to be.
fn is_needed(arg: &Arg) -> bool {
    arg.is_required_set() || arg.get_id() == "port"
}

/// An argument as it is typed, what varies in capitals.
fn shown(arg: &Arg) -> String {
    let value = value_name(arg).unwrap_or_default();
    let name = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => return value.to_owned(),
    };
    if takes_value(arg) {
        format!("{name} {value}")
    } else {
        name
    }
}

/// What its value is called: `HOST`.
#[must_use]
pub fn value_name(arg: &Arg) -> Option<&str> {
    let names = arg.get_value_names()?;
    names.first().map(clap::builder::Str::as_str)
}

/// Whether a word of its own follows an option.
#[must_use]
pub fn takes_value(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.takes_values())
}

/// What a command says of itself.
#[must_use]
pub fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// A line that can be said, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Who it is about, or the word of the playground that it begins with.
    pub first: String,
    /// What it does to them; empty for a word that stands alone.
    pub verb: String,
    /// What follows.
    pub parts: Vec<Part>,
    /// What it does.
    pub about: String,
}

impl Usage {
    /// The usage of a command, or of one of its verbs.
    #[must_use]
    pub fn of(first: &str, command: &Command, verb: Option<&Command>) -> Self {
        let last = verb.unwrap_or(command);
        Self {
            first: first.to_owned(),
            verb: verb.map(Command::get_name).unwrap_or_default().to_owned(),
            parts: parts(last),
            about: about(last),
        }
    }

    /// The same of somebody else: `client2` instead of `client`.
    fn said_of(&self, first: &str) -> Self {
        Self {
            first: first.to_owned(),
            ..self.clone()
        }
    }

    /// The words that do not vary.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", self.first, self.verb)
            .trim_end()
            .to_owned()
    }

    /// All of it.
    #[must_use]
    pub fn line(&self) -> String {
        let parts = self.parts.iter().map(Part::bracketed);
        let words: Vec<String> = std::iter::once(self.words()).chain(parts).collect();
        words.join(" ")
    }

    /// What cannot be left out; of several ways to say a part, the one with this number.
    #[must_use]
    pub fn short(&self, pick: usize) -> String {
        let parts = self.parts.iter().filter(|part| part.needed);
        let parts = parts.map(|part| {
            let ways = part.text.split('|').nth(pick);
            let ways = ways.filter(|_| part.arguments.len() > 1);
            ways.unwrap_or(&part.text).to_owned()
        });
        let words: Vec<String> = std::iter::once(self.words()).chain(parts).collect();
        words.join(" ")
    }
}

/// Every line of a command: what they are made of does not change, and clap is slow to tell.
fn lines_of(command: &Command) -> &'static [Usage] {
    static LINES: LazyLock<BTreeMap<&str, Vec<Usage>>> = LazyLock::new(|| {
        let lines = |command: &'static Command| {
            let first = command.get_name();
            let verbs = command.get_subcommands();
            let mut lines: Vec<Usage> = verbs
                .map(|verb| Usage::of(first, command, Some(verb)))
                .collect();
            if lines.is_empty() {
                lines.push(Usage::of(first, command, None));
            }
            (first, lines)
        };
        commands().iter().map(lines).collect()
    });
    LINES.get(command.get_name()).map_or(&[], Vec::as_slice)
}

/// Every line that begins with this word.
#[must_use]
pub fn usages(first: &str) -> Vec<Usage> {
    let lines = command_of(first).map_or(&[][..], lines_of);
    lines.iter().map(|line| line.said_of(first)).collect()
}

/// The line that begins with these words: who, and what.
#[must_use]
pub fn usage(words: &str) -> Option<Usage> {
    let (first, verb) = words.split_once(' ').unwrap_or((words, ""));
    let command = command_of(first)?;
    // A verb may have another name too.
    let verb = command
        .find_subcommand(verb)
        .map_or(verb, Command::get_name);
    let mut lines = lines_of(command).iter();
    let found = lines.find(|line| line.verb == verb);
    found.map(|line| line.said_of(first))
}

/// Lines under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Who they are about.
    pub title: String,
    /// Whether they are about several, so that their first word stands for others too.
    pub is_shared: bool,
    /// The lines.
    pub usages: Vec<Usage>,
}

/// Every line of the grammar; what every socket can do stands once.
#[must_use]
pub fn chapters() -> &'static [Chapter] {
    static CHAPTERS: LazyLock<Vec<Chapter>> = LazyLock::new(found);
    &CHAPTERS
}

fn found() -> Vec<Chapter> {
    const SOCKETS: [&str; 3] = ["client", "server", CONNECTION];
    let of_sockets = SOCKETS.map(usages);
    let is_of_every_socket = |usage: &Usage| {
        of_sockets.iter().all(|others| {
            let mut others = others.iter();
            others.any(|other| (&other.verb, &other.about) == (&usage.verb, &usage.about))
        })
    };
    let mut chapters: Vec<Chapter> = Vec::new();
    let mut alone = Vec::new();
    for command in commands() {
        let first = command.get_name();
        let mut own = usages(first);
        if !command.has_subcommands() {
            alone.extend(own);
            continue;
        }
        if SOCKETS.contains(&first) {
            let (all, rest): (Vec<Usage>, Vec<Usage>) =
                own.into_iter().partition(is_of_every_socket);
            own = rest;
            if first == SOCKETS[0] {
                chapters.push(Chapter {
                    title: format!("{}: what every socket can do", SOCKETS.join(", ")),
                    is_shared: true,
                    usages: all,
                });
            }
        }
        chapters.push(Chapter {
            title: format!("{first}: {}", about(command)),
            is_shared: false,
            usages: own,
        });
    }
    chapters.push(Chapter {
        title: "Words that stand alone".to_owned(),
        is_shared: false,
        usages: alone,
    });
    chapters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_says_what_is_needed_and_what_may_be_left_out() {
        let line = |words| usage(words).expect(words).line();
        assert_eq!(
            line("client connect"),
            "client connect HOST PORT [-4] [-6] [--udp]"
        );
        assert_eq!(
            line("client send"),
            "client send TEXT|--made-up COUNT [--oob]"
        );
        assert_eq!(
            line("server#3 save"),
            "server#3 save FILE|--stop [--body] [--replace]"
        );
        assert_eq!(
            line("client2 resolve"),
            "client2 getaddrinfo HOST PORT [-4] [-6] [--udp]"
        );
        assert_eq!(
            line("server start"),
            "server start HOST PORT [--udp] [--backlog COUNT] [--service SERVICE] [--model MODEL] [--delay MS]"
        );
        assert_eq!(line("server listen"), "server listen [BACKLOG]");
        assert_eq!(line("quit"), "quit");
        assert_eq!(
            usage("ports try").expect("a line").short(0),
            "ports try HOST FIRST"
        );
        assert_eq!(usage("client fly"), None);
        assert_eq!(usage("client"), None);
    }

    #[test]
    fn every_verb_stands_in_a_chapter() {
        let chapters = chapters();
        let all: Vec<String> = chapters
            .iter()
            .flat_map(|chapter| chapter.usages.iter().map(|usage| usage.verb.clone()))
            .collect();
        for command in commands() {
            for verb in command.get_subcommands() {
                let name = verb.get_name().to_owned();
                assert!(all.contains(&name), "{name} is in no chapter");
            }
        }
        let titles: Vec<&str> = chapters.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(
            titles[0],
            "client, server, server#N: what every socket can do"
        );
        assert!(chapters.iter().all(|chapter| !chapter.usages.is_empty()));
    }
}
