//! A descriptor that ends a wait in `poll(2)`: Linux's `eventfd(2)`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Something to wait for beside a socket. It stays readable from [`Wake::raise`] until [`Wake::lower`]; one that is
/// never lowered wakes any number of threads for good.
#[derive(Debug, Clone)]
pub struct Wake {
    fd: Arc<OwnedFd>,
}

impl Wake {
    /// A lowered wake.
    ///
    /// # Errors
    /// No descriptor or memory left, see `eventfd(2)`.
    pub fn new() -> io::Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { fd: Arc::new(fd) })
    }

    /// Ends the waits on it.
    pub fn raise(&self) {
        // It fails only when the counter is full, and then it is raised already.
        let _ = rustix::io::write(&self.fd, &1u64.to_ne_bytes());
    }

    /// Makes it wait again.
    pub fn lower(&self) {
        // It fails only when it was not raised.
        let _ = rustix::io::read(&self.fd, &mut [0; 8]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
