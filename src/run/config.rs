//! `sockyard config`: prints a config file with every key, its default and what it does.
//!
//! All of it comes from the arguments of [`Keys`]: the words are those of `--help`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Arg, Args};

use super::config_file::{Keys, Sort, VARIABLE, place};
use super::output;
use crate::model::cells::wrap;

/// What `sockyard config` is told.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Print where the config file is looked for, and nothing else
    #[arg(long)]
    pub path: bool,
}

/// The width of a comment.
const WIDTH: usize = 98;

/// Prints a config file, or where it is looked for when `named` was given as `--config`.
///
/// # Errors
/// No home directory in which it could be, or an output that cannot be written to.
pub fn config(args: &Config, named: Option<&Path>) -> anyhow::Result<ExitCode> {
    if !args.path {
        return output::print(text().as_bytes());
    }
    let place = place(named).ok_or_else(|| {
        anyhow!("there is no home directory, and so no usual place for a config file: name one with --config or {VARIABLE}")
    })?;
    let mut path = place.path.into_os_string();
    path.push("\n");
    output::print(path.as_encoded_bytes())
}

/// A config file with every key and its default.
#[must_use]
pub fn text() -> String {
    let mut text = format!(
        "# The config file of sockyard, in TOML. These are the defaults. A flag on the command line comes\n\
         # before what stands here. \"sockyard config --path\" says where the file is looked for; --config\n\
         # and {VARIABLE} name another one.\n"
    );
    let keys = Keys::arguments();
    let mut open = "";
    for key in keys.get_arguments() {
        let id = key.get_id().as_str();
        let (section, name) = id.split_once('.').unwrap_or(("", id));
        if section != open {
            text.push_str(&format!("\n[{section}]\n"));
            open = section;
        }
        text.push_str(&entry(key, name));
    }
    text
}

fn entry(key: &Arg, name: &str) -> String {
    let help = key.get_long_help().or_else(|| key.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut lines: Vec<String> = help.lines().flat_map(|line| wrap(line, WIDTH)).collect();
    // That a boolean is true or false need not be said.
    if Sort::of(key) == Sort::String {
        for value in key.get_possible_values() {
            let what = value.get_help().map(ToString::to_string);
            let what = what.unwrap_or_default();
            lines.push(format!("  {:<10} {what}", value.get_name()));
        }
    }
    let mut text = String::from("\n");
    for line in lines {
        text.push_str(&format!("# {line}\n"));
    }
    let value = key.get_default_values().first();
    let value = value.map(|value| value.to_string_lossy());
    let value = Sort::of(key).written(&value.unwrap_or_default());
    text.push_str(&format!("{name} = {value}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::config_file;

    #[test]
    fn what_is_printed_parses_back_to_the_defaults() {
        let preset = config_file::parse(&text()).expect("a good file");
        assert_eq!(preset.keys().expect("good values"), Keys::default());
    }

    #[test]
    fn every_key_is_there_with_the_words_of_its_help() {
        let text = text();
        for key in Keys::arguments().get_arguments() {
            let id = key.get_id().as_str();
            let name = id.rsplit('.').next().unwrap_or(id);
            let help = key.get_help().expect("every key has one").to_string();
            let first = help.split(' ').take(5).collect::<Vec<_>>().join(" ");
            let at = text.find(&format!("\n{name} = ")).expect(id);
            let comment = text[..at].rfind("\n\n").map(|start| &text[start..at]);
            let comment = comment.expect("a paragraph of its own");
            assert!(comment.contains(&format!("# {first}")), "{comment}");
            for value in key.get_possible_values() {
                let is_told = comment.contains(&format!("#   {}", value.get_name()));
                assert!(is_told || name == "ascii", "{comment}");
            }
        }
        assert!(text.lines().all(|line| line.len() <= WIDTH + 2));
    }
}
