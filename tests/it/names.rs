//! Names from strangers: however many are invented by whom, others are heard, who is refused is
//! named, and what was refused comes back when there is room.

use collectoscope::ingest::{Ingest, Limits};
use collectoscope::metric::{CdTime, Interval, Names, Value};
use collectoscope::store::{SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::view::senders::{refused_lists, senders};
use collectoscope::wire::{Encoder, SecurityLevel};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

const MIB: usize = 1 << 20;
const NOW: u64 = 1_800_000_000;

/// Datagrams with one gauge of each of these names, whose five parts have `length` bytes each.
pub(crate) fn invented(numbers: Range<u64>, length: usize, secs: u64) -> Vec<Vec<u8>> {
    let name = |part: char, number: u64| format!("{part}{number:0length$x}");
    let lists = numbers.map(|number| {
        ["h", "p", "pi", "t", "ti"].map(|part| name(part.chars().last().unwrap(), number))
    });
    encoded(lists, secs)
}

/// The same of so many series of a host.
pub(crate) fn measured(host: &str, count: u64, secs: u64) -> Vec<Vec<u8>> {
    let name = |text: &str| text.to_owned();
    let list = |n: u64| [name(host), name("cpu"), n.to_string(), name("percent"), name("user")];
    encoded((0..count).map(list), secs)
}

fn encoded(lists: impl Iterator<Item = [String; 5]>, secs: u64) -> Vec<Vec<u8>> {
    let (mut encoder, mut datagrams) = (Encoder::new(1_452), Vec::new());
    let mut keep = |bytes: &[u8]| datagrams.push(bytes.to_vec());
    for list in lists {
        let [host, plugin, plugin_instance, type_, type_instance] =
            list.each_ref().map(|name| name.as_bytes());
        let names = Names { host, plugin, plugin_instance, type_, type_instance };
        let (time, interval) = (CdTime::from_secs(secs), Interval::from_secs(10));
        encoder.push(&names, time, interval, &[Value::Gauge(1.5)], &mut keep).unwrap();
    }
    encoder.flush(&mut keep);
    datagrams
}

/// A receiver and the store it feeds, both as a window of this memory has them.
struct Reception {
    ingest: Ingest,
    store: Store,
}

impl Reception {
    fn new(memory_bytes: usize) -> Self {
        let limits = Limits::new(Limits::lists_in(memory_bytes), None);
        let store = Store::new(memory_bytes, TypesDb::built_in());
        Self { ingest: Ingest::with_limits(limits), store }
    }

    fn take(&mut self, datagrams: &[Vec<u8>], from: IpAddr, secs: u64) {
        let now = CdTime::from_secs(secs);
        for datagrams in datagrams.chunks(50) {
            for bytes in datagrams {
                let sender = SocketAddr::new(from, 25_826);
                self.ingest.datagram(bytes, sender, now, SecurityLevel::None);
            }
            let batch = self.ingest.take(None);
            self.store.absorb(SourceId(0), &batch, now);
            let usage = self.store.usage();
            assert!(usage.bytes <= usage.budget_bytes, "{usage:?}");
        }
    }

    fn has(&self, host: &str) -> bool {
        self.store.index().host(host).is_some()
    }

    fn refused(&self, from: IpAddr) -> u64 {
        let all = refused_lists(self.store.health(), 1_000);
        all.into_iter().filter(|(ip, _)| *ip == from.to_string()).map(|(_, count)| count).sum()
    }
}

fn ip(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

/// `count` senders invent `names` each, in turn, of parts of `length` bytes; then machines come
/// that send themselves, and go on.
#[track_caller]
fn check_shut_out(count: u32, names: u64, length: usize) {
    let mut reception = Reception::new(16 * MIB);
    for begin in (0..names).step_by(500) {
        for sender in 0..count {
            let start = 1_000_000 * u64::from(sender) + begin;
            let datagrams = invented(start..start + 500.min(names - begin), length, NOW);
            reception.take(&datagrams, ip(sender), NOW);
        }
    }
    let inventors: u64 = (0..count).map(|sender| reception.refused(ip(sender))).sum();
    let totals = reception.store.health().totals;
    assert!(totals.refused_lists > 0, "{totals:?}");
    assert_eq!(inventors, totals.refused_lists, "all are blamed on who sent them");
    for round in 0..12_u32 {
        let secs = NOW + 10 * u64::from(round);
        for machine in 0..round {
            let host = format!("machine-{machine}");
            reception.take(&measured(&host, 20, secs), ip(1_000 + machine), secs);
            assert!(reception.has(&host), "{host} in round {round}");
            assert_eq!(reception.refused(ip(1_000 + machine)), 0, "{host} in round {round}");
        }
        // The others go on inventing.
        for sender in 0..count {
            let start = 1_000_000 * u64::from(sender) + 500_000 + 500 * u64::from(round);
            reception.take(&invented(start..start + 500, length, secs), ip(sender), secs);
        }
    }
    let health = reception.store.health();
    let (rows, _) = senders(health, 1_000);
    for row in rows.iter().take(usize::try_from(count).unwrap()) {
        let said = row.troubles.iter().any(|trouble| trouble.what.contains("no room"));
        assert!(said && row.address.starts_with("10.0.0."), "{row:?}");
    }
}

#[test]
fn a_machine_is_there_at_once_however_many_names_whoever_invents() {
    for (count, names, length) in [(1, 20_000, 1), (1, 8_000, 120), (3, 8_000, 12), (10, 1_500, 60)]
    {
        check_shut_out(count, names, length);
    }
}

/// A relay sends too many names once, and then values of a machine that it sends every 10 s.
#[track_caller]
fn check_back(names: u64, length: usize) {
    let mut reception = Reception::new(16 * MIB);
    reception.take(&invented(0..names, length, NOW), ip(1), NOW);
    reception.take(&measured("late", 30, NOW), ip(1), NOW);
    assert!(!reception.has("late"), "there is no room for it yet");
    let mut secs = NOW;
    while !reception.has("late") {
        secs += 10;
        assert!(secs < NOW + 30 * 60, "it does not come back");
        reception.take(&measured("late", 30, secs), ip(1), secs);
    }
    let node = reception.store.index().host("late").unwrap();
    let lists = node.plugins.iter().map(|plugin| plugin.lists.len()).sum::<usize>();
    assert!(lists > 0);
    // All of it, soon after.
    for _ in 0..60 {
        secs += 10;
        reception.take(&measured("late", 30, secs), ip(1), secs);
    }
    let node = reception.store.index().host("late").unwrap();
    assert_eq!(node.plugins.iter().map(|plugin| plugin.lists.len()).sum::<usize>(), 30);
    let refused = reception.refused(ip(1));
    reception.take(&measured("late", 30, secs + 10), ip(1), secs + 10);
    assert_eq!(reception.refused(ip(1)), refused, "nothing is refused any more");
}

#[test]
fn what_was_refused_for_lack_of_room_comes_back_by_itself() {
    // Refused by the receiver, whose names are many, and by the store, whose names are long.
    for (names, length) in [(12_000, 1), (9_000, 20), (6_000, 110)] {
        check_back(names, length);
    }
}

#[test]
fn names_that_keep_sending_outlive_those_that_came_once() {
    let mut reception = Reception::new(16 * MIB);
    for round in 0..60_u64 {
        let secs = NOW + 10 * round;
        reception.take(&measured("steady", 1_500, secs), ip(1), secs);
        let start = 400 * round;
        reception.take(&invented(start..start + 400, 30, secs), ip(1), secs);
        for machine in 0..round {
            let host = format!("machine-{machine}");
            let from = ip(1_000 + u32::try_from(machine).unwrap());
            reception.take(&measured(&host, 20, secs), from, secs);
            assert!(reception.has(&host), "{host} in round {round}");
        }
        let node = reception.store.index().host("steady").unwrap();
        let lists = node.plugins.iter().map(|plugin| plugin.lists.len()).sum::<usize>();
        assert_eq!(lists, 1_500, "in round {round}");
    }
    assert!(reception.store.health().totals.forgotten_series > 1_000);
}
