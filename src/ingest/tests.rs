//! Tests of gathering datagrams into batches.

use super::*;
use crate::metric::Value;
use crate::wire::{Encoder, FaultKind, Protection, Seal};
use std::net::Ipv4Addr;

const LEVEL: SecurityLevel = SecurityLevel::None;

fn sender(number: u32) -> SocketAddr {
    (Ipv4Addr::from(0x0a00_0000 + number), 25_826).into()
}

/// One datagram with a list per host, each with one gauge.
fn datagram(hosts: &[&str]) -> Vec<u8> {
    let (mut encoder, mut bytes) = (Encoder::new(65_535), Vec::new());
    let mut send = |sent: &[u8]| bytes.extend_from_slice(sent);
    for host in hosts {
        let identifier = Identifier::new(host, "p", "", "gauge", "");
        let (time, interval) = (CdTime::from_secs(5), Interval::from_secs(10));
        let values = [Value::Gauge(1.5)];
        encoder.push(&identifier.names(), time, interval, &values, &mut send).unwrap();
    }
    encoder.flush(&mut send);
    bytes
}

fn lists(batch: &Batch) -> Vec<u32> {
    batch.rows.iter().map(|row| row.list.0).collect()
}

#[test]
fn a_list_is_announced_once_and_known_afterwards() {
    let mut ingest = Ingest::new();
    assert!(ingest.is_empty());
    ingest.datagram(&datagram(&["a", "b", "a"]), sender(1), CdTime::from_secs(9), LEVEL);
    assert!(!ingest.is_empty());
    let batch = ingest.take(None);
    assert_eq!((lists(&batch), batch.announced.len()), (vec![0, 1, 0], 2));
    assert_eq!((batch.arrival, batch.values.len()), (CdTime::from_secs(9), 3));
    ingest.datagram(&datagram(&["b", "c", "a"]), sender(1), CdTime::from_secs(9), LEVEL);
    let batch = ingest.take(Some(batch));
    assert_eq!((lists(&batch), batch.announced.len()), (vec![1, 2, 0], 1));
    assert!(ingest.is_empty());
}

#[test]
fn a_list_is_announced_anew_under_its_number_after_minutes_and_when_it_was_silent_for_long() {
    let mut ingest = Ingest::new();
    let mut announced = |secs: u64| {
        let arrival = CdTime::from_secs(1_000_000 + secs);
        ingest.datagram(&datagram(&["a", "b"]), sender(1), arrival, LEVEL);
        ingest.take(None).announced
    };
    let first = announced(0);
    let (again, every) = (Vec::new(), ANNOUNCED_EVERY.secs_nanos().0);
    let said = |all: &[Announced]| -> Vec<_> {
        all.iter()
            .map(|a| (a.list, a.sender.clone(), a.identifier.clone(), a.kinds.clone()))
            .collect()
    };
    for secs in (10..every - 16).step_by(10) {
        assert_eq!(said(&announced(secs)), again, "{secs}");
    }
    // A clock that is set back says nothing.
    for secs in [every + 16, 2 * every + 32, 0, every + 32, 100 * every] {
        let all = said(&announced(secs));
        assert_eq!(all, if secs == 0 { Vec::new() } else { said(&first) }, "{secs}");
        assert_eq!(said(&announced(secs + 1)), again, "{secs}");
    }
}

#[test]
fn a_sender_that_invents_names_leaves_room_for_the_others() {
    let mut ingest = Ingest::with_limits(Limits { lists: 10, lists_per_sender: 3 });
    ingest.datagram(&datagram(&["a", "b"]), sender(1), CdTime::ZERO, LEVEL);
    for number in 0..20 {
        let host = format!("invented{number}");
        ingest.datagram(&datagram(&[&host]), sender(2), CdTime::ZERO, LEVEL);
    }
    // What it named before, and what others name, goes on.
    ingest.datagram(&datagram(&["invented0", "a"]), sender(2), CdTime::ZERO, LEVEL);
    ingest.datagram(&datagram(&["a", "b", "c"]), sender(1), CdTime::ZERO, LEVEL);
    let batch = ingest.take(None);
    assert_eq!(lists(&batch), [0, 1, 2, 3, 4, 2, 0, 0, 1, 5]);
    let refused: Vec<u64> = batch.senders.iter().map(|delta| delta.refused_lists).collect();
    assert_eq!((refused.as_slice(), batch.refused_lists), (&[0, 17][..], 17));
}

/// A list of one gauge, as a broker sends it.
fn typed(host: &str) -> TypedList<'_> {
    TypedList {
        names: Names { host: host.as_bytes(), plugin: b"p", type_: b"gauge", ..Names::default() },
        time: CdTime::from_secs(5),
        interval: Interval::ZERO,
        values: &[Value::Gauge(1.5)],
        trust: Trust::Plain,
    }
}

#[test]
fn a_list_that_comes_by_itself_is_taken_as_one_of_a_datagram() {
    let (mut ingest, broker) = (Ingest::new(), Sender::named("collectd"));
    ingest.datagram(&datagram(&["a"]), sender(1), CdTime::from_secs(9), LEVEL);
    for host in ["a", "b", "a"] {
        ingest.list(&broker, &typed(host), CdTime::from_secs(10));
    }
    let batch = ingest.take(None);
    assert_eq!((lists(&batch), batch.announced.len()), (vec![0, 0, 1, 0], 2));
    assert_eq!(batch.announced[1].sender, Sender::named("collectd"));
    assert_eq!((batch.arrival, batch.values.len()), (CdTime::from_secs(10), 4));
    let arrived: Vec<_> = batch.datagrams.iter().map(|one| (one.rows, &one.sender)).collect();
    let (address, name) = (sender(1).ip().into(), Sender::named("collectd"));
    assert_eq!(arrived, [(1, &address), (1, &name), (1, &name), (1, &name)]);
    let delta = &batch.senders[1];
    assert_eq!((&delta.sender, delta.datagrams, delta.lists, delta.values), (&broker, 0, 3, 3));
    let routes: Vec<_> = batch.routes.iter().map(|route| (&*route.host, &route.sender)).collect();
    assert_eq!(routes, [("a", &address), ("a", &name), ("b", &name)]);
}

#[test]
fn a_named_sender_that_invents_names_leaves_room_for_the_others() {
    let mut ingest = Ingest::with_limits(Limits { lists: 10, lists_per_sender: 3 });
    let (broker, other) = (Sender::named("collectd"), Sender::named("site/collectd"));
    for number in 0..20 {
        ingest.list(&broker, &typed(&format!("invented{number}")), CdTime::ZERO);
    }
    ingest.list(&other, &typed("a"), CdTime::ZERO);
    ingest.datagram(&datagram(&["b"]), sender(1), CdTime::ZERO, LEVEL);
    let batch = ingest.take(None);
    assert_eq!(lists(&batch), [0, 1, 2, 3, 4]);
    let refused: Vec<u64> = batch.senders.iter().map(|delta| delta.refused_lists).collect();
    assert_eq!((refused.as_slice(), batch.refused_lists), (&[17, 0, 0][..], 17));
}

#[test]
fn a_list_that_no_datagram_could_hold_is_refused_and_counted() {
    let (mut ingest, broker) = (Ingest::new(), Sender::named("collectd"));
    let (most, long) = (vec![Value::Gauge(0.0); VALUES_PER_LIST_MAX + 1], "h".repeat(128));
    let names = typed("a").names;
    for list in [
        TypedList { values: &most, ..typed("a") },
        TypedList { values: &[], ..typed("a") },
        TypedList { time: CdTime::ZERO, ..typed("a") },
        TypedList { names: Names { type_: b"", ..names }, ..typed("a") },
        typed(""),
        typed(&long),
    ] {
        ingest.list(&broker, &list, CdTime::ZERO);
    }
    ingest.list(&broker, &TypedList { values: &most[1..], ..typed("a") }, CdTime::ZERO);
    let batch = ingest.take(None);
    assert_eq!((batch.rows.len(), batch.values.len()), (1, VALUES_PER_LIST_MAX));
    let classes = &batch.senders[0].fault_classes;
    assert_eq!(batch.senders[0].faults, 6);
    assert_eq!(classes[0], ("too many values", 1));
    assert_eq!(classes[2], ("values without time or names", 3));
}

#[test]
fn lists_past_the_bound_are_refused_and_counted() {
    let mut ingest = Ingest::with_limits(Limits { lists: 2, ..Limits::default() });
    ingest.datagram(&datagram(&["a", "b", "c", "a", "d"]), sender(1), CdTime::ZERO, LEVEL);
    let batch = ingest.take(None);
    assert_eq!((lists(&batch), batch.refused_lists), (vec![0, 1, 0], 2));
    assert_eq!(batch.senders[0].lists, 5);
}

#[test]
fn lists_of_machines_that_went_make_room_for_those_that_come() {
    let mut ingest = Ingest::with_limits(Limits { lists: 3, ..Limits::default() });
    let mut announced = |secs: u64, hosts: &[&str]| {
        let arrival = CdTime::from_secs(1_000_000 + secs);
        ingest.datagram(&datagram(hosts), sender(1), arrival, LEVEL);
        let batch = ingest.take(None);
        let new = |one: &Announced| (one.list.0, one.identifier.host.to_string());
        let announced = batch.announced.iter().map(new).collect::<Vec<_>>();
        (announced, batch.refused_lists, batch.renumbers)
    };
    let named = |id: u32, host: &str| (id, host.to_owned());
    let all = vec![named(0, "a"), named(1, "b"), named(2, "c")];
    assert_eq!(announced(0, &["a", "b", "c"]), (all, 0, false));
    assert_eq!(announced(10, &["a", "b", "c"]), (Vec::new(), 0, false));
    for secs in [1_200, 2_400, 3_600, 4_800, 6_000] {
        assert_eq!(announced(secs, &["a", "d"]), (vec![named(0, "a")], 1, false));
    }
    // Nothing more is looked for in the same minute; what was found there serves those to come.
    assert_eq!(announced(7_400, &["a", "d"]), (vec![named(0, "a")], 1, false));
    assert_eq!(announced(7_430, &["a", "d"]), (vec![named(2, "d")], 0, true));
    assert_eq!(announced(7_440, &["d", "b", "a", "c"]), (vec![named(1, "b")], 1, true));
}

#[test]
fn senders_past_the_bound_are_counted_together() {
    let mut ingest = Ingest::new();
    for number in 0..1_030 {
        ingest.datagram(&datagram(&["a"]), sender(number), CdTime::ZERO, LEVEL);
    }
    let batch = ingest.take(None);
    assert_eq!(batch.senders.len(), SENDERS_PER_BATCH_MAX + 1);
    let others = batch.senders.last().unwrap();
    assert_eq!((&others.sender, others.datagrams), (&Sender::Others, 6));
}

#[test]
fn faults_are_kept_up_to_the_bound_and_all_counted() {
    let mut ingest = Ingest::new();
    for _ in 0..100 {
        ingest.datagram(b"\0\0\0\x01", sender(1), CdTime::ZERO, LEVEL);
    }
    let batch = ingest.take(None);
    assert_eq!((batch.faults.len(), batch.senders[0].faults), (FAULTS_PER_BATCH_MAX, 100));
}

#[test]
fn a_batch_nobody_takes_stops_growing_and_counts_what_it_loses() {
    let mut ingest = Ingest::new();
    let bytes = datagram(&["a"; 1_000]);
    for _ in 0..1_100 {
        ingest.datagram(&bytes, sender(1), CdTime::ZERO, LEVEL);
    }
    let batch = ingest.take(None);
    let (kept, lost) = (batch.values.len(), batch.dropped_values);
    assert_eq!((kept, lost), (VALUES_PER_BATCH_MAX, 1_100_000 - VALUES_PER_BATCH_MAX as u64));
}

#[test]
fn notifications_nobody_takes_are_bounded() {
    let mut ingest = Ingest::new();
    let (names, mut bytes) = (Identifier::new("h", "", "", "", ""), Vec::new());
    let (time, severity) = (CdTime::from_secs(5), crate::metric::Severity::Warning);
    crate::wire::encode_notification(&names.names(), time, severity, b"\xff!", &mut bytes).unwrap();
    for _ in 0..10_010 {
        ingest.datagram(&bytes, sender(1), CdTime::ZERO, LEVEL);
    }
    let batch = ingest.take(None);
    assert_eq!(batch.notifications.len(), NOTIFICATIONS_PER_BATCH_MAX);
    assert_eq!(batch.dropped_notifications, 10);
    assert_eq!(&*batch.notifications[0].message, "\u{fffd}!");
}

fn sealed(protection: Protection, user: &str, payload: &[u8]) -> Vec<u8> {
    let seal = Seal::new(protection, user.as_bytes(), b"secret").unwrap();
    let mut sealed = Vec::new();
    seal.seal(payload, &[3; 16], &mut sealed);
    sealed
}

fn keys(user: &str) -> Option<Arc<KeyRing>> {
    let mut keys = KeyRing::new();
    assert!(keys.insert(user.as_bytes(), b"secret"));
    Some(Arc::new(keys))
}

#[test]
fn how_a_host_is_heard_is_told_once_for_each_way() {
    let mut ingest = Ingest::new();
    ingest.set_keys(keys("alice"));
    let plain = datagram(&["a", "a", "b"]);
    let signed = sealed(Protection::Signed, "alice", &plain);
    let encrypted = sealed(Protection::Encrypted, "alice", &plain);
    for bytes in [&plain, &signed, &signed, &encrypted, &plain] {
        ingest.datagram(bytes, sender(1), CdTime::ZERO, LEVEL);
    }
    ingest.datagram(&plain, sender(2), CdTime::ZERO, LEVEL);
    let batch = ingest.take(None);
    let announced: Vec<_> = batch
        .routes
        .iter()
        .map(|way| format!("{} {} {} {:?}", way.host, way.sender, way.trust.name(), way.user))
        .collect();
    assert_eq!(
        announced,
        [
            "a 10.0.0.1 plain None",
            "b 10.0.0.1 plain None",
            "a 10.0.0.1 signed Some(\"alice\")",
            "b 10.0.0.1 signed Some(\"alice\")",
            "a 10.0.0.1 encrypted Some(\"alice\")",
            "b 10.0.0.1 encrypted Some(\"alice\")",
            "a 10.0.0.2 plain None",
            "b 10.0.0.2 plain None",
        ]
    );
    let trusts: Vec<_> = batch.rows.iter().step_by(3).map(|row| row.trust).collect();
    use Trust::{Encrypted, Plain, Signed};
    assert_eq!(trusts, [Plain, Signed, Signed, Encrypted, Plain, Plain]);
}

#[test]
fn a_refused_part_is_a_fault_with_its_user_and_reason() {
    let mut ingest = Ingest::new();
    ingest.set_keys(keys("bob"));
    let encrypted = sealed(Protection::Encrypted, "alice", &datagram(&["a"]));
    ingest.datagram(&encrypted, sender(1), CdTime::ZERO, LEVEL);
    ingest.datagram(&encrypted, sender(1), CdTime::ZERO, LEVEL);
    let batch = ingest.take(None);
    let delta = &batch.senders[0];
    assert_eq!((delta.faults, delta.fault_classes.as_slice()), (2, &[("unknown user", 2)][..]));
    assert_eq!(delta.protected[0].outcome, Err(FaultKind::UserUnknown));
    assert_eq!((delta.protected.len(), delta.protected[0].count), (1, 2));
    assert_eq!(batch.faults[0].user.as_deref(), Some("alice"));
    assert!(batch.rows.is_empty() && batch.routes.is_empty());
}

#[test]
fn a_user_is_kept_up_to_its_limit() {
    let mut ingest = Ingest::new();
    let mut bytes = b"\x02\x00\xea\x60".to_vec();
    bytes.resize(60_000, b'u');
    ingest.datagram(&bytes, sender(1), CdTime::ZERO, LEVEL);
    let kept = &ingest.take(None).senders[0].protected[0].user;
    assert_eq!(**kept, *("u".repeat(wire::USER_MAX_BYTES) + "…"));
}

#[test]
fn keys_may_change_while_datagrams_come() {
    let mut ingest = Ingest::new();
    let encrypted = sealed(Protection::Encrypted, "alice", &datagram(&["a"]));
    for (keys, rows) in [(None, 0), (keys("alice"), 1), (keys("bob"), 1)] {
        ingest.set_keys(keys);
        ingest.datagram(&encrypted, sender(1), CdTime::ZERO, SecurityLevel::Encrypt);
        assert_eq!(ingest.batch.rows.len(), rows);
    }
}

/// What `count` senders have of a table of a thousand lists after each named `names`, in turn, as
/// long as `length`; and whether all of the last one's names were then taken from another.
#[track_caller]
fn check_shut_out(count: u32, names: usize, length: usize) {
    let mut ingest = Ingest::with_limits(Limits::new(1_000, None));
    let long = "x".repeat(length);
    let arrival = |step: u64| CdTime::from_secs(1_600_000 + 16 * step);
    for number in 0..names {
        for inventor in 0..count {
            let host = format!("{long}-{inventor}-{number}");
            ingest.datagram(&datagram(&[&host]), sender(inventor), arrival(0), LEVEL);
        }
    }
    let refused = ingest.take(None).refused_lists;
    let total = u64::from(count) * names as u64;
    assert_eq!(refused > 0, total > 1_000, "{refused} of {total}");
    // Eight newcomers, one after another, who go on sending; the inventors do so too.
    for step in 0..8_u32 {
        let hosts: Vec<_> = (0..30).map(|n| format!("good-{step}-{n}")).collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let newcomer = 1_000 + step;
        ingest.datagram(&datagram(&hosts), sender(newcomer), arrival(step.into()), LEVEL);
        let batch = ingest.take(None);
        assert_eq!((lists(&batch).len(), batch.refused_lists), (30, 0), "{count} {step}");
        for inventor in 0..count {
            let more: Vec<_> = (0..100).map(|n| format!("more-{step}-{inventor}-{n}")).collect();
            let more: Vec<&str> = more.iter().map(String::as_str).collect();
            ingest.datagram(&datagram(&more), sender(inventor), arrival(step.into()), LEVEL);
        }
        ingest.take(None);
    }
}

#[test]
fn however_many_names_of_whatever_length_are_invented_a_newcomer_is_heard_at_once() {
    for (count, names, length) in
        [(1, 5_000, 1), (1, 5_000, 120), (2, 1_000, 60), (7, 500, 5), (20, 100, 120), (3, 250, 3)]
    {
        check_shut_out(count, names, length);
    }
}

#[test]
fn names_that_keep_coming_stay_while_those_that_came_once_go() {
    let mut ingest = Ingest::with_limits(Limits::new(1_000, None));
    let arrival = |step: u64| CdTime::from_secs(1_600_000 + 16 * step);
    let good: Vec<_> = (0..300).map(|n| format!("good-{n}")).collect();
    let good: Vec<&str> = good.iter().map(String::as_str).collect();
    let mut announced = 0;
    for step in 0..40 {
        ingest.datagram(&datagram(&good), sender(1), arrival(step), LEVEL);
        for number in 0..200 {
            let host = format!("invented-{step}-{number}");
            ingest.datagram(&datagram(&[&host]), sender(1), arrival(step), LEVEL);
        }
        // Others come, so that the one has to give back what it has too much.
        for other in 0..step.min(20) {
            let hosts: Vec<_> = (0..20).map(|n| format!("other-{other}-{n}")).collect();
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            let other = 100 + u32::try_from(other).unwrap();
            ingest.datagram(&datagram(&hosts), sender(other), arrival(step), LEVEL);
        }
        let batch = ingest.take(None);
        let of_good = |one: &&Announced| one.identifier.host.starts_with("good");
        let before = announced;
        announced += batch.announced.iter().filter(of_good).count();
        assert!(step == 0 || step >= 22 || announced == before, "{step}: {announced}");
        let refused = batch.senders.iter().filter(|one| one.sender != sender(1).into());
        assert_eq!(refused.map(|one| one.refused_lists).sum::<u64>(), 0, "{step}");
    }
    assert_eq!(announced, 600, "once at first and once again after some minutes");
}
