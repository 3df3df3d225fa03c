//! Identifiers: the five names of what is measured, borrowed or owned.
//!
//! The five names together are the key everywhere. The slash form is for people: it cannot always
//! be read back (plugin `a-b` reads as plugin `a`, instance `b`).

use std::fmt;
use std::sync::Arc;

/// The five names as they stand in a datagram: any bytes, no terminating NUL.
///
/// The daemon writes UTF-8 but does not check it: see [`Identifier::from_names`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names<'a> {
    /// The machine the value is about (not the sender).
    pub host: &'a [u8],
    /// Plugin that measures it.
    pub plugin: &'a [u8],
    /// Instance of the plugin, may be empty.
    pub plugin_instance: &'a [u8],
    /// Type, an entry of types.db.
    pub type_: &'a [u8],
    /// Instance of the type, may be empty.
    pub type_instance: &'a [u8],
}

/// The five names, owned and valid UTF-8: the key of a series (with its data source).
///
/// Shared texts: a fleet has a million identifiers of a few hundred names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// The machine the value is about (not the sender).
    pub host: Arc<str>,
    /// Plugin that measures it.
    pub plugin: Arc<str>,
    /// Instance of the plugin, may be empty.
    pub plugin_instance: Arc<str>,
    /// Type, an entry of types.db.
    pub type_: Arc<str>,
    /// Instance of the type, may be empty.
    pub type_instance: Arc<str>,
}

impl Identifier {
    /// Copies the names; bytes that are not UTF-8 become U+FFFD.
    pub fn from_names(names: &Names<'_>) -> Self {
        let own = |bytes: &[u8]| Arc::from(String::from_utf8_lossy(bytes));
        Self {
            host: own(names.host),
            plugin: own(names.plugin),
            plugin_instance: own(names.plugin_instance),
            type_: own(names.type_),
            type_instance: own(names.type_instance),
        }
    }

    /// An identifier from strings: host, plugin, plugin instance, type, type instance.
    pub fn new(
        host: &str,
        plugin: &str,
        plugin_instance: &str,
        type_: &str,
        type_instance: &str,
    ) -> Self {
        Self {
            host: host.into(),
            plugin: plugin.into(),
            plugin_instance: plugin_instance.into(),
            type_: type_.into(),
            type_instance: type_instance.into(),
        }
    }

    /// Borrows the names as bytes.
    pub fn names(&self) -> Names<'_> {
        Names {
            host: self.host.as_bytes(),
            plugin: self.plugin.as_bytes(),
            plugin_instance: self.plugin_instance.as_bytes(),
            type_: self.type_.as_bytes(),
            type_instance: self.type_instance.as_bytes(),
        }
    }

    /// Bytes of the five names together.
    pub fn name_bytes(&self) -> usize {
        self.host.len()
            + self.plugin.len()
            + self.plugin_instance.len()
            + self.type_.len()
            + self.type_instance.len()
    }
}

/// A plugin or a type with its instance, as collectd writes them: `cpu-0`; the name alone where the
/// instance is empty.
pub fn with_instance(name: &str, instance: &str) -> String {
    let dash = if instance.is_empty() { "" } else { "-" };
    [name, dash, instance].concat()
}

impl fmt::Display for Identifier {
    /// collectd's own form, `host/plugin[-instance]/type[-instance]`, made safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", display_safe(&self.host), display_safe(&self.plugin))?;
        if !self.plugin_instance.is_empty() {
            write!(f, "-{}", display_safe(&self.plugin_instance))?;
        }
        write!(f, "/{}", display_safe(&self.type_))?;
        if !self.type_instance.is_empty() {
            write!(f, "-{}", display_safe(&self.type_instance))?;
        }
        Ok(())
    }
}

/// Text from the network made safe to show: control, bidirectional and invisible formatting
/// characters are written as `\u{202e}`, so that no name can reorder or hide what stands beside
/// it, clear a terminal, or break a line. Everything else stays. Allocates only when it must.
pub fn display_safe(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

/// JSON made safe to show in the same way, with escapes that JSON has: it reads back the same.
pub fn json_safe(json: &str) -> std::borrow::Cow<'_, str> {
    if !json.chars().any(is_unsafe) {
        return json.into();
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_unsafe(c) {
            let mut units = [0; 2];
            let escapes = c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"));
            safe.extend(escapes);
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

/// Control characters, and the formatting characters of Unicode that are invisible or change the
/// direction of what follows (UAX #9, and the zero-width ones).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slash_form_leaves_empty_instances_out() {
        let id = Identifier::new("h", "cpu", "0", "cpu", "idle");
        assert_eq!(id.to_string(), "h/cpu-0/cpu-idle");
        assert_eq!(Identifier::new("h", "load", "", "load", "").to_string(), "h/load/load");
    }

    #[test]
    fn json_reads_back_and_hides_nothing() {
        let text = "a\u{202e}b\u{9b}2J\u{7f}\u{e0041} größe 🐮";
        let json = serde_json::to_string(text).unwrap();
        let safe = json_safe(&json);
        assert_eq!(safe, r#""a\u202eb\u009b2J\u007f\udb40\udc41 größe 🐮""#);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    #[test]
    fn control_and_direction_characters_are_made_visible() {
        assert_eq!(display_safe("a\u{202e}b\x1b[2J\n"), "a\\u{202e}b\\u{1b}[2J\\u{a}");
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        for text in ["web-01", "größe", "سرور", "日本", "🐮"] {
            assert!(matches!(display_safe(text), std::borrow::Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn names_that_are_not_utf8_are_replaced() {
        let names = Names { host: b"h\xff", plugin: b"p", type_: b"t", ..Names::default() };
        assert_eq!(&*Identifier::from_names(&names).host, "h\u{fffd}");
    }
}
