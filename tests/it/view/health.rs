//! What the clocks of hosts say, and how long values took to arrive.

use super::*;
use collectoscope::view::{clocks, health};

/// A value of `host` every ten seconds until `arrival_secs`, each stamped `age_secs` before it
/// arrives.
fn heard(screen: &mut Screen, host: &str, age_secs: f64, arrival_secs: f64) {
    let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    let names = identifier(&format!("{host}/load/load"));
    for arrival in (0..12).rev().map(|n| at(arrival_secs - 10.0 * f64::from(n))) {
        let stamp = CdTime::from_secs_f64(arrival.secs_f64() - age_secs);
        let ingest = &mut screen.ingest;
        let mut send = |bytes: &[u8]| ingest.datagram(bytes, sender, arrival, SecurityLevel::None);
        let (values, ten) = (gauges(&[1.0; 3]), Interval::from_secs(10));
        screen.encoder.push(&names.names(), stamp, ten, &values, &mut send).unwrap();
        screen.encoder.flush(&mut send);
        screen.store.absorb(SOURCE, &screen.ingest.take(None), arrival);
    }
}

/// Seconds to a tenth, and whose they are.
fn lag(screen: &Screen, now: CdTime) -> Option<(f64, String)> {
    let (lag, host) = health::lag(&screen.store, now)?;
    Some(((lag.secs_f64() * 10.0).round() / 10.0, host.to_owned()))
}

#[test]
fn the_lag_is_the_longest_of_hosts_that_sent_lately() {
    let mut screen = Screen::new(10.0);
    assert_eq!(lag(&screen, at(0.0)), None);
    heard(&mut screen, "silent", 4.5, 0.0);
    assert_eq!(lag(&screen, at(1.0)), Some((4.5, "silent".into())));
    heard(&mut screen, "slow", 4.0, 60.0);
    heard(&mut screen, "quick", 0.5, 60.0);
    assert_eq!(lag(&screen, at(61.0)), Some((4.0, "slow".into())));
    assert_eq!(lag(&screen, at(91.0)), None);
}

#[test]
fn a_clock_that_is_wrong_is_no_lag() {
    let mut screen = Screen::new(10.0);
    heard(&mut screen, "h", 3_600.0, 0.0);
    assert_eq!(lag(&screen, at(1.0)), Some((0.0, "h".into())));
}

#[test]
fn beside_a_host_stands_that_its_clock_is_wrong_or_that_times_are_by_it() {
    let mut screen = Screen::new(10.0);
    heard(&mut screen, "late", 3_600.0, 0.0);
    heard(&mut screen, "right", 0.1, 0.0);
    let beside =
        |host, host_time| clocks::beside_host(&screen.store, (host, host), at(1.0), host_time);
    assert_eq!(beside("late", false), "late · clock 1 h behind");
    assert_eq!(beside("late", true), "late · host time");
    for host_time in [false, true] {
        assert_eq!(beside("right", host_time), "right");
        assert_eq!(beside("un\u{202e}known", host_time), "un\\u{202e}known");
    }
}
