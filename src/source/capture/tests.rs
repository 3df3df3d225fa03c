//! Captures built from bytes: containers, link layers, ports, cuts.

mod foreign;
mod fragments;
mod layers;
mod pcapng;
mod times;

use super::*;
use etherparse::PacketBuilder;
use pcapng::Blocks;

const PAYLOAD: &[u8] = b"\x00\x00\x00\x06h\0";
const SECS: u32 = 1_795_426_812;
const NANO_MAGIC: u32 = 0xa1b2_3c4d;
const MICRO_MAGIC: u32 = 0xa1b2_c3d4;

fn udp_packet(to_port: u16, payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9).udp(4_000, to_port);
    let mut packet = Vec::new();
    builder.write(&mut packet, payload).unwrap();
    packet
}

fn udp6_packet(to_port: u16, payload: &[u8]) -> Vec<u8> {
    let [mut from, mut to] = [[0; 16]; 2];
    (from[0], to[0]) = (0xfd, 0xfd);
    let mut packet = Vec::new();
    PacketBuilder::ipv6(from, to, 9).udp(4_000, to_port).write(&mut packet, payload).unwrap();
    packet
}

/// A classic pcap; `order` makes its numbers bytes.
fn pcap_of(
    magic: u32,
    order: fn(u32) -> [u8; 4],
    link_type: u32,
    frames: &[(u32, Vec<u8>)],
) -> Vec<u8> {
    // Version 2.4, least significant half first when it is read as a little-endian word.
    let version = if order(1) == [1, 0, 0, 0] { 0x0004_0002 } else { 0x0002_0004 };
    let mut file = [magic, version, 0, 0, 0x4_0000, link_type].map(order).concat();
    for (fraction, frame) in frames {
        let length = u32::try_from(frame.len()).unwrap();
        file.extend([SECS, *fraction, length, length].map(order).concat());
        file.extend(frame);
    }
    file
}

fn pcap(link_type: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let frames: Vec<_> = frames.iter().map(|frame| (500_000, frame.clone())).collect();
    pcap_of(MICRO_MAGIC, u32::to_le_bytes, link_type, &frames)
}

/// What was read of a capture.
#[derive(Debug)]
struct Found {
    /// Sender, arrival, payload.
    datagrams: Vec<(String, String, Vec<u8>)>,
    counts: Counts,
    end: Result<(), CaptureError>,
}

impl Found {
    fn payloads(&self) -> Vec<&[u8]> {
        self.datagrams.iter().map(|(_, _, bytes)| bytes.as_slice()).collect()
    }
}

fn read_ports(file: Vec<u8>, ports: &[u16]) -> Found {
    let mut datagrams = Vec::new();
    let input = Box::new(io::Cursor::new(file));
    let mut capture = match Capture::read(&PathBuf::from("some.pcap"), input) {
        Ok(capture) => capture.only(ports),
        Err(error) => return Found { datagrams, counts: Counts::default(), end: Err(error) },
    };
    let end = loop {
        let more = capture.next(&mut |datagram| {
            let (sender, arrival) = (datagram.sender.to_string(), datagram.arrival.to_string());
            datagrams.push((sender, arrival, datagram.bytes.to_vec()));
        });
        match more {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    Found { datagrams, counts: capture.counts(), end }
}

fn read(file: Vec<u8>) -> Found {
    read_ports(file, &[])
}

/// One packet of [`PAYLOAD`] from 10.0.0.1:4000 or [fd00::]:4000, at `fraction` of [`SECS`].
#[track_caller]
fn check_one(file: Vec<u8>, fraction: &str) {
    let found = read(file);
    assert!(found.end.is_ok(), "{found:?}");
    let [(sender, arrival, bytes)] = &found.datagrams[..] else { panic!("{found:?}") };
    assert!(["10.0.0.1:4000", "[fd00::]:4000"].contains(&sender.as_str()), "{sender}");
    assert_eq!((arrival.as_str(), bytes.as_slice()), (&*format!("{SECS}{fraction}"), PAYLOAD));
    assert_eq!(found.counts, Counts { packets: 1, datagrams: 1, ..Counts::default() });
}

#[track_caller]
fn check_link(link_type: u32, before_ip: &[u8], ip: Vec<u8>) {
    check_one(pcap(link_type, &[[before_ip, &ip].concat()]), ".5");
}

#[test]
fn every_known_link_type_is_looked_into() {
    let v4 = || udp_packet(PORT_DEFAULT, PAYLOAD);
    let v6 = || udp6_packet(PORT_DEFAULT, PAYLOAD);
    check_link(1, &[&[2; 12][..], &[8, 0]].concat(), v4());
    check_link(1, &[&[2; 12][..], &[0x86, 0xdd]].concat(), v6());
    check_link(1, &[&[2; 12][..], &[0x81, 0, 0, 7, 8, 0]].concat(), v4());
    check_link(1, &[&[2; 12][..], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, 0x86, 0xdd]].concat(), v6());
    for link_type in [12, 14, 101, 228] {
        check_link(link_type, &[], v4());
    }
    check_link(229, &[], v6());
    check_link(101, &[], v6());
    check_link(113, &[&[0; 14][..], &[8, 0]].concat(), v4());
    check_link(113, &[&[0; 14][..], &[0x81, 0, 0, 7, 8, 0]].concat(), v4());
    check_link(276, &[&[8, 0][..], &[0; 18]].concat(), v4());
    check_link(276, &[&[0x86, 0xdd][..], &[0; 18]].concat(), v6());
    check_link(0, &[2, 0, 0, 0], v4());
    check_link(0, &[30, 0, 0, 0], v6());
    check_link(108, &[0, 0, 0, 2], v4());
    // The upper half is about the check sequence behind the frame.
    let frame = [&[2; 12][..], &[8, 0], &v4(), &[1, 2, 3, 4]].concat();
    check_one(pcap(0x2400_0001, &[frame]), ".5");
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_with_both_units_of_time() {
    for (magic, fraction, report) in
        [(MICRO_MAGIC, 123_456, ".123456"), (NANO_MAGIC, 123_456_789, ".123456789")]
    {
        for order in [u32::to_le_bytes, u32::to_be_bytes] {
            let frame = (fraction, udp_packet(PORT_DEFAULT, PAYLOAD));
            check_one(pcap_of(magic, order, 101, &[frame]), report);
        }
    }
}

#[test]
fn an_unknown_link_type_is_named() {
    let message = read(pcap(105, &[])).end.unwrap_err().to_string();
    assert!(message.starts_with("cannot read link type 105 (Wi-Fi), in some.pcap\n"), "{message}");
}

#[test]
fn other_ports_are_taken_only_when_they_speak_the_protocol() {
    let good = b"\x02\x10\0\x2e\0\x03bob0123456789abcdef01234567890123456789x";
    let dns = b"\x12\x34\x01\x00\0\x01";
    let file =
        || pcap(101, &[udp_packet(53, dns), udp_packet(7_000, good), udp_packet(25_826, dns)]);
    let found = read(file());
    assert_eq!(found.payloads(), [&good[..], dns]);
    assert_eq!(found.counts, Counts { packets: 3, datagrams: 2, others: 1, ..Counts::default() });
    // What is asked for is all that is taken, whatever it is.
    assert_eq!(read_ports(file(), &[53]).payloads(), [dns]);
    assert_eq!(read_ports(file(), &[53, 7_000]).payloads(), [&dns[..], good]);
    assert!(read_ports(file(), &[1]).datagrams.is_empty());
}

#[test]
fn what_is_not_udp_is_passed_over() {
    let mut tcp = Vec::new();
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9);
    builder.tcp(4_000, PORT_DEFAULT, 1, 1_000).write(&mut tcp, PAYLOAD).unwrap();
    let found = read(pcap(101, &[tcp]));
    assert_eq!(found.counts, Counts { packets: 1, others: 1, ..Counts::default() });
}

#[test]
fn a_datagram_captured_in_part_is_given_as_far_as_it_goes_and_counted() {
    let packet = udp_packet(PORT_DEFAULT, &[PAYLOAD, &[0; 60]].concat());
    let found = read(pcap(101, &[packet[..28 + PAYLOAD.len()].to_vec()]));
    assert_eq!((found.payloads(), found.counts.cut), (vec![PAYLOAD], 1));
}

#[test]
fn a_capture_cut_anywhere_gives_what_is_whole_and_then_says_so() {
    let packet = udp_packet(PORT_DEFAULT, PAYLOAD);
    let file = pcap(101, &[packet.clone(), packet.clone()]);
    let record = (file.len() - 24) / 2;
    check_cuts(&file, 24, &[24, 24 + record, 24 + 2 * record]);

    let mut blocks = Blocks::new(false);
    let header = 12;
    let mut whole = vec![blocks.file.len()];
    blocks.interface(101, 0, &[]);
    whole.push(blocks.file.len());
    for _ in 0..2 {
        blocks.enhanced(0, 0, &packet);
        whole.push(blocks.file.len());
    }
    check_cuts(&blocks.file, header, &whole);
}

/// `borders` are the lengths at which nothing is missing; the last two end behind a packet.
#[track_caller]
fn check_cuts(file: &[u8], header: usize, borders: &[usize]) {
    let [.., first, second] = borders else { panic!() };
    for end in 0..file.len() {
        let found = read(file[..end].to_vec());
        let whole = [first, second].iter().filter(|border| end >= ***border).count();
        assert_eq!(found.datagrams.len(), whole, "cut at {end}");
        match found.end {
            Ok(()) => assert!(borders.contains(&end), "cut at {end}"),
            Err(CaptureError::NotCapture { .. }) => assert!(end < header, "cut at {end}"),
            Err(CaptureError::Cut { packets, .. }) => {
                assert!(!borders.contains(&end) && packets == whole as u64, "cut at {end}");
            }
            Err(other) => panic!("cut at {end}: {other}"),
        }
    }
}

#[test]
fn what_is_no_capture_is_said() {
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (b"\xd4\xc3", "it does not start as"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "it ends inside its own header"),
        (b"\x0a\x0d\x0d\x0a\0\0\0\0", "it ends inside its own header"),
        (b"\x0a\x0d\x0d\x0a and no byte order", "this is text"),
    ] {
        let message = read(bytes.to_vec()).end.unwrap_err().to_string();
        assert!(message.starts_with(&format!("not a capture: {words}")), "{message}");
        assert!(message.contains(", in some.pcap\n"), "{message}");
    }
}

#[test]
fn bytes_that_trickle_in_are_read_all_the_same() {
    /// One byte per call.
    struct Trickle(io::Cursor<Vec<u8>>);
    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }
    let file = pcap(101, &vec![udp_packet(PORT_DEFAULT, PAYLOAD); 100]);
    let input = Box::new(Trickle(io::Cursor::new(file)));
    let mut capture = Capture::read(Path::new("-"), input).unwrap();
    let mut count = 0;
    while capture.next(&mut |_| count += 1).unwrap() {}
    assert_eq!(count, 100);
}
