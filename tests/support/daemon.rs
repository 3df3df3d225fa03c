//! The real collectd daemon, in a folder of its own.

use collectoscope::metric::Value;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a csv plugin wrote: identifier to time to cells.
pub type Csv = HashMap<String, HashMap<String, Vec<String>>>;

/// One value list as the csv plugin would write it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub identifier: String,
    pub time: String,
    pub cells: Vec<String>,
}

/// A value as the csv plugin writes it.
pub fn cell(value: Value) -> String {
    match value {
        Value::Counter(number) | Value::Absolute(number) => number.to_string(),
        Value::Derive(number) => number.to_string(),
        Value::Gauge(number) if number.is_nan() => "nan".into(),
        Value::Gauge(number) => format!("{number:.6}"),
    }
}

/// Types the tests need beside the daemon's own: every DS type in one list.
const TYPES: &str = "mixed a:COUNTER:U:U, b:GAUGE:U:U, c:DERIVE:U:U, d:ABSOLUTE:U:U\n";

/// A daemon that is killed when it goes out of scope.
#[derive(Debug)]
pub struct Daemon {
    child: Option<Child>,
    folder: tempfile::TempDir,
}

/// What the daemon shall do. It always writes csv files.
#[derive(Debug)]
pub struct Plan<'a> {
    pub host: &'a str,
    pub plugins: &'a [&'a str],
    /// Lines inside `<Plugin network>`.
    pub network: String,
}

/// A `Server` line; `interface` is for groups.
pub fn server(address: &str, port: u16, interface: Option<&str>) -> String {
    let inner = interface.map(|name| format!("Interface \"{name}\"\n")).unwrap_or_default();
    format!("<Server \"{address}\" \"{port}\">\n{inner}</Server>\n")
}

impl Daemon {
    pub fn start(plan: &Plan<'_>) -> Self {
        // Its csv plugin writes nothing below a folder that begins with a dot, the default.
        let folder = tempfile::Builder::new().prefix("collectoscope-").tempdir().unwrap();
        let base = folder.path();
        fs::write(base.join("types.db"), TYPES).unwrap();
        let config = base.join("collectd.conf");
        fs::write(&config, config_text(plan, base)).unwrap();
        let out = File::create(base.join("out")).unwrap();
        let child = Command::new(program())
            .arg("-f")
            .arg("-C")
            .arg(&config)
            .stdin(Stdio::null())
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .spawn()
            .unwrap();
        Self { child: Some(child), folder }
    }

    /// Ends it as an administrator would, so that its files are complete.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        child.wait().unwrap();
    }

    /// Says a line to its unixsock plugin; the answer begins with 0 when all is well.
    pub fn tell(&self, line: &str) -> String {
        let path = self.folder.path().join("sock");
        let mut socket = super::wait::until("a socket", || UnixStream::connect(&path).ok());
        socket.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(socket).read_line(&mut answer).unwrap();
        answer
    }

    /// While it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("log") + &read("out")
    }

    /// Where its unixsock plugin listens, if it was loaded.
    pub fn unixsock(&self) -> PathBuf {
        self.folder.path().join("sock")
    }

    /// What its csv plugin wrote: "host/plugin/type" to time (three decimals) to values.
    pub fn csv(&self) -> Csv {
        let root = self.folder.path().join("csv");
        let mut all = Csv::new();
        for file in files(&root) {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
            // "-2026-11-23" at the end is the day it was written.
            let identifier = &name[..name.len() - "-2026-11-23".len()];
            let rows = all.entry(identifier.into()).or_default();
            for line in fs::read_to_string(&file).unwrap().lines().skip(1) {
                let mut cells = line.split(',').map(String::from);
                rows.insert(cells.next().unwrap(), cells.collect());
            }
        }
        all
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.get(lines.len().saturating_sub(4)..).unwrap_or_default();
            eprintln!("the daemon said at the end:\n{}", last.join("\n"));
        }
    }
}

fn program() -> PathBuf {
    ["/usr/sbin/collectd", "/usr/bin/collectd", "/usr/local/sbin/collectd"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
        .expect("collectd is missing: apt-get install --no-install-recommends collectd-core")
}

/// One write thread: with more, two rows at once may each create the csv file anew.
fn config_text(plan: &Plan<'_>, base: &Path) -> String {
    let base = base.display();
    let mut text = format!(
        "Hostname \"{}\"\nFQDNLookup false\nBaseDir \"{base}\"\nPIDFile \"{base}/pid\"\n\
         TypesDB \"/usr/share/collectd/types.db\" \"{base}/types.db\"\nInterval 1\nWriteThreads 1\n\
         LoadPlugin logfile\n<Plugin logfile>\nLogLevel info\nFile \"{base}/log\"\n</Plugin>\n\
         LoadPlugin csv\n<Plugin csv>\nDataDir \"{base}/csv\"\nStoreRates false\n</Plugin>\n\
         <LoadPlugin network>\nFlushInterval 1\nFlushTimeout 1\n</LoadPlugin>\n\
         <Plugin network>\n{}</Plugin>\n",
        plan.host, plan.network
    );
    for plugin in plan.plugins {
        writeln!(text, "LoadPlugin {plugin}").unwrap();
    }
    if plan.plugins.contains(&"unixsock") {
        let socket = format!("SocketFile \"{base}/sock\"\nDeleteSocket true\n");
        write!(text, "<Plugin unixsock>\n{socket}</Plugin>\n").unwrap();
    }
    if plan.plugins.contains(&"cpu") {
        text.push_str("<Plugin cpu>\nValuesPercentage true\n</Plugin>\n");
    }
    if plan.plugins.contains(&"unixsock") {
        writeln!(text, "<Plugin unixsock>\nSocketFile \"{base}/sock\"\n</Plugin>").unwrap();
    }
    text
}

/// Every file below `folder`; empty when there is none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Waits for what a daemon makes of the datagrams it was sent; `nudge` sends it another one. Its
/// receiver keeps what it has read to itself where it finds the list for its other thread locked,
/// until the next datagram comes.
#[track_caller]
pub fn until_received<T>(
    what: &str,
    mut nudge: impl FnMut(),
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let mut nudged = Instant::now();
    super::wait::until(what, || {
        if nudged.elapsed() > Duration::from_secs(1) {
            nudge();
            nudged = Instant::now();
        }
        look()
    })
}

/// Sends an empty datagram, of which the daemon makes nothing.
pub fn nudge(to: SocketAddr) {
    let any =
        if to.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
    UdpSocket::bind((any, 0)).unwrap().send_to(&[], to).unwrap();
}

/// Every received list is a row of the daemon's files, value by value.
#[track_caller]
pub fn assert_written(lines: &[Line], csv: &Csv) {
    for line in lines {
        let row = csv.get(&line.identifier).and_then(|rows| rows.get(&line.time));
        let row =
            row.unwrap_or_else(|| panic!("{line:?} is not among {:?}", csv.get(&line.identifier)));
        let same: Vec<String> = row.iter().map(|cell| cell.replace("-nan", "nan")).collect();
        assert_eq!(same, line.cells, "{line:?}");
    }
}
