//! Several sources and senders with and without an address, into one store.

use crate::feed::NOW;
use crate::support::wait::until;
use collectoscope::ingest::{Ingest, Limits, Sender, TypedList};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Span, Value};
use collectoscope::reception::{Speed, Status};
use collectoscope::session::{Session, Start};
use collectoscope::source::capture::Capture;
use collectoscope::source::receiver::ReceiverOptions;
use collectoscope::source::replay::ReplayOptions;
use collectoscope::source::udp::UdpOptions;
use collectoscope::source::{self, Intake, Outlet, SourceSpec, Started};
use collectoscope::store::{Mode, Origin, Placing, SeriesId, SourceId, Store, Trace};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Encoder, SecurityLevel, Trust};
use std::net::{SocketAddr, UdpSocket};
use std::time::SystemTime;

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
    let hour = Interval::from_secs(3_600);
    for n in 0..20 {
        let (now, then) = (at(10 * n), at(10 * n).saturating_sub(hour));
        // What was captured an hour ago by a machine whose clock is right.
        capture.datagram(&gauge("load", then, 1.0), address, then, SecurityLevel::None);
        store.absorb(SourceId(0), &capture.take(None), now);
        live.datagram(&gauge("load", now, 3.0), address, now, SecurityLevel::None);
        store.absorb(SourceId(1), &live.take(None), now);
    }
    assert_eq!(samples(&store, "web-1"), (40, 2.0));
    let clocks = store.clocks(store.index().host("web-1").unwrap());
    let found: Vec<_> = clocks.iter().map(|clock| (clock.origin.source.0, clock.placing)).collect();
    assert_eq!(found, [(0, Placing::Offset(0)), (1, Placing::Offset(0))]);
    assert_eq!(store.clock_steps().count(), 0);
    let health = store.health();
    assert_eq!((health.senders.len(), health.totals.conflicting_values), (2, 0));
    assert!(health.shared.is_empty(), "{:?}", health.shared);
}

/// Absorbs what `intake` brings until `look` is satisfied.
fn absorb_until(
    session: &mut Session,
    sources: &[(SourceId, &Intake)],
    what: &str,
    look: impl Fn(&Session) -> bool,
) {
    until(what, || {
        let now = CdTime::from_system(SystemTime::now());
        for &(source, intake) in sources {
            // It is over behind its last batch.
            let status = intake.status();
            while let Some(batch) = intake.next() {
                session.absorb(source, &batch, now);
                intake.give_back(batch);
            }
            if let Some(status) = status {
                session.report(source, status, now);
            }
        }
        look(session).then_some(())
    });
}

/// Starts to listen on a free port of the loopback; where to send.
fn listen() -> (Started, Intake, SocketAddr) {
    let udp = UdpOptions { listen: vec!["127.0.0.1:0".parse().unwrap()], ..UdpOptions::default() };
    let options = ReceiverOptions { udp, ..ReceiverOptions::default() };
    let (outlet, intake) = Outlet::new(8, Box::new(|| {}));
    let started = source::start(SourceSpec::Udp(options), outlet);
    let port = started.status.destination.as_ref().unwrap().port;
    (started, intake, SocketAddr::from(([127, 0, 0, 1], port)))
}

/// One list of `web-1`, as a datagram.
fn gauge(plugin: &str, stamp: CdTime, value: f64) -> Vec<u8> {
    let (mut encoder, mut bytes) = (Encoder::default(), Vec::new());
    let names = Identifier::new("web-1", plugin, "", "gauge", "");
    let (values, interval) = ([Value::Gauge(value)], Interval::from_secs(10));
    encoder.push(&names.names(), stamp, interval, &values, &mut |_| {}).unwrap();
    encoder.flush(&mut |sent| bytes.extend_from_slice(sent));
    bytes
}

#[test]
fn one_host_is_received_by_two_udp_sources_at_once() {
    let mut session = Session::new(Start::default());
    let [(one, first, to_first), (other, second, to_second)] = [listen(), listen()];
    for (number, started) in (0..).zip([&one, &other]) {
        session.report(SourceId(number), started.status.clone(), CdTime::ZERO);
    }
    let (socket, now) = (UdpSocket::bind("127.0.0.1:0").unwrap(), SystemTime::now());
    for n in 0..10_u32 {
        let age = Interval::from_secs(1).mul_f64(2.0 - f64::from(n) / 5.0);
        let stamp = CdTime::from_system(now).saturating_sub(age);
        socket.send_to(&gauge("both", stamp, 1.0), to_first).unwrap();
        socket.send_to(&gauge("both", stamp, 1.0), to_second).unwrap();
        socket.send_to(&gauge("second", stamp, 2.0), to_second).unwrap();
    }
    let sources = [(SourceId(0), &first), (SourceId(1), &second)];
    absorb_until(&mut session, &sources, "30 values", |session| {
        session.store().health().totals.values == 30
    });
    session.tick(CdTime::from_system(SystemTime::now()));
    let health = session.store().health();
    let sender = Sender::from(socket.local_addr().unwrap());
    let sent = |source| health.senders[&Origin { source, sender: sender.clone() }].values;
    assert_eq!((sent(SourceId(0)), sent(SourceId(1))), (10, 20));
    // What came by both is kept once, and nobody is accused.
    assert_eq!((health.totals.duplicate_values, health.totals.stored_values), (10, 20));
    assert!(health.shared.is_empty() && health.conflicts.is_empty());
    let host = session.store().index().host("web-1").unwrap();
    assert_eq!((host.plugins.len(), session.store().clocks(host).len()), (2, 2));
    assert!(session.reception().is_receiving() && session.reception().replay().is_none());
    drop((one, other));
}

#[test]
fn a_capture_beside_udp_is_shown_by_our_clock() {
    let mut session = Session::new(Start::default());
    let (udp, live, to) = listen();
    let capture = Capture::open(&crate::support::data("plain.pcap")).unwrap();
    let (outlet, read) = Outlet::new(8, Box::new(|| {}));
    let (level, limits) = (SecurityLevel::None, Limits::default());
    let options = ReplayOptions { capture, speed: Speed::Max, auth_file: None, level, limits };
    let started = source::start(SourceSpec::Capture(Box::new(options)), outlet);
    session.report(SourceId(0), started.status.clone(), CdTime::ZERO);
    assert!(session.reception().replay().is_some(), "as long as it is alone, its clock counts");
    session.report(SourceId(1), udp.status.clone(), CdTime::ZERO);
    assert!(session.reception().replay().is_none());
    let begin = CdTime::from_system(SystemTime::now());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&gauge("live", begin, 1.0), to).unwrap();
    let sources = [(SourceId(0), &read), (SourceId(1), &live)];
    absorb_until(&mut session, &sources, "a live value and all of the capture", |session| {
        let is_over = session.reception().status(SourceId(0)).is_some_and(Status::is_over);
        is_over && session.store().index().host("web-1").is_some()
    });
    assert!(session.reception().is_receiving(), "the network goes on");
    assert!(session.reception().summary().contains("plain.pcap ended"));
    for host in session.store().index().hosts() {
        // Received when it was read.
        assert!(host.last_seen.arrival >= begin, "{}", host.name);
        // Each with the stamps that it has.
        assert!(session.store().clocks(host).iter().all(|clock| clock.offset() == Some(0)));
        let is_far = host.last_seen.sample.secs_from(begin).abs() > 60.0;
        assert_eq!(is_far, &*host.name != "web-1", "{}", host.name);
    }
    assert!(session.store().index().hosts().len() > 1);
}
