//! Report of what was sent and what was not, on standard error without flooding it.

use super::super::say;
use crate::metric::counted;
use crate::send::{Failure, SendError, Sent};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// Refused lines shown in full; the others are counted.
const TOLD_MAX: u64 = 20;
/// A destination that fails is reported again when it was well for this long.
const FAILURE_AGAIN_AFTER: Duration = Duration::from_secs(300);
/// Destinations with a reason that are remembered: as many as a command line may name.
const FAILURES_MAX: usize = 1_024;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Lines (or measurements) of which nothing, or not everything, was taken.
    refused: u64,
    /// When a destination failed last, and why.
    failing: BTreeMap<(String, String), Instant>,
}

impl Report {
    /// Counts one refused line, and says why while there are few.
    pub(super) fn refused(&mut self, why: impl fmt::Display) {
        self.refused += 1;
        match self.refused {
            ..TOLD_MAX => say(why),
            TOLD_MAX => say(format_args!("{why} (further ones are only counted)")),
            _ => {}
        }
    }

    /// Says which destinations fail, each for each reason once.
    pub(super) fn network(&mut self, failures: &[Failure]) {
        for failure in failures {
            let key = (failure.destination.clone(), failure.reason());
            let now = Instant::now();
            let is_new = self
                .failing
                .get(&key)
                .is_none_or(|last| now.duration_since(*last) >= FAILURE_AGAIN_AFTER);
            if is_new {
                say(failure);
            }
            if self.failing.len() < FAILURES_MAX || self.failing.contains_key(&key) {
                self.failing.insert(key, now);
            }
        }
    }

    /// Tells an error of sending; true if what was to be sent was refused.
    pub(super) fn error(&mut self, error: &SendError, place: impl fmt::Display) -> bool {
        match error {
            SendError::Network(failures) => {
                self.network(failures);
                false
            }
            refusal => {
                self.refused(format_args!("{place}{refusal}"));
                true
            }
        }
    }

    /// Whether everything was sent, as far as the system reports it.
    pub(super) fn is_all_well(&self, sent: &Sent) -> bool {
        self.refused == 0 && sent.failures == 0
    }

    /// The sum in one line; `what` is what could be refused.
    pub(super) fn summary(&self, sent: &Sent, what: &str) -> String {
        let mut line = format!(
            "sent {} and {} in {} ({})",
            counted(sent.lists, "value list"),
            counted(sent.notifications, "notification"),
            counted(sent.datagrams, "datagram"),
            counted(sent.bytes, "byte"),
        );
        if self.refused > 0 {
            line += &format!(", {} refused", counted(self.refused, what));
        }
        if sent.failures > 0 {
            line += &format!(", {} failed", counted(sent.failures, "datagram"));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_tells_trouble_only_where_there_is_some() {
        let mut report = Report::default();
        let mut sent = Sent { lists: 1, notifications: 0, datagrams: 2, bytes: 300, failures: 0 };
        let good = "sent 1 value list and 0 notifications in 2 datagrams (300 bytes)";
        assert_eq!(report.summary(&sent, "line"), good);
        assert!(report.is_all_well(&sent));
        report.refused("a test of refusing");
        sent.failures = 2;
        let all = format!("{good}, 1 line refused, 2 datagrams failed");
        assert_eq!(report.summary(&sent, "line"), all);
        assert!(!report.is_all_well(&sent));
    }
}
