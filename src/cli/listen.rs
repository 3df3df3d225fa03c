//! Listening, as `dump` and `record` do: what came of it is said, and what may come is waited for.

use super::say;
use crate::source::udp::{UdpSource, buffer_advice};
use std::time::{Duration, Instant};

/// Nothing can arrive, now or later; the reports said why.
#[derive(Debug, thiserror::Error)]
#[error("nothing can arrive: not listening on {0}")]
pub(super) struct NotListening(String);

/// Says what came of opening sockets. Where nothing could be opened, but may later (an interface
/// that is not up yet), it is waited for.
pub(super) fn say_reports(source: &UdpSource) {
    for report in source.reports() {
        say(report);
    }
    if let Some(advice) = buffer_advice(source.reports()) {
        say(advice);
    }
}

/// Whether it makes sense to go on; says so where nothing can arrive yet.
pub(super) fn check(source: &UdpSource) -> Result<(), NotListening> {
    let mut troubles = source.reports().iter().filter_map(|report| report.trouble.as_ref());
    let may_come = troubles.any(|trouble| trouble.may_pass());
    if !source.is_listening() && may_come {
        say("waiting for the network: what cannot be listened to is tried again every 2 s");
        return Ok(());
    }
    outcome(source)
}

/// Nothing could arrive, if that is how it ended.
pub(super) fn outcome(source: &UdpSource) -> Result<(), NotListening> {
    if source.is_listening() {
        return Ok(());
    }
    let places: Vec<String> = source.reports().iter().map(|report| report.place()).collect();
    Err(NotListening(places.join(", ")))
}

/// Changes of what is listened to, shown up to a limit: interfaces of containers come and go.
#[derive(Default)]
pub(super) struct Changes {
    shown: usize,
    minute: Option<Instant>,
}

/// Lines shown in a minute.
const CHANGES_PER_MINUTE_MAX: usize = 30;

impl Changes {
    pub(super) fn say(&mut self, lines: Vec<String>) {
        if self.minute.is_none_or(|start| start.elapsed() >= Duration::from_secs(60)) {
            let hidden = self.shown.saturating_sub(CHANGES_PER_MINUTE_MAX);
            if hidden > 0 {
                say(format_args!("{hidden} more changes were not shown"));
            }
            *self = Self { shown: 0, minute: Some(Instant::now()) };
        }
        for line in lines {
            self.shown += 1;
            if self.shown <= CHANGES_PER_MINUTE_MAX {
                say(line);
            }
        }
    }
}
