//! Received bytes on their way to files: what is saved of whom, and where it stands.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::words::Deed;
use crate::model::numbers::grouped;
use crate::model::save::{not_saved, path_text};
use crate::model::{Actor, ByteLog, Head, SaveId, SaveOrder, SaveReport};

/// So many bytes that are kept already make one order to write them.
const GATHERED: usize = 256 << 10;

/// What is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Every byte, from the first to the end of the stream.
    Whole,
    /// What follows the first empty line: an HTTP message's body.
    Body,
}

/// Where saved bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From what a socket receives.
    Socket(Actor, What),
    /// From what was done until now.
    Script,
}

impl Source {
    /// The deed of saving them to this file.
    #[must_use]
    pub const fn deed(self, path: PathBuf, replace: bool) -> Deed {
        match self {
            Self::Socket(who, what) => Deed::Save {
                who,
                what,
                path,
                replace,
            },
            Self::Script => Deed::SaveScript { path, replace },
        }
    }
}

/// One save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Save {
    /// Of what.
    pub of: Source,
    /// Where to, as it was typed; as the file is open, its whole path.
    pub path: PathBuf,
    /// How many bytes were handed on to be written.
    pub bytes: u64,
    /// How many bytes at the beginning were no longer kept when it was asked for.
    pub missing: u64,
    /// How many bytes of the stream it has taken in or passed over.
    at: u64,
    /// Whether the stream has ended and the rest is being written.
    ending: bool,
}

/// Every save that is not over.
#[derive(Debug, Clone, Default)]
pub struct Saves {
    running: BTreeMap<SaveId, Save>,
    next: u64,
}

/// Words about a save, and whether something went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Whether something went wrong.
    pub failure: bool,
}

impl Saves {
    /// Begins to save what `who` received and will receive; `over` if nothing more is to come.
    pub fn begin(
        &mut self,
        who: Actor,
        what: What,
        path: PathBuf,
        replace: bool,
        received: (&ByteLog, Head),
        over: bool,
    ) -> Vec<SaveOrder> {
        let (id, mut save, open) = self.open(Source::Socket(who, what), path, replace);
        let mut orders = vec![open];
        let (log, head) = received;
        save.at = log.forgotten();
        save.missing = match what {
            What::Whole => save.at,
            What::Body => save.at.saturating_sub(head.body().unwrap_or(save.at)),
        };
        // Pieces of a few bytes each are gathered: a million of them is no million orders.
        let mut gathered = Vec::new();
        for chunk in log.kept().filter_map(|number| log.chunk(number)) {
            gathered.extend_from_slice(chunk.bytes);
            if gathered.len() >= GATHERED {
                orders.extend(save.take(id, &std::mem::take(&mut gathered), head));
            }
        }
        orders.extend(save.take(id, &gathered, head));
        self.running.insert(id, save);
        if over {
            orders.extend(self.end(who));
        }
        orders
    }

    fn open(&mut self, of: Source, path: PathBuf, replace: bool) -> (SaveId, Save, SaveOrder) {
        self.next += 1;
        let id = SaveId(self.next);
        let order = SaveOrder::Open {
            id,
            path: path.clone(),
            replace,
        };
        let save = Save {
            of,
            path,
            bytes: 0,
            missing: 0,
            at: 0,
            ending: false,
        };
        (id, save, order)
    }

    /// Saves `text`, which is all there is.
    pub fn script(&mut self, path: PathBuf, replace: bool, text: String) -> Vec<SaveOrder> {
        let (id, mut save, open) = self.open(Source::Script, path, replace);
        save.ending = true;
        self.running.insert(id, save);
        let bytes = text.into_bytes();
        vec![
            open,
            SaveOrder::Write { id, bytes },
            SaveOrder::Finish { id },
        ]
    }

    /// Takes in bytes that `who` received just now.
    pub fn received(&mut self, who: Actor, bytes: &[u8], head: Head) -> Vec<SaveOrder> {
        self.running
            .iter_mut()
            .filter(|(_, save)| save.is_of(who) && !save.ending)
            .filter_map(|(id, save)| save.take(*id, bytes, head))
            .collect()
    }

    /// Nothing more comes of `who`: what was saved of it is complete.
    pub fn end(&mut self, who: Actor) -> Vec<SaveOrder> {
        self.running
            .iter_mut()
            .filter(|(_, save)| save.is_of(who))
            .filter_map(|(id, save)| {
                let ended = std::mem::replace(&mut save.ending, true);
                (!ended).then_some(SaveOrder::Finish { id: *id })
            })
            .collect()
    }

    /// The save of `who` that is under way.
    #[must_use]
    pub fn of(&self, who: Actor) -> Option<&Save> {
        self.running.values().find(|save| save.is_of(who))
    }

    /// Whether anything is being saved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes in what came of an order: the save that it was about if that waits for a yes, and words for the person.
    pub fn reported(&mut self, report: SaveReport) -> (Option<(Save, u64)>, Option<Said>) {
        match report {
            SaveReport::Exists { id, bytes, path } => {
                let asked = self.running.remove(&id).map(|mut save| {
                    save.path = path;
                    (save, bytes)
                });
                (asked, None)
            }
            SaveReport::Opened { id, path } => {
                if let Some(save) = self.running.get_mut(&id) {
                    save.path = path;
                }
                (None, None)
            }
            SaveReport::Finished { id, path, bytes } => {
                let save = self.running.remove(&id);
                let missing = save.map_or(0, |save| save.missing);
                let mut text = format!("saved {} B to {}", grouped(bytes), path_text(&path));
                if missing > 0 {
                    text.push_str(&format!(
                        "; the first {} B were no longer kept and are not in it",
                        grouped(missing)
                    ));
                }
                let failure = missing > 0;
                (None, Some(Said { text, failure }))
            }
            SaveReport::Failed {
                id,
                path,
                written,
                left,
                why,
            } => {
                self.running.remove(&id);
                let text = not_saved(&path, written, left, &why);
                (
                    None,
                    Some(Said {
                        text,
                        failure: true,
                    }),
                )
            }
            SaveReport::CaughtUp => (None, None),
        }
    }
}

impl Save {
    /// Whether it is of what this one receives.
    #[must_use]
    pub fn is_of(&self, who: Actor) -> bool {
        matches!(self.of, Source::Socket(of, _) if of == who)
    }

    /// What is to be written of the next bytes of the stream.
    fn take(&mut self, id: SaveId, bytes: &[u8], head: Head) -> Option<SaveOrder> {
        let begin = self.at;
        self.at += bytes.len() as u64;
        let skipped = match self.of {
            Source::Socket(_, What::Whole) | Source::Script => 0,
            // Without an empty line everything so far is headers.
            Source::Socket(_, What::Body) => head
                .body()
                .map_or(u64::MAX, |body| body.saturating_sub(begin)),
        };
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let rest = bytes.get(skipped..).filter(|rest| !rest.is_empty())?;
        self.bytes += rest.len() as u64;
        Some(SaveOrder::Write {
            id,
            bytes: rest.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientId, Moment};

    const WHO: Actor = Actor::Client(ClientId::FIRST);
    const MESSAGE: &[u8] = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nthe body\n\nof it";

    fn written(orders: &[SaveOrder]) -> Vec<u8> {
        let pieces = orders.iter().map(|order| match order {
            SaveOrder::Write { bytes, .. } => bytes.as_slice(),
            SaveOrder::Open { .. } | SaveOrder::Finish { .. } => b"",
        });
        pieces.collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_came_before_and_what_comes_after_make_one_file() {
        for what in [What::Whole, What::Body] {
            for cut in 0..MESSAGE.len() {
                let (early, late) = MESSAGE.split_at(cut);
                let (mut log, mut head, mut saves) =
                    (ByteLog::default(), Head::default(), Saves::default());
                log.push(Moment(0), early.to_vec());
                head.push(early);
                let mut orders = saves.begin(WHO, what, "a".into(), false, (&log, head), false);
                head.push(late);
                orders.extend(saves.received(WHO, late, head));
                orders.extend(saves.received(Actor::Server, b"another's", head));
                orders.extend(saves.end(WHO));
                let expected = match what {
                    What::Whole => MESSAGE,
                    What::Body => b"the body\n\nof it",
                };
                assert_eq!(written(&orders), expected, "{what:?} cut at {cut}");
                assert!(matches!(orders.last(), Some(SaveOrder::Finish { .. })));
                assert_eq!(saves.end(WHO), [], "it ends once");
            }
        }
    }

    #[test]
    fn what_is_no_longer_kept_is_said_to_be_missing() {
        let mut log = ByteLog::default();
        log.push(Moment(0), b"gone".to_vec());
        log.forget();
        log.push(Moment(0), b"kept".to_vec());
        let mut saves = Saves::default();
        let orders = saves.begin(
            WHO,
            What::Whole,
            "a".into(),
            false,
            (&log, Head::default()),
            true,
        );
        assert_eq!(written(&orders), b"kept");
        let (asked, said) = saves.reported(SaveReport::Finished {
            id: SaveId(1),
            path: "/a".into(),
            bytes: 4,
        });
        assert_eq!(asked, None);
        let said = said.expect("words");
        assert!(
            said.failure && said.text.contains("first 4 B"),
            "{}",
            said.text
        );
        assert!(saves.is_empty());
    }
}
