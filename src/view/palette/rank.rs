//! Rank: names by how well they match what was typed.
//!
//! Every word must be found, its letters in order and, best, beside one another and where a word
//! begins. Among equals the first [`Kind`] comes first, then the short name, then the order of the
//! tree. Knows nothing of what was chosen, or of a screen.

use super::super::aliases::Aliases;
use super::super::arrangement::Arranged;
use super::super::command::{Command, commands};
use super::super::hidden::Hidden;
use super::super::recent::Item;
use super::super::selection::Scope;
use crate::metric::display_safe;
use crate::store::PluginNode;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

/// Results that are kept: who has to scroll further types another letter.
pub const ROWS_MAX: usize = 100;
/// Names after which a job says how far it is and asks whether to go on: below 1 ms.
const NAMES_AT_ONCE: usize = 4_096;
/// A match among the other words of a command is worth so much less than one in its title: a
/// letter.
const WORDS_LESS: u32 = 16;
/// Letters beside one another are worth 20 each wherever they stand, but the first of a word 16.
/// Gaps cost, and beginnings of words earn. What is worth less than this for each letter, and two
/// less for each word, is scattered about a name by chance.
const LETTER_MIN: u32 = 18;
const WORD_LESS: u32 = 2;
/// What belongs to the host on the canvas is worth so much more, half a letter: of a plugin that
/// all hosts have, this is the one that is meant.
const HERE_MORE: u32 = 8;

/// What rows are made for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MadeFor {
    pub(super) text: String,
    /// Revision of the series.
    pub(super) series: u64,
}

/// What an item is. Where two match equally well the first kind comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A tab.
    Tab,
    /// A command that applies now.
    Command,
    /// A saved layout.
    Layout,
    /// A host.
    Host,
    /// A plugin instance of a host.
    Plugin,
}

impl Kind {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tab => "tab",
            Self::Command => "command",
            Self::Layout => "layout",
            Self::Host => "host",
            Self::Plugin => "plugin",
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it leads to.
    pub item: Item,
    /// What that is.
    pub kind: Kind,
    /// What it is called, safe to show.
    pub label: String,
    /// The parts of the label that were typed, in bytes and in order.
    pub marks: Vec<Range<usize>>,
}

/// Names to be ranked, on any thread: the tree is shared.
#[derive(Debug)]
pub struct RankJob {
    pub(super) hosts: Vec<(Arc<str>, Arc<Vec<PluginNode>>)>,
    /// The host on the canvas.
    pub(super) here: Option<Arc<str>>,
    pub(super) arranged: Arranged,
    /// Whether the hosts themselves are to be ranked too.
    pub(super) hosts_left: bool,
    pub(super) names: usize,
    /// What was found so far.
    pub(super) best: Best,
    pub(super) made_for: MadeFor,
}

/// What a job found.
#[derive(Debug)]
pub struct Ranked {
    pub(super) rows: Vec<Found>,
    pub(super) matched: usize,
    pub(super) made_for: MadeFor,
}

impl PartialEq for RankJob {
    /// By what it finds.
    fn eq(&self, other: &Self) -> bool {
        self.made_for == other.made_for
    }
}

impl RankJob {
    /// Ranks the names. Calls `go_on` from time to time with the part that is done, and stops
    /// where that returns false.
    pub fn run(&self, go_on: &dyn Fn(f32) -> bool) -> Option<Ranked> {
        let (here, arranged) = (self.here.clone(), self.arranged.clone());
        let mut ranker = Ranker::new(&self.made_for.text, here, arranged);
        ranker.best = self.best.clone();
        let (mut done, mut asked_at) = (0, 0);
        for (host, plugins) in &self.hosts {
            if self.hosts_left {
                ranker.host(host);
            }
            done += 1;
            for plugins in plugins.chunks(NAMES_AT_ONCE) {
                plugins.iter().for_each(|plugin| ranker.plugin(host, plugin));
                done += plugins.len();
                if done - asked_at >= NAMES_AT_ONCE {
                    asked_at = done;
                    if !go_on((done as f32 / self.names.max(1) as f32).min(1.0)) {
                        return None;
                    }
                }
            }
        }
        let (rows, matched) = ranker.rows();
        Some(Ranked { rows, matched, made_for: self.made_for.clone() })
    }
}

/// How well something matches; the least is the best. Of equals the short name comes first, then
/// the order of the tree.
type Rank = (Reverse<u32>, Kind, usize);

/// The best of what was found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Best {
    /// In order.
    items: Vec<(Rank, Item)>,
    matched: usize,
}

impl Best {
    fn offer(&mut self, rank: Rank, item: impl FnOnce() -> Item) {
        self.matched += 1;
        let place = self.items.partition_point(|(other, _)| *other <= rank);
        if place < ROWS_MAX {
            self.items.truncate(ROWS_MAX - 1);
            self.items.insert(place, (rank, item()));
        }
    }
}

/// What was typed, and what matches it.
pub(super) struct Ranker {
    pattern: Pattern,
    /// The same without gaps.
    whole: Pattern,
    matcher: Matcher,
    /// Of names that are more than ASCII.
    chars: Vec<char>,
    name: String,
    /// The host on the canvas.
    pub(super) here: Option<Arc<str>>,
    /// What hosts are called, and what is not listed.
    pub(super) arranged: Arranged,
    /// Less than this is no match.
    score_min: u32,
    pub(super) best: Best,
}

impl Ranker {
    pub(super) fn new(text: &str, here: Option<Arc<str>>, arranged: Arranged) -> Self {
        // What stands between host and plugin is written in many ways.
        let words = text.replace(['/', '›'], " ");
        let (case, fold) = (CaseMatching::Ignore, Normalization::Smart);
        let least = |word: &str| {
            let letters = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
            letters.saturating_mul(LETTER_MIN).saturating_sub(WORD_LESS)
        };
        Self {
            score_min: words.split_whitespace().map(least).fold(0, u32::saturating_add),
            pattern: Pattern::new(&words, case, fold, AtomKind::Fuzzy),
            whole: Pattern::new(&words, case, fold, AtomKind::Substring),
            matcher: Matcher::new(Config::DEFAULT),
            chars: Vec::new(),
            name: String::new(),
            here,
            arranged,
            best: Best::default(),
        }
    }

    /// Whether nothing is looked for.
    pub(super) fn is_idle(&self) -> bool {
        self.pattern.atoms.is_empty()
    }

    fn score(&mut self, name: &str) -> Option<u32> {
        let name = Utf32Str::new(name, &mut self.chars);
        self.pattern.score(name, &mut self.matcher).filter(|score| *score >= self.score_min)
    }

    pub(super) fn command(&mut self, command: &Command) {
        let in_title = self.score(command.title);
        let all = format!("{} {}", command.title, command.words);
        let all = Utf32Str::new(&all, &mut self.chars);
        let in_all = self.whole.score(all, &mut self.matcher);
        let in_all = in_all.map(|score| score.saturating_sub(WORDS_LESS));
        if let Some(score) = in_title.max(in_all) {
            // Of equals the one that stands first in the table.
            let rank = (Reverse(score), Kind::Command, 0);
            self.best.offer(rank, || Item::Command(command.id));
        }
    }

    pub(super) fn host(&mut self, host: &Arc<str>) {
        if !self.hides(|hidden| hidden.has_host(host)) {
            let name = called(host, self.arranged.aliases());
            self.named(Kind::Host, &name, || Item::Scope(Scope::Host(Arc::clone(host))));
        }
    }

    fn hides(&self, has: impl Fn(&Hidden) -> bool) -> bool {
        self.arranged.hidden().is_some_and(has)
    }

    /// Anything that is found by its name alone.
    pub(super) fn named(&mut self, kind: Kind, name: &str, item: impl FnOnce() -> Item) {
        if let Some(score) = self.score(name) {
            self.best.offer((Reverse(score), kind, name.len()), item);
        }
    }

    pub(super) fn plugin(&mut self, host: &Arc<str>, node: &PluginNode) {
        if self.hides(|hidden| hidden.has_host(host) || hidden.has_plugin(host, node)) {
            return;
        }
        let mut name = std::mem::take(&mut self.name);
        name.clear();
        name.push_str(&called(host, self.arranged.aliases()));
        name.push('/');
        push_plugin(&mut name, &node.plugin, &node.instance);
        if let Some(score) = self.score(&name) {
            let more = if self.here.as_ref() == Some(host) { HERE_MORE } else { 0 };
            let rank = (Reverse(score + more), Kind::Plugin, name.len());
            self.best.offer(rank, || Item::Scope(plugin_scope(host, node)));
        }
        self.name = name;
    }

    /// The rows for what was found so far, and how much that was.
    pub(super) fn rows(&mut self) -> (Vec<Found>, usize) {
        let items: Vec<_> = self.best.items.iter().map(|(_, item)| item.clone()).collect();
        (items.into_iter().map(|item| self.found(item)).collect(), self.best.matched)
    }

    pub(super) fn found(&mut self, item: Item) -> Found {
        let (kind, label) = label(&item, self.arranged.aliases());
        let mut indices = Vec::new();
        let chars = Utf32Str::new(&label, &mut self.chars);
        let score = self.pattern.indices(chars, &mut self.matcher, &mut indices);
        if score.is_none_or(|score| score < self.score_min) {
            // It was found by its other words, or by what is not shown as it is.
            indices.clear();
        }
        indices.sort_unstable();
        let marks = marks(&label, &indices);
        Found { item, kind, label, marks }
    }
}

/// What an item is called, safe to show.
fn label(item: &Item, aliases: &Aliases) -> (Kind, String) {
    match item {
        Item::Command(id) => {
            let command = commands().find(|command| command.id == *id);
            let title = command.map_or(*id, |command| command.title);
            (Kind::Command, title.into())
        }
        Item::Tab(_, name) => (Kind::Tab, display_safe(name).into_owned()),
        Item::Layout(name) => (Kind::Layout, display_safe(name).into_owned()),
        Item::BuiltIn(name) => (Kind::Layout, (*name).into()),
        Item::Scope(Scope::Host(host)) => {
            (Kind::Host, display_safe(&called(host, aliases)).into_owned())
        }
        Item::Scope(Scope::Plugin { host, plugin, instance }) => {
            let mut name = format!("{} › ", aliases.of(host));
            push_plugin(&mut name, plugin, instance);
            (Kind::Plugin, display_safe(&name).into_owned())
        }
    }
}

/// What a host is found by: its alias, and collectd's name for it.
fn called<'a>(host: &'a str, aliases: &Aliases) -> Cow<'a, str> {
    match aliases.get(host) {
        Some(alias) => format!("{alias} ({host})").into(),
        None => host.into(),
    }
}

fn push_plugin(name: &mut String, plugin: &str, instance: &str) {
    name.push_str(plugin);
    if !instance.is_empty() {
        name.push('-');
        name.push_str(instance);
    }
}

/// The bytes of the characters with these numbers, which are in order; neighbours are one range.
fn marks(label: &str, indices: &[u32]) -> Vec<Range<usize>> {
    let mut marks: Vec<Range<usize>> = Vec::new();
    let mut indices = indices.iter().copied().peekable();
    for (number, (start, c)) in (0_u32..).zip(label.char_indices()) {
        if indices.next_if_eq(&number).is_none() {
            continue;
        }
        while indices.next_if_eq(&number).is_some() {}
        let end = start + c.len_utf8();
        match marks.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => marks.push(start..end),
        }
    }
    marks
}

fn plugin_scope(host: &Arc<str>, node: &PluginNode) -> Scope {
    let PluginNode { plugin, instance, .. } = node;
    Scope::Plugin {
        host: Arc::clone(host),
        plugin: Arc::clone(plugin),
        instance: Arc::clone(instance),
    }
}
