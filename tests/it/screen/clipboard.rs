//! The clipboard, which other programs fill and read.

use super::*;

#[test]
fn what_is_copied_reaches_another_program_and_what_it_copies_is_pasted() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let holder = desktop.hold_in_clipboard("web -büro");
    window.key("slash");
    window.key("ctrl+v");
    window.until("what was pasted", |status| (status["filter"] == "web -büro").then_some(()));
    drop(holder);
    window.key("ctrl+a");
    window.type_text("eth0");
    window.until("a filter", |status| (status["filter"] == "eth0").then_some(()));
    window.key("ctrl+a");
    window.key("ctrl+c");
    until("what was copied", || (desktop.clipboard() == "eth0").then_some(()));
    window.key("ctrl+x");
    window.until("no filter", |status| (status["filter"] == "").then_some(()));
    assert_eq!(desktop.clipboard(), "eth0");
}

#[test]
fn lines_for_a_collectd_are_copied_with_the_port_that_is_listened_to() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let port = window.port();
    window.next();
    desktop.picture("empty");
    // "Copy" beside "By unicast".
    window.click(550, 272, 1);
    let copied = until("what was copied", || {
        Some(desktop.clipboard()).filter(|text| text.contains("Server"))
    });
    assert!(copied.contains(&format!("Server \"127.0.0.1\" \"{port}\"")), "{copied}");
    assert!(copied.starts_with("<LoadPlugin network>") && copied.ends_with("</Plugin>"));
}
