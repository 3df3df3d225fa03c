//! Scales: one value axis for panels that show the same of several hosts.
//!
//! What a panel needs is known when it is drawn, and what the others need from the last frame: an
//! axis that had to grow asks for another frame.

use crate::store::Mode;
use crate::view::panels::{Panel, ScaleKey};
use std::collections::HashMap;

/// What all panels of the last frame and of this one need.
#[derive(Debug, Default)]
pub(super) struct Scales {
    all: HashMap<ScaleKey, Scale>,
}

#[derive(Debug, Default)]
struct Scale {
    last: Need,
    next: Need,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Need {
    panels: usize,
    extent: Option<(f64, f64)>,
}

impl Scales {
    /// The least and the greatest value of all panels that have one axis with `panel`, which draws
    /// `extent`; none: it has an axis of its own.
    pub(super) fn join(
        &mut self,
        panel: &Panel,
        mode: Mode,
        extent: Option<(f64, f64)>,
    ) -> Option<(f64, f64)> {
        let key = panel.scale.as_ref().filter(|_| panel.mode(mode) == Mode::Rate)?;
        if !self.all.contains_key(key) {
            self.all.insert(key.clone(), Scale::default());
        }
        let Scale { last, next } = self.all.get_mut(key)?;
        next.panels += 1;
        next.extent = around(next.extent, extent);
        (last.panels > 1).then(|| around(last.extent, next.extent))?
    }

    /// A frame is done; true if another one is to show what it found out.
    pub(super) fn end_frame(&mut self) -> bool {
        self.all.retain(|_, scale| scale.next.panels > 0);
        let mut is_new = false;
        for scale in self.all.values_mut() {
            let next = std::mem::take(&mut scale.next);
            is_new |= (next.panels > 1 || scale.last.panels > 1) && next != scale.last;
            scale.last = next;
        }
        is_new
    }
}

fn around(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (one, other) => one.or(other),
    }
}
