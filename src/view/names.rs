//! Names of tabs, panels, places among them, and layouts.

use std::path::PathBuf;

/// Where a layout is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LayoutSource {
    /// Among those that the user saved.
    Named(String),
    /// In a file anywhere.
    File(PathBuf),
}

/// Names a tab while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TabId(pub u32);

/// Names a panel while the program runs. It is not kept: a layout from a file gets new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PanelId(pub u32);

/// A side of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left of it.
    Left,
    /// Right of it.
    Right,
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// Where a panel goes among the tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Beside another panel, of whose tile it gets half.
    Beside(PanelId, Side),
    /// Beside all others.
    Edge(Side),
    /// Behind the others, so that rows and columns stay even.
    End,
}

/// Where a panel goes in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Among the tiles on screen.
    Here(Spot),
    /// To another tab.
    Tab(TabId),
    /// To a tab of its own.
    NewTab,
    /// On a tab instead of all that is there; the tab comes on screen.
    Instead(TabId),
}

impl LayoutSource {
    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}
