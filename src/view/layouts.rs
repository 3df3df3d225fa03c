//! Layouts: which of the saved ones is open, and whether it was changed since.

use super::layout_file::{self, Read};
use super::names::LayoutSource;
use super::workspace::Workspace;
use std::sync::Arc;

/// Longest name of a layout; it becomes the name of a file.
const NAME_MAX: usize = 100;

/// Layouts that come with the program: what each is called, and its text.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("Overview", include_str!("../../assets/layouts/overview.toml")),
    ("Fleet", include_str!("../../assets/layouts/fleet.toml")),
    ("Network", include_str!("../../assets/layouts/network.toml")),
    ("Storage", include_str!("../../assets/layouts/storage.toml")),
];

/// How saving went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveOutcome {
    /// It is on disk.
    Saved,
    /// The file is not as it was read: nothing was written.
    ChangedOnDisk,
    /// Why not; a sentence.
    Failed(String),
}

/// The layouts, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Layouts {
    /// The names of those that were saved.
    pub names: Vec<String>,
    /// The one that is open.
    open: Option<Arc<Open>>,
    /// The one that could not be saved because its file holds something else.
    pub changed_on_disk: Option<LayoutSource>,
}

/// A layout that is open.
#[derive(Debug)]
pub(super) struct Open {
    name: String,
    source: LayoutSource,
    /// As it is on disk; none: it is not there.
    on_disk: Option<String>,
    /// The tabs as they were when it was opened or saved.
    saved: Workspace,
}

impl Layouts {
    /// The name of the open layout.
    pub fn name(&self) -> Option<&str> {
        self.open.as_ref().map(|open| open.name.as_str())
    }

    /// Where the open layout is kept; none: it is built in, or there is none.
    pub fn source(&self) -> Option<&LayoutSource> {
        self.open.as_deref().filter(|open| open.on_disk.is_some()).map(|open| &open.source)
    }

    /// What its file holds, as far as is known.
    pub(crate) fn on_disk(&self, source: &LayoutSource) -> Option<String> {
        let open = self.open.as_ref().filter(|open| open.source == *source)?;
        open.on_disk.clone()
    }

    /// Whether the workspace is not as the open layout was saved.
    pub fn is_changed(&self, workspace: &Workspace) -> bool {
        self.open.as_ref().is_some_and(|open| !open.saved.is_same_choice(workspace))
    }

    /// A layout was opened or saved.
    pub(crate) fn opened(
        &mut self,
        source: LayoutSource,
        on_disk: Option<String>,
        workspace: &Workspace,
    ) {
        let (name, saved) = (source.name(), workspace.clone());
        self.changed_on_disk = None;
        self.open = Some(Arc::new(Open { name, source, on_disk, saved }));
    }

    /// The one that is open, to be brought back with its tabs.
    pub(super) fn open(&self) -> Option<Arc<Open>> {
        self.open.clone()
    }

    /// Brings one back, or none. What is known of its file by now stays.
    pub(super) fn bring_back(&mut self, open: Option<Arc<Open>>) {
        let source = |open: &Option<Arc<Open>>| open.as_ref().map(|open| open.source.clone());
        if source(&self.open) != source(&open) {
            self.open = open;
        }
    }

    /// A layout is there no more.
    pub(crate) fn deleted(&mut self, name: &str) {
        self.names.retain(|known| known != name);
        let source = LayoutSource::Named(name.to_owned());
        self.changed_on_disk = self.changed_on_disk.take().filter(|changed| *changed != source);
        self.open = self.open.take().filter(|open| open.source != source);
    }
}

/// Why a layout cannot be called `name`; none: it can.
pub fn bad_name(name: &str) -> Option<&'static str> {
    let name = name.trim();
    if name.is_empty() {
        Some("a layout needs a name")
    } else if name.len() > NAME_MAX {
        Some("the name is too long")
    } else if name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        Some("the name must not begin with a dot or hold a slash")
    } else if name.chars().any(char::is_control) {
        Some("the name must not hold control characters")
    } else {
        None
    }
}

/// A layout that comes with the program.
pub(crate) fn built_in(name: &str) -> Option<Read> {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(layout_file::read(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_layouts_are_read_without_a_problem() {
        for (name, _) in BUILT_IN {
            let read = built_in(name).unwrap();
            assert_eq!(read.problems, [], "{name}");
        }
        assert!(built_in("nothing").is_none());
    }

    #[test]
    fn a_name_must_do_for_a_file() {
        for (name, good) in [
            ("Web tier", true),
            ("größe 2", true),
            ("", false),
            ("  ", false),
            ("../x", false),
            (".x", false),
            ("a\nb", false),
            (&"x".repeat(101), false),
        ] {
            assert_eq!(bad_name(name).is_none(), good, "{name:?}");
        }
    }
}
