//! Other people's implementations: what they read of ours, and what we read of theirs.
//!
//! Two independent decoders, libcollectdclient and collectd.org/network (Go), must see exactly the
//! lists that our sender sent. What they are known to get wrong is left out by a named rule each.

use crate::cli::listening;
use crate::support::wait::end;
use collectoscope::metric::{CdTime, Identifier, Interval, Names, Value};
use collectoscope::send::{Destination, Sender, SenderOptions};
use collectoscope::wire::{
    Decoder, Event, KeyRing, NAME_MAX_BYTES, Protection, Seal, SecurityLevel, Trust,
};
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const USER: &str = "alice";
const PASSWORD: &str = "w0nderl4nd";

/// libcollectdclient has 64 bytes for a name, NUL included, where the daemon has 128: a longer one
/// ends its reading.
const C_NAME_MAX_BYTES: usize = 63;

/// A list as [`tests/peers/decode.c`] writes it.
fn form(names: &Names<'_>, time: CdTime, interval: Interval, values: &[Value]) -> String {
    let name = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let all = [names.host, names.plugin, names.plugin_instance, names.type_, names.type_instance];
    let values = values.iter().map(|value| match value {
        Value::Gauge(number) if number.is_nan() => "gauge:nan".to_owned(),
        Value::Gauge(number) => format!("gauge:{:016x}", number.to_bits()),
        Value::Counter(number) => format!("counter:{number}"),
        Value::Derive(number) => format!("derive:{number}"),
        Value::Absolute(number) => format!("absolute:{number}"),
    });
    let ((secs, nanos), (every, every_nanos)) = (time.secs_nanos(), interval.secs_nanos());
    format!(
        "{}|{secs}.{nanos:09}|{every}.{every_nanos:09}|{}",
        all.map(name).join("|"),
        values.collect::<Vec<_>>().join(",")
    )
}

/// Every DS type, with its ends, in lists of one and of several; names of every length. Times are
/// in quarters of a second, which a double holds.
fn lists() -> Vec<(Identifier, CdTime, Interval, Vec<Value>)> {
    let numbers = [
        Value::Counter(0),
        Value::Counter(u64::MAX),
        Value::Derive(i64::MIN),
        Value::Derive(i64::MAX),
        Value::Absolute(1 << 63),
        Value::Gauge(-0.0),
        Value::Gauge(f64::NAN),
        Value::Gauge(f64::NEG_INFINITY),
        Value::Gauge(5e-324),
        Value::Gauge(1.0 / 3.0),
    ];
    let mut all = Vec::new();
    for step in 0..500_u64 {
        let bytes = usize::try_from(step % 128).unwrap();
        let long = "x".repeat(bytes);
        let id = match step % 3 {
            0 => Identifier::new("host", "plugin", "", "type", &long),
            1 => Identifier::new("größe", "plugin", &long, "type", "日本"),
            _ => Identifier::new(&format!("h{long}")[..bytes.max(1)], "p q", "", "type", ""),
        };
        let time = CdTime::from_raw((1_795_426_812 << 30) + (step << 28));
        let interval = Interval::from_raw((step % 3) * (5 << 29));
        let place = usize::try_from(step).unwrap();
        let count = 1 + place % 4;
        let values = (0..count).map(|at| numbers[(place + at * 3) % numbers.len()]).collect();
        all.push((id, time, interval, values));
    }
    all
}

fn protection(level: SecurityLevel) -> Option<Protection> {
    match level {
        SecurityLevel::None => None,
        SecurityLevel::Sign => Some(Protection::Signed),
        SecurityLevel::Encrypt => Some(Protection::Encrypted),
    }
}

const LEVELS: [(&str, SecurityLevel); 3] = [
    ("none", SecurityLevel::None),
    ("sign", SecurityLevel::Sign),
    ("encrypt", SecurityLevel::Encrypt),
];

/// What our sender makes of the lists that `keep` takes: datagrams, each led by its length, and
/// the lists in the agreed form.
fn sent(level: SecurityLevel, keep: fn(&Identifier, &[Value]) -> bool) -> (Vec<u8>, Vec<String>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let destination = Destination::from(socket.local_addr().unwrap());
    let seal = protection(level)
        .map(|kind| Seal::new(kind, USER.as_bytes(), PASSWORD.as_bytes()).unwrap());
    let options = SenderOptions { seal, ..SenderOptions::default() };
    let mut sender = Sender::open(&[destination], options).unwrap();
    let (mut datagrams, mut expected, mut taken) = (Vec::new(), Vec::new(), 0);
    let mut buffer = vec![0; 65_535];
    let mut take = |sender: &Sender| {
        while taken < sender.sent().datagrams {
            let bytes = socket.recv(&mut buffer).unwrap();
            datagrams.extend(u32::try_from(bytes).unwrap().to_be_bytes());
            datagrams.extend(&buffer[..bytes]);
            taken += 1;
        }
    };
    for (id, time, interval, values) in lists() {
        if keep(&id, &values) {
            sender.push(&id.names(), time, interval, &values).unwrap();
            expected.push(form(&id.names(), time, interval, &values));
            take(&sender);
        }
    }
    sender.flush().unwrap();
    take(&sender);
    assert!(sender.sent().datagrams > 10);
    (datagrams, expected)
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Runs a command that must succeed; `packages` is what to install when it is not there.
#[track_caller]
fn run(command: &mut Command, packages: &str) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}: apt-get install --no-install-recommends {packages}")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} (needs {packages}):\n{told}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    output.stdout
}

fn build_c(name: &str, folder: &Path) -> PathBuf {
    const PACKAGES: &str = "gcc libc6-dev pkg-config libcollectdclient-dev";
    let flags =
        run(Command::new("pkg-config").args(["--cflags", "--libs", "libcollectdclient"]), PACKAGES);
    let flags = String::from_utf8(flags).unwrap();
    let program = folder.join(name);
    let mut gcc = Command::new("gcc");
    gcc.args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
    gcc.arg(source(&format!("{name}.c"))).args(flags.split_whitespace());
    run(&mut gcc, PACKAGES);
    program
}

fn build_go(name: &str, folder: &Path) -> PathBuf {
    const PACKAGES: &str = "golang-go golang-collectd-dev";
    let program = folder.join(name);
    let mut go = Command::new("go");
    go.env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOFLAGS", "")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"))
        .args(["build", "-o"])
        .arg(&program)
        .arg(source(&format!("{name}.go")));
    run(&mut go, PACKAGES);
    program
}

/// What `program` reads of `datagrams`.
fn decoded(program: &Path, level: &str, datagrams: &[u8], folder: &Path) -> Vec<String> {
    let out = folder.join("out");
    let mut child = Command::new(program)
        .args([level, USER, PASSWORD])
        .arg(&out)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(datagrams).unwrap();
    assert!(child.wait().unwrap().success());
    std::fs::read_to_string(out).unwrap().lines().map(str::to_owned).collect()
}

fn check(program: &Path, folder: &Path, keep: fn(&Identifier, &[Value]) -> bool, least: usize) {
    for (name, level) in LEVELS {
        let (datagrams, expected) = sent(level, keep);
        assert!(expected.len() >= least, "{} lists", expected.len());
        let found = decoded(program, name, &datagrams, folder);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}

#[test]
fn libcollectdclient_reads_what_we_send_at_every_level() {
    let folder = tempfile::tempdir().unwrap();
    let program = build_c("decode", folder.path());
    let names_fit = |id: &Identifier, _: &[Value]| {
        let Names { host, plugin, plugin_instance, type_, type_instance } = id.names();
        [host, plugin, plugin_instance, type_, type_instance]
            .iter()
            .all(|name| name.len() <= C_NAME_MAX_BYTES)
    };
    check(&program, folder.path(), names_fit, 250);
}

#[test]
fn the_go_library_reads_what_we_send_at_every_level() {
    let folder = tempfile::tempdir().unwrap();
    let program = build_go("decode", folder.path());
    // It has no ABSOLUTE: a list with one ends its reading. Signed lists it reports a second time
    // at level none, so that it reads them at level sign.
    let has_no_absolute = |_: &Identifier, values: &[Value]| {
        !values.iter().any(|value| matches!(value, Value::Absolute(_)))
    };
    check(&program, folder.path(), has_no_absolute, 250);
}

#[test]
fn the_lists_have_names_of_every_length_that_the_daemon_takes() {
    let longest = lists()
        .iter()
        .flat_map(|(id, ..)| [id.host.len(), id.plugin_instance.len(), id.type_instance.len()])
        .max();
    assert_eq!(longest, Some(NAME_MAX_BYTES));
}

/// Lists that `program` sends, and what we read of them; none when it says that it cannot.
/// 75 KB: the default receive buffer holds them all.
const COUNT: usize = 1_000;

fn read_from(
    program: &Path,
    (name, level): (&str, SecurityLevel),
) -> Option<(Vec<String>, Vec<String>)> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = socket.local_addr().unwrap().port().to_string();
    let output = Command::new(program)
        .args([name, USER, PASSWORD, "127.0.0.1", &port, &COUNT.to_string()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.code() == Some(3) {
        return None;
    }
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let sent = String::from_utf8(output.stdout).unwrap();
    let trust = match level {
        SecurityLevel::None => Trust::Plain,
        SecurityLevel::Sign => Trust::Signed,
        SecurityLevel::Encrypt => Trust::Encrypted,
    };
    let mut keys = KeyRing::new();
    keys.insert(USER.as_bytes(), PASSWORD.as_bytes());
    let mut decoder = Decoder::new(Some(Arc::new(keys)));
    let (mut found, mut buffer) = (Vec::new(), vec![0; 65_535]);
    // On loopback all of it is there when the sender has ended.
    while let Ok(bytes) = socket.recv(&mut buffer) {
        decoder.decode(level, &buffer[..bytes], &mut |event| match event {
            Event::Values(list) => {
                let values: Vec<Value> = list.values.iter().collect();
                assert_eq!(list.trust, trust);
                found.push(form(&list.names, list.time, list.interval, &values));
            }
            Event::Protected(part) => assert_eq!(part.outcome, Ok(trust)),
            other => panic!("{other:?}"),
        });
    }
    Some((sent.lines().map(str::to_owned).collect(), found))
}

#[test]
fn we_read_what_libcollectdclient_sends_at_every_level_that_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let program = build_c("send", folder.path());
    for (name, level) in LEVELS {
        let Some((sent, found)) = read_from(&program, (name, level)) else {
            // Debian builds the library so that it reads signed and encrypted, but sends neither.
            assert_ne!(level, SecurityLevel::None);
            continue;
        };
        assert_eq!(found, sent[..found.len()], "{name}");
        // The last datagram is never full, and so the library never sends it.
        assert!(found.len() > COUNT - 50, "{name}: {} of {COUNT}", found.len());
    }
}

#[test]
fn we_read_what_the_go_library_sends_at_every_level() {
    let folder = tempfile::tempdir().unwrap();
    let program = build_go("send", folder.path());
    for (name, level) in LEVELS {
        let (sent, found) = read_from(&program, (name, level)).unwrap();
        assert_eq!((found.len(), &found), (COUNT, &sent), "{name}");
    }
}

#[test]
fn dump_prints_what_the_traffic_generator_of_collectd_sends() {
    let (mut child, to, errors) = listening(&["dump", "--count", "3000", "--for", "60"]);
    let mut generator = Command::new("collectd-tg")
        .args(["-n", "3000", "-H", "20", "-p", "10", "-i", "1", "-d", &to.ip().to_string()])
        .args(["-D", &to.port().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("collectd-tg is missing: apt-get install --no-install-recommends collectd-utils");
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    generator.kill().unwrap();
    generator.wait().unwrap();
    assert_eq!(end(&mut child), Some(0));
    assert_eq!(lines.len(), 3_000);
    for line in &lines {
        // [1795426812.25] host00012/plugin0003/7/gauge/ti000042 [(1, 0.75)]
        assert!(line.contains("] host") && line.contains("/plugin"), "{line}");
    }
    let faults: Vec<String> =
        errors.lines().map(Result::unwrap).filter(|line| line.contains("datagram")).collect();
    assert!(faults.is_empty(), "{faults:?}");
}
