//! The wire written: what comes back, what the daemon would have written, what is refused.

use crate::support::{data, datagrams, events, keys};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Names, Severity, Value};
use collectoscope::wire::{
    Decoder, EncodeError, Encoder, Event, NAME_MAX_BYTES, Part, Protection, Seal, SecurityLevel,
    decode, encode_notification, parts,
};
use proptest::prelude::*;

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
            assert_eq!(reencoded(datagram).as_ref(), Some(datagram), "{name} {number}");
        }
    }
}

/// The content of a signed or encrypted datagram, encoded and sealed again as it was.
fn sealed_again(datagram: &[u8]) -> Vec<u8> {
    let (_, part) = parts(datagram).next().unwrap().unwrap();
    let (protection, user, iv) = match part {
        Part::Signature { user, .. } => (Protection::Signed, user, [0; 16]),
        Part::Encryption { user, iv, .. } => (Protection::Encrypted, user, *iv),
        other => panic!("{other:?}"),
    };
    let password: &[u8] = match user {
        b"alice" => b"w0nderl4nd",
        b"bob" => b"bu1|der",
        _ => b"s3cret-cache",
    };
    let (mut encoder, mut payload) = (Encoder::default(), Vec::new());
    let mut send = |bytes: &[u8]| payload.extend_from_slice(bytes);
    Decoder::new(Some(keys())).decode(SecurityLevel::None, datagram, &mut |event| {
        if let Event::Values(list) = event {
            let values: Vec<Value> = list.values.iter().collect();
            encoder.push(&list.names, list.time, list.interval, &values, &mut send).unwrap();
        }
    });
    encoder.flush(&mut send);
    let mut sealed = Vec::new();
    Seal::new(protection, user, password).unwrap().seal(&payload, &iv, &mut sealed);
    sealed
}

#[test]
fn what_the_daemon_signed_or_encrypted_is_sealed_again_byte_for_byte() {
    for name in ["signed", "encrypted"] {
        let datagrams = datagrams(&data(&format!("{name}.pcap")));
        assert_eq!(datagrams.len(), 100);
        for (number, datagram) in datagrams.iter().enumerate() {
            assert!(sealed_again(datagram) == *datagram, "{name} {number}");
        }
    }
}

#[track_caller]
fn check_refused(names: &Names<'_>, secs: u64, values: &[Value], size_max: usize, says: &str) {
    let mut encoder = Encoder::new(size_max);
    let time = CdTime::from_secs(secs);
    let mut send = |_: &[u8]| panic!("nothing to send");
    let error = encoder.push(names, time, Interval::from_secs(10), values, &mut send);
    assert_eq!(error.map_err(|error| error.to_string()), Err(says.to_owned()));
    encoder.flush(&mut send);
}

#[test]
fn what_a_receiver_would_refuse_is_not_sent() {
    let one = [Value::Gauge(1.0)];
    let names = Names { host: b"h", plugin: b"p", type_: b"t", ..Names::default() };
    let long = [b'x'; NAME_MAX_BYTES + 1];
    let long_names = Names { plugin_instance: &long, ..names };
    let too_long = "plugin instance of 128 bytes, at most 127";
    check_refused(&long_names, 1, &one, 1_452, too_long);
    let nul = Names { type_instance: b"a\0b", ..names };
    check_refused(&nul, 1, &one, 1_452, "type instance holds a NUL at byte 1");
    check_refused(&Names { host: b"", ..names }, 1, &one, 1_452, "no host");
    check_refused(&names, 0, &one, 1_452, "no time");
    check_refused(&names, 1, &[], 1_452, "no values");
    check_refused(&names, 1, &one, 56, "57 bytes do not fit a datagram of 56");
    let many = [Value::Counter(1); 8_000];
    check_refused(&names, 1, &many, usize::MAX, "72048 bytes do not fit a datagram of 65535");
}

#[test]
fn a_refused_list_leaves_the_ones_before_it_whole() {
    let names = Names { host: b"h", plugin: b"p", type_: b"t", ..Names::default() };
    let (time, interval) = (CdTime::from_secs(1), Interval::from_secs(10));
    let mut sent = Vec::new();
    let mut send = |datagram: &[u8]| sent.push(datagram.to_vec());
    let mut encoder = Encoder::new(100);
    encoder.push(&names, time, interval, &[Value::Gauge(1.0)], &mut send).unwrap();
    let refused = encoder.push(&names, time, interval, &[Value::Gauge(1.0); 9], &mut send);
    assert!(matches!(refused, Err(EncodeError::TooLarge { bytes: 129, size_max: 100 })));
    encoder.flush(&mut send);
    assert_eq!(sent.len(), 1);
    assert_eq!(events(&sent[0]), ["h/p/t 1+10 [Gauge(1.0)]"]);
}

const SEVERITIES: &[Severity] = &[Severity::Failure, Severity::Warning, Severity::Okay];

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
            let Event::Values(list) = event else { panic!("{event:?}") };
            let id = Identifier::from_names(&list.names);
            back.push((id, list.time, list.interval, list.values.iter().collect()));
        });
    };
    let mut encoder = Encoder::new(size_max);
    for (id, time, interval, values) in lists {
        encoder.push(&id.names(), *time, *interval, values, &mut receive).unwrap();
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
        severity in prop::sample::select(SEVERITIES),
        message in "[^\0]{1,63}",
    ) {
        let mut datagram = b"old".to_vec();
        let message_bytes = message.as_bytes();
        encode_notification(&id.names(), time, severity, message_bytes, &mut datagram).unwrap();
        prop_assert_eq!(events(&datagram), [format!("{id} {time} {} {message}", severity.name())]);
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
