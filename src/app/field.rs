//! A line of text that is edited, with its history.

use tui_input::{Input, InputRequest};

use crate::model::glyph;

/// A change to a field or a move of its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// One character to the left.
    Left,
    /// One character to the right.
    Right,
    /// To the beginning of the word.
    WordLeft,
    /// Behind the word.
    WordRight,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Deletes the character before the cursor.
    Backspace,
    /// Deletes the character at the cursor.
    Delete,
    /// Deletes the word before the cursor.
    DeleteWordLeft,
    /// Deletes the word at the cursor.
    DeleteWordRight,
    /// Deletes everything before the cursor.
    DeleteToStart,
    /// Deletes everything from the cursor on.
    DeleteToEnd,
    /// Puts back what was deleted last.
    Yank,
}

impl Edit {
    const fn request(self) -> InputRequest {
        match self {
            Self::Left => InputRequest::GoToPrevChar,
            Self::Right => InputRequest::GoToNextChar,
            Self::WordLeft => InputRequest::GoToPrevWord,
            Self::WordRight => InputRequest::GoToNextWord,
            Self::Home => InputRequest::GoToStart,
            Self::End => InputRequest::GoToEnd,
            Self::Backspace => InputRequest::DeletePrevChar,
            Self::Delete => InputRequest::DeleteNextChar,
            Self::DeleteWordLeft => InputRequest::DeletePrevWord,
            Self::DeleteWordRight => InputRequest::DeleteNextWord,
            Self::DeleteToStart => InputRequest::DeleteFromStart,
            Self::DeleteToEnd => InputRequest::DeleteTillEnd,
            Self::Yank => InputRequest::Yank,
        }
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A host or service name: no spaces, no controls.
    Name,
    /// A number without sign.
    Digits,
    /// Plain text as it is, spaces included.
    Text,
    /// A message: what is not plain text becomes the escapes that stand for it.
    Message,
}

/// A line of text, its cursor, and what was entered before.
#[derive(Debug, Clone)]
pub struct Field {
    input: Input,
    takes: Takes,
    history: Vec<String>,
    /// Which entry of the history is shown, and what was being typed before it was looked up.
    recalled: Option<(usize, String)>,
}

impl Field {
    /// The most characters that a field holds: enough for a pasted request, little enough to edit without a delay.
    pub const LONGEST: usize = 16 << 10;
    /// How many entries the history keeps.
    const HISTORY: usize = 200;

    /// A field that holds `value`.
    #[must_use]
    pub fn new(takes: Takes, value: &str) -> Self {
        Self {
            input: Input::new(value.to_owned()),
            takes,
            history: Vec::new(),
            recalled: None,
        }
    }

    /// The same with what was entered before, newest last.
    #[must_use]
    pub fn with_history(mut self, history: Vec<String>) -> Self {
        self.history = history;
        self
    }

    /// The text.
    #[must_use]
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// How many characters stand before the cursor.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// The cursor's column in cells from the beginning of the text.
    #[must_use]
    pub fn cursor_column(&self) -> usize {
        self.input.visual_cursor()
    }

    /// How many cells of the text are to be scrolled out at the left for the cursor to be seen in `width` cells.
    #[must_use]
    pub fn scrolled(&self, width: usize) -> usize {
        self.input.visual_scroll(width.saturating_sub(1))
    }

    /// Replaces the text.
    pub fn set(&mut self, value: &str) {
        self.input = Input::new(String::new());
        self.recalled = None;
        self.insert(value);
    }

    /// Inserts typed or pasted text at the cursor, as far as the field takes it. Returns whether all of it fitted.
    pub fn insert(&mut self, text: &str) -> bool {
        let mut taken = String::new();
        for c in text.chars() {
            match self.takes {
                Takes::Digits if c.is_ascii_digit() => taken.push(c),
                // A character that cannot be seen would make a name look right and fail.
                Takes::Name if !c.is_whitespace() && glyph::is_plain(c) => taken.push(c),
                Takes::Text if glyph::is_plain(c) => taken.push(c),
                Takes::Message if !glyph::is_plain(c) => {
                    taken.push_str(&glyph::line(c.encode_utf8(&mut [0; 4]).as_bytes()));
                }
                Takes::Message => taken.push(c),
                Takes::Digits | Takes::Name | Takes::Text => {}
            }
        }
        let room = Self::LONGEST.saturating_sub(self.value().chars().count());
        let fits = taken.chars().count() <= room;
        let at = self.input.cursor();
        let mut value: String = self.value().chars().take(at).collect();
        value.extend(taken.chars().take(room));
        let cursor = value.chars().count();
        value.extend(self.value().chars().skip(at));
        self.input = std::mem::take(&mut self.input)
            .with_value(value)
            .with_cursor(cursor);
        fits
    }

    /// Edits the text or moves the cursor.
    pub fn edit(&mut self, edit: Edit) {
        let before = (edit == Edit::Yank).then(|| (self.value().to_owned(), self.input.cursor()));
        self.input.handle(edit.request());
        // What does not fit is not put back: again and again it would make the field as long as one likes.
        if let Some((value, cursor)) = before
            && self.value().chars().count() > Self::LONGEST
        {
            self.input = std::mem::take(&mut self.input)
                .with_value(value)
                .with_cursor(cursor);
        }
    }

    /// Puts the cursor before the character with this number.
    pub fn set_cursor(&mut self, characters: usize) {
        self.input.handle(InputRequest::SetCursor(characters));
    }

    /// Puts the cursor at this column of the text, counted in cells.
    pub fn set_cursor_column(&mut self, column: usize) {
        let mut cells = 0;
        let before = self
            .value()
            .chars()
            .take_while(|&c| {
                cells += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
                cells <= column
            })
            .count();
        self.set_cursor(before);
    }

    /// Keeps the text in the history, newest last and each text once.
    pub fn remember(&mut self) {
        let value = self.value().to_owned();
        self.recalled = None;
        if value.is_empty() {
            return;
        }
        self.history.retain(|old| *old != value);
        if self.history.len() >= Self::HISTORY {
            self.history.remove(0);
        }
        self.history.push(value);
    }

    /// Shows the entry before the one that is shown.
    pub fn recall_older(&mut self) {
        let (at, draft) = match self.recalled.take() {
            Some((at, draft)) => (at.saturating_sub(1), draft),
            None if self.history.is_empty() => return,
            None => (self.history.len() - 1, self.value().to_owned()),
        };
        self.input = Input::new(self.history[at].clone());
        self.recalled = Some((at, draft));
    }

    /// Shows the entry after the one that is shown; behind the newest, what was being typed.
    pub fn recall_newer(&mut self) {
        let Some((at, draft)) = self.recalled.take() else {
            return;
        };
        if let Some(entry) = self.history.get(at + 1) {
            self.input = Input::new(entry.clone());
            self.recalled = Some((at + 1, draft));
        } else {
            self.input = Input::new(draft);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_field_takes_what_makes_sense_there() {
        let mut port = Field::new(Takes::Digits, "");
        port.insert("8x8 8\n8");
        assert_eq!(port.value(), "8888");
        let mut host = Field::new(Takes::Name, "");
        host.insert(" local\x1b\u{200b}host\r\n");
        assert_eq!(host.value(), "localhost");
        let mut message = Field::new(Takes::Message, "");
        message.insert("GET /\r\n\x1b[2J你\u{202e}\\n");
        assert_eq!(message.value(), r"GET /\r\n\x1b[2J你\u{202e}\n");
    }

    #[test]
    fn cursor_counts_cells_for_wide_characters() {
        let mut field = Field::new(Takes::Message, "你好ab");
        assert_eq!(field.cursor_column(), 6);
        field.edit(Edit::Home);
        field.edit(Edit::Right);
        assert_eq!(field.cursor_column(), 2);
        field.set_cursor_column(5);
        field.insert("x");
        assert_eq!(field.value(), "你好axb");
        field.set_cursor_column(1);
        assert_eq!(
            field.cursor_column(),
            0,
            "the middle of a wide character is its beginning"
        );
    }

    #[test]
    fn history_walks_back_and_returns_to_what_was_typed() {
        let mut field = Field::new(Takes::Message, "");
        for text in ["one", "two", "one", ""] {
            field.set(text);
            field.remember();
        }
        field.set("dra");
        field.recall_older();
        assert_eq!(field.value(), "one");
        field.recall_older();
        field.recall_older();
        assert_eq!(field.value(), "two");
        field.recall_newer();
        field.recall_newer();
        assert_eq!(field.value(), "dra");
        field.recall_newer();
        assert_eq!(field.value(), "dra");
    }

    #[test]
    fn putting_back_what_was_deleted_keeps_to_the_limit() {
        let mut field = Field::new(Takes::Message, "");
        field.insert(&"x".repeat(Field::LONGEST / 2));
        field.edit(Edit::DeleteToStart);
        for _ in 0..10 {
            field.edit(Edit::Yank);
        }
        assert_eq!(field.value().chars().count(), Field::LONGEST);
        field.edit(Edit::DeleteToStart);
        field.edit(Edit::Yank);
        assert_eq!(field.value().chars().count(), Field::LONGEST);
    }

    #[test]
    fn a_huge_paste_is_cut_and_says_so() {
        let mut field = Field::new(Takes::Message, "ab");
        field.edit(Edit::Left);
        assert!(!field.insert(&"x".repeat(Field::LONGEST)));
        assert_eq!(field.value().chars().count(), Field::LONGEST);
        assert!(field.value().ends_with("xb"));
    }
}
