//! The window: drains what came into the session, draws it, and performs what it asks for.
//!
//! [`App::new`] takes everything it depends on - where batches come from, the clock - so that the
//! same app runs in a window and in a test. What is known, chosen and decided is the
//! [`Session`]'s; here is what only a window needs: frames, fonts, files that are written again and
//! again, a picture.

mod fonts;
mod jobs;
mod kept;
mod layouts;
mod open;
mod pace;
mod place;

pub use open::{OpenError, WindowOptions, run};
pub use pace::Waker;

use crate::config::{Config, Settings, SettingsFile};
use crate::files;
use crate::layouts::{Keeper, LayoutFiles};
use crate::metric::{CdTime, json_safe};
use crate::pool::{Job, Pool};
use crate::reception::Status;
use crate::session::{Drawing, Effect, Session, Start};
use crate::source::Intake;
use crate::source::replay::CaptureClock;
use crate::store::SourceId;
use crate::ui::{self, Memory, theme};
use crate::view::Action;
use crate::view::palette::Ranked;
use crate::view::tree::Filtered;
use eframe::egui;
use kept::Kept;
use nix::time::{ClockId, clock_gettime};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time spent draining per frame, the rest waits for the next one: as long as has gone by since
/// the last time, but within these bounds. So where a frame takes long, as without a graphics
/// card, half of the thread's time is still there for what arrives; and what has gathered in a
/// long wait is absorbed at once, though that frame comes later.
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
    /// Where batches come from; sources are numbered in this order.
    pub feeds: Vec<Feed>,
    /// Called on the threads of the sources when something came.
    pub waker: Waker,
    /// Our clock.
    pub clock: Box<dyn Fn() -> CdTime>,
    /// The clock of the capture that is shown and nothing beside it; none: ours.
    pub capture_clock: Option<CaptureClock>,
    /// What the session starts from; its preferences are those of `config` and `settings`.
    pub start: Start,
    /// What the user chose last time.
    pub settings: Settings,
    /// What goes before that.
    pub config: Config,
    /// Where that is kept; none: nowhere.
    pub settings_file: Option<SettingsFile>,
    /// Where layouts are kept; none: nowhere.
    pub layout_files: Option<LayoutFiles>,
    /// The tabs that were left are this window's to keep; none: it takes them when no other one
    /// has them.
    pub keeper: Option<Keeper>,
    /// State is written there about once a second.
    pub status_file: Option<PathBuf>,
    /// A picture of the window, and its end.
    pub screenshot: Option<Screenshot>,
}

impl Setup {
    /// An app that absorbs from `feeds` by this clock and keeps nothing. The rest is set as needed.
    pub fn new(feeds: Vec<Feed>, clock: Box<dyn Fn() -> CdTime>) -> Self {
        Self {
            feeds,
            waker: Waker::default(),
            clock,
            capture_clock: None,
            start: Start::default(),
            settings: Settings::default(),
            config: Config::default(),
            settings_file: None,
            layout_files: None,
            keeper: None,
            status_file: None,
            screenshot: None,
        }
    }
}

/// A picture of the window.
#[derive(Clone, Debug)]
pub struct Screenshot {
    /// Where to.
    pub path: PathBuf,
    /// When, after the start.
    pub after: Duration,
    /// How it went, for the exit code.
    pub outcome: Arc<std::sync::OnceLock<Result<(), String>>>,
}

/// One source, from this side.
#[derive(Debug)]
pub struct Feed {
    /// None where its thread could not be started.
    pub intake: Option<Intake>,
    /// The first status; later a final one, until every batch before it is absorbed.
    pub status: Option<Status>,
}

impl Feed {
    /// A source of which nothing is known yet.
    pub fn new(intake: Intake) -> Self {
        Self { intake: Some(intake), status: Some(Status::default()) }
    }
}

/// The program with a window.
pub struct App {
    session: Session,
    feeds: Vec<(SourceId, Feed)>,
    waker: Waker,
    clock: Box<dyn Fn() -> CdTime>,
    capture_clock: Option<CaptureClock>,
    memory: Memory,
    actions: Vec<Action>,
    pool: Pool,
    /// The filter that runs in the background.
    filtering: Option<Job<Filtered>>,
    /// The names that are ranked there.
    ranking: Option<Job<Ranked>>,
    /// What is kept, and since when it is to be written.
    settings: Settings,
    /// What the window had when they were written last, or when it began, and what is kept.
    settings_first: Settings,
    settings_before: Settings,
    settings_changed: Option<Instant>,
    watch: place::Watch,
    settings_file: Option<SettingsFile>,
    settings_kept: Kept,
    layouts: layouts::Layouts,
    status_file: Option<PathBuf>,
    reported: Option<Instant>,
    status_kept: Kept,
    frames: u64,
    frame_millis: f32,
    frame_cost: pace::Cost,
    /// Whether something came for the last frame, and how long the session wants to wait for the
    /// next one.
    news: bool,
    text_due: Option<Duration>,
    /// Processor time that absorbing has cost, and when it was last done.
    absorbing: Duration,
    drained: Instant,
    started: Instant,
    screenshot: Option<Screenshot>,
    screenshot_asked: bool,
    /// Fonts of the system were looked for.
    fonts_asked: bool,
    /// How many series and notifications were looked at for that.
    fonts_for: (usize, u64),
}

impl App {
    /// An app that nothing came for yet.
    pub fn new(ctx: &egui::Context, setup: Setup) -> Self {
        theme::install(ctx);
        let Setup { start, settings: before, .. } = setup;
        let settings = before.clone().under(&setup.config);
        let start = Start { preferences: settings.preferences(), ..start };
        theme::choose(ctx, start.preferences.theme);
        let mut session = Session::new(start);
        let mut feeds: Vec<_> = (0..).map(SourceId).zip(setup.feeds).collect();
        for (source, feed) in &mut feeds {
            session.report(*source, feed.status.take().unwrap_or_default(), CdTime::ZERO);
        }
        Self {
            session,
            feeds,
            waker: setup.waker,
            clock: setup.clock,
            capture_clock: setup.capture_clock,
            memory: Memory::default(),
            actions: Vec::new(),
            pool: jobs::pool(ctx),
            filtering: None,
            ranking: None,
            settings_first: settings.clone(),
            settings_before: before,
            watch: place::Watch::new(settings.maximized),
            settings,
            settings_changed: None,
            settings_file: setup.settings_file,
            settings_kept: Kept::default(),
            layouts: layouts::Layouts::new(setup.layout_files, setup.keeper),
            status_file: setup.status_file,
            reported: None,
            status_kept: Kept::default(),
            frames: 0,
            frame_millis: 0.0,
            frame_cost: pace::Cost::default(),
            news: false,
            text_due: None,
            absorbing: Duration::ZERO,
            drained: Instant::now(),
            started: Instant::now(),
            screenshot: setup.screenshot,
            screenshot_asked: false,
            fonts_asked: false,
            fonts_for: (0, 0),
        }
    }

    /// The program that the window shows.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// What drawing remembers.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Processor time that this thread has spent on absorbing what arrived; the rest of its time
    /// went into showing it. Zero where the system does not say.
    pub const fn absorbing(&self) -> Duration {
        self.absorbing
    }

    /// What is true now: our clock, or the capture's.
    pub fn now(&self) -> CdTime {
        self.capture_clock.as_ref().map_or_else(|| (self.clock)(), CaptureClock::now)
    }

    /// Absorbs what has arrived; true when more is waiting.
    fn drain(&mut self) -> bool {
        let before = thread_time();
        let longest = self.drained.elapsed().clamp(DRAIN_MIN, DRAIN_MAX);
        let more = self.absorb(longest);
        self.drained = Instant::now();
        self.absorbing += thread_time().saturating_sub(before);
        more
    }

    fn absorb(&mut self, longest: Duration) -> bool {
        self.waker.drained();
        let now = self.now();
        let Self { session, feeds, .. } = self;
        for (source, feed) in feeds.iter_mut() {
            match feed.intake.as_ref().and_then(Intake::status) {
                Some(status) if status.is_over() => feed.status = Some(status),
                Some(status) => {
                    // It goes on: that it was over is no longer true.
                    feed.status = None;
                    session.report(*source, status, now);
                }
                None => {}
            }
        }
        let start = Instant::now();
        self.news = false;
        let mut came = true;
        while std::mem::take(&mut came) {
            // One of each in turn: what one brings in plenty does not hold up the others.
            for (source, feed) in feeds.iter() {
                let Some(intake) = &feed.intake else { continue };
                let Some(batch) = intake.next() else { continue };
                (came, self.news) = (true, true);
                session.absorb(*source, &batch, now);
                intake.give_back(batch);
                if start.elapsed() > longest {
                    return true;
                }
            }
        }
        self.end();
        false
    }

    /// Reports which sources are over: all that they brought is absorbed.
    fn end(&mut self) {
        let now = self.now();
        let Self { session, feeds, .. } = self;
        for (source, feed) in feeds {
            let is_over = session.reception().status(*source).is_some_and(Status::is_over);
            let is_closed = feed.intake.as_ref().is_some_and(Intake::is_closed);
            if is_closed && !is_over && feed.status.is_none() {
                let next = "start this program again; please report this";
                feed.status = Some(Status::failed("source", "it ended without a reason", next));
            }
            if let Some(status) = feed.status.take() {
                session.report(*source, status, now);
            }
        }
    }

    /// Applies what the user did, and performs what follows from it.
    fn act(&mut self, ctx: &egui::Context, now: CdTime) {
        if self.actions.is_empty() {
            return;
        }
        self.session.set_columns(self.memory.columns);
        for action in self.actions.drain(..) {
            self.session.apply(action, now);
        }
        self.perform(ctx);
        // What was done is seen in the next frame, not at the next tick.
        ctx.request_repaint_after(Duration::from_millis(1));
    }

    fn perform(&mut self, ctx: &egui::Context) {
        for effect in self.session.effects() {
            match effect {
                Effect::SetTheme(theme) => theme::choose(ctx, theme),
                Effect::Filter(job) => self.filter(&job),
                Effect::Rank(job) => self.rank(&job),
                Effect::Keep(preferences) => {
                    let settings = self.settings.with(&preferences);
                    self.keep(settings);
                }
                Effect::KeepNow => {
                    self.save_settings();
                    self.save_workspace();
                }
                effect => self.about_layouts(effect),
            }
        }
    }

    fn keep(&mut self, settings: Settings) {
        if settings != self.settings {
            self.settings = settings;
            self.settings_changed = Some(Instant::now());
        }
    }

    /// Keeps the place and the size of the window, and writes what has changed some time ago.
    fn keep_settings(&mut self, ctx: &egui::Context) {
        if let Some(seen) = self.watch.look(ctx) {
            self.keep(seen.over(&self.settings));
        }
        if self.settings_changed.is_some_and(|changed| changed.elapsed() >= SAVE_AFTER) {
            self.save_settings();
        }
    }

    fn save_settings(&mut self) {
        if self.settings_changed.take().is_none() {
            return;
        }
        let Some(file) = &self.settings_file else {
            return;
        };
        // Another window may have chosen something else meanwhile.
        let kept = file.peek();
        let kept = kept.as_ref().unwrap_or(&self.settings_before);
        let settings = self.settings.to_keep(&self.settings_first, kept);
        let outcome = file.save(&settings);
        match &outcome {
            Ok(()) => {
                (self.settings_first, self.settings_before) = (self.settings.clone(), settings);
            }
            Err(_) => self.settings_changed = Some(Instant::now()),
        }
        let again = || format!("the settings are saved again, in {}", file.path().display());
        self.settings_kept.note(outcome, again, &mut self.session.messages);
    }

    /// Writes the state to its file, about once a second.
    fn write_state(&mut self, now: CdTime) {
        let Some(path) = self.status_file.clone() else {
            return;
        };
        if self.reported.is_some_and(|reported| reported.elapsed() < REPORT_AFTER) {
            return;
        }
        self.reported = Some(Instant::now());
        let drawing = Drawing {
            frames: self.frames,
            frame_millis: self.frame_millis,
            absorb_millis: millis(self.absorbing),
            draw_millis: millis(thread_time().saturating_sub(self.absorbing)),
        };
        let state = self.session.state(now, drawing);
        let outcome = serde_json::to_string(&state).map_err(|error| error.to_string());
        let outcome = outcome.and_then(|text| {
            let text = json_safe(&text).into_owned() + "\n";
            let written = files::replace(&path, text.as_bytes(), files::SHARED);
            written.map_err(|trouble| trouble.to_string())
        });
        let path = path.display();
        let outcome = outcome.map_err(|reason| {
            format!("cannot write the status file, still trying: {reason}, to {path}")
        });
        let again = || format!("the status file is written again, to {path}");
        self.status_kept.note(outcome, again, &mut self.session.messages);
    }

    fn take_screenshot(&mut self, ctx: &egui::Context) {
        let Some(shot) = self.screenshot.clone() else {
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
        let Self { session, memory, actions, .. } = self;
        let screen = session.screen(now, self.frame_millis);
        ui::screen_ui(ui, &mut ui::Frame { screen: &screen, memory, actions });
    }
}

/// Processor time of this thread so far; zero where the system does not say.
fn thread_time() -> Duration {
    processor_time(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn processor_time(of: ClockId) -> Duration {
    clock_gettime(of).map_or(Duration::ZERO, Duration::from)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

impl eframe::App for App {
    /// Runs also while the window is hidden.
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        if self.drain() {
            ctx.request_repaint();
        }
        let now = self.now();
        self.fonts(ctx);
        self.take_answers();
        self.text_due = self.session.tick(now);
        self.perform(ctx);
        self.drop_unwanted();
        self.keep_layouts();
        self.write_state(now);
        if self.status_file.is_some() {
            // Also while nothing is drawn.
            let since = self.reported.map_or(Duration::ZERO, |reported| reported.elapsed());
            ctx.request_repaint_after(pace::FRAME_MAX_AFTER_NEWS.saturating_sub(since));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let now = self.now();
        self.frames += 1;
        self.frame_cost.note(processor_time(ClockId::CLOCK_PROCESS_CPUTIME_ID));
        self.frame_millis = frame.info().cpu_usage.unwrap_or(0.0) * 1_000.0;
        self.draw(ui, now);
        let ctx = ui.ctx().clone();
        self.act(&ctx, now);
        self.keep_settings(&ctx);
        self.schedule(&ctx);
        self.take_screenshot(&ctx);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::Palette::new(visuals.dark_mode).background.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.save_settings();
        self.save_workspace();
    }
}
