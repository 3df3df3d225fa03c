//! Commands about the sidebar and its rows.

use super::canvas::{DRAW, MAXIMISE};
use super::fleet::in_table;
use super::{
    Command, Context, Focus, Step, Waits, act, always, cap, command, in_tree, on, on_canvas,
};
use crate::view::Action;
use crate::view::action::Arrange;
use crate::view::chord::{Chord, Key};
use crate::view::gathered::Gathering;
use crate::view::names::{Spot, To};
use crate::view::pick::Picking;
use crate::view::tree::{Row, moved};

/// The keyboard goes to the filter of the sidebar.
pub const FILTER: Command = command("filter", "Filter the sidebar", &[on(Key::Typed('/'))], |at| {
    let hidden = !at.picking.view.sidebar;
    let show = hidden.then_some(Step::Do(Action::ToggleSidebar));
    show.into_iter().chain([Step::EnterFilter]).collect()
})
.found_by("find search hosts");
pub(super) const ROWS: [Command; 2] = [
    command("row-above", "Move up in the sidebar", &[on(Key::Up)], |at| at.moved(-1))
        .when(|at| in_tree(at) && !in_table(at))
        .waiting(Waits::ForRows),
    command("row-below", "Move down in the sidebar", &[on(Key::Down)], |at| at.moved(1))
        .when(|at| in_tree(at) && !in_table(at))
        .waiting(Waits::ForRows),
];
/// Shows the row that the keyboard is on, or draws those that are gathered.
pub const SHOW_ROW: Command = command("show-row", "Show the row", &[on(Key::Enter)], |at| {
    let actions = match at.picking.draw_gathered(To::Here(Spot::End)) {
        Some(draw) => vec![draw, Action::ClearGathered],
        None => at.row().map(|row| at.picking.press(row)).unwrap_or_default(),
    };
    // What is found is looked at next, on the canvas.
    let leave = (at.focus == Focus::Filter).then_some(Step::LeaveFilter);
    actions.into_iter().map(Step::Do).chain(leave).collect()
})
.found_by("select open draw")
.when(|at| in_tree(at) && !in_table(at) && !MAXIMISE.applies(at) && !DRAW.applies(at))
.waiting(Waits::ForRows);
pub(super) const CHECK_ROW: Command =
    command("check-row", "Check or uncheck the row", &[cap('X')], |at| {
        let gathered = at.picking.check_gathered();
        let action = gathered.or_else(|| at.picking.check(at.row()?));
        action.map(Step::Do).into_iter().collect()
    })
    .found_by("draw series")
    .waiting(Waits::ForRows);
pub(super) const GATHER: [Command; 2] = [
    command("gather-above", "Gather the row above too", &[Chord::shift(Key::Up)], |at| {
        at.gathered(-1)
    })
    .found_by("select extend range")
    .when(gathers)
    .waiting(Waits::ForRows),
    command("gather-below", "Gather the row below too", &[Chord::shift(Key::Down)], |at| {
        at.gathered(1)
    })
    .found_by("select extend range")
    .when(gathers)
    .waiting(Waits::ForRows),
];
/// Gathers all rows of a kind.
pub(super) const GATHER_ALL: Command = command(
    "gather-all",
    "Gather all rows of this kind",
    &[Chord { ctrl: true, ..cap('A') }],
    |at| {
        let all = at.gathering().all(!at.picking.view.filter.is_empty());
        all.map(Step::Do).into_iter().collect()
    },
)
.found_by("select everything")
.when(|at| on_canvas(at) && at.picking.view.sidebar)
.waiting(Waits::ForRows);
/// Opens the row in a tab of its own.
pub const OPEN_ROW: Command = command(
    "open-row",
    "Open the row in a new tab",
    &[Chord { ctrl: true, ..on(Key::Enter) }],
    |at| {
        let action = at.row().and_then(|row| at.picking.open_beside(row));
        action.map(Step::Do).into_iter().collect()
    },
)
.found_by("alone beside")
.when(|at| on_canvas(at) && !in_table(at) && at.row().is_some())
.waiting(Waits::ForRows);
/// Opens the menu of the row.
pub const ROW_MENU: Command = command(
    "row-menu",
    "Open the menu of the row",
    &[on(Key::Menu), Chord::shift(Key::Function(10))],
    |at| at.cursor.map(Step::OpenRowMenu).into_iter().collect(),
)
.found_by("context copy")
.when(|at| in_tree(at) && at.picking.view.sidebar && at.row().is_some() && at.cursor.is_some())
.waiting(Waits::ForRows);
/// Puts plugins at the top of the tree, or hosts.
pub const PIVOT: Command = command(
    "pivot",
    "Turn the sidebar: hosts and their plugins / plugins and their hosts",
    &[cap('G')],
    |at| act(Action::SetPivot(at.picking.view.pivot.other())),
)
.found_by("group tree pivot all hosts");
/// Lists the rows that are hidden, or no longer.
pub(super) const HIDDEN: Command =
    command("hidden", "List what is hidden in the sidebar, or no longer", &[], |_| {
        act(Action::Arrange(Arrange::ToggleHidden))
    })
    .found_by("hide unhide show rows hosts")
    .when(|at| on_canvas(at) && !at.picking.view.arrangement.hidden.is_empty());
/// Shows the sidebar, or hides it.
pub const SIDEBAR: Command =
    command("sidebar", "Show or hide the sidebar", &[Chord { ctrl: true, ..cap('B') }], |_| {
        act(Action::ToggleSidebar)
    })
    .found_by("tree hosts")
    .when(always);

/// The arrows with Shift go through the notifications while these are listed.
fn gathers(context: &Context<'_>) -> bool {
    let view = context.picking.view;
    on_canvas(context) && view.sidebar && !view.notifications.open
}

impl Context<'_> {
    fn gathering(&self) -> Gathering<'_> {
        let Picking { store, view, .. } = self.picking;
        Gathering { store, rows: &self.rows.rows, gathered: &view.gathered, cursor: self.cursor }
    }

    /// A range from the cursor, or from what is on the canvas, by one more row.
    fn gathered(&self, by: isize) -> Vec<Step> {
        let rows = &self.rows.rows;
        let cursor = self.cursor.or_else(|| self.picking.row_shown(rows));
        let Some(to) = moved(cursor, by, rows.len()) else { return Vec::new() };
        let extended = Gathering { cursor, ..self.gathering() }.extended(to);
        extended.map(Step::Do).into_iter().collect()
    }

    fn row(&self) -> Option<Row> {
        let first = self.rows.rows.first().copied().filter(|_| self.focus == Focus::Filter);
        self.cursor.and_then(|row| self.rows.rows.get(row)).copied().or(first)
    }

    /// The first step goes to what is on the canvas.
    fn moved(&self, by: isize) -> Vec<Step> {
        let rows = &self.rows.rows;
        let start = || self.picking.row_shown(rows).filter(|_| self.focus != Focus::Filter);
        let cursor = self.cursor.or_else(start);
        moved(cursor, by, rows.len()).map(Action::SetCursor).map(Step::Do).into_iter().collect()
    }
}
