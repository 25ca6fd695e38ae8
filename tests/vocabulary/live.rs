//! The playground without its terminal: the real state, the real workers, and a screen that only a test sees.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use sockyard::app::key::{Code, Key};
use sockyard::app::script::player::{Pace, Player};
use sockyard::app::script::{Limits, Script};
use sockyard::app::{App, Effect, Msg, Settings};
use sockyard::model::Batch;
use sockyard::net::Clock;
use sockyard::run::hands::Hands;
use sockyard::ui::theme::{Charset, Palette, Theme};
use sockyard::ui::{Drawn, draw};

/// How long a condition may take: only a failing test waits that long.
const LIMIT: Duration = Duration::from_secs(20);

pub struct Live {
    pub app: App,
    hands: Option<Hands>,
    clock: Clock,
    happened: Option<Receiver<Batch>>,
    terminal: Terminal<TestBackend>,
    drawn: Drawn,
}

impl Live {
    pub fn new(settings: &Settings) -> Self {
        let clock = Clock::start();
        let (batches, happened) = bounded(32);
        let mut live = Self {
            app: App::new(settings),
            hands: Some(Hands::new(clock, batches)),
            clock,
            happened: Some(happened),
            terminal: Terminal::new(TestBackend::new(140, 50)).expect("a test terminal"),
            drawn: Drawn::default(),
        };
        live.draw();
        live
    }

    fn draw(&mut self) {
        let theme = Theme::new(Palette::Colour, Charset::Unicode);
        let app = &self.app;
        let mut drawn = Drawn::default();
        let done = self.terminal.draw(|frame| drawn = draw(app, theme, frame));
        done.expect("a test terminal takes everything");
        self.drawn = drawn;
        let rooms = self.drawn.rooms;
        self.update(Msg::Drawn(rooms));
    }

    fn update(&mut self, msg: Msg) {
        let mut effects = self.app.update(Msg::Now(self.clock.now()));
        effects.extend(self.app.update(msg));
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let hands = self
                .hands
                .as_mut()
                .expect("the hands are there until the end");
            let msg = match effect {
                Effect::Perform(action) => hands.perform(action),
                Effect::Save(order) => hands.save(order),
                Effect::Load(path) => Some(Hands::load(&path)),
                Effect::Report(_)
                | Effect::Program(_)
                | Effect::Anew
                | Effect::Copy(_)
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Quit => None,
            };
            if let Some(msg) = msg {
                self.update(msg);
            }
        }
    }

    /// Presses keys: characters as they are, others as `<enter>` and `<esc>`.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let key = if let Some(behind) = rest.strip_prefix("<enter>") {
                rest = behind;
                Key::plain(Code::Enter)
            } else if let Some(behind) = rest.strip_prefix("<esc>") {
                rest = behind;
                Key::plain(Code::Esc)
            } else {
                rest = &rest[first.len_utf8()..];
                Key::char(first)
            };
            self.update(Msg::Key(key));
        }
        self.draw();
    }

    /// Clicks on the first place on the screen that shows this text.
    pub fn click(&mut self, text: &str) {
        self.draw();
        let (column, row) = self.find(text);
        let spot = self.drawn.spot(column, row);
        let spot = spot.unwrap_or_else(|| panic!("nothing answers at {text}"));
        self.update(Msg::Click(spot));
        self.draw();
    }

    fn find(&self, text: &str) -> (u16, u16) {
        let buffer = self.terminal.backend().buffer();
        let area = buffer.area;
        for row in 0..area.height {
            let cells: Vec<&str> = (0..area.width)
                .map(|column| buffer[(column, row)].symbol())
                .collect();
            for column in 0..cells.len() {
                if cells[column..].concat().starts_with(text) {
                    return (column as u16, row);
                }
            }
        }
        panic!("{text} is not on the screen:\n{}", self.screen());
    }

    pub fn screen(&self) -> String {
        self.terminal.backend().to_string()
    }

    /// Waits until `is_so`.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&App) -> bool) {
        let deadline = Instant::now() + LIMIT;
        loop {
            self.update(Msg::Now(self.clock.now()));
            if is_so(&self.app) {
                return;
            }
            let happened = self.happened.clone().expect("the channel is open");
            let (reports, _) = self.hands.as_ref().expect("the hands are there").reports();
            let wake = self.app.wakes_at().map(|at| self.clock.instant(at));
            let until = wake.map_or(deadline, |at| at.min(deadline));
            crossbeam_channel::select! {
                recv(happened) -> batch => {
                    let batch = batch.expect("the workers live");
                    self.update(Msg::Happened(batch));
                }
                recv(reports) -> report => {
                    let hands = self.hands.as_mut().expect("the hands are there");
                    if let Some(msg) = hands.reported(report) {
                        self.update(msg);
                    }
                }
                recv(crossbeam_channel::at(until)) -> _ => {
                    let late = Instant::now() >= deadline;
                    self.draw();
                    assert!(!late, "{what} has not come about:\n{}", self.screen());
                }
            }
        }
    }

    /// Runs a script to its end, which has to be a good one.
    pub fn run(&mut self, text: &str) {
        let script = Script::read("a script", text);
        let script = script.unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"));
        let limits = Limits::default();
        let player = Player::new(script, limits, Pace::AtOnce, false, self.clock.now());
        self.app.player = Some(player);
        let is_over = |app: &App| app.player.as_ref().is_some_and(Player::is_over);
        self.until("the end of the script", is_over);
        let player = self.app.player.as_ref().expect("a script");
        let verdict = player.verdict.clone().expect("it is over");
        assert_eq!(verdict.failure, None, "{text}\n{}", self.screen());
    }

    /// The calls of each, one after the other, without what chance decides: descriptors, ports, times.
    pub fn journal(&self) -> BTreeMap<String, Vec<String>> {
        let chance = [
            (r"^(\w+)\(\d+", "$1(FD"),
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (
                r#"^getaddrinfo\("127.0.0.1", "\d+"\)"#,
                "getaddrinfo(\"127.0.0.1\", \"PORT\")",
            ),
        ];
        let chance = chance
            .map(|(pattern, text)| (regex_lite::Regex::new(pattern).expect("a pattern"), text));
        let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (_, record) in self.app.calls.journal.iter() {
            let mut call = record.call_text();
            for (pattern, text) in &chance {
                call = pattern.replace_all(&call, *text).into_owned();
            }
            let outcome = match record.outcome.to_string() {
                fd if matches!(record.call.function().name(), "socket" | "accept")
                    && fd.starts_with("= ") =>
                {
                    "= FD".to_owned()
                }
                other => other,
            };
            let line = format!("{call} {outcome}");
            calls.entry(record.who.to_string()).or_default().push(line);
        }
        calls
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let (Some(hands), Some(happened)) = (self.hands.take(), self.happened.take()) {
            hands.rest(happened);
        }
    }
}
