//! Frames of the real app without a screen: layout, then tessellation.

use crate::feed::{Feed, NOW, Noise};
use crate::{Figure, MEASURED, Options, figure};
use collectoscope::app::{App, Setup, Waker};
use collectoscope::config::Settings;
use collectoscope::ingest::ListId;
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Value};
use collectoscope::source::{Intake, Outlet};
use collectoscope::typesdb::TypesDb;
use collectoscope::ui::Sources;
use collectoscope::view::Theme;
use eframe::App as _;
use eframe::egui::{self, pos2, vec2};
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Frames before the first that counts: fonts are rasterised, batches drained.
const FRAMES_FIRST: usize = 10;
/// With every frame the clock moves on by this, and every series has one more value.
const FRAME: Interval = Interval::from_secs(1);

/// What there is to draw: `panels` x `lines` series of `samples`, a second apart.
struct Scene {
    panels: usize,
    lines: usize,
    samples: u64,
    size: egui::Vec2,
    /// Hosts that are only names in the tree.
    other_hosts: usize,
    window_secs: f64,
}

pub(crate) fn one_panel(options: &Options) -> Result<Vec<Figure>, String> {
    let scene = Scene {
        panels: 1,
        lines: 50,
        samples: if options.once { 100 } else { 10_000 },
        size: vec2(1_280.0, 800.0),
        other_hosts: 0,
        window_secs: 10_000.0,
    };
    frames(options, &scene)
}

pub(crate) fn many_panels(options: &Options) -> Result<Vec<Figure>, String> {
    let scene = Scene {
        panels: 24,
        lines: 4,
        samples: if options.once { 60 } else { 600 },
        size: vec2(1_280.0, 4_000.0),
        other_hosts: 0,
        window_secs: 600.0,
    };
    frames(options, &scene)
}

pub(crate) fn long_sidebar(options: &Options) -> Result<Vec<Figure>, String> {
    let scene = Scene {
        panels: 1,
        lines: 4,
        samples: 60,
        size: vec2(1_280.0, 800.0),
        other_hosts: if options.once { 10 } else { 1_000 },
        window_secs: 600.0,
    };
    frames(options, &scene)
}

/// Draws frame after frame, each a second later.
fn frames(options: &Options, scene: &Scene) -> Result<Vec<Figure>, String> {
    let ctx = egui::Context::default();
    let clock = Rc::new(Cell::new(NOW));
    let (outlet, intake) = Outlet::new(64, Box::new(|| ()));
    let mut app = app(&ctx, intake, scene, &clock);
    let mut frame = eframe::Frame::_new_kittest();
    // A frame that nobody looks at drains the channel.
    let mut live = Live::new(scene, outlet, &mut || app.logic(&ctx, &mut frame));
    let (mut layout, mut tessellation, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let (start, mut number, mut vertices) = (Instant::now(), 0, 0);
    while number < FRAMES_FIRST + 1 || !options.once && start.elapsed() < MEASURED {
        clock.set(clock.get().saturating_add(FRAME));
        live.second(clock.get());
        live.offer();
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(pos2(0.0, 0.0), scene.size)),
            time: Some(clock.get().secs_from(NOW)),
            focused: true,
            ..Default::default()
        };
        let begin = cpu();
        let mut output = ctx.run_ui(input, |ui| {
            app.logic(ui.ctx(), &mut frame);
            app.ui(ui, &mut frame);
        });
        // Nobody has a graphics card to put textures on.
        output.textures_delta.clear();
        let middle = cpu();
        let drawn = ctx.tessellate(output.shapes, output.pixels_per_point);
        let end = cpu();
        number += 1;
        if number > FRAMES_FIRST {
            layout.push(millis(middle, begin));
            tessellation.push(millis(end, middle));
            whole.push(millis(end, begin));
            vertices = drawn.iter().map(vertices_of).sum();
        }
    }
    if app.panels().len() != scene.panels {
        return Err(format!("{} panels are drawn", app.panels().len()));
    }
    Ok(vec![
        figure("", "ms/frame", whole, vertices),
        figure("layout", "ms/frame", layout, vertices),
        figure("tessellation", "ms/frame", tessellation, vertices),
    ])
}

fn vertices_of(drawn: &egui::ClippedPrimitive) -> u64 {
    match &drawn.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len() as u64,
        egui::epaint::Primitive::Callback(_) => 0,
    }
}

fn app(ctx: &egui::Context, intake: Intake, scene: &Scene, clock: &Rc<Cell<CdTime>>) -> App {
    let clock = Rc::clone(clock);
    let setup = Setup {
        intake: Some(intake),
        waker: Waker::default(),
        sources: Sources::default(),
        types: TypesDb::built_in(),
        memory_bytes: 512 << 20,
        replay: None,
        clock: Box::new(move || clock.get()),
        zone: TimeZone::UTC,
        settings: Settings {
            theme: Theme::Dark,
            window_secs: scene.window_secs,
            ..Settings::default()
        },
        settings_file: None,
        messages: Vec::new(),
        status_file: None,
        screenshot: None,
    };
    App::new(ctx, setup)
}

/// What sends: a list and its level for each line of each panel.
struct Live {
    feed: Feed,
    lists: Vec<(ListId, f64)>,
    noise: Noise,
    outlet: Outlet,
}

impl Live {
    /// Names the series and sends what is past; `drain` is called in between.
    fn new(scene: &Scene, outlet: Outlet, drain: &mut dyn FnMut()) -> Self {
        let (mut feed, mut lists) = (Feed::default(), Vec::new());
        for panel in 0..scene.panels {
            for line in 0..scene.lines {
                let (plugin, line) = (format!("plugin{panel:02}"), line.to_string());
                let id = Identifier::new("host", &plugin, "", "gauge", &line);
                lists.push((feed.list(id, &[DsType::Gauge]), 0.0));
            }
        }
        let noise = Noise::new(1);
        let mut live = Self { feed, lists, noise, outlet };
        for age in (0..scene.samples).rev() {
            live.second(NOW.saturating_sub(Interval::from_secs(age)));
            if age % 256 == 0 {
                live.offer();
                drain();
            }
        }
        for host in 0..scene.other_hosts {
            live.other_host(host);
            live.offer();
            drain();
        }
        live
    }

    /// One more value for each line.
    fn second(&mut self, time: CdTime) {
        for (list, level) in &mut self.lists {
            *level += f64::from(self.noise.next()) - 32_767.5;
            self.feed.row(*list, time, Interval::from_secs(1), &[Value::Gauge(*level)]);
        }
    }

    /// A hundred series with one value each.
    fn other_host(&mut self, host: usize) {
        for n in 0..100_u32 {
            let (host, plugin) = (format!("other{host}"), format!("plugin{}", n / 10));
            let id = Identifier::new(&host, &plugin, "", "gauge", &n.to_string());
            let list = self.feed.list(id, &[DsType::Gauge]);
            let value = Value::Gauge(f64::from(n));
            self.feed.row(list, NOW, Interval::from_secs(1), &[value]);
        }
    }

    fn offer(&mut self) {
        self.outlet.offer(std::mem::take(&mut self.feed.batch));
        self.outlet.flush();
    }
}

/// CPU of this thread so far.
fn cpu() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(Duration::ZERO, Duration::from)
}

fn millis(end: Duration, begin: Duration) -> f64 {
    end.saturating_sub(begin).as_secs_f64() * 1_000.0
}
