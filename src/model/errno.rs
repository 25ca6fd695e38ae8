//! The number with which the kernel says why a call failed, see `errno(3)`.

use std::fmt;

/// An `errno` value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident)*) => {
        impl Errno {
            $(
                #[doc = concat!("`", stringify!($name), "`, see `errno(3)`.")]
                pub const $name: Self = Self(nix::errno::Errno::$name as i32);
            )*
        }
    };
}

errnos! {
    EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF ECONNABORTED ECONNREFUSED ECONNRESET
    EDESTADDRREQ EDOM EDQUOT EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE
    EMSGSIZE ENAMETOOLONG ENETDOWN ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOMEM ENOPROTOOPT ENOSPC ENOTCONN ENOTDIR
    ENOTSOCK EOPNOTSUPP EPERM EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE EROFS ESOCKTNOSUPPORT ETIMEDOUT ETXTBSY
}

impl Errno {
    /// Its name as `errno(3)` spells it, or none if this system's C library does not know the number.
    #[must_use]
    pub fn name(self) -> Option<String> {
        match nix::errno::Errno::from_raw(self.0) {
            nix::errno::Errno::UnknownErrno => None,
            known => Some(format!("{known:?}")),
        }
    }

    /// The C library's own words for it (`strerror(3)`).
    #[must_use]
    pub fn description(self) -> &'static str {
        nix::errno::Errno::from_raw(self.0).desc()
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(&name),
            None => f.pad(&format!("errno {}", self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_number_has_its_name_and_an_unknown_one_its_number() {
        assert_eq!(Errno::ECONNREFUSED.to_string(), "ECONNREFUSED");
        assert_eq!(Errno(98_765).to_string(), "errno 98765");
    }
}
