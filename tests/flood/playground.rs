//! The playground without a terminal: real sockets, the state that their reports change, and the screen drawn to memory as
//! often as a real one is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use sockyard::app::{App, Effect, Msg, Settings};
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Batch, Event, Model, Offer, ServerAction, ServerSetup, Service, SocketKind,
};
use sockyard::net::capacity::Capacity;
use sockyard::net::tally::Totals;
use sockyard::net::{Clock, Yard};
use sockyard::ui::draw;
use sockyard::ui::theme::{Charset, Palette, Theme};

use crate::program::LIMIT;

/// Batches on their way, as many as in the program.
const BATCHES: usize = 32;
/// How often the screen is drawn: ten times a second, for what is not optimised takes its time.
const FRAME: Duration = Duration::from_millis(100);

/// The playground with its server.
pub struct Playground {
    pub app: App,
    yard: Yard,
    clock: Clock,
    events: Receiver<Batch>,
    terminal: Terminal<TestBackend>,
    drawn: Instant,
    /// How many calls were reported, by function.
    pub calls: BTreeMap<Function, u64>,
    /// How many frames were drawn, and how long the slowest step took that could have kept a key waiting.
    pub frames: u64,
    pub slowest: Duration,
}

impl Playground {
    /// Serves echo on a free port of 127.0.0.1.
    pub fn serve(model: Model, kind: SocketKind, backlog: i32) -> (Self, SocketAddr) {
        Self::serve_at_most(Capacity::default(), model, kind, backlog)
    }

    /// The same, no more than `capacity` at a time.
    pub fn serve_at_most(
        capacity: Capacity,
        model: Model,
        kind: SocketKind,
        backlog: i32,
    ) -> (Self, SocketAddr) {
        let clock = Clock::start();
        let (sender, events) = bounded(BATCHES);
        let mut playground = Self {
            app: App::new(&Settings::default()),
            yard: Yard::new(clock, sender).with_capacity(capacity),
            clock,
            events,
            terminal: Terminal::new(TestBackend::new(120, 36)).expect("a test terminal"),
            drawn: Instant::now(),
            calls: BTreeMap::new(),
            frames: 0,
            slowest: Duration::ZERO,
        };
        playground.app.server.model = model;
        playground.app.server.kind = kind;
        let start = ServerAction::Start(ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind,
            backlog,
            offer: Offer {
                service: Service::Echo,
                model,
                delay: Duration::ZERO,
            },
        });
        (playground.yard)
            .perform(Action::Server(start))
            .expect("a thread");
        playground.until("it listens", |p| p.app.server.serves_at().is_some());
        let address = playground.app.server.serves_at().expect("it listens");
        (playground, address)
    }

    /// Takes in what happens, and draws it, until `is_so`.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl FnMut(&mut Self) -> bool) {
        let mut is_so = is_so;
        let end = Instant::now() + LIMIT * 2;
        while !is_so(self) {
            assert!(
                Instant::now() < end,
                "not so: {what}: {} open of {}, {:?} bytes\n{}",
                self.app.server.connections.open(),
                self.app.server.connections.accepted(),
                self.app.server.connections.bytes(),
                self.screen()
            );
            let frame = self.drawn + FRAME;
            if let Ok(batch) = self.events.recv_deadline(frame) {
                let begin = Instant::now();
                self.take_in(batch);
                for _ in 1..BATCHES {
                    match self.events.try_recv() {
                        Ok(batch) => self.take_in(batch),
                        Err(_) => break,
                    }
                }
                self.slowest = self.slowest.max(begin.elapsed());
            }
            if Instant::now() >= frame {
                self.draw();
            }
        }
    }

    fn take_in(&mut self, batch: Batch) {
        for event in &batch {
            match event {
                Event::Returned(record) => {
                    *self.calls.entry(record.call.function()).or_default() += 1;
                }
                Event::Panicked { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
        for effect in self.app.update(Msg::Happened(batch)) {
            let Effect::Perform(action) = effect else {
                continue;
            };
            self.yard.perform(action).expect("a worker");
        }
    }

    fn draw(&mut self) {
        let begin = Instant::now();
        self.app.update(Msg::Now(self.clock.now()));
        let theme = Theme::new(Palette::Colour, Charset::Unicode);
        let Self { app, terminal, .. } = self;
        let mut rooms = None;
        terminal
            .draw(|frame| rooms = Some(draw(app, theme, frame).rooms))
            .expect("drawing to memory");
        if let Some(rooms) = rooms {
            self.app.update(Msg::Drawn(rooms));
        }
        self.frames += 1;
        self.drawn = Instant::now();
        self.slowest = self.slowest.max(begin.elapsed());
    }

    /// The screen as it is now.
    pub fn screen(&mut self) -> String {
        self.draw();
        let buffer = self.terminal.backend().buffer();
        let row = |y| {
            let cells = (0..buffer.area.width).map(move |x| buffer[(x, y)].symbol());
            cells.collect::<String>()
        };
        (0..buffer.area.height)
            .map(row)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Checks that every call that was reported is in the log, or counted there as forgotten.
    #[track_caller]
    pub fn assert_calls_are_counted(&self) {
        let journal = &self.app.calls.journal;
        let reported: u64 = self.calls.values().sum();
        assert_eq!(journal.total(), reported);
        assert_eq!(
            journal.iter().count() as u64 + journal.forgotten(),
            reported
        );
    }

    /// Ends it as the program does.
    pub fn end(self) -> Totals {
        drop(self.events);
        let (all, totals) = self.yard.end(LIMIT);
        assert!(all, "a worker did not end");
        totals
    }
}
