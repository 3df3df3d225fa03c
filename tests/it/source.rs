//! Sockets: what arrives, what is shared with others, and what is said when it does not work.

use crate::support::wait::until;
use collectoscope::metric::{CdTime, Interval, Names, Value};
use collectoscope::source::Outlet;
use collectoscope::source::local::Local;
use collectoscope::source::receiver::{Receiver, ReceiverOptions};
use collectoscope::source::udp::{
    BYTES_PER_TURN_MAX, DATAGRAMS_PER_TURN_MAX, ListenState, SOCKETS_MAX, UdpOptions, UdpSource,
};
use collectoscope::wire::{Encoder, Event, decode};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

pub(crate) fn open(listen: &[&str]) -> UdpSource {
    let listen = listen.iter().map(|spec| spec.parse().unwrap()).collect();
    UdpSource::open(&UdpOptions { listen, ..UdpOptions::default() })
}

/// A receiver of these addresses.
pub(crate) fn receiver(listen: &[&str]) -> Receiver {
    let listen = listen.iter().map(|spec| spec.parse().unwrap()).collect();
    let udp = UdpOptions { listen, ..UdpOptions::default() };
    Receiver::open(ReceiverOptions { udp, ..ReceiverOptions::default() })
}

fn address(source: &UdpSource, place: usize) -> SocketAddr {
    source.reports()[place].bound.unwrap()
}

/// Every payload that arrives until `count` have, or nothing more comes.
fn take(source: &mut UdpSource, count: usize) -> Vec<Vec<u8>> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let more = source.receive(Duration::from_secs(2), &mut |datagram| {
            taken.push(datagram.bytes.to_vec());
        });
        if more.unwrap() == 0 {
            break;
        }
    }
    taken
}

/// What is there now, without waiting for more than what is on its way over loopback.
pub(crate) fn take_all(source: &mut UdpSource) -> Vec<Vec<u8>> {
    let mut taken = Vec::new();
    while source
        .receive(Duration::from_millis(200), &mut |datagram| taken.push(datagram.bytes.to_vec()))
        .unwrap()
        > 0
    {}
    taken.sort();
    taken
}

pub(crate) fn sender() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

#[test]
fn datagrams_of_every_size_arrive_whole_with_their_sender() {
    for listen in ["127.0.0.1:0", "[::1]:0"] {
        let mut source = open(&[listen]);
        let to = address(&source, 0);
        let from = UdpSocket::bind((to.ip(), 0)).unwrap();
        for length in [0, 1, 1_452, 9_000, 65_507] {
            let sent: Vec<u8> = (0..length).map(|at: usize| at as u8).collect();
            from.send_to(&sent, to).unwrap();
            let mut got = None;
            source
                .receive(Duration::from_secs(5), &mut |datagram| {
                    assert_eq!(datagram.sender, from.local_addr().unwrap());
                    assert!(datagram.arrival > CdTime::from_secs(1_700_000_000));
                    assert!(!datagram.internal);
                    got = Some(datagram.bytes.to_vec());
                })
                .unwrap();
            assert_eq!(got, Some(sent), "{length} bytes to {listen}");
        }
    }
}

#[test]
fn port_zero_takes_a_free_port_and_says_which() {
    let source = open(&["127.0.0.1:0", "127.0.0.1:0"]);
    let ports = [address(&source, 0).port(), address(&source, 1).port()];
    assert!(ports[0] != 0 && ports[1] != 0 && ports[0] != ports[1]);
    let told = source.reports()[0].to_string();
    assert!(told.starts_with(&format!("listening on udp 127.0.0.1:{}", ports[0])), "{told}");
}

#[test]
fn several_addresses_are_read_together() {
    let mut source = open(&["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"]);
    for place in 0..3 {
        let to = address(&source, place);
        let from = UdpSocket::bind((to.ip(), 0)).unwrap();
        from.send_to(format!("{place}").as_bytes(), to).unwrap();
    }
    assert_eq!(take_all(&mut source), [b"0", b"1", b"2"]);
}

#[test]
fn a_wildcard_tells_to_which_address_each_datagram_was_sent() {
    for (listen, addresses) in
        [("0.0.0.0:0", &["127.0.0.1", "127.0.0.2"][..]), ("[::]:0", &["::1"][..])]
    {
        let mut source = open(&[listen]);
        let port = address(&source, 0).port();
        for sent_to in addresses.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)) {
            UdpSocket::bind((sent_to.ip(), 0)).unwrap().send_to(b"x", sent_to).unwrap();
            let mut told = None;
            let taken = source.receive(Duration::from_secs(5), &mut |one| told = Some(one.to));
            assert_eq!((taken.unwrap(), told), (1, Some(sent_to)));
        }
    }
}

#[test]
fn a_taken_port_is_said_with_its_holder_and_the_way_round() {
    let other = sender();
    let port = other.local_addr().unwrap().port();
    let source = open(&[&format!("127.0.0.1:{port}"), "[::1]:0"]);
    let report = &source.reports()[0];
    assert_eq!(report.state(), ListenState::Failed);
    assert_eq!(
        report.to_string(),
        format!(
            "udp 127.0.0.1:{port} is already in use by this collectoscope itself; IPv6 unicast is still \
             received; for unicast start with --listen 127.0.0.1:{next} and add \
             `Server \"127.0.0.1\" \"{next}\"` to collectd.conf",
            next = port + 1
        )
    );
    assert!(source.is_listening());
}

#[test]
fn what_cannot_be_listened_to_is_said_with_the_next_step_and_the_rest_works() {
    for (listen, phrases) in [
        ("127.0.0.1:0%nothing9", ["%nothing9: there is no such interface", "interfaces here: "]),
        ("192.0.2.1:0", ["this machine has no such address", "use one of its own, or 0.0.0.0"]),
        ("fe80::1", ["a link-local address needs an interface", "%eth0"]),
        ("ff02::1234", ["a link-local address needs an interface", "%eth0"]),
    ] {
        let mut source = open(&[listen, "127.0.0.1:0"]);
        let failed = source.reports().iter().find(|report| report.trouble.is_some());
        let told = failed.expect(listen).to_string();
        for phrase in phrases.into_iter().chain(["IPv4 unicast is still received"]) {
            assert!(told.contains(phrase), "{listen}: {told}");
        }
        let works = source.reports().iter().find_map(|report| report.bound).unwrap();
        sender().send_to(b"x", works).unwrap();
        assert_eq!(take(&mut source, 1), [b"x"], "{listen}");
    }
}

#[test]
fn addresses_past_the_limit_are_said_to_be_left_out() {
    let source = open(&["127.0.0.1:0"; SOCKETS_MAX + 1]);
    let (last, rest) = source.reports().split_last().unwrap();
    assert!(rest.iter().all(|report| report.trouble.is_none()));
    assert!(last.to_string().contains("only 64 addresses can be listened to"), "{last}");
}

#[test]
fn nothing_to_listen_to_is_said_and_receiving_only_waits() {
    let mut source = open(&["192.0.2.1:0"]);
    assert!(!source.is_listening());
    assert!(source.reports()[0].to_string().contains("not listening on any address"));
    assert_eq!(source.receive(Duration::from_millis(1), &mut |_| {}).unwrap(), 0);
}

#[test]
fn the_granted_receive_buffer_is_reported_as_a_user_counts_it() {
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let source = UdpSource::open(&UdpOptions {
        listen,
        receive_buffer_mib: 1 << 20,
        ..UdpOptions::default()
    });
    let report = &source.reports()[0];
    assert!(report.is_buffer_small(), "no machine grants a TiB: {report:?}");
    assert_eq!(report.state(), ListenState::Partly);
    assert!(report.to_string().contains(" asked for"), "{report}");
}

#[test]
fn one_call_takes_a_bounded_number_of_datagrams() {
    let mut source = open(&["127.0.0.1:0"]);
    let (from, to) = (sender(), address(&source, 0));
    for _ in 0..DATAGRAMS_PER_TURN_MAX + 10 {
        from.send_to(b"x", to).unwrap();
    }
    let counts = [(); 2].map(|()| source.receive(Duration::from_secs(5), &mut |_| {}).unwrap());
    assert_eq!(counts, [DATAGRAMS_PER_TURN_MAX, 10]);
}

#[test]
fn one_call_takes_a_bounded_number_of_bytes() {
    let mut source = open(&["127.0.0.1:0"]);
    let (from, to) = (sender(), address(&source, 0));
    // Sent one by one as the default buffer of an unprivileged user is small.
    let large = vec![0; 60_000];
    let mut sent = 0;
    for _ in 0..8 {
        from.send_to(&large, to).unwrap();
        sent += 1;
    }
    let first = source.receive(Duration::from_secs(5), &mut |_| {}).unwrap();
    assert!(first <= BYTES_PER_TURN_MAX / large.len() + 1 && first < sent, "{first} of {sent}");
}

#[test]
fn datagrams_left_out_take_their_turn_too_and_are_counted() {
    let mut source = open(&["127.0.0.1:0,from=127.0.0.2"]);
    let (from, to) = (sender(), address(&source, 0));
    for _ in 0..DATAGRAMS_PER_TURN_MAX + 10 {
        from.send_to(b"x", to).unwrap();
    }
    for filtered in [DATAGRAMS_PER_TURN_MAX, DATAGRAMS_PER_TURN_MAX + 10] {
        assert_eq!(source.receive(Duration::from_secs(5), &mut |_| panic!()).unwrap(), 0);
        source.follow();
        assert_eq!(source.reports()[0].filtered, filtered as u64);
    }
    let from = UdpSocket::bind("127.0.0.2:0").unwrap();
    from.send_to(b"y", to).unwrap();
    assert_eq!(take(&mut source, 1), [b"y"]);
}

#[test]
fn drops_of_the_kernel_are_counted_exactly() {
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let mut source =
        UdpSource::open(&UdpOptions { listen, receive_buffer_mib: 0, ..UdpOptions::default() });
    let (from, to) = (sender(), address(&source, 0));
    for _ in 0..2 {
        for _ in 0..500 {
            from.send_to(&[0; 1_400], to).unwrap();
        }
        let received = take_all(&mut source).len() as u64;
        let dropped = source.kernel_drops();
        assert!(dropped > 0);
        assert_eq!(received + dropped, 500);
    }
    assert_eq!(source.kernel_drops(), 0);
}

/// One value list as a datagram.
fn packet(host: &str, value: f64) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let names = Names { host: host.as_bytes(), plugin: b"p", type_: b"gauge", ..Names::default() };
    let (time, interval) = (CdTime::from_secs(1_800_000_000), Interval::from_secs(1));
    let mut datagram = Vec::new();
    let mut keep = |bytes: &[u8]| datagram.extend_from_slice(bytes);
    encoder.push(&names, time, interval, &[Value::Gauge(value)], &mut keep).unwrap();
    encoder.flush(&mut keep);
    datagram
}

#[test]
fn the_receiver_hands_over_what_arrives_and_stops_promptly() {
    let receiver = receiver(&["127.0.0.1:0"]);
    let to = receiver.reports()[0].bound.unwrap();
    let (outlet, intake) = Outlet::new(4, Box::new(|| {}));
    let running = receiver.start(outlet).unwrap();
    let from = sender();
    for value in 0..100 {
        from.send_to(&packet("h", value.into()), to).unwrap();
    }
    from.send_to(b"nonsense", to).unwrap();
    let (mut values, mut announced, mut faults) = (Vec::new(), 0, 0);
    until("100 values and a fault", || {
        while let Some(batch) = intake.next() {
            announced += batch.announced.len();
            values.extend(batch.values.iter().map(|bits| f64::from_bits(*bits)));
            faults += batch.senders.iter().map(|delta| delta.faults).sum::<u64>();
            intake.give_back(batch);
        }
        (values.len() == 100 && faults > 0).then_some(())
    });
    assert_eq!((announced, values), (1, (0..100).map(f64::from).collect()));
    // Waits for the thread, which no datagram wakes.
    drop(running);
    let status = intake.status().unwrap();
    assert!(status.summary.starts_with("listening on port") && intake.is_closed());
}

#[test]
fn a_reader_that_stands_still_loses_nothing_while_the_backlog_has_room() {
    let receiver = receiver(&["127.0.0.1:0"]);
    let to = receiver.reports()[0].bound.unwrap();
    let (outlet, intake) = Outlet::new(1, Box::new(|| {}));
    let _running = receiver.start(outlet).unwrap();
    let from = sender();
    for value in 0..5_000 {
        from.send_to(&packet("h", value.into()), to).unwrap();
        if value % 100 == 99 {
            // Not faster than the receiver: this is about the channel, not about the kernel.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    let mut count = 0;
    until("5,000 values", || {
        while let Some(batch) = intake.next() {
            assert_eq!((batch.dropped_values, batch.kernel_drops), (0, 0));
            count += batch.values.len();
        }
        (count == 5_000).then_some(())
    });
}

#[test]
fn this_machine_is_measured_under_collectds_own_names() {
    let mut source = open(&["127.0.0.1:0"]);
    let local = Local::start(source.add_loopback().unwrap()).unwrap();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    until("cores in percent", || {
        source
            .receive(Duration::from_millis(100), &mut |datagram| {
                assert!(datagram.internal && datagram.sender.ip().is_loopback());
                assert!(datagram.bytes.len() <= 1_452);
                decode(datagram.bytes, &mut |event| match event {
                    Event::Values(list) => {
                        let name = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                        let (plugin, type_) = (name(list.names.plugin), name(list.names.type_));
                        seen.insert(format!("{plugin} {type_} {}", name(list.names.type_instance)));
                        assert_eq!(list.interval, Interval::from_secs(1));
                    }
                    other => panic!("{other:?}"),
                });
            })
            .unwrap();
        seen.contains("cpu percent user").then_some(())
    });
    for wanted in ["cpu percent idle", "memory memory used", "load load ", "uptime uptime "] {
        assert!(seen.contains(wanted), "no {wanted:?} in {seen:?}");
    }
    drop(local);
}

#[test]
fn measurements_of_this_machine_go_to_no_other() {
    for elsewhere in ["192.0.2.1:25826", "239.192.74.66:25826", "[ff18::efc0:4a42]:25826"] {
        let refused = Local::start(elsewhere.parse().unwrap()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput, "{elsewhere}");
    }
}
