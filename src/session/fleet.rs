//! Beside the table of all hosts: what would be drawn on it gets a tab of its own.

use crate::metric::SeriesKey;
use crate::view::everywhere;
use crate::view::names::To;
use crate::view::selector::{Field, Selector};
use crate::view::{Action, DrawnAs};
use std::sync::Arc;

/// A table of hosts has no panels: what would be drawn there gets a tab of its own.
pub(super) fn beside(action: Action) -> Action {
    match action {
        Action::Draw { show, panels, to: To::Here(_) } => {
            Action::Draw { show, panels, to: To::NewTab }
        }
        Action::SetShown { keys, shown: true } => {
            let show = plugins_of(&keys);
            Action::Draw { show, panels: DrawnAs::Catalogue, to: To::NewTab }
        }
        action => action,
    }
}

/// What chooses these series: plugins of which there are several, else the one series.
fn plugins_of(keys: &[SeriesKey]) -> Vec<Selector> {
    let place = |key: &SeriesKey| {
        let names = &key.identifier;
        [&names.host, &names.plugin, &names.plugin_instance].map(Arc::clone)
    };
    let same = keys.chunk_by(|one, other| place(one) == place(other));
    let selector = |keys: &[SeriesKey]| match keys {
        [one] => Selector::of_series(one),
        [first, ..] => {
            let [host, plugin, instance] = place(first);
            let words = everywhere::words(&plugin, &instance);
            Selector::new(&format!("{} {words}", Field::Host.exactly(&host)))
        }
        [] => Selector::default(),
    };
    same.map(selector).collect()
}
