//! Graphs file: a catalogue of the user's, which is laid over the one that is built in.
//!
//! Read leniently: a graph with a mistake is left out and reported with its line, the others work.
//! Reads no file itself.

use super::graphs::{Graph, LineRule};
use super::layout_file::{Problem, in_order};
use super::lines::Lines;
use super::nearest::nearest;
use crate::metric::display_safe;
use serde::Deserialize as _;
use std::collections::HashSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Graphs that are read; the built-in catalogue has some forty.
pub const GRAPHS_MAX: usize = 1_000;
/// The one key of the file.
pub const KEY: &str = "graph";

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// The graphs, in their order.
    pub graphs: Vec<Graph>,
    /// What was left out, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// Reads graphs from `text`, which looks like `assets/graphs.toml`.
pub fn read(text: &str) -> Read {
    let (file, errors) = DeTable::parse_recoverable(text);
    let mut reader =
        Reader { lines: Lines::of(text), read: Read::default(), names: HashSet::new() };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.problem(at, format!("{}, left out", error.message().trim_end_matches('.')));
    }
    for (key, value) in file.get_ref().iter() {
        match (&**key.get_ref(), value.get_ref().as_array()) {
            (KEY, Some(list)) => list.iter().for_each(|one| reader.graph(one)),
            (KEY, None) => reader.problem(key.span().start, "write [[graph]], left out".into()),
            (name, _) => {
                let near = nearest(name, [KEY].into_iter());
                let near = near.map_or(String::new(), |near| format!(", nearest is \"{near}\""));
                let name = display_safe(name);
                reader.problem(key.span().start, format!("unknown key \"{name}\"{near}, left out"));
            }
        }
    }
    let Read { graphs, problems } = reader.read;
    Read { graphs, problems: in_order(problems) }
}

struct Reader {
    lines: Lines,
    read: Read,
    names: HashSet<String>,
}

impl Reader {
    fn problem(&mut self, at: usize, what: String) {
        self.read.problems.push(Problem { line: self.lines.line_at(at), what });
    }

    fn graph(&mut self, value: &Spanned<DeValue<'_>>) {
        let at = value.span().start;
        if self.names.len() >= GRAPHS_MAX {
            if self.names.insert(String::new()) {
                self.problem(at, format!("the first {GRAPHS_MAX} graphs are read"));
            }
            return;
        }
        let graph = match Graph::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(graph) => graph,
            Err(error) => {
                let at = error.span().map_or(at, |span| span.start);
                let why = error.message().trim_end_matches('.').to_owned();
                return self.problem(at, format!("{}{why}, left out", named(value)));
            }
        };
        let is_sane = |line: &LineRule| line.scale.is_finite() && line.scale != 0.0;
        let why = if graph.id.is_empty() {
            "its id must not be empty"
        } else if graph.line.is_empty() {
            "it needs at least one line"
        } else if !graph.line.iter().all(is_sane) {
            "scale must be a number other than zero"
        } else if graph.y_max.is_some_and(|end| !end.is_finite() || end <= 0.0) {
            "y_max must be a number above zero"
        } else if !self.names.insert(graph.id.to_string()) {
            "there is one of that name before"
        } else {
            self.read.graphs.push(graph);
            return;
        };
        self.problem(at, format!("{}{why}, left out", named(value)));
    }
}

/// Which graph, in the words of its file.
fn named(value: &Spanned<DeValue<'_>>) -> String {
    let id = value.get_ref().get("id").and_then(|id| id.get_ref().as_str());
    id.map_or(String::new(), |id| format!("graph \"{}\": ", display_safe(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Identifier;
    use crate::view::graphs::Graphs;

    fn graph(id: &str, more: &str) -> String {
        format!(
            "[[graph]]\nid = \"{id}\"\ntitle = \"T\"\nplugin = \"load\"\ntype = \"load\"\n\
             each = \"host\"\nunit = \"\"\nstyle = \"line\"\n{more}\n"
        )
    }

    const LINE: &str = "line = [{}]";

    #[test]
    fn the_built_in_catalogue_is_read_without_a_problem() {
        let read = read(include_str!("../../assets/graphs.toml"));
        assert_eq!(read.problems, []);
        assert_eq!(read.graphs.len(), Graphs::built_in().iter().count());
    }

    #[test]
    fn a_graph_with_a_mistake_is_named_with_its_line_and_the_others_are_kept() {
        for (wrong, line, words) in [
            ("colour = 1", 9, "graph \"bad\": unknown field `colour`"),
            ("line = [{ role = \"usd\" }]", 9, "unknown role \"usd\", nearest is \"used\""),
            ("line = []", 1, "it needs at least one line"),
            ("y_max = \"high\"\nline = [{}]", 9, "invalid type: string \"high\""),
            ("y_max = nan\nline = [{}]", 1, "y_max must be a number above zero"),
            ("line = [{ scale = inf }]", 1, "scale must be a number other than zero"),
            ("", 1, "missing field `line`"),
        ] {
            let text = graph("bad", wrong) + &graph("good", LINE);
            let Read { graphs, problems } = read(&text);
            let ids: Vec<_> = graphs.iter().map(|graph| &*graph.id).collect();
            assert_eq!(ids, ["good"], "{wrong}");
            assert_eq!((problems.len(), problems[0].line), (1, line), "{problems:?}");
            assert!(problems[0].what.contains(words), "{problems:?}");
            assert!(problems[0].what.ends_with(", left out"), "{problems:?}");
        }
    }

    #[test]
    fn what_is_no_catalogue_is_said() {
        for (text, line, words) in [
            ("grahp = 1", 1, "unknown key \"grahp\", nearest is \"graph\""),
            ("[graph]\nid = 'x'", 1, "write [[graph]]"),
            ("graph = [1]", 1, "invalid type: integer `1`"),
            ("\n[[graph\n", 2, "left out"),
        ] {
            let Read { graphs, problems } = read(text);
            assert!(graphs.is_empty());
            assert!(problems[0].line == line && problems[0].what.contains(words), "{problems:?}");
        }
        let twice = read(&(graph("a", LINE) + &graph("a", LINE)));
        assert_eq!((twice.graphs.len(), twice.problems.len()), (1, 1));
        let many: String = (0..1_100).map(|n| graph(&format!("g{n}"), LINE)).collect();
        let many = read(&many);
        assert_eq!((many.graphs.len(), many.problems.len()), (GRAPHS_MAX, 1));
        assert_eq!(read("").graphs.len(), 0);
    }

    #[test]
    fn a_graph_of_the_user_goes_before_the_built_in_ones_and_replaces_its_namesake() {
        let load = Identifier::new("h", "load", "", "load", "");
        let id_of = |graphs: &Graphs| {
            let place = graphs.place(&load, "shortterm").unwrap();
            graphs.get(place.graph).unwrap().id.to_string()
        };
        let built_in = id_of(&Graphs::built_in());
        let count = Graphs::built_in().iter().count();
        let mine = Graphs::built_in().under(read(&graph("mine", LINE)).graphs);
        assert_eq!((id_of(&mine), mine.iter().count()), ("mine".into(), count + 1));
        let same = Graphs::built_in().under(read(&graph(&built_in, LINE)).graphs);
        assert_eq!((id_of(&same), same.iter().count()), (built_in, count));
        let cpu = Identifier::new("h", "cpu", "", "percent", "user");
        assert!(same.place(&cpu, "value").is_some());
    }
}
