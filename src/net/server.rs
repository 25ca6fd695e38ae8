//! The server's thread: the listening socket, step by step or all at once, and the connections that it serves itself.
//!
//! With the model `threads` each accepted connection goes to a thread of its own. With `serial` and `poll` it stays
//! here: of `serial` there is one at a time, and the next is not accepted before it is closed; with `poll` this thread
//! waits for all of them together. `accepting` is how they come. A UDP server has one socket and no connections: see
//! [`super::datagrams`].

mod accepting;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use super::capacity::{Capacity, threads_to_spare};
use super::connection::Connection;
use super::datagrams::Datagrams;
use super::diag::{AcceptQueue, Diag};
use super::endpoint::{Endpoint, cancelled, ignore_failure};
use super::hub::{Hub, StopAll};
use super::resolve::Lookup;
use super::socket::{Began, NO_FD, Socket, without_socket};
use super::spare::Spares;
use super::teller::{Ended, Teller, Timing};
use super::watch::Watch;
use super::worker::{Crew, Orders, Worker, no_thread};
use crate::model::call::Function;
use crate::model::{
    Actor, Address, Call, ConnectionId, Event, Family, Model, Moment, Offer, OptionSetting,
    OptionValue, ServerAction, ServerSetup, SocketAction, SocketKind, SocketOption, Target,
};

const STACK: usize = 256 << 10;

/// How many datagrams a UDP server answers before it looks around, and reports them together.
const DATAGRAMS_AT_ONCE: usize = 16;

/// How often in a row one connection goes on before the others have their turn.
const STEPS_AT_ONCE: usize = 8;

/// How often the kernel is asked what a full accept queue has dropped meanwhile: as often as a peer asks again, which is after
/// a second at first (RFC 6298).
const FULL: Duration = Duration::from_secs(1);

/// The number of the server's own socket in the watch; connections have their own numbers, from 1.
const OWN: usize = 0;

/// Starts the server's thread; it listens once it is ordered to, and takes on as much as `capacity` says. `accepted` counts
/// the connections that were ever accepted: each has the count as its number. The hub reaches the connections.
///
/// # Errors
/// A thread or a descriptor that cannot be had.
pub fn start(
    crew: &Crew,
    capacity: Capacity,
    accepted: Arc<AtomicU64>,
) -> io::Result<(Worker<ServerAction>, Hub)> {
    let (worker, orders) = Worker::new()?;
    let watch = Watch::new(orders.wake())?;
    let hub = Hub::new(orders.wake().clone())?;
    let (own, stop) = (crew.clone(), StopAll(hub.clone()));
    let hub_here = hub.clone();
    let spares = Spares::new(crew);
    crew.spawn(Actor::Server, STACK, move |tell| {
        Server {
            crew: own,
            most_connections: capacity.connections,
            // Asked here, so that nobody else waits for it.
            most_threads: capacity.threads.unwrap_or_else(threads_to_spare),
            tell,
            orders,
            watch,
            hub: hub_here,
            _stop: stop,
            diag: None,
            endpoint: Endpoint::default(),
            local: None,
            listening: None,
            datagrams: None,
            lookup: None,
            offer: Offer::default(),
            connections: BTreeMap::new(),
            due: BTreeSet::new(),
            timers: BTreeSet::new(),
            told: None,
            accepted,
            served: Arc::default(),
            spares,
            unsettled: 0,
            room: Vec::new(),
            may_be_queued: true,
        }
        .run();
    })?;
    Ok((worker, hub))
}

struct Server {
    crew: Crew,
    /// How many connections may be open.
    most_connections: usize,
    /// How many of them may have a thread each.
    most_threads: usize,
    tell: Teller,
    orders: Orders<ServerAction>,
    watch: Watch,
    hub: Hub,
    /// However this thread ends, those of the connections end too.
    _stop: StopAll,
    /// Asks the kernel about the accept queue; made when the server first listens.
    diag: Option<Diag>,
    /// The listening socket, or that of a UDP server.
    endpoint: Endpoint,
    /// Its address, once it has one.
    local: Option<SocketAddr>,
    listening: Option<Listening>,
    datagrams: Option<Datagrams>,
    lookup: Option<(Lookup, Purpose)>,
    offer: Offer,
    /// The connections that this thread serves.
    connections: BTreeMap<ConnectionId, Box<Connection>>,
    /// Those that may be able to go on.
    due: BTreeSet<ConnectionId>,
    /// When those that think before they answer are to go on.
    timers: BTreeSet<(Moment, ConnectionId)>,
    /// What was reported as blocked.
    told: Option<Call>,
    /// How many connections were ever accepted: the last one's number.
    accepted: Arc<AtomicU64>,
    /// How many connections have a thread now.
    served: Arc<AtomicUsize>,
    /// Threads that wait for a connection to serve.
    spares: Spares,
    /// How many actions were taken and not yet reported as settled.
    unsettled: u32,
    /// What the connections of this thread receive, one after the other.
    room: Vec<u8>,
    /// Where the kernel is not asked: whether a connection may wait to be accepted.
    may_be_queued: bool,
}

/// What a look-up is for.
enum Purpose {
    Start(ServerSetup),
    Bind,
}

/// What there is once `listen` has succeeded.
struct Listening {
    /// Whether connections are accepted as they come.
    alone: bool,
    /// Whether a person waits for one.
    asked: bool,
    /// Since when `accept` waits, if that was told.
    since: Moment,
    /// Until when there is no use in asking for another connection: descriptors or memory have run out.
    short_until: Option<Moment>,
    queue: Option<AcceptQueue>,
    /// Whether the queue may have changed.
    queue_is_old: bool,
    /// When the kernel is asked again how often the queue was full: nothing stirs when a full one drops a handshake.
    ask_at: Option<Moment>,
}

impl Server {
    fn run(mut self) {
        while let Ok(()) | Err(Ended::Failed) = self.step() {}
        // If nobody listens any more, dropping the sockets closes them all the same.
        let _ = self.stop();
        let _ = self.tell.settled(&mut self.unsettled);
    }

    fn step(&mut self) -> Result<(), Ended> {
        for action in self.orders.take()? {
            self.unsettled += 1;
            self.tell.speak_for(Actor::Server);
            // A call that failed is in the report; the orders behind it are still to be carried out.
            ignore_failure(self.act(action))?;
        }
        self.tell.speak_for(Actor::Server);
        ignore_failure(self.look_up_further())?;
        self.hear()?;
        let accepted = self.accept_some()?;
        let served = self.serve()?;
        self.tell.speak_for(Actor::Server);
        let datagrams = self.datagrams()?;
        self.report()?;
        self.tell.settled(&mut self.unsettled)?;
        if accepted || served || datagrams {
            // Somebody may have more to do: only what has happened meanwhile is taken in.
            return self.look_around(Some(Duration::ZERO));
        }
        let limit = self.deadline().map(|until| until.since(self.tell.now()));
        self.look_around(limit)
    }

    fn look_around(&mut self, limit: Option<Duration>) -> Result<(), Ended> {
        self.watch.wait(limit, &mut self.tell)?;
        for (number, edge) in self.watch.stirred() {
            if number == OWN {
                self.may_be_queued = true;
                if let Some(listening) = &mut self.listening {
                    listening.queue_is_old = true;
                }
            } else {
                let id = ConnectionId(number as u64);
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.stirred(edge);
                }
                self.due.insert(id);
            }
        }
        let now = self.tell.now();
        while let Some((until, id)) = self.timers.first().copied()
            && until <= now
        {
            self.timers.pop_first();
            self.due.insert(id);
        }
        Ok(())
    }

    /// When something is to be done although nothing has happened.
    fn deadline(&self) -> Option<Moment> {
        let short = self.listening.as_ref().and_then(|l| l.short_until);
        let queue = self.listening.as_ref().and_then(|l| l.ask_at);
        let thinking = self.datagrams.as_ref().and_then(Datagrams::until);
        let connections = self.timers.first().map(|(until, _)| *until);
        let all = connections.into_iter().chain(short).chain(queue);
        all.chain(thinking).min()
    }

    fn act(&mut self, action: ServerAction) -> Result<(), Ended> {
        match action {
            ServerAction::Start(setup) => self.start(setup),
            ServerAction::Offer(offer) => {
                let model = std::mem::replace(&mut self.offer, offer).model;
                if model != offer.model {
                    self.wait_anew()?;
                }
                if let Some((_, Purpose::Start(setup))) = &mut self.lookup {
                    setup.offer = offer;
                }
                if let Some(datagrams) = &mut self.datagrams {
                    datagrams.offer(offer, &mut self.tell)?;
                }
                Ok(())
            }
            ServerAction::Stop => self.stop(),
            ServerAction::Socket(family, kind) => self.open(family, kind),
            ServerAction::Bind(address) => self.bind(address),
            ServerAction::Listen(backlog) => self.listen(backlog),
            ServerAction::Accept => self.accept_by_hand(),
            ServerAction::AcceptAlone(alone) => self.accept_alone(alone),
            ServerAction::CancelAccept => self.cancel_accept(),
            ServerAction::On(SocketAction::Bind(address)) => self.bind_to(address),
            ServerAction::On(SocketAction::Close) => self.close(SocketAction::Close),
            ServerAction::On(SocketAction::Reset) => self.close(SocketAction::Reset),
            ServerAction::On(action) => {
                let beside = self.endpoint.is_received_beside(&action);
                let done = self.endpoint.act(action, &mut self.tell);
                if let Some(datagrams) = &mut self.datagrams
                    && beside
                {
                    datagrams.wait_anew(self.tell.now());
                }
                // Shut down, a listening socket gives back a port that the kernel has chosen.
                if self.listening.is_some() && self.endpoint.look().hung_up {
                    self.local = None;
                }
                done
            }
        }
    }

    // ---- All at once ---------------------------------------------------------------------------------------------

    fn start(&mut self, setup: ServerSetup) -> Result<(), Ended> {
        self.stop()?;
        let address = Address {
            host: setup.host.clone(),
            port: setup.port.to_string(),
        };
        if let Some(address) = address.numeric() {
            return self.begin(address, &setup);
        }
        let kind = setup.kind;
        self.look_up(address, kind, Purpose::Start(setup))
    }

    fn look_up(
        &mut self,
        address: Address,
        kind: SocketKind,
        purpose: Purpose,
    ) -> Result<(), Ended> {
        self.cancel_lookup()?;
        let family = match purpose {
            Purpose::Start(_) => None,
            Purpose::Bind => self.endpoint.socket().map(Socket::family),
        };
        let target = Target {
            address,
            family,
            kind,
        };
        let began = self.tell.now();
        match Lookup::start(&target, began, self.orders.wake()) {
            Ok(lookup) => {
                self.tell.blocked(lookup.call.clone(), began)?;
                self.lookup = Some((lookup, purpose));
                Ok(())
            }
            Err(error) => self.tell.trouble(format!(
                "no thread for getaddrinfo can be started: {}",
                no_thread(&error)
            )),
        }
    }

    fn cancel_lookup(&mut self) -> Result<(), Ended> {
        match self.lookup.take() {
            Some((lookup, _)) => cancelled(lookup.call, lookup.began, &mut self.tell),
            None => Ok(()),
        }
    }

    fn look_up_further(&mut self) -> Result<(), Ended> {
        let Some((lookup, purpose)) = self.lookup.take() else {
            return Ok(());
        };
        let Some((outcome, addresses)) = lookup.poll() else {
            self.lookup = Some((lookup, purpose));
            return Ok(());
        };
        self.tell
            .returned(lookup.call, outcome, Timing::elsewhere(lookup.began))?;
        match (addresses.first(), purpose) {
            (Some(address), Purpose::Start(setup)) => self.begin(*address, &setup),
            (Some(address), Purpose::Bind) => self.bind_to(*address),
            (None, Purpose::Start(_) | Purpose::Bind) => Ok(()),
        }
    }

    /// Every call up to the one that waits for a client; if one of them fails, the socket is closed again.
    fn begin(&mut self, address: SocketAddr, setup: &ServerSetup) -> Result<(), Ended> {
        self.offer = setup.offer;
        self.open(Family::of(&address), setup.kind)?;
        match self.prepare(address, setup) {
            Err(Ended::Failed) => self.close(SocketAction::Close),
            other => other,
        }
    }

    fn prepare(&mut self, address: SocketAddr, setup: &ServerSetup) -> Result<(), Ended> {
        let Some(socket) = self.endpoint.socket() else {
            return Err(Ended::Failed);
        };
        let tell = &mut self.tell;
        match setup.kind {
            SocketKind::Stream => {
                // Old connections of this port may be in TIME_WAIT.
                let reuse = OptionValue::Flag(true);
                socket.set(
                    OptionSetting::Value(SocketOption::ReuseAddress, reuse),
                    tell,
                )?;
                socket.bind(address, tell)?;
                socket.listen(setup.backlog, tell)?;
                // With port 0 the kernel has chosen one.
                self.local = Some(socket.local_address(tell)?);
                self.listens(true)?;
            }
            SocketKind::Datagram => {
                socket.bind(address, tell)?;
                self.local = Some(socket.local_address(tell)?);
            }
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), Ended> {
        self.tell.speak_for(Actor::Server);
        self.cancel_lookup()?;
        if self.endpoint.socket().is_some() {
            ignore_failure(self.close(SocketAction::Close))?;
        }
        self.hub.stop_all();
        for (_, connection) in std::mem::take(&mut self.connections) {
            self.tell.speak_for(connection.who());
            connection.close(&mut self.tell)?;
        }
        self.tell.speak_for(Actor::Server);
        Ok(())
    }

    // ---- Step by step --------------------------------------------------------------------------------------------

    fn open(&mut self, family: Family, kind: SocketKind) -> Result<(), Ended> {
        if let Some(socket) = self.endpoint.socket() {
            let fd = socket.number();
            return self.tell.trouble(format!(
                "the server has a socket, descriptor {fd}: stop it or close that one first"
            ));
        }
        let socket = Socket::open(family, kind, &mut self.tell)?;
        let watched = self.watch.add(&socket, OWN);
        let now = self.tell.now();
        self.endpoint.put(socket, now);
        if let Err(error) = watched {
            self.tell
                .trouble(format!("the new socket cannot be waited for: {error}"))?;
            return self.close(SocketAction::Close);
        }
        self.local = None;
        if kind == SocketKind::Datagram {
            self.datagrams = Some(Datagrams::new(self.offer, now));
        }
        Ok(())
    }

    fn bind(&mut self, address: Address) -> Result<(), Ended> {
        if let Some(address) = address.numeric() {
            return self.bind_to(address);
        }
        let kind = self.endpoint.socket().map(Socket::kind).unwrap_or_default();
        self.look_up(address, kind, Purpose::Bind)
    }

    fn bind_to(&mut self, address: SocketAddr) -> Result<(), Ended> {
        let Some(socket) = self.endpoint.socket() else {
            return without_socket(Call::Bind { fd: NO_FD, address }, &[], &mut self.tell);
        };
        socket.bind(address, &mut self.tell)?;
        self.local = Some(socket.local_address(&mut self.tell)?);
        Ok(())
    }

    fn listen(&mut self, backlog: i32) -> Result<(), Ended> {
        let Some(socket) = self.endpoint.socket() else {
            let fd = NO_FD;
            return without_socket(Call::Listen { fd, backlog }, &[], &mut self.tell);
        };
        socket.listen(backlog, &mut self.tell)?;
        if self.local.is_none() {
            // Unbound, it listens on a port that the kernel has chosen.
            self.local = Some(socket.local_address(&mut self.tell)?);
        }
        match &mut self.listening {
            Some(listening) => {
                listening.queue_is_old = true;
                Ok(())
            }
            // Step by step it accepts by hand too, until it is told otherwise.
            None => self.listens(false),
        }
    }

    fn listens(&mut self, alone: bool) -> Result<(), Ended> {
        // While there is a descriptor for it: at the end there may be none, and what the queue has cost is asked then.
        if self.diag.is_none() {
            self.diag = Diag::open().ok();
        }
        self.endpoint.listens(true);
        self.may_be_queued = true;
        self.listening = Some(Listening {
            alone,
            asked: false,
            since: self.tell.now(),
            short_until: None,
            queue: None,
            queue_is_old: true,
            ask_at: None,
        });
        self.tell.tell(Event::Accepting { alone })
    }

    fn accept_alone(&mut self, alone: bool) -> Result<(), Ended> {
        let Some(listening) = &mut self.listening else {
            return self.tell.trouble(
                "nothing listens here yet, so that nothing can be accepted: listen first, or start the server"
                    .to_owned(),
            );
        };
        if std::mem::replace(&mut listening.alone, alone) == alone {
            return Ok(());
        }
        self.tell.tell(Event::Accepting { alone })?;
        self.wait_anew()
    }

    /// Whether it was told that `accept` waits.
    fn waits_in_accept(&self) -> bool {
        matches!(&self.told, Some(call) if call.function() == Function::Accept)
    }

    /// A wait in `accept` that nobody has asked for by hand is over, for what waits is another thing from now on.
    fn wait_anew(&mut self) -> Result<(), Ended> {
        if !self.waits_in_accept() || self.is_asked() {
            return Ok(());
        }
        self.told = None;
        self.tell.unblocked(Function::Accept)
    }

    fn accept_by_hand(&mut self) -> Result<(), Ended> {
        let blocks = self.endpoint.blocks();
        let waits = self.waits_in_accept();
        match (&mut self.listening, self.endpoint.socket()) {
            (Some(listening), Some(_)) if blocks => {
                // One that waits already is all that there is to wait in.
                if !std::mem::replace(&mut listening.asked, true) && !waits {
                    listening.since = self.tell.now();
                }
                Ok(())
            }
            // The kernel says what it thinks of it.
            (_, Some(_)) => self.accept(Began::now(&self.tell)),
            (_, None) => without_socket(Call::Accept { fd: NO_FD }, &[], &mut self.tell),
        }
    }

    fn cancel_accept(&mut self) -> Result<(), Ended> {
        if let (Some(listening), Some(socket)) = (&mut self.listening, self.endpoint.socket())
            && std::mem::replace(&mut listening.asked, false)
        {
            let fd = socket.number();
            self.told
                .take_if(|call| call.function() == Function::Accept);
            return cancelled(Call::Accept { fd }, listening.since, &mut self.tell);
        }
        Ok(())
    }

    /// Closes the server's own socket; connections that were accepted live on.
    fn close(&mut self, how: SocketAction) -> Result<(), Ended> {
        self.cancel_lookup()?;
        self.cancel_accept()?;
        if let (Some(_), Some(local)) = (&self.listening, self.local)
            && let Some(queue) = self.ask_of_queue(local)
        {
            self.crew.tally().dropped(queue.dropped);
        }
        self.listening = None;
        self.datagrams = None;
        self.local = None;
        self.told = None;
        self.endpoint.act(how, &mut self.tell)
    }

    // ---- Connections ---------------------------------------------------------------------------------------------

    /// What a person, or another connection, has for the connections of this thread.
    fn hear(&mut self) -> Result<(), Ended> {
        for (id, found) in self.hub.take_of_loop() {
            if let Some(connection) = self.connections.get_mut(&id) {
                self.tell.speak_for(Actor::Connection(id));
                connection.hear(found, &mut self.tell)?;
                self.due.insert(id);
            }
        }
        Ok(())
    }

    /// Lets the connections that may be able to go on do so; says whether some have more to do.
    fn serve(&mut self) -> Result<bool, Ended> {
        let mut more = false;
        for id in std::mem::take(&mut self.due) {
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            self.tell.speak_for(Actor::Connection(id));
            let mut steps = 0;
            let rests = loop {
                if connection.is_over() {
                    break true;
                }
                let ready = connection.endpoint().look();
                let goes_on = connection.proceed(ready, &mut self.room, &mut self.tell)?;
                if !goes_on || steps + 1 == STEPS_AT_ONCE {
                    connection.settle(ready, &mut self.tell)?;
                }
                if !goes_on {
                    if !self.tell.is_quiet() {
                        connection.report(ready, &mut self.tell)?;
                    }
                    if let Some(until) = connection.waits().until {
                        self.timers.insert((until, id));
                    }
                    break true;
                }
                steps += 1;
                if steps == STEPS_AT_ONCE {
                    break false;
                }
            };
            if connection.is_over() {
                if let Some(connection) = self.connections.remove(&id) {
                    connection.close(&mut self.tell)?;
                }
                // In `serial` it is somebody else's turn.
                more |= !self.tell.is_quiet() || self.offer.model == Model::Serial;
            } else if !rests {
                self.due.insert(id);
                more = true;
            }
        }
        Ok(more)
    }

    fn datagrams(&mut self) -> Result<bool, Ended> {
        let Some(datagrams) = &mut self.datagrams else {
            return Ok(false);
        };
        for count in 0..DATAGRAMS_AT_ONCE {
            let ready = self.endpoint.look();
            // What comes after an order was given is answered as it says.
            if ready.may_receive() && self.orders.has_some() {
                return Ok(true);
            }
            if !datagrams.proceed(ready, &mut self.endpoint, &mut self.tell)? {
                return Ok(count > 0);
            }
        }
        Ok(true)
    }

    // ---- Reports -------------------------------------------------------------------------------------------------

    fn report(&mut self) -> Result<(), Ended> {
        self.tell.speak_for(Actor::Server);
        if self.tell.is_quiet() {
            return Ok(());
        }
        self.report_queue()?;
        let ready = self.endpoint.look();
        if let Some(datagrams) = &mut self.datagrams {
            datagrams.report(&self.endpoint, &mut self.tell)?;
        }
        self.endpoint.report(ready, &mut self.tell)?;
        let waits = self.blocked_call();
        if waits == self.told {
            return Ok(());
        }
        let before = self.told.as_ref().map(Call::function);
        if let Some(before) = before
            && waits.as_ref().map(Call::function) != Some(before)
        {
            self.tell.unblocked(before)?;
        }
        if let Some(call) = &waits {
            let mut since = self.tell.now();
            if call.function() == Function::Accept
                && let Some(listening) = &mut self.listening
            {
                // Asked for by hand, it may have waited for descriptors before.
                if listening.asked {
                    since = listening.since;
                }
                listening.since = since;
            }
            self.tell.blocked(call.clone(), since)?;
        }
        self.told = waits;
        Ok(())
    }

    /// In what a plain program of this model would be blocked now.
    fn blocked_call(&self) -> Option<Call> {
        let own = usize::from(self.listening.is_some());
        let sockets = own + self.connections.len();
        let is_alone = self.listening.as_ref().is_some_and(|l| l.alone);
        let polls = !self.connections.is_empty() || is_alone;
        if self.offer.model == Model::Poll && polls && !self.is_asked() {
            return Some(Call::EpollWait { sockets });
        }
        let socket = self.endpoint.socket()?;
        self.may_accept().then(|| Call::Accept {
            fd: socket.number(),
        })
    }

    fn is_asked(&self) -> bool {
        self.listening.as_ref().is_some_and(|l| l.asked)
    }

    /// The accept queue of the listening socket. Where the kernel cannot be asked nothing is known of it.
    fn ask_of_queue(&mut self, local: SocketAddr) -> Option<AcceptQueue> {
        if self.diag.is_none() {
            self.diag = Diag::open().ok();
        }
        self.diag.as_ref()?.accept_queue(local).ok()?
    }

    /// How full the accept queue is, as far as that is news.
    fn report_queue(&mut self) -> Result<(), Ended> {
        let now = self.tell.now();
        let Some(listening) = &mut self.listening else {
            return Ok(());
        };
        let is_old = std::mem::replace(&mut listening.queue_is_old, false);
        if !is_old && listening.ask_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        listening.ask_at = None;
        let Some(local) = self.local else {
            return Ok(());
        };
        let Some(queue) = self.ask_of_queue(local) else {
            return Ok(());
        };
        let Some(listening) = &mut self.listening else {
            return Ok(());
        };
        // On Linux a queue that holds as many as its backlog has room for one more.
        listening.ask_at = (queue.waiting > queue.backlog).then(|| now.after(FULL));
        if listening.queue != Some(queue) {
            listening.queue = Some(queue);
            self.tell.tell(Event::AcceptQueue {
                waiting: queue.waiting,
                backlog: queue.backlog,
                dropped: queue.dropped,
            })?;
        }
        Ok(())
    }
}
