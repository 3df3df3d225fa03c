//! Values of the four DS types, value lists and notifications.

use super::{CdTime, Identifier, Interval};

/// DS type: how the numbers of a data source are drawn. Discriminants are the codes on the wire.
///
/// Source: `DS_TYPE_*` in collectd `src/daemon/plugin.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DsType {
    /// Counts up and wraps at 32 or 64 bits, drawn per second.
    Counter = 0,
    /// A measured number, drawn as it is.
    Gauge = 1,
    /// Changes either way, drawn per second.
    Derive = 2,
    /// Counted since the value list before, drawn per second.
    Absolute = 3,
}

/// One number. `u64` and `i64` stay exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// See [`DsType::Counter`].
    Counter(u64),
    /// See [`DsType::Gauge`]; NaN means "undefined".
    Gauge(f64),
    /// See [`DsType::Derive`].
    Derive(i64),
    /// See [`DsType::Absolute`].
    Absolute(u64),
}

/// Byte-order mark of UTF-8: some editors write it at the start of a file.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A number as C's `strtod` reads it, all of `text`: also hexadecimal.
pub fn c_float(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| hexadecimal(text))
}

/// `0x1.8p3`: digits, perhaps with a point, then perhaps a power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let (digits, power) = match text.split_once(['p', 'P']) {
        Some((digits, power)) => (digits, power.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        number = number * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let scale = power.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    Some(sign * number * f64::from(scale).exp2())
}

/// Severity of a notification.
///
/// Source: `NOTIF_*` in collectd `src/daemon/plugin.h`: 1, 2, 4 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Wire code 1.
    Failure,
    /// Wire code 2.
    Warning,
    /// Wire code 4.
    Okay,
}

/// A value list: identifier, time, interval and one value per data source.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueList {
    /// The five names.
    pub identifier: Identifier,
    /// Time of measurement, by the host's clock.
    pub time: CdTime,
    /// Promised time to the next; zero when unknown.
    pub interval: Interval,
    /// One per data source of the type, in the order of types.db.
    pub values: Vec<Value>,
}

/// A message with a severity. `plugin`, `type_` and the instances may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notification {
    /// The five names of what it is about.
    pub identifier: Identifier,
    /// Time, by the host's clock.
    pub time: CdTime,
    /// FAILURE, WARNING or OKAY.
    pub severity: Severity,
    /// The text; not escaped, see [`super::display_safe`].
    pub message: Box<str>,
}

impl DsType {
    /// From the code on the wire.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Counter),
            1 => Some(Self::Gauge),
            2 => Some(Self::Derive),
            3 => Some(Self::Absolute),
            _ => None,
        }
    }

    /// The code on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Lower-case name as used in JSON: `counter`, `gauge`, `derive`, `absolute`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Derive => "derive",
            Self::Absolute => "absolute",
        }
    }
}

impl Value {
    /// Its DS type.
    pub const fn ds_type(self) -> DsType {
        match self {
            Self::Counter(_) => DsType::Counter,
            Self::Gauge(_) => DsType::Gauge,
            Self::Derive(_) => DsType::Derive,
            Self::Absolute(_) => DsType::Absolute,
        }
    }

    /// The 64 bits of the number in the machine's own order: what the store keeps.
    pub const fn bits(self) -> u64 {
        match self {
            Self::Counter(value) | Self::Absolute(value) => value,
            Self::Gauge(value) => value.to_bits(),
            Self::Derive(value) => value.cast_unsigned(),
        }
    }

    /// The reverse of [`Value::bits`].
    pub const fn from_bits(ds_type: DsType, bits: u64) -> Self {
        match ds_type {
            DsType::Counter => Self::Counter(bits),
            DsType::Gauge => Self::Gauge(f64::from_bits(bits)),
            DsType::Derive => Self::Derive(bits.cast_signed()),
            DsType::Absolute => Self::Absolute(bits),
        }
    }
}

impl Severity {
    /// From the code on the wire.
    pub const fn from_code(code: u64) -> Option<Self> {
        match code {
            1 => Some(Self::Failure),
            2 => Some(Self::Warning),
            4 => Some(Self::Okay),
            _ => None,
        }
    }

    /// The code on the wire.
    pub const fn code(self) -> u64 {
        match self {
            Self::Failure => 1,
            Self::Warning => 2,
            Self::Okay => 4,
        }
    }

    /// Lower-case name: `failure`, `warning`, `okay`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Okay => "okay",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_as_bits() {
        for value in [
            Value::Counter(u64::MAX),
            Value::Gauge(-0.0),
            Value::Derive(i64::MIN),
            Value::Absolute(1 << 63),
        ] {
            assert_eq!(Value::from_bits(value.ds_type(), value.bits()), value);
        }
    }

    #[test]
    fn codes_outside_the_protocol_are_nothing() {
        assert!(DsType::from_code(4).is_none() && Severity::from_code(3).is_none());
        for code in 0..4 {
            assert_eq!(DsType::from_code(code).map(DsType::code), Some(code));
        }
    }
}
