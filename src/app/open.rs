//! Opening the window, and saying why it could not be opened.

use super::{App, Feed, Screenshot, Setup, Waker, place};
use crate::config::{Config, SIZE_FIRST, Settings, SettingsFile, load_graphs, load_types_db};
use crate::files;
use crate::layouts::{self, Keeper, LayoutFiles};
use crate::metric::{CdTime, Interval};
use crate::session::Start;
use crate::source::auth::AuthFile;
use crate::source::clock::OurClock;
use crate::source::replay::CaptureClock;
use crate::source::{self, Outlet, SourceSpec, Started};
use crate::typesdb::TypesDb;
use crate::view::format::panic_message;
use crate::view::graphs::Graphs;
use crate::view::names::LayoutSource;
use crate::view::tab::Tab;
use crate::view::window::TimeWindow;
use crate::view::workspace::Workspace;
use eframe::egui;
use std::cell::RefCell;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither X11 nor Wayland.
    #[error(
        "cannot open a window: no display (neither DISPLAY nor WAYLAND_DISPLAY is set); on a \
         machine without one run `xvfb-run -a collectoscope` (package xvfb on Debian, \
         xorg-x11-server-Xvfb on Fedora, xorg-server-xvfb on Arch)"
    )]
    NoDisplay,
    /// A display is named, but nobody answers there.
    #[error(
        "cannot open a window: the display {0} does not answer; is it running, may this user draw \
         on it, and is libX11 or libwayland-client installed? On another machine use `ssh -X`"
    )]
    NoAnswer(String),
    /// A display, but it cannot be drawn on.
    #[error(
        "cannot open a window: {0}; it needs OpenGL and libxkbcommon: on Debian `apt install \
         libgl1 libegl1 libgl1-mesa-dri libxkbcommon-x11-0`, on Fedora `dnf install mesa-libGL \
         mesa-libEGL mesa-dri-drivers libxkbcommon-x11`, on Arch `pacman -S mesa \
         libxkbcommon-x11`"
    )]
    Graphics(String),
    /// The layout that was asked for is not there.
    #[error("{0}")]
    Layout(String),
    /// The picture was not saved.
    #[error("cannot save the screenshot: {0}")]
    Screenshot(String),
}

/// How the window is opened.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// What holds, where nothing is said as last time.
    pub config: Config,
    /// What the user should know of it.
    pub messages: Vec<String>,
    /// Bytes for series and samples.
    pub memory_bytes: usize,
    /// A picture to take instead of staying open.
    pub screenshot: Option<(PathBuf, Duration)>,
    /// Where the state is written about once a second.
    pub status_file: Option<PathBuf>,
    /// The layout that was asked for, without which no window opens; it goes before that of the
    /// configuration.
    pub layout: Option<String>,
}

/// Opens the window on `sources`; returns when it was closed. They are moved out when the window
/// opens, so that without a window they can be read otherwise.
pub fn run(args: &WindowOptions, sources: &mut Vec<SourceSpec>) -> Result<(), OpenError> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !set("DISPLAY") && !set("WAYLAND_DISPLAY") && !set("WAYLAND_SOCKET") {
        return Err(OpenError::NoDisplay);
    }
    let screenshot = args.screenshot.clone().map(|(path, after)| Screenshot {
        path,
        after,
        outcome: Arc::new(OnceLock::new()),
    });
    let outcome = screenshot.as_ref().map(|shot| Arc::clone(&shot.outcome));
    open(args, sources, screenshot)?;
    match outcome.map(|outcome| outcome.get().cloned()) {
        None | Some(Some(Ok(()))) => Ok(()),
        Some(Some(Err(error))) => Err(OpenError::Screenshot(error)),
        Some(None) => Err(OpenError::Screenshot("the window was closed before".into())),
    }
}

fn open(
    args: &WindowOptions,
    sources: &mut Vec<SourceSpec>,
    screenshot: Option<Screenshot>,
) -> Result<(), OpenError> {
    let Files { settings_file, settings, config, types, graphs, mut messages } = files(args);
    let layout_files = LayoutFiles::of_user();
    let tabs = Tabs::new(args, sources, layout_files.as_ref(), &mut messages)?;
    // Those of the configuration were printed when it was read.
    print(&messages, sources.iter().find_map(SourceSpec::auth_file));
    let messages = [args.messages.clone(), messages].concat();
    let options = native_options(&settings.clone().under(&config));
    let opened = Arc::new(AtomicBool::new(false));
    let create = |cc: &eframe::CreationContext<'_>| {
        opened.store(true, Ordering::Release);
        place::bring_back(cc);
        let waker = Waker::default();
        let sources = std::mem::take(sources);
        let Fed { running, feeds, capture_clock } =
            start(sources, args.memory_bytes, &cc.egui_ctx, &waker);
        let setup = Setup {
            waker,
            capture_clock,
            start: Start {
                types,
                memory_bytes: args.memory_bytes,
                graphs,
                keymap: config.keys.clone().unwrap_or_default(),
                zone: config.zone.clone().unwrap_or_default().zone,
                colours: config.colours.clone().unwrap_or_default(),
                messages,
                workspace: tabs.workspace,
                layout: tabs.layout,
                is_kept: tabs.is_kept,
                ..Start::default()
            },
            settings,
            config,
            settings_file,
            layout_files,
            keeper: tabs.keeper,
            status_file: args.status_file.clone(),
            screenshot,
            ..Setup::new(feeds, our_clock())
        };
        let app = App::new(&cc.egui_ctx, setup);
        Ok(Box::new(Opened { app, _sources: running }) as Box<dyn eframe::App>)
    };
    // A missing library makes winit panic rather than fail. That, and only that, is caught and
    // reported in a sentence: a panic in a window that was open is a bug and goes on its way.
    let usual = std::panic::take_hook();
    let open = Arc::clone(&opened);
    std::panic::set_hook(Box::new(move |panic| {
        if open.load(Ordering::Acquire) {
            usual(panic);
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(|| {
        eframe::run_native("collectoscope", options, Box::new(create))
    }));
    drop(std::panic::take_hook());
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(why(&error)),
        Err(panic) if opened.load(Ordering::Acquire) => resume_unwind(panic),
        Err(panic) => Err(OpenError::Graphics(panic_message(panic.as_ref()))),
    }
}

/// What files of the user say.
struct Files {
    settings_file: Option<SettingsFile>,
    settings: Settings,
    config: Config,
    types: TypesDb,
    graphs: Graphs,
    messages: Vec<String>,
}

fn files(args: &WindowOptions) -> Files {
    let (settings_file, settings, mut messages) = SettingsFile::open();
    let size = settings.config().size.or(Some(SIZE_FIRST));
    let config = args.config.clone().over(Config { size, ..Config::default() });
    let (types, about_types) = load_types_db(config.types_db.as_deref().unwrap_or_default());
    let (graphs, about_graphs) = load_graphs(config.graphs.as_deref());
    let graphs = graphs.in_units(config.units());
    messages.extend(about_types.into_iter().chain(about_graphs));
    Files { settings_file, settings, config, types, graphs, messages }
}

/// Messages also go to whoever starts the window from a script.
fn print(messages: &[String], auth_file: Option<&Path>) {
    let auth = auth_file.map(Path::to_owned).map(AuthFile::open);
    // The window shows these among its sources, where they go when they are mended.
    let auth_lines = auth.iter().flat_map(|file| &file.report().lines);
    let auth_lines = auth_lines.filter(|line| !line.ok).map(|line| &line.text);
    for message in messages.iter().chain(auth_lines) {
        // Nobody may be reading it.
        let _ = writeln!(io::stderr(), "collectoscope: {message}");
    }
}

fn native_options(settings: &Settings) -> eframe::NativeOptions {
    let viewport = egui::ViewportBuilder::default();
    let viewport = match settings.place {
        Some(place) => viewport.with_position(place),
        None => viewport,
    };
    eframe::NativeOptions {
        viewport: viewport
            .with_title("collectoscope")
            .with_app_id("collectoscope")
            .with_icon(icon())
            .with_inner_size(settings.size)
            .with_maximized(settings.maximized)
            .with_min_inner_size([640.0, 400.0]),
        renderer: eframe::Renderer::Glow,
        // It hides the steps of long gradients; here are only the short ones of scroll areas, and
        // it is much of what a software renderer does for a pixel.
        dithering: false,
        ..Default::default()
    }
}

/// What an error of the window's libraries means to the user.
fn why(error: &eframe::Error) -> OpenError {
    let text = error.to_string();
    match error {
        eframe::Error::WinitEventLoop(_) if !text.contains(".so") => OpenError::NoAnswer(display()),
        // It prints the whole configuration that it looked for.
        eframe::Error::NoGlutinConfigs(..) => OpenError::Graphics("no OpenGL driver".into()),
        _ => OpenError::Graphics(text),
    }
}

/// What the desktop shows for the window; the built-in picture is a PNG that was looked at.
fn icon() -> egui::IconData {
    let picture = image::load_from_memory(include_bytes!("../../assets/icon.png"));
    picture.map_or_else(
        |_| egui::IconData::default(),
        |picture| {
            let (width, height) = (picture.width(), picture.height());
            egui::IconData { rgba: picture.into_rgba8().into_raw(), width, height }
        },
    )
}

/// What the environment calls the display, Wayland's first as winit does.
fn display() -> String {
    let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let name = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"].iter().find(|name| set(name));
    name.and_then(std::env::var_os).unwrap_or_default().to_string_lossy().into_owned()
}

/// The clock of this machine.
fn our_clock() -> Box<dyn Fn() -> CdTime> {
    let ours = RefCell::new(OurClock::new());
    Box::new(move || ours.borrow_mut().now())
}

/// The tabs that the window begins with.
#[derive(Default)]
struct Tabs {
    workspace: Option<Workspace>,
    layout: Option<(LayoutSource, String)>,
    is_kept: bool,
    /// They are this window's to keep.
    keeper: Option<Keeper>,
}

impl Tabs {
    fn new(
        args: &WindowOptions,
        sources: &[SourceSpec],
        files: Option<&LayoutFiles>,
        messages: &mut Vec<String>,
    ) -> Result<Self, OpenError> {
        let is_capture = sources.iter().all(|spec| matches!(spec, SourceSpec::Capture(_)));
        if let Some(name) = &args.layout {
            return Self::of_layout(files, name).map_err(OpenError::Layout);
        }
        if let Some(name) = &args.config.layout {
            match Self::of_layout(files, name) {
                Ok(tabs) => return Ok(tabs),
                Err(why) => messages.push(format!("cannot begin with the layout: {why}")),
            }
        }
        if is_capture {
            // The tabs of a capture's hosts are not those of what is received.
            return Ok(Self::default());
        }
        Ok(Self::as_left(files, args.config.window, messages))
    }

    /// Those of a layout, by its name or in a file. They are not kept as those that were left.
    fn of_layout(files: Option<&LayoutFiles>, name: &str) -> Result<Self, String> {
        let (source, text) = layouts::find(files, name)?;
        Ok(Self { layout: Some((source, text)), ..Self::default() })
    }

    /// Those that were left, as wide as is configured.
    fn as_left(
        files: Option<&LayoutFiles>,
        width: Option<Interval>,
        messages: &mut Vec<String>,
    ) -> Self {
        // Before they are read: none that another window writes meanwhile is lost.
        let keeper = files.and_then(LayoutFiles::keep_workspace);
        let (read, said) = files.map(LayoutFiles::load_workspace).unwrap_or_default();
        messages.extend(said);
        let workspace = read.map(|read| match width {
            Some(width) => widened(&read.workspace, width),
            None => read.workspace,
        });
        Self { workspace, layout: None, is_kept: true, keeper }
    }
}

/// The tabs, all of one width.
fn widened(workspace: &Workspace, width: Interval) -> Workspace {
    let window = TimeWindow::live(width);
    let tabs = workspace.tabs().iter().map(|tab| Tab { window: window.clone(), ..tab.clone() });
    Workspace::of(tabs.collect(), workspace.active_place(), window.clone())
}

/// The sources on their threads.
#[derive(Default)]
struct Fed {
    running: Vec<source::Running>,
    feeds: Vec<Feed>,
    /// Of a capture that is alone.
    capture_clock: Option<CaptureClock>,
}

/// Starts each source with a channel of its own to the window.
fn start(sources: Vec<SourceSpec>, memory_bytes: usize, ctx: &egui::Context, waker: &Waker) -> Fed {
    let is_alone = sources.len() == 1;
    let mut fed = Fed::default();
    for spec in sources {
        let (ctx, waker) = (ctx.clone(), waker.clone());
        let (outlet, intake) = Outlet::beside(memory_bytes, Box::new(move || waker.wake(&ctx)));
        let Started { running, status, clock } = source::start(spec, outlet);
        let intake = running.is_some().then_some(intake);
        fed.feeds.push(Feed { intake, status: Some(status) });
        fed.running.extend(running);
        fed.capture_clock = clock.filter(|_| is_alone);
    }
    fed
}

/// The app and the threads that feed it: dropped together, the threads are joined.
struct Opened {
    app: App,
    _sources: Vec<source::Running>,
}

impl eframe::App for Opened {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }

    fn on_exit(&mut self, gl: Option<&eframe::glow::Context>) {
        self.app.on_exit(gl);
    }
}

/// Writes a picture of the window.
pub(super) fn save_png(path: &Path, image: &egui::ColorImage) -> Result<(), String> {
    let [width, height] = image.size.map(|side| u32::try_from(side).unwrap_or(0));
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    let failed = |error: &dyn std::fmt::Display| format!("{error}, to {}", path.display());
    let buffer = image::RgbaImage::from_raw(width, height, bytes)
        .ok_or_else(|| failed(&"the picture has no pixels"))?;
    let mut png = io::Cursor::new(Vec::new());
    let encoded = buffer.write_to(&mut png, image::ImageFormat::Png);
    encoded.map_err(|error| failed(&error))?;
    let written = files::replace(path, png.get_ref(), files::SHARED);
    written.map_err(|error| failed(&error))
}
