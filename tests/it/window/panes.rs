//! The panes over the canvas: sources with their health, and the keys.

use super::stage::{SENDER, Stage};
use crate::support::{data, datagrams};
use collectoscope::view::Pane;
use eframe::egui::{Key, accesskit::Role, vec2};
use std::net::SocketAddr;

#[test]
fn the_sources_tell_senders_faults_and_who_signs_or_encrypts() {
    let mut stage = Stage::hearing(&["alpha"]);
    let other = SocketAddr::from(([192, 0, 2, 7], 5_000));
    for (name, count) in [("signed", 3), ("encrypted", 20)] {
        for datagram in &datagrams(&data(&format!("{name}.pcap")))[..count] {
            stage.datagram(datagram, other);
        }
    }
    stage.datagram(b"\0\0\0\x01", other);
    stage.settle();
    stage.press(Key::F2);
    for text in [
        "udp 127.0.0.1:25899",
        "127.0.0.1:40000",
        "192.0.2.7:5000",
        "parts of user alice",
        "encrypted parts of user",
        "byte 0: ",
    ] {
        stage.assert_says(text);
    }
    let health = stage.app().store().health();
    let totals = health.totals;
    assert_eq!((health.senders.len(), totals.faults, totals.refused), (2, 21, 20));
    stage.press(Key::Escape);
    assert_eq!(stage.app().view().pane, None);
}

#[test]
fn the_sources_open_from_the_status_bar_and_close_by_key_and_by_mouse() {
    let mut stage = Stage::new();
    stage.click(Role::Button, "listening on port 25899");
    assert_eq!(stage.app().view().pane, Some(Pane::Sources));
    stage.press(Key::F2);
    assert_eq!(stage.app().view().pane, None);
    stage.press(Key::F2);
    stage.click(Role::Button, "Close window");
    assert_eq!(stage.app().view().pane, None);
}

#[test]
fn faults_and_protected_parts_are_counted_in_the_status_bar() {
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    stage.datagram(b"\0\0\0\x01", SENDER);
    stage.datagram(&datagrams(&data("encrypted.pcap"))[0], SENDER);
    stage.settle();
    stage.assert_says("! 1 fault");
    stage.assert_says("! 1 signed/encrypted refused");
    stage.assert_says("lost 0");
}

#[test]
fn the_keys_are_told_by_key_and_by_mouse() {
    let mut stage = Stage::new();
    stage.type_text("?");
    for text in ["Backspace", "take back the last zoom", "the wheel zooms"] {
        stage.assert_says(text);
    }
    stage.type_text("?");
    assert_eq!(stage.app().view().pane, None);
    stage.click(Role::Button, "Keys");
    assert_eq!(stage.app().view().pane, Some(Pane::Help));
    stage.press(Key::Escape);
    assert_eq!(stage.app().view().pane, None);
}
