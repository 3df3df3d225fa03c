//! Representative: the one series that stands for a host or for a plugin in its row.
//!
//! Asked for each row in each frame: it looks at few names, however many there are.

use super::graphs::{Graphs, Place};
use super::tree::series_of;
use crate::store::{HostNode, PluginNode, Series, SeriesId, Store};

/// Series of a plugin that are looked at: a CPU has ten, an interface eight.
const SERIES_MAX: usize = 16;
/// Plugins of a host that are looked at where it has no load: some microseconds.
const PLUGINS_MAX: usize = 8;

/// The first line of the plugin's graph that is not hidden, or the first series where no graph was
/// made for it.
pub fn of_plugin(store: &Store, graphs: &Graphs, node: &PluginNode) -> Option<SeriesId> {
    placed(store, graphs, node).map(|(id, _)| id)
}

/// The load of a host, or all that its processors do, or what its first plugins show.
pub fn of_host(store: &Store, graphs: &Graphs, node: &HostNode) -> Option<SeriesId> {
    let whole = |name: &str| {
        let mut plugins = node.plugins.iter();
        plugins.find(|plugin| *plugin.plugin == *name && plugin.instance.is_empty())
    };
    let busy = whole("cpu").and_then(|cpu| {
        let mut lists = cpu.lists.iter();
        let list = lists.find(|list| *list.type_ == *"percent" && *list.instance == *"active")?;
        list.series.first().copied()
    });
    let load = || of_plugin(store, graphs, whole("load")?);
    let first = || {
        let plugins = node.plugins.iter().take(PLUGINS_MAX);
        let all = plugins.filter_map(|plugin| placed(store, graphs, plugin));
        let overview = |(_, place): &(SeriesId, Option<Place>)| {
            let graph = place.and_then(|place| graphs.get(place.graph));
            graph.and_then(|graph| graph.overview).unwrap_or(u16::MAX)
        };
        all.min_by_key(overview).map(|(id, _)| id)
    };
    busy.or_else(load).or_else(first)
}

fn placed(store: &Store, graphs: &Graphs, node: &PluginNode) -> Option<(SeriesId, Option<Place>)> {
    let place = |id: SeriesId| {
        let Series { identifier, ds_name, .. } = store.series(id)?;
        let place = graphs.place(identifier, ds_name);
        let is_hidden = place.and_then(|place| graphs.line(place)).is_some_and(|line| line.hidden);
        (!is_hidden).then_some((id, place))
    };
    let all = series_of(node).take(SERIES_MAX).filter_map(place);
    all.min_by_key(|(_, place)| match place {
        Some(place) => (place.graph, place.line),
        None => (usize::MAX, usize::MAX),
    })
}
