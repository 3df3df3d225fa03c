//! Value lists and notifications written as lines, for [`super::parse`] and for collectd.
//!
//! A slash in a name would split it: it becomes `_`, as the daemon makes it on receipt. So do
//! control characters and what could hide or reorder text on a terminal; a newline would end the
//! line. A `-` in plugin or type stays, though it reads back as the border to the instance: the
//! identifier as a whole is the same, and collectd writes it so too.

use crate::metric::{CdTime, Interval, Names, Severity, Value, display_safe};
use std::fmt;

/// Appends a value list as `PUTVAL "host/plugin-instance/type-instance" interval=10 time:value`,
/// without newline. Numbers and times read back as they were; an interval of zero is left out, and
/// names that are not UTF-8 stay so.
///
/// ```
/// use collectoscope::metric::{CdTime, Interval, Names, Value};
///
/// let names = Names { host: b"web1", plugin: b"load", type_: b"load", ..Names::default() };
/// let (time, interval) = (CdTime::from_secs(1_800_000_000), Interval::from_secs(10));
/// let values = [0.5, 0.25, f64::NAN].map(Value::Gauge);
/// let mut line = Vec::new();
/// collectoscope::text::write_values(&mut line, &names, time, interval, values);
/// assert_eq!(line, br#"PUTVAL "web1/load/load" interval=10 1800000000:0.5:0.25:U"#);
/// ```
pub fn write_values(
    out: &mut Vec<u8>,
    names: &Names<'_>,
    time: CdTime,
    interval: Interval,
    values: impl IntoIterator<Item = Value>,
) {
    let &Names { host, plugin, plugin_instance, type_, type_instance } = names;
    out.extend_from_slice(b"PUTVAL \"");
    put_name(out, host);
    out.push(b'/');
    put_name(out, plugin);
    put_instance(out, plugin_instance);
    out.push(b'/');
    put_name(out, type_);
    put_instance(out, type_instance);
    out.push(b'"');
    if !interval.is_zero() {
        put(out, format_args!(" interval={}", Seconds(interval.raw())));
    }
    put(out, format_args!(" {}", Seconds(time.raw())));
    for value in values {
        match value {
            Value::Counter(number) | Value::Absolute(number) => put(out, format_args!(":{number}")),
            Value::Derive(number) => put(out, format_args!(":{number}")),
            Value::Gauge(number) if number.is_nan() => out.extend_from_slice(b":U"),
            // With an exponent where it is shorter.
            Value::Gauge(number) => put(out, format_args!(":{number:?}")),
        }
    }
}

/// Appends a notification as a `PUTNOTIF` line, without newline; empty names are left out.
pub fn write_notification(
    out: &mut Vec<u8>,
    names: &Names<'_>,
    time: CdTime,
    severity: Severity,
    message: &[u8],
) {
    let (severity, time) = (severity.name(), Seconds(time.raw()));
    put(out, format_args!("PUTNOTIF severity={severity} time={time}"));
    for (option, name) in [
        ("host", names.host),
        ("plugin", names.plugin),
        ("plugin_instance", names.plugin_instance),
        ("type", names.type_),
        ("type_instance", names.type_instance),
    ] {
        if !name.is_empty() {
            put(out, format_args!(" {option}=\""));
            put_name(out, name);
            out.push(b'"');
        }
    }
    out.extend_from_slice(b" message=\"");
    put_escaped(out, message, |_| false, b' ');
    out.push(b'"');
}

fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    use std::io::Write;
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}

fn put_instance(out: &mut Vec<u8>, instance: &[u8]) {
    if !instance.is_empty() {
        out.push(b'-');
        put_name(out, instance);
    }
}

fn put_name(out: &mut Vec<u8>, name: &[u8]) {
    put_escaped(out, name, |c| c == '/', b'_');
}

/// `text` for inside double quotes; what cannot stand in a line becomes `instead`.
fn put_escaped(out: &mut Vec<u8>, text: &[u8], is_banned: fn(char) -> bool, instead: u8) {
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            let mut utf8 = [0; 4];
            let encoded = &*c.encode_utf8(&mut utf8);
            match c {
                '"' | '\\' => out.extend([b'\\', encoded.as_bytes().first().copied().unwrap_or(0)]),
                // `display_safe` is the one judge of what is safe.
                _ if is_banned(c) || display_safe(encoded).len() != encoded.len() => {
                    out.push(instead);
                }
                _ => out.extend_from_slice(encoded.as_bytes()),
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
}

/// Units of 2⁻³⁰ s as decimal seconds, as short as reads back the same: ten decimals distinguish
/// all units.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SCALE: u64 = 10_000_000_000;
        let (secs, fraction) = (self.0 >> 30, self.0 & ((1 << 30) - 1));
        // Below 2^30 * 10^10 < 2^64. The largest rounds to 9,999,999,991: it never carries.
        let decimals = (fraction * SCALE + (1 << 29)) >> 30;
        if decimals == 0 {
            return write!(f, "{secs}");
        }
        let digits = format!("{decimals:010}");
        write!(f, "{secs}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_seconds(raw: u64, text: &str) {
        assert_eq!(Seconds(raw).to_string(), text);
        assert_eq!(super::super::number::interval(text.as_bytes()), Some(Interval::from_raw(raw)));
    }

    #[test]
    fn seconds_distinguish_all_units() {
        check_seconds(0, "0");
        check_seconds(10 << 30, "10");
        check_seconds(1, "0.0000000009");
        check_seconds(2, "0.0000000019");
        check_seconds((1 << 29) + 1, "0.5000000009");
        check_seconds(u64::MAX, "17179869183.9999999991");
    }

    #[test]
    fn characters_that_would_split_a_name_or_a_line_are_replaced() {
        let names = Names {
            host: b"a/b\n\"c\"\\",
            plugin: b"\xff p",
            plugin_instance: "\u{202e}\u{9b}ü".as_bytes(),
            type_: b"t",
            type_instance: b"-/",
        };
        let values = [Value::Derive(-1), Value::Gauge(f64::NEG_INFINITY), Value::Gauge(1e300)];
        let mut line = Vec::new();
        write_values(&mut line, &names, CdTime::from_secs(1), Interval::ZERO, values);
        let expected: &[&[u8]] = &[
            br#"PUTVAL "a_b_\"c\"\\/"#,
            b"\xff p-__",
            "ü".as_bytes(),
            br#"/t--_" 1:-1:-inf:1e300"#,
        ];
        assert_eq!(line, expected.concat());
    }

    #[test]
    fn a_notification_leaves_out_empty_names() {
        let names = Names { host: b"h", type_instance: b"i j", ..Names::default() };
        let (time, message) = (CdTime::from_raw(3 << 29), b"a/b\n\"c\"");
        let mut line = Vec::new();
        write_notification(&mut line, &names, time, Severity::Okay, message);
        let expected =
            br#"PUTNOTIF severity=okay time=1.5 host="h" type_instance="i j" message="a/b \"c\"""#;
        assert_eq!(line, expected);
    }
}
