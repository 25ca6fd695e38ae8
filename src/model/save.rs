//! Received bytes on their way to a file: what the app orders, and what is reported back.
//!
//! `run::saver` is the thread that carries it out.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::glyph;
use super::numbers::grouped;

/// One save. Whoever orders chooses a number that no other save has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SaveId(pub u64);

/// What to do, in this order. What is ordered for a save that is not open, because a file of that name exists or because
/// it failed, is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveOrder {
    /// Create the file.
    Open {
        /// Which save.
        id: SaveId,
        /// As the person wrote it: `~/` is the home directory, and a relative path starts where the program runs.
        path: PathBuf,
        /// Whether an existing file may be replaced.
        replace: bool,
    },
    /// Append these bytes.
    Write {
        /// Which save.
        id: SaveId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Everything has been written: close the file and report.
    Finish {
        /// Which save.
        id: SaveId,
    },
}

impl SaveOrder {
    /// Which save it is for.
    #[must_use]
    pub const fn id(&self) -> SaveId {
        match self {
            Self::Open { id, .. } | Self::Write { id, .. } | Self::Finish { id } => *id,
        }
    }

    /// How many bytes it carries.
    #[must_use]
    pub const fn weight(&self) -> usize {
        match self {
            Self::Write { bytes, .. } => bytes.len(),
            Self::Open { .. } | Self::Finish { .. } => 0,
        }
    }
}

/// What became of it. Each save that was opened ends with one `Finished` or one `Failed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveReport {
    /// A file of that name exists; nothing was changed. Whoever asked may order it again with `replace`.
    Exists {
        /// Which save.
        id: SaveId,
        /// Its absolute path.
        path: PathBuf,
        /// How many bytes it has.
        bytes: u64,
    },
    /// The file is open.
    Opened {
        /// Which save.
        id: SaveId,
        /// Its absolute path.
        path: PathBuf,
    },
    /// All of it is on its way to the disk.
    Finished {
        /// Which save.
        id: SaveId,
        /// Its absolute path.
        path: PathBuf,
        /// How many bytes were written in all.
        bytes: u64,
    },
    /// It could not be opened or went wrong.
    Failed {
        /// Which save.
        id: SaveId,
        /// Its path, absolute if it came that far.
        path: PathBuf,
        /// How many bytes were written.
        written: u64,
        /// Whether a file with them is left at `path`.
        left: bool,
        /// Why, in plain words: `the disk is full (ENOSPC)`.
        why: String,
    },
    /// The thread was behind and no longer is.
    CaughtUp,
}

/// A path as it can be shown: a file's name may hold anything.
#[must_use]
pub fn path_text(path: &Path) -> String {
    glyph::line(path.as_os_str().as_bytes())
}

/// What is told of a save to `path` that failed: why first, for a long path may be cut.
#[must_use]
pub fn not_saved(path: &Path, written: u64, left: bool, why: &str) -> String {
    let (path, why) = (path_text(path), glyph::plain(why));
    if left && written == 0 {
        format!("not saved: {why}; {path} is left empty")
    } else if left {
        format!(
            "not saved: {why}; the first {} B are in {path}",
            grouped(written)
        )
    } else {
        format!("not saved: {why}: {path}")
    }
}
