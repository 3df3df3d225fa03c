//! Counts in words: a number with what is counted, one or many.

/// `1 byte`, `2 bytes`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

/// `noun` as it stands behind `count`.
pub fn plural(count: u64, noun: &str) -> String {
    format!("{noun}{}", if count == 1 { "" } else { "s" })
}
