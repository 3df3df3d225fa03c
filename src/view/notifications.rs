//! The list of notifications: which are shown, which are new, and what a row points at.
//!
//! The choices change in [`super::View::apply`] only; [`Listed`] is made anew when they or the
//! notifications change, so that a frame touches only the rows it shows.

use super::Action;
use super::selection::Scope;
use super::selector::{Selector, Subject};
use super::tree::moved;
use crate::metric::{Identifier, Severity, with_instance};
use crate::store::{Noted, Notifications, Severities, Store};

/// What the user chose about notifications.
#[derive(Clone, Debug, Default)]
pub struct NotificationList {
    /// Whether the list is there.
    pub open: bool,
    /// What stood in the counters when the user last looked.
    pub seen: Severities,
    /// Words that all must match, as in the sidebar; the message counts too.
    pub filter: Selector,
    /// The number of the row that was clicked last.
    pub chosen: Option<u64>,
    hidden: [bool; 3],
}

impl NotificationList {
    /// Whether notifications of this severity are listed.
    pub fn shows(&self, severity: Severity) -> bool {
        !self.hidden.get(place(severity)).copied().unwrap_or_default()
    }

    /// Those that came since the user last looked.
    pub fn unseen(&self, all: &Notifications) -> Severities {
        all.counts().since(&self.seen)
    }

    /// Whether this one came since the user last looked. Numbers count what was ever kept, and so
    /// do the counters.
    pub const fn is_unseen(&self, noted: &Noted) -> bool {
        noted.number >= self.seen.total()
    }

    pub(super) fn set_shown(&mut self, severity: Severity, shown: bool) {
        if let Some(hidden) = self.hidden.get_mut(place(severity)) {
            *hidden = !shown;
        }
    }
}

const fn place(severity: Severity) -> usize {
    match severity {
        Severity::Failure => 0,
        Severity::Warning => 1,
        Severity::Okay => 2,
    }
}

/// The rows of the list.
#[derive(Debug, Default)]
pub struct Listed {
    /// Numbers of the notifications, newest first.
    pub numbers: Vec<u64>,
    /// The notifications, the words and what is hidden that they were made for.
    made_for: Option<(u64, Selector, [bool; 3])>,
}

impl Listed {
    /// Filters anew if the notifications or the choices have changed. A list that is closed is
    /// left as it is.
    pub fn update(&mut self, all: &Notifications, list: &NotificationList) {
        let (revision, hidden) = (all.revision(), list.hidden);
        let is_same = |made: &(u64, Selector, [bool; 3])| {
            made.0 == revision && made.1.finds_as(&list.filter) && made.2 == hidden
        };
        if !list.open || self.made_for.as_ref().is_some_and(is_same) {
            return;
        }
        self.made_for = Some((revision, list.filter.clone(), hidden));
        let mut scratch = String::new();
        let mut shown = |noted: &Noted| {
            let said = &noted.notification;
            let subject = Subject { more: &said.message, ..(&said.identifier).into() };
            list.shows(said.severity) && list.filter.matches(&subject, &mut scratch)
        };
        self.numbers.clear();
        let rows = all.iter().rev().filter(|noted| shown(noted)).map(|noted| noted.number);
        self.numbers.extend(rows);
    }
}

impl Listed {
    /// The notification `by` rows below `chosen`; without that, the first one.
    pub fn beside(&self, chosen: Option<u64>, by: isize) -> Option<u64> {
        let row = chosen.and_then(|chosen| self.numbers.iter().position(|&of| of == chosen));
        self.numbers.get(moved(row, by, self.numbers.len())?).copied()
    }
}

/// What shows a notification: its moment, and what it is about.
pub fn show(store: &Store, noted: &Noted) -> Action {
    let about = target(store, &noted.notification.identifier);
    Action::ShowNotification { number: noted.number, time: noted.placed, about }
}

/// What a notification of `about` points at in the tree: its plugin where there is just one of
/// that name (and instance), else its host; none where the host has sent no value.
pub fn target(store: &Store, about: &Identifier) -> Option<Scope> {
    let host = store.index().host(&about.host)?;
    let mut named = host.plugins.iter().filter(|node| {
        let instance = &about.plugin_instance;
        *node.plugin == *about.plugin && (instance.is_empty() || *node.instance == **instance)
    });
    let scope = match (named.next(), named.next()) {
        (Some(node), None) => super::tree::scope_of_plugin(host, node),
        _ => super::tree::scope_of_host(host),
    };
    Some(scope)
}

/// `plugin-instance/type-instance` with only what is named; empty for a whole host.
pub fn subject(about: &Identifier) -> String {
    let pair = |name: &str, instance: &str| match name {
        "" => instance.to_owned(),
        name => with_instance(name, instance),
    };
    let plugin = pair(&about.plugin, &about.plugin_instance);
    let type_ = pair(&about.type_, &about.type_instance);
    match (plugin.is_empty(), type_.is_empty()) {
        (_, true) => plugin,
        (true, false) => type_,
        (false, false) => format!("{plugin}/{type_}"),
    }
}

/// `3 failures, 1 warning`: what there is of each, worst first.
pub fn in_words(counts: &Severities) -> Vec<(Severity, String)> {
    [
        (Severity::Failure, "failure", "failures"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Okay, "okay", "okay"),
    ]
    .into_iter()
    .filter(|(severity, ..)| counts.of(*severity) > 0)
    .map(|(severity, one, many)| {
        let count = counts.of(severity);
        let word = if count == 1 { one } else { many };
        (severity, format!("{} {word}", super::format::count(count)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_says_only_what_is_named() {
        for (names, subject_) in [
            (["df", "root", "df_complex", "free"], "df-root/df_complex-free"),
            (["load", "", "load", ""], "load/load"),
            (["fleet", "", "", ""], "fleet"),
            (["", "", "", ""], ""),
            (["", "", "gauge", "x"], "gauge-x"),
        ] {
            let [plugin, instance, type_, type_instance] = names;
            let id = Identifier::new("h", plugin, instance, type_, type_instance);
            assert_eq!(subject(&id), subject_);
        }
    }

    #[test]
    fn counts_are_listed_worst_first_and_nothing_of_none() {
        let counts = Severities { failures: 1, warnings: 0, okays: 2 };
        let words: Vec<_> = in_words(&counts).into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, ["1 failure", "2 okay"]);
        assert!(in_words(&Severities::default()).is_empty());
    }
}
