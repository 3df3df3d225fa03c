//! This machine: a [`Station`] measures it, [`Local`] sends that to ourselves once a second.
//!
//! Plugin, type and instance names, DS types and units are collectd's own, so that a first run
//! without any collectd shows real data by the real path. [`Local`] sends to a loopback address
//! only and refuses any other.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

use super::udp::is_loopback;
use crate::metric::{CdTime, Interval, Names, Value};
use crate::wire::Encoder;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(target_os = "linux")]
use linux::Meter;
#[cfg(not(target_os = "linux"))]
use portable::Meter;

/// The time between two measurements.
const PERIOD: Duration = Duration::from_secs(1);

/// One value list, less host, time and interval.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading<'a> {
    plugin: &'a str,
    plugin_instance: &'a str,
    type_: &'a str,
    type_instance: &'a str,
    values: &'a [Value],
}

/// Takes the readings of a meter, one by one.
type Take<'a> = dyn FnMut(&Reading<'_>) + 'a;

/// A running measurement. Dropping it ends the thread at once.
#[derive(Debug)]
pub struct Local {
    /// Dropped to end the thread; nothing is ever sent.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Local {
    /// Starts the thread "local", which sends to `target`, a loopback address.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let socket = loopback_socket(target)?;
        let (stop, stopped) = bounded(0);
        let thread = thread::Builder::new().name("local".into()).spawn(move || {
            let mut station = Station::new(&host_name());
            let mut encoder = Encoder::default();
            let interval = Interval::from_duration(PERIOD);
            let mut send = |datagram: &[u8]| {
                // Nobody listens any more: the handle will be dropped soon.
                let _ = socket.send(datagram);
            };
            loop {
                let now = SystemTime::now();
                let time = CdTime::from_system(now);
                station.measure(&mut |names, values| {
                    // A name too long for the protocol (a mount point) is left out, the rest
                    // goes on.
                    let _ = encoder.push(names, time, interval, values, &mut send);
                });
                encoder.flush(&mut send);
                let wait = until_next(now, PERIOD);
                if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed.
            let _ = thread.join();
        }
    }
}

/// Connected, so that the kernel refuses any other way out.
fn loopback_socket(target: SocketAddr) -> io::Result<UdpSocket> {
    if !is_loopback(target) {
        let why =
            format!("{target} is not a loopback address: nothing about this machine leaves it");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let socket = match target {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)),
    }?;
    socket.connect(target)?;
    Ok(socket)
}

/// Time from `now` to the next whole `period` since 1970, never none: several machines' lines meet
/// at the same places of the axis.
pub fn until_next(now: SystemTime, period: Duration) -> Duration {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let past = since.checked_rem(period.as_nanos()).unwrap_or(0);
    let past = Duration::from_nanos(u64::try_from(past).unwrap_or(0));
    period.saturating_sub(past).max(Duration::from_millis(1))
}

/// What this machine calls itself, and so the host of everything measured here.
pub fn host_name() -> String {
    let host = sysinfo::System::host_name().ok().filter(|name| !name.is_empty());
    host.unwrap_or_else(|| "localhost".into())
}

/// Measures the machine it runs on.
#[derive(Debug)]
pub struct Station {
    host: String,
    meter: Meter,
}

impl Station {
    /// Its values will be those of `host`.
    pub fn new(host: &str) -> Self {
        Self { host: host.into(), meter: Meter::new() }
    }

    /// Measures everything once and hands over the value lists, less their time. Percentages of
    /// cores come from the second time on.
    pub fn measure(&mut self, take: &mut dyn FnMut(&Names<'_>, &[Value])) {
        let Self { host, meter } = self;
        meter.read(&mut |reading| {
            let names = Names {
                host: host.as_bytes(),
                plugin: reading.plugin.as_bytes(),
                plugin_instance: reading.plugin_instance.as_bytes(),
                type_: reading.type_.as_bytes(),
                type_instance: reading.type_instance.as_bytes(),
            };
            take(&names, reading.values);
        });
    }
}

/// Load averages and uptime, which are the same calls everywhere.
fn read_load_and_uptime(take: &mut Take<'_>) {
    if let Ok(load) = sysinfo::System::load_average() {
        let values = [load.one, load.five, load.fifteen].map(Value::Gauge);
        take(&Reading { values: &values, ..named("load", "", "load", "") });
    }
    if let Ok(secs) = sysinfo::System::uptime() {
        gauge(take, named("uptime", "", "uptime", ""), secs as f64);
    }
}

fn named<'a>(
    plugin: &'a str,
    plugin_instance: &'a str,
    type_: &'a str,
    type_instance: &'a str,
) -> Reading<'a> {
    Reading { plugin, plugin_instance, type_, type_instance, values: &[] }
}

/// One gauge.
fn gauge(take: &mut Take<'_>, reading: Reading<'_>, value: f64) {
    take(&Reading { values: &[Value::Gauge(value)], ..reading });
}

/// Some counters, as collectd sends those that only ever grow.
fn derive<const N: usize>(take: &mut Take<'_>, reading: Reading<'_>, values: [u64; N]) {
    let values = values.map(|value| Value::Derive(value.cast_signed()));
    take(&Reading { values: &values, ..reading });
}

/// collectd's instance for a mount point: `root` for `/`, else without the first `/` and with
/// `-` for the others (`df_read` in `src/df.c`).
fn mount_instance(mount_point: &str) -> String {
    match mount_point.trim_start_matches('/') {
        "" => "root".into(),
        rest => rest.replace('/', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names_of(read: &mut dyn FnMut(&mut Take<'_>)) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for _ in 0..2 {
            read(&mut |reading| {
                assert!(!reading.values.is_empty());
                let Reading { plugin, plugin_instance, type_, type_instance, .. } = *reading;
                names.insert(format!("{plugin}/{plugin_instance}/{type_}/{type_instance}"));
            });
            // Percentages of cores need two readings some time apart.
            thread::sleep(sysinfo::MINIMUM_CPU_UPDATE_INTERVAL);
        }
        names
    }

    #[test]
    fn the_portable_meter_uses_the_same_names_as_the_one_of_this_system() {
        let mut portable = portable::Meter::new();
        let (mut own, mut own_names) = (Meter::new(), BTreeSet::new());
        let portable_names = names_of(&mut |take| portable.read(take));
        own_names.extend(names_of(&mut |take| own.read(take)));
        let is_everywhere = |name: &&String| {
            ["cpu/", "memory/", "swap/", "load/", "uptime/", "interface/"]
                .iter()
                .any(|plugin| name.starts_with(plugin))
        };
        for name in portable_names.iter().filter(is_everywhere) {
            assert!(own_names.contains(name), "{name} is not in {own_names:?}");
        }
        assert!(portable_names.contains("cpu/0/percent/idle"), "{portable_names:?}");
    }

    #[test]
    fn measurements_are_due_at_whole_periods() {
        for (past_nanos, wait_nanos) in
            [(0, 1_000_000_000), (250_000_000, 750_000_000), (999_999_999, 1_000_000)]
        {
            let now = UNIX_EPOCH + Duration::new(1_800_000_000, past_nanos);
            assert_eq!(until_next(now, PERIOD), Duration::from_nanos(wait_nanos));
        }
        let now = UNIX_EPOCH + Duration::new(1_800_000_003, 0);
        assert_eq!(until_next(now, Duration::from_secs(10)), Duration::from_secs(7));
    }
}
