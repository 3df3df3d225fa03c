//! Batches made by hand: lists and rows without a wire.

use collectoscope::ingest::{Announced, Batch, ListId, Row};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Value};
use collectoscope::wire::{NAME_MAX_BYTES, Trust};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A moment of the present that all benches start from.
pub(crate) const NOW: CdTime = CdTime::from_secs(1_800_000_000);

/// Announces lists and adds rows to a batch.
#[derive(Default)]
pub(crate) struct Feed {
    pub(crate) batch: Batch,
    lists: u32,
}

impl Feed {
    /// Names a list whose values are all of `kind`.
    pub(crate) fn list(&mut self, identifier: Identifier, kinds: &[DsType]) -> ListId {
        let (list, sender) = (ListId(self.lists), [10, 0, 0, 1].into());
        self.lists += 1;
        self.batch.announced.push(Announced { list, sender, identifier, kinds: kinds.into() });
        list
    }

    /// One value list.
    pub(crate) fn row(&mut self, list: ListId, time: CdTime, interval: Interval, values: &[Value]) {
        let values_count = u16::try_from(values.len()).unwrap();
        self.batch.rows.push(Row { list, time, interval, values_count, trust: Trust::Plain });
        self.batch.values.extend(values.iter().map(|value| value.bits()));
    }
}

/// The name of a copy of `host`; a hash stands for what a name has no room for.
pub(crate) fn copied(host: &[u8], copy: &str) -> Vec<u8> {
    let room = NAME_MAX_BYTES - 1 - copy.len();
    let host = if host.len() <= room { host.into() } else { hash(host).into_bytes() };
    [&host, &b"-"[..], copy.as_bytes()].concat()
}

fn hash(name: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Numbers that look like measurements and are the same each time.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// From 0 to 65,535.
    pub(crate) fn next(&mut self) -> u16 {
        // Knuth's multiplier; the high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u16::try_from(self.0 >> 48).unwrap_or_default()
    }
}
