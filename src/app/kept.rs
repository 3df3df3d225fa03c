//! Files that the window writes again and again: what to say when that fails, and when it works
//! again.

use std::io::{self, Write as _};

/// Whether a file could be written last time.
#[derive(Debug, Default)]
pub(super) struct Kept {
    failing: bool,
    /// What was said last, so that only one sentence about a file stands among all messages.
    said: Option<String>,
}

impl Kept {
    /// Adds to `messages` what a person should know: once that it fails, once that it does no
    /// more.
    pub(super) fn note(
        &mut self,
        outcome: Result<(), String>,
        again: impl FnOnce() -> String,
        messages: &mut Vec<String>,
    ) {
        if outcome.is_err() == self.failing {
            return;
        }
        self.failing = outcome.is_err();
        let text = outcome.err().unwrap_or_else(again);
        // Also for whoever starts the window from a script; nobody may be reading it.
        let _ = writeln!(io::stderr(), "collectoscope: {text}");
        messages.retain(|message| Some(message) != self.said.as_ref());
        messages.push(text.clone());
        self.said = Some(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_said_once_and_its_end_too() {
        let (mut kept, mut messages) = (Kept::default(), vec!["other".to_owned()]);
        let mut note = |outcome: Result<(), &str>| {
            let outcome = outcome.map_err(str::to_owned);
            kept.note(outcome, || "again".into(), &mut messages);
            messages.clone()
        };
        assert_eq!(note(Ok(())), ["other"]);
        for _ in 0..3 {
            assert_eq!(note(Err("full")), ["other", "full"]);
        }
        assert_eq!(note(Ok(())), ["other", "again"]);
        assert_eq!(note(Err("gone")), ["other", "gone"]);
    }
}
