//! Malformed datagrams: what we read in them, beside what the real daemon reads.

use crate::support::{data, hex, keys, properties};
use collectoscope::metric::{Names, Value};
use collectoscope::wire::{Decoder, Event, NESTING_MAX, Protection, Seal, SecurityLevel};
use proptest::prelude::*;

/// Datagrams on which we differ from the daemon's listeners: what we keep, and why.
fn differs(listen: &str, case: &str) -> Option<&'static [&'static str]> {
    if listen != "none" {
        return None;
    }
    Some(match case {
        // It read the length of a number part as 12 and the bytes of the next part as a time.
        "number-len-4-header" => &["h/p/gauge 1"],
        // Its csv file holds one row per time and identifier.
        "string-empty-payload-nul" => &["h/p/gauge 1", "h/p/gauge 2"],
        // The lengths agree, so what follows is where it should be.
        "values-ds-type-4" => &["h/p/gauge 1", "h/p/gauge-after 2"],
        // No types.db at this floor: any type, any number of values, the kinds of the datagram.
        "values-2-for-1-ds" => &["h/p/gauge 1", "h/p/gauge-x 1 2", "h/p/gauge-y 3"],
        "type-unknown-to-typesdb" => &["h/p/nosuchtype 1", "h/p/gauge 2"],
        "type-with-dash" => &["h/p/gauge-x 1"],
        "ds-kind-mismatch-derive-for-gauge" => &["h/p/gauge 5"],
        "ds-kind-mismatch-gauge-for-counter" => &["h/p/counter 5"],
        // Its csv file holds the rate.
        "absolute" => &["h/p/absolute 7"],
        // An encrypted part covers only itself.
        "encrypted-then-plain" => &["h2/p/gauge 2"],
        _ => return None,
    })
}

/// The daemon drops a leading slash, replaces the others and writes other bytes escaped.
fn as_the_daemon_writes(names: &Names<'_>) -> String {
    let clean = |name: &[u8]| {
        name.strip_prefix(b"/")
            .unwrap_or(name)
            .iter()
            .map(|&byte| match byte {
                b'/' => "_".to_owned(),
                0x80.. => format!("\\x{byte:02x}"),
                _ => char::from(byte).to_string(),
            })
            .collect::<String>()
    };
    let joined = |name: &[u8], instance: &[u8]| match instance {
        [] => clean(name),
        _ => format!("{}-{}", clean(name), clean(instance)),
    };
    let plugin = joined(names.plugin, names.plugin_instance);
    format!("{}/{plugin}/{}", clean(names.host), joined(names.type_, names.type_instance))
}

/// Result of one datagram for a listener: lists as `identifier values`, notifications, faults.
fn outcome(datagram: &[u8], listen: &str) -> (Vec<String>, usize, usize) {
    let (mut lists, mut notifications, mut faults) = (Vec::new(), 0, 0);
    let (level, keys) = match listen {
        "none" => (SecurityLevel::None, None),
        "none+authfile" => (SecurityLevel::None, Some(keys())),
        level => (level.parse().unwrap(), Some(keys())),
    };
    Decoder::new(keys).decode(level, datagram, &mut |event| match event {
        Event::Values(list) => {
            let values = list.values.iter().map(|value| match value {
                Value::Counter(number) | Value::Absolute(number) => format!(" {number}"),
                Value::Derive(number) => format!(" {number}"),
                Value::Gauge(number) => format!(" {number}"),
            });
            lists.push(as_the_daemon_writes(&list.names) + &values.collect::<String>());
        }
        Event::Notification(_) => notifications += 1,
        Event::Protected(part) => faults += usize::from(part.outcome.is_err()),
        Event::Fault(_) => faults += 1,
    });
    (lists, notifications, faults)
}

#[test]
fn malformed_datagrams_give_what_the_daemon_accepted_or_more_that_is_good() {
    let cases = std::fs::read_to_string(data("malformed.jsonl")).unwrap();
    let mut checked = 0;
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let listen = case["listen"].as_str().unwrap();
        let name = case["case"].as_str().unwrap();
        let datagram = hex(case["hex"].as_str().unwrap());
        let (mut lists, notifications, faults) = outcome(&datagram, listen);
        let mut expected: Vec<String> = match differs(listen, name) {
            Some(ours) => ours.iter().map(|&list| list.to_owned()).collect(),
            None => case["accepted"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    let number = row[2][0].as_str().unwrap().strip_prefix("value=").unwrap();
                    format!("{} {}", row[0].as_str().unwrap(), number.parse::<f64>().unwrap())
                })
                .collect(),
        };
        if name == "1453-bytes" {
            // It reads into 1,452 bytes and loses the last list; we read all.
            let extra: Vec<_> = lists.iter().filter(|list| !expected.contains(list)).collect();
            assert_eq!(extra.len(), 1);
            expected.push(extra[0].clone());
        }
        lists.sort();
        expected.sort();
        assert_eq!(lists, expected, "{listen} {name}");
        let log: Vec<&str> =
            case["log"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let logged = log.iter().filter(|line| line.contains("Notification: severity")).count();
        assert_eq!(notifications, logged, "{listen} {name}");
        let complaint = log.iter().any(|line| {
            [" parse_p", "ignored", "mismatch", "Unknown user", "Failed to get cypher"]
                .iter()
                .any(|words| line.contains(words))
        });
        assert!(!complaint || faults > 0 || name == "1453-bytes", "{listen} {name}: {log:?}");
        checked += 1;
    }
    assert_eq!(checked, 150);
}

/// A gauge `h/p/gauge` of 1, sealed again and again.
fn nested(seals: &[Protection]) -> Vec<u8> {
    let mut bytes = hex("0000 0006 6800  0008 000c 1ac1027f00000000  0002 0006 7000
                         0004 000a 676175676500  0006 000f 0001 01 000000000000f03f");
    for &protection in seals {
        let seal = Seal::new(protection, b"alice", b"w0nderl4nd").unwrap();
        let payload = std::mem::take(&mut bytes);
        seal.seal(&payload, &[5; 16], &mut bytes);
    }
    bytes
}

#[test]
fn protection_inside_protection_is_opened_to_its_bound_and_no_deeper() {
    use Protection::{Encrypted, Signed};
    for order in [[Signed, Signed], [Signed, Encrypted], [Encrypted, Signed], [Encrypted; 2]] {
        for depth in 1..=40 {
            let seals: Vec<_> = order.iter().copied().cycle().take(depth).collect();
            let (lists, _, faults) = outcome(&nested(&seals), "none+authfile");
            let opened = depth <= NESTING_MAX;
            assert_eq!((lists.len(), faults), (usize::from(opened), usize::from(!opened)));
        }
    }
}

#[test]
fn a_datagram_full_of_signatures_costs_no_more_than_its_bound() {
    let mut bytes = Vec::new();
    while bytes.len() < 65_000 {
        bytes.extend(hex(&format!("0200 0029 {} 616c696365", "00".repeat(32))));
    }
    // Unverified, each of the 1,585 is looked at once; checked, the first is wrong.
    assert_eq!(outcome(&bytes, "none").2, 0);
    assert_eq!(outcome(&bytes, "sign").2, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        properties::datagram(&bytes);
    }
}
