//! Our sender: against the real daemon, whose csv and logfile plugins are the judges, against our
//! own receiver, and against networks and files that fail.

use crate::cli::listening;
use crate::support::daemon::{Daemon, Line, Plan, assert_written, cell, nudge, until_received};
use crate::support::wait::{PATIENCE, end, until};
use crate::support::{collectoscope, events, netns, stderr};
use collectoscope::metric::{CdTime, Identifier, Interval, Names, Severity, Value};
use collectoscope::send::{Destination, Flush, SendError, Sender, SenderOptions};
use collectoscope::source::udp::{GROUP_V4, GROUP_V6};
use collectoscope::text;
use collectoscope::wire::{Protection, Seal};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, SystemTime};

const KEYS: &str = "alice: w0nderl4nd\nbob: bu1|der\n";
const TYPES: &str = "mixed a:COUNTER:U:U b:GAUGE:U:U c:DERIVE:U:U d:ABSOLUTE:U:U\n";

/// AuthFiles, right and wrong, and the types the daemon has too.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("keys", KEYS), ("wrong", "alice: something else\n"), ("types.db", TYPES)]
        {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            // Others must not read it, or there is a warning.
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn start(args: &[&str]) -> Child {
    collectoscope()
        .arg("send")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs `collectoscope send` on `input` to its end.
fn send(args: &[&str], input: &[u8]) -> Output {
    let mut child = start(args);
    // It may refuse its arguments and end before it reads.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn assert_all_went(output: &Output) {
    assert_eq!((stderr(output), output.status.code()), ("", Some(0)));
    assert!(output.stdout.is_empty());
}

/// Lists of every DS type, of one and of several values, of long, empty and odd names.
fn lists(host: &str) -> Vec<(Identifier, Vec<Value>)> {
    let long = "x".repeat(127);
    vec![
        (Identifier::new(host, "p", "", "counter", ""), vec![Value::Counter(u64::MAX)]),
        (Identifier::new(host, "p", "", "gauge", "a"), vec![Value::Gauge(-0.5)]),
        (Identifier::new(host, "p", "", "gauge", "nan"), vec![Value::Gauge(f64::NAN)]),
        (Identifier::new(host, "p", "", "gauge", "inf"), vec![Value::Gauge(f64::INFINITY)]),
        (Identifier::new(host, "p", "1", "derive", ""), vec![Value::Derive(i64::MIN)]),
        (Identifier::new(host, "p", "1", "absolute", ""), vec![Value::Absolute(1 << 63)]),
        (
            Identifier::new(host, "p q", "1", "if_octets", ""),
            vec![Value::Derive(1), Value::Derive(2)],
        ),
        (
            Identifier::new(host, "q", "", "mixed", "a \"b\""),
            vec![
                Value::Counter(7),
                Value::Gauge(1.5),
                Value::Derive(-3),
                Value::Absolute(u64::MAX),
            ],
        ),
        (Identifier::new(host, "日本", "🐮", "gauge", "ü"), vec![Value::Gauge(4.0)]),
        (Identifier::new(host, "p", &long, "gauge", &long), vec![Value::Gauge(5.0)]),
    ]
}

/// The lines of several readings of [`lists`], and what the daemon must make of them.
fn lines(host: &str) -> (Vec<u8>, Vec<Line>) {
    let start = CdTime::from_system(SystemTime::now());
    let (mut input, mut expected) = (Vec::new(), Vec::new());
    for step in 0..5 {
        let time = start.saturating_add(Interval::from_secs(step));
        for (id, values) in lists(host) {
            text::write_values(
                &mut input,
                &id.names(),
                time,
                Interval::from_secs(1),
                values.clone(),
            );
            input.push(b'\n');
            expected.push(Line {
                identifier: id.to_string(),
                time: format!("{:.3}", time.secs_f64()),
                cells: values.into_iter().map(cell).collect(),
            });
        }
    }
    (input, expected)
}

/// The daemon cannot say which port it took: it gets this one, in a namespace of the test's own.
const PORT: u16 = 25_826;

/// The listener of a daemon.
fn listen(address: IpAddr, port: u16, inner: &str) -> String {
    format!("<Listen \"{address}\" \"{port}\">\n{inner}\n</Listen>\n")
}

fn daemon(host: &str, network: String) -> Daemon {
    let daemon = Daemon::start(&Plan { host, plugins: &[], network });
    until("the daemon listening", || {
        daemon.log().contains("Initialization complete").then_some(())
    });
    daemon
}

fn until_written(daemon: &Daemon, expected: &[Line], nudge: impl FnMut()) {
    let last = expected.last().unwrap();
    until_received(&format!("{} in the daemon's files", last.identifier), nudge, || {
        daemon.csv().get(&last.identifier)?.get(&last.time).map(|_| ())
    });
}

const LEVELS: [&str; 3] = ["none", "sign", "encrypt"];

#[test]
fn the_daemon_writes_down_every_line_at_every_level_by_ipv4_and_ipv6() {
    netns::inside(
        "send::the_daemon_writes_down_every_line_at_every_level_by_ipv4_and_ipv6",
        check_levels,
    );
}

fn check_levels() {
    let files = Files::new();
    let (keys, types) = (files.path("keys"), files.path("types.db"));
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let (mut network, mut plans) = (String::new(), Vec::new());
    for address in addresses {
        for (port, level) in (PORT..).zip(LEVELS) {
            let inner = format!("SecurityLevel \"{level}\"\nAuthFile \"{keys}\"");
            network += &listen(address, port, &inner);
            plans.push((level, SocketAddr::new(address, port)));
        }
    }
    let mut daemon = daemon("levels", network);
    let mut all = Vec::new();
    for (level, to) in plans {
        let host = format!("{level}-{}", if to.is_ipv4() { "v4" } else { "v6" });
        let (input, expected) = lines(&host);
        let dest = to.to_string();
        let mut args = vec![dest.as_str(), "--types-db", &types];
        if level != "none" {
            args.extend(["--security", level, "--user", "alice", "--auth-file", &keys]);
        }
        assert_all_went(&send(&args, &input));
        until_written(&daemon, &expected, || nudge(to));
        all.extend(expected);
    }
    let log = daemon.log();
    assert!(!log.contains("network plugin:"), "{log}");
    daemon.stop();
    assert_written(&all, &daemon.csv());
}

#[test]
fn the_daemon_accepts_nothing_that_is_protected_with_a_wrong_password_or_too_little() {
    netns::inside(
        "send::the_daemon_accepts_nothing_that_is_protected_with_a_wrong_password_or_too_little",
        check_refusals,
    );
}

fn check_refusals() {
    let files = Files::new();
    let (keys, wrong) = (files.path("keys"), files.path("wrong"));
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for level in ["sign", "encrypt"] {
        let inner = format!("SecurityLevel \"{level}\"\nAuthFile \"{keys}\"");
        let mut daemon = daemon("strict", listen(address, PORT, &inner));
        let to = SocketAddr::new(address, PORT).to_string();
        let line = |host: &str| format!("PUTVAL {host}/p/gauge N:1\n").into_bytes();
        let as_alice =
            |keys| vec![to.as_str(), "--user", "alice", "--auth-file", keys, "--security"];
        assert_all_went(&send(&[&as_alice(&wrong)[..], &[level]].concat(), &line("wrong")));
        assert_all_went(&send(&[&to], &line("plain")));
        if level == "encrypt" {
            assert_all_went(&send(&[&as_alice(&keys)[..], &["sign"]].concat(), &line("signed")));
        }
        assert_all_went(&send(&[&as_alice(&keys)[..], &[level]].concat(), &line("right")));
        let nudge = || nudge(SocketAddr::new(address, PORT));
        until_received("the right one", nudge, || daemon.csv().get("right/p/gauge").map(|_| ()));
        daemon.stop();
        let csv = daemon.csv();
        assert_eq!(csv.keys().collect::<Vec<_>>(), ["right/p/gauge"], "{level}");
    }
}

/// By the default port and the default group, over `lo` in a namespace.
fn check_multicast(group: IpAddr) {
    let files = Files::new();
    let mut daemon = daemon("group", listen(group, PORT, "Interface \"lo\""));
    let (input, expected) = lines("grouped");
    let types = files.path("types.db");
    let to = format!("{group}%lo");
    assert_all_went(&send(&[&to, "--types-db", &types, "--ttl", "3"], &input));
    let nudge = || assert_all_went(&send(&[&to], b"PUTVAL nudge/p/gauge N:1\n"));
    until_written(&daemon, &expected, nudge);
    // And by the option for the interface.
    let bare = group.to_string();
    let last = "PUTVAL option/p/gauge 1795426801:1\n".as_bytes();
    assert_all_went(&send(&[&bare, "--interface", "lo"], last));
    until_received("the list by --interface", nudge, || {
        daemon.csv().get("option/p/gauge").map(|_| ())
    });
    daemon.stop();
    assert_written(&expected, &daemon.csv());
}

#[test]
fn the_daemon_gets_what_goes_to_the_ipv4_group() {
    netns::inside("send::the_daemon_gets_what_goes_to_the_ipv4_group", || {
        check_multicast(GROUP_V4.into());
    });
}

#[test]
fn the_daemon_gets_what_goes_to_the_ipv6_group() {
    netns::inside("send::the_daemon_gets_what_goes_to_the_ipv6_group", || {
        check_multicast(GROUP_V6.into());
    });
}

#[test]
fn the_daemon_gets_notifications() {
    netns::inside("send::the_daemon_gets_notifications", check_notifications);
}

fn check_notifications() {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let daemon = daemon("notified", listen(address, PORT, ""));
    let long = "y".repeat(300);
    let input = format!(
        "PUTNOTIF severity=failure time=1795426801 host=h plugin=p plugin_instance=i type=t \
         type_instance=j s:key=value message=\"The \\\"roof\\\" is on fire!\"\n\
         PUTNOTIF severity=okay time=1795426802 message={long}\n"
    );
    let output = send(&[&format!("127.0.0.1:{PORT}")], input.as_bytes());
    let cut = "collectoscope: line 2: message of 300 bytes cut to 255\n";
    assert_eq!((stderr(&output), output.status.code()), (cut, Some(0)));
    let nudge = || nudge(SocketAddr::new(address, PORT));
    let log = until_received("both notifications", nudge, || {
        let log = daemon.log();
        log.contains("severity = OKAY").then_some(log)
    });
    let first = "Notification: severity = FAILURE, host = h, plugin = p, plugin_instance = i, \
                 type = t, type_instance = j, message = The \"roof\" is on fire!";
    assert!(log.contains(first), "{log}");
    assert!(log.contains(&format!("severity = OKAY, message = {}\n", "y".repeat(255))), "{log}");
}

#[test]
fn the_daemon_gets_what_this_machine_measures() {
    netns::inside("send::the_daemon_gets_what_this_machine_measures", check_this_machine);
}

fn check_this_machine() {
    let files = Files::new();
    let keys = files.path("keys");
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let inner = format!("SecurityLevel \"Encrypt\"\nAuthFile \"{keys}\"");
    let mut daemon = daemon("agents", listen(address, PORT, &inner));
    let to = format!("127.0.0.1:{PORT}");
    let mut child = start(&[
        "--this-machine",
        "--interval",
        "0.5",
        "--hostname",
        "agent",
        "--security",
        "encrypt",
        "--user",
        "bob",
        "--auth-file",
        &keys,
        &to,
        "-v",
    ]);
    until("three measurements in the daemon's files", || {
        let csv = daemon.csv();
        let rows = csv.get("agent/cpu-0/percent-user")?.len() + csv.get("agent/load/load")?.len();
        (rows >= 5).then_some(())
    });
    interrupt(&child);
    assert_eq!(end(&mut child), Some(0));
    let output = child.wait_with_output().unwrap();
    let said = stderr(&output);
    assert!(said.contains(&format!("sending to {to} ({to})\n")), "{said}");
    assert!(said.lines().last().unwrap().starts_with("collectoscope: sent "), "{said}");
    assert!(!said.contains("failed") && !said.contains("refused"), "{said}");
    let log = daemon.log();
    daemon.stop();
    for complaint in ["network plugin:", "Dataset", "ds_num", "ERROR", "rror:"] {
        assert!(!log.contains(complaint), "{complaint}:\n{log}");
    }
    for plugin in ["memory/memory-free", "load/load", "uptime/uptime", "interface-lo/if_octets"] {
        assert!(daemon.csv().contains_key(&format!("agent/{plugin}")), "{plugin}");
    }
}

fn interrupt(child: &Child) {
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
}

#[test]
fn dump_prints_the_lines_that_send_read_at_every_level() {
    let files = Files::new();
    let (keys, types) = (files.path("keys"), files.path("types.db"));
    let (mut input, expected) = lines("round");
    input.extend(b"PUTNOTIF severity=okay time=1795426801.5 host=\"h\" message=\"a \\\"b\\\"\"\n");
    let count = (expected.len() + 1).to_string();
    for level in LEVELS {
        let mut args = vec!["dump", "--format", "putval", "--count", &count];
        let mut protection = vec!["--security", level, "--auth-file", &keys];
        args.extend(&protection);
        let (mut child, to, _errors) = listening(&args);
        let dest = to.to_string();
        let mut args = vec![dest.as_str(), "--types-db", &types];
        protection.extend(["--user", "bob"]);
        if level != "none" {
            args.extend(&protection);
        }
        assert_all_went(&send(&args, &input));
        assert_eq!(end(&mut child), Some(0));
        let mut printed = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut printed).unwrap();
        // The notification did not wait for the last datagram to be full.
        let sorted = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&printed), sorted(&input), "{level}");
    }
}

/// A socket of our own, and what arrives there.
struct Receiver {
    socket: UdpSocket,
    address: String,
}

impl Receiver {
    fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        Self { socket, address }
    }

    fn destination(&self) -> Destination {
        self.address.parse().unwrap()
    }

    fn next(&self) -> Vec<u8> {
        let mut datagram = vec![0; 65_535];
        let bytes = self.socket.recv(&mut datagram).unwrap();
        datagram.truncate(bytes);
        datagram
    }

    /// All that is there already.
    fn rest(&self) -> Vec<Vec<u8>> {
        self.socket.set_nonblocking(true).unwrap();
        let mut all = Vec::new();
        let mut datagram = vec![0; 65_535];
        while let Ok(bytes) = self.socket.recv(&mut datagram) {
            all.push(datagram[..bytes].to_vec());
        }
        all
    }
}

const THREE: &[u8] = b"PUTVAL h/p/gauge 1:1\nPUTVAL h/p/gauge 2:2\nPUTVAL h/p/gauge 3:3";

#[test]
fn now_is_a_datagram_for_each_line_and_full_is_one_for_all() {
    for (flush, count) in [("now", 3), ("full", 1)] {
        let receiver = Receiver::new();
        assert_all_went(&send(&[&receiver.address, "--flush", flush], THREE));
        let datagrams = receiver.rest();
        assert_eq!(datagrams.len(), count, "{flush}");
        let lists: Vec<String> = datagrams.iter().flat_map(|datagram| events(datagram)).collect();
        let expected = [1, 2, 3].map(|n| format!("h/p/gauge {n}+0 [Gauge({n}.0)]"));
        assert_eq!(lists, expected);
    }
}

#[test]
fn lines_leave_while_more_may_come() {
    for flush in [&[][..], &["--flush", "100"], &["--flush", "0"]] {
        let receiver = Receiver::new();
        let mut child = start(&[&[receiver.address.as_str()], flush].concat());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"PUTVAL h/p/gauge 1:1\nPUTVAL h/p").unwrap();
        assert_eq!(events(&receiver.next()), ["h/p/gauge 1+0 [Gauge(1.0)]"]);
        stdin.write_all(b"/gauge 2:2").unwrap();
        drop(stdin);
        assert_eq!(events(&receiver.next()), ["h/p/gauge 2+0 [Gauge(2.0)]"]);
        assert_eq!(end(&mut child), Some(0));
    }
}

#[test]
fn what_is_gathered_leaves_when_it_is_interrupted() {
    let receiver = Receiver::new();
    let mut child = start(&[&receiver.address, "--flush", "full"]);
    let mut stdin = child.stdin.take().unwrap();
    // A notification leaves at once, so the line before it was read.
    stdin.write_all(b"PUTVAL h/p/gauge 1:1\nPUTNOTIF severity=okay time=2 message=m\n").unwrap();
    assert_eq!(events(&receiver.next()), ["// 2 okay m"]);
    interrupt(&child);
    assert_eq!(events(&receiver.next()), ["h/p/gauge 1+0 [Gauge(1.0)]"]);
    assert_eq!(end(&mut child), Some(0));
}

#[test]
fn no_datagram_is_larger_than_asked_for() {
    let files = Files::new();
    let keys = files.path("keys");
    let input = "PUTVAL h/p/gauge 1:1 2:2 3:3\n".repeat(500);
    for (level, size) in
        [("none", "1024"), ("sign", "1024"), ("encrypt", "9000"), ("none", "65507")]
    {
        let receiver = Receiver::new();
        let mut args = vec![receiver.address.as_str(), "--max-packet-size", size];
        if level != "none" {
            args.extend(["--security", level, "--user", "bob", "--auth-file", &keys]);
        }
        assert_all_went(&send(&args, input.as_bytes()));
        let largest = receiver.rest().iter().map(Vec::len).max().unwrap();
        let size: usize = size.parse().unwrap();
        // At most two lists are missing to the size, if there was enough to fill it.
        assert!(largest <= size && largest + 60 > size.min(37_000), "{level} {size}: {largest}");
    }
}

#[test]
fn an_empty_host_and_no_interval_become_those_of_the_options() {
    let receiver = Receiver::new();
    let args = [receiver.address.as_str(), "--hostname", "me", "--interval", "7.5"];
    assert_all_went(&send(&args, b"PUTVAL /p/gauge interval= 1:1 interval=2 2:2\n"));
    let lists = ["me/p/gauge 1+7.5 [Gauge(1.0)]", "me/p/gauge 2+2 [Gauge(2.0)]"];
    assert_eq!(events(&receiver.next()), lists);
}

#[test]
fn bad_lines_are_reported_and_the_rest_is_sent() {
    let receiver = Receiver::new();
    let mut input = b"# comment\n\nPUTVAL h/p/gauge 1:x\nPUTVAL h/p/nosuch 1:1\n".to_vec();
    input.extend([b'x'; 70_000]);
    input.extend(b"\nPUTVAL h/p/gauge 1:1\nLISTVAL");
    let output = send(&[&receiver.address], &input);
    let says = concat!(
        "collectoscope: line 3, column 20: \"x\" is not a value of GAUGE value; write a number, ",
        "or U for undefined\n",
        "collectoscope: line 4, column 12: type \"nosuch\" is in no types.db; name the file that ",
        "defines it: --types-db FILE\n",
        "collectoscope: line 5: longer than 65536 bytes\n",
        "collectoscope: line 7, column 1: \"LISTVAL\" is neither PUTVAL nor PUTNOTIF\n",
        "collectoscope: sent 1 value list and 0 notifications in 1 datagram (49 bytes), ",
        "4 lines refused\n",
    );
    assert_eq!((stderr(&output), output.status.code()), (says, Some(1)));
    assert_eq!(events(&receiver.next()), ["h/p/gauge 1+0 [Gauge(1.0)]"]);
}

#[test]
fn a_flood_of_bad_lines_is_counted_not_printed() {
    let receiver = Receiver::new();
    let output = send(&[&receiver.address], &b"nonsense\n".repeat(500));
    let says = stderr(&output);
    assert_eq!((says.lines().count(), output.status.code()), (21, Some(1)));
    assert!(says.contains("line 20, ") && says.contains(" (further ones are only counted)\n"));
    assert!(says.ends_with(", 500 lines refused\n"), "{says}");
}

#[test]
fn nobody_listening_is_noticed_and_the_others_get_all() {
    netns::inside(
        "send::nobody_listening_is_noticed_and_the_others_get_all",
        check_nobody_listening,
    );
}

fn check_nobody_listening() {
    let receiver = Receiver::new();
    let closed = format!("127.0.0.1:{PORT}");
    let output = send(&[&closed, &receiver.address, "--flush", "now"], THREE);
    let says = format!(
        "collectoscope: cannot send to {closed}: connection refused, nothing listens on that port\n"
    );
    assert!(stderr(&output).starts_with(&says), "{}", stderr(&output));
    // Reported once, counted each time.
    assert_eq!((stderr(&output).lines().count(), output.status.code()), (2, Some(1)));
    assert!(stderr(&output).ends_with(", 3 datagrams failed\n"), "{}", stderr(&output));
    assert_eq!(receiver.rest().len(), 3);
}

#[test]
fn a_network_that_cannot_be_reached_is_reported() {
    netns::inside("send::a_network_that_cannot_be_reached_is_reported", || {
        let output = send(&["192.0.2.1"], THREE);
        let says = "collectoscope: cannot send to 192.0.2.1:25826: network is unreachable\n";
        assert_eq!((stderr(&output), output.status.code()), (says, Some(1)));
    });
}

#[test]
fn what_cannot_begin_is_reported_with_the_right_status() {
    let files = Files::new();
    let keys = files.path("keys");
    let missing = files.path("missing");
    let folder = files.folder.path().to_str().unwrap().to_owned();
    let large = files.path("large");
    std::fs::write(&large, vec![b'x'; 2 << 20]).unwrap();
    let sign = ["127.0.0.1", "--security", "sign"];
    let with = |user, path| [&sign[..], &["--user", user, "--auth-file", path]].concat();
    for (args, status, says) in [
        (vec!["host.invalid"], 1, "cannot find the address of host.invalid:25826: "),
        (vec!["127.0.0.1%nosuch0"], 1, "no interface nosuch0; this machine has "),
        (sign.to_vec(), 2, "--security needs --user NAME and --auth-file FILE"),
        (with("carol", &keys), 1, "no user \"carol\" among the 2 of the AuthFile "),
        (with("alice", &missing), 1, "cannot read the AuthFile: there is no such file, /"),
        (
            with("alice", &folder),
            1,
            "cannot read the AuthFile: it is a folder; name the file in it, /",
        ),
        (
            with("alice", &large),
            1,
            "cannot read the AuthFile: it has more than 1 MiB, is it an AuthFile?, /",
        ),
        (
            vec!["127.0.0.1", "--user", "alice", "--auth-file", &keys],
            2,
            "--user and --auth-file need --security sign or --security encrypt",
        ),
        (vec!["127.0.0.1", "--security", "much"], 2, "\"much\" is not a security level"),
        (vec!["127.0.0.1", "--user", "alice"], 2, "--auth-file"),
        (vec![], 2, "HOST[:PORT][%IFACE]"),
    ] {
        let output = send(&args, b"");
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
        assert_eq!(output.status.code(), Some(status), "{args:?}");
    }
}

#[test]
fn an_auth_file_that_others_may_read_is_a_warning() {
    let (files, receiver) = (Files::new(), Receiver::new());
    let keys = files.path("keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let args = ["--security", "sign", "--user", "bob", "--auth-file", &keys, &receiver.address];
    let output = send(&args, THREE);
    assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn standard_input_that_cannot_be_read_is_a_failure() {
    let receiver = Receiver::new();
    let folder = std::fs::File::open(env!("CARGO_MANIFEST_DIR")).unwrap();
    let mut command = collectoscope();
    command.args(["send", &receiver.address]).stdin(folder);
    let output = command.output().unwrap();
    let says = "collectoscope: cannot read standard input: is a directory";
    assert!(stderr(&output).starts_with(says), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(1));
}

fn names() -> Names<'static> {
    Names { host: b"h", plugin: b"p", type_: b"t", ..Names::default() }
}

const TIME: CdTime = CdTime::from_secs(1_795_426_812);

#[test]
fn a_list_larger_than_a_packet_is_refused_with_what_it_needs() {
    let receiver = Receiver::new();
    for (protection, words) in [
        (None, "it needs 1836 bytes, a packet holds 1024"),
        (Some(Protection::Signed), "it needs 1877 bytes with its signature, a packet holds 1024"),
        (
            Some(Protection::Encrypted),
            "it needs 1883 bytes with its encryption, a packet holds 1024",
        ),
    ] {
        let seal = protection.map(|kind| Seal::new(kind, b"alice", b"secret").unwrap());
        let options = SenderOptions { seal, max_packet_size: 1_024, ..SenderOptions::default() };
        let mut sender = Sender::open(&[receiver.destination()], options).unwrap();
        sender.push(&names(), TIME, Interval::ZERO, &[Value::Gauge(1.0)]).unwrap();
        let error = sender.push(&names(), TIME, Interval::ZERO, &[Value::Gauge(1.0); 200]);
        let says = format!("cannot send the values of h/p/t: {words}");
        assert_eq!(error.unwrap_err().to_string(), says);
        // What was gathered before still goes.
        sender.flush().unwrap();
        assert_eq!((sender.sent().lists, sender.sent().datagrams), (1, 1));
        assert!(!receiver.next().is_empty());
    }
}

#[test]
fn a_notification_larger_than_a_packet_is_refused_with_what_it_needs() {
    let receiver = Receiver::new();
    let seal = Some(Seal::new(Protection::Encrypted, &[b'u'; 64], b"secret").unwrap());
    let options = SenderOptions { seal, max_packet_size: 1_024, ..SenderOptions::default() };
    let mut sender = Sender::open(&[receiver.destination()], options).unwrap();
    let long = [b'x'; 127];
    let names = Names {
        host: &long,
        plugin: &long,
        plugin_instance: &long,
        type_: &long,
        type_instance: &long,
    };
    let error = sender.notify(&names, TIME, Severity::Okay, &[b'm'; 255]).unwrap_err();
    assert!(matches!(error, SendError::TooLarge { bytes: 1_050, .. }), "{error}");
    sender.notify(&names, TIME, Severity::Okay, &[b'm'; 229]).unwrap();
    assert_eq!(receiver.next().len(), 1_024);
}

#[test]
fn what_no_receiver_accepts_is_refused_with_the_reason() {
    let receiver = Receiver::new();
    let mut sender = Sender::open(&[receiver.destination()], SenderOptions::default()).unwrap();
    let error = sender.push(&names(), CdTime::ZERO, Interval::ZERO, &[Value::Gauge(1.0)]);
    assert_eq!(error.unwrap_err().to_string(), "cannot send the values of h/p/t: no time");
    let error = sender.notify(&names(), TIME, Severity::Okay, b"");
    assert_eq!(error.unwrap_err().to_string(), "cannot send the notification of h/p/t: no message");
    let options = SenderOptions { max_packet_size: 1_023, ..SenderOptions::default() };
    let error = Sender::open(&[receiver.destination()], options).unwrap_err();
    assert_eq!(error.to_string(), "packet size 1023 is out of range; write 1024 to 65507");
    let error = Sender::open(&[], SenderOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "no destination to send to");
}

#[test]
fn gathered_lists_are_due_after_the_time_that_was_set() {
    let receiver = Receiver::new();
    let open = |flush| {
        let options = SenderOptions { flush, ..SenderOptions::default() };
        Sender::open(&[receiver.destination()], options).unwrap()
    };
    let push = |sender: &mut Sender| {
        sender.push(&names(), TIME, Interval::ZERO, &[Value::Gauge(1.0)]).unwrap();
    };
    let hour = Duration::from_secs(3_600);
    let mut sender = open(Flush::After(hour));
    assert_eq!(sender.due_in(), None);
    push(&mut sender);
    assert!(sender.due_in().is_some_and(|wait| wait <= hour && wait > hour / 2));
    sender.flush().unwrap();
    assert_eq!((sender.due_in(), sender.sent().datagrams), (None, 1));
    let mut sender = open(Flush::WhenFull);
    push(&mut sender);
    assert_eq!((sender.due_in(), sender.sent().datagrams), (None, 0));
    let mut sender = open(Flush::After(Duration::ZERO));
    push(&mut sender);
    assert_eq!((sender.due_in(), sender.sent().datagrams), (None, 1));
}

#[test]
fn two_encryptions_of_the_same_share_nothing() {
    let receiver = Receiver::new();
    let seal = Some(Seal::new(Protection::Encrypted, b"alice", b"secret").unwrap());
    let options = SenderOptions { seal, flush: Flush::AtOnce, ..SenderOptions::default() };
    let mut sender = Sender::open(&[receiver.destination()], options).unwrap();
    let datagrams = [(); 2].map(|()| {
        sender.push(&names(), TIME, Interval::ZERO, &[Value::Gauge(1.0)]).unwrap();
        receiver.next()
    });
    // Header, length and user are the same, the vector and all behind it are not.
    let same = datagrams[0].iter().zip(&datagrams[1]).filter(|(a, b)| a == b).count();
    assert!(same < 11 + 20, "{same} of {} bytes", datagrams[0].len());
}
