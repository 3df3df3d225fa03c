//! Column: what stands beside each host of the table.

use crate::view::layout::YScale;
use crate::view::selector::Selector;

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it shows.
    pub shows: Shows,
    /// What the user calls it.
    pub title: Option<String>,
    /// Whether the lines of all hosts have one scale.
    pub scale: YScale,
}

/// What a column shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shows {
    /// Something that nearly every machine has.
    Measure(Measure),
    /// The series of a host that a selector chooses.
    Series {
        /// Which.
        show: Selector,
        /// What becomes of several.
        of: Of,
    },
}

/// Something that nearly every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// What the processors do but idle, percent of all of them.
    Cpu,
    /// Memory in use, bytes, or percent where a host sends nothing else.
    Memory,
    /// Load over a minute.
    Load,
    /// All that interfaces receive and send, bits a second.
    Network,
    /// All that disks read and write, bytes a second.
    Disk,
    /// How full the fullest filesystem is, percent.
    Filesystem,
}

impl Measure {
    /// All, in the order of a new table.
    pub const ALL: [Self; 6] =
        [Self::Cpu, Self::Memory, Self::Load, Self::Network, Self::Disk, Self::Filesystem];

    /// As it is written in a layout.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Load => "load",
            Self::Network => "network",
            Self::Disk => "disk",
            Self::Filesystem => "filesystem",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// What its column is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Memory => "Memory used",
            Self::Load => "Load, 1 min",
            Self::Network => "Network, in + out",
            Self::Disk => "Disk, read + write",
            Self::Filesystem => "Fullest filesystem",
        }
    }

    /// How it is found, in a sentence or two.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Cpu => "What the processors do but idle, of all of them",
            Self::Memory => {
                "Memory in use, without buffers and caches; the line is full at all of it"
            }
            Self::Load => "Processes that run or wait to, on average of one minute",
            Self::Network => {
                "All interfaces together, but for loopback and those that are made of others"
            }
            Self::Disk => "All disks together, but for partitions and what is made of disks",
            Self::Filesystem => "How full the fullest filesystem is, which is named in the tooltip",
        }
    }
}

/// What becomes of the values of several series of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Of {
    /// The greatest.
    #[default]
    Max,
    /// The least.
    Min,
    /// Their mean.
    Avg,
    /// Their sum.
    Sum,
}

impl Of {
    /// All.
    pub const ALL: [Self; 4] = [Self::Max, Self::Min, Self::Avg, Self::Sum];

    /// As it is written in a layout.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Min => "min",
            Self::Avg => "avg",
            Self::Sum => "sum",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.name() == name)
    }

    /// Of these values; none of none.
    pub(super) fn fold(self, values: impl IntoIterator<Item = f64>) -> Option<f64> {
        let mut count = 0.0;
        let values = values.into_iter().inspect(|_| count += 1.0);
        let folded = values.reduce(|a, b| self.join(a, b))?;
        Some(if self == Self::Avg { folded / count } else { folded })
    }

    /// Of what was joined so far and one more; of a mean the sum.
    pub(super) fn join(self, so_far: f64, value: f64) -> f64 {
        match self {
            Self::Max => so_far.max(value),
            Self::Min => so_far.min(value),
            Self::Avg | Self::Sum => so_far + value,
        }
    }
}

impl Column {
    /// A measure, as it is shown.
    pub const fn of(measure: Measure) -> Self {
        Self { shows: Shows::Measure(measure), title: None, scale: YScale::Shared }
    }

    /// The series that a selector chooses of each host, without a word that chooses the host.
    pub fn showing(show: Selector) -> Self {
        Self {
            shows: Shows::Series { show, of: Of::default() },
            title: None,
            scale: YScale::Shared,
        }
    }

    /// What it is called at its head.
    pub fn title(&self) -> String {
        match (&self.title, &self.shows) {
            (Some(title), _) => title.clone(),
            (None, Shows::Measure(measure)) => measure.title().to_owned(),
            (None, Shows::Series { show, .. }) => show.spoken(),
        }
    }

    /// What a layout calls it: what it is called, or what it shows.
    pub fn name(&self) -> String {
        match (&self.title, &self.shows) {
            (Some(title), _) => title.clone(),
            (None, Shows::Measure(measure)) => measure.name().to_owned(),
            (None, Shows::Series { show, .. }) => show.text().to_owned(),
        }
    }

    /// The measure that it shows.
    pub const fn measure(&self) -> Option<Measure> {
        match self.shows {
            Shows::Measure(measure) => Some(measure),
            Shows::Series { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_values_become_one() {
        let values = [3.0, 1.0, 8.0];
        for (of, expected) in [(Of::Max, 8.0), (Of::Min, 1.0), (Of::Avg, 4.0), (Of::Sum, 12.0)] {
            assert_eq!(of.fold(values), Some(expected));
            assert_eq!(of.fold([5.0]), Some(5.0));
            assert_eq!(of.fold([]), None);
            assert_eq!(Of::named(of.name()), Some(of));
        }
    }

    #[test]
    fn a_column_is_called_as_the_user_says_or_by_what_it_shows() {
        assert_eq!(Column::of(Measure::Load).title(), "Load, 1 min");
        let mut column = Column::showing(Selector::new("plugin:sensors type:temperature"));
        assert_eq!(column.title(), "sensors temperature");
        assert_eq!(column.name(), "plugin:sensors type:temperature");
        column.title = Some("hottest".into());
        assert_eq!((column.title().as_str(), column.name().as_str()), ("hottest", "hottest"));
    }
}
