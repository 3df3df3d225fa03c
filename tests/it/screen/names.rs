//! Names that a stranger invents, in the real window.

use super::state::count;
use crate::names::{invented, measured};
use crate::support::desktop::Desktop;
use collectoscope::metric::CdTime;
use collectoscope::source::capture::{Existing, Writer};
use collectoscope::source::udp::Datagram;
use collectoscope::wire::SecurityLevel;
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime};

fn has_host(status: &Value, host: &str) -> bool {
    status["hosts"].as_array().is_some_and(|hosts| hosts.iter().any(|one| one == host))
}

#[test]
fn a_new_machine_is_shown_at_once_while_another_has_filled_all_room_for_names() {
    let desktop = Desktop::start();
    let mut window = desktop.open(&["--size", "1270x1000", "--memory", "16"]);
    let port = window.port();
    let stranger = UdpSocket::bind("127.0.0.2:0").unwrap();
    let friend = UdpSocket::bind("127.0.0.1:0").unwrap();
    let secs = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let send = |socket: &UdpSocket, datagrams: &[Vec<u8>]| {
        for datagram in datagrams {
            socket.send_to(datagram, ("127.0.0.1", port)).unwrap();
            std::thread::sleep(Duration::from_micros(20));
        }
    };
    let mut start = 0;
    window.until("no more room for names", |status| {
        send(&stranger, &invented(start..start + 5_000, 20, secs()));
        start += 5_000;
        (count(status, "refused_lists") > 1_000).then_some(())
    });
    let status = window.until("the new machine", |status| {
        send(&friend, &measured("friend", 20, secs()));
        send(&stranger, &invented(start..start + 100, 20, secs()));
        start += 100;
        has_host(status, "friend").then(|| status.clone())
    });
    assert!(count(&status["refused_lists_of"], "127.0.0.2") > 1_000, "{status}");
    assert!(status["refused_lists_of"]["127.0.0.1"].is_null());
    window.key("F2");
    window.next();
    desktop.picture("invented-names");
}

#[test]
fn a_machine_that_was_refused_for_lack_of_room_is_shown_when_there_is_some() {
    let desktop = Desktop::start();
    let path = desktop.folder().join("refused.pcap");
    let mut writer = Writer::create(&path, Existing::Keep, &|| true).unwrap();
    let relay = SocketAddr::from(([192, 0, 2, 1], 25_826));
    let mut write = |bytes: &[u8], secs: u64| {
        let (to, level) = (SocketAddr::from(([192, 0, 2, 9], 25_826)), SecurityLevel::None);
        let (sender, arrival, internal) = (relay, CdTime::from_secs(secs), false);
        writer.write(&Datagram { bytes, sender, arrival, to, level, internal }).unwrap();
    };
    let now = 1_795_426_812;
    for datagram in invented(0..15_000, 40, now) {
        write(&datagram, now);
    }
    for round in 0..120 {
        for datagram in measured("back", 20, now + 10 * round) {
            write(&datagram, now + 10 * round);
        }
    }
    drop(writer);
    let mut window = desktop.open_capture(&path, &["--memory", "16", "--size", "1270x1000"]);
    let status = window.until("the end of the capture", |status| {
        (status["replay"]["stage"] == "ended").then(|| status.clone())
    });
    assert!(count(&status["refused_lists_of"], "192.0.2.1") > 1_000, "{status}");
    assert!(has_host(&status, "back"));
    desktop.picture("refused-and-back");
}
