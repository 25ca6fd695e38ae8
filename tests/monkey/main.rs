//! A monkey at the keyboard, the mouse and the other end of every socket: whatever comes in whatever order, nothing
//! panics, and what has to hold of the state and of each frame holds.
//!
//! 1,600,000 steps in four seeds, each on a thread of its own: a million are a person's, the others are what sockets and
//! files report. The generator is deterministic: a run that fails tells its
//! seed and its last steps, and runs again the same. `SOCKYARD_MONKEY_STEPS` sets how many steps each seed takes.
//!
//! | file | what it owns |
//! |---|---|
//! | `run` | the run of one seed |
//! | `comes`, `events` | what comes: of the person, and of everybody else |
//! | `holds` | what holds after each step, and what holds of each frame |
//! | `alike` | what has to come to the same, tried on copies of the state |
//! | `random`, `screen` | numbers, and a screen in memory |

mod alike;
mod comes;
mod events;
mod holds;
mod random;
mod run;
mod screen;

#[expect(
    dead_code,
    reason = "the app under test is shared; here only its keys are used"
)]
#[path = "../screen/support.rs"]
mod support;

#[test]
fn steps_of_the_first_monkey() {
    run::run(1);
}

#[test]
fn steps_of_the_second_monkey() {
    run::run(0x00dd_ba11);
}

#[test]
fn steps_of_the_third_monkey() {
    run::run(0x5eed_5eed);
}

#[test]
fn steps_of_the_fourth_monkey() {
    run::run(20_260_101);
}
