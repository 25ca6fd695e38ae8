//! What holds of every input, tried with many that chance makes up.

mod deeds;
mod lines;
