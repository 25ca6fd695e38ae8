//! The steps that each client of a crowd takes, one after the other, as soon as the one before has come about.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Call, CallRecord, ClientAction, Moment, Outcome, SocketAction, Target};

/// What the clients of a crowd do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Steps {
    /// Connect, send the message, wait for an answer, and stay.
    #[default]
    Say,
    /// Connect, send the message, wait for an answer, close.
    Visit,
    /// Connect, wait for a greeting, send the message, wait for an answer, close: the client of the service `hello`.
    Greeted,
    /// Connect and stay.
    Hold,
    /// Connect, send the message, and reset the connection.
    Reset,
}

impl Steps {
    /// Each of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Say,
        Self::Visit,
        Self::Greeted,
        Self::Hold,
        Self::Reset,
    ];

    /// Its name in a line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Say => "say",
            Self::Visit => "visit",
            Self::Greeted => "greeted",
            Self::Hold => "hold",
            Self::Reset => "reset",
        }
    }

    /// What it is, as it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Say => "connect, send, recv",
            Self::Visit => "connect, send, recv, close",
            Self::Greeted => "connect, recv, send, recv, close",
            Self::Hold => "connect",
            Self::Reset => "connect, send, reset",
        }
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Connect(Target),
    Say(Vec<u8>),
    /// Wait until something was received.
    Hear,
    Close,
    Reset,
}

/// What a client still has to do, and what it has met with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    rest: VecDeque<Step>,
    /// The step under way.
    now: Option<Step>,
    /// When the last send was made.
    began: Moment,
    /// Whether the message was sent.
    said: bool,
    /// When the handshake was over.
    since: Moment,
    /// Whether nothing more can be heard: the stream has ended or failed, whichever step was under way.
    ended: bool,
    /// How long the handshake took.
    pub connected: Option<Duration>,
    /// How long it took from then to the first bytes.
    pub heard: Option<Duration>,
    /// How long it took from the send to the first bytes after it.
    pub answered: Option<Duration>,
    /// Whether a step failed, so that those behind it were not taken.
    pub failed: bool,
}

impl Plan {
    /// `steps` with this target and this message.
    #[must_use]
    pub fn new(steps: Steps, target: Target, message: Vec<u8>, now: Moment) -> Self {
        let mut rest = VecDeque::from([Step::Connect(target)]);
        match steps {
            Steps::Hold => {}
            Steps::Say => rest.extend([Step::Say(message), Step::Hear]),
            Steps::Visit => rest.extend([Step::Say(message), Step::Hear, Step::Close]),
            Steps::Greeted => {
                rest.extend([Step::Hear, Step::Say(message), Step::Hear, Step::Close]);
            }
            Steps::Reset => rest.extend([Step::Say(message), Step::Reset]),
        }
        Self {
            rest,
            now: None,
            began: now,
            said: false,
            since: now,
            ended: false,
            connected: None,
            heard: None,
            answered: None,
            failed: false,
        }
    }

    /// The next action, once the step before it is over.
    pub fn advance(&mut self) -> Option<ClientAction> {
        if self.now.is_some() || self.failed {
            return None;
        }
        let step = self.rest.pop_front()?;
        if self.ended && step == Step::Hear {
            self.failed = true;
            return None;
        }
        let action = match &step {
            Step::Connect(target) => Some(ClientAction::Connect(target.clone())),
            Step::Say(bytes) => Some(ClientAction::On(SocketAction::SendAll(bytes.clone()))),
            Step::Hear => None,
            Step::Close => Some(ClientAction::On(SocketAction::Close)),
            Step::Reset => Some(ClientAction::On(SocketAction::Reset)),
        };
        self.now = Some(step);
        action
    }

    /// Whether all was done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.now.is_none() && self.rest.is_empty()
    }

    /// What it waits for, in a word.
    #[must_use]
    pub const fn waits_for(&self) -> &'static str {
        match &self.now {
            Some(_) | None if self.failed => "failed",
            Some(Step::Connect(_)) => "connecting",
            Some(Step::Say(_)) => "sending",
            Some(Step::Hear) if self.said => "waits for an answer",
            Some(Step::Hear) => "waits for a greeting",
            Some(Step::Close | Step::Reset) => "closing",
            None => "done",
        }
    }

    /// Takes in a call that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        if let (Call::Recv { .. }, Outcome::Received { count: 1.., .. }, None) =
            (&record.call, &record.outcome, self.heard)
        {
            self.heard = Some(record.returned.since(self.since));
        }
        self.ended |= matches!(
            (&record.call, &record.outcome),
            (
                Call::Recv { .. },
                Outcome::Received { count: 0, .. } | Outcome::Failed(_)
            )
        );
        let is_over = match &self.now {
            None => false,
            Some(Step::Connect(_)) => self.connecting(record),
            Some(Step::Say(_)) => self.saying(record),
            Some(Step::Hear) => self.hearing(record),
            Some(Step::Close | Step::Reset) => matches!(record.call, Call::Close { .. }),
        };
        if is_over {
            self.now = None;
        }
    }

    /// Whether the connection is there, with everything that is asked of it at its beginning.
    fn connecting(&mut self, record: &CallRecord) -> bool {
        match (&record.call, &record.outcome) {
            (Call::Getsockname { .. }, _) => return true,
            (Call::Connect { .. }, Outcome::Done) => {
                self.connected = Some(record.took);
                self.since = record.returned;
            }
            // With the socket closed, or none to be had, another address may still follow: then a socket does.
            (Call::Close { .. }, _) => self.failed = true,
            // A look-up after a failure is a person's, who has taken over.
            (Call::Getaddrinfo { .. }, _) if self.failed => {
                self.rest.clear();
                return true;
            }
            (Call::Getaddrinfo { .. } | Call::Socket { .. }, outcome) => {
                self.failed = outcome.is_failure() || *outcome == Outcome::Cancelled;
            }
            _ => {}
        }
        false
    }

    /// Whether the last piece of the message was taken.
    fn saying(&mut self, record: &CallRecord) -> bool {
        let Call::Send { length, .. } = record.call else {
            return false;
        };
        let Outcome::Sent(count) = record.outcome else {
            self.failed = true;
            return false;
        };
        self.began = record.entered;
        self.said = true;
        // Each send offers all that is left.
        count == length
    }

    /// Whether something was received.
    fn hearing(&mut self, record: &CallRecord) -> bool {
        if !matches!(record.call, Call::Recv { .. }) {
            return false;
        }
        if !matches!(record.outcome, Outcome::Received { count: 1.., .. }) {
            self.failed = true;
            return false;
        }
        // A greeting answers nothing.
        if self.said {
            self.answered = Some(record.returned.since(self.began));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::call::Ending;
    use crate::model::{Actor, Address, ClientId, Fd, Preview, RecvFlags, Waited};

    fn record(call: Call, outcome: Outcome, at: u64) -> CallRecord {
        CallRecord {
            who: Actor::Client(ClientId::FIRST),
            call,
            outcome,
            entered: Moment(at),
            returned: Moment(at),
            took: Duration::from_micros(at),
            waited: Waited::No,
        }
    }

    fn plan(steps: Steps) -> Plan {
        let address = Address {
            host: "127.0.0.1".to_owned(),
            port: "8888".to_owned(),
        };
        Plan::new(steps, Target::stream(address), b"hi".to_vec(), Moment(0))
    }

    #[test]
    fn each_step_waits_for_the_one_before() {
        let fd = Fd(7);
        let mut plan = plan(Steps::Visit);
        assert!(matches!(plan.advance(), Some(ClientAction::Connect(_))));
        assert_eq!(plan.advance(), None);
        let address = "127.0.0.1:8888".parse().expect("an address");
        plan.returned(&record(Call::Connect { fd, address }, Outcome::Done, 5));
        assert_eq!(
            plan.advance(),
            None,
            "the name of the socket is still asked"
        );
        plan.returned(&record(
            Call::Getsockname { fd },
            Outcome::Named(address),
            6,
        ));
        assert!(matches!(
            plan.advance(),
            Some(ClientAction::On(SocketAction::SendAll(_)))
        ));
        let send = Call::Send {
            fd,
            length: 2,
            preview: Preview::of(b"hi"),
            urgent: false,
        };
        plan.returned(&record(send, Outcome::Sent(2), 10));
        assert_eq!(plan.advance(), None);
        assert_eq!(plan.waits_for(), "waits for an answer");
        let recv = Call::Recv {
            fd,
            size: 10,
            flags: RecvFlags::default(),
        };
        let outcome = Outcome::Received {
            count: 2,
            preview: Preview::of(b"hi"),
            ending: Ending::Piece,
            from: None,
        };
        plan.returned(&record(recv, outcome, 30));
        assert_eq!(plan.answered, Some(Duration::from_micros(20)));
        assert!(matches!(
            plan.advance(),
            Some(ClientAction::On(SocketAction::Close))
        ));
        plan.returned(&record(Call::Close { fd }, Outcome::Done, 40));
        assert!(plan.is_over() && !plan.failed);
    }

    #[test]
    fn the_next_address_may_succeed_where_one_fails() {
        let fd = Fd(7);
        let socket = || Call::Socket {
            family: crate::model::Family::Inet,
            kind: crate::model::SocketKind::Stream,
        };
        let address = "127.0.0.1:8888".parse().expect("an address");
        let mut plan = plan(Steps::Say);
        plan.advance();
        plan.returned(&record(Call::Close { fd }, Outcome::Done, 1));
        assert!(plan.failed);
        plan.returned(&record(socket(), Outcome::Descriptor(fd), 2));
        plan.returned(&record(Call::Connect { fd, address }, Outcome::Done, 3));
        plan.returned(&record(
            Call::Getsockname { fd },
            Outcome::Named(address),
            4,
        ));
        assert!(!plan.failed);
        assert!(plan.advance().is_some(), "it goes on with the message");
    }

    #[test]
    fn nothing_is_waited_for_on_a_stream_that_has_ended() {
        let fd = Fd(7);
        let address = "127.0.0.1:8888".parse().expect("an address");
        let mut plan = plan(Steps::Say);
        plan.advance();
        plan.returned(&record(Call::Connect { fd, address }, Outcome::Done, 1));
        plan.returned(&record(
            Call::Getsockname { fd },
            Outcome::Named(address),
            2,
        ));
        assert!(plan.advance().is_some(), "it sends");
        // The server has closed at once: that is told before the send is.
        let recv = Call::Recv {
            fd,
            size: 10,
            flags: RecvFlags::default(),
        };
        let end = Outcome::Received {
            count: 0,
            preview: Preview::of(b""),
            ending: Ending::Stream,
            from: None,
        };
        plan.returned(&record(recv, end, 3));
        let send = Call::Send {
            fd,
            length: 2,
            preview: Preview::of(b"hi"),
            urgent: false,
        };
        plan.returned(&record(send, Outcome::Sent(2), 4));
        assert_eq!((plan.advance(), plan.failed), (None, true));
    }

    #[test]
    fn nothing_follows_a_step_that_failed() {
        let fd = Fd(7);
        let mut plan = plan(Steps::Say);
        plan.advance();
        plan.returned(&record(Call::Close { fd }, Outcome::Done, 1));
        assert_eq!((plan.advance(), plan.failed), (None, true));
        assert_eq!(plan.waits_for(), "failed");
    }
}
