//! History: what the workspace was before each of the last changes, and after those taken back.
//!
//! One gesture is one step. Time is not kept here: it has its own way back. Which layout is open
//! goes back with the step that opened another, so that tabs are saved where they came from; saving
//! is no step.

use super::layouts::Open;
use super::workspace::Workspace;
use std::collections::VecDeque;
use std::sync::Arc;

/// Changes that can be taken back.
pub const STEPS_MAX: usize = 100;

/// Steps back and forth.
#[derive(Clone, Debug, Default)]
pub struct History {
    past: VecDeque<Known>,
    future: Vec<Known>,
    last: Step,
}

/// The tabs, and the layout that is open if the step is about that, too.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) workspace: Workspace,
    pub(super) layout: Option<Option<Arc<Open>>>,
}

impl Known {
    /// Changes places with a step: this is what it leads back from, and what is returned where it
    /// leads to.
    fn go(mut self, step: Self) -> (Self, Self) {
        let workspace = self.workspace.with_choices_of(&step.workspace);
        if step.layout.is_none() {
            self.layout = None;
        }
        (self, Self { workspace, ..step })
    }
}

/// What a change belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    /// Itself.
    #[default]
    Own,
    /// A drag, which makes many changes.
    Gesture(u64),
}

impl History {
    /// Remembers what the workspace was before a change.
    pub(super) fn record(&mut self, before: Known, step: Step) {
        let joins = match self.last {
            Step::Own => false,
            Step::Gesture(_) => step == self.last,
        };
        self.last = step;
        self.future.clear();
        if joins {
            return;
        }
        if self.past.len() == STEPS_MAX {
            self.past.pop_front();
        }
        self.past.push_back(before);
    }

    /// What `now` was before the last change.
    pub(super) fn undo(&mut self, now: Known) -> Option<Known> {
        let before = self.past.pop_back()?;
        self.last = Step::Own;
        let (now, back) = now.go(before);
        self.future.push(now);
        Some(back)
    }

    /// What `now` was before the last change was taken back.
    pub(super) fn redo(&mut self, now: Known) -> Option<Known> {
        let after = self.future.pop()?;
        let (now, again) = now.go(after);
        self.past.push_back(now);
        Some(again)
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether something was taken back.
    pub const fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}
