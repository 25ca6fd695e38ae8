//! What is wrong with a line, at which column, and what would be right.

use std::error::Error as _;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::token::Token;
use crate::model::glyph;

/// Why a line cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where: characters of the line before it.
    pub column: usize,
    /// What is wrong and what would be right, in plain words.
    pub message: String,
}

impl Wrong {
    /// This, at that column.
    #[must_use]
    pub fn new(column: usize, message: impl Into<String>) -> Self {
        Self {
            column,
            // Words of the line itself may stand in it, and in them anything.
            message: glyph::plain(&message.into()).into_owned(),
        }
    }

    /// What clap found wrong with `tokens`, of which the first ones are `before` what it was given.
    #[must_use]
    pub fn of(error: &clap::Error, tokens: &[Token]) -> Self {
        let text = |kind| context(error, kind);
        let end = tokens.last().map_or(0, Token::end);
        let at = |raw: &str| {
            let token = tokens.iter().rev().find(|token| token.raw == raw);
            // An option is named without the value that is joined to it.
            let token = token.or_else(|| tokens.iter().find(|token| token.raw.starts_with(raw)));
            token.map_or(end, |token| token.column)
        };
        let maybe = |kind| {
            let found = text(kind).map(|found| format!(": did you mean {found}?"));
            found.unwrap_or_default()
        };
        match error.kind() {
            ErrorKind::InvalidSubcommand => {
                let word = text(ContextKind::InvalidSubcommand).unwrap_or_default();
                let maybe = maybe(ContextKind::SuggestedSubcommand);
                Self::new(at(&word), format!("there is no {word} here{maybe}"))
            }
            ErrorKind::UnknownArgument => {
                let word = text(ContextKind::InvalidArg).unwrap_or_default();
                let maybe = maybe(ContextKind::SuggestedArg);
                let message = if word.starts_with('-') {
                    format!(
                        "there is no option {word} here{maybe} A text that begins with - stands in quotes"
                    )
                } else {
                    format!("{word} is one word too many: a text with blanks stands in quotes")
                };
                Self::new(at(&word), message.replace("here A", "here. A"))
            }
            ErrorKind::InvalidValue => {
                let word = text(ContextKind::InvalidValue).unwrap_or_default();
                let argument = text(ContextKind::InvalidArg).unwrap_or_default();
                let allowed = text(ContextKind::ValidValue).unwrap_or_default();
                if word.is_empty() {
                    return Self::new(end, format!("{argument} needs a value: {allowed}"));
                }
                let maybe = maybe(ContextKind::SuggestedValue);
                let message = format!("{word} is none of {allowed}{maybe}");
                Self::new(at(&word), message)
            }
            ErrorKind::ValueValidation => {
                let word = text(ContextKind::InvalidValue).unwrap_or_default();
                let why = error.source().map(ToString::to_string).unwrap_or_default();
                Self::new(at(&word), why)
            }
            ErrorKind::MissingRequiredArgument => {
                let missing = text(ContextKind::InvalidArg).unwrap_or_default();
                Self::new(end, format!("{missing} is missing"))
            }
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Self::new(end, "what is it to do? a verb is missing")
            }
            ErrorKind::ArgumentConflict => {
                let one = text(ContextKind::InvalidArg).unwrap_or_default();
                let other = plain(&text(ContextKind::PriorArg).unwrap_or_default());
                let message = if one == other || other.is_empty() {
                    format!("{one} is said twice")
                } else {
                    format!("{one} and {other} do not go together")
                };
                Self::new(end, message)
            }
            _ => {
                let all = error.to_string();
                let first = all.lines().next().unwrap_or_default();
                Self::new(end, first.trim_start_matches("error: "))
            }
        }
    }
}

/// The subcommand that clap thinks was meant.
pub(super) fn suggestion(error: &clap::Error) -> Option<String> {
    context(error, ContextKind::SuggestedSubcommand)
}

/// What clap tells of an error, as words.
fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) if kind == ContextKind::InvalidArg => Some(plain(text)),
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(all) if kind == ContextKind::SuggestedArg => all.first().cloned(),
        ContextValue::Strings(all) if all.is_empty() => None,
        ContextValue::Strings(all) if kind == ContextKind::ValidValue => Some(all.join(", ")),
        ContextValue::Strings(all) if kind == ContextKind::InvalidArg => {
            Some(plain(&all.join(" and ")))
        }
        // The likeliest stands last.
        ContextValue::Strings(all) => {
            let best: Vec<&str> = all.iter().rev().take(2).map(String::as_str).collect();
            Some(best.join(" or "))
        }
        ContextValue::StyledStr(text) => Some(text.to_string()),
        ContextValue::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An argument's name as it stands in the help, without the brackets that clap puts around it.
fn plain(argument: &str) -> String {
    argument.replace(['<', '>'], "").replace("|--", " or --")
}

impl fmt::Display for Wrong {
    /// With the column as people count it, from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column + 1, self.message)
    }
}

impl std::error::Error for Wrong {}
