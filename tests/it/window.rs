//! The window without a screen: what is shown, and what mouse and keyboard do.
//!
//! After each act every widget that can be used is checked to have a name.

mod axes;
mod chosen;
mod clocks;
mod contain;
mod drawing;
mod fleet;
mod legend;
mod names;
mod notifications;
mod palette;
mod panes;
mod replay;
mod sidebar;
mod stage;
mod tabs;
mod time;

use collectoscope::metric::{Identifier, Value};
use collectoscope::reception::{Destination, Line, Status, Unicast};
use collectoscope::store::Mode;
use collectoscope::view::Theme;
use collectoscope::wire::Protection;
use eframe::egui::{Key, accesskit::Role, vec2};
use stage::{SENDER, Stage, machine};

const OVERVIEW: [&str; 4] = ["CPU", "Memory", "Load", "Interface eth0"];

#[test]
fn before_the_first_value_it_says_what_it_listens_to_and_what_collectd_needs() {
    let stage = Stage::new();
    stage.assert_says("Waiting for collectd");
    stage.assert_says("udp 127.0.0.1:25899");
    stage.assert_says("no datagrams yet");
    stage.assert_says("Server \"127.0.0.1\" \"25899\"");
    stage.assert_says("Server \"239.192.74.66\" \"25899\"");
    stage.assert_says("FlushInterval 1\n  FlushTimeout 1");
    stage.assert_says("No hosts yet.");
    assert!(stage.paints("LIVE"));
}

#[test]
fn datagrams_without_a_value_are_told_while_it_waits() {
    let mut stage = Stage::new();
    stage.datagram(b"GET / HTTP/1.1", SENDER);
    stage.settle();
    stage.assert_says("Waiting for collectd");
    stage.assert_says("1 datagram received, none could be read (1 fault)");
}

#[test]
fn signed_and_encrypted_datagrams_are_told_while_it_waits() {
    let mut stage = Stage::new();
    let encrypted = crate::support::datagrams(&crate::support::data("encrypted.pcap"));
    stage.datagram(&encrypted[0], SENDER);
    stage.settle();
    stage.assert_says("Data arrives, but all of it is refused");
    stage.assert_says(
        "from 127.0.0.1: encrypted as \"alice\"; no password for that user; start with --auth-file FILE",
    );
    stage.assert_says("1 datagram received, none could be read (1 refused part)");
    // With the wrong password it says whose.
    stage.keys("alice: wrong");
    for datagram in &encrypted[..3] {
        stage.datagram(datagram, SENDER);
    }
    stage.settle();
    stage.assert_says("wrong password for alice: the data cannot be decrypted (3 times)");
    stage.keys("bob: x");
    stage.datagram(&encrypted[0], SENDER);
    stage.settle();
    stage.assert_says(
        "encrypted as \"alice\", a user missing from the AuthFile; add the line alice: ",
    );
    // And with the right one it draws.
    stage.keys("alice: w0nderl4nd");
    stage.datagram(&encrypted[0], SENDER);
    stage.settle();
    assert!(!stage.says("all of it is refused"));
}

#[test]
fn hosts_tell_how_they_are_protected() {
    let mut stage = Stage::sized(vec2(1_600.0, 900.0));
    stage.keys("alice: w0nderl4nd");
    let plain = machine("plain", 0);
    stage.send_sealed(&machine("signed", 0), Some((Protection::Signed, "alice")));
    stage.send_sealed(&machine("secret", 0), Some((Protection::Encrypted, "alice")));
    stage.send_sealed(&machine("both", 0), Some((Protection::Signed, "alice")));
    stage.send(&[plain, machine("both", 0)].concat());
    stage.settle();
    let hosts: Vec<_> = stage
        .rows()
        .into_iter()
        .filter(|row| {
            ["both", "plain", "secret", "signed"].iter().any(|host| row.starts_with(host))
        })
        .collect();
    assert_eq!(hosts, ["both partly plain", "plain", "secret encrypted", "signed signed"]);
    let row = stage.place(Role::TreeItem, "secret");
    stage.rest(row.center());
    stage.assert_says("encrypted by alice, from 127.0.0.1");
    stage.press(Key::F2);
    stage.assert_says("both, plain, secret and 1 more");
    stage.assert_says("plain; signed by alice; encrypted by alice");
}

/// A window whose only socket could not be opened.
fn deaf(port: u16, unicast: Unicast) -> Stage {
    let lines = vec![Line::bad("cannot listen there")];
    let destination = Some(Destination { port, multicast: false, unicast });
    let summary = "not listening".into();
    Stage::with(vec2(1_280.0, 800.0), Status { summary, lines, destination, ..Status::default() })
}

#[test]
fn where_nothing_is_listened_to_the_state_says_so_and_the_advice_names_what_was_asked_for() {
    let stage = deaf(4_242, Unicast::At("192.0.2.1".into()));
    assert_eq!(stage.state(), "LIVE · not listening");
    let color = stage.place_painted("LIVE").1;
    assert_ne!(color, Stage::new().place_painted("LIVE").1, "not green");
    stage.assert_says("Not listening on any address");
    stage.assert_says("! not listening");
    stage.assert_says("Server \"192.0.2.1\" \"4242\"");
    stage.assert_says("UDP port 4242");
    assert!(!stage.says("25826"));
    // A port of the system's choice, which there is not: nobody could send there.
    let stage = deaf(0, Unicast::Everywhere);
    assert!(!stage.says("Point a collectd") && !stage.says("port 0"), "{:#?}", stage.nodes());
    assert_eq!(Stage::new().state(), "LIVE");
}

#[test]
fn a_receiving_thread_that_fails_is_shown_in_red_and_its_recovery_too() {
    let (again, begun) = crossbeam_channel::bounded(1);
    let mut stage = Stage::fed(move |run| {
        let Some(failure) = run.failure else { panic!("no such slot: 7") };
        let lines = vec![Line::bad(format!("was started again: {failure}"))];
        run.outlet.report(Status { lines, ..stage::listening() });
        let _ = again.send(());
        while !run.stop.load(std::sync::atomic::Ordering::Relaxed) {
            std::thread::yield_now();
        }
    });
    stage.until(|stage| stage.state() == "FAILED · nothing is received");
    let red = stage.place_painted("FAILED").1;
    stage.assert_says("the udp thread failed: no such slot: 7; it starts again in");
    stage.assert_says("! the udp thread failed");
    begun.recv_timeout(std::time::Duration::from_secs(60)).expect("it starts again");
    stage.until(|stage| stage.state() == "LIVE");
    assert_ne!(stage.place_painted("LIVE").1, red);
    stage.assert_says("was started again: no such slot: 7");
}

#[test]
fn a_source_that_is_gone_without_a_word_is_no_silence() {
    let mut stage = Stage::fed(|_| {});
    stage.until(|stage| stage.state() == "FAILED · nothing is received");
    stage.assert_says("it ended without a reason");
}

#[test]
fn a_signature_that_nobody_can_check_is_told_on_its_host() {
    let mut stage = Stage::new();
    stage.send_sealed(&machine("alpha", 0), Some((Protection::Signed, "alice")));
    stage.settle();
    assert_eq!(stage.rows()[0], "alpha unverified");
    let row = stage.place(Role::TreeItem, "alpha");
    stage.rest(row.center());
    stage.assert_says("unverified: signed by alice, but there is no --auth-file to check it");
}

#[test]
fn the_first_data_puts_the_overview_of_its_host_on_the_canvas() {
    let stage = Stage::hearing(&["alpha"]);
    assert_eq!(stage.titles(), OVERVIEW);
    for panel in
        ["CPU alpha %", "Interface eth0 alpha bit/s", "Memory alpha B", "Load alpha runnable"]
    {
        stage.assert_says(panel);
    }
    assert!(!stage.says("Waiting for collectd"));
}

#[test]
fn this_machine_comes_first_when_it_is_heard() {
    let status = Status { local_host: Some("mine".into()), ..Status::default() };
    let mut stage = Stage::with(vec2(1_280.0, 800.0), status);
    let both = [machine("alpha", 0), machine("mine", 0)].concat();
    stage.send(&both);
    stage.settle();
    stage.assert_says("CPU mine %");
    stage.assert_says("mine this machine");
}

#[test]
fn legends_say_the_newest_value_in_the_unit_of_the_panel() {
    let stage = Stage::hearing(&["alpha"]);
    stage.assert_says("user 12.5, min 12.5, avg 12.5, max 12.5");
    stage.assert_says("1 min 0.50, min 0.50, avg 0.50, max 0.50");
    // 1,000 octets a second, in bits.
    stage.assert_says("rx 8.00 k, min 8.00 k, avg 8.00 k, max 8.00 k");
    stage.assert_says("tx 4.00 k, min 4.00 k, avg 4.00 k, max 4.00 k");
    // In 1024s: 3e9 bytes.
    stage.assert_says("used 2.79 Gi");
}

#[test]
fn a_mean_waits_until_all_that_belong_to_it_are_told() {
    let mut stage = Stage::new();
    let user = |cpu: &str, percent| {
        (Identifier::new("alpha", "cpu", cpu, "percent", "user"), vec![Value::Gauge(percent)])
    };
    for _ in 0..3 {
        stage.send(&[user("0", 10.0), user("1", 90.0)]);
        stage.pass(1);
    }
    stage.send(&[user("0", 10.0)]);
    stage.pass(1);
    stage.assert_says("user 50.0, min 50.0, avg 50.0, max 50.0");
    // One that is heard no more is not waited for.
    for _ in 0..5 {
        stage.send(&[user("0", 10.0)]);
        stage.pass(1);
    }
    stage.assert_says("user 10.0, min 10.0");
}

#[test]
fn the_pointer_on_a_plot_shows_the_values_of_that_moment() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.press(Key::Num1);
    let at = stage.in_plot("CPU", 0.97);
    stage.hover(at);
    stage.assert_says("user 12.5, min");
    assert!(stage.paints("08:00:04") && !stage.paints("last"), "{:?}", stage.painted());
}

#[test]
fn an_overview_that_leaves_panels_out_says_so_and_shows_them_on_a_click() {
    let mut stage = Stage::new();
    for n in 0..6 {
        let id = Identifier::new("alpha", "interface", &format!("eth{n}"), "if_octets", "");
        stage.send(&[(id, vec![Value::Derive(0), Value::Derive(0)])]);
    }
    stage.settle();
    assert_eq!(stage.titles().len(), 4);
    stage.click(Role::Button, "2 more");
    assert_eq!(stage.titles().len(), 6);
    assert!(!stage.says("2 more"));
}

#[test]
fn a_second_host_is_listed_and_changes_nothing_on_the_canvas() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.seconds(3, &["alpha", "beta"]);
    stage.assert_says("2 hosts · 22 series");
    stage.assert_says("CPU alpha %");
    assert!(!stage.says("CPU beta %"));
}

#[test]
fn a_type_that_no_types_db_knows_is_drawn_and_its_values_named_by_position() {
    let mut stage = Stage::new();
    for n in 0..3 {
        stage.pass(1);
        let id = Identifier::new("alpha", "robot", "", "arm_angles", "left");
        stage.send(&[(id, vec![Value::Gauge(1.0), Value::Derive(7 * n)])]);
    }
    stage.settle();
    stage.click_row("robot");
    assert_eq!(stage.titles().len(), 1);
    let lines = stage.lines(stage.titles()[0]);
    assert_eq!(lines, ["left 0", "left 1"]);
    stage.assert_says("! 1 unknown type");
    stage.press(Key::F2);
    stage.assert_says("arm_angles");
}

#[test]
fn names_cannot_hide_or_reorder_what_stands_beside_them() {
    let mut stage = Stage::new();
    let evil = "\u{202e}evil\u{7}\n\u{200b}";
    let id = Identifier::new(evil, evil, evil, evil, evil);
    stage.send(&[(id, vec![Value::Gauge(1.0)])]);
    stage.settle();
    let plugin = stage.rows()[1].clone();
    stage.click_row(&plugin);
    stage.assert_says("\\u{202e}evil\\u{7}\\u{a}\\u{200b}");
    let all = stage.nodes().into_iter().map(|(_, text)| text).chain(stage.painted());
    for text in all {
        let bad = ['\u{202e}', '\u{7}', '\u{200b}'];
        assert!(!text.contains(bad), "{text:?}");
    }
    stage.press(Key::F2);
    assert!(!stage.painted().iter().any(|text| text.contains('\u{202e}')));
}

#[test]
fn the_theme_button_goes_through_dark_and_light_and_back_to_the_systems() {
    let mut stage = Stage::new();
    for (name, theme) in [
        ("Theme: as the system", Theme::Dark),
        ("Theme: dark", Theme::Light),
        ("Theme: light", Theme::System),
    ] {
        stage.click(Role::Button, name);
        assert_eq!(stage.app().session().view().theme, theme);
    }
    stage.assert_says("Theme: as the system");
}

#[test]
fn rates_and_raw_values_change_places_by_key_and_by_mouse() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.press(Key::R);
    assert_eq!(stage.app().session().view().mode(), Mode::Raw);
    stage.assert_says("rx 5.00 k, min 1.00 k, avg 3.00 k, max 5.00 k");
    stage.assert_says("Interface eth0 alpha raw");
    stage.click(Role::RadioButton, "Rates");
    assert_eq!(stage.app().session().view().mode(), Mode::Rate);
    stage.click(Role::RadioButton, "Raw");
    assert_eq!(stage.app().session().view().mode(), Mode::Raw);
    stage.click(Role::RadioButton, "Raw");
    assert_eq!(stage.app().session().view().mode(), Mode::Raw);
}

#[test]
fn the_smallest_window_still_works() {
    let mut stage = Stage::sized(vec2(420.0, 320.0));
    stage.assert_says("Waiting for collectd");
    stage.seconds(5, &["alpha"]);
    assert_eq!(stage.titles(), OVERVIEW);
    stage.press(Key::F2);
    stage.assert_says("Sources and health");
    stage.press(Key::Escape);
    stage.press(Key::Space);
    assert!(stage.paints("PAUSED"));
}
