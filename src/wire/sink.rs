//! Sinks: where decoded events go, and the short way for lists that are expected.
//!
//! A sender writes the same lists in the same order again and again; only times and numbers
//! change. The bytes between the values of one list and those of the next are then the same, but
//! for a time at their start: compared as a whole they name the next list, without splitting them
//! into parts.

use super::code;
use super::event::{Event, ValueList};
use super::trust::Trust;
use crate::metric::{CdTime, Interval};

/// Receiver of decoded events. Any `FnMut(Event<'_>)` is one.
///
/// A sink that has seen a sender's earlier datagrams knows which list will come next and how it is
/// written. It may compare ([`Sink::next`]): if the bytes are just those, nothing is parsed.
pub trait Sink {
    /// Receives an event.
    fn event(&mut self, event: Event<'_>);

    /// Receives a value list. `lead` is the bytes between the values of the list before it and its
    /// own; none for the first of a datagram or of a protected part.
    #[inline]
    fn list(&mut self, list: &ValueList<'_>, lead: Option<&[u8]>) {
        let _ = lead;
        self.event(Event::Values(*list));
    }

    /// Receives the list at the start of `rest` if it is the one expected behind the last one, and
    /// returns the bytes behind it. A list without a time has that of `inherited`, and one with a
    /// time changes it. [`Expected::strip`] compares.
    #[inline]
    fn next<'d>(&mut self, rest: &'d [u8], inherited: &mut Inherited) -> Option<&'d [u8]> {
        let _ = (rest, inherited);
        None
    }
}

/// Time, interval and trust that a value list inherits from what stands before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inherited {
    /// Time of measurement; zero is none.
    pub time: CdTime,
    /// Promised time to the next; zero when unknown.
    pub interval: Interval,
    /// Protection it comes with.
    pub trust: Trust,
}

/// A list that may come next.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'t> {
    /// Bytes that lead up to its numbers, as [`template`] returned them.
    pub template: &'t [u8],
    /// Count of its numbers, at least one.
    pub values_count: u16,
}

/// An expected list, found at the start of the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'t, 'd> {
    /// The code of the DS type of each number.
    pub kinds: &'t [u8],
    /// The numbers as they stand in the datagram, see [`super::bits`].
    pub numbers: &'d [[u8; 8]],
    /// Bytes behind it.
    pub rest: &'d [u8],
}

impl<'t> Expected<'t> {
    /// The list, if `rest` starts with it; its time is in force from then on.
    #[inline(always)]
    pub fn strip<'d>(self, rest: &'d [u8], inherited: &mut Inherited) -> Option<Matched<'t, 'd>> {
        let count = usize::from(self.values_count);
        let (time, lead) = split_time(rest);
        let time = time.unwrap_or(inherited.time);
        let (numbers, rest) = lead.strip_prefix(self.template)?.split_at_checked(8 * count)?;
        // The DS types are the last bytes that lead up to the numbers.
        let kinds = self.template.split_at_checked(self.template.len().checked_sub(count)?)?.1;
        if time == CdTime::ZERO {
            return None;
        }
        inherited.time = time;
        Some(Matched { kinds, numbers: numbers.as_chunks().0, rest })
    }
}

impl<F: FnMut(Event<'_>)> Sink for F {
    #[inline]
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
}

/// The template of a list: the bytes of `lead` ([`Sink::list`]) that are the same each time it
/// follows the same other list, which are all but a time at the start; and the count of numbers
/// they lead up to. None where other parts than names and values stand in `lead`.
pub fn template(lead: &[u8]) -> Option<(&[u8], u16)> {
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
            // Count and DS types, and nothing behind them: a values part that is a fault may
            // stand before the one of the list.
            code::VALUES => {
                let [_, _, _, _, count_0, count_1, ref kinds @ ..] = *head else { return None };
                let count = u16::from_be_bytes([count_0, count_1]);
                let good = usize::from(count) == kinds.len() && count > 0;
                return good.then_some((rest, count));
            }
            _ => return None,
        }
    }
}

/// Type and length of a time of high resolution.
const TIME_HEADER: u32 = 0x0008_000c;

/// A time of high resolution at the start, and what follows.
#[inline(always)]
pub(super) fn split_time(bytes: &[u8]) -> (Option<CdTime>, &[u8]) {
    match bytes.split_first_chunk() {
        // Compared as one number: four bytes one by one take three times as long.
        Some((&[t0, t1, l0, l1, a, b, c, d, e, f, g, h], rest))
            if u32::from_be_bytes([t0, t1, l0, l1]) == TIME_HEADER =>
        {
            (Some(CdTime::from_raw(u64::from_be_bytes([a, b, c, d, e, f, g, h]))), rest)
        }
        _ => (None, bytes),
    }
}
