//! The words that only scripts have, and what a line of a script says.

use std::sync::LazyLock;
use std::time::Duration;

use clap::{Args, Command, CommandFactory, Parser, Subcommand};

use super::expectation::{Amount, Counted, Expect, ProgramDoes, Received, Subject};
use super::variables::is_name;
use crate::app::words::grammar::{self, command_of};
use crate::app::words::read::{parse_tokens, read, unknown};
use crate::app::words::token::Token;
use crate::app::words::usage::{Chapter, Usage, about};
use crate::app::words::value::{Text, actor, one_of, port, text, word};
use crate::app::words::{Deed, Wrong};
use crate::model::call::Function;
use crate::model::timespan::parse_duration;
use crate::model::{Actor, Errno, LookupError, PortVerdict};

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Do this.
    Do(Deed),
    /// Go on when this has come about.
    Expect(Expect),
    /// Go on after this time.
    Wait(Duration),
    /// Tell this to whoever reads or watches.
    Say(String),
    /// This name stands for this value from now on.
    Let(String, String),
    /// Wait so long for a step, or for the whole script.
    Limit {
        /// How long.
        time: Duration,
        /// Whether for all of it.
        total: bool,
    },
    /// Something about the program under test.
    Program(ProgramStep),
}

/// What is done with the program under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ProgramStep {
    /// Start the program under test here, and go on once it listens or has connected
    Start,
    /// End it here: SIGTERM, and SIGKILL if that is not enough (it is always ended with the script)
    End,
}

impl Said {
    /// What the words of a line say.
    ///
    /// # Errors
    /// What is wrong with them, and where.
    pub fn read(tokens: &[Token]) -> Result<Self, Wrong> {
        let Some((first, rest)) = tokens.split_first() else {
            return Err(Wrong::new(0, "an empty line says nothing"));
        };
        Ok(match first.raw.as_str() {
            "expect" => Self::Expect(expectation(first, rest)?),
            "wait" => {
                let WaitLine { time } = read(rest, first)?;
                Self::Wait(time)
            }
            "say" => {
                let SayLine { text } = read(rest, first)?;
                Self::Say(text)
            }
            "let" => {
                let LetLine { name, value } = read(rest, first)?;
                Self::Let(name, value)
            }
            "limit" => {
                let LimitLine { time, total } = read(rest, first)?;
                Self::Limit { time, total }
            }
            "program" => {
                let ProgramLine { step } = read(rest, first)?;
                Self::Program(step)
            }
            "quit" => {
                let why = "a script ends by itself, with its last line";
                return Err(Wrong::new(first.column, why));
            }
            "help" => {
                let why =
                    "the help is for a person at the playground; \"say\" tells a reader something";
                return Err(Wrong::new(first.column, why));
            }
            "play" => return Err(Wrong::new(first.column, "a script cannot play another one")),
            word if command_of(word).is_none() => {
                let people = ["help", "quit", "play"];
                let mut all = grammar::commands().to_vec();
                all.retain(|command| !people.contains(&command.get_name()));
                all.extend(commands());
                return Err(Wrong::new(first.column, unknown(word, &all)));
            }
            _ => {
                let deed = parse_tokens(tokens)?;
                Self::Do(deed.ok_or_else(|| Wrong::new(0, "an empty line says nothing"))?)
            }
        })
    }
}

/// Everything that a line of a script alone can begin with, as clap has it.
#[must_use]
pub fn commands() -> Vec<Command> {
    [
        expect_command(),
        WaitLine::command(),
        SayLine::command(),
        LetLine::command(),
        LimitLine::command(),
        ProgramLine::command(),
    ]
    .map(grammar::bare)
    .to_vec()
}

/// Every line that only scripts have, as the manual page shows them.
#[must_use]
pub fn chapters() -> &'static [Chapter] {
    static CHAPTERS: LazyLock<Vec<Chapter>> = LazyLock::new(found);
    &CHAPTERS
}

fn found() -> Vec<Chapter> {
    let commands = commands();
    let mut words = Vec::new();
    let mut chapters = Vec::new();
    for command in &commands {
        let name = command.get_name();
        let mut verbs = command.get_subcommands().peekable();
        if verbs.peek().is_none() {
            words.push(Usage::of(name, command, None));
            continue;
        }
        for verb in verbs {
            let first = format!("{name} {}", verb.get_name());
            if verb.has_subcommands() {
                let subjects = verb.get_subcommands();
                chapters.push(Chapter {
                    title: format!("{first}: {}", about(verb)),
                    is_shared: false,
                    usages: (subjects)
                        .map(|subject| Usage::of(&first, verb, Some(subject)))
                        .collect(),
                });
            } else {
                words.push(Usage::of(name, command, Some(verb)));
            }
        }
    }
    chapters.insert(
        0,
        Chapter {
            title: "Words of scripts".to_owned(),
            is_shared: false,
            usages: words,
        },
    );
    chapters
}

/// `expect`, with those of whom something can be expected.
fn expect_command() -> Command {
    let whose = [
        SocketExpect::command()
            .name("client")
            .about("Of a client session; client2 is the second"),
        SocketExpect::command()
            .name("server#N")
            .about("Of the server's Nth connection"),
        ServerExpect::command(),
        PortsExpect::command(),
        CrowdExpect::command(),
        ProgramExpect::command(),
    ];
    Command::new("expect")
        .about("Go on when this has come about, and fail if it does not")
        .subcommand_required(true)
        .subcommands(whose)
}

#[derive(Debug, Clone, Parser)]
#[command(name = "wait", about = "Go on after this time")]
struct WaitLine {
    /// How long, as in 250ms or 2s
    #[arg(value_name = "TIME", value_parser = time)]
    time: Duration,
}

#[derive(Debug, Clone, Parser)]
#[command(name = "say", about = "Tell something to whoever reads or watches")]
struct SayLine {
    /// What, in quotes
    #[arg(value_name = "TEXT", value_parser = word)]
    text: String,
}

#[derive(Debug, Clone, Parser)]
#[command(
    name = "let",
    about = "Let a name stand for a value: ${NAME} is then the value"
)]
struct LetLine {
    /// Letters, digits and _
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
    /// What it stands for, in quotes if it has blanks
    #[arg(value_name = "VALUE", value_parser = word)]
    value: String,
}

#[derive(Debug, Clone, Parser)]
#[command(
    name = "limit",
    about = "Wait so long for each step from here on, or for the whole script"
)]
struct LimitLine {
    /// How long, as in 500ms or 10s
    #[arg(value_name = "TIME", value_parser = time)]
    time: Duration,
    /// For the whole script
    #[arg(long)]
    total: bool,
}

#[derive(Debug, Clone, Parser)]
#[command(
    name = "program",
    about = "The program under test, which --spawn names"
)]
struct ProgramLine {
    #[command(subcommand)]
    step: ProgramStep,
}

fn time(raw: &str) -> Result<Duration, String> {
    parse_duration(&word(raw)?)
}

fn name(raw: &str) -> Result<String, String> {
    if is_name(raw) {
        Ok(raw.to_owned())
    } else {
        Err(format!(
            "{raw} is no name: letters, digits and _, the first a letter"
        ))
    }
}

/// What belongs to every expectation.
#[derive(Debug, Clone, Args)]
struct Bounds {
    /// Wait no longer than this; otherwise no longer than the script's limit
    #[arg(long, value_name = "TIME", value_parser = time, global = true)]
    within: Option<Duration>,
    /// What it means if this does not come about
    #[arg(long = "else", value_name = "TEXT", value_parser = word, global = true)]
    symptom: Option<String>,
}

/// What can be expected of a client or a connection.
#[derive(Debug, Clone, Parser)]
#[command(subcommand_required = true)]
struct SocketExpect {
    #[command(flatten)]
    bounds: Bounds,
    #[command(subcommand)]
    what: SocketSubject,
}

#[derive(Debug, Clone, Subcommand)]
enum SocketSubject {
    /// The next bytes that it receives
    Received {
        #[command(flatten)]
        bytes: Bytes,
    },
    /// The peer has finished sending: a recv returns 0
    Ended,
    /// The state of its socket
    State {
        /// As the border of its pane shows it
        #[arg(value_name = "STATE", value_parser = clap::builder::PossibleValuesParser::new(STATES), ignore_case = true)]
        state: String,
    },
    /// Nothing arrives for this long
    Silence {
        /// How long
        #[arg(value_name = "TIME", value_parser = time)]
        time: Duration,
    },
    /// A call waits and does not return
    Blocked {
        /// Which
        #[arg(value_name = "FUNCTION", value_parser = one_of(&Function::ALL, Function::name, Function::page))]
        function: Function,
    },
    /// What it received was saved to its end
    Saved,
    #[command(flatten)]
    Call(CallSubject),
}

/// The states that can be expected.
const STATES: [&str; 6] = [
    "none",
    "CLOSED",
    "ESTABLISHED",
    "CLOSE_WAIT",
    "FIN_WAIT",
    "LISTEN",
];

/// What a call comes to.
#[derive(Debug, Clone, Subcommand)]
enum CallSubject {
    /// What getaddrinfo returns
    Getaddrinfo(Returns),
    /// What socket returns
    Socket(Returns),
    /// What connect returns
    Connect(Returns),
    /// What bind returns
    Bind(Returns),
    /// What listen returns
    Listen(Returns),
    /// What accept returns
    Accept(Returns),
    /// What send returns
    Send(Returns),
    /// What sendto returns
    Sendto(Returns),
    /// What recv returns
    Recv(Returns),
    /// What recvfrom returns
    Recvfrom(Returns),
    /// What shutdown returns
    Shutdown(Returns),
    /// What close returns
    Close(Returns),
    /// What setsockopt returns
    Setsockopt(Returns),
    /// What getsockopt returns
    Getsockopt(Returns),
}

#[derive(Debug, Clone, Args)]
struct Returns {
    /// ok, fails, a number, or the name of an errno such as ECONNREFUSED
    #[arg(value_name = "RESULT", value_parser = amount, allow_negative_numbers = true)]
    result: Amount,
}

fn amount(raw: &str) -> Result<Amount, String> {
    Ok(match raw {
        "ok" => Amount::Ok,
        "fails" | "-1" => Amount::Fails,
        _ => match raw.parse() {
            Ok(number) => Amount::Number(number),
            Err(_) if raw.starts_with('E') => {
                if !is_known(raw) {
                    return Err(format!(
                        "{raw} is no errno that this system knows: see errno(3), or getaddrinfo(3) for the EAI_ names"
                    ));
                }
                Amount::Errno(one_name(raw).to_owned())
            }
            Err(_) => {
                return Err(format!(
                    "{raw} is no result: give ok, fails, a number, or the name of an errno such as ECONNREFUSED"
                ));
            }
        },
    })
}

/// Some numbers have two names in `errno(3)`; the calls show one.
fn one_name(name: &str) -> &str {
    match name {
        "EWOULDBLOCK" => "EAGAIN",
        "ENOTSUP" => "EOPNOTSUPP",
        other => other,
    }
}

/// Whether a call can fail with an error of this name.
fn is_known(name: &str) -> bool {
    /// Linux has no higher one.
    const HIGHEST: i32 = 133;
    let name = one_name(name);
    let mut errnos = (1..=HIGHEST).filter_map(|number| Errno(number).name());
    let mut lookups = LookupError::NUMBERS.map(LookupError::Eai).into_iter();
    errnos.any(|known| known == name)
        || lookups.any(|known| known.name() == name)
        || name == "EAI_SYSTEM"
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct Bytes {
    /// The next bytes are exactly these
    #[arg(value_name = "TEXT", value_parser = text)]
    text: Option<Text>,
    /// These come, and whatever comes before them is passed over
    #[arg(long, value_name = "TEXT", value_parser = text)]
    contains: Option<Text>,
    /// Something comes that this regular expression matches
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    matches: Option<Pattern>,
    /// So many bytes have come on this socket in all
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
}

/// A regular expression that can be compared.
#[derive(Debug, Clone)]
pub struct Pattern(pub regex_lite::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// The largest regular expression once it is compiled, in bytes: some two thousand states, each of which may have to be looked
/// at for each byte that is searched.
const LARGEST_PATTERN: usize = 64 << 10;

fn pattern(raw: &str) -> Result<Pattern, String> {
    // A backslash is the regular expression's own: only the quotes around it go.
    let inner = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let text = inner.unwrap_or(raw).replace("\\\"", "\"");
    let found = regex_lite::RegexBuilder::new(&text)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map(Pattern);
    found.map_err(|error| format!("this is no regular expression: {error}"))
}

impl Bytes {
    fn subject(self) -> Received {
        match self {
            Self {
                text: Some(Text(bytes)),
                ..
            } => Received::Next(bytes),
            Self {
                contains: Some(Text(bytes)),
                ..
            } => Received::Contains(bytes),
            Self {
                matches: Some(pattern),
                ..
            } => Received::Matches(pattern),
            Self { count, .. } => Received::Count(count.unwrap_or_default()),
        }
    }
}

/// What can be expected of the server.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "server",
    about = "Of the embedded server",
    subcommand_required = true
)]
struct ServerExpect {
    #[command(flatten)]
    bounds: Bounds,
    #[command(subcommand)]
    what: ServerSubject,
}

#[derive(Debug, Clone, Subcommand)]
enum ServerSubject {
    /// So many connections were accepted in all
    Accepted {
        /// How many
        #[arg(value_name = "COUNT")]
        count: u64,
    },
    /// So many connections are open
    Open {
        /// How many
        #[arg(value_name = "COUNT")]
        count: u64,
    },
    /// So many connections wait to be accepted
    Queue {
        /// How many
        #[arg(value_name = "COUNT")]
        count: u64,
    },
    #[command(flatten)]
    Socket(SocketSubject),
}

/// What can be expected of ports that were tried.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ports",
    about = "Of the ports that are tried",
    subcommand_required = true
)]
struct PortsExpect {
    #[command(flatten)]
    bounds: Bounds,
    #[command(subcommand)]
    what: PortsSubject,
}

#[derive(Debug, Clone, Subcommand)]
enum PortsSubject {
    /// Somebody listens there
    Open {
        /// The port
        #[arg(value_name = "PORT", value_parser = port)]
        port: u16,
    },
    /// The host answered that nobody listens there
    Closed {
        /// The port
        #[arg(value_name = "PORT", value_parser = port)]
        port: u16,
    },
    /// Nobody answered in time
    Silent {
        /// The port
        #[arg(value_name = "PORT", value_parser = port)]
        port: u16,
    },
}

/// What can be expected of a crowd.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "crowd",
    about = "Of the clients of a crowd",
    subcommand_required = true
)]
struct CrowdExpect {
    #[command(flatten)]
    bounds: Bounds,
    #[command(subcommand)]
    what: CrowdSubject,
}

#[derive(Debug, Clone, Subcommand)]
enum CrowdSubject {
    /// So many of them were connected
    Connected {
        /// How many
        #[arg(value_name = "COUNT")]
        count: u64,
    },
    /// So many of them were answered
    Answered {
        /// How many
        #[arg(value_name = "COUNT")]
        count: u64,
    },
    /// So many of them have failed
    Failed {
        /// How many
        #[arg(value_name = "COUNT")]
        count: u64,
    },
}

/// What can be expected of the program under test.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "program",
    about = "Of the program under test, which --spawn names",
    subcommand_required = true
)]
struct ProgramExpect {
    #[command(flatten)]
    bounds: Bounds,
    #[command(subcommand)]
    what: ProgramSubject,
}

#[derive(Debug, Clone, Subcommand)]
enum ProgramSubject {
    /// It has not ended
    Running,
    /// It ends, with this exit status if one is given
    Exits {
        /// The exit status
        #[arg(value_name = "STATUS")]
        status: Option<i32>,
    },
    /// It prints this
    Prints {
        /// A part of a line
        #[arg(value_name = "TEXT", value_parser = word)]
        text: String,
    },
}

fn expectation(first: &Token, rest: &[Token]) -> Result<Expect, Wrong> {
    let Some((whom, rest)) = rest.split_first() else {
        let why = "of whom? expect client, server, server#1, ports, crowd or program";
        return Err(Wrong::new(first.end(), why));
    };
    let (bounds, subject) = match (whom.raw.as_str(), actor(&whom.raw)) {
        (_, Some(Actor::Server)) => {
            let ServerExpect { bounds, what } = read(rest, whom)?;
            let subject = match what {
                ServerSubject::Accepted { count } => Subject::Count(Counted::Accepted, count),
                ServerSubject::Open { count } => Subject::Count(Counted::Open, count),
                ServerSubject::Queue { count } => Subject::Count(Counted::Queue, count),
                ServerSubject::Socket(what) => socket_subject(Actor::Server, what),
            };
            (bounds, subject)
        }
        (_, Some(Actor::Ports)) => {
            let PortsExpect { bounds, what } = read(rest, whom)?;
            let subject = match what {
                PortsSubject::Open { port } => Subject::Port(port, PortVerdict::Open),
                PortsSubject::Closed { port } => Subject::Port(port, PortVerdict::Closed),
                PortsSubject::Silent { port } => Subject::Port(port, PortVerdict::Silent),
            };
            (bounds, subject)
        }
        (_, Some(who)) => {
            let SocketExpect { bounds, what } = read(rest, whom)?;
            (bounds, socket_subject(who, what))
        }
        ("crowd", _) => {
            let CrowdExpect { bounds, what } = read(rest, whom)?;
            let subject = match what {
                CrowdSubject::Connected { count } => Subject::Count(Counted::CrowdConnected, count),
                CrowdSubject::Answered { count } => Subject::Count(Counted::CrowdAnswered, count),
                CrowdSubject::Failed { count } => Subject::Count(Counted::CrowdFailed, count),
            };
            (bounds, subject)
        }
        ("program", _) => {
            let ProgramExpect { bounds, what } = read(rest, whom)?;
            let subject = match what {
                ProgramSubject::Running => Subject::Program(ProgramDoes::Runs),
                ProgramSubject::Exits { status } => Subject::Program(ProgramDoes::Exits(status)),
                ProgramSubject::Prints { text } => Subject::Program(ProgramDoes::Prints(text)),
            };
            (bounds, subject)
        }
        (other, _) => {
            let why = format!(
                "nothing can be expected of {other}: expect client, server, server#1, ports, crowd or program"
            );
            return Err(Wrong::new(whom.column, why));
        }
    };
    if let (Subject::Silence(..), Some(_)) = (&subject, bounds.within) {
        let end = rest.last().map_or(whom.end(), Token::end);
        let why = "silence has a time of its own: leave out --within";
        return Err(Wrong::new(end, why));
    }
    Ok(Expect {
        subject,
        within: bounds.within,
        symptom: bounds.symptom,
    })
}

fn socket_subject(who: Actor, what: SocketSubject) -> Subject {
    match what {
        SocketSubject::Received { bytes } => Subject::Received(who, bytes.subject()),
        SocketSubject::Ended => Subject::Ended(who),
        SocketSubject::State { state } => Subject::State(who, state),
        SocketSubject::Silence { time } => Subject::Silence(who, time),
        SocketSubject::Blocked { function } => Subject::Blocked(who, function),
        SocketSubject::Saved => Subject::Saved(who),
        SocketSubject::Call(call) => {
            let (function, Returns { result }) = match call {
                CallSubject::Getaddrinfo(returns) => (Function::Getaddrinfo, returns),
                CallSubject::Socket(returns) => (Function::Socket, returns),
                CallSubject::Connect(returns) => (Function::Connect, returns),
                CallSubject::Bind(returns) => (Function::Bind, returns),
                CallSubject::Listen(returns) => (Function::Listen, returns),
                CallSubject::Accept(returns) => (Function::Accept, returns),
                CallSubject::Send(returns) => (Function::Send, returns),
                CallSubject::Sendto(returns) => (Function::Sendto, returns),
                CallSubject::Recv(returns) => (Function::Recv, returns),
                CallSubject::Recvfrom(returns) => (Function::Recvfrom, returns),
                CallSubject::Shutdown(returns) => (Function::Shutdown, returns),
                CallSubject::Close(returns) => (Function::Close, returns),
                CallSubject::Setsockopt(returns) => (Function::Setsockopt, returns),
                CallSubject::Getsockopt(returns) => (Function::Getsockopt, returns),
            };
            Subject::Call(who, function, result)
        }
    }
}
