//! Scripts: reading them, and what is looked for in what was received.

use std::time::Duration;

use sockyard::app::script::Script;
use sockyard::app::script::expectation::{Expect, Holding, Received, Seen, Subject};
use sockyard::app::{App, Msg, Settings};
use sockyard::model::{
    Actor, Call, CallRecord, ClientId, Event, Family, Fd, Moment, Outcome, SocketKind, Waited,
};
use sockyard::run::script_file;

use super::words::assert_points_into;
use super::{assert_told, cuts};

/// The bytes of a file are a script, or every line that makes no sense is named, up to a number; with other line ends it says
/// the same. What a script says with its variables is bounded.
pub fn script(bytes: &[u8]) {
    let text = match script_file::text_of(bytes.to_vec()) {
        Ok(text) => text,
        Err(why) => return assert_told(&why, 0),
    };
    let read = Script::read("a", &text);
    let shown = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let line = |number: usize| shown.lines().nth(number - 1).expect("a line of the text");
    match &read {
        Ok(script) => {
            let mut last = 0;
            for step in &script.steps {
                assert!(step.number > last, "{text:?}");
                last = step.number;
                assert!(line(last).contains(&step.text), "{text:?}");
            }
            let said: usize = script.says().map(str::len).sum();
            // The last line may be as long as any.
            assert!(said <= Script::MOST_SAID + (64 << 10), "{said}");
        }
        Err(faults) => {
            assert!((1..=Script::MOST_FAULTS).contains(&faults.len()));
            assert!(faults.is_sorted_by(|one, next| one.number < next.number));
            for fault in faults {
                assert_points_into(&fault.wrong, line(fault.number));
                assert_told(&fault.told("a"), line(fault.number).len());
            }
        }
    }
    if !text.contains('\r') {
        let other = Script::read("a", &text.replace('\n', "\r\n"));
        let steps = |script: Script| {
            let steps = script.steps.into_iter();
            steps
                .map(|step| (step.number, step.text))
                .collect::<Vec<_>>()
        };
        assert_eq!(other.map(steps), read.map(steps), "{text:?}");
    }
}

/// An app whose first client has a socket that has received `pieces`, and what a script has seen of that.
fn with_received(pieces: &[&[u8]]) -> App {
    let who = Actor::Client(ClientId::FIRST);
    let call = CallRecord {
        who,
        call: Call::Socket {
            family: Family::Inet,
            kind: SocketKind::Stream,
        },
        outcome: Outcome::Descriptor(Fd(5)),
        entered: Moment(1),
        returned: Moment(1),
        took: Duration::ZERO,
        waited: Waited::No,
    };
    let received = pieces.iter().map(|bytes| Event::Received {
        who,
        at: Moment(2),
        bytes: bytes.to_vec(),
        from: None,
    });
    let mut app = App::new(&Settings::default());
    app.update(Msg::Happened(
        std::iter::once(Event::Returned(call))
            .chain(received)
            .collect(),
    ));
    app
}

/// Bytes that are looked for are found where they first stand, in whichever pieces they came and however often it is looked.
/// The first byte says how many of those that follow are looked for; the rest is received.
pub fn received(bytes: &[u8]) {
    let who = Actor::Client(ClientId::FIRST);
    let Some((length, rest)) = bytes.split_first() else {
        return;
    };
    let (wanted, stream) = rest.split_at(usize::from(length % 8).min(rest.len()));
    let place = stream
        .windows(wanted.len().max(1))
        .position(|window| window == wanted);
    let place = if wanted.is_empty() { Some(0) } else { place };
    for pieces in cuts(stream) {
        for (what, end) in [
            (
                Received::Contains(wanted.to_vec()),
                place.map(|at| at + wanted.len()),
            ),
            (
                Received::Next(wanted.to_vec()),
                stream.starts_with(wanted).then_some(wanted.len()),
            ),
        ] {
            let expect = |what| Expect {
                subject: Subject::Received(who, what),
                within: None,
                symptom: None,
            };
            let mut seen = Seen::default();
            // Looked for while it comes, and again when all of it is there.
            let half = with_received(&pieces[..pieces.len() / 2]);
            let all = with_received(&pieces);
            let mut holding = Holding::NotYet(String::new());
            for app in [&half, &all] {
                if !matches!(holding, Holding::Holds) {
                    holding = seen.holds(&expect(what.clone()), app, Duration::ZERO, |_| false);
                }
            }
            assert_eq!(
                holding == Holding::Holds,
                end.is_some(),
                "{what:?}: {holding:?}"
            );
            if let Holding::NotYet(why) | Holding::Never(why) = &holding {
                assert_told(why, 64);
            }
            // What comes behind it is what was not read yet.
            if let Some(end) = end {
                let next = Received::Next(stream[end..].to_vec());
                let rest = seen.holds(&expect(next), &all, Duration::ZERO, |_| false);
                assert_eq!(rest, Holding::Holds, "behind {what:?}");
            }
        }
    }
}
