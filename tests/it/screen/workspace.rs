//! Tabs and panels in the real window: put together by keys, by the mouse and by a file written by
//! hand, and there again after a restart.

use super::*;

/// Titles and hosts of the panels that draw something.
fn titles(status: &Value) -> Vec<String> {
    let drawn = |panel: &&Value| lines(panel).iter().any(|line| !line["last"].is_null());
    let name = |panel: &Value| {
        format!("{} {}", panel["title"].as_str().unwrap(), panel["host"].as_str().unwrap())
    };
    panels(status).iter().filter(drawn).map(name).collect()
}

fn tabs(status: &Value) -> Vec<&str> {
    status["tabs"].as_array().unwrap().iter().map(|tab| tab.as_str().unwrap()).collect()
}

#[track_caller]
fn until_titles(window: &mut Window<'_>, expected: &[&str]) {
    window.until(&format!("{expected:?}"), |status| (titles(status) == expected).then_some(()));
}

/// Lines of the first panel.
#[track_caller]
fn until_lines(window: &mut Window<'_>, expected: &[&str]) {
    window.until(&format!("{expected:?}"), |status| {
        let labels: Vec<_> = lines(panels(status).first()?)
            .iter()
            .filter_map(|line| line["label"].as_str())
            .collect();
        (labels == expected).then_some(())
    });
}

fn type_words(window: &Window<'_>, text: &str) {
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 {
            window.key("space");
        }
        window.type_text(word);
    }
}

const COMPARED: [&str; 3] = ["Load, 1 min ", "CPU alpha", "CPU beta"];

#[test]
fn hosts_are_compared_by_keys_alone_and_all_is_there_after_a_restart() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    let daemons = [daemon("alpha", port), daemon("beta", port)];
    until_drawn(&mut window);
    window.key("ctrl+t");
    window.until("an empty tab", |status| (tabs(status).len() == 2).then_some(()));
    window.key("slash");
    type_words(&window, "plugin:load ds:shortterm");
    window.key("Return");
    until_titles(&mut window, &COMPARED[..1]);
    until_lines(&mut window, &["alpha", "beta"]);
    window.key("slash");
    window.key("ctrl+a");
    type_words(&window, "host:alpha|beta plugin:cpu");
    window.key("ctrl+Return");
    until_titles(&mut window, &COMPARED);
    desktop.picture("compared");
    window.key("ctrl+z");
    until_titles(&mut window, &COMPARED[..1]);
    window.key("ctrl+shift+z");
    until_titles(&mut window, &COMPARED);
    // Saved under a name; then changed, and the window is closed.
    window.key("ctrl+shift+s");
    type_words(&window, "Web tier");
    window.key("Return");
    window.until("a layout", |status| {
        (status["layout"] == "Web tier" && status["layout_changed"] == false).then_some(())
    });
    window.key("ctrl+t");
    window.until("a change", |status| (status["layout_changed"] == true).then_some(()));
    window.key("ctrl+w");
    window.until("none", |status| (status["layout_changed"] == false).then_some(()));
    assert!(window.close().success());
    drop((window, daemons));

    let mut again = desktop.open(&["--size", "1260x740"]);
    again.until("the tabs", |status| {
        (tabs(status) == ["Overview", "load shortterm"] && status["tab"] == 1).then_some(())
    });
    let port = again.port();
    let daemons = [daemon("alpha", port), daemon("beta", port)];
    until_titles(&mut again, &COMPARED);
    assert!(again.close().success());
    drop((again, daemons));

    let mut named = desktop.open(&["--layout", "Web tier"]);
    named.until("the layout", |status| {
        (status["layout"] == "Web tier" && tabs(status).len() == 2).then_some(())
    });
    assert!(named.close().success());
}

#[test]
fn rows_are_dragged_to_a_new_tab_into_a_panel_and_below_it() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    let _daemons = [daemon("alpha", port), daemon("beta", port)];
    until_drawn(&mut window);
    window.click(150, 85, 1);
    window.type_text("load");
    // For each host a row of its own, of the plugin, and of its three series.
    window.until("both hosts", |status| (count(status, "rows") == 10).then_some(()));
    let row = |number: u32| (100, 131 + 25 * number);
    let new_tab = (402, 62);
    window.drag(row(2), new_tab);
    until_titles(&mut window, &["Load, 1 min alpha"]);
    window.drag(row(7), (780, 400));
    until_lines(&mut window, &["alpha", "beta"]);
    // To the lower edge of the canvas.
    window.drag(row(6), (780, 708));
    window.until("a panel below", |status| (panels(status).len() == 2).then_some(()));
    desktop.picture("dragged");
    assert!(window.close().success());
    drop(window);
    let mut again = desktop.open(&[]);
    again.until("the tabs", |status| (tabs(status).len() == 2).then_some(()));
}

#[test]
fn a_layout_written_by_hand_is_shown_and_what_is_wrong_in_it_is_named() {
    let desktop = Desktop::start();
    let path = desktop.folder().join("hand.toml");
    let text = r#"
version = 1

[[tab]]
name = "By hand"

[[tab.rows]]
title = "Load of all"
show = "plugin:load ds:shortterm"
colour = "red"

[[tab.rows]]
columns = [
  { show = "host:alpha plugin:cpu", graph = "cpu-percent" },
  { show = "host:beta plugin:cpu", graph = "cpu-percent" },
]
"#;
    fs::write(&path, text).unwrap();
    let mut window = desktop.open(&["--layout", path.to_str().unwrap(), "--size", "1260x740"]);
    let port = window.port();
    let _daemons = [daemon("alpha", port), daemon("beta", port)];
    until_titles(&mut window, &["Load of all ", "CPU alpha", "CPU beta"]);
    let status = window.next();
    assert_eq!(tabs(&status), ["By hand"]);
    let messages = status["messages"].to_string();
    assert!(messages.contains("line 10: unknown key"), "{messages}");
    desktop.picture("by-hand");
    assert!(window.close().success());
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "nobody saved it");
}

#[test]
fn a_layout_that_is_not_there_ends_with_what_there_is() {
    let desktop = Desktop::start();
    let output = desktop.program().args(["--layout", "nosuch"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there is no layout \"nosuch\"; there are Overview"), "{said}");
}

/// What the table of all hosts shows: hosts, from the top.
fn hosts(status: &Value) -> Vec<&str> {
    let rows = status["fleet"]["rows"].as_array();
    rows.into_iter().flatten().filter_map(|row| row["host"].as_str()).collect()
}

#[test]
fn all_hosts_are_compared_in_a_table_that_is_there_after_a_restart() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    let daemons = [daemon("alpha", port), daemon("beta", port)];
    until_drawn(&mut window);
    window.key("F3");
    // Values of the real daemon: a share, bytes, a load.
    window.until("values", |status| {
        let rows = status["fleet"]["rows"].as_array()?;
        let is_good = |row: &Value| {
            let values = row["values"].as_array().unwrap();
            let [cpu, memory, load] = [0, 1, 2].map(|at| values[at].as_f64());
            cpu.is_some_and(|cpu| (0.0..=100.0).contains(&cpu))
                && memory.is_some_and(|bytes| bytes > 1e6)
                && load.is_some_and(|load| load >= 0.0)
        };
        (hosts(status) == ["alpha", "beta"] && rows.iter().all(is_good)).then_some(())
    });
    desktop.picture("fleet");
    // Ordered by a click, filtered by what is typed at once, walked by keys.
    window.click(340, 149, 1);
    window.until("Z to A", |status| (hosts(status) == ["beta", "alpha"]).then_some(()));
    window.key("F3");
    type_words(&window, "host:b* plugin:load");
    window.key("Return");
    window.until("one host", |status| (hosts(status) == ["beta"]).then_some(()));
    window.key("Down");
    window.key("ctrl+Return");
    window.until("a tab", |status| (tabs(status) == ["alpha", "Fleet", "beta"]).then_some(()));
    assert!(window.close().success());
    drop((window, daemons));

    let mut again = desktop.open(&["--size", "1260x740"]);
    again.until("the tabs", |status| (tabs(status).len() == 3).then_some(()));
    again.key("ctrl+2");
    let _daemons = [daemon("alpha", again.port()), daemon("beta", again.port())];
    again.until("the table", |status| {
        (hosts(status) == ["beta"] && status["fleet"]["reversed"] == true).then_some(())
    });
    assert!(again.close().success());
}

fn kept_tabs(desktop: &Desktop) -> usize {
    let path = desktop.folder().join("config/collectoscope/workspace.toml");
    fs::read_to_string(path).map_or(0, |text| text.matches("[[tab]]").count())
}

#[test]
fn of_two_windows_one_keeps_its_tabs_and_the_other_says_so_and_takes_over() {
    let desktop = Desktop::start();
    let mut first = desktop.open(&[]);
    let mut second = desktop.open(&[]);
    let said = |status: &Value| status["messages"].to_string();
    let not_kept = "the tabs of this window are not kept for the next start";
    second.until("a sentence", |status| said(status).contains(not_kept).then_some(()));
    assert!(!said(&first.next()).contains(not_kept));
    for _ in 0..4 {
        second.key("ctrl+t");
    }
    second.until("five tabs", |status| (tabs(status).len() == 5).then_some(()));
    first.activate();
    first.key("ctrl+t");
    first.until("two tabs", |status| (tabs(status).len() == 2).then_some(()));
    until("the tabs of the first", || (kept_tabs(&desktop) == 2).then_some(()));
    // What the second one did is older, and was to be written before.
    second.next();
    assert_eq!(kept_tabs(&desktop), 2);
    assert!(first.close().success());
    drop(first);
    until("the tabs of the second", || (kept_tabs(&desktop) == 5).then_some(()));
    second.until("the good news", |status| {
        said(status).contains("the workspace is saved again").then_some(())
    });
    assert!(second.close().success());
}

#[test]
fn two_windows_that_save_one_layout_do_not_lose_what_either_wrote() {
    let desktop = Desktop::start();
    let path = desktop.folder().join("shared.toml");
    fs::write(&path, "[[tab]]\nname = \"One\"\n").unwrap();
    let name = path.to_str().unwrap();
    let (mut first, mut second) =
        (desktop.open(&["--layout", name]), desktop.open(&["--layout", name]));
    let written = || fs::read_to_string(&path).unwrap().matches("[[tab]]").count();
    first.activate();
    first.key("ctrl+t");
    first.key("ctrl+s");
    first.until("it is saved", |status| {
        (tabs(status).len() == 2 && status["layout_changed"] == false).then_some(())
    });
    assert_eq!(written(), 2);
    second.activate();
    for _ in 0..3 {
        second.key("ctrl+t");
    }
    second.until("a change", |status| (tabs(status).len() == 4).then_some(()));
    second.key("ctrl+s");
    second.until("a question", |status| {
        let said = status["messages"].to_string();
        said.contains("was not saved: its file holds something else").then_some(())
    });
    desktop.picture("changed-on-disk");
    assert_eq!((written(), &second.next()["layout_changed"]), (2, &Value::Bool(true)));
}

/// Runs the program with its configuration on a disk of its own that is full, until there is a file
/// `room`; then what was on the disk is in `before`, and at the end what is there by then in
/// `after`. As with a recording on a full disk, it is unmounted where that can be seen outside.
const ON_A_FULL_DISK: &str = "mount --make-rslave / 2>/dev/null
    disk=$1; out=$2; shift 2
    mount -t tmpfs -o size=64k none \"$disk\" || exit
    mkdir -p \"$disk/collectoscope\" && cp \"$out/workspace.toml\" \"$disk/collectoscope\"
    cat /dev/zero > \"$disk/filler\" 2>/dev/null
    (
        until [ -e \"$out/room\" ] || ! kill -0 $$; do sleep 0.05; done
        cp -r \"$disk/collectoscope\" \"$out/before\"; rm \"$disk/filler\"; touch \"$out/made\"
        while kill -0 $$; do sleep 0.05; done
        cp -r \"$disk/collectoscope\" \"$out/after\"; umount \"$disk\"; touch \"$out/over\"
    ) 2>/dev/null >&2 &
    exec \"$@\"";

#[test]
fn a_full_disk_leaves_what_was_kept_whole_and_is_written_when_it_has_room() {
    let desktop = Desktop::start();
    let (disk, out) = (desktop.folder().join("disk"), desktop.folder().join("kept"));
    fs::create_dir(&disk).unwrap();
    fs::create_dir(&out).unwrap();
    let kept = "[[tab]]\nname = \"Mine\"\nshow = \"load\"\n";
    fs::write(out.join("workspace.toml"), kept).unwrap();
    let is_root = nix::unistd::geteuid().is_root();
    let mut window = desktop.open_with(&[], |command| {
        let mut inside = std::process::Command::new("unshare");
        inside.args([if is_root { "-m" } else { "-rm" }, "--propagation", "unchanged"]);
        inside.args(["sh", "-c", ON_A_FULL_DISK, "sh"]).arg(&disk).arg(&out);
        inside.arg(command.get_program()).args(command.get_args());
        inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        *command = inside;
        command.env("XDG_CONFIG_HOME", &disk);
    });
    window.until("the tab", |status| (tabs(status) == ["Mine"]).then_some(()));
    window.key("ctrl+t");
    window.until("a sentence", |status| {
        let said = status["messages"].to_string();
        let why = "cannot save the workspace: no space left on device, in ";
        said.contains(why).then_some(())
    });
    fs::write(out.join("room"), "").unwrap();
    until("room", || out.join("made").exists().then_some(()));
    assert_eq!(fs::read_to_string(out.join("before/workspace.toml")).unwrap(), kept);
    window.until("the good news", |status| {
        status["messages"].to_string().contains("the workspace is saved again").then_some(())
    });
    assert!(window.close().success());
    until("the end", || out.join("over").exists().then_some(()));
    let after = fs::read_to_string(out.join("after/workspace.toml")).unwrap();
    assert_eq!(after.matches("[[tab]]").count(), 2, "{after}");
    let left = fs::read_dir(out.join("after")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().ends_with(".new")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_host_is_renamed_by_keys_and_called_so_after_a_restart() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    let daemons = [daemon("alpha", port), daemon("beta", port)];
    until_drawn(&mut window);
    window.until("both hosts", |status| (count(status, "hosts_count") == 2).then_some(()));
    // The row of the host on the canvas, its menu, and in that the choice behind Pin.
    window.key("Up");
    window.key("shift+F10");
    window.next();
    // Behind Show, Open in a new tab, both Adds and Pin; one in a frame counts.
    window.key("--delay 250 Tab Tab Tab Tab Tab Return");
    type_words(&window, "Photo cache");
    window.key("Return");
    window.until("the name", |status| (tabs(status) == ["Photo cache"]).then_some(()));
    desktop.picture("renamed");
    assert!(window.close().success());
    drop((window, daemons));
    let settings = desktop.folder().join("config/collectoscope/settings.toml");
    let settings = fs::read_to_string(settings).unwrap();
    assert!(settings.contains("alpha = \"Photo cache\""), "{settings}");
    let mut again = desktop.open(&[]);
    let port = again.port();
    let _daemon = daemon("alpha", port);
    again.until("the name", |status| (tabs(status) == ["Photo cache"]).then_some(()));
    until_drawn(&mut again);
    // Found by it, too.
    again.key("slash");
    type_words(&again, "photo shortterm");
    again.until("one series", |status| (count(status, "matched") == 1).then_some(()));
}
