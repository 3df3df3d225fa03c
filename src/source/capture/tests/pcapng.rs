//! Captures in blocks.

use super::super::packet::PACKET_BYTES_MAX;
use super::super::pcapng::{BLOCK_BYTES_MAX, INTERFACES_MAX};
use super::*;

fn halves(time: u64) -> [u32; 2] {
    [time >> 32, time & 0xffff_ffff].map(|half| u32::try_from(half).unwrap())
}

/// Writes the blocks of a pcapng.
pub(super) struct Blocks {
    pub(super) file: Vec<u8>,
    big: bool,
}

impl Blocks {
    pub(super) fn new(big: bool) -> Self {
        let mut blocks = Self { file: Vec::new(), big };
        blocks.section(big);
        blocks
    }

    fn u16(&self, number: u16) -> [u8; 2] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(super) fn u32(&self, number: u32) -> [u8; 4] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn section(&mut self, big: bool) {
        self.big = big;
        let body = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body);
    }

    pub(super) fn block(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(u32::try_from(padded + 12).unwrap());
        let kind = self.u32(kind);
        self.file.extend([&kind[..], &length, body].concat());
        self.file.resize(self.file.len() + padded - body.len(), 0);
        self.file.extend(length);
    }

    /// Options: code and value.
    pub(super) fn interface(&mut self, link_type: u16, snap_bytes: u32, options: &[(u16, &[u8])]) {
        let mut body = [&self.u16(link_type)[..], &[0; 2], &self.u32(snap_bytes)].concat();
        for (code, value) in options {
            body.extend(self.u16(*code));
            body.extend(self.u16(u16::try_from(value.len()).unwrap()));
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body);
    }

    pub(super) fn enhanced(&mut self, interface: u32, time: u64, frame: &[u8]) {
        let [high, low] = halves(time);
        let length = u32::try_from(frame.len()).unwrap();
        let head = [interface, high, low, length, length].map(|number| self.u32(number)).concat();
        self.block(6, &[&head, frame].concat());
    }
}

#[test]
fn pcapng_is_read_in_both_byte_orders() {
    for big in [false, true] {
        let mut blocks = Blocks::new(big);
        // A name, and something that nobody knows.
        blocks.interface(101, 0, &[(2, b"\xffth0"), (0x7f00, b"odd"), (0, b"")]);
        blocks.block(4, &[0; 4]);
        blocks.block(0x0bad, b"whatever");
        let time = u64::from(SECS) * 1_000_000 + 250_000;
        blocks.enhanced(0, time, &udp_packet(PORT_DEFAULT, PAYLOAD));
        blocks.block(5, &[0; 12]);
        check_one(blocks.file, ".25");
    }
}

#[test]
fn each_interface_of_a_pcapng_has_its_own_unit_of_time() {
    let secs = u64::from(SECS);
    let offset = 1_000_000_000_u64;
    for (options, time, report) in [
        (vec![], secs * 1_000_000 + 1, ".000001"),
        (vec![(9, vec![6])], secs * 1_000_000 + 1, ".000001"),
        (vec![(9, vec![9])], secs * 1_000_000_000 + 1, ".000000001"),
        (vec![(9, vec![0])], secs, ""),
        (vec![(9, vec![3])], secs * 1_000 + 5, ".005"),
        (vec![(9, vec![0x80])], secs, ""),
        (vec![(9, vec![0x80 | 10])], secs << 10 | 512, ".5"),
        (vec![(9, vec![0x80 | 30])], secs << 30 | 1 << 28, ".25"),
        (vec![(10, vec![0; 4]), (9, vec![3])], secs * 1_000 + 5, ".005"),
        (
            vec![(14, offset.to_le_bytes().to_vec()), (9, vec![3])],
            (secs - offset) * 1_000 + 5,
            ".005",
        ),
        (
            vec![(14, offset.wrapping_neg().to_le_bytes().to_vec()), (9, vec![3])],
            (secs + offset) * 1_000 + 5,
            ".005",
        ),
    ] {
        let mut blocks = Blocks::new(false);
        let options: Vec<(u16, &[u8])> =
            options.iter().map(|(code, value)| (*code, value.as_slice())).collect();
        // The one before it must not matter.
        blocks.interface(105, 0, &[(9, &[7])]);
        blocks.interface(101, 0, &options);
        blocks.enhanced(1, time, &udp_packet(PORT_DEFAULT, PAYLOAD));
        check_one(blocks.file, report);
    }
}

#[test]
fn units_too_small_for_any_second_are_no_panic() {
    for power in [20, 38, 39, 127, 0x80 | 64, 0x80 | 127] {
        let mut blocks = Blocks::new(false);
        blocks.interface(101, 0, &[(9, &[power])]);
        blocks.enhanced(0, u64::MAX, &udp_packet(PORT_DEFAULT, PAYLOAD));
        let found = read(blocks.file);
        assert_eq!((found.payloads(), found.end.is_ok()), (vec![PAYLOAD], true), "{power}");
    }
}

#[test]
fn a_pcapng_may_hold_several_link_types_and_sections() {
    let v4 = udp_packet(PORT_DEFAULT, PAYLOAD);
    let time = u64::from(SECS) * 1_000_000;
    let mut blocks = Blocks::new(false);
    blocks.interface(1, 0, &[]);
    blocks.interface(0, 0, &[]);
    blocks.interface(147, 0, &[]);
    blocks.enhanced(1, time, &[&[2, 0, 0, 0], &v4[..]].concat());
    blocks.enhanced(0, time, &[&[2; 12][..], &[8, 0], &v4].concat());
    blocks.enhanced(2, time, b"nobody knows");
    blocks.section(true);
    blocks.interface(101, 0, &[]);
    blocks.enhanced(0, time, &v4);
    let found = read(blocks.file);
    assert!(found.end.is_ok(), "{found:?}");
    assert_eq!(found.payloads(), [PAYLOAD; 3]);
    let unknown = Counts { unread: 1, first_unread: Some(Unread::LinkType(147)), ..found.counts };
    assert_eq!(found.counts, Counts { packets: 4, datagrams: 3, ..unknown });
}

#[test]
fn the_older_packet_blocks_are_read_too() {
    let v4 = udp_packet(PORT_DEFAULT, PAYLOAD);
    for big in [false, true] {
        let mut blocks = Blocks::new(big);
        blocks.interface(101, 0, &[]);
        let time = u64::from(SECS) * 1_000_000 + 125_000;
        let length = u32::try_from(v4.len()).unwrap();
        let [high, low] = halves(time);
        let words = [high, low, length, length].map(|number| blocks.u32(number)).concat();
        // Interface, drops.
        let head = [blocks.u16(0), blocks.u16(7)].concat();
        blocks.block(2, &[&head, &words, &v4[..]].concat());
        check_one(blocks.file.clone(), ".125");
        // A simple one has no time of its own.
        let length = blocks.u32(length);
        blocks.block(3, &[&length, &v4[..]].concat());
        let found = read(blocks.file);
        assert_eq!(found.datagrams[1], found.datagrams[0]);
    }
}

#[test]
fn a_simple_packet_ends_where_the_snap_length_says() {
    let v4 = udp_packet(PORT_DEFAULT, &[PAYLOAD, &[0; 60]].concat());
    let mut blocks = Blocks::new(false);
    let kept = 28 + PAYLOAD.len();
    blocks.interface(101, u32::try_from(kept).unwrap(), &[]);
    let length = blocks.u32(u32::try_from(v4.len()).unwrap());
    blocks.block(3, &[&length, &v4[..kept]].concat());
    let found = read(blocks.file);
    assert_eq!((found.payloads(), found.counts.cut), (vec![PAYLOAD], 1));
}

#[track_caller]
fn check_damaged(file: Vec<u8>, whole: usize, words: &str) {
    let found = read(file);
    assert_eq!(found.datagrams.len(), whole);
    let message = found.end.unwrap_err().to_string();
    let start = format!("the capture is damaged after packet {whole}: {words}");
    assert!(message.starts_with(&start) && message.ends_with(", in some.pcap"), "{message}");
}

#[test]
fn damage_is_told_from_a_cut_and_ends_the_reading() {
    let good = udp_packet(PORT_DEFAULT, PAYLOAD);
    let mut file = pcap(101, std::slice::from_ref(&good));
    let too_long = u32::try_from(PACKET_BYTES_MAX + 1).unwrap().to_le_bytes();
    file.extend([&[0; 8][..], &too_long, &too_long].concat());
    check_damaged(file, 1, "what follows is no packet of 262145 bytes");

    let with = |change: &dyn Fn(&mut Blocks)| {
        let mut blocks = Blocks::new(false);
        blocks.interface(101, 0, &[]);
        blocks.enhanced(0, 0, &good);
        change(&mut blocks);
        blocks.file
    };
    let file = with(&|blocks| {
        let length = u32::try_from(BLOCK_BYTES_MAX + 4).unwrap();
        blocks.file.extend([6, length, 0].map(u32::to_le_bytes).concat());
    });
    check_damaged(file, 1, "what follows is no block of 16777220 bytes");
    let file = with(&|blocks| blocks.file.extend([6, 8, 8].map(u32::to_le_bytes).concat()));
    check_damaged(file, 1, "what follows is no block of 8 bytes");
    let file = with(&|blocks| {
        blocks.block(9, &[0; 8]);
        *blocks.file.last_mut().unwrap() = 1;
    });
    check_damaged(file, 1, "the lengths of a block (20 bytes) differ");
    check_damaged(
        with(&|blocks| blocks.enhanced(1, 0, &good)),
        1,
        "a packet of interface 1, which",
    );
    check_damaged(with(&|blocks| blocks.block(6, &[0; 8])), 1, "a block is shorter than");
    check_damaged(with(&|blocks| blocks.block(1, &[0; 4])), 1, "a block is shorter than");
    let file = with(&|blocks| {
        blocks.block(6, &[0, 0, 0, 500, 500].map(u32::to_le_bytes).concat());
    });
    check_damaged(file, 1, "a packet of 500 bytes in a block of 32");
    let file = with(&|blocks| {
        blocks.block(0x0a0d_0d0a, &[0; 16]);
    });
    check_damaged(file, 1, "a section of no byte order");
}

#[test]
fn interfaces_past_the_bound_are_damage() {
    let mut blocks = Blocks::new(false);
    for _ in 0..INTERFACES_MAX {
        blocks.interface(101, 0, &[]);
    }
    let last = u32::try_from(INTERFACES_MAX - 1).unwrap();
    blocks.enhanced(last, 0, &udp_packet(PORT_DEFAULT, PAYLOAD));
    blocks.interface(101, 0, &[]);
    check_damaged(blocks.file, 1, "more than 65536 interfaces");
}
