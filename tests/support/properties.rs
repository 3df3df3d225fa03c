//! What must hold for any bytes: shared by the ordinary tests and the fuzz targets.
//!
//! Each function takes the bytes of one input and panics where a property is broken.

use collectoscope::ingest::{Batch, Ingest};
use collectoscope::metric::{CdTime, Identifier, Interval, Value};
use collectoscope::source::capture::{Capture, Counts};
use collectoscope::text::{self, Command, Context};
use collectoscope::typesdb::{DATA_SOURCES_MAX, TypesDb};
use collectoscope::wire::{
    Decoder, Encoder, Event, KeyRing, NAME_MAX_BYTES, Protection, Seal, SecurityLevel, Trust,
    encode_notification, listing,
};
use std::path::Path;
use std::sync::{Arc, LazyLock};

const LEVELS: [SecurityLevel; 3] =
    [SecurityLevel::None, SecurityLevel::Sign, SecurityLevel::Encrypt];
/// The users of the captures.
const AUTH_FILE: &[u8] = include_bytes!("../data/authfile");

/// A datagram: read without panic at every level, what is accepted is whole and protected enough,
/// comes back when it is encoded or sealed, and every byte can be listed.
pub fn datagram(bytes: &[u8]) {
    let keys = Arc::new(KeyRing::parse(AUTH_FILE).0);
    for keys in [None, Some(keys)] {
        let mut decoder = Decoder::new(keys.clone());
        for level in LEVELS {
            read(&mut decoder, level, bytes);
            let mut text = String::new();
            listing(bytes, level, &mut decoder, &mut text).unwrap();
            assert_eq!(text.is_empty(), bytes.is_empty());
        }
    }
    let lists = lists(&mut Decoder::default(), SecurityLevel::None, bytes);
    comes_back(&lists);
    sealed_reads_as_plain(bytes, &lists);
    stream(&[bytes, bytes, &bytes[..bytes.len() / 2], bytes]);
}

/// Datagrams of one sender, one after another: what was learnt from the earlier ones changes
/// nothing in what the later ones say.
pub fn stream(datagrams: &[&[u8]]) {
    let sender = ([192, 0, 2, 1], 1).into();
    let mut knowing = Ingest::new();
    let mut known = Vec::new();
    for &bytes in datagrams {
        knowing.datagram(bytes, sender, CdTime::from_secs(1), SecurityLevel::None);
        let accepted = rows(&knowing.take(None), &mut known);
        let mut fresh = Ingest::new();
        fresh.datagram(bytes, sender, CdTime::from_secs(1), SecurityLevel::None);
        assert_eq!(accepted, rows(&fresh.take(None), &mut Vec::new()));
        let lists = lists(&mut Decoder::default(), SecurityLevel::None, bytes);
        assert_eq!(accepted.1, lists.len() as u64);
        assert_eq!(accepted.0.len(), lists.len());
    }
}

type Accepted = (Vec<(Identifier, CdTime, Interval, Trust, Vec<u64>)>, u64, u64, u64);

/// The rows of a batch with their names, and what was counted; `known` are the lists announced so
/// far.
fn rows(batch: &Batch, known: &mut Vec<Identifier>) -> Accepted {
    for announced in &batch.announced {
        assert_eq!(announced.list.0 as usize, known.len());
        known.push(announced.identifier.clone());
    }
    let mut values = batch.values.iter().copied();
    let rows = batch.rows.iter().map(|row| {
        let numbers = values.by_ref().take(row.values_count.into()).collect();
        let identifier = known[row.list.0 as usize].clone();
        (identifier, row.time, row.interval, row.trust, numbers)
    });
    let rows = rows.collect();
    assert_eq!(values.next(), None);
    let delta = &batch.senders[0];
    (rows, delta.lists, delta.values, delta.faults)
}

/// A capture: read to an end without panic, and what there is of one that was cut off is read as
/// before.
pub fn capture(bytes: &[u8]) {
    let (whole, counts) = captured(bytes);
    assert_eq!(whole.len() as u64, counts.datagrams);
    assert!(counts.datagrams + counts.others + counts.unread <= counts.packets);
    let (start, _) = captured(&bytes[..bytes.len() / 2]);
    assert!(whole.starts_with(&start));
}

/// The datagrams of a capture, and what was counted.
fn captured(bytes: &[u8]) -> (Vec<Vec<u8>>, Counts) {
    let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
    let mut all = Vec::new();
    let Ok(mut capture) = Capture::read(Path::new("some.pcap"), reader) else {
        return (all, Counts::default());
    };
    while let Ok(true) = capture.next(&mut |datagram| all.push(datagram.bytes.to_vec())) {}
    (all, capture.counts())
}

/// Checks every event of one listener, and that nothing comes behind the end.
fn read(decoder: &mut Decoder, level: SecurityLevel, bytes: &[u8]) {
    // A fault inside an encrypted part ends that part only.
    let (mut end_seen, mut opened) = (false, false);
    decoder.decode(level, bytes, &mut |event| {
        let late =
            matches!(event, Event::Fault(fault) if fault.kind.class() == "less protected than demanded");
        assert!(!end_seen || late, "nothing comes behind the end: {event:?}");
        match event {
            Event::Values(list) => {
                let needed = [list.names.host, list.names.plugin, list.names.type_];
                assert!(needed.iter().all(|name| !name.is_empty() && name.len() <= NAME_MAX_BYTES));
                assert!(list.time > CdTime::ZERO && list.trust >= level.least());
                assert_eq!(list.values.iter().count(), list.values.len());
                assert!(!list.values.is_empty() && list.offset_bytes < bytes.len());
            }
            Event::Notification(one) => {
                assert!(one.time > CdTime::ZERO && !one.message.is_empty());
                assert!(one.trust >= level.least() && one.offset_bytes < bytes.len());
                let mut again = Vec::new();
                let names = &one.names;
                encode_notification(names, one.time, one.severity, one.message, &mut again).unwrap();
            }
            Event::Protected(part) => {
                assert!(!part.user.is_empty() && part.offset_bytes < bytes.len());
                opened |= part.outcome == Ok(Trust::Encrypted);
                let refused = part.protection == Protection::Signed && part.outcome.is_err();
                end_seen = refused && !opened;
            }
            Event::Fault(fault) => {
                assert!(fault.offset_bytes < bytes.len() && !fault.to_string().is_empty());
                end_seen = fault.kind.is_final() && !opened;
            }
        }
    });
}

/// A value list, owned; names stay bytes.
#[derive(Clone, Debug, PartialEq)]
struct List {
    names: [Vec<u8>; 5],
    time: CdTime,
    interval: collectoscope::metric::Interval,
    values: Vec<(u8, u64)>,
}

fn lists(decoder: &mut Decoder, level: SecurityLevel, bytes: &[u8]) -> Vec<List> {
    let mut lists = Vec::new();
    decoder.decode(level, bytes, &mut |event| {
        if let Event::Values(list) = event {
            let names = list.names;
            let names =
                [names.host, names.plugin, names.plugin_instance, names.type_, names.type_instance];
            let bits = |value: Value| match value {
                // The daemon has one NaN, and so has the encoder.
                Value::Gauge(gauge) if gauge.is_nan() => (1, f64::NAN.to_bits()),
                value => (value.ds_type().code(), value.bits()),
            };
            lists.push(List {
                names: names.map(<[u8]>::to_vec),
                time: list.time,
                interval: list.interval,
                values: list.values.iter().map(bits).collect(),
            });
        }
    });
    lists
}

/// Encoded again, in datagrams small and large, the same lists come in the same order.
fn comes_back(expected: &[List]) {
    for size_max in [1_024, 1_452, 65_535] {
        let (mut encoder, mut datagrams) = (Encoder::new(size_max), Vec::new());
        let mut send = |bytes: &[u8]| datagrams.push(bytes.to_vec());
        let mut sent = Vec::new();
        for list in expected {
            let names = collectoscope::metric::Names {
                host: &list.names[0],
                plugin: &list.names[1],
                plugin_instance: &list.names[2],
                type_: &list.names[3],
                type_instance: &list.names[4],
            };
            let values: Vec<Value> = list
                .values
                .iter()
                .map(|&(code, bits)| {
                    let kind = collectoscope::metric::DsType::from_code(code).unwrap();
                    Value::from_bits(kind, bits)
                })
                .collect();
            match encoder.push(&names, list.time, list.interval, &values, &mut send) {
                Ok(()) => sent.push(list.clone()),
                Err(error) => assert!(error.to_string().contains("do not fit"), "{error}"),
            }
        }
        encoder.flush(&mut send);
        assert!(datagrams.iter().all(|bytes| bytes.len() <= size_max));
        assert!(size_max < 65_535 || sent.len() == expected.len());
        let mut decoder = Decoder::default();
        let back: Vec<List> = datagrams
            .iter()
            .flat_map(|bytes| lists(&mut decoder, SecurityLevel::None, bytes))
            .collect();
        assert_eq!(back, sent);
    }
}

/// Signed or encrypted, the same bytes say the same.
fn sealed_reads_as_plain(bytes: &[u8], expected: &[List]) {
    let mut keys = KeyRing::new();
    assert!(keys.insert(b"user", b"password"));
    let mut decoder = Decoder::new(Some(Arc::new(keys)));
    for (protection, level) in
        [(Protection::Signed, SecurityLevel::Sign), (Protection::Encrypted, SecurityLevel::Encrypt)]
    {
        let seal = Seal::new(protection, b"user", b"password").unwrap();
        if bytes.is_empty() || bytes.len() + seal.overhead_bytes() > 65_535 {
            continue;
        }
        let mut sealed = Vec::new();
        seal.seal(bytes, &[0x5a; 16], &mut sealed);
        assert_eq!(sealed.len(), bytes.len() + seal.overhead_bytes());
        // Without the AuthFile's users a signature inside is unverified; here its user is unknown.
        if !bytes.windows(2).any(|pair| pair == [2, 0] || pair == [2, 0x10]) {
            assert_eq!(lists(&mut decoder, level, &sealed), expected);
        }
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(lists(&mut decoder, level, &sealed).is_empty(), "a flipped bit is found");
    }
}

/// An AuthFile: read without panic, faults are of its lines, and no password is shown.
pub fn auth_file(bytes: &[u8]) {
    let (keys, faults) = KeyRing::parse(bytes);
    let lines = bytes.split(|&byte| byte == b'\n').count();
    assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
    assert!(!keys.knows(b""));
    // What the longest line is cut into.
    let pieces = lines + bytes.len() / 4_095;
    assert!(keys.len() <= pieces);
    assert!(!format!("{keys:?}").contains(':') || format!("{keys:?}").len() < 40);
    // A user added at the end is there, whatever stands before; the first one counts.
    let more = [bytes, b"\nsomebody-else: x\n"].concat();
    let (again, _) = KeyRing::parse(&more);
    assert!(again.knows(b"somebody-else"));
    assert!(again.len() == keys.len() + usize::from(!keys.knows(b"somebody-else")));
}

/// A types.db: read without panic, every set has sources, and a good line is read behind anything.
pub fn types_db(bytes: &[u8]) {
    let (types, faults) = TypesDb::parse(bytes, "fuzz");
    let lines = bytes.split(|&byte| byte == b'\n').count();
    assert!(types.len() <= lines);
    assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
    for fault in faults.iter().take(3) {
        assert!(fault.to_string().contains("line"), "{fault}");
    }
    let more = [bytes, b"\nonly_here value:GAUGE:0:U\n"].concat();
    let (again, _) = TypesDb::parse(&more, "fuzz");
    let set = again.get("only_here").unwrap();
    assert!((1..=DATA_SOURCES_MAX).contains(&set.sources.len()));
}

/// A line of the plain text protocol: read without panic, an error is about a place in it, and what
/// is accepted and written again stays the same from then on.
pub fn text_line(bytes: &[u8]) {
    static TYPES: LazyLock<TypesDb> = LazyLock::new(TypesDb::built_in);
    let now = CdTime::from_secs(1_795_426_812);
    let context = Context { types: &TYPES, now, host: b"here", interval: Interval::ZERO };
    let read = |line: &[u8]| {
        let command = text::parse(line, &context)?;
        Ok::<_, text::LineError>(command.map(|command| rewritten(&command)))
    };
    match read(bytes) {
        Ok(None) => {}
        Ok(Some(lines)) => {
            for line in lines {
                assert!(!line.contains(&b'\n'));
                let again = read(&line).unwrap().unwrap();
                assert_eq!(again, [line]);
            }
        }
        Err(error) => {
            assert!(error.offset_bytes <= bytes.len());
            assert!(error.to_string().starts_with("column "));
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
        }
    }
}

/// A line for each value list.
fn rewritten(command: &Command<'_>) -> Vec<Vec<u8>> {
    match command {
        Command::Values(values) => values
            .lists
            .iter()
            .map(|list| {
                let mut line = Vec::new();
                let numbers = list.values.iter().copied();
                text::write_values(&mut line, &values.names(), list.time, list.interval, numbers);
                line
            })
            .collect(),
        Command::Notification(one) => {
            let mut line = Vec::new();
            text::write_notification(&mut line, &one.names(), one.time, one.severity, &one.message);
            vec![line]
        }
    }
}

/// The slash form is safe to show, whatever the names.
pub fn shown(names: [&str; 5]) {
    let [host, plugin, plugin_instance, type_, type_instance] = names;
    let text = Identifier::new(host, plugin, plugin_instance, type_, type_instance).to_string();
    assert!(!text.chars().any(char::is_control));
}
