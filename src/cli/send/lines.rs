//! Bytes as they come to lines with their numbers, each of bounded length.

/// The longest line that is read: a `PUTVAL` of the longest names with 63 values has 2.3 KiB, and
/// may hold several lists.
pub(super) const LINE_MAX_BYTES: usize = 64 * 1024;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Without its newline.
    Text(&'a [u8]),
    /// Longer than [`LINE_MAX_BYTES`]; nothing of it is kept.
    TooLong,
}

/// Keeps the line that is not complete yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// At most [`LINE_MAX_BYTES`].
    begun: Vec<u8>,
    is_too_long: bool,
    /// Of the last complete line, from 1.
    number: u64,
}

impl Lines {
    /// Takes `bytes` and hands over the lines they complete, with their numbers.
    pub(super) fn feed(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(u64, Line<'_>)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let (line, rest) = bytes.split_at_checked(end).unwrap_or_default();
            self.add(line);
            self.hand_over(take);
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.add(bytes);
    }

    /// Hands over the last line, when it has no newline.
    pub(super) fn finish(&mut self, take: &mut dyn FnMut(u64, Line<'_>)) {
        if !self.begun.is_empty() || self.is_too_long {
            self.hand_over(take);
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.is_too_long || self.begun.len() + bytes.len() > LINE_MAX_BYTES {
            self.is_too_long = true;
            self.begun.clear();
        } else {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn hand_over(&mut self, take: &mut dyn FnMut(u64, Line<'_>)) {
        self.number += 1;
        take(self.number, if self.is_too_long { Line::TooLong } else { Line::Text(&self.begun) });
        self.begun.clear();
        self.is_too_long = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        let (mut lines, mut all) = (Lines::default(), Vec::new());
        let mut take = |number, line: Line<'_>| {
            all.push((
                number,
                match line {
                    Line::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
                    Line::TooLong => None,
                },
            ));
        };
        for piece in pieces {
            lines.feed(piece, &mut take);
        }
        lines.finish(&mut take);
        all
    }

    fn some(number: u64, text: &str) -> (u64, Option<String>) {
        (number, Some(text.into()))
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let whole = [some(1, "one"), some(2, ""), some(3, "three")];
        assert_eq!(read(&[b"one\n\nthree\n"]), whole);
        assert_eq!(read(&[b"o", b"ne", b"\n\nthr", b"", b"ee", b"\n"]), whole);
    }

    #[test]
    fn the_last_line_needs_no_newline() {
        assert_eq!(read(&[b"one\ntwo"]), [some(1, "one"), some(2, "two")]);
        assert_eq!(read(&[b""]), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_counted_and_the_next_one_is_whole() {
        let longest = "x".repeat(LINE_MAX_BYTES);
        let too_long = "x".repeat(LINE_MAX_BYTES + 1);
        let text = format!("{longest}\n{too_long}\nnext\n{too_long}");
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(1_000).collect();
        assert_eq!(read(&pieces), [some(1, &longest), (2, None), some(3, "next"), (4, None)]);
    }
}
