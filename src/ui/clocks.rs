//! Clocks in the sources pane: which hosts' are wrong, and which were set.

use super::Screen;
use super::theme::Palette;
use super::widgets::heading;
use crate::metric::display_safe;
use crate::view::{clocks, format};
use eframe::egui::{self, RichText, Ui};

/// Wrong clocks listed, and steps; the rest is counted.
const CLOCKS_SHOWN_MAX: usize = 12;
const STEPS_SHOWN_MAX: usize = 8;

pub(super) fn clocks_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let wrong = clocks::wrong(screen.store, screen.now);
    let mut steps = screen.store.clock_steps().peekable();
    if wrong.is_empty() && steps.peek().is_none() {
        return;
    }
    let palette = Palette::of(ui);
    heading(ui, "Clocks of hosts");
    for (node, clock) in wrong.iter().take(CLOCKS_SHOWN_MAX) {
        if let Some(sentence) = clocks::sentence(clock, screen.now) {
            line_ui(ui, &palette, true, &format!("{}: {sentence}", display_safe(&node.name)));
        }
    }
    let more = wrong.len().saturating_sub(CLOCKS_SHOWN_MAX);
    if more > 0 {
        ui.label(RichText::new(format!("and {more} more")).color(palette.dim));
    }
    for (host, step) in steps.take(STEPS_SHOWN_MAX) {
        let time = format::clock(step.when, screen.zone, 1.0);
        let text = format!(
            "{time}  {}: clock {}, as {} sends it",
            display_safe(host),
            clocks::step_text(step),
            step.origin.sender
        );
        line_ui(ui, &palette, false, &text);
    }
}

fn line_ui(ui: &mut Ui, palette: &Palette, warns: bool, text: &str) {
    ui.horizontal_top(|ui| {
        let mark = RichText::new(if warns { "!" } else { "" }).color(palette.warn);
        ui.add_sized([22.0, 16.0], egui::Label::new(mark));
        let color = if warns { palette.text } else { palette.dim };
        ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
    });
}
