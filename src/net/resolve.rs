//! `getaddrinfo(3)` on a thread of its own. It cannot be cancelled, so a look-up that is no longer wanted is left
//! behind: its thread ends by itself and nobody hears of it.

use std::io;
use std::net::SocketAddr;
use std::thread;

use crossbeam_channel::{Receiver, TryRecvError};
use dns_lookup::{AddrFamily, AddrInfoHints, SockType};

use super::wake::Wake;
use crate::model::{Call, Errno, Family, LookupError, Moment, Outcome, SocketKind, Target};

/// The resolver walks the name service switch's plug-ins, which take a good deal of stack.
const STACK: usize = 512 << 10;

/// Wakes the session that waits, however the look-up ends.
struct Done(Wake);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// A look-up under way.
#[derive(Debug)]
pub struct Lookup {
    /// The call as it is shown.
    pub call: Call,
    /// When it began.
    pub began: Moment,
    result: Receiver<Result<Vec<SocketAddr>, LookupError>>,
}

impl Lookup {
    /// Starts to resolve `target`; `wake` is raised when it is done.
    ///
    /// # Errors
    /// A thread that could not be started.
    pub fn start(target: &Target, began: Moment, wake: &Wake) -> io::Result<Self> {
        let (sender, result) = crossbeam_channel::bounded(1);
        let Target {
            address,
            family,
            kind,
        } = target.clone();
        let (host, service) = (address.host.clone(), address.port.clone());
        // Declared before the sender moves in, so that it is dropped after it: even after a panic the waiting session
        // finds the channel closed when it wakes.
        let done = Done(wake.clone());
        thread::Builder::new()
            .name("getaddrinfo".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let _done = done;
                let sender = sender;
                // Nobody receives it if the look-up was left behind.
                let _ = sender.send(getaddrinfo(&host, &service, family, kind));
            })?;
        Ok(Self {
            call: Call::Getaddrinfo {
                host: address.host,
                service: address.port,
                family,
                kind,
            },
            began,
            result,
        })
    }

    /// What it came to, if it is done: the call's outcome, and the addresses if it succeeded.
    #[must_use]
    pub fn poll(&self) -> Option<(Outcome, Vec<SocketAddr>)> {
        match self.result.try_recv() {
            Ok(Ok(addresses)) => Some((Outcome::Resolved(addresses.clone()), addresses)),
            Ok(Err(error)) => Some((Outcome::LookupFailed(error), Vec::new())),
            Err(TryRecvError::Empty) => None,
            // The thread panicked: the resolver of this system is broken.
            Err(TryRecvError::Disconnected) => {
                let error = LookupError::System(Errno::EIO);
                Some((Outcome::LookupFailed(error), Vec::new()))
            }
        }
    }
}

/// The addresses of `host` and `service` in the resolver's order, never an empty list.
fn getaddrinfo(
    host: &str,
    service: &str,
    family: Option<Family>,
    kind: SocketKind,
) -> Result<Vec<SocketAddr>, LookupError> {
    const EAI_NONAME: LookupError = LookupError::Eai(-2);
    if host.contains('\0') || service.contains('\0') {
        return Err(LookupError::NulByte);
    }
    let hints = AddrInfoHints {
        socktype: match kind {
            SocketKind::Stream => SockType::Stream.into(),
            SocketKind::Datagram => SockType::DGram.into(),
        },
        // 0 is AF_UNSPEC.
        address: match family {
            None => 0,
            Some(Family::Inet) => AddrFamily::Inet.into(),
            Some(Family::Inet6) => AddrFamily::Inet6.into(),
        },
        ..AddrInfoHints::default()
    };
    let found = dns_lookup::getaddrinfo(Some(host), Some(service), Some(hints)).map_err(
        |error| match error.error_num() {
            LookupError::EAI_SYSTEM => {
                let errno = io::Error::from(error).raw_os_error().unwrap_or(0);
                LookupError::System(Errno(errno))
            }
            number => LookupError::Eai(number),
        },
    )?;
    let addresses: Vec<SocketAddr> = found.flatten().map(|info| info.sockaddr).collect();
    if addresses.is_empty() {
        return Err(EAI_NONAME);
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(host: &str, service: &str) -> Result<Vec<SocketAddr>, LookupError> {
        getaddrinfo(host, service, None, SocketKind::Stream)
    }

    #[test]
    fn numeric_names_need_no_name_server() {
        let found = any("127.0.0.1", "80");
        assert_eq!(found, Ok(vec!["127.0.0.1:80".parse().expect("an address")]));
        let found = any("::1", "8888");
        assert_eq!(found, Ok(vec!["[::1]:8888".parse().expect("an address")]));
    }

    #[test]
    fn errors_keep_their_number() {
        assert_eq!(
            any("127.0.0.1", "no-such-service"),
            Err(LookupError::Eai(-8))
        );
        assert_eq!(any("", "80"), Err(LookupError::Eai(-2)));
        assert_eq!(any("a\0b", "80"), Err(LookupError::NulByte));
    }

    #[test]
    fn the_family_and_the_kind_of_socket_are_asked_for() {
        let four = Some(Family::Inet);
        assert_eq!(
            getaddrinfo("::1", "80", four, SocketKind::Stream),
            Err(LookupError::Eai(-9)),
            "an IPv6 address is none of IPv4"
        );
        // tftp is a service of UDP alone; where /etc/services is missing neither is known.
        let stream = getaddrinfo("127.0.0.1", "tftp", None, SocketKind::Stream);
        assert_eq!(stream, Err(LookupError::Eai(-8)));
    }
}
