//! The palette, typed into as on a keyboard.

use super::*;
use collectoscope::metric::Value as Measured;

#[test]
fn a_plugin_is_found_and_shown_however_fast_one_types() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1260x740"]);
    let (socket, port) = (UdpSocket::bind("127.0.0.1:0").unwrap(), window.port());
    let now = CdTime::from_system(SystemTime::now());
    let mut encoder = Encoder::default();
    let mut send = |bytes: &[u8]| drop(socket.send_to(bytes, ("127.0.0.1", port)));
    for host in ["db-1", "web-1", "web-2"] {
        for plugin in ["load", "memory"] {
            let id = Identifier::new(host, plugin, "", "gauge", "");
            let (interval, value) = (Interval::from_secs(1), [Measured::Gauge(1.0)]);
            encoder.push(&id.names(), now, interval, &value, &mut send).unwrap();
        }
    }
    encoder.flush(&mut send);
    window.until("all hosts", |status| (status["hosts_count"] == 3).then_some(()));
    // One call of xdotool, which waits for nothing.
    let keys = "key --delay 0 ctrl+k w 2 space m e m Return";
    assert!(desktop.xdotool(keys).is_some());
    window.until("the plugin", |status| (status["selected"] == "web-2/memory").then_some(()));
    window.key("ctrl+k");
    window.type_text("resume");
    desktop.picture("palette");
    window.key("Return");
    window.until("a pause", |status| (status["state"] == "paused").then_some(()));
    // The keyboard belongs to the canvas again.
    window.key("space");
    window.until("no pause", |status| (status["state"] == "live").then_some(()));
}
