//! The start of a window whose layout has many panels.

use crate::feed::NOW;
use crate::frames::{Live, fifty_tiles, layout_of, millis, vertices_of};
use crate::{Figure, MEASURED, Options, figure, used};
use collectoscope::reception::Status;
use collectoscope::session::{Answer, Session, Start};
use collectoscope::source::Outlet;
use collectoscope::store::SourceId;
use collectoscope::ui::{self, Memory, theme};
use collectoscope::view::names::LayoutSource;
use eframe::egui;
use std::time::Instant;

/// A frame that is not complete is followed by another one, but not for ever.
const FRAMES_MAX: usize = 10;

pub(crate) fn start(options: &Options) -> Result<Vec<Figure>, String> {
    let scene = fifty_tiles(options);
    let mut session = Session::new(Start::default());
    let source = SourceId(0);
    session.report(source, Status::default(), NOW);
    let (outlet, intake) = Outlet::new(64, Box::new(|| ()));
    let mut drain = || {
        while let Some(batch) = intake.next() {
            session.absorb(source, &batch, NOW);
            intake.give_back(batch);
        }
    };
    Live::new(&scene, outlet, &mut drain);
    let text = layout_of(scene.panels);
    let (mut all, mut reads, mut ticks, mut frames) = (vec![], vec![], vec![], vec![]);
    let (begin, mut vertices) = (Instant::now(), 0);
    while all.is_empty() || !options.once && begin.elapsed() < MEASURED {
        open(&mut session, layout_of(0));
        session.tick(NOW);
        let ctx = egui::Context::default();
        theme::install(&ctx);
        let begun = used::thread();
        open(&mut session, text.clone());
        let read = used::thread();
        session.tick(NOW);
        let ticked = used::thread();
        vertices = draw(&ctx, &session, scene.size)?;
        let drawn = used::thread();
        all.push(millis(drawn, begun));
        reads.push(millis(read, begun));
        ticks.push(millis(ticked, read));
        frames.push(millis(drawn, ticked));
    }
    let panels = session.derived().panels.len();
    if panels != scene.panels {
        return Err(format!("{panels} panels are drawn"));
    }
    Ok(vec![
        figure("", "ms", all, vertices),
        figure("read", "ms", reads, vertices),
        figure("tick", "ms", ticks, vertices),
        figure("frames", "ms", frames, vertices),
    ])
}

fn open(session: &mut Session, text: String) {
    let source = LayoutSource::Named("tiles".into());
    session.answer(Answer::LayoutLoaded(source, Ok(text)));
}

/// Draws until the panels on screen are complete; how many vertices the last frame has.
fn draw(ctx: &egui::Context, session: &Session, size: egui::Vec2) -> Result<u64, String> {
    let mut memory = Memory::default();
    for _ in 0..FRAMES_MAX {
        let screen_rect = Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size));
        let input = egui::RawInput { screen_rect, focused: true, ..Default::default() };
        let mut output = ctx.run_ui(input, |ui| {
            let screen = session.screen(NOW, 0.0);
            let mut actions = Vec::new();
            let mut frame =
                ui::Frame { screen: &screen, memory: &mut memory, actions: &mut actions };
            ui::screen_ui(ui, &mut frame);
        });
        output.textures_delta.clear();
        let drawn = ctx.tessellate(output.shapes, output.pixels_per_point);
        let seen = session.derived().panels.iter().filter_map(|panel| memory.plots.get(panel));
        let complete = seen.filter(|plot| !plot.pending).count();
        if complete > 0 && complete == memory.plots.kept() {
            return Ok(drawn.iter().map(vertices_of).sum());
        }
    }
    Err(format!("the panels on screen are not complete after {FRAMES_MAX} frames"))
}
