//! More than can be taken: the newest is kept, and every loss is counted, by kind and with its
//! time.

use crate::source::sender;
use crate::support::wait::until;
use collectoscope::metric::{CdTime, Interval, Names, Value};
use collectoscope::source::outlet::{BATCH_WORDS, Outlet};
use collectoscope::source::receiver::{Receiver, ReceiverOptions};
use collectoscope::source::udp::UdpOptions;
use collectoscope::store::{LossKind, Mode, SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::Encoder;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime};

/// Value lists in a datagram, of one value each.
const LISTS: u64 = 40;

fn now() -> CdTime {
    CdTime::from_system(SystemTime::now())
}

/// Sends, and counts what it sent.
struct Burst {
    socket: UdpSocket,
    to: SocketAddr,
    datagrams: u64,
    faulty: u64,
}

impl Burst {
    /// One datagram: a value of each of [`LISTS`] series of `host`, all of them `value`.
    fn send(&mut self, host: &str, value: u64) {
        let mut encoder = Encoder::new(9_000);
        let (socket, to) = (&self.socket, self.to);
        let mut send = |bytes: &[u8]| assert!(socket.send_to(bytes, to).is_ok());
        for list in 0..LISTS {
            let instance = list.to_string();
            let names = Names {
                host: host.as_bytes(),
                plugin: b"p",
                type_: b"gauge",
                type_instance: instance.as_bytes(),
                ..Names::default()
            };
            let time = CdTime::from_raw(now().raw() + self.datagrams);
            let value = [Value::Gauge(value as f64)];
            encoder.push(&names, time, Interval::from_secs(10), &value, &mut send).unwrap();
        }
        encoder.flush(&mut send);
        self.datagrams += 1;
    }

    fn send_nonsense(&mut self) {
        self.socket.send_to(b"nonsense", self.to).unwrap();
        self.datagrams += 1;
        self.faulty += 1;
    }
}

#[test]
fn of_a_burst_larger_than_every_buffer_the_newest_is_kept_and_the_rest_is_counted_by_kind() {
    let udp = UdpOptions {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        receive_buffer_mib: 0,
        ..UdpOptions::default()
    };
    let receiver = Receiver::open(ReceiverOptions { udp, ..ReceiverOptions::default() });
    let to = receiver.reports()[0].bound.unwrap();
    let (outlet, intake) = Outlet::with_backlog(1, BATCH_WORDS, Box::new(|| {}));
    let _running = receiver.start(outlet).unwrap();
    let mut burst = Burst { socket: sender(), to, datagrams: 0, faulty: 0 };
    let mut store = Store::new(64 << 20, TypesDb::built_in());
    let (begin, mut round) = (now(), 0);
    until("losses in the kernel and in the channel", || {
        round += 1;
        // One by one and slowly enough that some arrive: more than channel and backlog hold.
        for value in 0..3 * BATCH_WORDS as u64 / (4 * LISTS) {
            burst.send("many", value);
            std::thread::sleep(Duration::from_micros(50));
        }
        // As fast as can be: more than the socket holds.
        (0..1_000).for_each(|value| burst.send("many", value));
        // And then the newest, of a host of its own, until it surely came.
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(2));
            burst.send("newest", round);
        }
        burst.send_nonsense();
        until("all that was sent in the account", || {
            while let Some(batch) = intake.next() {
                store.absorb(SourceId(0), &batch, now());
                intake.give_back(batch);
            }
            let totals = store.health().totals;
            (totals.datagrams + totals.kernel_drops == burst.datagrams).then_some(())
        });
        let newest = store.index().host("newest").map(|host| host.last_seen);
        assert!(newest.is_some(), "the newest is there");
        let values: Vec<Option<f64>> = store
            .ids()
            .filter(|&id| &*store.series(id).unwrap().identifier.host == "newest")
            .map(|id| store.latest(id, Mode::Raw).unwrap().value)
            .collect();
        assert_eq!(values, vec![Some(round as f64); LISTS as usize]);
        let totals = store.health().totals;
        (totals.kernel_drops > 0 && totals.dropped_values > 0).then_some(())
    });
    let (totals, end) = (store.health().totals, now());
    // What was sent is what was stored and what was lost.
    let received = totals.datagrams - totals.faults;
    assert!(totals.faults <= burst.faulty);
    assert_eq!(totals.values, received * LISTS);
    assert_eq!(totals.stored_values + totals.dropped_values, totals.values);
    for (kind, count) in
        [(LossKind::Kernel, totals.kernel_drops), (LossKind::Channel, totals.dropped_values)]
    {
        let losses = store.health().losses.iter().filter(|loss| loss.kind == kind);
        let spans: Vec<_> = losses.clone().map(|loss| loss.when).collect();
        assert_eq!(losses.map(|loss| loss.count).sum::<u64>(), count, "{kind:?}");
        // The kernel was looked at before the burst began.
        let early = begin.saturating_sub(Interval::from_secs(2));
        for span in spans {
            assert!(early <= span.start && span.start <= span.end && span.end <= end, "{kind:?}");
        }
    }
}
