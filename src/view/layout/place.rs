//! Place: where the tiles of a layout stand on a canvas, in points.
//!
//! No panel gets lower than can be read: what does not fit makes the whole higher than the canvas,
//! which then scrolls. Tiles of a row that is too narrow for them stand below one another. Pure.

use super::{Direction, Layout, Split, Tile};
use crate::view::names::PanelId;

/// A rectangle, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// What tiles need.
pub struct Needs<'a> {
    /// Between two tiles.
    pub gap: f32,
    /// Narrower no tile of a row gets.
    pub width_min: f32,
    /// The lowest that a panel may be at a width.
    pub height_min: &'a dyn Fn(PanelId, f32) -> f32,
}

/// Where all of them stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// The panels, row by row.
    pub panels: Vec<PlacedPanel>,
    /// What can be dragged to give tiles another share.
    pub dividers: Vec<Divider>,
    /// Height of all.
    pub height: f32,
}

/// Where a panel stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedPanel {
    /// Which.
    pub id: PanelId,
    /// Where.
    pub area: Area,
    /// Panels that stand side by side in one row have one number.
    pub row: usize,
}

/// The gap between two tiles of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct Divider {
    /// Where.
    pub area: Area,
    /// How the tiles stand that it divides.
    pub direction: Direction,
    /// The way to the split, see [`Layout::set_shares`].
    pub path: Vec<usize>,
    /// The number of the part before it.
    pub before: usize,
    /// The shares of all parts.
    pub shares: Vec<f32>,
    /// Points that one share is.
    pub points_per_share: f32,
}

impl Divider {
    /// The shares after it was dragged by `points`; no part gets smaller than `points_min`.
    pub fn dragged(&self, points: f32, points_min: f32) -> Vec<f32> {
        let mut shares = self.shares.clone();
        if let Some([before, after]) = shares.get_mut(self.before..self.before + 2) {
            let both = *before + *after;
            let least = (points_min / self.points_per_share).min(both / 2.0);
            *before = (*before + points / self.points_per_share).clamp(least, both - least);
            *after = both - *before;
        }
        shares
    }
}

/// Places the tiles of `layout` in `canvas`.
pub fn place(layout: &Layout, canvas: Area, needs: &Needs<'_>) -> Placed {
    let mut placed = Placed::default();
    let Some(root) = layout.root() else { return placed };
    let height = canvas.height.max(needed(root, canvas.width, needs));
    placed.height = height;
    let mut placing = Placing { needs, placed, path: Vec::new(), rows: 0 };
    placing.tile(root, Area { height, ..canvas }, None);
    placing.placed
}

/// Lengths of the parts of `length` by their shares, none below what it needs, as far as that is
/// possible. Gaps are not in `length`.
fn lengths(length: f32, shares: &[f32], needed: &[f32]) -> Vec<f32> {
    let mut fixed = vec![false; shares.len()];
    let all = |fixed: &[bool], of: &[f32], is: bool| -> f32 {
        of.iter().zip(fixed).filter(|(_, fixed)| **fixed == is).map(|(one, _)| one).sum()
    };
    loop {
        let free = (length - all(&fixed, needed, true)).max(0.0);
        let per_share = free / all(&fixed, shares, false).max(f32::MIN_POSITIVE);
        let of = |(share, needed): (&f32, &f32)| (share * per_share) < *needed;
        let short: Vec<bool> = shares.iter().zip(needed).map(of).collect();
        let more = short.iter().zip(&fixed).any(|(short, fixed)| *short && !fixed);
        if !more {
            let parts = shares.iter().zip(needed).zip(&fixed);
            return parts
                .map(|((share, needed), fixed)| if *fixed { *needed } else { share * per_share })
                .collect();
        }
        for (fixed, short) in fixed.iter_mut().zip(short) {
            *fixed |= short;
        }
    }
}

fn shares(split: &Split) -> Vec<f32> {
    split.parts.iter().map(|part| part.share).collect()
}

fn gaps(split: &Split, needs: &Needs<'_>) -> f32 {
    needs.gap * split.parts.len().saturating_sub(1) as f32
}

/// Whether the tiles of a split stand beside one another at this width.
fn is_row(split: &Split, width: f32, needs: &Needs<'_>) -> bool {
    let least = needs.width_min * split.parts.len() as f32 + gaps(split, needs);
    split.direction == Direction::Row && width >= least
}

fn widths(split: &Split, width: f32, needs: &Needs<'_>) -> Vec<f32> {
    let least = vec![needs.width_min; split.parts.len()];
    lengths(width - gaps(split, needs), &shares(split), &least)
}

/// The lowest that a tile may be at a width.
fn needed(tile: &Tile, width: f32, needs: &Needs<'_>) -> f32 {
    let split = match tile {
        Tile::Panel(rule) => return (needs.height_min)(rule.id, width),
        Tile::Split(split) => split,
    };
    if is_row(split, width, needs) {
        let parts = split.parts.iter().zip(widths(split, width, needs));
        return parts.map(|(part, width)| needed(&part.tile, width, needs)).fold(0.0, f32::max);
    }
    let parts = split.parts.iter().map(|part| needed(&part.tile, width, needs));
    parts.sum::<f32>() + gaps(split, needs)
}

struct Placing<'a> {
    needs: &'a Needs<'a>,
    placed: Placed,
    path: Vec<usize>,
    rows: usize,
}

impl Placing<'_> {
    fn tile(&mut self, tile: &Tile, area: Area, row: Option<usize>) {
        match tile {
            Tile::Panel(rule) => {
                let row = row.unwrap_or_else(|| self.new_row());
                self.placed.panels.push(PlacedPanel { id: rule.id, area, row });
            }
            Tile::Split(split) if is_row(split, area.width, self.needs) => self.row(split, area),
            Tile::Split(split) => self.column(split, area),
        }
    }

    fn new_row(&mut self) -> usize {
        self.rows += 1;
        self.rows
    }

    fn row(&mut self, split: &Split, area: Area) {
        let widths = widths(split, area.width, self.needs);
        let (row, mut left) = (self.new_row(), area.left);
        for (number, (part, width)) in split.parts.iter().zip(widths).enumerate() {
            if number > 0 {
                let gap = Area { left, width: self.needs.gap, ..area };
                self.divider(split, number, gap, area.width);
                left += self.needs.gap;
            }
            self.inside(number, &part.tile, Area { left, width, ..area }, Some(row));
            left += width;
        }
    }

    /// Below one another, be it because a row is too narrow.
    fn column(&mut self, split: &Split, area: Area) {
        let parts = split.parts.iter();
        let least: Vec<_> = parts.map(|part| needed(&part.tile, area.width, self.needs)).collect();
        let length = area.height - gaps(split, self.needs);
        let is_column = split.direction == Direction::Column;
        let shares = if is_column { shares(split) } else { vec![1.0; split.parts.len()] };
        let mut top = area.top;
        for (number, (part, height)) in
            split.parts.iter().zip(lengths(length, &shares, &least)).enumerate()
        {
            if number > 0 {
                let gap = Area { top, height: self.needs.gap, ..area };
                if is_column {
                    self.divider(split, number, gap, area.height);
                }
                top += self.needs.gap;
            }
            self.inside(number, &part.tile, Area { top, height, ..area }, None);
            top += height;
        }
    }

    fn inside(&mut self, number: usize, tile: &Tile, area: Area, row: Option<usize>) {
        self.path.push(number);
        self.tile(tile, area, row);
        self.path.pop();
    }

    fn divider(&mut self, split: &Split, number: usize, area: Area, length: f32) {
        let shares = shares(split);
        let all: f32 = shares.iter().sum();
        let points_per_share = (length - gaps(split, self.needs)).max(1.0) / all;
        self.placed.dividers.push(Divider {
            area,
            direction: split.direction,
            path: self.path.clone(),
            before: number - 1,
            shares,
            points_per_share,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rule;
    use super::*;
    use crate::view::names::{Side, Spot};
    use proptest::prelude::*;

    const CANVAS: Area = Area { left: 10.0, top: 20.0, width: 1_000.0, height: 600.0 };

    fn layout(count: u32) -> Layout {
        Layout::of((0..count).map(|id| Rule::new(PanelId(id), Vec::new())))
    }

    fn placed(layout: &Layout, canvas: Area, height_min: f32) -> Placed {
        let height_min = move |_, _| height_min;
        place(layout, canvas, &Needs { gap: 10.0, width_min: 200.0, height_min: &height_min })
    }

    fn areas(placed: &Placed) -> Vec<[f32; 4]> {
        let of = |area: Area| [area.left, area.top, area.width, area.height];
        placed.panels.iter().map(|panel| of(panel.area)).collect()
    }

    #[test]
    fn one_panel_fills_the_canvas_two_share_it_and_four_are_two_by_two() {
        let areas = |count| areas(&placed(&layout(count), CANVAS, 100.0));
        assert_eq!(areas(1), [[10.0, 20.0, 1_000.0, 600.0]]);
        assert_eq!(areas(2), [[10.0, 20.0, 495.0, 600.0], [515.0, 20.0, 495.0, 600.0]]);
        assert_eq!(
            areas(4),
            [
                [10.0, 20.0, 495.0, 295.0],
                [515.0, 20.0, 495.0, 295.0],
                [10.0, 325.0, 495.0, 295.0],
                [515.0, 325.0, 495.0, 295.0]
            ]
        );
    }

    #[test]
    fn panels_of_one_row_have_one_number() {
        let placed = placed(&layout(5), CANVAS, 100.0);
        let rows: Vec<_> = placed.panels.iter().map(|panel| panel.row).collect();
        assert_eq!(rows, [1, 1, 1, 2, 2]);
    }

    #[test]
    fn what_is_too_low_makes_the_whole_higher() {
        let placed = placed(&layout(4), CANVAS, 400.0);
        assert_eq!(placed.height, 810.0);
        assert!(placed.panels.iter().all(|panel| panel.area.height == 400.0));
    }

    #[test]
    fn a_row_that_is_too_narrow_is_a_column() {
        let placed = placed(&layout(2), Area { width: 300.0, ..CANVAS }, 100.0);
        assert_eq!(areas(&placed), [[10.0, 20.0, 300.0, 295.0], [10.0, 325.0, 300.0, 295.0]]);
        assert!(placed.dividers.is_empty(), "nothing to drag");
    }

    #[test]
    fn a_divider_moves_room_from_one_tile_to_the_other() {
        let mut layout = layout(2);
        let divider = placed(&layout, CANVAS, 100.0).dividers.remove(0);
        assert_eq!((divider.area.left, divider.area.width), (505.0, 10.0));
        layout.set_shares(&divider.path, &divider.dragged(100.0, 50.0));
        assert_eq!(areas(&placed(&layout, CANVAS, 100.0))[0][2], 595.0);
        let far = divider.dragged(10_000.0, 200.0);
        layout.set_shares(&divider.path, &far);
        let widths: Vec<_> = placed(&layout, CANVAS, 100.0).panels.iter().map(|p| p.area).collect();
        assert!((widths[1].width - 200.0).abs() < 0.01, "{widths:?}");
    }

    proptest! {
        #[test]
        fn tiles_fill_the_canvas_and_never_overlap(
            spots in prop::collection::vec((0_u32..12, 0_usize..6), 1..12),
            shares in prop::collection::vec(0.05_f32..8.0, 4),
            width in 100.0_f32..3_000.0,
            height in 50.0_f32..2_000.0,
        ) {
            let mut layout = Layout::default();
            for (id, (of, side)) in (0..).zip(&spots) {
                let sides = [Side::Left, Side::Right, Side::Above, Side::Below];
                let spot = match sides.get(*side) {
                    Some(&side) => Spot::Beside(PanelId(*of), side),
                    None if *side == 4 => Spot::Edge(Side::Below),
                    None => Spot::End,
                };
                layout.insert(Rule::new(PanelId(id), Vec::new()), spot);
            }
            layout.set_shares(&[], &shares);
            let canvas = Area { width, height, ..CANVAS };
            let placed = placed(&layout, canvas, 60.0);
            prop_assert_eq!(placed.panels.len(), spots.len());
            let (right, bottom) = (canvas.left + width, canvas.top + placed.height);
            for (i, one) in placed.panels.iter().enumerate() {
                let a = one.area;
                prop_assert!(a.height >= 59.9, "{:?}", a);
                prop_assert!(a.left >= canvas.left - 0.1 && a.left + a.width <= right + 0.1);
                prop_assert!(a.top >= canvas.top - 0.1 && a.top + a.height <= bottom + 0.1);
                for other in &placed.panels[..i] {
                    let b = other.area;
                    let apart = a.left >= b.left + b.width - 0.1
                        || b.left >= a.left + a.width - 0.1
                        || a.top >= b.top + b.height - 0.1
                        || b.top >= a.top + a.height - 0.1;
                    prop_assert!(apart, "{:?} {:?}", a, b);
                }
            }
        }
    }
}
