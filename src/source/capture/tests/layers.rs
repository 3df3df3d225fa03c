//! What stands between the link layer and the datagram, and what cannot be looked into.

use super::super::inside::Inside;
use super::super::link::Link;
use super::*;

const V4: u16 = 0x0800;
const V6: u16 = 0x86dd;

fn v4() -> Vec<u8> {
    udp_packet(PORT_DEFAULT, PAYLOAD)
}

fn v6() -> Vec<u8> {
    udp6_packet(PORT_DEFAULT, PAYLOAD)
}

/// An Ethernet header of this type before `rest`.
fn ethernet(ether_type: u16, rest: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &ether_type.to_be_bytes(), rest].concat()
}

/// A session of PPPoE, then PPP.
fn pppoe(session: u16, ppp: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ppp.len()).unwrap();
    [&[0x11, 0][..], &session.to_be_bytes(), &length.to_be_bytes(), ppp].concat()
}

fn label(label: u32, is_last: bool) -> [u8; 4] {
    (label << 12 | u32::from(is_last) << 8 | 64).to_be_bytes()
}

/// An IPv4 packet of another protocol than UDP.
fn ip_packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    let builder = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 9);
    builder.write(&mut packet, etherparse::IpNumber(protocol), payload).unwrap();
    packet
}

#[test]
fn tags_sessions_and_labels_before_ip_are_taken_off() {
    for tags in [&[][..], &[0x81, 0, 0x20, 7], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 7], &[0x91, 0, 0, 9]]
    {
        let frame =
            |kind: u16, rest: &[u8]| [&[2; 12][..], tags, &kind.to_be_bytes(), rest].concat();
        for session in [0, 0x1234, 0xffff] {
            let ppp = |protocol: &[u8], ip: Vec<u8>| pppoe(session, &[protocol, &ip].concat());
            check_link(1, &[], frame(0x8864, &ppp(&[0, 0x21], v4())));
            check_link(1, &[], frame(0x8864, &ppp(&[0, 0x57], v6())));
            check_link(1, &[], frame(0x8864, &ppp(&[0x21], v4())));
        }
        check_link(1, &[], frame(0x8847, &[&label(16, true)[..], &v4()].concat()));
        let stack = [label(7, false), label(1_048_575, false), label(3, true)].concat();
        check_link(1, &[], frame(0x8848, &[stack, v6()].concat()));
    }
    check_link(
        113,
        &[&[0; 14][..], &[0x88, 0x64]].concat(),
        pppoe(1, &[&[0, 0x21], &v4()[..]].concat()),
    );
    check_link(276, &[&[0x88, 0x47][..], &[0; 18], &label(1, true)].concat(), v4());
    // LLC and SNAP.
    check_link(1, &[&[2; 12][..], &[0, 60, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(), v4());
    // MACsec that is only signed, with and without the number of a channel.
    check_link(1, &[&ethernet(0x88e5, &[0, 0, 0, 0, 0, 1])[..], &[8, 0]].concat(), v4());
    check_link(1, &[&ethernet(0x88e5, &[0x20; 14])[..], &[0x86, 0xdd]].concat(), v6());
}

#[test]
fn frames_inside_labels_are_found_with_and_without_a_control_word() {
    for first in [0, 2, 0x10, 0x40] {
        let mut frame = ethernet(V4, &v4());
        frame[0] = first;
        if first < 0x40 {
            check_link(1, &ethernet(0x8847, &label(16, true)), frame.clone());
        }
        let with_word = [&[0; 4][..], &frame].concat();
        check_link(1, &ethernet(0x8847, &label(16, true)), with_word);
    }
}

#[test]
fn ppp_is_read_in_each_of_its_forms() {
    for link_type in [9, 50] {
        check_link(link_type, &[0xff, 3, 0, 0x21], v4());
        check_link(link_type, &[0xff, 3, 0x21], v4());
        check_link(link_type, &[0xff, 3, 0, 0x57], v6());
        check_link(link_type, &[0, 0x21], v4());
        check_link(link_type, &[0x57], v6());
        check_link(link_type, &[&[0xff, 3, 2, 0x81][..], &label(9, true)].concat(), v4());
    }
    // Cisco's HDLC.
    check_link(50, &[0x0f, 0, 8, 0], v4());
    check_link(104, &[0x8f, 0, 0x86, 0xdd], v6());
    // With a direction.
    check_link(166, &[1, 3, 0, 0x21], v4());
    check_link(204, &[0, 0xff, 3, 0, 0x21], v4());
    check_link(51, &pppoe(9, &[0, 0x57]), v6());
    check_link(219, &label(9, true), v6());
}

#[test]
fn tunnels_are_opened_however_deep() {
    let vxlan = |inner: &[u8]| {
        let header = [8, 0, 0, 0, 0, 0x12, 0x34, 0];
        udp_packet(4_789, &[&header[..], inner].concat())
    };
    check_link(101, &[], vxlan(&ethernet(V4, &v4())));
    check_link(
        101,
        &[],
        vxlan(&ethernet(0x8100, &[&[0, 7][..], &V6.to_be_bytes(), &v6()].concat())),
    );
    let deep = (0..200).fold(v4(), |inner, _| vxlan(&ethernet(V4, &inner)));
    check_link(101, &[], deep);
    for options in [0_u8, 3] {
        let header =
            [&[options, 0, 0x65, 0x58, 0, 0, 9, 0][..], &vec![0; usize::from(options) * 4]];
        let geneve = [&header.concat()[..], &ethernet(V6, &v6())].concat();
        check_link(101, &[], udp6_packet(6_081, &geneve));
    }
    check_link(101, &[], ip_packet(4, &v4()));
    check_link(101, &[], ip_packet(41, &v6()));
    check_link(101, &[], ip_packet(137, &[&label(5, true)[..], &v4()].concat()));
    for gre in [
        &[0, 0, 8, 0][..],
        &[0x80, 0, 8, 0, 1, 2, 3, 4],
        &[0xb0, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9],
        // PPTP, with an acknowledgement.
        &[0x30, 0x81, 0x88, 0x0b, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 3, 0, 0x21],
        // ERSPAN of both kinds, then Ethernet.
        &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1][..], &[0; 8], &ethernet(V4, &[])].concat(),
        &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..], &[0; 12], &ethernet(V4, &[])].concat(),
        &[&[0, 0, 0x65, 0x58][..], &ethernet(V4, &[])].concat(),
    ] {
        check_link(101, &[], ip_packet(47, &[gre, &v4()].concat()));
    }
}

#[test]
fn the_same_on_two_networks_is_not_put_together() {
    // Two halves of a datagram, in different sessions.
    let mut udp = udp_packet(PORT_DEFAULT, &[7; 56]);
    udp.drain(..20);
    let piece = |session: u16, index: usize| {
        let mut header = etherparse::Ipv4Header::new(
            32,
            9,
            etherparse::IpNumber::UDP,
            [10, 0, 0, 1],
            [10, 0, 0, 2],
        )
        .unwrap();
        header.more_fragments = index == 0;
        header.fragment_offset = u16::try_from(index * 4).unwrap().try_into().unwrap();
        let mut packet = vec![0, 0x21];
        header.write(&mut packet).unwrap();
        packet.extend(&udp[index * 32..][..32]);
        ethernet(0x8864, &pppoe(session, &packet))
    };
    let found = read(pcap(1, &[piece(1, 0), piece(2, 1), piece(1, 1)]));
    assert_eq!(found.payloads(), [&[7; 56][..]]);
    assert_eq!(found.counts.incomplete, 1);
}

#[test]
fn a_tunnel_in_fragments_is_put_together_and_opened() {
    let inner = [&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet(V4, &v4())].concat();
    let mut udp = udp_packet(4_789, &inner);
    udp.drain(..20);
    let frames = super::fragments::fragments4(&udp, 5, 24);
    let found = read(pcap(101, &frames));
    assert_eq!(found.payloads(), [PAYLOAD]);
    assert_eq!(found.datagrams[0].0, "10.0.0.1:4000");
}

#[track_caller]
fn check_unread(link_type: u32, frame: Vec<u8>, what: &str) {
    let found = read(pcap(link_type, &[frame]));
    assert_eq!((found.counts.unread, found.counts.others), (1, 0), "{what}");
    assert_eq!(found.counts.left_out(), [format!("1 packet not read: {what}")]);
    assert_eq!(found.counts.others_line(), None);
}

#[test]
fn what_cannot_be_looked_into_is_named_and_not_called_something_else() {
    check_unread(1, ethernet(0x1234, &[0; 60]), "EtherType 0x1234");
    check_unread(1, ethernet(0x88e5, &[0x2c; 60]), "EtherType 0x88e5 (MACsec, encrypted)");
    check_unread(9, vec![0xff, 3, 0, 0xfd, 1, 2, 3], "PPP protocol 0x00fd (compressed)");
    check_unread(1, ethernet(0x8864, &pppoe(1, &[0x3d, 0, 0])), "PPP protocol 0x003d (multilink)");
    check_unread(101, ip_packet(50, &[0; 40]), "IP protocol 50 (IPsec, encrypted)");
    check_unread(1, vec![2; 13], "headers cut off or damaged");
    check_unread(1, ethernet(V4, &v4()[..24]), "headers cut off or damaged");
    check_unread(101, Vec::new(), "headers cut off or damaged");
    let frames = [ethernet(0x1234, &[]), ethernet(0x9999, &[]), ethernet(V4, &v4())];
    let lines = read(pcap(1, &frames)).counts.left_out();
    assert_eq!(lines, ["2 packets not read, the first: EtherType 0x1234"]);
}

#[test]
fn what_surely_holds_no_datagram_is_something_else() {
    for frame in [
        ethernet(0x0806, &[0; 28]),
        ethernet(0x88cc, &[0; 50]),
        ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0]),
        ethernet(0x8864, &[0x11, 0xa7, 0, 1, 0, 0]),
        ethernet(0x8864, &pppoe(1, &[0xc0, 0x21, 9, 1])),
        // Spanning tree.
        ethernet(38, &[0x42, 0x42, 3, 0, 0, 0]),
        ethernet(V4, &ip_packet(6, &[0; 20])),
        ethernet(V4, &ip_packet(1, &[8, 0, 0, 0])),
    ] {
        let found = read(pcap(1, std::slice::from_ref(&frame)));
        assert_eq!((found.counts.unread, found.counts.others), (0, 1), "{frame:x?}");
        assert_eq!(found.counts.others_line().unwrap(), "1 packet left out: not of collectd");
    }
}

#[test]
fn a_frame_cut_anywhere_is_read_without_panic() {
    let inner = [&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet(V4, &v4())].concat();
    let vxlan = udp6_packet(4_789, &inner);
    let gre =
        ip_packet(47, &[&[0xb0, 0, 0x88, 0x47][..], &[0; 12], &label(1, true), &vxlan].concat());
    let frame = ethernet(0x8864, &pppoe(1, &[&[0, 0x21][..], &gre].concat()));
    assert!(matches!(Link::Ethernet.open(&frame, 0), Inside::Udp(udp) if udp.bytes == PAYLOAD));
    for end in 0..frame.len() {
        let inside = Link::Ethernet.open(&frame[..end], 0);
        // Also of the tunnel, whose header may be cut.
        let is_cut = matches!(inside, Inside::Unread(_))
            || matches!(inside, Inside::Udp(udp) if udp.is_cut && udp.bytes.len() < 8);
        assert!(is_cut, "{end}: {inside:?}");
    }
}
