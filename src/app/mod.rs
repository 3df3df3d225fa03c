//! The app: owns the store, the view and the way in, and runs a frame.
//!
//! [`App::new`] takes everything it depends on - where batches come from, the clock, the time
//! zone - so that the same app runs in a window and in a test. `logic` drains, `ui` draws and
//! applies actions; nothing else changes state.

mod fonts;
mod hosts;
mod kept;
mod open;
mod pace;
mod replay;
mod report;
mod sources;
mod width;

pub use open::{OpenError, WindowOptions, run};
pub use pace::Waker;

use crate::config::{Settings, SettingsFile};
use crate::files;
use crate::metric::{CdTime, Interval, json_safe};
use crate::source::Intake;
use crate::source::replay::Progress;
use crate::store::{SeriesId, SourceId, Store};
use crate::typesdb::TypesDb;
use crate::ui::{self, Memory, Screen, SourceReport, Sources, theme};
use crate::view::graphs::Graphs;
use crate::view::health::Meter;
use crate::view::marks::Events;
use crate::view::notifications::Listed;
use crate::view::panels::{Drawn, Panel, drawn, panels};
use crate::view::replay::{Replay, Speed};
use crate::view::tree::Rows;
use crate::view::{Action, Moment, View};
use eframe::egui;
use jiff::tz::TimeZone;
use kept::Kept;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time spent draining per frame, the rest waits for the next one: as long as has gone by since
/// the last time, but within these bounds. So where a frame takes long, as without a graphics
/// card, half of the thread's time is still there for what arrives; and what has gathered in a
/// long wait is taken in at once, though that frame comes later.
const DRAIN_MIN: Duration = Duration::from_millis(10);
const DRAIN_MAX: Duration = Duration::from_millis(100);
/// Settings are written this long after the last change.
const SAVE_AFTER: Duration = Duration::from_secs(2);
/// The state is written to its file about once a second: with the first frame after this time, and
/// with one of its own after [`pace::FRAME_MAX_AFTER_NEWS`]. So data that comes every second, give
/// or take, needs no second frame. By our clock, a capture's may stand still.
const REPORT_AFTER: Duration = Duration::from_millis(800);

/// Everything an [`App`] depends on.
pub struct Setup {
    /// Where batches come from; none in a window that listens to nothing.
    pub intake: Option<Intake>,
    /// Called on the receiver's thread when something came.
    pub waker: Waker,
    /// What is listened to.
    pub sources: Sources,
    /// Names of data sources.
    pub types: TypesDb,
    /// Bytes the store may use.
    pub memory_bytes: usize,
    /// What is true now.
    pub clock: Box<dyn Fn() -> CdTime>,
    /// The capture that is shown instead of what is heard now; then this is the clock.
    pub replay: Option<Progress>,
    /// The user's time zone.
    pub zone: TimeZone,
    /// What the user chose last time.
    pub settings: Settings,
    /// Where that is kept; none: nowhere.
    pub settings_file: Option<SettingsFile>,
    /// Things to tell the user.
    pub messages: Vec<String>,
    /// State is written there about once a second.
    pub status_file: Option<PathBuf>,
    /// A picture of the window, and its end.
    pub screenshot: Option<Screenshot>,
}

impl Setup {
    /// What takes in from `intake` by this clock, in UTC, within 512 MiB, and keeps nothing. All
    /// else is set as it is needed.
    pub fn new(intake: Option<Intake>, clock: Box<dyn Fn() -> CdTime>) -> Self {
        Self {
            intake,
            waker: Waker::default(),
            sources: Sources::default(),
            types: TypesDb::built_in(),
            memory_bytes: 512 << 20,
            clock,
            replay: None,
            zone: TimeZone::UTC,
            settings: Settings::default(),
            settings_file: None,
            messages: Vec::new(),
            status_file: None,
            screenshot: None,
        }
    }
}

/// A picture to be taken.
#[derive(Clone, Debug)]
pub struct Screenshot {
    /// Where to.
    pub path: PathBuf,
    /// When, after the start.
    pub after: Duration,
    /// How it went, for the exit code.
    pub outcome: Arc<std::sync::OnceLock<Result<(), String>>>,
}

/// The program with a window.
pub struct App {
    setup: Setup,
    store: Store,
    view: View,
    graphs: Graphs,
    panels: Vec<Panel>,
    /// The series that the panels draw, and where.
    drawn: HashMap<SeriesId, Drawn>,
    panels_for: Option<(u64, u64)>,
    rows: Rows,
    listed: Listed,
    events: Events,
    meter: Meter,
    memory: Memory,
    actions: Vec<Action>,
    frame_millis: f32,
    /// What was written last, and since when there is something newer.
    saved: (Settings, Option<Instant>),
    settings_kept: Kept,
    reported: Option<Instant>,
    status_kept: Kept,
    /// What is to say about the users and passwords for a replay.
    about_keys: Vec<SourceReport>,
    /// How the replay stood when the last frame began.
    replay: Option<Replay>,
    /// The width that was chosen so that all of the capture can be seen; none when the user
    /// chooses.
    fitted: Option<Interval>,
    /// The width that the user wants, and the one that the window has until there is so much to
    /// show; none when it was reached or the user chose.
    growing: Option<(Interval, Interval)>,
    frames: u64,
    /// Whether something came for the last frame.
    news: bool,
    /// Processor time that taking in has cost, and when it was last done.
    absorbing: Duration,
    drained: Instant,
    started: Instant,
    screenshot_asked: bool,
    /// Fonts of the system were looked for.
    fonts_asked: bool,
    /// How many series and notifications were looked at for that.
    fonts_for: (usize, u64),
}

impl App {
    /// An app that has heard nothing yet.
    pub fn new(ctx: &egui::Context, setup: Setup) -> Self {
        theme::install(ctx);
        let settings = setup.settings.clone();
        let mut view = View::new(settings.window(), settings.theme);
        view.sidebar = settings.sidebar;
        theme::choose(ctx, view.theme);
        let replay = setup.replay.as_ref().map(Progress::replay);
        let is_whole = |replay: Replay| replay.speed == Speed::Max && !replay.live;
        let fitted = replay.is_some_and(is_whole).then(|| view.window.width());
        let growing = setup.replay.is_none().then(|| (view.window.width(), view.window.width()));
        Self {
            store: Store::new(setup.memory_bytes, setup.types.clone()),
            view,
            graphs: Graphs::built_in(),
            panels: Vec::new(),
            drawn: HashMap::new(),
            panels_for: None,
            rows: Rows::default(),
            listed: Listed::default(),
            events: Events::default(),
            meter: Meter::default(),
            memory: Memory::default(),
            actions: Vec::new(),
            frame_millis: 0.0,
            saved: (settings, None),
            settings_kept: Kept::default(),
            reported: None,
            status_kept: Kept::default(),
            about_keys: setup.sources.reports.clone(),
            replay: None,
            fitted,
            growing,
            frames: 0,
            news: false,
            absorbing: Duration::ZERO,
            drained: Instant::now(),
            started: Instant::now(),
            screenshot_asked: false,
            fonts_asked: false,
            fonts_for: (0, 0),
            setup,
        }
    }

    /// What is known.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// What the user chose.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// The rows of the tree.
    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// What drawing remembers.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The panels on the canvas.
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// Processor time that this thread has spent on taking in what arrived; the rest of its time
    /// went into showing it. Zero where the system does not tell.
    pub const fn absorbing(&self) -> Duration {
        self.absorbing
    }

    fn drain(&mut self, now: CdTime) -> bool {
        let before = report::thread_time();
        let more = self.absorb(now, self.drained.elapsed().clamp(DRAIN_MIN, DRAIN_MAX));
        self.drained = Instant::now();
        self.absorbing += report::thread_time().saturating_sub(before);
        more
    }

    /// Takes in what has arrived, for so long; true when more is waiting.
    fn absorb(&mut self, now: CdTime, longest: Duration) -> bool {
        self.setup.waker.drained();
        let Some(intake) = &self.setup.intake else {
            return false;
        };
        if let Some(status) = intake.status() {
            sources::describe(&mut self.setup.sources, &status);
        }
        let start = Instant::now();
        self.news = false;
        while let Some(batch) = intake.next() {
            self.news = true;
            // A replay may be far ahead of what its clock showed when the frame began.
            let now = if self.setup.replay.is_some() { batch.arrival } else { now };
            self.store.absorb(SourceId(0), &batch, now);
            if self.setup.replay.is_some() {
                // A capture waits; the order of its packets is no reason to lose any.
                self.store.settle_late(now);
            }
            self.meter.note(now, &self.store.health().totals);
            intake.give_back(batch);
            if start.elapsed() > longest {
                return true;
            }
        }
        false
    }

    /// What is true now: our clock, or the capture's.
    pub fn now(&self) -> CdTime {
        self.setup.replay.as_ref().map_or_else(|| (self.setup.clock)(), Progress::now)
    }

    /// Makes anew what follows from the data and the view.
    fn derive(&mut self, now: CdTime) {
        if now > CdTime::ZERO {
            self.meter.read(now, &self.store.health().totals);
        }
        self.view.pick_first(&self.store, self.setup.sources.local_host.as_deref());
        let panels_for = Some((self.store.revision(), self.view.selection.revision()));
        if self.panels_for != panels_for {
            self.panels_for = panels_for;
            self.panels = panels(&self.store, &self.graphs, &self.view.selection);
            self.drawn = drawn(&self.panels);
        }
        // What stands still on the screen stays in memory.
        if self.view.window.is_live() {
            self.store.release();
        } else {
            self.store.hold(self.view.window.span(now), self.drawn.keys().copied());
        }
        let (filter, open) = (&self.view.filter, &self.view.open);
        self.rows.update(&self.store, filter, open, self.view.tree_revision);
        self.listed.update(self.store.notifications(), &self.view.notifications);
        self.events.update(&self.store);
    }

    fn apply(&mut self, ctx: &egui::Context, now: CdTime) {
        if self.actions.is_empty() {
            return;
        }
        let moment = Moment {
            now,
            values: self.store.health().totals.values,
            oldest: self.oldest_drawn(),
            notifications: self.store.notifications().counts(),
        };
        for action in std::mem::take(&mut self.actions) {
            self.chosen(&action);
            if let Action::SetTheme(theme) = action {
                theme::choose(ctx, theme);
            }
            self.view.apply(action, &moment);
        }
        // What was done is seen in the next frame, not at the next tick.
        ctx.request_repaint_after(Duration::from_millis(1));
    }

    fn remember_settings(&mut self, ctx: &egui::Context) {
        let size = ctx.input(|input| input.viewport().inner_rect).map(|rect| rect.size());
        let settings = Settings {
            theme: self.view.theme,
            // The width for a capture is no width to listen with.
            window_secs: match (&self.replay, self.growing) {
                (Some(_), _) => self.saved.0.window_secs,
                (None, Some((wanted, _))) => wanted.secs_f64(),
                (None, None) => self.view.window.width().secs_f64(),
            },
            sidebar: self.view.sidebar,
            size: size.map_or(self.saved.0.size, |size| [size.x.round(), size.y.round()]),
        };
        if settings != self.saved.0 {
            self.saved = (settings, Some(Instant::now()));
        }
        if self.saved.1.is_some_and(|changed| changed.elapsed() >= SAVE_AFTER) {
            self.save_settings();
        }
    }

    fn save_settings(&mut self) {
        if self.saved.1.take().is_none() {
            return;
        }
        let Some(file) = &self.setup.settings_file else {
            return;
        };
        let outcome = file.save(&self.saved.0);
        if outcome.is_err() {
            self.saved.1 = Some(Instant::now());
        }
        let again = || format!("the settings are kept again, in {}", file.path().display());
        self.settings_kept.note(outcome, again, &mut self.setup.messages);
    }

    fn report(&mut self, now: CdTime) {
        let Some(path) = self.setup.status_file.clone() else {
            return;
        };
        if self.reported.is_some_and(|reported| reported.elapsed() < REPORT_AFTER) {
            return;
        }
        self.reported = Some(Instant::now());
        let report = report::report(self, now);
        let outcome = serde_json::to_string(&report).map_err(|error| error.to_string());
        let outcome = outcome.and_then(|text| {
            let text = json_safe(&text).into_owned() + "\n";
            let written = files::replace(&path, text.as_bytes(), files::SHARED);
            written.map_err(|trouble| trouble.to_string())
        });
        let path = path.display();
        let outcome = outcome.map_err(|reason| {
            format!("cannot write the status file, trying on: {reason}, to {path}")
        });
        let again = || format!("the status file is written again, to {path}");
        self.status_kept.note(outcome, again, &mut self.setup.messages);
    }

    fn screenshot(&mut self, ctx: &egui::Context) {
        let Some(shot) = self.setup.screenshot.clone() else {
            return;
        };
        if shot.outcome.get().is_some() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            return;
        }
        if self.screenshot_asked {
            return;
        }
        let waited = self.started.elapsed();
        if waited < shot.after {
            ctx.request_repaint_after(shot.after - waited);
            return;
        }
        self.screenshot_asked = true;
        let again = ctx.clone();
        ctx.request_screenshot(move |image| {
            let _ = shot.outcome.set(open::save_png(&shot.path, &image));
            again.request_repaint();
        });
    }

    fn draw(&mut self, ui: &mut egui::Ui, now: CdTime) {
        let screen = Screen {
            store: &self.store,
            view: &self.view,
            graphs: &self.graphs,
            panels: &self.panels,
            drawn: &self.drawn,
            rows: &self.rows,
            listed: &self.listed,
            events: &self.events,
            meter: &self.meter,
            sources: &self.setup.sources,
            messages: &self.setup.messages,
            now,
            replay: self.replay.as_ref(),
            zone: &self.setup.zone,
            frame_millis: self.frame_millis,
        };
        let (memory, actions) = (&mut self.memory, &mut self.actions);
        ui::screen_ui(ui, &mut ui::Frame { screen: &screen, memory, actions });
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let replay = self.setup.replay.as_ref().map(Progress::replay);
        let more = self.drain(self.now());
        if more {
            ctx.request_repaint();
        }
        self.replayed(replay, more);
        let now = self.now();
        self.fonts(ctx);
        self.derive(now);
        self.fit(now);
        self.grow(now);
        self.report(now);
        if self.setup.status_file.is_some() {
            // Also while nothing is drawn.
            let since = self.reported.map_or(Duration::ZERO, |reported| reported.elapsed());
            ctx.request_repaint_after(pace::FRAME_MAX_AFTER_NEWS.saturating_sub(since));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let now = self.now();
        self.frames += 1;
        self.frame_millis = frame.info().cpu_usage.unwrap_or(0.0) * 1_000.0;
        self.draw(ui, now);
        let ctx = ui.ctx().clone();
        self.apply(&ctx, now);
        self.remember_settings(&ctx);
        self.schedule(&ctx);
        self.screenshot(&ctx);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::Palette::new(visuals.dark_mode).background.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.save_settings();
    }
}
