//! Datagrams in several IP packets.

use super::super::fragments::{PARTIAL_MAX, REST_WITHIN};
use super::*;
use etherparse::{IpNumber, Ipv6FragmentHeader};

/// The IP packets that carry `udp` (header and payload) in pieces of `size`.
pub(super) fn fragments4(udp: &[u8], id: u16, size: usize) -> Vec<Vec<u8>> {
    let count = udp.chunks(size).count();
    let fragment = |(i, piece): (usize, &[u8])| {
        let mut header = etherparse::Ipv4Header::new(
            u16::try_from(piece.len()).unwrap(),
            9,
            IpNumber::UDP,
            [10, 0, 0, 1],
            [10, 0, 0, 2],
        )
        .unwrap();
        header.identification = id;
        header.dont_fragment = false;
        header.more_fragments = i + 1 < count;
        header.fragment_offset = u16::try_from(i * size / 8).unwrap().try_into().unwrap();
        let mut packet = Vec::new();
        header.write(&mut packet).unwrap();
        packet.extend(piece);
        packet
    };
    udp.chunks(size).enumerate().map(fragment).collect()
}

fn fragments6(udp: &[u8], id: u32, size: usize) -> Vec<Vec<u8>> {
    let count = udp.chunks(size).count();
    let fragment = |(i, piece): (usize, &[u8])| {
        let whole = udp6_packet(PORT_DEFAULT, b"");
        let mut packet = whole[..40].to_vec();
        let header = Ipv6FragmentHeader::new(
            IpNumber::UDP,
            u16::try_from(i * size / 8).unwrap().try_into().unwrap(),
            i + 1 < count,
            id,
        );
        packet[4..6].copy_from_slice(&u16::try_from(piece.len() + 8).unwrap().to_be_bytes());
        packet[6] = IpNumber::IPV6_FRAGMENTATION_HEADER.0;
        packet.extend(header.to_bytes());
        packet.extend(piece);
        packet
    };
    udp.chunks(size).enumerate().map(fragment).collect()
}

/// A datagram that needs several fragments: payload, and UDP header with it.
fn large(count: usize) -> (Vec<u8>, Vec<u8>) {
    let payload: Vec<u8> = (0..=250).cycle().take(count).collect();
    let mut udp = udp_packet(PORT_DEFAULT, &payload);
    udp.drain(..20);
    (payload, udp)
}

#[test]
fn fragments_are_put_together_in_whatever_order_they_come() {
    let (payload, udp) = large(5_000);
    for mut packets in [fragments4(&udp, 7, 1_480), fragments6(&udp, 7, 1_448)] {
        assert_eq!(packets.len(), 4);
        for _ in 0..packets.len() {
            packets.rotate_left(1);
            let found = read(pcap(101, &packets));
            assert_eq!(found.payloads(), [payload.as_slice()]);
            assert_eq!(found.counts, Counts { packets: 4, datagrams: 1, ..Counts::default() });
        }
        packets.reverse();
        assert_eq!(read(pcap(101, &packets)).payloads(), [payload.as_slice()]);
        // One of them twice.
        packets.insert(1, packets[0].clone());
        assert_eq!(read(pcap(101, &packets)).payloads(), [payload.as_slice()]);
    }
}

#[test]
fn the_largest_datagram_comes_through_in_fragments() {
    let (payload, udp) = large(65_507);
    let found = read(pcap(101, &fragments4(&udp, 7, 1_480)));
    assert_eq!(found.payloads(), [payload.as_slice()]);
}

#[test]
fn the_fragments_of_two_datagrams_are_not_mixed() {
    let ((one, udp_one), (two, udp_two)) = (large(3_000), large(2_999));
    let (a, b) = (fragments4(&udp_one, 1, 1_480), fragments4(&udp_two, 2, 1_480));
    let mixed: Vec<_> = a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect();
    assert_eq!(read(pcap(101, &mixed)).payloads(), [one.as_slice(), &two]);
    // Seen in a VLAN and on the interface below it.
    let tagged = |vlan: u8, ip: &[u8]| [&[2; 12], &[0x81, 0, 0, vlan, 8, 0][..], ip].concat();
    let plain = |ip: &[u8]| [&[2; 12], &[8, 0][..], ip].concat();
    let frames: Vec<_> = fragments4(&udp_one, 1, 1_480)
        .iter()
        .flat_map(|ip| [plain(ip), tagged(0, ip), tagged(9, ip)])
        .collect();
    assert_eq!(read(pcap(1, &frames)).payloads(), [one.as_slice(); 3]);
}

#[test]
fn datagrams_that_lack_a_fragment_are_counted() {
    let (_, udp) = large(5_000);
    for missing in 0..4 {
        let mut packets = fragments4(&udp, 7, 1_480);
        packets.remove(missing);
        let found = read(pcap(101, &packets));
        assert_eq!(found.counts, Counts { packets: 3, incomplete: 1, ..Counts::default() });
    }
}

#[test]
fn a_fragment_captured_in_part_is_a_missing_one() {
    let (_, udp) = large(5_000);
    let mut packets = fragments4(&udp, 7, 1_480);
    packets[1].truncate(100);
    let found = read(pcap(101, &packets));
    assert_eq!((found.datagrams.len(), found.counts.incomplete), (0, 1));
}

#[test]
fn fragments_that_contradict_one_another_are_given_up() {
    let (_, udp) = large(5_000);
    let mut packets = fragments4(&udp, 7, 1_480);
    // The third says that it is the last.
    packets[2][6] &= !0x20;
    let found = read(pcap(101, &packets[2..]));
    assert_eq!((found.datagrams.len(), found.counts.incomplete), (0, 1));
}

#[test]
fn datagrams_put_together_at_once_are_bounded() {
    let (payload, udp) = large(3_000);
    let all: Vec<_> =
        (0..=PARTIAL_MAX).map(|id| fragments4(&udp, u16::try_from(id).unwrap(), 1_480)).collect();
    let firsts = all.iter().map(|packets| packets[0].clone());
    // The first was given up for the last; its rest alone never becomes whole.
    let rests = all.iter().rev().flat_map(|packets| packets[1..].to_vec());
    let found = read(pcap(101, &firsts.chain(rests).collect::<Vec<_>>()));
    assert_eq!(found.datagrams.len(), PARTIAL_MAX);
    assert!(found.payloads().iter().all(|found| *found == payload));
    assert_eq!(found.counts.incomplete, 2);
}

#[test]
fn the_rest_of_a_datagram_is_not_waited_for_for_ever() {
    let (_, udp) = large(2_000);
    let packets = fragments4(&udp, 7, 1_480);
    let late = u64::from(SECS) + REST_WITHIN.secs_nanos().0 + 1;
    let mut blocks = Blocks::new(false);
    blocks.interface(101, 0, &[]);
    blocks.enhanced(0, u64::from(SECS) * 1_000_000, &packets[0]);
    blocks.enhanced(0, late * 1_000_000, &packets[1]);
    let found = read(blocks.file);
    assert_eq!((found.datagrams.len(), found.counts.incomplete), (0, 2));
}

#[test]
fn extension_headers_before_a_fragment_are_passed_and_may_be_cut_anywhere() {
    let (payload, udp) = large(1_000);
    // Hop-by-hop options, then destination options of 16 bytes, before the fragment header.
    let options: &[u8] =
        &[60, 0, 1, 4, 0, 0, 0, 0, 44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let with_options = |packet: &[u8]| {
        let mut longer = [&packet[..40], options, &packet[40..]].concat();
        let length = u16::try_from(longer.len() - 40).unwrap();
        longer[4..6].copy_from_slice(&length.to_be_bytes());
        longer[6] = 0;
        longer
    };
    let packets: Vec<_> = fragments6(&udp, 7, 600).iter().map(|one| with_options(one)).collect();
    let found = read(pcap(101, &packets));
    assert!(found.end.is_ok());
    assert_eq!(found.payloads(), [payload]);
    for length in 0..packets[0].len() {
        let found = read(pcap(101, &[packets[0][..length].to_vec()]));
        assert!(found.datagrams.is_empty() && found.end.is_ok(), "cut at {length}");
    }
    // The length of each header leads past the end.
    for at in [41, 49] {
        let mut packet = packets[0].clone();
        packet[at] = 255;
        let found = read(pcap(101, &[packet]));
        assert!(found.datagrams.is_empty() && found.end.is_ok());
    }
}
