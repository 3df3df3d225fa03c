//! The whole app without a screen: datagrams and a clock go in, words and state come out.

use crate::support::wait::until;
use collectoscope::app::{App, Feed, Setup};
use collectoscope::ingest::{Ingest, Limits};
use collectoscope::metric::{CdTime, Identifier, Interval, Severity, Value};
use collectoscope::reception::Speed;
use collectoscope::reception::{Destination, Line, State, Status, Unicast};
use collectoscope::session::Start;
use collectoscope::source::capture::Capture;
use collectoscope::source::replay::{self, CaptureClock, ReplayOptions, Replaying};
use collectoscope::source::running::{self, Restart, Run, Running};
use collectoscope::source::{Intake, Outlet};
use collectoscope::view::names::LayoutSource;
use collectoscope::wire::{Encoder, KeyRing, Protection, Seal, SecurityLevel, encode_notification};
use eframe::egui::epaint::{ColorMode, TextShape};
use eframe::egui::{
    Color32, Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, Rect,
    Shape, Vec2,
};
use eframe::egui::{TouchPhase, accesskit::Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::cell::Cell;
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

/// When the tests begin: 08:00:00 in UTC.
pub(super) const NOW: u64 = 1_800_000_000;
/// Who sends, unless a test says otherwise.
pub(super) const SENDER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);

/// A value list without its time.
pub(super) type Sample = (Identifier, Vec<Value>);

/// The app, what feeds it, and its clock.
pub(super) struct Stage {
    harness: Harness<'static, App>,
    clock: Rc<Cell<CdTime>>,
    outlet: Outlet,
    ingest: Ingest,
    running: Option<Running>,
}

/// What a usual machine measures in its `n`th second.
pub(super) fn machine(host: &str, n: u64) -> Vec<Sample> {
    let id = |plugin, instance, type_, type_instance| {
        Identifier::new(host, plugin, instance, type_, type_instance)
    };
    let counted = |rate: u64| Value::Derive(i64::try_from(rate * n).unwrap());
    let gauge = Value::Gauge;
    vec![
        (id("cpu", "0", "percent", "user"), vec![gauge(12.5)]),
        (id("cpu", "0", "percent", "system"), vec![gauge(2.5)]),
        (id("cpu", "0", "percent", "idle"), vec![gauge(85.0)]),
        (id("memory", "", "memory", "used"), vec![gauge(3e9)]),
        (id("memory", "", "memory", "free"), vec![gauge(1e9)]),
        (id("load", "", "load", ""), vec![gauge(0.5), gauge(0.25), gauge(0.125)]),
        (id("interface", "eth0", "if_octets", ""), vec![counted(1_000), counted(500)]),
        (id("uptime", "", "uptime", ""), vec![gauge(n as f64)]),
    ]
}

/// Small, so that it can be filled.
fn small() -> Start {
    Start { memory_bytes: 64 << 20, ..Start::default() }
}

/// What a source says that listens on 127.0.0.1:25899.
pub(super) fn listening() -> Status {
    let destination = Destination { port: 25_899, multicast: true, unicast: Unicast::Everywhere };
    Status {
        summary: "listening on port 25899".into(),
        lines: vec![Line::good("udp 127.0.0.1:25899")],
        state: State::Receiving,
        destination: Some(destination),
        ..Status::default()
    }
}

impl Stage {
    /// A window that listens on 127.0.0.1:25899 and has heard nothing yet.
    pub(super) fn new() -> Self {
        Self::sized(vec2(1_280.0, 800.0))
    }

    pub(super) fn sized(size: Vec2) -> Self {
        Self::with(size, listening())
    }

    /// A window with room for a fleet.
    pub(super) fn roomy() -> Self {
        let (outlet, intake) = Outlet::new(64, Box::new(|| {}));
        let start = Start { memory_bytes: 256 << 20, ..Start::default() };
        Self::built(vec2(1_280.0, 800.0), listening(), outlet, (intake, None), start)
    }

    /// A window that begins with a layout, as it stands in its file.
    pub(super) fn with_layout(text: &str) -> Self {
        let layout = Some((LayoutSource::Named("test".into()), text.to_owned()));
        Self::chosen(|start| start.layout = layout)
    }

    /// A window of a user who chose more than others.
    pub(super) fn chosen(choose: impl FnOnce(&mut Start)) -> Self {
        let (outlet, intake) = Outlet::new(64, Box::new(|| {}));
        let mut start = small();
        choose(&mut start);
        Self::built(vec2(1_280.0, 800.0), listening(), outlet, (intake, None), start)
    }

    pub(super) fn with(size: Vec2, status: Status) -> Self {
        let (outlet, intake) = Outlet::new(64, Box::new(|| {}));
        Self::built(size, status, outlet, (intake, None), small())
    }

    /// A window that shows a capture.
    pub(super) fn replaying(path: &std::path::Path, speed: Speed) -> Self {
        let (outlet, intake) = Outlet::new(64, Box::new(|| {}));
        let capture = Capture::open(path).unwrap();
        let (level, limits) = (SecurityLevel::None, Limits::default());
        let options = ReplayOptions { capture, speed, auth_file: None, level, limits };
        let Replaying { running, clock, status } = replay::start(options, outlet).unwrap();
        let (nobody, _) = Outlet::new(1, Box::new(|| {}));
        let size = vec2(1_280.0, 800.0);
        let mut stage = Self::built(size, status, nobody, (intake, Some(clock)), small());
        stage.running = Some(running);
        stage
    }

    /// A window that is fed by a thread which `run` is called on.
    pub(super) fn fed(run: impl FnMut(Run<'_>) + Send + 'static) -> Self {
        let (outlet, intake) = Outlet::new(64, Box::new(|| {}));
        let running = running::start("udp", outlet, Restart::Safe, run).unwrap();
        let (nobody, _) = Outlet::new(1, Box::new(|| {}));
        let size = vec2(1_280.0, 800.0);
        let mut stage = Self::built(size, listening(), nobody, (intake, None), small());
        stage.running = Some(running);
        stage
    }

    fn built(
        size: Vec2,
        status: Status,
        outlet: Outlet,
        (intake, capture_clock): (Intake, Option<CaptureClock>),
        start: Start,
    ) -> Self {
        let clock = Rc::new(Cell::new(CdTime::from_secs(NOW)));
        let told = Rc::clone(&clock);
        let feed = Feed { intake: Some(intake), status: Some(status) };
        let setup =
            Setup { start, capture_clock, ..Setup::new(vec![feed], Box::new(move || told.get())) };
        let harness = Harness::builder()
            .with_size(size)
            .with_max_steps(100)
            // As on a real screen: two clicks in a row are a double click.
            .with_step_dt(1.0 / 60.0)
            .build_eframe(|cc| App::new(&cc.egui_ctx, setup));
        Self { harness, clock, outlet, ingest: Ingest::new(), running: None }
    }

    /// With the first seconds of machines on the canvas.
    pub(super) fn hearing(hosts: &[&str]) -> Self {
        let mut stage = Self::new();
        stage.seconds(5, hosts);
        stage
    }

    pub(super) fn app(&self) -> &App {
        self.harness.state()
    }

    pub(super) fn now(&self) -> CdTime {
        self.clock.get()
    }

    /// Seconds go by in which nothing is sent.
    pub(super) fn pass(&mut self, secs: u64) {
        self.clock.set(self.now().saturating_add(Interval::from_secs(secs)));
        self.settle();
    }

    /// Seconds go by in which each host sends what [`machine`] measures.
    pub(super) fn seconds(&mut self, secs: u64, hosts: &[&str]) {
        for _ in 0..secs {
            self.clock.set(self.now().saturating_add(Interval::from_secs(1)));
            let n = self.now().secs_nanos().0 - NOW;
            for host in hosts {
                self.send(&machine(host, n));
            }
        }
        self.settle();
    }

    /// How many names are taken, from now on.
    pub(super) fn limit(&mut self, limits: Limits) {
        self.ingest = Ingest::with_limits(limits);
    }

    /// What an AuthFile of this text opens, from now on.
    pub(super) fn keys(&mut self, auth_file: &str) {
        let (keys, faults) = KeyRing::parse(auth_file.as_bytes());
        assert!(faults.is_empty(), "{faults:?}");
        self.ingest.set_keys(Some(Arc::new(keys)));
    }

    /// Puts value lists of now into datagrams, as a daemon with an interval of a second does.
    pub(super) fn send(&mut self, samples: &[Sample]) {
        self.send_sealed(samples, None);
    }

    /// The same, signed or encrypted by a user whose password is `w0nderl4nd`.
    pub(super) fn send_sealed(&mut self, samples: &[Sample], by: Option<(Protection, &str)>) {
        let (now, ingest) = (self.now(), &mut self.ingest);
        let seal = by.map(|(how, user)| Seal::new(how, user.as_bytes(), b"w0nderl4nd").unwrap());
        let mut encoder = Encoder::new(1_452 - seal.as_ref().map_or(0, Seal::overhead_bytes));
        let mut sealed = Vec::new();
        let mut deliver = |bytes: &[u8]| {
            sealed.clear();
            match &seal {
                Some(seal) => seal.seal(bytes, &[7; 16], &mut sealed),
                None => sealed.extend_from_slice(bytes),
            }
            ingest.datagram(&sealed, SENDER, now, SecurityLevel::None);
        };
        for (id, values) in samples {
            encoder.push(&id.names(), now, Interval::from_secs(1), values, &mut deliver).unwrap();
        }
        encoder.flush(&mut deliver);
        self.outlet.offer(self.ingest.take(None));
    }

    /// Puts value lists into datagrams of `sender` that come now, by a clock that shows `time`.
    pub(super) fn send_dated(&mut self, samples: &[Sample], sender: SocketAddr, time: CdTime) {
        let (now, ingest) = (self.now(), &mut self.ingest);
        let mut encoder = Encoder::default();
        let mut deliver = |bytes: &[u8]| ingest.datagram(bytes, sender, now, SecurityLevel::None);
        for (id, values) in samples {
            encoder.push(&id.names(), time, Interval::from_secs(1), values, &mut deliver).unwrap();
        }
        encoder.flush(&mut deliver);
        self.outlet.offer(self.ingest.take(None));
    }

    /// A notification of now about `host/plugin`, or about `host` alone.
    pub(super) fn notify(&mut self, about: &str, severity: Severity, message: &str) {
        self.send_notification(about, severity, message);
        self.settle();
    }

    /// The same without a look at what comes of it.
    pub(super) fn send_notification(&mut self, about: &str, severity: Severity, message: &str) {
        let (host, plugin) = about.split_once('/').unwrap_or((about, ""));
        let id = Identifier::new(host, plugin, "", "", "");
        let (mut bytes, message) = (Vec::new(), message.as_bytes());
        encode_notification(&id.names(), self.now(), severity, message, &mut bytes).unwrap();
        self.datagram(&bytes, SENDER);
    }

    /// A datagram from anywhere.
    pub(super) fn datagram(&mut self, bytes: &[u8], sender: SocketAddr) {
        self.ingest.datagram(bytes, sender, self.now(), SecurityLevel::None);
        self.outlet.offer(self.ingest.take(None));
    }

    /// Frames until another thread has brought something about.
    #[track_caller]
    pub(super) fn until(&mut self, mut is_so: impl FnMut(&Self) -> bool) {
        until("what is waited for", || {
            self.settle();
            is_so(self).then_some(())
        });
    }

    /// The source reports how it goes.
    pub(super) fn report(&mut self, status: Status) {
        self.outlet.report(status);
        self.settle();
    }

    /// Frames until nothing changes any more.
    pub(super) fn settle(&mut self) {
        loop {
            self.harness.run();
            // What was done is seen in the frame after.
            self.harness.run();
            if !self.outlet.is_waiting() {
                return;
            }
            self.outlet.flush();
        }
    }

    // What can be seen.

    /// Every name and every text that a screen reader finds, and how they are meant.
    pub(super) fn nodes(&self) -> Vec<(Role, String)> {
        let text = |node: egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            (node.role(), node.label().or_else(|| node.value()).unwrap_or_default())
        };
        self.harness.root().children_recursive().map(text).collect()
    }

    /// Names of the nodes of one kind, from top to bottom.
    pub(super) fn named(&self, role: Role) -> Vec<String> {
        let nodes = self.nodes().into_iter();
        nodes.filter(|(found, _)| *found == role).map(|(_, name)| name).collect()
    }

    /// Names of those of them that are selected.
    pub(super) fn selected(&self, role: Role) -> Vec<String> {
        let nodes = self.harness.query_all_by_role(role).map(|node| node.accesskit_node());
        let on = nodes.filter(|node| node.is_selected() == Some(true));
        on.map(|node| node.label().unwrap_or_default()).collect()
    }

    /// What a screen reader says of the rows of the sidebar: their level, and whether they are open.
    pub(super) fn levels(&self) -> Vec<(usize, Option<bool>)> {
        let rows = self.harness.query_all_by_role(Role::TreeItem).map(|node| node.accesskit_node());
        rows.map(|row| (row.level().unwrap_or_default(), row.data().is_expanded())).collect()
    }

    /// The rows of the sidebar that are on screen.
    pub(super) fn rows(&self) -> Vec<String> {
        self.named(Role::TreeItem)
    }

    /// Whether a node's text contains `text`.
    pub(super) fn says(&self, text: &str) -> bool {
        self.nodes().iter().any(|(_, said)| said.contains(text))
    }

    #[track_caller]
    pub(super) fn assert_says(&self, text: &str) {
        assert!(self.says(text), "no {text:?} in {:#?}", self.nodes());
    }

    /// Texts that were painted, whatever they belong to.
    pub(super) fn painted(&self) -> Vec<String> {
        self.painted_shapes().iter().map(|text| text.galley.text().to_owned()).collect()
    }

    /// Where what holds `text` was painted, and the colour that it begins with.
    #[track_caller]
    pub(super) fn place_painted(&self, text: &str) -> (Rect, Color32) {
        let shapes = self.painted_shapes();
        let found = shapes.iter().find(|shape| shape.galley.text().contains(text)).unwrap();
        let corner = found.galley.rows[0].visuals.mesh.vertices[0];
        let color =
            if corner.color == Color32::PLACEHOLDER { found.fallback_color } else { corner.color };
        (found.visual_bounding_rect(), color)
    }

    /// To where the first text that holds `text` is cut when it is painted.
    #[track_caller]
    pub(super) fn clip_of(&self, text: &str) -> Rect {
        let found = self.harness.output().shapes.iter().find(|clipped| {
            let mut texts = Vec::new();
            gather(&clipped.shape, &mut texts);
            texts.iter().any(|shape| shape.galley.text().contains(text))
        });
        found.unwrap().clip_rect
    }

    /// Where the first text that is as wanted was painted.
    pub(super) fn find_painted(&self, wanted: impl Fn(&str) -> bool) -> Option<Rect> {
        let shapes = self.painted_shapes();
        let found = shapes.iter().find(|shape| wanted(shape.galley.text()));
        found.map(|shape| shape.visual_bounding_rect())
    }

    /// Colours of what is painted: of rectangles, of lines, and of meshes as plots are.
    pub(super) fn colors(&self) -> [HashSet<Color32>; 3] {
        let mut colors: [HashSet<Color32>; 3] = Default::default();
        let shapes = self.harness.output().shapes.iter();
        shapes.for_each(|clipped| gather_colors(&clipped.shape, &mut colors));
        colors
    }

    fn painted_shapes(&self) -> Vec<&TextShape> {
        let mut texts = Vec::new();
        for clipped in &self.harness.output().shapes {
            gather(&clipped.shape, &mut texts);
        }
        texts
    }

    pub(super) fn paints(&self, text: &str) -> bool {
        self.painted().iter().any(|painted| painted.contains(text))
    }

    /// Titles of the panels on the canvas.
    pub(super) fn titles(&self) -> Vec<&str> {
        self.app().session().derived().panels.iter().map(|panel| panel.title.as_str()).collect()
    }

    /// Labels of the lines that a panel draws.
    pub(super) fn lines(&self, title: &str) -> Vec<&str> {
        let panels = self.app().session().derived().panels.iter();
        let panel = panels.into_iter().find(|panel| panel.title == title);
        panel
            .map(|panel| panel.drawn().map(|line| line.label.as_str()).collect())
            .unwrap_or_default()
    }

    /// What the pill at the top left says.
    #[track_caller]
    pub(super) fn state(&self) -> String {
        const STATES: [&str; 5] = ["LIVE", "HISTORY", "PAUSED", "REPLAY", "FAILED"];
        let is_state = |name: &String| STATES.iter().any(|state| name.starts_with(state));
        self.named(Role::Button).into_iter().find(is_state).unwrap()
    }

    /// Width of the time window.
    pub(super) fn width_secs(&self) -> f64 {
        self.app().session().view().window().width().secs_f64()
    }

    /// How far the right edge is behind the clock, also a capture's.
    pub(super) fn behind_secs(&self) -> f64 {
        self.app().session().view().window().behind(self.app().now()).secs_f64()
    }

    // What can be done.

    pub(super) fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    pub(super) fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Characters as a keyboard types them.
    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.harness.event(Event::Text(c.to_string()));
            self.settle();
        }
    }

    /// Keys, and characters as a keyboard types them, all of them seen by one frame.
    pub(super) fn type_at_once(&mut self, events: &[Event]) {
        self.harness.input_mut().events.extend_from_slice(events);
        self.settle();
    }

    /// The same, each in a frame of its own, and no frame in between.
    pub(super) fn type_frame_by_frame(&mut self, events: &[Event]) {
        events.iter().for_each(|event| self.harness.event(event.clone()));
        self.settle();
    }

    /// Clicks what is so called.
    #[track_caller]
    pub(super) fn click(&mut self, role: Role, name: &str) {
        self.harness.get_by_role_and_label(role, name).click();
        self.settle();
    }

    /// Clicks what is so called, or begins so, with the other button.
    #[track_caller]
    pub(super) fn click_secondary(&mut self, role: Role, name: &str) {
        let at = self.place(role, name).left_center() + vec2(20.0, 0.0);
        self.harness.hover_at(at);
        self.button(at, PointerButton::Secondary, true, Modifiers::NONE);
        self.button(at, PointerButton::Secondary, false, Modifiers::NONE);
        self.settle();
    }

    /// Clicks the first row of the sidebar whose name begins so.
    #[track_caller]
    pub(super) fn click_row(&mut self, name: &str) {
        let place = self.place(Role::TreeItem, name);
        self.click_at(place.center());
    }

    /// Where the first node is whose name begins so.
    #[track_caller]
    pub(super) fn place(&self, role: Role, name: &str) -> Rect {
        let mut all = self.harness.query_all_by_role(role);
        let found = all.find(|node| {
            let node = node.accesskit_node();
            let text = node.label().or_else(|| node.value());
            text.is_some_and(|text| text.starts_with(name))
        });
        found.unwrap_or_else(|| panic!("no {name:?} among {:?}", self.named(role))).rect()
    }

    /// A point inside the plot of a panel: a share of its width and height.
    #[track_caller]
    pub(super) fn in_plot(&self, title: &str, x: f32) -> Pos2 {
        let header = self.place(Role::Button, title);
        Pos2::new(header.left() + 66.0 + x * (header.width() - 82.0), header.bottom() + 60.0)
    }

    pub(super) fn hover(&mut self, at: Pos2) {
        self.harness.hover_at(at);
        self.settle();
    }

    /// Rests the pointer until a tooltip comes.
    pub(super) fn rest(&mut self, at: Pos2) {
        self.hover(at);
        self.harness.run_steps(60);
    }

    pub(super) fn click_at(&mut self, at: Pos2) {
        self.harness.hover_at(at);
        self.button(at, PointerButton::Primary, true, Modifiers::NONE);
        self.button(at, PointerButton::Primary, false, Modifiers::NONE);
        self.settle();
    }

    pub(super) fn click_at_with(&mut self, at: Pos2, modifiers: Modifiers) {
        self.harness.event(Event::ModifiersChanged(modifiers));
        self.harness.hover_at(at);
        self.button(at, PointerButton::Primary, true, modifiers);
        self.button(at, PointerButton::Primary, false, modifiers);
        self.harness.event(Event::ModifiersChanged(Modifiers::NONE));
        self.settle();
    }

    pub(super) fn double_click(&mut self, at: Pos2) {
        // Long after the last click, so that this one is not its third.
        self.harness.run_steps(60);
        self.harness.hover_at(at);
        for pressed in [true, false, true, false] {
            self.button(at, PointerButton::Primary, pressed, Modifiers::NONE);
        }
        self.settle();
    }

    /// Drags from `from` to `to` in ten moves.
    pub(super) fn drag(
        &mut self,
        button: PointerButton,
        modifiers: Modifiers,
        from: Pos2,
        to: Pos2,
    ) {
        self.harness.event(Event::ModifiersChanged(modifiers));
        self.harness.hover_at(from);
        self.button(from, button, true, modifiers);
        for step in 1..=10_u8 {
            self.harness.hover_at(from.lerp(to, f32::from(step) / 10.0));
        }
        self.button(to, button, false, modifiers);
        self.harness.event(Event::ModifiersChanged(Modifiers::NONE));
        self.settle();
    }

    /// Drags from `from` to `to`, and holds it there.
    pub(super) fn hold(&mut self, from: Pos2, to: Pos2) {
        self.harness.hover_at(from);
        self.button(from, PointerButton::Primary, true, Modifiers::NONE);
        for step in 1..=10_u8 {
            self.harness.hover_at(from.lerp(to, f32::from(step) / 10.0));
        }
        self.settle();
    }

    /// Lets go of what is held.
    pub(super) fn release(&mut self, at: Pos2) {
        self.button(at, PointerButton::Primary, false, Modifiers::NONE);
        self.settle();
    }

    /// Turns the wheel; egui spreads it over some frames.
    pub(super) fn wheel(&mut self, at: Pos2, delta: Vec2, modifiers: Modifiers) {
        self.harness.hover_at(at);
        self.harness.event(Event::ModifiersChanged(modifiers));
        self.harness.event(Event::MouseWheel {
            source: MouseWheelSource::Wheel,
            unit: MouseWheelUnit::Point,
            delta,
            phase: TouchPhase::Move,
            modifiers,
        });
        self.settle();
        self.harness.run_steps(60);
        self.harness.event(Event::ModifiersChanged(Modifiers::NONE));
        self.settle();
    }

    fn button(&mut self, pos: Pos2, button: PointerButton, pressed: bool, modifiers: Modifiers) {
        self.harness.event(Event::PointerButton { pos, button, pressed, modifiers });
    }
}

fn gather<'s>(shape: &'s Shape, texts: &mut Vec<&'s TextShape>) {
    match shape {
        Shape::Text(text) => texts.push(text),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| gather(shape, texts)),
        _ => {}
    }
}

fn gather_colors(shape: &Shape, colors: &mut [HashSet<Color32>; 3]) {
    let [rects, lines, meshes] = colors;
    match shape {
        Shape::Rect(rect) => _ = rects.insert(rect.fill),
        Shape::Path(path) => {
            if let ColorMode::Solid(color) = path.stroke.color {
                lines.insert(color);
            }
        }
        Shape::Mesh(mesh) => meshes.extend(mesh.vertices.iter().map(|vertex| vertex.color)),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| gather_colors(shape, colors)),
        _ => {}
    }
}
