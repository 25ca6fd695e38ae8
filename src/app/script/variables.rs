//! `${NAME}`: values that are known only while a script runs, such as the port that the kernel has chosen.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::Script;
use super::expectation::Place;
use crate::app::App;
use crate::app::words::Wrong;
use crate::app::words::token::Token;
use crate::app::words::value::actor;
use crate::model::Actor;

/// What stands for the value of a variable that nobody knows before the script runs: it reads as a host and as a port.
const STAND_IN: &str = "1";

/// The names that a script has given by `let` so far, and what they stand for as far as that is known.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// From here on there is a variable of this name.
    pub fn define(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// `tokens` with something in the place of every variable.
    ///
    /// # Errors
    /// A variable that nobody gives a value.
    pub fn stand_ins(&self, tokens: &[Token]) -> Result<Vec<Token>, Wrong> {
        replaced(tokens, |name| {
            if let Some(value) = self.0.get(name) {
                return Ok(value.clone());
            }
            if is_built_in(name) {
                return Ok(STAND_IN.to_owned());
            }
            Err(format!(
                "there is no ${{{name}}}: \"let {name} VALUE\" gives it a value; server.port, client.port, server#1.port and program.port have one by themselves, and so with .host"
            ))
        })
    }
}

/// The values of the variables while a script runs.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// `name` stands for `value` from now on.
    pub fn define(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// `tokens` with the values of the variables in their places.
    ///
    /// # Errors
    /// A variable that has no value now.
    pub fn put_in(
        &self,
        tokens: &[Token],
        app: &App,
        program: Option<Place>,
    ) -> Result<Vec<Token>, Wrong> {
        replaced(tokens, |name| {
            if let Some(value) = self.0.get(name) {
                return Ok(value.clone());
            }
            built_in(name, app, program)
                .ok_or_else(|| format!("${{{name}}} has no value yet: there is no such address"))
        })
    }
}

/// `tokens` with `value` for each `${NAME}`.
fn replaced(
    tokens: &[Token],
    value: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<Token>, Wrong> {
    let mut length = 0;
    let mut replace = |token: &Token| {
        let mut raw = String::new();
        let mut rest = token.raw.as_str();
        let mut column = token.column;
        // Looked at behind each of them: a line has room for the names of ten thousand long values.
        let fits = |length: usize| {
            let why = "with its variables this is longer than any line of a script";
            let is_too_long = length > Script::LONGEST_LINE;
            (!is_too_long)
                .then_some(())
                .ok_or_else(|| Wrong::new(token.column, why))
        };
        while let Some((before, behind)) = rest.split_once("${") {
            raw.push_str(before);
            column += before.chars().count();
            let Some((name, after)) = behind.split_once('}') else {
                let why = "${ begins a variable, which ends with }; \\x24{ is the text";
                return Err(Wrong::new(column, why));
            };
            let value = value(name).map_err(|why| Wrong::new(column, why))?;
            // What it stands for is text, however it is written there.
            raw.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
            fits(length + raw.len())?;
            column += "${}".len() + name.chars().count();
            rest = after;
        }
        raw.push_str(rest);
        length += raw.len();
        fits(length)?;
        Ok(Token {
            raw,
            column: token.column,
        })
    };
    tokens.iter().map(&mut replace).collect()
}

fn is_built_in(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((who, "host" | "port")) => {
            who == "program" || matches!(actor(who), Some(who) if who != Actor::Ports)
        }
        Some(_) | None => false,
    }
}

/// The address that a name speaks of: the server's, a client's own, or that of a connection's peer.
fn built_in(name: &str, app: &App, program: Option<Place>) -> Option<String> {
    let (who, part) = name.rsplit_once('.')?;
    if who == "program" {
        let place = program?;
        return part_of(SocketAddr::new(place.host(), place.address.port()), part);
    }
    let address = match actor(who)? {
        Actor::Client(id) => app.sessions.get(id)?.local?,
        Actor::Server => app.server.local?,
        Actor::Connection(id) => app.server.connections.get(id)?.peer,
        Actor::Ports => return None,
    };
    part_of(address, part)
}

fn part_of(address: SocketAddr, part: &str) -> Option<String> {
    match part {
        "host" => Some(address.ip().to_string()),
        "port" => Some(address.port().to_string()),
        _ => None,
    }
}

/// Whether a variable may be called so.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
