//! How a replay stands, as the window shows it.

use crate::source::replay::Progress;
use crate::ui::{SourceReport, Sources};
use crate::view::format;
use crate::view::replay::Replay;

/// Writes `sources` anew; `about_keys` comes last.
pub(super) fn describe(
    sources: &mut Sources,
    replay: &Replay,
    progress: &Progress,
    about_keys: &[SourceReport],
) {
    let path = progress.path();
    let pace = replay.pace_word();
    let good = |text: String| SourceReport { ok: true, text };
    let bad = |text: String| SourceReport { ok: false, text };
    sources.reports = match progress.end() {
        None => vec![good(format!("reading {path} ({pace})"))],
        Some(end) => {
            let counts = &end.counts;
            let datagrams = format::counted(counts.datagrams, "datagram");
            let packets = format::counted(counts.packets, "packet");
            let read = format!("{datagrams} in {packets} read of {path} ({pace})");
            let error = end.error.iter().map(|error| bad(error.to_string()));
            let lines = counts.left_out().into_iter().map(bad);
            let others = counts.others_line().map(good);
            std::iter::once(good(read)).chain(error).chain(lines).chain(others).collect()
        }
    };
    sources.reports.extend_from_slice(about_keys);
    sources.summary = match replay.stage.is_over() {
        false => format!("reading {}", replay.name),
        true => format!("{} {}", replay.name, replay.stage.name()),
    };
}
