//! Lines of a text: in which of them something stands.

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// Of `text`. Looked through once: a file may have a mistake in every line.
    pub(crate) fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self([0].into_iter().chain(ends.map(|(at, _)| at + 1)).collect())
    }

    /// The line in which the byte at `at` stands, from 1; the last one behind the end.
    pub(crate) fn line_at(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_stands_in_the_line_that_began_last() {
        let lines = Lines::of("ab\n\ncd\n");
        let all: Vec<_> = (0..9).map(|at| lines.line_at(at)).collect();
        assert_eq!(all, [1, 1, 1, 2, 3, 3, 3, 4, 4]);
        assert_eq!(Lines::of("").line_at(5), 1);
    }
}
