//! Rules: the panels that the rule of a tile makes, of whatever hosts and plugins it chooses.
//!
//! One graph of one host is drawn as the catalogue says. Series of several hosts, instances or
//! graphs are lines whose names say what differs between them; where they have two units, one
//! stands at the right.

use super::apart::{leave_out_shared_ds, tell_apart};
use super::chosen::{Choice, Chosen, chosen};
use super::{
    GraphKey, Line, PANELS_MAX, Panel, PanelKey, ScaleKey, in_scope, key_of, needs_whole, new_line,
    new_panel,
};
use crate::metric::{CdTime, DsType, Interval, display_safe};
use crate::store::{Mode, Series, SeriesId, Store};
use crate::view::aliases::Aliases;
use crate::view::format::Unit;
use crate::view::graphs::{Combine, Graph, Graphs, Place, Style};
use crate::view::latest::Latest;
use crate::view::layout::{Repeat, Rule, YScale};
use crate::view::names::PanelId;
use crate::view::selection::Scope;
use crate::view::shorten::shared_domain;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Lines of a panel that a rule makes; of more the largest are drawn.
pub const LARGEST_MAX: usize = 50;
/// Until then, or for three intervals, a series has a value, or none that is waited for.
const RATED_WITHIN: Interval = Interval::from_secs(60);
/// Plugins that a title names.
const TITLE_PLUGINS_MAX: usize = 3;

/// The panels of `rule`, in the order in which its series were chosen.
pub fn panels_of_rule(latest: &Latest<'_>, rule: &Rule) -> Vec<Panel> {
    let Latest { store, graphs, aliases, now, .. } = *latest;
    let Choice { all, unseen } = chosen(latest, rule);
    let mut known = HashMap::new();
    let mut groups: Vec<(PanelKey, Vec<Chosen<'_>>)> = Vec::new();
    for one in all {
        let key = key(rule.id, rule.each, one.series);
        let place = *known.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, group)) = groups.get_mut(place) {
            group.push(one);
        }
    }
    groups.truncate(PANELS_MAX);
    let make = Make { store, graphs, aliases, rule, now };
    let panels = groups.into_iter().filter_map(|(key, group)| make.panel(key, &group));
    let mut panels: Vec<_> = panels.collect();
    if let Some(panel) = panels.last_mut() {
        panel.unseen = unseen;
    }
    panels
}

fn key(id: PanelId, each: Repeat, series: &Series) -> PanelKey {
    let names = &series.identifier;
    let (host, instance) = match each {
        Repeat::Never => ("", String::new()),
        Repeat::Host => (&*names.host, String::new()),
        Repeat::Instance => (&*names.host, format!("{}/{}", names.plugin, names.plugin_instance)),
    };
    PanelKey { host: host.into(), graph: GraphKey::Rule(id), instance }
}

/// What the series of a panel have in common.
struct Common<'a> {
    hosts: BTreeSet<&'a str>,
    /// With their instances.
    plugins: BTreeSet<(&'a str, &'a str)>,
    /// Their graph, if it is one and the same.
    graph: Option<(Place, &'a Graph)>,
    /// All of them are drawn in one panel of the catalogue.
    is_one_panel: bool,
}

impl<'a> Common<'a> {
    fn of(group: &[Chosen<'a>], graphs: &'a Graphs) -> Option<Self> {
        let first = group.first()?;
        let same = |one: &Chosen<'_>| {
            one.place.map(|place| place.graph) == first.place.map(|place| place.graph)
        };
        let place = first.place.filter(|_| group.iter().all(same));
        let graph = place.and_then(|place| Some((place, graphs.get(place.graph)?)));
        let key = key_of(first.series, first.place, graphs);
        let is_one_panel =
            group.iter().all(|one| same(one) && key_of(one.series, one.place, graphs) == key);
        let names = group.iter().map(|one| &*one.series.identifier);
        Some(Self {
            hosts: names.clone().map(|names| &*names.host).collect(),
            plugins: names.map(|names| (&*names.plugin, &*names.plugin_instance)).collect(),
            graph,
            is_one_panel,
        })
    }
}

struct Make<'a> {
    store: &'a Store,
    graphs: &'a Graphs,
    aliases: &'a Aliases,
    rule: &'a Rule,
    now: CdTime,
}

impl<'a> Make<'a> {
    fn panel(&self, key: PanelKey, group: &[Chosen<'a>]) -> Option<Panel> {
        let first = group.first()?;
        let common = Common::of(group, self.graphs)?;
        let mut panel = new_panel(key, first.series, first.place, self.graphs);
        (panel.id, panel.hosts) = (self.rule.id, common.hosts.len());
        panel.host =
            if panel.hosts == 1 { (*first.series.identifier.host).into() } else { Arc::default() };
        self.put_lines(&mut panel, group, &common);
        if !common.is_one_panel {
            self.mix(&mut panel, &common);
        }
        keep_largest(&mut panel, self.store, self.now);
        let label = self.name_lines(&mut panel, &common);
        panel.lines.sort_by(Line::order);
        panel.title = match &self.rule.title {
            Some(title) => title.clone(),
            None => title(&common, first.series, label.as_deref(), &panel),
        };
        if let Some(style) = self.rule.style {
            panel.style = style;
            panel.from_zero |= style != Style::Line;
        }
        panel.y = self.rule.y;
        panel.scale = self.scale(&panel, first, &common);
        panel.lines.iter().any(|line| line.drawn).then_some(panel)
    }

    /// With what other panels it has one axis: the same graph of other hosts, or the panels that
    /// the rule makes of them.
    fn scale(&self, panel: &Panel, first: &Chosen<'_>, common: &Common<'_>) -> Option<ScaleKey> {
        let is_free = self.rule.scale == YScale::Own || self.rule.y.is_some();
        if is_free || panel.y_max.is_some() || panel.hosts != 1 {
            return None;
        }
        if common.is_one_panel {
            return Some(ScaleKey::of(&key_of(first.series, first.place, self.graphs)));
        }
        (self.rule.each == Repeat::Host).then(|| ScaleKey::of(&panel.key))
    }

    fn put_lines(&self, panel: &mut Panel, group: &[Chosen<'a>], common: &Common<'_>) {
        let mut lines = Lines { panel, known: HashMap::new() };
        for one in group {
            lines.put(self.graphs, one, true);
        }
        let Some((place, graph)) = common.graph.filter(|(_, graph)| needs_whole(graph)) else {
            return;
        };
        if graph.percent && !common.is_one_panel {
            return;
        }
        let placed: HashSet<_> = group.iter().map(|one| one.id).collect();
        let scope = |one: &Chosen<'_>| {
            let names = &one.series.identifier;
            Scope::Plugin {
                host: (*names.host).into(),
                plugin: (*names.plugin).into(),
                instance: (*names.plugin_instance).into(),
            }
        };
        for scope in group.iter().map(scope).collect::<BTreeSet<_>>() {
            for id in in_scope(self.store, &scope).filter(|id| !placed.contains(id)) {
                let Some(series) = self.store.series(id) else { continue };
                let of = self.graphs.place(&series.identifier, &series.ds_name);
                if of.is_some_and(|of| of.graph == place.graph) {
                    lines.put(self.graphs, &Chosen { id, series, place: of }, false);
                }
            }
        }
    }

    /// Makes lines of several hosts, instances or graphs ones that can stand in one plot.
    fn mix(&self, panel: &mut Panel, common: &Common<'_>) {
        // A share is one of its own host's whole, and areas of several hosts are no stack.
        panel.percent = false;
        if panel.style == Style::Stack {
            panel.style = Style::Line;
        }
        if common.graph.is_none() {
            (panel.style, panel.y_max) = (Style::Line, None);
            (panel.from_zero, panel.plain) = (false, true);
        }
        // A role is a colour of one host's lines; to a bar it says which part is in use.
        let is_bars = self.rule.style.unwrap_or(panel.style) == Style::Bars;
        let has_roles = common.graph.is_some() && (is_bars || common.hosts.len() == 1);
        let mut units: Vec<Unit> = Vec::new();
        let mut numbers = Vec::new();
        for line in &mut panel.lines {
            line.role = line.role.filter(|_| has_roles);
            let series = line.series.first().and_then(|&id| self.store.series(id));
            let Some(series) = series else { continue };
            let place = self.graphs.place(&series.identifier, &series.ds_name);
            let (unit, scale, _) = self.graphs.drawn_as(series, place);
            line.scale = scale;
            let known = units.iter().position(|known| *known == unit);
            numbers.push(known.unwrap_or_else(|| {
                units.push(unit);
                units.len() - 1
            }));
        }
        let mut units = units.into_iter();
        panel.unit = units.next().unwrap_or_else(|| Unit::new(""));
        panel.second = units.next();
        if units.next().is_some() {
            // Three kinds of numbers have no axis in common.
            (panel.unit, panel.second) = (Unit::new(""), None);
        }
        if panel.second.is_some() {
            for (line, number) in panel.lines.iter_mut().zip(numbers) {
                line.second = number == 1;
            }
        }
    }

    /// Calls lines what differs between them; returns what the catalogue calls all of them, if
    /// that is one and the same.
    fn name_lines(&self, panel: &mut Panel, common: &Common<'_>) -> Option<String> {
        leave_out_shared_ds(panel, self.store);
        let first = panel.drawn().next()?.label.clone();
        let label = panel.drawn().all(|line| line.label == first).then_some(first);
        let many_plugins = common.plugins.iter().map(|(plugin, _)| plugin).collect::<HashSet<_>>();
        let (many_hosts, many_plugins) = (common.hosts.len() > 1, many_plugins.len() > 1);
        let many_instances = common.plugins.len() > 1;
        let unnamed = common.hosts.iter().copied().filter(|host| self.aliases.get(host).is_none());
        let domain = shared_domain(unnamed);
        for line in &mut panel.lines {
            let series = line.series.first().and_then(|&id| self.store.series(id));
            let Some(names) = series.map(|series| &series.identifier) else { continue };
            let short = names.host.strip_suffix(domain).unwrap_or(&names.host);
            let host = self.aliases.get(&names.host).unwrap_or(short);
            if panel.style == Style::Bars && many_hosts {
                // What is not drawn counts in the bar, too.
                line.instance = format!("{host} {}", line.instance);
            }
            if !line.drawn {
                continue;
            }
            let one = line.series.len() == 1 && panel.combine == Combine::Apart;
            let instance = &*names.plugin_instance;
            let words = [
                many_hosts.then_some(host),
                many_plugins.then_some(&*names.plugin),
                (many_instances && one && !instance.is_empty()).then_some(instance),
                label.is_none().then_some(line.label.as_str()),
            ];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            if !words.is_empty() {
                line.label = words.join(" ");
            }
        }
        tell_apart(panel, self.store);
        label
    }
}

/// The lines of a panel, and which series fall on one.
struct Lines<'p, 'a> {
    panel: &'p mut Panel,
    known: HashMap<(&'a str, usize, String, bool, DsType), usize>,
}

impl<'a> Lines<'_, 'a> {
    fn put(&mut self, graphs: &Graphs, one: &Chosen<'a>, drawn: bool) {
        let line = new_line(one.series, one.place, graphs, one.id, drawn);
        if self.panel.combine == Combine::Apart {
            self.panel.lines.push(line);
            return;
        }
        let host = &*one.series.identifier.host;
        let key = (host, line.rule, line.label.clone(), drawn, line.kind);
        let lines = &mut self.panel.lines;
        match self.known.get(&key).and_then(|&place| lines.get_mut(place)) {
            Some(known) => known.series.push(one.id),
            None => {
                self.known.insert(key, lines.len());
                lines.push(line);
            }
        }
    }
}

/// Leaves out all but the largest lines by their newest values, and counts the others.
fn keep_largest(panel: &mut Panel, store: &Store, now: CdTime) {
    let count = panel.drawn().count();
    if count <= LARGEST_MAX {
        return;
    }
    let newest = |line: &Line, id: SeriesId| {
        let mode = Mode::Rate.of(line.kind);
        store.latest(id, mode).and_then(|newest| newest.value)
    };
    let size = |line: &Line| {
        let sum: f64 = line.series.iter().filter_map(|&id| newest(line, id)).sum();
        (sum * line.scale).abs()
    };
    // Of what counts there is a rate only after the second value.
    let is_new = |id| {
        let interval = store.series(id).map_or(Interval::ZERO, |series| series.interval);
        let within = RATED_WITHIN.max(interval.mul_f64(3.0));
        store.first_time(id).is_none_or(|first| now.since(first) < within)
    };
    let is_unsure =
        |line: &Line| line.series.iter().any(|&id| newest(line, id).is_none() && is_new(id));
    let unsure = panel.drawn().any(is_unsure);
    panel.is_unsure = unsure;
    let mut sizes: Vec<_> = panel
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.drawn)
        .map(|(place, line)| (size(line), Reverse(place)))
        .collect();
    sizes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(&a.1)));
    let gone: HashSet<_> =
        sizes.iter().skip(LARGEST_MAX).map(|(_, Reverse(place))| *place).collect();
    panel.left_out = gone.len();
    let mut place = 0;
    panel.lines.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
}

/// What a panel shows, where its rule gives it no name.
fn title(common: &Common<'_>, first: &Series, label: Option<&str>, panel: &Panel) -> String {
    let mut names: Vec<&str> = common.plugins.iter().map(|(plugin, _)| *plugin).collect();
    names.dedup();
    let title = match common.graph {
        Some((_, graph)) if common.plugins.len() == 1 => graph.title(&first.identifier),
        Some((_, graph)) => graph.title_of_all(&first.identifier.plugin),
        None if common.is_one_panel => panel.title.clone(),
        None => {
            let more = if names.len() > TITLE_PLUGINS_MAX { " …" } else { "" };
            names.truncate(TITLE_PLUGINS_MAX);
            format!("{}{more}", names.join(", "))
        }
    };
    // A single line has its name in the legend.
    match label.filter(|_| panel.drawn().count() > 1 || common.graph.is_some()) {
        Some(label) if !title.eq_ignore_ascii_case(label) => {
            format!("{title}, {}", display_safe(label))
        }
        _ => title,
    }
}
