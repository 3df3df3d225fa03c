//! Notifications: what their list and tooltips say.

use super::Screen;
use crate::metric::display_safe;
use crate::store::Noted;
use crate::view::Action;
use crate::view::format;
use crate::view::notifications::{show, subject, target};

/// A host's clock may be this far from ours before it is said, seconds.
const DIFFERENCE_SHOWN_SECS: f64 = 60.0;

/// The texts of a notification, safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedText {
    /// The host that it is about.
    pub host: String,
    /// Plugin and type that it is about; may be empty.
    pub about: String,
    /// What the sender wrote.
    pub message: String,
    /// What else is to know about it.
    pub notes: Vec<String>,
}

impl Screen<'_> {
    /// Whether there is no notification at all.
    pub fn has_no_notification(&self) -> bool {
        self.store.notifications().is_empty()
    }

    /// How many there are, in words.
    pub fn notifications_text(&self) -> String {
        let count = u64::try_from(self.store.notifications().len()).unwrap_or(u64::MAX);
        format::counted(count, "notification")
    }

    /// Whether listed notifications are of several days, so that their dates are to be written.
    pub fn lists_several_days(&self) -> bool {
        let oldest = self.derived.listed.numbers.last().and_then(|&number| self.noted(number));
        let day = |time| format::day(time, self.zone);
        oldest.is_some_and(|noted| day(noted.placed) != day(self.now))
    }

    /// What shows a notification: its moment, and what it is about.
    pub fn show(&self, noted: &Noted) -> Action {
        show(self.store, noted)
    }

    /// When it was, with its date if `dated`.
    pub fn noted_time(&self, noted: &Noted, dated: bool) -> String {
        let time = self.shown_time(&noted.notification.identifier.host, noted.placed);
        let clock = format::clock(time, self.zone, 1.0);
        if dated { format!("{} {clock}", format::day(time, self.zone)) } else { clock }
    }

    /// What it says.
    pub fn noted_text(&self, noted: &Noted) -> NotedText {
        let said = &noted.notification;
        let mut notes = Vec::new();
        if noted.received > 1 {
            notes.push(format!("received {} times, listed once", format::count(noted.received)));
        }
        let ahead = said.time.secs_from(noted.arrival);
        if ahead.abs() > DIFFERENCE_SHOWN_SECS {
            let (size, side) = (ahead.abs(), if ahead > 0.0 { "after" } else { "before" });
            notes.push(format!("its time is {} {side} its arrival", format::duration(size)));
        }
        if target(self.store, &said.identifier).is_none() {
            notes.push("this host has sent no value: there is nothing to draw".into());
        }
        NotedText {
            host: self.host_name(&said.identifier.host),
            about: display_safe(&subject(&said.identifier)).into_owned(),
            message: display_safe(&said.message).into_owned(),
            notes,
        }
    }
}
