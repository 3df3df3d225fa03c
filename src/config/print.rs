//! Print: a documented example, and the configuration that holds with where each value is from.

use super::keys::{COLOURS, COMMAND_KEYS, Config, KEYS, Key};
use crate::view::chord::Chord;
use crate::view::colours::Shades;
use crate::view::command::commands;
use crate::view::role::Role;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use toml::Value;

const EXAMPLE_HEAD: &str = "\
# The configuration of collectoscope. As it is here it changes nothing: every key has a comment
# sign before it. Options of the command line go before what stands here, and this goes before what
# the window kept the last time. Relative paths begin at the folder of this file, and ~/ is your
# home. `collectoscope show config` prints what holds and where it is from.
";
const ROLES_HEAD: &str = "
# Colours of lines that stand for one thing, as those above. Without a line they are as here.
";
const KEYS_HEAD: &str = "
# Keys of commands, behind all else: one as P, Space, F9, Ctrl+P or Shift+Left, several in a list,
# or none, \"\". Without a line a command has those that stand here. A key that another command has
# must be taken from that one too; what is typed into a field stays its own.
#[keys]
";
const EFFECTIVE_HEAD: &str = "\
# What holds, and where it is from. `collectoscope show example` explains the keys.

";

/// A file that changes nothing and documents every key.
pub fn example() -> String {
    let mut text = EXAMPLE_HEAD.to_owned();
    for Key { name, what, without, sample, flags, .. } in KEYS {
        // Nothing that writes to a string fails.
        let _ = write!(text, "\n# {}.\n# Without it: {without}.", capital(what));
        let _ = match flags {
            "" => writeln!(text),
            flags if flags.contains(',') => writeln!(text, " Options: {flags}."),
            flag => writeln!(text, " Option: {flag}."),
        };
        let _ = writeln!(text, "#{name} = {sample}");
    }
    text.push_str(ROLES_HEAD);
    for role in Role::words().filter_map(|word| word.parse::<Role>().ok()) {
        let _ = writeln!(text, "#{COLOURS}.{} = \"{}\"", role.word(), Shades::of(role));
    }
    text.push_str(KEYS_HEAD);
    for command in commands() {
        let keys = chords(command.keys);
        let _ = writeln!(text, "\n# {}.\n#{} = {keys}", command.title, command.id);
    }
    text
}

/// Keys as TOML.
fn chords(keys: &[Chord]) -> Value {
    let mut written: Vec<_> = keys.iter().map(|chord| Value::from(chord.written())).collect();
    match written.len() {
        0 => "".into(),
        1 => written.remove(0),
        _ => Value::Array(written),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// Where values are from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Options of the command line.
    Flags,
    /// A configuration.
    File {
        /// Its path.
        path: PathBuf,
        /// The lines of its keys.
        lines: BTreeMap<&'static str, usize>,
    },
    /// The settings that the window keeps.
    Kept {
        /// Their file.
        path: PathBuf,
    },
    /// The program.
    BuiltIn,
}

impl Origin {
    fn of(&self, key: &Key) -> String {
        self.named(key.name, key.flags)
    }

    fn of_keys(&self) -> String {
        self.named(COMMAND_KEYS, "")
    }

    /// In words that leave no comment.
    fn named(&self, key: &str, flags: &str) -> String {
        let text = match self {
            Self::Flags => flags.to_owned(),
            Self::File { path, lines } => match lines.get(key) {
                Some(line) => format!("{}, line {line}", path.display()),
                None => format!("{}, as long as it has mistakes", path.display()),
            },
            Self::Kept { path } => format!("kept by the window in {}", path.display()),
            Self::BuiltIn => "built in".to_owned(),
        };
        text.replace(char::is_control, " ")
    }
}

/// What holds where each of `layers` goes before those after it, as TOML with where it is from.
pub fn effective(layers: &[(Config, Origin)]) -> String {
    let configs = layers.iter().map(|(config, _)| config.clone());
    let holds = configs.fold(Config::default(), Config::over);
    let mut text = EFFECTIVE_HEAD.to_owned();
    for key in &KEYS {
        let from = layers.iter().find(|(config, _)| (key.toml)(config).is_some());
        let _ = match ((key.toml)(&holds), from) {
            (Some(value), Some((_, origin))) => {
                writeln!(text, "{} = {value}  # {}", key.name, origin.of(key))
            }
            _ => writeln!(text, "#{} is not set: {}", key.name, without(key, &holds)),
        };
    }
    for (role, shades) in holds.colours.iter().flat_map(|colours| &colours.roles) {
        let from = layers.iter().find(|(config, _)| config.colours.is_some());
        let origin = from.map_or(String::new(), |(_, origin)| origin.named(role.word(), ""));
        let _ = writeln!(text, "{COLOURS}.{} = \"{shades}\"  # {origin}", role.word());
    }
    if let Some(keymap) = &holds.keys {
        let from = layers.iter().find(|(config, _)| config.keys.is_some());
        let origin = from.map_or(String::new(), |(_, origin)| origin.of_keys());
        let _ = writeln!(text, "\n[{COMMAND_KEYS}]  # {origin}");
        for (id, keys) in keymap.chosen() {
            let _ = writeln!(text, "{id} = {}", chords(keys));
        }
    }
    text
}

/// Addresses and URLs are one list of sources.
fn without(key: &Key, holds: &Config) -> &'static str {
    match key.name {
        "listen" if holds.source.is_some() => "only what source says",
        "source" if holds.listen.is_some() => "only what listen says",
        _ => key.without,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read::{Read, read};
    use crate::config::{Place, values};
    use crate::view::Theme;

    fn read_it(text: &str) -> Read {
        read(text, &Place::default())
    }

    #[test]
    fn the_example_changes_nothing_and_with_every_key_taken_in_it_is_right() {
        let example = example();
        assert_eq!(read_it(&example), Read::default());
        let taken = example.replace("\n#", "\n").replace("\n ", "\n# ");
        let Read { config, lines, faults } = read_it(&taken);
        assert_eq!(faults, []);
        assert_eq!(lines.len(), KEYS.len() + Role::words().count() + 1);
        let keymap = config.keys.as_ref().unwrap();
        assert_eq!(keymap.chosen().count(), commands().count());
        assert!(commands().all(|command| keymap.keys(command) == command.keys));
        assert!(KEYS.iter().all(|key| (key.toml)(&config).is_some()));
        for line in example.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn the_readme_documents_every_key_as_the_example_does() {
        let readme = include_str!("../../README.md");
        let mut lines = readme
            .lines()
            .skip_while(|line| *line != "| key | what it says | without it | option |")
            .skip(2);
        for Key { name, what, without, flags, .. } in KEYS {
            let what = what.replace('|', "\\|");
            let flags: Vec<_> = flags.split(", ").filter(|flag| !flag.is_empty()).collect();
            let flags: Vec<_> = flags.iter().map(|flag| format!("`{flag}`")).collect();
            let row = format!("| `{name}` | {what} | {without} | {} |", flags.join(", "));
            assert_eq!(lines.next(), Some(&*row), "README.md and config/keys.rs differ");
        }
        assert_eq!(lines.next(), Some(""), "a row too many");
    }

    fn layers(flags: &str, file: &str) -> [(Config, Origin); 4] {
        let Read { config, lines, .. } = read_it(file);
        let kept = Config { theme: Some(Theme::Light), sidebar: Some(false), ..Config::default() };
        let built_in = Config {
            memory: Some(512),
            theme: Some(Theme::System),
            zone: Some(values::Zone::default()),
            ..Config::default()
        };
        [
            (read_it(flags).config, Origin::Flags),
            (config, Origin::File { path: "/c/config.toml".into(), lines }),
            (kept, Origin::Kept { path: "/c/settings.toml".into() }),
            (built_in, Origin::BuiltIn),
        ]
    }

    #[test]
    fn each_value_is_printed_with_where_it_is_from() {
        let text = effective(&layers("memory = 64", "\nmemory = 32\ntheme = \"dark\""));
        for line in [
            "memory = 64  # --memory",
            "theme = \"dark\"  # /c/config.toml, line 3",
            "sidebar = false  # kept by the window in /c/settings.toml",
            "zone = \"system\"  # built in",
            "#auth_file is not set: nothing can be checked or decrypted",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line} is not in {text}");
        }
        let Read { config, faults, .. } = read_it(&text);
        assert_eq!(faults, []);
        assert_eq!((config.memory, config.theme), (Some(64), Some(Theme::Dark)));
    }

    #[test]
    fn whoever_names_a_source_names_all() {
        let file = "listen = \"10.0.0.1\"\nsource = \"udp://10.0.0.2\"\nmemory = 99";
        let text = effective(&layers("source = \"file:a.pcap\"", file));
        assert!(text.contains("source = [\"file:a.pcap\"]  # --source"), "{text}");
        assert!(text.contains("#listen is not set: only what source says"), "{text}");
        let text = effective(&layers("", file));
        assert!(text.contains("listen = [\"10.0.0.1:25826\"]  # /c/config.toml, line 1"), "{text}");
        assert!(text.contains("source = [\"udp://10.0.0.2:25826\"]  # /c/config.toml, line 2"));
    }

    #[test]
    fn colours_and_units_are_printed_so_that_they_can_be_read_again() {
        let file = "[units]\nsizes = \"si\"\n[colours]\nlines = \"#112233\"\nrx = \"#445566\"";
        let text = effective(&layers("", file));
        for line in [
            "units.sizes = \"si\"  # /c/config.toml, line 2",
            "colours.lines = [\"#112233\"]  # /c/config.toml, line 4",
            "colours.rx = \"#445566\"  # /c/config.toml, line 5",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line} is not in {text}");
        }
        let Read { config, faults, .. } = read_it(&text);
        assert_eq!((faults, config.colours), (vec![], read_it(file).config.colours));
    }

    #[test]
    fn keys_of_commands_are_printed_behind_all_else() {
        let text = effective(&layers("", "[keys]\nrates = \"\"\npause = [\"P\", \"F9\"]"));
        let end = "\n[keys]  # /c/config.toml, line 1\npause = [\"P\", \"F9\"]\nrates = \"\"\n";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(read_it(&text).config.keys.unwrap().chosen().count(), 2);
    }

    #[test]
    fn a_path_cannot_leave_its_comment() {
        let [flags, (config, _), ..] = layers("", "memory = 99");
        let origin = Origin::File { path: "/c/a\nmemory = 1".into(), lines: BTreeMap::new() };
        let text = effective(&[flags, (config, origin)]);
        assert_eq!(read_it(&text).config.memory, Some(99));
    }
}
