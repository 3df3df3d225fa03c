//! Frames of the real app without a screen: layout, then tessellation.

use crate::feed::{Feed, NOW, Noise};
use crate::{Figure, MEASURED, Options, figure, used};
use collectoscope::app::{self, App, Setup};
use collectoscope::config::Settings;
use collectoscope::ingest::ListId;
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Value};
use collectoscope::session::Start;
use collectoscope::source::{Intake, Outlet};
use collectoscope::view::Theme;
use collectoscope::view::layout_file::{Read, print, read};
use collectoscope::view::names::LayoutSource;
use collectoscope::view::selector::Selector;
use eframe::App as _;
use eframe::egui::{self, pos2, vec2};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Frames before the first that counts: fonts are rasterised, batches drained.
const FRAMES_FIRST: usize = 10;
/// With every frame the clock moves on by this, and every series has one more value.
const FRAME: Interval = Interval::from_secs(1);

/// What there is to draw: `panels` x `lines` series of `samples`, a second apart.
pub(crate) struct Scene {
    pub(crate) panels: usize,
    pub(crate) lines: usize,
    samples: u64,
    pub(crate) size: egui::Vec2,
    /// Hosts that are only names in the tree.
    other_hosts: usize,
    window_secs: f64,
    /// The panels are tiles of a layout of the user's.
    tiles: bool,
}

pub(crate) fn one_panel(options: &Options) -> Result<Vec<Figure>, String> {
    let scene = Scene {
        panels: 1,
        lines: 50,
        samples: if options.once { 100 } else { 10_000 },
        size: vec2(1_280.0, 800.0),
        other_hosts: 0,
        window_secs: 10_000.0,
        tiles: false,
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
        tiles: false,
    };
    frames(options, &scene)
}

pub(crate) fn tiles(options: &Options) -> Result<Vec<Figure>, String> {
    frames(options, &fifty_tiles(options))
}

pub(crate) fn fifty_tiles(options: &Options) -> Scene {
    Scene {
        panels: 50,
        lines: 4,
        samples: if options.once { 60 } else { 600 },
        size: vec2(1_280.0, 4_000.0),
        other_hosts: 0,
        window_secs: 600.0,
        tiles: true,
    }
}

/// A tab of tiles, five in a row.
pub(crate) fn layout_of(panels: usize) -> String {
    let tile = |panel: usize| format!("{{ show = \"plugin:plugin{panel:02}\" }}");
    let rows = (0..panels).collect::<Vec<_>>();
    let rows = rows.chunks(5).map(|row| {
        let tiles: Vec<_> = row.iter().map(|&panel| tile(panel)).collect();
        format!("  {{ columns = [{}] }},\n", tiles.join(", "))
    });
    format!("[[tab]]\nwindow = \"10m\"\nrows = [\n{}]\n", rows.collect::<String>())
}

/// A layout of two hundred panels: from text to tabs, and back.
pub(crate) fn layout(options: &Options) -> Result<Vec<Figure>, String> {
    let panels = if options.once { 10 } else { 200 };
    let text = layout_of(panels);
    let Read { workspace, problems } = read(&text);
    if !problems.is_empty() {
        return Err(format!("the layout has problems: {problems:?}"));
    }
    let rounds = if options.once { 1 } else { 200 };
    let (mut loads, mut saves, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let begin = Instant::now();
        let read = read(&text);
        loads.push(begin.elapsed().as_secs_f64() * 1e3);
        let begin = Instant::now();
        bytes += print(&workspace).len() as u64;
        saves.push(begin.elapsed().as_secs_f64() * 1e3);
        bytes += read.workspace.tabs().len() as u64;
    }
    Ok(vec![figure("read", "ms", loads, bytes), figure("written", "ms", saves, bytes)])
}

pub(crate) fn long_sidebar(options: &Options) -> Result<Vec<Figure>, String> {
    frames(options, &million(options))
}

/// A million series, all of them names but four.
fn million(options: &Options) -> Scene {
    Scene {
        panels: 1,
        lines: 4,
        samples: 60,
        size: vec2(1_280.0, 800.0),
        other_hosts: if options.once { 2 } else { 1_000 },
        window_secs: 600.0,
        tiles: false,
    }
}

/// Draws frame after frame, each a second later.
fn frames(options: &Options, scene: &Scene) -> Result<Vec<Figure>, String> {
    let mut screen = Screen::new(scene);
    let mut costs = Vec::new();
    let start = Instant::now();
    while costs.is_empty() || !options.once && start.elapsed() < MEASURED {
        screen.second();
        costs.push(screen.frame(Vec::new()));
    }
    if screen.app.session().derived().panels.len() != scene.panels {
        return Err(format!("{} panels are drawn", screen.app.session().derived().panels.len()));
    }
    let vertices = costs.last().map_or(0, |cost| cost.vertices);
    let all = |millis: fn(&Cost) -> f64| costs.iter().map(millis).collect();
    Ok(vec![
        figure("", "ms/frame", all(|cost| cost.layout + cost.tessellation), vertices),
        figure("layout", "ms/frame", all(|cost| cost.layout), vertices),
        figure("tessellation", "ms/frame", all(|cost| cost.tessellation), vertices),
    ])
}

/// What is typed; then as many times Backspace.
const TYPED: &str = "gauge-7 -plugin9";

pub(crate) fn filter(options: &Options) -> Result<Vec<Figure>, String> {
    let mut screen = Screen::new(&million(options));
    let key = |key| {
        let (physical_key, repeat, modifiers) = (None, false, egui::Modifiers::NONE);
        egui::Event::Key { key, physical_key, pressed: true, repeat, modifiers }
    };
    screen.frame(vec![egui::Event::Text("/".to_owned())]);
    screen.frame(Vec::new());
    let typed = TYPED.chars().map(|letter| egui::Event::Text(letter.to_string()));
    let erased = TYPED.chars().map(|_| key(egui::Key::Backspace));
    let (mut costs, mut answers, mut matched) = (Vec::new(), Vec::new(), 0);
    let is_pending = |screen: &Screen| screen.app.session().derived().rows.is_pending();
    for event in typed.chain(erased) {
        let begin = Instant::now();
        // One frame takes the key, the next one shows what it did, or that it is being done.
        let mut frames = vec![screen.frame(vec![event]), screen.frame(Vec::new())];
        if is_pending(&screen) {
            while is_pending(&screen) {
                std::thread::yield_now();
                screen.app.logic(&screen.ctx, &mut screen.frame);
            }
            frames.push(screen.frame(Vec::new()));
        }
        answers.push(begin.elapsed().as_secs_f64() * 1e3);
        costs.push(frames.iter().map(|cost| cost.layout + cost.tessellation).sum());
        matched += screen.app.session().derived().rows.matched as u64;
        if costs.len() == TYPED.len() && screen.app.session().view().filter.text() != TYPED {
            return Err(format!("the filter is {:?}", screen.app.session().view().filter.text()));
        }
    }
    let longest = costs.iter().copied().fold(0.0, f64::max);
    let mut figures = vec![
        figure("", "ms/key", costs, matched),
        figure("longest", "ms/key", vec![longest], matched),
        figure("answered", "ms/key", answers, matched),
    ];
    for (name, text) in CHOOSES {
        figures.push(chosen(&screen, name, text));
    }
    Ok(figures)
}

/// The sidebar is turned, from hosts to plugins and back, with all its rows made anew.
pub(crate) fn pivot(options: &Options) -> Result<Vec<Figure>, String> {
    let mut screen = Screen::new(&million(options));
    let (physical_key, repeat, modifiers) = (None, false, egui::Modifiers::NONE);
    let key = egui::Key::G;
    let turn = egui::Event::Key { key, physical_key, pressed: true, repeat, modifiers };
    let (mut costs, mut rows) = (Vec::new(), 0);
    let start = Instant::now();
    while costs.is_empty() || !options.once && start.elapsed() < MEASURED {
        let before = screen.app.session().view().pivot;
        // One frame takes the key, the next one shows what it did.
        let frames = [screen.frame(vec![turn.clone()]), screen.frame(Vec::new())];
        costs.push(frames.iter().map(|cost| cost.layout + cost.tessellation).sum());
        rows += screen.app.session().derived().rows.rows.len() as u64;
        if screen.app.session().view().pivot == before {
            return Err("the sidebar was not turned".to_owned());
        }
    }
    Ok(vec![figure("", "ms", costs, rows)])
}

/// What chooses series of a panel among the same ones.
const CHOOSES: [(&str, &str); 4] = [
    ("chosen by a host", "host:other7 plugin:plugin9"),
    ("chosen by a plugin", "plugin:plugin9|plugin7"),
    ("chosen by words", TYPED),
    ("chosen by a regex", "/other1.*gauge-\\d7$/"),
];

fn chosen(screen: &Screen, name: &'static str, text: &str) -> Figure {
    let (selector, mut count) = (Selector::new(text), 0);
    let costs = (0..5).map(|_| {
        let begin = Instant::now();
        count += selector.series(screen.app.session().store()).len() as u64;
        begin.elapsed().as_secs_f64() * 1e3
    });
    figure(name, "ms", costs.collect(), count)
}

/// What is typed into the palette, among 1,000 hosts with 100 plugin instances each.
const SEARCHED: &str = "oth77 plugin42";

pub(crate) fn palette(options: &Options) -> Result<Vec<Figure>, String> {
    let mut screen = Screen::new(&million(options));
    let (key, physical_key, repeat) = (egui::Key::K, None, false);
    let modifiers = egui::Modifiers::CTRL;
    let open = egui::Event::Key { key, physical_key, pressed: true, repeat, modifiers };
    screen.frame(vec![open]);
    // What opens is measured in one frame and drawn in the next.
    let _ = [screen.frame(Vec::new()), screen.frame(Vec::new())];
    let (mut costs, mut answers, mut matched) = (Vec::new(), Vec::new(), 0);
    let is_pending = |screen: &Screen| screen.app.session().derived().palette.is_pending();
    for letter in SEARCHED.chars() {
        let begin = Instant::now();
        let event = egui::Event::Text(letter.to_string());
        let mut frames = vec![screen.frame(vec![event]), screen.frame(Vec::new())];
        if is_pending(&screen) {
            while is_pending(&screen) {
                std::thread::yield_now();
                screen.app.logic(&screen.ctx, &mut screen.frame);
            }
            frames.push(screen.frame(Vec::new()));
        }
        answers.push(begin.elapsed().as_secs_f64() * 1e3);
        costs.push(frames.iter().map(|cost| cost.layout + cost.tessellation).sum());
        matched += screen.app.session().derived().palette.matched as u64;
    }
    let text = screen.app.session().view().palette.as_ref().map(|search| search.text.as_str());
    if text != Some(SEARCHED) {
        return Err(format!("the palette holds {text:?}"));
    }
    let longest = answers.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        figure("", "ms/key", costs, matched),
        figure("answered", "ms/key", answers, matched),
        figure("longest answered", "ms/key", vec![longest], matched),
    ])
}

/// What a frame cost.
struct Cost {
    layout: f64,
    tessellation: f64,
    vertices: u64,
}

/// The app, what feeds it, and its clock.
struct Screen {
    ctx: egui::Context,
    app: App,
    frame: eframe::Frame,
    clock: Rc<Cell<CdTime>>,
    live: Live,
    size: egui::Vec2,
}

impl Screen {
    /// With all that is past drained, and the first frames drawn.
    fn new(scene: &Scene) -> Self {
        let ctx = egui::Context::default();
        let clock = Rc::new(Cell::new(NOW));
        let (outlet, intake) = Outlet::new(64, Box::new(|| ()));
        let mut app = app(&ctx, intake, scene, &clock);
        let mut frame = eframe::Frame::_new_kittest();
        // A frame that nobody looks at drains the channel.
        let live = Live::new(scene, outlet, &mut || app.logic(&ctx, &mut frame));
        let mut screen = Self { ctx, app, frame, clock, live, size: scene.size };
        for _ in 0..FRAMES_FIRST {
            screen.second();
            screen.frame(Vec::new());
        }
        screen
    }

    /// The clock moves on, and every series on the canvas has one more value.
    fn second(&mut self) {
        self.clock.set(self.clock.get().saturating_add(FRAME));
        self.live.second(self.clock.get());
        self.live.offer();
    }

    fn frame(&mut self, events: Vec<egui::Event>) -> Cost {
        let (time, begin) = (self.clock.get().secs_from(NOW), used::thread());
        let what = (self.size, time, events);
        let output = frame_of(&self.ctx, &mut self.app, &mut self.frame, what);
        let middle = used::thread();
        let drawn = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let end = used::thread();
        Cost {
            layout: millis(middle, begin),
            tessellation: millis(end, middle),
            vertices: drawn.iter().map(vertices_of).sum(),
        }
    }
}

/// A frame of that size at that time; textures are put nowhere, as nobody has a graphics card.
pub(crate) fn frame_of(
    ctx: &egui::Context,
    app: &mut App,
    frame: &mut eframe::Frame,
    (size, time, events): (egui::Vec2, f64, Vec<egui::Event>),
) -> egui::FullOutput {
    let input = egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(pos2(0.0, 0.0), size)),
        time: Some(time),
        focused: true,
        events,
        ..Default::default()
    };
    let mut output = ctx.run_ui(input, |ui| {
        app.logic(ui.ctx(), frame);
        app.ui(ui, frame);
    });
    output.textures_delta.clear();
    output
}

pub(crate) fn vertices_of(drawn: &egui::ClippedPrimitive) -> u64 {
    match &drawn.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len() as u64,
        egui::epaint::Primitive::Callback(_) => 0,
    }
}

fn app(ctx: &egui::Context, intake: Intake, scene: &Scene, clock: &Rc<Cell<CdTime>>) -> App {
    let clock = Rc::clone(clock);
    let (theme, window_secs) = (Theme::Dark, scene.window_secs);
    let source = LayoutSource::Named("tiles".into());
    let layout = scene.tiles.then(|| (source, layout_of(scene.panels)));
    let setup = Setup {
        settings: Settings { theme, window_secs, ..Settings::default() },
        start: Start { layout, ..Start::default() },
        ..Setup::new(vec![app::Feed::new(intake)], Box::new(move || clock.get()))
    };
    App::new(ctx, setup)
}

/// What sends: a list and its level for each line of each panel.
pub(crate) struct Live {
    feed: Feed,
    lists: Vec<(ListId, f64)>,
    noise: Noise,
    outlet: Outlet,
}

impl Live {
    /// Names the series and sends what is past; `drain` is called in between.
    pub(crate) fn new(scene: &Scene, outlet: Outlet, drain: &mut dyn FnMut()) -> Self {
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

    /// A thousand series with one value each.
    fn other_host(&mut self, host: usize) {
        for n in 0..1_000_u32 {
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

pub(crate) fn millis(end: Duration, begin: Duration) -> f64 {
    end.saturating_sub(begin).as_secs_f64() * 1_000.0
}
