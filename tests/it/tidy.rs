//! The rules of the house that a machine can check.

mod circles;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by floor, bottom first; a floor imports only floors below it and itself.
const FLOORS: [&[&str]; 7] = [
    &["metric", "typesdb", "rate"],
    &["wire", "text"],
    &["ingest", "store", "reception"],
    &["view"],
    &["session"],
    &["source", "send", "read", "config", "layouts", "files", "pool", "ui"],
    &["app", "cli", "main"],
];

/// Words that make a reader stop, and what to write instead.
const WORDS_TO_AVOID: [(&str, &str); 6] = [
    ("told", "reported, stated or known"),
    ("tells", "reports or states"),
    ("heard", "received"),
    ("of whom", "whose"),
    ("so many", "the number of"),
    ("mishap", "fault, failure or error"),
];

/// Above the pure floors the outside world begins.
const PURE: usize = 5;

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("sources are UTF-8");
                files.push((path, text));
            }
        }
    }
    assert!(files.len() > 40, "only {} source files were found", files.len());
    files
}

/// The part of a file before its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

fn module(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

#[test]
fn imports_point_down_the_floors() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(own) = floor(&module(&path)) else {
            assert_eq!(module(&path), "lib", "{} is on no floor", path.display());
            continue;
        };
        for (number, line) in code(&text).lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let name: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let below = floor(&name).is_none_or(|other| other <= own);
                let sideways = module(&path) == "ui"
                    && ["source", "send", "read", "config", "layouts", "files", "pool"]
                        .contains(&name.as_str())
                    || ["source", "send", "read", "config", "layouts", "files", "pool"]
                        .contains(&module(&path).as_str())
                        && name == "ui";
                // The window gets its arguments from the command line, which starts it.
                let glue = own == FLOORS.len() - 1;
                if !(below || glue) || sideways {
                    wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that point up:\n{}", wrong.join("\n"));
}

#[test]
fn no_files_form_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let inside = |path: PathBuf| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    let sources: BTreeMap<_, _> =
        sources().into_iter().map(|(path, text)| (inside(path), text)).collect();
    let circles = circles::circles(&sources);
    assert!(circles.is_empty(), "files that name each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn pure_floors_know_no_socket_file_thread_clock_or_screen() {
    let banned = [
        "std::net::UdpSocket",
        "std::fs",
        "std::thread",
        "Instant::now",
        "SystemTime::now",
        "egui",
        "println!",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if floor(&module(&path)).is_none_or(|floor| floor >= PURE) {
            continue;
        }
        for (number, line) in code(&text).lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            if !comment && banned.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// So that each of the three can be replaced, and tested, without the others.
#[test]
fn no_file_knows_two_of_socket_store_and_screen() {
    let words = |text: &str, known: &[&str]| {
        let code = code(text).lines().filter(|line| !line.trim_start().starts_with("//"));
        let mut words =
            code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        words.any(|word| known.contains(&word))
    };
    for (path, text) in sources() {
        let knows = [["UdpSocket", "socket2"], ["Store", "Store"], ["egui", "eframe"]];
        let count = knows.iter().filter(|known| words(&text, &known[..])).count();
        assert!(count < 2, "{} knows two of socket, store and screen", path.display());
    }
}

#[test]
fn every_file_starts_with_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} has no module documentation", path.display());
    }
}

#[test]
fn files_and_lines_stay_readable() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = code(&text).lines().count();
        if lines > 500 {
            wrong.push(format!("{} has {lines} lines before its tests", path.display()));
        }
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > 100 {
                wrong.push(format!("{}:{} is longer than 100", path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_are_plain() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            // Scripts know a field of the state by this name.
            if line.contains("#[serde(rename") {
                continue;
            }
            // Also inside of names: `FAULTS_TOLD`.
            let words: Vec<_> = line.split(|c: char| !c.is_alphanumeric()).collect();
            let line = format!(" {} ", words.join(" ").to_lowercase());
            wrong.extend(WORDS_TO_AVOID.iter().filter_map(|(word, instead)| {
                let place = format!("{}:{}", path.display(), number + 1);
                let found = line.contains(&format!(" {word} "));
                found.then(|| format!("{place}: write {instead}, not \"{word}\""))
            }));
        }
    }
    assert!(wrong.is_empty(), "words to avoid:\n{}", wrong.join("\n"));
}

#[test]
fn colours_are_chosen_in_the_theme_only() {
    for (path, text) in sources() {
        let theme = path.ends_with("ui/theme.rs");
        let chosen = ["Color32::from_rgb(", "Color32::RED", "Color32::WHITE", "Color32::BLACK"]
            .iter()
            .any(|word| code(&text).contains(word));
        assert!(theme || !chosen, "{} chooses a colour", path.display());
    }
}
