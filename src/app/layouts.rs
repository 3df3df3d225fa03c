//! Layouts on disk: written and read in the background, so that no frame waits for a slow disk.

use super::kept::Kept;
use super::{App, SAVE_AFTER};
use crate::layouts::{Keeper, LayoutFiles};
use crate::pool::Job;
use crate::session::{Answer, Effect};
use std::collections::VecDeque;
use std::time::Instant;

/// What is kept where, and what is on its way.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    files: Option<LayoutFiles>,
    /// The workspace is this window's to write.
    keeper: Option<Keeper>,
    listed: bool,
    /// The workspace that is to be written, and since when.
    workspace: Option<(String, Instant)>,
    /// The one that is being written.
    writing: Option<(String, Job<Result<(), String>>)>,
    kept: Kept,
    /// In the order in which they were asked.
    jobs: VecDeque<Job<Vec<Answer>>>,
}

impl Layouts {
    pub(super) fn new(files: Option<LayoutFiles>, keeper: Option<Keeper>) -> Self {
        Self { files, keeper, ..Self::default() }
    }
}

impl App {
    /// Performs what is about layouts.
    pub(super) fn about_layouts(&mut self, effect: Effect) {
        if let Effect::KeepWorkspace(text) = effect {
            let since = self.layouts.workspace.as_ref().map_or_else(Instant::now, |(_, at)| *at);
            self.layouts.workspace = Some((text, since));
            return;
        }
        let Some(files) = self.layouts.files.clone() else {
            let why = "cannot keep layouts: no home folder is known; set HOME".to_owned();
            self.session.messages.push(why);
            return;
        };
        let job = self.pool.run(move |_| Some(answers(&files, effect)));
        match job {
            Some(job) => self.layouts.jobs.push_back(job),
            None => self.session.messages.push("too much to do at once; try again".to_owned()),
        }
    }

    /// Takes what came back, and writes the workspace some time after it changed.
    pub(super) fn keep_layouts(&mut self) {
        if !self.layouts.listed {
            self.layouts.listed = true;
            if self.session.keeps_workspace() {
                self.take_workspace();
            }
            if let Some(files) = self.layouts.files.clone() {
                let list = move |_: &_| Some(vec![Answer::LayoutNames(files.names())]);
                self.layouts.jobs.extend(self.pool.run(list));
            }
        }
        while let Some(answer) = self.layouts.jobs.front().and_then(Job::answer) {
            self.layouts.jobs.pop_front();
            match answer {
                Ok(answers) => answers.into_iter().for_each(|answer| self.session.answer(answer)),
                Err(why) => self.session.messages.push(format!("a layout failed: {why}")),
            }
        }
        let outcome = self.layouts.writing.as_ref().and_then(|(_, job)| job.answer());
        if let Some(outcome) = outcome {
            let text = self.layouts.writing.take().map(|(text, _)| text);
            let outcome = outcome.unwrap_or_else(Err);
            if outcome.is_err() && self.layouts.workspace.is_none() {
                // The disk may have room again by then.
                self.layouts.workspace = text.map(|text| (text, Instant::now()));
            }
            self.note_workspace(outcome);
        }
        let is_due =
            self.layouts.workspace.as_ref().is_some_and(|(_, at)| at.elapsed() >= SAVE_AFTER);
        if is_due && self.layouts.writing.is_none() {
            let Some(files) = self.layouts.files.clone() else { return };
            let Some((text, _)) = self.layouts.workspace.take() else { return };
            if !self.take_workspace() {
                // The other window may be closed by then.
                self.layouts.workspace = Some((text, Instant::now()));
                return;
            }
            let kept = text.clone();
            match self.pool.run(move |_| Some(files.save_workspace(&text))) {
                Some(job) => self.layouts.writing = Some((kept, job)),
                None => self.layouts.workspace = Some((kept, Instant::now())),
            }
        }
    }

    /// Writes the workspace at once: the program ends, or may soon.
    pub(super) fn save_workspace(&mut self) {
        // What is being written is older, and must not come later.
        if let Some((text, job)) = self.layouts.writing.take() {
            let outcome = job.wait().map_or(Ok(()), |outcome| outcome.unwrap_or_else(Err));
            if outcome.is_err() {
                self.layouts.workspace.get_or_insert_with(|| (text, Instant::now()));
            }
            self.note_workspace(outcome);
        }
        let Some(files) = self.layouts.files.clone() else { return };
        if self.layouts.workspace.is_some() && !self.take_workspace() {
            return;
        }
        if let Some((text, _)) = self.layouts.workspace.take() {
            let outcome = files.save_workspace(&text);
            self.note_workspace(outcome);
        }
    }

    /// Whether the workspace is this window's to write; takes it where no other one has it.
    fn take_workspace(&mut self) -> bool {
        let Some(files) = &self.layouts.files else { return false };
        if self.layouts.keeper.is_none() {
            self.layouts.keeper = files.keep_workspace();
            if self.layouts.keeper.is_none() {
                let why = "the tabs of this window are not kept for the next start: those of \
                           another one that is open are; save these as a layout";
                self.note_workspace(Err(why.to_owned()));
            }
        }
        self.layouts.keeper.is_some()
    }

    fn note_workspace(&mut self, outcome: Result<(), String>) {
        let Some(files) = &self.layouts.files else { return };
        let path = files.workspace_path();
        let again = || format!("the workspace is saved again, in {}", path.display());
        self.layouts.kept.note(outcome, again, &mut self.session.messages);
    }
}

/// Does it, on another thread.
fn answers(files: &LayoutFiles, effect: Effect) -> Vec<Answer> {
    let answer = match effect {
        Effect::SaveLayout { source, text, was } => {
            let outcome = files.save(&source, &text, was.as_deref());
            Answer::LayoutSaved { source, text, outcome }
        }
        Effect::ReplaceLayout { source, text } => {
            let outcome = files.replace(&source, &text);
            Answer::LayoutSaved { source, text, outcome }
        }
        Effect::LoadLayout(source) => {
            let text = files.load(&source);
            Answer::LayoutLoaded(source, text)
        }
        Effect::DeleteLayout(name) => {
            let outcome = files.delete(&name);
            Answer::LayoutDeleted(name, outcome)
        }
        _ => return Vec::new(),
    };
    vec![answer, Answer::LayoutNames(files.names())]
}
