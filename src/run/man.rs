//! `sockyard man`: prints the manual page, as `man(7)` macros for `man -l -`.
//!
//! Its options and commands come from the command line, its keys from the keymap, its lines from the grammar, the rest
//! from [`manual`].

use std::io;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::cli::Cli;
use super::manual::{self, Section};
use super::output;
use crate::app::keymap::Context;
use crate::app::script::line;
use crate::app::words::usage;

/// Prints the manual page.
///
/// # Errors
/// An output that cannot be written to.
pub fn man() -> anyhow::Result<ExitCode> {
    output::print(&page()?)
}

/// The manual page.
///
/// # Errors
/// None: it is written to memory.
pub fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    // Not an empty date: the arguments behind it would move up.
    let man = Man::new(command.clone()).manual("User Commands").date(" ");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    add(&description(), &mut out);
    man.render_options_section(&mut out)?;
    add(&heading("SH", "Commands"), &mut out);
    for subcommand in command.get_subcommands() {
        if subcommand.get_name() != "help" {
            described(subcommand, &mut out)?;
        }
    }
    add(&heading("SH", "Keys"), &mut out);
    for context in Context::ALL {
        add(&heading("SS", context.title()), &mut out);
        add(&entries(context.explained()), &mut out);
    }
    add(&heading("SH", "Lines"), &mut out);
    for chapter in usage::chapters().iter().chain(line::chapters()) {
        add(&heading("SS", &chapter.title), &mut out);
        let lines = chapter.usages.iter();
        add(
            &entries(lines.map(|usage| (usage.line(), usage.about.clone()))),
            &mut out,
        );
    }
    for Section {
        title,
        entries: told,
    } in manual::sections()
    {
        add(&heading("SH", title), &mut out);
        add(&entries(told), &mut out);
    }
    Ok(out)
}

/// Adds `roff` without the definitions at its beginning, which the title has brought already.
fn add(roff: &Roff, out: &mut Vec<u8>) {
    out.extend(roff.to_roff().into_bytes());
}

/// What the help of the playground says before it lists the keys.
fn description() -> Roff {
    let mut roff = heading("SH", "Description");
    for paragraph in crate::app::keymap::INTRODUCTION.lines() {
        roff.control("PP", []);
        roff.text([roman(paragraph)]);
    }
    roff
}

fn heading(level: &str, title: &str) -> Roff {
    let title = if level == "SH" {
        title.to_uppercase()
    } else {
        title.to_owned()
    };
    let mut roff = Roff::new();
    roff.control(level, [title.as_str()]);
    roff
}

fn entries(entries: impl IntoIterator<Item = (String, impl Into<String>)>) -> Roff {
    let mut roff = Roff::new();
    for (name, what) in entries {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(what)]);
    }
    roff
}

/// What a subcommand does and takes, under a heading of its own.
fn described(subcommand: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    // What holds for every command is told once.
    let own = subcommand.clone().mut_args(|arg| {
        let everywhere = arg.is_global_set() || arg.get_id() == "help";
        arg.hide(everywhere)
    });
    let man = Man::new(own);
    add(
        &heading("SS", &format!("sockyard {}", subcommand.get_name())),
        out,
    );
    let mut about = Roff::new();
    let text = subcommand
        .get_long_about()
        .or_else(|| subcommand.get_about());
    about.text([roman(text.map(ToString::to_string).unwrap_or_default())]);
    add(&about, out);
    let mut part = Vec::new();
    man.render_options_section(&mut part)?;
    out.extend(below_heading(&part));
    if let Some(after) = subcommand
        .get_after_long_help()
        .or_else(|| subcommand.get_after_help())
    {
        let mut roff = Roff::new();
        roff.control("PP", []);
        for line in after.to_string().lines() {
            roff.text([roman(line)]);
            roff.control("br", []);
        }
        add(&roff, out);
    }
    Ok(())
}

/// What stands below the heading of a section: it has another one here.
fn below_heading(section: &[u8]) -> &[u8] {
    let heading = section.windows(4).position(|at| at == b".SH ");
    let rest = &section[heading.unwrap_or(section.len())..];
    let end = rest.iter().position(|byte| *byte == b'\n');
    &rest[end.map_or(rest.len(), |end| end + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        String::from_utf8(page().expect("memory")).expect("text")
    }

    #[test]
    fn every_option_command_key_and_section_is_in_it() {
        let text = text();
        let has = |what: &str| {
            let escaped = what.replace('\\', "\\\\").replace('-', "\\-");
            assert!(text.contains(&escaped), "{what}");
        };
        for argument in Cli::command().get_arguments() {
            has(&format!(
                "--{}",
                argument.get_long().expect("options alone")
            ));
        }
        for subcommand in Cli::command().get_subcommands() {
            has(&format!("\n.SS \"sockyard {}\"\n", subcommand.get_name()));
        }
        for section in manual::sections() {
            let title = section.title.to_uppercase();
            assert!(
                text.lines()
                    .any(|line| line.starts_with(".SH") && line.contains(&title))
            );
            for (name, what) in section.entries {
                has(&name);
                has(&what);
            }
        }
        for context in Context::ALL {
            has(context.title());
        }
        has("start or stop the server");
        has("client connect HOST PORT [-4] [-6] [--udp]");
        has("expect client received");
        has("program start");
    }

    #[test]
    fn the_title_has_a_place_for_each_of_its_arguments() {
        let text = text();
        let title = text.lines().find(|line| line.starts_with(".TH"));
        let title = title.expect("a title");
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(".TH sockyard 1 \" \" \"sockyard {version}\" \"User Commands\"");
        assert_eq!(title, expected);
    }

    #[test]
    fn what_holds_for_every_command_is_told_once() {
        assert_eq!(text().matches("\\-\\-config\\fR \\fI").count(), 1);
        assert_eq!(text().matches("\\-\\-help\\fR\n").count(), 1);
    }
}
