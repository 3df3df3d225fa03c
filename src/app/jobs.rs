//! Jobs: work of the session in the background.

use super::App;
use crate::pool::{Job, Pool};
use crate::session::Answer;
use crate::view::palette::RankJob;
use crate::view::tree::FilterJob;
use eframe::egui;
use std::sync::Arc;

/// Threads for jobs: one of them may be busy for long.
const THREADS: usize = 2;

/// A pool that asks for a frame when a job is done.
pub(super) fn pool(ctx: &egui::Context) -> Pool {
    let ctx = ctx.clone();
    Pool::new(THREADS, move || ctx.request_repaint())
}

impl App {
    /// Hands over what is done.
    pub(super) fn take_answers(&mut self) {
        if let Some(answer) = self.filtering.as_ref().and_then(Job::answer) {
            self.filtering = None;
            self.session.answer(match answer {
                Ok(filtered) => Answer::Filtered(filtered),
                Err(why) => Answer::FilterFailed(why),
            });
        }
        if let Some(answer) = self.ranking.as_ref().and_then(Job::answer) {
            self.ranking = None;
            self.session.answer(match answer {
                Ok(ranked) => Answer::Ranked(ranked),
                Err(why) => Answer::RankFailed(why),
            });
        }
    }

    /// Runs a filter in the background; the one before is cancelled.
    pub(super) fn filter(&mut self, job: &Arc<FilterJob>) {
        let beside = Arc::clone(job);
        self.filtering = self.pool.run(move |progress| beside.run(&|part| progress.go_on(part)));
        if self.filtering.is_none()
            && let Some(filtered) = job.run(&|_| true)
        {
            // There is no room for it.
            self.session.answer(Answer::Filtered(filtered));
        }
    }

    /// Ranks names in the background; those of the text before are given up.
    pub(super) fn rank(&mut self, job: &Arc<RankJob>) {
        let beside = Arc::clone(job);
        self.ranking = self.pool.run(move |progress| beside.run(&|part| progress.go_on(part)));
        if self.ranking.is_none()
            && let Some(ranked) = job.run(&|_| true)
        {
            self.session.answer(Answer::Ranked(ranked));
        }
    }

    /// Stops what is of no use any more.
    pub(super) fn drop_unwanted(&mut self) {
        if !self.session.derived().rows.is_pending() {
            self.filtering = None;
        }
        if !self.session.derived().palette.is_pending() {
            self.ranking = None;
        }
    }
}
