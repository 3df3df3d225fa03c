//! One datagram on its way into an [`Ingest`]: expected lists by their templates, the others by
//! their names.

use super::VALUES_PER_BATCH_MAX;
use super::{Batch, Ingest, KnownList, ListId, Origin, Row, TEMPLATE_BYTES_MAX, index};
use crate::wire::{self, Event, Expected, InForce, Sink, bits, template};

/// One datagram on its way into an [`Ingest`].
pub(super) struct Reading<'i> {
    pub(super) ingest: &'i mut Ingest,
    pub(super) from: Origin,
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
        self.last = self.ingest.value_list(&self.from, list, self.previous);
        match (self.last, before, lead) {
            (Some(_), Some(before), Some(lead)) => self.ingest.learn(before, lead),
            (Some(_), ..) => {}
            (None, ..) => {
                self.refused.0 += 1;
                self.refused.1 += list.values.len() as u64;
            }
        }
    }

    #[inline(always)]
    fn next<'d>(&mut self, rest: &'d [u8], in_force: &mut InForce) -> Option<&'d [u8]> {
        let Ingest { lists, templates, batch, .. } = &mut *self.ingest;
        let &KnownList { follower, template_start, template_bytes, template_values, .. } =
            lists.get(index(self.last?))?;
        let start = index(template_start);
        let template = templates.get(start..start + usize::from(template_bytes))?;
        if template.is_empty() {
            return None;
        }
        let expected = Expected { template, values_count: template_values };
        let came = expected.strip(rest, in_force)?;
        let Batch { rows, values, .. } = batch;
        if values.len() + came.numbers.len() > VALUES_PER_BATCH_MAX {
            return None;
        }
        let &mut InForce { time, interval, trust } = in_force;
        let list = ListId(follower);
        rows.push(Row { list, time, interval, values_count: template_values, trust });
        values.extend(came.kinds.iter().zip(came.numbers).map(|(&kind, &raw)| bits(kind, raw)));
        let rest = came.rest;
        self.last = Some(follower);
        self.ingest.note(follower, self.from.steps);
        Some(rest)
    }
}

impl Ingest {
    /// Keeps how the list behind `previous` was led up to.
    fn learn(&mut self, previous: u32, lead: &[u8]) {
        let Some((template, values_count)) = template(lead) else { return };
        let Ok(template_bytes) = u16::try_from(template.len()) else { return };
        if self.templates.len() + template.len() > TEMPLATE_BYTES_MAX {
            self.templates.clear();
            for list in &mut self.lists {
                list.template_bytes = 0;
            }
        }
        let end = self.templates.len();
        let Some(list) = self.lists.get_mut(index(previous)) else { return };
        let start = index(list.template_start);
        let old = start..start + usize::from(list.template_bytes);
        let room = usize::from(list.template_bytes) >= template.len();
        match self.templates.get_mut(old).filter(|_| room) {
            Some(old) => {
                if let Some(place) = old.get_mut(..template.len()) {
                    place.copy_from_slice(template);
                }
            }
            None => {
                let Ok(start) = u32::try_from(end) else { return };
                list.template_start = start;
                self.templates.extend_from_slice(template);
            }
        }
        list.template_bytes = template_bytes;
        list.template_values = values_count;
    }
}
