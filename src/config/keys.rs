//! Keys: all that can stand in the configuration, in one table.
//!
//! Reading follows it, and so do the example, what `show config` prints and what is offered for a
//! wrong key; a test compares the README with it.

use super::values::{
    PIVOTS, SIZES, THEMES, TRAFFIC, Zone, lists, memory, one_of, receive_buffer, security, size,
    word, yes_or_no, zone,
};
use crate::metric::Interval;
use crate::source::SourceUrl;
use crate::source::udp::ListenSpec;
use crate::view::colours::Colours;
use crate::view::format::{Sizes, Traffic, UnitChoice};
use crate::view::keymap::Keymap;
use crate::view::pivot::Pivot;
use crate::view::{Theme, width};
use crate::wire::SecurityLevel;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Value;

/// What is configured; none: nothing is said about it here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Addresses to receive on.
    pub listen: Option<Vec<ListenSpec>>,
    /// Sources as URLs.
    pub source: Option<Vec<SourceUrl>>,
    /// Kernel receive buffer to ask for, in MiB.
    pub receive_buffer: Option<usize>,
    /// Users and passwords.
    pub auth_file: Option<PathBuf>,
    /// The least protection that is taken.
    pub security: Option<SecurityLevel>,
    /// Whether this machine is measured.
    pub local: Option<bool>,
    /// Tables of types on top of the others.
    pub types_db: Option<Vec<PathBuf>>,
    /// For series and samples, in MiB.
    pub memory: Option<u64>,
    /// Names of value lists accepted from all senders together.
    pub max_lists: Option<usize>,
    /// The same for each sender.
    pub max_lists_per_sender: Option<usize>,
    /// Dark, light, or as the system.
    pub theme: Option<Theme>,
    /// In which times are written.
    pub zone: Option<Zone>,
    /// Width of time.
    pub window: Option<Interval>,
    /// Width and height of the window, points.
    pub size: Option<(u32, u32)>,
    /// Whether the sidebar is shown.
    pub sidebar: Option<bool>,
    /// What stands at the top of the sidebar's tree.
    pub pivot: Option<Pivot>,
    /// The layout to begin with: a name or a path.
    pub layout: Option<String>,
    /// A catalogue of the user's.
    pub graphs: Option<PathBuf>,
    /// In which unit rates of networks are written.
    pub traffic: Option<Traffic>,
    /// How bytes are shortened.
    pub sizes: Option<Sizes>,
    /// Colours of lines.
    pub colours: Option<Colours>,
    /// Keys of commands: the table behind the other keys.
    pub keys: Option<Keymap>,
}

impl Config {
    /// This, and `below` where it says nothing. The sources are one thing: whoever names one names
    /// all.
    pub fn over(self, below: Self) -> Self {
        let (listen, source) = match (self.listen, self.source) {
            (None, None) => (below.listen, below.source),
            both => both,
        };
        Self {
            listen,
            source,
            receive_buffer: self.receive_buffer.or(below.receive_buffer),
            auth_file: self.auth_file.or(below.auth_file),
            security: self.security.or(below.security),
            local: self.local.or(below.local),
            types_db: self.types_db.or(below.types_db),
            memory: self.memory.or(below.memory),
            max_lists: self.max_lists.or(below.max_lists),
            max_lists_per_sender: self.max_lists_per_sender.or(below.max_lists_per_sender),
            theme: self.theme.or(below.theme),
            zone: self.zone.or(below.zone),
            window: self.window.or(below.window),
            size: self.size.or(below.size),
            sidebar: self.sidebar.or(below.sidebar),
            pivot: self.pivot.or(below.pivot),
            layout: self.layout.or(below.layout),
            graphs: self.graphs.or(below.graphs),
            traffic: self.traffic.or(below.traffic),
            sizes: self.sizes.or(below.sizes),
            colours: self.colours.or(below.colours),
            keys: self.keys.or(below.keys),
        }
    }

    /// In which units amounts are written.
    pub fn units(&self) -> UnitChoice {
        UnitChoice {
            traffic: self.traffic.unwrap_or_default(),
            sizes: self.sizes.unwrap_or_default(),
        }
    }
}

/// Where a configuration is: what its paths mean.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The folder that holds it; relative paths begin there.
    pub folder: PathBuf,
    /// The user's home, for a path that begins with `~/`.
    pub home: Option<PathBuf>,
}

impl Place {
    fn path(&self, text: &str) -> Result<PathBuf, String> {
        match (text.strip_prefix("~/"), &self.home) {
            _ if text.is_empty() => Err("a path is missing".into()),
            (Some(inside), Some(home)) => Ok(home.join(inside)),
            (Some(_), None) => Err("no home folder is known; set HOME".into()),
            (None, _) => Ok(self.folder.join(text)),
        }
    }
}

/// What is written behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Number,
    Text,
    Texts,
    YesNo,
}

impl Form {
    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Number => "a whole number",
            Self::Text => "a text in quotes",
            Self::Texts => "a text in quotes or a list of such",
            Self::YesNo => "true or false",
        }
    }
}

/// One key.
#[derive(Clone, Copy)]
pub struct Key {
    /// As it is written; before a dot stands its table.
    pub name: &'static str,
    /// What it means.
    pub what: &'static str,
    /// What holds without it.
    pub without: &'static str,
    /// A value, as TOML.
    pub sample: &'static str,
    /// The options of the command line that go before it.
    pub flags: &'static str,
    pub(super) form: Form,
    /// Takes a text, one of several where there may be several.
    pub(super) set: fn(&mut Config, &str, &Place) -> Result<(), String>,
    /// What is configured, as TOML.
    pub(super) toml: fn(&Config) -> Option<Value>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

/// The tables of keys that have a dot in their names.
pub(super) const TABLES: [&str; 2] = ["units", COLOURS];

/// The table of the colours of lines, where roles are keys too.
pub(super) const COLOURS: &str = "colours";

/// The table of the keys of commands, which stands behind all others.
pub(super) const COMMAND_KEYS: &str = "keys";

/// The key of the colours in turn.
pub(super) const LINES: &str = "colours.lines";

/// All that can stand at the top of a configuration: keys, and tables of such.
pub fn at_top() -> impl Iterator<Item = &'static str> {
    let keys = KEYS.iter().map(|key| key.name).filter(|name| !name.contains('.'));
    keys.chain(TABLES).chain([COMMAND_KEYS])
}

/// All keys, as the example shows them.
pub const KEYS: [Key; 21] = [
    Key {
        name: "listen",
        what: "receive only on these addresses, each ADDR[:PORT][%IFACE][,LEVEL][,from=SOURCE]",
        without: "both multicast groups and port 25826 of every address",
        sample: r#"["0.0.0.0:25827", "239.192.74.66%eth0"]"#,
        flags: "--listen",
        form: Form::Texts,
        set: |config, text, _| push(&mut config.listen, text.parse().map_err(said)?),
        toml: |config| texts(config.listen.as_ref()?, ToString::to_string),
    },
    Key {
        name: "source",
        what: "the same as URLs: udp://ADDR… as in listen, file:CAPTURE for a capture",
        without: "as listen says",
        sample: r#"["udp://127.0.0.1:25827"]"#,
        flags: "--source, --read",
        form: Form::Texts,
        set: |config, text, place| {
            let url = match text.parse().map_err(said)? {
                // Standard input has no folder.
                SourceUrl::File(path) if path != Path::new("-") => {
                    SourceUrl::File(place.path(&path.to_string_lossy())?)
                }
                other => other,
            };
            push(&mut config.source, url)
        },
        toml: |config| texts(config.source.as_ref()?, ToString::to_string),
    },
    Key {
        name: "receive_buffer",
        what: "kernel receive buffer to ask for, in MiB",
        without: "8",
        sample: "8",
        flags: "--receive-buffer",
        form: Form::Number,
        set: |config, text, _| put(&mut config.receive_buffer, receive_buffer(text)?),
        toml: |config| number(config.receive_buffer),
    },
    Key {
        name: "auth_file",
        what: "users and passwords for what is signed or encrypted, as collectd's AuthFile",
        without: "nothing can be checked or decrypted",
        sample: r#""/etc/collectd/passwd""#,
        flags: "--auth-file",
        form: Form::Text,
        set: |config, text, place| put(&mut config.auth_file, place.path(text)?),
        toml: |config| Some(path(config.auth_file.as_ref()?)),
    },
    Key {
        name: "security",
        what: r#"least protection that is accepted: "none", "sign" or "encrypt""#,
        without: "none",
        sample: r#""none""#,
        flags: "--security",
        form: Form::Text,
        set: |config, text, _| put(&mut config.security, security(text)?),
        toml: |config| Some(config.security?.name().into()),
    },
    Key {
        name: "local",
        what: "whether the window measures this machine too",
        without: "true",
        sample: "true",
        flags: "--local, --no-local",
        form: Form::YesNo,
        set: |config, text, _| put(&mut config.local, yes_or_no(text)?),
        toml: |config| config.local.map(Value::Boolean),
    },
    Key {
        name: "types_db",
        what: "files on top of the built-in types.db and the system's; later ones win",
        without: "none",
        sample: r#"["/etc/collectd/types.db.custom"]"#,
        flags: "--types-db",
        form: Form::Texts,
        set: |config, text, place| push(&mut config.types_db, place.path(text)?),
        toml: |config| texts(config.types_db.as_ref()?, |path| shown(path)),
    },
    Key {
        name: "memory",
        what: "memory for everything received, in MiB; the oldest goes first",
        without: "an eighth of the machine's, 256 to 4096",
        sample: "1024",
        flags: "--memory",
        form: Form::Number,
        set: |config, text, _| put(&mut config.memory, memory(text)?),
        toml: |config| number(config.memory),
    },
    Key {
        name: "max_lists",
        what: "names of value lists accepted from all senders together",
        without: "as many as the memory may have room for",
        sample: "100000",
        flags: "--max-lists",
        form: Form::Number,
        set: |config, text, _| put(&mut config.max_lists, lists(text)?),
        toml: |config| number(config.max_lists),
    },
    Key {
        name: "max_lists_per_sender",
        what: "the same of one sender",
        without: "whoever has the most makes room for the others",
        sample: "5000",
        flags: "--max-lists-per-sender",
        form: Form::Number,
        set: |config, text, _| put(&mut config.max_lists_per_sender, lists(text)?),
        toml: |config| number(config.max_lists_per_sender),
    },
    Key {
        name: "theme",
        what: r#"colours at the start: "dark", "light" or "system""#,
        without: "as chosen last; first system",
        sample: r#""dark""#,
        flags: "--theme",
        form: Form::Text,
        set: |config, text, _| put(&mut config.theme, one_of(&THEMES, text)?),
        toml: |config| Some(word(&THEMES, &config.theme?).into()),
    },
    Key {
        name: "zone",
        what: r#"zone in which times are written: "Europe/Berlin", "UTC" or "system""#,
        without: "system",
        sample: r#""UTC""#,
        flags: "",
        form: Form::Text,
        set: |config, text, _| put(&mut config.zone, zone(text)?),
        toml: |config| Some(config.zone.as_ref()?.name.clone().into()),
    },
    Key {
        name: "window",
        what: r#"width of time at the start: "90s", "15m", "6h", "1d"; a layout has its own"#,
        without: "as it was left; first 5m",
        sample: r#""5m""#,
        flags: "",
        form: Form::Text,
        set: |config, text, _| {
            let width = width::parse(text).filter(|width| width::is_possible(*width));
            put(&mut config.window, width.ok_or("not a width from \"1s\" to \"10d\"")?)
        },
        toml: |config| Some(width::text(config.window?).into()),
    },
    Key {
        name: "size",
        what: "size of the window at the start, as WIDTHxHEIGHT",
        without: "as it was left; first 1280x740",
        sample: r#""1280x740""#,
        flags: "--size",
        form: Form::Text,
        set: |config, text, _| put(&mut config.size, size(text)?),
        toml: |config| config.size.map(|(width, height)| format!("{width}x{height}").into()),
    },
    Key {
        name: "sidebar",
        what: "whether the sidebar is shown at the start",
        without: "as it was left; first true",
        sample: "true",
        flags: "",
        form: Form::YesNo,
        set: |config, text, _| put(&mut config.sidebar, yes_or_no(text)?),
        toml: |config| config.sidebar.map(Value::Boolean),
    },
    Key {
        name: "pivot",
        what: r#"what stands at the top of the sidebar at the start: "hosts" or "plugins""#,
        without: "as it was left; first hosts",
        sample: r#""hosts""#,
        flags: "",
        form: Form::Text,
        set: |config, text, _| put(&mut config.pivot, one_of(&PIVOTS, text)?),
        toml: |config| Some(word(&PIVOTS, &config.pivot?).into()),
    },
    Key {
        name: "layout",
        what: "tabs to begin with: the name of a layout, or the path of its file, with / or .toml",
        without: "as they were left",
        sample: r#""Overview""#,
        flags: "--layout",
        form: Form::Text,
        set: |config, text, place| put(&mut config.layout, layout(text, place)?),
        toml: |config| Some(config.layout.clone()?.into()),
    },
    Key {
        name: "graphs",
        what: "a file of graphs like assets/graphs.toml, which go before the built-in ones",
        without: "none",
        sample: r#""graphs.toml""#,
        flags: "",
        form: Form::Text,
        set: |config, text, place| put(&mut config.graphs, place.path(text)?),
        toml: |config| Some(path(config.graphs.as_ref()?)),
    },
    Key {
        name: "units.traffic",
        what: r#"rates of networks: in "bits" or in "bytes" a second"#,
        without: "bits",
        sample: r#""bits""#,
        flags: "",
        form: Form::Text,
        set: |config, text, _| put(&mut config.traffic, one_of(&TRAFFIC, text)?),
        toml: |config| Some(word(&TRAFFIC, &config.traffic?).into()),
    },
    Key {
        name: "units.sizes",
        what: r#"steps of bytes: "iec" is 1024 as in KiB, "si" is 1000 as in kB"#,
        without: "iec",
        sample: r#""iec""#,
        flags: "",
        form: Form::Text,
        set: |config, text, _| put(&mut config.sizes, one_of(&SIZES, text)?),
        toml: |config| Some(word(&SIZES, &config.sizes?).into()),
    },
    Key {
        name: LINES,
        what: r##"lines in turn, each "#0072B2", or dark and light apart as "#3D9BDC #0072B2""##,
        without: "eight of Okabe and Ito",
        sample: r##"["#0072B2", "#E69F00", "#009E73"]"##,
        flags: "",
        form: Form::Texts,
        set: |config, text, _| {
            config.colours.get_or_insert_default().lines.push(text.parse()?);
            Ok(())
        },
        toml: |config| {
            let lines = &config.colours.as_ref()?.lines;
            if lines.is_empty() { None } else { texts(lines, ToString::to_string) }
        },
    },
];

impl Key {
    /// Its name in `table`, if it stands there.
    pub(super) fn name_in(&self, table: &str) -> Option<&'static str> {
        self.name.strip_prefix(table)?.strip_prefix('.')
    }
}

fn said(error: impl fmt::Display) -> String {
    error.to_string()
}

#[expect(clippy::unnecessary_wraps, reason = "what sets a key may fail")]
fn put<T>(field: &mut Option<T>, value: T) -> Result<(), String> {
    *field = Some(value);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "what sets a key may fail")]
fn push<T>(field: &mut Option<Vec<T>>, value: T) -> Result<(), String> {
    field.get_or_insert_default().push(value);
    Ok(())
}

fn number<T>(value: Option<T>) -> Option<Value>
where
    i64: TryFrom<T>,
{
    Some(Value::Integer(i64::try_from(value?).unwrap_or(i64::MAX)))
}

#[expect(clippy::unnecessary_wraps, reason = "what shows a key may show none")]
fn texts<T>(list: &[T], text: fn(&T) -> String) -> Option<Value> {
    Some(Value::Array(list.iter().map(|one| text(one).into()).collect()))
}

fn path(path: &Path) -> Value {
    shown(path).into()
}

fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

/// A name as it is; the path of a file is one like the others.
fn layout(text: &str, place: &Place) -> Result<String, String> {
    match text {
        "" => Err("a name is missing".into()),
        name if !name.contains('/') && !name.ends_with(".toml") => Ok(name.into()),
        file => Ok(shown(place.path(file)?)),
    }
}
