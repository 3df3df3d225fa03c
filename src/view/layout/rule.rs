//! Rule: which series a panel draws, and how.
//!
//! Made of words and lasting names, so that it waits for what was not received yet.

use crate::view::graphs::Style;
use crate::view::names::PanelId;
use crate::view::selector::{Field, Selector};
use std::sync::Arc;

/// In a selector of a panel: the host that is chosen for its tab.
pub const HOST_OPEN: &str = "host:$host";

/// Which series a panel draws, and how. What fits it later joins by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which panel.
    pub id: PanelId,
    /// A series is drawn if one of these chooses it.
    pub show: Vec<Selector>,
    /// And none of these.
    pub hide: Vec<Selector>,
    /// Only what this graph of the catalogue draws, in its way; none: whatever is chosen.
    pub graph: Option<Arc<str>>,
    /// None: what the panel draws.
    pub title: Option<String>,
    /// None: that of the graph.
    pub style: Option<Style>,
    /// One panel, or several beside one another.
    pub each: Repeat,
    /// Lower and upper end of the value axis; none: the axis fits itself.
    pub y: Option<(f64, f64)>,
    /// What else the axis fits.
    pub scale: YScale,
}

/// What a value axis fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum YScale {
    /// All panels on screen that show the same of other hosts.
    #[default]
    Shared,
    /// Its own panel.
    Own,
}

/// How many panels a rule makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// One, with the series of all hosts.
    #[default]
    Never,
    /// One for each host.
    Host,
    /// One for each plugin instance of each host.
    Instance,
}

impl Rule {
    /// A panel of what `show` chooses.
    pub fn new(id: PanelId, show: Vec<Selector>) -> Self {
        Self {
            id,
            show,
            hide: Vec::new(),
            graph: None,
            title: None,
            style: None,
            each: Repeat::Never,
            y: None,
            scale: YScale::Shared,
        }
    }

    /// The same about a host, where its selectors leave the host open as [`HOST_OPEN`].
    pub fn about(&self, host: Option<&str>) -> Self {
        let mut rule = self.clone();
        let Some(host) = host else { return rule };
        for selector in rule.show.iter_mut().chain(&mut rule.hide) {
            if selector.text().contains(HOST_OPEN) {
                let host = Field::Host.exactly(host);
                *selector = Selector::new(&selector.text().replace(HOST_OPEN, &host));
            }
        }
        rule
    }

    /// Whether what it draws changes with values and time.
    pub fn has_state(&self) -> bool {
        self.show.iter().chain(&self.hide).any(Selector::has_state)
    }

    /// Whether it leaves the host open.
    pub fn is_open(&self) -> bool {
        self.show.iter().any(|selector| selector.text().contains(HOST_OPEN))
    }
}
