//! What on the screen can have the focus, and how focus moves between them.

/// A part of the screen with a border of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The client session.
    Client,
    /// The embedded server and its connections.
    Server,
    /// Every call, on one time axis.
    Calls,
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
    /// The list of accepted connections.
    Connections,
    /// The list of calls.
    Calls,
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
    /// The address to bind to.
    Bind,
    /// The port to bind to.
    ServerPort,
    /// The second argument of listen.
    Backlog,
}

/// Something to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// Connects, or cancels a connect that is blocked.
    Connect,
    /// Closes the client's socket.
    Close,
    /// Sends the message, or cancels a send that is blocked.
    Send,
    /// Starts or stops the server.
    Start,
}

impl Button {
    /// Every button.
    pub const ALL: [Self; 4] = [Self::Connect, Self::Close, Self::Send, Self::Start];

    /// The letter that presses it from outside a text field; it is underlined in the button's label.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Connect => 'c',
            Self::Close => 'l',
            Self::Send => 'n',
            Self::Start => 's',
        }
    }
}

/// One of a few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// What is appended to the message.
    LineEnding,
    /// What connections are served with.
    Service,
    /// Whose calls are shown.
    Filter,
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
    /// Every control in the order in which Tab visits them.
    pub const ORDER: [Self; 17] = [
        Self::Input(Input::Host),
        Self::Input(Input::Port),
        Self::Button(Button::Connect),
        Self::Button(Button::Close),
        Self::Input(Input::Message),
        Self::Choice(Choice::LineEnding),
        Self::Button(Button::Send),
        Self::Bytes(Bytes::Client),
        Self::Input(Input::Bind),
        Self::Input(Input::ServerPort),
        Self::Input(Input::Backlog),
        Self::Choice(Choice::Service),
        Self::Button(Button::Start),
        Self::Connections,
        Self::Bytes(Bytes::Connection),
        Self::Choice(Choice::Filter),
        Self::Calls,
    ];

    /// The pane that it is in.
    #[must_use]
    pub const fn pane(self) -> Pane {
        match self {
            Self::Input(Input::Host | Input::Port | Input::Message)
            | Self::Button(Button::Connect | Button::Close | Button::Send)
            | Self::Choice(Choice::LineEnding)
            | Self::Bytes(Bytes::Client) => Pane::Client,
            Self::Input(Input::Bind | Input::ServerPort | Input::Backlog)
            | Self::Button(Button::Start)
            | Self::Choice(Choice::Service)
            | Self::Connections
            | Self::Bytes(Bytes::Connection) => Pane::Server,
            Self::Choice(Choice::Filter) | Self::Calls => Pane::Calls,
        }
    }

    /// The button that Enter presses when this has the focus: itself, or for an input the one of its row.
    #[must_use]
    pub const fn button(self) -> Option<Button> {
        match self {
            Self::Button(button) => Some(button),
            Self::Input(Input::Host | Input::Port) => Some(Button::Connect),
            Self::Input(Input::Message) => Some(Button::Send),
            Self::Input(Input::Bind | Input::ServerPort | Input::Backlog) => Some(Button::Start),
            Self::Choice(_) | Self::Bytes(_) | Self::Connections | Self::Calls => None,
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

    /// The control after this one.
    #[must_use]
    pub fn next(self) -> Self {
        self.step(1)
    }

    /// The control before this one.
    #[must_use]
    pub fn previous(self) -> Self {
        self.step(Self::ORDER.len() - 1)
    }

    fn step(self, by: usize) -> Self {
        let at = Self::ORDER.iter().position(|&control| control == self);
        Self::ORDER[(at.unwrap_or(0) + by) % Self::ORDER.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_visits_every_control_once_and_comes_back() {
        let first = Control::ORDER[0];
        let mut seen = vec![first];
        while seen.last().map(|c| c.next()) != Some(first) {
            let last = *seen.last().expect("never empty");
            assert_eq!(last.next().previous(), last);
            seen.push(last.next());
        }
        assert_eq!(seen, Control::ORDER);
    }
}
