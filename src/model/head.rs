//! Where the headers of an HTTP message end: at its first empty line (RFC 9112, section 2.1).

/// Looks for the empty line while the bytes come in, however they are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    scanned: u64,
    /// Line feeds seen in a row, carriage returns between them left out.
    line_ends: u8,
    body: Option<u64>,
}

impl Head {
    /// A head longer than this is none.
    pub const LONGEST: u64 = 64 << 10;

    /// Takes in the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.body.is_some() {
            return;
        }
        let left = Self::LONGEST - self.scanned;
        for byte in bytes.iter().take(left as usize) {
            self.scanned += 1;
            match byte {
                b'\n' if self.line_ends > 0 => {
                    self.body = Some(self.scanned);
                    return;
                }
                b'\n' => self.line_ends = 1,
                b'\r' => {}
                _ => self.line_ends = 0,
            }
        }
    }

    /// How many bytes come before the body, once the empty line was seen.
    #[must_use]
    pub const fn body(self) -> Option<u64> {
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_line_is_found_wherever_the_bytes_are_cut() {
        for message in [
            &b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\n\n"[..],
            b"HTTP/1.0 200 OK\nA: bc\n\nbody\n\n",
        ] {
            let at = message.len() - b"body\n\n".len();
            for cut in 0..message.len() {
                let mut head = Head::default();
                head.push(&message[..cut]);
                head.push(&message[cut..]);
                assert_eq!(head.body(), Some(at as u64), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_stream_without_an_empty_line_has_no_body() {
        let mut head = Head::default();
        for _ in 0..Head::LONGEST {
            head.push(b"a\r\n");
        }
        head.push(b"\n\n");
        assert_eq!(head.body(), None);
    }
}
