//! Keys as plain data, with the text form that the keymap, the footer, the help and the tests share.

use std::fmt;

/// Which key was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A key that types a character.
    Char(char),
    /// Enter or Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// The arrows.
    Up,
    /// See [`Code::Up`].
    Down,
    /// See [`Code::Up`].
    Left,
    /// See [`Code::Up`].
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page Up.
    PageUp,
    /// Page Down.
    PageDown,
    /// A function key, F1 being 1.
    F(u8),
}

/// A key with its modifiers. Shift is part of the character, or of [`Code::BackTab`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With Control.
    pub ctrl: bool,
    /// With Alt or Meta.
    pub alt: bool,
}

impl Key {
    /// The key alone.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
        }
    }

    /// The key of a character.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// The key with Control.
    #[must_use]
    pub const fn ctrl(code: Code) -> Self {
        Self {
            code,
            ctrl: true,
            alt: false,
        }
    }

    /// The key with Alt.
    #[must_use]
    pub const fn alt(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: true,
        }
    }

    /// The character that it types into a field, if any.
    #[must_use]
    pub const fn typed(self) -> Option<char> {
        match self {
            Self {
                code: Code::Char(c),
                ctrl: false,
                alt: false,
            } => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    /// As it is printed on the screen: `Ctrl-C`, `Tab`, `s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = String::new();
        if self.ctrl {
            name.push_str("Ctrl-");
        }
        if self.alt {
            name.push_str("Alt-");
        }
        match self.code {
            Code::Char(' ') => name.push_str("Space"),
            Code::Char(c) if self.ctrl => name.extend(c.to_uppercase()),
            Code::Char(c) => name.push(c),
            Code::Enter => name.push_str("Enter"),
            Code::Esc => name.push_str("Esc"),
            Code::Tab => name.push_str("Tab"),
            Code::BackTab => name.push_str("Shift-Tab"),
            Code::Backspace => name.push_str("Backspace"),
            Code::Delete => name.push_str("Delete"),
            Code::Up => name.push('↑'),
            Code::Down => name.push('↓'),
            Code::Left => name.push('←'),
            Code::Right => name.push('→'),
            Code::Home => name.push_str("Home"),
            Code::End => name.push_str("End"),
            Code::PageUp => name.push_str("PgUp"),
            Code::PageDown => name.push_str("PgDn"),
            Code::F(n) => name.push_str(&format!("F{n}")),
        }
        f.pad(&name)
    }
}
