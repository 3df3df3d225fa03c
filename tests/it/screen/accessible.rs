//! What a screen reader gets of the real window, over AT-SPI on a bus of its own.

use super::*;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const MISSING: &str = "apt-get install --no-install-recommends dbus-daemon at-spi2-core \
                       python3-gi gir1.2-atspi-2.0";

/// A session bus that ends with the test, and takes what it started along.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start(desktop: &Desktop) -> Self {
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--print-address"]);
        desktop.on_it(&mut daemon);
        daemon.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = daemon.spawn().unwrap_or_else(|error| {
            panic!("dbus-daemon does not start ({error}): {MISSING}");
        });
        let mut address = String::new();
        let out = daemon.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned() }
    }

    fn of<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address)
    }

    /// All that the window says, in its order: role, name, and what is marked of it.
    #[track_caller]
    fn read(&self, desktop: &Desktop) -> Vec<(String, String, String)> {
        // That of Debian, for which its modules are.
        let mut reader = Command::new("/usr/bin/python3");
        reader.args(["-c", include_str!("accessible.py")]);
        desktop.on_it(&mut reader);
        let output = self.of(&mut reader).output().expect(MISSING);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\nif something is missing: {MISSING}");
        let text = String::from_utf8(output.stdout).unwrap();
        let one = |line: &str| {
            let one: Value = serde_json::from_str(line).unwrap();
            let marks = one["marks"].as_array().unwrap().iter().filter_map(Value::as_str);
            let word = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            (word("role"), word("name"), marks.collect::<Vec<_>>().join(" "))
        };
        text.lines().map(one).collect()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn a_screen_reader_gets_tabs_rows_panels_and_the_palette() {
    let desktop = Desktop::start();
    let bus = Bus::start(&desktop);
    let mut window = desktop.open_with(&["--size", "1270x1150"], |command| {
        bus.of(command);
    });
    let _daemon = daemon("alpha", window.port());
    until_drawn(&mut window);
    window.key("ctrl+t");
    window.key("slash");
    window.type_text("plugin:load");
    window.key("ctrl+Return");
    window.until("a panel", |status| (panels(status).len() == 1).then_some(()));
    window.key("Escape");
    window.until("no filter", |status| (status["filter"] == "").then_some(()));
    let all = bus.read(&desktop);
    let of = |role: &str| -> Vec<(&str, &str)> {
        let of = all.iter().filter(|(of, ..)| of == role);
        of.map(|(_, name, marks)| (name.as_str(), marks.as_str())).collect()
    };
    let tabs = of("page tab");
    assert_eq!(tabs, [("alpha", ""), ("load", "selected")], "{all:#?}");
    let rows = of("tree item");
    assert!(rows.iter().any(|(name, _)| name.starts_with("alpha")), "{rows:?}");
    assert!(rows.iter().any(|(name, _)| name.starts_with("load")));
    let boxes = of("check box");
    assert!(boxes.contains(&("load", "checked")) && boxes.contains(&("memory", "")), "{boxes:?}");
    // What keys are about has the focus.
    assert!(of("push button").contains(&("Load alpha runnable", "focused")), "{all:#?}");
    assert!(of("image").contains(&("Plot of Load alpha", "")), "{all:#?}");
    assert!(of("label").iter().any(|(name, _)| name.starts_with("1 min ")), "{all:#?}");
    // The palette: what is typed, and what Enter would do.
    window.key("ctrl+k");
    window.type_text("memory");
    // The keyboard is in the field, and the row that Enter takes is said.
    until("the palette", || {
        let all = bus.read(&desktop);
        let is_field = |(role, name, _): &&(String, String, String)| {
            role == "entry" && name.starts_with("Find a host")
        };
        all.iter().find(is_field)?;
        let row = all.iter().find(|(role, ..)| role == "list item")?;
        (row.1.contains("alpha") && row.1.contains("memory") && row.2 == "selected focused")
            .then_some(())
    });
    window.key("Escape");
    // The table of all hosts: heads that say the order, and rows with all that stands in them.
    window.key("F3");
    window.key("Down");
    until("the table", || {
        let all = bus.read(&desktop);
        let of = |role: &str| -> Vec<(String, String)> {
            let of = all.iter().filter(|(of, ..)| of == role);
            of.map(|(_, name, marks)| (name.clone(), marks.clone())).collect()
        };
        let heads = of("column header");
        let rows = of("table row");
        let [(row, marks)] = rows.as_slice() else { return None };
        let is_good =
            row.starts_with("alpha, ") && row.contains(" %, ") && marks == "selected focused";
        let first = heads.first().map(|(name, _)| name.as_str());
        (is_good && first == Some("Host, the rows are ordered by it")).then_some(())
    });
}
