//! Hosts whose clock is wrong, machines that capture without one, and names that two machines use.

use super::stage::{NOW, SENDER, Stage, machine};
use crate::support::{hex, pcap};
use collectoscope::metric::CdTime;
use collectoscope::reception::Speed;
use eframe::egui::Key;
use std::fs;

/// The time of the first value of [`capture`].
const FIRST: u64 = 1_795_426_812;

/// A capture of one value every ten seconds, with this time of its packet.
fn capture(packet_secs: impl Fn(u32) -> u32, order: impl Fn(u64) -> u64, count: u64) -> Vec<u8> {
    let list = "0000 0006 6800  0002 0006 7000  0004 000a 676175676500  0009 000c 0000000280000000";
    let datagrams: Vec<_> = (0..count)
        .map(|n| {
            let time = (FIRST + 10 * order(n)) << 30;
            hex(&format!("{list} 0008 000c {time:016x} 0006 000f 0001 01 000000000000f03f"))
        })
        .collect();
    let mut bytes = pcap(&datagrams);
    let record = (bytes.len() - 24) / datagrams.len();
    for n in 0..datagrams.len() {
        let at = 24 + n * record;
        let secs = packet_secs(u32::try_from(order(n as u64)).unwrap());
        bytes[at..at + 4].copy_from_slice(&secs.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&250_000_u32.to_le_bytes());
    }
    bytes
}

#[test]
fn captures_without_a_clock_are_judged_by_the_times_of_the_values() {
    let first = u32::try_from(FIRST).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let forward = |n: u64| n;
    let backward = |n: u64| 59 - n;
    let shuffled = |n: u64| n * 37 % 60;
    type Case = (&'static str, fn(u32, u32) -> u32, fn(u64) -> u64);
    let cases: [Case; 7] = [
        ("right", |first, n| first + 10 * n, forward),
        ("in 1970", |_, n| 10 * n, forward),
        ("no time at all", |_, _| 0, forward),
        ("set midway", |first, n| if n < 20 { 10 * n } else { first + 10 * n }, forward),
        ("lost midway", |first, n| if n > 20 { 10 * n } else { first + 10 * n }, forward),
        ("the last first", |first, n| first + 10 * n, backward),
        ("in no order", |first, n| first + 10 * n, shuffled),
    ];
    for (name, packets, order) in cases {
        let file = folder.path().join("c.pcap");
        fs::write(&file, capture(|n| packets(first, n), order, 60)).unwrap();
        let mut stage = Stage::replaying(&file, Speed::Max);
        stage.until(|stage| stage.state().contains("ended"));
        let store = stage.app().session().store();
        let id = store.ids().next().unwrap();
        let times: Vec<u64> = store.samples(id).map(|sample| sample.time.secs_nanos().0).collect();
        let expected: Vec<u64> = (0..60).map(|n| FIRST + 10 * n).collect();
        assert_eq!(times, expected, "{name}");
        // All of it is on the screen, and not much else.
        let width = stage.width_secs();
        assert!((589.0..=660.0).contains(&width), "{name}: {width}");
        assert_eq!(stage.app().now().secs_nanos().0, FIRST + 590, "{name}");
    }
}

#[test]
fn a_capture_in_which_nothing_has_a_valid_time_is_drawn_all_the_same() {
    let list = "0000 0006 6800  0002 0006 7000  0004 000a 676175676500  0009 000c 0000000280000000";
    let folder = tempfile::tempdir().unwrap();
    type Times = (&'static str, fn(u64) -> u64, fn(u64) -> u64);
    let cases: [Times; 5] = [
        ("both 1970", |n| 50 + 10 * n, |n| 45 + 10 * n),
        ("both 2000", |n| 946_684_800 + 10 * n, |n| 946_684_795 + 10 * n),
        ("packets without, values 1970", |_| 0, |n| 1_000 + 10 * n),
        ("packets 1970, values as milliseconds", |n| 50 + 10 * n, |_| 1 << 33),
        ("packets 2000, values standing still", |n| 946_684_800 + 10 * n, |_| 600),
    ];
    for (name, packet, value) in cases {
        let datagrams: Vec<_> = (0..60_u64)
            .map(|n| {
                let time = value(n) << 30;
                hex(&format!("{list} 0008 000c {time:016x} 0006 000f 0001 01 000000000000f03f"))
            })
            .collect();
        let mut bytes = pcap(&datagrams);
        let record = (bytes.len() - 24) / 60;
        for n in 0..60 {
            let at = 24 + n * record;
            let secs = u32::try_from(packet(n as u64)).unwrap();
            bytes[at..at + 4].copy_from_slice(&secs.to_le_bytes());
        }
        let file = folder.path().join("c.pcap");
        fs::write(&file, bytes).unwrap();
        let mut stage = Stage::replaying(&file, Speed::Max);
        stage.until(|stage| stage.state().contains("ended"));
        let store = stage.app().session().store();
        let id = store.ids().next().unwrap();
        let times: Vec<CdTime> = store.samples(id).map(|sample| sample.time).collect();
        assert_eq!(times.len(), 60, "{name}");
        assert!(times.is_sorted(), "{name}");
        let (now, width) = (stage.app().now(), stage.width_secs());
        assert!((589.0..700.0).contains(&width), "{name}: {width}");
        assert!(now.secs_from(times[0]) < width && times[59] <= now, "{name}: {now}");
    }
}

/// A stage with a host whose clock is an hour ahead, and one that is right.
fn skewed() -> Stage {
    let mut stage = Stage::new();
    for n in 0..60 {
        stage.pass(1);
        stage.send_dated(&machine("right", n), SENDER, CdTime::from_secs(NOW + n));
        stage.send_dated(&machine("skewed", n), SENDER, CdTime::from_secs(NOW + n + 3_600));
    }
    stage.settle();
    stage
}

#[test]
fn a_clock_that_is_ahead_is_named_where_its_host_is_and_its_values_are_drawn() {
    let mut stage = skewed();
    stage.assert_says("clock 1 h ahead");
    stage.assert_says("skewed: clock 1 h ahead");
    let now = stage.app().now();
    let store = stage.app().session().store();
    let node = store.index().host("skewed").unwrap();
    assert!(now.secs_from(node.last_seen.sample).abs() < 2.0);
    stage.press(Key::F2);
    stage.assert_says("Clocks of hosts");
    stage.assert_says("skewed: clock 1 h ahead (a time zone?)");
    stage.press(Key::Escape);
    // Once it is right nothing is said but that it was set.
    for n in 60..80 {
        stage.pass(1);
        stage.send_dated(&machine("skewed", n), SENDER, CdTime::from_secs(NOW + n));
    }
    stage.settle();
    assert!(!stage.says("skewed: clock 1 h ahead"));
    stage.press(Key::F2);
    stage.assert_says("skewed: clock was 1 h ahead, is right");
}

#[test]
fn times_are_written_by_the_clock_of_the_host_where_that_is_chosen() {
    let mut stage = skewed();
    stage.click_row("skewed");
    assert!(stage.paints("08:00:") && !stage.paints("09:00:"));
    assert!(!stage.says("Host time"));
    stage.press(Key::C);
    stage.assert_says("Host time");
    assert!(stage.app().session().view().host_time);
    assert!(stage.paints("09:00:") && stage.paints("skewed · host time"));
    // On round times, as by our own clock.
    assert!(stage.paints("09:00:30") || stage.paints("09:00:45"), "{:?}", stage.painted());
    let samples = |stage: &Stage| stage.app().session().store().usage().samples;
    let before = samples(&stage);
    stage.press(Key::C);
    assert!(stage.paints("skewed · clock 1 h ahead"));
    assert_eq!(samples(&stage), before);
}

#[test]
fn two_machines_with_one_name_are_named_with_what_to_do() {
    let mut stage = Stage::new();
    for n in 0..40 {
        stage.pass(1);
        for (address, half) in [("10.0.0.1:25826", 0.0), ("10.0.0.2:25826", 0.4)] {
            let time = CdTime::from_secs_f64((NOW + n) as f64 + half);
            stage.send_dated(&machine("twin", n), address.parse().unwrap(), time);
        }
    }
    stage.settle();
    stage.assert_says("two machines named twin");
    stage.press(Key::F2);
    stage.assert_says("Set Hostname in collectd.conf of one of them");
}
