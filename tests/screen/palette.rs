//! The palette: everything that can be done is found by its words, the best first, and is done by Enter.

use sockyard::app::control::{Button, Choice, Control, Input};
use sockyard::app::keymap::{BINDINGS, Command, Context};
use sockyard::app::menu::{MenuKind, items};
use sockyard::app::palette::{Does, entries, search};
use sockyard::app::words::usage::chapters;
use sockyard::app::{Effect, Msg, Overlay, Spot};
use sockyard::model::{Action, ClientAction, SocketAction, SocketKind};

use crate::support::{Bench, CLIENT, SERVER, connection};
use crate::views::both_sizes;

/// Both ends are up, so that there is something to be done to each.
fn ready() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.client_connects();
    bench.accepted(1, 8, 53_422);
    bench
}

/// Fails unless what does `does` is found by all of `words`, among the first.
fn is_found(bench: &Bench, words: &str, does: &Does) {
    let found = search(entries(&bench.app), words);
    let at = found.iter().position(|found| found.entry.does == *does);
    assert!(at.is_some(), "{does:?} is not found by {words:?}");
}

#[test]
fn every_key_is_found_by_what_the_help_says_of_it() {
    let mut bench = ready();
    bench.keys("1i");
    for binding in BINDINGS {
        let is_seen = matches!(
            binding.context,
            Context::Everywhere
                | Context::Outside
                | Context::Client
                | Context::Server
                | Context::Crowd
                | Context::Trying
                | Context::Field
        );
        // The palette itself is open, and no script is played.
        let is_of_use = !matches!(binding.command, Command::Palette | Command::Script(_));
        if is_seen && is_of_use && !binding.help.is_empty() {
            is_found(&bench, binding.help, &Does::Run(binding.command));
        }
    }
    // Those of what has the focus, and no others: they would do nothing there.
    bench.keys("<esc>3");
    is_found(
        &bench,
        "everything about the selected call",
        &Does::Run(Command::Details),
    );
    let all = entries(&bench.app);
    let leave = Does::Run(Command::Leave);
    assert!(all.iter().all(|entry| entry.does != leave));
}

#[test]
fn every_button_choice_and_field_is_found() {
    let bench = ready();
    for button in Button::ALL {
        let of =
            |binding: &&sockyard::app::keymap::Binding| binding.command == Command::Press(button);
        let binding = BINDINGS.iter().find(of).expect("a key");
        is_found(&bench, binding.help, &Does::Run(binding.command));
    }
    for choice in Choice::ALL {
        is_found(&bench, choice.about(), &Does::Change(choice));
    }
    for input in Input::ALL {
        is_found(&bench, input.about(), &Does::Focus(Control::Input(input)));
    }
}

#[test]
fn every_item_of_every_menu_is_found() {
    let mut bench = ready();
    for is_udp in [false, true] {
        if is_udp {
            bench.app.server.kind = SocketKind::Datagram;
        }
        let mut kinds = vec![
            MenuKind::Verbs(CLIENT),
            MenuKind::Verbs(SERVER),
            MenuKind::Shutdown(CLIENT),
            MenuKind::Options(CLIENT),
            MenuKind::Options(SERVER),
            MenuKind::Texts,
            MenuKind::Addresses,
        ];
        if !is_udp {
            kinds.extend([
                MenuKind::Verbs(connection(1)),
                MenuKind::Shutdown(connection(1)),
                MenuKind::Options(connection(1)),
            ]);
        }
        for kind in kinds {
            for item in items(&bench.app, kind) {
                let words: Vec<&str> = item.name.split_whitespace().collect();
                let words = format!("{} {}", words.join(" "), item.detail);
                is_found(&bench, &words, &Does::Choose(item.chosen));
            }
        }
    }
}

#[test]
fn every_line_of_the_grammar_is_found_by_its_verb_and_by_what_it_does() {
    let bench = ready();
    for usage in chapters().iter().flat_map(|chapter| &chapter.usages) {
        let first = usage.first.replace("#N", "#1");
        for words in [format!("{first} {}", usage.verb), usage.about.clone()] {
            let found = search(entries(&bench.app), &words);
            let is_there = found.iter().any(|found| match &found.entry.does {
                Does::Say(line) => line.trim_end() == format!("{first} {}", usage.verb).trim_end(),
                _ => false,
            });
            assert!(is_there, "{} is not found by {words:?}", usage.line());
        }
    }
}

#[test]
fn the_best_stands_first_and_strewn_letters_are_no_word() {
    let bench = ready();
    let first = |words: &str| search(entries(&bench.app), words)[0].entry.name.clone();
    assert_eq!(first("quit"), "close every socket and quit");
    assert!(
        first("nodelay").contains("TCP_NODELAY"),
        "{}",
        first("nodelay")
    );
    assert!(
        first("cnct client").contains("connect"),
        "{}",
        first("cnct client")
    );
    assert!(first("zoom").contains("zoom"), "{}", first("zoom"));
    assert!(first("REUSE").contains("SO_REUSEADDR"));
    assert!(search(entries(&bench.app), "qzx").is_empty());
    let found = search(entries(&bench.app), "urgent");
    let marked = &found[0];
    let letters: String = marked
        .in_name
        .iter()
        .filter_map(|at| marked.entry.name.chars().nth(*at))
        .collect();
    assert_eq!(letters, "urgent");
    let all = entries(&bench.app).len();
    assert_eq!(
        search(entries(&bench.app), "  ").len(),
        all,
        "without a word everything"
    );
}

#[test]
fn enter_does_it_and_a_line_that_needs_more_goes_into_the_command_line() {
    let mut bench = ready();
    let effects = bench.keys("<c-p>close the client's socket<enter>");
    let close = Action::Client(
        sockyard::model::ClientId::FIRST,
        ClientAction::On(SocketAction::Close),
    );
    assert_eq!(effects, [Effect::Perform(close)]);
    assert_eq!(bench.open(), "nothing");
    assert_eq!(bench.keys("<c-p>ports try range few at once<enter>"), []);
    assert_eq!(bench.open(), "Line \"ports try \"");
    // One that needs nothing is said at once.
    assert_eq!(
        bench
            .keys("<esc><c-p>server stop listening socket every<enter>")
            .len(),
        1
    );
    assert_eq!(bench.open(), "nothing");
    bench.keys("<c-p>steps crowd takes<enter>");
    assert_ne!(
        bench.app.sessions.steps,
        sockyard::app::plan::Steps::default()
    );
    bench.keys("<c-p>type first port<enter>");
    assert_eq!(bench.app.focus, Control::Input(Input::PortsFirst));
    bench.keys("<c-p>client nodelay<enter>");
    assert!(bench.open().starts_with("prompt"), "{}", bench.open());
    bench.keys("<esc><c-p>qzx<enter>");
    assert_eq!(bench.open(), "Palette \"qzx\"");
    assert!(bench.told().contains("fewer letters"));
}

#[test]
fn rows_are_selected_by_keys_and_clicks() {
    let mut bench = ready();
    bench.keys("<c-p>shutdown");
    let selected = |bench: &Bench| match &bench.app.overlay {
        Some(Overlay::Command(line)) => line.selected(99),
        _ => panic!("{}", bench.open()),
    };
    assert_eq!(selected(&bench), 0);
    bench.keys("<down><tab><up>");
    assert_eq!(selected(&bench), 1);
    bench.keys("<up><up>");
    assert_eq!(selected(&bench), 0);
    bench.draw();
    bench.keys("<pgdn>");
    assert!(selected(&bench) > 1);
    bench.screen();
    let seen = bench.spots().contains(&Spot::Item(selected(&bench)));
    assert!(seen, "the selected row is seen");
    bench.keys("<c-u>shutdown wr");
    assert_eq!(
        selected(&bench),
        0,
        "another search begins at its first row"
    );
    let effects = bench.click("client shutdown SHUT_WR");
    assert_eq!(effects.len(), 1, "{effects:?}");
    bench.app.update(Msg::Click(Spot::Item(3)));
    assert_eq!(bench.open(), "nothing");
}

#[test]
fn pictures() {
    for (name, keys) in [
        ("palette", "<esc><c-p>"),
        ("palette_found", "<esc><c-p>recv urg<down>"),
    ] {
        both_sizes(name, |bench| {
            bench.echo_session();
            bench.keys(keys);
        });
    }
}

#[test]
fn the_keys_beside_an_item_lead_to_it() {
    let start = ready();
    let mut tried = 0;
    for entry in entries(&start.app) {
        let Does::Choose(chosen) = &entry.does else {
            continue;
        };
        let (way, letter) = entry.key.rsplit_once(' ').expect("a menu and a letter");
        let mut bench = ready();
        // Out of any field, in the client's pane, as the palette takes for granted.
        bench.keys("1");
        bench.keys(&way.replace(' ', ""));
        let Some(Overlay::Menu(menu)) = &bench.app.overlay else {
            panic!("{}: {}", entry.key, bench.open());
        };
        let items = items(&bench.app, menu.kind);
        let item = items.iter().find(|item| item.letter.to_string() == letter);
        assert_eq!(item.map(|item| &item.chosen), Some(chosen), "{}", entry.key);
        tried += 1;
    }
    assert!(tried > 40, "only {tried} items were tried");
}
