//! Lines for people: a value list or a notification as the first Python reader of 2009 printed it.

use crate::metric::{CdTime, Names, Severity, Value, display_safe};
use std::fmt;

/// `[time] host/plugin[/instance]/type[/instance] [(DS type, value), ...]`, names that are empty
/// left out.
#[derive(Clone, Copy, Debug)]
pub struct ValuesLine<'a, V> {
    /// Who.
    pub names: &'a Names<'a>,
    /// When it was measured.
    pub time: CdTime,
    /// The numbers in order.
    pub values: V,
}

/// `[time] host/plugin[/instance]/type[/instance] [SEVERITY] message`, names that are empty left
/// out.
#[derive(Clone, Copy, Debug)]
pub struct NotificationLine<'a> {
    /// Whom it is about.
    pub names: &'a Names<'a>,
    /// When.
    pub time: CdTime,
    /// How bad.
    pub severity: Severity,
    /// The text.
    pub message: &'a [u8],
}

/// A number as Python's `repr` writes it, which is also valid JSON as long as it is finite.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub Value);

impl<V: Iterator<Item = Value> + Clone> fmt::Display for ValuesLine<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] ", self.time)?;
        write_names(f, self.names)?;
        f.write_str(" [")?;
        for (index, value) in self.values.clone().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}({}, {})", value.ds_type().code(), Number(value))?;
        }
        f.write_str("]")
    }
}

impl fmt::Display for NotificationLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = self.severity.name().to_ascii_uppercase();
        let message = String::from_utf8_lossy(self.message);
        write!(f, "[{}] ", self.time)?;
        if write_names(f, self.names)? {
            f.write_str(" ")?;
        }
        write!(f, "[{severity}] {}", display_safe(&message))
    }
}

/// The names that are not empty, with slashes between, safe to show; whether there were any.
fn write_names(f: &mut fmt::Formatter<'_>, names: &Names<'_>) -> Result<bool, fmt::Error> {
    let Names { host, plugin, plugin_instance, type_, type_instance } = *names;
    let mut slash = "";
    for name in [host, plugin, plugin_instance, type_, type_instance] {
        if !name.is_empty() {
            write!(f, "{slash}{}", display_safe(&String::from_utf8_lossy(name)))?;
            slash = "/";
        }
    }
    Ok(!slash.is_empty())
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Counter(number) | Value::Absolute(number) => write!(f, "{number}"),
            Value::Derive(number) => write!(f, "{number}"),
            Value::Gauge(number) if number.is_nan() => f.write_str("nan"),
            Value::Gauge(number) => f.write_str(&python_repr(number)),
        }
    }
}

/// Rust's `{:?}` is nearly Python's `repr`: as few digits as read back the same, and the same
/// limits for the exponent. But it writes `1e16` for `1e+16`, and of two shortest forms equally
/// near it takes the larger one where Python takes the even one.
fn python_repr(number: f64) -> String {
    let shortest = format!("{number:?}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, ""));
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    // With a precision Rust rounds exactly, and ties to even.
    let nearest = match exponent {
        "" => format!("{number:.decimals$}"),
        _ => format!("{number:.decimals$e}"),
    };
    let same = nearest.parse::<f64>().is_ok_and(|read| read.to_bits() == number.to_bits());
    let chosen = if same { nearest } else { shortest };
    match chosen.split_once('e') {
        None => chosen,
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_written_as_python_does() {
        for (number, repr) in [
            (48_082_944.0, "48082944.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (1e100, "1e+100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-1.25e-7, "-1.25e-07"),
            (5e-324, "5e-324"),
            (2e-323, "2e-323"),
            // Half way between two shortest forms.
            (f64::from(29.782_486_f32), "29.782485961914062"),
            (f64::from(2.857_399_f32), "2.8573989868164062"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(Number(Value::Gauge(number)).to_string(), repr);
        }
    }

    #[test]
    fn integers_are_exact() {
        assert_eq!(Number(Value::Counter(u64::MAX)).to_string(), "18446744073709551615");
        assert_eq!(Number(Value::Derive(i64::MIN)).to_string(), "-9223372036854775808");
    }
}
