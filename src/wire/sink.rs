//! Where decoding tells what it reads, and how what is expected need not be parsed.
//!
//! A sender writes the same lists in the same order again and again; only times and numbers
//! change. The bytes between the values of one list and those of the next are then the same, but
//! for a time at their start: compared as a whole they name the next list, without splitting them
//! into parts.

use super::event::{Event, Trust, ValueList};
use super::part::code;
use crate::metric::{CdTime, Interval};

/// Takes what decoding tells. Any `FnMut(Event<'_>)` is one.
///
/// A sink that has seen a sender's earlier datagrams knows which list will come next and how it is
/// written; it may say so ([`Sink::expected`]). If the bytes are just those, nothing is parsed.
pub trait Sink {
    /// Something was read.
    fn event(&mut self, event: Event<'_>);

    /// A value list was read. `lead` is what stands between the values of the list before it and
    /// its own; none for the first of a datagram or of a protected part.
    #[inline]
    fn list(&mut self, list: &ValueList<'_>, lead: Option<&[u8]>) {
        let _ = lead;
        self.event(Event::Values(*list));
    }

    /// How the list behind the one just told would be led up to, as [`template`] gave it, and its
    /// number of values.
    #[inline]
    fn expected(&self) -> Option<(&[u8], usize)> {
        None
    }

    /// The expected list came, with these numbers, still as bytes. `list` is as the last one but
    /// for its time.
    #[inline]
    fn came(&mut self, time: CdTime, interval: Interval, trust: Trust, numbers: &[[u8; 8]]) {
        let _ = (time, interval, trust, numbers);
    }
}

impl<F: FnMut(Event<'_>)> Sink for F {
    #[inline]
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
}

/// What of `lead` ([`Sink::list`]) is the same each time the same list follows the same other one:
/// all but a time at its start. None where other parts than names and values stand in it.
pub fn template(lead: &[u8]) -> Option<&[u8]> {
    let (_, rest) = split_time(lead);
    let mut head = rest;
    loop {
        let (part_type, length) = match *head {
            [a, b, c, d, ..] => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
            _ => return None,
        };
        match part_type {
            code::PLUGIN | code::PLUGIN_INSTANCE | code::TYPE | code::TYPE_INSTANCE => {
                head = head.get(usize::from(length.max(1))..)?;
            }
            // Count and DS types, and nothing behind them: a values part that is told as a fault
            // may stand before the one of the list.
            code::VALUES => {
                let [_, _, _, _, count_0, count_1, ref kinds @ ..] = *head else { return None };
                let count = usize::from(u16::from_be_bytes([count_0, count_1]));
                return (count == kinds.len() && count > 0).then_some(rest);
            }
            _ => return None,
        }
    }
}

/// A time of high resolution at the start, and what follows.
#[inline(always)]
pub(super) fn split_time(bytes: &[u8]) -> (Option<CdTime>, &[u8]) {
    match bytes.split_first_chunk() {
        Some((&[0, 8, 0, 12, a, b, c, d, e, f, g, h], rest)) => {
            (Some(CdTime::from_raw(u64::from_be_bytes([a, b, c, d, e, f, g, h]))), rest)
        }
        _ => (None, bytes),
    }
}
