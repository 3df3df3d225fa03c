//! Fonts of the system, for names in scripts that our own font does not have.
//!
//! Read only when such a name was received: one for Chinese, Japanese and Korean has 20 MB.

use super::App;
use crate::metric::Identifier;
use crate::ui::theme;
use eframe::egui;
use std::path::Path;

/// Where distributions put fonts that cover much, per script; the first that exists is used.
const CANDIDATES: [&[&str]; 4] = [
    // Chinese, Japanese, Korean.
    &[
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
        "/usr/share/fonts/wenquanyi/wqy-zenhei/wqy-zenhei.ttc",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    ],
    // Arabic.
    &[
        "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
        "/usr/share/fonts/google-noto/NotoSansArabic-Regular.ttf",
        "/usr/share/fonts/noto/NotoSansArabic-Regular.ttf",
    ],
    // Hebrew.
    &[
        "/usr/share/fonts/truetype/noto/NotoSansHebrew-Regular.ttf",
        "/usr/share/fonts/google-noto/NotoSansHebrew-Regular.ttf",
        "/usr/share/fonts/noto/NotoSansHebrew-Regular.ttf",
    ],
    // Much of the rest, some of each.
    &[
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
    ],
];

/// Of fewer series all are looked at when some came: below a millisecond.
const ALL_BELOW: usize = 20_000;

impl App {
    /// Names in scripts that our font does not have get a font of the system, once.
    pub(super) fn fonts(&mut self, ctx: &egui::Context) {
        let (store, looked_at) = (self.session.store(), self.fonts_for);
        let now = (store.usage().series, store.notifications().counts().total());
        if self.fonts_asked || looked_at == now {
            return;
        }
        self.fonts_for = now;
        // Those that came stand last, unless places of others became free.
        let came = now.0.saturating_sub(looked_at.0);
        let came = if now.0 < ALL_BELOW { now.0 } else { came };
        let series = store.ids().rev().take(came).filter_map(|id| store.series(id));
        let newest = store.notifications().iter().rev();
        let mut newest = newest.take_while(|noted| noted.number >= looked_at.1);
        let names = |id: &Identifier| {
            let names = [&id.host, &id.plugin, &id.plugin_instance, &id.type_, &id.type_instance];
            names.into_iter().any(|name| is_foreign(name))
        };
        let foreign = series.into_iter().any(|series| names(&series.identifier))
            || newest.any(|noted| {
                let said = &noted.notification;
                names(&said.identifier) || is_foreign(&said.message)
            });
        if foreign {
            self.fonts_asked = true;
            theme::install_fonts(ctx, of_system());
        }
    }
}

/// Whether `name` has letters that our own font does not have: it covers Latin, Greek, Cyrillic,
/// and punctuation.
fn is_foreign(name: &str) -> bool {
    name.chars().any(|c| c >= '\u{0530}' && !matches!(c, '\u{1e00}'..='\u{2bff}'))
}

/// The fonts that are there, with a name for each.
fn of_system() -> Vec<(String, Vec<u8>)> {
    let read = |path: &&str| Some(((*path).to_owned(), std::fs::read(Path::new(path)).ok()?));
    CANDIDATES.iter().filter_map(|paths| paths.iter().find_map(read)).collect()
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn only_scripts_that_are_missing_are_foreign() {
        for name in ["web-01", "größe", "сервер", "διακομιστής", "a–b", "°C"]
        {
            assert!(!is_foreign(name), "{name}");
        }
        for name in ["日本", "서버", "سرور", "שרת", "🚀"] {
            assert!(is_foreign(name), "{name}");
        }
    }
}
