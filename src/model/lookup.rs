//! Why a name could not be resolved: the `EAI_…` numbers of `getaddrinfo(3)`.

use std::fmt;

use super::Errno;

/// A return value of `getaddrinfo(3)` other than 0, as glibc numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupError {
    /// An `EAI_…` number.
    Eai(i32),
    /// `EAI_SYSTEM`: the reason is in `errno`.
    System(Errno),
    /// The name held a NUL byte, so that no C string could be made of it and nothing was asked.
    NulByte,
}

impl LookupError {
    /// `EAI_SYSTEM`'s number in glibc.
    pub const EAI_SYSTEM: i32 = -11;

    /// The name as `getaddrinfo(3)` and `netdb.h` spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System(_) => "EAI_SYSTEM",
            Self::NulByte => "NUL byte in name",
            Self::Eai(number) => match number {
                -1 => "EAI_BADFLAGS",
                -2 => "EAI_NONAME",
                -3 => "EAI_AGAIN",
                -4 => "EAI_FAIL",
                -5 => "EAI_NODATA",
                -6 => "EAI_FAMILY",
                -7 => "EAI_SOCKTYPE",
                -8 => "EAI_SERVICE",
                -9 => "EAI_ADDRFAMILY",
                -10 => "EAI_MEMORY",
                Self::EAI_SYSTEM => "EAI_SYSTEM",
                -12 => "EAI_OVERFLOW",
                -100 => "EAI_INPROGRESS",
                -101 => "EAI_CANCELED",
                -104 => "EAI_INTR",
                -105 => "EAI_IDN_ENCODE",
                _ => "EAI_?",
            },
        }
    }

    /// Every number that [`LookupError::name`] knows.
    pub const NUMBERS: [i32; 15] = [
        -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -12, -100, -101, -104, -105,
    ];
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(errno) => write!(f, "EAI_SYSTEM ({errno})"),
            Self::Eai(number) if self.name() == "EAI_?" => write!(f, "EAI {number}"),
            Self::Eai(_) | Self::NulByte => f.write_str(self.name()),
        }
    }
}
