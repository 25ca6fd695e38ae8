//! A save that is open: what is gathered for its file, and what the file took.

use std::io;
use std::path::PathBuf;

use crate::run::save_file::Sink;

/// Writes are gathered up to this size while others wait behind them: a flood of small messages costs one system call
/// for each of these, and a larger write is not copied.
pub(super) const GATHERED: usize = 64 << 10;

/// A save that is open.
pub(super) struct Save {
    /// Absolute.
    pub(super) path: PathBuf,
    /// The file itself, see [`crate::run::save_file::target`].
    pub(super) target: PathBuf,
    pub(super) sink: Box<dyn Sink>,
    gathered: Vec<u8>,
    /// How many bytes the sink took.
    pub(super) written: u64,
}

impl Save {
    pub(super) const fn new(path: PathBuf, target: PathBuf, sink: Box<dyn Sink>) -> Self {
        Self {
            path,
            target,
            sink,
            gathered: Vec::new(),
            written: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.written == 0 && self.gathered.is_empty()
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gathered.len() + bytes.len() < GATHERED {
            self.gathered.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        self.put(bytes)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        let mut gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered)?;
        gathered.clear();
        self.gathered = gathered;
        Ok(())
    }

    /// `write_all` with an exact count, also of what was written before a failure.
    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.sink.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count as u64;
                    bytes = &bytes[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
