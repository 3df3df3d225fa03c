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
mod report;
mod width;

pub use open::{OpenError, WindowOptions, run};
pub use pace::Waker;

use crate::config::{Settings, SettingsFile};
use crate::files;
use crate::metric::{CdTime, Interval, json_safe};
use crate::reception::{Reception, Replay, Speed, State, Status};
use crate::source::Intake;
use crate::source::replay::CaptureClock;
use crate::store::{SeriesId, SourceId, Store};
use crate::typesdb::TypesDb;
use crate::ui::{self, Memory, Screen, theme};
use crate::view::graphs::Graphs;
use crate::view::health::Meter;
use crate::view::marks::Events;
use crate::view::notifications::Listed;
use crate::view::panels::{Drawn, Panel, drawn, panels};
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
    /// How the source goes at the start.
    pub status: Status,
    /// Names of data sources.
    pub types: TypesDb,
    /// Bytes the store may use.
    pub memory_bytes: usize,
    /// What is true now.
    pub clock: Box<dyn Fn() -> CdTime>,
    /// The clock of the capture that is shown; none: ours.
    pub capture_clock: Option<CaptureClock>,
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
            status: Status::default(),
            types: TypesDb::built_in(),
            memory_bytes: 512 << 20,
            clock,
            capture_clock: None,
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
    reception: Reception,
    /// That the source is over, until all that came before is taken in.
    ending: Option<Status>,
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
        let mut reception = Reception::default();
        reception.report(SourceId(0), setup.status.clone());
        let replay = setup.status.replay.as_ref();
        let is_whole = |replay: &Replay| replay.speed == Speed::Max && !replay.live;
        let fitted = replay.is_some_and(is_whole).then(|| view.window.width());
        let growing = replay.is_none().then(|| (view.window.width(), view.window.width()));
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
            reception,
            ending: None,
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
        match intake.status() {
            Some(status) if status.is_over() => self.ending = Some(status),
            Some(status) => self.reception.report(SourceId(0), status),
            None => {}
        }
        let start = Instant::now();
        self.news = false;
        while let Some(batch) = intake.next() {
            self.news = true;
            // A replay may be far ahead of what its clock showed when the frame began.
            let now = if self.setup.capture_clock.is_some() { batch.arrival } else { now };
            self.store.absorb(SourceId(0), &batch, now);
            if self.setup.capture_clock.is_some() {
                // A capture waits; the order of its packets is no reason to lose any.
                self.store.settle_late(now);
            }
            self.meter.note(now, &self.store.health().totals);
            intake.give_back(batch);
            if start.elapsed() > longest {
                return true;
            }
        }
        let is_known = self.reception.status(SourceId(0)).is_some_and(Status::is_over);
        if intake.is_closed() && !is_known && self.ending.is_none() {
            let next = "start this program again; please report this";
            self.ending = Some(Status::failed("source", "it ended without a word", next));
        }
        if let Some(status) = self.ending.take() {
            if status.state == State::Ended {
                // Nothing more comes that would tell how what waits is to be placed.
                self.store.settle(self.now());
            }
            self.reception.report(SourceId(0), status);
        }
        false
    }

    /// What is true now: our clock, or the capture's.
    pub fn now(&self) -> CdTime {
        self.setup.capture_clock.as_ref().map_or_else(|| (self.setup.clock)(), CaptureClock::now)
    }

    /// Makes anew what follows from the data and the view.
    fn derive(&mut self, now: CdTime) {
        if now > CdTime::ZERO {
            self.meter.read(now, &self.store.health().totals);
        }
        self.view.pick_first(&self.store, self.reception.local_host());
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
            window_secs: match (self.reception.replay(), self.growing) {
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

    fn with_screen(
        &mut self,
        now: CdTime,
        draw: impl FnOnce(&Screen<'_>, &mut Memory, &mut Vec<Action>),
    ) {
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
            reception: &self.reception,
            messages: &self.setup.messages,
            now,
            zone: &self.setup.zone,
            frame_millis: self.frame_millis,
        };
        draw(&screen, &mut self.memory, &mut self.actions);
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let more = self.drain(self.now());
        if more {
            ctx.request_repaint();
        }
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
        self.with_screen(now, |screen, memory, actions| {
            ui::screen_ui(ui, screen, memory, actions);
        });
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
