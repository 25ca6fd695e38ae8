//! The one vocabulary: every thing that a person can do as a line of words, `ACTOR VERB ARGS`.
//!
//! A button, a key, a line typed at `:`, and a line of a script are ways to say the same [`Deed`].
//!
//! | file | what it owns |
//! |---|---|
//! | [`token`] | a line as its words: quotes, escapes, comments, columns |
//! | [`deed`] | what can be said |
//! | [`grammar`] | what follows each actor, in clap's words, and every help text about it |
//! | [`value`] | what stands for a value there |
//! | [`read`] | words to deeds, by that grammar |
//! | [`wrong`] | what is wrong with a line, and at which column |
//! | [`write`](mod@write) | deeds to words |
//! | [`usage`] | how lines are used, as it is shown |
//! | [`complete`] | what a line that is being typed lacks, and how it can go on |
//! | `walk` | the same of the words behind a verb |

pub mod complete;
pub mod deed;
pub mod grammar;
pub mod read;
pub mod token;
pub mod usage;
pub mod value;
mod walk;
pub mod write;
pub mod wrong;

pub use deed::{Crowd, Deed, View};
pub use read::parse;
pub use wrong::Wrong;
