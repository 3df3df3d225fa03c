//! Linux: what collectd's plugins read from `/proc`, read the same way.
//!
//! Every reader takes the text of its file, so that it can be tested with any machine's.

use super::{Take, derive, gauge, mount_instance, named, read_load_and_uptime};
use nix::sys::statvfs::statvfs;
use std::fs;
use std::path::Path;

/// Cores, disks, interfaces and mounts reported at most, of each kind: the machine is ours, but
/// a container host may have thousands of mounts.
const EACH_MAX: usize = 512;
/// Processes looked at one by one; past this only the totals of `/proc/stat` are sent. 2,000
/// take about 20 ms.
const PROCESSES_MAX: usize = 2_000;

/// States of a core in the order of `/proc/stat`, by collectd's names.
const CPU_STATES: [&str; 8] =
    ["user", "nice", "system", "idle", "wait", "interrupt", "softirq", "steal"];

/// Keeps what percentages need: the previous ticks of each core.
#[derive(Debug)]
pub(super) struct Meter {
    cores: Vec<[u64; 8]>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { cores: Vec::new() }
    }

    /// Reads everything once. Percentages of cores come from the second time on.
    pub(super) fn read(&mut self, take: &mut Take<'_>) {
        let stat = text("/proc/stat");
        read_cpu(&stat, &mut self.cores, take);
        read_activity(&stat, take);
        let meminfo = text("/proc/meminfo");
        read_memory(&meminfo, take);
        read_swap(&meminfo, &text("/proc/vmstat"), take);
        read_load_and_uptime(take);
        read_interfaces(&text("/proc/net/dev"), take);
        read_disks(&text("/proc/diskstats"), take);
        read_mounts(&text("/proc/self/mounts"), take);
        read_processes(take);
    }
}

/// A file of `/proc`, or nothing.
fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn number(word: Option<&str>) -> u64 {
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Percent per core and state, of the ticks since last time (`cpu` with `ValuesPercentage`).
fn read_cpu(stat: &str, previous: &mut Vec<[u64; 8]>, take: &mut Take<'_>) {
    let cores = stat.lines().filter_map(|line| {
        let (name, ticks) = line.split_once(' ')?;
        let core: usize = name.strip_prefix("cpu")?.parse().ok()?;
        Some((core, ticks)).filter(|_| core < EACH_MAX)
    });
    for (core, ticks) in cores {
        let mut words = ticks.split_ascii_whitespace();
        let now: [u64; 8] = std::array::from_fn(|_| number(words.next()));
        if previous.len() <= core {
            previous.resize(core + 1, [0; 8]);
        }
        let Some(before) = previous.get_mut(core) else {
            continue;
        };
        let is_first = *before == [0; 8];
        let since: [u64; 8] = std::array::from_fn(|at| {
            let of = |ticks: &[u64; 8]| ticks.get(at).copied().unwrap_or(0);
            of(&now).saturating_sub(of(before))
        });
        *before = now;
        let total: u64 = since.iter().sum();
        if is_first || total == 0 {
            continue;
        }
        let instance = core.to_string();
        for (state, ticks) in CPU_STATES.iter().zip(since) {
            let percent = 100.0 * ticks as f64 / total as f64;
            gauge(take, named("cpu", &instance, "percent", state), percent);
        }
    }
}

/// Forks and context switches since the machine started.
fn read_activity(stat: &str, take: &mut Take<'_>) {
    for line in stat.lines() {
        let mut words = line.split_ascii_whitespace();
        let reading = match words.next() {
            Some("processes") => named("processes", "", "fork_rate", ""),
            Some("ctxt") => named("contextswitch", "", "contextswitch", ""),
            _ => continue,
        };
        derive(take, reading, [number(words.next())]);
    }
}

/// The value of `name` in bytes.
fn meminfo_bytes(meminfo: &str, name: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes as f64 * 1024.0)
}

/// `used` is what is left, as in `memory_read_internal` of collectd's `src/memory.c`.
fn read_memory(meminfo: &str, take: &mut Take<'_>) {
    let bytes = |name| meminfo_bytes(meminfo, name).unwrap_or(0.0);
    let (total, free) = (bytes("MemTotal"), bytes("MemFree"));
    let (buffered, cached) = (bytes("Buffers"), bytes("Cached"));
    let used = total - free - buffered - cached - bytes("Slab");
    if used < 0.0 {
        return;
    }
    for (state, value) in [
        ("used", used),
        ("buffered", buffered),
        ("cached", cached),
        ("free", free),
        ("slab_unrecl", bytes("SUnreclaim")),
        ("slab_recl", bytes("SReclaimable")),
    ] {
        gauge(take, named("memory", "", "memory", state), value);
    }
}

/// `swap_io` counts pages, as the daemon does without `ReportBytes`.
fn read_swap(meminfo: &str, vmstat: &str, take: &mut Take<'_>) {
    let bytes = |name| meminfo_bytes(meminfo, name).unwrap_or(0.0);
    let (total, free, cached) = (bytes("SwapTotal"), bytes("SwapFree"), bytes("SwapCached"));
    let used = (total - free - cached).max(0.0);
    for (state, value) in [("used", used), ("free", free), ("cached", cached)] {
        gauge(take, named("swap", "", "swap", state), value);
    }
    for (counter, direction) in [("pswpin", "in"), ("pswpout", "out")] {
        let mut words = vmstat.lines().filter_map(|line| line.strip_prefix(counter));
        let Some(value) = words.next() else { continue };
        derive(take, named("swap", "", "swap_io", direction), [number(Some(value.trim()))]);
    }
}

fn read_interfaces(net_dev: &str, take: &mut Take<'_>) {
    let lines = net_dev.lines().filter_map(|line| line.rsplit_once(':'));
    for (name, numbers) in lines.take(EACH_MAX) {
        let name = name.trim();
        let mut words = numbers.split_ascii_whitespace();
        // Eight of receiving (bytes packets errors dropped …), eight of sending.
        let all: [u64; 16] = std::array::from_fn(|_| number(words.next()));
        let [rx_octets, rx_packets, rx_errors, rx_dropped, _, _, _, _, rest @ ..] = all;
        let [tx_octets, tx_packets, tx_errors, tx_dropped, ..] = rest;
        for (type_, values) in [
            ("if_octets", [rx_octets, tx_octets]),
            ("if_packets", [rx_packets, tx_packets]),
            ("if_errors", [rx_errors, tx_errors]),
            ("if_dropped", [rx_dropped, tx_dropped]),
        ] {
            derive(take, named("interface", name, type_, ""), values);
        }
    }
}

/// Disks and partitions that were ever used; sectors are 512 bytes whatever the disk says.
fn read_disks(diskstats: &str, take: &mut Take<'_>) {
    let used = diskstats.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(2);
        let name = words.next()?;
        let all: [u64; 11] = std::array::from_fn(|_| number(words.next()));
        let is_real = !name.starts_with("loop") && !name.starts_with("ram");
        let [reads, _, _, _, writes, ..] = all;
        (is_real && (reads, writes) != (0, 0)).then_some((name, all))
    });
    for (name, all) in used.take(EACH_MAX) {
        let [reads, _, sectors_read, _, writes, _, sectors_written, _, _, busy, weighted] = all;
        let octets = [sectors_read, sectors_written].map(|sectors| sectors.wrapping_mul(512));
        derive(take, named("disk", name, "disk_octets", ""), octets);
        derive(take, named("disk", name, "disk_ops", ""), [reads, writes]);
        derive(take, named("disk", name, "disk_io_time", ""), [busy, weighted]);
    }
}

/// Filesystems that are not asked: those of other machines, which may not answer and would hold
/// the thread, and images that are always full.
const FILESYSTEMS_LEFT_OUT: [&str; 12] = [
    "9p", "afs", "autofs", "ceph", "cifs", "erofs", "iso9660", "ncpfs", "nfs", "nfs4", "smb3",
    "squashfs",
];

fn read_mounts(mounts: &str, take: &mut Take<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for line in mounts.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(device), Some(point), Some(kind)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        // The same device again is a bind mount, as containers have many.
        let key = if device.starts_with('/') { device } else { point };
        let is_left_out = FILESYSTEMS_LEFT_OUT.contains(&kind) || kind.starts_with("fuse");
        if is_left_out || seen.contains(&key) || seen.len() >= EACH_MAX {
            continue;
        }
        let point = unescaped(point);
        let Ok(space) = statvfs(Path::new(&point)) else {
            continue;
        };
        // Pseudo filesystems have no blocks.
        if space.blocks() == 0 {
            continue;
        }
        seen.push(key);
        let bytes = |blocks: u64| blocks as f64 * space.fragment_size() as f64;
        let reserved = space.blocks_free().saturating_sub(space.blocks_available());
        let used = space.blocks().saturating_sub(space.blocks_free());
        let instance = mount_instance(&point);
        for (state, blocks) in
            [("free", space.blocks_available()), ("reserved", reserved), ("used", used)]
        {
            gauge(take, named("df", &instance, "df_complex", state), bytes(blocks));
        }
    }
}

/// Blanks, tabs, newlines and backslashes are written as `\040` and so on (getmntent(3)).
fn unescaped(point: &str) -> String {
    let mut plain = point.to_owned();
    for (escaped, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
    {
        plain = plain.replace(escaped, character);
    }
    plain
}

/// Processes by state; idle kernel threads (`I`) are nowhere, as with the daemon.
fn read_processes(take: &mut Take<'_>) {
    let Ok(entries) = fs::read_dir("/proc") else {
        return;
    };
    let pids = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        Some(name.to_str()?.parse::<u32>().ok()?.to_string())
    });
    let mut counts = [0u32; PROCESS_STATES.len()];
    let mut path = String::new();
    for (seen, pid) in pids.enumerate() {
        if seen >= PROCESSES_MAX {
            return;
        }
        path.clear();
        path.extend(["/proc/", &pid, "/stat"]);
        let stat = text(&path);
        let Some(state) = process_state(&stat) else {
            continue;
        };
        let place = PROCESS_STATES.iter().position(|(letters, _)| letters.contains(state));
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    for ((_, state), count) in PROCESS_STATES.iter().zip(counts) {
        gauge(take, named("processes", "", "ps_state", state), count.into());
    }
}

/// The kernel's letters and collectd's words.
const PROCESS_STATES: [(&str, &str); 6] = [
    ("R", "running"),
    ("S", "sleeping"),
    ("Z", "zombies"),
    ("T", "stopped"),
    ("W", "paging"),
    ("D", "blocked"),
];

/// The letter behind the name, which is in brackets and may itself hold brackets and blanks.
fn process_state(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::super::Reading;
    use super::*;
    use crate::metric::Value;

    /// Values that a reader sends, as `plugin-instance/type-instance value value`.
    fn sent(read: impl FnOnce(&mut Take<'_>)) -> Vec<String> {
        let mut lines = Vec::new();
        read(&mut |reading: &Reading<'_>| {
            let dash = |name: &str| {
                if name.is_empty() { String::new() } else { format!("-{name}") }
            };
            let values: Vec<String> = reading
                .values
                .iter()
                .map(|value| match value {
                    Value::Gauge(number) => format!("{number:?}"),
                    Value::Derive(number) => number.to_string(),
                    other => format!("{other:?}"),
                })
                .collect();
            lines.push(format!(
                "{}{}/{}{} {}",
                reading.plugin,
                dash(reading.plugin_instance),
                reading.type_,
                dash(reading.type_instance),
                values.join(" ")
            ));
        });
        lines
    }

    #[test]
    fn cores_are_percent_of_the_ticks_since_last_time() {
        let mut cores = Vec::new();
        let first = "cpu  1 2 3 4\ncpu0 100 0 50 800 0 0 0 0 0 0\n";
        assert!(sent(|take| read_cpu(first, &mut cores, take)).is_empty());
        let second = "cpu0 150 0 75 900 10 5 5 5 7 0\nintr 1\n";
        assert_eq!(
            sent(|take| read_cpu(second, &mut cores, take)),
            [
                "cpu-0/percent-user 25.0",
                "cpu-0/percent-nice 0.0",
                "cpu-0/percent-system 12.5",
                "cpu-0/percent-idle 50.0",
                "cpu-0/percent-wait 5.0",
                "cpu-0/percent-interrupt 2.5",
                "cpu-0/percent-softirq 2.5",
                "cpu-0/percent-steal 2.5",
            ]
        );
        assert!(sent(|take| read_cpu(second, &mut cores, take)).is_empty(), "no tick passed");
    }

    #[test]
    fn cores_past_the_limit_are_left_out() {
        let mut cores = Vec::new();
        for ticks in 1..3 {
            let stat = format!("cpu{} {ticks} 0 0 0\ncpu18446744073709551615 1\n", EACH_MAX);
            assert!(sent(|take| read_cpu(&stat, &mut cores, take)).is_empty());
        }
        assert!(cores.is_empty());
    }

    #[test]
    fn used_memory_is_what_is_left() {
        let meminfo = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 700 kB\nBuffers: 50 kB\n\
                       Cached: 300 kB\nSwapCached: 1 kB\nSlab: 50 kB\nSReclaimable: 20 kB\n\
                       SUnreclaim: 30 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n";
        assert_eq!(
            sent(|take| read_memory(meminfo, take)),
            [
                "memory/memory-used 512000.0",
                "memory/memory-buffered 51200.0",
                "memory/memory-cached 307200.0",
                "memory/memory-free 102400.0",
                "memory/memory-slab_unrecl 30720.0",
                "memory/memory-slab_recl 20480.0",
            ]
        );
        assert_eq!(
            sent(|take| read_swap(meminfo, "pgpgin 9\npswpin 3\npswpout 4\n", take)),
            [
                "swap/swap-used 5120.0",
                "swap/swap-free 4096.0",
                "swap/swap-cached 1024.0",
                "swap/swap_io-in 3",
                "swap/swap_io-out 4",
            ]
        );
    }

    #[test]
    fn interfaces_tell_both_directions() {
        let net_dev = "Inter-|   Receive |  Transmit\n face |bytes packets|bytes packets\n\
                       \x20 eth0: 10 1 2 3 0 0 0 0 20 4 5 6 0 0 0 0\n";
        assert_eq!(
            sent(|take| read_interfaces(net_dev, take)),
            [
                "interface-eth0/if_octets 10 20",
                "interface-eth0/if_packets 1 4",
                "interface-eth0/if_errors 2 5",
                "interface-eth0/if_dropped 3 6",
            ]
        );
    }

    #[test]
    fn interfaces_past_the_limit_are_left_out() {
        let net_dev: String = (0..EACH_MAX + 9).map(|at| format!("veth{at}: 1 1\n")).collect();
        assert_eq!(sent(|take| read_interfaces(&net_dev, take)).len(), EACH_MAX * 4);
    }

    #[test]
    fn disks_that_were_never_used_and_loops_are_left_out() {
        let diskstats = "   7 0 loop0 5 0 5 0 5 0 5 0 0 0 0 0 0 0 0\n\
                         \x20254 0 vda 10 1 20 3 30 4 50 6 0 70 80 0 0 0 0 0 0\n\
                         \x20253 0 sdb 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        assert_eq!(
            sent(|take| read_disks(diskstats, take)),
            [
                "disk-vda/disk_octets 10240 25600",
                "disk-vda/disk_ops 10 30",
                "disk-vda/disk_io_time 70 80"
            ]
        );
    }

    #[test]
    fn mounts_of_other_machines_and_bind_mounts_are_not_asked() {
        let mounts = "server:/x / nfs4 rw 0 0\nimage / squashfs ro 0 0\nproc /proc proc rw 0 0\n\
                      /dev/vda / ext4 rw 0 0\n/dev/vda /tmp ext4 rw 0 0\n";
        let lines = sent(|take| read_mounts(mounts, take));
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines.iter().all(|line| line.starts_with("df-root/df_complex-")), "{lines:?}");
    }

    #[test]
    fn a_mount_point_is_named_as_collectd_names_it() {
        for (point, instance) in
            [("/", "root"), ("/var/lib", "var-lib"), ("/media/my\\040disk", "media-my disk")]
        {
            assert_eq!(mount_instance(&unescaped(point)), instance);
        }
    }

    #[test]
    fn forks_and_context_switches_are_counters() {
        assert_eq!(
            sent(|take| read_activity("ctxt 5\nbtime 1\nprocesses 7\nprocs_running 1\n", take)),
            ["contextswitch/contextswitch 5", "processes/fork_rate 7"]
        );
    }

    #[test]
    fn the_state_is_found_behind_a_name_with_brackets() {
        assert_eq!(process_state("17 (a) S (b) R 1 17 17"), Some('R'));
        assert_eq!(process_state("17"), None);
    }
}
