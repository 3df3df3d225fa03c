//! Recent: what was chosen in the palette, the newest first.
//!
//! Items are lasting names, so that they hold while hosts come and go. Knows nothing of what they
//! lead to.

use super::names::TabId;
use super::selection::Scope;

/// Something that the palette leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item {
    /// The command with this id.
    Command(&'static str),
    /// A host, or a plugin instance of a host.
    Scope(Scope),
    /// A tab, and what it was called.
    Tab(TabId, String),
    /// A layout that was saved.
    Layout(String),
    /// One that comes with the program.
    BuiltIn(&'static str),
}

impl Item {
    /// The name of a tab or a layout; empty: it is something else.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Tab(_, name) | Self::Layout(name) => name,
            Self::BuiltIn(name) => name,
            Self::Command(_) | Self::Scope(_) => "",
        }
    }
}

/// Items kept. More than are seen at once, so that what is needed daily stays among them.
pub const RECENT_MAX: usize = 20;

/// The items chosen last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent(Vec<Item>);

impl Recent {
    /// Puts `item` first; the oldest goes.
    pub fn note(&mut self, item: Item) {
        self.0.retain(|other| *other != item);
        self.0.insert(0, item);
        self.0.truncate(RECENT_MAX);
    }

    /// The newest first, each once.
    pub fn items(&self) -> &[Item] {
        &self.0
    }
}
