//! Chord: a key as commands name it, and how it is written.

use std::fmt;
use std::str::FromStr;

/// A key with those that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// Ctrl, or Command.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// The key.
    pub key: Key,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// One with this capital letter, digit or sign on it.
    Cap(char),
    /// Whichever types this character.
    Typed(char),
    /// Space.
    Space,
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Tab.
    Tab,
    /// Delete.
    Delete,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Arrow to the left.
    Left,
    /// Arrow to the right.
    Right,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// The key that opens menus.
    Menu,
    /// A function key.
    Function(u8),
}

impl Chord {
    /// Just this key.
    pub const fn plain(key: Key) -> Self {
        Self { ctrl: false, shift: false, key }
    }

    /// This key with Shift.
    pub const fn shift(key: Key) -> Self {
        Self { shift: true, ..Self::plain(key) }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ctrl { "Ctrl+" } else { "" })?;
        f.write_str(if self.shift { "Shift+" } else { "" })?;
        match self.key {
            Key::Cap('-') => f.write_str("−"),
            Key::Cap(c) | Key::Typed(c) => write!(f, "{c}"),
            Key::Space => f.write_str("Space"),
            Key::Enter => f.write_str("Enter"),
            Key::Escape => f.write_str("Esc"),
            Key::Backspace => f.write_str("Backspace"),
            Key::Tab => f.write_str("Tab"),
            Key::Delete => f.write_str("Delete"),
            Key::Home => f.write_str("Home"),
            Key::End => f.write_str("End"),
            Key::PageUp => f.write_str("Page up"),
            Key::PageDown => f.write_str("Page down"),
            Key::Left => f.write_str("←"),
            Key::Right => f.write_str("→"),
            Key::Up => f.write_str("↑"),
            Key::Down => f.write_str("↓"),
            Key::Menu => f.write_str("Menu"),
            Key::Function(number) => write!(f, "F{number}"),
        }
    }
}

/// What a file calls keys that have no sign on them.
const NAMES: [(&str, Key); 15] = [
    ("Space", Key::Space),
    ("Enter", Key::Enter),
    ("Esc", Key::Escape),
    ("Backspace", Key::Backspace),
    ("Tab", Key::Tab),
    ("Delete", Key::Delete),
    ("Home", Key::Home),
    ("End", Key::End),
    ("PageUp", Key::PageUp),
    ("PageDown", Key::PageDown),
    ("Left", Key::Left),
    ("Right", Key::Right),
    ("Up", Key::Up),
    ("Down", Key::Down),
    ("Menu", Key::Menu),
];
/// Function keys that there are.
const FUNCTIONS_MAX: u8 = 24;

impl Chord {
    /// As a file writes it: `Ctrl+Shift+Left`.
    pub fn written(&self) -> String {
        let ctrl = if self.ctrl { "Ctrl+" } else { "" };
        let shift = if self.shift { "Shift+" } else { "" };
        let key = match self.key {
            Key::Cap(c) | Key::Typed(c) => c.to_string(),
            key => match NAMES.iter().find(|(_, named)| *named == key) {
                Some((name, _)) => (*name).to_owned(),
                None => Self::plain(key).to_string(),
            },
        };
        format!("{ctrl}{shift}{key}")
    }
}

impl FromStr for Chord {
    type Err = String;

    /// The error is part of a sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut ctrl, mut shift, mut rest) = (false, false, text.trim());
        while let Some((held, more)) = rest.split_once('+').filter(|(_, more)| !more.is_empty()) {
            match &*held.trim().to_ascii_lowercase() {
                "ctrl" => ctrl = true,
                "shift" => shift = true,
                _ => break,
            }
            rest = more.trim();
        }
        let key = key(rest).ok_or("not a key; write one as P, Space, F9, Ctrl+P or Shift+Left")?;
        match (ctrl, shift, key) {
            (true, _, Key::Cap('C' | 'V' | 'X')) => Err("it belongs to the clipboard".into()),
            (false, _, Key::Tab) => Err("it goes from field to field".into()),
            (_, _, Key::Typed(_)) if ctrl || shift => {
                Err("Ctrl and Shift are held with letters, digits and named keys only".into())
            }
            _ => Ok(Self { ctrl, shift, key }),
        }
    }
}

fn key(text: &str) -> Option<Key> {
    let mut chars = text.chars();
    match (chars.next()?, chars.as_str()) {
        (c, "") if c.is_ascii_alphanumeric() => Some(Key::Cap(c.to_ascii_uppercase())),
        (c @ ('+' | '-' | '='), "") => Some(Key::Cap(c)),
        (c, "") => (!c.is_whitespace() && !c.is_control()).then_some(Key::Typed(c)),
        ('F' | 'f', number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let number = number.parse().ok();
            number.filter(|number| (1..=FUNCTIONS_MAX).contains(number)).map(Key::Function)
        }
        _ => {
            let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
            named.map(|(_, key)| *key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::command::commands;

    #[test]
    fn what_is_written_is_read_as_the_same_key() {
        for chord in commands().flat_map(|command| command.keys) {
            assert_eq!(chord.written().parse(), Ok(*chord), "{}", chord.written());
        }
        for (text, written) in [
            ("p", "P"),
            (" ctrl + shift+left ", "Ctrl+Shift+Left"),
            ("Ctrl++", "Ctrl++"),
            ("+", "+"),
            ("f12", "F12"),
            ("pageup", "PageUp"),
            ("ö", "ö"),
            (",", ","),
        ] {
            assert_eq!(text.parse::<Chord>().unwrap().written(), written);
        }
    }

    #[test]
    fn what_is_no_key_of_a_command_is_refused() {
        for (text, words) in [
            ("", "not a key"),
            ("PP", "not a key"),
            ("F0", "not a key"),
            ("F25", "not a key"),
            ("F999", "not a key"),
            ("Ctrl+", "not a key"),
            ("Alt+P", "not a key"),
            ("\u{7}", "not a key"),
            ("Ctrl+v", "clipboard"),
            ("Tab", "field to field"),
            ("Shift+?", "Ctrl and Shift"),
        ] {
            let error = text.parse::<Chord>().unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
