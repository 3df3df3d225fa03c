//! Every size and font of the window, and every colour but those of lines.

use crate::metric::Severity;
use crate::session::Tone;
use crate::view::Theme;
use crate::view::colours::Shades;
use eframe::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, TextStyle,
    Visuals,
};
use std::sync::Arc;

/// Height of the top bar, points (as all sizes here).
pub const TOP_BAR: f32 = 44.0;
/// Width of the sidebar at the first start.
pub const SIDEBAR: f32 = 300.0;
/// Narrowest and widest sidebar.
pub const SIDEBAR_RANGE: std::ops::RangeInclusive<f32> = 180.0..=520.0;
/// Width of the lines beside names in the sidebar.
pub const SPARKLINE: f32 = 60.0;
/// Height of a small control in a line of small text.
pub const SMALL_CONTROL: f32 = 20.0;
/// Height of a row of the tree.
pub const ROW: f32 = 25.0;
/// Height of a panel's header.
pub const PANEL_HEADER: f32 = 30.0;
/// Height of the status bar.
pub const STATUS_BAR: f32 = 26.0;
/// Between panels.
pub const GAP: f32 = 10.0;
/// Height of a row of a legend.
pub const LEGEND_ROW: f32 = 17.0;
/// Radius of a panel's corners.
pub const PANEL_RADIUS: CornerRadius = CornerRadius::same(8);
/// Radius of a control's corners.
pub const CONTROL_RADIUS: CornerRadius = CornerRadius::same(6);

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind the panels.
    pub background: Color32,
    /// Bars and sidebar.
    pub surface: Color32,
    /// Panels.
    pub panel: Color32,
    /// Menus, fields, tooltips.
    pub raised: Color32,
    /// Borders.
    pub line: Color32,
    /// Grid of a plot.
    pub grid: Color32,
    /// Values and names.
    pub text: Color32,
    /// Labels.
    pub dim: Color32,
    /// Ticks and headings.
    pub faint: Color32,
    /// Behind what is selected.
    pub selected: Color32,
    /// Beside what is selected.
    pub accent: Color32,
    /// All is well.
    pub live: Color32,
    /// Attention.
    pub warn: Color32,
    /// For information.
    pub info: Color32,
    /// Failure.
    pub bad: Color32,
    /// A capture, not live data.
    pub replay: Color32,
    /// Over all that the palette covers.
    pub backdrop: Color32,
    dark: bool,
}

const fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

const DARK: Palette = Palette {
    background: rgb(0x0E_1116),
    surface: rgb(0x12_161C),
    panel: rgb(0x14_1920),
    raised: rgb(0x18_1E26),
    line: rgb(0x23_2A34),
    grid: Color32::from_rgba_premultiplied(18, 18, 18, 18),
    text: rgb(0xE4_E8EE),
    dim: rgb(0x98_A3B3),
    faint: rgb(0x84_90A0),
    selected: rgb(0x1E_2733),
    accent: rgb(0x4E_A1F2),
    live: rgb(0x35_C48D),
    warn: rgb(0xE7_A83C),
    info: rgb(0x4E_A1F2),
    bad: rgb(0xEF_6470),
    replay: rgb(0xB4_8CF2),
    backdrop: Color32::from_rgba_premultiplied(0, 0, 0, 110),
    dark: true,
};

const LIGHT: Palette = Palette {
    background: rgb(0xF4_F6F8),
    surface: rgb(0xFF_FFFF),
    panel: rgb(0xFF_FFFF),
    raised: rgb(0xF7_F9FB),
    line: rgb(0xDD_E3EA),
    grid: Color32::from_rgba_premultiplied(0, 0, 0, 18),
    text: rgb(0x18_202A),
    dim: rgb(0x58_6474),
    faint: rgb(0x60_6C7C),
    selected: rgb(0xE8_EEF5),
    accent: rgb(0x15_65C0),
    live: rgb(0x13_865B),
    warn: rgb(0xA8_6A00),
    info: rgb(0x15_65C0),
    bad: rgb(0xC6_2839),
    replay: rgb(0x7A_4FC4),
    backdrop: Color32::from_rgba_premultiplied(0, 0, 0, 50),
    dark: false,
};

impl Palette {
    /// The colours of the theme in force.
    pub fn of(ui: &egui::Ui) -> Self {
        Self::new(ui.visuals().dark_mode)
    }

    /// Dark or light.
    pub const fn new(dark: bool) -> Self {
        if dark { DARK } else { LIGHT }
    }

    /// The colour of a severity; always shown with its word or its sign.
    pub const fn severity(&self, severity: Severity) -> Color32 {
        match severity {
            Severity::Failure => self.bad,
            Severity::Warning => self.warn,
            Severity::Okay => self.live,
        }
    }

    /// The colour of a tone; always with words, and a sign where it warns.
    pub const fn tone(&self, tone: Tone) -> Color32 {
        match tone {
            Tone::Quiet => self.dim,
            Tone::Warns => self.warn,
            Tone::Bad => self.bad,
            Tone::Of(severity) => self.severity(severity),
        }
    }

    /// A line's colour in this theme.
    pub const fn line_of(&self, shades: Shades) -> Color32 {
        rgb(if self.dark { shades.dark } else { shades.light })
    }
}

/// `color`, `share` opaque.
pub fn faded(color: Color32, share: f32) -> Color32 {
    color.gamma_multiply(share)
}

/// Text of the window: 12.5.
pub fn body() -> FontId {
    FontId::proportional(12.5)
}

/// Semi-bold text of a size.
pub fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("medium".into()))
}

/// Legends and the status bar: 11.5.
pub fn small() -> FontId {
    FontId::proportional(11.5)
}

/// Ticks: 10.5.
pub fn tick() -> FontId {
    FontId::proportional(10.5)
}

/// Fonts and both themes, once at the start. Digits of Roboto have one width, so that numbers do
/// not jump when they change.
pub fn install(ctx: &egui::Context) {
    install_fonts(ctx, Vec::new());
    // What is off screen is not drawn in the first place; to cull a mesh egui visits every vertex.
    ctx.tessellation_options_mut(|options| options.coarse_tessellation_culling = false);
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        let palette = Palette::new(theme == egui::Theme::Dark);
        ctx.style_mut_of(theme, |style| apply(style, &palette));
    }
}

/// Our own fonts, and behind them `others` (a name and a file each) for what they do not have.
pub fn install_fonts(ctx: &egui::Context, others: Vec<(String, Vec<u8>)>) {
    let mut fonts = FontDefinitions::default();
    let mut add = |name: &str, bytes: &'static [u8]| {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    };
    add("Roboto", include_bytes!("../../assets/fonts/Roboto-Regular.ttf"));
    add("Roboto Medium", include_bytes!("../../assets/fonts/Roboto-Medium.ttf"));
    // Hack has the arrows and mathematical signs that the others lack.
    let mut fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    fallback.extend(fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default());
    for (name, bytes) in others {
        fonts.font_data.insert(name.clone(), Arc::new(FontData::from_owned(bytes)));
        fallback.push(name);
    }
    let family = |first: &str| [vec![first.to_owned()], fallback.clone()].concat();
    fonts.families.insert(FontFamily::Proportional, family("Roboto"));
    fonts.families.insert(FontFamily::Name("medium".into()), family("Roboto Medium"));
    ctx.set_fonts(fonts);
}

/// Follows the user's choice.
pub fn choose(ctx: &egui::Context, theme: Theme) {
    ctx.set_theme(match theme {
        Theme::System => egui::ThemePreference::System,
        Theme::Dark => egui::ThemePreference::Dark,
        Theme::Light => egui::ThemePreference::Light,
    });
}

fn apply(style: &mut egui::Style, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Small, tick()),
        (TextStyle::Heading, medium(16.0)),
        (TextStyle::Monospace, FontId::monospace(12.0)),
    ]
    .into();
    style.spacing.item_spacing = egui::vec2(8.0, 4.0);
    style.spacing.button_padding = egui::vec2(10.0, 5.0);
    style.spacing.scroll = egui::style::ScrollStyle::thin();
    // Nothing moves when the pointer enters it, and an animation is a repaint without a reason.
    style.animation_time = 0.0;
    style.interaction.selectable_labels = false;
    style.visuals = visuals(palette);
}

fn visuals(palette: &Palette) -> Visuals {
    let mut visuals = if palette.dark { Visuals::dark() } else { Visuals::light() };
    visuals.override_text_color = Some(palette.text);
    visuals.panel_fill = palette.surface;
    visuals.window_fill = palette.raised;
    visuals.extreme_bg_color = palette.raised;
    visuals.text_edit_bg_color = Some(palette.raised);
    visuals.faint_bg_color = palette.raised;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = PANEL_RADIUS;
    visuals.menu_corner_radius = PANEL_RADIUS;
    visuals.hyperlink_color = palette.accent;
    visuals.selection.bg_fill = faded(palette.accent, 0.35);
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    let widgets = &mut visuals.widgets;
    for (widget, fill, border) in [
        (&mut widgets.noninteractive, palette.surface, palette.line),
        (&mut widgets.inactive, palette.raised, palette.line),
        (&mut widgets.hovered, palette.selected, palette.faint),
        (&mut widgets.active, palette.selected, palette.accent),
        (&mut widgets.open, palette.selected, palette.line),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, border);
        widget.fg_stroke = Stroke::new(1.0, palette.text);
        widget.corner_radius = CONTROL_RADIUS;
        widget.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours as WCAG 2 defines it.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |color: Color32| {
            let linear = egui::Rgba::from(color);
            0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_can_be_read_in_both_themes() {
        for palette in [DARK, LIGHT] {
            for ground in [palette.surface, palette.panel, palette.raised, palette.selected] {
                assert!(contrast(palette.text, ground) > 7.0);
                assert!(contrast(palette.dim, ground) > 4.5);
                assert!(contrast(palette.faint, ground) > 4.5);
                for state in [palette.live, palette.warn, palette.info, palette.bad] {
                    assert!(contrast(state, ground) > 3.0, "{state:?} on {ground:?}");
                }
            }
        }
    }
}
