//! An accepted connection's thread, and the services that it runs. A service is written as a plain blocking program
//! would be: `recv`, `send`, until one of them ends it.

use super::socket::{self, Began, Interest, Socket};
use super::teller::{Ended, Teller};
use super::wake::Wake;
use super::worker::Crew;
use crate::model::{Actor, Call, Errno, Service};

/// Ten thousand of these threads live at once; they call nothing deep.
pub const STACK: usize = 64 << 10;

/// The most that one `recv` may return. Smaller than a client's: thousands of connections may have as much on its way
/// to the screen at once.
pub const RECV_SIZE: usize = 16 << 10;

/// The buffer of the tutorial's server: what its clients see of long messages depends on it.
const HELLO_RECV_SIZE: usize = 1024;

/// Serves `socket` until the service, the peer or `stop` ends it, and closes it.
pub fn serve(socket: Socket, service: Service, stop: &Wake, tell: Teller) {
    let mut connection = Connection { socket, stop, tell };
    let ended = match service {
        Service::Echo => connection.echo(),
        Service::Hello => connection.hello(),
        Service::Close => Ok(()),
    };
    if ended != Err(Ended::Gone) {
        // If nobody listens any more, the descriptor is closed all the same.
        let _ = connection.socket.close(&mut connection.tell);
    }
}

/// Closes a connection for which there is no thread.
///
/// # Errors
/// [`Ended::Gone`]
pub fn refuse(crew: &Crew, who: Actor, socket: Socket) -> Result<(), Ended> {
    let mut tell = crew.teller(who);
    socket.close(&mut tell)?;
    tell.flush()
}

struct Connection<'a> {
    socket: Socket,
    stop: &'a Wake,
    tell: Teller,
}

impl Connection<'_> {
    /// Sends back every byte until the peer has finished.
    fn echo(&mut self) -> Result<(), Ended> {
        loop {
            let bytes = self.recv(RECV_SIZE)?;
            if bytes.is_empty() {
                return Ok(());
            }
            self.send_all(&bytes)?;
        }
    }

    /// The tutorial's server: a welcome, then an answer to each recv until `exit` or the peer's end.
    fn hello(&mut self) -> Result<(), Ended> {
        self.send_all(b"Welcome")?;
        loop {
            let bytes = self.recv(HELLO_RECV_SIZE)?;
            // telnet and nc send the line end that a Python client does not.
            let name = bytes
                .strip_suffix(b"\r\n")
                .or_else(|| bytes.strip_suffix(b"\n"))
                .unwrap_or(&bytes);
            if bytes.is_empty() || name == b"exit" {
                return Ok(());
            }
            self.send_all(&[b"Hello,", name, b"!"].concat())?;
        }
    }

    /// What one `recv` of at most `size` bytes returns; empty when the peer has finished sending.
    fn recv(&mut self, size: usize) -> Result<Vec<u8>, Ended> {
        let fd = self.socket.number();
        let mut bytes = Vec::new();
        loop {
            let began = self.wait(Interest::READ, |_| Call::Recv { fd, size })?;
            // Not before there is something to receive: an idle connection costs no buffer.
            bytes.reserve_exact(size);
            match self.socket.recv(&mut bytes, began, &mut self.tell)? {
                Ok(_) if bytes.is_empty() => return Ok(bytes),
                Ok(at) => {
                    self.tell.received(at, bytes.clone())?;
                    return Ok(bytes);
                }
                // What poll saw is gone again.
                Err(Errno::EAGAIN) => {}
                Err(_) => return Err(Ended::Failed),
            }
        }
    }

    /// `send` until the kernel has taken all of `bytes`.
    fn send_all(&mut self, mut bytes: &[u8]) -> Result<(), Ended> {
        while !bytes.is_empty() {
            let began = self.wait(Interest::WRITE, |socket| socket.send_call(bytes))?;
            match self.socket.send(bytes, began, &mut self.tell)? {
                Ok(count) => bytes = &bytes[count..],
                // The room that poll saw is gone again.
                Err(Errno::EAGAIN) => {}
                Err(_) => return Err(Ended::Failed),
            }
        }
        Ok(())
    }

    /// Waits until `call` would not block.
    fn wait(
        &mut self,
        interest: Interest,
        call: impl FnOnce(&Socket) -> Call,
    ) -> Result<Began, Ended> {
        let at = self.tell.now();
        let socket = &self.socket;
        let (ready, waited) = socket::wait(
            self.stop,
            Some((socket, interest)),
            &mut self.tell,
            |tell| tell.blocked(call(socket), at),
        )?;
        if ready.woken {
            return Err(Ended::Stopped);
        }
        Ok(Began { at, waited })
    }
}
