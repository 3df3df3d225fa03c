//! A panic while one panel is drawn stays in that panel.

use super::stage::{NOW, SENDER};
use collectoscope::ingest::Ingest;
use collectoscope::metric::{CdTime, Identifier, Interval, Value};
use collectoscope::session::{Session, Start};
use collectoscope::store::SourceId;
use collectoscope::ui::{Frame, Memory, contained_ui, theme};
use collectoscope::view::Action;
use collectoscope::wire::{Encoder, SecurityLevel};
use eframe::egui::{Rect, Ui, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// The panels of a host: "CPU", which cannot be drawn while it is `broken`, and "Load".
struct Canvas {
    session: Session,
    ingest: Ingest,
    now: u64,
    memory: Memory,
    actions: Vec<Action>,
    broken: bool,
    /// How often it was tried to draw the first.
    attempts: u32,
}

impl Canvas {
    fn harness() -> Harness<'static, Self> {
        let mut canvas = Self {
            session: Session::new(Start::default()),
            ingest: Ingest::new(),
            now: NOW,
            memory: Memory::default(),
            actions: Vec::new(),
            broken: true,
            attempts: 0,
        };
        canvas.send("cpu", "percent", "user", &[12.5]);
        canvas.send("load", "load", "", &[0.5, 0.25, 0.125]);
        let builder = Harness::builder().with_size(vec2(800.0, 300.0));
        let mut harness = builder.build_ui_state(Self::draw, canvas);
        harness.run_steps(4);
        harness
    }

    /// A value list of `web-1`, a second after the one before.
    fn send(&mut self, plugin: &str, type_: &str, type_instance: &str, values: &[f64]) {
        self.now += 1;
        let (now, mut encoder) = (CdTime::from_secs(self.now), Encoder::default());
        let names = Identifier::new("web-1", plugin, "", type_, type_instance);
        let values: Vec<_> = values.iter().map(|&value| Value::Gauge(value)).collect();
        let ingest = &mut self.ingest;
        let mut send = |bytes: &[u8]| ingest.datagram(bytes, SENDER, now, SecurityLevel::None);
        let second = Interval::from_secs(1);
        encoder.push(&names.names(), now, second, &values, &mut send).unwrap();
        encoder.flush(&mut send);
        self.session.absorb(SourceId(0), &self.ingest.take(None), now);
        self.session.tick(now);
    }

    fn draw(ui: &mut Ui, canvas: &mut Self) {
        if ui.ctx().cumulative_frame_nr() == 0 {
            // Fonts are there from the next frame on.
            return theme::install(ui.ctx());
        }
        let Self { session, memory, actions, broken, attempts, now, .. } = canvas;
        let derived = session.derived();
        let screen = session.screen(CdTime::from_secs(*now), 0.0);
        let mut frame = Frame { screen: &screen, memory, actions };
        let [cpu, load] = &derived.panels[..] else { panic!("{:?}", derived.panels) };
        let place = |left| Rect::from_min_size(pos2(left, 10.0), vec2(380.0, 280.0));
        ui.push_id("cpu", |ui| {
            contained_ui(ui, &mut frame, place(10.0), cpu, |ui, _| {
                *attempts += 1;
                assert!(!*broken, "no sample at index 7");
                ui.label("the CPU");
            });
        });
        ui.push_id("load", |ui| {
            contained_ui(ui, &mut frame, place(410.0), load, |ui, _| drop(ui.label("the load")));
        });
    }
}

const FAILED: &str = "CPU  web-1: This panel failed: no sample at index 7";

#[track_caller]
fn check(harness: &Harness<'_, Canvas>, attempts: u32, cpu: &str) {
    assert_eq!(harness.state().attempts, attempts);
    harness.get_by_label(cpu);
    harness.get_by_label("the load");
}

#[test]
fn a_panel_that_panics_says_so_in_its_place_and_the_others_go_on() {
    let harness = Canvas::harness();
    check(&harness, 1, FAILED);
    assert_eq!(harness.state().actions, [Action::KeepNow]);
}

#[test]
fn it_is_tried_again_with_newer_data_of_its_own_and_not_in_every_frame() {
    let mut harness = Canvas::harness();
    harness.state_mut().send("load", "load", "", &[0.5, 0.25, 0.125]);
    harness.run_steps(4);
    check(&harness, 1, FAILED);
    harness.state_mut().send("cpu", "percent", "user", &[12.5]);
    harness.run_steps(4);
    check(&harness, 2, FAILED);
    // What it was about is gone: it is drawn as if nothing had been.
    harness.state_mut().broken = false;
    harness.state_mut().send("cpu", "percent", "user", &[12.5]);
    harness.run_steps(4);
    check(&harness, 6, "the CPU");
}

#[test]
fn it_is_tried_again_when_other_panels_are_chosen() {
    let mut harness = Canvas::harness();
    let now = CdTime::from_secs(harness.state().now);
    harness.state_mut().session.apply(Action::ShowAllPanels, now);
    harness.state_mut().session.tick(now);
    harness.run_steps(4);
    check(&harness, 2, FAILED);
}

#[test]
fn a_click_lets_it_be_tried_again() {
    let mut harness = Canvas::harness();
    harness.state_mut().broken = false;
    harness.get_by_label(FAILED).click();
    harness.run_steps(4);
    harness.get_by_label("the CPU");
}
