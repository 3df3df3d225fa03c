//! Width: how a width of time is written in files, `15m`.

use super::window::{WIDTH_MAX, WIDTH_MIN};
use crate::metric::Interval;

/// Seconds of each unit, the largest first.
const UNITS: [(u64, char); 4] = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];

/// A number with its unit: `90s`, `15m`, `2h`, `1d`. What is no such thing, or nothing wide, is
/// none.
pub fn parse(text: &str) -> Option<Interval> {
    let unit = text.chars().last()?;
    let (secs, _) = UNITS.into_iter().find(|(_, name)| *name == unit)?;
    let number = text.strip_suffix(unit)?.trim().parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite() && *number > 0.0)?;
    #[expect(clippy::cast_precision_loss, reason = "at most 86,400")]
    Some(Interval::from_secs_f64(number * secs as f64))
}

/// Whether the window can be that wide.
pub fn is_possible(width: Interval) -> bool {
    (WIDTH_MIN..=WIDTH_MAX).contains(&width)
}

/// A whole number of the largest unit that has one: `15m`, `90s`.
pub fn text(width: Interval) -> String {
    let (secs, nanos) = width.secs_nanos();
    if nanos > 0 {
        return format!("{:.3}s", width.secs_f64());
    }
    let unit = UNITS.into_iter().find(|(unit, _)| secs >= *unit && secs % unit == 0);
    unit.map_or_else(|| format!("{secs}s"), |(unit, name)| format!("{}{name}", secs / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for (written, secs) in
            [("90s", 90), ("15m", 900), ("6h", 21_600), ("1d", 86_400), ("25h", 90_000)]
        {
            assert_eq!(parse(written), Some(Interval::from_secs(secs)), "{written}");
            assert_eq!(text(Interval::from_secs(secs)), written);
        }
        assert_eq!(parse("0.5 h"), Some(Interval::from_secs(1_800)));
        assert_eq!(text(Interval::from_secs_f64(0.5)), "0.500s");
    }

    #[test]
    fn what_is_no_width_is_none() {
        for wrong in ["", "m", "15", "15x", "-1m", "0s", "nans", "infd", "1e400h", "15µ", "m15"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert!(!is_possible(Interval::from_secs(864_001)) && !is_possible(Interval::ZERO));
    }
}
