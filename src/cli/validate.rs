//! `validate`: what is wrong with a configuration, a layout or a file of graphs.

use crate::config::{Config, ConfigFile, at_top, load_graphs, load_types_db, open_graphs};
use crate::layouts::{self, LayoutFiles, text_of_file};
use crate::metric::counted;
use crate::source::auth::AuthFile;
use crate::view::layout::Layout;
use crate::view::nearest::nearest;
use crate::view::{graphs_file, layout_file};
use std::io::{self, Write as _};
use std::path::Path;
use toml::de::DeTable;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Config,
    Layout,
    Graphs,
}

/// Says what the file holds, or what is wrong with it.
pub(super) fn run(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let text = text_of_file(path)
        .map_err(|why| format!("cannot read the file to validate: {why}, in {shown}"))?;
    let (word, holds, wrong) = match kind(&text, path) {
        Kind::Config => {
            let file = ConfigFile::open(path)?;
            let keys = counted(file.read.lines.len() as u64, "key");
            let wrong = [file.messages(), named_files(&file.read.config)].concat();
            ("configuration", keys, wrong)
        }
        Kind::Layout => {
            let layout_file::Read { workspace, problems } = layout_file::read(&text);
            let tabs = workspace.tabs();
            let panels = tabs.iter().filter_map(|tab| tab.canvas.tiles()).map(Layout::rules);
            let panels: usize = panels.map(|rules| rules.len()).sum();
            let tables = tabs.iter().filter(|tab| tab.canvas.fleet().is_some()).count();
            let parts = [(tabs.len(), "tab"), (panels, "panel"), (tables, "table")];
            let parts = parts.into_iter().filter(|(count, what)| *count > 0 || *what == "tab");
            let parts: Vec<_> = parts.map(|(count, what)| counted(count as u64, what)).collect();
            ("layout", parts.join(", "), named(&problems, path))
        }
        Kind::Graphs => {
            let graphs_file::Read { graphs, problems } = open_graphs(path)
                .map_err(|why| format!("cannot read the graphs: {why}, in {shown}"))?;
            let graphs = counted(graphs.len() as u64, "graph");
            ("file of graphs", graphs, named(&problems, path))
        }
    };
    if wrong.is_empty() {
        // Nobody may be reading it.
        let _ = writeln!(io::stdout(), "{shown}: good, a {word} with {holds}");
        return Ok(());
    }
    Err(format!("{shown}, read as a {word}:\n{}", wrong.join("\n")))
}

/// What is wrong with the files that a configuration names.
fn named_files(config: &Config) -> Vec<String> {
    let (_, mut wrong) = load_types_db(config.types_db.as_deref().unwrap_or_default());
    wrong.extend(load_graphs(config.graphs.as_deref()).1);
    if let Some(path) = &config.auth_file {
        let file = AuthFile::open(path.clone());
        let bad = file.report().lines.iter().filter(|line| !line.ok);
        wrong.extend(bad.map(|line| line.text.clone()));
    }
    if let Some(name) = &config.layout {
        wrong.extend(layouts::find(LayoutFiles::of_user().as_ref(), name).err());
    }
    wrong
}

fn named(problems: &[layout_file::Problem], path: &Path) -> Vec<String> {
    problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect()
}

/// Keys at the top of a layout.
const LAYOUT_KEYS: [&str; 3] = ["version", "shown", "tab"];

/// The kind that most of the keys are of; where there are only mistakes, the kind of what they are
/// most like; and where that does not decide, what the file is called.
fn kind(text: &str, path: &Path) -> Kind {
    let (file, _) = DeTable::parse_recoverable(text);
    let keys = || file.get_ref().iter().map(|(key, _)| &**key.get_ref());
    let all = || at_top().chain(LAYOUT_KEYS).chain([graphs_file::KEY]);
    let is_right = keys().any(|key| all().any(|known| known == key));
    let meant = |key| if is_right { Some(key) } else { nearest(key, all()) };
    let count = |is_known: &dyn Fn(&str) -> bool| {
        keys().filter_map(meant).filter(|key| is_known(key)).count()
    };
    let layout = count(&|key| LAYOUT_KEYS.contains(&key));
    let graphs = count(&|key| key == graphs_file::KEY);
    let config = count(&|key| at_top().any(|known| known == key));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match layout.max(graphs).max(config) {
        0 if name == "graphs.toml" => Kind::Graphs,
        0 if name.starts_with("config") => Kind::Config,
        0 => Kind::Layout,
        most if most == config => Kind::Config,
        most if most == graphs => Kind::Graphs,
        _ => Kind::Layout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_keys_say_and_only_without_any_what_it_is_called() {
        for (text, name, expected) in [
            ("memory = 512", "a.toml", Kind::Config),
            ("memory = 512\nmemroy = 1", "graphs.toml", Kind::Config),
            ("version = 1\n[[tab]]\nlayout = 1", "config.toml", Kind::Layout),
            ("[[graph]]\nid = 'x'", "config.toml", Kind::Graphs),
            ("graphs = 'graphs.toml'", "a.toml", Kind::Config),
            ("memroy = 1", "config.toml", Kind::Config),
            ("", "config.toml", Kind::Config),
            ("", "graphs.toml", Kind::Graphs),
            ("tba = 1", "web.toml", Kind::Layout),
            ("memroy = 1", "web.toml", Kind::Config),
            ("[[grpah]]\nid = 'x'", "web.toml", Kind::Graphs),
            ("frobnicate = 1", "web.toml", Kind::Layout),
            ("memroy = 1\nversion = 1", "web.toml", Kind::Layout),
            ("units.sizes = 'si'", "a.toml", Kind::Config),
            ("[keys]\npause = 'P'", "a.toml", Kind::Config),
            ("memory = \n[[tab", "a.toml", Kind::Config),
        ] {
            assert_eq!(kind(text, Path::new(name)), expected, "{text:?} in {name}");
        }
    }
}
