//! The fields of a `PUTVAL` line: blanks between them, double quotes around blanks.
//!
//! Quotes may begin in the middle of a field (`meta:a="b c"`) and end it; inside them a backslash
//! stands before a quote or another backslash, outside it is a character like any other.

use super::problem::{LineError, Problem};
use std::borrow::Cow;
use std::ops::Range;

/// `isspace` of the C locale.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field<'a> {
    /// Where it stands in the line, quotes included.
    pub(super) raw: Range<usize>,
    /// Without quotes and backslashes.
    pub(super) text: Cow<'a, [u8]>,
}

/// Yields field after field, and stops after the first error.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    pub(super) line: &'a [u8],
    /// Where the next field is looked for.
    pub(super) at: usize,
}

/// A byte of a field, the end of its quotes or of the line.
enum Step {
    Open,
    Close,
    Byte { byte: u8, width: usize },
    Blank,
    End,
}

/// What stands at `at`, quoted or not.
fn step(line: &[u8], at: usize, quoted: bool) -> Step {
    match (line.get(at).copied(), quoted) {
        (None, _) => Step::End,
        (Some(b'"'), false) => Step::Open,
        (Some(b'"'), true) => Step::Close,
        (Some(b'\\'), true) => match line.get(at + 1) {
            Some(&byte) => Step::Byte { byte, width: 2 },
            None => Step::End,
        },
        (Some(byte), false) if is_blank(byte) => Step::Blank,
        (Some(byte), _) => Step::Byte { byte, width: 1 },
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.line;
        while line.get(self.at).is_some_and(|&byte| is_blank(byte)) {
            self.at += 1;
        }
        let start = self.at;
        if start >= line.len() {
            return None;
        }
        let (mut opened, mut text) = (None, Vec::new());
        loop {
            match step(line, self.at, opened.is_some()) {
                Step::Open => opened = Some(self.at),
                Step::Byte { byte, width } => {
                    text.push(byte);
                    self.at += width;
                    continue;
                }
                Step::Close => {
                    self.at += 1;
                    if line.get(self.at).is_some_and(|&byte| !is_blank(byte)) {
                        let error = LineError::new(self.at, Problem::NoBlankBehindQuote);
                        self.at = line.len();
                        return Some(Err(error));
                    }
                    break;
                }
                Step::Blank => break,
                Step::End => {
                    if let Some(opened) = opened {
                        self.at = line.len();
                        return Some(Err(LineError::new(opened, Problem::Unterminated)));
                    }
                    break;
                }
            }
            self.at += 1;
        }
        let raw = start..self.at;
        let text = match line.get(raw.clone()) {
            Some(same) if same == text => Cow::Borrowed(same),
            _ => Cow::Owned(text),
        };
        Some(Ok(Field { raw, text }))
    }
}

impl Field<'_> {
    /// Where in `line` the byte at `index` of its text stands.
    pub(super) fn offset(&self, line: &[u8], index: usize) -> usize {
        let (mut at, mut quoted, mut left) = (self.raw.start, false, index);
        while at < self.raw.end {
            match step(line, at, quoted) {
                Step::Open => quoted = true,
                Step::Byte { .. } if left == 0 => return at,
                Step::Byte { width, .. } => {
                    left -= 1;
                    at += width;
                    continue;
                }
                Step::Close | Step::Blank | Step::End => return at,
            }
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Result<Vec<String>, String> {
        Fields { line: line.as_bytes(), at: 0 }
            .map(|field| field.map(|field| String::from_utf8_lossy(&field.text).into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        assert_eq!(
            texts(line).as_deref(),
            Ok(&expected.iter().map(|&s| s.into()).collect::<Vec<_>>()[..])
        );
    }

    #[test]
    fn blanks_of_every_kind_part_fields() {
        check("", &[]);
        check(" \t ", &[]);
        check("a b\tc\x0bd  e ", &["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn quotes_keep_blanks() {
        check("\"a b\" c", &["a b", "c"]);
        check("\"\" \"  \"", &["", "  "]);
    }

    #[test]
    fn quotes_may_begin_inside_a_field() {
        check("k=\"a b\" c", &["k=a b", "c"]);
        check("N:\"1\"", &["N:1"]);
    }

    #[test]
    fn a_backslash_counts_inside_quotes_only() {
        check(r#""a\"b\\c\d" e\f"#, &["a\"b\\cd", "e\\f"]);
    }

    #[test]
    fn open_quotes_are_told_where_they_open() {
        for line in ["a \"b c", "a \"b\\", "a \"b\\\"", "a \""] {
            let told = "column 3: the double quote is never closed".to_owned();
            assert_eq!(texts(line), Err(told), "{line}");
        }
    }

    #[test]
    fn what_follows_a_closing_quote_must_be_a_blank() {
        let told = "column 4: no blank behind the closing quote; put all of it in double quotes"
            .to_owned();
        assert_eq!(texts("\"a\"b"), Err(told.clone()));
        assert_eq!(texts("\"a\"\"b\""), Err(told));
    }

    #[test]
    fn offsets_point_into_the_line_as_written() {
        let line = br#"x "a\"b c" d"#;
        let fields: Vec<_> = Fields { line, at: 0 }.collect::<Result<_, _>>().unwrap();
        let offsets: Vec<usize> = (0..6).map(|index| fields[1].offset(line, index)).collect();
        assert_eq!(offsets, [3, 4, 6, 7, 8, 9]);
        assert_eq!(fields[2].offset(line, 0), 11);
    }
}
