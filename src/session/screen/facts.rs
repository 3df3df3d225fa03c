//! Facts about reception: senders, clocks, losses, faults, totals.

use super::Screen;
use crate::ingest::FaultReport;
use crate::metric::display_safe;
use crate::store::LossKind;
use crate::view::senders::{SenderRow, Trouble, conflict_text, refused_from, senders, shared_name};
use crate::view::{clocks, format};

/// Hosts in conflict listed, wrong clocks, and steps of clocks; the rest is counted.
const CONFLICTS_SHOWN_MAX: usize = 12;
const CLOCKS_SHOWN_MAX: usize = 12;
const STEPS_SHOWN_MAX: usize = 8;
/// Faults listed, and losses, newest first.
const FAULTS_SHOWN_MAX: usize = 20;
const LOSSES_SHOWN_MAX: usize = 8;
/// Names of unknown types listed.
const TYPES_SHOWN_MAX: usize = 12;

/// What is wrong, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The first of them.
    pub rows: Vec<Trouble>,
    /// How many more there are.
    pub more: usize,
    /// What they have in common; may be empty.
    pub note: &'static str,
}

/// Clocks of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockFacts {
    /// Those that are wrong, a sentence each.
    pub wrong: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// Those that were set, newest first.
    pub steps: Vec<String>,
}

/// Something that was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossRow {
    /// From when to when.
    pub when: String,
    /// How much of what.
    pub what: String,
}

/// A fault in a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRow {
    /// When it came, and from where.
    pub from: String,
    /// What it is.
    pub what: String,
}

impl Screen<'_> {
    /// The senders, those in trouble first; at most `rows_max`, and how many more there are.
    pub fn senders(&self, rows_max: usize) -> (Vec<SenderRow>, usize) {
        senders(self.store.health(), rows_max)
    }

    /// What was refused, most often first; at most `max`, and how many more there are.
    pub fn refused(&self, max: usize) -> (Vec<Trouble>, usize) {
        refused_from(self.store.health(), max)
    }

    /// Whether all that came was refused.
    pub fn refuses_everything(&self) -> bool {
        let health = self.store.health();
        health.totals.values == 0 && !refused_from(health, 1).0.is_empty()
    }

    /// What came before there was any value, and the newest fault in it.
    pub fn came_so_far(&self) -> (String, Option<String>) {
        let health = self.store.health();
        let totals = health.totals;
        if totals.datagrams == 0 {
            return ("no datagrams yet".into(), None);
        }
        let faults = totals.faults.saturating_sub(totals.refused);
        let counts = [(totals.refused, "refused part"), (faults, "fault")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts.map(|(count, what)| format::counted(count, what)).collect();
        let datagrams = format::counted(totals.datagrams, "datagram");
        let text = format!("{datagrams} received, none could be read ({})", counts.join(", "));
        let newest = health.faults.back();
        let fault =
            newest.map(|(_, fault)| format!("newest fault from {}, {}", fault.sender, fault.fault));
        (text, fault)
    }

    /// Names that several machines share, and hosts that sent two values for one moment.
    pub fn conflicts(&self) -> [Facts; 2] {
        let health = self.store.health();
        let shared = health.shared.iter().take(CONFLICTS_SHOWN_MAX).map(|(host, shared)| {
            let age = format::age(self.now.since(shared.last_seen));
            let what = format!("{}, {age} ago: {}", display_safe(host), shared_name(shared));
            Trouble { count: 1, grave: false, what, next: String::new() }
        });
        let conflicts = &health.conflicts;
        let rows = conflicts.iter().take(CONFLICTS_SHOWN_MAX).map(|(host, conflict)| {
            let age = format::age(self.now.since(conflict.last_seen));
            let what = format!("{}, the newest {age} ago", display_safe(host));
            let next = conflict_text(conflict);
            Trouble { count: conflict.values, grave: false, what, next }
        });
        [
            Facts { rows: shared.collect(), ..Facts::default() },
            Facts {
                rows: rows.collect(),
                more: conflicts.len().saturating_sub(CONFLICTS_SHOWN_MAX),
                note: "Each sent a second, different value for the same time; it was discarded.",
            },
        ]
    }

    /// Clocks that are wrong, and that were set.
    pub fn clock_facts(&self) -> ClockFacts {
        let wrong = clocks::wrong(self.store, self.now);
        let sentences = wrong.iter().take(CLOCKS_SHOWN_MAX).filter_map(|(node, clock)| {
            let sentence = clocks::sentence(clock, self.now)?;
            Some(format!("{}: {sentence}", display_safe(&node.name)))
        });
        let steps = self.store.clock_steps().take(STEPS_SHOWN_MAX).map(|(host, step)| {
            let time = format::clock(step.when, self.zone, 1.0);
            let (host, text) = (display_safe(host), clocks::step_text(step));
            format!("{time}  {host}: clock {text}, as {} sends it", step.origin.sender)
        });
        ClockFacts {
            wrong: sentences.collect(),
            more: wrong.len().saturating_sub(CLOCKS_SHOWN_MAX),
            steps: steps.collect(),
        }
    }

    /// Counts since the start, in the order in which they are read.
    pub fn totals(&self) -> [(&'static str, u64); 15] {
        let totals = self.store.health().totals;
        [
            ("datagrams", totals.datagrams),
            ("value lists", totals.lists),
            ("values", totals.values),
            ("notifications", totals.notifications),
            ("duplicate notifications", self.store.notifications().duplicates()),
            ("faults", totals.faults.saturating_sub(totals.refused)),
            ("signed or encrypted, refused", totals.refused),
            ("datagrams dropped by the kernel", totals.kernel_drops),
            ("values dropped (window too slow)", totals.dropped_values),
            ("value lists refused (limit reached)", totals.refused_lists),
            ("late values", totals.late_values),
            ("duplicate values discarded", totals.duplicate_values),
            ("conflicting values discarded", totals.conflicting_values),
            ("late values discarded (limit reached)", totals.late_dropped_values),
            ("samples evicted (memory limit)", totals.evicted_samples),
        ]
    }

    /// What was lost, newest first.
    pub fn losses(&self) -> Vec<LossRow> {
        let losses = self.store.health().losses.iter().rev().take(LOSSES_SHOWN_MAX);
        let clock = |time| format::clock(time, self.zone, 1.0);
        let row = |loss: &crate::store::Loss| {
            let what = match loss.kind {
                LossKind::Kernel => "datagrams dropped by the kernel",
                LossKind::Channel => "values dropped (window too slow)",
            };
            LossRow {
                when: format!("{} to {}", clock(loss.when.start), clock(loss.when.end)),
                what: format!("{} {what}", format::count(loss.count)),
            }
        };
        losses.map(row).collect()
    }

    /// Types that types.db does not know, or not with this number of values; none: all are known.
    pub fn unknown_types(&self) -> Option<String> {
        let unknown = &self.store.health().unknown_types;
        let names: Vec<_> =
            unknown.keys().take(TYPES_SHOWN_MAX).map(|name| display_safe(name)).collect();
        let more = unknown.len().saturating_sub(TYPES_SHOWN_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
    }

    /// Faults, newest first; those that are alike in one row.
    pub fn faults(&self) -> Vec<FaultRow> {
        let mut rows: Vec<(&FaultReport, usize)> = Vec::new();
        for (_, report) in self.store.health().faults.iter().rev() {
            let same = |(known, _): &(&FaultReport, usize)| {
                known.sender == report.sender
                    && known.fault == report.fault
                    && known.user == report.user
            };
            let full = rows.len() >= FAULTS_SHOWN_MAX;
            let at = rows.iter().position(same);
            if let Some((_, count)) = at.and_then(|at| rows.get_mut(at)) {
                *count += 1;
            } else if !full {
                rows.push((report, 1));
            }
        }
        let row = |(FaultReport { sender, arrival, fault, user }, count): (&FaultReport, usize)| {
            let time = format::clock(*arrival, self.zone, 1.0);
            let user = user.as_ref().map(|user| format!("user {}, ", display_safe(user)));
            let times = if count > 1 { format!(" ({count} times lately)") } else { String::new() };
            let user = user.unwrap_or_default();
            FaultRow {
                from: format!("{time}  {sender}"),
                what: format!("byte {}: {user}{}{times}", fault.offset_bytes, fault.kind),
            }
        };
        rows.into_iter().map(row).collect()
    }
}
