//! Table: all commands, as the help shows them.

use super::canvas::{
    self, ADD, ADD_ONE, CLOSE_TAB, DRAW, DUPLICATE_PANEL, EVERY_HOST, MAXIMISE, MOVE_PANEL,
    NEW_TAB, OPEN_LAYOUT, PANELS, REDO, REMOVE_PANEL, SAVE_LAYOUT, SAVE_LAYOUT_AS, STEP_TABS, TABS,
    UNDO,
};
use super::fleet::{ENTER_TABLE, FLEET, HOST_BESIDE, HOSTS, SHOW_HOST};
use super::sidebar::{
    CHECK_ROW, FILTER, GATHER, GATHER_ALL, HIDDEN, OPEN_ROW, PIVOT, ROW_MENU, ROWS, SHOW_ROW,
    SIDEBAR,
};
use super::{
    CLOSE, Command, Group, HELP, HOST_TIME, LIVE, MARK_SEEN, MOVES, NOTED, NOTIFICATIONS, OLDEST,
    PAGES, PALETTE, PAUSE, RATES, SOURCES, THEME, UNDO_ZOOM, WIDTHS, ZOOMS,
};

/// The commands that have a key, as the help shows them.
pub const GROUPS: [Group; 47] = [
    Group { keys: "Space", title: PAUSE.title, commands: &[PAUSE] },
    Group { keys: "End", title: LIVE.title, commands: &[LIVE] },
    Group { keys: "Home", title: OLDEST.title, commands: &[OLDEST] },
    Group { keys: "1 … 7", title: "Window of 10s, 1m, 5m, 15m, 1h, 6h, 24h", commands: &WIDTHS },
    Group { keys: "+ −  or  W S", title: "Zoom in, zoom out", commands: &ZOOMS },
    Group {
        keys: "← →  or  A D",
        title: "Move by a quarter of the window, with Shift by a whole one",
        commands: &MOVES,
    },
    Group { keys: "Backspace", title: UNDO_ZOOM.title, commands: &[UNDO_ZOOM] },
    Group { keys: "Ctrl+K", title: PALETTE.title, commands: &[PALETTE] },
    Group { keys: "/", title: FILTER.title, commands: &[FILTER] },
    Group { keys: "F3", title: FLEET.title, commands: &[FLEET] },
    Group { keys: "↑ ↓", title: "Move through the table of hosts", commands: &HOSTS },
    Group { keys: "Enter", title: SHOW_HOST.title, commands: &[SHOW_HOST] },
    Group { keys: "Ctrl+Enter", title: HOST_BESIDE.title, commands: &[HOST_BESIDE] },
    Group { keys: "F6", title: ENTER_TABLE.title, commands: &[ENTER_TABLE] },
    Group { keys: "↑ ↓", title: "Move through the sidebar", commands: &ROWS },
    Group { keys: "Enter", title: DRAW.title, commands: &[DRAW] },
    Group { keys: "Ctrl+Enter", title: ADD.title, commands: &[ADD] },
    Group { keys: "Shift+Enter", title: ADD_ONE.title, commands: &[ADD_ONE] },
    Group { keys: "F6  or  Shift+F6", title: "Go through the panels", commands: &PANELS },
    Group { keys: "Enter", title: MAXIMISE.title, commands: &[MAXIMISE] },
    Group {
        keys: "Enter",
        title: "Show the row: a host's overview, a plugin's panels; check a series",
        commands: &[SHOW_ROW],
    },
    Group {
        keys: "Shift+↑ ↓",
        title: "Gather the rows from here on, to draw them together with Enter",
        commands: &GATHER,
    },
    Group { keys: "Ctrl+A", title: GATHER_ALL.title, commands: &[GATHER_ALL] },
    Group { keys: "Ctrl+Enter", title: OPEN_ROW.title, commands: &[OPEN_ROW] },
    Group { keys: "Menu  or  Shift+F10", title: ROW_MENU.title, commands: &[ROW_MENU] },
    Group { keys: "Ctrl+Shift+← → ↑ ↓", title: "Move the panel", commands: &MOVE_PANEL },
    Group { keys: "E", title: EVERY_HOST.title, commands: &[EVERY_HOST] },
    Group { keys: "Ctrl+D", title: DUPLICATE_PANEL.title, commands: &[DUPLICATE_PANEL] },
    Group { keys: "Delete", title: REMOVE_PANEL.title, commands: &[REMOVE_PANEL] },
    Group {
        keys: "Ctrl+T  or  Ctrl+W",
        title: "Open a tab, close it",
        commands: &[NEW_TAB, CLOSE_TAB],
    },
    Group {
        keys: "Ctrl+Tab",
        title: "Next tab, with Shift the previous one",
        commands: &STEP_TABS,
    },
    Group { keys: "Ctrl+1 … 9", title: "Tab 1 to 9", commands: &TABS },
    Group { keys: "Ctrl+Z", title: UNDO.title, commands: &[UNDO] },
    Group { keys: "Ctrl+Y  or  Ctrl+Shift+Z", title: REDO.title, commands: &[REDO] },
    Group {
        keys: "Ctrl+S  or  Ctrl+Shift+S",
        title: "Save the layout, save it under another name",
        commands: &[SAVE_LAYOUT, SAVE_LAYOUT_AS],
    },
    Group { keys: "Ctrl+O", title: OPEN_LAYOUT.title, commands: &[OPEN_LAYOUT] },
    Group { keys: "X", title: CHECK_ROW.title, commands: &[CHECK_ROW] },
    Group {
        keys: "Page up, down",
        title: "Scroll the panels; or use the wheel outside a plot",
        commands: &PAGES,
    },
    Group { keys: "R", title: RATES.title, commands: &[RATES] },
    Group { keys: "C", title: HOST_TIME.title, commands: &[HOST_TIME] },
    Group { keys: "G", title: PIVOT.title, commands: &[PIVOT] },
    Group { keys: "Ctrl+B", title: SIDEBAR.title, commands: &[SIDEBAR] },
    Group { keys: "N", title: NOTIFICATIONS.title, commands: &[NOTIFICATIONS] },
    Group {
        keys: "Shift+↑ ↓",
        title: "Show the notification above or below, while they are listed",
        commands: &NOTED,
    },
    Group { keys: "F2", title: SOURCES.title, commands: &[SOURCES] },
    Group { keys: "?", title: HELP.title, commands: &[HELP] },
    Group { keys: "Esc", title: CLOSE.title, commands: &[CLOSE] },
];
/// The others.
pub const KEYLESS: [Command; 7] = {
    let [one, host, instance, open] = canvas::KEYLESS;
    [THEME, MARK_SEEN, HIDDEN, one, host, instance, open]
};
