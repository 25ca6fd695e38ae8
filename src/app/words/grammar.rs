//! The grammar of the lines, in clap's words: what follows each actor, and the help about it.
//!
//! Each line is a command of its own to clap, whose name is the actor. The docstrings of this file are what a person
//! reads at `:`, in the palette, in the help and in the manual page.

#![expect(
    clippy::doc_markdown,
    reason = "these docstrings are help texts, read in a terminal that knows no backticks"
)]

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::{ArgAction, Args, Command, CommandFactory, Parser, Subcommand};

use super::value::{
    SWITCH, Text, actor, crowd_size, filter, host, how_about, how_name, interface, ip,
    made_up_size, milliseconds, nothing_about, one_of, path, port, port_or_service, size,
    switch_name, text, word,
};
use crate::app::bytes::Mode;
use crate::app::calls::Filter;
use crate::app::client::split_address;
use crate::app::plan::Steps;
use crate::model::message::made_up;
use crate::model::{
    Actor, Address, Family, Interface, Model, Offer, ServerSetup, Service, ShutdownHow, SocketKind,
    SocketOption,
};

/// Which addresses, and which kind of socket.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Kind {
    /// IPv4 addresses alone
    #[arg(short = '4')]
    pub(super) inet: bool,
    /// IPv6 addresses alone
    #[arg(short = '6', conflicts_with = "inet")]
    pub(super) inet6: bool,
    /// UDP rather than TCP
    #[arg(long)]
    pub(super) udp: bool,
}

impl Kind {
    pub(super) const fn family(self) -> Option<Family> {
        match (self.inet, self.inet6) {
            (true, _) => Some(Family::Inet),
            (_, true) => Some(Family::Inet6),
            (false, false) => None,
        }
    }

    pub(super) const fn kind(self) -> SocketKind {
        if self.udp {
            SocketKind::Datagram
        } else {
            SocketKind::Stream
        }
    }
}

/// A host and a port, also as one word.
#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    /// A name or a numeric address
    #[arg(value_name = "HOST", value_parser = host)]
    pub(super) host: String,
    /// A number, or the name of a service
    #[arg(value_name = "PORT", value_parser = port_or_service)]
    pub(super) port: Option<String>,
}

impl Place {
    pub(super) fn address(self) -> Result<Address, String> {
        let (host, port) = match (self.port, split_address(&self.host)) {
            (Some(port), _) => (crate::app::client::bare(&self.host).to_owned(), port),
            (None, Some((host, port))) => (host.to_owned(), port.to_owned()),
            (None, None) => return Err("PORT is missing".to_owned()),
        };
        Ok(Address { host, port })
    }
}

/// What is sent.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Message {
    /// The message, in quotes, with the escapes \n \r \t \0 \xHH \u{H} \" \\
    #[arg(value_name = "TEXT", value_parser = text)]
    pub(super) text: Option<Text>,
    /// So many bytes that count up, so that a gap can be seen
    #[arg(long, value_name = "COUNT", value_parser = made_up_size)]
    pub(super) made_up: Option<usize>,
}

impl Message {
    pub(super) fn bytes(self) -> Vec<u8> {
        match (self.text, self.made_up) {
            (Some(Text(bytes)), _) => bytes,
            (None, count) => made_up(count.unwrap_or_default()),
        }
    }
}

/// What every socket can do.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum SocketVerb {
    /// Send with one call: the kernel takes what it has room for
    Send {
        #[command(flatten)]
        message: Message,
        /// The last byte is urgent: MSG_OOB
        #[arg(long)]
        oob: bool,
    },
    /// Send until the kernel has taken every byte
    Sendall {
        #[command(flatten)]
        message: Message,
    },
    /// Receive once
    Recv {
        /// The most bytes that it may return
        #[arg(value_name = "SIZE", value_parser = size)]
        size: Option<usize>,
        /// The urgent byte: MSG_OOB
        #[arg(long)]
        oob: bool,
        /// Leave what is returned in the queue: MSG_PEEK
        #[arg(long)]
        peek: bool,
    },
    /// Receive whatever comes, or by hand alone
    Autorecv {
        /// On or off
        #[arg(value_name = "on|off", action = ArgAction::Set, value_parser = one_of(&SWITCH, switch_name, nothing_about))]
        on: bool,
        /// The most bytes that one recv may return
        #[arg(value_name = "SIZE", value_parser = size)]
        size: Option<usize>,
    },
    /// End one direction: rd receives no more, wr sends no more (FIN)
    Shutdown {
        /// Which direction
        #[arg(value_name = "rd|wr|rdwr", value_parser = one_of(&ShutdownHow::ALL, how_name, how_about))]
        how: ShutdownHow,
    },
    /// Close the socket
    Close,
    /// Close it so that the peer gets RST: SO_LINGER 0
    Reset,
    /// Set an option of the socket
    Setsockopt {
        /// Its name
        #[arg(value_name = "OPTION", value_parser = one_of(&SocketOption::ALL, SocketOption::name, SocketOption::summary))]
        option: SocketOption,
        /// on or off, a number, or for SO_LINGER off or seconds
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Get an option of the socket, or all of them
    Getsockopt {
        /// Its name; without one all of them
        #[arg(value_name = "OPTION", value_parser = one_of(&SocketOption::ALL, SocketOption::name, SocketOption::summary))]
        option: Option<SocketOption>,
    },
    /// Join a multicast group
    Join {
        #[command(flatten)]
        group: Group,
    },
    /// Leave a multicast group
    Leave {
        #[command(flatten)]
        group: Group,
    },
    /// Choose the interface by which multicast goes out
    MulticastIf {
        /// Its IPv4 address or its index; without one the kernel chooses
        #[arg(value_name = "INTERFACE", value_parser = interface)]
        interface: Option<Interface>,
    },
    /// Make calls wait until they can be carried out, or return EAGAIN
    Blocking {
        /// On or off
        #[arg(value_name = "on|off", action = ArgAction::Set, value_parser = one_of(&SWITCH, switch_name, nothing_about))]
        on: bool,
    },
    /// Save what is received to a file
    Save {
        #[command(flatten)]
        saving: Saving,
        /// What follows the first empty line alone: the body of an HTTP message
        #[arg(long)]
        body: bool,
        /// Replace a file of that name
        #[arg(long)]
        replace: bool,
    },
    /// Show what was received in another way
    View {
        /// How
        #[arg(value_name = "text|hex|chunks|http", value_parser = one_of(&Mode::ALL, Mode::name, Mode::summary))]
        mode: Mode,
    },
}

/// Where to.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Saving {
    /// The file
    #[arg(value_name = "FILE", value_parser = path)]
    pub(super) file: Option<PathBuf>,
    /// Stop saving; what is written is kept
    #[arg(long, conflicts_with_all = ["body", "replace"])]
    pub(super) stop: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Group {
    /// Its numeric address
    #[arg(value_name = "GROUP", value_parser = ip)]
    pub(super) group: IpAddr,
    /// The interface's IPv4 address or its index; without one the kernel chooses
    #[arg(value_name = "INTERFACE", value_parser = interface)]
    pub(super) interface: Option<Interface>,
}

impl Group {
    pub(super) fn parts(self) -> Result<(IpAddr, Interface), String> {
        let interface = self.interface.unwrap_or_default();
        if let (IpAddr::V6(_), Interface::Address(_)) = (self.group, interface) {
            return Err("IPv6 names an interface by its index: ip addr lists it".to_owned());
        }
        Ok((self.group, interface))
    }
}

/// A call that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    Connect,
    Send,
    Recv,
    Accept,
}

impl Waiting {
    const ALL: [Self; 4] = [Self::Connect, Self::Send, Self::Recv, Self::Accept];
    const CLIENT: [Self; 3] = [Self::Connect, Self::Send, Self::Recv];
    const CONNECTION: [Self; 2] = [Self::Send, Self::Recv];

    const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Send => "send",
            Self::Recv => "recv",
            Self::Accept => "accept",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Connect => "a look-up or a handshake that goes on",
            Self::Send => "a send that waits for room",
            Self::Recv => "a recv that waits for bytes",
            Self::Accept => "an accept that waits for a connection",
        }
    }
}

/// What follows `client`.
#[derive(Debug, Clone, Parser)]
#[command(name = "client", about = "A client session; client2 is the second")]
pub(super) enum ClientLine {
    /// Make a socket
    Socket {
        #[command(flatten)]
        kind: Kind,
    },
    /// Ask for the addresses of a host
    #[command(visible_alias = "resolve")]
    Getaddrinfo {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        kind: Kind,
    },
    /// Bind the socket to an address and port of this machine
    Bind {
        /// A numeric address of this machine
        #[arg(value_name = "ADDRESS", value_parser = ip)]
        address: IpAddr,
        /// The port; 0 lets the kernel choose
        #[arg(value_name = "PORT", value_parser = port)]
        port: u16,
    },
    /// Resolve the host, make a socket if there is none, and connect it
    Connect {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        kind: Kind,
    },
    /// Send one datagram to a host
    Sendto {
        /// A name or a numeric address
        #[arg(value_name = "HOST", value_parser = host)]
        host: String,
        /// A number, or the name of a service
        #[arg(value_name = "PORT", value_parser = port_or_service)]
        port: String,
        #[command(flatten)]
        message: Message,
        /// IPv4 addresses alone
        #[arg(short = '4')]
        inet: bool,
        /// IPv6 addresses alone
        #[arg(short = '6', conflicts_with = "inet")]
        inet6: bool,
        /// TCP rather than UDP: the kernel has its own opinion of that
        #[arg(long)]
        tcp: bool,
    },
    #[command(flatten)]
    On(SocketVerb),
    /// Stop waiting in a call; the connection is kept
    Cancel {
        /// Which call
        #[arg(value_name = "connect|send|recv", value_parser = one_of(&Waiting::CLIENT, Waiting::name, Waiting::about))]
        call: Waiting,
    },
    /// Open this session, or bring it to the front
    Open,
    /// Call this session something
    Name {
        /// What, in at most twelve characters; without one nothing
        #[arg(value_name = "NAME", value_parser = word)]
        name: Option<String>,
    },
    /// Close the socket and end this session
    End,
}

/// What follows `server`.
#[derive(Debug, Clone, Parser)]
#[command(name = "server", about = "The embedded server: its listening socket")]
pub(super) enum ServerLine {
    /// Bind, listen and accept as connections come
    Start {
        /// The address to bind to
        #[arg(value_name = "HOST", value_parser = host, default_value = "127.0.0.1")]
        host: String,
        /// The port; 0 lets the kernel choose
        #[arg(value_name = "PORT", value_parser = port_or_service)]
        port: Option<String>,
        /// UDP rather than TCP
        #[arg(long)]
        udp: bool,
        /// How many connections may wait to be accepted
        #[arg(long, value_name = "COUNT", default_value_t = ServerSetup::USUAL_BACKLOG, allow_negative_numbers = true)]
        backlog: i32,
        #[command(flatten)]
        offer: Offering,
    },
    /// Serve connections accepted from now on so
    Offer {
        #[command(flatten)]
        offer: Offering,
    },
    /// Close the listening socket and every connection
    Stop,
    /// Make a socket
    Socket {
        #[command(flatten)]
        kind: Kind,
    },
    /// Bind it
    Bind {
        #[command(flatten)]
        place: Place,
    },
    /// Let it listen
    Listen {
        /// How many connections may wait to be accepted
        #[arg(value_name = "BACKLOG", default_value_t = ServerSetup::USUAL_BACKLOG, allow_negative_numbers = true)]
        backlog: i32,
    },
    /// Accept one connection
    Accept,
    /// Accept connections as they come, or by hand alone
    Autoaccept {
        /// On or off
        #[arg(value_name = "on|off", action = ArgAction::Set, value_parser = one_of(&SWITCH, switch_name, nothing_about))]
        on: bool,
    },
    /// Send one datagram to an address
    Sendto {
        #[command(flatten)]
        to: To,
    },
    #[command(flatten)]
    On(SocketVerb),
    /// Stop waiting in a call
    Cancel {
        /// Which call
        #[arg(value_name = "accept|send|recv", value_parser = one_of(&Waiting::ALL, Waiting::name, Waiting::about))]
        call: Waiting,
    },
}

#[derive(Debug, Clone, Args)]
pub(super) struct To {
    /// A numeric address
    #[arg(value_name = "ADDRESS", value_parser = ip)]
    pub(super) address: IpAddr,
    /// A port
    #[arg(value_name = "PORT", value_parser = port)]
    pub(super) port: u16,
    #[command(flatten)]
    pub(super) message: Message,
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Offering {
    /// What is said on each connection
    #[arg(long, value_name = "SERVICE", default_value = Service::Echo.name(), value_parser = one_of(&Service::ALL, Service::name, Service::summary))]
    pub(super) service: Service,
    /// How several connections are served
    #[arg(long, value_name = "MODEL", default_value = Model::Threads.name(), value_parser = one_of(&Model::ALL, Model::name, Model::summary))]
    pub(super) model: Model,
    /// How many milliseconds the service thinks before each answer
    #[arg(long, value_name = "MS", default_value = "0", value_parser = Offer::parse_delay)]
    pub(super) delay: Duration,
}

impl Offering {
    pub(super) const fn offer(self) -> Offer {
        Offer {
            service: self.service,
            model: self.model,
            delay: self.delay,
        }
    }
}

/// What follows `server#N`.
#[derive(Debug, Clone, Parser)]
#[command(name = "server#N", about = "The server's Nth connection, by hand")]
pub(super) enum ConnectionLine {
    /// Send with sendto, to see what a connected socket makes of it
    Sendto {
        #[command(flatten)]
        to: To,
    },
    #[command(flatten)]
    On(SocketVerb),
    /// Stop waiting in a call; the connection is kept
    Cancel {
        /// Which call
        #[arg(value_name = "send|recv", value_parser = one_of(&Waiting::CONNECTION, Waiting::name, Waiting::about))]
        call: Waiting,
    },
}

/// What follows `ports`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ports",
    about = "A range of ports, each of which is connected to"
)]
pub(super) enum PortsLine {
    /// Connect to each port of a range, a few at once
    Try {
        /// A name or a numeric address
        #[arg(value_name = "HOST", value_parser = host)]
        host: String,
        /// The first port
        #[arg(value_name = "FIRST", value_parser = port)]
        first: u16,
        /// The last port; without it the first alone
        #[arg(value_name = "LAST", value_parser = port)]
        last: Option<u16>,
        /// How many milliseconds one handshake may take
        #[arg(long, value_name = "MS", default_value = "1000", value_parser = milliseconds)]
        timeout: Duration,
        /// The host is not this machine, and you are allowed to test it
        #[arg(long)]
        allowed: bool,
    },
    /// Stop; ports that were not tried yet stay untried
    Cancel,
}

/// What follows `crowd`.
#[derive(Debug, Clone, Parser)]
#[command(name = "crowd", about = "Many clients that do the same")]
pub(super) enum CrowdLine {
    /// Start a crowd
    Start {
        /// How many clients
        #[arg(value_name = "COUNT", value_parser = crowd_size)]
        count: usize,
        #[command(flatten)]
        place: Place,
        /// What each of them does: say (connect, send, recv), visit (and close), greeted (recv before it sends), hold (connect alone), reset (connect, send, reset)
        #[arg(long, value_name = "STEPS", default_value = Steps::Say.word(), value_parser = one_of(&Steps::ALL, Steps::word, Steps::name))]
        steps: Steps,
        /// What each of them says
        #[arg(long, value_name = "TEXT", default_value = "hello", value_parser = text)]
        text: Text,
        /// IPv4 addresses alone
        #[arg(short = '4')]
        inet: bool,
        /// IPv6 addresses alone
        #[arg(short = '6', conflicts_with = "inet")]
        inet6: bool,
    },
    /// End the sessions of the crowd
    End,
}

/// What follows `save`.
#[derive(Debug, Clone, Parser)]
#[command(name = "save", about = "What was done until now")]
pub(super) enum SaveLine {
    /// Save what was done until now as a script, which runs again
    Script {
        /// The file
        #[arg(value_name = "FILE", value_parser = path)]
        file: PathBuf,
        /// Replace a file of that name
        #[arg(long)]
        replace: bool,
    },
}

/// What follows `view`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "view",
    about = "What is looked at: a pane, a client, a connection; also client2, server#3",
    allow_external_subcommands = true
)]
pub(super) enum ViewLine {
    /// The client session in front
    Client,
    /// The server panel
    Server,
    /// The calls
    Calls {
        /// Whose: all, clients, server, client2, server#3, ports
        #[arg(value_name = "WHOSE", value_parser = filter)]
        whose: Option<Filter>,
    },
    /// Every client, and the crowd
    Clients,
    /// The ports that were tried
    Ports,
    /// The pane with the focus alone, or all of them
    Zoom {
        /// On or off
        #[arg(value_name = "on|off", action = ArgAction::Set, value_parser = one_of(&SWITCH, switch_name, nothing_about))]
        on: bool,
    },
    /// What was done until now, as a script
    Script,
    #[command(external_subcommand)]
    Actor(Vec<String>),
}

/// What follows `play`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "play",
    about = "Play a script in the playground, a step at a time"
)]
pub(super) struct PlayLine {
    /// The script
    #[arg(value_name = "FILE", value_parser = path)]
    pub(super) file: PathBuf,
}

/// What stands alone.
#[derive(Debug, Clone, Parser)]
#[command(name = "help", about = "Every key and every line")]
pub(super) struct HelpLine {}

#[derive(Debug, Clone, Parser)]
#[command(name = "quit", about = "Close every socket and end the program")]
pub(super) struct QuitLine {}

/// Everything that a line can begin with, as clap has it: the actors, and the few words of the playground.
#[must_use]
pub fn commands() -> &'static [Command] {
    static COMMANDS: LazyLock<[Command; 10]> = LazyLock::new(|| {
        [
            ClientLine::command(),
            ServerLine::command(),
            ConnectionLine::command(),
            PortsLine::command(),
            CrowdLine::command(),
            SaveLine::command(),
            ViewLine::command(),
            PlayLine::command(),
            HelpLine::command(),
            QuitLine::command(),
        ]
        .map(|command| {
            let mut command = bare(command);
            command.build();
            command
        })
    });
    COMMANDS.as_slice()
}

/// What can follow this first word of a line.
#[must_use]
pub fn command_of(word: &str) -> Option<&'static Command> {
    let name = match actor(word) {
        Some(Actor::Client(_)) => "client",
        Some(Actor::Connection(_)) => CONNECTION,
        Some(Actor::Server | Actor::Ports) | None => word,
    };
    commands().iter().find(|command| command.get_name() == name)
}

/// What stands for the name of a connection where none in particular is meant.
pub const CONNECTION: &str = "server#N";

/// Without what belongs to a program alone: its name, and the options for help.
pub(in crate::app) fn bare(command: Command) -> Command {
    command
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_grammar_is_explained() {
        fn check(command: &Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(
                command.get_about().is_some(),
                "{path} says nothing of itself"
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{path} {argument} is not explained"
                );
            }
            for verb in command.get_subcommands() {
                check(verb, &path);
            }
        }
        for command in commands() {
            command.clone().debug_assert();
            check(command, "");
        }
    }
}
