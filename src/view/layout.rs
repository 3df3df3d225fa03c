//! Layout: the tiles of a tab that the user arranged, each with the rule of its panel.
//!
//! A plain value of rules and lasting names. A split has at least two parts, and none of them is a
//! split in the same direction: every operation keeps that true. Knows no pixels; where a tile
//! stands is said by [`place`].

pub mod place;
mod rule;
mod tile;

use super::names::{PanelId, Spot};
pub use rule::{HOST_OPEN, Repeat, Rule, YScale};
use tile::columns_of;
pub use tile::{Direction, Part, Split, Tile, sane_share};

/// Panels that a layout can hold: more than anyone looks at, and a frame walks over all of them.
pub const RULES_MAX: usize = 200;
/// Splits inside splits: each is a level of calls wherever tiles are walked over.
pub const DEPTH_MAX: usize = 16;

/// The tiles of a tab.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    root: Option<Tile>,
}

impl Layout {
    /// These tiles; splits of one part and splits inside splits of their direction are dissolved.
    pub fn new(root: Option<Tile>) -> Self {
        Self { root: root.and_then(Tile::tidied) }
    }

    /// Panels in even rows.
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules: Vec<_> = rules.into_iter().collect();
        let columns = columns_of(rules.len().min(RULES_MAX));
        Self::in_rows(rules, columns)
    }

    /// Panels in rows of `columns`.
    pub fn in_rows(mut rules: Vec<Rule>, columns: usize) -> Self {
        rules.truncate(RULES_MAX);
        let columns = columns.max(1);
        let mut rows = Vec::new();
        while !rules.is_empty() {
            let rest = rules.split_off(columns.min(rules.len()));
            let parts = rules.into_iter().map(|rule| Part::new(Tile::Panel(rule))).collect();
            rows.push(Part::new(Tile::Split(Split { direction: Direction::Row, parts })));
            rules = rest;
        }
        Self::new(Some(Tile::Split(Split { direction: Direction::Column, parts: rows })))
    }

    /// The tiles; none: there is no panel.
    pub const fn root(&self) -> Option<&Tile> {
        self.root.as_ref()
    }

    /// Whether there is no panel.
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The rules of all panels, row by row.
    pub fn rules(&self) -> Vec<&Rule> {
        let mut rules = Vec::new();
        if let Some(root) = &self.root {
            root.each_rule(&mut |rule| rules.push(rule));
        }
        rules
    }

    /// The rule of the first panel.
    pub fn first(&self) -> Option<&Rule> {
        let mut tile = self.root.as_ref()?;
        loop {
            match tile {
                Tile::Panel(rule) => return Some(rule),
                Tile::Split(split) => tile = &split.parts.first()?.tile,
            }
        }
    }

    /// The rule of a panel.
    pub fn rule(&self, id: PanelId) -> Option<&Rule> {
        self.root.as_ref()?.rule(id)
    }

    /// The same, to be changed.
    pub fn rule_mut(&mut self, id: PanelId) -> Option<&mut Rule> {
        self.root.as_mut()?.rule_mut(id)
    }

    /// All of them, to be changed.
    pub(super) fn each_rule_mut(&mut self, mut change: impl FnMut(&mut Rule)) {
        if let Some(root) = &mut self.root {
            root.each_rule_mut(&mut change);
        }
    }

    /// Gives the panels the numbers from `first` on, row by row; returns the one after them.
    pub(super) fn number_from(&mut self, first: u32) -> u32 {
        let mut next = first;
        self.each_rule_mut(|rule| {
            rule.id = PanelId(next);
            next += 1;
        });
        next
    }

    /// Adds a panel; beside one that is not there it goes to the end. False: there is no room.
    pub fn insert(&mut self, rule: Rule, spot: Spot) -> bool {
        self.insert_all(vec![rule], spot)
    }

    /// Adds panels, in even rows where they go beside others; at the end, where splits would be
    /// nested too deep. False: there is no room for some.
    pub fn insert_all(&mut self, mut rules: Vec<Rule>, spot: Spot) -> bool {
        let room = RULES_MAX.saturating_sub(self.rules().len());
        let fits = rules.len() <= room;
        rules.truncate(room);
        if let Spot::Beside(of, _) = spot
            && self.rule(of).is_none()
        {
            return self.insert_all(rules, Spot::End) && fits;
        }
        let Some(root) = self.root.take() else {
            *self = Self::of(rules);
            return fits;
        };
        let at_end = |root: Tile| rules.iter().cloned().fold(root, Tile::with_last);
        let there = match (spot, Self::of(rules.clone()).root) {
            (_, None) => root.clone(),
            (Spot::Edge(side), Some(tile)) => Tile::beside(root.clone(), tile, side),
            (Spot::Beside(of, side), Some(tile)) => {
                root.clone().with_beside(of, side, &mut Some(tile))
            }
            (Spot::End, Some(_)) => at_end(root.clone()),
        };
        let is_good = |tile: &Tile| tile.depth() <= DEPTH_MAX;
        let tiles = there.tidied().filter(is_good);
        let tiles = tiles.or_else(|| at_end(root.clone()).tidied().filter(is_good));
        let tiles = tiles.or_else(|| rules.iter().cloned().fold(root, Tile::with_part).tidied());
        self.root = tiles.map(Tile::levelled);
        fits
    }

    /// Removes a panel, and returns its rule.
    pub fn take(&mut self, id: PanelId) -> Option<Rule> {
        let mut taken = None;
        self.root = self.root.take().and_then(|root| root.without(id, &mut taken)?.tidied());
        self.root = self.root.take().map(Tile::levelled);
        taken
    }

    /// Gives the parts of the split at `path` other shares. `path` holds the number of the part at
    /// each split on the way.
    pub fn set_shares(&mut self, path: &[usize], shares: &[f32]) {
        let mut tile = self.root.as_mut();
        for &step in path {
            tile = match tile {
                Some(Tile::Split(split)) => split.parts.get_mut(step).map(|part| &mut part.tile),
                _ => None,
            };
        }
        if let Some(Tile::Split(split)) = tile {
            for (part, &share) in split.parts.iter_mut().zip(shares) {
                part.share = sane_share(share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::names::Side;
    use crate::view::selector::Selector;

    fn rule(id: u32) -> Rule {
        Rule::new(PanelId(id), vec![Selector::new("load")])
    }

    fn layout(count: u32) -> Layout {
        Layout::of((0..count).map(rule))
    }

    /// `[0 1 | 2]` is a row of panels 0, 1 above panel 2.
    fn shape(layout: &Layout) -> String {
        fn of(tile: &Tile) -> String {
            match tile {
                Tile::Panel(rule) => rule.id.0.to_string(),
                Tile::Split(split) => {
                    let parts: Vec<_> = split.parts.iter().map(|part| of(&part.tile)).collect();
                    let between = if split.direction == Direction::Row { " " } else { " | " };
                    format!("[{}]", parts.join(between))
                }
            }
        }
        layout.root().map(of).unwrap_or_default()
    }

    fn shares(layout: &Layout) -> Vec<f32> {
        let Some(Tile::Split(split)) = layout.root() else { return Vec::new() };
        split.parts.iter().map(|part| part.share).collect()
    }

    #[test]
    fn panels_stand_in_even_rows() {
        for (count, expected) in [
            (0, ""),
            (1, "0"),
            (2, "[0 1]"),
            (3, "[[0 1] | 2]"),
            (4, "[[0 1] | [2 3]]"),
            (5, "[[0 1 2] | [3 4]]"),
            (7, "[[0 1 2] | [3 4 5] | 6]"),
        ] {
            assert_eq!(shape(&layout(count)), expected);
        }
    }

    #[test]
    fn one_after_another_they_stand_as_evenly() {
        let mut layout = Layout::default();
        let shapes = (0..8).map(|id| {
            assert!(layout.insert(rule(id), Spot::End));
            shape(&layout)
        });
        let expected = [
            "0",
            "[0 1]",
            "[[0 1] | 2]",
            "[[0 1] | [2 3]]",
            "[[0 1 4] | [2 3]]",
            "[[0 1 4] | [2 3 5]]",
            "[[0 1 4] | [2 3 5] | 6]",
            "[[0 1 4] | [2 3 5] | [6 7]]",
        ];
        assert_eq!(shapes.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_panel_goes_to_the_side_of_another() {
        for (side, expected) in [
            (Side::Left, "[[0 9 1] | [2 3]]"),
            (Side::Right, "[[0 1 9] | [2 3]]"),
            (Side::Above, "[[0 [9 | 1]] | [2 3]]"),
            (Side::Below, "[[0 [1 | 9]] | [2 3]]"),
        ] {
            let mut layout = layout(4);
            layout.insert(rule(9), Spot::Beside(PanelId(1), side));
            assert_eq!(shape(&layout), expected, "{side:?}");
        }
        let mut alone = layout(1);
        alone.insert(rule(9), Spot::Beside(PanelId(0), Side::Above));
        assert_eq!(shape(&alone), "[9 | 0]");
    }

    #[test]
    fn a_panel_goes_to_an_edge_of_all() {
        let mut layout = layout(4);
        layout.insert(rule(8), Spot::Edge(Side::Left));
        layout.insert(rule(9), Spot::Edge(Side::Below));
        assert_eq!(shape(&layout), "[[8 [[0 1] | [2 3]]] | 9]");
    }

    #[test]
    fn the_neighbour_gives_half_of_its_room() {
        let mut layout = layout(2);
        layout.set_shares(&[], &[3.0, 1.0]);
        layout.insert(rule(9), Spot::Beside(PanelId(0), Side::Right));
        assert_eq!((shape(&layout).as_str(), shares(&layout)), ("[0 9 1]", vec![1.5, 1.5, 1.0]));
    }

    #[test]
    fn tiles_that_are_split_again_and_again_are_not_nested_too_deep() {
        fn depth(tile: &Tile) -> usize {
            match tile {
                Tile::Panel(_) => 0,
                Tile::Split(split) => {
                    1 + split.parts.iter().map(|part| depth(&part.tile)).max().unwrap_or(0)
                }
            }
        }
        for sides in [[Side::Right, Side::Below], [Side::Below, Side::Right]] {
            let (mut beside, mut around) = (layout(1), layout(1));
            for (id, side) in (1..100).zip(sides.into_iter().cycle()) {
                beside.insert(rule(id), Spot::Beside(PanelId(id - 1), side));
                around.insert(rule(id), Spot::Edge(side));
                // Wherever it went, it is there, and so are the others.
                for layout in [&beside, &around] {
                    assert_eq!(layout.rules().len(), id as usize + 1);
                    assert!(layout.root().is_some_and(|root| depth(root) <= DEPTH_MAX));
                }
            }
        }
    }

    #[test]
    fn shares_stay_of_a_size_however_often_tiles_are_split_and_taken() {
        let mut layout = layout(2);
        for id in 2..150 {
            layout.insert(rule(id), Spot::Beside(PanelId(id - 1), Side::Right));
            let shares = shares(&layout);
            let mean = shares.iter().sum::<f32>() / shares.len() as f32;
            assert!((0.5..=2.0).contains(&mean), "{mean} after {id}");
            assert!(shares.iter().all(|share| sane_share(*share) == *share), "{shares:?}");
        }
        for id in (3..150).rev() {
            layout.take(PanelId(id));
        }
        let shares = shares(&layout);
        let mean = shares.iter().sum::<f32>() / shares.len() as f32;
        assert!((0.5..=2.0).contains(&mean), "{shares:?}");
    }

    #[test]
    fn what_is_beside_a_panel_that_is_gone_comes_last() {
        let mut layout = layout(2);
        assert!(layout.insert(rule(9), Spot::Beside(PanelId(77), Side::Left)));
        assert_eq!(shape(&layout), "[[0 1] | 9]");
    }

    #[test]
    fn a_panel_that_is_taken_leaves_no_hole() {
        let mut layout = layout(4);
        assert_eq!(layout.take(PanelId(3)).map(|rule| rule.id), Some(PanelId(3)));
        assert_eq!(shape(&layout), "[[0 1] | 2]");
        assert_eq!(layout.take(PanelId(3)), None);
        layout.take(PanelId(2));
        assert_eq!(shape(&layout), "[0 1]");
        layout.take(PanelId(0));
        layout.take(PanelId(1));
        assert!(layout.is_empty());
    }

    #[test]
    fn a_split_that_is_left_over_joins_the_one_around_it() {
        // [[0 [1 | 9]] | [2 3]] without 0 is one column.
        let mut layout = layout(4);
        layout.insert(rule(9), Spot::Beside(PanelId(1), Side::Below));
        layout.take(PanelId(0));
        assert_eq!(shape(&layout), "[1 | 9 | [2 3]]");
        assert_eq!(shares(&layout), [0.5, 0.5, 1.0]);
    }

    #[test]
    fn shares_that_make_no_sense_are_no_shares() {
        let mut layout = layout(2);
        layout.set_shares(&[], &[f32::NAN, -1.0]);
        assert_eq!(shares(&layout), [1.0, 0.01]);
        layout.set_shares(&[5, 7], &[2.0, 2.0]);
        assert_eq!(shares(&layout), [1.0, 0.01]);
    }

    #[test]
    fn a_layout_is_full_at_its_bound() {
        let mut layout = layout(10_000);
        assert_eq!(layout.rules().len(), RULES_MAX);
        assert!(!layout.insert(rule(99_999), Spot::End));
        assert_eq!(layout.rules().len(), RULES_MAX);
    }
}
