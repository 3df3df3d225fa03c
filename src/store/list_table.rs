//! List table: which series the values of a value list belong to, by the number of the list.

use super::SeriesId;
use super::cost::{grow, vec_bytes};
use super::nodes::HostNumber;
use super::origin::SourceId;
use crate::ingest::ListId;

/// The lists of all sources.
#[derive(Debug, Default)]
pub(super) struct ListTable {
    /// By source and number.
    entries: Vec<Vec<ListEntry>>,
    /// The series of all lists, one after another.
    members: Vec<SeriesId>,
}

/// Where the series of a list are, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListEntry {
    /// Start of its series in `members`.
    start: u32,
    host: HostNumber,
    /// Number of series; zero for a list that was refused or never announced.
    pub(super) count: u16,
    /// Places in `members`, from an earlier list of that number.
    room: u16,
    /// Number of the sender that announced it last.
    pub(super) sender: u16,
}

/// The lists of one source.
#[derive(Clone, Copy)]
pub(super) struct SourceLists<'a>(&'a [ListEntry]);

impl ListEntry {
    /// Entry of a list that was never announced.
    const NONE: Self =
        Self { start: u32::MAX, host: HostNumber::NONE, count: 0, room: 0, sender: 0 };

    /// Its host; [`HostNumber::NONE`] of a list that is not known.
    #[inline]
    pub(super) fn host(&self) -> HostNumber {
        if self.count > 0 { self.host } else { HostNumber::NONE }
    }
}

impl SourceLists<'_> {
    #[inline]
    pub(super) fn get(self, list: ListId) -> ListEntry {
        let place = usize::try_from(list.0).unwrap_or(usize::MAX);
        self.0.get(place).copied().unwrap_or(ListEntry::NONE)
    }
}

impl ListTable {
    /// The lists of a source.
    #[inline]
    pub(super) fn of(&self, source: SourceId) -> SourceLists<'_> {
        SourceLists(self.entries.get(usize::from(source.0)).map_or(&[], Vec::as_slice))
    }

    /// The series of a list, in the order of its values.
    #[inline]
    pub(super) fn members(&self, list: &ListEntry) -> &[SeriesId] {
        let start = usize::try_from(list.start).unwrap_or(usize::MAX);
        let from = self.members.get(start..).unwrap_or_default();
        from.get(..list.count.into()).unwrap_or(from)
    }

    /// Sets the series of list `number`: those of `host`, announced by `sender`.
    pub(super) fn set(
        &mut self,
        (source, number): (SourceId, usize),
        series: &[SeriesId],
        (host, sender): (HostNumber, u16),
    ) {
        let Ok(count) = u16::try_from(series.len()) else { return };
        let members_before = self.members.len();
        let Some(entry) = entry(&mut self.entries, source, number) else { return };
        let start = usize::try_from(entry.start).ok().filter(|_| entry.room >= count);
        match start.and_then(|start| self.members.get_mut(start..)) {
            // Announced anew.
            Some(old) => old.iter_mut().zip(series).for_each(|(old, &id)| *old = id),
            None => {
                grow(&mut self.members, series.len());
                self.members.extend_from_slice(series);
                entry.start = u32::try_from(members_before).unwrap_or(u32::MAX);
                entry.room = count;
            }
        }
        (entry.host, entry.count, entry.sender) = (host, count, sender);
    }

    /// Notes that list `number` of `sender` is refused: its rows find no series and count as the
    /// sender's ([`super::quota::Quota::count_refused`]), also where the number was another's. Not
    /// noted where that would take more than `bytes_max`.
    pub(super) fn refuse(
        &mut self,
        (source, number): (SourceId, usize),
        sender: u16,
        bytes_max: usize,
    ) {
        let entries_max = bytes_max / size_of::<ListEntry>();
        if number < self.of(source).0.len().max(entries_max)
            && let Some(entry) = entry(&mut self.entries, source, number)
        {
            (entry.count, entry.sender) = (0, sender);
        }
    }

    /// Takes the series from every list of which `gone` says that its first one goes; hands over
    /// each with its series and its sender. Its rows find none from then on.
    pub(super) fn forget(
        &mut self,
        gone: impl Fn(SeriesId) -> bool,
        mut forgotten: impl FnMut((SourceId, usize), &[SeriesId], u16),
    ) {
        for (source, lists) in (0..).zip(&mut self.entries) {
            for (number, list) in lists.iter_mut().enumerate() {
                let start = usize::try_from(list.start).unwrap_or(usize::MAX);
                let from = self.members.get(start..).unwrap_or_default();
                let series = from.get(..list.count.into()).unwrap_or_default();
                if series.first().is_some_and(|&first| gone(first)) {
                    forgotten((SourceId(source), number), series, list.sender);
                    list.count = 0;
                }
            }
        }
    }

    /// Bytes that setting list `number` to `count` series needs at most: members grow by an eighth.
    pub(super) fn cost(&self, (source, number): (SourceId, usize), count: usize) -> usize {
        let lists = self.of(source).0;
        let entries = (number + 1).saturating_sub(lists.len()) * size_of::<ListEntry>();
        let has_room = lists.get(number).is_some_and(|list| usize::from(list.room) >= count);
        entries + if has_room { 0 } else { 2 * count * size_of::<SeriesId>() }
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        let bytes_of = |lists: &Vec<ListEntry>| vec_bytes::<ListEntry>(lists.capacity());
        self.entries.iter().map(bytes_of).sum::<usize>()
            + vec_bytes::<SeriesId>(self.members.capacity())
    }
}

/// The entry of a list, made if need be.
fn entry(
    lists: &mut Vec<Vec<ListEntry>>,
    source: SourceId,
    number: usize,
) -> Option<&mut ListEntry> {
    let source = usize::from(source.0);
    if lists.len() <= source {
        lists.resize_with(source + 1, Vec::new);
    }
    let lists = lists.get_mut(source)?;
    if lists.len() <= number {
        grow(lists, number + 1 - lists.len());
        lists.resize(number + 1, ListEntry::NONE);
    }
    lists.get_mut(number)
}
