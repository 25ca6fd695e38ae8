//! A script as it runs: one step after the other, each awaited, none for ever.
//!
//! The player is driven from outside, as everything in this layer is: [`App::play_on`] is called whenever something has
//! happened or time has passed, and [`App::wakes_at`] tells when time alone would change something.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::expectation::{Exit, Expect, Holding, Place, Program, Seen, Subject, ended};
use super::line::{ProgramStep, Said};
use super::report::{Failure, Report, Verdict};
use super::variables::Values;
use super::watched::Watched;
use super::{Limits, Script};
use crate::app::ports::is_this_machine;
use crate::app::words::{Deed, Wrong};
use crate::app::{App, Effect};
use crate::model::timespan::Timespan;
use crate::model::{Action, Actor, CallRecord, ConnectionId, Moment, PortsAction};

/// How a script goes on from step to step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once: nobody watches.
    AtOnce,
    /// So long after the step before.
    Every(Duration),
    /// When told to.
    ByHand,
}

/// A script that runs, or has run.
#[derive(Debug, Clone)]
pub struct Player {
    /// The script.
    pub script: Script,
    /// Which step is under way or comes next: an index.
    pub at: usize,
    /// How it goes on.
    pub pace: Pace,
    /// What was said last.
    pub said: Option<String>,
    /// How it ended, once it has.
    pub verdict: Option<Verdict>,
    /// How a person watches it; none if nobody does.
    pub watched: Option<Watched>,
    /// How long it waits.
    limits: Limits,
    /// Whether a program is tested, which has to be started before the first step.
    begins_program: bool,
    values: Values,
    seen: Seen,
    now: Option<UnderWay>,
    /// What the step under way waits for, in plain words.
    awaits: String,
    /// When the last step came to its end.
    ended: Moment,
    /// How many steps are to begin although nobody is in a hurry.
    granted: usize,
    began: Moment,
    held: usize,
    /// What was left to itself: which step, and what it did.
    meanwhile: Vec<(usize, Deed)>,
    /// What went wrong beside a call: the step that is under way fails with it.
    trouble: Option<String>,
}

/// The step under way.
#[derive(Debug, Clone)]
struct UnderWay {
    doing: Doing,
    began: Moment,
    /// It fails then.
    until: Moment,
}

#[derive(Debug, Clone)]
enum Doing {
    Deed(Deed),
    /// What the step with this index expects.
    Expecting,
    /// Wait for this moment.
    Waiting(Moment),
    /// Wait until the server has accepted the connection that the step is about, to begin it then.
    ConnectionComes(ConnectionId),
    /// Wait until the program under test listens or has connected; so much had come to the server before.
    ProgramStarts(Visits),
    /// Wait until it has ended.
    ProgramEnds,
}

/// How many connections a server has accepted, and how many bytes have come in datagrams.
type Visits = (u64, u64);

fn visits(app: &App) -> Visits {
    let server = &app.server;
    (server.connections.accepted(), server.received.received())
}

/// What came of a look at the step under way.
enum Step {
    /// It is not over, for this reason.
    Waits(String),
    Ended,
    /// What it had to wait for before it could begin is there.
    Begins,
    Failed(String),
    /// The time for the whole script is over: that says nothing about this step.
    TimeIsUp(String),
}

/// Why a step is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// What it is about did not come about.
    Missed,
    /// There was no time left.
    TimeIsUp,
    /// It makes no sense.
    Wrong,
}

/// What the program under test has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramEvent {
    /// It listens here.
    Listens(Place),
    /// It has printed these lines.
    Prints(Vec<String>),
    /// It has ended.
    Exits(Exit),
    /// It could not be started, for this reason.
    Failed(String),
}

/// What is to be done with the program under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramOrder {
    /// Start it.
    Start,
    /// End it.
    End,
}

impl Player {
    /// A script that is about to run. `program` tells whether a program is tested.
    #[must_use]
    pub fn new(script: Script, limits: Limits, pace: Pace, program: bool, now: Moment) -> Self {
        let begins_program = program && !script.starts_program();
        Self {
            script,
            at: 0,
            pace,
            said: None,
            verdict: None,
            watched: None,
            limits,
            begins_program,
            values: Values::default(),
            seen: Seen::default(),
            now: None,
            awaits: String::new(),
            ended: now,
            granted: 0,
            began: now,
            held: 0,
            meanwhile: Vec::new(),
            trouble: None,
        }
    }

    /// Whether there is nothing more to do.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.verdict.is_some()
    }

    /// The step that failed, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.verdict.as_ref()?.failure.as_ref()
    }

    /// Whether a step is under way.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.now.is_some()
    }

    /// Stops behind the step that is under way; if none is, lets one begin and stops behind that one.
    pub const fn step(&mut self) {
        self.pace = Pace::ByHand;
        self.granted = if self.is_busy() { 0 } else { 1 };
    }

    /// Begins no further step.
    pub const fn pause(&mut self) {
        self.pace = Pace::ByHand;
        self.granted = 0;
    }

    /// What the step that is under way waits for, when it began to, and when it fails.
    #[must_use]
    pub fn awaits(&self) -> Option<(&str, Moment, Moment)> {
        let now = self.now.as_ref()?;
        Some((&self.awaits, now.began, now.until))
    }

    /// For so long nobody has cared for the step that is under way: it has so much more time.
    pub(super) fn put_off(&mut self, time: Duration) {
        if let Some(now) = &mut self.now {
            now.began = now.began.after(time);
            now.until = now.until.after(time);
            if let Doing::Waiting(until) = &mut now.doing {
                *until = until.after(time);
            }
        }
    }

    /// Whether the person has taken over, so that it stays where it is.
    #[must_use]
    pub fn is_left(&self) -> bool {
        (self.watched.as_ref()).is_some_and(|watched| watched.left.is_some())
    }

    /// Takes in a call that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        if !self.is_over() {
            self.seen.returned(record);
        }
    }

    /// Something went wrong that is not the result of a call.
    pub fn troubled(&mut self, why: &str) {
        // What a person does meanwhile is no matter of the script.
        if self.now.is_some() && self.trouble.is_none() && !self.is_left() {
            self.trouble = Some(why.to_owned());
        }
    }

    /// Takes in what the program under test has done.
    pub fn program(&mut self, event: ProgramEvent) {
        let program = &mut self.seen.program;
        match event {
            ProgramEvent::Listens(place) => program.place = Some(place),
            ProgramEvent::Prints(lines) => lines.iter().for_each(|line| program.prints(line)),
            ProgramEvent::Exits(exit) => program.exit = Some(exit),
            ProgramEvent::Failed(why) => self.troubled(&why),
        }
    }

    /// How the program under test ended, if it has, and the last that it printed.
    #[must_use]
    pub const fn tested(&self) -> &Program {
        &self.seen.program
    }

    fn over(&mut self, now: Moment, failure: Option<Failure>) -> Report {
        self.now = None;
        let verdict = Verdict {
            script: self.script.name.clone(),
            steps: self.at,
            held: self.held,
            took: now.since(self.began),
            failure,
        };
        self.verdict = Some(verdict.clone());
        Report::Over(verdict)
    }

    /// When the next step may begin; none if only a person can let it.
    fn next_begins(&self) -> Option<Moment> {
        if self.granted > 0 {
            return Some(self.ended);
        }
        match self.pace {
            Pace::AtOnce => Some(self.ended),
            Pace::Every(pace) => Some(self.ended.after(pace * self.rests())),
            Pace::ByHand => None,
        }
    }

    /// How many times its pace it rests after the last step: what was said has to be read.
    fn rests(&self) -> u32 {
        /// So many cells of text are read while a step that says nothing is understood.
        const READ: usize = 24;
        let before = self.at.checked_sub(1);
        let step = before.and_then(|at| self.script.steps.get(at));
        match (step.map(|step| &step.said), &self.said) {
            (Some(Said::Say(_)), Some(text)) => u32::try_from(text.width().div_ceil(READ))
                .unwrap_or(1)
                .max(1),
            _ => 1,
        }
    }
}

/// The connection that this is about, if it was not accepted yet. Then the step waits for it.
fn to_come(deed: &Deed, app: &App) -> Option<ConnectionId> {
    let Some(Actor::Connection(id)) = deed.who() else {
        return None;
    };
    not_yet_accepted(id, app)
}

fn not_yet_accepted(id: ConnectionId, app: &App) -> Option<ConnectionId> {
    (id.0 > app.server.connections.accepted()).then_some(id)
}

/// Why a script cannot do this: nobody is there to be asked.
fn refused(deed: &Deed) -> Option<String> {
    match deed {
        Deed::Act(Action::Ports(PortsAction::Try(range))) if !is_this_machine(&range.host) => {
            Some(format!(
                "{} is not this machine: --allowed says that you are allowed to test it",
                range.host
            ))
        }
        _ => None,
    }
}

impl App {
    /// When time alone would let the script go on, or end it.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Moment> {
        let goes_on = |player: &&Player| !player.is_over() && !player.is_left();
        let player = self.player.as_ref().filter(goes_on)?;
        let total = player.began.after(player.limits.total);
        let next = match &player.now {
            Some(now) => {
                let wait = match now.doing {
                    Doing::Waiting(until) => Some(until),
                    Doing::Expecting => player.silence_ends(now.began),
                    Doing::Deed(_)
                    | Doing::ConnectionComes(_)
                    | Doing::ProgramStarts(_)
                    | Doing::ProgramEnds => None,
                };
                wait.map_or(now.until, |wait| wait.min(now.until))
            }
            // Whoever goes step by step may take as long as they like.
            None => return player.next_begins(),
        };
        Some(match player.pace {
            Pace::AtOnce => next.min(total),
            Pace::Every(_) | Pace::ByHand => next,
        })
    }

    /// Goes on with the script as far as it can go now.
    pub fn play_on(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        // The player is taken out while it looks at the rest of the app.
        let Some(mut player) = self.player.take() else {
            return effects;
        };
        while !player.is_over() && !player.is_left() {
            if player.now.is_some() {
                match player.look(self) {
                    Step::Waits(why) => {
                        player.awaits = why;
                        break;
                    }
                    Step::Ended => player.step_ends(self.now, &mut effects),
                    Step::Begins => player.begin(self, &mut effects),
                    Step::Failed(why) => {
                        player.fail(self.now, why, Cause::Missed, &mut effects);
                    }
                    Step::TimeIsUp(why) => {
                        player.fail(self.now, why, Cause::TimeIsUp, &mut effects);
                    }
                }
            } else if player.at >= player.script.steps.len() && !player.begins_program {
                match player.failed_meanwhile() {
                    Some((at, why)) => {
                        player.at = at;
                        player.fail(self.now, why, Cause::Missed, &mut effects);
                    }
                    None => effects.push(Effect::Report(player.over(self.now, None))),
                }
            } else if player.next_begins().is_some_and(|at| at <= self.now) {
                player.granted = player.granted.saturating_sub(1);
                player.begin(self, &mut effects);
            } else {
                break;
            }
        }
        self.player = Some(player);
        effects
    }
}

impl Player {
    /// Begins the next step.
    fn begin(&mut self, app: &mut App, effects: &mut Vec<Effect>) {
        let now = app.now;
        self.trouble = None;
        let mut limit = self.limits.step;
        if self.begins_program {
            self.begins_program = false;
            self.start_program(app, effects);
            return;
        }
        let step = &self.script.steps[self.at];
        // One that had to wait was told already.
        if self.now.take().is_none() {
            let (number, text) = (step.number, step.text.clone());
            effects.push(Effect::Report(Report::Step(number, text)));
        }
        if step.speaks_of_program() && self.seen.program.place.is_none() {
            let why = match self.seen.program.exit {
                Some(exit) => format!("the program does not listen: it ended with {exit}"),
                None => "the program does not listen".to_owned(),
            };
            self.fail(now, why, Cause::Missed, effects);
            return;
        }
        let read = self
            .values
            .put_in(&step.tokens, app, self.seen.program.place)
            .and_then(|tokens| Said::read(&tokens));
        let said = match read {
            Ok(said) => said,
            Err(Wrong { message, .. }) => {
                self.fail(now, message, Cause::Wrong, effects);
                return;
            }
        };
        let doing = match said {
            Said::Do(deed) => match self.begin_deed(deed, app, effects) {
                Ok(doing) => doing,
                Err((why, cause)) => {
                    self.fail(now, why, cause, effects);
                    return;
                }
            },
            Said::Expect(expect) => {
                if self.watched.is_some() {
                    app.show_expected(&expect.subject);
                }
                if let Some(within) = expect.within {
                    limit = within;
                }
                if let Subject::Silence(_, time) = expect.subject {
                    limit = limit.max(time);
                }
                self.seen.expects_anew();
                // Nobody is silent before he is there.
                let comes = match expect.subject {
                    Subject::Silence(Actor::Connection(id), _) => not_yet_accepted(id, app),
                    _ => None,
                };
                // Variables may stand in it.
                self.script.steps[self.at].said = Said::Expect(expect);
                comes.map_or(Doing::Expecting, Doing::ConnectionComes)
            }
            Said::Wait(time) => {
                limit = time;
                Doing::Waiting(now.after(time))
            }
            Said::Say(text) => {
                effects.push(Effect::Report(Report::Said(text.clone())));
                self.said = Some(text);
                Doing::Waiting(now)
            }
            Said::Let(name, value) => {
                self.values.define(&name, &value);
                Doing::Waiting(now)
            }
            Said::Limit { time, total } => {
                if total {
                    self.limits.total = time;
                } else {
                    self.limits.step = time;
                }
                Doing::Waiting(now)
            }
            Said::Program(ProgramStep::Start) => {
                self.start_program(app, effects);
                return;
            }
            Said::Program(ProgramStep::End) => {
                effects.push(Effect::Program(ProgramOrder::End));
                Doing::ProgramEnds
            }
        };
        self.now = Some(UnderWay {
            doing,
            began: now,
            until: now.after(limit),
        });
    }

    /// Does what a step says, or waits for the connection that it is about.
    fn begin_deed(
        &mut self,
        deed: Deed,
        app: &mut App,
        effects: &mut Vec<Effect>,
    ) -> Result<Doing, (String, Cause)> {
        if let Some(id) = to_come(&deed, app) {
            return Ok(Doing::ConnectionComes(id));
        }
        if let Some(why) = refused(&deed) {
            return Err((why, Cause::Wrong));
        }
        if let Deed::Act(action) = &deed {
            self.seen.begins(action.who(), action.calls());
        }
        let done = app.say(deed.clone()).map_err(|why| (why, Cause::Missed))?;
        effects.extend(app.handed_out(done));
        if self.watched.is_some() {
            app.show_deed(&deed);
        }
        Ok(Doing::Deed(deed))
    }

    fn start_program(&mut self, app: &App, effects: &mut Vec<Effect>) {
        self.seen.program.started = true;
        effects.push(Effect::Program(ProgramOrder::Start));
        self.now = Some(UnderWay {
            doing: Doing::ProgramStarts(visits(app)),
            began: app.now,
            until: app.now.after(self.limits.step),
        });
    }

    /// What has come of the step under way.
    fn look(&mut self, app: &App) -> Step {
        let Some(UnderWay {
            doing,
            began,
            until,
        }) = self.now.clone()
        else {
            return Step::Ended;
        };
        if let Some(why) = self.trouble.take() {
            return Step::Failed(why);
        }
        let now = app.now;
        let is_late = now >= until;
        let time = Timespan(until.since(began));
        let total = now >= self.began.after(self.limits.total) && self.pace == Pace::AtOnce;
        if total {
            let total = Timespan(self.limits.total);
            return Step::TimeIsUp(format!(
                "the whole script is not over after {total}: \"limit TIME --total\" gives it more"
            ));
        }
        match doing {
            Doing::Deed(deed) => {
                let background = self.script.steps[self.at].background;
                let waits = app.is_under_way(&deed);
                let is_handed_over = !deed.who().is_some_and(|who| app.is_outstanding(who));
                if !waits {
                    return self.deed_is_done(&deed);
                }
                if background && is_handed_over {
                    self.meanwhile.push((self.at, deed));
                    return Step::Ended;
                }
                if is_late {
                    return Step::Failed(format!(
                        "it has not come to its end within {time}; a line that ends in & goes on without waiting"
                    ));
                }
                Step::Waits(app.waits_in(&deed))
            }
            Doing::Expecting => {
                let Said::Expect(expect) = self.script.steps[self.at].said.clone() else {
                    return Step::Ended;
                };
                let under_way = |who: Actor| app.is_busy(who);
                match self.seen.holds(&expect, app, now.since(began), under_way) {
                    Holding::Holds => {
                        self.held += 1;
                        Step::Ended
                    }
                    Holding::Never(seen) => Step::Failed(seen),
                    Holding::NotYet(seen) if is_late => {
                        Step::Failed(format!("not within {time}: {seen}"))
                    }
                    Holding::NotYet(seen) => Step::Waits(seen),
                }
            }
            Doing::Waiting(moment) if now >= moment => Step::Ended,
            Doing::ConnectionComes(id) if app.server.connections.get(id).is_some() => Step::Begins,
            Doing::ConnectionComes(id) if is_late => {
                let who = Actor::Connection(id);
                Step::Failed(format!(
                    "not within {time}: the server has not accepted {who}"
                ))
            }
            Doing::ProgramStarts(before) => {
                let has_connected = visits(app) != before;
                if self.seen.program.place.is_some() || has_connected {
                    return Step::Ended;
                }
                match self.seen.program.exit {
                    // It was quick: what it has done is for the script to judge.
                    Some(Exit::Status(0)) => return Step::Ended,
                    Some(exit) => return Step::Failed(ended(exit)),
                    None => {}
                }
                if is_late {
                    return Step::Failed(format!(
                        "the program neither listens on a port nor has connected within {time}"
                    ));
                }
                Step::Waits("the program neither listens nor has connected so far".to_owned())
            }
            Doing::ProgramEnds if self.seen.program.exit.is_some() => Step::Ended,
            Doing::ProgramEnds if is_late => {
                Step::Failed(format!("the program has not ended within {time}"))
            }
            Doing::Waiting(_) => Step::Waits("time has to pass".to_owned()),
            Doing::ConnectionComes(id) => {
                Step::Waits(format!("{} was not accepted yet", Actor::Connection(id)))
            }
            Doing::ProgramEnds => Step::Waits("the program still runs".to_owned()),
        }
    }

    /// The first step that was left to itself, and has failed without anything being expected of that.
    fn failed_meanwhile(&self) -> Option<(usize, String)> {
        self.meanwhile.iter().find_map(|(at, deed)| {
            let Deed::Act(action) = deed else {
                return None;
            };
            let who = action.who();
            action.calls().iter().find_map(|function| {
                let errno = self.seen.last_failure(who, *function)?;
                let name = function.name();
                let why = format!(
                    "{name} failed with {errno} in the meantime (if it is to fail: expect {who} {name} {errno})"
                );
                Some((*at, why))
            })
        })
    }

    /// A call that failed is a lesson if the script says so, and the end of the script otherwise.
    fn deed_is_done(&self, deed: &Deed) -> Step {
        let Deed::Act(action) = deed else {
            return Step::Ended;
        };
        let who = action.who();
        for function in action.calls() {
            let Some(errno) = self.seen.last_failure(who, *function) else {
                continue;
            };
            let behind = self.script.steps.iter().skip(self.at + 1);
            let expected = behind
                .take_while(|step| matches!(step.said, Said::Say(_) | Said::Expect(_) | Said::Wait(_)))
                .any(|step| {
                    matches!(&step.said, Said::Expect(expect) if expect.is_about(who, *function))
                });
            if !expected {
                let name = function.name();
                return Step::Failed(format!(
                    "{name} failed with {errno} (if it is to fail: expect {who} {name} {errno})"
                ));
            }
        }
        Step::Ended
    }

    fn step_ends(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(under_way) = self.now.take() else {
            return;
        };
        self.ended = now;
        if let Doing::ProgramStarts(_) = under_way.doing
            && !self.script.starts_program()
        {
            // It stands in no line.
            return;
        }
        if let Doing::Expecting = under_way.doing {
            let number = self.script.steps[self.at].number;
            let took = now.since(under_way.began);
            effects.push(Effect::Report(Report::Held(number, took)));
        }
        self.at += 1;
    }

    fn fail(&mut self, now: Moment, why: String, cause: Cause, effects: &mut Vec<Effect>) {
        let is_start = matches!(
            self.now,
            Some(UnderWay {
                doing: Doing::ProgramStarts(_),
                ..
            })
        );
        // Where no line starts the program, none is to blame.
        let step = self.script.steps.get(self.at);
        let step = step.filter(|_| !is_start || self.script.starts_program());
        let symptom = step.and_then(|step| match &step.said {
            Said::Expect(expect) if cause == Cause::Missed => expect.symptom.clone(),
            _ => None,
        });
        let failure = Failure {
            number: step.map_or(0, |step| step.number),
            step: step.map_or_else(|| "program start".to_owned(), |step| step.text.clone()),
            why,
            symptom,
            is_wrong: cause == Cause::Wrong,
        };
        effects.push(Effect::Report(self.over(now, Some(failure))));
    }

    /// When a silence that is expected has lasted long enough.
    fn silence_ends(&self, began: Moment) -> Option<Moment> {
        match &self.script.steps.get(self.at)?.said {
            Said::Expect(Expect {
                subject: Subject::Silence(_, time),
                ..
            }) => Some(began.after(*time)),
            _ => None,
        }
    }
}
