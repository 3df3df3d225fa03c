//! The field that a selector is typed into: mistakes are underlined in it, and named by
//! [`mistake_ui`]. In a filter half-typed words are completed.

use super::Frame;
use super::theme::{self, Palette};
use crate::metric::display_safe;
use crate::view::selector::{Mistake, Selector};
use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{self, Galley, Response, RichText, Stroke, TextBuffer, Ui};
use std::sync::Arc;

/// A filter: whose, and how it looks.
pub(super) struct Filter<'a> {
    pub(super) id: egui::Id,
    /// What stands there while it is empty.
    pub(super) hint: &'a str,
    pub(super) width: f32,
    /// Above and below the text.
    pub(super) margin: i8,
}

/// Draws a filter that holds `selector`; returns the field, and what it holds if that was changed.
pub(super) fn filter_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    filter: &Filter<'_>,
    selector: &Selector,
) -> (Response, Option<String>) {
    let screen = frame.screen;
    let mut text = selector.text().to_owned();
    let read = (selector.text(), selector.mistakes());
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| layout(ui, text, read);
    let field = egui::TextEdit::singleline(&mut text)
        .hint_text(RichText::new(filter.hint).color(Palette::of(ui).faint))
        .desired_width(filter.width)
        .margin(egui::Margin::symmetric(8, filter.margin))
        // Esc leaves it, and need not clear what it leaves.
        .event_filter(egui::EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            tab: false,
            escape: true,
        })
        .layouter(&mut layouter);
    let is_typing = ui.memory(|memory| memory.has_focus(filter.id));
    let offered = &mut frame.memory.offered;
    let output = egui::CompletionPopup::new(filter.id)
        .align(egui::RectAlign::BOTTOM_START)
        .max_height(260.0)
        .accept_keys([egui::Key::Tab])
        .show(ui, field, |query| match is_typing {
            true => offered.for_word(query, screen),
            false => Vec::new(),
        });
    let response = output.text_edit.response.response;
    let is_new = response.changed() || output.accepted.is_some();
    (response, is_new.then_some(text))
}

/// Lays the text out; the mistakes of `read`, a text as it was read, are underlined.
pub(super) fn layout(ui: &Ui, text: &dyn TextBuffer, read: (&str, &[Mistake])) -> Arc<Galley> {
    let palette = Palette::of(ui);
    let format =
        |underline| TextFormat { underline, ..TextFormat::simple(theme::body(), palette.text) };
    let text = text.as_str();
    let mut job =
        LayoutJob { wrap: egui::text::TextWrapping::no_max_width(), ..LayoutJob::default() };
    let mut end = 0;
    // What was typed since is read in the next frame.
    let mistakes = if read.0 == text { read.1 } else { &[] };
    for mistake in mistakes {
        let span = mistake.span.clone();
        let before = text.get(end..span.start).unwrap_or_default();
        job.append(before, 0.0, format(Stroke::NONE));
        let wrong = text.get(span.clone()).unwrap_or_default();
        job.append(wrong, 0.0, format(Stroke::new(1.5, palette.bad)));
        end = span.end;
    }
    job.append(text.get(end..).unwrap_or_default(), 0.0, format(Stroke::NONE));
    job.break_on_newline = false;
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// Says what the first mistake is, and how many more there are.
pub(super) fn mistake_ui(ui: &mut Ui, (text, mistakes): (&str, &[Mistake])) {
    let Some(first) = mistakes.first() else { return };
    let more = match mistakes.len() {
        1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    let word = text.get(first.span.clone()).unwrap_or_default();
    let word: String = word.chars().take(WORD_SHOWN_MAX).collect();
    let text = format!("{}: {}{more}", display_safe(&word), first.text);
    ui.label(RichText::new(text).size(11.5).color(Palette::of(ui).bad));
}

/// Characters of a wrong word that are repeated below the field.
const WORD_SHOWN_MAX: usize = 24;
