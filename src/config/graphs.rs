//! The catalogue: the built-in graphs, and those of the user before them.

use super::file::text_of;
use crate::view::graphs::Graphs;
use crate::view::graphs_file::{Read, read};
use std::path::Path;

/// The built-in graphs under those of the file at `path`. The messages are for the user.
pub fn load_graphs(path: Option<&Path>) -> (Graphs, Vec<String>) {
    let Some(path) = path else { return (Graphs::built_in(), Vec::new()) };
    let shown = path.display();
    match open_graphs(path) {
        Ok(Read { graphs, problems }) => {
            let sentence = |problem| format!("graphs: {problem}, in {shown}");
            (Graphs::built_in().under(graphs), problems.iter().map(sentence).collect())
        }
        Err(why) => {
            let message =
                format!("cannot read the graphs, the built-in ones hold: {why}, in {shown}");
            (Graphs::built_in(), vec![message])
        }
    }
}

/// The graphs of the file at `path`; the error is part of a sentence.
pub fn open_graphs(path: &Path) -> Result<Read, String> {
    text_of(path).map(|text| read(&text)).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_of_the_user_are_laid_over_and_what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graphs.toml");
        let built_in = Graphs::built_in().iter().count();
        let (graphs, messages) = load_graphs(Some(&path));
        assert_eq!(graphs.iter().count(), built_in);
        assert!(messages[0].contains("hold: there is no such file, in "), "{messages:?}");
        let good = "[[graph]]\nid = 'mine'\ntitle = 'T'\nplugin = 'p'\ntype = 't'\n\
                    each = 'host'\nunit = ''\nstyle = 'line'\nline = [{}]\n[[graph]]\n";
        std::fs::write(&path, good).unwrap();
        let (graphs, messages) = load_graphs(Some(&path));
        assert_eq!((graphs.iter().count(), messages.len()), (built_in + 1, 1));
        assert!(messages[0].starts_with("graphs: line 10: missing field"), "{messages:?}");
        assert_eq!(load_graphs(None).1, [""; 0]);
    }
}
