//! One vocabulary: a session is the same whether it is clicked, pressed, typed, written as a script, or read back from what
//! was done and run again.

mod live;
mod same;
mod transcript;
