//! `sockyard completions SHELL`: prints a script that completes options and their values.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::aot::{Shell, generate};

use super::cli::Cli;
use super::output;

/// What `sockyard completions` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = "For this shell alone: source <(sockyard completions bash)")]
pub struct Completions {
    /// The shell that is to run the script
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// An output that cannot be written to.
pub fn completions(args: &Completions) -> anyhow::Result<ExitCode> {
    output::print(&script(args.shell))
}

fn script(shell: Shell) -> Vec<u8> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_gets_a_script_that_knows_options_commands_and_values() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("text");
            for word in ["line-ending", "completions", "config"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            // The others complete names alone.
            if matches!(shell, Shell::Bash | Shell::Zsh | Shell::Fish) {
                assert!(script.contains("by-hand"), "{shell}");
            }
        }
    }
}
