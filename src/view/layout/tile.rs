//! Tile: a panel, or others beside or below one another, and how tiles are put together.

use super::Rule;
use crate::view::names::{PanelId, Side};

/// A panel, or several tiles beside one another.
#[derive(Clone, Debug, PartialEq)]
pub enum Tile {
    /// A panel.
    Panel(Rule),
    /// Others.
    Split(Split),
}

/// Tiles beside or below one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Beside or below.
    pub direction: Direction,
    /// At least two.
    pub parts: Vec<Part>,
}

/// A tile, and how much of the length of its split it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Above zero; one is as much as others have.
    pub share: f32,
    /// What is there.
    pub tile: Tile,
}

/// How the parts of a split stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Beside one another.
    Row,
    /// Below one another.
    Column,
}

/// The least share of a part, and the greatest.
const SHARES: std::ops::RangeInclusive<f32> = 0.01..=100.0;

/// The mean of the shares of a split, as far as it is left as the user has it.
const SHARES_MEAN: std::ops::RangeInclusive<f32> = 0.5..=2.0;

/// A share that leaves every tile a place.
pub fn sane_share(share: f32) -> f32 {
    if share.is_finite() { share.clamp(*SHARES.start(), *SHARES.end()) } else { 1.0 }
}

/// Columns for a number of panels: as many as rows, or one more.
pub(super) fn columns_of(panels: usize) -> usize {
    (1..).find(|columns| columns * columns >= panels).unwrap_or(1)
}

impl Side {
    const fn direction(self) -> Direction {
        match self {
            Self::Left | Self::Right => Direction::Row,
            Self::Above | Self::Below => Direction::Column,
        }
    }

    /// Whether what stands there comes before the other.
    const fn is_before(self) -> bool {
        matches!(self, Self::Left | Self::Above)
    }
}

impl Part {
    /// One with as much room as others.
    pub const fn new(tile: Tile) -> Self {
        Self { share: 1.0, tile }
    }
}

impl Tile {
    pub(super) fn each_rule<'a>(&'a self, look: &mut impl FnMut(&'a Rule)) {
        match self {
            Self::Panel(rule) => look(rule),
            Self::Split(split) => split.parts.iter().for_each(|part| part.tile.each_rule(look)),
        }
    }

    pub(super) fn each_rule_mut(&mut self, change: &mut impl FnMut(&mut Rule)) {
        match self {
            Self::Panel(rule) => change(rule),
            Self::Split(split) => {
                split.parts.iter_mut().for_each(|part| part.tile.each_rule_mut(change));
            }
        }
    }

    pub(super) fn rule(&self, id: PanelId) -> Option<&Rule> {
        match self {
            Self::Panel(rule) => (rule.id == id).then_some(rule),
            Self::Split(split) => split.parts.iter().find_map(|part| part.tile.rule(id)),
        }
    }

    pub(super) fn rule_mut(&mut self, id: PanelId) -> Option<&mut Rule> {
        match self {
            Self::Panel(rule) => (rule.id == id).then_some(rule),
            Self::Split(split) => split.parts.iter_mut().find_map(|part| part.tile.rule_mut(id)),
        }
    }

    fn is(&self, id: PanelId) -> bool {
        matches!(self, Self::Panel(rule) if rule.id == id)
    }

    /// Two tiles, each with half of the room.
    pub(super) fn beside(tile: Self, other: Self, side: Side) -> Self {
        let mut parts = vec![Part::new(tile), Part::new(other)];
        if side.is_before() {
            parts.reverse();
        }
        Self::Split(Split { direction: side.direction(), parts })
    }

    /// With the tile `new`, which is taken, beside the panel `of`.
    pub(super) fn with_beside(self, of: PanelId, side: Side, new: &mut Option<Self>) -> Self {
        if self.is(of)
            && let Some(new) = new.take()
        {
            return Self::beside(self, new, side);
        }
        let Self::Split(mut split) = self else { return self };
        if split.direction == side.direction()
            && let Some(place) = split.parts.iter().position(|part| part.tile.is(of))
            && let Some(new) = new.take()
        {
            split.insert_beside(place, new, side);
            return Self::Split(split);
        }
        let parts = split.parts.into_iter();
        let parts = parts.map(|part| Part { tile: part.tile.with_beside(of, side, new), ..part });
        Self::Split(Split { direction: split.direction, parts: parts.collect() })
    }

    /// With the panel of `rule` in the row that has the fewest, or in a new one.
    pub(super) fn with_last(self, rule: Rule) -> Self {
        let new = Self::Panel(rule);
        let mut count = 1;
        self.each_rule(&mut |_| count += 1);
        let columns = columns_of(count);
        let direction = Direction::Column;
        let mut rows = match self {
            Self::Split(Split { direction: Direction::Column, parts }) => parts,
            other => vec![Part::new(other)],
        };
        let fewest = rows.iter_mut().min_by_key(|row| row.tile.across());
        match fewest.filter(|row| row.tile.across() < columns) {
            Some(row) => row.push(new),
            None => rows.push(Part::new(new)),
        }
        Self::Split(Split { direction, parts: rows })
    }

    /// With the panel of `rule` as one more part of the outermost split, which nests nothing.
    pub(super) fn with_part(self, rule: Rule) -> Self {
        let Self::Split(mut split) = self else { return self.with_last(rule) };
        let share = sane_share(split.share_mean());
        split.parts.push(Part { share, tile: Self::Panel(rule) });
        Self::Split(split)
    }

    /// Splits inside one another.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Panel(_) => 0,
            Self::Split(split) => {
                1 + split.parts.iter().map(|part| part.tile.depth()).max().unwrap_or(0)
            }
        }
    }

    /// With the shares of every split that drifted far from one brought back to a mean of one:
    /// each split halves some, and what is too small could not be read again.
    pub(super) fn levelled(self) -> Self {
        let Self::Split(mut split) = self else { return self };
        let mean = split.share_mean();
        let by = if SHARES_MEAN.contains(&mean) { 1.0 } else { mean.recip() };
        for part in &mut split.parts {
            part.share = sane_share(part.share * by);
        }
        let parts = split.parts.into_iter();
        split.parts = parts.map(|part| Part { tile: part.tile.levelled(), ..part }).collect();
        Self::Split(split)
    }

    /// Tiles beside one another.
    fn across(&self) -> usize {
        match self {
            Self::Split(Split { direction: Direction::Row, parts }) => parts.len(),
            _ => 1,
        }
    }

    pub(super) fn without(self, id: PanelId, taken: &mut Option<Rule>) -> Option<Self> {
        match self {
            Self::Panel(rule) if rule.id == id => {
                *taken = Some(rule);
                None
            }
            Self::Panel(_) => Some(self),
            Self::Split(Split { direction, parts }) => {
                let left = parts.into_iter().filter_map(|Part { share, tile }| {
                    Some(Part { share, tile: tile.without(id, taken)? })
                });
                Some(Self::Split(Split { direction, parts: left.collect() }))
            }
        }
    }

    /// Without splits that split nothing, and splits that go on in the direction of the one around
    /// them; none if there is no panel.
    pub(super) fn tidied(self) -> Option<Self> {
        let Self::Split(Split { direction, parts }) = self else { return Some(self) };
        let mut tidy: Vec<Part> = Vec::with_capacity(parts.len());
        for Part { share, tile } in parts {
            match tile.tidied() {
                Some(Self::Split(inner)) if inner.direction == direction => {
                    let all: f32 = inner.parts.iter().map(|part| part.share).sum();
                    let scaled = |part: Part| Part { share: share * part.share / all, ..part };
                    tidy.extend(inner.parts.into_iter().map(scaled));
                }
                Some(tile) => tidy.push(Part { share, tile }),
                None => {}
            }
        }
        match tidy.len() {
            0 | 1 => tidy.pop().map(|part| part.tile),
            _ => Some(Self::Split(Split { direction, parts: tidy })),
        }
    }
}

impl Split {
    fn share_mean(&self) -> f32 {
        let all: f32 = self.parts.iter().map(|part| part.share).sum();
        all / self.parts.len().max(1) as f32
    }

    /// The tile at `place` gives half of its room to another beside it.
    fn insert_beside(&mut self, place: usize, tile: Tile, side: Side) {
        let Some(part) = self.parts.get_mut(place) else { return };
        part.share /= 2.0;
        let share = part.share;
        let at = if side.is_before() { place } else { place + 1 };
        self.parts.insert(at, Part { share, tile });
    }
}

impl Part {
    /// Puts a tile behind those of a row, with as much room as they have on average.
    fn push(&mut self, tile: Tile) {
        match &mut self.tile {
            Tile::Split(split) if split.direction == Direction::Row => {
                let share = sane_share(split.share_mean());
                split.parts.push(Part { share, tile });
            }
            _ => {
                let first = std::mem::replace(&mut self.tile, tile.clone());
                self.tile = Tile::beside(first, tile, Side::Right);
            }
        }
    }
}
