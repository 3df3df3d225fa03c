//! The real window on a screen of its own, in memory (Xvfb): what it costs to have it open.

use crate::{Figure, Options, figure};
use collectoscope::metric::{CdTime, Interval, Names, Value};
use collectoscope::wire::Encoder;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// CPU is read over this long…
const WATCHED: Duration = Duration::from_secs(20);
/// …after the window has settled.
const SETTLED: Duration = Duration::from_secs(5);
/// Longest wait for a window to open.
const OPENED_MAX: Duration = Duration::from_secs(30);
/// Starts that are timed.
const STARTS: usize = 5;
/// The unit of `/proc/PID/stat` on every Linux.
const TICKS_PER_SEC: f64 = 100.0;
/// The live window is so wide, and full.
const WINDOW_SECS: u64 = 600;
/// What the live window shows.
const PANELS: usize = 12;
const LINES: usize = 4;

/// A child that ends with us.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display, and a folder for settings and status.
pub(crate) struct Desktop {
    _xvfb: Running,
    display: String,
    folder: tempfile::TempDir,
}

impl Desktop {
    pub(crate) fn open() -> Result<Self, String> {
        let mut xvfb = Command::new("Xvfb");
        xvfb.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x800x24"])
            .arg("-noreset");
        let child = xvfb.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut xvfb = Running(child.map_err(|error| format!("Xvfb cannot be started: {error}"))?);
        let mut number = String::new();
        if let Some(stdout) = xvfb.0.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut number);
        }
        if number.trim().is_empty() {
            return Err("Xvfb found no display to open".to_owned());
        }
        Ok(Self {
            _xvfb: xvfb,
            display: format!(":{}", number.trim()),
            folder: tempfile::tempdir().map_err(|error| error.to_string())?,
        })
    }

    pub(crate) fn status_file(&self) -> PathBuf {
        self.folder.path().join("status.json")
    }

    /// What the user chose last time.
    fn settings(&self, text: &str) -> Result<(), String> {
        let folder = self.folder.path().join("collectoscope");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        std::fs::write(folder.join("settings.toml"), text).map_err(|error| error.to_string())
    }

    fn program(&self) -> Command {
        let mut command = self.plain();
        command.arg("--status-file").arg(self.status_file());
        command
    }

    /// The program that tells nobody how it is doing: with a status file it draws every second.
    fn plain(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_collectoscope"));
        command
            .args(["--no-local", "--listen", "127.0.0.1:0", "--size", "1280x800"])
            .env("DISPLAY", &self.display)
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Starts the program and waits for its first status.
    fn run(&self) -> Result<Running, String> {
        let child = self.program().spawn().map_err(|error| error.to_string())?;
        let mut running = Running(child);
        self.await_status(&mut running)?;
        Ok(running)
    }

    fn await_status(&self, program: &mut Running) -> Result<(), String> {
        let begin = Instant::now();
        while status(&self.status_file()).is_none() {
            let ended = program.0.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || begin.elapsed() > OPENED_MAX {
                return Err("the program cannot open a window here".to_owned());
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

pub(crate) fn start(options: &Options) -> Result<Vec<Figure>, String> {
    let desktop = Desktop::open()?;
    let picture = desktop.folder.path().join("window.png");
    let (mut begun, mut saved) = (Vec::new(), Vec::new());
    for _ in 0..if options.once { 1 } else { STARTS } {
        let _ = std::fs::remove_file(desktop.status_file());
        let started = Instant::now();
        let mut command = desktop.program();
        command.args(["--after", "0", "--screenshot"]).arg(&picture);
        let child = command.spawn();
        let mut child = Running(child.map_err(|error| error.to_string())?);
        desktop.await_status(&mut child)?;
        begun.push(started.elapsed().as_secs_f64() * 1_000.0);
        let ended = child.0.wait().map_err(|error| error.to_string())?;
        saved.push(started.elapsed().as_secs_f64() * 1_000.0);
        if !ended.success() {
            return Err("the program cannot open a window here".to_owned());
        }
    }
    Ok(vec![figure("begun", "ms", begun, 0), figure("picture saved and ended", "ms", saved, 0)])
}

pub(crate) fn idle(options: &Options) -> Result<Vec<Figure>, String> {
    let desktop = Desktop::open()?;
    // Only to see that a window can be opened here.
    drop(desktop.run()?);
    let program = Running(desktop.plain().spawn().map_err(|error| error.to_string())?);
    let mut figures = watch(options, &desktop, &program, &mut || ())?;
    figures.truncate(1);
    Ok(figures)
}

pub(crate) fn live(options: &Options) -> Result<Vec<Figure>, String> {
    let desktop = Desktop::open()?;
    let (program, mut sender) = full(&desktop)?;
    watch(options, &desktop, &program, &mut || sender.send(0))
}

/// A live window that is full, and its sender.
pub(crate) fn full(desktop: &Desktop) -> Result<(Running, Sender), String> {
    desktop.settings(&format!("window_secs = {WINDOW_SECS}.0"))?;
    let program = desktop.run()?;
    let mut sender = Sender::new(desktop)?;
    for age in (1..=WINDOW_SECS).rev() {
        sender.send(age);
        if age % 20 == 0 {
            // No faster than the smallest receive buffer takes it.
            sleep(Duration::from_millis(5));
        }
    }
    Ok((program, sender))
}

/// CPU of the program in percent of one core, `every_second` called meanwhile; and the frames that
/// it drew.
fn watch(
    options: &Options,
    desktop: &Desktop,
    program: &Running,
    every_second: &mut dyn FnMut(),
) -> Result<Vec<Figure>, String> {
    let (settled, watched) =
        if options.once { (Duration::ZERO, Duration::from_secs(1)) } else { (SETTLED, WATCHED) };
    pass(settled, every_second);
    let (cpu, frames, begin) = (cpu_secs(program)?, frames(desktop), Instant::now());
    pass(watched, every_second);
    let secs = begin.elapsed().as_secs_f64();
    let used = cpu_secs(program)? - cpu;
    let drawn = self::frames(desktop).saturating_sub(frames);
    Ok(vec![
        figure("", "% CPU", vec![100.0 * used / secs], drawn),
        figure("frames", "frames/s", vec![drawn as f64 / secs], drawn),
    ])
}

pub(crate) fn pass(time: Duration, every_second: &mut dyn FnMut()) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        every_second();
        sleep(Duration::from_secs(1));
    }
}

fn cpu_secs(program: &Running) -> Result<f64, String> {
    let path = format!("/proc/{}/stat", program.0.id());
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{error}: {path}"))?;
    // The name in brackets may hold blanks; user and system time are the 12th and 13th after it.
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after.split_whitespace().skip(11).take(2);
    Ok(ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SEC)
}

pub(crate) fn status(path: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn frames(desktop: &Desktop) -> u64 {
    let status = status(&desktop.status_file());
    status.and_then(|status| status.get("frames")?.as_u64()).unwrap_or(0)
}

/// A host that sends what fills the panels.
pub(crate) struct Sender {
    socket: UdpSocket,
    pub(crate) target: SocketAddr,
    encoder: Encoder,
    count: u32,
    /// Sent so far.
    pub(crate) datagrams: u64,
}

impl Sender {
    fn new(desktop: &Desktop) -> Result<Self, String> {
        let status = status(&desktop.status_file()).ok_or("no status")?;
        let listening = status.get("listening").map(ToString::to_string).unwrap_or_default();
        let port = listening.split("127.0.0.1:").nth(1).unwrap_or("");
        let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
        let port: u16 = digits.parse().map_err(|_| format!("no port in {listening}"))?;
        Ok(Self {
            socket: UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?,
            target: SocketAddr::from(([127, 0, 0, 1], port)),
            encoder: Encoder::default(),
            count: 0,
            datagrams: 0,
        })
    }

    /// One value of each series, measured `age_secs` ago.
    pub(crate) fn send(&mut self, age_secs: u64) {
        let (socket, target, datagrams) = (&self.socket, self.target, &mut self.datagrams);
        let mut send = |bytes: &[u8]| {
            *datagrams += u64::from(socket.send_to(bytes, target).is_ok());
        };
        let now = CdTime::from_system(SystemTime::now());
        let time = now.saturating_sub(Interval::from_secs(age_secs));
        self.count += 1;
        for panel in 0..PANELS {
            for line in 0..LINES {
                let (plugin, instance) = (format!("plugin{panel:02}"), line.to_string());
                let names = Names {
                    host: b"host",
                    plugin: plugin.as_bytes(),
                    type_: b"gauge",
                    type_instance: instance.as_bytes(),
                    ..Names::default()
                };
                let value = f64::from(self.count % 17) + line as f64;
                let pushed = self.encoder.push(
                    &names,
                    time,
                    Interval::from_secs(1),
                    &[Value::Gauge(value)],
                    &mut send,
                );
                debug_assert!(pushed.is_ok(), "{pushed:?}");
            }
        }
        self.encoder.flush(&mut send);
    }
}
