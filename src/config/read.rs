//! Read: the configuration from its text, and what of it cannot be used.
//!
//! One wrong key or value is left out and the others hold. Reads no file itself.

use super::keys::{COLOURS, COMMAND_KEYS, Config, Form, KEYS, Key, LINES, Place, TABLES, at_top};
use crate::metric::display_safe;
use crate::source::udp::ListenSpec;
use crate::view::chord::Chord;
use crate::view::command::commands;
use crate::view::keymap::Keymap;
use crate::view::lines::Lines;
use crate::view::nearest::nearest;
use crate::view::role::Role;
use crate::wire::SecurityLevel;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// Faults that are named one by one; of a file that is something else every line may be wrong.
pub(super) const FAULTS_MAX: usize = 20;
/// Texts of one list that are read.
const LISTED_MAX: usize = 1_000;
/// Keys of one command.
const CHORDS_MAX: usize = 20;
/// Characters of a wrong key or value that are repeated.
const WORD_SHOWN_MAX: usize = 40;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// What can be used.
    pub config: Config,
    /// The lines of its keys.
    pub lines: BTreeMap<&'static str, usize>,
    /// What cannot, in the order of the lines.
    pub faults: Vec<Fault>,
}

/// Something that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, from 1.
    pub line: usize,
    /// What: a key, or a key with its value; empty: what stands there is no TOML.
    pub what: String,
    /// Why, and what may have been meant.
    pub why: String,
}

impl Fault {
    /// A sentence, for the file at `path`.
    pub fn sentence(&self, path: &Path) -> String {
        let (Self { line, what, why }, path) = (self, path.display());
        match &**what {
            "" => format!("cannot read line {line} of {path}: {why}"),
            what => format!("cannot use {what} in line {line} of {path}: {why}"),
        }
    }
}

/// Reads `text`, which stands at `place`.
pub fn read(text: &str, place: &Place) -> Read {
    let (file, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    let mut reader = Reader { text, lines, place, read: Read::default(), wrong: BTreeMap::new() };
    let is_broken = !errors.is_empty();
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        // Behind it stands what the grammar would take there.
        reader.no_toml(at, error.message().split(", expected ").next().unwrap_or_default());
    }
    for (key, value) in file.get_ref().iter() {
        let (name, at) = (&**key.get_ref(), key.span().start);
        match KEYS.iter().find(|known| known.name == name) {
            Some(known) => reader.key(known, at, value),
            None if name == COMMAND_KEYS => reader.commands(at, value),
            None => match TABLES.iter().find(|table| **table == name) {
                Some(table) => reader.table(table, at, value),
                None => reader.unknown(name, at, value.get_ref().is_table()),
            },
        }
    }
    reader.find_lost(is_broken);
    reader.stay_closed();
    let mut read = reader.read;
    read.faults.sort_by_key(|fault| fault.line);
    read
}

struct Reader<'t> {
    text: &'t str,
    lines: Lines,
    place: &'t Place,
    read: Read,
    /// Keys whose value cannot be used, or that were meant by another one, with the place among the
    /// faults.
    wrong: BTreeMap<&'static str, usize>,
}

impl Reader<'_> {
    fn fault(&mut self, at: usize, what: String, why: String) {
        self.read.faults.push(Fault { line: self.lines.line_at(at), what, why });
    }

    /// One mistake may be several for the grammar.
    fn no_toml(&mut self, at: usize, why: &str) {
        let line = self.lines.line_at(at);
        if self.read.faults.last().is_none_or(|fault| fault.line != line) {
            let why = format!("not TOML, {}; what can be guessed of it holds", display_safe(why));
            self.fault(at, String::new(), why);
        }
    }

    fn unknown(&mut self, name: &str, at: usize, is_table: bool) {
        let in_table = |key: &&Key| TABLES.iter().any(|table| key.name_in(table) == Some(name));
        let lost = KEYS.iter().find(in_table).map(|key| key.name);
        let near = lost.or_else(|| nearest(name, at_top()));
        let why = match near {
            Some(near) if is_table && (TABLES.contains(&near) || near == COMMAND_KEYS) => {
                format!("there is no such table; did you mean \"{near}\"?")
            }
            _ if is_table => "there is no such table; keys stand without one".to_owned(),
            Some(near) => format!("there is no such key; did you mean \"{near}\"?"),
            None => "there is no such key; `collectoscope show example` lists all".to_owned(),
        };
        if let Some(key) = KEYS.iter().find(|key| Some(key.name) == near) {
            self.wrong.entry(key.name).or_insert(self.read.faults.len());
        }
        self.fault(at, format!("\"{}\"", safe(name)), why);
    }

    /// A table of keys.
    fn table(&mut self, table: &'static str, at: usize, value: &Spanned<DeValue<'_>>) {
        let keys = || KEYS.iter().filter_map(|key| Some((key, key.name_in(table)?)));
        let Some(entries) = value.get_ref().as_table() else {
            let first = keys().next().map(|(key, name)| (name, key.sample));
            let (name, sample) = first.unwrap_or_default();
            let why = format!("it must be a table, as [{table}] with {name} = {sample} below it");
            return self.fault(at, table.into(), why);
        };
        for (name, value) in entries.iter() {
            let at = name.span().start;
            match keys().find(|(_, known)| known == name.get_ref()) {
                Some((key, _)) => self.key(key, at, value),
                None if table == COLOURS && self.role(name.get_ref(), at, value) => {}
                None => self.unknown_in(table, keys().map(|(_, name)| name), name.get_ref(), at),
            }
        }
    }

    fn unknown_in(
        &mut self,
        table: &str,
        known: impl Iterator<Item = &'static str>,
        name: &str,
        at: usize,
    ) {
        let roles = Role::words().filter(|_| table == COLOURS);
        let why = match nearest(name, known.chain(roles)) {
            _ if at_top().any(|key| key == name) => {
                format!("it is no key of [{table}]; its line stands above [{table}]")
            }
            Some(near) => format!("there is no such key; did you mean \"{near}\"?"),
            None => "there is no such key; `collectoscope show example` lists all".to_owned(),
        };
        self.fault(at, format!("\"{table}.{}\"", safe(name)), why);
    }

    /// The colour of a role; false: there is no such role.
    fn role(&mut self, name: &str, at: usize, value: &Spanned<DeValue<'_>>) -> bool {
        let Ok(role) = name.parse::<Role>() else { return false };
        let word = role.word();
        match value.get_ref().as_str().map(str::parse) {
            Some(Ok(shades)) => {
                let colours = self.read.config.colours.get_or_insert_default();
                colours.roles.push((role, shades));
                self.read.lines.insert(word, self.lines.line_at(at));
            }
            Some(Err(why)) => {
                let text = safe(value.get_ref().as_str().unwrap_or_default());
                self.fault(value.span().start, format!("{COLOURS}.{word} = \"{text}\""), why);
            }
            None => {
                let why = format!("it must be a text in quotes, as {word} = \"#0072B2\"");
                self.fault(value.span().start, format!("{COLOURS}.{word}"), why);
            }
        }
        true
    }

    fn key(&mut self, key: &'static Key, at: usize, value: &Spanned<DeValue<'_>>) {
        let values: Vec<_> = match (key.form, value.get_ref().as_array()) {
            (Form::Texts, Some(list)) => list.iter().take(LISTED_MAX).collect(),
            _ => vec![value],
        };
        if values.is_empty() && key.name == LINES {
            let why = "it names nothing; name a colour or leave the key out".into();
            self.fault(at, format!("{LINES} = []"), why);
        }
        if values.is_empty() && CLOSING.contains(&key.name) {
            self.wrong.insert(key.name, self.read.faults.len());
            let why = "it names nothing; name an address or leave the key out".into();
            self.fault(at, format!("{} = []", key.name), why);
        }
        for value in values {
            let Some(text) = text_of(key.form, value.get_ref()) else {
                let why =
                    format!("it must be {}, as {} = {}", key.form.words(), key.name, key.sample);
                self.wrong.insert(key.name, self.read.faults.len());
                self.fault(value.span().start, key.name.into(), why);
                continue;
            };
            if let Err(why) = (key.set)(&mut self.read.config, &text, self.place) {
                let what = match key.form {
                    Form::Text | Form::Texts => format!("{} = \"{}\"", key.name, safe(&text)),
                    Form::Number | Form::YesNo => format!("{} = {}", key.name, safe(&text)),
                };
                self.wrong.insert(key.name, self.read.faults.len());
                self.fault(value.span().start, what, why.replace('\n', " "));
            }
        }
        self.read.lines.insert(key.name, self.lines.line_at(at));
    }

    /// The keys of commands; those of the last lines go where two commands have one.
    fn commands(&mut self, at: usize, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            let why = "it must be a table, as [keys] with pause = \"Space\" below it";
            return self.fault(at, COMMAND_KEYS.into(), why.into());
        };
        let (mut keymap, mut chosen) = (Keymap::default(), Vec::new());
        for (name, value) in table.iter() {
            let at = name.span().start;
            match commands().find(|command| command.id == &**name.get_ref()) {
                Some(command) => {
                    // Where nothing of it can be used, the keys that it has anyway hold.
                    if let Some(chords) = self.chords(command.id, value) {
                        keymap.choose(command, chords);
                        chosen.push((at, command));
                    }
                }
                None => self.no_command(name.get_ref(), at),
            }
        }
        chosen.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        for (at, command) in chosen {
            let mut left = Vec::new();
            for chord in keymap.keys(command).to_vec() {
                match keymap.clash(command, chord) {
                    None => left.push(chord),
                    Some(other) => {
                        let what = format!("{} = \"{}\"", command.id, chord.written());
                        let why = format!("it is a key of {}; give that another one", other.id);
                        self.fault(at, what, why);
                    }
                }
            }
            if left.is_empty() {
                let is_free = |chord: &Chord| keymap.clash(command, *chord).is_none();
                let had = !keymap.keys(command).is_empty();
                left.extend(command.keys.iter().filter(|chord| had && is_free(chord)));
            }
            keymap.choose(command, left);
        }
        self.read.lines.insert(COMMAND_KEYS, self.lines.line_at(at));
        self.read.config.keys = Some(keymap);
    }

    fn no_command(&mut self, name: &str, at: usize) {
        if KEYS.iter().any(|key| key.name == name) {
            let why = format!("it is no command; its line stands above [{COMMAND_KEYS}]");
            return self.fault(at, format!("\"{}\"", safe(name)), why);
        }
        let near = nearest(name, commands().map(|command| command.id));
        let why = near.map_or_else(
            || "there is no such command; `collectoscope show example` lists all".to_owned(),
            |near| format!("there is no such command; did you mean \"{near}\"?"),
        );
        self.fault(at, format!("\"{}\"", safe(name)), why);
    }

    /// The keys of one command, "" is none; nothing where there are only mistakes.
    fn chords(&mut self, id: &str, value: &Spanned<DeValue<'_>>) -> Option<Vec<Chord>> {
        let faults = self.read.faults.len();
        let values: Vec<_> = match value.get_ref().as_array() {
            Some(list) => list.iter().take(CHORDS_MAX).collect(),
            None => vec![value],
        };
        let mut chords = Vec::new();
        for value in values {
            let at = value.span().start;
            match value.get_ref().as_str() {
                Some("") => {}
                Some(text) => match text.parse() {
                    Ok(chord) => chords.push(chord),
                    Err(why) => self.fault(at, format!("{id} = \"{}\"", safe(text)), why),
                },
                None => {
                    let why = "it must be a key in quotes or a list of such, as \"Space\"";
                    self.fault(at, id.into(), why.into());
                }
            }
        }
        (!chords.is_empty() || self.read.faults.len() == faults).then_some(chords)
    }

    /// Finds lines about what is accepted that the grammar dropped behind a mistake, or that stand
    /// in a table by accident.
    fn find_lost(&mut self, is_broken: bool) {
        for (number, line) in self.text.lines().enumerate() {
            let word = line.trim_start().trim_start_matches('"');
            let end = word.find(|c: char| !(c.is_alphanumeric() || "_-".contains(c)));
            let word = word.get(..end.unwrap_or(word.len())).unwrap_or_default();
            let is_command = || commands().any(|command| command.id == word);
            // Behind a mistake a word that is only like a key may have been meant as one.
            let is_near = is_broken && !word.is_empty() && !is_command();
            let known = || KEYS.iter().map(|key| key.name);
            let near = || nearest(word, known()).filter(|_| is_near);
            let exact = CLOSING.into_iter().find(|key| *key == word);
            let Some(key) = exact.or_else(|| CLOSING.into_iter().find(|key| near() == Some(key)))
            else {
                continue;
            };
            if self.read.lines.contains_key(key) || self.wrong.contains_key(key) {
                continue;
            }
            // The mistake is the last one above, or stands in the line itself.
            let line = number + 1;
            let faults = self.read.faults.iter().enumerate();
            let above = faults.filter(|(_, fault)| fault.line <= line);
            let place = above.max_by_key(|(_, fault)| fault.line).map(|(place, _)| place);
            let place = place.unwrap_or(self.read.faults.len());
            if place == self.read.faults.len() {
                let why = "its line stands where it means nothing".to_owned();
                self.read.faults.push(Fault { line, what: key.to_owned(), why });
            }
            self.wrong.insert(key, place);
        }
    }

    /// Where a mistake would open what was to be closed, the closest choice holds instead of the
    /// built-in one.
    fn stay_closed(&mut self) {
        let Read { config, faults, .. } = &mut self.read;
        let closed = closed();
        let mut reasons: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        if config.security.is_none()
            && let Some(place) = self.wrong.get("security")
        {
            config.security = closed.security;
            reasons.entry(*place).or_default().push("only what is encrypted is accepted");
        }
        if config.listen.is_none() && config.source.is_none() {
            for place in ["listen", "source"].into_iter().filter_map(|key| self.wrong.get(key)) {
                config.listen.clone_from(&closed.listen);
                let reasons = reasons.entry(*place).or_default();
                if !reasons.contains(&ONLY_LOOPBACK) {
                    reasons.push(ONLY_LOOPBACK);
                }
            }
        }
        for (place, reasons) in reasons {
            if let Some(fault) = faults.get_mut(place) {
                let until = if fault.why.ends_with('?') { " until" } else { "; until" };
                fault.why = format!("{}{until} it is mended {}", fault.why, reasons.join(" and "));
            }
        }
    }
}

/// Keys that say what is accepted; a mistake about them must not open anything.
const CLOSING: [&str; 3] = ["security", "listen", "source"];
const ONLY_LOOPBACK: &str = "only 127.0.0.1 is listened on";

/// What holds where it is not known what was to be accepted.
pub(super) fn closed() -> Config {
    let loopback = "127.0.0.1".parse().ok().map(|loopback: ListenSpec| vec![loopback]);
    Config { security: Some(SecurityLevel::Encrypt), listen: loopback, ..Config::default() }
}

/// A value as the command line would give it; none: it is of another form.
fn text_of(form: Form, value: &DeValue<'_>) -> Option<String> {
    match (form, value) {
        (Form::Number, DeValue::Integer(number)) => Some(decimal(number)),
        (Form::Text | Form::Texts, DeValue::String(text)) => Some(text.to_string()),
        (Form::YesNo, DeValue::Boolean(yes)) => Some(yes.to_string()),
        _ => None,
    }
}

/// A number that is too long stays as it was written: it is out of every range.
fn decimal(number: &DeInteger<'_>) -> String {
    let read = i128::from_str_radix(number.as_str(), number.radix());
    read.map_or_else(|_| number.as_str().to_owned(), |read| read.to_string())
}

/// What somebody wrote, safe to show and not too long.
fn safe(text: &str) -> String {
    let mut shown: String = text.chars().take(WORD_SHOWN_MAX).collect();
    if text.chars().nth(WORD_SHOWN_MAX).is_some() {
        shown.push('…');
    }
    display_safe(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::format::{Sizes, Traffic, UnitChoice};
    use crate::view::{Theme, width};
    use std::path::PathBuf;

    fn read_it(text: &str) -> Read {
        let home = Some(PathBuf::from("/home/u"));
        read(text, &Place { folder: "/etc/folder".into(), home })
    }

    #[track_caller]
    fn check(text: &str, line: usize, what: &str, why: &str) -> Config {
        let Read { config, faults, .. } = read_it(text);
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((fault.line, &*fault.what), (line, what), "{fault:?}");
        assert!(fault.why.contains(why), "{fault:?}");
        config
    }

    #[test]
    fn every_key_is_read_with_its_line() {
        let text: String =
            KEYS.iter().map(|key| format!("{} = {}\n", key.name, key.sample)).collect();
        let Read { config, lines, faults } = read_it(&text);
        assert_eq!(faults, []);
        for (number, key) in (1..).zip(KEYS) {
            assert!((key.toml)(&config).is_some(), "{} is not read", key.name);
            assert_eq!(lines[key.name], number, "{}", key.name);
        }
        assert_eq!(config.window, width::parse("5m"));
        assert_eq!(config.size, Some((1_280, 740)));
    }

    #[test]
    fn what_is_shown_of_each_key_is_read_as_the_same() {
        let text: String =
            KEYS.iter().map(|key| format!("{} = {}\n", key.name, key.sample)).collect();
        let config = read_it(&text).config;
        let again: String = KEYS
            .iter()
            .map(|key| format!("{} = {}\n", key.name, (key.toml)(&config).unwrap()))
            .collect();
        assert_eq!(read_it(&again).config, config);
    }

    #[test]
    fn a_wrong_key_is_named_with_the_nearest_and_the_others_hold() {
        for (wrong, near) in [
            ("memroy", "memory"),
            ("max-lists", "max_lists"),
            ("no-local", "local"),
            ("frobnicate", ""),
        ] {
            let text = format!("theme = \"dark\"\n\n{wrong} = 512\nlocal = false\n");
            let why = match near {
                "" => "there is no such key; `collectoscope show example` lists all".to_owned(),
                near => format!("there is no such key; did you mean \"{near}\"?"),
            };
            let config = check(&text, 3, &format!("\"{wrong}\""), &why);
            assert_eq!((config.theme, config.local), (Some(Theme::Dark), Some(false)));
        }
        let fault = &read_it("\n\nmemroy = 1").faults[0];
        assert_eq!(
            fault.sentence(Path::new("/c/config.toml")),
            "cannot use \"memroy\" in line 3 of /c/config.toml: there is no such key; did you mean \
             \"memory\"?"
        );
    }

    #[test]
    fn a_wrong_value_is_named_and_the_others_hold() {
        for (wrong, what, why) in [
            ("memory = 5", "memory = 5", "not a number of MiB from 16 to 1048576"),
            ("memory = -5", "memory = -5", "not a number of MiB from"),
            ("memory = 0xF", "memory = 15", "not a number of MiB from"),
            ("memory = 99999999999999999999", "memory = 99999999999999999999", "from 16"),
            ("memory = \"512\"", "memory", "it must be a whole number, as memory = 1024"),
            ("memory = 512.0", "memory", "it must be a whole number"),
            ("memory = [512]", "memory", "it must be a whole number"),
            ("memory = { mib = 512 }", "memory", "it must be a whole number"),
            ("max_lists = 0", "max_lists = 0", "not a number from 1 to"),
            ("local = \"no\"", "local", "it must be true or false, as local = true"),
            ("types_db = [\"a\", 7]", "types_db", "it must be a text in quotes or a list of such"),
            ("layout = \"\"", "layout = \"\"", "a name is missing"),
            ("graphs = \"\"", "graphs = \"\"", "a path is missing"),
            ("zone = \"Mars\"", "zone = \"Mars\"", "no time zone is called so"),
            ("window = \"soon\"", "window = \"soon\"", "not a width"),
            ("window = \"11d\"", "window = \"11d\"", "not a width from \"1s\" to \"10d\""),
            ("size = \"9x9\"", "size = \"9x9\"", "each side from 200 to 16384"),
            ("pivot = \"host\"", "pivot = \"host\"", "not \"hosts\" or \"plugins\""),
        ] {
            let config =
                check(&format!("theme = \"dark\"\n{wrong}\nsidebar = false\n"), 2, what, why);
            assert_eq!((config.theme, config.sidebar), (Some(Theme::Dark), Some(false)), "{wrong}");
        }
        assert_eq!(read_it("memory = 1_024").config.memory, Some(1_024));
        assert_eq!(read_it("memory = 0x200").config.memory, Some(512));
    }

    #[test]
    fn a_mistake_never_opens_what_was_to_be_closed() {
        let text = "\nsecurity = \"signed\"";
        let config = check(text, 2, "security = \"signed\"", "only what is encrypted is accepted");
        assert_eq!(config.security, Some(SecurityLevel::Encrypt));
        let loopback = Some(vec!["127.0.0.1".parse().unwrap()]);
        for wrong in ["listen = \"127.0.0.1:99999\"", "listen = 7", "source = [\"mqtt://broker\"]"]
        {
            let Read { config, faults, .. } = read_it(wrong);
            assert_eq!(config.listen, loopback, "{wrong}");
            assert!(faults[0].why.ends_with("only 127.0.0.1 is listened on"), "{faults:?}");
        }
        for (wrong, expected) in
            [("securty = \"sign\"", "encrypt"), ("Listen = \"10.0.0.1\"", "none")]
        {
            let Read { config, faults, .. } = read_it(wrong);
            assert_eq!(config.security.unwrap_or_default().name(), expected, "{faults:?}");
            assert_eq!(config.listen.is_some(), expected == "none", "{faults:?}");
            assert!(faults[0].why.contains("? until it is mended only "), "{faults:?}");
        }
        let said_too = read_it("securty = \"sign\"\nsecurity = \"none\"").config;
        assert_eq!(said_too.security, Some(SecurityLevel::None));
        // What can be used of several is all there is.
        let two = read_it("listen = [\"10.0.0.1\", \"nowhere at all\"]");
        assert_eq!(two.config.listen.unwrap().len(), 1);
        let both = read_it("listen = 7\nsource = \"udp://10.0.0.1\"");
        assert_eq!((both.config.listen, both.config.source.unwrap().len()), (None, 1));
    }

    #[test]
    fn text_that_is_no_toml_is_named_by_its_line_and_what_is_good_holds() {
        for (text, line) in [
            ("theme = \"dark\"\nwhat is this\n", 2),
            ("theme = \"dark\"\nmemory = \n", 2),
            ("theme = \"dark\"\nzone = \"UTC\nlocal = false\n", 2),
            ("theme = \"dark\"\nmemory = 5\u{0}12\n", 2),
            ("theme = \"dark\"\ntheme = \"light\"\n", 2),
            ("theme = \"dark\"\nsecurity: sign: x\n", 2),
        ] {
            let Read { config, faults, .. } = read_it(text);
            assert!(!faults.is_empty() && faults[0].line == line, "{text:?} {faults:?}");
            assert_eq!(config.theme, Some(Theme::Dark), "{text:?} {faults:?}");
            let sentence = faults[0].sentence(Path::new("c.toml"));
            assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
            assert!(sentence.starts_with("cannot read line 2 of c.toml: not TOML, "), "{sentence}");
            assert_eq!(
                faults.iter().filter(|fault| fault.what.is_empty()).count(),
                1,
                "{faults:?}"
            );
        }
    }

    #[test]
    fn what_lacks_its_quotes_is_said_and_guessed() {
        let Read { config, faults, .. } = read_it("security = encrypt\ntheme = light");
        assert_eq!(
            (config.security, config.theme),
            (Some(SecurityLevel::Encrypt), Some(Theme::Light))
        );
        let why = "not TOML, string values must be quoted; what can be guessed of it holds";
        assert!(faults.len() == 2 && faults.iter().all(|fault| fault.why == why), "{faults:?}");
        let address = read_it("listen = 10.0.0.1");
        assert_eq!(address.config.listen, Some(vec!["127.0.0.1".parse().unwrap()]));
    }

    #[test]
    fn commands_get_the_keys_that_are_chosen() {
        let text =
            "[keys]\npause = \"P\"\nlive = [\"F9\", \"End\"]\nrates = \"\"\nhelp = \"Ctrl+H\"";
        let Read { config, lines, faults } = read_it(text);
        assert_eq!(faults, []);
        let keymap = config.keys.unwrap();
        let keys = |id: &str| {
            let command = commands().find(|command| command.id == id).unwrap();
            keymap.keys(command).iter().map(Chord::written).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(["pause", "live", "rates", "help"].map(keys), ["P", "F9 End", "", "Ctrl+H"]);
        assert_eq!((&*keys("oldest"), lines["keys"]), ("Home", 1));
    }

    #[test]
    fn wrong_keys_of_commands_are_named_and_the_others_hold() {
        let pauses = |config: &Config| {
            let pause = commands().find(|command| command.id == "pause").unwrap();
            config.keys.as_ref().unwrap().keys(pause).to_vec()
        };
        for (wrong, what, why) in [
            ("puase = \"F8\"", "\"puase\"", "no such command; did you mean \"pause\"?"),
            ("frobnicate = \"F8\"", "\"frobnicate\"", "`collectoscope show example` lists all"),
            ("live = \"Alt+L\"", "live = \"Alt+L\"", "not a key; write one as P"),
            ("live = 7", "live", "it must be a key in quotes or a list of such"),
            ("live = \"Ctrl+C\"", "live = \"Ctrl+C\"", "it belongs to the clipboard"),
            ("live = \"N\"", "live = \"N\"", "it is a key of notifications; give that another one"),
            ("live = \"P\"", "live = \"P\"", "it is a key of pause; give that another one"),
        ] {
            let config = check(&format!("[keys]\npause = \"P\"\n{wrong}"), 3, what, why);
            assert_eq!(pauses(&config), ["P".parse().unwrap()], "{wrong}");
            let live = commands().find(|command| command.id == "live").unwrap();
            assert_eq!(config.keys.unwrap().keys(live), live.keys, "{wrong}");
        }
        let taken = read_it("[keys]\nlive = \"Space\"\npause = \"N\"");
        assert_eq!((taken.faults.len(), pauses(&taken.config)), (1, Vec::new()));
        let one = read_it("[keys]\npause = [\"P\", \"Alt+P\"]");
        assert_eq!((one.faults.len(), pauses(&one.config)), (1, vec!["P".parse().unwrap()]));
        check("keys = 7", 1, "keys", "it must be a table");
        check("[kesy]\npause = \"P\"", 1, "\"kesy\"", "did you mean \"keys\"?");
        // Two that change places do not clash.
        let swapped = read_it("[keys]\npause = \"N\"\nnotifications = \"Space\"");
        assert_eq!(swapped.faults, []);
    }

    #[test]
    fn what_the_grammar_drops_behind_a_mistake_opens_nothing() {
        let closes = "security = \"encrypt\"\nlisten = \"10.0.0.1\"\n";
        for text in [
            format!("theme dark\n{closes}"),
            format!("types_db = [\"a\"\n{closes}"),
            format!("theme = \"dark\n{closes}"),
            format!("[keys]\npause = \"P\"\n{closes}"),
            format!("[network]\n{closes}"),
            format!("zone = {{ a = 1\n{closes}"),
            "theme dark\nsecurty = \"encrypt\"\nlissten = \"10.0.0.1\"".to_owned(),
            "theme dark\n\"security\" = \"encrypt\"\n  source = \"udp://10.0.0.1\"".to_owned(),
        ] {
            let Read { config, faults, .. } = read_it(&text);
            assert_eq!(config.security, Some(SecurityLevel::Encrypt), "{text}{faults:?}");
            let shown = config.listen.iter().flatten().map(ToString::to_string);
            let shown: Vec<_> = shown.collect();
            // As an address is written out.
            let shown: Vec<_> = shown.iter().map(|one| one.split(':').next().unwrap()).collect();
            assert!(shown == ["127.0.0.1"] || shown == ["10.0.0.1"], "{text}{faults:?}");
            let is_said = faults.iter().any(|fault| fault.why.contains("until it is mended only"));
            assert!(is_said || shown == ["10.0.0.1"], "{text}{faults:?}");
        }
        // A command that is called nearly so, and words of a comment, say nothing about it.
        for text in ["[keys]\nsources = \"F9\"", "# security = \"encrypt\"\ntheme = \"dark\""] {
            let Read { config, faults, .. } = read_it(text);
            assert_eq!((config.security, config.listen, faults), (None, None, vec![]), "{text}");
        }
    }

    #[test]
    fn a_list_of_no_addresses_is_not_all_of_them() {
        for key in ["listen", "source"] {
            let text = format!("{key} = []");
            let what = format!("{key} = []");
            let config = check(&text, 1, &what, "it names nothing; name an address");
            assert_eq!(config.listen, closed().listen);
        }
        assert_eq!(read_it("types_db = []").faults, []);
    }

    #[test]
    fn keys_of_a_table_stand_below_it_or_behind_its_name() {
        for text in [
            "[units]\ntraffic = \"bytes\"",
            "units.traffic = \"bytes\"",
            "units = { traffic = 'bytes' }",
        ] {
            let Read { config, lines, faults } = read_it(text);
            assert_eq!(faults, []);
            assert_eq!(config.units(), UnitChoice { traffic: Traffic::Bytes, sizes: Sizes::Iec });
            assert_eq!(lines["units.traffic"], text.lines().count());
        }
        for (wrong, line, what, why) in [
            (
                "[units]\ntraffic = \"byte\"",
                2,
                "units.traffic = \"byte\"",
                "did you mean \"bytes\"?",
            ),
            ("[units]\nsize = \"si\"", 2, "\"units.size\"", "its line stands above [units]"),
            ("[units]\ntrafic = \"si\"", 2, "\"units.trafic\"", "did you mean \"traffic\"?"),
            ("[units]\nmemory = 64", 2, "\"units.memory\"", "its line stands above [units]"),
            ("traffic = \"bytes\"", 1, "\"traffic\"", "did you mean \"units.traffic\"?"),
            ("[unit]\ntraffic = \"bytes\"", 1, "\"unit\"", "did you mean \"units\"?"),
            ("units = \"si\"", 1, "units", "as [units] with traffic = \"bits\" below it"),
        ] {
            assert_eq!(check(wrong, line, what, why).units(), UnitChoice::default());
        }
    }

    #[test]
    fn lines_have_the_colours_that_are_chosen_in_turn_or_for_a_role() {
        let text = "[colours]\nlines = [\"#112233\", \"#445566 #778899\"]\nrx = \"#00ff00\"";
        let Read { config, lines, faults } = read_it(text);
        assert_eq!((faults, lines[LINES], lines["rx"]), (vec![], 2, 3));
        let colours = config.colours.unwrap();
        let written = colours.lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(written, ["#112233", "#445566 #778899"]);
        assert_eq!(colours.of(Some(Role::Rx), 0).to_string(), "#00FF00");
        for (wrong, what, why) in [
            ("lines = []", "colours.lines = []", "it names nothing; name a colour"),
            (
                "lines = \"red\"",
                "colours.lines = \"red\"",
                "not a colour; write one as \"#0072B2\"",
            ),
            ("lines = 7", "colours.lines", "it must be a text in quotes or a list of such"),
            ("tx = \"red\"", "colours.tx = \"red\"", "not a colour; write one as"),
            ("tx = 7", "colours.tx", "it must be a text in quotes, as tx = \"#0072B2\""),
            ("rxx = \"#112233\"", "\"colours.rxx\"", "did you mean \"rx\"?"),
            ("line = \"#112233\"", "\"colours.line\"", "did you mean \"lines\"?"),
            ("theme = \"dark\"", "\"colours.theme\"", "its line stands above [colours]"),
        ] {
            let config = check(&format!("[colours]\nwait = \"#ABCDEF\"\n{wrong}"), 3, what, why);
            assert_eq!(config.colours.unwrap().roles.len(), 1, "{wrong}");
        }
        check("[colors]\nrx = \"#112233\"", 1, "\"colors\"", "did you mean \"colours\"?");
        check("colours = \"#112233\"", 1, "colours", "as [colours] with lines = [");
    }

    #[test]
    fn a_table_is_no_place_for_keys() {
        for text in ["[window]\nsize = \"900x700\"", "[network]\nlisten = \"10.0.0.1\""] {
            let Read { config, faults, .. } = read_it(text);
            assert_eq!((config.size, faults.len()), (None, 1), "{faults:?}");
        }
        check("[network]\nlisten = \"::\"", 1, "\"network\"", "there is no such table; keys stand");
    }

    #[test]
    fn an_empty_text_says_nothing_and_is_no_fault() {
        for text in ["", "\n\n", "# nothing\n", "\u{feff}", "\u{feff}# nothing\r\n"] {
            assert_eq!(read_it(text), Read::default(), "{text:?}");
        }
        let windows = read_it("\u{feff}theme = \"dark\"\r\nmemroy = 1\r\n");
        assert_eq!((windows.config.theme, windows.faults[0].line), (Some(Theme::Dark), 2));
    }

    #[test]
    fn paths_begin_at_the_folder_of_the_file_or_at_home() {
        let path =
            |text: &str| read_it(&format!("auth_file = \"{text}\"")).config.auth_file.unwrap();
        for (text, expected) in [
            ("keys", "/etc/folder/keys"),
            ("../keys", "/etc/folder/../keys"),
            ("/keys", "/keys"),
            ("~/keys", "/home/u/keys"),
        ] {
            assert_eq!(path(text), Path::new(expected));
        }
        let read = read_it("source = [\"file:a.pcap\", \"file:-\"]\nlayout = \"web.toml\"");
        let shown: Vec<_> = read.config.source.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["file:/etc/folder/a.pcap", "file:-"]);
        assert_eq!(read.config.layout.as_deref(), Some("/etc/folder/web.toml"));
        assert_eq!(read_it("layout = \"Web\"").config.layout.as_deref(), Some("Web"));
    }

    #[test]
    fn what_is_repeated_of_a_file_is_short_and_safe() {
        let long = format!(
            "{} = 1\nlayout = \"\"\ntheme = \"{}\"",
            "k".repeat(5_000),
            "\u{202e}x".repeat(500)
        );
        for fault in read_it(&long).faults {
            let sentence = fault.sentence(Path::new("c.toml"));
            assert!(sentence.len() < 600 && !sentence.contains('\u{202e}'), "{sentence}");
        }
        let deep = format!("memory = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(!read_it(&deep).faults.is_empty());
    }
}
