//! The real window on a real display, fed by a real daemon, driven by mouse and keyboard.
//!
//! What the window shows is read from its status file and compared with what the daemon's csv
//! plugin wrote. Pictures are kept in `tests/out`.

mod accessible;
mod clipboard;
mod configured;
mod files;
mod names;
mod palette;
mod placed;
mod state;
mod workspace;

use crate::support::daemon::{Daemon, Plan, server};
use crate::support::desktop::{Desktop, Window};
use crate::support::wait::until;
use collectoscope::metric::{CdTime, Identifier, Interval};
use collectoscope::wire::Encoder;
use serde_json::Value;
use state::{
    cells, compare_drawn, compare_raw, count, drawn_values, lines, number, panel, panels, series,
};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::UdpSocket;
use std::path::Path;
use std::time::SystemTime;

const PLUGINS: &[&str] = &["cpu", "memory", "load", "interface", "disk", "df"];

fn daemon(host: &str, port: u16) -> Daemon {
    let network = server("127.0.0.1", port, None);
    Daemon::start(&Plan { host, plugins: PLUGINS, network })
}

/// Waits until the first panels draw something.
#[track_caller]
fn until_drawn(window: &mut Window<'_>) {
    window.until("panels with figures", |status| {
        let drawn = |title: &str| {
            panel(status, title).is_some_and(|panel| !panel["lines"][0]["last"].is_null())
        };
        (drawn("CPU") && drawn("Memory")).then_some(())
    });
}

#[test]
fn the_window_shows_what_the_daemon_measures_as_its_csv_files_say() {
    assert!(
        Path::new("/etc/mtab").exists(),
        "collectd's df plugin reads /etc/mtab: ln -s ../proc/self/mounts /etc/mtab"
    );
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1270x1150"]);
    let mut daemon = daemon("alpha", window.port());
    until_drawn(&mut window);
    window.key("2");
    let first = window.until("a minute", |status| {
        (number(status, "window_secs") == 60.0).then(|| status.clone())
    });
    let mut states = vec![first];
    for _ in 0..6 {
        states.push(window.next());
    }
    desktop.picture("overview");
    daemon.stop();
    let csv = daemon.csv();
    let last = states.last().unwrap();
    let mut units = BTreeMap::new();
    for panel in panels(last) {
        let title = panel["title"].as_str().unwrap();
        units.insert(title.split(' ').next().unwrap(), panel["unit"].as_str().unwrap());
        assert_eq!(panel["host"], "alpha");
    }
    for (title, unit) in [
        ("CPU", "%"),
        ("Memory", "B"),
        ("Load", "runnable"),
        ("Interface", "bit/s"),
        ("Disk", "B/s"),
        ("Filesystems", "B"),
    ] {
        assert_eq!(units.get(title), Some(&unit), "{title}");
    }
    for status in &states {
        assert!(compare_raw(status, &csv) >= 20, "{status}");
    }
    // The first was still drawn five minutes wide, several samples in a column.
    for status in &states[2..] {
        assert!(compare_drawn(status, &csv) >= 12, "{status}");
    }
    let time = |status: &Value| number(&panel(status, "Load").unwrap()["lines"][0], "last_time");
    let moved = time(last) - time(&states[0]);
    assert!(moved >= 4.0, "in seven seconds the line went on by {moved} s");
}

#[test]
fn time_is_driven_by_keys_and_mouse() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let _daemon = daemon("alpha", window.port());
    until_drawn(&mut window);
    window.key("2");
    window.until("a minute", |status| (number(status, "window_secs") == 60.0).then_some(()));

    window.key("space");
    let paused =
        window.until("a pause", |status| (status["state"] == "paused").then(|| status.clone()));
    let until = count(&paused, "newer_values") + 100;
    let newer = window.until("newer values", |status| {
        (count(status, "newer_values") >= until).then(|| status.clone())
    });
    let before = |status| count(status, "values") - count(status, "newer_values");
    assert_eq!(before(&newer), before(&paused));
    assert_eq!(newer["end"], paused["end"]);
    desktop.picture("paused");
    window.key("space");
    window.until("live", |status| (status["state"] == "live").then_some(()));

    window.click(700, 165, 4);
    window
        .until("a narrower window", |status| (number(status, "window_secs") < 59.0).then_some(()));
    window.drag((500, 165), (700, 165));
    window.until("a detached window", |status| (status["state"] == "detached").then_some(()));
    desktop.picture("detached");
    window.key("End");
    window.until("live", |status| (status["state"] == "live").then_some(()));
}

#[test]
fn the_sidebar_is_driven_by_keys_and_mouse_and_choices_are_kept() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let _daemon = daemon("alpha", window.port());
    until_drawn(&mut window);
    window.key("slash");
    window.type_text("load");
    window.until("a filter", |status| {
        (status["filter"] == "load" && count(status, "matched") == 3).then_some(())
    });
    desktop.picture("filter");
    window.key("Escape");
    window.key("Escape");
    window.until("no filter", |status| (status["filter"] == "").then_some(()));

    // From the host, which is selected, to its first plugin.
    window.key("Down");
    window.key("Return");
    window.until("a plugin", |status| {
        (status["selected"] == "alpha/cpu-0" && panels(status).len() == 1).then_some(())
    });
    desktop.picture("plugin");
    // The first row of the sidebar, and the check box of the second.
    window.click(150, 131, 1);
    window.until("a host", |status| {
        (status["selected"] == "alpha" && panel(status, "Memory").is_some()).then_some(())
    });
    window.click(42, 156, 1);
    window.until("a panel without the first processor", |status| {
        let line = panel(status, "CPU").map(|panel| &lines(panel)[0]["identifier"]);
        (line.is_none_or(|name| !name.as_str().unwrap().contains("cpu-0"))).then_some(())
    });
    window.key("F2");
    window.next();
    desktop.picture("sources");
    window.key("Escape");

    window.key("1");
    window.until("ten seconds", |status| (number(status, "window_secs") == 10.0).then_some(()));
    assert!(window.close().success());
    drop(window);
    let mut again = desktop.open(&[]);
    again.until("the width of last time", |status| {
        (number(status, "window_secs") == 10.0).then_some(())
    });
}

#[test]
fn a_restarted_daemon_goes_on_without_a_spike_and_a_second_host_appears() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    let mut before = daemon("alpha", port);
    until_drawn(&mut window);
    before.stop();
    let mut after = daemon("alpha", port);
    let mut beta = daemon("beta", port);
    let again = format!("{:.3}", number(&window.next(), "time"));
    window.until("a second host", |status| {
        (status["hosts"] == serde_json::json!(["alpha", "beta"])).then_some(())
    });
    window.until("both hosts with all series", |status| {
        let time = panel(status, "Load")?["lines"][0]["last_time"].as_f64()?;
        let late = time > again.parse::<f64>().unwrap() + 4.0;
        // The daemon measures some things from the second time on, or once they have happened.
        let all = || series(&[before.csv(), after.csv(), beta.csv()]);
        (late && count(status, "series") == all()).then_some(())
    });
    window.next();
    let status = window.next();
    desktop.picture("two-hosts");
    after.stop();
    beta.stop();
    let mut csv = before.csv();
    let mut sent = cells(&csv);
    for more in [after.csv(), beta.csv()] {
        sent += cells(&more);
        for (identifier, rows) in more {
            csv.entry(identifier).or_default().extend(rows);
        }
    }
    for panel in panels(&status).iter().filter(|panel| panel["unit"] != "B") {
        for line in lines(panel) {
            let (Some(min), Some(max)) = (line["min"].as_f64(), line["max"].as_f64()) else {
                continue;
            };
            let known = drawn_values(&csv, panel, line);
            let greatest = known.iter().map(|row| row.1).fold(0.0, f64::max);
            let room = 1e-6 + 0.005 * greatest;
            assert!(
                min >= -1e-6 && max <= greatest + room,
                "{line} beyond {greatest} of {known:?}"
            );
        }
    }
    check_nothing_lost(&mut window, sent);
}

/// Everything that was written as csv has been received too, and nothing else.
#[track_caller]
fn check_nothing_lost(window: &mut Window<'_>, sent: u64) {
    window.until("all values that were sent", |status| {
        (count(status, "values") >= sent).then_some(())
    });
    let status = window.next();
    assert_eq!((count(&status, "values"), count(&status, "lost")), (sent, 0));
    assert_eq!(count(&status, "faults"), 0);
}

#[test]
fn what_a_daemon_is_told_is_listed_marked_and_reported() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1270x1150"]);
    let network = server("127.0.0.1", window.port(), None);
    let plugins = [PLUGINS, &["unixsock"]].concat();
    let daemon = Daemon::start(&Plan { host: "alpha", plugins: &plugins, network });
    until_drawn(&mut window);
    let say = |severity: &str, about: &str, message: &str| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let line = format!("host=alpha severity={severity} time={now} {about}");
        let answer = daemon.tell(&format!("PUTNOTIF {line} message=\"{message}\""));
        assert!(answer.starts_with('0'), "{answer}");
    };
    say("failure", "plugin=load type=load", "load is above 9");
    say("warning", "", "the room is hot");
    let told = window.until("two notifications", |status| {
        (count(status, "notifications") == 2).then(|| status.clone())
    });
    assert_eq!(told["notification_counts"], told["notifications_unseen"]);
    let newest = &told["newest_notifications"];
    assert_eq!(newest[0]["message"], "the room is hot");
    assert_eq!(newest[1]["severity"], "failure");
    assert_eq!(newest[1]["plugin"], "load");
    let marked = window
        .until("marks", |status| (panel(status, "Load")?["marks"] == 2).then(|| status.clone()));
    assert_eq!(panel(&marked, "Memory").unwrap()["marks"], 1);

    window.key("n");
    window.next();
    desktop.picture("notifications");
    // The second row of the list: the failure.
    window.click(600, 1008, 1);
    let shown = window.until("the plugin it is about", |status| {
        (status["selected"] == "alpha/load" && status["state"] == "detached")
            .then(|| status.clone())
    });
    let time = number(&newest[1], "time");
    assert!((number(&shown, "start")..number(&shown, "end")).contains(&time));
    window.key("n");
    window
        .until("no news", |status| (status["notifications_unseen"]["failure"] == 0).then_some(()));
}

#[test]
fn a_daemon_that_encrypts_for_somebody_else_is_named_in_the_window() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    let security = "SecurityLevel \"Encrypt\"\nUsername \"mon\"\nPassword \"secret\"\n";
    let network = format!("<Server \"127.0.0.1\" \"{port}\">\n{security}</Server>\n");
    let _daemon = Daemon::start(&Plan { host: "alpha", plugins: PLUGINS, network });
    let status =
        window.until("a refusal", |status| (count(status, "refused") > 0).then(|| status.clone()));
    let refusals = ["from 127.0.0.1: encrypted as \"mon\"; no password for that user"];
    assert_eq!(status["refusals"], serde_json::json!(refusals));
    assert_eq!((count(&status, "values"), &status["hosts"]), (0, &serde_json::json!([])));
    window.next();
    desktop.picture("refused");
}

#[test]
fn a_minimised_window_loses_nothing_and_goes_on_when_it_is_restored() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let mut daemon = daemon("alpha", window.port());
    until_drawn(&mut window);
    window.minimise();
    let start = window.next();
    let end = window.until("ten seconds", |status| {
        (number(status, "time") > number(&start, "time") + 10.0).then(|| status.clone())
    });
    let received = count(&end, "values") - count(&start, "values");
    assert!(received > 200, "{received} values in ten seconds");
    window.restore();
    window.until("frames", |status| {
        (count(status, "frames") >= count(&end, "frames") + 3).then_some(())
    });
    let live = window.next();
    assert_eq!(live["state"], "live");
    assert!(number(&live, "time") - number(&live, "end") < 1.0);
    window.key("space");
    window.until("a pause", |status| (status["state"] == "paused").then_some(()));
    desktop.picture("restored");
    daemon.stop();
    check_nothing_lost(&mut window, cells(&daemon.csv()));
}

/// What a capture says last: by identifier, the time in milliseconds and the values.
fn last_values(capture: &Path) -> BTreeMap<String, (f64, Vec<f64>)> {
    let output = crate::support::dump(&["--format", "json", "--read", capture.to_str().unwrap()]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let mut last = BTreeMap::new();
    for line in crate::support::stdout_lines(&output) {
        let list: Value = serde_json::from_str(&line).unwrap();
        let name = |key: &str| list[key].as_str().unwrap();
        let identifier = Identifier::new(
            name("host"),
            name("plugin"),
            name("plugin_instance"),
            name("type"),
            name("type_instance"),
        );
        let values = list["values"].as_array().unwrap().iter();
        let values = values.map(|value| value["value"].as_f64().unwrap_or(f64::NAN)).collect();
        last.insert(identifier.to_string(), (number(&list, "time"), values));
    }
    last
}

#[test]
fn a_recording_of_a_daemon_shows_its_last_values_in_the_window() {
    let desktop = Desktop::start();
    let file = desktop.folder().join("alpha.pcap");
    let errors = desktop.folder().join("record.err");
    let mut command = crate::support::collectoscope();
    command.arg("record").arg(&file).args(["--listen", "127.0.0.1:0", "--for", "8"]);
    let mut recorder = command.stderr(File::create(&errors).unwrap()).spawn().unwrap();
    let port = until("a port", || {
        let said = fs::read_to_string(&errors).unwrap();
        let digits = said.split_once("127.0.0.1:")?.1;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok()
    });
    let mut daemon = daemon("alpha", port);
    assert!(until("the recording", || recorder.try_wait().unwrap()).success());
    daemon.stop();

    let mut window = desktop.open_capture(&file, &["--size", "1270x1150"]);
    window.until("the end of the capture", |status| {
        (status["replay"]["stage"] == "ended" && status["state"] == "replay").then_some(())
    });
    let frames = count(&window.status().unwrap(), "frames");
    let status =
        window.until("frames", |status| (count(status, "frames") > frames).then(|| status.clone()));
    desktop.picture("replay");
    assert_eq!(status["hosts"], serde_json::json!(["alpha"]));
    assert_eq!((count(&status, "faults"), count(&status, "lost")), (0, 0));
    let width = number(&status, "window_secs");
    assert!((5.0..=12.0).contains(&width), "a recording of 8 s in a window of {width} s");
    // The daemon's csv files say the same of those moments, and there are no later ones.
    assert!(compare_raw(&status, &daemon.csv()) >= 20, "{status}");
    let last = last_values(&file);
    let mut compared = 0;
    for line in panels(&status).iter().flat_map(lines) {
        let Some(raw) = line["last_raw"].as_f64() else { continue };
        let (time, values) = &last[line["identifier"].as_str().unwrap()];
        assert!((number(line, "last_time") - time).abs() < 1e-6, "{line}");
        assert!(values.iter().any(|value| (value - raw).abs() <= 1e-9 * raw.abs()), "{line}");
        compared += 1;
    }
    assert!(compared >= 20, "{compared} lines");
    assert!(count(&status, "series") >= last.len() as u64, "{status}");

    // The width for the capture is not the one to listen with next time.
    assert!(window.close().success());
    drop(window);
    let mut again = desktop.open(&[]);
    let width = again.until("a window", |status| status["window_secs"].as_f64());
    assert_eq!(width, 60.0, "as at the first start, until there is more to show");
}

#[test]
fn a_screenshot_has_the_size_of_the_window_and_ends_the_program() {
    let desktop = Desktop::start();
    let picture = desktop.folder().join("picture.png");
    let output = desktop
        .program()
        .args(["--listen", "127.0.0.1:0", "--no-local", "--size", "900x600", "--after", "1"])
        .arg("--screenshot")
        .arg(&picture)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(image::image_dimensions(&picture).unwrap(), (900, 600), "{told}");
    let colors = image::open(&picture).unwrap().into_rgb8();
    let different: std::collections::HashSet<_> = colors.pixels().collect();
    assert!(different.len() > 50, "{} colours", different.len());
}

#[test]
fn a_screenshot_that_cannot_be_saved_is_an_error_that_names_the_file() {
    let desktop = Desktop::start();
    let picture = desktop.folder().join("nowhere/picture.png");
    let output = desktop
        .program()
        .args(["--listen", "127.0.0.1:0", "--no-local", "--after", "1", "--screenshot"])
        .arg(&picture)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot save the screenshot: "), "{told}");
    assert!(told.contains(picture.to_str().unwrap()), "{told}");
}

/// Without a window the values are printed: sends some until one is.
#[track_caller]
fn check_dumps(folder: &Path, display: Option<&str>, said: &str) {
    let (out, err) = (folder.join("out"), folder.join("err"));
    let mut command = crate::support::collectoscope();
    if let Some(display) = display {
        command.env("DISPLAY", display);
    }
    command.args(["--listen", "127.0.0.1:0", "--no-local"]);
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let mut program = command.spawn().unwrap();
    let told = || fs::read_to_string(&err).unwrap();
    let port = until("a port", || {
        let told = told();
        let digits = told.split_once("127.0.0.1:")?.1;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok()
    });
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut encoder = Encoder::default();
    let mut send = |bytes: &[u8]| drop(socket.send_to(bytes, ("127.0.0.1", port)));
    let id = Identifier::new("alpha", "load", "", "gauge", "");
    let now = CdTime::from_system(SystemTime::now());
    let values = [collectoscope::metric::Value::Gauge(0.5)];
    encoder.push(&id.names(), now, Interval::from_secs(1), &values, &mut send).unwrap();
    encoder.flush(&mut send);
    let line = until("a line", || fs::read_to_string(&out).ok().filter(|line| line.contains('\n')));
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(line.contains("alpha/load/gauge"), "{line}");
    assert!(told().contains(said), "{:?} in {}", said, told());
    assert!(!told().contains("panicked"), "{}", told());
}

#[test]
fn without_a_display_it_says_so_and_prints_what_arrives() {
    let folder = tempfile::tempdir().unwrap();
    check_dumps(folder.path(), None, "cannot open a window: no display");
}

#[test]
fn with_a_display_that_is_not_there_it_says_so_and_prints_what_arrives() {
    let folder = tempfile::tempdir().unwrap();
    check_dumps(
        folder.path(),
        Some(":64999"),
        "cannot open a window: the display :64999 does not answer",
    );
}

#[test]
fn settings_that_cannot_be_kept_are_told_and_the_window_works() {
    let desktop = Desktop::start();
    let file = desktop.folder().join("a-file");
    fs::write(&file, "").unwrap();
    let mut window = desktop.open_with(&[], |command| {
        command.env("XDG_CONFIG_HOME", &file);
    });
    window.key("1");
    window.until("ten seconds", |status| (number(status, "window_secs") == 10.0).then_some(()));
    let said = window.until("a message about what cannot be kept", |status| {
        let all = status["messages"].as_array()?;
        all.iter()
            .filter_map(Value::as_str)
            .find(|one| one.contains("save the settings"))
            .map(str::to_owned)
    });
    assert!(said.contains(file.to_str().unwrap()), "{said}");
    desktop.picture("settings");
}
