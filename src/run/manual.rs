//! What is to be said of the whole program beside its options: its files, the environment and the exit statuses.
//!
//! `--help` ([`long_help`]) and the manual page ([`super::man`]) both read [`sections`].

use super::config_file::VARIABLE;
use super::exit;
use crate::model::cells::wrap;

/// How to begin.
pub const BEGINNING: &str = "Start it without options, press s to start the server, c to connect, type a line, Enter.\n\
                             ? shows every key.";

/// A part of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What is told in it: a name and what it is.
    pub entries: Vec<(String, String)>,
}

impl Section {
    /// A section of these entries.
    #[must_use]
    pub fn new(title: &'static str, entries: &[(&str, &str)]) -> Self {
        let entries = entries.iter();
        Self {
            title,
            entries: entries
                .map(|(name, what)| ((*name).to_owned(), (*what).to_owned()))
                .collect(),
        }
    }
}

/// Every section, in the order in which the manual page has them. What is to be told of something new, such as the lines
/// of a script, is added here and appears in `--help` and in the manual page.
#[must_use]
pub fn sections() -> Vec<Section> {
    vec![
        Section::new(
            "Files",
            &[(
                "~/.config/sockyard/config.toml",
                "The config file, if there is one. \"sockyard config\" prints one with every key, \"sockyard config --path\" where it is looked for.",
            )],
        ),
        Section::new(
            "Environment",
            &[
                ("NO_COLOR", "No colours are used if it is set to something."),
                (
                    VARIABLE,
                    "Names a config file to read instead of the usual one; --config comes before it.",
                ),
                (
                    "XDG_CONFIG_HOME",
                    "The directory of config files, instead of ~/.config.",
                ),
            ],
        ),
        Section::new("Exit status", &exit::STATUSES),
    ]
}

/// The width of the text in `--help`.
const WIDTH: usize = 98;
/// How far what is said of a name is indented.
const INDENT: usize = 10;

/// What stands at the end of `--help`.
#[must_use]
pub fn long_help() -> String {
    let mut text = format!("{BEGINNING}\n\"sockyard man | man -l -\" shows the manual page.\n");
    for section in sections() {
        text.push_str(&format!("\n{}:\n", section.title));
        for (name, what) in section.entries {
            text.push_str(&format!("  {name}\n"));
            for line in wrap(&what, WIDTH - INDENT) {
                text.push_str(&format!("{:INDENT$}{line}\n", ""));
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}
