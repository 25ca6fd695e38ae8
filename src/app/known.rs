//! What is known of one socket beside its bytes: what could be done with it now, its options, how it is used.

use std::fmt;

use super::stage::Stage;
use crate::model::{
    Call, CallRecord, Family, Fd, OptionSetting, OptionValue, Outcome, Readiness, SocketKind,
    SocketOption,
};

/// A socket as its calls tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its descriptor; none when there is no socket.
    pub fd: Option<Fd>,
    /// Its family.
    pub family: Family,
    /// TCP or UDP.
    pub kind: SocketKind,
    /// Its state.
    pub stage: Stage,
    /// What could be done with it when that was last told.
    pub readiness: Option<Readiness>,
    /// Whether its calls wait until they can be carried out.
    pub blocks: bool,
    /// How many bytes the kernel took.
    pub sent: u64,
    values: Vec<(SocketOption, OptionValue)>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            fd: None,
            family: Family::Inet,
            kind: SocketKind::Stream,
            stage: Stage::NoSocket,
            readiness: None,
            blocks: true,
            sent: 0,
            values: Vec::new(),
        }
    }
}

impl Known {
    /// A connection that was just accepted.
    #[must_use]
    pub fn accepted(fd: Fd, family: Family) -> Self {
        Self {
            fd: Some(fd),
            family,
            stage: Stage::Established,
            ..Self::default()
        }
    }

    /// The last value of an option that was asked for.
    #[must_use]
    pub fn value(&self, option: SocketOption) -> Option<OptionValue> {
        let found = self.values.iter().find(|(known, _)| *known == option);
        found.map(|(_, value)| *value)
    }

    /// Whether it has been connected and can still be used.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(
            self.stage,
            Stage::Established | Stage::CloseWait | Stage::FinWait | Stage::Ended
        )
    }

    /// Whether nothing more can be received on it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        match self.stage {
            Stage::NoSocket | Stage::CloseWait | Stage::Ended | Stage::Broken => true,
            Stage::Unconnected | Stage::Established | Stage::FinWait => false,
        }
    }

    /// Takes in a call that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        match (&record.call, &record.outcome) {
            (Call::Socket { family, kind }, Outcome::Descriptor(fd)) => {
                *self = Self {
                    fd: Some(*fd),
                    family: *family,
                    kind: *kind,
                    stage: Stage::Unconnected,
                    blocks: self.blocks,
                    ..Self::default()
                };
            }
            (Call::Close { .. }, _) if self.fd.is_some() => self.lost(),
            (Call::Send { .. } | Call::Sendto { .. }, Outcome::Sent(count)) => {
                self.sent += *count as u64;
                self.stage = self.stage.after(&record.call, &record.outcome, self.kind);
            }
            (Call::Getsockopt { option, .. }, Outcome::Value(value)) => self.learn(*option, *value),
            (
                Call::Setsockopt {
                    setting: OptionSetting::Value(option, _),
                    ..
                },
                Outcome::Done,
            ) => {
                // The kernel may have made something else of it: only asking tells.
                self.values.retain(|(known, _)| known != option);
            }
            (call, outcome) => self.stage = self.stage.after(call, outcome, self.kind),
        }
    }

    fn learn(&mut self, option: SocketOption, value: OptionValue) {
        self.values.retain(|(known, _)| *known != option);
        self.values.push((option, value));
    }

    /// There is no socket any more.
    pub fn lost(&mut self) {
        self.fd = None;
        self.readiness = None;
        self.values.clear();
        self.stage = Stage::NoSocket;
    }
}

/// Readiness in a few words: `readable · writable · 17 B wait`.
#[derive(Debug, Clone, Copy)]
pub struct InWords(pub Readiness);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ready) = self;
        let mut words = Vec::new();
        if ready.readable {
            words.push("readable");
        }
        if ready.writable {
            words.push("writable");
        }
        if ready.exceptional {
            words.push("exceptional");
        }
        if ready.failed {
            words.push("error");
        }
        if words.is_empty() {
            words.push("not ready");
        }
        f.write_str(&words.join(" · "))?;
        if ready.waiting > 0 {
            write!(f, " · {} B wait", ready.waiting)?;
        }
        Ok(())
    }
}
