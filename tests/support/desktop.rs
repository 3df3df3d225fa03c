//! A desktop nobody looks at: a display, a window manager, and the program's own window on it.

use super::wait::until;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One desktop at a time: each draws on all cores.
static ALONE: Mutex<()> = Mutex::new(());

/// A display of its own; ends with everything on it when it goes out of scope.
#[derive(Debug)]
pub struct Desktop {
    display: String,
    folder: tempfile::TempDir,
    /// Windows that were opened so far.
    windows: AtomicU32,
    _openbox: Running,
    _xvfb: Running,
    _alone: MutexGuard<'static, ()>,
}

/// The program with its window.
#[derive(Debug)]
pub struct Window<'a> {
    desktop: &'a Desktop,
    program: Running,
    status_file: PathBuf,
    out: PathBuf,
    id: String,
}

/// A program that is killed when it goes out of scope.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const XCLIP_MISSING: &str = "xclip is missing: apt-get install --no-install-recommends xclip";

/// Starts `command`; says what to install where its program is missing.
#[track_caller]
fn start(command: &mut Command, package: &str) -> Running {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).spawn();
    Running(child.unwrap_or_else(|error| {
        panic!("{name} does not start ({error}): apt-get install --no-install-recommends {package}")
    }))
}

/// An X server and the display it chose, which it says itself.
fn xvfb() -> Option<(Running, String)> {
    let mut xvfb = Command::new("Xvfb");
    xvfb.args(["-displayfd", "1", "-screen", "0", "1280x1200x24", "-nolisten", "tcp"]);
    // Else it starts anew when its last client leaves, and turns away who comes meanwhile: a
    // window manager, when it is asked for before it is there.
    xvfb.arg("-noreset");
    xvfb.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut xvfb = start(&mut xvfb, "xvfb");
    let mut number = String::new();
    BufReader::new(xvfb.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let number = number.trim();
    (!number.is_empty()).then(|| (xvfb, format!(":{number}")))
}

impl Desktop {
    /// A display of 1280 by 1200 with a window manager on it.
    pub fn start() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        // Two that start in one moment may choose the same display; then one of them ends.
        let (xvfb, display) = (0..5).find_map(|_| xvfb()).expect("Xvfb found no free display");
        let mut openbox = Command::new("openbox");
        openbox.env("DISPLAY", &display).env("HOME", folder.path());
        // A window that comes while it starts is never shown: wait for what it does then.
        let ready = folder.path().join("ready");
        openbox.args(["--startup", &format!("touch {}", ready.display())]);
        openbox.stdout(Stdio::null()).stderr(Stdio::null());
        let openbox = start(&mut openbox, "openbox");
        until("a window manager", || ready.exists().then_some(()));
        let windows = AtomicU32::new(0);
        let desktop =
            Self { display, folder, windows, _openbox: openbox, _xvfb: xvfb, _alone: alone };
        // At the first key of a display it takes its own keys anew, and misses those that come
        // meanwhile. When it has activated a window, it has long done so.
        assert!(desktop.xdotool("key Shift_L").is_some(), "no key can be pressed");
        desktop
    }

    /// The program on this display, with settings of its own.
    pub fn program(&self) -> Command {
        let mut command = super::collectoscope();
        self.on_it(&mut command);
        command.env("LIBGL_ALWAYS_SOFTWARE", "1");
        command
    }

    /// Has a program use this display and this desktop's folders.
    pub fn on_it(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env("XDG_CONFIG_HOME", self.folder.path().join("config"))
            .env("XDG_RUNTIME_DIR", self.folder.path());
    }

    /// Opens the window and waits until it draws; it listens on a free port of 127.0.0.1.
    pub fn open(&self, args: &[&str]) -> Window<'_> {
        self.open_with(args, |_| {})
    }

    /// The same after a change of the command.
    pub fn open_with(&self, args: &[&str], change: impl FnOnce(&mut Command)) -> Window<'_> {
        self.start_window(&[&["--listen", "127.0.0.1:0", "--no-local"], args].concat(), change)
    }

    /// Opens the window on a capture and waits until it draws.
    pub fn open_capture(&self, path: &Path, args: &[&str]) -> Window<'_> {
        self.start_window(&[&["--read", path.to_str().unwrap()], args].concat(), |_| {})
    }

    fn start_window(&self, args: &[&str], change: impl FnOnce(&mut Command)) -> Window<'_> {
        // Of its own: the state of a window before must not be taken for this one's.
        let number = self.windows.fetch_add(1, Ordering::Relaxed);
        let file = |name: &str| self.folder.path().join(format!("{name}-{number}"));
        let (status_file, out) = (file("status.json"), file("out"));
        let mut command = self.program();
        command.arg("--status-file").arg(&status_file).args(args);
        change(&mut command);
        let file = File::create(&out).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let program = start(&mut command, "libgl1-mesa-dri");
        let mut window = Window { desktop: self, program, status_file, out, id: String::new() };
        window.until("a frame", |status| (status["frames"].as_u64()? > 1).then_some(()));
        let pid = window.program.0.id();
        let find = format!("search --all --onlyvisible --pid {pid} --name ^collectoscope$");
        window.id = until("a window", || self.xdotool(&find).filter(|id| !id.is_empty()));
        window.activate();
        window
    }

    /// Runs xdotool with the words of `line`; its answer, if it could do what it should.
    #[track_caller]
    pub fn xdotool(&self, line: &str) -> Option<String> {
        let output = Command::new("xdotool")
            .args(line.split(' '))
            .env("DISPLAY", &self.display)
            .output()
            .expect("xdotool is missing: apt-get install --no-install-recommends xdotool");
        let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(answer)
    }

    /// What another program of this display takes out of the clipboard.
    #[track_caller]
    pub fn clipboard(&self) -> String {
        let output = self.xclip(&["-out"]).output().expect(XCLIP_MISSING);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Another program of this display that holds `text` in the clipboard until it is dropped.
    #[track_caller]
    pub fn hold_in_clipboard(&self, text: &str) -> impl Sized {
        let file = self.folder.path().join("clipboard");
        fs::write(&file, text).unwrap();
        let holder = start(self.xclip(&["-quiet"]).arg(&file).stderr(Stdio::null()), "xclip");
        until("the clipboard", || (self.clipboard() == text).then_some(()));
        holder
    }

    fn xclip(&self, args: &[&str]) -> Command {
        let mut command = Command::new("xclip");
        command.args(["-selection", "clipboard"]).args(args).env("DISPLAY", &self.display);
        command
    }

    /// Keeps a picture of the whole screen as `tests/out/NAME.png`.
    pub fn picture(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/out");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        let status = Command::new("import")
            .args(["-window", "root"])
            .arg(&path)
            .env("DISPLAY", &self.display)
            .status()
            .expect("import is missing: apt-get install --no-install-recommends imagemagick");
        assert!(status.success());
        path
    }

    /// A folder that lives as long as the desktop.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Window<'_> {
    /// The newest state, if there is one yet.
    pub fn status(&self) -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(&self.status_file).ok()?).ok()
    }

    /// Waits until `look` finds what it looks for in the state.
    #[track_caller]
    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut(&Value) -> Option<T>) -> T {
        let ended = |program: &mut Running| program.0.try_wait().unwrap();
        until(what, || {
            if let Some(status) = ended(&mut self.program) {
                panic!("the program has ended ({status}):\n{}", self.log());
            }
            look(&self.status()?)
        })
    }

    /// Waits until a newer state than the present one is there, and returns it.
    #[track_caller]
    pub fn next(&mut self) -> Value {
        let before = self.status().map_or(0.0, |status| seconds(&status));
        self.until("a newer state", |status| (seconds(status) > before).then(|| status.clone()))
    }

    /// Where it listens.
    pub fn port(&mut self) -> u16 {
        self.until("a port", |status| {
            let text = status["listening"][0].as_str()?;
            let digits = text.split_once("127.0.0.1:")?.1;
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        })
    }

    /// What the program printed.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.out).unwrap_or_default()
    }

    /// Presses keys as on a keyboard.
    #[track_caller]
    pub fn key(&self, keys: &str) {
        self.act(&format!("key {keys}"));
    }

    /// Types characters; blanks are typed as `space` keys.
    #[track_caller]
    pub fn type_text(&self, text: &str) {
        self.act(&format!("type --delay 30 {text}"));
    }

    /// Clicks at a place inside the window; 4 and 5 are the wheel.
    #[track_caller]
    pub fn click(&self, x: u32, y: u32, button: u32) {
        self.act(&format!("mousemove --window {} {x} {y} click {button}", self.id));
    }

    /// Presses button 1 at one place and lets it go at another.
    #[track_caller]
    pub fn drag(&self, from: (u32, u32), to: (u32, u32)) {
        let (id, middle) = (&self.id, ((from.0 + to.0) / 2, (from.1 + to.1) / 2));
        let go = |(x, y)| format!("mousemove --window {id} {x} {y} sleep 0.1");
        let (from, middle, to) = (go(from), go(middle), go(to));
        self.act(&format!("{from} mousedown 1 sleep 0.1 {middle} {to} mouseup 1"));
    }

    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        let told = self.desktop.xdotool(&format!("getwindowgeometry --shell {}", self.id)).unwrap();
        let find = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().parse().unwrap()
        };
        (find("WIDTH="), find("HEIGHT="))
    }

    pub fn minimise(&self) {
        self.act(&format!("windowminimize --sync {}", self.id));
    }

    pub fn restore(&self) {
        self.act(&format!("windowmap {}", self.id));
        self.activate();
    }

    /// Closes it as its user would; how it ended.
    pub fn close(&mut self) -> ExitStatus {
        self.act("key alt+F4");
        until("the end of the program", || self.program.0.try_wait().unwrap())
    }

    /// Gives it the keyboard.
    pub fn activate(&self) {
        self.act(&format!("windowactivate --sync {}", self.id));
    }

    #[track_caller]
    fn act(&self, line: &str) {
        let done = self.desktop.xdotool(line);
        assert!(done.is_some(), "xdotool {line} failed; the program said:\n{}", self.log());
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Short, so that the failure itself is still seen where only the end of it all is.
            let shown = |id: &str| self.desktop.xdotool(&format!("{id} getwindowname"));
            let windows = (shown("getactivewindow"), shown("getwindowfocus"));
            let state = self.status().map(|status| brief(&status));
            eprintln!("the program said:\n{}", self.log());
            eprintln!("its threads: {}", threads(self.program.0.id()).join(", "));
            eprintln!(
                "active and focused window: {windows:?}\nits state: {}",
                state.unwrap_or_default()
            );
            self.desktop.picture("failed");
        }
    }
}

fn seconds(status: &Value) -> f64 {
    status["time"].as_f64().unwrap_or_default()
}

/// What is no list and no table in a state.
fn brief(status: &Value) -> String {
    let all = status.as_object().into_iter().flatten();
    let plain = all.filter(|(_, value)| !value.is_array() && !value.is_object());
    plain.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

/// The threads of a program, and where in the kernel each of them waits.
fn threads(program: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{program}/task")).into_iter().flatten().flatten();
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let tell =
        |task: PathBuf| format!("{} in {}", read(task.join("comm")), read(task.join("wchan")));
    tasks.map(|task| tell(task.path())).collect()
}
