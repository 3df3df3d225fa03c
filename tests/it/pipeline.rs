//! From datagram to reading: encode, decode, gather, store.

use collectoscope::ingest::{Ingest, Limits, ListId};
use collectoscope::metric::{CdTime, Identifier, Interval, Value};
use collectoscope::store::{Mode, Origin, SeriesId, SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Encoder, SecurityLevel};
use std::net::{Ipv4Addr, SocketAddr};

const NOW: u64 = 1_800_000_000;

#[test]
fn values_sent_as_datagrams_are_read_back_as_rates() {
    let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    let octets = Identifier::new("web-1", "interface", "eth0", "if_octets", "");
    let load = Identifier::new("web-1", "load", "", "load", "");
    let mut ingest = Ingest::new();
    let mut store = Store::new(1 << 24, TypesDb::built_in());
    for n in 0..3_u16 {
        let time = CdTime::from_secs(NOW + 10 * u64::from(n));
        let mut encoder = Encoder::default();
        let mut send = |bytes: &[u8]| ingest.datagram(bytes, sender, time, SecurityLevel::None);
        let counters = [Value::Derive(1_000 * i64::from(n)), Value::Derive(50 * i64::from(n))];
        let gauges = [Value::Gauge(0.5), Value::Gauge(f64::from(n)), Value::Gauge(f64::NAN)];
        for (identifier, values) in [(&octets, &counters[..]), (&load, &gauges[..])] {
            let interval = Interval::from_secs(10);
            encoder.push(&identifier.names(), time, interval, values, &mut send).unwrap();
        }
        encoder.flush(&mut send);
        store.absorb(SourceId(0), &ingest.take(None), time);
    }
    let readings: Vec<(String, Option<f64>)> = store
        .ids()
        .map(|id| {
            let name = store.series(id).unwrap().ds_name.to_string();
            (name, store.latest(id, Mode::Rate).unwrap().value)
        })
        .collect();
    let expected = [
        ("rx", Some(100.0)),
        ("tx", Some(5.0)),
        ("shortterm", Some(0.5)),
        ("midterm", Some(2.0)),
        ("longterm", None),
    ];
    assert_eq!(readings, expected.map(|(name, value)| (name.to_owned(), value)));
    let raw = store.latest(SeriesId(0), Mode::Raw).unwrap();
    assert_eq!(raw.value, Some(2_000.0));
    let totals = store.health().totals;
    assert_eq!((totals.datagrams, totals.lists, totals.values), (3, 6, 15));
    let origin = Origin { source: SourceId(0), sender: sender.into() };
    assert_eq!(store.health().senders[&origin].values, 15);
    let host = store.index().host("web-1").unwrap();
    assert_eq!(host.last_seen.arrival, CdTime::from_secs(NOW + 20));
}

#[test]
fn a_number_that_was_used_again_feeds_the_series_of_its_new_list() {
    let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    let mut ingest = Ingest::with_limits(Limits { lists: 2, ..Limits::default() });
    let mut store = Store::new(1 << 24, TypesDb::built_in());
    let mut send = |secs: u64, host: &str, value: f64| {
        let time = CdTime::from_secs(NOW + secs);
        let load = Identifier::new(host, "uptime", "", "uptime", "");
        let mut encoder = Encoder::default();
        let mut send = |bytes: &[u8]| ingest.datagram(bytes, sender, time, SecurityLevel::None);
        let values = [Value::Gauge(value)];
        encoder.push(&load.names(), time, Interval::from_secs(10), &values, &mut send).unwrap();
        encoder.flush(&mut send);
        let batch = ingest.take(None);
        store.absorb(SourceId(0), &batch, time);
        batch.rows.first().map(|row| row.list)
    };
    let first = send(0, "gone", 1.0);
    for secs in [10, 3_000, 6_000, 8_000] {
        send(secs, "stays", 2.0);
    }
    assert_eq!(send(8_010, "new", 3.0), None);
    assert_eq!((send(8_100, "new", 4.0), first), (first, Some(ListId(0))));
    send(8_110, "stays", 5.0);
    let latest = store.ids().map(|id| {
        let host = store.series(id).unwrap().identifier.host.to_string();
        (host, store.latest(id, Mode::Rate).unwrap().value)
    });
    let expected = [("gone", 1.0), ("stays", 5.0), ("new", 4.0)];
    assert_eq!(
        latest.collect::<Vec<_>>(),
        expected.map(|(host, value)| (host.to_owned(), Some(value)))
    );
}
