//! Commands about the table of all hosts.

use super::{Command, Context, Step, act, always, command, on, on_canvas};
use crate::view::action::Action;
use crate::view::chord::{Chord, Key};
use crate::view::fleet::FleetAction;
use crate::view::selection::Scope;
use crate::view::tree::moved;
use std::sync::Arc;

/// Shows the table of all hosts; where it is on screen, the keyboard goes to its filter.
pub const FLEET: Command = command(
    "fleet",
    "Show all hosts in a table; there: filter them",
    &[on(Key::Function(3))],
    |at| match at.picking.view.tab().canvas.fleet() {
        Some(_) => vec![Step::FilterHosts],
        None => act(Action::ShowFleet),
    },
)
.found_by("fleet list overview compare machines top")
.when(always);
/// The keyboard goes to the table.
pub(super) const ENTER_TABLE: Command =
    command("enter-table", "Go to the table of hosts", &[on(Key::Function(6))], |at| {
        at.on_host(at.host_place().unwrap_or_default())
    })
    .when(|at| has_rows(at) && on_canvas(at));
pub(super) const HOSTS: [Command; 2] = [
    command("host-above", "Move up in the table of hosts", &[on(Key::Up)], |at| at.beside_host(-1))
        .when(in_table),
    command("host-below", "Move down in the table of hosts", &[on(Key::Down)], |at| {
        at.beside_host(1)
    })
    .when(in_table),
];
/// Shows the host whose row the keyboard is on.
pub(super) const SHOW_HOST: Command =
    command("show-host", "Show the host of the row", &[on(Key::Enter)], |at| {
        at.host().map(|host| Step::Do(Action::Select(Scope::Host(host)))).into_iter().collect()
    })
    .found_by("open overview")
    .when(on_row);
/// The same on a tab of its own.
pub(super) const HOST_BESIDE: Command = command(
    "host-beside",
    "Show the host of the row in a new tab",
    &[Chord { ctrl: true, ..on(Key::Enter) }],
    |at| {
        let scope = at.host().map(Scope::Host);
        scope.map(|scope| Step::Do(Action::SelectInNewTab(scope))).into_iter().collect()
    },
)
.found_by("open overview alone")
.when(on_row);

fn has_rows(context: &Context<'_>) -> bool {
    context.picking.view.tab().canvas.fleet().is_some() && !context.fleet.is_empty()
}

/// The arrows belong to the table unless the sidebar has them.
pub(super) fn in_table(context: &Context<'_>) -> bool {
    has_rows(context) && on_canvas(context) && context.cursor.is_none()
}

fn on_row(context: &Context<'_>) -> bool {
    in_table(context) && context.host_place().is_some()
}

impl Context<'_> {
    /// Where the row is that the keyboard is on.
    fn host_place(&self) -> Option<usize> {
        self.fleet.place_of(self.host_cursor?)
    }

    fn host(&self) -> Option<Arc<str>> {
        self.host_place().and_then(|place| self.fleet.row(place)).map(|row| Arc::clone(&row.host))
    }

    fn on_host(&self, place: usize) -> Vec<Step> {
        let host = self.fleet.row(place).map(|row| Arc::clone(&row.host));
        host.map(|host| Step::Do(Action::Fleet(FleetAction::SetCursor(Some(host)))))
            .into_iter()
            .collect()
    }

    fn beside_host(&self, by: isize) -> Vec<Step> {
        let place = moved(self.host_place(), by, self.fleet.len());
        place.map(|place| self.on_host(place)).unwrap_or_default()
    }
}
