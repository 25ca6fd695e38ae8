//! A descriptor that ends a wait in `poll(2)`: Linux's `eventfd(2)`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Something to wait for beside a socket. From [`Wake::raise`] on it stays readable, for any number of threads; each
/// time it is raised there is an edge for those who wait for edges, see [`super::watch`].
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
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
