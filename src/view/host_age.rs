//! Age of a host: when it was received last, against what it promises.

use super::tree::series_of;
use crate::metric::{CdTime, Interval};
use crate::store::{HostNode, INTERVAL_DEFAULT, Store};

/// How long ago a host was received last, and the interval that it promises.
pub fn age_of(store: &Store, host: &HostNode, now: CdTime) -> (Interval, Interval) {
    let first = host.plugins.first().and_then(|plugin| series_of(plugin).next());
    let series = first.and_then(|id| store.series(id));
    let interval = series.map_or(INTERVAL_DEFAULT, |series| series.interval);
    (now.since(host.last_seen.arrival), interval)
}
