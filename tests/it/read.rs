//! The library's reader: what it gives is what `dump` prints.

use crate::support::{data, dump_data, netns, stdout_lines};
use collectoscope::metric::{CdTime, Identifier, Interval, Severity, Value};
use collectoscope::read::{Content, ReadError, ReaderOptions};
use collectoscope::send::{Flush, Sender, SenderOptions};
use collectoscope::wire::Trust;
use collectoscope::{Item, Reader};
use std::time::Duration;

/// How long anything may take.
const LONG: Duration = Duration::from_secs(60);

fn sender(to: &str) -> Sender {
    let options = SenderOptions { flush: Flush::AtOnce, ..SenderOptions::default() };
    Sender::open(&[to.parse().unwrap()], options).unwrap()
}

fn send(sender: &mut Sender, host: &str, value: f64) {
    let names = Identifier::new(host, "p", "", "gauge", "");
    let (time, interval) = (CdTime::from_secs(1_800_000_000), Interval::from_secs(10));
    sender.push(&names.names(), time, interval, &[Value::Gauge(value)]).unwrap();
}

fn all(reader: Reader) -> Vec<Item> {
    reader.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_capture_is_read_to_its_end_as_dump_prints_it() {
    for name in ["plain.pcap", "notifications.pcap", "ipv6.pcap"] {
        let items = all(Reader::open(data(name)).unwrap());
        let lines: Vec<_> = items.iter().map(ToString::to_string).collect();
        assert_eq!(lines, stdout_lines(&dump_data(name, &[])), "{name}");
        assert!(items.iter().all(|item| item.arrival > CdTime::ZERO), "{name}");
    }
}

#[test]
fn what_is_encrypted_is_read_with_the_right_passwords_and_counted_without() {
    let capture = Some(data("encrypted.pcap"));
    let options = ReaderOptions { capture, ..ReaderOptions::default() };
    let with_keys = ReaderOptions { auth_file: Some(data("authfile")), ..options.clone() };
    let items = all(Reader::with(with_keys).unwrap());
    // From the listing of the capture.
    assert_eq!(items.iter().map(|item| item.values().len()).sum::<usize>(), 2_946);
    assert!(items.iter().all(|item| item.trust == Trust::Encrypted));
    let mut reader = Reader::with(options).unwrap();
    assert!(reader.next().is_none() && reader.faults() > 0);
}

#[test]
fn several_addresses_and_a_capture_are_read_together() {
    let listen = ["127.0.0.1:0", "127.0.0.1:0"].map(|address| address.parse().unwrap());
    let capture = Some(data("plain.pcap"));
    let options = ReaderOptions { listen: listen.into(), capture, ..ReaderOptions::default() };
    let mut reader = Reader::with(options).unwrap().timeout(LONG);
    let addresses = reader.addresses();
    assert_eq!(addresses.len(), 2);
    for (address, value) in addresses.iter().zip([1.0, 2.0]) {
        send(&mut sender(&address.to_string()), "live", value);
    }
    let of_capture = stdout_lines(&dump_data("plain.pcap", &[])).len();
    let (mut live, mut captured) = (Vec::new(), 0);
    while live.len() < 2 || captured < of_capture {
        let item = reader.next().unwrap().unwrap();
        match item.host() {
            "live" => live.extend_from_slice(item.values()),
            _ => captured += 1,
        }
    }
    assert!(live.contains(&Value::Gauge(1.0)) && live.contains(&Value::Gauge(2.0)));
    assert_eq!(reader.lost(), 0);
}

#[test]
fn a_reader_gives_all_that_a_notification_says() {
    let mut reader = Reader::listen("127.0.0.1:0").unwrap().timeout(LONG);
    let names = Identifier::new("web-1", "load", "", "", "");
    let time = CdTime::from_secs(1_800_000_000);
    let mut sender = sender(&reader.addresses()[0].to_string());
    sender.notify(&names.names(), time, Severity::Warning, b"high").unwrap();
    let item = reader.next().unwrap().unwrap();
    let Content::Notification(one) = &item.content else { panic!("{item:?}") };
    assert_eq!((one.severity, &*one.message), (Severity::Warning, "high"));
    assert_eq!(
        (item.host(), item.plugin(), item.type_(), item.time()),
        ("web-1", "load", "", time)
    );
    assert_eq!(item.to_string(), "[1800000000] web-1/load [WARNING] high");
    assert!(item.sender.ip().is_loopback() && item.values().is_empty());
}

#[test]
fn a_timeout_ends_the_iteration_and_asking_again_goes_on() {
    let mut reader = Reader::listen("127.0.0.1:0").unwrap().timeout(Duration::ZERO);
    assert!(reader.next().is_none());
    let to = reader.addresses()[0].to_string();
    send(&mut sender(&to), "h", 1.0);
    let mut reader = reader.timeout(LONG);
    assert_eq!(reader.next().unwrap().unwrap().values(), [Value::Gauge(1.0)]);
}

#[test]
fn by_default_the_groups_and_the_port_of_collectd_are_listened_to() {
    let name = "read::by_default_the_groups_and_the_port_of_collectd_are_listened_to";
    netns::inside(name, || {
        let mut reader = Reader::new().unwrap().timeout(LONG);
        assert_eq!(reader.addresses().len(), 4);
        send(&mut sender("127.0.0.1"), "h", 1.0);
        assert_eq!(reader.next().unwrap().unwrap().host(), "h");
    });
}

#[test]
fn what_cannot_be_read_is_said() {
    // TEST-NET-1: no machine has it.
    for (options, words) in [
        ("192.0.2.1:0", "nothing can arrive: cannot listen on udp 192.0.2.1:0"),
        ("example.net", "\"example.net\" is not an IP address"),
    ] {
        let said = Reader::listen(options).unwrap_err().to_string();
        assert!(said.starts_with(words), "{said}");
    }
    let missing = std::path::PathBuf::from("/nowhere/file");
    assert!(matches!(Reader::open(&missing), Err(ReadError::Capture(_))));
    let auth_file = Some(missing);
    let said = Reader::with(ReaderOptions { auth_file, ..ReaderOptions::default() }).unwrap_err();
    let words = "cannot read the AuthFile: there is no such file, /nowhere/file";
    assert_eq!(said.to_string(), words);
}
