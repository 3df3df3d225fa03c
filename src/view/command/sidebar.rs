//! Commands about the sidebar and its rows.

use super::canvas::{DRAW, MAXIMISE};
use super::{Command, Context, Focus, Step, Waits, act, always, cap, command, in_tree, on};
use crate::view::Action;
use crate::view::chord::{Chord, Key};
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
        .when(in_tree)
        .waiting(Waits::ForRows),
    command("row-below", "Move down in the sidebar", &[on(Key::Down)], |at| at.moved(1))
        .when(in_tree)
        .waiting(Waits::ForRows),
];
pub(super) const SHOW_ROW: Command = command("show-row", "Show the row", &[on(Key::Enter)], |at| {
    let actions = at.row().map(|row| at.picking.press(row)).unwrap_or_default();
    // What is found is looked at next, on the canvas.
    let leave = (at.focus == Focus::Filter).then_some(Step::LeaveFilter);
    actions.into_iter().map(Step::Do).chain(leave).collect()
})
.found_by("select open draw")
.when(|at| in_tree(at) && !MAXIMISE.applies(at) && !DRAW.applies(at))
.waiting(Waits::ForRows);
pub(super) const CHECK_ROW: Command =
    command("check-row", "Check or uncheck the row", &[cap('X')], |at| {
        let action = at.row().and_then(|row| at.picking.check(row));
        action.map(Step::Do).into_iter().collect()
    })
    .found_by("draw series")
    .waiting(Waits::ForRows);
/// Puts plugins at the top of the tree, or hosts.
pub const PIVOT: Command = command(
    "pivot",
    "Turn the sidebar: hosts and their plugins / plugins and their hosts",
    &[cap('G')],
    |at| act(Action::SetPivot(at.picking.view.pivot.other())),
)
.found_by("group tree pivot all hosts");
/// Shows the sidebar, or hides it.
pub const SIDEBAR: Command =
    command("sidebar", "Show or hide the sidebar", &[Chord { ctrl: true, ..cap('B') }], |_| {
        act(Action::ToggleSidebar)
    })
    .found_by("tree hosts")
    .when(always);

impl Context<'_> {
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
