//! Tiles: what follows from what the user does to the panels of a tab. Pure.

use super::action::TileAction;
use super::layout::{HOST_OPEN, Layout, Rule};
use super::names::{PanelId, Side, Spot, To};
use super::selector::{Field, Selector};
use super::workspace::Workspace;
use crate::metric::SeriesKey;
use std::collections::{BTreeSet, HashSet};

/// Does it; false: there was no room.
pub(super) fn apply(workspace: &mut Workspace, action: TileAction) -> bool {
    match action {
        TileAction::Remove(id) => drop(workspace.take(id)),
        TileAction::Duplicate(id) => {
            let copy = workspace.tiles_mut().and_then(|tiles| tiles.rule(id).cloned());
            if let Some(copy) = copy {
                return workspace.add(vec![copy], To::Here(Spot::Beside(id, Side::Right)));
            }
        }
        TileAction::Move { panel, to } => return move_panel(workspace, panel, to),
        TileAction::Resize { path, shares, .. } => {
            if let Some(tiles) = workspace.tiles_mut() {
                tiles.set_shares(&path, &shares);
            }
        }
        TileAction::Extend { panel, show } => change(workspace, panel, |rule| rule.extend(show)),
        TileAction::SetShow { panel, show } => change(workspace, panel, |rule| {
            let named = plugins(&rule.show);
            if named.is_empty() || named != plugins(&show) {
                // Of other plugins there is another graph.
                (rule.graph, rule.hide) = (None, Vec::new());
            }
            rule.show = show;
        }),
        TileAction::Rename { panel, title } => change(workspace, panel, |rule| {
            let title = title.trim();
            rule.title = (!title.is_empty()).then(|| title.to_owned());
        }),
        TileAction::SetStyle { panel, style } => {
            change(workspace, panel, |rule| rule.style = style);
        }
        TileAction::EveryHost(panel) => change(workspace, panel, |rule| {
            let every = |selectors: &[Selector]| -> Vec<_> {
                selectors.iter().map(|selector| selector.without(Field::Host)).collect()
            };
            let (show, mut hide) = (every(&rule.show), every(&rule.hide));
            // What hid a whole host would hide all.
            hide.retain(|hidden| !hidden.is_empty());
            (rule.show, rule.hide) = (Vec::new(), hide);
            rule.extend(show);
        }),
        TileAction::LeaveHostOpen => leave_host_open(workspace),
        TileAction::SetEach { panel, each } => change(workspace, panel, |rule| rule.each = each),
        TileAction::HoldAxis { panel, y } => change(workspace, panel, |rule| rule.y = y),
        TileAction::SetScale { panel, scale } => {
            change(workspace, panel, |rule| rule.scale = scale);
        }
    }
    true
}

/// One tab for every host: those that name one host leave it open, and the first of these hosts is
/// chosen.
fn leave_host_open(workspace: &mut Workspace) {
    let Some(tiles) = workspace.tiles_mut() else { return };
    let mut first = None;
    tiles.each_rule_mut(|rule| {
        for selector in rule.show.iter_mut().chain(&mut rule.hide) {
            if let Some(host) = selector.host() {
                *selector = selector.without(Field::Host);
                *selector = Selector::new(&format!("{HOST_OPEN} {}", selector.text()));
                first.get_or_insert(host);
            }
        }
    });
    let tab = workspace.active_mut();
    tab.host = tab.host.take().or(first.map(Into::into));
}

/// The words of selectors for their plugins.
fn plugins(show: &[Selector]) -> BTreeSet<String> {
    let words = |selector: &Selector| {
        let words = selector.name_words().filter(|(field, _)| *field == Some(Field::Plugin));
        let words = words.filter_map(|(_, span)| selector.text().get(span).map(str::to_owned));
        words.collect::<Vec<_>>()
    };
    show.iter().flat_map(words).collect()
}

fn change(workspace: &mut Workspace, panel: PanelId, change: impl FnOnce(&mut Rule)) {
    if let Some(rule) = workspace.tiles_mut().and_then(|tiles| tiles.rule_mut(panel)) {
        change(rule);
    }
}

fn move_panel(workspace: &mut Workspace, panel: PanelId, to: To) -> bool {
    if to == To::Here(Spot::Beside(panel, Side::Left)) {
        return true;
    }
    if let To::Here(Spot::Beside(of, _)) = to
        && of == panel
    {
        return true;
    }
    let before = workspace.clone();
    let Some(rule) = workspace.take(panel) else { return true };
    let moved = workspace.add(vec![rule], to);
    if !moved {
        *workspace = before;
    }
    moved
}

/// Draws series, or draws them no longer: in the panel that keys are about, else in a new one.
pub(super) fn set_shown(workspace: &mut Workspace, keys: &[SeriesKey], shown: bool) -> bool {
    let selectors: Vec<_> = keys.iter().map(Selector::of_series).collect();
    let focus = workspace.active().panel;
    let Some(tiles) = workspace.tiles_mut() else { return true };
    if !shown {
        hide(tiles, keys, &selectors);
        return true;
    }
    // What a panel hides comes back there.
    let mut missing: HashSet<_> = selectors.iter().map(Selector::text).collect();
    tiles.each_rule_mut(|rule| rule.hide.retain(|hidden| !missing.remove(hidden.text())));
    let missing: HashSet<_> = missing.into_iter().map(str::to_owned).collect();
    let mut left = selectors;
    left.retain(|selector| missing.contains(selector.text()));
    if left.is_empty() {
        return true;
    }
    match focus.and_then(|id| tiles.rule_mut(id)).filter(|rule| rule.graph.is_none()) {
        Some(rule) => rule.extend(left),
        None => return workspace.add(vec![Rule::new(PanelId(0), left)], To::Here(Spot::End)),
    }
    true
}

/// No panel draws the series any more; one that drew nothing else is gone.
fn hide(tiles: &mut Layout, keys: &[SeriesKey], selectors: &[Selector]) {
    let texts: HashSet<_> = selectors.iter().map(Selector::text).collect();
    let mut empty = Vec::new();
    tiles.each_rule_mut(|rule| {
        rule.show.retain(|show| !texts.contains(show.text()));
        let hidden: HashSet<_> = rule.hide.iter().map(|hide| hide.text().to_owned()).collect();
        let chosen = keys.iter().zip(selectors).filter(|(key, selector)| {
            !hidden.contains(selector.text()) && rule.show.iter().any(|show| show.chooses(key))
        });
        rule.hide.extend(chosen.map(|(_, selector)| selector.clone()));
        if rule.show.is_empty() {
            empty.push(rule.id);
        }
    });
    for id in empty {
        tiles.take(id);
    }
}

impl Rule {
    /// Draws these too.
    fn extend(&mut self, show: Vec<Selector>) {
        let texts: HashSet<_> = show.iter().map(Selector::text).collect();
        self.hide.retain(|hidden| !texts.contains(hidden.text()));
        let mut known: HashSet<_> = self.show.iter().map(|show| show.text().to_owned()).collect();
        self.show.extend(show.into_iter().filter(|one| known.insert(one.text().to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::WIDTH_FIRST;
    use crate::view::tab::Canvas;
    use crate::view::window::TimeWindow;
    use std::sync::Arc;

    fn selectors(texts: &[&str]) -> Vec<Selector> {
        texts.iter().map(|text| Selector::new(text)).collect()
    }

    #[test]
    fn a_panel_of_every_host_leaves_out_what_it_left_out_of_one() {
        let mut workspace = Workspace::new(TimeWindow::live(WIDTH_FIRST));
        let hide = selectors(&["host:a plugin:load ds:longterm", "host:b", "ds:midterm"]);
        let rule = Rule { hide, ..Rule::new(PanelId(0), selectors(&["host:a plugin:load"])) };
        workspace.active_mut().canvas = Canvas::Tiles(Arc::new(Layout::of([rule])));
        apply(&mut workspace, TileAction::EveryHost(PanelId(0)));
        let rule = workspace.tiles_mut().and_then(|tiles| tiles.first().cloned()).unwrap();
        assert_eq!(rule.show, selectors(&["plugin:load"]));
        assert_eq!(rule.hide, selectors(&["plugin:load ds:longterm", "ds:midterm"]));
    }
}
