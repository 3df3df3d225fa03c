//! Action: what the user can ask for, from wherever it is asked.
//!
//! A plain value. [`super::View::apply`] and [`crate::session`] say what follows from each.

use super::recent::Item;
use super::selection::Scope;
use crate::metric::{CdTime, Interval, SeriesKey, Severity, Span};
use serde::{Deserialize, Serialize};

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
    /// Show the panels that the overview leaves out.
    ShowAllPanels,
    /// Check or uncheck series.
    SetShown {
        /// Which.
        keys: Vec<SeriesKey>,
        /// Checked.
        shown: bool,
    },
    /// Filter the tree.
    SetFilter(String),
    /// Open or close a row of the tree.
    SetOpen {
        /// Which.
        scope: Scope,
        /// Open.
        open: bool,
    },
    /// Put the tree's cursor on this row.
    SetCursor(usize),
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
