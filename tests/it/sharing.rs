//! Groups, fixed ports and interfaces, each test in a network namespace of its own: what arrives
//! by default, and beside a collectd server on the same machine.

use crate::source::{open, sender, take_all};
use crate::support::{collectoscope, netns};
use collectoscope::source::capture::Capture;
use collectoscope::source::udp::{
    Datagram, GROUP_V4, GROUP_V6, PORT_DEFAULT, UdpOptions, UdpSource,
};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockRef, Socket, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

/// Sends `text` to a group by the loopback.
fn send_to_group(group: SocketAddr, text: &str) {
    let index = nix::net::if_::if_nametoindex("lo").unwrap();
    let socket = UdpSocket::bind(match group {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
    })
    .unwrap();
    let options = SockRef::from(&socket);
    match group {
        SocketAddr::V4(_) => options.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap(),
        SocketAddr::V6(_) => options.set_multicast_if_v6(index).unwrap(),
    }
    socket.send_to(text.as_bytes(), group).unwrap();
}

#[test]
fn by_default_both_groups_and_unicast_of_both_families_arrive_once() {
    netns::inside(
        "sharing::by_default_both_groups_and_unicast_of_both_families_arrive_once",
        || {
            let mut source = UdpSource::open(&UdpOptions::default());
            for report in source.reports() {
                assert!(report.trouble.is_none() && report.not_joined.is_empty(), "{report}");
            }
            send_everywhere();
            assert_eq!(take_all(&mut source), ["group v4", "group v6", "v4", "v6"].map(Vec::from));
        },
    );
}

/// One datagram to each place collectd sends to by default.
fn send_everywhere() {
    send_to_group((GROUP_V4, PORT_DEFAULT).into(), "group v4");
    send_to_group((GROUP_V6, PORT_DEFAULT).into(), "group v6");
    sender().send_to(b"v4", (Ipv4Addr::LOCALHOST, PORT_DEFAULT)).unwrap();
    let v6 = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    v6.send_to(b"v6", (Ipv6Addr::LOCALHOST, PORT_DEFAULT)).unwrap();
}

/// A socket as collectd's network plugin makes it: shared, bound to the address itself.
fn as_collectd_does(address: SocketAddr) -> UdpSocket {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_reuse_address(true).unwrap();
    if address.is_ipv6() {
        socket.set_only_v6(true).unwrap();
    }
    socket.bind(&address.into()).unwrap();
    let index = nix::net::if_::if_nametoindex("lo").unwrap();
    match address {
        SocketAddr::V4(v4) if v4.ip().is_multicast() => {
            socket.join_multicast_v4_n(v4.ip(), &InterfaceIndexOrAddress::Index(index)).unwrap();
        }
        SocketAddr::V6(v6) if v6.ip().is_multicast() => {
            socket.join_multicast_v6(v6.ip(), index).unwrap();
        }
        _ => {}
    }
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    socket.into()
}

fn groups() -> [SocketAddr; 2] {
    [(GROUP_V4, PORT_DEFAULT).into(), (GROUP_V6, PORT_DEFAULT).into()]
}

fn wildcards() -> [SocketAddr; 2] {
    [(Ipv4Addr::UNSPECIFIED, PORT_DEFAULT).into(), (Ipv6Addr::UNSPECIFIED, PORT_DEFAULT).into()]
}

/// What a socket of the other program got, if anything.
fn heard(socket: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = [0; 100];
    socket.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec())
}

#[test]
fn beside_a_server_on_the_groups_both_get_a_copy_and_unicast_is_ours() {
    netns::inside(
        "sharing::beside_a_server_on_the_groups_both_get_a_copy_and_unicast_is_ours",
        || {
            let others = groups().map(as_collectd_does);
            let mut source = UdpSource::open(&UdpOptions::default());
            for report in source.reports() {
                assert!(report.trouble.is_none(), "{report}");
            }
            send_everywhere();
            assert_eq!(take_all(&mut source), ["group v4", "group v6", "v4", "v6"].map(Vec::from));
            assert_eq!(heard(&others[0]).as_deref(), Some(&b"group v4"[..]));
            assert_eq!(heard(&others[1]).as_deref(), Some(&b"group v6"[..]));
        },
    );
}

#[test]
fn beside_a_server_on_everything_its_unicast_is_not_stolen() {
    netns::inside("sharing::beside_a_server_on_everything_its_unicast_is_not_stolen", || {
        let unicast = wildcards().map(as_collectd_does);
        let others = groups().map(as_collectd_does);
        let mut source = UdpSource::open(&UdpOptions::default());
        for report in source.reports() {
            let is_group = report.asked.is_group();
            assert_eq!(report.trouble.is_none(), is_group, "{report}");
            let still = "IPv4 multicast and IPv6 multicast are still received";
            assert!(is_group || report.to_string().contains(still), "{report}");
        }
        send_everywhere();
        assert_eq!(take_all(&mut source), ["group v4", "group v6"].map(Vec::from));
        assert_eq!(heard(&others[0]).as_deref(), Some(&b"group v4"[..]));
        // Its wildcard hears every group on the machine too: its own choice of options.
        let all: Vec<_> = std::iter::from_fn(|| heard(&unicast[0])).collect();
        assert!(all.contains(&b"v4".to_vec()), "{all:?}");
        let all: Vec<_> = std::iter::from_fn(|| heard(&unicast[1])).collect();
        assert!(all.contains(&b"v6".to_vec()), "{all:?}");
    });
}

#[test]
fn a_recording_holds_the_group_or_address_each_datagram_was_sent_to() {
    netns::inside(
        "sharing::a_recording_holds_the_group_or_address_each_datagram_was_sent_to",
        || {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("all.pcap");
            let mut command = collectoscope();
            command.arg("record").arg(&file).args(["--count", "4", "--for", "20"]);
            let mut program = command.stderr(Stdio::piped()).spawn().unwrap();
            // A line for each of the four sockets.
            let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
            for line in lines.by_ref().take(4) {
                assert!(line.as_ref().unwrap().contains("listening on udp "), "{line:?}");
            }
            send_everywhere();
            assert!(program.wait().unwrap().success());
            let mut capture = Capture::open(&file).unwrap();
            let mut told = BTreeMap::new();
            let mut keep = |one: &Datagram<'_>| _ = told.insert(one.bytes.to_vec(), one.to);
            while capture.next(&mut keep).unwrap() {}
            let unicast = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
            let [v4, v6] = unicast.map(|address| SocketAddr::new(address, PORT_DEFAULT));
            let [group_v4, group_v6] = groups();
            let wanted = [("group v4", group_v4), ("group v6", group_v6), ("v4", v4), ("v6", v6)];
            assert_eq!(told, wanted.map(|(text, to)| (text.into(), to)).into());
        },
    );
}

#[test]
fn a_server_that_starts_later_can_still_listen() {
    netns::inside("sharing::a_server_that_starts_later_can_still_listen", || {
        let mut source = UdpSource::open(&UdpOptions::default());
        let _later = [groups(), wildcards()].map(|both| both.map(as_collectd_does));
        send_everywhere();
        let got = take_all(&mut source);
        assert!(got.starts_with(&["group v4", "group v6"].map(Vec::from)), "{got:?}");
    });
}

/// The one report of `address`.
fn told(source: &UdpSource, address: &str) -> String {
    let address: IpAddr = address.parse().unwrap();
    let mut reports = source.reports().iter();
    reports.find(|report| report.asked.address == address).unwrap().to_string()
}

#[test]
fn unicast_taken_over_later_is_said_and_is_ours_again_afterwards() {
    let test = "sharing::unicast_taken_over_later_is_said_and_is_ours_again_afterwards";
    netns::inside(test, || {
        let mut source = UdpSource::open(&UdpOptions::default());
        let later = wildcards().map(as_collectd_does);
        let lines = source.follow();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(
            lines[0],
            "udp 0.0.0.0:25826 now goes to this collectoscope itself, which started later; IPv4 \
             multicast and IPv6 multicast are still received; for unicast start with --listen \
             127.0.0.1:25827 and add `Server \"127.0.0.1\" \"25827\"` to collectd.conf"
        );
        assert!(source.follow().is_empty(), "it is said once");
        // That is how it is, not only how it looks.
        send_everywhere();
        assert_eq!(take_all(&mut source), ["group v4", "group v6"].map(Vec::from));
        drop(later);
        let lines = source.follow();
        assert!(lines[0].starts_with("listening on udp 0.0.0.0:25826;"), "{lines:?}");
        send_everywhere();
        assert_eq!(take_all(&mut source), ["group v4", "group v6", "v4", "v6"].map(Vec::from));
    });
}

#[test]
fn a_single_address_of_another_under_our_wildcard_is_said() {
    netns::inside("sharing::a_single_address_of_another_under_our_wildcard_is_said", || {
        let address = (Ipv4Addr::LOCALHOST, PORT_DEFAULT).into();
        let before = as_collectd_does(address);
        let mut source = UdpSource::open(&UdpOptions::default());
        let phrase = "; what is sent to 127.0.0.1 goes to this collectoscope itself;";
        assert!(told(&source, "0.0.0.0").contains(phrase), "{}", told(&source, "0.0.0.0"));
        sender().send_to(b"x", address).unwrap();
        assert_eq!(heard(&before).as_deref(), Some(&b"x"[..]));
        // Others hear their one peer only, which takes nothing from us.
        drop(before);
        let peer = as_collectd_does(address);
        peer.connect("127.0.0.1:9").unwrap();
        assert_eq!(source.follow().len(), 1);
        assert!(!told(&source, "0.0.0.0").contains("is sent to"), "{}", told(&source, "0.0.0.0"));
        sender().send_to(b"y", address).unwrap();
        assert_eq!(take_all(&mut source), [b"y"]);
    });
}

#[test]
fn a_port_that_was_taken_is_listened_to_once_it_stays_free() {
    netns::inside("sharing::a_port_that_was_taken_is_listened_to_once_it_stays_free", || {
        let place = (Ipv4Addr::UNSPECIFIED, PORT_DEFAULT);
        let mut server = UdpSocket::bind(place).unwrap();
        let mut source = UdpSource::open(&UdpOptions::default());
        for _ in 0..3 {
            assert!(
                told(&source, "0.0.0.0").contains("is already in use by this collectoscope itself")
            );
            // A server that starts again finds its port free, without sharing it.
            drop(server);
            assert!(source.follow().is_empty());
            server = UdpSocket::bind(place).unwrap();
            assert!(source.follow().is_empty());
        }
        drop(server);
        assert!(source.follow().is_empty());
        let lines = source.follow();
        // It had not shared the port with the group either.
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("listening on udp 0.0.0.0:25826;"), "{lines:?}");
        assert!(lines[1].starts_with("listening on udp 239.192.74.66:25826,"), "{lines:?}");
        sender().send_to(b"x", (Ipv4Addr::LOCALHOST, PORT_DEFAULT)).unwrap();
        assert_eq!(take_all(&mut source), [b"x"]);
    });
}

#[test]
fn a_group_on_one_interface_does_not_hear_the_others() {
    netns::inside("sharing::a_group_on_one_interface_does_not_hear_the_others", || {
        netns::ip("link add left type veth peer name right");
        netns::ip("link set left up");
        netns::ip("addr add 10.99.0.1/24 dev left");
        let mut source = open(&["239.192.74.66%left", "239.192.74.66:25827%lo"]);
        assert_eq!(source.reports()[0].joined, ["left"]);
        send_to_group((GROUP_V4, 25_826).into(), "not for left");
        send_to_group((GROUP_V4, 25_827).into(), "for lo");
        assert_eq!(take_all(&mut source), [b"for lo"]);
    });
}

#[test]
fn interfaces_that_come_up_later_are_joined() {
    netns::inside("sharing::interfaces_that_come_up_later_are_joined", || {
        let mut source = UdpSource::open(&UdpOptions::default());
        let joined = |source: &UdpSource| -> BTreeSet<String> {
            source.reports().iter().flat_map(|report| report.joined.clone()).collect()
        };
        assert_eq!(joined(&source), BTreeSet::from(["lo".into()]));
        netns::ip("link add left type veth peer name right");
        netns::ip("addr add 10.99.0.1/24 dev left");
        netns::ip("link set left up");
        source.follow();
        assert_eq!(joined(&source), BTreeSet::from(["left".into(), "lo".into()]));
        netns::ip("link delete left");
        source.follow();
        assert_eq!(joined(&source), BTreeSet::from(["lo".into()]));
    });
}

#[test]
fn a_machine_without_ipv6_says_so_and_hears_ipv4() {
    netns::inside("sharing::a_machine_without_ipv6_says_so_and_hears_ipv4", || {
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").unwrap();
        let mut source = UdpSource::open(&UdpOptions::default());
        let group = source.reports().iter().find(|report| report.asked.address == GROUP_V6);
        let told = group.unwrap().to_string();
        assert!(told.contains("this machine has no IPv6"), "{told}");
        assert!(told.contains("IPv4 multicast"), "{told}");
        send_to_group((GROUP_V4, PORT_DEFAULT).into(), "group");
        assert_eq!(take_all(&mut source), [b"group"]);
    });
}
