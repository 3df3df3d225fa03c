//! A capture in the window: what the state is called, what is shown, what the user does with it.

use super::stage::Stage;
use crate::support::{data, hex, pcap};
use collectoscope::reception::Speed;
use collectoscope::view::Pane;
use eframe::egui::{Key, accesskit::Role};
use std::fs;

/// A window that has read a capture to its end.
fn read(path: &std::path::Path) -> Stage {
    let mut stage = Stage::replaying(path, Speed::Max);
    stage.until(|stage| stage.state().contains("ended") || stage.state().contains("truncated"));
    stage
}

#[test]
fn a_capture_read_at_once_is_named_in_the_state_and_fills_the_window() {
    let mut stage = read(&data("plain.pcap"));
    assert_eq!(stage.state(), "REPLAY plain.pcap · max · ended");
    assert!(stage.paints("REPLAY plain.pcap · max · ended") && !stage.paints("LIVE"));
    stage.assert_says("3 hosts · 879 series");
    stage.assert_says("plain.pcap ended");
    stage.assert_says("250 datagrams · 7.41 k values");
    // Nine seconds of datagrams.
    assert!((9.0..=11.0).contains(&stage.width_secs()), "{}", stage.width_secs());
    assert_eq!(stage.behind_secs(), 0.0);
    stage.press(Key::F2);
    stage.assert_says("Replay");
    stage.assert_says("250 datagrams in 250 packets read of ");
    assert!(!stage.says("Listening"));
}

#[test]
fn a_recording_of_a_minute_fills_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("minute.pcap");
    let list = "0000 0006 6800  0002 0006 7000  0004 000a 676175676500  0009 000c 0000000280000000";
    let datagrams: Vec<_> = (0..60_u64)
        .map(|secs| {
            let time = (1_795_426_812 + secs) << 30;
            hex(&format!("{list} 0008 000c {time:016x} 0006 000f 0001 01 000000000000f03f"))
        })
        .collect();
    let mut bytes = pcap(&datagrams);
    let record = (bytes.len() - 24) / 60;
    for secs in 0..60_u32 {
        let at = 24 + secs as usize * record;
        bytes[at..at + 4].copy_from_slice(&(1_795_426_812 + secs).to_le_bytes());
    }
    fs::write(&file, bytes).unwrap();
    let stage = read(&file);
    assert!((59.0..62.0).contains(&stage.width_secs()), "{}", stage.width_secs());
}

#[test]
fn pausing_looking_back_and_following_work_as_when_live() {
    let mut stage = read(&data("plain.pcap"));
    stage.press(Key::Space);
    assert!(stage.state().starts_with("REPLAY · PAUSED "), "{}", stage.state());
    stage.click(Role::Button, "Follow");
    assert_eq!(stage.state(), "REPLAY plain.pcap · max · ended");
    stage.press(Key::ArrowLeft);
    assert!(stage.state().starts_with("REPLAY · HISTORY, "), "{}", stage.state());
    stage.press(Key::End);
    stage.press(Key::Num2);
    assert_eq!((stage.width_secs(), stage.behind_secs()), (60.0, 0.0));
    let width = stage.width_secs();
    let at = stage.in_plot("CPU", 0.5);
    stage.wheel(at, eframe::egui::vec2(0.0, 100.0), eframe::egui::Modifiers::NONE);
    assert!(stage.width_secs() < width);
}

#[test]
fn a_capture_cut_short_is_shown_as_far_as_it_goes_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.pcap");
    fs::write(&file, &fs::read(data("plain.pcap")).unwrap()[..100_000]).unwrap();
    let mut stage = read(&file);
    assert_eq!(stage.state(), "REPLAY cut.pcap · max · truncated");
    assert!(stage.app().session().store().usage().series > 100);
    stage.assert_says("! cut.pcap: truncated, it ends inside packet ");
    stage.press(Key::F2);
    stage.assert_says("the ones before were read, in ");
    assert_eq!(stage.app().session().view().pane, Some(Pane::Sources));
}

#[test]
fn a_capture_without_a_value_says_so_and_does_not_wait_for_a_collectd() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pcap");
    fs::write(&file, pcap(&[])).unwrap();
    let mut stage = read(&file);
    stage.assert_says("Nothing to draw in this capture");
    stage.assert_says("0 datagrams in 0 packets read of ");
    assert!(!stage.says("Waiting for collectd") && !stage.says("Server \""));
    stage.press(Key::F2);
    stage.assert_says("none so far");
}

#[test]
fn a_paced_replay_names_its_speed_and_its_clock_runs() {
    let mut stage = Stage::replaying(&data("plain.pcap"), Speed::Times(2.0));
    stage.until(|stage| stage.app().session().store().usage().series > 0);
    assert_eq!(stage.state(), "REPLAY plain.pcap · 2×");
    stage.assert_says("reading plain.pcap");
    // As wide as the user listens with: how long the capture is cannot be known.
    assert_eq!(stage.width_secs(), 300.0);
}
