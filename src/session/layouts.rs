//! Layouts: what is asked of the outside to save, open and keep them, and what comes back.

use super::{Answer, Effect, Session};
use crate::metric::Interval;
use crate::store::Mode;
use crate::view::Action;
use crate::view::layout_file::{print, read};
use crate::view::layouts::{SaveOutcome, bad_name, built_in};
use crate::view::names::LayoutSource;
use crate::view::workspace::Workspace;

/// Tabs, the place of the one on screen, and how each is looked at: width, mode and filter.
type State = (Workspace, usize, Vec<(Interval, Mode, String)>);

/// The workspace as it was kept last.
#[derive(Debug)]
pub(super) struct Kept {
    /// None: it is not kept.
    last: Option<State>,
}

impl Kept {
    pub(super) fn new(is_kept: bool, workspace: &Workspace) -> Self {
        Self { last: is_kept.then(|| state(workspace)) }
    }

    /// Whether the workspace, whose tab on screen is to be this wide, is another one by now.
    fn is_new(&self, workspace: &Workspace, width: Interval) -> bool {
        let Some((kept, shown, looks)) = &self.last else { return false };
        let looks_now = looks_of(workspace).enumerate().map(|(place, (now, mode, filter))| {
            (if place == workspace.active_place() { width } else { now }, mode, filter)
        });
        let looks = looks.iter().map(|(width, mode, filter)| (*width, *mode, filter.as_str()));
        let is_same = kept.is_same_choice(workspace)
            && *shown == workspace.active_place()
            && looks.eq(looks_now);
        !is_same
    }
}

/// How the tabs are looked at, as far as it is kept.
fn looks_of(workspace: &Workspace) -> impl Iterator<Item = (Interval, Mode, &str)> {
    workspace.tabs().iter().map(|tab| {
        let filter = tab.canvas.fleet().map_or("", |fleet| fleet.filter.text());
        (tab.window.width(), tab.mode, filter)
    })
}

fn state(workspace: &Workspace) -> State {
    let looks = looks_of(workspace).map(|(width, mode, filter)| (width, mode, filter.to_owned()));
    (workspace.clone(), workspace.active_place(), looks.collect())
}

impl Session {
    /// Whether the tabs are kept for the next start.
    pub fn keeps_workspace(&self) -> bool {
        self.kept.last.is_some()
    }

    /// Asks to keep the tabs, if they are others by now.
    pub(super) fn keep_workspace(&mut self) {
        // Not the width on its way, but the one that is wanted.
        let wanted = self.width.wanted(self.view.window());
        if self.kept.is_new(&self.view.workspace, wanted) {
            let mut workspace = self.view.workspace.clone();
            workspace.active_mut().window.fit(wanted);
            self.kept.last = Some(state(&workspace));
            self.effects.push(Effect::KeepWorkspace(print(&workspace)));
        }
    }

    /// Asks for what an action wants of the layouts on disk.
    pub(super) fn ask_about_layouts(&mut self, action: &Action) {
        match action {
            Action::SaveLayout { source, anyway } => self.save_layout(source.clone(), *anyway),
            Action::OpenLayout(source) => self.effects.push(Effect::LoadLayout(source.clone())),
            Action::OpenBuiltIn(name) => {
                if let Some(read) = built_in(name) {
                    self.view.open(read.workspace);
                    self.width.follow(&mut self.view.workspace, false);
                    let source = LayoutSource::Named((*name).to_owned());
                    self.view.layouts.opened(source, None, &self.view.workspace);
                }
            }
            Action::DeleteLayout(name) => self.effects.push(Effect::DeleteLayout(name.clone())),
            _ => {}
        }
    }

    fn save_layout(&mut self, source: Option<LayoutSource>, anyway: bool) {
        let Some(source) = source.or_else(|| self.view.layouts.source().cloned()) else {
            return self.say("cannot save the layout: give it a name first".into());
        };
        if let LayoutSource::Named(name) = &source
            && let Some(why) = bad_name(name)
        {
            return self.say(format!("cannot save the layout: {why}"));
        }
        let text = print(&self.view.workspace);
        self.saving = Some((text.clone(), self.view.workspace.clone()));
        let was = self.view.layouts.on_disk(&source);
        self.effects.push(if anyway {
            Effect::ReplaceLayout { source, text }
        } else {
            Effect::SaveLayout { source, text, was }
        });
    }

    /// Shows the tabs of a layout, and says what of it was left out.
    pub(super) fn open_layout(&mut self, source: LayoutSource, text: String) {
        let layout = read(&text);
        for problem in &layout.problems {
            self.say(format!("layout: {problem}, in {}", source.name()));
        }
        self.view.open(layout.workspace);
        self.width.follow(&mut self.view.workspace, false);
        self.view.layouts.opened(source, Some(text), &self.view.workspace);
    }

    /// Takes in what the outside did with layouts.
    pub(super) fn answer_about_layouts(&mut self, answer: Answer) {
        match answer {
            Answer::LayoutNames(names) => self.view.layouts.names = names,
            Answer::LayoutSaved { source, text, outcome } => match outcome {
                SaveOutcome::Saved => {
                    // What was changed while it was written is not saved.
                    let saving = self.saving.as_ref().filter(|(saving, _)| *saving == text);
                    let saved = saving.map_or(&self.view.workspace, |(_, saved)| saved);
                    self.view.layouts.opened(source, Some(text), saved);
                }
                SaveOutcome::ChangedOnDisk => {
                    let name = source.name();
                    self.view.layouts.changed_on_disk = Some(source);
                    self.say(format!(
                        "the layout \"{name}\" was not saved: its file holds something else; \
                         open it, or save anyway"
                    ));
                }
                SaveOutcome::Failed(why) => self.say(why),
            },
            Answer::LayoutLoaded(source, Ok(text)) => self.open_layout(source, text),
            Answer::LayoutLoaded(_, Err(why)) | Answer::LayoutDeleted(_, Err(why)) => {
                self.say(why);
            }
            Answer::LayoutDeleted(name, Ok(())) => self.view.layouts.deleted(&name),
            _ => debug_assert!(false, "not about layouts"),
        }
    }
}
