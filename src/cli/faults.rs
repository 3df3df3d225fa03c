//! Faults that `dump` met, on standard error without flooding it.
//!
//! The first faults of each sender are shown in full as they come, all are counted, and the sums
//! come at the end. Signed and encrypted parts that are refused, or accepted without a check, are
//! shown once per user and reason and summed up too.

use crate::metric::display_safe;
use crate::wire::{Fault, FaultKind, Protected, Protection, Trust};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Faults of one sender shown in full: enough to see what is wrong with it.
const SHOWN_PER_SENDER_MAX: u64 = 10;
/// Faults shown in full altogether: sender addresses are easily forged.
const SHOWN_MAX: u64 = 1_000;
/// Senders counted by themselves; 10,000 x ~100 B = 1 MB. The others share one count.
const SENDERS_MAX: usize = 10_000;
/// Senders named in the summary.
const SENDERS_SUMMED_MAX: usize = 20;
/// Users and fates counted by themselves. The others share one count.
const USERS_MAX: usize = 256;
/// Characters of a user's name that are shown; the wire allows 65,000.
const USER_SHOWN_MAX: usize = 127;

/// The counts. Its methods return the line to print now, if any.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    faults_by_sender: BTreeMap<IpAddr, u64>,
    faults_of_others: u64,
    shown: u64,
    protected_by_user: BTreeMap<(Protection, String, &'static str), u64>,
    protected_of_others: u64,
}

impl Troubles {
    /// Counts a fault in datagram number `datagram` (from 1).
    pub(super) fn fault(
        &mut self,
        datagram: u64,
        sender: SocketAddr,
        fault: &Fault,
    ) -> Option<String> {
        let known = self.faults_by_sender.len();
        let count = match self.faults_by_sender.get_mut(&sender.ip()) {
            Some(count) => count,
            None if known < SENDERS_MAX => self.faults_by_sender.entry(sender.ip()).or_default(),
            None => {
                self.faults_of_others += 1;
                return None;
            }
        };
        *count += 1;
        if *count > SHOWN_PER_SENDER_MAX || self.shown >= SHOWN_MAX {
            return None;
        }
        self.shown += 1;
        let more = if *count == SHOWN_PER_SENDER_MAX || self.shown == SHOWN_MAX {
            " (further ones are only counted)"
        } else {
            ""
        };
        Some(format!("datagram {datagram} from {sender} {fault}{more}"))
    }

    /// Counts a signed or encrypted part in datagram number `datagram` (from 1), unless it was
    /// opened.
    pub(super) fn protected(
        &mut self,
        datagram: u64,
        sender: SocketAddr,
        part: &Protected<'_>,
    ) -> Option<String> {
        let fate = match part.outcome {
            Ok(Trust::Unverified) => "not checked, there is no AuthFile",
            Ok(_) => return None,
            Err(FaultKind::NoKeys) => "not read, there is no AuthFile",
            Err(FaultKind::UserUnknown) => "not read, the AuthFile does not know the user",
            Err(FaultKind::SignatureWrong) => "not read, the signature does not match",
            Err(FaultKind::ChecksumWrong) => "not read, the checksum does not match",
            Err(other) => other.class(),
        };
        let user = String::from_utf8_lossy(part.user);
        let user: String = display_safe(&user).chars().take(USER_SHOWN_MAX).collect();
        let name = part.protection.name();
        let line = format!(
            "datagram {datagram} from {sender} at byte {}: {name} part of user {user}: {fate} \
             (further ones are only counted)",
            part.offset_bytes
        );
        let known = self.protected_by_user.len();
        let key = (part.protection, user, fate);
        if let Some(count) = self.protected_by_user.get_mut(&key) {
            *count += 1;
            return None;
        }
        if known >= USERS_MAX {
            self.protected_of_others += 1;
            return None;
        }
        self.protected_by_user.insert(key, 1);
        Some(line)
    }

    /// The sums, for the end.
    pub(super) fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for ((protection, user, fate), count) in &self.protected_by_user {
            lines.push(format!("{} of user {user}: {fate}", parts(*count, protection.name())));
        }
        if self.protected_of_others > 0 {
            let parts = parts(self.protected_of_others, "protected");
            lines.push(format!("{parts} of further users"));
        }
        let mut senders: Vec<_> = self.faults_by_sender.iter().collect();
        senders.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        for (sender, count) in senders.iter().take(SENDERS_SUMMED_MAX) {
            let s = if **count == 1 { "" } else { "s" };
            lines.push(format!("{count} fault{s} from {sender}"));
        }
        let rest = senders.iter().skip(SENDERS_SUMMED_MAX).map(|(_, count)| **count).sum::<u64>()
            + self.faults_of_others;
        if rest > 0 {
            lines.push(format!("{rest} faults from other senders"));
        }
        lines
    }
}

fn parts(count: u64, words: &str) -> String {
    format!("{count} {words} part{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::FaultKind;
    use std::net::Ipv4Addr;

    const FAULT: Fault = Fault { offset_bytes: 61, kind: FaultKind::LengthTooShort { length: 3 } };

    fn sender(number: u32) -> SocketAddr {
        SocketAddr::new(Ipv4Addr::from(0x0a00_0000 + number).into(), 4_000)
    }

    #[test]
    fn a_fault_is_told_with_sender_and_offset() {
        let line = Troubles::default().fault(17, sender(1), &FAULT);
        let words = "datagram 17 from 10.0.0.1:4000 at byte 61: part length 3 is below 4";
        assert_eq!(line.as_deref(), Some(words));
    }

    #[test]
    fn a_sender_that_shouts_is_told_ten_times_and_counted() {
        let mut troubles = Troubles::default();
        let shown = (0..5_000).filter_map(|n| troubles.fault(n, sender(1), &FAULT)).count();
        assert_eq!(shown, 10);
        assert_eq!(troubles.summary(), ["5000 faults from 10.0.0.1"]);
    }

    #[test]
    fn forged_senders_fill_neither_the_memory_nor_the_log() {
        let mut troubles = Troubles::default();
        let shown = (0..20_000).filter_map(|n| troubles.fault(1, sender(n), &FAULT)).count();
        assert_eq!((shown, troubles.faults_by_sender.len()), (1_000, SENDERS_MAX));
        let summary = troubles.summary();
        assert_eq!(summary.len(), SENDERS_SUMMED_MAX + 1);
        assert_eq!(summary.last().unwrap(), "19980 faults from other senders");
    }

    fn refused<'a>(user: &'a [u8], kind: FaultKind) -> Protected<'a> {
        let protection = Protection::Encrypted;
        Protected { protection, user, offset_bytes: 0, outcome: Err(kind) }
    }

    #[test]
    fn refused_parts_are_told_once_per_user_and_reason_and_summed_up() {
        let mut troubles = Troubles::default();
        let part = refused(b"al\x1bice", FaultKind::ChecksumWrong);
        let first = troubles.protected(17, sender(1), &part).unwrap();
        assert_eq!(
            first,
            "datagram 17 from 10.0.0.1:4000 at byte 0: encrypted part of user al\\u{1b}ice: not \
             read, the checksum does not match (further ones are only counted)"
        );
        assert!(troubles.protected(18, sender(1), &part).is_none());
        let other = refused(b"alice", FaultKind::UserUnknown);
        assert!(troubles.protected(19, sender(1), &other).is_some());
        assert_eq!(
            troubles.summary(),
            [
                "2 encrypted parts of user al\\u{1b}ice: not read, the checksum does not match",
                "1 encrypted part of user alice: not read, the AuthFile does not know the user",
            ]
        );
    }

    #[test]
    fn what_was_opened_is_no_trouble() {
        let part = Protected { outcome: Ok(Trust::Signed), ..refused(b"alice", FaultKind::NoKeys) };
        let mut troubles = Troubles::default();
        assert!(troubles.protected(1, sender(1), &part).is_none());
        let unverified = Protected { outcome: Ok(Trust::Unverified), ..part };
        assert!(troubles.protected(1, sender(1), &unverified).unwrap().contains("not checked"));
        assert_eq!(troubles.summary().len(), 1);
    }

    #[test]
    fn the_name_of_a_user_is_shown_up_to_its_limit() {
        let part = refused(&[b'u'; 60_000], FaultKind::NoKeys);
        let line = Troubles::default().protected(1, sender(1), &part).unwrap();
        assert!(line.contains(&format!(" {}: ", "u".repeat(USER_SHOWN_MAX))), "{line}");
    }

    #[test]
    fn invented_users_do_not_fill_the_memory() {
        let mut troubles = Troubles::default();
        for number in 0..1_000 {
            let user = format!("user{number}").into_bytes();
            troubles.protected(1, sender(1), &refused(&user, FaultKind::NoKeys));
        }
        assert_eq!(troubles.protected_by_user.len(), USERS_MAX);
        let others = "744 protected parts of further users";
        assert_eq!(troubles.summary().last().unwrap(), others);
    }
}
