//! Fonts of the system, for names in scripts that our own font does not have.
//!
//! Read only when such a name is heard: a font for Chinese, Japanese and Korean alone takes 20 MB.

use std::path::Path;

/// Where distributions put fonts that cover much, per script; the first that is there is taken.
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

/// Whether `name` has letters that our own font does not have: it covers Latin, Greek, Cyrillic,
/// and punctuation.
pub(super) fn is_foreign(name: &str) -> bool {
    name.chars().any(|c| c >= '\u{0530}' && !matches!(c, '\u{1e00}'..='\u{2bff}'))
}

/// The fonts that are there, with a name for each.
pub(super) fn of_system() -> Vec<(String, Vec<u8>)> {
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
