//! Frames of the table of all hosts: live, while it is scrolled, and with a word about values.

use crate::feed::{Feed, NOW, Noise};
use crate::frames::frame_of;
use crate::{Figure, MEASURED, Options, figure, used};
use collectoscope::app::{self, App, Setup};
use collectoscope::ingest::ListId;
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Value};
use collectoscope::session::Start;
use collectoscope::source::Outlet;
use collectoscope::view::names::LayoutSource;
use eframe::App as _;
use eframe::egui::{self, pos2, vec2};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

/// Frames in a second, as on a screen.
const FRAMES_PER_SEC: u64 = 60;
/// As collectd's default; hosts send in turns.
const INTERVAL_SECS: u64 = 10;
/// Past that is in the window of five minutes.
const PAST_SECS: u64 = 300;

/// What every host of the fleet sends: processors as counters, and what else a daemon does.
struct Hosts {
    feed: Feed,
    hosts: Vec<Vec<(ListId, Vec<DsType>)>>,
    noise: Noise,
    outlet: Outlet,
}

impl Hosts {
    fn new(count: usize, outlet: Outlet) -> Self {
        let mut feed = Feed::default();
        let hosts = (0..count).map(|number| host(&mut feed, &format!("web-{number}"))).collect();
        Self { feed, hosts, noise: Noise::new(1), outlet }
    }

    /// The hosts whose turn it is send, `secs` after the beginning.
    fn second(&mut self, secs: u64) {
        let time = NOW.saturating_add(Interval::from_secs(secs));
        let turn = usize::try_from(secs % INTERVAL_SECS).unwrap_or_default();
        let turns = usize::try_from(INTERVAL_SECS).unwrap_or(1);
        let interval = Interval::from_secs(INTERVAL_SECS);
        for host in self.hosts.iter().skip(turn).step_by(turns) {
            for (list, kinds) in host {
                let values: Vec<_> = kinds
                    .iter()
                    .map(|kind| match kind {
                        DsType::Gauge => Value::Gauge(f64::from(self.noise.next())),
                        _ => {
                            let level = i64::from(self.noise.next());
                            Value::Derive(i64::try_from(secs * 100_000).unwrap_or(0) + level)
                        }
                    })
                    .collect();
                self.feed.row(*list, time, interval, &values);
            }
        }
        self.outlet.offer(std::mem::take(&mut self.feed.batch));
        self.outlet.flush();
    }
}

/// 47 series: four processors with six states, and memory, load, two interfaces, a disk with a
/// partition and two filesystems.
fn host(feed: &mut Feed, name: &str) -> Vec<(ListId, Vec<DsType>)> {
    let mut lists = Vec::new();
    let mut add =
        |plugin: &str, instance: &str, type_: &str, type_instance: &str, kinds: &[DsType]| {
            let id = Identifier::new(name, plugin, instance, type_, type_instance);
            lists.push((feed.list(id, kinds), kinds.to_vec()));
        };
    for cpu in ["0", "1", "2", "3"] {
        for state in ["user", "system", "wait", "nice", "softirq", "idle"] {
            add("cpu", cpu, "cpu", state, &[DsType::Derive]);
        }
    }
    for part in ["used", "cached", "buffered", "free"] {
        add("memory", "", "memory", part, &[DsType::Gauge]);
    }
    add("load", "", "load", "", &[DsType::Gauge; 3]);
    for interface in ["eth0", "lo"] {
        add("interface", interface, "if_octets", "", &[DsType::Derive; 2]);
    }
    for disk in ["sda", "sda1"] {
        add("disk", disk, "disk_octets", "", &[DsType::Derive; 2]);
    }
    for mount in ["root", "var"] {
        for part in ["used", "reserved", "free"] {
            add("df", mount, "df_complex", part, &[DsType::Gauge]);
        }
    }
    lists
}

/// The busiest first.
const LAYOUT: &str = "[[tab]]\nwindow = \"5m\"\norder = \"cpu\"\nfleet = \
                      [\"cpu\", \"memory\", \"load\", \"network\", \"disk\", \"filesystem\"]";
/// A filter about values, which is asked again every second.
const FILTER: &str = "plugin:load ds:shortterm >30000";

pub(crate) fn fleet(options: &Options) -> Result<Vec<Figure>, String> {
    let count = if options.once { 20 } else { 1_000 };
    let mut run = Run::new(count, if options.once { 20 } else { PAST_SECS });
    let mut figures = run.measure(options, ["", "longest"], 0.0);
    figures.extend(run.measure(options, ["scrolled", "scrolled, longest"], -3.0));
    run.frame(vec![key(egui::Key::F3)]);
    run.frame(vec![egui::Event::Text(FILTER.to_owned())]);
    figures.extend(run.measure(options, ["filtered by a value", "filtered, longest"], 0.0));
    let shown = run.app.session().derived().fleet.len();
    let least = if options.once { 1 } else { count / 4 };
    if !(least..count).contains(&shown) {
        return Err(format!("{shown} of {count} hosts are shown"));
    }
    Ok(figures)
}

/// Frame after frame of a table that lives.
struct Run {
    ctx: egui::Context,
    app: App,
    frame: eframe::Frame,
    clock: Rc<Cell<CdTime>>,
    hosts: Hosts,
    frames: u64,
}

impl Run {
    fn new(count: usize, past: u64) -> Self {
        let ctx = egui::Context::default();
        let clock = Rc::new(Cell::new(NOW));
        let (outlet, intake) = Outlet::new(64, Box::new(|| ()));
        let source = LayoutSource::Named("fleet".into());
        let start = Start { layout: Some((source, LAYOUT.to_owned())), ..Start::default() };
        let now = Rc::clone(&clock);
        let feeds = vec![app::Feed::new(intake)];
        let setup = Setup { start, ..Setup::new(feeds, Box::new(move || now.get())) };
        let mut app = App::new(&ctx, setup);
        let mut frame = eframe::Frame::_new_kittest();
        let mut hosts = Hosts::new(count, outlet);
        for secs in 0..past {
            clock.set(NOW.saturating_add(Interval::from_secs(secs)));
            hosts.second(secs);
            // A frame that nobody looks at drains the channel.
            app.logic(&ctx, &mut frame);
        }
        Self { ctx, app, frame, clock, hosts, frames: past * FRAMES_PER_SEC }
    }

    /// CPU of the next frame, and its vertices.
    fn frame(&mut self, events: Vec<egui::Event>) -> (f64, u64) {
        self.frames += 1;
        let secs = self.frames as f64 / FRAMES_PER_SEC as f64;
        self.clock.set(NOW.saturating_add(Interval::from_secs_f64(secs)));
        if self.frames.is_multiple_of(FRAMES_PER_SEC) {
            self.hosts.second(self.frames / FRAMES_PER_SEC);
        }
        let begin = used::thread();
        let what = (vec2(1_600.0, 1_000.0), secs, events);
        let output = frame_of(&self.ctx, &mut self.app, &mut self.frame, what);
        let drawn = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let cost = used::thread().saturating_sub(begin).as_secs_f64() * 1e3;
        let vertices = drawn.iter().map(|drawn| match &drawn.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len() as u64,
            egui::epaint::Primitive::Callback(_) => 0,
        });
        (cost, vertices.sum())
    }

    /// What frames cost, and the longest of them, while the wheel turns by so many rows in each.
    fn measure(
        &mut self,
        options: &Options,
        [name, longest_name]: [&'static str; 2],
        rows: f32,
    ) -> Vec<Figure> {
        // The first ones find what was never read.
        for _ in 0..if options.once { 2 } else { FRAMES_PER_SEC } {
            self.frame(wheel(rows));
        }
        let (mut costs, mut vertices) = (Vec::new(), 0);
        let start = Instant::now();
        while costs.is_empty() || !options.once && start.elapsed() < MEASURED {
            let (cost, of_frame) = self.frame(wheel(rows));
            costs.push(cost);
            vertices += of_frame;
        }
        let longest = costs.iter().copied().fold(0.0, f64::max);
        let all = figure(name, "ms/frame", costs, vertices);
        vec![all, figure(longest_name, "ms/frame", vec![longest], vertices)]
    }
}

/// A turn of the wheel above the rows.
fn wheel(rows: f32) -> Vec<egui::Event> {
    if rows == 0.0 {
        return Vec::new();
    }
    vec![
        egui::Event::PointerMoved(pos2(900.0, 600.0)),
        egui::Event::MouseWheel {
            source: egui::MouseWheelSource::Wheel,
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, rows * 34.0),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
        },
    ]
}

fn key(key: egui::Key) -> egui::Event {
    let (physical_key, repeat, modifiers) = (None, false, egui::Modifiers::NONE);
    egui::Event::Key { key, physical_key, pressed: true, repeat, modifiers }
}
