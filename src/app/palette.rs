//! The palette: everything that can be done, to be found by words that one half remembers.
//!
//! It lists the keys, the items of the menus, the lines of the grammar, the choices and the fields. What each of them is
//! called and what is said of it is told where it is defined; here it is only searched.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::App;
use super::control::{Choice, Control, Input};
use super::keymap::{BINDINGS, Binding, Command, Context, Layer, contexts};
use super::lines::first_word;
use super::menu::{Chosen, MenuKind, items, title};
use super::server::Connection;
use super::words::usage::{Usage, usages};
use crate::model::Actor;

/// What choosing a row does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// What a key does.
    Run(Command),
    /// What an item of a menu does.
    Choose(Chosen),
    /// Goes there.
    Focus(Control),
    /// Takes the next value.
    Change(Choice),
    /// Says this line, or puts it into the command line if something is still needed.
    Say(String),
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The keys that do the same, or `:` for a line.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What else is said of it.
    pub help: String,
    /// What it does.
    pub does: Does,
}

/// A row that was found, and which characters of it match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The row.
    pub entry: Entry,
    /// The characters of its name.
    pub in_name: Vec<usize>,
    /// Those of its help.
    pub in_help: Vec<usize>,
}

/// Everything that can be done now.
#[must_use]
pub fn entries(app: &App) -> Vec<Entry> {
    let mut all = keys(app);
    all.extend(lines(app));
    all.extend(menus(app));
    all.extend(Choice::ALL.map(|choice| Entry {
        key: String::new(),
        name: format!("change {}", choice.about()),
        help: "takes the next value".to_owned(),
        does: Does::Change(choice),
    }));
    for input in Input::ALL {
        let control = Control::Input(input);
        // A pane that is not seen opens on the way there.
        if app.is_there(control) || control.pane().is_lower() {
            all.push(Entry {
                key: String::new(),
                name: format!("type {}", input.about()),
                help: "goes to its field".to_owned(),
                does: Does::Focus(control),
            });
        }
    }
    all
}

/// The keys that would do something outside the palette, where the focus is or in another pane.
fn keys(app: &App) -> Vec<Entry> {
    let here = contexts(app.focus, Layer::Panes);
    let holds = |context: Context| {
        let is_of_a_pane = matches!(
            context,
            Context::Client | Context::Server | Context::Crowd | Context::Trying | Context::Outside
        );
        let is_of_script = context == Context::Play && app.watched().is_some();
        is_of_a_pane || is_of_script || here.contains(&context)
    };
    let mut found: Vec<(Entry, Binding)> = Vec::new();
    for binding in BINDINGS.iter().filter(|binding| holds(binding.context)) {
        let is_of_script = matches!(binding.command, Command::Script(_));
        if binding.command == Command::Palette || (is_of_script && app.watched().is_none()) {
            continue;
        }
        // Two keys that do the same are one row.
        let same = found.iter_mut().find(|(_, other)| {
            other.command == binding.command
                && (binding.help.is_empty() || binding.help == other.help)
        });
        if let Some((entry, _)) = same {
            let key = binding.key.to_string();
            if !entry.key.split(' ').any(|known| known == key) {
                entry.key.push_str(&format!(" {key}"));
            }
        } else if !binding.help.is_empty() {
            let usage = binding.command.usage();
            let entry = Entry {
                key: binding.key.to_string(),
                name: binding.help.to_owned(),
                help: usage.map_or_else(String::new, |usage| format!(": {}", usage.short(0))),
                does: Does::Run(binding.command),
            };
            found.push((entry, *binding));
        }
    }
    found.into_iter().map(|(entry, _)| entry).collect()
}

/// The lines of the grammar about the session in front, the server, its connection that is selected, and the rest.
fn lines(app: &App) -> Vec<Entry> {
    let connection = app.server.connections.current();
    let connection = connection.map(Connection::who);
    let actors = [
        app.client_actor().to_string(),
        Actor::Server.to_string(),
        first_word(connection),
    ];
    let others = ["ports", "crowd", "save", "view", "play", "help", "quit"].map(str::to_owned);
    let all = actors.iter().chain(&others).flat_map(|first| usages(first));
    all.map(|usage| Entry {
        key: ":".to_owned(),
        name: usage.line(),
        help: usage.about.clone(),
        does: Does::Say(begun(&usage)),
    })
    .collect()
}

/// A line as far as it does not vary.
fn begun(usage: &Usage) -> String {
    let needs_more = usage.parts.iter().any(|part| part.needed);
    let blank = if needs_more { " " } else { "" };
    format!("{}{blank}", usage.words())
}

/// The items of every menu, with the keys that lead there.
fn menus(app: &App) -> Vec<Entry> {
    let client = app.client_actor();
    let answerer = app.answerer().filter(|who| *who != Actor::Server);
    let mut kinds = vec![
        ("o".to_owned(), MenuKind::Verbs(client)),
        ("d".to_owned(), MenuKind::Shutdown(client)),
        ("o p".to_owned(), MenuKind::Options(client)),
        ("t".to_owned(), MenuKind::Texts),
        ("o a".to_owned(), MenuKind::Addresses),
    ];
    let to_server = if answerer.is_some() { "2 o o" } else { "2 o" };
    kinds.push((to_server.to_owned(), MenuKind::Verbs(Actor::Server)));
    kinds.push((format!("{to_server} p"), MenuKind::Options(Actor::Server)));
    if let Some(who) = answerer {
        kinds.push(("2 o".to_owned(), MenuKind::Verbs(who)));
        kinds.push(("2 d".to_owned(), MenuKind::Shutdown(who)));
        kinds.push(("2 o p".to_owned(), MenuKind::Options(who)));
    }
    let mut all = Vec::new();
    for (key, kind) in kinds {
        let of = match kind {
            MenuKind::Verbs(who) | MenuKind::Options(who) => who.to_string(),
            MenuKind::Shutdown(who) => format!("{who} shutdown"),
            MenuKind::Texts | MenuKind::Addresses => title(kind),
        };
        for item in items(app, kind) {
            let words: Vec<&str> = item.name.split_whitespace().collect();
            all.push(Entry {
                key: format!("{key} {}", item.letter),
                name: format!("{of} {}", words.join(" ")),
                help: item.detail,
                does: Does::Choose(item.chosen),
            });
        }
    }
    all
}

/// Those of `entries` in which every word of `query` is found, the best first: in the name its letters in their order are
/// enough, in the help they have to stand together.
#[must_use]
pub fn search(entries: Vec<Entry>, query: &str) -> Vec<Found> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let words: Vec<Word> = query.split_whitespace().map(Word::new).collect();
    let mut found: Vec<(u32, Found)> = Vec::new();
    for entry in entries {
        let mut row = Found {
            entry,
            in_name: Vec::new(),
            in_help: Vec::new(),
        };
        let scores = words
            .iter()
            .map(|word| word.look_in(&mut row, &mut matcher));
        if let Some(score) = scores.sum() {
            found.push((score, row));
        }
    }
    // Where two are as good, they stay in their order.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, row)| row).collect()
}

/// A word that is searched for.
struct Word {
    letters: Vec<char>,
    scattered: Atom,
}

impl Word {
    /// How many times as wide as the word its letters may lie scattered: strewn over a whole sentence they are no word
    /// that somebody remembers.
    const WIDEST: usize = 3;

    fn new(text: &str) -> Self {
        let (case, normalization) = (CaseMatching::Ignore, Normalization::Smart);
        Self {
            letters: text.chars().map(lower).collect(),
            scattered: Atom::new(text, case, normalization, AtomKind::Fuzzy, false),
        }
    }

    /// How well a row has it; marks where. What stands together counts for more than what is scattered, and the name for
    /// more than the help.
    fn look_in(&self, row: &mut Found, matcher: &mut Matcher) -> Option<u32> {
        let mut marks = Vec::new();
        let mut score = |text: &str, marks: &mut Vec<u32>| {
            let mut buffer = Vec::new();
            let text = Utf32Str::new(text, &mut buffer);
            self.scattered.indices(text, matcher, marks).map(u32::from)
        };
        let length = self.letters.len();
        if let Some(at) = self.together_in(&row.entry.name) {
            row.in_name.extend(at..at + length);
            return Some(3 * score(&row.entry.name, &mut marks).unwrap_or_default());
        }
        if let Some(at) = self.together_in(&row.entry.help) {
            row.in_help.extend(at..at + length);
            return Some(2 * score(&row.entry.help, &mut marks).unwrap_or_default());
        }
        let score = score(&row.entry.name, &mut marks)?;
        let (first, last) = (marks.iter().min()?, marks.iter().max()?);
        if (last - first) as usize >= Self::WIDEST * length {
            return None;
        }
        row.in_name.extend(marks.iter().map(|at| *at as usize));
        Some(score)
    }

    /// Before how many characters of `text` it stands.
    fn together_in(&self, text: &str) -> Option<usize> {
        let text: Vec<char> = text.chars().map(lower).collect();
        text.windows(self.letters.len().max(1))
            .position(|part| part == self.letters)
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}
