//! Spelled out: a selector that finds hosts by what the user calls them, in collectd's names.
//!
//! A panel is to draw the same for everybody who opens its layout, and aliases are one user's.

use super::field::Field;
use super::pattern::lower;
use super::select::Selector;
use crate::view::aliases::Aliases;

/// Selectors that one becomes at most: each word that finds an alias doubles them.
const SPELLED_MAX: usize = 8;

impl Selector {
    /// The selectors that together find by collectd's names what this one finds by aliases, too:
    /// `master load` becomes `master load` and `host:ip-10 load`. Words that cannot be read are
    /// left out.
    pub fn spelled_out(&self, aliases: &Aliases) -> Vec<Self> {
        let text = |span| self.text().get(span).unwrap_or_default();
        let names = self.names().words().iter();
        let names = names.map(|word| {
            let is_called = |alias: &str| word.field.is_none() && word.is_in(&lower(alias));
            let hosts = aliases.iter().filter(|(_, alias)| is_called(alias));
            let hosts: Vec<&str> = hosts.map(|(host, _)| &**host).collect();
            (word.span.clone(), word.exclude, hosts)
        });
        let states = self.state_words().map(|span| (span, false, Vec::new()));
        let mut words: Vec<_> = names.chain(states).collect();
        words.sort_by_key(|(span, ..)| span.start);
        let mut all = vec![String::new()];
        for (span, exclude, hosts) in words {
            let word = text(span);
            let host = Field::Host.one_of(hosts.iter().copied());
            let is_named = !hosts.is_empty();
            let by_host = all.iter().map(|text| format!("{text} {host}")).collect::<Vec<_>>();
            all.iter_mut().for_each(|text| {
                text.push(' ');
                text.push_str(word);
                if is_named && exclude {
                    text.push_str(&format!(" -{host}"));
                }
            });
            if is_named && !exclude && all.len() * 2 <= SPELLED_MAX {
                all.extend(by_host);
            }
        }
        all.into_iter().map(|text| Self::new(text.trim())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_alias_finds_is_said_in_the_names_of_hosts() {
        let mut aliases = Aliases::default();
        aliases.set(&"ip-10".into(), "DB master");
        aliases.set(&"ip-11".into(), "db");
        for (text, expected) in [
            ("load", &["load"][..]),
            ("host:db* load", &["host:db* load"]),
            ("db load >5", &["db load >5", "host:ip-10|ip-11 load >5"]),
            ("-master load", &["-master -host:ip-10 load"]),
            (
                "db master",
                &[
                    "db master",
                    "host:ip-10|ip-11 master",
                    "db host:ip-10",
                    "host:ip-10|ip-11 host:ip-10",
                ],
            ),
            ("\"db master\" /(/", &["\"db master\"", "host:ip-10"]),
            ("", &[""]),
        ] {
            let spelled = Selector::new(text).spelled_out(&aliases);
            let texts: Vec<_> = spelled.iter().map(Selector::text).collect();
            assert_eq!(texts, expected, "{text}");
        }
        let many = "db ".repeat(20);
        assert_eq!(Selector::new(&many).spelled_out(&aliases).len(), SPELLED_MAX);
        let none = Selector::new("db load /(/").spelled_out(&Aliases::default());
        assert_eq!(none, [Selector::new("db load")]);
    }
}
