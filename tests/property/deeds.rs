//! Every deed is a line, and the line is the deed.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use sockyard::app::bytes::Mode;
use sockyard::app::calls::Filter;
use sockyard::app::control::Pane;
use sockyard::app::plan::Steps;
use sockyard::app::saving::What;
use sockyard::app::script::Script;
use sockyard::app::words::{Crowd, Deed, View, parse};
use sockyard::model::message::made_up;
use sockyard::model::option::ValueKind;
use sockyard::model::{
    Action, Actor, Address, ClientAction, ClientId, ConnectionId, Family, Interface, Model, Offer,
    OptionSetting, OptionValue, PortRange, PortsAction, RecvFlags, ServerAction, ServerSetup,
    Service, ShutdownHow, SocketAction, SocketKind, SocketOption, Target,
};

fn client() -> impl Strategy<Value = ClientId> {
    (1..=ClientId::LAST.0).prop_map(ClientId)
}

fn connection() -> impl Strategy<Value = ConnectionId> {
    (1..=u64::MAX).prop_map(ConnectionId)
}

fn owner() -> impl Strategy<Value = Actor> {
    prop_oneof![
        client().prop_map(Actor::Client),
        Just(Actor::Server),
        connection().prop_map(Actor::Connection),
    ]
}

/// A host as a person may give it: with blanks, quotes and signs too, for the resolver has the last word.
fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("127.0.0.1".to_owned()),
        Just("::1".to_owned()),
        Just("localhost".to_owned()),
        // What is in brackets, or has a port behind it, is taken apart.
        "[^\\[\\]:\\x00]{1,20}",
    ]
}

fn port() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u16>().prop_map(|p| p.to_string()),
        Just("http".to_owned())
    ]
}

fn address() -> impl Strategy<Value = Address> {
    (host(), port()).prop_map(|(host, port)| Address { host, port })
}

fn kind() -> impl Strategy<Value = SocketKind> {
    select(&SocketKind::ALL[..])
}

fn family() -> impl Strategy<Value = Family> {
    select(&[Family::Inet, Family::Inet6][..])
}

fn target() -> impl Strategy<Value = Target> {
    (address(), proptest::option::of(family()), kind()).prop_map(|(address, family, kind)| Target {
        address,
        family,
        kind,
    })
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        ".{0,20}".prop_map(String::into_bytes),
        (0..5_000usize).prop_map(made_up),
    ]
}

fn offer() -> impl Strategy<Value = Offer> {
    let millis = 0..=600_000u64;
    (select(&Service::ALL[..]), select(&Model::ALL[..]), millis).prop_map(
        |(service, model, millis)| Offer {
            service,
            model,
            delay: Duration::from_millis(millis),
        },
    )
}

fn interface(inet6: bool) -> BoxedStrategy<Interface> {
    let index = any::<u32>().prop_map(Interface::Index);
    let four = any::<std::net::Ipv4Addr>().prop_map(Interface::Address);
    if inet6 {
        prop_oneof![Just(Interface::Any), index].boxed()
    } else {
        prop_oneof![Just(Interface::Any), index, four].boxed()
    }
}

fn membership() -> impl Strategy<Value = (IpAddr, Interface)> {
    any::<IpAddr>().prop_flat_map(|group| (Just(group), interface(group.is_ipv6())))
}

fn setting() -> impl Strategy<Value = OptionSetting> {
    let value = select(&SocketOption::ALL[..]).prop_flat_map(|option| {
        let value = match option.kind() {
            ValueKind::Flag => any::<bool>().prop_map(OptionValue::Flag).boxed(),
            ValueKind::Number => (0..=i32::MAX as u32).prop_map(OptionValue::Number).boxed(),
            ValueKind::Linger => proptest::option::of(0..=60u64)
                .prop_map(|time| OptionValue::Linger(time.map(Duration::from_secs)))
                .boxed(),
        };
        value.prop_map(move |value| OptionSetting::Value(option, value))
    });
    prop_oneof![
        value,
        membership().prop_map(|(group, interface)| OptionSetting::Join(group, interface)),
        membership().prop_map(|(group, interface)| OptionSetting::Leave(group, interface)),
        interface(false).prop_map(OptionSetting::MulticastInterface),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    0..=SocketAction::LARGEST_RECV
}

/// What every socket can do.
fn on_socket() -> impl Strategy<Value = SocketAction> {
    let flags =
        (any::<bool>(), any::<bool>()).prop_map(|(urgent, peek)| RecvFlags { urgent, peek });
    prop_oneof![
        (message(), any::<bool>()).prop_map(|(bytes, urgent)| SocketAction::Send { bytes, urgent }),
        message().prop_map(SocketAction::SendAll),
        (size(), flags).prop_map(|(size, flags)| SocketAction::Recv { size, flags }),
        proptest::option::of(size()).prop_map(SocketAction::ReceiveAlone),
        select(&ShutdownHow::ALL[..]).prop_map(SocketAction::Shutdown),
        Just(SocketAction::Close),
        Just(SocketAction::Reset),
        setting().prop_map(SocketAction::Set),
        select(&SocketOption::ALL[..]).prop_map(SocketAction::Get),
        any::<bool>().prop_map(SocketAction::Blocking),
        Just(SocketAction::CancelSend),
        Just(SocketAction::CancelRecv),
    ]
}

fn local() -> impl Strategy<Value = SocketAddr> {
    (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

fn client_action() -> impl Strategy<Value = ClientAction> {
    prop_oneof![
        target().prop_map(ClientAction::Resolve),
        (family(), kind()).prop_map(|(family, kind)| ClientAction::Socket(family, kind)),
        target().prop_map(ClientAction::Connect),
        (target(), message()).prop_map(|(target, bytes)| ClientAction::SendTo(target, bytes)),
        Just(ClientAction::CancelConnect),
        local().prop_map(|to| ClientAction::On(SocketAction::Bind(to))),
        on_socket().prop_map(ClientAction::On),
        Just(ClientAction::End),
    ]
}

fn server_action() -> impl Strategy<Value = ServerAction> {
    let setup = (host(), any::<u16>(), kind(), any::<i32>(), offer()).prop_map(
        |(host, port, kind, backlog, offer)| ServerSetup {
            host,
            port,
            kind,
            backlog,
            offer,
        },
    );
    prop_oneof![
        setup.prop_map(ServerAction::Start),
        offer().prop_map(ServerAction::Offer),
        Just(ServerAction::Stop),
        (family(), kind()).prop_map(|(family, kind)| ServerAction::Socket(family, kind)),
        address().prop_map(ServerAction::Bind),
        any::<i32>().prop_map(ServerAction::Listen),
        Just(ServerAction::Accept),
        any::<bool>().prop_map(ServerAction::AcceptAlone),
        Just(ServerAction::CancelAccept),
        (local(), message())
            .prop_map(|(to, bytes)| ServerAction::On(SocketAction::SendTo(to, bytes))),
        on_socket().prop_map(ServerAction::On),
    ]
}

fn range() -> impl Strategy<Value = PortRange> {
    (host(), any::<u16>(), 0..1_024u16, 1..=60_000u64).prop_map(|(host, first, more, millis)| {
        PortRange {
            host,
            first,
            last: first.saturating_add(more),
            patience: Duration::from_millis(millis),
        }
    })
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (client(), client_action()).prop_map(|(id, action)| Action::Client(id, action)),
        4 => server_action().prop_map(Action::Server),
        3 => (connection(), on_socket()).prop_map(|(id, action)| Action::Connection(id, action)),
        1 => range().prop_map(|range| Action::Ports(PortsAction::Try(range))),
        1 => Just(Action::Ports(PortsAction::Cancel)),
    ]
}

fn path() -> impl Strategy<Value = PathBuf> {
    "[^\\x00]{1,30}".prop_map(PathBuf::from)
}

fn view() -> impl Strategy<Value = View> {
    let panes = [
        Pane::Client,
        Pane::Server,
        Pane::Calls,
        Pane::Sessions,
        Pane::Ports,
    ];
    let filter = prop_oneof![
        Just(Filter::All),
        Just(Filter::Client),
        Just(Filter::Server),
        Just(Filter::Ports),
        client().prop_map(Filter::Session),
        connection().prop_map(Filter::Connection),
    ];
    prop_oneof![
        select(panes.to_vec()).prop_map(View::Pane),
        client().prop_map(View::Client),
        connection().prop_map(View::Connection),
        (owner(), select(&Mode::ALL[..])).prop_map(|(who, mode)| View::Mode(who, mode)),
        filter.prop_map(View::Calls),
        any::<bool>().prop_map(View::Zoom),
        Just(View::Script),
    ]
}

/// Every deed that a line can say.
pub fn deed() -> impl Strategy<Value = Deed> {
    let what = select(vec![What::Whole, What::Body]);
    let crowd = (
        1..=1_000usize,
        address(),
        proptest::option::of(family()),
        select(&Steps::ALL[..]),
        message(),
    );
    let crowd = crowd.prop_map(|(count, address, family, steps, message)| {
        let target = Target {
            address,
            family,
            kind: SocketKind::Stream,
        };
        Deed::Crowd(Crowd {
            count,
            target,
            steps,
            message,
        })
    });
    let save = (owner(), what, path(), any::<bool>());
    let name = "[^\\x00]{1,12}";
    prop_oneof![
        20 => action().prop_map(Deed::Act),
        1 => owner().prop_map(Deed::AllOptions),
        1 => range().prop_map(Deed::TryAllowed),
        1 => client().prop_map(Deed::Open),
        1 => (client(), proptest::option::of(name)).prop_map(|(id, name)| Deed::Name(id, name)),
        1 => crowd,
        1 => Just(Deed::Dismiss),
        1 => save.prop_map(|(who, what, path, replace)| Deed::Save { who, what, path, replace }),
        1 => owner().prop_map(Deed::StopSaving),
        1 => (path(), any::<bool>()).prop_map(|(path, replace)| Deed::SaveScript { path, replace }),
        2 => view().prop_map(Deed::View),
        1 => path().prop_map(Deed::Play),
        1 => Just(Deed::Help),
        1 => Just(Deed::Quit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_line_of_a_deed_says_that_deed(deed in deed()) {
        let line = deed.to_string();
        prop_assert!(!line.contains(['\n', '\r', '\x1b']), "{line:?}");
        let read = parse(&line).map_err(|wrong| format!("{line}: {wrong}"));
        prop_assert_eq!(read, Ok(Some(deed)), "{}", line);
    }

    #[test]
    fn the_line_of_a_deed_is_a_step_of_a_script(deed in deed()) {
        let line = deed.to_string();
        let script = Script::read("a", &format!("let x 1\n{line}"));
        match deed {
            // A script is not at the playground, and ends by itself.
            Deed::Help | Deed::Quit | Deed::Play(_) => prop_assert!(script.is_err(), "{}", line),
            _ => {
                let steps = script.map(|script| script.steps.into_iter().map(|step| step.text));
                let steps = steps.map(Iterator::collect::<Vec<String>>);
                prop_assert_eq!(steps, Ok(vec!["let x 1".to_owned(), line]));
            }
        }
    }
}
