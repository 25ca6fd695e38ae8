//! What a panic does to the terminal. The program has no key that panics, so the child here is this file's own: it
//! takes the terminal as the program does, and panics on the thread that it is told to.

#[expect(
    dead_code,
    reason = "the harness is shared; these tests need a part of it"
)]
#[path = "../terminal/pty.rs"]
mod pty;

use std::env;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use pty::{Modes, Program, Pty};
use sockyard::model::{Actor, ClientId, Event};
use sockyard::net::worker::Crew;
use sockyard::net::{Clock, Hearing};
use sockyard::run::output::complain_of_panics;
use sockyard::run::terminal::{Screen, restore_on_panic};

const SCREEN: &str = "--child=screen";
const WORKER: &str = "--child=worker";
const PLAIN: &str = "--child=plain";

/// What the panics say.
const WORDS: &str = "out of socks";
/// What a stranger may have put into them: a title for the terminal.
const STRANGE: &str = "\x1b]0;darned\x07";

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        Some(SCREEN) => panic_on_the_screen_thread(),
        Some(PLAIN) => panic_without_a_screen(),
        Some(WORKER) => panic_on_a_worker_thread(),
        _ => {
            let trials = vec![
                trial(
                    "a_panic_of_the_screen_thread_gives_the_terminal_back",
                    screen,
                ),
                trial("a_panic_of_a_worker_leaves_the_screen_alone", worker),
                trial("a_panic_is_told_in_plain_words_and_with_its_place", plain),
            ];
            libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
        }
    }
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    })
}

fn panic_on_the_screen_thread() -> ExitCode {
    complain_of_panics();
    restore_on_panic();
    let _screen = Screen::enter().expect("this is a terminal");
    panic!("{WORDS} {STRANGE}");
}

fn panic_without_a_screen() -> ExitCode {
    complain_of_panics();
    let loses = thread::Builder::new().name("washing".to_owned());
    let loses = loses.spawn(|| panic!("{WORDS} {STRANGE}"));
    let lost = loses.expect("a thread").join();
    ExitCode::from(u8::from(lost.is_ok()))
}

fn panic_on_a_worker_thread() -> ExitCode {
    complain_of_panics();
    restore_on_panic();
    let screen = Screen::enter().expect("this is a terminal");
    let (events, heard) = crossbeam_channel::bounded(1);
    let crew = Crew::new(Clock::start(), events, Hearing::Everything);
    let who = Actor::Client(ClientId::FIRST);
    crew.spawn(who, 256 << 10, |_| panic!("{WORDS}"))
        .expect("a thread");
    let batch = heard.recv().expect("the panic is told as an event");
    assert!(matches!(&batch[..], [Event::Panicked { message, .. }] if message.contains(WORDS)));

    let mut out = std::io::stdout();
    out.write_all(b"still here")
        .expect("the terminal is written to");
    out.flush().expect("the terminal is written to");
    // Until the parent has had a look.
    let read = std::io::stdin()
        .read(&mut [0])
        .expect("the terminal is read");
    drop(screen);
    ExitCode::from(u8::from(read != 1))
}

fn child(role: &str) -> Pty {
    let own = env::current_exe().expect("a program knows its path");
    let own = own.to_str().expect("the path is text");
    Pty::spawn(&Program {
        env: &[("RUST_BACKTRACE", "0")],
        ..Program::new(own, &[role])
    })
}

fn screen() {
    let pty = child(SCREEN);
    assert_eq!(pty.wait_exit().exit_code(), 101);
    assert_eq!(pty.modes(), Modes::default());
    // On the shell's screen, where it can be read, and behind the switch back to it.
    assert!(pty.screen().contains(WORDS), "{}", pty.screen());
    let raw = pty.raw();
    assert!(!String::from_utf8_lossy(&raw).contains(STRANGE));
    let at = |bytes: &[u8]| raw.windows(bytes.len()).position(|run| run == bytes);
    let (entered, left) = (at(b"\x1b[?1049h"), at(b"\x1b[?1049l"));
    assert!(entered.is_some() && entered < left && left < at(WORDS.as_bytes()));
}

fn worker() {
    let pty = child(WORKER);
    pty.wait_text("still here");
    let modes = pty.modes();
    assert!(
        modes.alternate_screen && modes.raw && modes.mouse,
        "{modes:?}"
    );
    pty.keys("q");
    assert!(pty.wait_exit().success());
    assert_eq!(pty.modes(), Modes::default());
    let raw = String::from_utf8_lossy(&pty.raw()).into_owned();
    assert!(
        !raw.contains(WORDS),
        "nothing is written over the screen: {raw:?}"
    );
}

fn plain() {
    let pty = child(PLAIN);
    assert!(pty.wait_exit().success());
    let raw = String::from_utf8_lossy(&pty.raw()).into_owned();
    let begin = "sockyard: the thread washing failed at tests/panicking/main.rs:";
    assert!(raw.starts_with(begin) && raw.contains(WORDS), "{raw:?}");
    assert!(!raw.contains('\x1b') && !raw.contains('\x07'), "{raw:?}");
}
