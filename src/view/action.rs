//! Action: what the user can ask for, from wherever it is asked.
//!
//! A plain value. [`super::View::apply`] and [`crate::session`] say what follows from each.

use super::fleet::FleetAction;
use super::graphs::Style;
use super::layout::{Repeat, YScale};
use super::names::{LayoutSource, PanelId, TabId, To};
use super::pivot::Pivot;
use super::recent::Item;
use super::row::RowName;
use super::selection::Scope;
use super::selector::Selector;
use crate::metric::{CdTime, Interval, SeriesKey, Severity, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything the user can ask for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Space: stand still, or follow the clock again.
    TogglePause,
    /// Follow the clock.
    GoLive,
    /// Another width of the window.
    SetWidth(Interval),
    /// Move by seconds; negative is back in time.
    Pan(f64),
    /// Multiply the width of the window, around a moment.
    Zoom {
        /// Below one zooms in.
        factor: f64,
        /// The moment that stays where it is.
        at: CdTime,
        /// One number for all that one turn of the wheel does.
        gesture: u64,
    },
    /// Zoom around the middle (keys).
    ZoomMiddle(f64),
    /// Show just this.
    ShowSpan(Span),
    /// Take back the last zoom.
    ZoomBack,
    /// Go to the oldest sample.
    GoOldest,
    /// Show or hide the list of notifications; hiding it says that all were seen.
    ToggleNotifications,
    /// List notifications of a severity, or leave them out.
    SetSeverityShown {
        /// Which.
        severity: Severity,
        /// Listed.
        shown: bool,
    },
    /// Filter the notifications.
    SetNotificationFilter(String),
    /// All notifications were seen.
    MarkSeen,
    /// Show this notification in the list.
    PointAt(u64),
    /// Look at a notification: its moment comes on screen, and what it is about.
    ShowNotification {
        /// Its number.
        number: u64,
        /// When it was.
        time: CdTime,
        /// What it is about, where that is known.
        about: Option<Scope>,
    },
    /// Put this, and nothing else, on the canvas.
    Select(Scope),
    /// The same on a tab of its own.
    SelectInNewTab(Scope),
    /// Show the panels that the overview leaves out.
    ShowAllPanels,
    /// Check or uncheck series.
    SetShown {
        /// Which.
        keys: Vec<SeriesKey>,
        /// Checked.
        shown: bool,
    },
    /// Put panels of what these choose somewhere.
    Draw {
        /// Each a set of series.
        show: Vec<Selector>,
        /// How many panels.
        panels: DrawnAs,
        /// Where to.
        to: To,
    },
    /// Do something to the panels of the tab on screen.
    Tile(TileAction),
    /// Show the table of all hosts: the tab that has one, or a new one.
    ShowFleet,
    /// Do something to the table of all hosts that is on screen.
    Fleet(FleetAction),
    /// Keys are about this panel.
    PointPanel(Option<PanelId>),
    /// That panel gets the canvas for itself, or the others come back.
    ToggleMaximised,
    /// Open an empty tab.
    NewTab,
    /// Close a tab.
    CloseTab(TabId),
    /// Bring a tab on screen.
    ShowTab(TabId),
    /// Call a tab otherwise; an empty name: what it shows.
    RenameTab {
        /// Which.
        tab: TabId,
        /// The name.
        name: String,
    },
    /// Put a tab at another place among the tabs.
    MoveTab {
        /// Which.
        tab: TabId,
        /// Its place, from 0.
        to: usize,
    },
    /// The host that the panels of the tab on screen are about where they leave it open.
    SetTabHost(Option<Arc<str>>),
    /// Save the tabs as a layout.
    SaveLayout {
        /// Where to; none: where the open layout is.
        source: Option<LayoutSource>,
        /// Even if the file is not as it was read.
        anyway: bool,
    },
    /// Show the tabs of a layout.
    OpenLayout(LayoutSource),
    /// Show the tabs of a layout that comes with the program.
    OpenBuiltIn(&'static str),
    /// Delete a saved layout.
    DeleteLayout(String),
    /// Take back the last change of tabs, tiles and panels.
    Undo,
    /// Do again what was taken back.
    Redo,
    /// Filter the tree.
    SetFilter(String),
    /// Open or close a row of the tree.
    SetOpen {
        /// Which.
        row: RowName,
        /// Open.
        open: bool,
    },
    /// Put the tree's cursor on this row.
    SetCursor(usize),
    /// Gather these rows of the tree, and no others, to be drawn together.
    Gather {
        /// Which.
        names: BTreeSet<RowName>,
        /// The row that a range begins at.
        from: Option<usize>,
        /// The row that the keyboard is on then.
        cursor: usize,
    },
    /// Gather none.
    ClearGathered,
    /// Put hosts or plugins at the top of the tree.
    SetPivot(Pivot),
    /// What the user makes of the rows of the sidebar.
    Arrange(Arrange),
    /// Forget what was received of these rows of the sidebar.
    Forget(BTreeSet<RowName>),
    /// Show or hide the sidebar.
    ToggleSidebar,
    /// Draw rates, or what the wire said.
    ToggleMode,
    /// Times by the clocks of the hosts, or by ours.
    ToggleHostTime,
    /// Dark, light, or as the system.
    SetTheme(Theme),
    /// Open a pane, or close it if it is open.
    TogglePane(Pane),
    /// Close what is open.
    ClosePane,
    /// Open the palette, with nothing typed.
    OpenPalette,
    /// Look for this in the palette.
    SetPaletteText(String),
    /// Put the keyboard on this row of its results.
    SetPaletteRow(usize),
    /// Close the palette.
    ClosePalette,
    /// This was chosen in the palette, which closes. What follows are actions of their own.
    Choose(Item),
    /// Keep at once what was chosen: something failed, and worse may follow.
    KeepNow,
}

/// What can be made of the rows of the sidebar.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrange {
    /// A host stands above the others, or no longer.
    Pin {
        /// Which.
        host: Arc<str>,
        /// Above.
        pinned: bool,
    },
    /// A host is called `alias`; by the name that collectd has for it where that is empty.
    Call {
        /// Which.
        host: Arc<str>,
        /// What it is called.
        alias: String,
    },
    /// Rows are hidden, or no longer.
    Hide {
        /// Which.
        rows: BTreeSet<RowName>,
        /// Out of sight.
        hidden: bool,
    },
    /// List what is hidden, or no longer.
    ToggleHidden,
}

/// What can be done to the panels of the tab on screen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TileAction {
    /// Take it off the canvas.
    Remove(PanelId),
    /// Put the same beside it.
    Duplicate(PanelId),
    /// Put it somewhere else.
    Move {
        /// Which.
        panel: PanelId,
        /// Where to.
        to: To,
    },
    /// Draw these too.
    Extend {
        /// Where.
        panel: PanelId,
        /// What.
        show: Vec<Selector>,
    },
    /// Draw these instead.
    SetShow {
        /// Where.
        panel: PanelId,
        /// What.
        show: Vec<Selector>,
    },
    /// Another title; an empty one: what the panel shows.
    Rename {
        /// Which.
        panel: PanelId,
        /// The title.
        title: String,
    },
    /// Draw its lines otherwise; none: as the catalogue says.
    SetStyle {
        /// Which.
        panel: PanelId,
        /// How.
        style: Option<Style>,
    },
    /// Draw the same of every host.
    EveryHost(PanelId),
    /// All panels of the tab leave their host open, and the tab chooses it.
    LeaveHostOpen,
    /// One panel, or one for each.
    SetEach {
        /// Which.
        panel: PanelId,
        /// For each of what.
        each: Repeat,
    },
    /// Hold the value axis between these ends; none: let it fit itself.
    HoldAxis {
        /// Which.
        panel: PanelId,
        /// Lower and upper end.
        y: Option<(f64, f64)>,
    },
    /// Let the value axis fit its own panel only, or all that show the same of other hosts.
    SetScale {
        /// Which.
        panel: PanelId,
        /// What the axis fits.
        scale: YScale,
    },
    /// Give the tiles of a split other shares.
    Resize {
        /// The way to the split.
        path: Vec<usize>,
        /// The shares of its parts.
        shares: Vec<f32>,
        /// One number for all that one drag does.
        gesture: u64,
    },
}

impl Action {
    /// Whether it changes the tiles on screen, which must be the user's own for that.
    pub const fn is_about_tiles(&self) -> bool {
        matches!(self, Self::Tile(_) | Self::Draw { to: To::Here(_), .. } | Self::SetTabHost(_))
    }
}

/// How many panels are made of what is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrawnAs {
    /// As the catalogue draws it: one for each of its graphs.
    #[default]
    Catalogue,
    /// One.
    One,
    /// One for each host.
    EachHost,
}

/// Dark, light, or as the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says; dark where it says nothing.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

impl Theme {
    /// The one after it, in a circle.
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::System,
        }
    }
}

/// What lies over the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pane {
    /// Where data comes from and what is wrong with it.
    Sources,
    /// The keys.
    Help,
}
