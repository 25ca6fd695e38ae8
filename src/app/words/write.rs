//! Deeds as the lines that say them.
//!
//! What is written reads back as the same deed: a button, its line, and a script made of it mean one thing.

use std::fmt;
use std::os::unix::ffi::OsStrExt;

use super::token::{quote, quote_message, quote_text};
use super::value::{how_name, switch_name};
use super::{Crowd, Deed, View};
use crate::app::calls::Filter;
use crate::app::control::Pane;
use crate::app::saving::What;
use crate::model::message::is_made_up;
use crate::model::{
    Action, Actor, Address, ClientAction, Family, Interface, Offer, OptionSetting, PortsAction,
    ServerAction, ServerSetup, SocketAction, SocketKind, Target,
};

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(action) => f.write_str(&action_line(action)),
            Self::AllOptions(who) => write!(f, "{who} getsockopt"),
            Self::TryAllowed(range) => {
                let action = Action::Ports(PortsAction::Try(range.clone()));
                write!(f, "{} --allowed", action_line(&action))
            }
            Self::Open(id) => write!(f, "{} open", Actor::Client(*id)),
            Self::Name(id, name) => {
                let who = Actor::Client(*id);
                match name {
                    Some(name) => write!(f, "{who} name {}", quote_text(name)),
                    None => write!(f, "{who} name"),
                }
            }
            Self::Crowd(Crowd {
                count,
                target,
                steps,
                message,
            }) => {
                let place = place(&target.address);
                let family = family(target.family);
                let (steps, text) = (steps.word(), quote_message(message));
                write!(
                    f,
                    "crowd start {count} {place}{family} --steps {steps} --text {text}"
                )
            }
            Self::Dismiss => f.write_str("crowd end"),
            Self::Save {
                who,
                what,
                path,
                replace,
            } => {
                let path = quote(path.as_os_str().as_bytes());
                let body = match what {
                    What::Whole => "",
                    What::Body => " --body",
                };
                write!(f, "{who} save {path}{body}{}", replacing(*replace))
            }
            Self::StopSaving(who) => write!(f, "{who} save --stop"),
            Self::SaveScript { path, replace } => {
                let path = quote(path.as_os_str().as_bytes());
                write!(f, "save script {path}{}", replacing(*replace))
            }
            Self::View(view) => write!(f, "{view}"),
            Self::Play(path) => write!(f, "play {}", quote(path.as_os_str().as_bytes())),
            Self::Help => f.write_str("help"),
            Self::Quit => f.write_str("quit"),
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pane(pane) => write!(f, "view {}", pane.name()),
            // The pane has the name of the first session.
            Self::Client(id) if id.0 == 1 => f.write_str("view client1"),
            Self::Client(id) => write!(f, "view {}", Actor::Client(*id)),
            Self::Connection(id) => write!(f, "view {}", Actor::Connection(*id)),
            Self::Mode(who, mode) => write!(f, "{who} view {}", mode.name()),
            Self::Calls(filter) => {
                let whose = match filter {
                    Filter::All => "all".to_owned(),
                    Filter::Client => "clients".to_owned(),
                    Filter::Session(id) => Actor::Client(*id).to_string(),
                    Filter::Ports => Pane::Ports.name().to_owned(),
                    Filter::Server => Actor::Server.to_string(),
                    Filter::Connection(id) => Actor::Connection(*id).to_string(),
                };
                write!(f, "view calls {whose}")
            }
            Self::Zoom(on) => write!(f, "view zoom {}", switch_name(*on)),
            Self::Script => f.write_str("view script"),
        }
    }
}

/// The line of an action.
fn action_line(action: &Action) -> String {
    let who = action.who();
    match action {
        Action::Client(_, action) => client_line(who, action),
        Action::Server(action) => server_line(action),
        Action::Connection(_, action) => socket_line(who, action),
        Action::Ports(PortsAction::Cancel) => format!("{who} cancel"),
        Action::Ports(PortsAction::Try(range)) => {
            let (host, first) = (quote_text(&range.host), range.first);
            let last = if range.last == first {
                String::new()
            } else {
                format!(" {}", range.last)
            };
            let millis = range.patience.as_millis();
            let timeout = if millis == 1_000 {
                String::new()
            } else {
                format!(" --timeout {millis}")
            };
            format!("{who} try {host} {first}{last}{timeout}")
        }
    }
}

fn client_line(who: Actor, action: &ClientAction) -> String {
    match action {
        ClientAction::Resolve(target) => format!("{who} getaddrinfo {}", at(target)),
        ClientAction::Socket(family, kind) => format!("{who} socket{}", new_socket(*family, *kind)),
        ClientAction::Connect(target) => format!("{who} connect {}", at(target)),
        ClientAction::SendTo(target, bytes) => {
            let tcp = match target.kind {
                SocketKind::Stream => " --tcp",
                SocketKind::Datagram => "",
            };
            let (place, family) = (place(&target.address), family(target.family));
            format!("{who} sendto {place} {}{family}{tcp}", said(bytes))
        }
        ClientAction::CancelConnect => format!("{who} cancel connect"),
        ClientAction::On(action) => socket_line(who, action),
        ClientAction::End => format!("{who} end"),
    }
}

fn server_line(action: &ServerAction) -> String {
    match action {
        ServerAction::Start(setup) => {
            let ServerSetup {
                host,
                port,
                kind,
                backlog,
                offer,
            } = setup;
            let place = format!("{} {port}", quote_text(host));
            let udp = udp(*kind);
            // Datagrams neither wait in an accept queue nor have a connection each.
            let tcp = match kind {
                SocketKind::Stream => format!(" --backlog {backlog}"),
                SocketKind::Datagram if *backlog != ServerSetup::USUAL_BACKLOG => {
                    format!(" --backlog {backlog}")
                }
                SocketKind::Datagram => String::new(),
            };
            format!("server start {place}{udp}{}{tcp}", offered(*offer))
        }
        ServerAction::Offer(offer) => format!("server offer{}", offered(*offer)),
        ServerAction::Stop => "server stop".to_owned(),
        ServerAction::Socket(family, kind) => {
            format!("server socket{}", new_socket(*family, *kind))
        }
        ServerAction::Bind(address) => format!("server bind {}", place(address)),
        ServerAction::Listen(backlog) => format!("server listen {backlog}"),
        ServerAction::Accept => "server accept".to_owned(),
        ServerAction::AcceptAlone(on) => format!("server autoaccept {}", switch_name(*on)),
        ServerAction::CancelAccept => "server cancel accept".to_owned(),
        ServerAction::On(action) => socket_line(Actor::Server, action),
    }
}

fn socket_line(who: Actor, action: &SocketAction) -> String {
    match action {
        SocketAction::Bind(address) => format!("{who} bind {} {}", address.ip(), address.port()),
        SocketAction::Send { bytes, urgent } => {
            let oob = if *urgent { " --oob" } else { "" };
            format!("{who} send {}{oob}", said(bytes))
        }
        SocketAction::SendAll(bytes) => format!("{who} sendall {}", said(bytes)),
        SocketAction::SendTo(address, bytes) => {
            let (ip, port) = (address.ip(), address.port());
            format!("{who} sendto {ip} {port} {}", said(bytes))
        }
        SocketAction::Recv { size, flags } => {
            let oob = if flags.urgent { " --oob" } else { "" };
            let peek = if flags.peek { " --peek" } else { "" };
            format!("{who} recv {size}{oob}{peek}")
        }
        SocketAction::ReceiveAlone(Some(size)) => format!("{who} autorecv on {size}"),
        SocketAction::ReceiveAlone(None) => format!("{who} autorecv off"),
        SocketAction::Shutdown(how) => {
            format!("{who} shutdown {}", how_name(*how))
        }
        SocketAction::Close => format!("{who} close"),
        SocketAction::Reset => format!("{who} reset"),
        SocketAction::Set(OptionSetting::Value(option, value)) => {
            format!("{who} setsockopt {option} {value}")
        }
        SocketAction::Set(OptionSetting::Join(group, interface)) => {
            format!("{who} join {group}{}", by(*interface))
        }
        SocketAction::Set(OptionSetting::Leave(group, interface)) => {
            format!("{who} leave {group}{}", by(*interface))
        }
        SocketAction::Set(OptionSetting::MulticastInterface(interface)) => {
            format!("{who} multicast-if{}", by(*interface))
        }
        SocketAction::Get(option) => format!("{who} getsockopt {option}"),
        SocketAction::Blocking(on) => format!("{who} blocking {}", switch_name(*on)),
        SocketAction::CancelSend => format!("{who} cancel send"),
        SocketAction::CancelRecv => format!("{who} cancel recv"),
    }
}

/// A message as it is said.
fn said(bytes: &[u8]) -> String {
    if is_made_up(bytes) {
        format!("--made-up {}", bytes.len())
    } else {
        quote_message(bytes)
    }
}

fn place(address: &Address) -> String {
    format!(
        "{} {}",
        quote_text(&address.host),
        quote_text(&address.port)
    )
}

fn at(target: &Target) -> String {
    let (place, family) = (place(&target.address), family(target.family));
    format!("{place}{family}{}", udp(target.kind))
}

fn new_socket(family: Family, kind: SocketKind) -> String {
    let inet6 = if family.is_inet6() { " -6" } else { "" };
    format!("{inet6}{}", udp(kind))
}

const fn family(family: Option<Family>) -> &'static str {
    match family {
        None => "",
        Some(Family::Inet) => " -4",
        Some(Family::Inet6) => " -6",
    }
}

const fn udp(kind: SocketKind) -> &'static str {
    match kind {
        SocketKind::Stream => "",
        SocketKind::Datagram => " --udp",
    }
}

fn offered(offer: Offer) -> String {
    let delay = match offer.delay.as_millis() {
        0 => String::new(),
        millis => format!(" --delay {millis}"),
    };
    format!(
        " --service {} --model {}{delay}",
        offer.service, offer.model
    )
}

fn by(interface: Interface) -> String {
    match interface {
        Interface::Any => String::new(),
        Interface::Address(address) => format!(" {address}"),
        Interface::Index(index) => format!(" {index}"),
    }
}

const fn replacing(replace: bool) -> &'static str {
    if replace { " --replace" } else { "" }
}

#[cfg(test)]
mod tests {
    use crate::app::words::parse;

    /// Lines as they are written; each reads back as itself.
    const WRITTEN: &[&str] = &[
        "client socket",
        "client2 socket -6 --udp",
        "client getaddrinfo localhost http -4",
        "client connect 127.0.0.1 8888",
        "client connect ::1 8888 -6 --udp",
        "client bind 127.0.0.1 0",
        "client send \"ning\\r\\n\" --oob",
        "client send \"\"",
        "client send \"--oob\"",
        "client sendall --made-up 1000000",
        "client sendto localhost 8888 \"a\\x00\\xff b\" -4",
        "client sendto 127.0.0.1 8888 \"a\" --tcp",
        "client recv 1024",
        "client recv 1 --oob",
        "client recv 16384 --peek",
        "client autorecv on 65536",
        "client autorecv off",
        "client shutdown wr",
        "client close",
        "client reset",
        "client setsockopt SO_LINGER 5",
        "client setsockopt TCP_NODELAY on",
        "client getsockopt SO_RCVBUF",
        "client getsockopt",
        "client join 239.1.2.3 127.0.0.1",
        "client leave ff02::1234 1",
        "client multicast-if 127.0.0.1",
        "client multicast-if",
        "client blocking off",
        "client cancel connect",
        "client cancel send",
        "client cancel recv",
        "client save \"a page.html\" --body --replace",
        "client save --stop",
        "client view http",
        "client3 open",
        "client3 name \"two words\"",
        "client3 name",
        "client3 end",
        "server start 127.0.0.1 9999 --service hello --model threads --backlog 5",
        "server start ::1 0 --service echo --model poll --delay 250 --backlog -1",
        "server start 127.0.0.1 9999 --udp --service echo --model threads",
        "server offer --service ok --model serial",
        "server stop",
        "server socket -6",
        "server bind localhost 8888",
        "server listen 5",
        "server accept",
        "server autoaccept off",
        "server cancel accept",
        "server sendto 127.0.0.1 4000 \"a\"",
        "server close",
        "server#1 close",
        "server#12 sendall \"Hello,\\\"\\u{202e}\"",
        "server#1 recv 16384",
        "ports try 127.0.0.1 8880 8899",
        "ports try localhost 80 --timeout 250",
        "ports try example.org 80 --allowed",
        "ports cancel",
        "crowd start 10 127.0.0.1 8888 --steps greeted --text \"ning\"",
        "crowd start 10 localhost 8888 -4 --steps say --text \"--x\"",
        "crowd end",
        "save script a.yard",
        "save script a.yard --replace",
        "view clients",
        "view client",
        "view client1",
        "view client2",
        "view server",
        "view server#3",
        "view calls",
        "view calls server#3",
        "view zoom on",
        "view script",
        "play a.yard",
        "help",
        "quit",
    ];

    #[test]
    fn what_is_written_reads_back_as_the_same_deed() {
        for line in WRITTEN {
            let deed = parse(line).map_err(|wrong| format!("{line}: {wrong}"));
            let deed = deed.expect("a good line").expect("a deed");
            assert_eq!(deed.to_string(), *line);
            assert_eq!(parse(&deed.to_string()), Ok(Some(deed)), "{line}");
        }
    }
}
