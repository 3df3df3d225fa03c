//! Files that are no captures: what is said of them, and what to type; gzip, which is read.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn some() -> Vec<u8> {
    pcap(101, &vec![udp_packet(PORT_DEFAULT, PAYLOAD); 3])
}

/// What is said about `bytes`, at `path`.
fn said(path: &str, bytes: Vec<u8>) -> String {
    let input = Box::new(io::Cursor::new(bytes));
    match Capture::read(Path::new(path), input) {
        Ok(_) => "it is read".into(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(bytes: &[u8], reason: &str, file: &str, pipe: &str) {
    let line = |place: &str, mend: &str| format!("not a capture: {reason}, in {place}\n  {mend}");
    assert_eq!(said("my/some.file", bytes.to_vec()), line("my/some.file", file));
    assert_eq!(said("-", bytes.to_vec()), line("standard input", pipe));
}

#[track_caller]
fn check_filter(bytes: &[u8], reason: &str, file: &str, pipe: &str) {
    let file = format!("try: {file} | collectoscope --read -");
    check(bytes, reason, &file, &format!("try: ... | {pipe} | collectoscope --read -"));
}

#[test]
fn a_capture_in_gzip_is_read_as_if_it_were_not() {
    let twice = [gzip(&some()[..100]), gzip(&some()[100..])].concat();
    for packed in [gzip(&some()), twice, gzip(&long())] {
        let found = read(packed);
        assert!(found.end.is_ok() && found.datagrams.len().is_multiple_of(3), "{found:?}");
        assert!(found.payloads().iter().all(|payload| *payload == PAYLOAD));
    }
}

/// More than fits the buffers.
fn long() -> Vec<u8> {
    pcap(101, &vec![udp_packet(PORT_DEFAULT, PAYLOAD); 30_000])
}

#[test]
fn a_gzip_cut_or_damaged_anywhere_gives_what_came_before() {
    let packed = gzip(&some());
    for end in 0..packed.len() {
        let found = read(packed[..end].to_vec());
        assert!(found.end.is_err() && found.datagrams.len() <= 3, "{end}: {found:?}");
    }
    let cut = read(gzip(&long())[..3_000].to_vec());
    assert!(matches!(cut.end, Err(CaptureError::Cut { packets, .. }) if packets > 1_000));
    for at in 2..packed.len() {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        read(damaged);
    }
}

#[test]
fn what_is_not_read_in_gzip_is_named_with_both_steps() {
    let banner = [b"Welcome\n".as_slice(), &some()].concat();
    let start = "not a capture: text stands before the capture, such as a greeting or a warning, \
                 in a b.gz\n  try: zcat 'a b.gz' | tail -c +9 | collectoscope --read -";
    assert_eq!(said("a b.gz", gzip(&banner)), start);
    let text = said("-", gzip(&banner));
    assert!(text.ends_with("try: ... | zcat | tail -c +9 | collectoscope --read -"), "{text}");
    assert!(said("x", gzip(&gzip(&some()))).contains("it does not start as"));
}

#[test]
fn compressed_files_are_named_with_what_unpacks_them() {
    let rest = [0; 600];
    for (magic, reason, file, pipe) in [
        (&b"PK\x03\x04"[..], "this is a zip archive", "unzip -p my/some.file", "funzip"),
        (b"BZh9", "this is compressed with bzip2", "bzcat my/some.file", "bzcat"),
        (b"\xfd7zXZ\0", "this is compressed with xz", "xzcat my/some.file", "xzcat"),
        (b"\x28\xb5\x2f\xfd", "this is compressed with zstd", "zstdcat my/some.file", "zstdcat"),
        (b"\x04\x22\x4d\x18", "this is compressed with lz4", "lz4 -dc my/some.file", "lz4 -dc"),
        (
            b"snoop\0\0\0",
            "this is a capture of snoop",
            "editcap -F pcap my/some.file -",
            "editcap -F pcap - -",
        ),
    ] {
        check_filter(&[magic, &rest].concat(), reason, file, pipe);
    }
}

#[test]
fn a_greeting_before_a_capture_is_named_with_what_takes_it_off() {
    let mut blocks = Blocks::new(true);
    blocks.interface(101, 0, &[]);
    let big = pcap_of(NANO_MAGIC, u32::to_be_bytes, 101, &[]);
    let modified = pcap_of(0xa1b2_cd34, u32::to_le_bytes, 101, &[]);
    for capture in [some(), big, modified, blocks.file] {
        for greeting in
            ["Welcome to router\nLast login: today\n", "\x1b[1mWarning\x1b[0m: größer\r\n"]
        {
            let skip = greeting.len() + 1;
            check_filter(
                &[greeting.as_bytes(), &capture].concat(),
                "text stands before the capture, such as a greeting or a warning",
                &format!("tail -c +{skip} my/some.file"),
                &format!("tail -c +{skip}"),
            );
        }
        let found = said("f", [&[0xff; 5_000][..], &capture].concat());
        assert!(
            found.contains("something else stands before") && found.contains("tail -c +5001 f")
        );
    }
}

#[test]
fn text_is_told_by_what_wrote_it() {
    let again = "capture again, to a file: tcpdump -i any -w FILE udp port 25826";
    for line in [
        "12:00:00.000001 IP 192.0.2.10.41000 > 192.0.2.1.25826: UDP, length 120\n",
        "2026-11-29 12:00:00.1 eth0 In  IP6 ::1.41000 > ::1.25826: UDP, length 120\n",
        "IP 192.0.2.10.41000 > 192.0.2.1.25826: UDP, length 120",
        "tcpdump: listening on eth0, link-type EN10MB (Ethernet)\n",
        "    1   0.000000   192.0.2.10 → 192.0.2.1    UDP 140 41000 → 25826 Len=98\n",
    ] {
        check(line.as_bytes(), "this is the text that tcpdump or tshark prints", again, again);
    }
    let send = "to send such lines: collectoscope send ADDRESS <FILE";
    let lines = "these are lines of collectd's plain text protocol";
    check(b"PUTVAL a/load/load N:1:2:3\n", lines, send, send);
    let made = "one is made with: tcpdump -i any -w FILE udp port 25826";
    check(b"LoadPlugin network and more of it\n", "this is text", made, made);
    let page = "download the capture again; was a login asked for?";
    check(b"<!DOCTYPE html>\n<HTML><head>", "this is a web page", page, page);
    check(b"\x01\x02\x03\x04\x05", "it does not start as a pcap file does", made, made);
}

#[test]
fn hex_dumps_are_named_with_what_makes_bytes_of_them() {
    let xxd = b"00000000: d4c3 b2a1 0200 0400 0000 0000 0000 0000  ................\n";
    check_filter(xxd, "this is a hex dump", "xxd -r my/some.file", "xxd -r");
    let plain = b"0A0D0D0A1C0000004D3C2B1A\n";
    check_filter(plain, "this is a hex dump", "xxd -r -p my/some.file", "xxd -r -p");
    for line in [
        &b"00000000  a1 b2 c3 d4 00 02 00 04  00 00 00 00 00 00 00 00  |................|\n"[..],
        b"000000 34 cd b2 a1 02 00 04 00 00 00 00 00 00 00 00 00  >4...............<\n",
        b"0000000 d4 c3 b2 a1 02 00 04 00\n",
    ] {
        check_filter(
            line,
            "this is a hex dump",
            "sed 's/^[0-9a-fx]* *//; s/[|>].*//' my/some.file | xxd -r -p",
            "sed 's/^[0-9a-fx]* *//; s/[|>].*//' | xxd -r -p",
        );
    }
    let packets = b"0000  02 00 00 00 00 01 02 00 00 00 00 02 08 00 45 00   ..............E.\n";
    check_filter(packets, "this is a hex dump", "text2pcap -q my/some.file -", "text2pcap -q - -");
    let base64 = b"1MOyoQIABAAAAAAAAAAAAAAABAABAAAA\n";
    check_filter(base64, "this is a capture in base64", "base64 -d my/some.file", "base64 -d");
}

#[test]
fn a_path_is_written_as_a_shell_takes_it() {
    let text = said("it's mine.zip", b"PK\x03\x04".to_vec());
    assert!(text.ends_with("try: unzip -p 'it'\\''s mine.zip' | collectoscope --read -"), "{text}");
}
