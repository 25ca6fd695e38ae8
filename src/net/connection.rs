//! An accepted connection's thread, and the services that it runs. A service is written as a plain blocking program
//! would be: `recv`, `send`, until one of them ends it.

use super::client::RECV_SIZE;
use super::socket::{self, Began, Interest, Socket};
use super::teller::{Ended, Teller};
use super::wake::Wake;
use super::worker::Crew;
use crate::model::{Actor, Call, Service};

/// Ten thousand of these threads live at once; they call nothing deep.
pub const STACK: usize = 64 << 10;

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
        let began = self.wait(Interest::READ, |_| Call::Recv { fd, size })?;
        let mut bytes = Vec::with_capacity(size);
        let received = self.socket.recv(&mut bytes, began, &mut self.tell)?;
        let at = received.map_err(|_| Ended::Failed)?;
        if !bytes.is_empty() {
            self.tell.received(at, bytes.clone())?;
        }
        Ok(bytes)
    }

    /// `send` until the kernel has taken all of `bytes`.
    fn send_all(&mut self, mut bytes: &[u8]) -> Result<(), Ended> {
        while !bytes.is_empty() {
            let began = self.wait(Interest::WRITE, |socket| socket.send_call(bytes))?;
            let sent = self.socket.send(bytes, began, &mut self.tell)?;
            bytes = &bytes[sent.map_err(|_| Ended::Failed)?..];
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
