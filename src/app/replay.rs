//! A replay in the window: how it stands, in words.

use super::App;
use crate::source::replay::{End, Progress};
use crate::ui::{SourceReport, Sources};
use crate::view::format;
use crate::view::replay::{Replay, Stage};

impl App {
    /// Takes in how the replay stands; `before` is how it stood before the draining, of which
    /// `more` is left.
    pub(super) fn replayed(&mut self, before: Option<Replay>, more: bool) {
        let (Some(mut replay), Some(progress)) = (before, &self.setup.replay) else {
            return;
        };
        if replay.stage.is_over() && more {
            // It is over when all of it is there.
            replay.stage = Stage::Reading;
        }
        if self.replay.as_ref() == Some(&replay) {
            return;
        }
        describe(&mut self.setup.sources, &replay, progress, &self.about_keys);
        if replay.stage.is_over() {
            // Nothing more comes that would tell how what waits is to be placed.
            self.store.settle(progress.now());
        }
        self.replay = Some(replay);
    }
}

/// Writes `sources` anew; `about_keys` comes last.
fn describe(
    sources: &mut Sources,
    replay: &Replay,
    progress: &Progress,
    about_keys: &[SourceReport],
) {
    let path = progress.path();
    let pace = replay.pace_word();
    let good = |text: String| SourceReport { ok: true, text };
    let bad = |text: String| SourceReport { ok: false, text };
    sources.reports = match progress.end().filter(|_| replay.stage.is_over()) {
        None => vec![good(format!("reading {path} ({pace})"))],
        Some(end) => {
            let counts = &end.counts;
            let datagrams = format::counted(counts.datagrams, "datagram");
            let packets = format::counted(counts.packets, "packet");
            let read = format!("{datagrams} in {packets} read of {path} ({pace})");
            let error = end.error.iter().map(|error| bad(error.to_string()));
            let lines = [counts.left_out(), counts.about_times()].concat().into_iter().map(bad);
            let others = counts.others_line().map(good);
            std::iter::once(good(read)).chain(error).chain(lines).chain(others).collect()
        }
    };
    sources.reports.extend_from_slice(about_keys);
    let name = &replay.name;
    sources.summary = match progress.end().filter(|_| replay.stage.is_over()) {
        None => format!("reading {name}"),
        Some(End { error: None, .. }) => format!("{name} ended"),
        Some(End { error: Some(error), .. }) => format!("{name}: {}", error.short()),
    };
}
