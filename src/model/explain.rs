//! What a call's outcome means, in plain words, and what to try next.
//!
//! One sentence of meaning and one of advice for each way in which the calls made here can fail, and for the successes
//! that surprise a learner. The facts are those of the man pages of section 2, `ip(7)`, `tcp(7)`, `getaddrinfo(3)` and
//! RFC 9293; where Linux differs from other systems, the text says "on Linux". What depends on the function is in `by_call`, the
//! resolver's in `lookup`.

use super::call::Ending;
use super::{Call, CallRecord, Errno, OptionSetting, OptionValue, Outcome, SocketOption, Waited};

mod by_call;
mod lookup;

use by_call::by_call;
pub use lookup::lookup_failed;

/// Plain words about an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub meaning: String,
    /// What to try; empty if nothing has to be done.
    pub advice: String,
}

impl Explanation {
    fn new(meaning: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            meaning: meaning.into(),
            advice: advice.into(),
        }
    }

    /// Both sentences in one line.
    #[must_use]
    pub fn line(&self) -> String {
        if self.advice.is_empty() {
            self.meaning.clone()
        } else {
            format!("{}: {}", self.meaning, self.advice)
        }
    }
}

/// What `record` means, if it needs words: every failure does.
#[must_use]
pub fn explain(record: &CallRecord) -> Option<Explanation> {
    match &record.outcome {
        Outcome::Failed(errno) => Some(failed(&record.call, *errno)),
        Outcome::LookupFailed(error) => Some(lookup_failed(&record.call, *error)),
        Outcome::Cancelled => Some(Explanation::new("you stopped waiting for this call", "")),
        Outcome::Received { ending, count, .. } => received(*ending, *count),
        Outcome::Sent(count) => sent(&record.call, *count, record.waited),
        Outcome::Done | Outcome::Value(_) => surprising(&record.call, &record.outcome),
        Outcome::Descriptor(_)
        | Outcome::Accepted { .. }
        | Outcome::Named(_)
        | Outcome::Resolved(_) => None,
    }
}

fn received(ending: Ending, count: usize) -> Option<Explanation> {
    Some(match ending {
        Ending::Stream => Explanation::new(
            "the peer has finished sending (recv 0 is the end of the stream); this side may still send",
            "",
        ),
        Ending::BothStreams => Explanation::new(
            "the peer has finished sending (recv 0 is the end of the stream), and so has this side",
            "nothing more is to come or to go: close the socket",
        ),
        Ending::OwnShutdown => Explanation::new(
            "this side has shut receiving down: recv returns 0 whatever the peer does; on Linux bytes that still come can be received all the same",
            "",
        ),
        Ending::Cut(lost) => Explanation::new(
            format!("the datagram was longer than the buffer: its last {lost} bytes are lost"),
            "one datagram is one recv: give it a larger buffer",
        ),
        Ending::Datagram if count == 0 => Explanation::new(
            "an empty datagram has arrived: with UDP recv 0 is not the end of anything",
            "",
        ),
        Ending::Piece | Ending::Datagram => return None,
    })
}

fn sent(call: &Call, count: usize, waited: Waited) -> Option<Explanation> {
    let Call::Send { length, .. } = call else {
        return None;
    };
    if count >= *length {
        return None;
    }
    let taken = format!(
        "the kernel took {count} of {length} bytes: there is no room for more until the peer has received some"
    );
    let meaning = match waited {
        Waited::NotBlocking => format!(
            "{taken}. A plain program on a blocking socket would wait inside send until all {length} were taken; on a non-blocking one it returns this"
        ),
        Waited::No | Waited::InPoll | Waited::InProgress => taken,
    };
    Some(Explanation::new(
        meaning,
        "the rest is still to be sent: sendall does that by itself",
    ))
}

/// Successes that do something else than a learner expects.
fn surprising(call: &Call, outcome: &Outcome) -> Option<Explanation> {
    match (call, outcome) {
        (
            Call::Setsockopt {
                setting: OptionSetting::Value(SocketOption::Linger, OptionValue::Linger(Some(time))),
                ..
            },
            Outcome::Done,
        ) if time.is_zero() => Some(Explanation::new(
            "from now on close() resets the connection (RST): what is unsent is thrown away",
            "",
        )),
        (
            Call::Setsockopt {
                setting:
                    OptionSetting::Value(
                        SocketOption::ReceiveBuffer | SocketOption::SendBuffer,
                        OptionValue::Number(_),
                    ),
                ..
            },
            Outcome::Done,
        ) => Some(Explanation::new(
            "Linux doubles the number for its own bookkeeping, and keeps it between its limits",
            "get the option to see what it is now",
        )),
        _ => None,
    }
}

/// What it means that `call` failed with `errno`.
#[must_use]
pub fn failed(call: &Call, errno: Errno) -> Explanation {
    by_call(call, errno)
        .or_else(|| by_errno(errno))
        .unwrap_or_else(|| {
            Explanation::new(
                format!("the kernel says: {}", errno.description()),
                format!(
                    "see the ERRORS section of the {} man page",
                    call.function().page()
                ),
            )
        })
}

/// An errno in a line, whatever was called: `EMFILE: this program has no file descriptor left: close some sockets; …`.
#[must_use]
pub fn errno_line(errno: Errno) -> String {
    match by_errno(errno) {
        Some(explanation) => format!("{errno}: {}", explanation.line()),
        None => format!("{errno}: {}", errno.description()),
    }
}

/// Explanations that hold whatever was called.
fn by_errno(errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EMFILE => Explanation::new(
            "this program has no file descriptor left",
            "close some sockets; ulimit -n shows the limit",
        ),
        Errno::ENFILE => Explanation::new(
            "the whole machine has no file descriptor left",
            "close some programs",
        ),
        Errno::ENOBUFS | Errno::ENOMEM => Explanation::new(
            "the kernel has no memory for this",
            "close something and try again",
        ),
        Errno::EBADF => Explanation::new(
            "this descriptor is not open",
            "it was closed before: make a new socket",
        ),
        Errno::ENOTSOCK => Explanation::new("this descriptor is not a socket", "use a socket"),
        Errno::EACCES | Errno::EPERM => Explanation::new(
            "this program has not the right to do that",
            "ask whoever runs this machine",
        ),
        Errno::EAFNOSUPPORT => Explanation::new(
            "this machine does not know that address family",
            "use the other one: IPv4 or IPv6",
        ),
        Errno::EPROTONOSUPPORT | Errno::EPROTOTYPE | Errno::ESOCKTNOSUPPORT => Explanation::new(
            "this protocol does not go with this kind of socket",
            "TCP needs a stream socket, UDP a datagram socket",
        ),
        Errno::EOPNOTSUPP => Explanation::new(
            "this kind of socket cannot do that",
            "listen and accept are for TCP",
        ),
        Errno::ENOPROTOOPT => Explanation::new(
            "this socket has no such option at this level",
            "check the option's name and level",
        ),
        Errno::ENODEV => {
            Explanation::new("there is no such interface", "ip addr lists those that are")
        }
        Errno::EDOM => Explanation::new("the value is too large", "try a smaller one"),
        Errno::EINVAL => Explanation::new(
            "the kernel does not take these arguments in this state",
            "check the order of the calls",
        ),
        Errno::EFAULT => Explanation::new(
            "an address in memory was wrong",
            "this is a bug of sockyard: please report it",
        ),
        Errno::EINTR => Explanation::new(
            "a signal came before anything happened",
            "make the call again",
        ),
        Errno::EAGAIN => Explanation::new("the call would have to wait", "try again later"),
        Errno::ENETDOWN => Explanation::new("the network interface is down", "switch it on"),
        Errno::ENETUNREACH => Explanation::new(
            "this machine has no route to that network",
            "check the cable, Wi-Fi or VPN",
        ),
        Errno::EHOSTUNREACH | Errno::EHOSTDOWN => Explanation::new(
            "the host cannot be reached",
            "check the address and that the machine is on",
        ),
        Errno::EADDRINUSE => Explanation::new("this address is in use", "choose another port"),
        Errno::EADDRNOTAVAIL => Explanation::new(
            "this address is not one of this machine's",
            "ip addr lists those that are",
        ),
        Errno::ENOTCONN => Explanation::new("this socket is not connected", "connect first"),
        Errno::EISCONN => Explanation::new("this socket is already connected", "close it first"),
        Errno::ECONNREFUSED => Explanation::new("nobody listens there", "check the port"),
        Errno::ECONNRESET => Explanation::new(
            "the peer has thrown the connection away (RST)",
            "close and connect again",
        ),
        Errno::ECONNABORTED => Explanation::new(
            "the connection was broken off by this machine",
            "close and connect again",
        ),
        Errno::EPIPE => Explanation::new(
            "this connection can no longer be written to",
            "close and connect again",
        ),
        Errno::ETIMEDOUT => Explanation::new("nobody answered in time", "check the address"),
        Errno::EINPROGRESS => Explanation::new("it has begun and goes on", "wait for its end"),
        Errno::EALREADY => Explanation::new("it is already under way", "wait for its end"),
        Errno::EDESTADDRREQ => {
            Explanation::new("no destination address was given", "connect or bind first")
        }
        Errno::EMSGSIZE => Explanation::new("the message is too long", "send less at once"),
        Errno::EPROTO => Explanation::new("the protocol went wrong", "close and connect again"),
        Errno::EIO => Explanation::new("input or output failed", "close and try again"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::by_call::NO_SOCKET;
    use super::*;
    use crate::model::{
        Actor, ClientId, Family, Fd, Interface, LookupError, Moment, Preview, RecvFlags,
        ShutdownHow, SocketKind,
    };

    fn calls() -> Vec<Call> {
        let fd = Fd(7);
        let address: SocketAddr = "127.0.0.1:81".parse().expect("an address");
        let (family, kind) = (Family::Inet, SocketKind::Stream);
        let (length, preview) = (70_000, Preview::of(b"x"));
        let (size, flags) = (1024, RecvFlags::default());
        let urgent = RecvFlags {
            urgent: true,
            ..flags
        };
        let group = "239.1.2.3".parse().expect("an address");
        let setsockopt = |setting| Call::Setsockopt {
            fd,
            setting,
            family,
        };
        vec![
            Call::Getaddrinfo {
                host: "nowhere".into(),
                service: "81".into(),
                family: None,
                kind,
            },
            Call::Socket { family, kind },
            setsockopt(OptionSetting::Value(
                SocketOption::NoDelay,
                OptionValue::Flag(true),
            )),
            setsockopt(OptionSetting::Join(group, Interface::Any)),
            setsockopt(OptionSetting::Leave(group, Interface::Any)),
            setsockopt(OptionSetting::MulticastInterface(Interface::Any)),
            Call::Getsockopt {
                fd,
                option: SocketOption::Linger,
                family,
            },
            Call::Bind { fd, address },
            Call::Listen { fd, backlog: 5 },
            Call::Getsockname { fd },
            Call::Accept { fd },
            Call::Connect { fd, address },
            Call::Send {
                fd,
                length,
                preview: preview.clone(),
                urgent: false,
            },
            Call::Sendto {
                fd,
                length,
                preview,
                address,
            },
            Call::Recv { fd, size, flags },
            Call::Recv {
                fd,
                size,
                flags: urgent,
            },
            Call::Recvfrom { fd, size, flags },
            Call::Shutdown {
                fd,
                how: ShutdownHow::Write,
            },
            Call::Close { fd },
            Call::Close { fd: NO_SOCKET },
        ]
    }

    #[test]
    fn every_errno_that_the_calls_can_give_is_explained_in_our_own_words() {
        let errnos = [
            Errno::EACCES,
            Errno::EADDRINUSE,
            Errno::EADDRNOTAVAIL,
            Errno::EAFNOSUPPORT,
            Errno::EAGAIN,
            Errno::EALREADY,
            Errno::EBADF,
            Errno::ECONNABORTED,
            Errno::ECONNREFUSED,
            Errno::ECONNRESET,
            Errno::EDESTADDRREQ,
            Errno::EDOM,
            Errno::EFAULT,
            Errno::EHOSTDOWN,
            Errno::EHOSTUNREACH,
            Errno::EINPROGRESS,
            Errno::EINTR,
            Errno::EINVAL,
            Errno::EIO,
            Errno::EISCONN,
            Errno::EMFILE,
            Errno::EMSGSIZE,
            Errno::ENETDOWN,
            Errno::ENETUNREACH,
            Errno::ENFILE,
            Errno::ENODEV,
            Errno::ENOBUFS,
            Errno::ENOMEM,
            Errno::ENOPROTOOPT,
            Errno::ENOTCONN,
            Errno::ENOTSOCK,
            Errno::EOPNOTSUPP,
            Errno::EPERM,
            Errno::EPIPE,
            Errno::EPROTO,
            Errno::EPROTONOSUPPORT,
            Errno::EPROTOTYPE,
            Errno::ESOCKTNOSUPPORT,
            Errno::ETIMEDOUT,
        ];
        for call in calls() {
            for errno in errnos {
                let said = failed(&call, errno);
                assert!(
                    !said.meaning.starts_with("the kernel says"),
                    "{call} {errno}"
                );
                assert!(!said.advice.is_empty(), "{call} {errno}");
            }
        }
    }

    #[test]
    fn every_resolver_error_has_its_name_and_words() {
        let call = &calls()[0];
        for number in LookupError::NUMBERS {
            let error = LookupError::Eai(number);
            assert!(
                error.name().starts_with("EAI_") && error.name() != "EAI_?",
                "{number}"
            );
            let said = lookup_failed(call, error);
            assert!(!said.meaning.contains("says error"), "{number}");
            assert!(!said.advice.is_empty(), "{number}");
        }
    }

    #[test]
    fn an_errno_without_words_of_ours_still_says_something() {
        let said = failed(&Call::Close { fd: Fd(1) }, Errno(98_765)).line();
        assert!(said.contains("close(2)"), "{said}");
    }

    /// What is said to a call with this outcome, which waited like that.
    fn said(call: Call, outcome: Outcome, waited: Waited) -> Option<String> {
        let explanation = explain(&CallRecord {
            who: Actor::Client(ClientId::FIRST),
            call,
            outcome,
            entered: Moment(0),
            returned: Moment(0),
            took: Duration::ZERO,
            waited,
        });
        explanation.map(|said| said.line())
    }

    #[test]
    fn a_send_of_a_part_says_what_a_blocking_socket_would_do_where_it_is_to_block() {
        let send = Call::Send {
            fd: Fd(7),
            length: 10,
            preview: Preview::of(b"0123456789"),
            urgent: false,
        };
        let said = |count, waited| said(send.clone(), Outcome::Sent(count), waited);
        let blocking = said(3, Waited::NotBlocking).expect("words");
        assert!(
            blocking.contains("3 of 10 bytes")
                && blocking.contains("would wait inside send until all 10 were taken")
                && blocking.contains("on a non-blocking one it returns this"),
            "{blocking}"
        );
        let plain = said(3, Waited::No).expect("words");
        assert!(
            plain.contains("3 of 10 bytes") && !plain.contains("blocking"),
            "{plain}"
        );
        assert_eq!(said(10, Waited::InPoll), None);
    }

    #[test]
    fn a_recv_of_nothing_says_who_has_ended_what() {
        let said = |ending| {
            let recv = Call::Recv {
                fd: Fd(7),
                size: 10,
                flags: RecvFlags::default(),
            };
            let outcome = Outcome::Received {
                count: 0,
                preview: Preview::of(b""),
                ending,
                from: None,
            };
            said(recv, outcome, Waited::No).expect("words")
        };
        let peers = said(Ending::Stream);
        assert!(peers.contains("this side may still send"), "{peers}");
        let both = said(Ending::BothStreams);
        assert!(both.contains("the peer has finished sending"), "{both}");
        assert!(!both.contains("may still send"), "{both}");
        let own = said(Ending::OwnShutdown);
        assert!(own.contains("this side has shut receiving down"), "{own}");
        assert!(!own.contains("the peer has finished"), "{own}");
    }

    #[test]
    fn refused_on_loopback_names_the_port_and_the_way_out() {
        let address = "127.0.0.1:81".parse().expect("an address");
        let said = failed(&Call::Connect { fd: Fd(9), address }, Errno::ECONNREFUSED).line();
        assert!(
            said.starts_with(
                "nobody listens on 127.0.0.1:81, an address of this machine: start a server there"
            ),
            "{said}"
        );
    }
}
