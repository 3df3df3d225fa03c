//! Index: the series as a tree for people, host > plugin > type > data sources.

use super::SeriesId;
use crate::metric::CdTime;
use std::cmp::Ordering;
use std::sync::Arc;

/// All hosts, in natural order (`web-2` before `web-10`).
#[derive(Debug, Default)]
pub struct Index {
    hosts: Vec<HostNode>,
    revision: u64,
}

/// When something was last heard of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastSeen {
    /// Time of the newest sample, by the host's clock.
    pub sample: CdTime,
    /// When the newest value list was absorbed, by our clock.
    pub arrival: CdTime,
}

/// One host.
#[derive(Debug)]
pub struct HostNode {
    /// Its name.
    pub name: Arc<str>,
    /// Its plugins, in natural order of plugin, then instance.
    pub plugins: Vec<PluginNode>,
    /// When it was last heard of.
    pub last_seen: LastSeen,
}

/// One plugin instance of a host.
#[derive(Debug)]
pub struct PluginNode {
    /// Who measured.
    pub plugin: Arc<str>,
    /// Which of several, may be empty.
    pub instance: Arc<str>,
    /// Its value lists, in natural order of type, then type instance.
    pub lists: Vec<ListNode>,
}

/// One identifier.
#[derive(Debug)]
pub struct ListNode {
    /// Entry of types.db.
    pub type_: Arc<str>,
    /// Which of several, may be empty.
    pub instance: Arc<str>,
    /// Its series, by data source; a data source that changed its DS type has several.
    pub series: Vec<SeriesId>,
}

impl Index {
    /// All hosts, in natural order.
    pub fn hosts(&self) -> &[HostNode] {
        &self.hosts
    }

    /// Changes whenever something is inserted.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

/// The order people expect: runs of digits compare as numbers (`web-2` before `web-10`).
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    a.cmp(b)
}
