//! Fleet: a table of all hosts, one row each, in columns that the user chose.
//!
//! [`Fleet`] is the user's choice, a plain value. What a column is made of on a host is a
//! [`cell::Cell`], the rows in their order are a [`table::Table`], and a small line over the window
//! is made by [`mod@line`].

mod action;
pub mod cell;
mod column;
mod devices;
pub mod line;
pub mod table;
mod wanted;

use super::selector::Selector;
pub use action::FleetAction;
pub use column::{Column, Measure, Of, Shows};

/// Columns of a table: more fit on no screen.
pub const COLUMNS_MAX: usize = 20;

/// Words for an order that is not that of a column.
pub(super) const ORDERS: [&str; 2] = ["host", "state"];

/// A table of all hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// What stands beside each host, from left to right.
    pub columns: Vec<Column>,
    /// What its rows are ordered by.
    pub by: By,
    /// The other way round: from Z to A, or the least first.
    pub reversed: bool,
    /// Only hosts that have a series which it matches.
    pub filter: Selector,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Names of the hosts, from A to Z.
    #[default]
    Host,
    /// Those that are not as they should be first: silent ones, then those with a wrong clock, then
    /// those that nobody can be sure of.
    State,
    /// The values of a column, the greatest first. Its place among the columns.
    Column(usize),
}

impl Default for Fleet {
    /// What every machine has, by name.
    fn default() -> Self {
        Self {
            columns: Measure::ALL.map(Column::of).to_vec(),
            by: By::Host,
            reversed: false,
            filter: Selector::default(),
        }
    }
}

impl Fleet {
    /// Whether the user chose the same, whatever is typed into the filter.
    pub fn is_same_choice(&self, other: &Self) -> bool {
        self.columns == other.columns && self.by == other.by && self.reversed == other.reversed
    }

    /// The name of a column, where that is its alone and no other word for an order.
    pub(super) fn name_of_order(&self, place: usize) -> Option<String> {
        let name = self.columns.get(place)?.name();
        let same = self.columns.iter().filter(|column| column.name() == name).count();
        (same == 1 && !ORDERS.contains(&&*name)).then_some(name)
    }

    /// Does what concerns the table. False: there is no room for more columns.
    pub(super) fn apply(&mut self, action: FleetAction) -> bool {
        match action {
            FleetAction::SetFilter(text) => self.filter = Selector::new(&text),
            FleetAction::OrderBy(by) => {
                self.reversed = by == self.by && !self.reversed && by != By::State;
                self.by = by;
            }
            FleetAction::AddColumns(columns) => {
                let room = COLUMNS_MAX.saturating_sub(self.columns.len());
                let fits = columns.len() <= room;
                self.columns.extend(columns.into_iter().take(room));
                return fits;
            }
            FleetAction::RemoveColumn(place) => self.remove(place),
            FleetAction::MoveColumn { from, to } => self.shift(from, to),
            FleetAction::SetColumn { place, column } => {
                if let Some(known) = self.columns.get_mut(place) {
                    *known = column;
                }
            }
            FleetAction::SetCursor(_) | FleetAction::Hold(_) => {
                debug_assert!(false, "not about the table: {action:?}");
            }
        }
        true
    }

    fn remove(&mut self, place: usize) {
        if place >= self.columns.len() {
            return;
        }
        self.columns.remove(place);
        match self.by {
            By::Column(by) if by == place => (self.by, self.reversed) = (By::Host, false),
            By::Column(by) if by > place => self.by = By::Column(by - 1),
            _ => {}
        }
    }

    fn shift(&mut self, from: usize, to: usize) {
        let last = self.columns.len().saturating_sub(1);
        let to = to.min(last);
        if from > last || from == to {
            return;
        }
        let column = self.columns.remove(from);
        self.columns.insert(to, column);
        let moved = |place: usize| match place {
            _ if place == from => to,
            _ if from < place && place <= to => place - 1,
            _ if to <= place && place < from => place + 1,
            _ => place,
        };
        if let By::Column(by) = self.by {
            self.by = By::Column(moved(by));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(fleet: &Fleet) -> (By, bool) {
        (fleet.by, fleet.reversed)
    }

    fn names(fleet: &Fleet) -> Vec<String> {
        fleet.columns.iter().map(Column::name).collect()
    }

    #[test]
    fn ordering_by_the_same_again_turns_the_order_round() {
        let mut fleet = Fleet::default();
        for (by, expected) in [
            (By::Column(1), (By::Column(1), false)),
            (By::Column(1), (By::Column(1), true)),
            (By::Column(1), (By::Column(1), false)),
            (By::Column(0), (By::Column(0), false)),
            (By::Host, (By::Host, false)),
            (By::Host, (By::Host, true)),
            (By::State, (By::State, false)),
            (By::State, (By::State, false)),
        ] {
            assert!(fleet.apply(FleetAction::OrderBy(by)));
            assert_eq!(order(&fleet), expected);
        }
    }

    #[test]
    fn the_order_stays_that_of_its_column_wherever_that_goes() {
        let all = ["cpu", "memory", "load", "network", "disk", "filesystem"];
        for by in 0..all.len() {
            for from in 0..all.len() {
                for to in 0..all.len() + 2 {
                    let mut fleet = Fleet { by: By::Column(by), ..Fleet::default() };
                    fleet.apply(FleetAction::MoveColumn { from, to });
                    let By::Column(now) = fleet.by else { panic!() };
                    assert_eq!(names(&fleet)[now], all[by], "{by} {from} {to}");
                    assert_eq!(names(&fleet)[to.min(5)], all[from]);
                }
                let mut fleet = Fleet { by: By::Column(by), reversed: true, ..Fleet::default() };
                fleet.apply(FleetAction::RemoveColumn(from));
                match fleet.by {
                    By::Column(now) => assert_eq!(names(&fleet)[now], all[by]),
                    By::Host | By::State => assert_eq!((by, fleet.reversed), (from, false)),
                }
            }
        }
    }

    #[test]
    fn there_is_room_for_some_columns_only() {
        let mut fleet = Fleet::default();
        let more = COLUMNS_MAX - fleet.columns.len();
        let add = || FleetAction::AddColumns(vec![Column::of(Measure::Load)]);
        assert!((0..more).all(|_| fleet.apply(add())));
        assert!(!fleet.apply(add()) && fleet.columns.len() == COLUMNS_MAX);
        fleet.apply(FleetAction::RemoveColumn(99));
        fleet.apply(FleetAction::MoveColumn { from: 99, to: 0 });
        assert_eq!(fleet.columns.len(), COLUMNS_MAX);
    }
}
