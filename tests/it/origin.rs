//! Several sources and senders with and without an address, into one store.

use crate::feed::NOW;
use collectoscope::ingest::{Ingest, Sender, TypedList};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Span, Value};
use collectoscope::store::{Mode, Origin, Placing, SeriesId, SourceId, Store, Trace};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Encoder, SecurityLevel, Trust};
use std::net::SocketAddr;

fn at(secs: u64) -> CdTime {
    CdTime::from_secs(NOW + secs)
}

/// How many samples the first series of `host` has, and their mean.
fn samples(store: &Store, host: &str) -> (u64, f64) {
    let node = store.index().host(host).unwrap();
    let id: SeriesId = node.plugins[0].lists[0].series[0];
    let span = Span::new(CdTime::from_secs(0), at(1_000));
    let mut trace = Trace::default();
    store.trace(id, span, 1, Mode::Raw, &mut trace);
    let stats = trace.stats.unwrap();
    (stats.count, stats.avg)
}

#[test]
fn lists_of_a_named_sender_are_read_out_of_a_store() {
    let mut store = Store::new(16 << 20, TypesDb::built_in());
    let (mut ingest, broker) = (Ingest::new(), Sender::named("collectd"));
    let identifier = Identifier::new("web-1", "interface", "", "if_octets", "lo");
    for n in 0..10_u64 {
        // Rates, as the plugin mqtt sends them, and no interval.
        let values = [Value::Gauge(n as f64), Value::Gauge(0.5)];
        let list = TypedList {
            names: identifier.names(),
            time: at(10 * n),
            interval: Interval::ZERO,
            values: &values,
            trust: Trust::Plain,
        };
        ingest.list(&broker, &list, at(10 * n));
        store.absorb(SourceId(1), &ingest.take(None), at(10 * n));
    }
    assert_eq!(samples(&store, "web-1"), (10, 4.5));
    let series = store.series(SeriesId(0)).unwrap();
    assert_eq!((&*series.ds_name, series.kind), ("rx", DsType::Gauge));
    let host = store.index().host("web-1").unwrap();
    let [clock] = store.clocks(host) else { panic!("one way, one clock") };
    assert_eq!(clock.origin, Origin { source: SourceId(1), sender: Sender::named("collectd") });
    let health = store.health();
    let origin = Origin { source: SourceId(1), sender: broker };
    assert_eq!((health.totals.values, health.senders[&origin].lists), (20, 10));
    assert_eq!(health.routes["web-1"][0].origin.sender, Sender::named("collectd"));
}

#[test]
fn a_host_has_a_clock_for_each_source_that_its_sender_comes_by() {
    let mut store = Store::new(16 << 20, TypesDb::built_in());
    let address = SocketAddr::from(([10, 0, 0, 1], 25_826));
    let (mut capture, mut live) = (Ingest::new(), Ingest::new());
    let datagram = |stamp: CdTime, value: f64| {
        let (mut encoder, mut bytes) = (Encoder::default(), Vec::new());
        let names = Identifier::new("web-1", "load", "", "gauge", "");
        let (values, interval) = ([Value::Gauge(value)], Interval::from_secs(10));
        encoder.push(&names.names(), stamp, interval, &values, &mut |_| {}).unwrap();
        encoder.flush(&mut |sent| bytes.extend_from_slice(sent));
        bytes
    };
    let hour = Interval::from_secs(3_600);
    for n in 0..20 {
        let (now, then) = (at(10 * n), at(10 * n).saturating_sub(hour));
        // What was captured an hour ago by a machine whose clock is right.
        capture.datagram(&datagram(then, 1.0), address, then, SecurityLevel::None);
        store.absorb(SourceId(0), &capture.take(None), now);
        live.datagram(&datagram(now, 3.0), address, now, SecurityLevel::None);
        store.absorb(SourceId(1), &live.take(None), now);
    }
    assert_eq!(samples(&store, "web-1"), (40, 2.0));
    let clocks = store.clocks(store.index().host("web-1").unwrap());
    let told: Vec<_> = clocks.iter().map(|clock| (clock.origin.source.0, clock.placing)).collect();
    assert_eq!(told, [(0, Placing::Offset(0)), (1, Placing::Offset(0))]);
    assert_eq!(store.clock_steps().count(), 0);
    let health = store.health();
    assert_eq!((health.senders.len(), health.totals.conflicting_values), (2, 0));
    assert!(health.shared.is_empty(), "{:?}", health.shared);
}
