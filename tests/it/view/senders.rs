//! Who sends what how, from counters.

use super::*;
use collectoscope::ingest::{Batch, HostRoute, ProtectedCount, Sender, SenderDelta};
use collectoscope::view::senders::{Protected, about_host, refused_from, senders};
use collectoscope::wire::{FaultKind, Protection, Trust};
use std::net::{IpAddr, SocketAddr};

fn delta(address: &str, datagrams: u64) -> SenderDelta {
    SenderDelta { datagrams, ..SenderDelta::new(address.parse::<SocketAddr>().unwrap()) }
}

fn refused(delta: SenderDelta, user: &str, kind: FaultKind, count: u64) -> SenderDelta {
    let (protection, outcome) = (Protection::Encrypted, Err(kind));
    let part = ProtectedCount { protection, user: user.into(), outcome, count };
    let faults = delta.faults + count;
    let mut protected = delta.protected;
    protected.push(part);
    let mut fault_classes = delta.fault_classes;
    fault_classes.push((kind.class(), count));
    SenderDelta { faults, protected, fault_classes, ..delta }
}

fn heard(host: &str, sender: &str, trust: Trust, user: Option<&str>) -> HostRoute {
    let sender = sender.parse::<IpAddr>().unwrap().into();
    HostRoute { host: host.into(), sender, trust, user: user.map(Into::into) }
}

fn store(batch: Batch) -> Store {
    let mut store = Store::new(64 << 20, TypesDb::built_in());
    store.absorb(SOURCE, &batch, at(0.0));
    store
}

#[test]
fn a_machine_is_one_row_whatever_ports_it_used() {
    let senders_sent =
        vec![delta("10.0.0.7:1", 3), delta("10.0.0.7:2", 4), delta("[fe80::7]:9", 1)];
    let ways = vec![
        heard("b", "10.0.0.7", Trust::Plain, None),
        heard("a", "10.0.0.7", Trust::Signed, Some("alice")),
        heard("c", "10.9.9.9", Trust::Plain, None),
    ];
    let store = store(Batch { senders: senders_sent, routes: ways, ..Batch::default() });
    let (rows, more) = senders(store.health(), 10);
    assert_eq!((rows.len(), more), (2, 0));
    assert_eq!((rows[0].address.as_str(), rows[0].datagrams), ("10.0.0.7", 7));
    assert_eq!(rows[0].hosts, ["a", "b"]);
    assert_eq!(rows[0].protection, ["plain", "signed by alice"]);
    assert_eq!(rows[1].address, "[fe80::7]:9");
}

#[test]
fn a_refusal_is_told_once_and_not_as_a_fault_again() {
    let sent = refused(delta("10.0.0.7:1", 9), "mon", FaultKind::UserUnknown, 5);
    let mut sent = refused(sent, "mon", FaultKind::ChecksumWrong, 2);
    sent.fault_classes.push((FaultKind::StringEmpty.class(), 3));
    sent.faults += 3;
    let store = store(Batch { senders: vec![sent], ..Batch::default() });
    let (rows, _) = senders(store.health(), 10);
    let told: Vec<_> =
        rows[0].troubles.iter().map(|trouble| (trouble.count, trouble.what.as_str())).collect();
    assert_eq!(
        told,
        [
            (5, "encrypted as \"mon\", a user missing from the AuthFile"),
            (3, "string without any byte"),
            (2, "wrong password for mon: the data cannot be decrypted"),
        ]
    );
}

#[test]
fn senders_in_trouble_come_first_and_the_rest_is_counted() {
    let mut all: Vec<_> = (0..20).map(|n| delta(&format!("10.0.0.{n}:1"), 1)).collect();
    all.push(refused(delta("10.0.0.200:1", 1), "mon", FaultKind::NoKeys, 1));
    all.push(SenderDelta { datagrams: 7, ..SenderDelta::new(Sender::Others) });
    let store = store(Batch { senders: all, ..Batch::default() });
    let (rows, more) = senders(store.health(), 5);
    let addresses: Vec<_> = rows.iter().map(|row| row.address.as_str()).collect();
    let first = ["10.0.0.200:1", "10.0.0.0:1", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"];
    assert_eq!(addresses, [&first[..], &["all others"]].concat());
    assert_eq!(more, 16);
}

#[test]
fn what_is_refused_names_user_and_address_and_many_addresses_are_counted() {
    let one = |n| refused(delta(&format!("10.0.0.{n}:1"), 1), "mon", FaultKind::NoKeys, 2);
    let other = refused(delta("10.0.1.1:1", 1), "eve", FaultKind::ChecksumWrong, 1);
    let all = (1..=9).map(one).chain([other]).collect();
    let store = store(Batch { senders: all, ..Batch::default() });
    let (troubles, more) = refused_from(store.health(), 1);
    assert_eq!((troubles.len(), more), (1, 1));
    assert_eq!(
        troubles[0].what,
        "from 10.0.0.1 and 8 more: encrypted as \"mon\"; no password for that user"
    );
    assert_eq!((troubles[0].count, troubles[0].grave), (18, false));
    assert!(refused_from(store.health(), 9).0[1].grave);
}

#[test]
fn a_host_tells_its_ways_unless_they_are_the_usual_one() {
    let ways = vec![
        heard("usual", "10.0.0.1", Trust::Plain, None),
        heard("two", "10.0.0.1", Trust::Plain, None),
        heard("two", "10.0.0.2", Trust::Encrypted, Some("mon")),
        heard("blind", "10.0.0.3", Trust::Unverified, Some("alice")),
    ];
    let store = store(Batch { routes: ways, ..Batch::default() });
    let about = |host| about_host(store.health(), host);
    assert!(about("usual").is_empty() && about("stranger").is_empty());
    assert_eq!(about("two"), ["plain, from 10.0.0.1", "encrypted by mon, from 10.0.0.2"]);
    let blind =
        "unverified: signed by alice, but there is no --auth-file to check it, from 10.0.0.3";
    assert_eq!(about("blind"), [blind]);
}

/// How a host counts that was heard by `ways`, each so many seconds after the other.
#[track_caller]
fn check_protected(ways: &[(u64, Trust)], protected: Protected) {
    let mut feed = crate::feed::Feed::new(1 << 20);
    let list = feed.list("h", "p", "gauge", &[collectoscope::metric::DsType::Gauge]);
    for &(secs, trust) in ways {
        feed.gauges(list, [(NOW + secs, 1.0)]);
        feed.batch.rows.last_mut().unwrap().trust = trust;
        feed.store.absorb(SOURCE, &feed.batch, CdTime::from_secs(NOW + secs));
        feed.batch.clear();
    }
    let host = &feed.store.index().hosts()[0];
    assert_eq!(Protected::of(host, Interval::from_secs(10)), protected, "{ways:?}");
}

#[test]
fn a_host_is_as_protected_as_the_weakest_of_its_values_lately() {
    let (plain, encrypted) = (Trust::Plain, Trust::Encrypted);
    check_protected(&[(0, plain)], Protected::Plain);
    check_protected(&[(0, encrypted), (10, encrypted)], Protected::Encrypted);
    check_protected(&[(0, encrypted), (10, plain), (20, encrypted)], Protected::Partly);
    check_protected(&[(0, Trust::Signed), (10, encrypted)], Protected::Signed);
    check_protected(&[(0, Trust::Unverified), (10, Trust::Signed)], Protected::Unverified);
    // What changed is forgotten after two intervals.
    check_protected(&[(0, Trust::Unverified), (30, Trust::Signed)], Protected::Signed);
    check_protected(&[(0, encrypted), (30, plain)], Protected::Plain);
}

/// What is said of `h` when these lists come, one datagram for each slice of them.
fn conflict(datagrams: &[&[(&str, i64)]]) -> String {
    let mut screen = Screen::new(10.0);
    for lists in datagrams {
        for (name, value) in *lists {
            screen.send(name, 0.25, &[Value::Derive(*value); 2]);
        }
        screen.receive();
    }
    let conflict = &screen.store.health().conflicts["h"];
    collectoscope::view::senders::conflict_text(conflict)
}

#[test]
fn a_datagram_that_repeats_a_name_is_said_to_lack_an_instance_and_the_series_is_named() {
    let errors = "h/snmp/if_errors";
    let table: Vec<_> = (0..5).map(|row| (errors, 100 * row)).collect();
    let said = conflict(&[&table]);
    assert_eq!(
        said,
        "8 values not kept, each for a moment that had another value, of h/snmp/if_errors: one \
         datagram has several values of this name: does the table lack an Instance?"
    );
    // Two tables in turn, and a plugin of somebody else.
    let octets = "h/snmp/if_octets";
    let said = conflict(&[&[(errors, 1), (octets, 2), (errors, 3), (octets, 4)]]);
    assert!(said.contains("4 values") && said.contains("of h/snmp/if_octets: one datagram"));
    let said = conflict(&[&[("h/exec/if_octets", 1), ("h/exec/if_octets", 2)]]);
    assert!(said.ends_with(
        "of h/exec/if_octets: one datagram has several values of this name: \
                            does it lack an instance?"
    ));
}

#[test]
fn datagrams_that_contradict_one_another_are_of_two_machines_or_programs() {
    let name = "h/load/if_octets";
    let said = conflict(&[&[(name, 1)], &[(name, 2)]]);
    assert_eq!(
        said,
        "2 values not kept, each for a moment that had another value, of h/load/if_octets: two \
         machines with one host name, two programs that write this, or a clock that stands still?"
    );
}
