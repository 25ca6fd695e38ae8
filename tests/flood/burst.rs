//! As many connects in one burst as there are descriptors for: all are served, or counted as not.

use libtest_mimic::Trial;
use sockyard::model::call::Function;
use sockyard::model::{Model, SocketKind};
use sockyard::net::capacity::{Capacity, threads_to_spare};

use super::crowd::{Came, Crowd, Elsewhere, MESSAGE};
use super::playground::Playground;
use super::program::Program;
use super::{connections, trial};

/// How many more connections than there may be threads are made.
const BEYOND: usize = 100;

/// The longest backlog that most kernels grant, `net.core.somaxconn`.
const LONG: i32 = 4_096;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for model in [Model::Poll, Model::Threads] {
        let name = format!("a_burst_as_large_as_the_limits_allow_is_served_by_{model}");
        trials.push(trial(&name, move || by_serve(model)));
        let name = format!("a_burst_as_large_as_the_limits_allow_is_shown_with_{model}");
        trials.push(trial(&name, move || by_playground(model)));
    }
    trials.push(trial(
        "a_burst_on_a_short_queue_is_served_and_its_cost_told",
        short_queue,
    ));
    trials
}

/// How many connect, and how many of them are to be served.
fn sizes(model: Model) -> (usize, usize) {
    let most = connections();
    if model != Model::Threads {
        return (most, most);
    }
    let threads = threads_to_spare();
    let count = most.min(threads + BEYOND);
    if count < threads + BEYOND {
        eprintln!("scaled down: {count} connections do not reach the limit of {threads} threads");
    }
    (count, count.min(threads))
}

fn grouped(number: usize) -> String {
    sockyard::model::numbers::grouped(number as u64)
}

fn by_serve(model: Model) {
    let (count, served) = sizes(model);
    let backlog = LONG.to_string();
    let args = [
        "127.0.0.1:0",
        "--quiet",
        "--model",
        model.name(),
        "--backlog",
        &backlog,
    ];
    let mut program = Program::start(&args);
    let mut crowd = Crowd::connect(program.address(), count);
    let came = crowd.talk();
    let refused = count - served;
    let expected = Came {
        answered: served,
        refused,
    };
    assert_eq!(came, expected);
    crowd.reset();
    let left = program.stop();
    let summary = left.summary();
    // How often the queue was full depends on who was faster.
    let numbers = summary
        .split("; ")
        .filter(|part| !part.contains("handshake"));
    let bytes = grouped(served * MESSAGE.len());
    let mut told = vec![
        format!(
            "served {} connections: {bytes} B received, {bytes} B sent",
            grouped(served)
        ),
        format!("at most {} at once", grouped(served)),
    ];
    if refused > 0 {
        told.push(format!("{} closed unserved", grouped(refused)));
    }
    assert_eq!(numbers.collect::<Vec<_>>(), told);
    eprintln!("{summary}");
}

fn by_playground(model: Model) {
    let (count, served) = sizes(model);
    // How many threads there are to spare changes while other trials run: as many as were found.
    let capacity = Capacity {
        threads: Some(served),
        ..Capacity::default()
    };
    let (mut playground, address) =
        Playground::serve_at_most(capacity, model, SocketKind::Stream, LONG);
    let mut crowd = Elsewhere::connect(address, count);
    let mut came = None;
    playground.until("all are answered", |_| {
        came = came.or_else(|| crowd.came());
        came.is_some()
    });
    let expected = Came {
        answered: served,
        refused: count - served,
    };
    assert_eq!(came, Some(expected), "{}", playground.screen());
    let bytes = (served * MESSAGE.len()) as u64;
    playground.until("all that they did is known", |p| {
        let list = &p.app.server.connections;
        list.open() == served && list.bytes() == (bytes, bytes)
    });
    let screen = playground.screen();
    let said = format!("{} connected", grouped(served));
    assert!(screen.contains(&said), "{screen}");
    crowd.reset();
    playground.until("all are closed", |p| p.app.server.connections.open() == 0);
    let list = &playground.app.server.connections;
    assert_eq!(list.accepted(), count as u64);
    assert_eq!(list.refused(), expected.refused as u64);
    assert_eq!(list.bytes(), (bytes, bytes));
    assert_eq!(list.gone().connections + list.len() as u64, count as u64);
    // Accept, recv, send, the recv that tells of the reset, close; of those that were refused accept and close.
    let calls = |function| playground.calls.get(&function).copied().unwrap_or_default();
    let (served, count) = (served as u64, count as u64);
    assert_eq!(calls(Function::Accept), count);
    assert_eq!(calls(Function::Close), count);
    assert_eq!(
        (calls(Function::Recv), calls(Function::Send)),
        (2 * served, served)
    );
    playground.assert_calls_are_counted();
    let (frames, slowest) = (playground.frames, playground.slowest);
    let dropped = playground.app.server.dropped;
    let totals = playground.end();
    assert_eq!(
        (totals.connections, totals.unserved),
        (count, count - served)
    );
    assert_eq!(totals.most_at_once, served);
    assert_eq!((totals.counts.received, totals.counts.sent), (bytes, bytes));
    eprintln!(
        "{count} at once, {served} served: {frames} frames, the slowest step {slowest:?}; {dropped} handshakes dropped"
    );
}

/// The backlog that a person chose is kept: who finds the queue full tries again, and all are served in the end.
fn short_queue() {
    // Those that are too many all try again at the same moments, so that few are served each time.
    const COUNT: usize = 40;
    let (mut playground, address) = Playground::serve(Model::Poll, SocketKind::Stream, 10);
    let mut crowd = Elsewhere::connect(address, COUNT);
    let mut came = None;
    playground.until("all are answered", |_| {
        came = came.or_else(|| crowd.came());
        came.is_some()
    });
    let answered = Came {
        answered: COUNT,
        refused: 0,
    };
    assert_eq!(came, Some(answered));
    playground.until("all are known", |p| {
        p.app.server.connections.open() == COUNT
    });
    let dropped = playground.app.server.dropped;
    if dropped > 0 {
        let screen = playground.screen();
        assert!(screen.contains("queue was full"), "{screen}");
    }
    crowd.reset();
    playground.until("all are closed", |p| p.app.server.connections.open() == 0);
    let totals = playground.end();
    assert_eq!(totals.connections, COUNT as u64);
    assert_eq!(totals.dropped, u64::from(dropped));
    eprintln!("{COUNT} at once with a backlog of 10: {dropped} handshakes dropped");
}
