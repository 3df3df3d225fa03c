//! Values of the rows of the sidebar: how wide their column is, and their figures.

use super::figures::{Glyphs, Typeset};
use super::theme;
use super::widgets::elided;
use crate::session::RowContent;
use crate::view::format;
use crate::view::health::Freshness;
use crate::view::senders::Protected;
use eframe::egui::{Align2, Color32, Pos2, Ui};
use std::borrow::Cow;

/// Room of the lock of a host, and of a value at most.
const LOCK: f32 = 18.0;
const VALUE_MAX: f32 = 100.0;

/// Where values stand, from the right edge of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Column {
    /// Room for the locks of hosts.
    pub(super) lock: f32,
    pub(super) width: f32,
}

/// The column of values as it was in the last frame: it grows at once, and is made anew when other
/// rows are seen, so that numbers that change move nothing.
#[derive(Debug, Default)]
pub(super) struct Values {
    column: Column,
    /// The rows that it was made for, and how many there were.
    made_for: (usize, usize, usize),
    glyphs: Glyphs,
    /// The values of this frame.
    figures: Typeset,
}

impl Values {
    /// Begins a frame that shows these rows.
    pub(super) fn begin<'a>(
        &mut self,
        ui: &Ui,
        made_for: (usize, usize, usize),
        rows: impl Iterator<Item = &'a RowContent>,
    ) -> Column {
        let mut column = Column::default();
        self.glyphs.check(ui.painter(), theme::body());
        self.figures.clear();
        for content in rows {
            if content.protected != Protected::Plain {
                column.lock = LOCK;
            }
            // What is wrong may take more, and is seldom.
            if !content.warns {
                let width = self.glyphs.measure(ui.painter(), &text_of(content));
                column.width = column.width.max(width.min(VALUE_MAX));
            }
        }
        if self.made_for == made_for {
            column.width = column.width.max(self.column.width);
        }
        (self.column, self.made_for) = (column, made_for);
        column
    }

    /// Sets the value of a row that ends at `right`, if there is one and so much room for it;
    /// returns where it begins.
    pub(super) fn set(
        &mut self,
        ui: &Ui,
        right: Pos2,
        room: f32,
        content: &RowContent,
        color: Color32,
    ) -> Option<f32> {
        let text = text_of(content);
        let width = self.glyphs.measure(ui.painter(), &text);
        if text.is_empty() || width.min(VALUE_MAX) > room {
            return None;
        }
        if width > VALUE_MAX {
            let (align, font) = (Align2::RIGHT_CENTER, theme::body());
            return Some(elided(ui, right, align, VALUE_MAX, &text, font, color).0.left());
        }
        self.glyphs.set(ui.painter(), &mut self.figures, right, &text, color);
        Some(right.x - width)
    }

    /// Draws all that were set.
    pub(super) fn paint(&mut self, ui: &Ui) {
        self.figures.finish(&self.glyphs);
        ui.painter().extend(self.figures.shapes());
    }
}

/// What stands in the column of values: where nothing comes any more, since when.
fn text_of(content: &RowContent) -> Cow<'_, str> {
    match content.age {
        Some((age, Freshness::Stale)) => format!("{} ago", format::age(age)).into(),
        _ => content.shown.as_str().into(),
    }
}
