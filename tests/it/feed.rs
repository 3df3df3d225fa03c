//! A store fed by hand.

use collectoscope::ingest::{Announced, Batch, ListId, Row};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Span, Value};
use collectoscope::store::{Mode, SeriesId, SourceId, Store, Trace};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::Trust;
use std::net::IpAddr;

pub(crate) const MIB: usize = 1 << 20;
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const SOURCE: SourceId = SourceId(0);

/// A store and the one source that feeds it.
pub(crate) struct Feed {
    pub(crate) store: Store,
    pub(crate) batch: Batch,
    pub(crate) lists: u32,
    /// Who names what is announced next.
    pub(crate) sender: IpAddr,
}

impl Feed {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        let store = Store::new(budget_bytes, TypesDb::built_in());
        Self { store, batch: Batch::default(), lists: 0, sender: [10, 0, 0, 1].into() }
    }

    pub(crate) fn list(
        &mut self,
        host: &str,
        plugin: &str,
        type_: &str,
        kinds: &[DsType],
    ) -> ListId {
        let (list, sender) = (ListId(self.lists), self.sender.into());
        let identifier = Identifier::new(host, plugin, "", type_, "");
        self.batch.announced.push(Announced { list, sender, identifier, kinds: kinds.into() });
        self.lists += 1;
        list
    }

    pub(crate) fn row(&mut self, list: ListId, secs: u64, values: &[Value]) {
        let values_count = u16::try_from(values.len()).unwrap();
        let (time, interval) = (CdTime::from_secs(secs), Interval::from_secs(10));
        self.batch.rows.push(Row { list, time, interval, values_count, trust: Trust::Plain });
        self.batch.values.extend(values.iter().map(|value| value.bits()));
    }

    pub(crate) fn gauges(&mut self, list: ListId, rows: impl IntoIterator<Item = (u64, f64)>) {
        for (secs, value) in rows {
            self.row(list, secs, &[Value::Gauge(value)]);
        }
    }

    pub(crate) fn absorb(&mut self) {
        self.store.absorb(SOURCE, &self.batch, CdTime::from_secs(NOW));
        self.batch.clear();
        let usage = self.store.usage();
        assert!(usage.bytes <= usage.budget_bytes, "{usage:?}");
    }

    pub(crate) fn trace(&self, id: u32, from: u64, to: u64, columns: usize) -> Trace {
        let mut trace = Trace::default();
        let span = Span::new(CdTime::from_secs(from), CdTime::from_secs(to));
        self.store.trace(SeriesId(id), span, columns, Mode::Rate, &mut trace);
        trace
    }
}

pub(crate) fn latest(store: &Store, id: u32) -> Option<(u64, Option<f64>)> {
    let reading = store.latest(SeriesId(id), Mode::Rate)?;
    Some((reading.time.secs_nanos().0, reading.value))
}

pub(crate) fn gauge_feed(rows: impl IntoIterator<Item = (u64, f64)>) -> Feed {
    let mut feed = Feed::new(64 * MIB);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    feed.gauges(list, rows);
    feed.absorb();
    feed
}

/// The same with 32 bits, as a measured number.
pub(crate) fn noise(n: u64) -> f64 {
    (random(n) >> 32) as f64
}

/// A number that looks random, always the same for one `n` (as in SplitMix64).
pub(crate) fn random(n: u64) -> u64 {
    let mixed = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}
