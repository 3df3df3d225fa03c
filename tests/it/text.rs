//! The plain text protocol: what comes back, and what the real daemon makes of the same lines.

use crate::support::daemon::{Daemon, Plan, cell};
use crate::support::wait::until;
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Names, Severity, Value};
use collectoscope::text::{self, Command, Context};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Encoder, Event, decode, encode_notification};
use proptest::prelude::*;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

fn types() -> TypesDb {
    let mut all = TypesDb::built_in();
    all.merge(TypesDb::parse(b"mixed a:COUNTER:U:U b:GAUGE:U:U c:DERIVE:U:U d:ABSOLUTE:U:U", "").0);
    all
}

fn context(types: &TypesDb) -> Context<'_> {
    let now = CdTime::from_secs(1_795_426_812);
    Context { types, now, host: b"here", interval: Interval::ZERO }
}

/// Owned names: host, plugin, plugin instance, type instance. The type is always `mixed`.
type Owned = [Vec<u8>; 4];

fn names(owned: &Owned) -> Names<'_> {
    let [host, plugin, plugin_instance, type_instance] = owned;
    Names { host, plugin, plugin_instance, type_: b"mixed", type_instance }
}

/// Bytes that a name keeps on its way through a line: anything but controls and slashes.
fn any_name(least: usize, without: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_map(|byte| if byte < 0x20 || byte == 0x7f { b'"' } else { byte });
    let free = prop::collection::vec(byte, least..100).prop_map(move |mut name| {
        name.iter_mut().for_each(|byte| {
            if *byte == b'/' || without.contains(byte) {
                *byte = b'\\';
            }
        });
        name
    });
    let text = "[a-z\"\\\\ =:é日]{1,30}".prop_map(String::into_bytes);
    // What is made visible on a screen is replaced in a line: C1 controls, marks of direction.
    prop_oneof![free, text].prop_map(|name| {
        let text = String::from_utf8_lossy(&name);
        if collectoscope::metric::display_safe(&text) == text { name } else { b"safe".to_vec() }
    })
}

fn any_owned() -> impl Strategy<Value = Owned> {
    // A plugin with a `-` reads back as plugin and instance.
    (any_name(1, b"-"), any_name(1, b"-"), any_name(0, b""), any_name(0, b"")).prop_map(
        |(host, plugin, plugin_instance, type_instance)| {
            [host, plugin, plugin_instance, type_instance]
        },
    )
}

fn any_values() -> impl Strategy<Value = [Value; 4]> {
    any::<[u64; 4]>().prop_map(|bits| {
        let mut kinds = [DsType::Counter, DsType::Gauge, DsType::Derive, DsType::Absolute].iter();
        bits.map(|bits| Value::from_bits(*kinds.next().unwrap(), bits))
    })
}

/// NaN is one value, as on the wire.
fn bits(values: &[Value]) -> Vec<(DsType, u64)> {
    let bits = |value: &Value| match value {
        Value::Gauge(number) if number.is_nan() => f64::NAN.to_bits(),
        _ => value.bits(),
    };
    values.iter().map(|value| (value.ds_type(), bits(value))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_comes_back_through_line_and_wire_as_it_was(
        owned in any_owned(),
        time in prop_oneof![
            1..=u64::MAX,
            (1_u64..1 << 30).prop_map(|raw| (1_795_426_812 << 30) + raw),
        ],
        interval in any::<u64>(),
        values in any_values(),
    ) {
        let (time, interval) = (CdTime::from_raw(time), Interval::from_raw(interval));
        let mut line = Vec::new();
        text::write_values(&mut line, &names(&owned), time, interval, values);
        let types = types();
        let Some(Command::Values(read)) = text::parse(&line, &context(&types)).unwrap() else {
            panic!("{line:?}")
        };
        prop_assert_eq!(read.names(), names(&owned));
        prop_assert_eq!(read.lists.len(), 1);
        let list = &read.lists[0];
        let mut back = Vec::new();
        let mut receive = |datagram: &[u8]| decode(datagram, &mut |event| {
            let Event::Values(list) = event else { panic!("{event:?}") };
            assert_eq!(list.names, names(&owned));
            back.push((list.time, list.interval, bits(&list.values.iter().collect::<Vec<_>>())));
        });
        let mut encoder = Encoder::default();
        encoder.push(&read.names(), list.time, list.interval, &list.values, &mut receive).unwrap();
        encoder.flush(&mut receive);
        prop_assert_eq!(back, [(time, interval, bits(&values))]);
    }

    #[test]
    fn a_notification_comes_back_through_line_and_wire_as_it_was(
        owned in any_owned(),
        time in 1..=u64::MAX,
        severity in prop::sample::select(&[Severity::Failure, Severity::Warning, Severity::Okay]),
        message in any_name(1, b""),
    ) {
        let (time, names) = (CdTime::from_raw(time), names(&owned));
        let mut line = Vec::new();
        text::write_notification(&mut line, &names, time, severity, &message);
        let types = types();
        let Some(Command::Notification(read)) = text::parse(&line, &context(&types)).unwrap()
        else {
            panic!("{line:?}")
        };
        let mut datagram = Vec::new();
        encode_notification(&read.names(), read.time, read.severity, &read.message, &mut datagram)
            .unwrap();
        let mut count = 0;
        decode(&datagram, &mut |event| {
            let Event::Notification(one) = event else { panic!("{event:?}") };
            assert_eq!((one.names, one.time, one.severity), (names, time, severity));
            assert_eq!(one.message, message);
            count += 1;
        });
        prop_assert_eq!(count, 1);
    }

    #[test]
    fn no_line_makes_the_reader_panic_and_errors_point_into_it(
        line in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(PUTVAL|PUTNOTIF)[ \"\\\\:/=\\-a-z0-9NU.]{0,60}".prop_map(String::into_bytes),
            "PUTVAL \"?h/p/(if_octets|mixed)\"?( (interval=)?[\":0-9NUex.\\-]{1,12}){0,3}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let types = types();
        if let Err(error) = text::parse(&line, &context(&types)) {
            prop_assert!(error.offset_bytes <= line.len(), "{error}");
        }
    }
}

/// Lines, and what the unixsock plugin of the daemon must make of them: the same as we, except
/// where we refuse what it would read as something else than was written.
const LINES: &[&str] = &[
    "PUTVAL h/p/gauge 1795426801:1",
    "putval h/p/gauge-case 1795426801:1",
    "PUTVAL \"h/p q/gauge-a b\" 1795426801:1.5",
    "PUTVAL h/p/gauge-\"c d\" 1795426801:1",
    "PUTVAL \"h/p/gauge-e\\f\" 1795426801:1",
    "PUTVAL\th/p/gauge-tab\t1795426801:1",
    "  PUTVAL h/p/gauge-indented 1795426801:1  ",
    "PUTVAL h/p/gauge-quoted \"1795426801:1\" 1795426802:\"2\"",
    "PUTVAL h/p/gauge-blank \"1795426801:1 \"",
    "PUTVAL h/p-/gauge- 1795426803:1",
    "PUTVAL h/p-i-j/gauge-k-l 1795426801:1",
    "PUTVAL h/p/gauge interval=x 1795426804:1",
    "PUTVAL h/p/gauge interval= 1795426805:1",
    "PUTVAL h/p/gauge interval=0 1795426806:1",
    "PUTVAL h/p/gauge \"interval=5\" 1795426807:1",
    "PUTVAL h/p/gauge interval=60,000 1795426810:1",
    "PUTVAL h/p/gauge interval=7.5s 1795426811:1",
    "PUTVAL h/p/gauge interval=1e1,5 1795426812:1",
    "PUTVAL 'h/p/gauge' 1795426801:1",
    "PUTVAL h/p-a b/gauge 1795426801:1",
    "PUTVAL h/p/gauge meta:a=\"b c\" 1795426808:1",
    "PUTVAL h/p/gauge interval=5",
    "PUTVAL h/p/gauge",
    "PUTVAL",
    "PUTVAL h/p/gauge-u 1795426801:U 1795426802:nan 1795426803:-inf",
    "PUTVAL h/p/derive 1795426801:U",
    "PUTVAL h/p/derive 1795426801:1.5",
    "PUTVAL h/p/derive 1795426802:0x10 1795426803:010 1795426804:-3",
    "PUTVAL h/p/counter 1795426801:-3",
    "PUTVAL h/p/counter 1795426802:18446744073709551615",
    "PUTVAL h/p/counter 1795426803:99999999999999999999999",
    "PUTVAL h/p/if_octets 1795426801:1",
    "PUTVAL h/p/if_octets 1795426801:1:2:3",
    "PUTVAL h/p/if_octets-x 1795426801:1:2 1795426802:3:4",
    "PUTVAL h/p/mixed 1795426801:1:2:-3:4",
    "PUTVAL h/p/gauge-colons :1795426801::1:",
    "PUTVAL h/p/gauge 0:1",
    "PUTVAL h/p/gauge -5:1",
    "PUTVAL h/p/gauge-e9 1e9:1",
    "PUTVAL h/p/gauge-fraction 1795426801.25:1",
    "PUTVAL h/p/gauge inf:1",
    "PUTVAL h/p/gauge n:1",
    "PUTVAL h/p/gauge 1795426801,5:1",
    "PUTVAL h/p/gauge 1795426801:u",
    "PUTVAL h/p/gauge 1795426809:1x",
    "PUTVAL h/p/gauge-hex 1795426801:0x1F",
    "PUTVAL h//gauge 1795426801:1",
    "PUTVAL p/gauge 1795426801:1",
    "PUTVAL h/p/ 1795426801:1",
    "PUTVAL h/p/nosuch 1795426801:1",
    "PUTVAL \"h/p/gauge 1795426801:1",
    "PUTVAL \"h/p/gauge\\",
    "PUTVAL h/p/gauge \"\"",
    "PUTVAL h/p/gauge =5 1795426801:1",
    "PUTVAL h/p/gauge a-b=5 1795426801:1",
    "\"PUTVAL\" h/p/gauge 1795426801:1",
    "PUTNOTIF severity=warning time=1795426801 message=m",
    "PUTNOTIF Severity=WARNING Time=1795426802.5 Message=\"a \\\"b\\\"\"",
    "PUTNOTIF severity=warning time=N message=m",
    "PUTNOTIF severity=warning message=m",
    "PUTNOTIF time=1 message=m",
    "PUTNOTIF severity=warning time=1",
    "PUTNOTIF severity=warning time=1 message=\"\"",
    "PUTNOTIF severity=bad time=1 message=m",
    "PUTNOTIF severity=warning time=1 message=",
    "PUTNOTIF severity=warning time=1 message= x",
    "PUTNOTIF severity=warning time=1 message=a b",
    "PUTNOTIF severity=warning time=1795426803 message=a\"b",
    "PUTNOTIF severity=warning time=1 message=\"a\"b",
    "PUTNOTIF severity=warning time=1 message=\"a",
    "PUTNOTIF severity=failure time=1795426804 s:k=v message=m",
    "PUTNOTIF severity=warning time=1 s:=v message=m",
    "PUTNOTIF severity=warning time=1 i:k=1 message=m",
    "PUTNOTIF severity=warning time=1 foo=1 message=m",
    "PUTNOTIF severity=warning time=0 message=m",
    "PUTNOTIF severity=warning time=-1 message=m",
    "PUTNOTIF severity=warning time=1.5x message=m",
    "PUTNOTIF severity=okay time=1795426805 message=\"  x \" host=h plugin=p plugin_instance=i \
     type=t type_instance=j",
    "PUTNOTIF message=x severity=okay severity=failure time=1795426806",
    "PUTNOTIF",
];

/// Lines that we refuse and the daemon accepts, as something else than was written, or as nothing.
const STRICTER: &[&str] = &[
    // It ignores the option.
    "PUTVAL h/p/gauge interval=x 1795426804:1",
    // Nothing happens.
    "PUTVAL h/p/gauge interval=5",
    // Becomes 1, becomes 2^64 - 3, becomes 2^64 - 1.
    "PUTVAL h/p/derive 1795426801:1.5",
    "PUTVAL h/p/counter 1795426801:-3",
    "PUTVAL h/p/counter 1795426803:99999999999999999999999",
    // The second becomes zero.
    "PUTVAL h/p/if_octets 1795426801:1",
    // Becomes the year 2514.
    "PUTVAL h/p/gauge -5:1",
    "PUTNOTIF severity=warning time=-1 message=m",
    // Becomes 1.
    "PUTVAL h/p/gauge 1795426809:1x",
    // No plugin: receivers drop what comes of it.
    "PUTVAL h//gauge 1795426801:1",
];

/// Whether the daemon accepts `line`.
fn daemon_accepts(socket: &std::path::Path, line: &str) -> bool {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(format!("{line}\n").as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // Meta data without quotes of their own get a warning first.
    answer.lines().any(|line| line.starts_with("0 Success"))
}

#[test]
fn lines_are_accepted_and_refused_as_by_the_daemon() {
    let plan = Plan { host: "text", plugins: &["unixsock"], network: String::new() };
    let mut daemon = Daemon::start(&plan);
    let socket = daemon.unixsock();
    until("the daemon's socket", || UnixStream::connect(&socket).ok());
    let types = types();
    let (mut rows, mut notifications) = (Vec::new(), Vec::new());
    for line in LINES {
        let ours = text::parse(line.as_bytes(), &context(&types));
        let stricter = STRICTER.contains(line);
        assert_eq!(daemon_accepts(&socket, line), ours.is_ok() || stricter, "{line}: {ours:?}");
        assert!(!(stricter && ours.is_ok()), "{line} is not refused any more");
        match ours {
            Ok(Some(Command::Values(values))) => {
                let identifier = Identifier::from_names(&values.names()).to_string();
                rows.extend(values.lists.into_iter().map(|list| {
                    let time = format!("{:.3}", list.time.secs_f64());
                    let cells: Vec<String> = list.values.into_iter().map(cell).collect();
                    (identifier.clone(), time, cells)
                }));
            }
            Ok(Some(Command::Notification(one))) => notifications.push(one),
            _ => {}
        }
    }
    assert!(rows.len() >= 25 && notifications.len() >= 6);
    // What still waits to be written when the daemon is stopped is lost; it writes in order.
    until("the last row in the daemon's files", || {
        let (identifier, time, _) = rows.last()?;
        daemon.csv().get(identifier)?.get(time).map(|_| ())
    });
    daemon.stop();
    let csv = daemon.csv();
    for (identifier, time, cells) in &rows {
        let row = csv.get(identifier).and_then(|rows| rows.get(time));
        assert_eq!(row, Some(cells), "{identifier} at {time}");
    }
    let log = daemon.log();
    for one in notifications {
        let severity = one.severity.name().to_uppercase();
        let message = String::from_utf8_lossy(&one.message).into_owned();
        let lines = log.lines().filter(|line| line.contains(&format!("severity = {severity}, ")));
        let count = lines.filter(|line| line.ends_with(&format!(", message = {message}"))).count();
        assert!(count >= 1, "{message}:\n{log}");
    }
}
