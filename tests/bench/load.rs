//! The whole way: a process that sends, the loopback, the receiver, the store, a frame.

use crate::frames::frame_of;
use crate::generator::{Generator, Order, Sent};
use crate::udp::{CHANNEL_BATCHES, QUIET, receiver};
use crate::{Figure, Options, figure, used};
use collectoscope::app::{App, Feed, Setup};
use collectoscope::metric::CdTime;
use collectoscope::source::{Intake, Outlet};
use eframe::egui::{self, vec2};
use std::time::{Duration, Instant, SystemTime};

/// As often as the window draws at most.
const FRAME: Duration = Duration::from_millis(33);

pub(crate) fn load(options: &Options) -> Result<Vec<Figure>, String> {
    let (rate, secs) = if options.once { (2_000.0, 0.2) } else { (options.rate, options.secs) };
    let (outlet, intake) = Outlet::new(CHANNEL_BATCHES, Box::new(|| ()));
    let (handle, target) = receiver(outlet)?;
    let order = Order { target, rate, held: Duration::from_secs_f64(secs) };
    let mut generator = Some(Generator::start(options, order)?);
    let mut screen = Screen::new(intake);
    let (begin, mut sent, mut costs) = (Instant::now(), None::<Sent>, Vec::new());
    let (mut datagrams, mut heard) = (0, Instant::now());
    loop {
        let start = Instant::now();
        let (cost, next) = screen.frame(begin.elapsed());
        costs.push(cost.as_secs_f64() * 1_000.0);
        if let Some(ended) = generator.take_if(Generator::is_finished) {
            sent = Some(ended.finish()?);
        }
        let totals = &screen.app.session().store().health().totals;
        let told = totals.datagrams + totals.kernel_drops;
        if std::mem::replace(&mut datagrams, told) != told || sent.is_none() {
            heard = Instant::now();
        }
        if sent.is_some_and(|sent| told >= sent.datagrams || heard.elapsed() > QUIET) {
            break;
        }
        std::thread::sleep(next.saturating_sub(start.elapsed()));
    }
    let took = begin.elapsed().as_secs_f64();
    let (totals, sent) = (screen.app.session().store().health().totals, sent.unwrap_or_default());
    let receiving = used::thread_named("udp");
    drop(handle);
    if totals.datagrams + totals.kernel_drops != sent.datagrams {
        return Err(format!("the account is wrong: {sent:?}, {totals:?}"));
    }
    let frames = costs.len() as f64;
    let each = |time: Duration| time.as_nanos() as f64 / sent.datagrams.max(1) as f64;
    let cpu = "ns CPU/datagram";
    let figures = [
        ("sent", "datagrams/s", vec![sent.rate()]),
        ("received", "datagrams", vec![totals.datagrams as f64]),
        ("stored", "values", vec![totals.stored_values as f64]),
        ("lost in the kernel", "datagrams", vec![totals.kernel_drops as f64]),
        ("lost in the channel", "values", vec![totals.dropped_values as f64]),
        ("faults", "faults", vec![totals.faults as f64]),
        ("sending", cpu, vec![each(sent.cpu)]),
        ("receiving", cpu, vec![each(receiving)]),
        ("storing", cpu, vec![each(screen.app.absorbing())]),
        ("frame", "ms CPU", costs),
        ("frames", "frames/s", vec![frames / took]),
    ];
    let one = |(part, unit, all)| figure(part, unit, all, sent.values);
    Ok(figures.into_iter().map(one).collect())
}

/// The app and what it is drawn on: memory.
struct Screen {
    ctx: egui::Context,
    app: App,
    frame: eframe::Frame,
}

impl Screen {
    fn new(intake: Intake) -> Self {
        let ctx = egui::Context::default();
        let clock = Box::new(|| CdTime::from_system(SystemTime::now()));
        let setup = Setup::new(vec![Feed::new(intake)], clock);
        Self { app: App::new(&ctx, setup), ctx, frame: eframe::Frame::_new_kittest() }
    }

    /// CPU of a frame, taking in aside; and when the next one is due: at once when not all that
    /// waited was taken in.
    fn frame(&mut self, time: Duration) -> (Duration, Duration) {
        let (begin, absorbing) = (used::thread(), self.app.absorbing());
        let what = (vec2(1_280.0, 800.0), time.as_secs_f64(), Vec::new());
        let output = frame_of(&self.ctx, &mut self.app, &mut self.frame, what);
        let viewports = output.viewport_output.values();
        let next = viewports.map(|viewport| viewport.repaint_delay).min().unwrap_or(FRAME);
        drop(self.ctx.tessellate(output.shapes, output.pixels_per_point));
        let absorbing = self.app.absorbing().saturating_sub(absorbing);
        (used::thread().saturating_sub(begin).saturating_sub(absorbing), next.min(FRAME))
    }
}
