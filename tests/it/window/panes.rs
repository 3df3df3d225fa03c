//! The panes over the canvas: sources with their health, and the keys.

use super::stage::{SENDER, Stage, machine};
use crate::names::invented;
use crate::support::{data, datagrams};
use collectoscope::ingest::Limits;
use collectoscope::metric::{Identifier, Interval, Value};
use collectoscope::source::receiver::{Receiver, ReceiverOptions};
use collectoscope::source::udp::UdpOptions;
use collectoscope::store::{Origin, SourceId};
use collectoscope::view::Pane;
use collectoscope::wire::Encoder;
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
        "signed by alice but unverified",
        "encrypted as \"alice\"; no password for that user (15 times); start with --auth-file FILE",
        "part length below 4, newest at byte 0",
        "byte 0: ",
    ] {
        stage.assert_says(text);
    }
    let health = stage.app().session().store().health();
    let totals = health.totals;
    assert_eq!((health.senders.len(), totals.faults, totals.refused), (2, 21, 20));
    stage.press(Key::Escape);
    assert_eq!(stage.app().session().view().pane, None);
}

#[test]
fn what_is_listened_to_is_shown_as_it_becomes() {
    let mut stage = Stage::new();
    let open = |listen: &[&str], auth_file: Option<&str>| {
        let listen = listen.iter().map(|spec| spec.parse().unwrap()).collect();
        let udp = UdpOptions { listen, ..UdpOptions::default() };
        let auth_file = auth_file.map(Into::into);
        Receiver::open(ReceiverOptions { udp, auth_file, ..ReceiverOptions::default() })
    };
    let receiver = open(&["127.0.0.1:0", "192.0.2.1:25826"], Some("/nothing/here"));
    stage.report(receiver.status());
    let port = receiver.status().destination.unwrap().port;
    // In the middle of the empty window, in the status bar and in the pane.
    stage.assert_says("192.0.2.1:25826: this machine has no such address");
    stage.assert_says("nothing signed or encrypted is accepted: there is no such file");
    stage.assert_says(&format!("! listening on port {port}, 1 of 2 sockets, AuthFile not read"));
    drop(receiver);
    let receiver = open(&["127.0.0.1:0"], None);
    stage.report(receiver.status());
    let port = receiver.status().destination.unwrap().port;
    assert!(!stage.says("192.0.2.1") && !stage.says("AuthFile"), "{:#?}", stage.nodes());
    stage.assert_says(&format!("listening on port {port}"));
    stage.press(Key::F2);
    stage.assert_says(&format!("listening on udp 127.0.0.1:{port}"));
}

#[test]
fn the_sources_open_from_the_status_bar_and_close_by_key_and_by_mouse() {
    let mut stage = Stage::new();
    stage.click(Role::Button, "listening on port 25899");
    assert_eq!(stage.app().session().view().pane, Some(Pane::Sources));
    stage.press(Key::F2);
    assert_eq!(stage.app().session().view().pane, None);
    stage.press(Key::F2);
    stage.click(Role::Button, "Close window");
    assert_eq!(stage.app().session().view().pane, None);
}

#[test]
fn faults_and_protected_parts_are_counted_in_the_status_bar() {
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    stage.datagram(b"\0\0\0\x01", SENDER);
    stage.datagram(&datagrams(&data("encrypted.pcap"))[0], SENDER);
    stage.settle();
    stage.assert_says("! 1 fault");
    stage.assert_says("refused: encrypted as \"alice\"");
    stage.assert_says("lost 0");
}

#[test]
fn what_went_wrong_is_marked_for_a_minute_and_then_only_told() {
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    let wrong = |stage: &mut Stage| {
        stage.datagram(b"\0\0\0\x01", SENDER);
        stage.datagram(&datagrams(&data("encrypted.pcap"))[0], SENDER);
        stage.settle();
    };
    // What is urgent stands before the notifications.
    let is_urgent = |stage: &Stage| {
        let items = stage.named(Role::Button);
        let at = |begin: &str| items.iter().position(|item| item.starts_with(begin));
        at("refused: encrypted").expect("told") < at("no notifications").expect("told")
    };
    wrong(&mut stage);
    assert!(is_urgent(&stage) && stage.says("! 1 fault"));
    stage.pass(59);
    assert!(is_urgent(&stage) && stage.says("! 1 fault"));
    stage.pass(2);
    assert!(!is_urgent(&stage) && !stage.says("! 1 fault"));
    stage.assert_says("1 fault");
    wrong(&mut stage);
    assert!(is_urgent(&stage) && stage.says("! 2 faults"));
}

#[test]
fn what_is_heard_twice_is_information_and_what_contradicts_a_warning() {
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    stage.seconds(3, &["alpha", "beta"]);
    assert!(!stage.says("duplicates "));
    stage.send(&machine("alpha", 3));
    stage.settle();
    stage.assert_says("duplicates 11");
    assert!(!stage.says("conflict"));
    stage.send(&machine("beta", 7));
    stage.settle();
    stage.assert_says("conflict: beta");
    stage.press(Key::F2);
    stage.assert_says("Conflicts");
    stage.assert_says("beta, the newest 0.0 s ago (3 times)");
    stage.press(Key::F2);
    let row = stage.place(Role::TreeItem, "beta");
    stage.rest(row.center());
    stage.assert_says("3 values not kept, each for a moment that had another value, of beta/");
    stage.assert_says("two machines with one host name, two programs that write this, or a clock");
}

#[test]
fn of_many_senders_those_in_trouble_come_first_and_the_rest_is_counted() {
    let mut stage = Stage::new();
    for n in 0..=255_u8 {
        let bytes: &[u8] = if n == 250 { b"\0\0\0\x01" } else { b"" };
        stage.datagram(bytes, SocketAddr::from(([192, 0, 2, n], 5_000)));
    }
    stage.settle();
    stage.press(Key::F2);
    let senders: Vec<_> = stage
        .named(Role::Label)
        .into_iter()
        .filter(|label| label.starts_with("192.0.2."))
        .collect();
    assert_eq!(senders.len(), 50);
    assert!(senders[0].starts_with("192.0.2.250:5000"), "{}", senders[0]);
    stage.assert_says("and 206 more");
}

#[test]
fn the_keys_are_told_by_key_and_by_mouse() {
    let mut stage = Stage::new();
    stage.type_text("?");
    for text in ["Backspace", "Undo zoom", "the wheel zooms"] {
        stage.assert_says(text);
    }
    stage.type_text("?");
    assert_eq!(stage.app().session().view().pane, None);
    stage.click(Role::Button, "Keys");
    assert_eq!(stage.app().session().view().pane, Some(Pane::Help));
    stage.press(Key::Escape);
    assert_eq!(stage.app().session().view().pane, None);
}

#[test]
fn a_sender_that_invents_names_is_named_in_the_status_bar() {
    let limits = Limits { lists: 1_000, lists_per_sender: 20 };
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    stage.limit(limits);
    let inventor = SocketAddr::from(([192, 0, 2, 66], 5_000));
    let (mut encoder, values) = (Encoder::default(), [Value::Gauge(1.0)]);
    let mut datagrams = Vec::new();
    for number in 0..50 {
        let identifier = Identifier::new(&format!("invented{number}"), "p", "", "gauge", "");
        let (names, time) = (identifier.names(), stage.now());
        let mut keep = |bytes: &[u8]| datagrams.push(bytes.to_vec());
        encoder.push(&names, time, Interval::from_secs(10), &values, &mut keep).unwrap();
        encoder.flush(&mut keep);
    }
    for datagram in &datagrams {
        stage.datagram(datagram, inventor);
    }
    stage.settle();
    stage.assert_says("! 192.0.2.66: 30 lists refused");
    stage.press(Key::F2);
    stage
        .assert_says("value list refused, no room for its name (30 times); if it invents no names");
}

#[test]
fn names_that_fill_the_memory_are_said_to() {
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    let inventor = SocketAddr::from(([192, 0, 2, 66], 5_000));
    let secs = stage.now().secs_nanos().0;
    for datagram in invented(0..45_000, 20, secs) {
        stage.datagram(&datagram, inventor);
    }
    stage.seconds(1, &["alpha"]);
    assert!(stage.app().session().store().index().host("alpha").is_some());
    stage.assert_says("of 64.0 MiB are names");
    let health = stage.app().session().store().health();
    let refused = |sender: SocketAddr| {
        let origin = Origin { source: SourceId(0), sender: sender.into() };
        health.senders.get(&origin).map(|one| one.refused_lists)
    };
    assert!(refused(inventor) > Some(1_000) && refused(SENDER) == Some(0), "{health:?}");
}
