//! The wire read: the real daemon's bytes, and each kind of part and fault.

use crate::support::{data, datagrams, events, hex, keys, listing};
use collectoscope::metric::{Names, Value};
use collectoscope::wire::{Decoder, Event, KeyRing, Protection, Seal, SecurityLevel, Trust};
use serde_json::json;
use std::sync::Arc;

/// Host `h`, time 1795426812, interval 10, plugin `p`, type `gauge`: 46 bytes.
const HEADER: &str = "0000 0006 6800  0008 000c 1ac1027f00000000  0009 000c 0000000280000000
                      0002 0006 7000  0004 000a 676175676500";
/// One gauge of 1.0: 15 bytes.
const GAUGE_1: &str = "0006 000f 0001 01 000000000000f03f";

/// The records of a capture in the form of its listing, with their times beside them. All must come
/// with `trust`.
fn decoded(name: &str, decoder: &mut Decoder, trust: Trust) -> Vec<(f64, serde_json::Value)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let record = |packet: usize, names: &Names<'_>| {
        json!({
            "pkt": packet,
            "host": text(names.host),
            "plugin": text(names.plugin),
            "plugin_instance": text(names.plugin_instance),
            "type": text(names.type_),
            "type_instance": text(names.type_instance),
        })
    };
    let mut records = Vec::new();
    for (packet, datagram) in datagrams(&data(&format!("{name}.pcap"))).iter().enumerate() {
        decoder.decode(SecurityLevel::None, datagram, &mut |event| match event {
            Event::Values(list) => {
                assert_eq!(list.trust, trust);
                let mut one = record(packet, &list.names);
                one["interval"] = json!(list.interval.secs_f64());
                one["values"] = list.values.iter().map(listed).collect();
                records.push((list.time.secs_f64(), one));
            }
            Event::Notification(notification) => {
                let mut one = record(packet, &notification.names);
                one["notification"] = json!(true);
                one["severity"] = json!(notification.severity.name());
                one["message"] = json!(text(notification.message));
                records.push((notification.time.secs_f64(), one));
            }
            Event::Protected(part) => assert_eq!(part.outcome, Ok(trust)),
            Event::Fault(fault) => panic!("{name} {packet}: {fault}"),
        });
    }
    records
}

fn listed(value: Value) -> serde_json::Value {
    let number = match value {
        Value::Counter(number) | Value::Absolute(number) => json!(number),
        Value::Derive(number) => json!(number),
        Value::Gauge(number) if number.is_nan() => json!("NaN"),
        Value::Gauge(number) => json!(number),
    };
    json!({ "kind": value.ds_type().name(), "value": number })
}

#[track_caller]
fn check_listing(name: &str, records: usize) {
    check_opened(name, records, None, Trust::Plain);
}

#[track_caller]
fn check_opened(name: &str, records: usize, keys: Option<Arc<KeyRing>>, trust: Trust) {
    let expected = listing(name);
    let found = decoded(name, &mut Decoder::new(keys), trust);
    assert_eq!((found.len(), expected.len()), (records, records));
    for ((secs, found), mut expected) in found.into_iter().zip(expected) {
        let expected_secs = expected["time"].take().as_f64().unwrap();
        let expected_record = expected.as_object_mut().unwrap();
        expected_record.remove("time");
        // Whole numbers of seconds are integers there.
        if let Some(interval) = expected_record.get_mut("interval") {
            *interval = json!(interval.as_f64().unwrap());
        }
        assert_eq!(found, expected, "{name}");
        assert!((secs - expected_secs).abs() < 1e-6, "{secs} {expected_secs} in {found}");
    }
}

#[test]
fn plain_datagrams_of_the_daemon_read_as_listed() {
    check_listing("plain", 6_898);
}

#[test]
fn datagrams_over_ipv6_read_as_listed() {
    check_listing("ipv6", 2_767);
    check_listing("multicast6", 2_668);
}

#[test]
fn notifications_read_as_listed() {
    check_listing("notifications", 1_524);
}

#[test]
fn datagrams_of_the_traffic_generator_read_as_listed() {
    check_listing("collectd-tg", 3_897);
}

#[test]
fn signed_datagrams_read_as_listed_checked_or_not() {
    check_opened("signed", 2_767, Some(keys()), Trust::Signed);
    check_opened("signed", 2_767, None, Trust::Unverified);
}

#[test]
fn encrypted_datagrams_read_as_listed() {
    check_opened("encrypted", 2_767, Some(keys()), Trust::Encrypted);
}

/// Lists accepted, and the outcome that every protected part must have.
#[track_caller]
fn check_level(name: &str, level: SecurityLevel, keys: Option<Arc<KeyRing>>, lists: usize) {
    let (mut accepted, mut faults) = (0, 0);
    let mut decoder = Decoder::new(keys);
    for datagram in datagrams(&data(&format!("{name}.pcap"))) {
        decoder.decode(level, &datagram, &mut |event| match event {
            Event::Values(list) => {
                assert!(list.trust >= level.least());
                accepted += 1;
            }
            Event::Protected(part) => {
                assert!([&b"alice"[..], b"bob", b"carol"].contains(&part.user));
                faults += usize::from(part.outcome.is_err());
            }
            Event::Fault(_) => faults += 1,
            Event::Notification(one) => panic!("{one:?}"),
        });
    }
    assert_eq!((accepted, faults), (lists, if lists == 0 { 100 } else { 0 }), "{name} at {level}");
}

#[test]
fn a_level_accepts_what_is_protected_enough() {
    use SecurityLevel::{Encrypt, None as Any, Sign};
    for (name, level, with_keys, accepted) in [
        ("ipv6", Any, false, true),
        ("ipv6", Any, true, true),
        ("ipv6", Sign, true, false),
        ("ipv6", Encrypt, true, false),
        ("signed", Any, false, true),
        ("signed", Any, true, true),
        ("signed", Sign, true, true),
        ("signed", Sign, false, false),
        ("signed", Encrypt, true, false),
        ("encrypted", Any, false, false),
        ("encrypted", Any, true, true),
        ("encrypted", Sign, true, true),
        ("encrypted", Encrypt, true, true),
    ] {
        let keys = with_keys.then(keys);
        check_level(name, level, keys, if accepted { 2_767 } else { 0 });
    }
}

#[test]
fn with_other_passwords_nothing_is_accepted() {
    let (wrong, _) = KeyRing::parse(b"alice: other\nbob: other\ncarol: other\n");
    let wrong = Arc::new(wrong);
    check_level("signed", SecurityLevel::None, Some(Arc::clone(&wrong)), 0);
    check_level("encrypted", SecurityLevel::None, Some(wrong), 0);
    check_level("encrypted", SecurityLevel::None, Some(Arc::default()), 0);
}

#[test]
fn faults_inside_an_encrypted_part_have_their_place_in_the_datagram() {
    let payload = hex(&format!("{HEADER} {GAUGE_1} 0005 0003"));
    let seal = Seal::new(Protection::Encrypted, b"alice", b"w0nderl4nd").unwrap();
    let mut datagram = Vec::new();
    seal.seal(&payload, &[9; 16], &mut datagram);
    let mut faults = Vec::new();
    Decoder::new(Some(keys())).decode(SecurityLevel::None, &datagram, &mut |event| {
        if let Event::Fault(fault) = event {
            faults.push(fault.to_string());
        }
    });
    let place = seal.overhead_bytes() + 61;
    assert_eq!(faults, [format!("at byte {place}: part length 3 is below 4")]);
}

#[track_caller]
fn check(bytes: &str, expected: &[&str]) {
    assert_eq!(events(&hex(bytes)), expected);
}

/// Checks the events of `tail` behind one good list.
#[track_caller]
fn check_tail(tail: &str, expected: &[&str]) {
    let good = ["h/p/gauge 1795426812+10 [Gauge(1.0)]"];
    check(&format!("{HEADER} {GAUGE_1} {tail}"), &[&good[..], expected].concat());
}

#[test]
fn a_list_takes_what_is_in_force() {
    let after = "h/p/gauge-x 1795426812+10 [Gauge(1.0)]";
    check_tail(&format!("0005 0006 7800 {GAUGE_1}"), &[after]);
    let cleared = "h/p/gauge 1795426812+10 [Gauge(1.0)]";
    let clear = format!("0005 0006 7800 {GAUGE_1} 0005 0005 00 {GAUGE_1}");
    check_tail(&clear, &[after, cleared]);
}

#[test]
fn all_four_ds_types_come_in_their_own_byte_order() {
    let values = "0006 002a 0004 00 01 02 03 0000000000000005 0000000000000440
                  fffffffffffffffe 8000000000000000";
    let list = "h/p/gauge 1795426812+10 \
                [Counter(5), Gauge(2.5), Derive(-2), Absolute(9223372036854775808)]";
    check_tail(values, &[list]);
}

#[test]
fn times_in_whole_seconds_are_understood() {
    let list = "h/p/gauge 1237749608+30 [Gauge(1.0)]";
    let times = "0001 000c 0000000049c68f68  0007 000c 000000000000001e";
    check_tail(&format!("{times} {GAUGE_1}"), &[list]);
}

#[test]
fn faults_that_leave_the_rest_sure_do_not_end_the_datagram() {
    let next = format!("0005 0006 7800 {GAUGE_1}");
    let good = "h/p/gauge-x 1795426812+10 [Gauge(1.0)]";
    for (bytes, fault) in [
        ("0006 0006 0000", "at byte 61: values part without values"),
        ("0006 000f 0001 04 0000000000000000", "at byte 61: unknown data source type 4"),
        ("0100 0006 6d00", "at byte 61: notification with severity 0, none of 1, 2, 4"),
        (
            "0101 000c 0000000000000002 0100 0005 00",
            "at byte 73: notification with an empty message",
        ),
    ] {
        check_tail(&format!("{bytes} {next}"), &[fault, good]);
    }
    check_tail(&format!("7777 0008 01020304 {next}"), &[good]);
    check_tail(&format!("7777 0004 {next}"), &[good]);
}

#[test]
fn faults_that_leave_nothing_sure_end_the_datagram() {
    let next = format!("0005 0006 7800 {GAUGE_1}");
    for (bytes, fault) in [
        ("0005 0000", "at byte 61: part length 0 is below 4"),
        ("0005 0003", "at byte 61: part length 3 is below 4"),
        ("0005 0004", "at byte 61: string without any byte"),
        ("0005 0006 7878", "at byte 61: string without terminating NUL"),
        ("0008 0008 01020304", "at byte 61: number part of 8 bytes, not 12"),
        (
            "0006 000f 0002 01 0000000000000000",
            "at byte 61: values part of 15 bytes, but 2 values need 24",
        ),
        ("0006 0005 00", "at byte 61: values part of 5 bytes, but 0 values need 6"),
        ("0200 0008 01020304", "at byte 61: signature part of 8 bytes, at least 37"),
        (
            "0210 0008 00090304",
            "at byte 61: encrypted part of 8 bytes is too short for its user and content",
        ),
    ] {
        check_tail(&format!("{bytes} {next}"), &[fault]);
    }
    let long = format!("0005 0085 {} 00 {next}", "78".repeat(128));
    check_tail(&long, &["at byte 61: name of 128 bytes, at most 127"]);
    let message = format!("0100 0105 {} 00 {next}", "78".repeat(256));
    check_tail(&message, &["at byte 61: message of 256 bytes, at most 255"]);
    let nobody = format!("0200 0024 {} {next}", "00".repeat(32));
    check_tail(&nobody, &["at byte 61: signed or encrypted part without user"]);
}

#[test]
fn what_is_left_at_the_end_costs_nothing_before_it() {
    check_tail("00", &["at byte 61: 1 byte behind the last part"]);
    check_tail("000600", &["at byte 61: 3 bytes behind the last part"]);
    check_tail("00000000", &["at byte 61: 4 zero bytes behind the last part"]);
    let cut = "at byte 61: part of 15 bytes, 5 left: the datagram was cut or is damaged";
    check_tail("0006 000f 00", &[cut]);
    check("", &[]);
}

#[test]
fn values_without_what_they_need_are_a_fault() {
    let needs = |part: &str, what: &str| {
        let fault = format!("values without {what}");
        let bytes = hex(&format!("{} {GAUGE_1}", HEADER.replace(part, "")));
        let events = events(&bytes);
        assert!(events.len() == 1 && events[0].ends_with(&fault), "{events:?}");
    };
    needs("0000 0006 6800", "host");
    needs("0008 000c 1ac1027f00000000", "time");
    needs("0002 0006 7000", "plugin");
    needs("0004 000a 676175676500", "type");
}

#[test]
fn what_follows_an_encrypted_part_is_read_with_the_names_of_before() {
    let encrypted = format!("0210 002e 0003 626f62 {} 99", "00".repeat(36));
    let list = "h/p/gauge 1795426812+10 [Gauge(1.0)]";
    check_tail(
        &format!("{encrypted} {GAUGE_1}"),
        &["encrypted bob at 61: no AuthFile to check or decrypt it with", list],
    );
}

#[test]
fn what_a_signature_covers_is_read_unverified_where_nobody_can_check_it() {
    let signed = format!("0200 0027 {} 626f62", "00".repeat(32));
    let list = "h/p/gauge 1795426812+10 [Gauge(1.0)]";
    check_tail(&format!("{signed} {GAUGE_1}"), &["signed bob at 61: unverified", list]);
}
