//! `validate`: what is wrong with a layout file.

use crate::layouts::text_of_file;
use crate::view::layout::Layout;
use crate::view::layout_file::{Read, read};
use std::io::{self, Write as _};
use std::path::Path;

/// Says what the file holds, or what is wrong with it.
pub(super) fn run(path: &Path) -> Result<(), String> {
    let text = text_of_file(path)
        .map_err(|why| format!("cannot read the layout: {why}, in {}", path.display()))?;
    let Read { workspace, problems } = read(&text);
    if problems.is_empty() {
        let tabs = workspace.tabs();
        let panels = tabs.iter().filter_map(|tab| tab.canvas.tiles()).map(Layout::rules);
        let panels: usize = panels.map(|rules| rules.len()).sum();
        let line = format!("{}: good, {} tabs, {panels} panels", path.display(), tabs.len());
        // Nobody may be reading it.
        let _ = writeln!(io::stdout(), "{line}");
        return Ok(());
    }
    let lines: Vec<_> =
        problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
    Err(lines.join("\n"))
}
