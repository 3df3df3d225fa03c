//! How each plugin is drawn: the catalogue read from `assets/graphs.toml`.
//!
//! A series is drawn by the first graph whose plugin, type and one of whose lines match it; what
//! matches none is drawn plainly, so that an unknown plugin is still seen.

use super::format::{Unit, UnitChoice};
use super::role::Role;
use crate::metric::{DsType, Identifier};
use crate::store::Series;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The catalogue.
#[derive(Clone, Debug)]
pub struct Graphs {
    graphs: Vec<Graph>,
    by_plugin: HashMap<String, Vec<usize>>,
    any_plugin: Vec<usize>,
    units: UnitChoice,
}

/// One kind of panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// Unique name.
    pub id: Arc<str>,
    title: String,
    plugin: String,
    #[serde(rename = "type")]
    type_: String,
    /// One panel for each.
    pub each: Each,
    unit: Unit,
    /// How the lines are drawn.
    pub style: Style,
    /// Fixed upper end of the axis.
    pub y_max: Option<f64>,
    /// Zero is always on the axis.
    #[serde(default)]
    pub from_zero: bool,
    /// Whether series on one line are parts of one thing, and how those are put together.
    #[serde(default)]
    pub combine: Combine,
    /// Lines are drawn as their share of all lines, in %.
    #[serde(default)]
    pub percent: bool,
    /// Place in a host's overview.
    pub overview: Option<u16>,
    /// The lines, first match wins.
    pub line: Vec<LineRule>,
}

/// What falls on one line of a graph.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRule {
    instance: Option<String>,
    ds: Option<String>,
    #[serde(rename = "type")]
    type_: Option<String>,
    label: Option<String>,
    /// What it stands for.
    pub role: Option<Role>,
    /// Factor on every value.
    #[serde(default = "one")]
    pub scale: f64,
    /// Hangs below zero.
    #[serde(default)]
    pub down: bool,
    /// Not drawn until it is checked.
    #[serde(default)]
    pub hidden: bool,
}

/// One panel for each of these.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Each {
    /// Host.
    Host,
    /// Host and plugin instance.
    Instance,
    /// Host, plugin instance and type instance.
    TypeInstance,
}

/// How lines are drawn.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Style {
    /// Each on its own.
    Line,
    /// Areas on top of one another.
    Stack,
    /// Areas from zero, some of them hanging down.
    Mirror,
    /// The newest values as one bar per plugin instance.
    Bars,
}

/// What becomes of series that fall on one line.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Combine {
    /// They are not parts of one thing: each has a line of its own.
    #[default]
    Apart,
    /// Added.
    Sum,
    /// Averaged.
    Avg,
}

/// Which graph and line draw a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the graph.
    pub graph: usize,
    /// Index of its line.
    pub line: usize,
}

/// The plugin of a graph of any plugin.
const ANY_PLUGIN: &str = "*";

const fn one() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    graph: Vec<Graph>,
}

impl Graphs {
    /// The catalogue that is built in.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../assets/graphs.toml")).unwrap_or_else(|error| {
            debug_assert!(false, "assets/graphs.toml: {error}");
            Self::new(Vec::new())
        })
    }

    /// Reads a catalogue; the error names the line.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str::<File>(text).map(|file| Self::new(file.graph))
    }

    fn new(graphs: Vec<Graph>) -> Self {
        let mut by_plugin: HashMap<String, Vec<usize>> = HashMap::new();
        let mut any_plugin = Vec::new();
        for (index, graph) in graphs.iter().enumerate() {
            match graph.plugin() {
                None => any_plugin.push(index),
                Some(plugin) => by_plugin.entry(plugin.to_owned()).or_default().push(index),
            }
        }
        Self { graphs, by_plugin, any_plugin, units: UnitChoice::default() }
    }

    /// These, and behind them all of this catalogue's that none of them has the name of. So a graph
    /// of the same name is replaced, and another one goes before those that draw the same series.
    pub fn under(self, mut first: Vec<Graph>) -> Self {
        let names: HashSet<Arc<str>> = first.iter().map(|graph| Arc::clone(&graph.id)).collect();
        first.extend(self.graphs.into_iter().filter(|graph| !names.contains(&graph.id)));
        Self::new(first)
    }

    /// The same, written in the units that the user wants.
    pub fn in_units(mut self, units: UnitChoice) -> Self {
        self.units = units;
        for graph in &mut self.graphs {
            let (unit, factor) = units.of(graph.unit());
            graph.unit = unit;
            graph.y_max = graph.y_max.map(|max| max * factor);
            for line in &mut graph.line {
                line.scale *= factor;
            }
        }
        self
    }

    /// The units that the user wants.
    pub const fn units(&self) -> UnitChoice {
        self.units
    }

    /// Graph number `index`.
    pub fn get(&self, index: usize) -> Option<&Graph> {
        self.graphs.get(index)
    }

    /// The rule of the line at `place`.
    pub fn line(&self, place: Place) -> Option<&LineRule> {
        self.get(place.graph)?.line.get(place.line)
    }

    /// All graphs in order.
    pub fn iter(&self) -> impl Iterator<Item = &Graph> {
        self.graphs.iter()
    }

    /// Unit, factor and role of a series, as its panel draws it.
    pub fn drawn_as(&self, series: &Series, place: Option<Place>) -> (Unit, f64, Option<Role>) {
        let rule = place.and_then(|place| Some((self.get(place.graph)?, self.line(place)?)));
        let plain = || self.plain_unit(series);
        match rule {
            // A share of the whole is known to the panel only.
            Some((graph, line)) if graph.percent => (plain(), 1.0, line.role),
            Some((graph, line)) => (graph.unit(), line.scale, line.role),
            None => (plain(), 1.0, None),
        }
    }

    /// The unit of a series that no graph was made for.
    pub fn plain_unit(&self, series: &Series) -> Unit {
        // There are no bits among these.
        self.units.of(plain_unit(&series.identifier.type_, series.kind)).0
    }

    /// Whether the graph of a series hides it until it is checked.
    pub fn hides(&self, series: &Series) -> bool {
        self.hides_at(self.place(&series.identifier, &series.ds_name))
    }

    /// The same of what has this place.
    pub fn hides_at(&self, place: Option<Place>) -> bool {
        place.and_then(|place| self.line(place)).is_some_and(|line| line.hidden)
    }

    /// Which graph draws the data source `ds_name` of `identifier`, if any was made for it.
    pub fn place(&self, identifier: &Identifier, ds_name: &str) -> Option<Place> {
        let own = self.by_plugin.get(&*identifier.plugin).map_or(&[][..], Vec::as_slice);
        own.iter().chain(&self.any_plugin).find_map(|&index| {
            let graph = self.graphs.get(index)?;
            if !graph.has_type(&identifier.type_) {
                return None;
            }
            let line = graph.line.iter().position(|line| line.matches(identifier, ds_name))?;
            Some(Place { graph: index, line })
        })
    }
}

impl Graph {
    /// The plugin that it is of; none: any.
    pub fn plugin(&self) -> Option<&str> {
        (self.plugin != ANY_PLUGIN).then_some(&self.plugin)
    }

    /// The unit of its axis.
    pub fn unit(&self) -> Unit {
        self.unit.clone()
    }

    /// The panel's title for `identifier`.
    pub fn title(&self, identifier: &Identifier) -> String {
        let instance = match self.each {
            Each::TypeInstance if identifier.plugin_instance.is_empty() => {
                &identifier.type_instance
            }
            _ => &identifier.plugin_instance,
        };
        let title =
            self.title.replace("{plugin}", &identifier.plugin).replace("{instance}", instance);
        title.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The title of a panel with several instances of `plugin`.
    pub fn title_of_all(&self, plugin: &str) -> String {
        let title = self.title.replace("{plugin}", plugin).replace("{instance}", "");
        title.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn has_type(&self, type_: &str) -> bool {
        self.type_ == "*" || self.type_.split_whitespace().any(|one| one == type_)
    }
}

impl LineRule {
    fn matches(&self, identifier: &Identifier, ds_name: &str) -> bool {
        let instance =
            self.instance.as_deref().is_none_or(|pattern| match pattern.strip_suffix('*') {
                Some(start) => identifier.type_instance.starts_with(start),
                None => *identifier.type_instance == *pattern,
            });
        instance
            && self.ds.as_deref().is_none_or(|ds| ds == ds_name)
            && self.type_.as_deref().is_none_or(|type_| *identifier.type_ == *type_)
    }

    /// What the legend calls the series.
    pub fn label(&self, identifier: &Identifier, ds_name: &str, ds_count: u16) -> String {
        match &self.label {
            Some(label) => label
                .replace("{instance}", &identifier.type_instance)
                .replace("{ds}", ds_name)
                .replace("{type}", &identifier.type_),
            None => plain_label(identifier, ds_name, ds_count),
        }
    }
}

/// The shortest name that distinguishes a series from its siblings under one type.
pub fn plain_label(identifier: &Identifier, ds_name: &str, ds_count: u16) -> String {
    match (identifier.type_instance.is_empty(), ds_count > 1) {
        (true, true) => ds_name.to_owned(),
        (true, false) => identifier.type_.to_string(),
        (false, true) => format!("{} {ds_name}", identifier.type_instance),
        (false, false) => identifier.type_instance.to_string(),
    }
}

/// The unit of a series that no graph was made for: from its type's name where that says it, else
/// `/s` for what is counted and none for a gauge.
fn plain_unit(type_: &str, kind: DsType) -> Unit {
    let counted = kind != DsType::Gauge;
    let name = match type_ {
        "percent" => "%",
        "bytes" | "memory" | "file_size" | "ps_rss" | "ps_vm" | "ps_data" | "ps_code"
        | "ps_stacksize" | "vs_memory" | "cache_size" | "df" => "B",
        "duration" | "delay" | "latency" | "time_offset" | "timeleft" => "s",
        "response_time" | "ping" => "ms",
        "temperature" => "°C",
        "frequency" | "cpufreq" => "Hz",
        "power" => "W",
        "current" => "A",
        "voltage" => "V",
        "humidity" => "%",
        _ if type_.ends_with("octets") && counted => "B/s",
        _ if type_.ends_with("octets") => "B",
        _ if type_.starts_with("percent") || type_.ends_with("percent") => "%",
        _ if counted => "/s",
        _ => "",
    };
    Unit::new(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(plugin: &str, type_: &str, instance: &str, ds: &str) -> Option<(String, usize)> {
        let graphs = Graphs::built_in();
        let id = Identifier::new("h", plugin, "", type_, instance);
        let place = graphs.place(&id, ds)?;
        Some((graphs.get(place.graph)?.id.to_string(), place.line))
    }

    #[test]
    fn the_built_in_catalogue_is_well_formed() {
        let graphs = Graphs::parse(include_str!("../../assets/graphs.toml")).expect("parses");
        let mut ids: Vec<_> = graphs.iter().map(|graph| &graph.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), graphs.iter().count(), "ids are unique");
        assert!(graphs.iter().all(|graph| !graph.line.is_empty()));
    }

    #[test]
    fn the_first_matching_line_draws_a_series() {
        assert_eq!(place("cpu", "percent", "system", "value"), Some(("cpu-percent".into(), 1)));
        assert_eq!(place("interface", "if_octets", "", "tx"), Some(("interface-octets".into(), 1)));
        assert_eq!(place("cpu", "percent", "weird", "value"), Some(("cpu-percent".into(), 10)));
    }

    #[test]
    fn an_unknown_plugin_has_no_place() {
        assert_eq!(place("frobnicator", "frobs", "", "value"), None);
    }

    #[test]
    fn a_graph_for_any_plugin_comes_after_the_plugins_own() {
        assert_eq!(place("openvpn", "if_octets", "", "rx"), Some(("octets".into(), 0)));
    }

    #[test]
    fn titles_name_the_instance_and_leave_no_holes() {
        let graphs = Graphs::built_in();
        let title = |plugin: &str, instance: &str, type_: &str| {
            let id = Identifier::new("h", plugin, instance, type_, "");
            graphs.iter().find(|g| g.plugin == plugin && g.has_type(type_)).map(|g| g.title(&id))
        };
        assert_eq!(title("interface", "eth0", "if_octets").as_deref(), Some("Interface eth0"));
        assert_eq!(title("interface", "", "if_octets").as_deref(), Some("Interface"));
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_it() {
        let error = Graphs::parse("[[graph]]\nid = 'x'\ncolour = 'red'\n").expect_err("must fail");
        assert!(error.to_string().contains("colour"), "{error}");
    }

    #[test]
    fn a_role_that_there_is_not_is_an_error_that_names_the_nearest() {
        let text = include_str!("../../assets/graphs.toml").replacen("\"kernel\"", "\"kernal\"", 1);
        let error = Graphs::parse(&text).expect_err("must fail").to_string();
        assert!(error.contains("unknown role \"kernal\", nearest is \"kernel\""), "{error}");
    }

    #[test]
    fn labels_say_what_the_type_does_not() {
        let id = Identifier::new("h", "df", "root", "df_complex", "free");
        assert_eq!(plain_label(&id, "value", 1), "free");
        let id = Identifier::new("h", "load", "", "load", "");
        assert_eq!(plain_label(&id, "shortterm", 3), "shortterm");
    }
}
