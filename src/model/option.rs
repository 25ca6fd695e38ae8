//! Socket options that teach: their names as `setsockopt(2)` spells them, their values, and what each is for.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// An option of `getsockopt(2)` and `setsockopt(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketOption {
    /// `TCP_NODELAY`, see `tcp(7)`.
    NoDelay,
    /// `SO_KEEPALIVE`, see `socket(7)`.
    KeepAlive,
    /// `SO_RCVBUF`, in bytes.
    ReceiveBuffer,
    /// `SO_SNDBUF`, in bytes.
    SendBuffer,
    /// `SO_LINGER`.
    Linger,
    /// `SO_REUSEADDR`.
    ReuseAddress,
    /// `SO_OOBINLINE`.
    OobInline,
    /// `SO_BROADCAST`.
    Broadcast,
    /// `IP_MULTICAST_TTL`, or `IPV6_MULTICAST_HOPS`; see `ip(7)` and `ipv6(7)`.
    MulticastTtl,
    /// `IP_MULTICAST_LOOP`, or `IPV6_MULTICAST_LOOP`.
    MulticastLoop,
}

/// Which kind of value an option has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// On or off.
    Flag,
    /// A number from 0 on.
    Number,
    /// Off, or a number of seconds.
    Linger,
}

impl SocketOption {
    /// Every option, in the order in which they are listed.
    pub const ALL: [Self; 10] = [
        Self::NoDelay,
        Self::KeepAlive,
        Self::ReceiveBuffer,
        Self::SendBuffer,
        Self::Linger,
        Self::ReuseAddress,
        Self::OobInline,
        Self::Broadcast,
        Self::MulticastTtl,
        Self::MulticastLoop,
    ];

    /// The option's name on an IPv4 socket.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoDelay => "TCP_NODELAY",
            Self::KeepAlive => "SO_KEEPALIVE",
            Self::ReceiveBuffer => "SO_RCVBUF",
            Self::SendBuffer => "SO_SNDBUF",
            Self::Linger => "SO_LINGER",
            Self::ReuseAddress => "SO_REUSEADDR",
            Self::OobInline => "SO_OOBINLINE",
            Self::Broadcast => "SO_BROADCAST",
            Self::MulticastTtl => "IP_MULTICAST_TTL",
            Self::MulticastLoop => "IP_MULTICAST_LOOP",
        }
    }

    /// What it is for, in a line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::NoDelay => "send small pieces at once: no waiting for ACKs (Nagle)",
            Self::KeepAlive => "probe a silent peer after two hours, to find out if it is gone",
            Self::ReceiveBuffer => "room for bytes nobody has received yet; Linux doubles it",
            Self::SendBuffer => "room for bytes not acknowledged yet; Linux doubles it",
            Self::Linger => "close() waits so long for what is unsent; 0 resets (RST)",
            Self::ReuseAddress => "bind although old connections are in TIME_WAIT",
            Self::OobInline => "the urgent byte comes in line, like any other",
            Self::Broadcast => "allow datagrams to broadcast addresses",
            Self::MulticastTtl => {
                "how far multicast goes: 1 stays in this network, each router takes 1"
            }
            Self::MulticastLoop => "hear one's own multicast datagrams on this machine",
        }
    }

    /// Which kind of value it has.
    #[must_use]
    pub const fn kind(self) -> ValueKind {
        match self {
            Self::NoDelay
            | Self::KeepAlive
            | Self::ReuseAddress
            | Self::OobInline
            | Self::Broadcast
            | Self::MulticastLoop => ValueKind::Flag,
            Self::ReceiveBuffer | Self::SendBuffer | Self::MulticastTtl => ValueKind::Number,
            Self::Linger => ValueKind::Linger,
        }
    }

    const fn level(self) -> &'static str {
        match self {
            Self::NoDelay => "SOL_TCP",
            Self::MulticastTtl | Self::MulticastLoop => "SOL_IP",
            Self::KeepAlive
            | Self::ReceiveBuffer
            | Self::SendBuffer
            | Self::Linger
            | Self::ReuseAddress
            | Self::OobInline
            | Self::Broadcast => "SOL_SOCKET",
        }
    }

    const fn qualified_inet6(self) -> Option<&'static str> {
        match self {
            Self::MulticastTtl => Some("SOL_IPV6, IPV6_MULTICAST_HOPS"),
            Self::MulticastLoop => Some("SOL_IPV6, IPV6_MULTICAST_LOOP"),
            Self::NoDelay
            | Self::KeepAlive
            | Self::ReceiveBuffer
            | Self::SendBuffer
            | Self::Linger
            | Self::ReuseAddress
            | Self::OobInline
            | Self::Broadcast => None,
        }
    }

    /// Level and name as they stand in a call on a socket of IPv6 or IPv4: `SOL_SOCKET, SO_RCVBUF`.
    #[must_use]
    pub fn qualified(self, inet6: bool) -> String {
        match self.qualified_inet6() {
            Some(name) if inet6 => name.to_owned(),
            Some(_) | None => format!("{}, {}", self.level(), self.name()),
        }
    }
}

impl fmt::Display for SocketOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionValue {
    /// On or off.
    Flag(bool),
    /// A number.
    Number(u32),
    /// `struct linger`: off, or a time in whole seconds.
    Linger(Option<Duration>),
}

impl OptionValue {
    /// The longest time that can be set for `SO_LINGER` here: `close(2)` blocks its thread for as long.
    pub const LONGEST_LINGER: u64 = 60;

    /// What `text` means as a value of this kind.
    ///
    /// # Errors
    /// What can be typed instead.
    pub fn parse(kind: ValueKind, text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        match kind {
            ValueKind::Flag => match text {
                "1" | "on" => Ok(Self::Flag(true)),
                "0" | "off" => Ok(Self::Flag(false)),
                _ => Err("type on or off"),
            },
            ValueKind::Number => text
                .parse()
                .ok()
                .filter(|number| i32::try_from(*number).is_ok())
                .map(Self::Number)
                .ok_or("type a number from 0 to 2147483647"),
            ValueKind::Linger => match text {
                "off" => Ok(Self::Linger(None)),
                seconds => seconds
                    .parse()
                    .ok()
                    .filter(|seconds| *seconds <= Self::LONGEST_LINGER)
                    .map(|seconds| Self::Linger(Some(Duration::from_secs(seconds))))
                    .ok_or("type off, or a number of seconds from 0 to 60"),
            },
        }
    }
}

impl fmt::Display for OptionValue {
    /// As a person reads it, and [`OptionValue::parse`] too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(true) => f.pad("on"),
            Self::Flag(false) | Self::Linger(None) => f.pad("off"),
            Self::Number(number) => f.pad(&number.to_string()),
            Self::Linger(Some(time)) => f.pad(&time.as_secs().to_string()),
        }
    }
}

/// An option with the value that it is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionSetting {
    /// A plain option.
    Value(SocketOption, OptionValue),
    /// `IP_ADD_MEMBERSHIP` or `IPV6_JOIN_GROUP`: receive what is sent to this multicast group.
    Join(IpAddr, Interface),
    /// `IP_DROP_MEMBERSHIP` or `IPV6_LEAVE_GROUP`.
    Leave(IpAddr, Interface),
    /// `IP_MULTICAST_IF` or `IPV6_MULTICAST_IF`: where multicast datagrams leave this machine.
    MulticastInterface(Interface),
}

/// A network interface as the socket options name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interface {
    /// The kernel chooses by its routes.
    #[default]
    Any,
    /// The one with this IPv4 address.
    Address(std::net::Ipv4Addr),
    /// The one with this index (`ip link` shows it).
    Index(u32),
}

impl Interface {
    /// Reads an interface's IPv4 address or index; nothing is any.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Any);
        }
        text.parse()
            .map(Self::Address)
            .or_else(|_| text.parse().map(Self::Index))
            .ok()
    }

    fn inet(self) -> String {
        match self {
            Self::Any => "0.0.0.0".to_owned(),
            Self::Address(address) => address.to_string(),
            Self::Index(index) => format!("if {index}"),
        }
    }

    fn inet6(self) -> String {
        match self {
            Self::Any => "0".to_owned(),
            Self::Address(address) => address.to_string(),
            Self::Index(index) => index.to_string(),
        }
    }
}

impl OptionSetting {
    /// Level, name and value as they stand in a call on a socket of IPv6 or IPv4.
    #[must_use]
    pub fn arguments(&self, inet6: bool) -> String {
        match self {
            Self::Value(option, value) => {
                format!("{}, {}", option.qualified(inet6), in_call(*value))
            }
            Self::Join(group, interface) => membership("ADD", "JOIN", *group, *interface),
            Self::Leave(group, interface) => membership("DROP", "LEAVE", *group, *interface),
            Self::MulticastInterface(interface) if inet6 => {
                format!("SOL_IPV6, IPV6_MULTICAST_IF, {}", interface.inet6())
            }
            Self::MulticastInterface(interface) => {
                format!("SOL_IP, IP_MULTICAST_IF, {}", interface.inet())
            }
        }
    }
}

/// The group's family decides which option is set, whatever the socket is.
fn membership(four: &str, six: &str, group: IpAddr, interface: Interface) -> String {
    match group {
        IpAddr::V4(group) => {
            let interface = interface.inet();
            format!("SOL_IP, IP_{four}_MEMBERSHIP, {{{group}, {interface}}}")
        }
        IpAddr::V6(group) => {
            let interface = interface.inet6();
            format!("SOL_IPV6, IPV6_{six}_GROUP, {{{group}, {interface}}}")
        }
    }
}

/// A value as it stands in a call.
#[must_use]
pub fn in_call(value: OptionValue) -> String {
    match value {
        OptionValue::Flag(on) => u8::from(on).to_string(),
        OptionValue::Number(number) => number.to_string(),
        OptionValue::Linger(None) => "{l_onoff=0, l_linger=0}".to_owned(),
        OptionValue::Linger(Some(time)) => format!("{{l_onoff=1, l_linger={}}}", time.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_as_strace_writes_them() {
        let linger = OptionValue::Linger(Some(Duration::ZERO));
        assert_eq!(
            OptionSetting::Value(SocketOption::Linger, linger).arguments(false),
            "SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}"
        );
        let hops = OptionSetting::Value(SocketOption::MulticastTtl, OptionValue::Number(3));
        assert_eq!(hops.arguments(false), "SOL_IP, IP_MULTICAST_TTL, 3");
        assert_eq!(hops.arguments(true), "SOL_IPV6, IPV6_MULTICAST_HOPS, 3");
        let join = OptionSetting::Join("239.1.2.3".parse().expect("an address"), Interface::Any);
        assert_eq!(
            join.arguments(false),
            "SOL_IP, IP_ADD_MEMBERSHIP, {239.1.2.3, 0.0.0.0}"
        );
    }

    #[test]
    fn values_are_read_as_they_are_shown() {
        for (kind, text) in [
            (ValueKind::Flag, "on"),
            (ValueKind::Flag, "off"),
            (ValueKind::Number, "4096"),
            (ValueKind::Linger, "off"),
            (ValueKind::Linger, "0"),
            (ValueKind::Linger, "60"),
        ] {
            let value = OptionValue::parse(kind, text).expect(text);
            assert_eq!(value.to_string(), text);
        }
        for (kind, text) in [
            (ValueKind::Flag, "2"),
            (ValueKind::Number, "-1"),
            (ValueKind::Number, "2147483648"),
            (ValueKind::Linger, "61"),
            (ValueKind::Linger, ""),
        ] {
            assert!(OptionValue::parse(kind, text).is_err(), "{text}");
        }
    }
}
