//! Numbers, units, durations and ticks as people read them.
//!
//! Three or four significant digits, SI prefixes in steps of 1,000 and IEC ones in steps of
//! 1,024. Pure text; knows nothing of series or screens.

use crate::metric::{CdTime, Interval, plural};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};
use std::any::Any;

/// What a number counts: its name and how it is shortened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// As written on the axis: `%`, `bit/s`, `B`; may be empty.
    pub name: Box<str>,
    /// How large numbers are shortened.
    pub scale: Scale,
}

/// How large numbers are shortened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Never: percentages, degrees.
    Plain,
    /// k, M, G … in steps of 1,000.
    Si,
    /// Ki, Mi, Gi … in steps of 1,024.
    Iec,
    /// Seconds, written as `3d 04:05`.
    Duration,
}

/// In which units the user wants amounts to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitChoice {
    /// Rates of networks.
    pub traffic: Traffic,
    /// Sizes, and rates of bytes.
    pub sizes: Sizes,
}

/// What rates of networks count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traffic {
    /// `bit/s`.
    #[default]
    Bits,
    /// `B/s`.
    Bytes,
}

/// How bytes are shortened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sizes {
    /// Ki, Mi, Gi … in steps of 1,024.
    #[default]
    Iec,
    /// k, M, G … in steps of 1,000.
    Si,
}

impl UnitChoice {
    /// What is written instead of `unit`, and the factor on values in it.
    pub fn of(self, unit: Unit) -> (Unit, f64) {
        let (mut unit, factor) = match self.traffic {
            Traffic::Bytes if &*unit.name == "bit/s" => (Unit::new("B/s"), 1.0 / 8.0),
            _ => (unit, 1.0),
        };
        if self.sizes == Sizes::Si && unit.scale == Scale::Iec {
            unit.scale = Scale::Si;
        }
        (unit, factor)
    }

    /// Bytes of memory: `214 MiB`.
    pub fn bytes(self, bytes: usize) -> String {
        self.of(Unit::new("B")).0.with_unit(bytes as f64)
    }
}

impl<'de> Deserialize<'de> for Unit {
    /// From its name.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|name| Self::new(&name))
    }
}

impl Unit {
    /// From its name; bytes count in 1,024s, percentages and degrees are never shortened,
    /// `duration` is seconds written as days and hours, everything else counts in 1,000s.
    pub fn new(name: &str) -> Self {
        let scale = match name {
            "B" | "B/s" => Scale::Iec,
            "%" | "°C" | "rpm" | "ms" => Scale::Plain,
            "duration" => Scale::Duration,
            _ => Scale::Si,
        };
        let name = if name == "duration" { "" } else { name };
        Self { name: name.into(), scale }
    }

    /// Shown with its unit: `41.8 Mbit/s`, `9.81 GiB`, `14.2 %`.
    pub fn with_unit(&self, value: f64) -> String {
        let mut text = self.bare(value);
        if self.name.is_empty() || !value.is_finite() {
            return text;
        }
        let has_prefix = text.ends_with(char::is_alphabetic);
        if !has_prefix {
            text.push(' ');
        }
        text.push_str(&self.name);
        text
    }

    /// Shown without its unit but with its prefix: `41.8 M`, `9.81 Gi`, `14.2`.
    pub fn bare(&self, value: f64) -> String {
        if value.is_nan() {
            return "–".into();
        }
        if value.is_infinite() {
            return if value > 0.0 { "∞".into() } else { "−∞".into() };
        }
        // What is left of sums of doubles is no share of anything.
        if &*self.name == "%" && value.abs() < 0.000_5 {
            return "0".into();
        }
        match self.scale {
            Scale::Plain => digits(value),
            // Things that are counted come whole.
            Scale::Si if value.fract() == 0.0 && value.abs() < 1_000.0 => {
                minus(&format!("{value:.0}"))
            }
            Scale::Si => prefixed(value, 1_000.0, &["", "k", "M", "G", "T", "P", "E"]),
            Scale::Iec => prefixed(value, 1_024.0, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]),
            Scale::Duration => duration(value),
        }
    }

    /// The base in which nice axis steps are sought.
    pub const fn base(&self) -> f64 {
        match self.scale {
            Scale::Iec => 1_024.0,
            _ => 1_000.0,
        }
    }

    /// A tick label for `value` on an axis whose ticks are `step` apart: as many decimals as the
    /// step needs, all ticks with the prefix of the largest.
    pub fn tick(&self, value: f64, step: f64, largest: f64) -> String {
        if self.scale == Scale::Duration {
            return duration(value);
        }
        let (factor, prefix) = match self.scale {
            Scale::Plain | Scale::Duration => (1.0, ""),
            Scale::Si => prefix_of(largest, 1_000.0, &["", "k", "M", "G", "T", "P", "E"]),
            Scale::Iec => prefix_of(largest, 1_024.0, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]),
        };
        // Where a prefix would hide what the ticks differ by, there is none.
        let hidden = step / factor < 1e-6;
        let (factor, prefix) = if hidden { (1.0, "") } else { (factor, prefix) };
        let decimals = decimals_for(step / factor);
        let number = format!("{:.decimals$}", value / factor);
        let number = number.strip_prefix('-').filter(|n| is_zero(n)).unwrap_or(&number);
        if prefix.is_empty() || is_zero(number) {
            return if is_zero(number) { "0".into() } else { minus(number) };
        }
        format!("{} {prefix}", minus(number))
    }
}

fn is_zero(number: &str) -> bool {
    number.bytes().all(|b| matches!(b, b'0' | b'.'))
}

/// A true minus sign is as wide as a digit.
fn minus(number: &str) -> String {
    number.strip_prefix('-').map_or_else(|| number.to_owned(), |rest| format!("−{rest}"))
}

/// Decimals that distinguish ticks `step` apart, at most 6.
fn decimals_for(step: f64) -> usize {
    (0_u16..=6)
        .find(|&n| {
            let scaled = step.abs() * 10_f64.powi(i32::from(n));
            (scaled - scaled.round()).abs() < 1e-6 && scaled.round() >= 1.0
        })
        .map_or(6, usize::from)
}

/// Three significant digits, four below ten thousand: `0.042`, `1.08`, `14.2`, `126`, `4812`.
fn digits(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if size == 0.0 => "0".into(),
        _ if size < 0.000_5 => format!("{value:.1e}"),
        _ if size < 0.099_95 => format!("{value:.3}"),
        _ if size < 9.995 => format!("{value:.2}"),
        _ if size < 99.95 => format!("{value:.1}"),
        _ if size < 1e15 => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    };
    minus(&text)
}

fn prefix_of<'a>(value: f64, base: f64, prefixes: &[&'a str]) -> (f64, &'a str) {
    let mut factor = 1.0;
    let mut chosen = "";
    for &prefix in prefixes {
        chosen = prefix;
        // 999.5 would be written as 1000.
        if value.abs() < factor * (base - 0.5) {
            break;
        }
        if prefix != *prefixes.last().unwrap_or(&"") {
            factor *= base;
        }
    }
    (factor, chosen)
}

fn prefixed(value: f64, base: f64, prefixes: &[&str]) -> String {
    let (factor, prefix) = prefix_of(value, base, prefixes);
    let number = digits(value / factor);
    if prefix.is_empty() { number } else { format!("{number} {prefix}") }
}

/// Seconds as `12.3 s`, `4:05`, `3:04:05` or `3d 04:05`.
pub fn duration(secs: f64) -> String {
    let sign = if secs < 0.0 { "−" } else { "" };
    let secs = secs.abs();
    if secs < 60.0 {
        return format!("{sign}{} s", digits(secs));
    }
    let whole = Interval::from_secs_f64(secs).secs_nanos().0;
    let (days, hours, minutes, rest) =
        (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    if days > 0 {
        format!("{sign}{days}d {hours:02}:{minutes:02}")
    } else if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{sign}{minutes}:{rest:02}")
    }
}

/// A short age: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`.
pub fn age(interval: Interval) -> String {
    let secs = interval.secs_f64();
    match secs {
        _ if secs < 9.95 => format!("{secs:.1} s"),
        _ if secs < 120.0 => format!("{secs:.0} s"),
        _ if secs < 7_200.0 => format!("{:.0} min", (secs / 60.0).floor()),
        _ if secs < 172_800.0 => format!("{:.0} h", (secs / 3_600.0).floor()),
        _ => format!("{:.0} d", (secs / 86_400.0).floor()),
    }
}

/// What a panic says.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

/// A count with commas between thousands: `4,812`.
pub fn count(count: u64) -> String {
    let plain = count.to_string();
    let mut spaced = String::with_capacity(plain.len() + plain.len() / 3 * 3);
    for (i, digit) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i).is_multiple_of(3) {
            spaced.push(',');
        }
        spaced.push(digit);
    }
    spaced
}

/// `1 fault`, `2 faults`: a count with what is counted.
pub fn counted(number: u64, what: &str) -> String {
    format!("{} {}", count(number), plural(number, what))
}

/// The day in `zone`: `23 Nov`.
pub fn day(time: CdTime, zone: &TimeZone) -> String {
    clock(time, zone, 86_400.0)
}

/// Time of day in `zone`: `14:02:05`, with decimals when `step_secs` is below a second.
pub fn clock(time: CdTime, zone: &TimeZone, step_secs: f64) -> String {
    let (secs, nanos) = time.secs_nanos();
    let stamp = i64::try_from(secs)
        .ok()
        .and_then(|secs| jiff::Timestamp::new(secs, nanos.cast_signed()).ok());
    let Some(stamp) = stamp else {
        return format!("{time} s");
    };
    let zoned = stamp.to_zoned_datetime(zone.clone());
    let pattern = match step_secs {
        _ if step_secs < 0.01 => "%H:%M:%S%.3f",
        _ if step_secs < 1.0 => "%H:%M:%S%.1f",
        _ if step_secs < 60.0 => "%H:%M:%S",
        _ if step_secs < 86_400.0 => "%H:%M",
        _ => "%d %b",
    };
    zoned.strftime(pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unit: &str, value: f64, text: &str) {
        assert_eq!(Unit::new(unit).with_unit(value), text);
    }

    #[test]
    fn bits_count_in_thousands_and_bytes_in_1024s() {
        check("bit/s", 41_800_000.0, "41.8 Mbit/s");
        check("B", 10_533_000_000.0, "9.81 GiB");
        check("B/s", 512.0, "512 B/s");
        check("bit/s", 999_600.0, "1.00 Mbit/s");
        check("B", 1_023.9, "1.00 KiB");
    }

    #[test]
    fn amounts_are_written_in_the_units_that_the_user_wants() {
        for (traffic, sizes, unit, value, text) in [
            (Traffic::Bits, Sizes::Iec, "bit/s", 41_800_000.0, "41.8 Mbit/s"),
            (Traffic::Bytes, Sizes::Iec, "bit/s", 41_943_040.0, "5.00 MiB/s"),
            (Traffic::Bytes, Sizes::Si, "bit/s", 42_000_000.0, "5.25 MB/s"),
            (Traffic::Bits, Sizes::Si, "bit/s", 41_800_000.0, "41.8 Mbit/s"),
            (Traffic::Bits, Sizes::Si, "B", 10_533_000_000.0, "10.5 GB"),
            (Traffic::Bytes, Sizes::Iec, "B", 10_533_000_000.0, "9.81 GiB"),
            (Traffic::Bits, Sizes::Si, "B/s", 512.0, "512 B/s"),
            (Traffic::Bytes, Sizes::Si, "bits", 4_096.0, "4.10 kbits"),
            (Traffic::Bytes, Sizes::Si, "%", 50.0, "50.0 %"),
            (Traffic::Bytes, Sizes::Si, "duration", 245.0, "4:05"),
        ] {
            let (unit, factor) = UnitChoice { traffic, sizes }.of(Unit::new(unit));
            assert_eq!(unit.with_unit(value * factor), text);
        }
        let si = UnitChoice { sizes: Sizes::Si, ..UnitChoice::default() };
        assert_eq!(
            (si.bytes(1_500), UnitChoice::default().bytes(1_536)),
            ("1.50 kB".into(), "1.50 KiB".into())
        );
        let bytes = si.of(Unit::new("B")).0;
        assert_eq!((bytes.base(), bytes.tick(2e6, 1e6, 4e6)), (1_000.0, "2 M".into()));
    }

    #[test]
    fn whole_counts_have_no_decimals() {
        check("connections", 1.0, "1 connections");
        check("processes", 12.0, "12 processes");
        check("runnable", 1.5, "1.50 runnable");
        check("op/s", -3.0, "−3 op/s");
    }

    #[test]
    fn percentages_are_never_shortened() {
        check("%", 14.23, "14.2 %");
        check("%", 12_345.0, "12345 %");
        check("%", 0.0, "0 %");
        check("%", 3.2e-6, "0 %");
    }

    #[test]
    fn small_numbers_keep_their_first_digits() {
        check("runnable", 0.042, "0.042 runnable");
        check("ms", 0.000_02, "2.0e-5 ms");
        check("%", -1.5, "−1.50 %");
    }

    #[test]
    fn numbers_that_are_not_finite_have_signs_of_their_own() {
        check("B", f64::NAN, "–");
        check("B", f64::NEG_INFINITY, "−∞");
    }

    #[test]
    fn the_largest_prefix_is_the_last() {
        check("B", 1e24, "867362 EiB");
    }

    #[test]
    fn ticks_share_the_prefix_of_the_largest() {
        let unit = Unit::new("bit/s");
        let ticks = [0.0, 500_000.0, 1_000_000.0, 1_500_000.0]
            .map(|tick| unit.tick(tick, 500_000.0, 1_500_000.0));
        assert_eq!(ticks, ["0", "0.5 M", "1.0 M", "1.5 M"]);
        let ticks = [999_999_999.5, 1e9].map(|tick| Unit::new("").tick(tick, 0.5, 1e9));
        assert_eq!(ticks, ["999999999.5", "1000000000.0"], "no prefix that hides the step");
        assert_eq!(Unit::new("%").tick(25.0, 25.0, 100.0), "25");
        assert_eq!(Unit::new("").tick(-0.000_000_1, 1.0, 4.0), "0");
        assert_eq!(Unit::new("B").tick(-1_048_576.0, 1_048_576.0, 4_194_304.0), "−1 Mi");
    }

    #[test]
    fn durations_name_their_days() {
        assert_eq!(duration(273_900.0), "3d 04:05");
        assert_eq!(duration(-42.0), "−42.0 s");
        assert_eq!(duration(245.0), "4:05");
        assert_eq!(age(Interval::from_secs(47)), "47 s");
        assert_eq!(age(Interval::from_secs(190)), "3 min");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(1_283), "1,283");
        assert_eq!(count(12), "12");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn the_clock_follows_the_zone() {
        let time = CdTime::from_secs(1_795_426_812);
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(clock(time, &TimeZone::UTC, 1.0), "09:40:12");
        assert_eq!(clock(time, &zone, 60.0), "11:40");
        assert!(!clock(CdTime::MAX, &TimeZone::UTC, 1.0).is_empty());
    }
}
