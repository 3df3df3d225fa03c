//! Waiting: value lists that are not placed yet, as their clock may have been set.

use super::SourceId;
use crate::ingest::{Arrived, Row};
use crate::metric::CdTime;

/// Values of all hosts that wait at once; what comes then is placed without waiting. At most a
/// value list each, 65,536 x 80 B = 5 MiB.
pub(super) const VALUES_MAX: usize = 1 << 16;
/// Bytes of a value that is a list of its own.
pub(super) const VALUE_BYTES: usize = size_of::<(SourceId, Row, Arrived)>() + size_of::<u64>();

/// Value lists of one clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    rows: Vec<(SourceId, Row, Arrived)>,
    values: Vec<u64>,
}

impl Waiting {
    /// Number of values that wait.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The newest stamp.
    pub(super) fn newest(&self) -> CdTime {
        self.rows.iter().map(|(_, row, _)| row.time).max().unwrap_or_default()
    }

    /// Adds value lists of a datagram, with all their values.
    pub(super) fn add(
        &mut self,
        source: SourceId,
        datagram: &Arrived,
        rows: &[Row],
        values: &[u64],
    ) {
        self.rows.extend(rows.iter().map(|&row| (source, row, datagram.clone())));
        self.values.extend_from_slice(values);
    }

    /// Each value list with its datagram and its values.
    pub(super) fn rows(&self) -> impl Iterator<Item = (SourceId, Row, &Arrived, &[u64])> {
        let mut values = self.values.as_slice();
        self.rows.iter().map(move |&(source, row, ref datagram)| {
            let (mine, rest) = values.split_at_checked(row.values_count.into()).unwrap_or_default();
            values = rest;
            (source, row, datagram, mine)
        })
    }
}
