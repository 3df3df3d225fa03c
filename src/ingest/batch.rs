//! The data that crosses the channel: a batch and what it is made of.

use super::{Machine, Sender};
use crate::metric::{CdTime, DsType, Identifier, Interval, Notification, Span};
use crate::wire::{Fault, FaultKind, Protection, Trust};

/// Dense number of an identifier with its DS types, as one source counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u32);

/// Who a [`ListId`] is: the first time it is seen, and every [`super::ANNOUNCED_EVERY`] anew.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Its number.
    pub list: ListId,
    /// Who named it first; [`Sender::Others`] where senders are too many.
    pub sender: Machine,
    /// Who it is.
    pub identifier: Identifier,
    /// The DS types of its values, in order; at least one.
    pub kinds: Box<[DsType]>,
}

/// One received value list. Its values are the next `announced.kinds.len()` of [`Batch::values`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub list: ListId,
    /// When it was measured, by the host's clock.
    pub time: CdTime,
    /// Promised time to the next; zero when none was sent.
    pub interval: Interval,
    /// How many values.
    pub values_count: u16,
    /// How it was protected.
    pub trust: Trust,
}

/// A datagram that brought rows, or a value list that came by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// How many of [`Batch::rows`] it brought: the next ones.
    pub rows: u32,
    /// Where it came from.
    pub sender: Machine,
    /// When it came, by our clock or that of whoever captured it; [`CdTime::ZERO`] where nobody
    /// knows, and the times of the rows are all there is to go by.
    pub arrival: CdTime,
}

/// A route by which values of a host come, announced once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRoute {
    /// The host that values or notifications are about.
    pub host: Box<str>,
    /// Where its values come from: the host itself, or a relay.
    pub sender: Machine,
    /// How they are protected.
    pub trust: Trust,
    /// Who signed or encrypted them.
    pub user: Option<Box<str>>,
}

/// Signed or encrypted parts of one user that met one fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedCount {
    /// Signed or encrypted.
    pub protection: Protection,
    /// The user the parts name; as received, see [`crate::metric::display_safe`].
    pub user: Box<str>,
    /// How far they were trusted, or why they were refused.
    pub outcome: Result<Trust, FaultKind>,
    /// How many.
    pub count: u64,
}

/// What one sender sent since the last batch.
#[derive(Clone, Debug)]
pub struct SenderDelta {
    /// Who.
    pub sender: Sender,
    /// Datagrams.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them, or that came by themselves.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Value lists not taken because too many names were known, of this sender or of all.
    pub refused_lists: u64,
    /// Faults in them, refused parts among them.
    pub faults: u64,
    /// The same by [`FaultKind::class`].
    pub fault_classes: Vec<(&'static str, u64)>,
    /// The newest arrival.
    pub last_seen: CdTime,
    /// Signed or encrypted parts; at most [`super::USERS_PER_SENDER_MAX`] rows, then by
    /// [`super::OTHER_USERS`].
    pub protected: Vec<ProtectedCount>,
}

/// One kept fault.
#[derive(Clone, Debug)]
pub struct FaultReport {
    /// Where the datagram or value list came from.
    pub sender: Sender,
    /// When it arrived.
    pub arrival: CdTime,
    /// What was wrong and where.
    pub fault: Fault,
    /// The user of a refused signed or encrypted part.
    pub user: Option<Box<str>>,
}

/// What a source hands over at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// New lists, before any row that uses them.
    pub announced: Vec<Announced>,
    /// Some of them have numbers that were those of others before: rows of earlier batches mean
    /// those.
    pub renumbers: bool,
    /// New routes of hosts.
    pub routes: Vec<HostRoute>,
    /// Received value lists in order of arrival.
    pub rows: Vec<Row>,
    /// The datagrams that brought them, in the same order. Of rows that no datagram accounts for
    /// neither sender nor arrival are known.
    pub datagrams: Vec<Arrived>,
    /// Raw bits of the values ([`crate::metric::Value::bits`]), row after row.
    pub values: Vec<u64>,
    /// Received notifications.
    pub notifications: Vec<Notification>,
    /// One per sender of anything since the last batch; at most [`super::SENDERS_PER_BATCH_MAX`],
    /// the rest together as [`Sender::Others`].
    pub senders: Vec<SenderDelta>,
    /// At most [`super::FAULTS_PER_BATCH_MAX`]; all are counted in `senders`.
    pub faults: Vec<FaultReport>,
    /// Values lost because the channel was full, since the last batch.
    pub dropped_values: u64,
    /// When those had arrived, if that is known.
    pub dropped_when: Option<Span>,
    /// Datagrams the kernel threw away because the receive buffer was full, since the last batch.
    pub kernel_drops: u64,
    /// Between which two looks at the kernel's count that was.
    pub kernel_when: Option<Span>,
    /// Notifications lost because the batch was full.
    pub dropped_notifications: u64,
    /// Value lists not taken because one of [`super::Limits`] was reached, since the last batch.
    pub refused_lists: u64,
    /// The newest arrival in this batch.
    pub arrival: CdTime,
}

impl Batch {
    /// Empties it and keeps its buffers.
    pub fn clear(&mut self) {
        self.announced.clear();
        self.routes.clear();
        self.rows.clear();
        self.datagrams.clear();
        self.values.clear();
        self.notifications.clear();
        self.senders.clear();
        self.faults.clear();
        (self.dropped_when, self.kernel_when) = (None, None);
        self.renumbers = false;
        self.dropped_values = 0;
        self.dropped_notifications = 0;
        self.kernel_drops = 0;
        self.refused_lists = 0;
        self.arrival = CdTime::ZERO;
    }
}

impl SenderDelta {
    /// Nothing sent yet.
    pub fn new(sender: impl Into<Sender>) -> Self {
        Self {
            sender: sender.into(),
            datagrams: 0,
            bytes: 0,
            lists: 0,
            values: 0,
            refused_lists: 0,
            faults: 0,
            fault_classes: Vec::new(),
            last_seen: CdTime::ZERO,
            protected: Vec::new(),
        }
    }
}

/// Adds `more` to the row of its user and fate; past `rows_max` rows to the same fate of
/// [`super::OTHER_USERS`].
pub(crate) fn count_protected(
    counts: &mut Vec<ProtectedCount>,
    more: &ProtectedCount,
    rows_max: usize,
) {
    let at = |counts: &[ProtectedCount], user: &str| {
        counts.iter().position(|known| {
            known.protection == more.protection
                && known.outcome == more.outcome
                && *known.user == *user
        })
    };
    let full = counts.len() >= rows_max;
    let user =
        if full && at(counts, &more.user).is_none() { super::OTHER_USERS } else { &more.user };
    match at(counts, user).and_then(|position| counts.get_mut(position)) {
        Some(known) => known.count += more.count,
        None => counts.push(ProtectedCount { user: user.into(), ..more.clone() }),
    }
}

/// Adds `count` to the row of `class`: there are as many as classes.
pub(crate) fn count_class(classes: &mut Vec<(&'static str, u64)>, class: &'static str, count: u64) {
    match classes.iter_mut().find(|(known, _)| *known == class) {
        Some((_, counted)) => *counted += count,
        None => classes.push((class, count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{OTHER_USERS, USERS_PER_SENDER_MAX};

    #[test]
    fn users_past_the_bound_are_counted_together() {
        let mut counts = Vec::new();
        for number in 0..20 {
            let more = ProtectedCount {
                protection: Protection::Signed,
                user: format!("user{number}").into(),
                outcome: Err(FaultKind::UserUnknown),
                count: 1,
            };
            count_protected(&mut counts, &more, USERS_PER_SENDER_MAX);
        }
        assert_eq!(counts.len(), USERS_PER_SENDER_MAX + 1);
        let last = counts.last().unwrap();
        assert_eq!((&*last.user, last.count), (OTHER_USERS, 4));
    }
}
