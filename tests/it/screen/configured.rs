//! The real window as it is configured: it begins so, keeps nothing of it, and says what is wrong.

use super::*;

fn configure(desktop: &Desktop, text: &str) {
    let folder = desktop.folder().join("config/collectoscope");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

fn settings(desktop: &Desktop) -> String {
    let path = desktop.folder().join("config/collectoscope/settings.toml");
    fs::read_to_string(path).unwrap_or_default()
}

const GRAPHS: &str = "
[[graph]]
id = 'mine'
title = 'How loaded'
plugin = 'load'
type = 'load'
each = 'host'
unit = ''
style = 'line'
overview = 1
line = [{ }]

[[graph]]
id = 'bad'
";

#[test]
fn the_window_begins_as_it_is_configured_and_says_what_cannot_be_used() {
    let desktop = Desktop::start();
    configure(
        &desktop,
        "window = '15m'\nzone = 'UTC'\ntheme = 'light'\nmemroy = 1\ngraphs = 'graphs.toml'\n\
         layout = 'nowhere'\nsize = '1100x700'\n",
    );
    fs::write(desktop.folder().join("config/collectoscope/graphs.toml"), GRAPHS).unwrap();
    let mut window = desktop.open(&[]);
    let said = window.until("messages", |status| {
        let all: Vec<_> = status["messages"].as_array()?.iter().map(Value::to_string).collect();
        (all.len() == 3).then(|| all.join("\n"))
    });
    for words in [
        "cannot use \\\"memroy\\\" in line 4 of ",
        "graphs: line 13: graph \\\"bad\\\": missing field",
        "cannot begin with the layout: there is no layout \\\"nowhere\\\"",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(window.log().contains("cannot use \"memroy\" in line 4 of "), "{}", window.log());
    let _daemon = daemon("alpha", window.port());
    let shown = |status: &Value| panels(status).iter().any(|panel| panel["title"] == "How loaded");
    window.until("a panel of the user's graph", |status| shown(status).then_some(()));
    desktop.picture("configured");
    // What was not chosen in the window is not kept.
    window.key("g");
    until("settings", || settings(&desktop).contains("pivot = \"plugins\"").then_some(()));
    let kept = settings(&desktop);
    assert!(kept.contains("theme = \"system\"") && kept.contains("window_secs = 300"), "{kept}");
}

#[test]
fn tabs_that_were_left_are_as_wide_as_is_configured() {
    let desktop = Desktop::start();
    configure(&desktop, "window = '15m'\n");
    let left = "version = 1\n[[tab]]\nwindow = '1m'\n[[tab]]\nwindow = '6h'\nshow = 'load'\n";
    fs::write(desktop.folder().join("config/collectoscope/workspace.toml"), left).unwrap();
    let mut window = desktop.open(&[]);
    // What is kept is the width that is wanted, also where there is nothing to show yet.
    window.key("ctrl+2");
    window.until("the other tab", |status| (status["tab"] == 1).then_some(()));
    let kept = || {
        let path = desktop.folder().join("config/collectoscope/workspace.toml");
        fs::read_to_string(path).unwrap()
    };
    window.key("ctrl+t");
    until("the tabs", || (kept().matches("[[tab]]").count() == 3).then_some(()));
    assert_eq!(kept().matches("window = \"15m\"").count(), 3, "{}", kept());
    window.key("1");
    window.until("ten seconds", |status| (number(status, "window_secs") == 10.0).then_some(()));
}

#[test]
fn commands_have_the_keys_that_are_configured_and_fields_keep_what_is_typed() {
    let desktop = Desktop::start();
    let keys = "[keys]\npause = 'P'\npalette = 'K'\nnotifications = 'Space'\nrates = ''\n";
    configure(&desktop, keys);
    let mut window = desktop.open(&[]);
    assert!(!window.log().contains("cannot use"), "{}", window.log());
    let is = |status: &Value, state: &str| (status["state"] == state).then_some(());
    window.key("p");
    window.until("a pause by its new key", |status| is(status, "paused"));
    window.key("p");
    window.until("no pause", |status| is(status, "live"));
    // The old key of one is another one's now, and one has none.
    window.key("space");
    window.key("r");
    // In the filter they are letters.
    window.key("slash");
    window.type_text("pkr");
    let status =
        window.until("the filter", |status| (status["filter"] == "pkr").then(|| status.clone()));
    assert_eq!((&status["state"], &status["mode"]), (&"live".into(), &"rate".into()));
    window.key("Escape");
    window.key("Escape");
    window.until("no filter", |status| (status["filter"] == "").then_some(()));
    // The letter that opens the palette is not typed into it, and what has no key is found there.
    window.key("k");
    window.type_text("raw");
    window.key("Return");
    window.until("raw values", |status| (status["mode"] == "raw").then_some(()));
    window.key("question");
    window.next();
    desktop.picture("keys");
}
