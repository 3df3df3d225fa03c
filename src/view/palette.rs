//! The palette: everything that has a name, found by some of its letters.
//!
//! The best [`ROWS_MAX`] are kept, so that a row costs the same among a million names. Commands
//! and hosts are ranked at once; where there are very many names the rest is a job for another
//! thread ([`RankJob`]). Results stay as they are until something else is typed: no row moves under
//! the hand.
//!
//! A kind of item is a variant of [`Item`], from which alone follows what it is called, and one of
//! [`Kind`]; an arm of `label`, of [`steps`] and of `suggested`; and a loop in [`Results::update`].

mod rank;

pub use rank::{Found, Kind, ROWS_MAX, RankJob, Ranked};

use super::Action;
use super::chord::{Chord, Key};
use super::command::{Command, Context, PALETTE, Step, Waits, commands};
use super::format;
use super::keymap::Keymap;
use super::layouts::BUILT_IN;
use super::names::LayoutSource;
use super::pick::Picking;
use super::recent::Item;
use super::selection::Scope;
use super::tree::scope_of_host;
use crate::store::{HostNode, PluginNode, Store};
use rank::{MadeFor, Ranker};

/// What was typed, and the row that the keyboard is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words; each must be found.
    pub text: String,
    /// Which of the results.
    pub row: usize,
}

/// Characters of a search. The longest name of a plugin instance of a host has 383.
pub const SEARCH_CHARS_MAX: usize = 400;
/// Rows on screen at once, and those of a page.
pub const ROWS_SHOWN: usize = 10;
/// Names that are ranked while the frame waits: about 1 ms.
pub const AT_ONCE_MAX: usize = 10_000;

impl Search {
    /// Looks for something else; the first row is chosen.
    pub(super) fn set(&mut self, text: &str) {
        let text = text.chars().take(SEARCH_CHARS_MAX).collect();
        *self = Self { text, row: 0 };
    }
}

/// The rows, and what they were made for.
#[derive(Debug, Default)]
pub struct Results {
    /// The best first.
    pub rows: Vec<Found>,
    /// All that match, also those that are not among the rows.
    pub matched: usize,
    made_for: Option<MadeFor>,
    /// What a job makes rows for, among how many names.
    pending: Option<(MadeFor, usize)>,
}

impl Results {
    /// Ranks anew if something else was typed; without any result also when something new was
    /// received. Where that takes long the rows are of commands and hosts, and a job finds the
    /// rest: see [`Results::take`].
    pub fn update(&mut self, at: &Context<'_>) -> Option<RankJob> {
        let Picking { store, view, .. } = at.picking;
        let Some(search) = &view.palette else {
            *self = Self::default();
            return None;
        };
        let made_for = MadeFor { text: search.text.clone(), series: store.revision() };
        let is_made = |made: &MadeFor| {
            made.text == made_for.text && (made.series == made_for.series || !self.rows.is_empty())
        };
        let is_coming = |(made, _): &(MadeFor, usize)| made.text == made_for.text;
        if self.pending.as_ref().is_some_and(is_coming)
            || self.made_for.as_ref().is_some_and(is_made)
        {
            return None;
        }
        self.pending = None;
        let hosts = store.index().hosts();
        let here = view.scope().map(Scope::host).cloned();
        let mut ranker = Ranker::new(&search.text, here, view.arranged(None));
        if ranker.is_idle() {
            (self.rows, self.matched) = (suggested(at, &mut ranker), 0);
            self.made_for = Some(made_for);
            return None;
        }
        for command in offered(at) {
            ranker.command(command);
        }
        for (kind, item) in others(at) {
            let name = item.name().to_owned();
            ranker.named(kind, &name, || item);
        }
        let names = hosts.iter().map(|host| 1 + host.plugins.len()).sum();
        let (hosts_left, plugins_left) = (hosts.len() > AT_ONCE_MAX, names > AT_ONCE_MAX);
        for host in hosts.iter().filter(|_| !hosts_left) {
            ranker.host(&host.name);
        }
        for host in hosts.iter().filter(|_| !plugins_left) {
            host.plugins.iter().for_each(|plugin| ranker.plugin(&host.name, plugin));
        }
        (self.rows, self.matched) = ranker.rows();
        if !plugins_left {
            self.made_for = Some(made_for);
            return None;
        }
        self.pending = Some((made_for.clone(), names));
        let Ranker { here, arranged, best, .. } = ranker;
        let hosts = store.index().shared();
        Some(RankJob { hosts, here, arranged, hosts_left, names, best, made_for })
    }

    /// Whether these rows are for what was typed, and all that there are.
    pub fn are_of(&self, search: &Search) -> bool {
        self.made_for.as_ref().is_some_and(|made| made.text == search.text)
            && self.pending.is_none()
    }

    /// Whether a job looks for more.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Accepts what a job found, unless something else was typed by now.
    pub fn take(&mut self, ranked: Ranked) {
        if self.pending.as_ref().is_some_and(|(wanted, _)| *wanted == ranked.made_for) {
            self.made_for = self.pending.take().map(|(made_for, _)| made_for);
            (self.rows, self.matched) = (ranked.rows, ranked.matched);
        }
    }

    /// The job failed: there is no more than what was found at once.
    pub fn give_up(&mut self) {
        if let Some((made_for, _)) = self.pending.take() {
            self.made_for = Some(made_for);
        }
    }

    /// What is to be known of the rows beside themselves; empty: nothing.
    pub fn note(&self) -> String {
        let count = |n: usize| format::count(u64::try_from(n).unwrap_or(u64::MAX));
        if let Some((_, names)) = &self.pending {
            return format!("Searching {} names …", count(*names));
        }
        match self.rows.len() {
            0 => "Nothing matches".to_owned(),
            shown if shown < self.matched => {
                format!("The best {} of {} matches", count(shown), count(self.matched))
            }
            _ => String::new(),
        }
    }

    /// The row after a key that moves, from `row`.
    pub fn moved(&self, row: usize, press: Press) -> usize {
        let last = self.rows.len().saturating_sub(1);
        match press {
            Press::Up => row.saturating_sub(1),
            Press::Down => row.saturating_add(1),
            Press::PageUp => row.saturating_sub(ROWS_SHOWN),
            Press::PageDown => row.saturating_add(ROWS_SHOWN),
            Press::First => 0,
            Press::Last => last,
            Press::Choose | Press::Close => row,
        }
        .min(last)
    }
}

/// What a key does in the palette that does not belong to its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Do what the row leads to.
    Choose,
    /// Close the palette.
    Close,
}

impl Press {
    /// What `chord` does; none: it belongs to the text.
    pub fn of(chord: Chord, keymap: &Keymap) -> Option<Self> {
        if keymap.asks_anywhere(&PALETTE, chord) {
            return Some(Self::Close);
        }
        if chord != Chord::plain(chord.key) {
            return None;
        }
        Some(match chord.key {
            Key::Up => Self::Up,
            Key::Down => Self::Down,
            Key::PageUp => Self::PageUp,
            Key::PageDown => Self::PageDown,
            Key::Home => Self::First,
            Key::End => Self::Last,
            Key::Enter => Self::Choose,
            Key::Escape => Self::Close,
            _ => return None,
        })
    }
}

/// What choosing `item` does: what it leads to, with the palette closed before. `at` is as if the
/// keyboard belonged to the canvas.
pub fn steps(item: &Item, at: &Context<'_>) -> Vec<Step> {
    let does = match item {
        Item::Command(id) => {
            let command = offered(at).find(|command| command.id == *id);
            command.map(|command| command.steps(at)).unwrap_or_default()
        }
        Item::Scope(scope) => at.picking.show(scope).into_iter().map(Step::Do).collect(),
        Item::Tab(id, _) => vec![Step::Do(Action::ShowTab(*id))],
        Item::Layout(name) => {
            vec![Step::Do(Action::OpenLayout(LayoutSource::Named(name.clone())))]
        }
        Item::BuiltIn(name) => vec![Step::Do(Action::OpenBuiltIn(name))],
    };
    [Step::Do(Action::Choose(item.clone()))].into_iter().chain(does).collect()
}

/// Whether choosing `item` has to wait until the rows of the sidebar are up to date.
pub fn waits_for_rows(item: &Item) -> bool {
    let named = |id: &str| commands().find(|command| command.id == id);
    match item {
        Item::Command(id) => named(id).is_some_and(|command| command.waits == Waits::ForRows),
        _ => false,
    }
}

/// The commands that would do something, the one that opens the palette aside.
fn offered<'a>(at: &'a Context<'_>) -> impl Iterator<Item = &'static Command> + 'a {
    commands().filter(|command| command.id != PALETTE.id && command.applies(at))
}

/// The tabs that are not on screen, and the layouts.
fn others<'a>(at: &'a Context<'_>) -> impl Iterator<Item = (Kind, Item)> + 'a {
    let view = at.picking.view;
    let shown = view.tab().id;
    let tabs = view.workspace.tabs().iter().filter(move |tab| tab.id != shown);
    let tabs = tabs.map(|tab| (Kind::Tab, Item::Tab(tab.id, tab.title(view.aliases()))));
    let names = view.layouts.names.iter();
    let is_saved = |name: &str| view.layouts.names.iter().any(|known| known == name);
    let built_in = BUILT_IN.iter().map(|(name, _)| *name).filter(move |name| !is_saved(name));
    let layouts = names.map(|name| Item::Layout(name.clone())).chain(built_in.map(Item::BuiltIn));
    tabs.chain(layouts.map(|item| (Kind::Layout, item)))
}

/// What is shown before something was typed: what was chosen lately, commands, hosts.
fn suggested(at: &Context<'_>, ranker: &mut Ranker) -> Vec<Found> {
    let Picking { store, view, .. } = at.picking;
    let is_there = |item: &&Item| match item {
        Item::Command(id) => offered(at).any(|command| command.id == *id),
        Item::Scope(scope) => is_known(store, scope),
        item => others(at).any(|(_, other)| other == **item),
    };
    let recent = view.recent.items();
    let commands = offered(at).map(|command| Item::Command(command.id));
    let hosts = view.arranged(None).listed(store.index().hosts().iter(), |host| &host.name);
    let hosts = hosts.into_iter().map(|(_, host)| Item::Scope(scope_of_host(host)));
    let others = commands.chain(hosts).filter(|item| !recent.contains(item));
    let all = recent.iter().filter(is_there).cloned().chain(others);
    all.take(ROWS_MAX).map(|item| ranker.found(item)).collect()
}

fn is_known(store: &Store, scope: &Scope) -> bool {
    let host = store.index().host(scope.host());
    match scope {
        Scope::Host(_) => host.is_some(),
        Scope::Plugin { plugin, instance, .. } => {
            let is_it = |node: &PluginNode| node.plugin == *plugin && node.instance == *instance;
            host.is_some_and(|host: &HostNode| host.plugins.iter().any(is_it))
        }
    }
}
