//! Representative: the one series that stands for a host or for a plugin in its row.
//!
//! Asked for each row in each frame: it looks at few names, however many there are.

use super::graphs::Graphs;
use super::tree::series_of;
use crate::store::{HostNode, PluginNode, Series, SeriesId, Store};

/// Series of a plugin that are looked at: a CPU has ten, an interface eight.
const SERIES_MAX: usize = 16;

/// The first line of the plugin's graph that is not hidden, or the first series where no graph was
/// made for it.
pub fn of_plugin(store: &Store, graphs: &Graphs, node: &PluginNode) -> Option<SeriesId> {
    let place = |id: SeriesId| {
        let Series { identifier, ds_name, .. } = store.series(id)?;
        let place = graphs.place(identifier, ds_name);
        (!graphs.hides_at(place)).then_some((id, place))
    };
    let all = series_of(node).take(SERIES_MAX).filter_map(place);
    let first = all.min_by_key(|(_, place)| match place {
        Some(place) => (place.graph, place.line),
        None => (usize::MAX, usize::MAX),
    });
    first.map(|(id, _)| id)
}

/// All that the processors of a host do, or its load, or the first series that there is.
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
    let first = || series_of(node.plugins.first()?).next();
    busy.or_else(load).or_else(first)
}
