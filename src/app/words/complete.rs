//! A line that is being typed: what it lacks, what it means so far, and how it can go on.
//!
//! All of it comes from the grammar, as clap has it, and from what there is to be named, which the caller tells: nothing
//! here knows a verb or an option by itself.

use clap::Command;

use super::Wrong;
use super::grammar::{CONNECTION, command_of, commands};
use super::read::{parse_alone, parse_tokens, without_and};
use super::token::{Taken, Token, take_apart};
use super::usage::{about, parts, usage, value_name};
use super::walk::{Walk, help, matching};

/// A word that the line can go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The word as it stands in the line.
    pub text: String,
    /// What it is.
    pub about: String,
}

impl Candidate {
    /// A word, and what it is.
    #[must_use]
    pub fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            about: about.into(),
        }
    }
}

/// What there is to be named besides the words of the grammar.
#[derive(Debug, Clone, Default)]
pub struct There {
    /// Clients and connections, and the client that would be the next.
    pub actors: Vec<Candidate>,
    /// Hosts and addresses that are in use.
    pub hosts: Vec<Candidate>,
    /// Ports that are in use.
    pub ports: Vec<Candidate>,
    /// Messages that are typed somewhere, as words of a line.
    pub texts: Vec<Candidate>,
}

/// What a part of the usage is to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The line has it.
    Given,
    /// It is being typed, or comes next.
    Now,
    /// It is still to come.
    Needed,
    /// It may come.
    Optional,
}

/// A part of the usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As it is shown.
    pub text: String,
    /// What it is to the line.
    pub state: State,
}

/// What is known of a line that is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// Where the word at the cursor begins: characters of the line before it.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What can stand in its place.
    pub candidates: Vec<Candidate>,
    /// How the line is used.
    pub usage: Vec<Piece>,
    /// What it does.
    pub about: String,
    /// What is being typed, or comes next: its name, and what it is.
    pub now: Option<(String, String)>,
    /// What is wrong with it, unless it is merely unfinished.
    pub wrong: Option<Wrong>,
    /// Whether it can be said as it stands.
    pub whole: bool,
}

impl Completion {
    /// The line with this candidate in it, and where the cursor is then.
    #[must_use]
    pub fn applied(&self, line: &str, candidate: &Candidate) -> (String, usize) {
        let mut new: String = line.chars().take(self.start).collect();
        new.push_str(&candidate.text);
        let rest: String = line.chars().skip(self.end).collect();
        if !rest.starts_with(char::is_whitespace) {
            new.push(' ');
        }
        // Behind the blank, where the next word begins.
        let cursor = new.chars().count() + usize::from(rest.starts_with(char::is_whitespace));
        new.push_str(&rest);
        (new, cursor)
    }

    /// What all candidates begin with, if that is more than what is typed.
    #[must_use]
    pub fn common(&self, line: &str) -> Option<String> {
        let first = &self.candidates.first()?.text;
        let shared =
            self.candidates
                .iter()
                .skip(1)
                .fold(first.chars().count(), |shared, candidate| {
                    let both = first.chars().zip(candidate.text.chars());
                    both.take_while(|(one, other)| one == other)
                        .count()
                        .min(shared)
                });
        let common: String = first.chars().take(shared).collect();
        let typed: String = line.chars().take(self.end).skip(self.start).collect();
        (common.chars().count() > typed.chars().count() && common.starts_with(&typed))
            .then_some(common)
    }
}

/// What stands at the cursor.
enum Expected<'a> {
    /// The first word.
    First,
    /// A verb of this command.
    Verb(&'a Command),
    /// What follows the verb.
    Behind(Walk<'a>),
    /// Nothing.
    Nothing,
}

/// What a line is, and what its first word is.
const FIRST_WORDS: (&str, &str) = (
    "A line says who does what, as in: client connect 127.0.0.1 8888",
    "who is to do something, or a word of the playground",
);

/// What is known of `line` with the cursor behind so many of its characters.
#[must_use]
pub fn complete(line: &str, cursor: usize, there: &There) -> Completion {
    let taken = take_apart(line);
    let cursor = cursor.min(line.chars().count());
    if taken.comment.is_some_and(|at| cursor > at) {
        return Completion {
            start: cursor,
            end: cursor,
            about: "a comment: it says nothing".to_owned(),
            whole: parse_alone(line).is_ok_and(|deed| deed.is_some()),
            ..Completion::default()
        };
    }
    let tokens = without_and(&taken.tokens);
    let at = tokens
        .iter()
        .position(|token| token.column < cursor && cursor <= token.end());
    let word = at.map(|at| &tokens[at]);
    let before = at.unwrap_or_else(|| tokens.iter().filter(|t| t.column < cursor).count());
    let (before, behind) = tokens.split_at(before);
    let behind = &behind[usize::from(at.is_some())..];
    let typed: String = word.map_or_else(String::new, |word| {
        word.raw.chars().take(cursor - word.column).collect()
    });
    let expected = expected(before, behind);
    let (candidates, is_closed) = candidates(&expected, &typed, there);
    let mut found = Completion {
        start: word.map_or(cursor, |word| word.column),
        end: word.map_or(cursor, Token::end),
        candidates,
        ..Completion::default()
    };
    let missing = found.explain(&expected, tokens, &typed);
    found.judge(
        &taken,
        tokens,
        word.filter(|word| cursor == word.end()),
        missing,
        is_closed,
    );
    found
}

fn expected(before: &[Token], behind: &[Token]) -> Expected<'static> {
    let Some((first, rest)) = before.split_first() else {
        return Expected::First;
    };
    let Some(command) = command_of(&first.raw) else {
        return Expected::Nothing;
    };
    if !command.has_subcommands() {
        return Expected::Behind(Walk::of(command, rest, behind));
    }
    let Some((verb, rest)) = rest.split_first() else {
        return Expected::Verb(command);
    };
    match command.find_subcommand(&verb.raw) {
        Some(verb) => Expected::Behind(Walk::of(verb, rest, behind)),
        None => Expected::Nothing,
    }
}

/// What can stand at the cursor, and whether nothing else can.
fn candidates(expected: &Expected<'_>, typed: &str, there: &There) -> (Vec<Candidate>, bool) {
    match expected {
        Expected::First => {
            let mut all = Vec::new();
            for command in commands() {
                let of = |actor: &&Candidate| {
                    command_of(&actor.text).is_some_and(|c| c.get_name() == command.get_name())
                };
                let named: Vec<&Candidate> = there.actors.iter().filter(of).collect();
                let is_one =
                    command_of(command.get_name()).is_some() && CONNECTION != command.get_name();
                if named.is_empty() && is_one {
                    all.push(Candidate::new(command.get_name(), about(command)));
                }
                all.extend(named.into_iter().cloned());
            }
            (matching(all, typed), true)
        }
        Expected::Verb(command) => {
            let mut all: Vec<Candidate> = command
                .get_subcommands()
                .map(|verb| {
                    let name = verb.get_name();
                    // Another name of it that is being typed goes on as what it is.
                    let alias = verb
                        .get_visible_aliases()
                        .find(|alias| !typed.is_empty() && alias.starts_with(typed));
                    let name = alias.filter(|_| !name.starts_with(typed)).unwrap_or(name);
                    Candidate::new(name, about(verb))
                })
                .collect();
            if command.is_allow_external_subcommands_set() {
                let others = there.actors.iter().filter(|actor| {
                    !all.iter().any(|verb| verb.text == actor.text) && actor.about != NEXT_CLIENT
                });
                let others: Vec<Candidate> = others.cloned().collect();
                all.extend(others);
            }
            (matching(all, typed), true)
        }
        Expected::Behind(walk) => walk.candidates(typed, there),
        Expected::Nothing => (Vec::new(), false),
    }
}

/// What is said of the client that is not there yet.
pub const NEXT_CLIENT: &str = "a client that is not there yet: the first word to it opens it";

impl Completion {
    /// Says how the line is used. Gives back whether something that is needed is missing.
    fn explain(&mut self, expected: &Expected<'_>, tokens: &[Token], typed: &str) -> bool {
        let first = tokens.first().map_or("", |token| token.raw.as_str());
        let piece = |text: &str, state| Piece {
            text: text.to_owned(),
            state,
        };
        let more = piece("…", State::Optional);
        let walk = match expected {
            Expected::First => {
                let needed = piece("VERB", State::Needed);
                self.usage = vec![piece("WHO", State::Now), needed, more];
                FIRST_WORDS.0.clone_into(&mut self.about);
                self.now = Some(("WHO".to_owned(), FIRST_WORDS.1.to_owned()));
                return true;
            }
            Expected::Verb(command) => {
                self.usage = vec![piece(first, State::Given), piece("VERB", State::Now), more];
                self.about = about(command);
                self.now = Some(("VERB".to_owned(), "what is to be done".to_owned()));
                return true;
            }
            Expected::Nothing => return false,
            Expected::Behind(walk) => walk,
        };
        let has_verb = command_of(first).is_some_and(Command::has_subcommands);
        let verb = walk.command.get_name();
        let words = if has_verb {
            format!("{first} {verb}")
        } else {
            first.to_owned()
        };
        self.usage.push(piece(&words, State::Given));
        self.about = usage(&words).map_or_else(String::new, |usage| usage.about);
        let whole = Walk::of(walk.command, &tokens[1 + usize::from(has_verb)..], &[]);
        let arg = walk.now(typed);
        self.now = arg.map(|arg| {
            let name = match arg.get_long() {
                Some(long) => format!("--{long}"),
                None if arg.is_positional() => value_name(arg).unwrap_or_default().to_owned(),
                None => typed.to_owned(),
            };
            (name, help(arg))
        });
        if self.now.is_none() && !typed.is_empty() && !self.candidates.is_empty() {
            self.now = Some(("OPTION".to_owned(), "one of these".to_owned()));
        }
        let mut missing = whole.pending.is_some();
        for part in parts(walk.command) {
            let stands_for = |arg: &clap::Arg| part.arguments.iter().any(|id| arg.get_id() == id);
            missing |= whole.is_missing(&part);
            let state = if arg.is_some_and(stands_for) {
                State::Now
            } else if whole.given.iter().any(|arg| stands_for(arg)) {
                State::Given
            } else if whole.is_missing(&part) {
                State::Needed
            } else {
                State::Optional
            };
            self.usage.push(piece(&part.bracketed(), state));
        }
        missing
    }

    /// Says what is wrong with the line. What is merely unfinished is not: a word that is being typed and can become
    /// right, and what is missing at the end.
    fn judge(
        &mut self,
        taken: &Taken,
        tokens: &[Token],
        typing: Option<&Token>,
        missing: bool,
        is_closed: bool,
    ) {
        let parsed = match &taken.wrong {
            Some(wrong) => Err(wrong.clone()),
            None => parse_tokens(tokens),
        };
        let wrong = match parsed {
            Ok(deed) => {
                self.whole = deed.is_some();
                return;
            }
            Err(wrong) => wrong,
        };
        let word = tokens
            .iter()
            .find(|token| (token.column..token.end()).contains(&wrong.column));
        let is_unfinished = match (word, typing) {
            (Some(word), Some(typing)) if word == typing => {
                // More digits do not make a number smaller.
                let is_number =
                    word.raw != "0" && word.raw.bytes().all(|byte| byte.is_ascii_digit());
                !self.candidates.is_empty() || !(is_closed || is_number)
            }
            (Some(_), _) => false,
            (None, Some(_)) if !self.candidates.is_empty() => true,
            (None, _) => missing,
        };
        self.wrong = (!is_unfinished).then_some(wrong);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::words::parse;

    fn there() -> There {
        There {
            actors: vec![
                Candidate::new("client", "127.0.0.1:8888"),
                Candidate::new("client2", NEXT_CLIENT),
                Candidate::new("server#3", "ESTABLISHED"),
            ],
            hosts: vec![
                Candidate::new("127.0.0.1", "this machine"),
                Candidate::new("localhost", "this machine"),
            ],
            ports: vec![Candidate::new("8888", "the server")],
            texts: vec![Candidate::new("\"hello, you\"", "typed in client")],
        }
    }

    /// With the cursor where `|` stands.
    fn at(line: &str) -> Completion {
        let cursor = line.chars().take_while(|c| *c != '|').count();
        complete(&line.replace('|', ""), cursor, &there())
    }

    fn words(line: &str) -> Vec<String> {
        at(line).candidates.into_iter().map(|c| c.text).collect()
    }

    fn now(line: &str) -> String {
        at(line).now.map(|(name, _)| name).unwrap_or_default()
    }

    #[test]
    fn each_place_has_the_words_that_belong_there() {
        for (line, expected) in [
            (
                "|",
                "client client2 server server#3 ports crowd save view play help quit",
            ),
            ("cl|", "client client2"),
            ("client c|", "connect close cancel"),
            ("client re|", "resolve recv reset"),
            ("client res|", "resolve reset"),
            ("client connect |", "127.0.0.1 localhost -4 -6 --udp"),
            ("client connect lo|", "localhost"),
            ("client connect \"lo|", "\"localhost\""),
            ("client connect localhost |", "8888 -4 -6 --udp"),
            ("client connect -4 a 80 -|", "--udp"),
            ("client connect a 80 -| -4", "--udp"),
            ("client connect a 80 --udp |", "-4 -6"),
            ("client send --made-up 5 |", "--oob"),
            ("client send \"a\" |", "--oob"),
            ("client send \"--o|", ""),
            ("client setsockopt nodel|", "TCP_NODELAY"),
            ("client setsockopt TCP_NODELAY |", "on off"),
            ("client setsockopt SO_RCVBUF |", ""),
            ("server start a 1 --service ec|", "echo echo-once"),
            (
                "server start a 1 --service=ec|",
                "--service=echo --service=echo-once",
            ),
            ("server start a 1 --backlog |", "128"),
            ("server listen -|", ""),
            ("server#3 sh|", "shutdown"),
            ("view cl|", "client clients"),
            ("view server|", "server server#3"),
            ("view calls |", "all clients client server#3 server ports"),
            ("client bind |", "127.0.0.1"),
            ("client shutdown w|", "wr"),
            ("client shutdown wr |", ""),
            ("client fly |", ""),
            ("# cl|", ""),
            ("client con|nect a 80", "connect"),
        ] {
            let expected: Vec<&str> = expected.split(' ').filter(|w| !w.is_empty()).collect();
            assert_eq!(words(line), expected, "{line}");
        }
        assert_eq!(words("client send |")[0], "\"hello, you\"");
        let about = at("client conn|").candidates[0].about.clone();
        assert!(about.starts_with("Resolve the host"), "{about}");
        let about = at("server offer --model po|").candidates[0].about.clone();
        assert_eq!(about, "one thread for all, by readiness");
    }

    #[test]
    fn what_comes_next_is_named() {
        for (line, name) in [
            ("|", "WHO"),
            ("client |", "VERB"),
            ("client connect |", "HOST"),
            ("client connect a |", "PORT"),
            ("client connect a 8|", "PORT"),
            ("client connect a 80 |", ""),
            ("client connect | 80", "HOST"),
            ("client recv |", "SIZE"),
            ("client send --made-up |", "--made-up"),
            ("client send --oob |", "TEXT"),
            ("server start a 1 --delay 5|", "--delay"),
            ("client connect a 80 -4|", "-4"),
            ("quit |", ""),
        ] {
            assert_eq!(now(line), name, "{line}");
        }
        let usage: Vec<(String, State)> = at("client connect a | -4")
            .usage
            .into_iter()
            .map(|piece| (piece.text, piece.state))
            .collect();
        let expected = [
            ("client connect", State::Given),
            ("HOST", State::Given),
            ("PORT", State::Now),
            ("[-4]", State::Given),
            ("[-6]", State::Optional),
            ("[--udp]", State::Optional),
        ];
        assert_eq!(
            usage,
            expected.map(|(text, state)| (text.to_owned(), state))
        );
    }

    #[test]
    fn what_is_unfinished_is_not_wrong_and_what_is_wrong_is_told_at_once() {
        for line in [
            "|",
            "cl|",
            "client|",
            "client |",
            "client conn|",
            "client connect |",
            "client connect localh|",
            "client connect a |",
            "client send \"hel|",
            "server start a 1 --ser|",
            "server start a 1 --service |",
            "server start a 1 --service ec|",
            "client setsockopt TCP_NODELAY o|",
            "client send --made-up |",
            "client bind 127.0.|",
            "# what|",
            "client connect a:|",
        ] {
            let found = at(line);
            assert_eq!(found.wrong, None, "{line}");
            assert!(!found.whole, "{line}");
        }
        assert!(at("server stop # now|").whole);
        for line in [
            "client recv|",
            "client connect a 80|",
            "client connect a:80|",
            "client recv &|",
            "quit|",
            "client connect a 8| # to what",
            "server stop|",
        ] {
            let found = at(line);
            assert!(found.whole && found.wrong.is_none(), "{line}: {found:?}");
        }
        for (line, column) in [
            ("cliemt|", 0),
            ("cliemt close|", 0),
            ("client conect a|", 7),
            ("client fly|", 7),
            ("client connect a 70000|", 17),
            ("client connect a 70000 |", 17),
            ("client connect a 80 81|", 20),
            ("client connect a 80 --tcp|", 20),
            ("client setsockopt TCP_NODELAY 5|", 31),
            ("client send \"a\"b|", 15),
            ("client shutdown x|", 16),
        ] {
            let found = at(line);
            assert_eq!(
                found.wrong.map(|wrong| wrong.column),
                Some(column),
                "{line}"
            );
        }
    }

    #[test]
    fn a_candidate_takes_the_place_of_the_word_at_the_cursor() {
        let applied = |line: &str| {
            let found = at(line);
            let (new, cursor) = found.applied(&line.replace('|', ""), &found.candidates[0]);
            let (before, after) = new.split_at(
                new.char_indices()
                    .nth(cursor)
                    .map_or(new.len(), |(at, _)| at),
            );
            format!("{before}|{after}")
        };
        assert_eq!(applied("cli|"), "client |");
        assert_eq!(applied("client con|nect a 80"), "client connect |a 80");
        assert_eq!(applied("client | a 80"), "client socket |a 80");
        assert_eq!(
            applied("client send \"你\" --o|"),
            "client send \"你\" --oob |"
        );
        let found = at("client re|");
        assert_eq!(found.common("client re"), None);
        let found = at("server start a 1 --service e|");
        assert_eq!(
            found.common("server start a 1 --service e").as_deref(),
            Some("echo")
        );
    }

    /// xorshift64*
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
        }
    }

    /// A word that would do for what comes next.
    fn sample(name: &str, line: &str) -> Option<&'static str> {
        Some(match name {
            "HOST" | "ADDRESS" => "127.0.0.1",
            "LAST" if line.contains("8888") => "8888",
            "PORT" | "FIRST" | "LAST" | "COUNT" | "SIZE" | "BACKLOG" | "MS" | "--made-up"
            | "--delay" | "--backlog" | "--timeout" => "80",
            "TEXT" | "NAME" | "--text" => "\"x\"",
            "FILE" => "f",
            "GROUP" => "239.1.2.3",
            "INTERFACE" => "1",
            "WHOSE" => "all",
            "VALUE" if line.contains("LINGER") => "5",
            "VALUE" if line.contains("BUF") || line.contains("TTL") => "5",
            "VALUE" => "on",
            _ => return None,
        })
    }

    /// Whether `line`, which is to end with a blank, can be gone on with until it says something.
    fn can_be_finished(line: &str) -> bool {
        let mut line = line.to_owned();
        for _ in 0..8 {
            if parse(&line).is_ok_and(|deed| deed.is_some()) {
                return true;
            }
            let found = complete(&line, line.chars().count(), &there());
            let Some((name, _)) = &found.now else {
                return false;
            };
            let next = sample(name, &line).map(str::to_owned);
            let next = next.or_else(|| found.candidates.first().map(|c| c.text.clone()));
            let Some(next) = next else { return false };
            line.push_str(&next);
            line.push(' ');
        }
        false
    }

    #[test]
    fn every_candidate_leads_on_to_a_line_that_can_be_said() {
        let mut random = Random(0x5eed);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..800 {
            // A way through the grammar by its own candidates, cut somewhere in its last word.
            let mut line = String::new();
            for _ in 0..random.below(7) {
                let cursor = line.chars().count();
                let found = complete(&line, cursor, &there());
                let sampled = found.now.as_ref().and_then(|(name, _)| sample(name, &line));
                let next = match (sampled, found.candidates.len()) {
                    (Some(word), 0) => Candidate::new(word, ""),
                    (Some(word), _) if random.below(2) == 0 => Candidate::new(word, ""),
                    (None, 0) => break,
                    (_, count) => found.candidates[random.below(count)].clone(),
                };
                line = found.applied(&line, &next).0;
            }
            let found = complete(&line, line.chars().count(), &there());
            assert_eq!(found.wrong, None, "{line}");
            for candidate in &found.candidates {
                let (new, cursor) = found.applied(&line, candidate);
                assert_eq!(cursor, new.chars().count());
                assert!(
                    can_be_finished(&new),
                    "{new:?} by {:?} of {line:?}",
                    candidate.text
                );
                seen.insert(candidate.text.clone());
                // A part of the word finds it again.
                let part = 1 + random.below(candidate.text.chars().count());
                let cut: String = line
                    .chars()
                    .chain(candidate.text.chars().take(part))
                    .collect();
                let again = complete(&cut, cut.chars().count(), &there());
                assert!(
                    again.candidates.contains(candidate),
                    "{cut:?}: {:?}",
                    again.candidates
                );
                assert!(again.wrong.is_none(), "{cut:?}: {:?}", again.wrong);
            }
        }
        for verb in commands().iter().flat_map(Command::get_subcommands) {
            assert!(
                seen.contains(verb.get_name()),
                "{} was never offered",
                verb.get_name()
            );
        }
    }

    #[test]
    fn no_line_and_no_cursor_is_too_much() {
        const PIECES: [&str; 28] = [
            "client",
            "client2",
            "server",
            "server#3",
            "server#",
            "view",
            "crowd",
            "start",
            "connect",
            "send",
            " ",
            " ",
            " ",
            "\"",
            "\\",
            "#",
            "--service",
            "--",
            "-",
            "=",
            "-4",
            "-1",
            "&",
            "你好",
            "\u{301}",
            "\t",
            "80",
            "x",
        ];
        let mut random = Random(0xbad);
        for _ in 0..600 {
            let count = random.below(9);
            let line: String = (0..count)
                .map(|_| PIECES[random.below(PIECES.len())])
                .collect();
            for cursor in 0..=line.chars().count() + 1 {
                let found = complete(&line, cursor, &there());
                assert!(
                    found.start <= found.end && found.end <= line.chars().count(),
                    "{line}"
                );
                for candidate in &found.candidates {
                    let (new, at) = found.applied(&line, candidate);
                    assert!(at <= new.chars().count(), "{line}");
                }
                let common = found.common(&line);
                assert!(common.is_none_or(|common| !common.is_empty()), "{line}");
                let is_said = parse_alone(&line).is_ok_and(|deed| deed.is_some());
                assert_eq!(found.whole, is_said, "{line} at {cursor}");
            }
        }
    }
}
