//! Role: what a line of a graph stands for among the lines of its panel.
//!
//! Said once, in `assets/graphs.toml`. What is in use, what is left and what is unused follow from
//! it here; which colour it has is for [`crate::view::colours`] to say.

use serde::{Deserialize, Deserializer, de};
use std::str::FromStr;

/// What a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Processor time of programs.
    User,
    /// Processor time of the kernel.
    System,
    /// Processor time of programs that stand back.
    Nice,
    /// Waiting for a disk.
    Wait,
    /// Processor time of software interrupts.
    Softirq,
    /// Processor time of hardware interrupts.
    Interrupt,
    /// Processor time taken by other virtual machines.
    Steal,
    /// Processor time given to virtual machines.
    Guest,
    /// Processor time nobody used.
    Idle,
    /// Room in use.
    Used,
    /// Room that anybody can take.
    Free,
    /// Room for the superuser only.
    Reserved,
    /// Memory of the kernel.
    Kernel,
    /// Memory of the kernel that it gives back when asked.
    Reclaimable,
    /// Memory in buffers.
    Buffered,
    /// Memory that caches files.
    Cached,
    /// The shortest of several averages.
    Short,
    /// The one between.
    Mid,
    /// The longest.
    Long,
    /// Received.
    Rx,
    /// Sent.
    Tx,
    /// Received with an error.
    RxError,
    /// Not sent for an error.
    TxError,
    /// Read, or brought in.
    Read,
    /// Written, or put out.
    Write,
    /// Processes that run.
    Running,
    /// Processes that wait for a disk.
    Blocked,
    /// Processes that were stopped.
    Stopped,
    /// Processes that wait for memory.
    Paging,
    /// Processes that ended and whose parent does not ask.
    Zombies,
    /// Processes that wait for something to do.
    Sleeping,
}

/// The roles as `assets/graphs.toml` spells them.
const WORDS: [(&str, Role); 31] = [
    ("user", Role::User),
    ("system", Role::System),
    ("nice", Role::Nice),
    ("wait", Role::Wait),
    ("softirq", Role::Softirq),
    ("interrupt", Role::Interrupt),
    ("steal", Role::Steal),
    ("guest", Role::Guest),
    ("idle", Role::Idle),
    ("used", Role::Used),
    ("free", Role::Free),
    ("reserved", Role::Reserved),
    ("kernel", Role::Kernel),
    ("reclaimable", Role::Reclaimable),
    ("buffered", Role::Buffered),
    ("cached", Role::Cached),
    ("short", Role::Short),
    ("mid", Role::Mid),
    ("long", Role::Long),
    ("rx", Role::Rx),
    ("tx", Role::Tx),
    ("rx_error", Role::RxError),
    ("tx_error", Role::TxError),
    ("read", Role::Read),
    ("write", Role::Write),
    ("running", Role::Running),
    ("blocked", Role::Blocked),
    ("stopped", Role::Stopped),
    ("paging", Role::Paging),
    ("zombies", Role::Zombies),
    ("sleeping", Role::Sleeping),
];

impl Role {
    /// All, as they are spelt.
    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// As it is spelt.
    pub(crate) fn word(self) -> &'static str {
        WORDS.iter().find(|(_, role)| *role == self).map_or("", |(word, _)| word)
    }

    /// Whether it is what nobody uses at the moment.
    pub const fn is_unused(self) -> bool {
        matches!(self, Self::Idle | Self::Free | Self::Sleeping)
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, role)| *role).ok_or_else(|| {
            let nearest = WORDS.iter().min_by_key(|(known, _)| distance(word, known));
            format!("unknown role {word:?}, nearest is {:?}", nearest.map_or("", |found| found.0))
        })
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// How many characters must be added, left out or replaced to make `b` of `a`.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (to, above) in b.chars().zip(row.iter_mut().skip(1)) {
            let replaced = corner + usize::from(from != to);
            corner = *above;
            left = replaced.min(left + 1).min(corner + 1);
            *above = left;
        }
        row.splice(..1, [i + 1]);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_word_is_an_error_that_names_it_and_the_nearest_right_one() {
        for (wrong, nearest) in [("usd", "used"), ("Free", "free"), ("rx-error", "rx_error")] {
            let error = wrong.parse::<Role>().expect_err("must fail");
            assert_eq!(error, format!("unknown role {wrong:?}, nearest is {nearest:?}"));
        }
    }

    #[test]
    fn each_word_means_one_role() {
        for (word, role) in WORDS {
            assert_eq!((word.parse(), role.word()), (Ok(role), word));
        }
    }

    #[test]
    fn words_are_as_far_apart_as_letters_must_change() {
        for (a, b, far) in [("", "abc", 3), ("abc", "abc", 0), ("abcd", "bcd", 1), ("ab", "ba", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (far, far), "{a:?} {b:?}");
        }
    }
}
