//! Clocks of hosts in words: how far they are off, and what that looks like.

use super::format;
use crate::metric::{CdTime, Interval, display_safe, natural_cmp};
use crate::store::{ClockStep, HostClock, HostNode, Placing, Store};

/// Time zones are at most so far apart from ours as a clock that was set by hand can be.
const ZONE_SECS_MAX: u64 = 14 * 3_600;
/// A clock that is off by a quarter of an hour, give or take so much, may be in another time zone.
const ZONE_SLACK_SECS: u64 = 90;

/// What is wrong with a clock, in few words: `clock 1 h ahead`; none for one that is right.
pub fn short(clock: &HostClock) -> Option<String> {
    match clock.placing {
        Placing::Offset(0) => None,
        Placing::Offset(offset) => Some(format!("clock {}", offset_text(offset))),
        Placing::Arrival if unit(clock).is_none() => Some("clock not set".into()),
        Placing::Arrival => Some("no valid timestamps".into()),
    }
}

/// What the error looks like, as a question: `a time zone?`.
pub fn cause(clock: &HostClock) -> Option<&'static str> {
    match clock.placing {
        Placing::Offset(0) => None,
        Placing::Offset(offset) => {
            let secs = rounded(offset);
            unit(clock).or_else(|| is_zone(secs).then_some("a time zone?"))
        }
        Placing::Arrival => unit(clock),
    }
}

/// A sentence on a clock that is wrong, or was.
pub fn sentence(clock: &HostClock, now: CdTime) -> Option<String> {
    let short = short(clock)?;
    let cause = cause(clock).map_or_else(String::new, |cause| format!(" ({cause})"));
    let since = format::age(now.since(clock.since));
    let set = match clock.steps {
        0 => String::new(),
        steps => format!(", set {} times", format::count(steps.into())),
    };
    let how = match clock.placing {
        Placing::Offset(_) => "values are drawn at this machine's time",
        Placing::Arrival => "values are drawn when they arrived",
    };
    Some(format!("{short}{cause}, for {since}, as {} sends it{set}; {how}", clock.origin.sender))
}

/// Whether a clock says something of its host: most of its datagrams come from there, or at least
/// a tenth as many. A foreign datagram does not make the host's clock wrong.
pub fn is_its_own(clock: &HostClock, clocks: &[HostClock]) -> bool {
    let most = clocks.iter().map(|clock| clock.datagrams).max().unwrap_or(0);
    clock.datagrams.saturating_mul(10) >= most
}

/// The clock of a host that is furthest off, of those that sent within the last hour.
pub fn worst(clocks: &[HostClock], now: CdTime) -> Option<&HostClock> {
    let lately = |clock: &&HostClock| now.since(clock.arrival) < Interval::from_secs(3_600);
    let wrong = clocks.iter().filter(lately).filter(|clock| clock.placing != Placing::Offset(0));
    let wrong = wrong.filter(|clock| is_its_own(clock, clocks));
    wrong.max_by_key(|clock| clock.offset().map_or(u64::MAX, i64::unsigned_abs))
}

/// What a host is called, and that its clock is wrong; by whose clock its times are written, if by
/// its own.
pub fn beside_host(
    store: &Store,
    (host, called): (&str, &str),
    now: CdTime,
    host_time: bool,
) -> String {
    let node = store.index().host(host);
    let clock = node.and_then(|node| worst(store.clocks(node), now));
    let host = display_safe(called);
    match clock.and_then(short) {
        None => host.into_owned(),
        Some(_) if host_time => format!("{host} · host time"),
        Some(error) => format!("{host} · {error}"),
    }
}

/// Hosts that sent lately and whose clock is wrong, the furthest off first, each with that clock.
pub fn wrong(store: &Store, now: CdTime) -> Vec<(&HostNode, &HostClock)> {
    let all = store.wrong_clocks();
    let mut all: Vec<_> =
        all.filter_map(|node| Some((node, worst(store.clocks(node), now)?))).collect();
    all.sort_by(|(one, clock), (other, next)| {
        let off = |clock: &HostClock| clock.offset().map_or(u64::MAX, i64::unsigned_abs) >> 30;
        off(next).cmp(&off(clock)).then_with(|| natural_cmp(&one.name, &other.name))
    });
    all
}

/// That a clock was set, in words: `1 h ahead, now right`.
pub fn step_text(step: &ClockStep) -> String {
    let word = |placing: Placing| match placing {
        Placing::Offset(0) => "right".to_owned(),
        Placing::Offset(offset) => offset_text(offset),
        Placing::Arrival => "not set".to_owned(),
    };
    format!("was {}, is {}", word(step.before), word(step.after))
}

fn offset_text(offset: i64) -> String {
    let side = if offset < 0 { "ahead" } else { "behind" };
    format!("{} {side}", length(rounded(offset)))
}

/// An offset without the nanoseconds that make it unique.
fn rounded(offset: i64) -> u64 {
    (offset.unsigned_abs() + (1 << 29)) >> 30
}

/// The unit that stamps seem to have: they would be right in it.
fn unit(clock: &HostClock) -> Option<&'static str> {
    let (raw, arrival) = (clock.stamp.raw(), clock.arrival.secs_nanos().0);
    let is_near = |secs: u64| secs.abs_diff(arrival) < 366 * 86_400;
    if clock.stamp == CdTime::MAX {
        return Some("milliseconds, or another unit, for seconds?");
    }
    [
        (1, "seconds where units of 2⁻³⁰ s belong?"),
        (1_000, "milliseconds where units of 2⁻³⁰ s belong?"),
        (1_000_000, "microseconds where units of 2⁻³⁰ s belong?"),
        (1_000_000_000, "nanoseconds where units of 2⁻³⁰ s belong?"),
    ]
    .into_iter()
    .find_map(|(unit, text)| is_near(raw / unit).then_some(text))
}

fn is_zone(secs: u64) -> bool {
    let rest = secs % 900;
    let is_quarter = rest <= ZONE_SLACK_SECS || rest >= 900 - ZONE_SLACK_SECS;
    is_quarter && (900 - ZONE_SLACK_SECS..=ZONE_SECS_MAX + ZONE_SLACK_SECS).contains(&secs)
}

/// Rounded to what one can read: `42 s`, `5 min`, `1 h`, `5 h 30 min`, `3 d`.
fn length(secs: u64) -> String {
    let minutes = (secs + 30) / 60;
    let (hours, rest) = (minutes / 60, minutes % 60);
    match secs {
        0..100 => format!("{secs} s"),
        100..3_540 => format!("{minutes} min"),
        3_540..36_000 if rest > 1 && rest < 59 => format!("{hours} h {rest} min"),
        3_540..172_800 => format!("{} h", (minutes + 30) / 60),
        172_800..63_072_000 => format!("{} d", (secs + 43_200) / 86_400),
        _ => format!("{} years", (secs + 15_778_800) / 31_557_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_to_what_one_can_read() {
        for (secs, text) in [
            (6, "6 s"),
            (99, "99 s"),
            (300, "5 min"),
            (3_500, "58 min"),
            (3_599, "1 h"),
            (3_600, "1 h"),
            (3_660, "1 h"),
            (5_400, "1 h 30 min"),
            (19_800, "5 h 30 min"),
            (72_000, "20 h"),
            (71_999, "20 h"),
            (259_200, "3 d"),
            (34_560_000, "400 d"),
            (1_767_225_600, "56 years"),
        ] {
            assert_eq!(length(secs), text, "{secs}");
        }
    }

    #[test]
    fn quarters_of_an_hour_look_like_a_time_zone() {
        for (secs, expected) in [
            (3_600, true),
            (3_597, true),
            (20_700, true),
            (50_400, true),
            (7_000, false),
            (300, false),
            (54_000, false),
            (72_000, false),
            (60, false),
        ] {
            assert_eq!(is_zone(secs), expected, "{secs}");
        }
    }
}
