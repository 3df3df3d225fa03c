//! Values: texts of the command line and of the configuration, read in one way.
//!
//! The error is part of a sentence.

use crate::ingest::LISTS_MAX;
use crate::view::Theme;
use crate::view::format::{Sizes, Traffic};
use crate::view::nearest::nearest;
use crate::view::pivot::Pivot;
use crate::wire::SecurityLevel;
use jiff::tz::{self, TimeZone};

/// Below it, not even a small network's names fit.
const MEMORY_MIB_MIN: u64 = 16;
/// A tebibyte: longer is a mistyped number.
const MEMORY_MIB_MAX: u64 = 1 << 20;
/// More than any kernel grants; keeps the sum in bytes far from overflowing.
const RECEIVE_BUFFER_MIB_MAX: usize = 1_024;
/// The zone of this machine.
const SYSTEM: &str = "system";

/// A time zone, and what it was called.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// An IANA name, `UTC` or `system`.
    pub name: String,
    /// The zone.
    pub zone: TimeZone,
}

impl Default for Zone {
    /// That of this machine.
    fn default() -> Self {
        Self { name: SYSTEM.into(), zone: TimeZone::system() }
    }
}

/// Memory, in MiB.
pub fn memory(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(mib @ MEMORY_MIB_MIN..=MEMORY_MIB_MAX) => Ok(mib),
        _ => Err(format!("not a number of MiB from {MEMORY_MIB_MIN} to {MEMORY_MIB_MAX}")),
    }
}

/// Names of value lists.
pub fn lists(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(lists @ 1..=LISTS_MAX) => Ok(lists),
        _ => Err(format!("not a number from 1 to {LISTS_MAX}")),
    }
}

/// A receive buffer of the kernel, in MiB.
pub fn receive_buffer(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(mib @ 1..=RECEIVE_BUFFER_MIB_MAX) => Ok(mib),
        _ => Err(format!("not a number of MiB from 1 to {RECEIVE_BUFFER_MIB_MAX}")),
    }
}

/// Width and height of the window, in points.
pub fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X']).and_then(|(width, height)| {
        Some((width.trim().parse::<u32>().ok()?, height.trim().parse::<u32>().ok()?))
    });
    match sides {
        Some((width, height))
            if [width, height].iter().all(|side| (200..=16_384).contains(side)) =>
        {
            Ok((width, height))
        }
        _ => Err("not a size as 1280x800, each side from 200 to 16384".to_owned()),
    }
}

/// The names of the themes.
pub(super) const THEMES: [(&str, Theme); 3] =
    [("system", Theme::System), ("dark", Theme::Dark), ("light", Theme::Light)];
/// The names of what stands at the top of the sidebar.
pub(super) const PIVOTS: [(&str, Pivot); 2] =
    [("hosts", Pivot::Hosts), ("plugins", Pivot::Plugins)];

/// The names of what rates of networks count.
pub(super) const TRAFFIC: [(&str, Traffic); 2] =
    [("bits", Traffic::Bits), ("bytes", Traffic::Bytes)];
/// The names of how bytes are shortened.
pub(super) const SIZES: [(&str, Sizes); 2] = [("iec", Sizes::Iec), ("si", Sizes::Si)];

/// The value that is called so.
pub(super) fn one_of<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let near = meant(text, words.iter().map(|(word, _)| *word));
        let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("not {}{near}", words.join(" or "))
    })
}

/// What a value is called.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

/// Its name.
pub(super) fn security(text: &str) -> Result<SecurityLevel, String> {
    let words = [SecurityLevel::None, SecurityLevel::Sign, SecurityLevel::Encrypt];
    one_of(&words.map(|level| (level.name(), level)), text)
}

/// `true` or `false`.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "not true or false".to_owned())
}

/// A zone by its name; those of places are read from this machine's database.
pub(super) fn zone(text: &str) -> Result<Zone, String> {
    let found = match text {
        SYSTEM => Some(TimeZone::system()),
        "UTC" => Some(TimeZone::UTC),
        name => TimeZone::get(name).ok(),
    };
    if let Some(zone) = found {
        return Ok(Zone { name: text.into(), zone });
    }
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    if names.is_empty() {
        let why = "no time zones are known here: install the package tzdata, or write \"UTC\"";
        return Err(why.into());
    }
    let known = names.iter().map(String::as_str).chain([SYSTEM, "UTC"]);
    Err(format!("no time zone is called so{}", meant(text, known)))
}

/// Asks for the nearest right word, if there is one.
fn meant<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = nearest(text, known);
    near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_by_its_name_and_a_wrong_one_is_named_with_the_nearest() {
        for name in ["system", "UTC", "Europe/Berlin"] {
            assert_eq!(zone(name).unwrap().name, name);
        }
        assert_eq!(zone("UTC").unwrap().zone, TimeZone::UTC);
        let error = zone("Europe/Berln").unwrap_err();
        assert_eq!(error, "no time zone is called so; did you mean \"Europe/Berlin\"?");
        for wrong in ["", "+02:00", "\0", &"x".repeat(10_000)] {
            assert!(zone(wrong).unwrap_err().starts_with("no time zone is called so"), "{wrong}");
        }
    }

    #[test]
    fn values_out_of_their_range_are_refused_with_it() {
        for (error, words) in [
            (memory("15").unwrap_err(), "from 16 to 1048576"),
            (memory("1048577").unwrap_err(), "from 16 to"),
            (lists("0").unwrap_err(), "from 1 to"),
            (receive_buffer("1025").unwrap_err(), "from 1 to 1024"),
            (size("100x800").unwrap_err(), "from 200 to 16384"),
            (size("1280").unwrap_err(), "as 1280x800"),
            (one_of(&THEMES, "drak").unwrap_err(), "; did you mean \"dark\"?"),
            (security("signed").unwrap_err(), "or \"encrypt\"; did you mean \"sign\"?"),
            (one_of(&THEMES, "pink").unwrap_err(), "not \"system\" or \"dark\" or \"light\""),
            (yes_or_no("yes").unwrap_err(), "not true or false"),
        ] {
            assert!(error.contains(words), "{error}");
        }
        assert_eq!((memory("16"), size("1280 X 800")), (Ok(16), Ok((1_280, 800))));
    }
}
