//! What is told of a script as it runs, and how it ended.

use std::time::Duration;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A step begins: its number in the file, and its text.
    Step(usize, String),
    /// Text for a reader.
    Said(String),
    /// What was expected has come about, so long after the step began.
    Held(usize, Duration),
    /// The script is over.
    Over(Verdict),
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The script.
    pub script: String,
    /// How many of its steps came to their end.
    pub steps: usize,
    /// How many expectations held.
    pub held: usize,
    /// How long it took.
    pub took: Duration,
    /// The step that failed; none if all held.
    pub failure: Option<Failure>,
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its number in the file.
    pub number: usize,
    /// Its text.
    pub step: String,
    /// Why it failed, in plain words.
    pub why: String,
    /// What the script says that it means, if it does.
    pub symptom: Option<String>,
    /// Whether the script is wrong rather than what it is about.
    pub is_wrong: bool,
}
