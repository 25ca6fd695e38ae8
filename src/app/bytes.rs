//! Received bytes as rows: how a [`ByteLog`] is cut for a width, and how a person scrolls through it.
//!
//! Only the chunks that are seen are laid out, so a full log costs no more to show than an empty one.

use std::ops::Range;

use crate::model::{ByteLog, Chunk, glyph};

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As text, control characters visible; each recv begins a row of its own.
    #[default]
    Text,
    /// Offset, hexadecimal, characters.
    Hex,
    /// One row for each recv.
    Chunks,
    /// As an HTTP message: headers, the empty line, the body.
    Http,
}

impl Mode {
    /// Every mode, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Text, Self::Hex, Self::Chunks, Self::Http];

    /// The name as it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Chunks => "chunks",
            Self::Http => "http",
        }
    }

    /// What it shows, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Text => "as text; each recv begins a row",
            Self::Hex => "offset, hexadecimal, characters",
            Self::Chunks => "a row for each recv",
            Self::Http => "headers, the empty line, the body",
        }
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Text => Self::Hex,
            Self::Hex => Self::Chunks,
            Self::Chunks => Self::Http,
            Self::Http => Self::Text,
        }
    }
}

/// A row: a part of one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The chunk's number.
    pub chunk: u64,
    /// Which of the chunk's rows, from 0.
    pub index: usize,
    /// Where in the chunk it begins.
    pub start: usize,
    /// Where in the chunk it ends.
    pub end: usize,
}

/// Where a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Position {
    /// At the newest bytes, moving along with them.
    #[default]
    Tail,
    /// With this row at the top.
    At {
        /// The chunk's number.
        chunk: u64,
        /// Which of its rows.
        index: usize,
    },
}

/// A direction and distance to scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// One row back.
    Up,
    /// One row on.
    Down,
    /// A few rows back: a notch of the wheel.
    WheelUp,
    /// A few rows on.
    WheelDown,
    /// A screen back.
    PageUp,
    /// A screen on.
    PageDown,
    /// To the oldest.
    Top,
    /// To the newest, and following it.
    Bottom,
}

impl Motion {
    /// Rows to a notch of the wheel.
    const NOTCH: usize = 3;

    /// How many rows, in a window of `page` rows; none for the ends.
    #[must_use]
    pub fn rows(self, page: usize) -> Option<usize> {
        match self {
            Self::Up | Self::Down => Some(1),
            Self::WheelUp | Self::WheelDown => Some(Self::NOTCH),
            Self::PageUp | Self::PageDown => Some(page.saturating_sub(1).max(1)),
            Self::Top | Self::Bottom => None,
        }
    }

    /// Whether it goes towards the oldest.
    #[must_use]
    pub const fn is_back(self) -> bool {
        match self {
            Self::Up | Self::WheelUp | Self::PageUp | Self::Top => true,
            Self::Down | Self::WheelDown | Self::PageDown | Self::Bottom => false,
        }
    }
}

/// How one log is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BytesView {
    /// How bytes are shown.
    pub mode: Mode,
    /// Where.
    pub position: Position,
}

/// The room that a view has on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Cells to a row, without the column of the recv's number.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl BytesView {
    /// Shows the next mode; the chunk at the top stays there.
    pub const fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        if let Position::At { chunk, .. } = self.position {
            self.position = Position::At { chunk, index: 0 };
        }
    }

    /// The rows to show in `room`, oldest first.
    #[must_use]
    pub fn window(&self, log: &ByteLog, room: Room) -> Vec<Row> {
        match self.position {
            Position::Tail => tail(log, self.mode, room),
            Position::At { chunk, index } => {
                let rows = self.from(log, room, chunk, index);
                // The end has been reached: there is nothing to leave empty rows for.
                if rows.len() < room.height {
                    tail(log, self.mode, room)
                } else {
                    rows
                }
            }
        }
    }

    /// Moves through the log; reaching its end follows the tail again.
    pub fn scroll(&mut self, log: &ByteLog, room: Room, motion: Motion) {
        let Some(top) = self.window(log, room).first().copied() else {
            return;
        };
        let Some(distance) = motion.rows(room.height) else {
            self.position = if motion.is_back() {
                Position::At {
                    chunk: *log.kept().start(),
                    index: 0,
                }
            } else {
                Position::Tail
            };
            return;
        };
        if motion.is_back() {
            let at = self.back_from(log, room, top, distance);
            // A log that fits on the screen has nothing to scroll.
            let fits = self.from(log, room, at.chunk, at.index).len() < room.height;
            if !fits {
                self.position = Position::At {
                    chunk: at.chunk,
                    index: at.index,
                };
            }
        } else if let Position::At { chunk, index } = self.position {
            // One row more than the window needs: without it the window would end with the newest.
            let reach = Room {
                height: room.height + distance + 1,
                ..room
            };
            let rows = self.from(log, reach, chunk, index);
            self.position = match rows.get(distance) {
                Some(row) if rows.len() == reach.height => Position::At {
                    chunk: row.chunk,
                    index: row.index,
                },
                _ => Position::Tail,
            };
        }
    }

    fn from(&self, log: &ByteLog, room: Room, chunk: u64, index: usize) -> Vec<Row> {
        let first = chunk.max(*log.kept().start());
        let skip = if first == chunk { index } else { 0 };
        (first..=*log.kept().end())
            .filter_map(|number| log.chunk(number))
            .flat_map(|chunk| rows(&chunk, self.mode, room.width))
            .skip(skip)
            .take(room.height)
            .collect()
    }

    fn back_from(&self, log: &ByteLog, room: Room, top: Row, distance: usize) -> Row {
        let mut left = distance;
        let mut number = top.chunk;
        let mut above = top.index;
        loop {
            let chunk_rows = log
                .chunk(number)
                .map(|chunk| rows(&chunk, self.mode, room.width));
            let Some(chunk_rows) = chunk_rows else {
                return top;
            };
            if left <= above {
                return chunk_rows.get(above - left).copied().unwrap_or(top);
            }
            left -= above;
            if number <= *log.kept().start() {
                return chunk_rows.first().copied().unwrap_or(top);
            }
            number -= 1;
            above = log
                .chunk(number)
                .map_or(0, |chunk| rows(&chunk, self.mode, room.width).len());
        }
    }
}

fn tail(log: &ByteLog, mode: Mode, room: Room) -> Vec<Row> {
    let mut found: Vec<Row> = Vec::with_capacity(room.height);
    for number in log.kept().rev() {
        let Some(chunk) = log.chunk(number) else {
            break;
        };
        found.extend(rows(&chunk, mode, room.width).iter().rev());
        if found.len() >= room.height {
            break;
        }
    }
    found.truncate(room.height);
    found.reverse();
    found
}

/// How wide the column of the recv's number is.
#[must_use]
pub fn gutter(log: &ByteLog) -> usize {
    let digits = log.count().checked_ilog10().unwrap_or(0) as usize + 1;
    digits.max(2) + " │ ".chars().count()
}

/// How many bytes a row of hexadecimal has in `width` cells: `00000010  68 65 …  6c 6c …  |hello…|`.
#[must_use]
pub const fn hex_columns(width: usize) -> usize {
    const OFFSET: usize = 10;
    let mut columns = 32;
    // Three cells a byte in hexadecimal, one as a character, one more behind every eight, two bars.
    while columns > 4 && OFFSET + columns * 4 + columns / 8 + 2 > width {
        columns /= 2;
    }
    columns
}

/// The rows of one chunk at `width` cells.
fn rows(chunk: &Chunk<'_>, mode: Mode, width: usize) -> Vec<Row> {
    let row = |index, range: Range<usize>| Row {
        chunk: chunk.number,
        index,
        start: range.start,
        end: range.end,
    };
    let length = chunk.bytes.len();
    match mode {
        Mode::Chunks => vec![row(0, 0..length)],
        // An empty datagram has a row too.
        Mode::Text | Mode::Hex | Mode::Http if length == 0 => vec![row(0, 0..0)],
        Mode::Hex => {
            let columns = hex_columns(width);
            (0..length)
                .step_by(columns)
                .enumerate()
                .map(|(index, start)| row(index, start..length.min(start + columns)))
                .collect()
        }
        Mode::Text | Mode::Http => {
            // The longest glyph, `\u{10ffff}`, needs ten cells.
            let width = width.max(10);
            let mut found = Vec::new();
            let (mut start, mut at, mut cells) = (0, 0, 0);
            for glyph in glyph::glyphs(chunk.bytes) {
                if cells + glyph.width > width {
                    found.push(row(found.len(), start..at));
                    (start, cells) = (at, 0);
                }
                at += glyph.bytes;
                cells += glyph.width;
                if glyph.ends_line {
                    found.push(row(found.len(), start..at));
                    (start, cells) = (at, 0);
                }
            }
            if start < at {
                found.push(row(found.len(), start..at));
            }
            found
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Moment;

    const ROOM: Room = Room {
        width: 20,
        height: 4,
    };

    fn log(pieces: &[&str]) -> ByteLog {
        let mut log = ByteLog::default();
        for piece in pieces {
            log.push(Moment(0), piece.as_bytes().to_vec());
        }
        log
    }

    fn shown(view: &BytesView, log: &ByteLog, room: Room) -> Vec<String> {
        view.window(log, room)
            .iter()
            .map(|row| {
                let chunk = log.chunk(row.chunk).expect("kept");
                format!(
                    "{} {}",
                    row.chunk,
                    glyph::line(&chunk.bytes[row.start..row.end])
                )
            })
            .collect()
    }

    #[test]
    fn each_recv_begins_a_row_and_lines_break_behind_their_end() {
        let log = log(&["Welcome", "a\r\nb", "你好你好你好你好你好你"]);
        let view = BytesView::default();
        let room = Room {
            width: 20,
            height: 9,
        };
        assert_eq!(
            shown(&view, &log, room),
            [
                "1 Welcome",
                r"2 a\r\n",
                "2 b",
                "3 你好你好你好你好你好",
                "3 你"
            ]
        );
    }

    #[test]
    fn every_byte_is_in_exactly_one_row_of_every_mode() {
        let bytes: Vec<u8> = (0..=255).chain(b"\n\n\xe4".iter().copied()).collect();
        let mut log = ByteLog::default();
        log.push(Moment(0), bytes.clone());
        for mode in Mode::ALL {
            for width in [1, 10, 37, 80, 300] {
                let chunk = log.last().expect("a chunk");
                let mut at = 0;
                for (index, row) in rows(&chunk, mode, width).iter().enumerate() {
                    assert_eq!((row.start, row.index), (at, index), "{mode:?} {width}");
                    assert!(row.end > row.start);
                    at = row.end;
                }
                assert_eq!(at, bytes.len());
            }
        }
    }

    #[test]
    fn scrolling_back_and_on_returns_to_the_tail() {
        let pieces: Vec<String> = (0..50).map(|i| format!("line {i}\nmore")).collect();
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let mut log = log(&pieces);
        let mut view = BytesView::default();
        let tail = shown(&view, &log, ROOM);
        assert_eq!(tail[3], "50 more");
        view.scroll(&log, ROOM, Motion::Up);
        assert_eq!(shown(&view, &log, ROOM)[3], r"50 line 49\n");
        // New bytes do not move what a person reads.
        log.push(Moment(0), b"new".to_vec());
        assert_eq!(shown(&view, &log, ROOM)[3], r"50 line 49\n");
        for _ in 0..300 {
            view.scroll(&log, ROOM, Motion::PageUp);
        }
        assert_eq!(shown(&view, &log, ROOM)[0], r"1 line 0\n");
        for _ in 0..40 {
            view.scroll(&log, ROOM, Motion::PageDown);
        }
        assert_eq!(view.position, Position::Tail);
        view.scroll(&log, ROOM, Motion::Top);
        assert_eq!(shown(&view, &log, ROOM)[0], r"1 line 0\n");
        view.scroll(&log, ROOM, Motion::Bottom);
        assert_eq!(shown(&view, &log, ROOM)[3], "51 new");
    }

    #[test]
    fn a_short_log_does_not_scroll_and_an_empty_one_does_not_panic() {
        let mut view = BytesView::default();
        for log in [log(&[]), log(&["a"])] {
            for motion in [Motion::Up, Motion::PageUp, Motion::Down, Motion::WheelDown] {
                view.scroll(&log, ROOM, motion);
                assert_eq!(view.position, Position::Tail);
            }
        }
    }

    #[test]
    fn hex_rows_fit_their_width() {
        assert_eq!(
            [30, 46, 57, 60, 79, 116, 240].map(hex_columns),
            [4, 8, 8, 8, 16, 16, 32]
        );
    }
}
