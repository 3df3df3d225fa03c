//! Keymap: which keys ask for which commands: those of the table, or what the user chose instead.
//!
//! A key that types is no command's outside of the canvas unless the table says so: what is typed
//! into a field stays its own. Two commands have a key in common only where the table gives them
//! one, which is where what is open decides between them.

use super::chord::{Chord, Key};
use super::command::{Command, Focus, Group, commands};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys of commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    /// By the names of their commands.
    chosen: Arc<BTreeMap<&'static str, Vec<Chord>>>,
}

impl Keymap {
    /// Gives a command these keys instead of those that it has, or none.
    pub fn choose(&mut self, command: &Command, keys: Vec<Chord>) {
        Arc::make_mut(&mut self.chosen).insert(command.id, keys);
    }

    /// What was chosen, by the names of the commands.
    pub fn chosen(&self) -> impl Iterator<Item = (&'static str, &[Chord])> {
        self.chosen.iter().map(|(id, keys)| (*id, keys.as_slice()))
    }

    /// The keys of a command, the usual one first.
    pub fn keys(&self, command: &Command) -> &[Chord] {
        self.chosen.get(command.id).map_or(command.keys, Vec::as_slice)
    }

    /// Whether `chord` asks for the command.
    pub fn asks(&self, command: &Command, chord: Chord, focus: Focus) -> bool {
        self.keys(command).contains(&chord)
            && (focus == Focus::Canvas || !is_of_text(chord) || command.keys.contains(&chord))
    }

    /// Whether `chord` asks for the command even while something is typed.
    pub fn asks_anywhere(&self, command: &Command, chord: Chord) -> bool {
        self.keys(command).contains(&chord) && !is_of_text(chord)
    }

    /// Another command that has this key of `command`.
    pub fn clash(&self, command: &Command, chord: Chord) -> Option<&'static Command> {
        let share_one = |other: &Command| other.keys.iter().any(|key| command.keys.contains(key));
        commands().find(|other| {
            other.id != command.id && self.keys(other).contains(&chord) && !share_one(other)
        })
    }

    /// The usual key of a command; empty without one.
    pub fn label(&self, command: &Command) -> String {
        self.keys(command).first().map(Chord::to_string).unwrap_or_default()
    }

    /// The same of the command of this name.
    pub fn label_of(&self, id: &str) -> String {
        let command = commands().find(|command| command.id == id);
        command.map(|command| self.label(command)).unwrap_or_default()
    }

    /// What to press for a command, in a sentence; without a key what to look for in the palette.
    pub fn key(&self, command: &Command) -> String {
        match self.label(command) {
            key if key.is_empty() => format!("“{}”", command.title),
            key => key,
        }
    }

    /// `Undo zoom (Backspace)`.
    pub fn hint(&self, command: &Command) -> String {
        match self.label(command) {
            key if key.is_empty() => command.title.into(),
            key => format!("{} ({key})", command.title),
        }
    }

    /// The keys of a row of the help.
    pub fn of_group(&self, group: &Group) -> String {
        if !group.commands.iter().any(|command| self.chosen.contains_key(command.id)) {
            return group.keys.into();
        }
        let keys = group.commands.iter().flat_map(|command| self.keys(command));
        let keys: Vec<_> = keys.map(Chord::to_string).collect();
        if keys.is_empty() { "no key".into() } else { keys.join("  ") }
    }
}

/// Whether a text field has a use for it.
fn is_of_text(Chord { ctrl, key, .. }: Chord) -> bool {
    match key {
        Key::Function(_) | Key::PageUp | Key::PageDown | Key::Menu => false,
        Key::Left | Key::Right | Key::Home | Key::End | Key::Backspace | Key::Delete => true,
        Key::Cap('A' | 'Y' | 'Z') => true,
        _ => !ctrl,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::command::{GROUPS, NOTIFICATIONS, PALETTE, PAUSE, UNDO};

    fn chord(text: &str) -> Chord {
        text.parse().unwrap()
    }

    #[test]
    fn keys_that_were_chosen_ask_for_the_command_and_are_shown() {
        let mut keymap = Keymap::default();
        assert!(keymap.asks(&PAUSE, chord("Space"), Focus::Canvas));
        assert_eq!(
            (keymap.hint(&PAUSE), keymap.key(&PAUSE)),
            ("Pause / resume (Space)".into(), "Space".into())
        );
        keymap.choose(&PAUSE, vec![chord("P"), chord("F9")]);
        assert!(!keymap.asks(&PAUSE, chord("Space"), Focus::Canvas));
        assert!(keymap.asks(&PAUSE, chord("F9"), Focus::Canvas));
        assert_eq!(
            (keymap.hint(&PAUSE), keymap.label(&PAUSE)),
            ("Pause / resume (P)".into(), "P".into())
        );
        let row = GROUPS.iter().find(|group| group.title == PAUSE.title).unwrap();
        assert_eq!(keymap.of_group(row), "P  F9");
        keymap.choose(&PAUSE, Vec::new());
        assert_eq!(
            (keymap.hint(&PAUSE), keymap.label(&PAUSE)),
            ("Pause / resume".into(), String::new())
        );
        assert_eq!(
            (keymap.key(&PAUSE), keymap.of_group(row)),
            ("“Pause / resume”".into(), "no key".into())
        );
        for group in GROUPS {
            assert_eq!(Keymap::default().of_group(&group), group.keys);
        }
    }

    #[test]
    fn what_is_typed_into_a_field_stays_its_own() {
        let mut keymap = Keymap::default();
        let all = ["P", "?", "Shift+P", "Space", "Enter", "Ctrl+A", "Ctrl+Left", "Ctrl+Backspace"];
        let free = ["F9", "Ctrl+P", "Shift+F9"];
        keymap.choose(&PALETTE, all.iter().chain(&free).map(|text| chord(text)).collect());
        for focus in [Focus::Filter, Focus::Text, Focus::Other] {
            for text in all {
                assert!(!keymap.asks(&PALETTE, chord(text), focus), "{text} in {focus:?}");
                assert!(!keymap.asks_anywhere(&PALETTE, chord(text)), "{text}");
            }
            for text in free {
                assert!(keymap.asks(&PALETTE, chord(text), focus), "{text} in {focus:?}");
            }
        }
        assert!(all.iter().all(|text| keymap.asks(&PALETTE, chord(text), Focus::Canvas)));
        // Those of the table are as they always were.
        let enter = commands().find(|command| command.id == "show-row").unwrap();
        assert!(keymap.asks(enter, chord("Enter"), Focus::Filter));
    }

    #[test]
    fn a_key_of_two_commands_is_a_clash_unless_the_table_gives_it_to_both() {
        let mut keymap = Keymap::default();
        for command in commands() {
            assert!(command.keys.iter().all(|key| keymap.clash(command, *key).is_none()));
        }
        keymap.choose(&PAUSE, vec![chord("N")]);
        assert_eq!(keymap.clash(&PAUSE, chord("N")).map(|other| other.id), Some("notifications"));
        keymap.choose(&NOTIFICATIONS, vec![chord("Space")]);
        assert!(keymap.clash(&PAUSE, chord("N")).is_none());
        assert!(keymap.clash(&NOTIFICATIONS, chord("Space")).is_none());
        assert!(keymap.clash(&UNDO, chord("Space")).is_some());
    }
}
