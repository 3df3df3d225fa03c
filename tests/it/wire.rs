//! The wire, both ways, against the real daemon's bytes.

use crate::support::{data, datagrams, hex, listing};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Names, Severity, Value};
use collectoscope::wire::{
    EncodeError, Encoder, Event, NAME_MAX_BYTES, Protection, decode, encode_notification,
};
use proptest::prelude::*;
use serde_json::json;

/// Host `h`, time 1795426812, interval 10, plugin `p`, type `gauge`: 46 bytes.
const HEADER: &str = "0000 0006 6800  0008 000c 1ac1027f00000000  0009 000c 0000000280000000
                      0002 0006 7000  0004 000a 676175676500";
/// One gauge of 1.0: 15 bytes.
const GAUGE_1: &str = "0006 000f 0001 01 000000000000f03f";

/// What a datagram says, one line per event.
fn told(datagram: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    decode(datagram, &mut |event| {
        lines.push(match event {
            Event::Values(list) => {
                let values: Vec<Value> = list.values.iter().collect();
                let id = Identifier::from_names(&list.names);
                format!("{} {}+{} {values:?}", id, list.time, list.interval)
            }
            Event::Notification(one) => {
                let message = String::from_utf8_lossy(one.message);
                let id = Identifier::from_names(&one.names);
                format!("{id} {} {} {message}", one.time, one.severity.name())
            }
            Event::Protected(part) => {
                let user = String::from_utf8_lossy(part.user);
                format!("{:?} {user} at {}", part.protection, part.offset_bytes)
            }
            Event::Fault(fault) => fault.to_string(),
        });
    });
    lines
}

/// What the datagrams of a capture hold, in the form of its listing. Times come apart.
fn decoded(name: &str) -> Vec<(f64, serde_json::Value)> {
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
        decode(datagram, &mut |event| match event {
            Event::Values(list) => {
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
            Event::Protected(part) => panic!("{name} {packet}: {part:?}"),
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
    let expected = listing(name);
    let found = decoded(name);
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
        assert!(
            (secs - expected_secs).abs() < 1e-6,
            "{secs} {expected_secs} in {found}"
        );
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

/// Decodes a datagram and encodes what it held. `None` when that took more than one datagram.
fn reencoded(datagram: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = Encoder::default();
    let mut out = Vec::new();
    let mut send = |datagram: &[u8]| out.push(datagram.to_vec());
    let mut notifications = Vec::new();
    decode(datagram, &mut |event| match event {
        Event::Values(list) => {
            let values: Vec<Value> = list.values.iter().collect();
            let pushed = encoder.push(&list.names, list.time, list.interval, &values, &mut send);
            pushed.unwrap();
        }
        Event::Notification(one) => {
            let mut out = Vec::new();
            encode_notification(&one.names, one.time, one.severity, one.message, &mut out).unwrap();
            notifications.push(out);
        }
        other => panic!("{other:?}"),
    });
    encoder.flush(&mut send);
    out.append(&mut notifications);
    (out.len() == 1).then(|| out.remove(0))
}

#[test]
fn what_the_daemon_sent_is_encoded_again_byte_for_byte() {
    for name in ["plain", "ipv6", "multicast6", "notifications"] {
        let datagrams = datagrams(&data(&format!("{name}.pcap")));
        assert!(datagrams.len() >= 93);
        for (number, datagram) in datagrams.iter().enumerate() {
            assert_eq!(
                reencoded(datagram).as_ref(),
                Some(datagram),
                "{name} {number}"
            );
        }
    }
}

#[test]
fn signed_and_encrypted_datagrams_name_their_user_and_give_nothing_else() {
    for (name, protection) in [
        ("signed", Protection::Signed),
        ("encrypted", Protection::Encrypted),
    ] {
        for datagram in datagrams(&data(&format!("{name}.pcap"))) {
            let mut events = 0;
            decode(&datagram, &mut |event| {
                events += 1;
                let Event::Protected(part) = event else {
                    panic!("{event:?}")
                };
                assert_eq!((part.protection, part.offset_bytes), (protection, 0));
                assert!([&b"alice"[..], b"bob", b"carol"].contains(&part.user));
            });
            assert_eq!(events, 1);
        }
    }
}

#[track_caller]
fn check(bytes: &str, expected: &[&str]) {
    assert_eq!(told(&hex(bytes)), expected);
}

/// What comes from `tail` behind one good list.
#[track_caller]
fn check_tail(tail: &str, expected: &[&str]) {
    let good = ["h/p/gauge 1795426812+10 [Gauge(1.0)]"];
    check(
        &format!("{HEADER} {GAUGE_1} {tail}"),
        &[&good[..], expected].concat(),
    );
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
fn faults_that_leave_the_rest_sure_are_told_and_passed() {
    let next = format!("0005 0006 7800 {GAUGE_1}");
    let good = "h/p/gauge-x 1795426812+10 [Gauge(1.0)]";
    for (bytes, fault) in [
        ("0006 0006 0000", "at byte 61: values part without values"),
        (
            "0006 000f 0001 04 0000000000000000",
            "at byte 61: unknown data source type 4",
        ),
        (
            "0100 0006 6d00",
            "at byte 61: notification with severity 0, none of 1, 2, 4",
        ),
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
        (
            "0005 0006 7878",
            "at byte 61: string without terminating NUL",
        ),
        (
            "0008 0008 01020304",
            "at byte 61: number part of 8 bytes, not 12",
        ),
        (
            "0006 000f 0002 01 0000000000000000",
            "at byte 61: values part of 15 bytes, but 2 values need 24",
        ),
        (
            "0006 0005 00",
            "at byte 61: values part of 5 bytes, but 0 values need 6",
        ),
        (
            "0200 0008 01020304",
            "at byte 61: signature part of 8 bytes, at least 37",
        ),
        (
            "0210 0008 00090304",
            "at byte 61: encrypted part of 8 bytes is too short for what it claims",
        ),
    ] {
        check_tail(&format!("{bytes} {next}"), &[fault]);
    }
    let long = format!("0005 0085 {} 00 {next}", "78".repeat(128));
    check_tail(&long, &["at byte 61: name of 128 bytes, at most 127"]);
    let message = format!("0100 0105 {} 00 {next}", "78".repeat(256));
    check_tail(&message, &["at byte 61: message of 256 bytes, at most 255"]);
    let nobody = format!("0200 0024 {} {next}", "00".repeat(32));
    check_tail(
        &nobody,
        &["at byte 61: signed or encrypted part without user"],
    );
}

#[test]
fn what_is_left_at_the_end_costs_nothing_before_it() {
    check_tail("00", &["at byte 61: 1 byte behind the last part"]);
    check_tail("000600", &["at byte 61: 3 bytes behind the last part"]);
    check_tail(
        "00000000",
        &["at byte 61: 4 zero bytes behind the last part"],
    );
    let cut = "at byte 61: part of 15 bytes, 5 left: the datagram was cut or is damaged";
    check_tail("0006 000f 00", &[cut]);
    check("", &[]);
}

#[test]
fn values_without_what_they_need_are_a_fault() {
    let needs = |part: &str, what: &str| {
        let fault = format!("values without {what}");
        let bytes = hex(&format!("{} {GAUGE_1}", HEADER.replace(part, "")));
        let told = told(&bytes);
        assert!(told.len() == 1 && told[0].ends_with(&fault), "{told:?}");
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
        &["Encrypted bob at 61", list],
    );
}

#[test]
fn what_a_signature_covers_is_not_read() {
    let signed = format!("0200 0027 {} 626f62", "00".repeat(32));
    check_tail(&format!("{signed} {GAUGE_1}"), &["Signed bob at 61"]);
}

#[track_caller]
fn check_refused(names: &Names<'_>, secs: u64, values: &[Value], size_max: usize, says: &str) {
    let mut encoder = Encoder::new(size_max);
    let time = CdTime::from_secs(secs);
    let mut send = |_: &[u8]| panic!("nothing to send");
    let error = encoder.push(names, time, Interval::from_secs(10), values, &mut send);
    assert_eq!(
        error.map_err(|error| error.to_string()),
        Err(says.to_owned())
    );
    encoder.flush(&mut send);
}

#[test]
fn what_a_receiver_would_not_take_is_not_sent() {
    let one = [Value::Gauge(1.0)];
    let names = Names {
        host: b"h",
        plugin: b"p",
        type_: b"t",
        ..Names::default()
    };
    let long = [b'x'; NAME_MAX_BYTES + 1];
    let long_names = Names {
        plugin_instance: &long,
        ..names
    };
    let too_long = "plugin instance of 128 bytes, at most 127";
    check_refused(&long_names, 1, &one, 1_452, too_long);
    let nul = Names {
        type_instance: b"a\0b",
        ..names
    };
    check_refused(&nul, 1, &one, 1_452, "type instance holds a NUL at byte 1");
    check_refused(&Names { host: b"", ..names }, 1, &one, 1_452, "no host");
    check_refused(&names, 0, &one, 1_452, "no time");
    check_refused(&names, 1, &[], 1_452, "no values");
    check_refused(&names, 1, &one, 56, "57 bytes do not fit a datagram of 56");
    let many = [Value::Counter(1); 8_000];
    check_refused(
        &names,
        1,
        &many,
        usize::MAX,
        "72048 bytes do not fit a datagram of 65535",
    );
}

#[test]
fn a_refused_list_leaves_the_ones_before_it_whole() {
    let names = Names {
        host: b"h",
        plugin: b"p",
        type_: b"t",
        ..Names::default()
    };
    let (time, interval) = (CdTime::from_secs(1), Interval::from_secs(10));
    let mut sent = Vec::new();
    let mut send = |datagram: &[u8]| sent.push(datagram.to_vec());
    let mut encoder = Encoder::new(100);
    encoder
        .push(&names, time, interval, &[Value::Gauge(1.0)], &mut send)
        .unwrap();
    let refused = encoder.push(&names, time, interval, &[Value::Gauge(1.0); 9], &mut send);
    assert!(matches!(
        refused,
        Err(EncodeError::TooLarge {
            bytes: 129,
            size_max: 100
        })
    ));
    encoder.flush(&mut send);
    assert_eq!(sent.len(), 1);
    assert_eq!(told(&sent[0]), ["h/p/t 1+10 [Gauge(1.0)]"]);
}

/// A value list as [`Encoder::push`] takes it. Few names, so that parts repeat.
type Pushed = (Identifier, CdTime, Interval, Vec<Value>);

fn any_list() -> impl Strategy<Value = Pushed> {
    let needed = "[ab]|[a-z]{1,9}|[é日]{1,9}";
    let instance = "|[01]|[a-z]{0,40}";
    let value = (0_u8..4, any::<u64>()).prop_map(|(kind, bits)| {
        let value = Value::from_bits(DsType::from_code(kind).unwrap(), bits);
        if matches!(value, Value::Gauge(gauge) if gauge.is_nan()) {
            Value::Gauge(0.5)
        } else {
            value
        }
    });
    let names = (needed, needed, instance, needed, instance)
        .prop_map(|(h, p, pi, t, ti)| Identifier::new(&h, &p, &pi, &t, &ti));
    let time = prop_oneof![1_u64..4, 1..=u64::MAX].prop_map(CdTime::from_raw);
    let interval = prop_oneof![0_u64..3, any::<u64>()].prop_map(Interval::from_raw);
    (names, time, interval, prop::collection::vec(value, 1..5))
}

/// All lists, encoded into datagrams of at most `size_max`, and read back.
fn through_the_wire(lists: &[Pushed], size_max: usize) -> Vec<Pushed> {
    let mut back = Vec::new();
    let mut receive = |datagram: &[u8]| {
        assert!(datagram.len() <= size_max);
        decode(datagram, &mut |event| {
            let Event::Values(list) = event else {
                panic!("{event:?}")
            };
            let id = Identifier::from_names(&list.names);
            back.push((id, list.time, list.interval, list.values.iter().collect()));
        });
    };
    let mut encoder = Encoder::new(size_max);
    for (id, time, interval, values) in lists {
        encoder
            .push(&id.names(), *time, *interval, values, &mut receive)
            .unwrap();
    }
    encoder.flush(&mut receive);
    back
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_split_at_any_size_come_back_as_they_were(
        lists in prop::collection::vec(any_list(), 0..40),
        size_max in 400_usize..3_000,
    ) {
        prop_assert_eq!(through_the_wire(&lists, size_max), lists);
    }

    #[test]
    fn notifications_come_back_as_they_were(
        (id, time, _, _) in any_list(),
        severity in prop::sample::select(vec![Severity::Failure, Severity::Warning, Severity::Okay]),
        message in "[^\0]{1,63}",
    ) {
        let mut datagram = b"old".to_vec();
        encode_notification(&id.names(), time, severity, message.as_bytes(), &mut datagram).unwrap();
        prop_assert_eq!(told(&datagram), [format!("{id} {time} {} {message}", severity.name())]);
    }
}

#[test]
fn a_refused_notification_says_why() {
    let mut out = Vec::new();
    let mut refuse = |secs: u64, message: &[u8]| {
        let time = CdTime::from_secs(secs);
        let names = Names::default();
        encode_notification(&names, time, Severity::Okay, message, &mut out)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refuse(1, &[b'x'; 256]), "message of 256 bytes, at most 255");
    assert_eq!(refuse(1, b""), "no message");
    assert_eq!(refuse(0, b"x"), "no time");
}
