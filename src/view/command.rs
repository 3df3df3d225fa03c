//! Commands: one table of all that a key, a button or a word can ask for.
//!
//! Help, hints and the keyboard read it; a test compares the README with it. What a command does
//! follows from [`Context`]; it changes nothing itself.

mod canvas;
mod fleet;
mod sidebar;
mod table;

use super::action::{Action, Pane};
use super::chord::{Chord, Key};
use super::fleet::FleetAction;
use super::fleet::table::Table;
use super::names::PanelId;
use super::notifications::{Listed, show};
use super::pick::Picking;
use super::tree::Rows;
use super::window::PRESETS;
use crate::metric::Interval;
use std::sync::Arc;

/// One thing that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its lasting name.
    pub id: &'static str,
    /// What it does.
    pub title: &'static str,
    /// Words it is found by beside those of its title.
    pub words: &'static str,
    /// Keys that ask for it unless the user chose others, the usual one first.
    pub keys: &'static [Chord],
    /// What it waits for where keys before it changed something.
    pub waits: Waits,
    applies: fn(&Context<'_>) -> bool,
    steps: fn(&Context<'_>) -> Vec<Step>,
}

pub use canvas::{
    ADD, ADD_ONE, CLOSE_TAB, DRAW, DUPLICATE_PANEL, EVERY_HOST, MAXIMISE, NEW_TAB, OPEN_LAYOUT,
    REDO, REMOVE_PANEL, SAVE_LAYOUT, SAVE_LAYOUT_AS, UNDO,
};
pub use fleet::FLEET;
pub use sidebar::{FILTER, OPEN_ROW, PIVOT, ROW_MENU, SHOW_ROW, SIDEBAR};
pub use table::{GROUPS, KEYLESS};

/// What must be up to date before a command is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Nothing.
    No,
    /// What is open and chosen.
    ForChoices,
    /// The rows of the sidebar too.
    ForRows,
}

/// Commands that stand in one row of the help.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Their keys, as they are written.
    pub keys: &'static str,
    /// What they do.
    pub title: &'static str,
    /// The commands.
    pub commands: &'static [Command],
}

/// What a command is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What is known and chosen.
    pub picking: Picking<'a>,
    /// The rows of the sidebar.
    pub rows: &'a Rows,
    /// The notifications that are listed.
    pub listed: &'a Listed,
    /// The row of the sidebar that the keyboard is on.
    pub cursor: Option<usize>,
    /// The table of all hosts, and the host whose row the keyboard is on.
    pub fleet: &'a Table,
    /// See `fleet`.
    pub host_cursor: Option<&'a Arc<str>>,
    /// The panels of the canvas, row by row.
    pub panels: &'a [PanelId],
    /// The notification that was chosen last.
    pub chosen: Option<u64>,
    /// What the keyboard belongs to.
    pub focus: Focus,
}

/// What the keyboard belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The canvas.
    Canvas,
    /// The filter of the sidebar.
    Filter,
    /// Another text field.
    Text,
    /// A button.
    Other,
}

/// What follows from a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// This is done.
    Do(Action),
    /// The keyboard belongs to the filter of the sidebar.
    EnterFilter,
    /// The keyboard belongs to the canvas.
    LeaveFilter,
    /// A name for a layout is asked for.
    NameLayout,
    /// The menu of the layouts opens.
    OpenLayouts,
    /// The keyboard belongs to the filter of the table of all hosts.
    FilterHosts,
    /// The menu of this row of the sidebar opens.
    OpenRowMenu(usize),
    /// The canvas scrolls by this number of pages, down if positive.
    Scroll(f32),
}

impl Command {
    /// Whether it would do something.
    pub fn applies(&self, context: &Context<'_>) -> bool {
        (self.applies)(context)
    }

    /// What it does.
    pub fn steps(&self, context: &Context<'_>) -> Vec<Step> {
        (self.steps)(context)
    }
}

/// All commands.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().flat_map(|group| group.commands).chain(&KEYLESS)
}

/// The command that `chord` asks for, if it applies. Shift is of no account where no command asks
/// for it.
pub fn of_chord(chord: Chord, context: &Context<'_>) -> Option<&'static Command> {
    let keymap = &context.picking.view.keymap;
    let find = |chord: Chord| {
        let mut asked = commands().filter(|command| keymap.asks(command, chord, context.focus));
        asked.find(|command| command.applies(context))
    };
    find(chord).or_else(|| find(Chord { shift: false, ..chord }))
}

impl Context<'_> {
    fn shown(&self, by: isize) -> Vec<Step> {
        let store = self.picking.store;
        let number = self.listed.beside(self.chosen, by);
        let noted = number.and_then(|number| store.notifications().get(number));
        noted.map(|noted| Step::Do(show(store, noted))).into_iter().collect()
    }

    fn panned(&self, widths: f64) -> Vec<Step> {
        act(Action::Pan(widths * self.picking.view.window().width().secs_f64()))
    }

    /// One thing at a time: who types leaves the field, then what lies over the others goes first.
    fn closed(&self) -> Vec<Step> {
        let view = self.picking.view;
        if self.focus == Focus::Filter {
            return vec![Step::LeaveFilter];
        }
        let list = &view.notifications;
        let is_fleet = view.tab().canvas.fleet().is_some();
        let action = if !view.gathered.names.is_empty() {
            Some(Action::ClearGathered)
        } else if view.pane.is_some() {
            Some(Action::ClosePane)
        } else if !view.filter.text().is_empty() {
            Some(Action::SetFilter(String::new()))
        } else if view.tab().canvas.fleet().is_some_and(|fleet| !fleet.filter.text().is_empty()) {
            Some(Action::Fleet(FleetAction::SetFilter(String::new())))
        } else if is_fleet && view.host_cursor.is_some() {
            Some(Action::Fleet(FleetAction::SetCursor(None)))
        } else if !list.filter.text().is_empty() {
            Some(Action::SetNotificationFilter(String::new()))
        } else {
            list.open.then_some(Action::ToggleNotifications)
        };
        action.map(Step::Do).into_iter().collect()
    }
}

fn act(action: Action) -> Vec<Step> {
    vec![Step::Do(action)]
}

fn preset(number: usize) -> Vec<Step> {
    let width = PRESETS.get(number).map(|&(secs, _)| Interval::from_secs(secs));
    width.map(|width| Step::Do(Action::SetWidth(width))).into_iter().collect()
}

const fn always(_: &Context<'_>) -> bool {
    true
}

/// A text field takes its characters itself, a button Space and Enter.
fn on_canvas(context: &Context<'_>) -> bool {
    context.focus == Focus::Canvas
}

fn in_tree(context: &Context<'_>) -> bool {
    !matches!(context.focus, Focus::Text | Focus::Other)
}

fn lists_notifications(context: &Context<'_>) -> bool {
    on_canvas(context) && context.picking.view.notifications.open
}

/// A step of zooming.
const ZOOM: f64 = 0.7;

const fn command(
    id: &'static str,
    title: &'static str,
    keys: &'static [Chord],
    steps: fn(&Context<'_>) -> Vec<Step>,
) -> Command {
    Command { id, title, words: "", keys, waits: Waits::No, applies: on_canvas, steps }
}

impl Command {
    const fn found_by(self, words: &'static str) -> Self {
        Self { words, ..self }
    }

    const fn when(self, applies: fn(&Context<'_>) -> bool) -> Self {
        Self { applies, ..self }
    }

    const fn waiting(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }
}

const fn cap(c: char) -> Chord {
    Chord::plain(Key::Cap(c))
}

const fn on(key: Key) -> Chord {
    Chord::plain(key)
}

/// Stands still, or goes on.
pub const PAUSE: Command =
    command("pause", "Pause / resume", &[on(Key::Space)], |_| act(Action::TogglePause))
        .found_by("stop freeze hold");
/// Follows the clock, or the capture.
pub const LIVE: Command = command("live", "Go live", &[on(Key::End)], |_| act(Action::GoLive))
    .found_by("now follow newest end");
/// Shows the oldest sample.
pub const OLDEST: Command =
    command("oldest", "Go to the oldest sample", &[on(Key::Home)], |_| act(Action::GoOldest))
        .found_by("first begin");
/// Widths of the window, in the order of [`PRESETS`].
pub const WIDTHS: [Command; 7] = [
    command("window-10s", "Window of 10s", &[cap('1')], |_| preset(0)),
    command("window-1m", "Window of 1m", &[cap('2')], |_| preset(1)),
    command("window-5m", "Window of 5m", &[cap('3')], |_| preset(2)),
    command("window-15m", "Window of 15m", &[cap('4')], |_| preset(3)),
    command("window-1h", "Window of 1h", &[cap('5')], |_| preset(4)),
    command("window-6h", "Window of 6h", &[cap('6')], |_| preset(5)),
    command("window-24h", "Window of 24h", &[cap('7')], |_| preset(6)),
];
const ZOOMS: [Command; 2] = [
    command("zoom-in", "Zoom in", &[cap('+'), cap('='), cap('W')], |_| {
        act(Action::ZoomMiddle(ZOOM))
    })
    .found_by("narrower closer"),
    command("zoom-out", "Zoom out", &[cap('-'), cap('S')], |_| act(Action::ZoomMiddle(1.0 / ZOOM)))
        .found_by("wider farther"),
];
const MOVES: [Command; 4] = [
    command("back", "Move back by a quarter of the window", &[on(Key::Left), cap('A')], |at| {
        at.panned(-0.25)
    })
    .found_by("left earlier"),
    command("ahead", "Move ahead by a quarter of the window", &[on(Key::Right), cap('D')], |at| {
        at.panned(0.25)
    })
    .found_by("right later"),
    command(
        "window-back",
        "Move back by a whole window",
        &[Chord::shift(Key::Left), Chord::shift(Key::Cap('A'))],
        |at| at.panned(-1.0),
    )
    .found_by("left earlier"),
    command(
        "window-ahead",
        "Move ahead by a whole window",
        &[Chord::shift(Key::Right), Chord::shift(Key::Cap('D'))],
        |at| at.panned(1.0),
    )
    .found_by("right later"),
];
/// Shows what was on screen before the last zoom.
pub const UNDO_ZOOM: Command =
    command("undo-zoom", "Undo zoom", &[on(Key::Backspace)], |_| act(Action::ZoomBack))
        .found_by("before again");
const PAGES: [Command; 2] = [
    command("page-up", "Scroll the panels up", &[on(Key::PageUp)], |_| vec![Step::Scroll(-1.0)])
        .found_by("page")
        .when(always),
    command("page-down", "Scroll the panels down", &[on(Key::PageDown)], |_| {
        vec![Step::Scroll(1.0)]
    })
    .found_by("page")
    .when(always),
];
/// Draws counters as rates, or their raw values.
pub const RATES: Command =
    command("rates", "Show counters as rates / raw values", &[cap('R')], |_| {
        act(Action::ToggleMode)
    })
    .found_by("derivative absolute")
    .when(|at| on_canvas(at) && at.picking.view.tab().canvas.fleet().is_none());
/// Writes times by the clocks of hosts, or by this machine's.
pub const HOST_TIME: Command = command(
    "host-time",
    "Show times by the clocks of the hosts / of this machine",
    &[cap('C')],
    |_| act(Action::ToggleHostTime),
)
.found_by("clock zone");
/// Lists notifications, or no longer.
pub const NOTIFICATIONS: Command =
    command("notifications", "Show or hide the notifications", &[cap('N')], |_| {
        act(Action::ToggleNotifications)
    })
    .found_by("alerts events threshold");
const NOTED: [Command; 2] = [
    command(
        "notification-above",
        "Show the next newer notification",
        &[Chord::shift(Key::Up)],
        |at| at.shown(-1),
    )
    .when(lists_notifications)
    .waiting(Waits::ForChoices),
    command(
        "notification-below",
        "Show the next older notification",
        &[Chord::shift(Key::Down)],
        |at| at.shown(1),
    )
    .when(lists_notifications)
    .waiting(Waits::ForChoices),
];
/// Opens the palette.
pub const PALETTE: Command = command(
    "palette",
    "Find a host, plugin, command or setting",
    &[Chord { ctrl: true, ..cap('K') }],
    |_| act(Action::OpenPalette),
)
.found_by("palette search")
.when(always);
/// Shows how reception goes, or no longer.
pub const SOURCES: Command =
    command("sources", "Show sources and health", &[on(Key::Function(2))], |_| {
        act(Action::TogglePane(Pane::Sources))
    })
    .found_by("senders errors faults losses clocks")
    .when(always);
/// Shows the keys, or no longer.
pub const HELP: Command = command("help", "Show this help", &[on(Key::Typed('?'))], |_| {
    act(Action::TogglePane(Pane::Help))
})
.found_by("keys shortcuts");
/// Closes what is open.
pub const CLOSE: Command = command(
    "close",
    "Leave the filter; gather no rows, close what is open, clear the filter",
    &[on(Key::Escape)],
    |at| at.closed(),
)
// A text field is left by it.
.when(|at| at.focus != Focus::Text && !at.closed().is_empty())
.waiting(Waits::ForChoices);
/// Dark, light, as the system.
pub const THEME: Command = command("theme", "Next theme: system, dark, light", &[], |at| {
    act(Action::SetTheme(at.picking.view.theme.next()))
})
.found_by("colours colors dark light");
/// No notification counts as new.
pub const MARK_SEEN: Command =
    command("mark-seen", "Mark all notifications as seen", &[], |_| act(Action::MarkSeen))
        .found_by("read acknowledge")
        .when(|at| {
            let Picking { store, view, .. } = at.picking;
            view.notifications.unseen(store.notifications()).total() > 0
        });
