//! Memory: the default budget for everything received.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Less holds an hour of a small fleet at most; more is asked for by those who know that they
/// want it.
const MIB: std::ops::RangeInclusive<u64> = 256..=4_096;

/// An eighth of what this machine has, or of what this program may have of it, in MiB.
pub(super) fn default_mib() -> u64 {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    // What cannot be found out is taken for little.
    let Ok(system) = System::new_with_specifics(memory) else {
        return *MIB.start();
    };
    // A container's limit.
    let limit = system.cgroup_limits().map(|limits| limits.total_memory);
    let total = system.total_memory();
    eighth(limit.filter(|limit| *limit > 0).map_or(total, |limit| limit.min(total)))
}

fn eighth(total_bytes: u64) -> u64 {
    ((total_bytes / 8) >> 20).clamp(*MIB.start(), *MIB.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_eighth_of_the_machine_within_bounds() {
        for (machine, mib) in
            [(0, 256), (1 << 30, 256), (4 << 30, 512), (16 << 30, 2_048), (256 << 30, 4_096)]
        {
            assert_eq!(eighth(machine), mib);
        }
        assert!(MIB.contains(&default_mib()));
    }
}
