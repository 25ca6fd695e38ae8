//! What the saving thread does: orders in, reports out, and the saves that are open in between.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::Backlog;
use super::save::Save;
use crate::model::{SaveId, SaveOrder, SaveReport};
use crate::run::save_file::{Refusal, Sink, place, target, words};

/// What the thread works at: the saves that are open, and only those. One that failed is forgotten, and with it whatever
/// else is ordered for it.
pub(super) struct Desk<F> {
    open_file: F,
    saves: BTreeMap<SaveId, Save>,
    reports: Sender<SaveReport>,
}

impl<F> Desk<F>
where
    F: FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal>,
{
    /// A desk that opens files with `open_file`.
    pub(super) const fn new(open_file: F, reports: Sender<SaveReport>) -> Self {
        Self {
            open_file,
            saves: BTreeMap::new(),
            reports,
        }
    }

    /// Carries out orders until no more can come.
    pub(super) fn work(&mut self, orders: &Receiver<SaveOrder>, mut backlog: Backlog) {
        loop {
            let order = match orders.try_recv() {
                Ok(order) => order,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    // Before a wait nothing is kept back: somebody may be watching the file.
                    self.carefully(Self::flush);
                    let Ok(order) = orders.recv() else { break };
                    order
                }
            };
            let weight = order.weight();
            self.carefully(|desk| desk.obey(order));
            if backlog.shrink(weight) {
                self.report(SaveReport::CaughtUp);
            }
        }
        for (id, save) in std::mem::take(&mut self.saves) {
            if save.is_empty() && !save.sink.stays() {
                // Nobody said that nothing is all that there will be: the old file is worth more.
                self.saves.insert(id, save);
                self.fail(id, "the program ended before a byte came".to_owned());
            } else {
                self.finish(id, save);
            }
        }
    }

    /// A bug costs the saves that are open, and not the thread: a loop that waits for it would wait for ever.
    fn carefully(&mut self, step: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_err() {
            let open: Vec<_> = self.saves.keys().copied().collect();
            for id in open {
                self.fail(id, "sockyard itself made a mistake".to_owned());
            }
        }
    }

    fn obey(&mut self, order: SaveOrder) {
        match order {
            SaveOrder::Open { id, path, replace } => self.open(id, path, replace),
            SaveOrder::Write { id, bytes } => {
                if let Some(save) = self.saves.get_mut(&id)
                    && let Err(error) = save.write(&bytes)
                {
                    let why = words(&error, &save.path);
                    self.fail(id, why);
                }
            }
            SaveOrder::Finish { id } => {
                if let Some(save) = self.saves.remove(&id) {
                    self.finish(id, save);
                }
            }
        }
    }

    fn open(&mut self, id: SaveId, path: PathBuf, replace: bool) {
        let failed = |path, why| SaveReport::Failed {
            id,
            path,
            written: 0,
            left: false,
            why,
        };
        let path = match place(&path, std::env::var_os("HOME").as_deref()) {
            Ok(path) => path,
            Err(why) => return self.report(failed(path, why)),
        };
        // Each would tell that its bytes are there, and one of them would be wrong.
        let target = target(&path);
        if self.saves.values().any(|save| save.target == target) {
            let why = "something else is being saved to it".to_owned();
            return self.report(failed(path, why));
        }
        match (self.open_file)(&path, replace) {
            Ok(sink) => {
                self.report(SaveReport::Opened {
                    id,
                    path: path.clone(),
                });
                self.saves.insert(id, Save::new(path, target, sink));
            }
            Err(Refusal::Exists { bytes }) => self.report(SaveReport::Exists { id, path, bytes }),
            Err(Refusal::Failed(why)) => self.report(failed(path, why)),
        }
    }

    fn flush(&mut self) {
        let mut failed = Vec::new();
        for (id, save) in &mut self.saves {
            if let Err(error) = save.flush() {
                failed.push((*id, words(&error, &save.path)));
            }
        }
        for (id, why) in failed {
            self.fail(id, why);
        }
    }

    fn finish(&self, id: SaveId, mut save: Save) {
        let left = save.sink.stays();
        let closed = save.flush().and_then(|()| save.sink.close());
        let (path, written) = (save.path, save.written);
        self.report(match closed {
            Ok(()) => SaveReport::Finished {
                id,
                path,
                bytes: written,
            },
            Err(error) => SaveReport::Failed {
                id,
                written,
                left,
                why: words(&error, &path),
                path,
            },
        });
    }

    /// Forgets a save, which drops its file, and reports why.
    fn fail(&mut self, id: SaveId, why: String) {
        if let Some(save) = self.saves.remove(&id) {
            let left = save.sink.stays();
            // Now, so that nothing is left when that is told.
            drop(save.sink);
            self.report(SaveReport::Failed {
                id,
                path: save.path,
                written: save.written,
                left,
                why,
            });
        }
    }

    fn report(&self, report: SaveReport) {
        // If the loop is gone there is nobody to tell, and still something to write.
        let _ = self.reports.send(report);
    }
}
