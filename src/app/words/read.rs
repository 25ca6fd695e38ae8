//! Words to deeds: what clap made of a line, as the deed that it says.
//!
//! The grammar is in [`super::grammar`]; what is wrong with a line is told as [`Wrong`].

use std::net::SocketAddr;

use clap::{Command, CommandFactory, FromArgMatches};

use super::grammar::{
    ClientLine, ConnectionLine, CrowdLine, HelpLine, Kind, Place, PlayLine, PortsLine, QuitLine,
    SaveLine, ServerLine, SocketVerb, To, ViewLine, Waiting, bare, commands,
};
use super::token::{Token, tokens};
use super::value::{Text, actor};
use super::wrong::suggestion;
use super::{Crowd, Deed, View, Wrong};
use crate::app::control::Pane;
use crate::app::saving::What;
use crate::model::{
    Action, Actor, Address, ClientAction, ClientId, ConnectionId, Family, OptionSetting,
    OptionValue, PortRange, PortsAction, RecvFlags, ServerAction, ServerSetup, SocketAction,
    SocketKind, Target,
};

/// What `line` says; none if it is empty or a comment alone.
///
/// # Errors
/// What is wrong with it, and at which column.
pub fn parse(line: &str) -> Result<Option<Deed>, Wrong> {
    parse_tokens(&tokens(line)?)
}

/// The same of a line on its own, behind which nothing waits for it: a `&` at its end, by which a script goes on at once,
/// says nothing.
///
/// # Errors
/// What is wrong with it, and at which column.
pub fn parse_alone(line: &str) -> Result<Option<Deed>, Wrong> {
    parse_tokens(without_and(&tokens(line)?))
}

/// The words of a line without a `&` at its end.
#[must_use]
pub fn without_and(tokens: &[Token]) -> &[Token] {
    match tokens {
        [rest @ .., last] if last.raw == "&" && !rest.is_empty() => rest,
        all => all,
    }
}

/// What a line that was taken apart already says.
///
/// # Errors
/// What is wrong with it, and at which column.
pub fn parse_tokens(tokens: &[Token]) -> Result<Option<Deed>, Wrong> {
    let Some((first, rest)) = tokens.split_first() else {
        return Ok(None);
    };
    let at_end = |message: String| Wrong::new(tokens.last().map_or(0, Token::end), message);
    let deed = match (first.raw.as_str(), actor(&first.raw)) {
        (_, Some(Actor::Client(id))) => client_deed(id, read(rest, first)?).map_err(at_end)?,
        (_, Some(Actor::Server)) => server_deed(read(rest, first)?).map_err(at_end)?,
        (_, Some(Actor::Connection(id))) => {
            connection_deed(id, read(rest, first)?).map_err(at_end)?
        }
        (_, Some(Actor::Ports)) => ports_deed(read(rest, first)?).map_err(at_end)?,
        ("crowd", _) => crowd_deed(read(rest, first)?).map_err(at_end)?,
        ("save", _) => {
            let SaveLine::Script { file, replace } = read(rest, first)?;
            Deed::SaveScript {
                path: file,
                replace,
            }
        }
        ("view", _) => view_deed(read(rest, first)?).map_err(at_end)?,
        ("play", _) => {
            let PlayLine { file } = read(rest, first)?;
            Deed::Play(file)
        }
        ("help", _) => {
            let HelpLine {} = read(rest, first)?;
            Deed::Help
        }
        ("quit", _) => {
            let QuitLine {} = read(rest, first)?;
            Deed::Quit
        }
        (other, _) => return Err(Wrong::new(first.column, unknown(other, commands()))),
    };
    Ok(Some(deed))
}

/// Words for a line that begins with something else than one of `all`.
pub(in crate::app) fn unknown(word: &str, all: &[Command]) -> String {
    let has_verb = |command: &&Command| command.find_subcommand(word).is_some();
    if let Some(whose) = all.iter().find(has_verb) {
        return format!(
            "who is to {word}? A line begins with its actor, as in: {} {word} …",
            whose.get_name()
        );
    }
    let suggested = bare(Command::new("line"))
        .subcommands(all)
        .try_get_matches_from([word])
        .err()
        .and_then(|error| suggestion(&error));
    let begins = suggested.map_or_else(
        || "it begins".to_owned(),
        |found| format!("did you mean {found}? It begins"),
    );
    let names: Vec<&str> = all.iter().map(Command::get_name).collect();
    format!(
        "{word} is no beginning of a line: {begins} with one of {}",
        names.join(", ")
    )
}

/// What clap makes of the words behind the first.
pub(in crate::app) fn read<T: CommandFactory + FromArgMatches>(
    rest: &[Token],
    first: &Token,
) -> Result<T, Wrong> {
    let words = rest.iter().map(|token| token.raw.as_str());
    let matches = bare(T::command()).try_get_matches_from(words);
    matches
        .and_then(|mut matches| T::from_arg_matches_mut(&mut matches))
        .map_err(|error| {
            let place = if rest.is_empty() {
                std::slice::from_ref(first)
            } else {
                rest
            };
            Wrong::of(&error, place)
        })
}

type Said = Result<Deed, String>;

/// The deed of a verb that every socket has. `recv` is how many bytes it receives unless told otherwise.
fn socket_deed(who: Actor, verb: SocketVerb, recv: usize) -> Said {
    let action = match verb {
        SocketVerb::Send { message, oob } => SocketAction::Send {
            bytes: message.bytes(),
            urgent: oob,
        },
        SocketVerb::Sendall { message } => SocketAction::SendAll(message.bytes()),
        SocketVerb::Recv { size, oob, peek } => SocketAction::Recv {
            size: size.unwrap_or(if oob { 1 } else { recv }),
            flags: RecvFlags { urgent: oob, peek },
        },
        SocketVerb::Autorecv { on: false, .. } => SocketAction::ReceiveAlone(None),
        SocketVerb::Autorecv { size, .. } => {
            SocketAction::ReceiveAlone(Some(size.unwrap_or(SocketAction::USUAL_RECV)))
        }
        SocketVerb::Shutdown { how } => SocketAction::Shutdown(how),
        SocketVerb::Close => SocketAction::Close,
        SocketVerb::Reset => SocketAction::Reset,
        SocketVerb::Setsockopt { option, value } => {
            let value = OptionValue::parse(option.kind(), &value);
            let value = value.map_err(|why| format!("{option}: {why}"))?;
            SocketAction::Set(OptionSetting::Value(option, value))
        }
        SocketVerb::Getsockopt { option: None } => return Ok(Deed::AllOptions(who)),
        SocketVerb::Getsockopt {
            option: Some(option),
        } => SocketAction::Get(option),
        SocketVerb::Join { group } => {
            let (group, interface) = group.parts()?;
            SocketAction::Set(OptionSetting::Join(group, interface))
        }
        SocketVerb::Leave { group } => {
            let (group, interface) = group.parts()?;
            SocketAction::Set(OptionSetting::Leave(group, interface))
        }
        SocketVerb::MulticastIf { interface } => {
            let interface = interface.unwrap_or_default();
            SocketAction::Set(OptionSetting::MulticastInterface(interface))
        }
        SocketVerb::Blocking { on } => SocketAction::Blocking(on),
        SocketVerb::Save {
            saving,
            body,
            replace,
        } => {
            let Some(path) = saving.file else {
                return Ok(Deed::StopSaving(who));
            };
            let what = if body { What::Body } else { What::Whole };
            return Ok(Deed::Save {
                who,
                what,
                path,
                replace,
            });
        }
        SocketVerb::View { mode } => return Ok(Deed::View(View::Mode(who, mode))),
    };
    Ok(Deed::Act(Action::on(who, action)))
}

fn client_deed(id: ClientId, line: ClientLine) -> Said {
    let action = match line {
        ClientLine::Socket { kind } => {
            ClientAction::Socket(kind.family().unwrap_or(Family::Inet), kind.kind())
        }
        ClientLine::Getaddrinfo { place, kind } => ClientAction::Resolve(target(place, kind)?),
        ClientLine::Connect { place, kind } => ClientAction::Connect(target(place, kind)?),
        ClientLine::Bind { address, port } => {
            ClientAction::On(SocketAction::Bind(SocketAddr::new(address, port)))
        }
        ClientLine::Sendto {
            host,
            port,
            message,
            inet,
            inet6,
            tcp,
        } => {
            let kind = Kind {
                inet,
                inet6,
                udp: !tcp,
            };
            let place = Place {
                host,
                port: Some(port),
            };
            ClientAction::SendTo(target(place, kind)?, message.bytes())
        }
        ClientLine::On(verb) => {
            return socket_deed(Actor::Client(id), verb, SocketAction::USUAL_RECV);
        }
        ClientLine::Cancel { call } => match call {
            Waiting::Send => ClientAction::On(SocketAction::CancelSend),
            Waiting::Recv => ClientAction::On(SocketAction::CancelRecv),
            Waiting::Connect | Waiting::Accept => ClientAction::CancelConnect,
        },
        ClientLine::Open => return Ok(Deed::Open(id)),
        ClientLine::Name { name } => {
            let name = name.filter(|name| !name.is_empty());
            return Ok(Deed::Name(id, name));
        }
        ClientLine::End => ClientAction::End,
    };
    Ok(Deed::Act(Action::Client(id, action)))
}

fn target(place: Place, kind: Kind) -> Result<Target, String> {
    Ok(Target {
        address: place.address()?,
        family: kind.family(),
        kind: kind.kind(),
    })
}

fn server_deed(line: ServerLine) -> Said {
    let action = match line {
        ServerLine::Start {
            host,
            port,
            udp,
            backlog,
            offer,
        } => {
            let Address { host, port } = Place { host, port }.address()?;
            let port = port.parse().map_err(|_| {
                format!("{port} is no port to listen on: give a number from 0 to 65535")
            })?;
            let kind = if udp {
                SocketKind::Datagram
            } else {
                SocketKind::Stream
            };
            ServerAction::Start(ServerSetup {
                host,
                port,
                kind,
                backlog,
                offer: offer.offer(),
            })
        }
        ServerLine::Offer { offer } => ServerAction::Offer(offer.offer()),
        ServerLine::Stop => ServerAction::Stop,
        ServerLine::Socket { kind } => {
            ServerAction::Socket(kind.family().unwrap_or(Family::Inet), kind.kind())
        }
        ServerLine::Bind { place } => ServerAction::Bind(place.address()?),
        ServerLine::Listen { backlog } => ServerAction::Listen(backlog),
        ServerLine::Accept => ServerAction::Accept,
        ServerLine::Autoaccept { on } => ServerAction::AcceptAlone(on),
        ServerLine::Sendto { to } => ServerAction::On(send_to(to)),
        ServerLine::On(verb) => {
            return socket_deed(Actor::Server, verb, SocketAction::DATAGRAM_RECV);
        }
        ServerLine::Cancel { call } => match call {
            Waiting::Send => ServerAction::On(SocketAction::CancelSend),
            Waiting::Recv => ServerAction::On(SocketAction::CancelRecv),
            Waiting::Connect | Waiting::Accept => ServerAction::CancelAccept,
        },
    };
    Ok(Deed::Act(Action::Server(action)))
}

fn send_to(to: To) -> SocketAction {
    SocketAction::SendTo(SocketAddr::new(to.address, to.port), to.message.bytes())
}

fn connection_deed(id: ConnectionId, line: ConnectionLine) -> Said {
    let action = match line {
        ConnectionLine::Sendto { to } => send_to(to),
        ConnectionLine::On(verb) => {
            return socket_deed(Actor::Connection(id), verb, SocketAction::CONNECTION_RECV);
        }
        ConnectionLine::Cancel {
            call: Waiting::Send,
        } => SocketAction::CancelSend,
        ConnectionLine::Cancel { .. } => SocketAction::CancelRecv,
    };
    Ok(Deed::Act(Action::Connection(id, action)))
}

fn ports_deed(line: PortsLine) -> Said {
    let action = match line {
        PortsLine::Cancel => PortsAction::Cancel,
        PortsLine::Try {
            host,
            first,
            last,
            timeout,
            allowed,
        } => {
            let range = PortRange {
                host,
                first,
                last: last.unwrap_or(first),
                patience: timeout,
            };
            range.check()?;
            if allowed {
                return Ok(Deed::TryAllowed(range));
            }
            PortsAction::Try(range)
        }
    };
    Ok(Deed::Act(Action::Ports(action)))
}

fn crowd_deed(line: CrowdLine) -> Said {
    let CrowdLine::Start {
        count,
        place,
        steps,
        text: Text(message),
        inet,
        inet6,
    } = line
    else {
        return Ok(Deed::Dismiss);
    };
    let kind = Kind {
        inet,
        inet6,
        udp: false,
    };
    Ok(Deed::Crowd(Crowd {
        count,
        target: target(place, kind)?,
        steps,
        message,
    }))
}

fn view_deed(line: ViewLine) -> Said {
    Ok(Deed::View(match line {
        ViewLine::Client => View::Pane(Pane::Client),
        ViewLine::Server => View::Pane(Pane::Server),
        ViewLine::Calls { whose: None } => View::Pane(Pane::Calls),
        ViewLine::Calls { whose: Some(whose) } => View::Calls(whose),
        ViewLine::Clients => View::Pane(Pane::Sessions),
        ViewLine::Ports => View::Pane(Pane::Ports),
        ViewLine::Zoom { on } => View::Zoom(on),
        ViewLine::Script => View::Script,
        ViewLine::Actor(words) => {
            let (first, rest) = words.split_first().ok_or("what is to be looked at?")?;
            if let Some(more) = rest.first() {
                return Err(format!("{more} is one word too many"));
            }
            match actor(first) {
                Some(Actor::Client(id)) => View::Client(id),
                Some(Actor::Connection(id)) => View::Connection(id),
                Some(Actor::Server | Actor::Ports) | None => {
                    return Err(format!("there is no {first} to look at"));
                }
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> (usize, String) {
        let Wrong { column, message } = parse(line).expect_err(line);
        (column, message)
    }

    #[test]
    fn the_same_thing_may_be_said_in_several_ways() {
        for (one, other) in [
            ("client connect localhost:80", "client connect localhost 80"),
            ("client connect [::1]:80", "client connect ::1 80"),
            ("client resolve a b", "client getaddrinfo a b"),
            ("client1 recv", "client recv 65536"),
            ("client send ning\\n", "client send \"ning\\n\" # a comment"),
            ("server listen", "server listen 128"),
            (
                "server start 127.0.0.1:0",
                "server start 127.0.0.1 0 --service echo",
            ),
        ] {
            assert_eq!(parse(one), parse(other), "{one}");
            assert!(parse(one).expect(one).is_some());
        }
        assert_eq!(parse("  # nothing"), Ok(None));
    }

    #[test]
    fn a_wrong_line_is_wrong_at_a_column() {
        let mut others = Vec::new();
        for (line, column, says) in [
            ("cliet connect a 80", 0, "no beginning"),
            ("connect a 80", 0, "client connect"),
            ("client", 6, "verb is missing"),
            ("client conect a 80", 7, "did you mean connect or close?"),
            ("client connect a", 16, "PORT is missing"),
            ("client connect", 14, "HOST is missing"),
            ("client connect a 70000", 17, "70000 is no port"),
            ("client connect a 80 81", 20, "one word too many"),
            ("client send", 11, "TEXT"),
            ("client send hello world", 18, "stands in quotes"),
            ("client send --hello", 12, "stands in quotes"),
            ("client send \"a\\q\"", 12, "\\q is no escape"),
            ("client recv 9999999", 12, "give a number from 0 to 1048576"),
            ("client shutdown both", 16, "is none of"),
            ("client socket -4 -6", 19, "do not go together"),
            ("client setsockopt TCP_NODELAY 5", 31, "type on or off"),
            ("server start 127.0.0.1 http", 27, "no port to listen on"),
            (
                "server start 127.0.0.1 1 --service ecko",
                35,
                "did you mean echo?",
            ),
            ("server#0 close", 0, "no beginning"),
            ("client01 close", 0, "no beginning"),
            ("client4294967295 close", 0, "no beginning"),
            ("server#1 connect a 80", 9, "there is no connect here"),
            ("ports try localhost 5 1", 23, "before the first"),
            ("crowd start 100000 a 80", 12, "from 1 to 1000"),
            ("view nothing", 12, "no nothing to look at"),
            ("help me", 5, "one word too many"),
        ] {
            let (at, message) = wrong(line);
            if !message.contains(says) || at != column {
                others.push(format!("{line}: column {at}: {message}"));
            }
        }
        assert!(others.is_empty(), "{}", others.join("\n"));
    }
}
