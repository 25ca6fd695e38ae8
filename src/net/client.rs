//! A client session's thread: one socket, driven by orders and by readiness.
//!
//! The thread waits in one place, at the end of `Session::step`, for whatever may happen next: an order, the resolver,
//! the end of a handshake, or what the calls on its [`Endpoint`] wait for. Datagrams to names wait in its [`Outbox`].

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::endpoint::{Endpoint, cancelled, ignore_failure};
use super::outbox::{self, Next, Outbox, fitting};
use super::resolve::Lookup;
use super::socket::{Began, Connected, Socket};
use super::teller::{Ended, Teller, Timing};
use super::watch::Watch;
use super::worker::{Crew, Orders, Worker, no_thread};
use crate::model::{
    Actor, Call, ClientAction, ClientId, Errno, Family, Moment, Readiness, SocketAction,
    SocketKind, Target, Waited,
};

/// The thread keeps its buffers on the heap and calls nothing deep.
const STACK: usize = 256 << 10;

/// The number of the session's only socket in its watch.
const SOCKET: usize = 0;

/// How often in a row there may be more to do before what was asked for is reported as settled all the same.
const SETTLED_AFTER: u32 = 16;

/// So many bytes at a stretch are a flood, not a conversation.
const FLOOD: usize = 64 << 10;

/// How long a flood is left to gather before the next `recv`.
const PAUSE: Duration = Duration::from_micros(50);

/// Starts the thread of session `id`.
///
/// # Errors
/// A thread or a descriptor that cannot be had.
pub fn start(crew: &Crew, id: ClientId) -> io::Result<Worker<ClientAction>> {
    let (worker, orders) = Worker::new()?;
    let watch = Watch::for_one(orders.wake())?;
    crew.spawn(Actor::Client(id), STACK, move |mut tell| {
        let mut endpoint = Endpoint::default();
        let alone = SocketAction::ReceiveAlone(Some(SocketAction::USUAL_RECV));
        // There is no socket yet, so that nothing is called and nothing can fail.
        let _ = endpoint.act(alone, &mut tell);
        Session {
            tell,
            orders,
            watch,
            endpoint,
            lookup: None,
            connecting: None,
            shakes_hands: false,
            outbox: Outbox::default(),
            unsettled: 0,
            rounds: 0,
        }
        .run();
    })?;
    Ok(worker)
}

struct Session {
    tell: Teller,
    orders: Orders<ClientAction>,
    watch: Watch,
    endpoint: Endpoint,
    lookup: Option<Looking>,
    connecting: Option<Connecting>,
    /// Whether a handshake goes on for which the person did not want to wait.
    shakes_hands: bool,
    outbox: Outbox,
    /// How many actions were taken and not yet reported as settled.
    unsettled: u32,
    /// How often in a row there was more to do since then.
    rounds: u32,
}

/// A look-up under way.
struct Looking {
    lookup: Lookup,
    purpose: Purpose,
    /// Whether it was reported as blocked.
    told: bool,
}

/// What a look-up is for.
enum Purpose {
    /// The addresses alone.
    Resolve,
    /// To connect to one of them.
    Connect(SocketKind),
    /// To send what waits in the outbox for this.
    SendTo(Target),
}

/// A `connect` under way.
struct Connecting {
    address: SocketAddr,
    /// The addresses to try if this one fails; none for a socket that was made by hand, which is not given up.
    rest: Option<VecDeque<SocketAddr>>,
    began: Moment,
    told: bool,
}

impl Session {
    /// Runs until the program ends or forgets the session; the socket is then closed.
    fn run(mut self) {
        while let Ok(()) | Err(Ended::Failed) = self.step() {}
        if self.endpoint.socket().is_some() {
            // If nobody listens any more, dropping the socket closes it all the same.
            let _ = self.close();
        }
        let _ = self.tell.settled(&mut self.unsettled);
    }

    fn step(&mut self) -> Result<(), Ended> {
        let orders = self.orders.take()?;
        let had_orders = !orders.is_empty();
        self.unsettled += orders.len() as u32;
        for action in orders {
            // A call that failed is in the report; the orders behind it are still to be carried out.
            ignore_failure(self.act(action))?;
        }
        ignore_failure(self.look_up_further())?;
        self.send_waiting()?;
        let ready = self.endpoint.look();
        if self.connecting.is_some() && ready.may_send() {
            return self.connect_further();
        }
        if self.shakes_hands && ready.may_send() {
            self.shakes_hands = false;
            // Bytes may come now. An error is left for the person's next call.
            if !ready.failed {
                self.connected()?;
            }
            return Ok(());
        }
        // While a handshake is under way nothing else on the socket can go on.
        if self.connecting.is_none() && self.endpoint.proceed(ready, &mut self.tell)? {
            return self.settle_in_a_flood(ready);
        }
        if had_orders {
            // They may have been about the socket that was just looked at.
            return Ok(());
        }
        if self.endpoint.take_came() >= FLOOD {
            // More is on its way, and a sender that has to wake its receiver for each piece is half as fast.
            self.orders.pause(PAUSE);
            return Ok(());
        }
        self.report(ready)?;
        self.settle()?;
        self.watch.wait(None, &mut self.tell)
    }

    /// Reports what was carried out; to be called after what is waited for was reported.
    fn settle(&mut self) -> Result<(), Ended> {
        self.rounds = 0;
        self.tell.settled(&mut self.unsettled)
    }

    /// What was asked for is settled although so much comes in that this thread never waits.
    fn settle_in_a_flood(&mut self, ready: Readiness) -> Result<(), Ended> {
        if self.unsettled == 0 {
            return Ok(());
        }
        self.rounds += 1;
        if self.rounds < SETTLED_AFTER {
            return Ok(());
        }
        self.report(ready)?;
        self.settle()
    }

    /// Reports what is waited for.
    fn report(&mut self, ready: Readiness) -> Result<(), Ended> {
        if let Some(Looking { lookup, told, .. }) = &mut self.lookup
            && !std::mem::replace(told, true)
        {
            self.tell.blocked(lookup.call.clone(), lookup.began)?;
        }
        if let (Some(socket), Some(connecting)) = (self.endpoint.socket(), &mut self.connecting)
            && !std::mem::replace(&mut connecting.told, true)
        {
            let (fd, address) = (socket.number(), connecting.address);
            self.tell
                .blocked(Call::Connect { fd, address }, connecting.began)?;
        }
        self.endpoint.report(ready, &mut self.tell)
    }

    fn act(&mut self, action: ClientAction) -> Result<(), Ended> {
        match action {
            ClientAction::Resolve(target) => self.look_up(&target, Purpose::Resolve),
            ClientAction::Socket(family, kind) => self.open(family, kind).map(drop),
            ClientAction::Connect(target) => {
                self.cancel_connect()?;
                self.look_up(&target, Purpose::Connect(target.kind))
            }
            ClientAction::SendTo(target, bytes) => self.send_to(target, bytes),
            ClientAction::CancelConnect => {
                self.cancel_connect()?;
                self.empty_outbox()
            }
            ClientAction::On(SocketAction::Close) => self.close(),
            ClientAction::On(SocketAction::Reset) => {
                self.give_up_all()?;
                self.endpoint.act(SocketAction::Reset, &mut self.tell)
            }
            ClientAction::On(action) => self.endpoint.act(action, &mut self.tell),
            // The yard drops this session's orders instead, which ends the thread.
            ClientAction::End => Err(Ended::Stopped),
        }
    }

    fn open(&mut self, family: Family, kind: SocketKind) -> Result<(), Ended> {
        if let Some(socket) = self.endpoint.socket() {
            let fd = socket.number();
            return self.tell.trouble(format!(
                "this session has a socket, descriptor {fd}: close it first, or open another session"
            ));
        }
        let socket = Socket::open(family, kind, &mut self.tell)?;
        self.put(socket)
    }

    fn put(&mut self, socket: Socket) -> Result<(), Ended> {
        let watched = self.watch.add(&socket, SOCKET);
        let now = self.tell.now();
        self.endpoint.put(socket, now);
        match watched {
            Ok(()) => Ok(()),
            Err(error) => {
                self.tell
                    .trouble(format!("the new socket cannot be waited for: {error}"))?;
                self.close()
            }
        }
    }

    fn look_up(&mut self, target: &Target, purpose: Purpose) -> Result<(), Ended> {
        self.cancel_lookup()?;
        self.begin_look_up(target, purpose).map(drop)
    }

    /// Says whether it has begun.
    fn begin_look_up(&mut self, target: &Target, purpose: Purpose) -> Result<bool, Ended> {
        let began = self.tell.now();
        match Lookup::start(target, began, self.orders.wake()) {
            Ok(lookup) => {
                self.lookup = Some(Looking {
                    lookup,
                    purpose,
                    told: false,
                });
                Ok(true)
            }
            Err(error) => {
                self.tell.trouble(format!(
                    "no thread for getaddrinfo can be started: {}",
                    no_thread(&error)
                ))?;
                Ok(false)
            }
        }
    }

    fn look_up_further(&mut self) -> Result<(), Ended> {
        let Some(looking) = self.lookup.take() else {
            return Ok(());
        };
        let Some((outcome, addresses)) = looking.lookup.poll() else {
            self.lookup = Some(looking);
            return Ok(());
        };
        let Looking {
            lookup, purpose, ..
        } = looking;
        self.tell
            .returned(lookup.call, outcome, Timing::elsewhere(lookup.began))?;
        match purpose {
            Purpose::Resolve => Ok(()),
            Purpose::Connect(kind) => self.connect_found(addresses, kind),
            Purpose::SendTo(target) if addresses.is_empty() => {
                self.give_up_datagrams(&target, "its address was not found")
            }
            Purpose::SendTo(target) => {
                self.outbox.found(target, addresses);
                Ok(())
            }
        }
    }

    fn connect_found(&mut self, addresses: Vec<SocketAddr>, kind: SocketKind) -> Result<(), Ended> {
        let Some(socket) = self.endpoint.socket() else {
            return self.connect_anew(addresses.into(), kind);
        };
        // The person connects a socket that is there: the kernel's answer is the lesson, whatever it is.
        let Some(address) = fitting(&addresses, Some(socket.family())) else {
            return Ok(());
        };
        let began = Began::now(&self.tell);
        let to_the_end = self.endpoint.blocks();
        match socket.connect(address, began, to_the_end, &mut self.tell)? {
            Connected::InProgress => {
                self.connecting = Some(Connecting {
                    address,
                    rest: None,
                    began: began.at,
                    told: false,
                });
                Ok(())
            }
            Connected::Returned(Ok(())) => self.connected(),
            Connected::Returned(Err(errno)) => {
                self.shakes_hands = matches!(errno, Errno::EINPROGRESS | Errno::EALREADY);
                Ok(())
            }
        }
    }

    /// Connects to the first of `addresses` that can be, on a socket of its own each time: after a failed `connect` the
    /// state of a socket is unspecified (`connect(2)`).
    fn connect_anew(
        &mut self,
        mut addresses: VecDeque<SocketAddr>,
        kind: SocketKind,
    ) -> Result<(), Ended> {
        while let Some(address) = addresses.pop_front() {
            let socket = match Socket::open(Family::of(&address), kind, &mut self.tell) {
                Ok(socket) => socket,
                // The machine may lack this family and have the next one.
                Err(Ended::Failed) => continue,
                Err(ended) => return Err(ended),
            };
            let began = Began::now(&self.tell);
            // A socket that does not block is left in its handshake: to ask again is up to the person.
            let to_the_end = self.endpoint.blocks();
            match socket.connect(address, began, to_the_end, &mut self.tell)? {
                Connected::InProgress => {
                    self.connecting = Some(Connecting {
                        address,
                        rest: Some(addresses),
                        began: began.at,
                        told: false,
                    });
                    return self.put(socket);
                }
                Connected::Returned(Ok(())) => {
                    self.put(socket)?;
                    return self.connected();
                }
                Connected::Returned(Err(errno)) if !to_the_end => {
                    self.put(socket)?;
                    self.shakes_hands = errno == Errno::EINPROGRESS;
                    return Ok(());
                }
                Connected::Returned(Err(_)) => socket.close(&mut self.tell)?,
            }
        }
        Ok(())
    }

    fn connect_further(&mut self) -> Result<(), Ended> {
        let (Some(socket), Some(connecting)) = (self.endpoint.socket(), self.connecting.take())
        else {
            return Ok(());
        };
        let began = Began {
            at: connecting.began,
            waited: Waited::InProgress,
        };
        let kind = socket.kind();
        match socket.connect(connecting.address, began, true, &mut self.tell)? {
            Connected::InProgress => {
                self.connecting = Some(connecting);
                Ok(())
            }
            Connected::Returned(Ok(())) => self.connected(),
            Connected::Returned(Err(_)) => match connecting.rest {
                Some(rest) => {
                    self.close()?;
                    self.connect_anew(rest, kind)
                }
                None => Ok(()),
            },
        }
    }

    fn connected(&mut self) -> Result<(), Ended> {
        self.shakes_hands = false;
        self.endpoint.connected(&mut self.tell)?;
        match self.endpoint.socket() {
            Some(socket) => socket.local_address(&mut self.tell).map(drop),
            None => Ok(()),
        }
    }

    fn send_to(&mut self, target: Target, bytes: Vec<u8>) -> Result<(), Ended> {
        let family = self.endpoint.socket().map(Socket::family);
        if let Some(address) = self.outbox.at_once(&target, family) {
            let action = SocketAction::SendTo(address, bytes);
            return self.endpoint.act(action, &mut self.tell);
        }
        let to = target.address.to_string();
        if self.outbox.put(target, bytes) {
            return self.send_waiting();
        }
        self.tell.trouble(format!(
            "1 datagram to {to} was not sent: {} wait for their turn already",
            outbox::MOST
        ))
    }

    /// Sends the datagrams whose turn has come, and has the address of the next one looked up.
    fn send_waiting(&mut self) -> Result<(), Ended> {
        while !self.endpoint.is_sending() {
            let family = self.endpoint.socket().map(Socket::family);
            match self.outbox.next(family) {
                Next::Nothing => break,
                Next::Send(address, bytes) => {
                    let action = SocketAction::SendTo(address, bytes);
                    ignore_failure(self.endpoint.act(action, &mut self.tell))?;
                }
                // It waits for the resolver, or for its turn with the resolver.
                Next::LookUp(_) if self.lookup.is_some() => break,
                Next::LookUp(target) => {
                    if !self.begin_look_up(&target, Purpose::SendTo(target.clone()))? {
                        self.give_up_datagrams(&target, "its address cannot be looked up")?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells that the datagrams which wait for the address of `target` are not sent, and why.
    fn give_up_datagrams(&mut self, target: &Target, why: &str) -> Result<(), Ended> {
        match self.outbox.give_up(Some(target)) {
            0 => Ok(()),
            1 => self.tell.trouble(format!(
                "1 datagram to {} was not sent: {why}",
                target.address
            )),
            count => self.tell.trouble(format!(
                "{count} datagrams to {} were not sent: {why}",
                target.address
            )),
        }
    }

    /// The same of all that wait.
    fn empty_outbox(&mut self) -> Result<(), Ended> {
        match self.outbox.give_up(None) {
            0 => Ok(()),
            1 => (self.tell).trouble("1 datagram that waited was not sent".to_owned()),
            count => (self.tell).trouble(format!("{count} datagrams that waited were not sent")),
        }
    }

    fn cancel_lookup(&mut self) -> Result<(), Ended> {
        let Some(Looking {
            lookup, purpose, ..
        }) = self.lookup.take()
        else {
            return Ok(());
        };
        cancelled(lookup.call, lookup.began, &mut self.tell)?;
        match purpose {
            Purpose::SendTo(target) => {
                self.give_up_datagrams(&target, "the look-up of its address was given up")
            }
            Purpose::Resolve | Purpose::Connect(_) => Ok(()),
        }
    }

    /// Stops waiting for the resolver or for a handshake; says whether the socket was in one.
    fn stop_connecting(&mut self) -> Result<bool, Ended> {
        self.cancel_lookup()?;
        let (Some(Connecting { address, began, .. }), Some(socket)) =
            (self.connecting.take(), self.endpoint.socket())
        else {
            return Ok(false);
        };
        let fd = socket.number();
        cancelled(Call::Connect { fd, address }, began, &mut self.tell)?;
        Ok(true)
    }

    /// The same; a socket in its handshake is closed.
    fn cancel_connect(&mut self) -> Result<(), Ended> {
        if self.stop_connecting()? {
            self.endpoint.close(&mut self.tell)?;
        }
        Ok(())
    }

    /// Nothing is waited for any more: the socket is about to be closed.
    fn give_up_all(&mut self) -> Result<(), Ended> {
        self.shakes_hands = false;
        self.stop_connecting()?;
        self.empty_outbox()
    }

    fn close(&mut self) -> Result<(), Ended> {
        self.give_up_all()?;
        self.endpoint.close(&mut self.tell)
    }
}
