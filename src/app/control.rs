//! What on the screen can have the focus, and how focus moves between them.

/// A part of the screen with a border of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The client session in front.
    Client,
    /// The embedded server and its connections.
    Server,
    /// Every call, on one time axis.
    Calls,
    /// Every client session, and the crowd.
    Sessions,
    /// A range of ports that is tried.
    Ports,
}

impl Pane {
    /// Those that share the lower part of the screen.
    pub const LOWER: [Self; 3] = [Self::Calls, Self::Sessions, Self::Ports];

    /// Whether it is one of those.
    #[must_use]
    pub const fn is_lower(self) -> bool {
        match self {
            Self::Client | Self::Server => false,
            Self::Calls | Self::Sessions | Self::Ports => true,
        }
    }

    /// The key that leads to it.
    #[must_use]
    pub const fn key(self) -> char {
        match self {
            Self::Client => '1',
            Self::Server => '2',
            Self::Calls => '3',
            Self::Sessions => '4',
            Self::Ports => '5',
        }
    }

    /// Its name as it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Calls => "calls",
            Self::Sessions => "clients",
            Self::Ports => "ports",
        }
    }

    /// The control that has the focus when a key leads to the pane.
    #[must_use]
    pub const fn first(self) -> Control {
        match self {
            Self::Client => Control::Button(Button::Connect),
            Self::Server => Control::Button(Button::Start),
            Self::Calls => Control::Calls,
            Self::Sessions => Control::Sessions,
            Self::Ports => Control::Button(Button::Try),
        }
    }
}

/// Something that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// A line of text that is edited.
    Input(Input),
    /// Something to press.
    Button(Button),
    /// One of a few values.
    Choice(Choice),
    /// Received bytes.
    Bytes(Bytes),
    /// The list of accepted connections, or of the peers of a UDP server.
    Connections,
    /// The list of calls.
    Calls,
    /// The list of client sessions.
    Sessions,
    /// The list of ports that were tried.
    Ports,
}

/// A line of text that is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// The host to connect to.
    Host,
    /// The port to connect to.
    Port,
    /// The text to send.
    Message,
    /// The most bytes that one recv may return.
    RecvSize,
    /// The address to bind to.
    Bind,
    /// The port to bind to.
    ServerPort,
    /// The second argument of listen.
    Backlog,
    /// Milliseconds that a service thinks before each answer.
    Delay,
    /// The text to send on the selected connection.
    Answer,
    /// How many clients the crowd has.
    Crowd,
    /// The host whose ports are tried.
    PortsHost,
    /// The first port to try.
    PortsFirst,
    /// The last port to try.
    PortsLast,
    /// What is asked for in a window above the panes.
    Prompt,
}

impl Input {
    /// Those that stand on a pane.
    pub const ALL: [Self; 13] = [
        Self::Host,
        Self::Port,
        Self::Message,
        Self::RecvSize,
        Self::Bind,
        Self::ServerPort,
        Self::Backlog,
        Self::Delay,
        Self::Answer,
        Self::Crowd,
        Self::PortsHost,
        Self::PortsFirst,
        Self::PortsLast,
    ];

    /// What is typed there.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Host => "the host that the client connects to",
            Self::Port => "the port that the client connects to",
            Self::Message => "the message that the client sends",
            Self::RecvSize => "the size of recv: the most bytes that one may return",
            Self::Bind => "the address that the server binds to",
            Self::ServerPort => "the port that the server binds to",
            Self::Backlog => "the backlog of listen: how many connections may wait",
            Self::Delay => "the delay: how many milliseconds the service thinks before each answer",
            Self::Answer => "the answer to the selected connection or peer",
            Self::Crowd => "how many clients the crowd has",
            Self::PortsHost => "the host whose ports are tried",
            Self::PortsFirst => "the first port to try",
            Self::PortsLast => "the last port to try",
            Self::Prompt => "what is asked for",
        }
    }
}

/// Something to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// Makes a socket.
    Socket,
    /// Asks for the addresses of the host.
    Resolve,
    /// Connects, or cancels a connect that is blocked.
    Connect,
    /// Asks which direction to shut down.
    Shutdown,
    /// Closes the client's socket.
    Close,
    /// Sends the message with one call, or cancels a send that is blocked.
    Send,
    /// Sends the message to its last byte; on a UDP socket without a peer, to the host and port above.
    SendAll,
    /// Receives once, or cancels a recv that is blocked.
    Recv,
    /// Opens the menu of everything else that the session can do.
    More,
    /// Starts or stops the server.
    Start,
    /// Makes the server's socket.
    ServerSocket,
    /// Binds it.
    ServerBind,
    /// Lets it listen.
    Listen,
    /// Accepts one connection, or cancels an accept that is blocked.
    Accept,
    /// Opens the menu of everything else that the server and the selected connection can do.
    ServerMore,
    /// Sends on the selected connection, or to the selected peer.
    Answer,
    /// Receives once on the selected connection.
    AnswerRecv,
    /// Asks which direction of the selected connection to shut down.
    AnswerShutdown,
    /// Closes the selected connection.
    AnswerClose,
    /// Opens another session.
    Open,
    /// Starts the crowd.
    Crowd,
    /// Ends the sessions of the crowd.
    Dismiss,
    /// Tries the range of ports, or stops.
    Try,
}

impl Button {
    /// Every button.
    pub const ALL: [Self; 23] = [
        Self::Socket,
        Self::Resolve,
        Self::Connect,
        Self::Shutdown,
        Self::Close,
        Self::Send,
        Self::SendAll,
        Self::Recv,
        Self::More,
        Self::Start,
        Self::ServerSocket,
        Self::ServerBind,
        Self::Listen,
        Self::Accept,
        Self::ServerMore,
        Self::Answer,
        Self::AnswerRecv,
        Self::AnswerShutdown,
        Self::AnswerClose,
        Self::Open,
        Self::Crowd,
        Self::Dismiss,
        Self::Try,
    ];

    /// The letter that presses it from outside a text field, anywhere in its pane; it is underlined in the label.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Socket | Self::ServerSocket => 'k',
            Self::Resolve | Self::Listen => 'e',
            Self::Connect => 'c',
            Self::Shutdown | Self::AnswerShutdown => 'd',
            Self::Close | Self::AnswerClose => 'l',
            Self::Send | Self::Answer => 'n',
            Self::SendAll | Self::Accept => 'a',
            Self::Recv | Self::AnswerRecv => 'r',
            Self::More | Self::ServerMore => 'o',
            Self::Start => 's',
            Self::ServerBind => 'b',
            Self::Open => '+',
            Self::Crowd => 'w',
            Self::Dismiss => 'g',
            Self::Try => 'x',
        }
    }

    /// The pane that it is in.
    #[must_use]
    pub const fn pane(self) -> Pane {
        match self {
            Self::Socket
            | Self::Resolve
            | Self::Connect
            | Self::Shutdown
            | Self::Close
            | Self::Send
            | Self::SendAll
            | Self::Recv
            | Self::More => Pane::Client,
            Self::Start
            | Self::ServerSocket
            | Self::ServerBind
            | Self::Listen
            | Self::Accept
            | Self::ServerMore
            | Self::Answer
            | Self::AnswerRecv
            | Self::AnswerShutdown
            | Self::AnswerClose => Pane::Server,
            Self::Open | Self::Crowd | Self::Dismiss => Pane::Sessions,
            Self::Try => Pane::Ports,
        }
    }
}

/// One of a few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// TCP or UDP, for the client.
    Protocol,
    /// Which family of addresses the client asks for.
    Family,
    /// What is appended to the message.
    LineEnding,
    /// Whether the client receives as bytes come, or by hand.
    Receive,
    /// TCP or UDP, for the server.
    ServerProtocol,
    /// What connections are served with.
    Service,
    /// How many connections are served beside each other.
    Model,
    /// What each client of the crowd does.
    Steps,
    /// Whose calls are shown.
    Filter,
}

impl Choice {
    /// Every choice.
    pub const ALL: [Self; 9] = [
        Self::Protocol,
        Self::Family,
        Self::LineEnding,
        Self::Receive,
        Self::ServerProtocol,
        Self::Service,
        Self::Model,
        Self::Steps,
        Self::Filter,
    ];

    /// What is chosen there.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Protocol => "protocol of the client: TCP or UDP",
            Self::Family => "family of addresses that the client asks for: any, IPv4, IPv6",
            Self::LineEnding => "line ending appended to the message: none, LF, CRLF",
            Self::Receive => "receiving: as bytes come, or by hand",
            Self::ServerProtocol => "protocol of the server: TCP or UDP",
            Self::Service => "service: what connections are served with",
            Self::Model => "model: how connections are served beside each other",
            Self::Steps => "steps of the crowd: what each of its clients does",
            Self::Filter => "filter: whose calls are shown",
        }
    }
}

/// Received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bytes {
    /// What the client received.
    Client,
    /// What the selected connection received.
    Connection,
}

impl Control {
    /// Every control in the order in which Tab visits them, the panes that are not seen left out.
    pub const ORDER: [Self; 51] = [
        Self::Input(Input::Host),
        Self::Input(Input::Port),
        Self::Choice(Choice::Protocol),
        Self::Choice(Choice::Family),
        Self::Button(Button::Socket),
        Self::Button(Button::Resolve),
        Self::Button(Button::Connect),
        Self::Button(Button::Shutdown),
        Self::Button(Button::Close),
        Self::Input(Input::Message),
        Self::Choice(Choice::LineEnding),
        Self::Button(Button::Send),
        Self::Button(Button::SendAll),
        Self::Choice(Choice::Receive),
        Self::Input(Input::RecvSize),
        Self::Button(Button::Recv),
        Self::Button(Button::More),
        Self::Bytes(Bytes::Client),
        Self::Input(Input::Bind),
        Self::Input(Input::ServerPort),
        Self::Input(Input::Backlog),
        Self::Choice(Choice::ServerProtocol),
        Self::Choice(Choice::Service),
        Self::Choice(Choice::Model),
        Self::Input(Input::Delay),
        Self::Button(Button::Start),
        Self::Button(Button::ServerSocket),
        Self::Button(Button::ServerBind),
        Self::Button(Button::Listen),
        Self::Button(Button::Accept),
        Self::Button(Button::ServerMore),
        Self::Connections,
        Self::Input(Input::Answer),
        Self::Button(Button::Answer),
        Self::Button(Button::AnswerRecv),
        Self::Button(Button::AnswerShutdown),
        Self::Button(Button::AnswerClose),
        Self::Bytes(Bytes::Connection),
        Self::Choice(Choice::Filter),
        Self::Calls,
        Self::Sessions,
        Self::Input(Input::Crowd),
        Self::Choice(Choice::Steps),
        Self::Button(Button::Crowd),
        Self::Button(Button::Dismiss),
        Self::Button(Button::Open),
        Self::Input(Input::PortsHost),
        Self::Input(Input::PortsFirst),
        Self::Input(Input::PortsLast),
        Self::Button(Button::Try),
        Self::Ports,
    ];

    /// The pane that it is in.
    #[must_use]
    pub const fn pane(self) -> Pane {
        match self {
            Self::Button(button) => button.pane(),
            Self::Input(
                Input::Host | Input::Port | Input::Message | Input::RecvSize | Input::Prompt,
            )
            | Self::Choice(
                Choice::Protocol | Choice::Family | Choice::LineEnding | Choice::Receive,
            )
            | Self::Bytes(Bytes::Client) => Pane::Client,
            Self::Input(
                Input::Bind | Input::ServerPort | Input::Backlog | Input::Delay | Input::Answer,
            )
            | Self::Choice(Choice::ServerProtocol | Choice::Service | Choice::Model)
            | Self::Connections
            | Self::Bytes(Bytes::Connection) => Pane::Server,
            Self::Choice(Choice::Filter) | Self::Calls => Pane::Calls,
            Self::Input(Input::Crowd) | Self::Choice(Choice::Steps) | Self::Sessions => {
                Pane::Sessions
            }
            Self::Input(Input::PortsHost | Input::PortsFirst | Input::PortsLast) | Self::Ports => {
                Pane::Ports
            }
        }
    }

    /// The button that Enter presses when this has the focus: itself, or for an input the one of its row.
    #[must_use]
    pub const fn button(self) -> Option<Button> {
        match self {
            Self::Button(button) => Some(button),
            Self::Input(input) => match input {
                Input::Host | Input::Port => Some(Button::Connect),
                Input::Message => Some(Button::SendAll),
                Input::RecvSize => Some(Button::Recv),
                Input::Bind | Input::ServerPort | Input::Backlog | Input::Delay => {
                    Some(Button::Start)
                }
                Input::Answer => Some(Button::Answer),
                Input::Crowd => Some(Button::Crowd),
                Input::PortsHost | Input::PortsFirst | Input::PortsLast => Some(Button::Try),
                Input::Prompt => None,
            },
            Self::Choice(_)
            | Self::Bytes(_)
            | Self::Connections
            | Self::Calls
            | Self::Sessions
            | Self::Ports => None,
        }
    }

    /// Whether it is one of the inputs that the server is started with.
    #[must_use]
    pub const fn is_server_input(self) -> bool {
        matches!(
            self,
            Self::Input(Input::Bind | Input::ServerPort | Input::Backlog)
        )
    }

    /// The next control of those that are there, or the one before.
    #[must_use]
    pub fn neighbour(self, back: bool, is_there: impl Fn(Self) -> bool) -> Self {
        let all = Self::ORDER.len();
        let by = if back { all - 1 } else { 1 };
        let at = Self::ORDER.iter().position(|&control| control == self);
        let at = at.unwrap_or(0);
        (1..=all)
            .map(|steps| Self::ORDER[(at + steps * by) % all])
            .find(|&control| is_there(control))
            .unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_visits_every_control_that_is_there_once_and_comes_back() {
        for lower in Pane::LOWER {
            let is_there = |control: Control| {
                let pane = control.pane();
                !pane.is_lower() || pane == lower
            };
            let first = Control::ORDER[0];
            let mut seen = vec![first];
            while seen.last().map(|c| c.neighbour(false, is_there)) != Some(first) {
                let last = *seen.last().expect("never empty");
                let next = last.neighbour(false, is_there);
                assert_eq!(next.neighbour(true, is_there), last);
                seen.push(next);
            }
            let expected: Vec<Control> = Control::ORDER
                .into_iter()
                .filter(|control| is_there(*control))
                .collect();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn the_way_to_a_pane_leads_to_a_control_of_it() {
        for pane in [Pane::Client, Pane::Server].into_iter().chain(Pane::LOWER) {
            assert_eq!(pane.first().pane(), pane);
        }
    }
}
