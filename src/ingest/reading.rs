//! One datagram on its way into an [`Ingest`]: expected lists by their templates, the others by
//! their names.

use super::VALUES_PER_BATCH_MAX;
use super::{Batch, Head, Incoming, Ingest, ListId, Row};
use crate::wire::{self, Event, Inherited, Sink, bits};

/// One datagram on its way into an [`Ingest`].
pub(super) struct Reading<'i> {
    pub(super) ingest: &'i mut Ingest,
    pub(super) from: Incoming,
    /// Lists and values that were not taken.
    pub(super) refused: (u64, u64),
    /// The list just read, if it was taken.
    pub(super) last: Option<u32>,
    /// The last one that was taken before, perhaps in an earlier datagram of the sender.
    pub(super) previous: Option<u32>,
}

impl Sink for Reading<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Values(list) => self.list(&list, None),
            Event::Notification(one) => self.ingest.notification(&self.from, &one),
            Event::Protected(part) => self.ingest.protected(&self.from, &part),
            Event::Fault(fault) => self.ingest.fault(&self.from, fault, None),
        }
    }

    fn list(&mut self, list: &wire::ValueList<'_>, lead: Option<&[u8]>) {
        let before = self.last;
        self.previous = before.or(self.previous);
        let &wire::ValueList { names, time, interval, trust, values, .. } = list;
        let head = Head { names, time, interval, trust, kinds: values.kinds() };
        let bits = values.iter().map(|value| value.bits());
        self.last = self.ingest.value_list(&self.from, &head, bits, self.previous);
        match (self.last, before, lead) {
            (Some(_), Some(before), Some(lead)) => self.ingest.lists.learn(before, lead),
            (Some(_), ..) => {}
            (None, ..) => {
                self.refused.0 += 1;
                self.refused.1 += list.values.len() as u64;
            }
        }
    }

    #[inline(always)]
    fn next<'d>(&mut self, rest: &'d [u8], inherited: &mut Inherited) -> Option<&'d [u8]> {
        let Ingest { lists, batch, .. } = &mut *self.ingest;
        let (id, expected) = lists.next(self.last?)?;
        let matched = expected.strip(rest, inherited)?;
        let Batch { rows, values, .. } = batch;
        if values.len() + matched.numbers.len() > VALUES_PER_BATCH_MAX {
            return None;
        }
        let &mut Inherited { time, interval, trust } = inherited;
        let values_count = expected.values_count;
        rows.push(Row { list: ListId(id), time, interval, values_count, trust });
        values
            .extend(matched.kinds.iter().zip(matched.numbers).map(|(&kind, &raw)| bits(kind, raw)));
        let rest = matched.rest;
        self.last = Some(id);
        if lists.note(id, self.from.steps) {
            self.ingest.announce(id);
        }
        Some(rest)
    }
}
