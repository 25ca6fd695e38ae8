//! An accepted connection: its socket, the service that talks on it, and what a person does to it by hand.
//!
//! [`Connection`] is the same for every model: it goes on as far as it can without waiting, and says what it waits for.
//! With `threads` it has a thread of its own, which [`serve`] runs; with `serial` and `poll` the server's thread owns
//! it, see [`super::server`].

use std::io;
use std::time::Duration;

use super::endpoint::{Endpoint, Taken, ignore_failure};
use super::hub::{Found, Order, Seat};
use super::service::{Reply, Talk, Then, daytime};
use super::socket::{self, Began, Interest, Socket};
use super::teller::{Ended, Teller};
use super::watch::{Edge, Watch};
use super::worker::Crew;
use crate::model::call::Function;
use crate::model::{
    Actor, Event, Model, Moment, Offer, Readiness, RecvFlags, Service, ShutdownHow, SocketAction,
    Waited,
};

/// Ten thousand of these threads live at once; they call nothing deep.
pub const STACK: usize = 64 << 10;

/// Bytes that may wait for room when more chat comes: what is too much is not passed on.
const MOST_UNSENT: usize = 256 << 10;

/// How long, and for how many bytes, a connection that has said its last waits for its peer to finish.
const LINGER_TIME: Duration = Duration::from_secs(1);
/// See [`LINGER_TIME`].
const LINGER_BYTES: usize = 256 << 10;

/// After how many rounds in which there was more to do what a person has asked for is reported as settled all the same.
const SETTLED_AFTER: u32 = 16;

/// The number of a thread's only socket in its watch.
const SOCKET: usize = 0;

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    seat: Seat,
    endpoint: Endpoint,
    talk: Talk,
    delay: Duration,
    /// Whether its thread serves it alone, as a plain program would that is blocked inside a call.
    blocks: bool,
    state: State,
    /// What its service was thinking about when a person took it over, and when that is to be said.
    owed: Option<(Moment, Reply)>,
    /// Since when the service waits for something to receive, and whether that was reported.
    since: Moment,
    told: bool,
    /// Bytes of chat that were not passed on since the peer fell behind.
    lost: usize,
    /// How many of a person's actions were taken and not yet reported as settled.
    unsettled: u32,
}

/// Where the conversation is.
#[derive(Debug)]
enum State {
    /// The service receives.
    Receiving,
    /// It thinks until then.
    Thinking(Moment, Reply),
    /// It sends, and then goes on or closes.
    Sending(Then),
    /// It has said its last and waits for the peer to finish, so that what the peer still sends does not make `close`
    /// throw the answer away (RFC 9112, section 9.6): until then, and for so many bytes.
    Lingering(Moment, usize),
    /// A person receives.
    ByHand,
    /// It is to be closed.
    Over,
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// What its socket is to be ready for.
    pub interest: Interest,
    /// When it goes on whatever happens.
    pub until: Option<Moment>,
}

impl Connection {
    /// A connection that was just accepted; its service says its greeting.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn begin(
        seat: Seat,
        socket: Socket,
        offer: Offer,
        tell: &mut Teller,
    ) -> Result<Self, Ended> {
        let mut talk = Talk::new(offer.service);
        let greeting = talk.greeting(daytime);
        let blocks = blocks_inside(offer, tell);
        let is_watched = matches!(offer.model, Model::Serial | Model::Poll);
        let endpoint = if tell.is_quiet() && (blocks || is_watched) {
            Endpoint::quiet(socket, blocks)
        } else {
            Endpoint::with(socket, tell.stamp())
        };
        let mut connection = Self {
            seat,
            endpoint,
            talk,
            delay: offer.delay,
            blocks: offer.model != Model::Poll,
            state: match offer.service {
                Service::Manual => State::ByHand,
                Service::Echo
                | Service::EchoOnce
                | Service::Ok
                | Service::Hello
                | Service::Http
                | Service::Discard
                | Service::Daytime
                | Service::Chat
                | Service::Close => State::Receiving,
            },
            owed: None,
            since: tell.stamp(),
            told: false,
            lost: 0,
            unsettled: 0,
        };
        if connection.talks() {
            connection.say(greeting, tell)?;
        }
        Ok(connection)
    }

    /// Whose calls these are.
    #[must_use]
    pub const fn who(&self) -> Actor {
        Actor::Connection(self.seat.id())
    }

    /// Something has happened to its socket, as the watch of its thread tells.
    pub const fn stirred(&mut self, edge: Edge) {
        self.endpoint.stirred(edge);
    }

    /// Its socket.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether nothing more is to be done but to close it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over) || self.endpoint.socket().is_none()
    }

    /// Whether a service talks, rather than a person.
    const fn talks(&self) -> bool {
        !matches!(self.state, State::ByHand | State::Over)
    }

    /// Goes on as far as that is possible now, and receives into `room`; says whether anything came of it.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn proceed(
        &mut self,
        ready: Readiness,
        room: &mut Vec<u8>,
        tell: &mut Teller,
    ) -> Result<bool, Ended> {
        let went_on = self.endpoint.proceed(ready, tell)?;
        if self.endpoint.take_failure() && self.talks() {
            self.state = State::Over;
            return Ok(true);
        }
        if let Some((_, reply)) =
            (self.owed).take_if(|(until, _)| tell.now() >= *until && !self.endpoint.is_sending())
        {
            self.utter(reply, tell)?;
            return Ok(true);
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Receiving if ready.may_receive() && !self.endpoint.is_sending() => {
                self.receive(room, tell)?;
                return Ok(true);
            }
            State::Thinking(until, reply) if tell.now() >= until && !self.endpoint.is_sending() => {
                self.say(reply, tell)?;
                return Ok(true);
            }
            State::Sending(then) if !self.endpoint.is_sending() => {
                self.state = match then {
                    Then::Receive => State::Receiving,
                    Then::Close if self.talk.service() == Service::Http => self.linger(tell)?,
                    Then::Close => State::Over,
                };
                self.since = tell.stamp();
                return Ok(true);
            }
            State::Lingering(until, left) if ready.may_receive() && tell.now() < until => {
                self.drain(until, left, room, tell)?;
                return Ok(true);
            }
            State::Lingering(until, _) if tell.now() >= until => return Ok(true),
            state => self.state = state,
        }
        Ok(went_on)
    }

    /// Tells the peer that nothing more comes.
    fn linger(&mut self, tell: &mut Teller) -> Result<State, Ended> {
        let shut = SocketAction::Shutdown(ShutdownHow::Write);
        match self.endpoint.act(shut, tell) {
            Ok(()) => Ok(State::Lingering(
                tell.now().after(LINGER_TIME),
                LINGER_BYTES,
            )),
            Err(Ended::Failed) => Ok(State::Over),
            Err(ended) => Err(ended),
        }
    }

    /// Receives what the peer still sends, for nobody.
    fn drain(
        &mut self,
        until: Moment,
        left: usize,
        room: &mut Vec<u8>,
        tell: &mut Teller,
    ) -> Result<(), Ended> {
        let began = Began::now(tell);
        let size = self.talk.recv_size();
        let taken = self
            .endpoint
            .take(size, RecvFlags::default(), began, room, tell)?;
        self.state = match taken {
            Taken::Bytes(_) if room.len() < left => State::Lingering(until, left - room.len()),
            Taken::Nothing => State::Lingering(until, left),
            Taken::Bytes(_) | Taken::End | Taken::Failed(_) => State::Over,
        };
        Ok(())
    }

    fn receive(&mut self, room: &mut Vec<u8>, tell: &mut Teller) -> Result<(), Ended> {
        let began = if std::mem::replace(&mut self.told, false) {
            Began {
                at: self.since,
                waited: Waited::InPoll,
            }
        } else {
            Began::now(tell)
        };
        self.state = State::Receiving;
        let size = self.talk.recv_size();
        match self
            .endpoint
            .take(size, RecvFlags::default(), began, room, tell)?
        {
            Taken::Bytes(_) => {
                let reply = self.talk.answer(room);
                if self.delay.is_zero() {
                    return self.say(reply, tell);
                }
                let until = tell.now().after(self.delay);
                self.state = State::Thinking(until, reply);
            }
            Taken::End | Taken::Failed(_) => self.state = State::Over,
            Taken::Nothing => self.since = tell.stamp(),
        }
        Ok(())
    }

    fn say(&mut self, reply: Reply, tell: &mut Teller) -> Result<(), Ended> {
        self.state = State::Sending(reply.then);
        self.utter(reply, tell)
    }

    /// Says `reply`, whatever comes after it.
    fn utter(&mut self, reply: Reply, tell: &mut Teller) -> Result<(), Ended> {
        if !reply.to_others.is_empty() {
            self.seat.hub().say(self.seat.id(), &reply.to_others);
        }
        if reply.send.is_empty() {
            return Ok(());
        }
        self.endpoint.say(reply.send, tell)
    }

    /// Takes in what was found in its box.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn hear(&mut self, found: Found, tell: &mut Teller) -> Result<(), Ended> {
        for order in found.orders {
            match order {
                Order::Act(action) => {
                    self.unsettled += 1;
                    self.act(action, tell)?;
                }
                Order::Say(bytes) => self.pass_on(&bytes, tell)?,
                Order::Stop => self.state = State::Over,
            }
        }
        self.lose(found.lost, tell)
    }

    /// Sends what another connection says, unless the peer receives too slowly for that.
    fn pass_on(&mut self, bytes: &[u8], tell: &mut Teller) -> Result<(), Ended> {
        if self.endpoint.unsent() + bytes.len() > MOST_UNSENT {
            return self.lose(bytes.len(), tell);
        }
        self.tell_lost(tell)?;
        self.endpoint.say(bytes.to_vec(), tell)
    }

    /// Counts bytes of chat that are not passed on. A fast speaker may fill a slow listener's ears for long: that is
    /// told when it begins and when it ends.
    fn lose(&mut self, count: usize, tell: &mut Teller) -> Result<(), Ended> {
        if count > 0 && self.lost == 0 {
            tell.trouble(format!(
                "{} receives too slowly: until it has caught up, chat is not passed on to it",
                self.who()
            ))?;
        }
        self.lost += count;
        Ok(())
    }

    fn tell_lost(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        match std::mem::take(&mut self.lost) {
            0 => Ok(()),
            lost => tell.trouble(format!(
                "{lost} bytes of chat were not passed on to {}",
                self.who()
            )),
        }
    }

    fn act(&mut self, action: SocketAction, tell: &mut Teller) -> Result<(), Ended> {
        let takes_over = match action {
            // What a person receives the service cannot: it gives way.
            SocketAction::Recv { flags, .. } => flags == RecvFlags::default(),
            SocketAction::ReceiveAlone(_) => true,
            SocketAction::CancelRecv
            | SocketAction::CancelSend
            | SocketAction::Bind(_)
            | SocketAction::Send { .. }
            | SocketAction::SendAll(_)
            | SocketAction::SendTo(..)
            | SocketAction::Shutdown(_)
            | SocketAction::Close
            | SocketAction::Reset
            | SocketAction::Set(_)
            | SocketAction::Get(_)
            | SocketAction::Blocking(_) => false,
        };
        if takes_over && self.talks() {
            self.give_way(tell)?;
        }
        let beside = self.endpoint.is_received_beside(&action);
        ignore_failure(self.endpoint.act(action, tell))?;
        if beside {
            // A look, and the urgent byte, take nothing from the service. Its own recv waits anew after the person's.
            self.told = false;
            self.since = tell.now();
        }
        Ok(())
    }

    /// Leaves the connection to a person. What is being sent is sent to its end, and what is being thought about is
    /// said at its time; that it would close after that is up to the person now.
    fn give_way(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        match std::mem::replace(&mut self.state, State::ByHand) {
            State::Thinking(until, reply) => self.owed = Some((until, reply)),
            State::Receiving
            | State::Sending(_)
            | State::Lingering(..)
            | State::ByHand
            | State::Over => {}
        }
        if std::mem::replace(&mut self.told, false) {
            tell.unblocked(Function::Recv)?;
        }
        tell.tell(Event::TakenOver(self.seat.id()))
    }

    /// Whether the service receives. What could not be answered yet is not received: the sender is held back.
    const fn receives(&self) -> bool {
        matches!(self.state, State::Receiving) && !self.endpoint.is_sending()
    }

    /// What it waits for.
    #[must_use]
    pub fn waits(&self) -> Waits {
        Waits {
            interest: Interest {
                readable: self.receives()
                    || self.endpoint.is_receiving()
                    || matches!(self.state, State::Lingering(..)),
                writable: self.endpoint.is_sending(),
            },
            until: match &self.state {
                // While something is being sent it goes on after that.
                State::Thinking(..) | State::ByHand if self.endpoint.is_sending() => None,
                State::Thinking(until, _) | State::Lingering(until, _) => Some(*until),
                State::ByHand => self.owed.as_ref().map(|(until, _)| *until),
                State::Receiving | State::Sending(_) | State::Over => None,
            },
        }
    }

    /// Reports what it could do and what it waits for.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn report(&mut self, ready: Readiness, tell: &mut Teller) -> Result<(), Ended> {
        if self.blocks
            && self.receives()
            // A person who looks at what comes waits in its place.
            && !self.endpoint.is_receiving()
            && !std::mem::replace(&mut self.told, true)
            && let Some(socket) = self.endpoint.socket()
        {
            let size = self.talk.recv_size();
            let call = socket.recv_call(size, RecvFlags::default(), false);
            tell.blocked(call, self.since)?;
        }
        self.endpoint.report(ready, tell)
    }

    /// Reports what a person has asked for as settled, if there is such a thing, and before that what it waits for.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn settle(&mut self, ready: Readiness, tell: &mut Teller) -> Result<(), Ended> {
        if self.unsettled == 0 {
            return Ok(());
        }
        self.report(ready, tell)?;
        tell.settled(&mut self.unsettled)
    }

    /// Closes the socket, if a person has not done so.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn close(mut self, tell: &mut Teller) -> Result<(), Ended> {
        self.tell_lost(tell)?;
        if self.endpoint.socket().is_some() {
            ignore_failure(self.endpoint.close(tell))?;
        }
        self.unsettled += leave(&mut self.seat, tell)?;
        tell.settled(&mut self.unsettled)
    }
}

/// Serves a connection on this thread until the service, the peer or a person ends it, and closes it.
pub fn serve(seat: Seat, socket: Socket, offer: Offer, mut tell: Teller) {
    let Ok(mut connection) = Connection::begin(seat, socket, offer, &mut tell) else {
        return;
    };
    let ended = if blocks_inside(offer, &tell) {
        run_blocked(&mut connection, &mut tell)
    } else {
        run(&mut connection, &mut tell)
    };
    if ended != Err(Ended::Gone) {
        // If nobody listens any more, the descriptor is closed all the same.
        let _ = connection.close(&mut tell);
    }
}

fn run(connection: &mut Connection, tell: &mut Teller) -> Result<(), Ended> {
    let (hub, id) = (connection.seat.hub().clone(), connection.seat.id());
    let (found, mut bell) = hub.take(id);
    connection.hear(found, tell)?;
    let mut watch: Option<Watch> = None;
    let mut rounds = 0;
    // Given back after each round: ten thousand threads that wait have none.
    let mut room = Vec::new();
    while !connection.is_over() {
        let (rung, ready) = connection.endpoint.look_beside(&bell);
        if rung {
            let found;
            (found, bell) = hub.take(id);
            // It waits for the bell that was rung.
            watch = None;
            connection.hear(found, tell)?;
            continue;
        }
        let went_on = connection.proceed(ready, &mut room, tell)?;
        room = Vec::new();
        if went_on {
            rounds += 1;
            if rounds == SETTLED_AFTER {
                rounds = 0;
                connection.settle(ready, tell)?;
            }
            continue;
        }
        connection.report(ready, tell)?;
        connection.settle(ready, tell)?;
        let Some(socket) = connection.endpoint.socket() else {
            return Ok(());
        };
        let Waits { interest, until } = connection.waits();
        let limit = until.map(|until| until.since(tell.now()));
        if connection.talks() {
            socket::wait(&bell, socket, interest, limit, tell)?;
            continue;
        }
        // A person sees what waits in the queue as it comes, although nobody receives it: that takes edges.
        let watching = match watch.take() {
            Some(watching) => Ok(watching),
            None => watch_for(socket, &bell),
        };
        match watching {
            Ok(mut watching) => {
                watching.wait(limit, tell)?;
                watch = Some(watching);
            }
            // No descriptor for that: what waits is seen when the person does something.
            Err(_) => socket::wait(&bell, socket, interest, limit, tell)?,
        }
    }
    Ok(())
}

/// Whether a thread that serves `offer` waits inside `recv` and `send`, as the textbook's does, rather than for its bell
/// too: nobody but the peer has anything for it, and what is done by hand is not.
#[must_use]
pub const fn blocks_inside(offer: Offer, tell: &Teller) -> bool {
    tell.is_quiet()
        && matches!(offer.model, Model::Threads)
        && !matches!(offer.service, Service::Chat | Service::Manual)
}

/// The same for a socket whose calls block: two of them for each message that is answered.
fn run_blocked(connection: &mut Connection, tell: &mut Teller) -> Result<(), Ended> {
    let (hub, id) = (connection.seat.hub().clone(), connection.seat.id());
    // Only who waits beside a call needs it; a call is ended by a shutdown.
    let mut bell = None;
    let mut room = Vec::new();
    while !connection.is_over() {
        let Some(socket) = connection.endpoint.socket() else {
            return Ok(());
        };
        let Waits { interest, until } = connection.waits();
        let ready = match until {
            None => connection.endpoint.look(),
            // What goes on at a certain time is not to be held up inside a call.
            Some(until) => {
                let Some(rings) = &bell else {
                    let (found, next) = hub.take(id);
                    bell = Some(next);
                    connection.hear(found, tell)?;
                    continue;
                };
                let limit = until.since(tell.now());
                socket::wait(rings, socket, interest, Some(limit), tell)?;
                let (rung, ready) = connection.endpoint.look_beside(rings);
                if rung {
                    bell = None;
                    continue;
                }
                ready
            }
        };
        connection.proceed(ready, &mut room, tell)?;
    }
    Ok(())
}

fn watch_for(socket: &Socket, bell: &super::wake::Wake) -> io::Result<Watch> {
    let watch = Watch::for_one(bell)?;
    watch.add(socket, SOCKET)?;
    Ok(watch)
}

/// Closes a connection for which there is no thread.
///
/// # Errors
/// [`Ended::Gone`]
pub fn refuse(crew: &Crew, mut seat: Seat, socket: Socket) -> Result<(), Ended> {
    let mut tell = crew.teller(Actor::Connection(seat.id()));
    ignore_failure(socket.close(&mut tell))?;
    let mut too_late = leave(&mut seat, &mut tell)?;
    tell.settled(&mut too_late)?;
    tell.flush()
}

/// Gives up the connection's place, so that the hub says from now on that it is closed. What was asked of it meanwhile
/// is told to be too late; gives back how many actions that were.
fn leave(seat: &mut Seat, tell: &mut Teller) -> Result<u32, Ended> {
    let too_late = seat.leave().orders.into_iter();
    let mut count = 0;
    for _ in too_late.filter(|order| matches!(order, Order::Act(_))) {
        count += 1;
        tell.trouble(format!(
            "{} was closed before what was asked of it could be done",
            Actor::Connection(seat.id())
        ))?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ConnectionId;
    use crate::net::hub::{Hub, Owner};
    use crate::net::wake::Wake;
    use crate::net::{Clock, Hearing};

    #[test]
    fn what_comes_too_late_for_a_connection_is_told_and_counted() {
        let hub = Hub::new(Wake::new().expect("a descriptor")).expect("descriptors");
        let id = ConnectionId(1);
        let mut seat = hub.join(id, Owner::Thread, false);
        for _ in 0..3 {
            hub.act(id, SocketAction::Close).expect("it is there");
        }
        let (events, heard) = crossbeam_channel::bounded(1);
        let crew = Crew::new(Clock::start(), events, Hearing::Everything);
        let mut tell = crew.teller(Actor::Connection(id));
        assert_eq!(leave(&mut seat, &mut tell), Ok(3));
        tell.flush().expect("it is heard");
        let troubles = heard.try_recv().expect("a batch");
        assert_eq!(troubles.len(), 3);
        assert!(
            (troubles.iter()).all(|event| matches!(event, Event::Trouble { .. })),
            "{troubles:?}"
        );
        assert!(hub.act(id, SocketAction::Close).is_err());
    }
}
