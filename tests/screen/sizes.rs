//! Every pane and everything above them at every size: nothing panics, nothing runs over the edge, and what can be
//! pressed can be seen and clicked.

use std::time::Duration;

use sockyard::app::ask::{About, Prompt, Question};
use sockyard::app::command_line::{CommandLine, Face};
use sockyard::app::control::{Button, Bytes, Choice, Control, Input, Pane};
use sockyard::app::menu::{Menu, MenuKind};
use sockyard::app::plan::Steps;
use sockyard::app::{App, Arrangement, Overlay, Spot};
use sockyard::model::{
    Call, Errno, Event, Fd, Moment, Outcome, PortEvent, PortRange, PortVerdict, SocketKind,
};
use sockyard::ui::theme::{Charset, Palette, Theme};
use unicode_width::UnicodeWidthStr;

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, UDP_SOCKET, client, connection, loopback, send,
};

/// States that have something in every pane.
fn states() -> Vec<(&'static str, App)> {
    let of = |prepare: fn(&mut Bench)| {
        let mut bench = Bench::new(120, 36);
        prepare(&mut bench);
        bench.app
    };
    vec![
        ("fresh", of(|_| {})),
        (
            "echo",
            of(|bench| {
                bench.echo_session();
                bench.keys("<esc>");
                bench.happened(vec![Event::AcceptQueue {
                    waiting: 200,
                    backlog: 128,
                    dropped: 0,
                }]);
            }),
        ),
        (
            "many",
            of(|bench| {
                bench.server_listens();
                bench.keys("1onsomebody with a long name<enter>");
                for _ in 0..30 {
                    bench.keys("1+");
                }
                bench.app.sessions.steps = Steps::Visit;
                bench.keys("4w");
                for id in 1..=40 {
                    bench.connects(client(id), 100 + id as i32, 40_000);
                    bench.accepted(u64::from(id) + 9_990, 200 + id as i32, 40_000 + id as u16);
                    bench.received(connection(u64::from(id) + 9_990), 8, b"\x1b[2J\xe4\xbd\xa0");
                }
                bench.blocked(client(3), send(9, b"x"));
                for port in 1..=200 {
                    let verdict = match port % 4 {
                        0 => PortVerdict::Open,
                        1 => PortVerdict::Closed,
                        2 => PortVerdict::Silent,
                        _ => PortVerdict::Failed(Errno::EHOSTUNREACH),
                    };
                    bench.happened(vec![Event::Port(PortEvent::Tried {
                        port,
                        verdict,
                        took: Duration::from_millis(1),
                    })]);
                }
                bench.app.ports.begin(range());
            }),
        ),
        (
            "udp",
            of(|bench| {
                bench.app.server.kind = SocketKind::Datagram;
                bench.udp_server_starts();
                bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
                for port in 1..=30 {
                    bench.datagram(SERVER, 5, b"ping", port, 0);
                }
                bench.datagram(CLIENT, 7, b"", 8888, 9);
            }),
        ),
        (
            "udp connected",
            of(|bench| {
                bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
                let (fd, address) = (Fd(7), loopback(8888));
                bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
            }),
        ),
        (
            "step by step",
            of(|bench| {
                bench.keys("2ks");
                bench.returned(SERVER, SOCKET, Outcome::Descriptor(Fd(5)));
                bench.happened(vec![Event::Trouble {
                    who: SERVER,
                    at: Moment(1),
                    message: "one thing after the other".to_owned(),
                }]);
            }),
        ),
    ]
}

fn range() -> PortRange {
    PortRange {
        host: "an.example.with.a.rather.long.name.example.org".to_owned(),
        first: 1,
        last: 1_024,
        patience: Duration::from_secs(1),
    }
}

/// Whatever can be open above the panes.
fn overlays() -> Vec<Option<Overlay>> {
    let mut all = vec![
        None,
        Some(Overlay::Help(0)),
        Some(Overlay::Help(10_000)),
        Some(Overlay::Call(1, 0)),
        Some(Overlay::Call(999_999, 7)),
        Some(Overlay::Question(Question::TryPorts(range()))),
    ];
    for kind in [
        MenuKind::Verbs(CLIENT),
        MenuKind::Verbs(connection(1)),
        MenuKind::Options(CLIENT),
        MenuKind::Texts,
        MenuKind::Addresses,
    ] {
        for selected in [0, 9, 999] {
            all.push(Some(Overlay::Menu(Menu { kind, selected })));
        }
    }
    let long = "a line that is much longer than any window that it could be asked for in, and 你好";
    let mut prompt = Prompt::new(About::Name(CLIENT), &long.repeat(3));
    all.push(Some(Overlay::Prompt(prompt.clone())));
    let lines = [
        "",
        "client connect ",
        "client send \"你好你好\" x",
        "server start a 1 --service nonsense",
        &long.repeat(3),
    ];
    for (face, text) in lines
        .iter()
        .flat_map(|text| [(Face::Line, *text), (Face::Palette, *text)])
    {
        let line = CommandLine::new(face, text, Vec::new());
        all.push(Some(Overlay::Command(line)));
    }
    all.push(Some(Overlay::Script(0)));
    all.push(Some(Overlay::Script(10_000)));
    prompt.wrong = Some(long.repeat(2));
    all.push(Some(Overlay::Prompt(prompt)));
    all
}

/// Widths from the least on, at and beside each at which something changes.
const WIDTHS: [u16; 9] = [60, 61, 70, 79, 80, 109, 110, 120, 130];
/// See [`WIDTHS`].
const HEIGHTS: [u16; 6] = [20, 21, 24, 28, 36, 40];

/// Every so many of the things to draw are drawn at one size, others at the next: so that each is drawn at every width,
/// and at every height of [`WIDTHS`], and all of it takes a few seconds.
const TURNS: usize = 4;

/// The sizes, and for each which of [`TURNS`] it is.
fn sizes(widths: &[u16]) -> impl Iterator<Item = ((u16, u16), usize)> {
    widths.iter().enumerate().flat_map(|(column, columns)| {
        let sizes = HEIGHTS.iter().enumerate();
        sizes.map(move |(row, rows)| ((*columns, *rows), (column + row) % TURNS))
    })
}

fn every_size(theme: Theme, widths: &[u16]) {
    let states = states();
    let overlays = overlays();
    let panes = [Pane::Client, Pane::Server].into_iter().chain(Pane::LOWER);
    let panes: Vec<Pane> = panes.collect();
    let mut looks = Vec::new();
    for state in 0..states.len() {
        for pane in &panes {
            for arrangement in [Arrangement::All, Arrangement::Zoomed] {
                looks.push((state, *pane, arrangement));
            }
        }
    }
    for ((columns, rows), turn) in sizes(widths) {
        let mut bench = Bench::with_theme(columns, rows, theme);
        let mut check = |app: App| {
            bench.app = app;
            let screen = bench.screen();
            for line in screen.lines() {
                assert!(line.width() <= usize::from(columns), "{line}");
                assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        };
        for (state, pane, arrangement) in looks.iter().skip(turn).step_by(TURNS) {
            let mut app = states[*state].1.clone();
            app.focus_on(pane.first());
            app.arrangement = *arrangement;
            check(app);
        }
        // What is above the panes does not depend on what is below.
        for (number, overlay) in overlays.iter().enumerate().skip(turn).step_by(TURNS) {
            let mut app = states[number % 3].1.clone();
            app.focus_on(panes[number % panes.len()].first());
            app.overlay.clone_from(overlay);
            check(app);
        }
    }
}

#[test]
fn everything_is_drawn_at_every_size() {
    every_size(Theme::new(Palette::Colour, Charset::Unicode), &WIDTHS);
}

#[test]
fn less_than_the_least_room_is_survived_with_anything_open() {
    let state = states().swap_remove(2).1;
    for columns in (1..=60).step_by(4) {
        for rows in (1..=20).step_by(3) {
            let mut bench = Bench::new(columns, rows);
            for overlay in overlays() {
                bench.app = state.clone();
                bench.app.overlay = overlay;
                bench.draw();
            }
        }
    }
}

#[test]
fn everything_is_drawn_at_every_size_in_plain_ascii() {
    let theme = Theme::new(Palette::Plain, Charset::Ascii);
    every_size(theme, &[60, 80, 130]);
}

/// Whether a control has its place on the screen while its pane is open, as things are.
fn is_offered(app: &App, control: Control) -> bool {
    let server = &app.server;
    let is_udp = server.is_udp();
    let udp_up = is_udp && server.socket.fd.is_some();
    let open = server.connections.current().is_some_and(|c| !c.closed);
    match control {
        // Only TCP listens and accepts; only a connection can be shut down.
        Control::Input(Input::Backlog)
        | Control::Choice(Choice::Model)
        | Control::Button(Button::Listen | Button::Accept) => !is_udp,
        Control::Button(Button::AnswerShutdown | Button::AnswerClose) => open && !udp_up,
        Control::Input(Input::Answer) | Control::Button(Button::Answer | Button::AnswerRecv) => {
            open || udp_up
        }
        Control::Bytes(Bytes::Connection) => server.connections.current().is_some() || udp_up,
        // One send is one datagram.
        Control::Button(Button::SendAll) => {
            let socket = &app.client().socket;
            let connected = socket.kind == SocketKind::Datagram && socket.is_connected();
            !connected && !app.is_sending()
        }
        _ => true,
    }
}

/// Which spots stand for a control.
fn stands_for(spot: Spot, control: Control) -> bool {
    match (spot, control) {
        (Spot::Control(shown, _), control) => shown == control,
        (Spot::Filter(_), Control::Choice(Choice::Filter))
        | (Spot::Call(_), Control::Calls)
        | (Spot::Connection(_) | Spot::Peer(_), Control::Connections)
        | (Spot::Session(_), Control::Sessions) => true,
        _ => false,
    }
}

/// Whether what is drawn of a control is all of it.
fn is_whole(control: Control, text: &str) -> bool {
    match control {
        Control::Button(_) => text.starts_with('[') && text.ends_with(']'),
        Control::Choice(Choice::Filter) => !text.contains('…'),
        Control::Choice(_) => text.starts_with('◂') && text.ends_with('▸'),
        Control::Input(_) => text.width() >= 4,
        _ => true,
    }
}

#[test]
fn every_control_of_an_open_pane_can_be_seen_and_clicked() {
    let states = states();
    let ends = [Pane::Client, Pane::Server];
    // The panes that get the focus one after the other, and the one that is zoomed then.
    let mut looks = Vec::new();
    for state in 0..states.len() {
        for (end, lower) in ends.into_iter().flat_map(|e| Pane::LOWER.map(|l| (e, l))) {
            looks.push((state, vec![end, lower], None));
        }
        for pane in ends.into_iter().chain(Pane::LOWER) {
            looks.push((state, vec![pane], Some(pane)));
        }
    }
    let mut checked = 0;
    for ((columns, rows), turn) in sizes(&WIDTHS) {
        let mut bench = Bench::new(columns, rows);
        for (state, panes, zoomed) in looks.iter().skip(turn).step_by(TURNS) {
            let (name, state) = &states[*state];
            bench.app = state.clone();
            for pane in panes {
                bench.app.focus_on(pane.first());
            }
            if zoomed.is_some() {
                bench.app.arrangement = Arrangement::Zoomed;
            }
            checked += check(&mut bench, name, *zoomed);
        }
    }
    assert!(checked > 16_000, "only {checked} controls were looked at");
}

/// Looks at every control of the panes that are open; gives back how many there were.
fn check(bench: &mut Bench, name: &str, zoomed: Option<Pane>) -> usize {
    let texts = bench.texts();
    let (columns, rows) = bench.size();
    let is_open = |pane: Pane| match zoomed {
        Some(seen) => pane == seen,
        None if pane.is_lower() => pane == bench.app.lower,
        None => columns >= 110 || pane == bench.app.end,
    };
    let find = |control: Control| {
        let found = texts.iter().find(|(spot, _)| stands_for(*spot, control));
        found.map(|(_, text)| text.as_str())
    };
    let place = format!("{name} {columns}x{rows} end {:?}", bench.app.end);
    let mut count = 0;
    for control in Control::ORDER {
        if !is_open(control.pane()) || !is_offered(&bench.app, control) {
            continue;
        }
        count += 1;
        let text = match (control, find(control)) {
            (_, Some(text)) => text,
            // Where there is little room the list and the bytes take turns, as the focus has it.
            (Control::Bytes(Bytes::Connection), None) if find(Control::Connections).is_some() => {
                continue;
            }
            (_, None) => panic!("{control:?} is nowhere: {place}"),
        };
        assert!(is_whole(control, text), "{control:?} {text:?}: {place}");
    }
    // An end that is folded still has its main button.
    if zoomed.is_none() {
        for button in [Button::Connect, Button::Start] {
            let text = find(Control::Button(button)).unwrap_or_default();
            assert!(
                is_whole(Control::Button(button), text),
                "{button:?}: {place}"
            );
        }
    }
    count
}

#[test]
fn the_list_and_the_bytes_of_a_connection_take_turns_where_there_is_little_room() {
    let mut bench = Bench::new(80, 24);
    bench.echo_session();
    for (focus, other) in [
        (Control::Bytes(Bytes::Connection), Control::Connections),
        (Control::Connections, Control::Bytes(Bytes::Connection)),
    ] {
        bench.app.focus_on(focus);
        let spots = bench.spots();
        assert!(spots.iter().any(|spot| stands_for(*spot, focus)));
        assert!(!spots.iter().any(|spot| stands_for(*spot, other)));
    }
}

#[test]
fn the_selected_row_of_every_list_is_seen_wherever_its_pane_is_open() {
    let many = states().swap_remove(2).1;
    for columns in [60, 80, 120] {
        for rows in [20, 24, 36] {
            let mut bench = Bench::new(columns, rows);
            bench.app = many.clone();
            bench.app.overlay = None;
            bench.app.focus_on(Control::Connections);
            bench.draw();
            bench.keys("<up><up><up>");
            let current = bench.app.server.connections.current_id().expect("one");
            assert!(
                bench.spots().contains(&Spot::Connection(current)),
                "{columns}x{rows}"
            );
            bench.app.focus_on(Control::Sessions);
            bench.draw();
            bench.keys("<end><up>");
            let selected = bench.app.sessions.selected();
            assert!(
                bench.spots().contains(&Spot::Session(selected)),
                "{columns}x{rows}: {}",
                bench.screen()
            );
        }
    }
}
