//! A replay: how fast a capture is shown, how far it is, and what that is called.
//!
//! Pure words and sums; who reads the capture fills them in.

use crate::metric::{CdTime, Interval};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Slowest and fastest paced replay; a day in nine seconds is faster than anybody can look.
pub const SPEED_RANGE: std::ops::RangeInclusive<f64> = 0.001..=10_000.0;
/// Narrowest window that is chosen for a capture: the narrowest preset.
const FIT_MIN: Interval = Interval::from_secs(10);
/// Samples are older than their arrival, as collectd gathers them; so much older at most, or the
/// host's clock is wrong.
const BEFORE_ARRIVAL_MAX: Interval = Interval::from_secs(120);

/// How fast a capture is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// Seconds of the capture per second; within [`SPEED_RANGE`].
    Times(f64),
    /// As fast as it can be read.
    Max,
}

/// Why a [`Speed`] could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "{text:?} is not a speed: a number from {} to {}, or max",
    SPEED_RANGE.start(), SPEED_RANGE.end()
)]
pub struct ParseSpeedError {
    text: String,
}

impl FromStr for Speed {
    type Err = ParseSpeedError;

    fn from_str(text: &str) -> Result<Self, ParseSpeedError> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Self::Max),
            Ok(times) if SPEED_RANGE.contains(&times) => Ok(Self::Times(times)),
            _ => Err(ParseSpeedError { text: text.into() }),
        }
    }
}

impl fmt::Display for Speed {
    /// `10×`, `max`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times}×"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// No datagram came yet.
    Waiting,
    /// More may come.
    Reading,
    /// All was shown.
    Ended,
    /// It ends inside a packet.
    Cut,
    /// What follows cannot be read.
    Broken,
}

impl Stage {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Ended => "ended",
            Self::Cut => "truncated",
            Self::Broken => "damaged",
        }
    }

    /// Whether nothing more comes.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Cut | Self::Broken)
    }
}

/// A replay as the window shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Name of the capture, without the folders it lies in.
    pub name: String,
    /// Its whole path, or `standard input`.
    pub path: String,
    /// How fast it is shown.
    pub speed: Speed,
    /// It comes by a pipe, as it is captured.
    pub live: bool,
    /// How far it is.
    pub stage: Stage,
    /// When its first datagram arrived.
    pub first: Option<CdTime>,
    /// Packets in it, once it is over.
    pub packets: Option<u64>,
    /// Why it was not read to its end.
    pub error: Option<String>,
}

impl Replay {
    /// Whether its clock stands still, and how many of its seconds pass in one of ours.
    pub fn pace(&self) -> Option<f64> {
        match (self.stage, self.speed) {
            (Stage::Reading, Speed::Times(times)) => Some(times),
            (Stage::Reading, Speed::Max) if self.live => Some(1.0),
            _ => None,
        }
    }

    /// How fast it is shown: `10×`, `max`, `live`.
    pub fn pace_word(&self) -> String {
        match self.speed {
            Speed::Max if self.live => "live".into(),
            speed => speed.to_string(),
        }
    }

    /// Name of the state where the window follows it: `REPLAY some.pcap · 10×`.
    pub fn state(&self) -> String {
        let (name, pace) = (crate::metric::display_safe(&self.name), self.pace_word());
        match self.stage {
            Stage::Reading => format!("REPLAY {name} · {pace}"),
            stage => format!("REPLAY {name} · {pace} · {}", stage.name()),
        }
    }

    /// The width that shows all there is up to `end`, if the oldest sample on the canvas is
    /// `oldest`.
    pub fn width(&self, oldest: Option<CdTime>, end: CdTime) -> Option<Interval> {
        let first = self.first?;
        let earliest = first.saturating_sub(BEFORE_ARRIVAL_MAX);
        let start = oldest.filter(|oldest| (earliest..first).contains(oldest)).unwrap_or(first);
        // A little air, so that the first sample does not lie on the axis.
        Some(end.since(start).mul_f64(1.02).max(FIT_MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(speed: Speed, live: bool, stage: Stage) -> Replay {
        let first = Some(CdTime::from_secs(1_000));
        let (name, path) = ("some.pcap".into(), "/tmp/some.pcap".into());
        Replay { name, path, speed, live, stage, first, packets: None, error: None }
    }

    #[test]
    fn speeds_are_positive_numbers_up_to_a_bound_or_max() {
        for (text, speed) in [
            ("1", Speed::Times(1.0)),
            ("0.5", Speed::Times(0.5)),
            ("10000", Speed::Times(10_000.0)),
            ("max", Speed::Max),
        ] {
            assert_eq!(text.parse(), Ok(speed));
        }
        for text in ["0", "-1", "10001", "nan", "inf", "fast", "", "1x", "0.0001"] {
            let error = text.parse::<Speed>().unwrap_err().to_string();
            assert!(error.ends_with("is not a speed: a number from 0.001 to 10000, or max"));
        }
    }

    #[test]
    fn the_state_names_file_speed_and_how_it_ended() {
        use Speed::{Max, Times};
        for (speed, live, stage, words) in [
            (Times(10.0), false, Stage::Reading, "REPLAY some.pcap · 10×"),
            (Times(0.5), false, Stage::Ended, "REPLAY some.pcap · 0.5× · ended"),
            (Max, false, Stage::Cut, "REPLAY some.pcap · max · truncated"),
            (Max, false, Stage::Broken, "REPLAY some.pcap · max · damaged"),
            (Max, true, Stage::Waiting, "REPLAY some.pcap · live · waiting"),
            (Times(1.0), true, Stage::Reading, "REPLAY some.pcap · 1×"),
        ] {
            assert_eq!(replay(speed, live, stage).state(), words);
        }
    }

    #[test]
    fn the_clock_stands_when_all_was_read_and_where_nothing_is_waited_for() {
        use Speed::{Max, Times};
        for (speed, live, stage, pace) in [
            (Times(10.0), false, Stage::Reading, Some(10.0)),
            (Times(10.0), false, Stage::Ended, None),
            (Max, false, Stage::Reading, None),
            (Max, true, Stage::Reading, Some(1.0)),
            (Max, true, Stage::Waiting, None),
        ] {
            assert_eq!(replay(speed, live, stage).pace(), pace);
        }
    }

    #[test]
    fn a_whole_capture_fills_the_window() {
        let replay = replay(Speed::Max, false, Stage::Ended);
        let width = |oldest: Option<u64>, end| {
            let oldest = oldest.map(CdTime::from_secs);
            replay.width(oldest, CdTime::from_secs(end)).unwrap().secs_f64()
        };
        assert!((width(None, 1_060) - 61.2).abs() < 1e-6);
        // The first sample was taken before it arrived.
        assert!((width(Some(990), 1_060) - 71.4).abs() < 1e-6);
        // A clock that is wrong stretches nothing, nor does a host that came later.
        assert!((width(Some(10), 1_060) - 61.2).abs() < 1e-6);
        assert!((width(Some(1_050), 1_060) - 61.2).abs() < 1e-6);
        assert!((width(None, 1_000) - 10.0).abs() < 1e-6);
    }
}
