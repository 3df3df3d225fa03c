//! When something was last received, and how far it was to be trusted.

use crate::metric::CdTime;
use crate::wire::Trust;

/// Times at which something was last received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastSeen {
    /// Placed time of the newest value list.
    pub sample: CdTime,
    /// Time by our clock at which the newest value list was absorbed.
    pub arrival: CdTime,
    /// The same time for each [`Trust`].
    by_trust: [CdTime; 4],
}

impl LastSeen {
    /// Time at which the newest value list of this trust was absorbed; zero: never.
    pub const fn of(&self, trust: Trust) -> CdTime {
        let [plain, unverified, signed, encrypted] = self.by_trust;
        match trust {
            Trust::Plain => plain,
            Trust::Unverified => unverified,
            Trust::Signed => signed,
            Trust::Encrypted => encrypted,
        }
    }

    /// Adds a value list of placed time `sample`, absorbed at `arrival`.
    pub(super) fn note(&mut self, sample: CdTime, arrival: CdTime, trust: Trust) {
        self.sample = self.sample.max(sample);
        self.arrival = self.arrival.max(arrival);
        let [plain, unverified, signed, encrypted] = &mut self.by_trust;
        let seen = match trust {
            Trust::Plain => plain,
            Trust::Unverified => unverified,
            Trust::Signed => signed,
            Trust::Encrypted => encrypted,
        };
        *seen = (*seen).max(arrival);
    }
}
