//! Fields: the names of a series that a word of a selector can ask for.

use crate::view::role::distance;

/// A name of a series, or the unit in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Host.
    Host,
    /// Plugin, without its instance.
    Plugin,
    /// Plugin instance, may be empty.
    Instance,
    /// Type, without its instance.
    Type,
    /// Type instance, may be empty.
    TypeInstance,
    /// Data source.
    Ds,
    /// The unit in which it is shown; may be empty.
    Unit,
}

/// What else is written for a field, and is no near miss.
const OTHERS: [(&str, Field); 6] = [
    ("plugin-instance", Field::Instance),
    ("plugin_instance", Field::Instance),
    ("inst", Field::Instance),
    ("data-source", Field::Ds),
    ("data_source", Field::Ds),
    ("source", Field::Ds),
];

impl Field {
    /// All of them, in the order of a name.
    pub const ALL: [Self; 7] = [
        Self::Host,
        Self::Plugin,
        Self::Instance,
        Self::Type,
        Self::TypeInstance,
        Self::Ds,
        Self::Unit,
    ];

    /// As it is written before the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Plugin => "plugin",
            Self::Instance => "instance",
            Self::Type => "type",
            Self::TypeInstance => "type-instance",
            Self::Ds => "ds",
            Self::Unit => "unit",
        }
    }

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Instance => "plugin instance",
            Self::TypeInstance => "type instance",
            Self::Ds => "data source",
            _ => self.name(),
        }
    }

    /// The word that matches just this value: `host:web-1`, `host:"two words"`, `instance:""`.
    pub fn exactly(self, value: &str) -> String {
        self.one_of([value])
    }

    /// The word that matches just these values: `host:web-1|web-2`; empty without one.
    pub fn one_of<'a>(self, values: impl IntoIterator<Item = &'a str>) -> String {
        let mut word = String::new();
        for value in values {
            word.push_str(if word.is_empty() { self.name() } else { "|" });
            if word.len() == self.name().len() {
                word.push(':');
            }
            push_value(&mut word, value);
        }
        word
    }

    /// The field of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// The field that `name`, which is none, was most likely to be. Names may have colons too
    /// (`cafe::1`), so that only a near miss counts.
    pub(super) fn nearest(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if let Some((_, field)) = OTHERS.iter().find(|(other, _)| *other == name) {
            return Some(*field);
        }
        let far = |field: &Self| distance(&name, field.name());
        let nearest = Self::ALL.into_iter().min_by_key(far)?;
        let far_max = match nearest.name().len() {
            ..4 => 0,
            4..6 => 1,
            _ => 2,
        };
        (far(&nearest) <= far_max).then_some(nearest)
    }
}

/// Appends a value so that it is read as it is.
pub(super) fn push_value(word: &mut String, value: &str) {
    let is_special =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\' | '|' | '*' | '?');
    if !value.is_empty() && !value.starts_with('/') && !value.contains(is_special) {
        word.push_str(value);
        return;
    }
    word.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            word.push('\\');
        }
        word.push(c);
    }
    word.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_where_it_would_be_read_otherwise() {
        for (value, word) in [
            ("web-1", "host:web-1"),
            ("-x", "host:-x"),
            ("::1", "host:::1"),
            ("", "host:\"\""),
            ("a b", "host:\"a b\""),
            ("/srv", "host:\"/srv\""),
            ("a\"b\\c", "host:\"a\\\"b\\\\c\""),
            ("a|b*", "host:\"a|b*\""),
        ] {
            assert_eq!(Field::Host.exactly(value), word);
        }
        assert_eq!(Field::Ds.one_of(["rx", "", "a b"]), "ds:rx|\"\"|\"a b\"");
        assert_eq!(Field::Ds.one_of([]), "");
    }

    #[test]
    fn only_a_near_miss_is_taken_for_a_field() {
        for (name, field) in [
            ("hst", Some(Field::Host)),
            ("Hots", None),
            ("plugins", Some(Field::Plugin)),
            ("plg", None),
            ("type_instance", Some(Field::TypeInstance)),
            ("plugin_instance", Some(Field::Instance)),
            ("instnace", Some(Field::Instance)),
            ("fe", None),
            ("cafe", None),
            ("db", None),
            ("http", None),
            ("port", None),
        ] {
            assert_eq!(Field::nearest(name), field, "{name}");
        }
    }
}
