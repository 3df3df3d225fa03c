//! Two batches into one, within the limits of one, and what a batch weighs.

use crate::ingest::{
    Arrived, Batch, FAULTS_PER_BATCH_MAX, NOTIFICATIONS_PER_BATCH_MAX, Row, SENDERS_PER_BATCH_MAX,
    Sender, SenderDelta, USERS_PER_SENDER_MAX, count_class, count_protected,
};
use crate::metric::Span;

/// A notification with its names and text, about 500 bytes.
pub(super) const NOTIFICATION_WORDS: usize = 64;
const ROW_WORDS: usize = size_of::<Row>().div_ceil(8);
const ARRIVED_WORDS: usize = size_of::<Arrived>().div_ceil(8);

/// What a batch takes that can be lost. Announcements are never lost; all of them together are
/// bounded by [`crate::ingest::LISTS_MAX`], senders and faults per batch.
pub(super) fn words(batch: &Batch) -> usize {
    batch.values.len()
        + batch.rows.len() * ROW_WORDS
        + batch.datagrams.len() * ARRIVED_WORDS
        + batch.notifications.len() * NOTIFICATION_WORDS
}

/// Appends `later` to `batch`, keeping within the limits of one batch. Of too many notifications
/// the newest stay, of too many faults the oldest.
pub(super) fn join(batch: &mut Batch, mut later: Batch) {
    batch.announced.append(&mut later.announced);
    batch.renumbers |= later.renumbers;
    batch.routes.append(&mut later.routes);
    // Rows that no datagram accounts for come last.
    debug_assert!(later.datagrams.is_empty() || is_accounted_for(batch));
    batch.rows.append(&mut later.rows);
    batch.datagrams.append(&mut later.datagrams);
    batch.values.append(&mut later.values);
    batch.notifications.append(&mut later.notifications);
    let excess = batch.notifications.len().saturating_sub(NOTIFICATIONS_PER_BATCH_MAX);
    batch.notifications.drain(..excess);
    for delta in later.senders {
        add_sender(&mut batch.senders, delta);
    }
    let room = FAULTS_PER_BATCH_MAX.saturating_sub(batch.faults.len());
    batch.faults.extend(later.faults.into_iter().take(room));
    batch.dropped_values += later.dropped_values;
    batch.dropped_when = both(batch.dropped_when, later.dropped_when);
    batch.dropped_notifications += later.dropped_notifications + excess as u64;
    batch.kernel_drops += later.kernel_drops;
    batch.kernel_when = both(batch.kernel_when, later.kernel_when);
    batch.refused_lists += later.refused_lists;
    batch.arrival = batch.arrival.max(later.arrival);
}

fn is_accounted_for(batch: &Batch) -> bool {
    let rows = batch.datagrams.iter().map(|datagram| u64::from(datagram.rows)).sum::<u64>();
    rows == batch.rows.len() as u64
}

fn both(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    one.zip(other).map_or(one.or(other), |(one, other)| Some(one.cover(other)))
}

fn add_sender(senders: &mut Vec<SenderDelta>, delta: SenderDelta) {
    let at = |senders: &[SenderDelta], wanted: &Sender| {
        senders.iter().position(|known| known.sender == *wanted)
    };
    let known = at(senders, &delta.sender);
    let is_full = senders.len() >= SENDERS_PER_BATCH_MAX;
    let is_other = known.is_none() && is_full;
    let sender = if is_other { Sender::Others } else { delta.sender.clone() };
    let place = known.or_else(|| at(senders, &sender));
    let Some(sum) = place.and_then(|place| senders.get_mut(place)) else {
        senders.push(SenderDelta { sender, ..delta });
        return;
    };
    sum.datagrams += delta.datagrams;
    sum.bytes += delta.bytes;
    sum.lists += delta.lists;
    sum.values += delta.values;
    sum.refused_lists += delta.refused_lists;
    sum.faults += delta.faults;
    sum.last_seen = sum.last_seen.max(delta.last_seen);
    for (class, count) in delta.fault_classes {
        count_class(&mut sum.fault_classes, class, count);
    }
    for more in &delta.protected {
        count_protected(&mut sum.protected, more, USERS_PER_SENDER_MAX);
    }
}
