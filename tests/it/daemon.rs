//! The real collectd daemon against us: what it sends, and what it takes from us.
//!
//! Its csv plugin is the witness: the values it wrote down are those we must have received, and
//! the values we sent are those it must have written.

use crate::support::collectoscope;
use crate::support::daemon::{
    Daemon, Line, Plan, assert_written, cell, nudge, server, until_received,
};
use crate::support::netns;
use crate::support::wait::until;
use collectoscope::metric::{CdTime, Identifier, Interval, Value};
use collectoscope::source::local::Local;
use collectoscope::source::udp::{GROUP_V4, GROUP_V6, PORT_DEFAULT, UdpOptions, UdpSource};
use collectoscope::wire::{Encoder, Event, decode};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

/// Plugins that work in any container.
const PLUGINS: &[&str] =
    &["cpu", "memory", "load", "interface", "swap", "uptime", "contextswitch", "processes", "df"];

/// Decodes until `count` value lists of `host` have arrived. Nothing may be wrong with any.
fn receive(source: &mut UdpSource, host: &str, count: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let what = format!("{count} value lists of {host}");
    until(&what, || {
        let taken = source.receive(Duration::from_millis(200), &mut |datagram| {
            decode(datagram.bytes, &mut |event| match event {
                Event::Values(list) => {
                    let identifier = Identifier::from_names(&list.names);
                    assert_eq!(&*identifier.host, host);
                    assert_eq!(list.interval, Interval::from_secs(1));
                    lines.push(Line {
                        identifier: identifier.to_string(),
                        time: format!("{:.3}", list.time.secs_f64()),
                        cells: list.values.iter().map(cell).collect(),
                    });
                }
                other => panic!("{other:?}"),
            });
        });
        taken.unwrap();
        (lines.len() >= count).then_some(())
    });
    lines
}

fn open(listen: &str) -> (UdpSource, SocketAddr) {
    let listen = vec![listen.parse().unwrap()];
    let source = UdpSource::open(&UdpOptions { listen, ..UdpOptions::default() });
    let address = source.reports()[0].bound.unwrap();
    (source, address)
}

#[track_caller]
fn check_unicast(listen: &str, host: &str) {
    let (mut source, to) = open(listen);
    let network = server(&to.ip().to_string(), to.port(), None);
    let mut daemon = Daemon::start(&Plan { host, plugins: PLUGINS, network });
    // Some seconds' worth, so that every list is there several times.
    let lines = receive(&mut source, host, 250);
    daemon.stop();
    assert_written(&lines, &daemon.csv());
    let plugins: BTreeSet<&str> =
        lines.iter().filter_map(|line| line.identifier.split(['/', '-']).nth(1)).collect();
    for plugin in ["memory", "load", "interface", "uptime"] {
        assert!(plugins.contains(plugin), "{plugin} is not among {plugins:?}");
    }
}

#[test]
fn what_the_daemon_sends_by_ipv4_is_what_it_wrote_down() {
    check_unicast("127.0.0.1:0", "unicast4");
}

#[test]
fn what_the_daemon_sends_by_ipv6_is_what_it_wrote_down() {
    check_unicast("[::1]:0", "unicast6");
}

/// By the default groups and port: nothing is configured on our side.
fn check_multicast(group: &str, host: &str) {
    let mut source = UdpSource::open(&UdpOptions::default());
    let network = server(group, PORT_DEFAULT, Some("lo"));
    let mut daemon = Daemon::start(&Plan { host, plugins: PLUGINS, network });
    let lines = receive(&mut source, host, 150);
    daemon.stop();
    assert_written(&lines, &daemon.csv());
    let once: BTreeSet<_> = lines.iter().map(|line| (&line.identifier, &line.time)).collect();
    assert_eq!(once.len(), lines.len(), "each list arrives once");
}

#[test]
fn what_the_daemon_sends_to_the_ipv4_group_is_what_it_wrote_down() {
    netns::inside("daemon::what_the_daemon_sends_to_the_ipv4_group_is_what_it_wrote_down", || {
        check_multicast(&GROUP_V4.to_string(), "multicast4");
    });
}

#[test]
fn what_the_daemon_sends_to_the_ipv6_group_is_what_it_wrote_down() {
    netns::inside("daemon::what_the_daemon_sends_to_the_ipv6_group_is_what_it_wrote_down", || {
        check_multicast(&GROUP_V6.to_string(), "multicast6");
    });
}

/// A server on both groups and on unicast, as `Listen` with the defaults makes it.
fn listening_server(host: &str) -> Daemon {
    let listen = |address: &str| format!("<Listen \"{address}\">\nInterface \"lo\"\n</Listen>\n");
    let mut network = listen(&GROUP_V4.to_string());
    network.push_str("<Listen \"127.0.0.1\">\n</Listen>\n");
    Daemon::start(&Plan { host, plugins: &[], network })
}

#[test]
fn a_server_on_the_same_machine_and_we_both_get_the_group() {
    netns::inside("daemon::a_server_on_the_same_machine_and_we_both_get_the_group", || {
        let server_daemon = listening_server("server");
        until("the server listening", || {
            server_daemon.log().contains("Initialization complete").then_some(())
        });
        let mut source = UdpSource::open(&UdpOptions::default());
        let network = server(&GROUP_V4.to_string(), PORT_DEFAULT, Some("lo"));
        let mut sending = Daemon::start(&Plan { host: "both", plugins: PLUGINS, network });
        let lines = receive(&mut source, "both", 100);
        sending.stop();
        assert_written(&lines, &sending.csv());
        until("the same lists in the server's files", || {
            let csv = server_daemon.csv();
            let first = &lines[0];
            csv.get(&first.identifier)?.get(&first.time).map(|_| ())
        });
        // And its unicast is still its own.
        let (name, value) = send_one_gauge((Ipv4Addr::LOCALHOST, PORT_DEFAULT).into());
        check_one_gauge(&server_daemon, &name, value);
    });
}

/// A server on unicast everywhere, as `Listen` with a wildcard makes it.
fn unicast_server(host: &str) -> Daemon {
    let network = "<Listen \"0.0.0.0\">\n</Listen>\n".to_owned();
    let daemon = Daemon::start(&Plan { host, plugins: &[], network });
    until("the server listening", || {
        daemon.log().contains("Initialization complete").then_some(())
    });
    daemon
}

/// What is told of IPv4 unicast, from "udp" to the first semicolon, and the rest.
fn unicast_told(source: &UdpSource) -> (String, String) {
    let reports = source.reports().iter();
    let mut unicast = reports.filter(|report| report.asked.address == Ipv4Addr::UNSPECIFIED);
    let told = unicast.next().unwrap().to_string();
    let (first, rest) = told.split_once(';').unwrap();
    (first.to_owned(), rest.to_owned())
}

#[test]
fn beside_a_server_the_line_to_add_is_told_and_works() {
    netns::inside("daemon::beside_a_server_the_line_to_add_is_told_and_works", || {
        let mut server_daemon = unicast_server("server");
        let mut source = UdpSource::open(&UdpOptions::default());
        let (what, rest) = unicast_told(&source);
        let pid = server_daemon.pid();
        assert_eq!(what, format!("udp 0.0.0.0:25826 is already in use by collectd (pid {pid})"));
        let (_, advice) = rest.split_once("start with --listen ").unwrap();
        let (listen, line) = advice.split_once(" and add `").unwrap();
        let (line, file) = line.split_once('`').unwrap();
        assert_eq!(file, " to collectd.conf");
        let listen = vec![listen.parse().unwrap()];
        let mut beside = UdpSource::open(&UdpOptions { listen, ..UdpOptions::default() });
        let network = format!("Server \"127.0.0.1\"\n{line}\n");
        let mut sending = Daemon::start(&Plan { host: "both", plugins: PLUGINS, network });
        let lines = receive(&mut beside, "both", 100);
        sending.stop();
        assert_written(&lines, &sending.csv());
        until("the same lists in the server's files", || {
            let csv = server_daemon.csv();
            csv.get(&lines[0].identifier)?.get(&lines[0].time).map(|_| ())
        });
        // When the server is gone for good, its port is ours.
        server_daemon.stop();
        until("unicast listened to", || {
            source.follow();
            unicast_told(&source).0.starts_with("listening on udp 0.0.0.0:25826").then_some(())
        });
        send_one_gauge((Ipv4Addr::LOCALHOST, PORT_DEFAULT).into());
        receive_any(&mut source);
        // When it is back, it is told to have taken it, and has.
        let server_daemon = unicast_server("server");
        source.follow();
        let pid = server_daemon.pid();
        let wanted =
            format!("udp 0.0.0.0:25826 now goes to collectd (pid {pid}), which started later");
        assert_eq!(unicast_told(&source).0, wanted);
        let (name, value) = send_one_gauge((Ipv4Addr::LOCALHOST, PORT_DEFAULT).into());
        check_one_gauge(&server_daemon, &name, value);
    });
}

/// Waits for one datagram.
fn receive_any(source: &mut UdpSource) {
    until("a datagram", || {
        let count = source.receive(Duration::from_millis(100), &mut |_| {}).unwrap();
        (count > 0).then_some(())
    });
}

/// A server wrote down what [`send_one_gauge`] sent it.
#[track_caller]
fn check_one_gauge(server: &Daemon, name: &str, value: Value) {
    let nudge = || nudge((Ipv4Addr::LOCALHOST, PORT_DEFAULT).into());
    until_received("a unicast value in the server's files", nudge, || {
        server.csv().get(name)?.values().any(|cells| *cells == [cell(value)]).then_some(())
    });
}

fn send_one_gauge(to: SocketAddr) -> (String, Value) {
    let identifier = Identifier::new("unicast", "test", "", "gauge", "one");
    let value = Value::Gauge(1.25);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut encoder = Encoder::default();
    let mut send = |datagram: &[u8]| assert!(socket.send_to(datagram, to).is_ok());
    let now = CdTime::from_system(SystemTime::now());
    encoder.push(&identifier.names(), now, Interval::from_secs(1), &[value], &mut send).unwrap();
    encoder.flush(&mut send);
    (identifier.to_string(), value)
}

/// A daemon that writes down what it is sent, and where to send it.
fn witness(host: &str) -> (Daemon, SocketAddr) {
    // The daemon cannot be told "any free port": one that was free a moment ago.
    let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let network = format!("<Listen \"127.0.0.1\" \"{}\">\n</Listen>\n", free.port());
    let daemon = Daemon::start(&Plan { host, plugins: &[], network });
    until("the daemon listening", || {
        daemon.log().contains("Initialization complete").then_some(())
    });
    (daemon, free)
}

/// Lists of every DS type, of one and of several values, of long and of empty names.
fn lists() -> Vec<(Identifier, Vec<Value>)> {
    let long = "x".repeat(127);
    vec![
        (Identifier::new("h", "p", "", "counter", ""), vec![Value::Counter(u64::MAX)]),
        (Identifier::new("h", "p", "", "gauge", "a"), vec![Value::Gauge(-0.5)]),
        (Identifier::new("h", "p", "", "gauge", "nan"), vec![Value::Gauge(f64::NAN)]),
        (Identifier::new("h", "p", "", "gauge", "inf"), vec![Value::Gauge(f64::INFINITY)]),
        (Identifier::new("h", "p", "1", "derive", ""), vec![Value::Derive(i64::MIN)]),
        (Identifier::new("h", "p", "1", "absolute", ""), vec![Value::Absolute(1 << 63)]),
        (Identifier::new("h", "q", "1", "if_octets", ""), vec![Value::Derive(1), Value::Derive(2)]),
        (
            Identifier::new("h", "q", "", "mixed", ""),
            vec![
                Value::Counter(7),
                Value::Gauge(1.5),
                Value::Derive(-3),
                Value::Absolute(u64::MAX),
            ],
        ),
        (Identifier::new("größe", "日本", "🐮", "gauge", "ü"), vec![Value::Gauge(4.0)]),
        (Identifier::new("other", "p", &long, "gauge", &long), vec![Value::Gauge(5.0)]),
    ]
}

#[test]
fn the_daemon_writes_down_exactly_what_we_encode() {
    let (mut daemon, to) = witness("witness");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut send = |datagram: &[u8]| {
        assert!(datagram.len() <= 1_452);
        assert!(socket.send_to(datagram, to).is_ok());
    };
    let mut encoder = Encoder::default();
    let start = CdTime::from_system(SystemTime::now());
    let mut sent = Vec::new();
    // Several times the same lists: enough for several datagrams.
    for step in 0..5 {
        let time = start.saturating_add(Interval::from_secs(step));
        for (identifier, values) in lists() {
            let interval = Interval::from_secs(1);
            encoder.push(&identifier.names(), time, interval, &values, &mut send).unwrap();
            sent.push(Line {
                identifier: identifier.to_string(),
                time: format!("{:.3}", time.secs_f64()),
                cells: values.into_iter().map(cell).collect(),
            });
        }
    }
    encoder.flush(&mut send);
    until_received(
        "the last list in the daemon's files",
        || nudge(to),
        || {
            let last = sent.last()?;
            daemon.csv().get(&last.identifier)?.get(&last.time).map(|_| ())
        },
    );
    daemon.stop();
    assert_written(&sent, &daemon.csv());
}

#[test]
fn the_daemon_takes_the_measurements_of_this_machine_as_its_own() {
    let (mut daemon, to) = witness("witness");
    let local = Local::start(to).unwrap();
    let own_host = sysinfo::System::host_name().unwrap();
    // The second measurement is the first with percentages of cores.
    until("cores in the daemon's files", || {
        let key = format!("{own_host}/cpu-0/percent-user");
        daemon.csv().get(&key).filter(|rows| rows.len() >= 2).map(|_| ())
    });
    drop(local);
    let log = daemon.log();
    daemon.stop();
    for complaint in ["network plugin:", "Dataset", "ds_num", "ERROR", "rror:"] {
        assert!(!log.contains(complaint), "{complaint}:\n{log}");
    }
    // The same machine as the daemon itself sees it: same names, and the same kind of numbers.
    let ours = daemon.csv();
    let (mut source, to) = open("127.0.0.1:0");
    let network = server("127.0.0.1", to.port(), None);
    let mut itself = Daemon::start(&Plan { host: "itself", plugins: PLUGINS, network });
    receive(&mut source, "itself", 150);
    itself.stop();
    for (identifier, rows) in itself.csv() {
        let name = identifier.replacen("itself", &own_host, 1);
        if is_left_out(&name) {
            continue;
        }
        let own = ours.get(&name).unwrap_or_else(|| panic!("we do not measure {name}"));
        let (theirs, own) = (rows.values().next().unwrap(), own.values().next().unwrap());
        assert_eq!(theirs.len(), own.len(), "{name}");
        let is_decimal = |cell: &String| cell.contains('.');
        assert_eq!(is_decimal(&theirs[0]), is_decimal(&own[0]), "{name}: {theirs:?} {own:?}");
        assert_near(&name, number(&theirs[0]), number(&own[0]));
    }
}

/// The daemon tells every mount point, we leave out filesystems that may hang or are images.
fn is_left_out(name: &str) -> bool {
    name.contains("/df-") && !name.contains("/df-root/")
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

/// Large amounts differ little within the seconds between; the rest may be anything.
fn assert_near(name: &str, theirs: f64, ours: f64) {
    let is_steady = ["/memory-free", "/df_complex", "/uptime", "/if_", "/contextswitch"]
        .iter()
        .any(|kind| name.contains(kind));
    if is_steady && theirs > 1e6 {
        assert!((theirs / ours).ln().abs() < 0.7, "{name}: {theirs} there, {ours} here");
    }
}

#[test]
fn dump_prints_what_the_daemon_wrote_down() {
    let mut dump = collectoscope()
        .args(["dump", "--listen", "127.0.0.1:0", "--format", "json"])
        .args(["--count", "200", "--for", "30"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(dump.stderr.take().unwrap());
    let mut port = None;
    let mut line = String::new();
    while port.is_none() && told.read_line(&mut line).unwrap() > 0 {
        let digits = line.split("udp 127.0.0.1:").nth(1).unwrap_or_default();
        port = digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|d| d.parse().ok());
    }
    let network = server("127.0.0.1", port.expect("a port on standard error"), None);
    let mut daemon = Daemon::start(&Plan { host: "dumped", plugins: PLUGINS, network });
    let mut printed = String::new();
    dump.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(dump.wait().unwrap().success());
    daemon.stop();
    let lines: Vec<Line> = printed.lines().map(line_of_json).collect();
    assert_eq!(lines.len(), 200);
    assert_written(&lines, &daemon.csv());
}

fn line_of_json(text: &str) -> Line {
    let object: serde_json::Value = serde_json::from_str(text).unwrap();
    let name = |key: &str| object[key].as_str().unwrap();
    let cells = object["values"].as_array().unwrap().iter().map(|entry| {
        let value = &entry["value"];
        match entry["kind"].as_str().unwrap() {
            "gauge" => value.as_f64().map_or("nan".into(), |number| format!("{number:.6}")),
            _ => value.to_string(),
        }
    });
    Line {
        identifier: Identifier::new(
            name("host"),
            name("plugin"),
            name("plugin_instance"),
            name("type"),
            name("type_instance"),
        )
        .to_string(),
        time: format!("{:.3}", object["time"].as_f64().unwrap()),
        cells: cells.collect(),
    }
}
