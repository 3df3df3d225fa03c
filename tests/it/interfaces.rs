//! Interfaces, addresses and ports that come and go while we listen, and whom we hear by them;
//! each test in a network namespace of its own.

use crate::source::{open, receiver, take_all};
use crate::support::netns;
use crate::support::wait::until;
use collectoscope::source::udp::{GROUP_V4, GROUP_V6, ListenState, PORT_DEFAULT, UdpSource};
use collectoscope::source::{Intake, Outlet};
use socket2::{SockRef, Socket};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Sends `text` to a group by the interface `name`, from its address `from`, and not to ourselves
/// behind that interface.
fn send_by(name: &str, from: &str, group: SocketAddr, text: &str) {
    let from: IpAddr = from.parse().unwrap();
    let socket = UdpSocket::bind((from, 0)).unwrap();
    let options = SockRef::from(&socket);
    match from {
        IpAddr::V4(v4) => {
            options.set_multicast_if_v4(&v4).unwrap();
            options.set_multicast_loop_v4(false).unwrap();
        }
        IpAddr::V6(_) => {
            let index = nix::net::if_::if_nametoindex(name).unwrap();
            options.set_multicast_if_v6(index).unwrap();
            options.set_multicast_loop_v6(false).unwrap();
        }
    }
    socket.send_to(text.as_bytes(), group).unwrap();
}

fn group_v4() -> SocketAddr {
    (GROUP_V4, PORT_DEFAULT).into()
}

fn group_v6() -> SocketAddr {
    (GROUP_V6, PORT_DEFAULT).into()
}

/// Follows what happens until every address is listened to.
#[track_caller]
fn until_all_listen(source: &mut UdpSource) {
    let end = Instant::now() + Duration::from_secs(5);
    while source.reports().iter().any(|report| report.trouble.is_some()) {
        assert!(Instant::now() < end, "after 5 s still: {:?}", told(source));
        std::thread::sleep(Duration::from_millis(10));
        source.follow();
    }
}

fn told(source: &UdpSource) -> Vec<String> {
    source.reports().iter().map(ToString::to_string).collect()
}

#[test]
fn an_interface_that_comes_later_is_listened_to_as_asked() {
    netns::inside("interfaces::an_interface_that_comes_later_is_listened_to_as_asked", || {
        let mut source =
            open(&["239.192.74.66%left", "ff18::efc0:4a42%left", "0.0.0.0%left", "fd99::1"]);
        assert!(!source.is_listening());
        assert!(told(&source)[1].contains("there is no such interface"), "{:?}", told(&source));
        assert!(source.follow().is_empty(), "nothing changed");
        netns::veth();
        until_all_listen(&mut source);
        send_by("right", "10.99.0.2", group_v4(), "group v4");
        send_by("right", "fd99::2", group_v6(), "group v6");
        send_past_routes(PORT_DEFAULT);
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
        socket.send_to(b"address", "[fd99::1]:25826").unwrap();
        let got = take_all(&mut source);
        assert_eq!(got, ["address", "group v4", "group v6", "unicast"].map(Vec::from));
    });
}

#[test]
fn an_interface_made_anew_is_heard_again() {
    netns::inside("interfaces::an_interface_made_anew_is_heard_again", || {
        netns::veth();
        let listen = ["239.192.74.66%left", "ff18::efc0:4a42%left", "0.0.0.0:0%left", "::%left"];
        let mut source = open(&listen);
        let place = |source: &UdpSource| {
            let reports = source.reports().iter();
            reports.map(|report| report.bound).collect::<Vec<_>>()
        };
        let before = place(&source);
        for round in 0..3 {
            assert!(source.reports().iter().all(|report| report.trouble.is_none()), "{round}");
            send_by("right", "10.99.0.2", group_v4(), "group v4");
            send_by("right", "fd99::2", group_v6(), "group v6");
            send_past_routes(before[0].unwrap().port());
            let got = take_all(&mut source);
            assert_eq!(got, ["group v4", "group v6", "unicast"].map(Vec::from), "{round}");
            netns::ip("link delete left");
            let lines = source.follow();
            assert_eq!(lines.len(), 4, "{lines:?}");
            assert!(
                lines[0].contains("no such interface; not listening on any address"),
                "{lines:?}"
            );
            netns::veth();
            until_all_listen(&mut source);
            assert_eq!(place(&source), before, "a free port that was given stays");
        }
    });
}

/// To 10.99.0.1 over the wire between the two ends: the routes know that it is this machine.
fn send_past_routes(port: u16) {
    let socket = Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.bind_device(Some(b"right")).unwrap();
    let socket: UdpSocket = socket.into();
    socket.send_to(b"unicast", (Ipv4Addr::new(10, 99, 0, 1), port)).unwrap();
}

#[test]
fn an_address_that_comes_back_is_heard_again() {
    netns::inside("interfaces::an_address_that_comes_back_is_heard_again", || {
        netns::veth();
        let mut source = open(&["10.99.0.1", "fd99::1", "10.99.0.77"]);
        assert!(
            told(&source)[2].contains("this machine has no such address"),
            "{:?}",
            told(&source)
        );
        netns::ip("addr del 10.99.0.1/24 dev left");
        netns::ip("addr del fd99::1/64 dev left");
        let lines = source.follow();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("10.99.0.1:25826: this machine has no such"), "{lines:?}");
        netns::ip("addr add 10.99.0.1/24 dev left");
        netns::ip("addr add fd99::1/64 dev left nodad");
        netns::ip("addr add 10.99.0.77/24 dev left");
        until_all_listen(&mut source);
        for to in ["10.99.0.1", "fd99::1", "10.99.0.77"] {
            let to: IpAddr = to.parse().unwrap();
            let any: IpAddr = match to {
                IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            let socket = UdpSocket::bind((any, 0)).unwrap();
            socket.send_to(to.to_string().as_bytes(), (to, PORT_DEFAULT)).unwrap();
        }
        let got = take_all(&mut source);
        assert_eq!(got, ["10.99.0.1", "10.99.0.77", "fd99::1"].map(Vec::from));
    });
}

#[test]
fn an_interface_switched_off_is_said_and_followed() {
    netns::inside("interfaces::an_interface_switched_off_is_said_and_followed", || {
        netns::veth();
        let mut source = open(&["239.192.74.66%left", "0.0.0.0%left", "239.192.74.66:25827"]);
        netns::ip("link set left down");
        let lines = source.follow();
        for line in &lines[..2] {
            assert!(line.contains("the interface is switched off"), "{lines:?}");
            assert!(line.ends_with("switch it on: ip link set left up"), "{lines:?}");
        }
        assert!(lines[2].contains("no longer joined on left"), "{lines:?}");
        netns::ip("link set left up");
        let lines = source.follow();
        assert!(lines[0].starts_with("listening on udp 0.0.0.0:25826%left;"), "{lines:?}");
        until("the group heard", || {
            // The other end takes a moment to see its carrier again.
            send_by("right", "10.99.0.2", group_v4(), "group v4");
            (!take_all(&mut source).is_empty()).then_some(())
        });
    });
}

#[test]
fn interfaces_that_are_gone_take_no_room_in_the_kernel() {
    netns::inside("interfaces::interfaces_that_are_gone_take_no_room_in_the_kernel", || {
        let mut source = open(&["239.192.74.66", "ff18::efc0:4a42"]);
        let most: usize = std::fs::read_to_string("/proc/sys/net/ipv4/igmp_max_memberships")
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        for round in 0..=most / 2 + 1 {
            netns::veth();
            source.follow();
            for report in source.reports() {
                assert_eq!(report.state(), ListenState::Listening, "{round}: {report}");
                assert!(report.joined.contains(&"left".into()), "{round}: {report}");
            }
            netns::ip("link delete left");
            source.follow();
        }
    });
}

#[test]
fn ipv6_that_is_switched_on_later_is_heard() {
    netns::inside("interfaces::ipv6_that_is_switched_on_later_is_heard", || {
        let all = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
        std::fs::write(all, "1").unwrap();
        let mut source = open(&["::", "ff18::efc0:4a42", "::1", "0.0.0.0"]);
        let without = |source: &UdpSource| {
            told(source).iter().filter(|line| line.contains("this machine has no IPv6")).count()
        };
        assert_eq!(without(&source), 3, "{:?}", told(&source));
        for _ in 0..2 {
            std::fs::write(all, "0").unwrap();
            netns::ip("-6 route replace local ff18::/16 dev lo table local");
            until_all_listen(&mut source);
            let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
            let lo = nix::net::if_::if_nametoindex("lo").unwrap();
            SockRef::from(&socket).set_multicast_if_v6(lo).unwrap();
            socket.send_to(b"group", group_v6()).unwrap();
            socket.send_to(b"unicast", (Ipv6Addr::LOCALHOST, PORT_DEFAULT)).unwrap();
            assert_eq!(take_all(&mut source), [&b"group"[..], b"unicast"]);
            std::fs::write(all, "1").unwrap();
            source.follow();
            assert_eq!(without(&source), 3, "{:?}", told(&source));
        }
    });
}

#[test]
fn a_machine_with_ipv6_alone_hears_it_and_says_what_is_missing() {
    netns::inside(
        "interfaces::a_machine_with_ipv6_alone_hears_it_and_says_what_is_missing",
        || {
            netns::veth();
            for address in ["127.0.0.1/8 dev lo", "10.99.0.1/24 dev left", "10.99.0.2/24 dev right"]
            {
                netns::ip(&format!("addr del {address}"));
            }
            let mut source = UdpSource::open(&Default::default());
            let reports = source.reports();
            assert!(reports.iter().all(|report| report.is_default));
            for report in reports {
                let missing = report.to_string().contains("this machine has no IPv4");
                assert_eq!(missing, report.asked.address.is_ipv4(), "{report}");
            }
            // What this program measures itself finds its way too.
            assert!(source.add_loopback().unwrap().is_ipv6());
            send_by("right", "fd99::2", group_v6(), "group");
            let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
            socket.send_to(b"unicast", (Ipv6Addr::LOCALHOST, PORT_DEFAULT)).unwrap();
            assert_eq!(take_all(&mut source), [&b"group"[..], b"unicast"]);
        },
    );
}

#[test]
fn link_local_addresses_are_heard_by_name_and_by_number() {
    netns::inside("interfaces::link_local_addresses_are_heard_by_name_and_by_number", || {
        netns::veth();
        netns::ip("addr add fe80::1/64 dev left nodad");
        netns::ip("addr add fe80::2/64 dev right nodad");
        let index = |name: &str| nix::net::if_::if_nametoindex(name).unwrap();
        let number = index("left");
        for name in ["left".to_owned(), number.to_string()] {
            let listen = [
                format!("fe80::1%{name}"),
                format!("[ff02::1234]:25827%{name}"),
                format!("239.192.74.66:25828%{name}"),
            ];
            let mut source = open(&listen.each_ref().map(String::as_str));
            for report in source.reports() {
                assert!(report.trouble.is_none(), "{report}");
            }
            let from = SocketAddr::V6(std::net::SocketAddrV6::new(
                "fe80::2".parse().unwrap(),
                0,
                0,
                index("right"),
            ));
            let socket = UdpSocket::bind(from).unwrap();
            SockRef::from(&socket).set_multicast_loop_v6(false).unwrap();
            socket.send_to(b"address", format!("[fe80::1%{}]:25826", index("right"))).unwrap();
            socket.send_to(b"group", format!("[ff02::1234%{}]:25827", index("right"))).unwrap();
            let mut senders = Vec::new();
            until("both", || {
                source
                    .receive(Duration::from_millis(100), &mut |datagram| {
                        senders.push((datagram.bytes.to_vec(), datagram.sender));
                    })
                    .unwrap();
                (senders.len() == 2).then_some(())
            });
            for (bytes, sender) in senders {
                let SocketAddr::V6(v6) = sender else { panic!("{sender}") };
                assert_eq!((*v6.ip(), v6.scope_id()), ("fe80::2".parse().unwrap(), number));
                assert!([&b"address"[..], b"group"].contains(&&*bytes));
            }
        }
    });
}

#[test]
fn only_the_sources_named_are_heard() {
    netns::inside("interfaces::only_the_sources_named_are_heard", || {
        netns::veth();
        netns::ip("addr add 10.99.0.3/24 dev right");
        netns::ip("addr add fd99::3/64 dev right nodad");
        let mut source = open(&[
            "239.192.74.66%left,from=10.99.0.2,from=10.99.0.9",
            "ff18::efc0:4a42%left,from=fd99::2",
            "127.0.0.1,from=127.0.0.2",
        ]);
        for report in source.reports() {
            assert!(report.trouble.is_none() && report.not_joined.is_empty(), "{report}");
        }
        let asked = std::fs::read_to_string("/proc/net/mcfilter").unwrap();
        assert_eq!(asked.lines().filter(|line| line.contains("left")).count(), 2, "{asked}");
        for (v4, v6, unicast) in
            [("10.99.0.2", "fd99::2", "127.0.0.2"), ("10.99.0.3", "fd99::3", "127.0.0.1")]
        {
            send_by("right", v4, group_v4(), v4);
            send_by("right", v6, group_v6(), v6);
            let socket = UdpSocket::bind((unicast, 0)).unwrap();
            socket.send_to(unicast.as_bytes(), (Ipv4Addr::LOCALHOST, PORT_DEFAULT)).unwrap();
        }
        let got = take_all(&mut source);
        assert_eq!(got, ["10.99.0.2", "127.0.0.2", "fd99::2"].map(Vec::from));
        assert!(source.follow().is_empty(), "what is left out is no change");
        let filtered: Vec<_> = source
            .reports()
            .iter()
            .map(|report| (report.asked.address.to_string(), report.filtered))
            .collect();
        let counted = [("127.0.0.1", 1), ("239.192.74.66", 0), ("ff18::efc0:4a42", 1)];
        assert_eq!(filtered, counted.map(|(address, count)| (address.to_owned(), count)));
        assert!(
            told(&source)[2].contains("; 1 datagram of others left out"),
            "{:?}",
            told(&source)
        );
        // After the interface was made anew the kernel is asked for the same again.
        netns::ip("link delete left");
        source.follow();
        netns::veth();
        until_all_listen(&mut source);
        let asked = std::fs::read_to_string("/proc/net/mcfilter").unwrap();
        assert_eq!(asked.lines().filter(|line| line.contains("left")).count(), 2, "{asked}");
    });
}

/// What the receiver tells until `is_so`.
fn until_told(intake: &Intake, is_so: impl Fn(&str) -> bool) {
    until("the change told", || {
        let status = intake.status()?;
        status.lines.iter().any(|line| is_so(&line.text)).then_some(())
    });
}

#[test]
fn a_window_is_told_within_five_seconds_what_is_joined() {
    netns::inside("interfaces::a_window_is_told_within_five_seconds_what_is_joined", || {
        let (outlet, intake) = Outlet::new(4, Box::new(|| {}));
        let _running = receiver(&["239.192.74.66", "192.0.2.1"]).start(outlet).unwrap();
        netns::veth();
        until_told(&intake, |report| {
            report.contains("joined on lo, ") && report.contains("left") && report.contains("right")
        });
        netns::ip("link delete left");
        until_told(&intake, |report| report.contains("joined on lo;"));
        netns::ip("addr add 192.0.2.1/32 dev lo");
        until_told(&intake, |report| report.starts_with("listening on udp 192.0.2.1:25826"));
        // A state of which nothing changed is not told again.
        let looks = Instant::now();
        while looks.elapsed() < Duration::from_secs(3) {
            assert!(intake.wait(Duration::from_millis(500)).is_none());
            assert_eq!(intake.status(), None);
        }
    });
}

#[test]
fn dump_says_one_line_per_change() {
    netns::inside("interfaces::dump_says_one_line_per_change", || {
        let mut dump = crate::support::collectoscope()
            .args(["dump", "--for", "30", "--listen", "239.192.74.66", "--listen", "0.0.0.0%left"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(dump.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut next = || lines.next().unwrap();
        assert!(next().contains("0.0.0.0:25826%left: there is no such interface"));
        assert!(next().contains("joined on lo;"));
        netns::ip("link add left type veth peer name right");
        assert!(next().ends_with(
            "%left: the interface is switched off; IPv4 multicast is still \
                                  received; switch it on: ip link set left up"
        ));
        netns::ip("link set left up");
        assert!(next().contains("listening on udp 0.0.0.0:25826%left"));
        assert!(next().ends_with("udp 239.192.74.66:25826: joined on left"));
        netns::ip("link delete left");
        assert!(next().contains("0.0.0.0:25826%left: there is no such interface"));
        assert!(next().ends_with("udp 239.192.74.66:25826: no longer joined on left"));
        dump.kill().unwrap();
        dump.wait().unwrap();
    });
}
