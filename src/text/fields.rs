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
    /// Its place in the line, quotes included.
    pub(super) raw: Range<usize>,
    /// Its text without quotes and backslashes.
    pub(super) text: Cow<'a, [u8]>,
}

/// Yields field after field, and stops after the first error.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    pub(super) line: &'a [u8],
    /// Offset from which the next field is looked for.
    pub(super) at: usize,
}

/// A byte of a field, the end of its quotes or of the line.
enum Token {
    OpenQuote,
    CloseQuote,
    Byte { byte: u8, width: usize },
    Blank,
    End,
}

/// The token at `at`, inside quotes or not.
fn token(line: &[u8], at: usize, quoted: bool) -> Token {
    match (line.get(at).copied(), quoted) {
        (None, _) => Token::End,
        (Some(b'"'), false) => Token::OpenQuote,
        (Some(b'"'), true) => Token::CloseQuote,
        (Some(b'\\'), true) => match line.get(at + 1) {
            Some(&byte) => Token::Byte { byte, width: 2 },
            None => Token::End,
        },
        (Some(byte), false) if is_blank(byte) => Token::Blank,
        (Some(byte), _) => Token::Byte { byte, width: 1 },
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
            match token(line, self.at, opened.is_some()) {
                Token::OpenQuote => opened = Some(self.at),
                Token::Byte { byte, width } => {
                    text.push(byte);
                    self.at += width;
                    continue;
                }
                Token::CloseQuote => {
                    self.at += 1;
                    if line.get(self.at).is_some_and(|&byte| !is_blank(byte)) {
                        let error = LineError::new(self.at, Problem::NoBlankBehindQuote);
                        self.at = line.len();
                        return Some(Err(error));
                    }
                    break;
                }
                Token::Blank => break,
                Token::End => {
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
    /// Offset in `line` of the byte at `index` of its text.
    pub(super) fn offset(&self, line: &[u8], index: usize) -> usize {
        let (mut at, mut quoted, mut left) = (self.raw.start, false, index);
        while at < self.raw.end {
            match token(line, at, quoted) {
                Token::OpenQuote => quoted = true,
                Token::Byte { .. } if left == 0 => return at,
                Token::Byte { width, .. } => {
                    left -= 1;
                    at += width;
                    continue;
                }
                Token::CloseQuote | Token::Blank | Token::End => return at,
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
    fn open_quotes_are_reported_where_they_open() {
        for line in ["a \"b c", "a \"b\\", "a \"b\\\"", "a \""] {
            let message = "column 3: the double quote is never closed".to_owned();
            assert_eq!(texts(line), Err(message), "{line}");
        }
    }

    #[test]
    fn a_blank_must_follow_a_closing_quote() {
        let message =
            "column 4: no blank behind the closing quote; put the whole field in double quotes"
                .to_owned();
        assert_eq!(texts("\"a\"b"), Err(message.clone()));
        assert_eq!(texts("\"a\"\"b\""), Err(message));
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
