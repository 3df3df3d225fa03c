//! Any other system: what `sysinfo` can tell everywhere, under collectd's names.

use super::{Take, derive, gauge, mount_instance, named, read_load_and_uptime};
use sysinfo::{Disks, Networks, System};

/// What cannot be asked for on this system stays `None`, and is left out.
#[derive(Debug)]
pub(super) struct Meter {
    system: Option<System>,
    networks: Option<Networks>,
    disks: Option<Disks>,
    cpu_readings: u32,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            system: System::new().ok(),
            networks: Networks::new_with_refreshed_list().ok(),
            disks: Disks::new_with_refreshed_list().ok(),
            cpu_readings: 0,
        }
    }

    /// Reads everything once. Percentages of cores come from the second time on.
    pub(super) fn read(&mut self, take: &mut Take<'_>) {
        self.read_cpu(take);
        self.read_memory(take);
        read_load_and_uptime(take);
        self.read_interfaces(take);
        self.read_mounts(take);
    }

    fn read_cpu(&mut self, take: &mut Take<'_>) {
        let Some(system) = &mut self.system else {
            return;
        };
        system.refresh_cpu_usage();
        self.cpu_readings = self.cpu_readings.saturating_add(1);
        if self.cpu_readings < 2 {
            return;
        }
        for (core, cpu) in system.cpus().iter().enumerate() {
            let (instance, used) = (core.to_string(), f64::from(cpu.usage()));
            gauge(take, named("cpu", &instance, "percent", "user"), used);
            gauge(take, named("cpu", &instance, "percent", "idle"), (100.0 - used).max(0.0));
        }
    }

    fn read_memory(&mut self, take: &mut Take<'_>) {
        let Some(system) = &mut self.system else {
            return;
        };
        system.refresh_memory();
        for (plugin, state, bytes) in [
            ("memory", "used", system.used_memory()),
            ("memory", "free", system.free_memory()),
            ("swap", "used", system.used_swap()),
            ("swap", "free", system.free_swap()),
        ] {
            gauge(take, named(plugin, "", plugin, state), bytes as f64);
        }
    }

    fn read_interfaces(&mut self, take: &mut Take<'_>) {
        let Some(networks) = &mut self.networks else {
            return;
        };
        networks.refresh(true);
        for (name, network) in &*networks {
            let name = name.to_string_lossy();
            for (type_, values) in [
                ("if_octets", [network.total_received(), network.total_transmitted()]),
                (
                    "if_packets",
                    [network.total_packets_received(), network.total_packets_transmitted()],
                ),
                (
                    "if_errors",
                    [network.total_errors_on_received(), network.total_errors_on_transmitted()],
                ),
            ] {
                derive(take, named("interface", &name, type_, ""), values);
            }
        }
    }

    fn read_mounts(&mut self, take: &mut Take<'_>) {
        let Some(disks) = &mut self.disks else { return };
        disks.refresh(true);
        for disk in &*disks {
            let usage = disk.usage();
            let name = disk.name().to_string_lossy();
            let name = name.trim_start_matches("/dev/");
            let octets = [usage.total_read_bytes, usage.total_written_bytes];
            derive(take, named("disk", name, "disk_octets", ""), octets);
            let instance = mount_instance(&disk.mount_point().to_string_lossy());
            let free = disk.available_space();
            let used = disk.total_space().saturating_sub(free);
            for (state, bytes) in [("free", free), ("used", used)] {
                gauge(take, named("df", &instance, "df_complex", state), bytes as f64);
            }
        }
    }
}
