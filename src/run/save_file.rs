//! A file that received bytes are saved to: how it is opened without harm to what is there, and in plain words why not.
//!
//! [`super::saver`] is the thread that writes to it.

use std::ffi::OsStr;
use std::fs::{self, File, FileType, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::TempPath;

use crate::model::Errno;
use crate::model::save::path_text;

/// Something that is being written to. Tests put a full disk and a slow one in a file's place.
pub trait Sink: Write {
    /// Whether what was written stays at its name if it is dropped instead of closed.
    fn stays(&self) -> bool;

    /// Closes it, and puts it where it belongs.
    ///
    /// # Errors
    /// What the system tells only now, and that it cannot be put there.
    fn close(self: Box<Self>) -> io::Result<()>;
}

/// Why there is nothing to write to.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A file of that name exists, and nobody said that it may be replaced.
    Exists {
        /// How many bytes it has.
        bytes: u64,
    },
    /// It cannot be, in plain words.
    Failed(String),
}

/// The absolute path that a person means by `path`.
///
/// # Errors
/// In plain words why it means none.
pub fn place(path: &Path, home: Option<&OsStr>) -> Result<PathBuf, String> {
    if path.as_os_str().is_empty() {
        return Err("no file is named".to_owned());
    }
    let named = match path.as_os_str().as_bytes() {
        b"~" => Some(&b""[..]),
        bytes => bytes.strip_prefix(b"~/"),
    };
    let path = match (named, home) {
        (None, _) => path.to_owned(),
        (Some(rest), Some(home)) if !home.is_empty() => {
            // As bytes, not as components: a slash at the end says that a folder is meant, and must not get lost. One at
            // the beginning would throw the home away.
            let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
            Path::new(home).join(OsStr::from_bytes(&rest[slashes..]))
        }
        (Some(_), _) => return Err("HOME is not set, so that ~ means nothing".to_owned()),
    };
    std::path::absolute(&path).map_err(|error| format!("it is not known where this is: {error}"))
}

/// Which file is written when the absolute `path` is saved to, whichever of its names that is: links are followed.
#[must_use]
pub fn target(path: &Path) -> PathBuf {
    let there = fs::canonicalize(path);
    let new = || {
        Some(
            fs::canonicalize(path.parent()?)
                .ok()?
                .join(path.file_name()?),
        )
    };
    there.ok().or_else(new).unwrap_or_else(|| path.to_owned())
}

/// Opens the file at the absolute `path`: a new one, or if `replace` says so one that takes the place of the file there.
///
/// # Errors
/// Why not.
pub fn open(path: &Path, replace: bool) -> Result<Box<dyn Sink>, Refusal> {
    // This never follows a link and never opens what is there, so it cannot do harm and cannot wait for the other end of
    // a pipe. What is there is looked at only then.
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => return Ok(Box::new(NewFile::new(file, path))),
        Err(error) => match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::IsADirectory => {}
            _ => return Err(Refusal::Failed(words(&error, path))),
        },
    }
    let found = fs::metadata(path).map_err(|error| {
        Refusal::Failed(
            if error.kind() == io::ErrorKind::NotFound && fs::read_link(path).is_ok() {
                "it is a link to a file that does not exist".to_owned()
            } else {
                words(&error, path)
            },
        )
    })?;
    if let Some(why) = is_no_file(found.file_type()) {
        return Err(Refusal::Failed(why.to_owned()));
    }
    if !replace {
        return Err(Refusal::Exists { bytes: found.len() });
    }
    match Replacement::of(path) {
        Ok(replacement) => Ok(Box::new(replacement)),
        Err(error) => Err(Refusal::Failed(words(&error, path))),
    }
}

/// What a file is told to be that is no longer where it was made.
const TAKEN_AWAY: &str = "the file was moved or removed while it was being saved: save again";

/// A new file, written in its place so that it can be watched growing.
pub(super) struct NewFile {
    file: File,
    path: PathBuf,
}

impl NewFile {
    /// `file`, which was made at `path`.
    pub(super) fn new(file: File, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
        }
    }

    /// Whether it is still where it was made. It may have been moved or removed, and its folder too.
    fn is_there(&self) -> bool {
        let same =
            |there: Metadata, own: Metadata| (there.dev(), there.ino()) == (own.dev(), own.ino());
        let there = fs::metadata(&self.path);
        there.is_ok_and(|there| self.file.metadata().is_ok_and(|own| same(there, own)))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for NewFile {
    fn stays(&self) -> bool {
        self.is_there()
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        let is_there = self.is_there();
        close(self.file)?;
        if is_there {
            Ok(())
        } else {
            Err(io::Error::other(TAKEN_AWAY))
        }
    }
}

/// A file that takes another one's place when it is closed. Until then the other keeps its content, whatever happens to
/// the disk or to the program. Dropped, it leaves nothing behind.
struct Replacement {
    file: File,
    temporary: TempPath,
    target: PathBuf,
}

impl Replacement {
    /// Readable in a listing of the folder, if the program is killed and leaves it there.
    const PREFIX: &str = ".sockyard-";
    const SUFFIX: &str = ".part";
    /// The bits for which the old file's are kept. Not those that let it run as its owner: it has other content now, and
    /// the kernel takes them away from a file that is written to.
    const MODE: u32 = 0o777;

    fn of(path: &Path) -> io::Result<Self> {
        // A link stays, and what it points to is replaced.
        let target = fs::canonicalize(path)?;
        // Not to write, but to hear whether this may be written to: renaming over it asks for no permission of the file.
        // Should it have become a pipe just now, this does not wait for its reader.
        let old = OpenOptions::new()
            .write(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(&target)?
            .metadata()?;
        // A file has a folder.
        let folder = target.parent().unwrap_or(&target);
        let (file, temporary) = tempfile::Builder::new()
            .prefix(Self::PREFIX)
            .suffix(Self::SUFFIX)
            .make_in(folder, |path| {
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
            })?
            .into_parts();
        file.set_permissions(Permissions::from_mode(
            old.permissions().mode() & Self::MODE,
        ))?;
        Ok(Self {
            file,
            temporary,
            target,
        })
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for Replacement {
    fn stays(&self) -> bool {
        false
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        // Some disks tell that they are full only when the bytes are on them. The other one's are there until then.
        self.file.sync_all()?;
        close(self.file)?;
        self.temporary
            .persist(&self.target)
            .map_err(|failed| failed.error)
    }
}

/// Closes `file` and hears the answer, which dropping it does not. Some network disks tell only now that they are full.
fn close(file: File) -> io::Result<()> {
    nix::unistd::close(file).map_err(io::Error::from)
}

/// Why nothing can be saved to what is there.
fn is_no_file(found: FileType) -> Option<&'static str> {
    if found.is_file() {
        None
    } else if found.is_dir() {
        Some("it is a folder: name a file in it")
    } else if found.is_fifo() {
        Some("it is a pipe, and only files are saved to")
    } else if found.is_socket() {
        Some("it is a socket, and only files are saved to")
    } else {
        Some("it is a device, and only files are saved to")
    }
}

/// What `error` means for somebody who saves to `path`, and what to do.
#[must_use]
pub fn words(error: &io::Error, path: &Path) -> String {
    let Some(errno) = error.raw_os_error().map(Errno) else {
        return match error.kind() {
            io::ErrorKind::InvalidInput => "no name of a file holds a NUL".to_owned(),
            _ => error.to_string(),
        };
    };
    let plain = match errno {
        Errno::ENOSPC => "the disk is full: make room, or choose another one".to_owned(),
        Errno::EDQUOT => {
            "your share of the disk is used up: make room, or choose another one".to_owned()
        }
        Errno::EACCES | Errno::EPERM => "you may not write there: choose another folder".to_owned(),
        Errno::EROFS => "the disk can only be read: choose another one".to_owned(),
        Errno::ENOENT if !folder(path).exists() => {
            format!(
                "the folder {} does not exist: make it first",
                path_text(folder(path))
            )
        }
        Errno::ENOENT => "no file can be made there: choose another folder".to_owned(),
        Errno::ENOTDIR => format!(
            "there is no folder {}: a part of it is a file",
            path_text(folder(path))
        ),
        Errno::ELOOP => "its links lead in a circle: name another file".to_owned(),
        Errno::EISDIR => "it is a folder: name a file in it".to_owned(),
        Errno::ETXTBSY => "it is a program that runs: name another file".to_owned(),
        Errno::ENAMETOOLONG => "the name is too long: choose a shorter one".to_owned(),
        Errno::EIO => "the disk does not work properly: choose another one".to_owned(),
        Errno::EMFILE => "too many files and sockets are open: close some".to_owned(),
        Errno::EFBIG => "no file may become larger than this (ulimit -f)".to_owned(),
        other => other.description().to_owned(),
    };
    format!("{plain} ({errno})")
}

/// The folder in which a file at `path` would be.
fn folder(path: &Path) -> &Path {
    if path.as_os_str().as_bytes().ends_with(b"/") {
        path
    } else {
        path.parent().unwrap_or(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_a_shell_would_make_of_it() {
        let here = std::env::current_dir().expect("a folder");
        for (written, meant) in [
            ("/tmp/x", "/tmp/x".into()),
            ("/tmp/x/", "/tmp/x/".into()),
            ("x", here.join("x")),
            ("~", "/home/ning/".into()),
            ("~/x/", "/home/ning/x/".into()),
            ("~//x", "/home/ning/x".into()),
            ("~x/y", here.join("~x/y")),
            ("a/~/x", here.join("a/~/x")),
        ] {
            let placed = place(Path::new(written), Some(OsStr::new("/home/ning")));
            // As text, for paths with and without a slash at the end are equal.
            let placed = placed.map(PathBuf::into_os_string);
            assert_eq!(placed, Ok(meant.into_os_string()), "{written}");
        }
        for home in [None, Some(OsStr::new(""))] {
            assert!(place(Path::new("~/x"), home).is_err());
        }
        assert!(place(Path::new(""), None).is_err());
    }

    #[test]
    fn errors_are_told_in_plain_words_with_their_names() {
        let text = |errno: Errno| {
            words(
                &io::Error::from_raw_os_error(errno.0),
                Path::new("/none/file"),
            )
        };
        for (errno, told) in [
            (
                Errno::ENOSPC,
                "the disk is full: make room, or choose another one (ENOSPC)",
            ),
            (
                Errno::EDQUOT,
                "your share of the disk is used up: make room, or choose another one (EDQUOT)",
            ),
            (
                Errno::EACCES,
                "you may not write there: choose another folder (EACCES)",
            ),
            (
                Errno::EPERM,
                "you may not write there: choose another folder (EPERM)",
            ),
            (
                Errno::EROFS,
                "the disk can only be read: choose another one (EROFS)",
            ),
            (
                Errno::ENOENT,
                "the folder /none does not exist: make it first (ENOENT)",
            ),
            (
                Errno::ENOTDIR,
                "there is no folder /none: a part of it is a file (ENOTDIR)",
            ),
            (
                Errno::ELOOP,
                "its links lead in a circle: name another file (ELOOP)",
            ),
            (Errno::EISDIR, "it is a folder: name a file in it (EISDIR)"),
            (
                Errno::ETXTBSY,
                "it is a program that runs: name another file (ETXTBSY)",
            ),
            (
                Errno::ENAMETOOLONG,
                "the name is too long: choose a shorter one (ENAMETOOLONG)",
            ),
            (
                Errno::EIO,
                "the disk does not work properly: choose another one (EIO)",
            ),
            (
                Errno::EMFILE,
                "too many files and sockets are open: close some (EMFILE)",
            ),
            (
                Errno::EFBIG,
                "no file may become larger than this (ulimit -f) (EFBIG)",
            ),
        ] {
            assert_eq!(text(errno), told);
        }
        // Any other in the system's words.
        let other = text(Errno::ENFILE);
        assert_eq!(other, format!("{} (ENFILE)", Errno::ENFILE.description()));
    }

    #[test]
    fn a_folder_that_exists_is_not_said_to_be_missing() {
        let missing = io::Error::from_raw_os_error(Errno::ENOENT.0);
        let told = words(&missing, Path::new("/dev/file"));
        assert_eq!(
            told,
            "no file can be made there: choose another folder (ENOENT)"
        );
    }

    #[test]
    fn a_file_that_nobody_may_write_to_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        // Not even root may write to a program that runs.
        let program = folder.path().join("program");
        fs::copy("/bin/cat", &program).expect("a program");
        let mut running = std::process::Command::new(&program)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        let refused = open(&program, true).err();
        drop(running.stdin.take());
        running.wait().expect("it ends");
        let told = "it is a program that runs: name another file (ETXTBSY)".to_owned();
        assert_eq!(refused, Some(Refusal::Failed(told)));
    }
}
