//! What a file that is no capture is, and what to type to get at the capture in it.
//!
//! Known by its first bytes: compressed files, captures of other programs, a greeting before a
//! capture, hex dumps, and text. Knows nothing of files.

use super::pcapng::Pcapng;
use crate::wire::Stray;

/// What it is, and what makes a capture of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) reason: &'static str,
    pub(super) mend: Mend,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mend {
    /// A program that reads a file it is given, and what it is called behind a pipe.
    Filter {
        /// `FILE` stands for the file.
        file: &'static str,
        /// With the same on standard input.
        pipe: &'static str,
    },
    /// The capture begins at this byte, counted from 1.
    SkipTo(usize),
    /// In words.
    Advice(&'static str),
}

/// A program whose name is all that is needed.
macro_rules! filter {
    ($program:literal) => {
        Mend::Filter { file: concat!($program, " FILE"), pipe: $program }
    };
}

const CAPTURE: Mend = Mend::Advice("one is made with: tcpdump -i any -w FILE udp port 25826");
const ENDED: Mend = Mend::Advice("did the capturing program end properly?");
const EDITCAP: Mend = Mend::Filter { file: "editcap -F pcap FILE -", pipe: "editcap -F pcap - -" };

/// First bytes, what they are, what to do.
const MAGICS: &[(&[u8], &str, Mend)] = &[
    (
        b"PK\x03\x04",
        "this is a zip archive",
        Mend::Filter { file: "unzip -p FILE", pipe: "funzip" },
    ),
    (b"BZh", "this is compressed with bzip2", filter!("bzcat")),
    (b"\xfd7zXZ\0", "this is compressed with xz", filter!("xzcat")),
    (b"\x28\xb5\x2f\xfd", "this is compressed with zstd", filter!("zstdcat")),
    (
        b"\x04\x22\x4d\x18",
        "this is compressed with lz4",
        Mend::Filter { file: "lz4 -dc FILE", pipe: "lz4 -dc" },
    ),
    (b"\x1f\x9d", "this is compressed with compress", filter!("zcat")),
    (
        b"LZIP",
        "this is compressed with lzip",
        Mend::Filter { file: "lzip -dc FILE", pipe: "lzip -dc" },
    ),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive", Mend::Advice("unpack it first: 7z x FILE")),
    (b"snoop\0\0\0", "this is a capture of snoop", EDITCAP),
    (b"GMBU", "this is a capture of Microsoft Network Monitor", EDITCAP),
    (b"RTSS", "this is a capture of Microsoft Network Monitor", EDITCAP),
    (b"TRSNIFF data", "this is a capture of Sniffer", EDITCAP),
    (b"XCP\0", "this is a capture of NetXRay", EDITCAP),
    (b"iptrace ", "this is a capture of iptrace", EDITCAP),
    (
        b"\xff\xfe",
        "this is UTF-16, which PowerShell makes of what a program writes",
        Mend::Advice("let the program write the file itself: tcpdump -w FILE"),
    ),
];

/// Captures as text begins with them: hexadecimal, base64.
const HEX_STARTS: [&str; 7] =
    ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "34cdb2a1", "a1b2cd34", "0a0d0d0a"];
const BASE64_STARTS: [&str; 7] =
    ["1MOyoQ", "obLD1A", "TTyyoQ", "obI8TQ", "NM2yoQ", "obLNNA", "Cg0NCg"];

/// Whether more bytes would change nothing about what is said.
pub(super) fn is_known(start: &[u8]) -> bool {
    is_begun(start)
        || MAGICS.iter().any(|(magic, ..)| start.starts_with(magic))
        || capture_behind(start).is_some()
        || text(start).is_some_and(|found| found.mend != CAPTURE)
}

/// Says what it is.
pub(super) fn what_it_is(start: &[u8]) -> Foreign {
    let known = MAGICS.iter().find(|(magic, ..)| start.starts_with(magic));
    if let Some(&(_, reason, mend)) = known {
        return Foreign { reason, mend };
    }
    if start.is_empty() {
        return Foreign { reason: "the file is empty", mend: ENDED };
    }
    if is_begun(start) {
        return Foreign { reason: "it ends inside its own header", mend: ENDED };
    }
    if start.get(257..262) == Some(b"ustar") {
        let mend = Mend::Filter { file: "tar -xOf FILE", pipe: "tar -xO" };
        return Foreign { reason: "this is a tar archive", mend };
    }
    if let Some(skipped) = capture_behind(start) {
        let is_text = start.get(..skipped).and_then(Stray::of).is_some();
        let reason = match is_text {
            true => "text stands before the capture, such as a greeting or a warning",
            false => "something else stands before the capture",
        };
        return Foreign { reason, mend: Mend::SkipTo(skipped + 1) };
    }
    text(start)
        .unwrap_or(Foreign { reason: "it does not start as a pcap file does", mend: CAPTURE })
}

/// Whether it is the begin of a capture.
fn is_begun(start: &[u8]) -> bool {
    const MAGICS: [[u8; 4]; 6] = [
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xcd, 0x34],
        [0x34, 0xcd, 0xb2, 0xa1],
    ];
    // The first 12 bytes of a pcapng tell that it is one.
    MAGICS.iter().any(|magic| start.starts_with(magic))
        || start.starts_with(&Pcapng::MAGIC) && start.len() < 12
}

/// Where the header of a capture begins behind something else.
fn capture_behind(start: &[u8]) -> Option<usize> {
    start.windows(12).position(|bytes| {
        let version = bytes.get(4..8).unwrap_or_default();
        let is_pcap = is_begun(bytes) && (version == [2, 0, 4, 0] || version == [0, 2, 0, 4]);
        let order = bytes.get(8..).unwrap_or_default();
        let is_pcapng = bytes.starts_with(&Pcapng::MAGIC)
            && (order == [0x1a, 0x2b, 0x3c, 0x4d] || order == [0x4d, 0x3c, 0x2b, 0x1a]);
        is_pcap || is_pcapng
    })
}

fn text(start: &[u8]) -> Option<Foreign> {
    let stray = Stray::of(start)?;
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first = text.lines().next().unwrap_or_default();
    let (reason, mend) = if let Some(mend) = hex_dump(first) {
        ("this is a hex dump", mend)
    } else if BASE64_STARTS.iter().any(|base64| first.starts_with(base64)) {
        ("this is a capture in base64", Mend::Filter { file: "base64 -d FILE", pipe: "base64 -d" })
    } else if text.lines().take(LINES_MAX).any(is_packet_line) {
        let again = "capture again, to a file: tcpdump -i any -w FILE udp port 25826";
        ("this is the text that tcpdump or tshark prints", Mend::Advice(again))
    } else if text.get(..200).unwrap_or(text).to_ascii_lowercase().contains("<html") {
        let again = "download the capture again; was a login asked for?";
        ("this is a web page", Mend::Advice(again))
    } else if stray == Stray::PutVal {
        let send = "to send such lines: collectoscope send ADDRESS <FILE";
        ("these are lines of collectd's plain text protocol", Mend::Advice(send))
    } else {
        ("this is text", CAPTURE)
    };
    Some(Foreign { reason, mend })
}

/// Lines of a text that are looked at: tcpdump greets before it prints.
const LINES_MAX: usize = 20;

/// `12:00:00.000001 IP 192.0.2.10.41000 > 192.0.2.1.25826: UDP, length 120`, with any or no time,
/// or tshark's `1 0.000000 192.0.2.10 → 192.0.2.1 UDP 140 …`.
fn is_packet_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(12).collect();
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    line.starts_with("tcpdump: ") || has(&["IP", "IP6", "ARP,"]) && has(&[">", "Request"]) || {
        has(&["→", "->"]) && words.first().is_some_and(|word| word.parse::<u64>().is_ok())
    }
}

/// What makes bytes of a hex dump that begins with `line`.
fn hex_dump(line: &str) -> Option<Mend> {
    let is_hex = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let starts_capture = |digits: &str| {
        let digits = digits.to_ascii_lowercase();
        HEX_STARTS.iter().any(|start| digits.starts_with(start))
    };
    let mut words = line.split_whitespace();
    let offset = words.next()?;
    if starts_capture(offset) {
        return Some(Mend::Filter { file: "xxd -r -p FILE", pipe: "xxd -r -p" });
    }
    let plain = offset.trim_end_matches(':').trim_start_matches("0x");
    let is_offset = plain.len() >= 4 && plain.bytes().all(|byte| byte == b'0');
    let pairs: Vec<&str> = words.take(8).take_while(|word| is_hex(word)).collect();
    let digits = pairs.concat();
    if !is_offset || digits.len() < 8 {
        return None;
    }
    Some(match starts_capture(&digits) {
        // As xxd writes them.
        true if offset.ends_with(':') => Mend::Filter { file: "xxd -r FILE", pipe: "xxd -r" },
        // As hexdump -C and od do: without offsets and texts.
        true => Mend::Filter {
            file: "sed 's/^[0-9a-fx]* *//; s/[|>].*//' FILE | xxd -r -p",
            pipe: "sed 's/^[0-9a-fx]* *//; s/[|>].*//' | xxd -r -p",
        },
        // Of packets.
        false => Mend::Filter { file: "text2pcap -q FILE -", pipe: "text2pcap -q - -" },
    })
}
