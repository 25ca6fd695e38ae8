//! What stands for a value in a line: hosts, ports, addresses, sizes, texts, actors, and one of a few names.
//!
//! What cannot be read is told in words for the person who typed it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::token::unquote;
use crate::app::calls::Filter;
use crate::app::client::is_port;
use crate::app::sessions::Sessions;
use crate::model::message;
use crate::model::{Actor, ClientId, ConnectionId, Interface, ShutdownHow};

/// Text as it stands for itself: without quotes, its escapes read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

pub(in crate::app) fn text(raw: &str) -> Result<Text, String> {
    unquote(raw).map(Text).map_err(|error| error.to_string())
}

/// The same where it has to be characters.
pub(in crate::app) fn word(raw: &str) -> Result<String, String> {
    let Text(bytes) = text(raw)?;
    String::from_utf8(bytes).map_err(|_| format!("{raw} is not UTF-8"))
}

pub(in crate::app) fn host(raw: &str) -> Result<String, String> {
    let host = word(raw)?;
    if host.is_empty() {
        return Err("a host is missing; 127.0.0.1 is this machine".to_owned());
    }
    Ok(host)
}

pub(in crate::app) fn port_or_service(raw: &str) -> Result<String, String> {
    let port = word(raw)?;
    if is_port(&port) {
        return Ok(port);
    }
    Err(format!(
        "{raw} is no port: give a number from 0 to 65535, or the name of a service such as http"
    ))
}

pub(in crate::app) fn port(raw: &str) -> Result<u16, String> {
    raw.parse()
        .map_err(|_| format!("{raw} is no port: give a number from 0 to 65535"))
}

pub(in crate::app) fn ip(raw: &str) -> Result<IpAddr, String> {
    let text = word(raw)?;
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let address = inner.unwrap_or(&text).parse();
    address.map_err(|_| format!("{raw} is no numeric address, as 127.0.0.1 or ::1"))
}

pub(in crate::app) fn path(raw: &str) -> Result<PathBuf, String> {
    let path = word(raw)?;
    if path.is_empty() {
        return Err("a file's name is missing".to_owned());
    }
    Ok(path.into())
}

pub(in crate::app) fn size(raw: &str) -> Result<usize, String> {
    crate::app::client::recv_size(raw)
}

pub(in crate::app) fn made_up_size(raw: &str) -> Result<usize, String> {
    message::made_up_size(raw)
}

pub(in crate::app) fn interface(raw: &str) -> Result<Interface, String> {
    Interface::parse(raw).ok_or_else(|| {
        format!("{raw} is no interface: give its IPv4 address or its index (ip addr lists both)")
    })
}

pub(in crate::app) fn milliseconds(raw: &str) -> Result<Duration, String> {
    let time = raw.parse().map(Duration::from_millis).ok();
    let time = time.filter(|time| (1..=60_000).contains(&time.as_millis()));
    time.ok_or_else(|| format!("{raw}: give a number of milliseconds from 1 to 60000"))
}

/// One of `all`, by its name; what is said about it is shown where it can be chosen.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
    about: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let values = all
        .iter()
        .map(|value| PossibleValue::new(name(*value)).help(about(*value)));
    PossibleValuesParser::new(values).try_map(move |given| {
        let found = all.iter().find(|value| name(**value) == given);
        found.copied().ok_or("it has no such name")
    })
}

pub(in crate::app) const fn how_name(how: ShutdownHow) -> &'static str {
    match how {
        ShutdownHow::Read => "rd",
        ShutdownHow::Write => "wr",
        ShutdownHow::Both => "rdwr",
    }
}

pub(in crate::app) const fn how_about(how: ShutdownHow) -> &'static str {
    match how {
        ShutdownHow::Read => "receive no more; nothing is told to the peer",
        ShutdownHow::Write => "send no more: the peer's recv returns 0 (FIN)",
        ShutdownHow::Both => "both directions",
    }
}

pub(in crate::app) const fn switch_name(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// A switch says all of itself.
pub(in crate::app) const fn nothing_about(_: bool) -> &'static str {
    ""
}

pub(in crate::app) const SWITCH: [bool; 2] = [true, false];

pub(in crate::app) fn crowd_size(raw: &str) -> Result<usize, String> {
    let most = Sessions::LARGEST_CROWD;
    let count = raw.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("{raw}: give a number of clients from 1 to {most}"))
}

pub(in crate::app) fn filter(raw: &str) -> Result<Filter, String> {
    Ok(match raw {
        "all" => Filter::All,
        "clients" => Filter::Client,
        _ => match actor(raw) {
            Some(Actor::Client(id)) => Filter::Session(id),
            Some(Actor::Server) => Filter::Server,
            Some(Actor::Connection(id)) => Filter::Connection(id),
            Some(Actor::Ports) => Filter::Ports,
            None => {
                return Err(format!(
                    "{raw} is none of all, clients, server, client2, server#3, ports"
                ));
            }
        },
    })
}

/// Whom a word names: `client`, `client2`, `server`, `server#3`, `ports`.
#[must_use]
pub fn actor(word: &str) -> Option<Actor> {
    // As it is written: no sign, no leading zero, one name for each.
    let found = match word {
        "client" => Actor::Client(ClientId::FIRST),
        "server" => Actor::Server,
        "ports" => Actor::Ports,
        _ => match word.split_once('#') {
            Some(("server", number)) => Actor::Connection(ConnectionId(number.parse().ok()?)),
            Some(_) => return None,
            None => Actor::Client(ClientId(word.strip_prefix("client")?.parse().ok()?)),
        },
    };
    let is_one = match found {
        Actor::Client(id) => (ClientId::FIRST..=ClientId::LAST).contains(&id),
        Actor::Connection(ConnectionId(number)) => number > 0,
        Actor::Server | Actor::Ports => true,
    };
    (is_one && (found.to_string() == word || word == "client1")).then_some(found)
}
