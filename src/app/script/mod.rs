//! Scripts: lines of the one vocabulary, with what is expected between them.
//!
//! A script is read whole before any of it is done, so that a line that makes no sense is found before the first socket is
//! made. [`player`] then does one step after the other against the same [`App`](super::App) that a person uses; it
//! waits for each to come to its end, but never longer than its limit.
//!
//! | file | what it owns |
//! |---|---|
//! | [`line`](mod@line) | the words that only scripts have: `expect`, `wait`, `say`, `let`, `limit`, `program` |
//! | [`variables`] | `${server.port}` and the like |
//! | [`expectation`] | what can be expected, and whether it holds |
//! | [`player`] | the steps, one after the other |
//! | [`report`] | what is told of them |
//! | [`loading`] | how a script begins in the playground |
//! | [`watched`] | how a person drives a script that is played there |
//! | [`sight`] | how what a step is about is brought into sight |

pub mod expectation;
pub mod line;
pub mod loading;
#[cfg(test)]
mod played;
pub mod player;
pub mod report;
pub mod sight;
pub mod variables;
pub mod watched;

use std::time::Duration;

use super::words::Wrong;
use super::words::token::{Token, tokens};
use line::{ProgramStep, Said};
use variables::Names;

/// A script that makes sense.
#[derive(Debug, Clone)]
pub struct Script {
    /// Where it comes from, as it is shown.
    pub name: String,
    /// Its steps, in their order.
    pub steps: Vec<Step>,
}

/// A line that says something.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its number in the file, from 1.
    pub number: usize,
    /// Its text, without blanks around it and a comment behind it.
    pub text: String,
    /// Its words; variables still stand in them.
    tokens: Vec<Token>,
    /// What it says, with any value for variables whose values are not known before it runs.
    said: Said,
    /// Whether the script goes on although it waits: the line ends in `&`.
    background: bool,
}

/// A line that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What is wrong with it, and where.
    pub wrong: Wrong,
}

/// How long a script waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one step to come to its end.
    pub step: Duration,
    /// For all of them.
    pub total: Duration,
}

impl Fault {
    /// The line of `script` that it is in, as compilers write it: `FILE:LINE:COLUMN: WHAT`.
    #[must_use]
    pub fn told(&self, script: &str) -> String {
        let (number, column) = (self.number, self.wrong.column + 1);
        format!("{script}:{number}:{column}: {}", self.wrong.message)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(5),
            total: Duration::from_secs(60),
        }
    }
}

impl Script {
    /// The longest line: longer ones are no lines of a script.
    pub(super) const LONGEST_LINE: usize = 64 << 10;
    /// The most that a script may say with its variables, in bytes: a long value is easily named a hundred thousand times.
    pub const MOST_SAID: usize = 16 << 20;
    /// So many wrong lines are told at most: this is no script.
    pub const MOST_FAULTS: usize = 50;

    /// Reads a whole script.
    ///
    /// # Errors
    /// Every line that makes no sense, up to [`Script::MOST_FAULTS`].
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let mut steps: Vec<Step> = Vec::new();
        let mut faults = Vec::new();
        let mut names = Names::default();
        let mut said = 0;
        // Some editors begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if faults.len() >= Self::MOST_FAULTS {
                break;
            }
            if said > Self::MOST_SAID {
                let why =
                    "up to here the script says more than any, with its variables: at most 16 MiB";
                let wrong = Wrong::new(0, why);
                faults.push(Fault { number, wrong });
                break;
            }
            match Step::read(number, line, &mut names, &mut said) {
                Ok(Some(step)) if step.is_start() && steps.iter().any(Step::is_start) => {
                    let wrong =
                        Wrong::new(0, "the program is started once, and was started before");
                    faults.push(Fault { number, wrong });
                }
                Ok(step) => steps.extend(step),
                Err(wrong) => faults.push(Fault { number, wrong }),
            }
        }
        if faults.is_empty() {
            let name = name.to_owned();
            Ok(Self { name, steps })
        } else {
            Err(faults)
        }
    }

    /// Everything that it says. Variables whose values are not known yet have any value.
    pub fn says(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match &step.said {
            Said::Say(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether one of its steps starts the program under test.
    #[must_use]
    pub fn starts_program(&self) -> bool {
        self.steps.iter().any(Step::is_start)
    }

    /// Whether any step speaks of the program under test.
    #[must_use]
    pub fn needs_program(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(step.said, Said::Program(_))
                || matches!(&step.said, Said::Expect(expect) if expect.is_of_program())
                || step.speaks_of_program()
        })
    }
}

impl Step {
    /// Whether it starts the program under test.
    fn is_start(&self) -> bool {
        self.said == Said::Program(ProgramStep::Start)
    }

    /// Whether a variable of the program under test stands in it.
    fn speaks_of_program(&self) -> bool {
        let mut tokens = self.tokens.iter();
        tokens.any(|token| token.raw.contains("${program."))
    }

    /// Adds to `said` how long the line is with its variables.
    fn read(
        number: usize,
        line: &str,
        names: &mut Names,
        said: &mut usize,
    ) -> Result<Option<Self>, Wrong> {
        if line.len() > Script::LONGEST_LINE {
            return Err(Wrong::new(
                0,
                "this line is longer than any line of a script",
            ));
        }
        let mut tokens = tokens(line)?;
        let end = tokens.last().map_or(0, Token::end);
        let background = tokens.last().is_some_and(|token| token.raw == "&");
        if background {
            tokens.pop();
        }
        let Some(first) = tokens.first() else {
            return Ok(None);
        };
        let start = first.column;
        let stand_ins = names.stand_ins(&tokens)?;
        *said += stand_ins.iter().map(|token| token.raw.len()).sum::<usize>();
        let said = Said::read(&stand_ins)?;
        if background && !matches!(said, Said::Do(_)) {
            let end = tokens.last().map_or(start, Token::end);
            let why = "only what is done can go on in the background: & stands behind a call";
            return Err(Wrong::new(end, why));
        }
        if let Said::Let(name, value) = &said {
            names.define(name, value);
        }
        let text: String = line.chars().skip(start).take(end - start).collect();
        Ok(Some(Self {
            number,
            text,
            tokens,
            said,
            background,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = Script::read("a", text).expect_err(text);
        let line = |fault: &Fault| format!("{}: {}", fault.number, fault.wrong);
        faults.iter().map(line).collect()
    }

    #[test]
    fn a_script_is_read_with_its_comments_and_empty_lines() {
        let text = "# a lesson\n\nserver start 127.0.0.1 0  # any port\n  client connect 127.0.0.1 ${server.port} &\n";
        let script = Script::read("a", text).expect("a good script");
        let lines: Vec<_> = (script.steps.iter())
            .map(|step| (step.number, step.background))
            .collect();
        assert_eq!(lines, [(3, false), (4, true)]);
    }

    #[test]
    fn every_wrong_line_is_named() {
        let found = faults("client conect a 80\nsay \"x\"\nexpect client receive\nwait soon\n");
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(
            found[0].starts_with("1: column 8: there is no conect"),
            "{found:#?}"
        );
        assert!(found[1].starts_with("3: column 15: "), "{found:#?}");
        assert!(found[2].starts_with("4: column 6: "), "{found:#?}");
    }

    #[test]
    fn a_variable_is_known_before_it_is_used() {
        assert!(faults("client connect a ${port}")[0].contains("no ${port}"));
        let text = "let port 8888\nclient connect a ${port}";
        assert!(Script::read("a", text).is_ok());
        assert!(faults("expect client received \"a\" &")[0].contains("background"));
    }
}
