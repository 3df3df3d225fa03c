//! Losses: what was lost for lack of room, of each kind, from when to when.

use crate::ingest::Batch;
use crate::metric::{CdTime, Interval, Span};
use std::collections::VecDeque;

/// Newest losses kept, oldest out first; all are counted in the totals.
pub const LOSSES_MAX: usize = 64;
/// Pause up to which losses are one: one overload is one row.
const PAUSE_MAX: Interval = Interval::from_secs(10);

/// Place where something was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossKind {
    /// Datagrams, as the receive buffer was full.
    Kernel,
    /// Values, as the window did not keep up.
    Channel,
}

/// What was lost in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Where.
    pub kind: LossKind,
    /// Datagrams or values.
    pub count: u64,
    /// Span in which it arrived, or would have.
    pub when: Span,
}

/// Adds what `batch` lost.
pub(super) fn note(losses: &mut VecDeque<Loss>, batch: &Batch) {
    let arrival = Span::new(batch.arrival, batch.arrival);
    for (kind, count, when) in [
        (LossKind::Kernel, batch.kernel_drops, batch.kernel_when),
        (LossKind::Channel, batch.dropped_values, batch.dropped_when),
    ] {
        if count > 0 {
            add(losses, Loss { kind, count, when: when.unwrap_or(arrival) });
        }
    }
}

fn add(losses: &mut VecDeque<Loss>, loss: Loss) {
    let until = |known: &Loss| -> CdTime { known.when.end.saturating_add(PAUSE_MAX) };
    let last = losses.iter_mut().rev().find(|known| known.kind == loss.kind);
    if let Some(last) = last.filter(|last| loss.when.start <= until(last)) {
        last.count += loss.count;
        last.when = last.when.cover(loss.when);
        return;
    }
    if losses.len() >= LOSSES_MAX {
        losses.pop_front();
    }
    losses.push_back(loss);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(kind: LossKind, count: u64, start: u64, end: u64) -> Loss {
        let [start, end] = [start, end].map(CdTime::from_secs);
        Loss { kind, count, when: Span::new(start, end) }
    }

    #[test]
    fn losses_of_a_kind_that_follow_soon_are_one() {
        let mut losses = VecDeque::new();
        let [first, second] = [(3, 100, 101), (4, 105, 106)].map(|(count, start, end)| Batch {
            kernel_drops: count,
            kernel_when: Some(lost(LossKind::Kernel, 0, start, end).when),
            dropped_values: 10 * count,
            arrival: CdTime::from_secs(end),
            ..Batch::default()
        });
        note(&mut losses, &first);
        note(&mut losses, &Batch::default());
        note(&mut losses, &second);
        let wanted = [lost(LossKind::Kernel, 7, 100, 106), lost(LossKind::Channel, 70, 101, 106)];
        assert_eq!(losses, wanted);
        add(&mut losses, lost(LossKind::Kernel, 1, 117, 118));
        assert_eq!(losses.back(), Some(&lost(LossKind::Kernel, 1, 117, 118)));
    }

    #[test]
    fn the_newest_losses_are_kept() {
        let mut losses = VecDeque::new();
        for turn in 0..2 * LOSSES_MAX as u64 {
            add(&mut losses, lost(LossKind::Channel, turn, turn * 100, turn * 100 + 1));
        }
        let counts: Vec<u64> = losses.iter().map(|loss| loss.count).collect();
        assert_eq!(counts, (LOSSES_MAX as u64..2 * LOSSES_MAX as u64).collect::<Vec<_>>());
    }
}
