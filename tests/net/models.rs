//! How the three models serve many connections, what a person does to them by hand, and chat between them.

use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use sockyard::model::call::{Ending, Function};
use sockyard::model::{
    Action, Actor, CallRecord, ConnectionId, Errno, Event, Model, Moment, Offer, Outcome,
    ServerAction, Service, ShutdownHow, SocketAction,
};

use crate::flood::noise;
use crate::harness::Harness;
use crate::peer;
use crate::reading::{
    PEEK, RECV_URGENT, connection, count, descriptor, received, records, recv, send_once,
    send_urgent, sent,
};

const SERVER: Actor = Actor::Server;

/// Long enough that what is not held back by it comes long before, short enough to wait for.
const THOUGHT: Duration = Duration::from_millis(300);

fn offer(service: Service, model: Model) -> Offer {
    Offer {
        service,
        model,
        delay: Duration::ZERO,
    }
}

fn thoughtful(model: Model) -> Offer {
    Offer {
        delay: THOUGHT,
        ..offer(Service::Echo, model)
    }
}

/// So many peers, each of which has said its number.
fn speakers(address: SocketAddr, number: u8) -> Vec<TcpStream> {
    (0..number)
        .map(|number| {
            let peer = peer::connect(address);
            peer::send(&peer, &[number]);
            peer
        })
        .collect()
}

/// What was last told of the accept queue.
fn queued(events: &[Event]) -> Option<u32> {
    events.iter().rev().find_map(|event| match event {
        Event::AcceptQueue { waiting, .. } => Some(*waiting),
        _ => None,
    })
}

/// When `function` entered the kernel for `who` for the first time.
#[track_caller]
fn entered(h: &Harness, who: Actor, function: Function) -> Moment {
    records(h.seen(), who)
        .find(|record| record.call.function() == function)
        .unwrap_or_else(|| panic!("{who} calls {function:?}"))
        .entered
}

fn served(events: &[Event]) -> Vec<(u64, Offer)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Serving { connection, offer } => Some((connection.0, *offer)),
            _ => None,
        })
        .collect()
}

// ---- The models apart ----------------------------------------------------------------------------------------------

#[test]
fn serial_serves_one_and_lets_the_others_wait_in_the_queue() {
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Echo, Model::Serial));
    let mut peers = speakers(address, 3);
    h.wait("two in the queue", |events| {
        (queued(events) == Some(2)).then_some(())
    });
    for number in 0..3 {
        let who = connection(number + 1);
        let peer = peers.remove(0);
        assert_eq!(peer::read(&peer, 1), [number as u8]);
        h.blocked(who, Function::Recv);
        // The others wait: they are connected, and nobody has accepted or answered them.
        assert_eq!(
            count(h.seen(), SERVER, Function::Accept),
            number as usize + 1
        );
        for later in &peers {
            later.set_nonblocking(true).expect("a mode");
            let nothing = (&mut &*later).read(&mut [0]).expect_err("no answer");
            assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
            later.set_nonblocking(false).expect("a mode");
        }
        drop(peer);
        h.returned(who, Function::Close);
    }
    for number in 1..3 {
        let next = records(h.seen(), SERVER)
            .filter(|r| r.call.function() == Function::Accept)
            .nth(number as usize)
            .expect("its accept")
            .entered;
        assert!(next >= entered(&h, connection(number), Function::Close));
    }
}

#[test]
fn threads_and_poll_serve_all_at_once() {
    for model in [Model::Threads, Model::Poll] {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        let peers = speakers(address, 3);
        for (number, peer) in (0..3).zip(&peers).rev() {
            assert_eq!(peer::read(peer, 1), [number]);
        }
        for number in 1..=3 {
            h.returned(connection(number), Function::Send);
        }
        assert_eq!(count(h.seen(), SERVER, Function::Accept), 3);
        let closed = (1..=3).filter(|n| count(h.seen(), connection(*n), Function::Close) > 0);
        assert_eq!(closed.count(), 0);
        let offers = [1, 2, 3].map(|number| (number, offer(Service::Echo, model)));
        assert_eq!(served(h.seen()), offers);
    }
}

#[test]
fn the_models_wait_in_different_places() {
    let waits = |events: &[Event]| -> Vec<(Actor, Function)> {
        events
            .iter()
            .filter_map(|event| match event {
                Event::Blocked { who, call, .. } => Some((*who, call.function())),
                _ => None,
            })
            .collect()
    };
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        h.blocked(
            SERVER,
            match model {
                Model::Serial | Model::Threads => Function::Accept,
                Model::Poll => Function::EpollWait,
            },
        );
        let peer = peer::connect(address);
        peer::send(&peer, b"x");
        assert_eq!(peer::read(&peer, 1), b"x");
        h.returned(connection(1), Function::Send);
        match model {
            Model::Serial => h.blocked(connection(1), Function::Recv),
            Model::Threads => {
                h.blocked(connection(1), Function::Recv);
                h.blocked(SERVER, Function::Accept);
            }
            Model::Poll => {
                h.wait("a wait for two sockets", |events| {
                    events
                        .iter()
                        .any(|event| {
                            matches!(event, Event::Blocked { call, .. }
                                if call.to_string() == "epoll_wait(…) for 2 sockets")
                        })
                        .then_some(())
                });
                assert!(!waits(h.seen()).contains(&(connection(1), Function::Recv)));
                assert!(!waits(h.seen()).contains(&(SERVER, Function::Accept)));
            }
        }
        if model == Model::Serial {
            let accepts = |w: &&(Actor, Function)| **w == (SERVER, Function::Accept);
            assert_eq!(waits(h.seen()).iter().filter(accepts).count(), 1);
        }
    }
}

#[test]
fn a_call_that_did_not_wait_took_no_time() {
    // With poll the bytes are there when recv is called, however long ago the last ones were.
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Echo, Model::Poll));
    let peer = peer::connect(address);
    h.returned(SERVER, Function::Accept);
    h.quiet_for_a_moment();
    peer::send(&peer, b"x");
    let record = h.returned(connection(1), Function::Recv);
    assert!(record.took < QUIET, "{record} took {:?}", record.took);
    let _other = peer::connect(address);
    let record = h.returned(SERVER, Function::Accept);
    assert!(record.took < QUIET, "{record} took {:?}", record.took);
}

/// How long nothing happens before something that must not have taken as long.
const QUIET: Duration = Duration::from_millis(400);

impl Harness {
    fn quiet_for_a_moment(&mut self) {
        let end = std::time::Instant::now() + QUIET * 2;
        while self.collect(end) {}
    }
}

#[test]
fn the_model_can_be_changed_while_connections_live() {
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Echo, Model::Poll));
    let mut peers = Vec::new();
    for model in [Model::Poll, Model::Threads, Model::Poll, Model::Serial] {
        h.server(ServerAction::Offer(offer(Service::Echo, model)));
        if model == Model::Serial {
            // With others in its hands a serial server accepts nobody.
            let _ = peers.drain(..).map(drop).count();
            for number in 1..=3 {
                h.returned(connection(number), Function::Close);
            }
        }
        let peer = peer::connect(address);
        peer::send(&peer, b"x");
        assert_eq!(peer::read(&peer, 1), b"x", "{model}");
        peers.push(peer);
        for peer in &peers {
            peer::send(peer, b"still");
            assert_eq!(peer::read(peer, 5), b"still");
        }
    }
    h.returned(connection(4), Function::Send);
    let models: Vec<Model> = (served(h.seen()).into_iter())
        .map(|(_, offer)| offer.model)
        .collect();
    assert_eq!(
        models,
        [Model::Poll, Model::Threads, Model::Poll, Model::Serial]
    );
}

// ---- A delay before each answer ------------------------------------------------------------------------------------

#[test]
fn serial_lets_everybody_wait_while_it_thinks() {
    let mut h = Harness::new();
    let address = h.serve_with(thoughtful(Model::Serial));
    let one = peer::connect(address);
    peer::send(&one, b"1");
    h.returned(connection(1), Function::Recv);
    let two = peer::connect(address);
    peer::send(&two, b"2");
    one.shutdown(Shutdown::Write).expect("an open connection");
    assert_eq!(peer::read_to_end(&one), b"1");
    assert_eq!(peer::read(&two, 1), b"2");
    h.returned(connection(2), Function::Send);
    let answered = entered(&h, connection(1), Function::Send);
    let closed = entered(&h, connection(1), Function::Close);
    let received = entered(&h, connection(2), Function::Recv);
    assert!(answered < closed && closed <= received);
    let thought = answered.since(entered(&h, connection(1), Function::Recv));
    assert!(thought >= THOUGHT, "it thought for {thought:?} alone");
}

#[test]
fn threads_and_poll_think_of_one_and_hear_the_others() {
    for model in [Model::Threads, Model::Poll] {
        let mut h = Harness::new();
        let address = h.serve_with(Offer {
            delay: Duration::from_secs(3600),
            ..offer(Service::Echo, model)
        });
        let slow = peer::connect(address);
        peer::send(&slow, b"x");
        h.returned(connection(1), Function::Recv);
        h.server(ServerAction::Offer(offer(Service::Echo, model)));
        for number in 2..=4 {
            let quick = peer::connect(address);
            peer::send(&quick, b"y");
            assert_eq!(peer::read(&quick, 1), b"y", "{model}");
            h.returned(connection(number), Function::Send);
        }
        assert_eq!(count(h.seen(), connection(1), Function::Send), 0);
        // However long it thinks, stop does not wait for it.
        h.server(ServerAction::Stop);
        h.returned(connection(1), Function::Close);
        assert_eq!(peer::read_to_end(&slow), b"");
    }
}

#[test]
fn all_think_at_the_same_time_where_they_can() {
    for model in [Model::Threads, Model::Poll] {
        let mut h = Harness::new();
        let address = h.serve_with(Offer {
            delay: Duration::from_secs(1),
            ..offer(Service::Echo, model)
        });
        let peers = speakers(address, 5);
        for (number, peer) in (0..).zip(&peers) {
            assert_eq!(peer::read(peer, 1), [number]);
        }
        let mut heard = Vec::new();
        let mut answered = Vec::new();
        for number in 1..=5 {
            h.returned(connection(number), Function::Send);
            heard.push(entered(&h, connection(number), Function::Recv));
            answered.push(entered(&h, connection(number), Function::Send));
        }
        // The last one was heard before the first one was answered.
        assert!(heard.iter().max() < answered.iter().min(), "{model}");
    }
}

#[test]
fn a_connection_by_hand_can_be_closed_while_its_service_thinks() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(Offer {
            delay: Duration::from_secs(3600),
            ..offer(Service::Echo, model)
        });
        let peer = peer::connect(address);
        peer::send(&peer, b"x");
        h.returned(connection(1), Function::Recv);
        let record = h.hand_calls(1, SocketAction::Close);
        assert_eq!(record.outcome, Outcome::Done, "{record}");
        assert_eq!(peer::read_to_end(&peer), b"", "{model}");
        // In serial it is the next one's turn.
        let _next = peer::connect(address);
        h.returned(SERVER, Function::Accept);
    }
}

// ---- By hand -------------------------------------------------------------------------------------------------------

#[test]
fn a_person_answers_on_a_manual_connection_of_each_model() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Manual, model));
        let peer = peer::connect(address);
        let fd = descriptor(&h.returned(SERVER, Function::Accept));
        let who = connection(1);
        h.ready(who, "room to send", |r| r.writable && !r.readable);
        peer::send(&peer, b"ques");
        h.ready(who, "four bytes", |r| r.waiting == 4);
        peer::send(&peer, b"tion");
        h.ready(who, "eight bytes", |r| r.waiting == 8);
        h.hand_calls(1, PEEK);
        h.hand_calls(1, recv(5));
        h.ready(who, "the rest", |r| r.waiting == 3);
        h.hand_calls(1, recv(100));
        h.hand(1, recv(7));
        h.blocked(who, Function::Recv);
        peer::send(&peer, b"!");
        h.returned(who, Function::Recv);
        h.hand_calls(1, send_once(b"answer"));
        h.hand_calls(1, SocketAction::SendAll(b", all of it".to_vec()));
        assert_eq!(peer::read(&peer, 17), b"answer, all of it");
        h.hand_calls(1, SocketAction::Shutdown(ShutdownHow::Write));
        assert_eq!(peer::read_to_end(&peer), b"");
        drop(peer);
        h.ready(who, "the end", |r| {
            r.hung_up && r.readable && r.waiting == 0
        });
        h.hand_calls(1, recv(9));
        h.hand_calls(1, SocketAction::Close);
        assert_eq!(
            h.texts(who),
            [
                format!("recv({fd}, \"question\", 100, MSG_PEEK) = 8"),
                format!("recv({fd}, \"quest\", 5, 0) = 5"),
                format!("recv({fd}, \"ion\", 100, 0) = 3"),
                format!("recv({fd}, \"!\", 7, 0) = 1"),
                format!("send({fd}, \"answer\", 6, 0) = 6"),
                format!("send({fd}, \", all of it\", 11, 0) = 11"),
                format!("shutdown({fd}, SHUT_WR) = 0"),
                format!("recv({fd}, \"\", 9, 0) = 0"),
                format!("close({fd}) = 0"),
            ],
            "{model}"
        );
        assert_eq!(received(h.seen(), who), b"question!");
        let taken_over = |event: &Event| matches!(event, Event::TakenOver(_));
        assert!(
            !h.seen().iter().any(taken_over),
            "nobody had it before the person"
        );
    }
}

#[test]
fn a_manual_connection_can_receive_alone() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Manual, model));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        h.hand(1, SocketAction::ReceiveAlone(Some(4)));
        h.blocked(connection(1), Function::Recv);
        peer::send(&peer, b"12345678");
        h.receives(connection(1), b"12345678");
        assert_eq!(count(h.seen(), connection(1), Function::Recv), 2);
        drop(peer);
        let end = h.wait("the end", |events| {
            records(events, connection(1)).nth(2).cloned()
        });
        assert!(
            matches!(end.outcome, Outcome::Received { count: 0, .. }),
            "{end}"
        );
        // It is closed by a person alone.
        h.hand_calls(1, SocketAction::Close);
    }
}

#[test]
fn a_recv_by_hand_takes_the_connection_over() {
    for model in Model::ALL {
        for action in [recv(3), SocketAction::ReceiveAlone(None)] {
            let mut h = Harness::new();
            let address = h.serve_with(offer(Service::Echo, model));
            let peer = peer::connect(address);
            peer::send(&peer, b"x");
            assert_eq!(peer::read(&peer, 1), b"x");
            h.returned(connection(1), Function::Send);
            if model != Model::Poll {
                h.blocked(connection(1), Function::Recv);
            }
            h.hand(1, action);
            h.wait("the news", |events| {
                events
                    .contains(&Event::TakenOver(ConnectionId(1)))
                    .then_some(())
            });
            h.hand(1, SocketAction::CancelRecv);
            h.hand(1, SocketAction::ReceiveAlone(None));
            peer::send(&peer, b"mine");
            h.ready(connection(1), "unread bytes", |r| r.waiting == 4);
            h.hand_calls(1, recv(10));
            assert_eq!(received(h.seen(), connection(1)), b"xmine");
            assert_eq!(count(h.seen(), connection(1), Function::Send), 1, "{model}");
            let news = h.seen().iter().filter(|e| matches!(e, Event::TakenOver(_)));
            assert_eq!(news.count(), 1);
            drop(peer);
            h.ready(connection(1), "the end", |r| r.hung_up);
            assert_eq!(count(h.seen(), connection(1), Function::Close), 0);
        }
    }
}

#[test]
fn a_look_at_what_comes_leaves_the_connection_to_its_service() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        let peer = peer::connect(address);
        let fd = descriptor(&h.returned(SERVER, Function::Accept));
        let who = connection(1);
        let waits = |h: &mut Harness| {
            if model != Model::Poll {
                h.blocked(who, Function::Recv);
            }
        };
        h.ready(who, "room to send", |r| r.writable);
        waits(&mut h);
        // An urgent byte is never waited for; a look is, and can be given up.
        let record = h.hand_calls(1, RECV_URGENT);
        assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
        waits(&mut h);
        for cancelled in [true, false] {
            h.hand(1, PEEK);
            h.wait("the person's recv", |events| {
                let last = events.iter().rev().find_map(|event| match event {
                    Event::Blocked { who: by, call, .. } if *by == who => Some(call.to_string()),
                    _ => None,
                });
                last.is_some_and(|text| text.contains("MSG_PEEK"))
                    .then_some(())
            });
            if cancelled {
                h.hand_calls(1, SocketAction::CancelRecv);
                waits(&mut h);
            }
        }
        peer::send(&peer, b"seen");
        assert_eq!(peer::read(&peer, 4), b"seen", "{model}");
        h.returned(who, Function::Send);
        waits(&mut h);
        assert_eq!(
            h.texts(who),
            [
                format!("recv({fd}, …, 1, MSG_OOB) = -1 EINVAL"),
                format!("recv({fd}, …, 100, MSG_PEEK) cancelled"),
                format!("recv({fd}, \"seen\", 100, MSG_PEEK) = 4"),
                format!("recv({fd}, \"seen\", 16384, 0) = 4"),
                format!("send({fd}, \"seen\", 4, 0) = 4"),
            ],
            "{model}"
        );
        let news = h.seen().iter().filter(|e| matches!(e, Event::TakenOver(_)));
        assert_eq!(news.count(), 0, "{model}");
    }
}

#[test]
fn an_answer_that_is_being_thought_about_is_given_by_a_service_that_gave_way() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(thoughtful(model));
        let peer = peer::connect(address);
        peer::send(&peer, b"why?");
        let who = connection(1);
        h.returned(who, Function::Recv);
        h.hand(1, recv(10));
        h.blocked(who, Function::Recv);
        assert_eq!(peer::read(&peer, 4), b"why?", "{model}");
        h.returned(who, Function::Send);
        let thought = entered(&h, who, Function::Send).since(entered(&h, who, Function::Recv));
        assert!(thought >= THOUGHT, "{model}: it thought for {thought:?}");
        // It is a person's from then on.
        peer::send(&peer, b"mine");
        h.receives(who, b"why?mine");
        peer::send(&peer, b"unread");
        h.ready(who, "unread bytes", |r| r.waiting == 6);
        assert_eq!(count(h.seen(), who, Function::Send), 1);
    }
}

#[test]
fn a_connection_that_was_shut_down_by_hand_receives_what_still_comes() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Manual, model));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        let who = connection(1);
        h.hand(1, SocketAction::ReceiveAlone(Some(100)));
        h.blocked(who, Function::Recv);
        h.hand_calls(1, SocketAction::Shutdown(ShutdownHow::Read));
        let record = h.returned(who, Function::Recv);
        let ending = |record: &CallRecord| match record.outcome {
            Outcome::Received { ending, .. } => ending,
            _ => panic!("{record}"),
        };
        assert_eq!(ending(&record), Ending::OwnShutdown, "{model}");
        h.quiet(Duration::from_millis(100));
        peer::send(&peer, b"late");
        h.receives(who, b"late");
        h.quiet(Duration::from_millis(100));
        assert_eq!(count(h.seen(), who, Function::Recv), 2, "{model}");
        h.hand_calls(1, SocketAction::Close);
    }
}

#[test]
fn other_orders_leave_the_connection_to_its_service() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        let peer = peer::connect(address);
        peer::send(&peer, b"1");
        assert_eq!(peer::read(&peer, 1), b"1");
        h.returned(connection(1), Function::Send);
        h.hand_calls(1, send_once(b"by the way"));
        assert_eq!(peer::read(&peer, 10), b"by the way");
        h.hand_calls(1, send_urgent(b"!"));
        peer::send(&peer, b"2");
        assert_eq!(peer::read(&peer, 1), b"2");
        // What a person's calls do without waiting is no business of the service.
        h.hand(1, SocketAction::Blocking(false));
        h.hand(1, SocketAction::SendAll(vec![b'x'; 32 << 20]));
        h.wait("EAGAIN", |events| {
            records(events, connection(1))
                .any(|r| r.outcome == Outcome::Failed(Errno::EAGAIN))
                .then_some(())
        });
        let taken = sent(h.seen(), connection(1)) - 13;
        assert!(peer::read(&peer, taken).iter().all(|b| *b == b'x'));
        peer::send(&peer, b"3");
        assert_eq!(peer::read(&peer, 1), b"3");
        let news = h.seen().iter().filter(|e| matches!(e, Event::TakenOver(_)));
        assert_eq!(news.count(), 0);
    }
}

#[test]
fn a_service_answers_to_the_end_even_where_a_person_does_not_wait() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        h.hand(1, SocketAction::Blocking(false));
        let message = noise(16 << 20);
        let (reader, sending) = (peer.try_clone().expect("a descriptor"), message.clone());
        let writing = peer::beside(move || {
            peer::send(&peer, &sending);
            peer.shutdown(Shutdown::Write).expect("an open connection");
        });
        h.blocked(connection(1), Function::Send);
        let reading = peer::beside(move || peer::read_to_end(&reader));
        h.returned(connection(1), Function::Close);
        writing.join().expect("the writer does not fail");
        assert!(reading.join().expect("the reader does not fail") == message);
    }
}

#[test]
fn a_reset_by_hand_reaches_the_peer() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        h.hand(1, SocketAction::Reset);
        h.returned(connection(1), Function::Close);
        let error = (&mut &peer).read(&mut [0]).expect_err("a reset");
        assert_eq!(error.raw_os_error(), Some(Errno::ECONNRESET.0), "{model}");
    }
}

#[test]
fn a_connection_can_be_reached_as_soon_as_its_accept_is_told() {
    for model in [Model::Threads, Model::Poll] {
        // Without room in the channel the server is about to go on just when this hears of the accept.
        let mut h = Harness::with_capacity(0);
        let address = h.serve_with(offer(Service::Manual, model));
        let peers: Vec<TcpStream> = (0..100).map(|_| peer::connect(address)).collect();
        for number in 1..=peers.len() as u64 {
            h.returned(SERVER, Function::Accept);
            h.hand(number, SocketAction::Close);
        }
        for number in 1..=peers.len() as u64 {
            h.returned(connection(number), Function::Close);
        }
    }
}

#[test]
fn an_order_to_a_closed_connection_is_an_error() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Close, model));
        assert_eq!(peer::read_to_end(&peer::connect(address)), b"");
        h.returned(connection(1), Function::Close);
        // It is told as long as the connection leaves, and an error once it has left.
        let end = std::time::Instant::now() + crate::harness::LIMIT;
        let error = loop {
            let order = Action::Connection(ConnectionId(1), send_once(b"late"));
            match h.perform(order) {
                Ok(()) => assert!(std::time::Instant::now() < end, "it never leaves"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
    let mut h = Harness::new();
    let order = Action::Connection(ConnectionId(1), SocketAction::Close);
    let error = h.perform(order).expect_err("there never was one");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn orders_behind_a_close_are_answered() {
    for model in Model::ALL {
        // Without room in the channel the owner is held until both orders are there.
        let mut h = Harness::with_capacity(0);
        let address = h.serve_with(offer(Service::Manual, model));
        let _peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        h.ready(connection(1), "room to send", |r| r.writable);
        h.hand(1, SocketAction::Get(sockyard::model::SocketOption::NoDelay));
        h.hand(1, SocketAction::Close);
        let late = h.perform(Action::Connection(ConnectionId(1), send_once(b"late")));
        if late.is_ok() {
            h.wait("an answer", |events| {
                events
                    .iter()
                    .any(|event| match event {
                        Event::Trouble { message, .. } => message.contains("before"),
                        Event::Returned(CallRecord { outcome, .. }) => {
                            *outcome == Outcome::Failed(Errno::EBADF)
                        }
                        _ => false,
                    })
                    .then_some(())
            });
        }
    }
}

#[test]
fn stop_ends_everything_that_is_under_way() {
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Echo, Model::Poll));
    let mut peers = Vec::new();
    // For both: one that thinks, one that waits for room to send, one that a person has, and a chat.
    for model in [Model::Poll, Model::Threads] {
        for service in [Service::Echo, Service::Manual, Service::Chat, Service::Http] {
            h.server(ServerAction::Offer(Offer {
                delay: Duration::from_secs(3600),
                ..offer(service, model)
            }));
            let peer = peer::connect(address);
            peer::send(&peer, b"GET / HTTP/1.1\r\n");
            h.returned(SERVER, Function::Accept);
            peers.push(peer);
        }
        h.server(ServerAction::Offer(offer(Service::Echo, model)));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        let number = peers.len() as u64 + 1;
        h.hand(number, SocketAction::SendAll(vec![b'x'; 32 << 20]));
        h.blocked(connection(number), Function::Send);
        peers.push(peer);
    }
    h.hand(2, recv(1));
    h.server(ServerAction::Accept);
    h.server(ServerAction::Stop);
    for number in 1..=peers.len() as u64 {
        h.wait("its close", |events| {
            (count(events, connection(number), Function::Close) == 1).then_some(())
        });
    }
    for peer in &mut peers {
        // Unread bytes make it a reset.
        let mut rest = Vec::new();
        let _ = peer.read_to_end(&mut rest);
    }
    assert_eq!(h.functions_of(SERVER).last(), Some(&Function::Close));
    let panics = |event: &Event| matches!(event, Event::Panicked { .. });
    assert!(!h.seen().iter().any(panics));
}

// ---- Many and much -------------------------------------------------------------------------------------------------

#[test]
fn a_flood_comes_back_unchanged_from_each_model() {
    const LENGTH: usize = 16 << 20;
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        let message = noise(LENGTH);
        let peer = peer::connect(address);
        let (reader, sending) = (peer.try_clone().expect("a descriptor"), message.clone());
        let writing = peer::beside(move || {
            peer::send(&peer, &sending);
            peer.shutdown(Shutdown::Write).expect("an open connection");
        });
        let reading = peer::beside(move || peer::read_to_end(&reader));
        h.returned(connection(1), Function::Close);
        writing.join().expect("the writer does not fail");
        let back = reading.join().expect("the reader does not fail");
        assert_eq!(back.len(), LENGTH);
        assert!(back == message, "{model}: other bytes");
        assert!(
            received(h.seen(), connection(1)) == message,
            "{model}: other bytes were reported"
        );
    }
}

#[test]
fn one_flood_does_not_keep_poll_from_the_others() {
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Discard, Model::Poll));
    let flood = peer::connect(address);
    let flooding = peer::beside(move || {
        use std::io::Write;
        let mut flood = &flood;
        while flood.write_all(&[b'x'; 16 << 10]).is_ok() {}
    });
    h.wait("the flood", |events| {
        (count(events, connection(1), Function::Recv) > 100).then_some(())
    });
    h.server(ServerAction::Offer(offer(Service::Echo, Model::Poll)));
    let other = peer::connect(address);
    peer::send(&other, b"me too");
    h.wait("the other's answer", |events| {
        (count(events, connection(2), Function::Send) == 1).then_some(())
    });
    assert_eq!(peer::read(&other, 6), b"me too");
    h.server(ServerAction::Stop);
    h.returned(SERVER, Function::Close);
    h.wait("its end", |events| {
        (count(events, connection(1), Function::Close) == 1).then_some(())
    });
    flooding.join().expect("the peer does not fail");
}

#[test]
fn poll_serves_a_thousand() {
    const MANY: usize = 1_000;
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Echo, Model::Poll));
    // A short queue, so that they come in small groups.
    let mut peers = Vec::new();
    while peers.len() < MANY {
        for _ in 0..100 {
            peers.push(peer::connect(address));
        }
        h.wait("their accepts", |events| {
            (count(events, SERVER, Function::Accept) == peers.len()).then_some(())
        });
    }
    for (number, peer) in peers.iter().enumerate().rev() {
        peer::send(peer, &number.to_ne_bytes());
    }
    // The server waits for whoever collects its reports: that comes first.
    let of_connections = |events: &[Event], function| {
        let own = events.iter().filter(|event| {
            matches!(event, Event::Returned(record)
                if record.who != SERVER && record.call.function() == function)
        });
        own.count()
    };
    h.wait("a thousand answers", |events| {
        (of_connections(events, Function::Send) == MANY).then_some(())
    });
    for (number, peer) in peers.iter().enumerate() {
        assert_eq!(peer::read(peer, 8), number.to_ne_bytes());
    }
    h.hand_calls(777, SocketAction::Close);
    assert_eq!(peer::read_to_end(&peers[776]), b"");
    h.server(ServerAction::Stop);
    h.wait("a thousand closes", |events| {
        (of_connections(events, Function::Close) == MANY).then_some(())
    });
    for peer in &peers {
        assert_eq!(peer::read_to_end(peer), b"");
    }
}

// ---- Chat ----------------------------------------------------------------------------------------------------------

#[test]
fn chat_reaches_everyone_else_in_whatever_model_they_are_served() {
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Chat, Model::Threads));
    let mut peers = Vec::new();
    for model in [Model::Threads, Model::Poll, Model::Threads, Model::Poll] {
        h.server(ServerAction::Offer(offer(Service::Chat, model)));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        peers.push(peer);
    }
    // And one that is served with something else hears nothing.
    h.server(ServerAction::Offer(offer(Service::Echo, Model::Poll)));
    let other = peer::connect(address);
    h.returned(SERVER, Function::Accept);
    for (speaker, peer) in peers.iter().enumerate() {
        let said = format!("I am number {speaker}\n");
        peer::send(peer, said.as_bytes());
        for (listener, peer) in peers.iter().enumerate() {
            if listener != speaker {
                assert_eq!(peer::read(peer, said.len()), said.as_bytes());
            }
        }
    }
    peer::send(&other, b"echo");
    assert_eq!(peer::read(&other, 4), b"echo");
    // Who has left is not missed.
    drop(peers.remove(0));
    h.returned(connection(1), Function::Close);
    peer::send(&peers[0], b"anybody?");
    for peer in &peers[1..] {
        assert_eq!(peer::read(peer, 8), b"anybody?");
    }
    drop(other);
}

#[test]
fn a_chat_peer_that_never_reads_is_bounded_and_told() {
    /// More than all buffers on the way to the deaf one hold.
    const SAID: usize = 16 << 20;
    /// What may wait for it in the server: in its box, and on its way to the kernel.
    const WAITING: usize = 512 << 10;
    for model in [Model::Threads, Model::Poll] {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Chat, model));
        let deaf = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        let speaker = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        let speaking = peer::beside(move || {
            peer::send(&speaker, &noise(SAID));
            speaker
        });
        let speaker = h.wait_for_thread(speaking);
        h.wait("all that was said", |events| {
            (received(events, connection(2)).len() == SAID).then_some(())
        });
        h.server(ServerAction::Stop);
        for number in 1..=2 {
            h.wait("its close", |events| {
                (count(events, connection(number), Function::Close) == 1).then_some(())
            });
        }
        let troubles: Vec<&str> = (h.seen().iter())
            .filter_map(|event| match event {
                Event::Trouble { who, message, .. } if *who == connection(1) => Some(&message[..]),
                _ => None,
            })
            .collect();
        assert!(troubles[0].contains("receives too slowly"), "{troubles:?}");
        assert!(troubles.len() < 100, "one for each message is too many");
        let lost: usize = (troubles.iter())
            .filter_map(|message| message.split_once(" bytes of chat were not passed on"))
            .map(|(number, _)| number.parse::<usize>().expect("a number"))
            .sum();
        // Every byte was sent, or is told to be lost, or waited when it all ended.
        let known = sent(h.seen(), connection(1)) + lost;
        assert!(known <= SAID, "{known} of {SAID}");
        assert!(known + WAITING >= SAID, "{known} of {SAID}");
        drop((deaf, speaker));
    }
}

impl Harness {
    /// Collects while `thread` runs: a worker may wait for room in the channel.
    fn wait_for_thread<T>(&mut self, thread: std::thread::JoinHandle<T>) -> T {
        let end = std::time::Instant::now() + crate::harness::LIMIT;
        while !thread.is_finished() {
            assert!(std::time::Instant::now() < end, "the thread never ends");
            self.collect(std::time::Instant::now() + Duration::from_millis(10));
        }
        thread.join().expect("the thread does not fail")
    }
}

// ---- Other services ------------------------------------------------------------------------------------------------

#[test]
fn each_service_talks_the_same_in_every_model() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Echo, model));
        for (service, said, answer) in [
            (Service::EchoOnce, &b"once"[..], &b"once"[..]),
            (Service::Ok, b"data", b"OK...data"),
            (Service::Hello, b"ning", b"WelcomeHello,ning!"),
            (Service::Close, b"", b""),
            (Service::Discard, b"anything", b""),
        ] {
            h.server(ServerAction::Offer(offer(service, model)));
            let peer = peer::connect(address);
            h.returned(SERVER, Function::Accept);
            if !said.is_empty() {
                peer::send(&peer, said);
            }
            let back = peer::read(&peer, answer.len());
            assert_eq!(back, answer, "{service}, {model}");
            let _ = peer.shutdown(Shutdown::Write);
            assert_eq!(peer::read_to_end(&peer), b"", "{service}, {model}");
        }
        h.server(ServerAction::Offer(offer(Service::Daytime, model)));
        let told = peer::read_to_end(&peer::connect(address));
        assert!(told.ends_with(b"\r\n") && told.len() > 20, "{told:?}");
    }
}

#[test]
fn http_serves_several_requests_on_one_connection() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Http, model));
        let mut peer = peer::connect(address);
        for _ in 0..2 {
            peer::send(&peer, b"GET / HTTP/1.1\r\nHo");
            h.returned(connection(1), Function::Recv);
            peer::send(&peer, b"st: test\r\n\r\n");
            let head = read_head(&mut peer);
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")
                        .map(str::to_owned)
                })
                .expect("a length")
                .parse()
                .expect("a number");
            let page = peer::read(&peer, length);
            assert!(!page.is_empty());
            h.returned(connection(1), Function::Send);
        }
        peer::send(
            &peer,
            b"GET /no-such-page HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n",
        );
        let rest = peer::read_to_end(&peer);
        assert!(rest.starts_with(b"HTTP/1.1 404 "), "{model}");
        h.returned(connection(1), Function::Close);
    }
}

#[test]
fn http_says_its_last_words_to_a_peer_that_still_sends() {
    /// Within what is received for nobody, and far beyond it.
    const LENGTHS: [usize; 2] = [100 << 10, 8 << 20];
    for model in Model::ALL {
        for length in LENGTHS {
            let mut h = Harness::new();
            let address = h.serve_with(offer(Service::Http, model));
            let peer = peer::connect(address);
            let sending = peer.try_clone().expect("a descriptor");
            // In one piece, so that much of it waits unread when the first line is answered.
            let said = [b"nonsense\r\n", &noise(length)[..]].concat();
            let writing = peer::beside(move || {
                use std::io::Write;
                let sent = (&mut &sending).write_all(&said);
                // It is not said that the server receives all of it.
                let _ = sending.shutdown(Shutdown::Write);
                sent
            });
            let answer = peer::read_to_end(&peer);
            assert!(
                answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"),
                "{model}"
            );
            let sent = h.wait_for_thread(writing);
            let record = h.returned(connection(1), Function::Shutdown);
            assert_eq!(record.outcome, Outcome::Done, "{record}");
            h.returned(connection(1), Function::Close);
            if length == LENGTHS[0] {
                sent.expect("no reset");
                let error = peer.take_error().expect("an open descriptor");
                assert!(error.is_none(), "{model}: {error:?}");
                // Received to the peer's end, so that the kernel has no reason to reset.
                let total = received(h.seen(), connection(1)).len();
                assert_eq!(total, length + 10, "{model}");
            }
        }
    }
}

/// The bytes up to the empty line.
fn read_head(peer: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(peer::read(peer, 1));
    }
    String::from_utf8(head).expect("a head is text")
}
