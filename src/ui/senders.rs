//! The senders in the sources pane: what each sends, how it is protected, what is refused and why.

use super::theme::{self, Palette};
use super::widgets::{elided, heading, severity_glyph};
use crate::metric::Severity;
use crate::session::{Facts, Screen};
use crate::view::format;
use crate::view::senders::{SenderRow, Trouble};
use eframe::egui::{self, Align2, Color32, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Senders listed; the rest is counted.
const SENDERS_SHOWN_MAX: usize = 50;
/// Troubles of one sender listed; the rest is counted.
const TROUBLES_SHOWN_MAX: usize = 6;
/// Hosts named in a row, and in its tooltip.
const HOSTS_SHOWN: usize = 3;
const HOSTS_LISTED: usize = 30;
/// Height of a row.
const ROW: f32 = 21.0;
/// Narrower than this, hosts and protection are in the tooltip only.
const WIDE: f32 = 560.0;

/// Right edges of the figures, left edges of the texts.
struct Columns {
    address: f32,
    hosts: Option<f32>,
    datagrams: f32,
    values: f32,
    received: f32,
    protection: Option<f32>,
    right: f32,
}

impl Columns {
    fn new(rect: Rect) -> Self {
        let (left, right) = (rect.left(), rect.right());
        if rect.width() < WIDE {
            let (datagrams, values) = (right - 160.0, right - 80.0);
            let (hosts, protection) = (None, None);
            return Self {
                address: left,
                hosts,
                datagrams,
                values,
                received: right,
                protection,
                right,
            };
        }
        let share = |share: f32| left + share * rect.width();
        Self {
            address: left,
            hosts: Some(share(0.24)),
            datagrams: share(0.55),
            values: share(0.65),
            received: share(0.75),
            protection: Some(share(0.77)),
            right,
        }
    }
}

pub(super) fn senders_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let palette = Palette::of(ui);
    let (rows, more) = screen.senders(SENDERS_SHOWN_MAX);
    if rows.is_empty() {
        ui.label(egui::RichText::new("none so far").color(palette.dim));
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    heads_ui(ui, &palette);
    for row in &rows {
        row_ui(ui, screen, row, &palette);
        for trouble in row.troubles.iter().take(TROUBLES_SHOWN_MAX) {
            trouble_ui(ui, trouble, &palette);
        }
        let more = row.troubles.len().saturating_sub(TROUBLES_SHOWN_MAX);
        if more > 0 {
            ui.label(egui::RichText::new(format!("      and {more} more")).color(palette.dim));
        }
    }
    if more > 0 {
        ui.label(egui::RichText::new(format!("and {more} more")).color(palette.dim));
    }
}

fn heads_ui(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let columns = Columns::new(rect);
    let head = |x: Option<f32>, align: Align2, text: &str| {
        if let Some(x) = x {
            let at = pos2(x, rect.center().y);
            ui.painter().text(at, align, text, theme::tick(), palette.faint);
        }
    };
    head(Some(columns.address), Align2::LEFT_CENTER, "address");
    head(columns.hosts, Align2::LEFT_CENTER, "hosts");
    head(Some(columns.datagrams), Align2::RIGHT_CENTER, "datagrams");
    head(Some(columns.values), Align2::RIGHT_CENTER, "values");
    head(Some(columns.received), Align2::RIGHT_CENTER, "last received");
    head(columns.protection, Align2::LEFT_CENTER, "protection");
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.line));
}

fn row_ui(ui: &mut Ui, screen: &Screen<'_>, row: &SenderRow, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let columns = Columns::new(rect);
    let hosts = named(&row.hosts, HOSTS_SHOWN);
    let protection = row.protection.join("; ");
    let (datagrams, values) = (format::count(row.datagrams), format::count(row.values));
    let received = format!("{} ago", format::age(screen.now.since(row.last_seen)));
    response.widget_info(|| {
        let words = [&row.address, &hosts, &datagrams, &values, &received, &protection];
        WidgetInfo::labeled(Role::Label, true, words.map(String::as_str).join(" "))
    });
    let text = |x: f32, to: f32, align: Align2, text: &str, color: Color32| {
        let at = pos2(x, rect.center().y);
        elided(ui, at, align, (to - x).abs() - 8.0, text, theme::body(), color);
    };
    let (left, right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
    let address_end = columns.hosts.unwrap_or(columns.datagrams - 60.0);
    text(columns.address, address_end, left, &row.address, palette.text);
    if let Some(x) = columns.hosts {
        text(x, columns.datagrams - 60.0, left, &hosts, palette.text);
    }
    text(columns.datagrams, columns.datagrams - 90.0, right, &datagrams, palette.dim);
    text(columns.values, columns.datagrams, right, &values, palette.dim);
    text(columns.received, columns.values, right, &received, palette.dim);
    if let Some(x) = columns.protection {
        text(x, columns.right + 8.0, left, &protection, palette.text);
    }
    let mut tooltip = row.address.clone();
    for (what, text) in [("names", named(&row.hosts, HOSTS_LISTED)), ("sends", protection)] {
        if !text.is_empty() {
            tooltip.push_str(&format!("\n{what} {text}"));
        }
    }
    response.on_hover_text(tooltip);
}

/// The first names, and how many more.
fn named(names: &[String], max: usize) -> String {
    let shown = names.iter().take(max).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(max) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What is wrong, how often, and what to do about it.
pub(super) fn trouble_ui(ui: &mut Ui, trouble: &Trouble, palette: &Palette) {
    let (severity, color) = match trouble.grave {
        true => (Severity::Failure, palette.bad),
        false => (Severity::Warning, palette.warn),
    };
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 18.0), Sense::hover());
        let center = pos2(rect.center().x, rect.top() + 8.0);
        severity_glyph(ui.painter(), center, severity, color, palette.raised);
        let mut job = egui::text::LayoutJob::default();
        let format = |color| egui::TextFormat::simple(theme::body(), color);
        job.append(&trouble.what, 0.0, format(palette.text));
        if trouble.count > 1 {
            let times = format!(" ({} times)", format::count(trouble.count));
            job.append(&times, 0.0, format(palette.dim));
        }
        if !trouble.next.is_empty() {
            job.append(&format!("; {}", trouble.next), 0.0, format(palette.dim));
        }
        ui.add(egui::Label::new(job).wrap());
    });
}

/// Names that machines share, and hosts that sent two values for one moment; with a heading if
/// there are any.
pub(super) fn conflicts_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let palette = Palette::of(ui);
    let all = screen.conflicts();
    if all.iter().any(|facts| !facts.rows.is_empty()) {
        heading(ui, "Conflicts");
    }
    for Facts { rows, more, note } in all {
        if !rows.is_empty() && !note.is_empty() {
            ui.add(egui::Label::new(egui::RichText::new(note).color(palette.dim)).wrap());
        }
        for trouble in &rows {
            trouble_ui(ui, trouble, &palette);
        }
        if more > 0 {
            ui.label(egui::RichText::new(format!("and {more} more")).color(palette.dim));
        }
    }
}
