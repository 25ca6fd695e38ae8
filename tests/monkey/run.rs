//! The run of one seed: what comes is taken in, what comes out is looked at, and now and then it is drawn.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::env;
use std::thread;

use ratatui::layout::Size;
use sockyard::app::key::Key;
use sockyard::app::{App, Msg, Settings};
use sockyard::model::{ClientId, Moment, SaveId};
use sockyard::ui::theme::{Charset, Palette, Theme};

use crate::random::Random;
use crate::screen::{Frame, Screen};

/// How many steps one seed takes unless this variable says otherwise.
const STEPS: usize = 400_000;
const STEPS_VARIABLE: &str = "SOCKYARD_MONKEY_STEPS";
/// So many steps there are from frame to frame, and a frame after each change of size.
const STEPS_PER_FRAME: usize = 100;
/// How often the size changes.
const STEPS_PER_SIZE: usize = 400;
/// How often it is looked whether what was done can be read as a script, and how much all of it holds.
const STEPS_PER_SCRIPT: usize = 5_000;
/// What one log keeps: little, so that the bound of all of them together is met.
pub const KEEP: usize = 300 << 10;
/// How many of the last steps are told of a failure.
const TOLD: usize = 12;

pub struct Monkey {
    pub random: Random,
    pub app: App,
    pub screen: Screen,
    /// The last frame.
    pub frame: Frame,
    /// The time of the program.
    pub now: u64,
    /// Sessions that were ended.
    pub ended: BTreeSet<ClientId>,
    /// Keys that follow.
    pub keys: VecDeque<Key>,
    /// Saves that are open, and those that are finished.
    pub open: BTreeSet<SaveId>,
    pub finished: BTreeSet<SaveId>,
    seed: u64,
    pub step: usize,
    /// The last messages, for the report of a failure.
    last: VecDeque<Msg>,
    /// How often each kind of look was had: a run that looked at nothing has shown nothing.
    pub looks: Looks,
}

/// How often something was looked at.
#[derive(Debug, Default)]
pub struct Looks {
    pub frames: Cell<usize>,
    pub cursors: Cell<usize>,
    pub buttons: Cell<usize>,
    pub hints: Cell<usize>,
}

impl Looks {
    pub fn count(look: &Cell<usize>) {
        look.set(look.get() + 1);
    }
}

/// Runs the monkey of this seed; the name of the thread says which, should it panic.
pub fn run(seed: u64) {
    let steps = match env::var(STEPS_VARIABLE) {
        Ok(steps) => steps.parse().expect("a number of steps"),
        Err(_) => STEPS,
    };
    let monkey = Monkey::new(seed);
    monkey.run(steps);
}

impl Monkey {
    pub fn new(seed: u64) -> Self {
        let app = App::new(&Settings {
            keep: KEEP,
            ..Settings::default()
        });
        let theme = Theme::new(Palette::Colour, Charset::Unicode);
        let mut screen = Screen::new(theme, Size::new(120, 36));
        let frame = screen.draw(&app);
        Self {
            random: Random::new(seed),
            app,
            screen,
            frame,
            now: 0,
            keys: VecDeque::new(),
            ended: BTreeSet::new(),
            open: BTreeSet::new(),
            finished: BTreeSet::new(),
            seed,
            step: 0,
            last: VecDeque::new(),
            looks: Looks::default(),
        }
    }

    pub fn run(mut self, steps: usize) {
        for step in 0..steps {
            self.step = step;
            if step % STEPS_PER_SCRIPT == 0 {
                self.what_was_done_is_a_script();
                self.nothing_grows();
            }
            let msg = self.message();
            if self.last.len() >= TOLD {
                self.last.pop_front();
            }
            self.last.push_back(msg.clone());
            for effect in self.app.update(msg) {
                self.effect(effect);
            }
            self.holds();
            let another_size = self.random.one_in(STEPS_PER_SIZE);
            if another_size {
                self.another_size();
            }
            if another_size || step % STEPS_PER_FRAME == 0 {
                self.draw();
            }
        }
        println!("seed {:#x}: {steps} steps, {:?}", self.seed, self.looks);
        let looks = &self.looks;
        for look in [&looks.frames, &looks.cursors, &looks.buttons, &looks.hints] {
            let enough = steps < STEPS || look.get() > 50;
            check(enough, "something was hardly ever looked at");
        }
    }

    /// Draws, looks at it, and lets the app know what room there was.
    fn draw(&mut self) {
        self.app.update(Msg::Now(Moment(self.now)));
        self.frame = self.screen.draw(&self.app);
        self.frame_holds();
        self.drawn_twice_is_the_same();
        let rooms = self.frame.drawn.rooms;
        let effects = self.app.update(Msg::Drawn(rooms));
        for effect in effects {
            self.effect(effect);
        }
        self.room_is_settled();
        self.footer_is_true();
        self.buttons_are_alike();
    }
}

/// Fails unless it holds. The seed and the last steps are told as the monkey is dropped.
#[track_caller]
pub fn check(holds: bool, what: &str) {
    assert!(holds, "{what}");
}

impl Drop for Monkey {
    fn drop(&mut self) {
        // A panic of the program itself knows nothing of seeds.
        if thread::panicking() {
            let (seed, step, size) = (self.seed, self.step, self.screen.size());
            eprintln!("seed {seed:#x}, step {step}, {size}, after");
            for msg in &self.last {
                let told = format!("{msg:?}");
                eprintln!("  {}", told.chars().take(300).collect::<String>());
            }
        }
    }
}
