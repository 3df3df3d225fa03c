//! Circles of files: a file that names something of a second, which (over others) names the first.
//!
//! Such files can only be read, tested and changed together. What counts as naming: a path in a
//! `use` or in code, followed through re-exports to the file that defines what it ends at. What
//! does not: tests, comments, and a `pub use`, which only passes a name on. A parent that calls
//! its child while the child names something of the parent is a circle of two.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where a module is: the names from the root of the crate.
type Place = Vec<String>;

/// Names that a file brings into scope, and the paths they stand for.
type Aliases = BTreeMap<String, Place>;

#[derive(Default)]
struct Module {
    file: String,
    /// Paths in the code outside of `use`.
    paths: Vec<Place>,
    /// Paths that are brought in to be used here, and not to be passed on.
    imports: Vec<Place>,
    aliases: Aliases,
    passed_on: BTreeSet<String>,
}

/// The shortest circle through every file that is in one, as `a.rs -> b.rs -> a.rs`.
///
/// `sources` are paths inside `src` and the text there.
pub(super) fn circles(sources: &BTreeMap<String, String>) -> Vec<String> {
    let edges = edges(sources);
    let mut found = BTreeSet::new();
    for start in edges.keys() {
        let Some(mut circle) = shortest_circle(&edges, start) else {
            continue;
        };
        let first = (0..circle.len()).min_by_key(|&at| &circle[at]).unwrap();
        circle.rotate_left(first);
        circle.push(circle[0].clone());
        found.insert(circle.join(" -> "));
    }
    found.into_iter().collect()
}

/// Which files each file names.
fn edges(sources: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut modules = BTreeMap::new();
    let mut of_tests = BTreeSet::new();
    for (file, text) in sources {
        let place = place(file);
        let (tokens, tests) = without_tests(tokens(text));
        of_tests.extend(tests.into_iter().map(|name| child(&place, &name)));
        modules.insert(place, read(file, &tokens));
    }
    modules.retain(|place, _| (1..=place.len()).all(|end| !of_tests.contains(&place[..end])));
    let mut edges = BTreeMap::<String, BTreeSet<String>>::new();
    for (place, module) in &modules {
        let named = edges.entry(module.file.clone()).or_default();
        for path in module.imports.iter().chain(&module.paths) {
            if let Some((definer, file)) = definer(&modules, place, path, 0)
                && !place.starts_with(definer)
            {
                named.insert(file.clone());
            }
        }
    }
    edges
}

fn shortest_circle(
    edges: &BTreeMap<String, BTreeSet<String>>,
    start: &String,
) -> Option<Vec<String>> {
    let mut came_from = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for next in edges.get(file)? {
            if next == start {
                let mut circle = vec![file.clone()];
                while let Some(before) = came_from.get(circle.last().unwrap()) {
                    circle.push(String::clone(before));
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next.clone(), file.clone());
                waiting.push_back(next);
            }
        }
    }
    None
}

fn place(file: &str) -> Place {
    let name = file.trim_end_matches(".rs");
    let name = name.strip_suffix("/mod").unwrap_or(name);
    if name == "lib" { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

fn child(place: &[String], name: &str) -> Place {
    place.iter().cloned().chain([name.to_owned()]).collect()
}

/// The module, and its file, that defines what `path`, written in the module `at`, ends at. None
/// where that is another crate or a module as a whole.
fn definer<'m>(
    modules: &'m BTreeMap<Place, Module>,
    at: &[String],
    path: &[String],
    depth: usize,
) -> Option<(&'m Place, &'m String)> {
    assert!(depth < 20, "{path:?} in {at:?} leads to itself");
    let (first, mut rest) = path.split_first()?;
    let mut here = match first.as_str() {
        "crate" => Vec::new(),
        "self" => at.to_vec(),
        "super" => at[..at.len() - 1].to_vec(),
        name => {
            let (inside, alias) = (child(at, name), modules[at].aliases.get(name));
            if modules.contains_key(&inside) && (alias.is_none() || !rest.is_empty()) {
                inside
            } else {
                let alias =
                    alias.filter(|alias| alias[0] != name || modules.contains_key(&inside))?;
                return definer(modules, at, &[alias, rest].concat(), depth + 1);
            }
        }
    };
    while let Some((name, after)) = rest.split_first() {
        let (place, module) = modules.get_key_value(&here)?;
        let inside = child(&here, name);
        if name == "super" {
            here.pop();
        } else if modules.contains_key(&inside)
            && !(after.is_empty() && module.aliases.contains_key(name))
        {
            here = inside;
        } else if module.aliases.contains_key(name) {
            return definer(modules, &here, rest, depth + 1);
        } else {
            return Some((place, &module.file));
        }
        rest = after;
    }
    None
}

fn read(file: &str, tokens: &[String]) -> Module {
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "use" && tokens[at + 1] != "<" {
            let end = at + tokens[at..].iter().position(|token| token == ";").unwrap();
            let passes_on = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
            let mut names = Vec::new();
            expand(&mut tokens[at + 1..end].iter(), &[], &mut names);
            for (name, path) in names {
                if passes_on {
                    module.passed_on.insert(name.clone());
                } else {
                    module.imports.push(path.clone());
                }
                module.aliases.insert(name, path);
            }
            at = end;
        } else if is_name(&tokens[at]) {
            let begins = at == 0 || !["::", "."].contains(&tokens[at - 1].as_str());
            let mut path = vec![tokens[at].clone()];
            while at + 2 < tokens.len() && tokens[at + 1] == "::" && is_name(&tokens[at + 2]) {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            if begins {
                module.paths.push(path);
            }
        }
        at += 1;
    }
    // A single word is a path only where it is a name that is also passed on.
    let passed_on = &module.passed_on;
    module.paths.retain(|path| path.len() > 1 || passed_on.contains(&path[0]));
    module
}

/// The names that the tree of a `use` brings in, and their paths.
fn expand<'t>(
    tokens: &mut impl Iterator<Item = &'t String>,
    prefix: &[String],
    names: &mut Vec<(String, Place)>,
) {
    let (mut path, mut renamed) = (prefix.to_vec(), None);
    loop {
        match tokens.next().map(String::as_str) {
            Some("::") => {}
            Some("{") => expand(tokens, &std::mem::take(&mut path), names),
            Some("as") => renamed = tokens.next().cloned(),
            end @ (Some("," | "}") | None) => {
                if path.len() > prefix.len() {
                    path.pop_if(|last| last == "self");
                    let name = renamed.take().unwrap_or_else(|| path[path.len() - 1].clone());
                    names.push((name, path));
                }
                path = prefix.to_vec();
                if end != Some(",") {
                    return;
                }
            }
            Some(word) => path.push(word.to_owned()),
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The tokens without the items behind `#[cfg(test)]`, and the modules among those items.
fn without_tests(tokens: Vec<String>) -> (Vec<String>, Vec<String>) {
    let marker = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().take(marker.len()).eq(marker) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += marker.len();
        let mut depth = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "mod" if depth == 0 => modules.push(tokens[at + 1].clone()),
                "{" | "[" | "(" => depth += 1,
                "}" | "]" | ")" => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 && [";", "}"].contains(&tokens[at - 1].as_str()) {
                break;
            }
        }
    }
    (kept, modules)
}

/// Names, `::` and signs; neither comments nor texts.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_text(rest) {
            let start = rest.find('"').unwrap() + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' {
            // A lifetime is a quote and a name without a quote behind it.
            let mut following = rest.chars().skip(1);
            let is_text = following.next() == Some('\\') || following.next() == Some('\'');
            if is_text { quoted(rest, '\'') } else { 1 }
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How many signs `#` stand around the raw text that begins here.
fn raw_text(text: &str) -> Option<usize> {
    let text = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = text.chars().take_while(|&c| c == '#').count();
    text[hashes..].starts_with('"').then_some(hashes)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let sources = files.iter().map(|&(file, text)| (file.to_owned(), text.to_owned())).collect();
    assert_eq!(circles(&sources), expected);
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    check(
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "use super::a::A; pub struct B(Option<Box<A>>);"),
        ],
        &["a.rs -> b.rs -> a.rs"],
    );
}

#[test]
fn a_circle_of_three_is_found_by_paths_in_code_and_in_groups() {
    check(
        &[
            ("lib.rs", "mod c; mod house;"),
            ("house/mod.rs", "pub mod a; pub mod b;"),
            ("house/a.rs", "pub fn a() { super::b::b(); }"),
            ("house/b.rs", "use crate::{c::{self, nothing as less}, house}; fn b() { c::d() }"),
            ("c.rs", "pub fn d<'a>() -> char { let _ = '\\''; crate::house::a::a::<'a>(); '\"' }"),
        ],
        &["c.rs -> house/a.rs -> house/b.rs -> c.rs"],
    );
}

#[test]
fn tests_comments_and_texts_do_not_count() {
    check(
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            (
                "b.rs",
                "//! Of [`crate::a::A`].\n pub struct B; #[cfg(test)] use crate::a::A;
                 const TEXT: &str = r#\"crate::a::A\"#; /* crate::a::A */
                 #[cfg(test)] mod tests { use crate::a::A; fn f() { A }; }
                 #[cfg(test)] mod more;",
            ),
            ("b/more.rs", "use super::B; use crate::a::A;"),
        ],
        &[],
    );
}

#[test]
fn passing_a_name_on_is_no_dependency_and_leads_to_the_file_that_defines_it() {
    let root = ("lib.rs", "mod house;");
    let parent = "pub use a::A; pub(crate) use b::b; mod a; mod b;";
    check(
        &[
            root,
            ("house/mod.rs", parent),
            ("house/a.rs", "pub struct A;"),
            ("house/b.rs", "use super::A; pub fn b() -> A {}"),
        ],
        &[],
    );
    check(
        &[
            root,
            ("house/mod.rs", parent),
            ("house/a.rs", "pub struct A; fn f() { crate::house::b() }"),
            ("house/b.rs", "use super::A; pub fn b() -> A {}"),
        ],
        &["house/a.rs -> house/b.rs -> house/a.rs"],
    );
}

#[test]
fn a_child_may_name_what_its_parents_define() {
    check(
        &[
            ("lib.rs", "pub mod house;"),
            ("house/mod.rs", "pub use a::A; mod a; pub struct House(A);"),
            ("house/a.rs", "use super::House; pub struct A(Option<Box<House>>);"),
        ],
        &[],
    );
}
