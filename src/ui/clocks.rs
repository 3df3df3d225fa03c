//! Clocks in the sources pane: which hosts' are wrong, and which were set.

use super::theme::Palette;
use super::widgets::heading;
use crate::session::{ClockFacts, Screen};
use eframe::egui::{self, RichText, Ui};

pub(super) fn clocks_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let ClockFacts { wrong, more, steps } = screen.clock_facts();
    if wrong.is_empty() && steps.is_empty() {
        return;
    }
    let palette = Palette::of(ui);
    heading(ui, "Clocks of hosts");
    for sentence in &wrong {
        line_ui(ui, &palette, true, sentence);
    }
    if more > 0 {
        ui.label(RichText::new(format!("and {more} more")).color(palette.dim));
    }
    for step in &steps {
        line_ui(ui, &palette, false, step);
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
