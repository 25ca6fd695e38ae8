//! What stands beside the program: the least that does the same. Each is this program again, started with an argument.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use mio::{Events, Interest, Poll, Token};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::receive::CHUNK;

/// What the bare servers receive into.
const BUFFER: usize = 16 << 10;

/// A listener on a free port, which is told on standard output.
fn listener() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// One thread for all, by readiness: receives until nothing more is there, and sends back each piece.
pub fn poll() -> io::Result<()> {
    const LISTENER: Token = Token(0);
    let listener = listener()?;
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(256);
    (poll.registry()).register(&mut listener, LISTENER, Interest::READABLE)?;
    // By their tokens; what is closed leaves a gap.
    let mut peers: Vec<Option<mio::net::TcpStream>> = vec![None];
    let mut buffer = vec![0; BUFFER];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut peer, _)) = listener.accept() {
                    let token = Token(peers.len());
                    (poll.registry()).register(&mut peer, token, Interest::READABLE)?;
                    peers.push(Some(peer));
                }
                continue;
            }
            let Token(number) = event.token();
            let Some(Some(peer)) = peers.get_mut(number) else {
                continue;
            };
            let is_over = loop {
                match peer.read(&mut buffer) {
                    Ok(0) => break true,
                    Ok(count) => {
                        // The client waits for each answer, so that there is always room for it.
                        if peer.write_all(&buffer[..count]).is_err() {
                            break true;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                    Err(_) => break true,
                }
            };
            if is_over {
                peers[number] = None;
            }
        }
    }
}

/// A thread for each, as in the textbook.
pub fn threads() -> io::Result<()> {
    for peer in listener()?.incoming() {
        let mut peer = peer?;
        thread::Builder::new().spawn(move || {
            let mut buffer = vec![0; BUFFER];
            while let Ok(count @ 1..) = peer.read(&mut buffer) {
                if peer.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
        })?;
    }
    Ok(())
}

/// The least program that is like the playground: it takes the terminal, fills the screen, and draws a frame for each
/// key.
pub fn screen() -> io::Result<()> {
    let terminal = rustix::stdio::stdin();
    let mut raw = tcgetattr(terminal)?;
    raw.make_raw();
    tcsetattr(terminal, OptionalActions::Now, &raw)?;
    let (cols, rows) = super::screen::SIZE;
    let row = "x".repeat(usize::from(cols));
    let rows = (1..=rows).map(|number| format!("\x1b[{number};1H{row}"));
    let all: String = rows.collect();
    let mut out = io::stdout();
    write!(out, "\x1b[?1049h\x1b[?2026h{all}\x1b[?2026l")?;
    out.flush()?;
    let mut key = [0; 8];
    loop {
        let count = io::stdin().read(&mut key)?;
        write!(out, "\x1b[?2026h\x1b[5;5H")?;
        out.write_all(&key[..count])?;
        write!(out, "\x1b[?2026l")?;
        out.flush()?;
    }
}

/// Receives until the end, for nobody.
pub fn recv(address: &str) -> io::Result<()> {
    let mut peer = TcpStream::connect(address)?;
    let mut buffer = vec![0; CHUNK];
    while peer.read(&mut buffer)? > 0 {}
    Ok(())
}
