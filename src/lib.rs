//! sockyard: an interactive terminal playground for sockets.
//!
//! A person makes every socket call by hand, against the real kernel, with a client and a server on one screen, and
//! sees for each call its arguments, its result and what it means.
//!
//! # A guided tour
//!
//! One path shows the whole house. The person presses `c`:
//!
//! 1. [`run::input`] reads the key on its own thread and sends it to the loop in [`run::shell`].
//! 2. The loop hands it to [`app::App::update`], which looks it up in [`app::keymap`]. The button is a deed
//!    ([`app::words`]), the same that the line `client connect 127.0.0.1 8888` says; [`app::doing`] remembers it and gives
//!    back the effect `Perform(Client(Connect))`, an [`model::Action`].
//! 3. The loop carries the effect out: [`net::Yard`] passes the action to the thread of [`net::client`].
//! 4. That thread calls `getaddrinfo`, `socket` and `connect` through [`net::socket`], which reports each call as an
//!    [`model::Event`] on a bounded channel.
//! 5. The loop hands the events to `update`; from them alone the app derives what it knows of the socket.
//! 6. [`ui::draw`] paints the new state, and gives back where things stand, for clicks.
//!
//! Without a terminal the path is the same: [`run::script`] lets the steps of an [`app::script`] do what the keys do, and
//! prints the calls instead of drawing them; [`run::serve`] is the server alone.
//!
//! # The layers
//!
//! Each uses only those above it.
//!
//! | layer | owns | never touches |
//! |---|---|---|
//! | [`model`] | the plain data that everyone speaks | I/O, threads, the terminal |
//! | [`net`] | real sockets and the threads that own them | the screen, [`app`] |
//! | [`app`] | the state, every change of it, the keymap, the words for all that can be done, scripts | sockets, threads, the clock, ratatui |
//! | [`ui`] | what the state looks like | sockets, changes of state |
//! | [`run`] | the command line, the terminal, the loops | nobody depends on it |

pub mod app;
pub mod model;
pub mod net;
pub mod run;
pub mod ui;
