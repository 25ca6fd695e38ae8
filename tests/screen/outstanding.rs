//! How many actions each worker still has to carry out: counted where they are handed over, until they are settled, or
//! nothing more is heard of them.

use sockyard::app::Msg;
use sockyard::model::{Actor, ClientId, ConnectionId, Event, Moment};

use crate::support::Bench;

const CLIENT: Actor = Actor::Client(ClientId::FIRST);

fn settled(who: Actor, actions: u32) -> Event {
    Event::Settled { who, actions }
}

fn panicked(who: Actor) -> Event {
    Event::Panicked {
        who,
        at: Moment::default(),
        message: "boom".to_owned(),
    }
}

#[test]
fn what_is_settled_is_taken_off_and_nobody_without_anything_to_do_is_kept() {
    let mut bench = Bench::new(80, 24);
    for who in [CLIENT, CLIENT, Actor::Server] {
        bench.app.performing(who);
    }
    assert_eq!(bench.app.outstanding.get(&CLIENT), Some(&2));
    bench.happened(vec![settled(CLIENT, 1)]);
    assert_eq!(bench.app.outstanding.get(&CLIENT), Some(&1));
    // What was performed before it was counted does no harm.
    bench.happened(vec![settled(CLIENT, 7), settled(Actor::Ports, 1)]);
    assert_eq!(bench.app.outstanding.len(), 1);
    let why = "no worker thread can be started".to_owned();
    bench.app.update(Msg::Undone(Actor::Server, why));
    assert!(bench.app.outstanding.is_empty());
}

#[test]
fn nothing_is_expected_of_a_thread_that_has_failed_nor_of_what_it_served() {
    let mut bench = Bench::new(80, 24);
    let connection = Actor::Connection(ConnectionId(3));
    for who in [CLIENT, Actor::Server, connection] {
        bench.app.performing(who);
    }
    bench.happened(vec![panicked(Actor::Server)]);
    assert_eq!(bench.app.outstanding.keys().collect::<Vec<_>>(), [&CLIENT]);
    bench.happened(vec![panicked(CLIENT)]);
    assert!(bench.app.outstanding.is_empty());
}
