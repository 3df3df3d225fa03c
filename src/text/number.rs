//! Times, intervals and values as text.
//!
//! Seconds are read digit by digit: a float of today holds no more than 2·10⁻⁷ s. Integers are
//! read as `strtoll` does with base 0, but text that would become another number is refused.

use crate::metric::{CdTime, DsType, Interval, Value};

/// Units of a second, as in [`CdTime`].
const ONE_SEC: u64 = 1 << 30;

/// Digits read behind the point: 18 fit a `u64`, 10 distinguish all units.
const DECIMALS_MAX: usize = 18;

/// Seconds since 1970, more than zero.
pub(super) fn time(text: &[u8]) -> Option<CdTime> {
    seconds(text).filter(|&units| units > 0).map(CdTime::from_raw)
}

/// Seconds; zero means "unknown". Text behind the number is ignored, as by the daemon (`strtod` in
/// `src/utils/cmds/putval.c`): a comma where a locale writes its decimals, or a unit.
pub(super) fn interval(text: &[u8]) -> Option<Interval> {
    let text = text.trim_ascii_start();
    let mut length = digits_from(text, usize::from(text.starts_with(b"+")));
    if text.get(length) == Some(&b'.') {
        length = digits_from(text, length + 1);
    }
    if let Some(b'e' | b'E') = text.get(length) {
        let sign = usize::from(matches!(text.get(length + 1), Some(b'+' | b'-')));
        let end = digits_from(text, length + 1 + sign);
        length = if end > length + 1 + sign { end } else { length };
    }
    let (number, behind) = text.split_at_checked(length)?;
    // The daemon reads hexadecimal here; nobody means a zero by it.
    let is_hexadecimal = matches!(number, b"0" | b"+0") && matches!(behind, [b'x' | b'X', ..]);
    seconds(number).filter(|_| !is_hexadecimal).map(Interval::from_raw)
}

/// End of the digits at `start`.
fn digits_from(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Units of 2⁻³⁰ s, to the nearest.
fn seconds(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let mut halves = text.splitn(2, |&byte| byte == b'.');
    let (whole, fraction) = (halves.next()?, halves.next().unwrap_or_default());
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if [whole, fraction].iter().all(|half| half.iter().all(u8::is_ascii_digit)) {
        let whole = digits(whole, 10)?.checked_mul(ONE_SEC)?;
        return whole.checked_add(decimals(fraction)?);
    }
    // An exponent, mostly.
    let secs: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let is_there = secs.is_finite() && secs >= 0.0 && secs < u64::MAX as f64 / ONE_SEC as f64;
    is_there.then(|| CdTime::from_secs_f64(secs).raw())
}

/// `0.fraction` seconds in units, rounded.
fn decimals(fraction: &[u8]) -> Option<u64> {
    let kept = fraction.get(..DECIMALS_MAX).unwrap_or(fraction);
    let scale = 10_u128.pow(u32::try_from(kept.len()).ok()?);
    let units = (u128::from(digits(kept, 10)?) * u128::from(ONE_SEC) + scale / 2) / scale;
    u64::try_from(units).ok()
}

/// The number that `text` writes in `base`; zero for no digits at all.
fn digits(text: &[u8], base: u32) -> Option<u64> {
    text.iter().try_fold(0_u64, |number, &byte| {
        let digit = char::from(byte).to_digit(base)?;
        number.checked_mul(base.into())?.checked_add(digit.into())
    })
}

/// A value of `ds_type`.
pub(super) fn value(text: &[u8], ds_type: DsType) -> Option<Value> {
    let text = text.trim_ascii();
    match ds_type {
        DsType::Gauge => gauge(text).map(Value::Gauge),
        DsType::Counter => unsigned(text).map(Value::Counter),
        DsType::Absolute => unsigned(text).map(Value::Absolute),
        DsType::Derive => signed(text).map(Value::Derive),
    }
}

fn gauge(text: &[u8]) -> Option<f64> {
    if text == b"U" {
        return Some(f64::NAN);
    }
    crate::metric::c_float(std::str::from_utf8(text).ok()?)
}

fn unsigned(text: &[u8]) -> Option<u64> {
    magnitude(text.strip_prefix(b"+").unwrap_or(text))
}

fn signed(text: &[u8]) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some(rest) => 0_i64.checked_sub_unsigned(magnitude(rest)?),
        None => i64::try_from(unsigned(text)?).ok(),
    }
}

/// Digits as in C; decimals only if they are zeros, as `12.0` of a script that knows only floats.
fn magnitude(text: &[u8]) -> Option<u64> {
    if let Some(rest) = without_0x(text) {
        return digits(rest, 16);
    }
    let mut halves = text.splitn(2, |&byte| byte == b'.');
    let (whole, fraction) = (halves.next()?, halves.next());
    if whole.is_empty() || fraction.is_some_and(|zeros| zeros.iter().any(|&zero| zero != b'0')) {
        return None;
    }
    let base =
        if whole.len() > 1 && whole.starts_with(b"0") && fraction.is_none() { 8 } else { 10 };
    digits(whole, base)
}

/// The text behind `0x`, if there is any.
fn without_0x(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    (!rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_time(text: &str, raw: Option<u64>) {
        assert_eq!(time(text.as_bytes()).map(CdTime::raw), raw, "{text}");
    }

    #[test]
    fn times_are_exact_to_the_unit() {
        check_time("1", Some(1 << 30));
        check_time("1795426812.5", Some((1_795_426_812 << 30) + (1 << 29)));
        check_time("1795426812.5313267708", Some(1_927_824_860_545_892_864));
        check_time("0.0000000009", Some(1));
        check_time(".5", Some(1 << 29));
        check_time("5.", Some(5 << 30));
        check_time("+5", Some(5 << 30));
        check_time(" 5", Some(5 << 30));
        check_time("17179869183.9999999991", Some(u64::MAX));
        check_time("1.9999999999999999999999", Some(2 << 30));
    }

    #[test]
    fn exponents_are_read_too() {
        check_time("1e9", Some(1_000_000_000 << 30));
        check_time("1.5e1", Some(15 << 30));
    }

    #[test]
    fn what_is_no_time_after_1970_is_none() {
        for text in [
            "",
            ".",
            "0",
            "0.0",
            "-5",
            "n",
            "1x",
            "1 ",
            "nan",
            "inf",
            "17179869184",
            "1e20",
            "1,5",
            "0x10",
            "99999999999999999999999",
        ] {
            check_time(text, None);
        }
    }

    #[test]
    fn an_interval_may_be_zero() {
        assert_eq!(interval(b"0"), Some(Interval::ZERO));
        assert_eq!(interval(b"10.000"), Some(Interval::from_secs(10)));
        assert_eq!(interval(b"-1"), None);
    }

    #[test]
    fn an_interval_ends_where_its_number_does() {
        for (text, secs) in [
            ("60,000", 60.0),
            ("60,5", 60.0),
            ("10s", 10.0),
            (" +.5,", 0.5),
            ("1.5e1x", 15.0),
            ("2e", 2.0),
            ("3e+", 3.0),
            ("1.250.000", 1.25),
            ("0,5", 0.0),
        ] {
            assert_eq!(interval(text.as_bytes()), Some(Interval::from_secs_f64(secs)), "{text}");
        }
        for text in ["", ",5", "s", "e5", ".", "0x10", "-1,5", "+"] {
            assert_eq!(interval(text.as_bytes()), None, "{text}");
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Option<Value>) {
        let ds_type = expected.map_or(DsType::Derive, Value::ds_type);
        assert_eq!(value(text.as_bytes(), ds_type), expected, "{text}");
    }

    #[test]
    fn integers_are_exact_to_their_ends() {
        check("18446744073709551615", Some(Value::Counter(u64::MAX)));
        check("18446744073709551615", Some(Value::Absolute(u64::MAX)));
        check("-9223372036854775808", Some(Value::Derive(i64::MIN)));
        check("9223372036854775807", Some(Value::Derive(i64::MAX)));
        check("+7", Some(Value::Derive(7)));
        check(" 7 ", Some(Value::Derive(7)));
    }

    #[test]
    fn integers_are_read_as_in_c() {
        check("0x1F", Some(Value::Counter(31)));
        check("010", Some(Value::Derive(8)));
        check("-0x10", Some(Value::Derive(-16)));
        check("0", Some(Value::Derive(0)));
    }

    #[test]
    fn decimals_of_an_integer_are_accepted_when_they_are_zero() {
        check("12.0", Some(Value::Derive(12)));
        check("-12.", Some(Value::Derive(-12)));
        check("010.0", Some(Value::Derive(10)));
    }

    #[test]
    fn what_would_become_another_integer_is_none() {
        for text in ["", "1.5", "1e3", "12x", "08", "9223372036854775808", "U", "-", "0x", "--1"] {
            check(text, None);
        }
        assert_eq!(value(b"-1", DsType::Counter), None);
        assert_eq!(value(b"18446744073709551616", DsType::Absolute), None);
    }

    #[test]
    fn gauges_are_any_float() {
        for (text, number) in [
            ("1.5", 1.5),
            ("-1e-3", -0.001),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            (".5", 0.5),
            ("+2", 2.0),
            ("0x1F", 31.0),
            ("-0x1p-1", -0.5),
        ] {
            check(text, Some(Value::Gauge(number)));
        }
        for text in ["U", "nan", "NaN"] {
            let read = value(text.as_bytes(), DsType::Gauge);
            assert!(matches!(read, Some(Value::Gauge(number)) if number.is_nan()), "{text}");
        }
        for text in ["", "u", "1x", "1,5", "0x", "one"] {
            assert_eq!(value(text.as_bytes(), DsType::Gauge), None, "{text}");
        }
    }
}
