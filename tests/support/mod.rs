//! Support of several tests: captures, listings, bytes, and the program itself.

// Each test module and the bench uses its own part of this; a test may give up at once.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stderr
)]

pub mod corpus;
pub mod daemon;
pub mod desktop;
pub mod mutate;
pub mod netns;
pub mod properties;
pub mod wait;

use collectoscope::metric::{Identifier, Value};
use collectoscope::source::capture::Capture;
use collectoscope::wire::{Event, KeyRing, decode};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

/// A file of `tests/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The UDP payloads of a capture, in order.
pub fn datagrams(path: &Path) -> Vec<Vec<u8>> {
    let mut capture = Capture::open(path).unwrap();
    let mut payloads = Vec::new();
    while capture.next(&mut |datagram| payloads.push(datagram.bytes.to_vec())).unwrap() {}
    payloads
}

/// The records that `NAME.pcap` holds, as independent decoders agree.
pub fn listing(name: &str) -> Vec<serde_json::Value> {
    let file = std::fs::File::open(data(&format!("{name}.truth.jsonl.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The users of the captures that are signed or encrypted, and of the crafted datagrams.
pub fn keys() -> Arc<KeyRing> {
    let (keys, faults) = KeyRing::parse(&std::fs::read(data("authfile")).unwrap());
    assert!(faults.is_empty());
    Arc::new(keys)
}

/// Bytes from hexadecimal digits; blanks are for the eye.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "half a byte in {text}");
    pairs.iter().map(|[high, low]| high << 4 | low).collect()
}

/// Events of a datagram, one line each.
pub fn events(datagram: &[u8]) -> Vec<String> {
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
                let outcome = match part.outcome {
                    Ok(trust) => trust.name().to_owned(),
                    Err(fault) => fault.to_string(),
                };
                format!("{} {user} at {}: {outcome}", part.protection.name(), part.offset_bytes)
            }
            Event::Fault(fault) => fault.to_string(),
        });
    });
    lines
}

/// The program, with no display to open a window on, and none of the files of whoever tests.
pub fn collectoscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collectoscope"));
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Runs `collectoscope dump` to its end.
pub fn dump(args: &[&str]) -> Output {
    collectoscope().arg("dump").args(args).output().unwrap()
}

/// `dump --read` of a file of `tests/data`, to its end.
pub fn dump_data(name: &str, args: &[&str]) -> Output {
    collectoscope().args(["dump", "--read"]).arg(data(name)).args(args).output().unwrap()
}

/// The lines printed on standard output.
pub fn stdout_lines(output: &Output) -> Vec<String> {
    std::str::from_utf8(&output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The text printed on standard error.
pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A capture of `payloads` as UDP over raw IP, from 10.0.0.1:4000 to 10.0.0.2:25826.
pub fn pcap(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend(hex("0200 0400 00000000 00000000 00000400 65000000"));
    for payload in payloads {
        let mut packet = Vec::new();
        etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9)
            .udp(4_000, 25_826)
            .write(&mut packet, payload)
            .unwrap();
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        file.extend(1_795_426_812_u32.to_le_bytes());
        file.extend([0; 4]);
        file.extend([length, length].concat());
        file.extend(packet);
    }
    file
}
