//! One datagram on its way into an [`Ingest`]: expected lists by their templates, the others by
//! their names.

use super::VALUES_PER_BATCH_MAX;
use super::{Batch, Ingest, KnownList, ListId, Origin, Row, TEMPLATE_BYTES_MAX, index};
use crate::metric::{CdTime, Interval};
use crate::wire::{self, Event, Sink, Trust, template};

/// One datagram on its way into an [`Ingest`].
pub(super) struct Reading<'i> {
    pub(super) ingest: &'i mut Ingest,
    pub(super) from: Origin,
    pub(super) lists: u64,
    pub(super) values: u64,
    /// The list of [`Ingest::previous`] is the one just read.
    pub(super) is_known: bool,
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
        self.lists += 1;
        self.values += list.values.len() as u64;
        let before = self.ingest.previous.filter(|_| self.is_known);
        let taken = self.ingest.value_list(&self.from, list);
        self.is_known = taken.is_some();
        if let (Some(before), Some(_), Some(lead)) = (before, taken, lead) {
            self.ingest.learn(before, lead);
        }
    }

    #[inline]
    fn expected(&self) -> Option<(&[u8], usize)> {
        let ingest = &*self.ingest;
        let previous = ingest.previous.filter(|_| self.is_known)?;
        let list = ingest.known(previous)?;
        if list.template_bytes == 0 {
            return None;
        }
        let start = index(list.template_start);
        let template = ingest.templates.get(start..start + usize::from(list.template_bytes))?;
        let count = usize::from(ingest.known(list.follower)?.values_count);
        (ingest.batch.values.len() + count <= VALUES_PER_BATCH_MAX).then_some((template, count))
    }

    #[inline]
    fn came(&mut self, time: CdTime, interval: Interval, trust: Trust, numbers: &[[u8; 8]]) {
        let ingest = &mut *self.ingest;
        let Some(follower) = ingest.previous.and_then(|id| ingest.known(id)).map(|l| l.follower)
        else {
            return;
        };
        let Some(&KnownList { key_end, values_count, .. }) = ingest.known(follower) else { return };
        // The DS types are the last bytes of a key.
        let key_end = index(key_end);
        let kinds = ingest.keys.get(key_end.saturating_sub(numbers.len())..key_end);
        let kinds = kinds.unwrap_or_default();
        let Batch { rows, values, .. } = &mut ingest.batch;
        rows.push(Row { list: ListId(follower), time, interval, values_count, trust });
        values.extend(kinds.iter().zip(numbers).map(|(&kind, &raw)| wire::value(kind, raw).bits()));
        ingest.previous = Some(follower);
        ingest.note(follower, self.from.arrival);
        self.lists += 1;
        self.values += numbers.len() as u64;
    }
}

impl Ingest {
    /// Keeps how the list behind `previous` was led up to.
    fn learn(&mut self, previous: u32, lead: &[u8]) {
        let Some(template) = template(lead) else { return };
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
    }
}
