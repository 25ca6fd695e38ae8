//! Socket options: set and asked for on a client, on the listening socket and on accepted connections.

use std::time::Duration;

use sockyard::model::call::Function;
use sockyard::model::option::ValueKind;
use sockyard::model::{
    ClientAction, Errno, Family, Model, Offer, OptionSetting, OptionValue, Outcome, ServerAction,
    Service, SocketAction, SocketKind, SocketOption,
};

use crate::harness::Harness;
use crate::peer;
use crate::reading::{CLIENT, connection, descriptor, send_once};

fn set(option: SocketOption, value: OptionValue) -> SocketAction {
    SocketAction::Set(OptionSetting::Value(option, value))
}

/// Gets `option` of the first client.
#[track_caller]
fn get(h: &mut Harness, option: SocketOption) -> Outcome {
    h.does(SocketAction::Get(option)).outcome
}

/// Values that differ from what a new socket has.
fn values(option: SocketOption) -> Vec<OptionValue> {
    match option.kind() {
        ValueKind::Flag => vec![OptionValue::Flag(true), OptionValue::Flag(false)],
        ValueKind::Number => vec![OptionValue::Number(7)],
        ValueKind::Linger => vec![
            OptionValue::Linger(Some(Duration::from_secs(3))),
            OptionValue::Linger(Some(Duration::ZERO)),
            OptionValue::Linger(None),
        ],
    }
}

#[test]
fn what_is_set_is_what_is_asked_for() {
    for (family, kind) in [
        (Family::Inet, SocketKind::Stream),
        (Family::Inet, SocketKind::Datagram),
        (Family::Inet6, SocketKind::Datagram),
    ] {
        let mut h = Harness::new();
        let opened = h.calls(ClientAction::Socket(family, kind));
        if opened.outcome == Outcome::Failed(Errno::EAFNOSUPPORT) {
            eprintln!("skipped: no {family} here");
            continue;
        }
        for option in SocketOption::ALL {
            let first = get(&mut h, option);
            if option == SocketOption::NoDelay && kind == SocketKind::Datagram {
                // The lesson of a layer that does not know the other's options.
                // IPv4 and IPv6 of Linux say it with different words.
                assert!(
                    matches!(
                        first,
                        Outcome::Failed(Errno::EOPNOTSUPP | Errno::ENOPROTOOPT)
                    ),
                    "{first:?}"
                );
                let record = h.does(set(option, OptionValue::Flag(true)));
                assert_eq!(record.outcome, Outcome::Failed(Errno::ENOPROTOOPT));
                continue;
            }
            assert!(matches!(first, Outcome::Value(_)), "{option}: {first:?}");
            for value in values(option) {
                if option == SocketOption::MulticastTtl && kind == SocketKind::Stream {
                    let record = h.does(set(option, value));
                    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
                    continue;
                }
                let record = h.does(set(option, value));
                assert_eq!(record.outcome, Outcome::Done, "{record}");
                let found = get(&mut h, option);
                match option {
                    SocketOption::ReceiveBuffer | SocketOption::SendBuffer => {
                        let Outcome::Value(OptionValue::Number(bytes)) = found else {
                            panic!("{found:?}");
                        };
                        assert!(bytes > 1_000, "the least that Linux grants: {bytes}");
                    }
                    _ => assert_eq!(found, Outcome::Value(value), "{option} of {family} {kind}"),
                }
            }
        }
    }
}

#[test]
fn linux_doubles_a_buffer() {
    let mut h = Harness::new();
    let fd = descriptor(&h.calls(ClientAction::Socket(Family::Inet, SocketKind::Stream)));
    for option in [SocketOption::ReceiveBuffer, SocketOption::SendBuffer] {
        let record = h.does(set(option, OptionValue::Number(8_192)));
        assert_eq!(
            record.to_string(),
            format!("setsockopt({fd}, SOL_SOCKET, {option}, 8192) = 0")
        );
        let record = h.does(SocketAction::Get(option));
        assert_eq!(
            record.outcome,
            Outcome::Value(OptionValue::Number(16_384)),
            "{record}"
        );
        assert_eq!(
            record.to_string(),
            format!("getsockopt({fd}, SOL_SOCKET, {option}, 16384) = 0")
        );
    }
}

#[test]
fn a_value_that_cannot_be_fails() {
    let mut h = Harness::new();
    h.calls(ClientAction::Socket(Family::Inet, SocketKind::Datagram));
    let record = h.does(set(SocketOption::MulticastTtl, OptionValue::Number(256)));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
}

#[test]
fn options_of_the_listening_socket_and_of_connections_of_each_model() {
    let mut h = Harness::new();
    for (number, model) in (1..).zip(Model::ALL) {
        let address = h.serve_with(Offer {
            service: Service::Echo,
            model,
            delay: Duration::ZERO,
        });
        let get = ServerAction::On(SocketAction::Get(SocketOption::ReuseAddress));
        let record = h.server_calls(get);
        assert_eq!(record.outcome, Outcome::Value(OptionValue::Flag(true)));
        let peer = peer::connect(address);
        peer::send(&peer, b"x");
        assert_eq!(peer::read(&peer, 1), b"x");
        let fd = descriptor(&h.returned(sockyard::model::Actor::Server, Function::Accept));
        h.returned(connection(number), Function::Send);
        let record = h.hand_calls(number, set(SocketOption::NoDelay, OptionValue::Flag(true)));
        assert_eq!(
            record.to_string(),
            format!("setsockopt({fd}, SOL_TCP, TCP_NODELAY, 1) = 0"),
            "{model}"
        );
        let record = h.hand_calls(number, SocketAction::Get(SocketOption::NoDelay));
        assert_eq!(record.outcome, Outcome::Value(OptionValue::Flag(true)));
        let record = h.hand_calls(number, SocketAction::Get(SocketOption::KeepAlive));
        assert_eq!(record.outcome, Outcome::Value(OptionValue::Flag(false)));
        // The service goes on as if nothing had happened.
        peer::send(&peer, b"y");
        assert_eq!(peer::read(&peer, 1), b"y");
    }
}

#[test]
fn a_failed_option_says_nothing_about_the_connection() {
    let (listener, address) = peer::listener();
    let mut h = Harness::new();
    h.connected(address);
    let peer = peer::accept(&listener);
    let join = OptionSetting::Join(
        "10.0.0.1".parse().expect("an address"),
        sockyard::model::Interface::Any,
    );
    let record = h.does(SocketAction::Set(join));
    assert!(record.outcome.is_failure(), "{record}");
    let record = h.does(send_once(b"fine"));
    assert_eq!(record.outcome, Outcome::Sent(4), "{record}");
    assert_eq!(peer::read(&peer, 4), b"fine");
    assert_eq!(CLIENT, record.who);
}
