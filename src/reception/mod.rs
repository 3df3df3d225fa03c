//! Reception: which sources there are and how each goes.
//!
//! A source composes its [`Status`] itself and sends it over its channel; the newest of each is
//! kept in [`Reception`]. Plain data: knows no socket and no screen.

mod replay;

pub use replay::{ParseSpeedError, Replay, SPEED_RANGE, Speed, Stage};

use crate::store::SourceId;
use std::collections::BTreeMap;

/// How every source goes.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    sources: BTreeMap<SourceId, Status>,
}

/// How one source goes, in its own words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// A few words for the status bar: `listening on port 25826`.
    pub summary: String,
    /// Sentences about it, in the order of its parts.
    pub lines: Vec<Line>,
    /// Whether anything can come from it.
    pub state: State,
    /// Where senders reach it; none where they do not, as for a capture.
    pub destination: Option<Destination>,
    /// The host that the source itself measures, if it does.
    pub local_host: Option<String>,
    /// How far it is, where it reads a capture.
    pub replay: Option<Replay>,
}

/// One sentence about a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Nothing needs doing.
    pub ok: bool,
    /// What works, what does not, what to do.
    pub text: String,
}

/// Whether anything can come from a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Nothing, as none of what it was to open is open.
    #[default]
    Closed,
    /// More may come.
    Receiving,
    /// All of it came.
    Ended,
    /// Its thread failed: nothing comes until it is started again.
    Failed {
        /// What the thread said, on one line.
        message: String,
    },
}

/// Where senders reach a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Port for collectd's `Server` line.
    pub port: u16,
    /// Whether a multicast group is joined.
    pub multicast: bool,
    /// What is sent to this machine alone.
    pub unicast: Unicast,
}

/// Where datagrams for one machine are received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unicast {
    /// Nowhere.
    #[default]
    Nowhere,
    /// At this address only.
    At(String),
    /// At every address of this machine.
    Everywhere,
}

impl Line {
    /// Nothing needs doing.
    pub fn good(text: impl Into<String>) -> Self {
        Self { ok: true, text: text.into() }
    }

    /// Something needs doing.
    pub fn bad(text: impl Into<String>) -> Self {
        Self { ok: false, text: text.into() }
    }
}

impl Status {
    /// A source whose thread failed with `message`; `next` says what happens now.
    pub fn failed(name: &str, message: &str, next: &str) -> Self {
        let message = message.lines().next().unwrap_or_default().to_owned();
        let text = format!("the {name} thread failed: {message}; {next}");
        Self {
            summary: format!("the {name} thread failed"),
            lines: vec![Line::bad(text)],
            state: State::Failed { message },
            ..Self::default()
        }
    }

    /// Whether nothing more comes, or will come until the source is started again.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Ended | State::Failed { .. })
    }
}

impl Reception {
    /// Takes in how `source` goes now.
    pub fn report(&mut self, source: SourceId, status: Status) {
        self.sources.insert(source, status);
    }

    /// How `source` goes.
    pub fn status(&self, source: SourceId) -> Option<&Status> {
        self.sources.get(&source)
    }

    /// All sources, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Status> {
        self.sources.values()
    }

    /// A few words for the status bar.
    pub fn summary(&self) -> String {
        let all: Vec<_> = self.iter().map(|status| status.summary.as_str()).collect();
        all.join(" · ")
    }

    /// Every sentence of every source; those of a source that failed first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let failed = |of: &&Status| matches!(of.state, State::Failed { .. });
        let (bad, rest): (Vec<_>, Vec<_>) = self.iter().partition(failed);
        bad.into_iter().chain(rest).flat_map(|status| &status.lines)
    }

    /// Whether more may come from some source.
    pub fn is_receiving(&self) -> bool {
        self.iter().any(|status| status.state == State::Receiving)
    }

    /// What the threads that failed said.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        self.iter().filter_map(|status| match &status.state {
            State::Failed { message } => Some(message.as_str()),
            _ => None,
        })
    }

    /// Where senders reach this program: the first source that can be sent to.
    pub fn destination(&self) -> Option<&Destination> {
        self.iter().find_map(|status| status.destination.as_ref())
    }

    /// The host that this program itself measures, if it does.
    pub fn local_host(&self) -> Option<&str> {
        self.iter().find_map(|status| status.local_host.as_deref())
    }

    /// The capture that is shown, if one is: then its clock is that of the program. Where
    /// something else is received beside it, the clock is ours.
    pub fn replay(&self) -> Option<&Replay> {
        let is_alone = self.iter().all(|status| status.replay.is_some());
        self.iter().find_map(|status| status.replay.as_ref()).filter(|_| is_alone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(summary: &str, state: State) -> Status {
        let lines = vec![Line::good(format!("{summary} in full"))];
        Status { summary: summary.into(), lines, state, ..Status::default() }
    }

    #[test]
    fn several_sources_are_summed_up_together() {
        let mut reception = Reception::default();
        assert!(!reception.is_receiving() && reception.summary().is_empty());
        reception.report(SourceId(1), status("b.pcap ended", State::Ended));
        assert!(!reception.is_receiving());
        reception.report(SourceId(0), status("listening on port 25826", State::Receiving));
        assert_eq!(reception.summary(), "listening on port 25826 · b.pcap ended");
        assert!(reception.is_receiving() && reception.failures().next().is_none());
    }

    #[test]
    fn a_capture_has_the_clock_only_where_nothing_else_is_received() {
        let replay = Replay {
            name: "b.pcap".into(),
            path: "b.pcap".into(),
            speed: Speed::Max,
            live: false,
            stage: Stage::Reading,
            first: None,
            packets: None,
            error: None,
        };
        let capture = Status { replay: Some(replay), ..status("b.pcap", State::Receiving) };
        let mut reception = Reception::default();
        reception.report(SourceId(1), capture);
        assert_eq!(reception.replay().map(|replay| replay.path.as_str()), Some("b.pcap"));
        // Also while nothing can be received there.
        reception.report(SourceId(0), status("not listening", State::Closed));
        assert!(reception.replay().is_none());
    }

    #[test]
    fn a_thread_that_failed_is_what_is_read_first() {
        let mut reception = Reception::default();
        reception.report(SourceId(0), status("listening", State::Receiving));
        let failed = Status::failed("udp", "index 5 of 3\nnote: a second line", "it starts again");
        assert!(failed.is_over());
        reception.report(SourceId(1), failed);
        let lines: Vec<_> = reception.lines().map(|line| (line.ok, line.text.as_str())).collect();
        let first = "the udp thread failed: index 5 of 3; it starts again";
        assert_eq!(lines, [(false, first), (true, "listening in full")]);
        assert_eq!(reception.failures().collect::<Vec<_>>(), ["index 5 of 3"]);
        assert!(reception.is_receiving(), "the other source goes on");
    }
}
