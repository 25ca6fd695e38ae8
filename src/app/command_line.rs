//! The command line and the palette: what is typed there, what Tab and Enter make of it.
//!
//! What a line lacks and how it can go on is known by [`super::words::complete`], what the palette finds by
//! [`super::palette`].

use super::field::{Field, Takes};
use super::keymap::Command;
use super::palette::{Does, Found, entries, search};
use super::words::complete::{Candidate, Completion, NEXT_CLIENT, There, complete};
use super::words::read::parse_alone;
use super::words::token::{quote_message, quote_text};
use super::words::{Deed, View, Wrong};
use super::{App, Effect, Overlay};
use crate::app::client::bare;
use crate::model::{Actor, escape};

/// Which of the two is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// The command line.
    Line,
    /// The palette.
    Palette,
}

/// Why a line was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be understood.
    Wrong(Wrong),
    /// What it says cannot be done now.
    CannotBe(String),
}

/// The command line, or the palette.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// Which of the two.
    pub face: Face,
    /// What is typed.
    pub field: Field,
    /// Which row of the palette is selected, for what was typed then.
    selected: (String, usize),
    /// Why the line was not done, for the line that was tried.
    refused: Option<(String, Refusal)>,
    /// The words that Tab tries one after the other.
    trial: Option<Box<Trial>>,
}

/// Words that would do, tried one after the other.
#[derive(Debug, Clone)]
struct Trial {
    /// The line before.
    base: String,
    /// What was known of it.
    found: Completion,
    /// Which of the candidates stands in the line.
    at: usize,
    /// The line with it: another one ends the trial.
    shown: String,
}

impl Trial {
    fn is_of(&self, field: &Field) -> bool {
        self.shown == field.value()
    }
}

impl CommandLine {
    /// An open one, with a line that was begun, and what was said before.
    #[must_use]
    pub fn new(face: Face, text: &str, history: Vec<String>) -> Self {
        let mut field = Field::new(Takes::Message, "").with_history(history);
        field.set(text);
        Self {
            face,
            field,
            selected: (String::new(), 0),
            refused: None,
            trial: None,
        }
    }

    /// Why the line was not done, as long as it is the same.
    #[must_use]
    pub fn refused(&self) -> Option<&Refusal> {
        let (line, why) = self.refused.as_ref()?;
        (line == self.field.value()).then_some(why)
    }

    /// Which row of the palette is selected, of so many.
    #[must_use]
    pub fn selected(&self, count: usize) -> usize {
        let (query, at) = &self.selected;
        let at = if query == self.field.value() { *at } else { 0 };
        at.min(count.saturating_sub(1))
    }

    /// Selects a row of the palette.
    pub fn select(&mut self, at: usize) {
        self.selected = (self.field.value().to_owned(), at);
    }

    fn trial(&self) -> Option<&Trial> {
        self.trial
            .as_deref()
            .filter(|trial| trial.is_of(&self.field))
    }

    /// Puts the candidate whose turn it is into the line.
    fn try_out(&mut self, mut trial: Box<Trial>) {
        let candidate = trial.found.candidates.get(trial.at).cloned();
        if let Some(candidate) = candidate {
            self.put(&trial.base, &trial.found, &candidate, false);
        }
        self.field.value().clone_into(&mut trial.shown);
        self.trial = Some(trial);
    }

    fn refuse(&mut self, why: Refusal) {
        if let Refusal::Wrong(wrong) = &why {
            self.field.set_cursor(wrong.column);
        }
        self.refused = Some((self.field.value().to_owned(), why));
    }

    fn set(&mut self, line: &str, cursor: usize) {
        self.field.set(line);
        self.field.set_cursor(cursor);
    }

    /// Puts a candidate into its place, with or without the blank behind it.
    fn put(&mut self, base: &str, found: &Completion, candidate: &Candidate, blank: bool) {
        let (line, cursor) = found.applied(base, candidate);
        if blank {
            self.set(&line, cursor);
            return;
        }
        let end = found.start + candidate.text.chars().count();
        let before = line.chars().take(end);
        let rest = base.chars().skip(found.end);
        self.set(&before.chain(rest).collect::<String>(), end);
    }
}

impl App {
    /// Does what a key asks for that has to do with lines, or that takes what was typed.
    pub(super) fn run_line(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::CommandLine => self.open_command_line(Face::Line, ""),
            Command::SaveScript => {
                self.open_command_line(Face::Line, "save script session.yard");
            }
            Command::Palette => self.toggle_palette(),
            Command::Complete => self.complete_line(false),
            Command::CompleteBack => self.complete_line(true),
            Command::ViewScript => return self.told(Ok(vec![Deed::View(View::Script)])),
            _ if matches!(self.overlay, Some(Overlay::Command(_))) => return self.accept_line(),
            _ => return self.accept_prompt(),
        }
        Vec::new()
    }

    /// Opens the command line with a line that was begun, or the palette.
    pub fn open_command_line(&mut self, face: Face, text: &str) {
        let history = self.transcript.history().map(str::to_owned).collect();
        self.overlay = Some(Overlay::Command(CommandLine::new(face, text, history)));
    }

    /// Opens the palette; where it is open, the command line, and the other way round.
    pub fn toggle_palette(&mut self) {
        match &mut self.overlay {
            Some(Overlay::Command(line)) => {
                line.face = match line.face {
                    Face::Line => Face::Palette,
                    Face::Palette => Face::Line,
                };
            }
            Some(_) | None => self.open_command_line(Face::Palette, ""),
        }
    }

    /// What is known of the line that is being typed, and which of the candidates Tab has put into it.
    #[must_use]
    pub fn completion(&self, line: &CommandLine) -> (Completion, Option<usize>) {
        let known = complete(line.field.value(), line.field.cursor(), &self.there());
        match line.trial() {
            // The words that are tried stay in sight; the rest is told of the line as it is.
            Some(trial) => {
                let candidates = trial.found.candidates.clone();
                (
                    Completion {
                        candidates,
                        ..known
                    },
                    Some(trial.at),
                )
            }
            None => (known, None),
        }
    }

    /// What the palette finds.
    #[must_use]
    pub fn found(&self, line: &CommandLine) -> Vec<Found> {
        search(entries(self), line.field.value())
    }

    /// Completes the word at the cursor as far as it is certain; then tries the words that would do, one after the other.
    pub fn complete_line(&mut self, back: bool) {
        let there = self.there();
        let Some(Overlay::Command(line)) = &mut self.overlay else {
            return;
        };
        if line.field.value().is_empty() {
            line.face = Face::Palette;
            return;
        }
        if let Some(mut trial) = line.trial.take().filter(|trial| trial.is_of(&line.field)) {
            let count = trial.found.candidates.len();
            let by = if back { count - 1 } else { 1 };
            trial.at = (trial.at + by) % count;
            line.try_out(trial);
            return;
        }
        let base = line.field.value().to_owned();
        let found = complete(&base, line.field.cursor(), &there);
        let common = found.common(&base).filter(|_| !back);
        match (&found.candidates[..], common) {
            ([], _) => {}
            ([only], _) => line.put(&base, &found, only, true),
            (_, Some(common)) => line.put(&base, &found, &Candidate::new(common, ""), false),
            (all, None) => {
                let at = if back { all.len() - 1 } else { 0 };
                line.try_out(Box::new(Trial {
                    base,
                    found,
                    at,
                    shown: String::new(),
                }));
            }
        }
    }

    /// Takes the candidate, or the row of the palette, with this number.
    pub fn pick(&mut self, number: usize) -> Vec<Effect> {
        let Some(Overlay::Command(line)) = &self.overlay else {
            return Vec::new();
        };
        match line.face {
            Face::Palette => {
                let found = self.found(line).into_iter().nth(number);
                found.map_or_else(Vec::new, |found| self.do_found(found.entry.does))
            }
            Face::Line => {
                let (base, found) = match line.trial() {
                    Some(trial) => (trial.base.clone(), trial.found.clone()),
                    None => (line.field.value().to_owned(), self.completion(line).0),
                };
                if let (Some(candidate), Some(Overlay::Command(line))) =
                    (found.candidates.get(number), &mut self.overlay)
                {
                    line.put(&base, &found, candidate, true);
                }
                Vec::new()
            }
        }
    }

    /// Says the line, or does what the selected row of the palette says.
    pub fn accept_line(&mut self) -> Vec<Effect> {
        let Some(Overlay::Command(line)) = &self.overlay else {
            return Vec::new();
        };
        match line.face {
            Face::Line => self.say_typed(),
            Face::Palette => {
                let found = self.found(line);
                let selected = line.selected(found.len());
                if found.is_empty() {
                    self.tell_failure("nothing is called so: try fewer letters".to_owned());
                    return Vec::new();
                }
                self.pick(selected)
            }
        }
    }

    fn do_found(&mut self, does: Does) -> Vec<Effect> {
        self.overlay = None;
        match does {
            Does::Run(command) => self.run(command),
            Does::Choose(chosen) => self.choose_item(chosen),
            Does::Change(choice) => self.run(Command::Change(choice)),
            Does::Focus(control) => self.run(Command::Focus(control)),
            Does::Say(text) => {
                let is_whole = parse_alone(&text).is_ok_and(|deed| deed.is_some());
                self.open_command_line(Face::Line, &text);
                if is_whole {
                    return self.say_typed();
                }
                Vec::new()
            }
        }
    }

    /// Does what the line says; if it cannot be, it stays, with a word on why.
    fn say_typed(&mut self) -> Vec<Effect> {
        let Some(Overlay::Command(mut line)) = self.overlay.take() else {
            return Vec::new();
        };
        let text = line.field.value().trim().to_owned();
        let refusal = match parse_alone(line.field.value()) {
            Ok(None) => return Vec::new(),
            Ok(Some(deed)) => match self.said_by_person(deed, &text) {
                Ok(effects) => return effects,
                Err(why) => Refusal::CannotBe(why),
            },
            Err(wrong) => Refusal::Wrong(wrong),
        };
        line.refuse(refusal);
        self.overlay = Some(Overlay::Command(line));
        Vec::new()
    }

    fn said_by_person(&mut self, deed: Deed, text: &str) -> Result<Vec<Effect>, String> {
        // Whoever says something has taken over from the program's own command line.
        self.connect_next = false;
        let effects = self.say(deed)?;
        self.transcript.said(text.to_owned());
        if self.notice.is_none() && self.overlay.is_none() {
            self.tell(format!(": {text}"));
        }
        Ok(effects)
    }

    /// What there is to be named in a line.
    fn there(&self) -> There {
        There {
            actors: self.actors(),
            hosts: self.hosts(),
            ports: self.ports_in_use(),
            texts: self.messages(),
        }
    }

    fn actors(&self) -> Vec<Candidate> {
        let about = |state: &str, address: Option<std::net::SocketAddr>| match address {
            Some(address) => format!("{state}, {address}"),
            None => state.to_owned(),
        };
        let mut actors: Vec<Candidate> = self
            .sessions
            .iter()
            .map(|client| {
                let state = client.socket.stage.name(client.socket.kind);
                let peer = client.peer.filter(|_| client.socket.fd.is_some());
                let about = about(state, peer);
                let name = client.name.as_deref();
                let about = name.map_or_else(|| about.clone(), |name| format!("{name}: {about}"));
                Candidate::new(client.who().to_string(), about)
            })
            .collect();
        let next = Actor::Client(self.sessions.next_id());
        actors.push(Candidate::new(next.to_string(), NEXT_CLIENT));
        let connections = self.server.connections.iter().filter(|c| !c.closed);
        actors.extend(connections.map(|connection| {
            let socket = &connection.socket;
            let state = socket.stage.name(socket.kind);
            Candidate::new(
                connection.who().to_string(),
                about(state, Some(connection.peer)),
            )
        }));
        actors
    }

    fn hosts(&self) -> Vec<Candidate> {
        let local = self.server.local.map(|address| address.ip().to_string());
        let mut hosts = Vec::new();
        let all = [
            (self.client().host.value(), "the client's field"),
            (local.as_deref().unwrap_or_default(), "the server's address"),
            (self.server.bind.value(), "the server's field"),
            ("127.0.0.1", "this machine"),
            ("::1", "this machine, IPv6"),
            ("localhost", "this machine, by its name"),
        ];
        for (host, about) in all {
            add(&mut hosts, &quote_text(bare(host)), about);
        }
        hosts
    }

    fn ports_in_use(&self) -> Vec<Candidate> {
        let local = self
            .server
            .serves_at()
            .map(|address| address.port().to_string());
        let mut ports = Vec::new();
        let all = [
            (
                local.as_deref().unwrap_or_default(),
                "the server listens there",
            ),
            (self.client().port.value(), "the client's field"),
            (self.server.port.value(), "the server's field"),
        ];
        for (port, about) in all {
            add(&mut ports, &quote_text(port), about);
        }
        ports
    }

    fn messages(&self) -> Vec<Candidate> {
        let mut texts = Vec::new();
        let all = [
            (self.client().message.value(), "typed as the message"),
            (self.server.answer.value(), "typed as the answer"),
        ];
        for (text, about) in all {
            if let (Ok(bytes), false) = (escape::parse(text), text.is_empty()) {
                add(&mut texts, &quote_message(&bytes), about);
            }
        }
        texts
    }
}

/// Adds a word, unless it is none or there already.
fn add(all: &mut Vec<Candidate>, text: &str, about: &str) {
    let is_word = !text.is_empty() && text != "\"\"";
    if is_word && !all.iter().any(|other| other.text == text) {
        all.push(Candidate::new(text, about));
    }
}
