//! More about a row of the sidebar: what its tooltip says, and what it is called elsewhere. Asked
//! for one row at a time, not for all of them in each frame.

use super::Screen;
use crate::metric::display_safe;
use crate::store::{HostNode, PluginNode, Series};
use crate::view::clocks;
use crate::view::format;
use crate::view::host_age::age_of;
use crate::view::lookalike::lookalike;
use crate::view::pivot::Pivot;
use crate::view::senders::about_host;
use crate::view::tree::{Row, plugin_label, series_label, series_of};

impl Screen<'_> {
    /// What the tooltip of a row says, on some lines; nothing where the row is gone.
    pub fn row_hint(&self, row: Row) -> String {
        let hint = match row {
            Row::Host { host } => {
                self.store.index().hosts().get(host).map(|node| self.host_hint(node))
            }
            Row::Everywhere { hosts, .. } => row.plugin(self.store).map(|(_, node)| {
                format!("{} of {}", display_safe(&plugin_label(node)), hosts_text(hosts))
            }),
            Row::Plugin { .. } => {
                row.plugin(self.store).map(|(host, node)| self.plugin_hint(host, node))
            }
            Row::Series { id, .. } => self.store.series(id).map(|series| self.series_hint(series)),
        };
        let is_new = row.name(self.store).is_some_and(|row| self.derived.new_rows.contains(&row));
        let came = if is_new { "\nnew: in the last ten minutes something came here" } else { "" };
        hint.unwrap_or_default() + came
    }

    /// What a row is called where the rows above it are not seen; none where it is gone.
    pub(super) fn path_of(&self, row: Row) -> Option<String> {
        let plugin = |node| display_safe(&plugin_label(node)).into_owned();
        Some(match row {
            Row::Host { host } => self.host_name(&self.store.index().hosts().get(host)?.name),
            Row::Everywhere { .. } => format!("{} · all hosts", plugin(row.plugin(self.store)?.1)),
            Row::Plugin { .. } => {
                let (host, node) = row.plugin(self.store)?;
                format!("{} · {}", plugin(node), self.host_name(&host.name))
            }
            Row::Series { id, .. } => {
                let (_, node) = row.plugin(self.store)?;
                let series = self.store.series(id)?;
                let (label, host) = (series_label(node, series), &series.identifier.host);
                let (label, host) = (display_safe(&label), self.host_name(host));
                format!("{} {label} · {host}", plugin_label(node))
            }
        })
    }

    fn host_hint(&self, node: &HostNode) -> String {
        let (age, _) = age_of(self.store, node, self.now);
        let series: usize = node.plugins.iter().map(|plugin| series_of(plugin).count()).sum();
        let name = display_safe(&node.name);
        let mut hint = format!("{name}\n{series} series, last received {} ago", format::age(age));
        if self.reception.local_host() == Some(&*node.name) {
            hint.push_str("\nthis machine, measured by collectoscope");
        }
        let clocks = self.store.clocks(node).iter();
        let sentences = clocks.filter_map(|clock| clocks::sentence(clock, self.now));
        let about = about_host(self.store.health(), &node.name);
        for sentence in sentences.chain(about).chain(lookalike(&node.name)) {
            hint.push('\n');
            hint.push_str(&sentence);
        }
        hint
    }

    fn plugin_hint(&self, host: &HostNode, node: &PluginNode) -> String {
        let (plugin, name) = (plugin_label(node), display_safe(&host.name));
        let (count, drawn) = self.picking().count(node);
        let plugin = display_safe(&plugin);
        let mut hint = format!("{name}/{plugin}\n{count} series, {drawn} drawn");
        if let Some(odd) = lookalike(&host.name).filter(|_| self.view.pivot == Pivot::Plugins) {
            hint.push('\n');
            hint.push_str(&odd);
        }
        hint
    }

    fn series_hint(&self, series: &Series) -> String {
        let (value, _) = self.value_of(Some(series.id));
        let interval = format::duration(series.interval.secs_f64());
        let known = if series.known_type { "" } else { ", type not in types.db" };
        format!(
            "{}\n{} ({}{known}), every {interval}, now {value}",
            series.identifier,
            display_safe(&series.ds_name),
            series.kind.name(),
        )
    }
}

/// How many hosts, in words.
pub(super) fn hosts_text(hosts: u32) -> String {
    match hosts {
        1 => "1 host".into(),
        _ => format!("{} hosts", format::count(hosts.into())),
    }
}
