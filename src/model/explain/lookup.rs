//! What the errors of `getaddrinfo(3)` mean.

use super::Explanation;
use crate::model::{Call, LookupError, SocketKind};

/// What it means that `getaddrinfo` returned `error`.
#[must_use]
pub fn lookup_failed(call: &Call, error: LookupError) -> Explanation {
    let (host, service, protocol) = match call {
        Call::Getaddrinfo {
            host,
            service,
            kind,
            ..
        } => (host.as_str(), service.as_str(), kind.protocol()),
        _ => ("", "", SocketKind::Stream.protocol()),
    };
    match error {
        LookupError::System(errno) => Explanation::new(
            format!("the resolver itself failed: {}", errno.description()),
            "check that /etc/resolv.conf can be read and that descriptors are left",
        ),
        LookupError::NulByte => {
            Explanation::new("a name cannot hold a NUL byte", "take it out of the name")
        }
        LookupError::Eai(number) => match number {
            -1 => Explanation::new(
                "the hints had bad flags",
                "this is a bug of sockyard: please report it",
            ),
            -2 if host.is_empty() => {
                Explanation::new("no host was given", "type one: 127.0.0.1 is this machine")
            }
            -2 => Explanation::new(
                format!("nobody knows a host named {host}"),
                "check the spelling; 127.0.0.1 is this machine",
            ),
            -3 => Explanation::new(
                format!("the name server did not answer when asked for {host}"),
                "check the network and try again; a numeric address needs no name server",
            ),
            -4 => Explanation::new(
                format!("the name server answered that it cannot tell {host}'s address"),
                "trying again will not help: use another name server, or a numeric address",
            ),
            -5 => Explanation::new(
                format!("{host} exists but has no address"),
                "it may have only mail or text records; check the name",
            ),
            -6 => Explanation::new(
                "the resolver does not know that address family",
                "use IPv4 or IPv6",
            ),
            -7 => Explanation::new(
                "the resolver does not know that kind of socket",
                "use a stream or a datagram socket",
            ),
            -8 => Explanation::new(
                format!("no {protocol} service is named {service}"),
                "give a port from 0 to 65535, or a name from /etc/services such as http",
            ),
            -9 => Explanation::new(
                format!("{host} has no address of the family asked for"),
                "try the other family: IPv4 or IPv6",
            ),
            -10 => Explanation::new(
                "the resolver has no memory left",
                "close something and try again",
            ),
            -12 => Explanation::new("the name is too long for the resolver", "check the name"),
            -100 | -101 | -104 => Explanation::new("the look-up was interrupted", "try again"),
            -105 => Explanation::new(
                format!("{host} cannot be written as an international domain name"),
                "check the spelling",
            ),
            other => Explanation::new(
                format!("the resolver says error {other}"),
                "see getaddrinfo(3)",
            ),
        },
    }
}
