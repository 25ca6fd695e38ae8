//! The thread that tries a range of ports of one host: `connect` to each, a few at once, and what came of it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::endpoint::{cancelled, ignore_failure};
use super::resolve::Lookup;
use super::socket::{Began, Connected, Socket};
use super::teller::{Ended, Teller, Timing};
use super::watch::Watch;
use super::worker::{Crew, Orders, Worker, no_thread};
use crate::model::{
    Actor, Address, Call, Errno, Event, Family, Moment, PortEvent, PortRange, PortVerdict,
    PortsAction, SocketKind, Target, Waited,
};

const STACK: usize = 256 << 10;

/// How many handshakes are under way at once: a courtesy to the host, and to the routers on the way.
const AT_ONCE: usize = 16;

/// Starts the thread.
///
/// # Errors
/// A thread or a descriptor that cannot be had.
pub fn start(crew: &Crew) -> io::Result<Worker<PortsAction>> {
    let (worker, orders) = Worker::new()?;
    let watch = Watch::new(orders.wake())?;
    crew.spawn(Actor::Ports, STACK, move |tell| {
        Ports {
            tell,
            orders,
            watch,
            lookup: None,
            run: None,
            unsettled: 0,
        }
        .run();
    })?;
    Ok(worker)
}

struct Ports {
    tell: Teller,
    orders: Orders<PortsAction>,
    watch: Watch,
    lookup: Option<(Lookup, PortRange)>,
    run: Option<Run>,
    /// How many actions were taken and not yet reported as settled.
    unsettled: u32,
}

/// A range under way.
struct Run {
    address: IpAddr,
    /// The port to try next; beyond the last one when all were begun.
    next: u32,
    range: PortRange,
    flights: Vec<Flight>,
}

/// A handshake under way.
struct Flight {
    port: u16,
    socket: Socket,
    began: Moment,
    until: Moment,
}

impl Ports {
    fn run(mut self) {
        while let Ok(()) | Err(Ended::Failed) = self.step() {}
        // If nobody listens any more, dropping the sockets closes them all the same.
        let _ = self.end();
        let _ = self.tell.settled(&mut self.unsettled);
    }

    fn step(&mut self) -> Result<(), Ended> {
        for action in self.orders.take()? {
            self.unsettled += 1;
            self.end()?;
            match action {
                PortsAction::Try(range) => self.begin(range)?,
                PortsAction::Cancel => {}
            }
        }
        self.look_up_further()?;
        self.launch()?;
        self.land()?;
        self.tell.settled(&mut self.unsettled)?;
        let limit = self.deadline().map(|until| until.since(self.tell.now()));
        self.watch.wait(limit, &mut self.tell)
    }

    fn begin(&mut self, range: PortRange) -> Result<(), Ended> {
        if let Ok(address) = range.host.parse() {
            return self.try_ports(address, range);
        }
        let target = Target::stream(Address {
            host: range.host.clone(),
            port: range.first.to_string(),
        });
        let began = self.tell.now();
        match Lookup::start(&target, began, self.orders.wake()) {
            Ok(lookup) => {
                self.tell.blocked(lookup.call.clone(), began)?;
                self.lookup = Some((lookup, range));
                Ok(())
            }
            Err(error) => {
                self.tell.trouble(format!(
                    "no thread for getaddrinfo can be started: {}",
                    no_thread(&error)
                ))?;
                self.tell.tell(Event::Port(PortEvent::Ended))
            }
        }
    }

    fn look_up_further(&mut self) -> Result<(), Ended> {
        let Some((lookup, range)) = self.lookup.take() else {
            return Ok(());
        };
        let Some((outcome, addresses)) = lookup.poll() else {
            self.lookup = Some((lookup, range));
            return Ok(());
        };
        self.tell
            .returned(lookup.call, outcome, Timing::elsewhere(lookup.began))?;
        match addresses.first() {
            Some(address) => self.try_ports(address.ip(), range),
            None => self.tell.tell(Event::Port(PortEvent::Ended)),
        }
    }

    fn try_ports(&mut self, address: IpAddr, range: PortRange) -> Result<(), Ended> {
        self.run = Some(Run {
            address,
            next: u32::from(range.first),
            range,
            flights: Vec::new(),
        });
        self.tell.tell(Event::Port(PortEvent::Began(address)))
    }

    /// Begins handshakes until enough are under way or none is left to begin.
    fn launch(&mut self) -> Result<(), Ended> {
        while let Some(run) = &mut self.run {
            if run.next > u32::from(run.range.last) {
                if run.flights.is_empty() {
                    self.run = None;
                    self.tell.tell(Event::Port(PortEvent::Ended))?;
                }
                return Ok(());
            }
            if run.flights.len() >= AT_ONCE {
                return Ok(());
            }
            let port = u16::try_from(run.next).unwrap_or(u16::MAX);
            run.next += 1;
            let address = SocketAddr::new(run.address, port);
            let opened = Socket::open(Family::of(&address), SocketKind::Stream, &mut self.tell);
            let Ok(socket) = opened else {
                // There is no use in asking for the sockets of the other ports: the call's line says why.
                return self.end();
            };
            let began = Began::now(&self.tell);
            match socket.connect(address, began, true, &mut self.tell)? {
                Connected::Returned(result) => self.tried(port, socket, result, began.at)?,
                Connected::InProgress => {
                    if let Err(error) = self.watch.add(&socket, usize::from(port)) {
                        self.tell
                            .trouble(format!("a handshake cannot be waited for: {error}"))?;
                        ignore_failure(socket.close(&mut self.tell))?;
                        return self.end();
                    }
                    run.flights.push(Flight {
                        port,
                        socket,
                        began: began.at,
                        until: began.at.after(run.range.patience),
                    });
                }
            }
        }
        Ok(())
    }

    /// Ends the handshakes that have come to something, or have taken too long.
    fn land(&mut self) -> Result<(), Ended> {
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let address = run.address;
        let now = self.tell.now();
        let mut landed = false;
        let mut left = Vec::new();
        for flight in std::mem::take(&mut run.flights) {
            let is_late = flight.until <= now;
            if !flight.socket.readiness().may_send() && !is_late {
                left.push(flight);
                continue;
            }
            landed = true;
            let Flight {
                port,
                socket,
                began,
                ..
            } = flight;
            let address = SocketAddr::new(address, port);
            let how = Began {
                at: began,
                waited: Waited::InProgress,
            };
            if socket.readiness().may_send()
                && let Connected::Returned(result) =
                    socket.connect(address, how, true, &mut self.tell)?
            {
                self.tried(port, socket, result, began)?;
            } else {
                let fd = socket.number();
                cancelled(Call::Connect { fd, address }, began, &mut self.tell)?;
                ignore_failure(socket.close(&mut self.tell))?;
                self.found(port, PortVerdict::Silent, began)?;
            }
        }
        if let Some(run) = &mut self.run {
            run.flights = left;
        }
        // There may be room for more handshakes now.
        if landed { self.launch() } else { Ok(()) }
    }

    fn tried(
        &mut self,
        port: u16,
        socket: Socket,
        result: Result<(), Errno>,
        began: Moment,
    ) -> Result<(), Ended> {
        let verdict = match result {
            Ok(()) if self.is_own(&socket, port)? => PortVerdict::Closed,
            Ok(()) => PortVerdict::Open,
            Err(Errno::ECONNREFUSED) => PortVerdict::Closed,
            Err(Errno::ETIMEDOUT) => PortVerdict::Silent,
            Err(errno) => PortVerdict::Failed(errno),
        };
        ignore_failure(socket.close(&mut self.tell))?;
        self.found(port, verdict, began)
    }

    /// Whether the socket is connected to itself: on this machine, where nobody listens on a port, the kernel may give
    /// that very port to the one who tries it, and TCP lets both ends of a handshake be the same.
    fn is_own(&mut self, socket: &Socket, port: u16) -> Result<bool, Ended> {
        match socket.local_address(&mut self.tell) {
            Ok(local) => Ok(local.port() == port
                && self
                    .run
                    .as_ref()
                    .is_some_and(|run| run.address == local.ip())),
            Err(Ended::Failed) => Ok(false),
            Err(ended) => Err(ended),
        }
    }

    fn found(&mut self, port: u16, verdict: PortVerdict, began: Moment) -> Result<(), Ended> {
        let took = self.tell.now().since(began);
        self.tell.tell(Event::Port(PortEvent::Tried {
            port,
            verdict,
            took,
        }))
    }

    fn deadline(&self) -> Option<Moment> {
        let run = self.run.as_ref()?;
        run.flights.iter().map(|flight| flight.until).min()
    }

    /// Gives up what is under way.
    fn end(&mut self) -> Result<(), Ended> {
        let was_busy = self.lookup.is_some() || self.run.is_some();
        if let Some((lookup, _)) = self.lookup.take() {
            cancelled(lookup.call, lookup.began, &mut self.tell)?;
        }
        if let Some(run) = self.run.take() {
            for Flight {
                port,
                socket,
                began,
                ..
            } in run.flights
            {
                let address = SocketAddr::new(run.address, port);
                let fd = socket.number();
                cancelled(Call::Connect { fd, address }, began, &mut self.tell)?;
                ignore_failure(socket.close(&mut self.tell))?;
            }
        }
        if was_busy {
            self.tell.tell(Event::Port(PortEvent::Ended))?;
        }
        Ok(())
    }
}
