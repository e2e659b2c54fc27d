//! Keys and shortcuts as plain values, so that the command table does not know the user interface library.

use std::fmt;

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Key {
    /// A letter (upper case), digit or sign.
    Char(char),
    Space,
    Escape,
    Left,
    Right,
    Up,
    Down,
    /// F1 and so on.
    F(u8),
}

/// A key with modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shortcut {
    /// Ctrl, or ⌘ on a Mac.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// The key.
    pub key: Key,
}

impl Shortcut {
    /// The key alone.
    #[must_use]
    pub const fn plain(key: Key) -> Self {
        Self { ctrl: false, shift: false, key }
    }

    /// Ctrl and the key.
    #[must_use]
    pub const fn ctrl(key: Key) -> Self {
        Self { ctrl: true, shift: false, key }
    }

    /// Ctrl, Shift and the key.
    #[must_use]
    pub const fn ctrl_shift(key: Key) -> Self {
        Self { ctrl: true, shift: true, key }
    }

    /// Shift and the key.
    #[must_use]
    pub const fn shift(key: Key) -> Self {
        Self { ctrl: false, shift: true, key }
    }
}

impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl ")?;
        }
        if self.shift {
            f.write_str("Shift ")?;
        }
        match self.key {
            Key::Char(c) => write!(f, "{c}"),
            Key::Space => f.write_str("Space"),
            Key::Escape => f.write_str("Esc"),
            Key::Left => f.write_str("Left"),
            Key::Right => f.write_str("Right"),
            Key::Up => f.write_str("Up"),
            Key::Down => f.write_str("Down"),
            Key::F(n) => write!(f, "F{n}"),
        }
    }
}
