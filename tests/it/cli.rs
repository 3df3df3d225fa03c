//! The program as a user runs it, without a display.

use crate::support::wait::end;
use crate::support::{
    collectoscope, data, datagrams, dump, dump_data, hex, listing, pcap, stderr, stdout_lines,
};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};

/// Two lists: `h/p/gauge` 1.0, and type instance `x` 2.5 as a list of DERIVE -2 and GAUGE 2.5.
const TWO_LISTS: &str = "0000 0006 6800  0008 000c 1ac1027f20000000  0009 000c 0000000280000000
    0002 0006 7000  0004 000a 676175676500  0006 000f 0001 01 000000000000f03f
    0003 0006 3000  0005 0006 7800  0006 0018 0002 02 01 fffffffffffffffe 0000000000000440";
/// Warning of host `h`, plugin `p`: "m", an escape character, "n".
const NOTIFICATION: &str = "0008 000c 1ac1027f00000000  0101 000c 0000000000000002
    0000 0006 6800  0002 0006 7000  0100 0008 6d1b6e00";
/// A part of length 3.
const FAULTY: &str = "0000 0006 6800  0008 0003";

/// Writes a capture of `datagrams` and dumps it.
fn dump_datagrams(datagrams: &[&str], args: &[&str]) -> std::process::Output {
    let payloads: Vec<Vec<u8>> = datagrams.iter().map(|text| hex(text)).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pcap(&payloads)).unwrap();
    collectoscope().args(["dump", "--read"]).arg(file.path()).args(args).output().unwrap()
}

#[track_caller]
fn check_lines(datagrams: &[&str], args: &[&str], expected: &[&str]) {
    let output = dump_datagrams(datagrams, args);
    assert_eq!(stdout_lines(&output), expected);
    assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
}

#[test]
fn text_is_that_of_the_reader_of_2009() {
    check_lines(
        &[TWO_LISTS, NOTIFICATION],
        &[],
        &[
            "[1795426812.5] h/p/gauge [(1, 1.0)]",
            "[1795426812.5] h/p/0/gauge/x [(2, -2), (1, 2.5)]",
            "[1795426812] h/p [WARNING] m\\u{1b}n",
        ],
    );
}

#[test]
fn json_keeps_every_number_exact() {
    // Each object is one line.
    let expected = [
        concat!(
            r#"{"time":1795426812.5,"interval":10,"host":"h","plugin":"p","plugin_instance":"","#,
            r#""type":"gauge","type_instance":"","values":[{"kind":"gauge","value":1.0}]}"#
        ),
        concat!(
            r#"{"time":1795426812.5,"interval":10,"host":"h","plugin":"p","plugin_instance":"0","#,
            r#""type":"gauge","type_instance":"x","values":[{"kind":"derive","value":-2},"#,
            r#"{"kind":"gauge","value":2.5}]}"#
        ),
        concat!(
            r#"{"time":1795426812,"notification":true,"severity":"warning","host":"h","#,
            r#""plugin":"p","plugin_instance":"","type":"","type_instance":"","#,
            r#""message":"m\u001bn"}"#
        ),
    ];
    check_lines(&[TWO_LISTS, NOTIFICATION], &["--format", "json"], &expected);
}

#[test]
fn gauges_that_are_not_finite_are_words_in_json() {
    let start = TWO_LISTS.split("0006 000f").next().unwrap();
    let gauge = |bits: &str| format!("0006 000f 0001 01 {bits}");
    let (nan, inf, minus) =
        (gauge("000000000000f87f"), gauge("000000000000f07f"), gauge("000000000000f0ff"));
    let output = dump_datagrams(&[&format!("{start}{nan}{inf}{minus}")], &["--format", "json"]);
    let lines = stdout_lines(&output);
    for (line, value) in lines.iter().zip([r#""NaN""#, r#""inf""#, r#""-inf""#]) {
        assert!(line.ends_with(&format!(r#"[{{"kind":"gauge","value":{value}}}]}}"#)), "{line}");
    }
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_dump_of_a_capture_equals_its_listing() {
    for name in ["plain", "ipv6", "multicast6", "notifications", "collectd-tg"] {
        let output = dump_data(&format!("{name}.pcap"), &["--format", "json"]);
        let lines = stdout_lines(&output);
        let expected = listing(name);
        assert_eq!((lines.len(), stderr(&output)), (expected.len(), ""), "{name}");
        for (line, mut expected) in lines.iter().zip(expected) {
            let mut found: serde_json::Value = serde_json::from_str(line).unwrap();
            expected.as_object_mut().unwrap().remove("pkt");
            for (key, slack) in [("time", 1e-6), ("interval", 1e-9)] {
                let (found, expected) = (found[key].take(), expected[key].take());
                if let (Some(found), Some(expected)) = (found.as_f64(), expected.as_f64()) {
                    assert!((found - expected).abs() < slack, "{key} of {line}");
                }
            }
            // A notification has no interval, and looking for one made it null.
            for record in [&mut found, &mut expected] {
                record.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn text_and_json_print_the_same_records() {
    let text = stdout_lines(&dump_data("notifications.pcap", &[]));
    assert_eq!(text.len(), listing("notifications").len());
    assert_eq!(
        text.iter().filter(|line| line.contains("] notify-01/load/load [")).count(),
        listing("notifications")
            .iter()
            .filter(|one| {
                one["plugin"] == "load"
                    && one["type_instance"] == ""
                    && one["plugin_instance"] == ""
            })
            .count()
    );
}

#[test]
fn signed_and_encrypted_captures_say_what_was_not_checked_or_not_read() {
    for (words, lines, why) in [
        ("signed", 2_767, "not checked, there is no AuthFile"),
        ("encrypted", 0, "not read, there is no AuthFile"),
    ] {
        let output = dump_data(&format!("{words}.pcap"), &[]);
        assert_eq!((stdout_lines(&output).len(), output.status.code()), (lines, Some(0)));
        let sums: Vec<&str> = stderr(&output)
            .lines()
            .filter(|line| line.contains(why) && !line.contains(" at byte "))
            .collect();
        assert_eq!(sums.len(), 3);
        let mut parts = 0;
        for (line, user) in sums.iter().zip(["alice", "bob", "carol"]) {
            let rest = line.strip_prefix("collectoscope: ").unwrap();
            let (count, rest) = rest.split_once(' ').unwrap();
            parts += count.parse::<u64>().unwrap();
            assert!(rest.starts_with(&format!("{words} parts of user {user}")), "{line}");
            assert!(rest.ends_with(why), "{line}");
        }
        assert_eq!(parts, 100);
    }
}

#[test]
fn csv_holds_every_value_of_the_listing() {
    let output = dump_data("notifications.pcap", &["--format", "csv"]);
    let lines = stdout_lines(&output);
    assert_eq!(
        lines[0],
        "time,interval,host,plugin,plugin_instance,type,type_instance,ds_index,ds_type,value,\
         severity,message"
    );
    let expected: usize = listing("notifications")
        .iter()
        .map(|one| one["values"].as_array().map_or(1, Vec::len))
        .sum();
    assert_eq!(lines.len() - 1, expected);
    assert_eq!(lines.iter().filter(|line| line.contains(",warning,")).count(), {
        listing("notifications").iter().filter(|one| one["severity"] == "warning").count()
    });
    let quoted = lines.iter().find(|line| line.contains("Host notify-01, plugin load")).unwrap();
    assert!(quoted.contains(",\"Host notify-01, plugin load"), "{quoted}");
}

#[test]
fn the_hex_listing_holds_every_byte_and_every_value_list() {
    let output = dump_data("plain.pcap", &["--format", "hex", "--count", "20"]);
    let lines = stdout_lines(&output);
    let shown: usize = lines
        .iter()
        .filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        .map(|line| {
            let cells = line[7..line.len().min(7 + 36)].split_whitespace();
            cells.take_while(|cell| cell.len() == 2 && hex_digits(cell)).count()
        })
        .sum();
    let datagrams = &datagrams(&data("plain.pcap"))[..20];
    assert_eq!(shown, datagrams.iter().map(Vec::len).sum::<usize>());
    let taken = lines.iter().filter(|line| line.trim_start().starts_with("= web-01/")).count();
    let expected = listing("plain");
    let in_them =
        |one: &&serde_json::Value| one["pkt"].as_u64().unwrap() < 20 && one["host"] == "web-01";
    assert_eq!(taken, expected.iter().filter(in_them).count());
    assert_eq!(lines.iter().filter(|line| line.starts_with("datagram ")).count(), 20);
}

fn hex_digits(cell: &str) -> bool {
    cell.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn the_hex_listing_is_filtered_by_datagram() {
    let output = dump_data("plain.pcap", &["--format", "hex", "--only", "host:db-01 plugin:load"]);
    let lines = stdout_lines(&output);
    let heads = lines.iter().filter(|line| line.starts_with("datagram ")).count();
    let with: std::collections::BTreeSet<u64> = listing("plain")
        .iter()
        .filter(|one| one["host"] == "db-01" && one["plugin"] == "load")
        .map(|one| one["pkt"].as_u64().unwrap())
        .collect();
    assert_eq!(heads, with.len());
    assert!(heads > 0 && heads < 250);
}

#[test]
fn only_what_a_selector_chooses_is_printed() {
    let all = listing("plain");
    let count = |args: &[&str]| stdout_lines(&dump_data("plain.pcap", args)).len();
    let wanted = |keep: &dyn Fn(&serde_json::Value) -> bool| {
        let count = all.iter().filter(|record| keep(record)).count();
        assert!(count > 0 && count < all.len());
        count
    };
    let is_web = |record: &serde_json::Value| record["host"] == "web-01";
    let only = |selector: &str| count(&["--only", selector]);
    for web in ["host:web-*", "host:WEB-01", "web-01", "host:/^web/"] {
        assert_eq!(only(web), wanted(&is_web), "{web}");
    }
    let two = wanted(&|record| record["plugin"] == "cpu" || record["plugin"] == "load");
    assert_eq!(only("plugin:cpu|load"), two);
    let both = wanted(&|record| is_web(record) && record["type"] == "memory");
    assert_eq!(only("host:web-?? type:mem*"), both);
    assert_eq!(only(""), all.len());
}

#[test]
fn a_selector_that_cannot_be_read_is_refused_and_the_place_is_shown() {
    for (selector, words) in [
        (
            "cpu hst:web",
            "character 5: unknown field hst:, nearest is host:\n  cpu hst:web\n      ^^^^^^^\n",
        ),
        ("load >90", "character 6: >90 is about values as the window shows them"),
        ("-/(/", "character 1: not a regular expression: unclosed group\n  -/(/\n  ^^^^\n"),
    ] {
        let output = dump(&["--only", selector]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{selector}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn notifications_are_filtered_too() {
    let none = dump_datagrams(&[TWO_LISTS, NOTIFICATION], &["--only", "type:nothing"]);
    assert_eq!((none.stdout.len(), none.status.code()), (0, Some(0)));
    // A notification need not have a type.
    assert_eq!(stderr(&none), "collectoscope: nothing matches type:nothing; seen: (none), gauge\n");
    check_lines(&[NOTIFICATION], &["--only", "host:h"], &["[1795426812] h/p [WARNING] m\\u{1b}n"]);
}

#[test]
fn count_ends_after_as_many_lines() {
    assert_eq!(stdout_lines(&dump_data("plain.pcap", &["--count", "7"])).len(), 7);
    let filtered = dump_data("plain.pcap", &["--count", "1", "--only", "plugin:swap"]);
    assert!(stdout_lines(&filtered).len() == 1 && filtered.status.success());
}

#[test]
fn faults_go_to_standard_error_with_sender_and_offset() {
    let output = dump_datagrams(&[FAULTY, TWO_LISTS], &[]);
    assert_eq!((stdout_lines(&output).len(), output.status.code()), (2, Some(0)));
    let says = "collectoscope: datagram 1 from 10.0.0.1:4000 at byte 6: part length 3 is below 4\n\
                collectoscope: 1 fault from 10.0.0.1\n";
    assert_eq!(stderr(&output), says);
}

#[test]
fn a_flood_of_faults_is_counted_not_told() {
    let output = dump_datagrams(&[FAULTY; 500], &[]);
    assert_eq!(stderr(&output).lines().count(), 11);
    assert!(stderr(&output).ends_with("500 faults from 10.0.0.1\n"));
}

#[test]
fn a_capture_cut_short_gives_what_is_there_and_says_so() {
    let whole = std::fs::read(data("plain.pcap")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &whole[..100_000]).unwrap();
    let output = dump(&["--read", file.path().to_str().unwrap()]);
    let lines = stdout_lines(&output);
    let all = stdout_lines(&dump_data("plain.pcap", &[]));
    assert!(lines.len() > 1_000 && lines == all[..lines.len()]);
    assert!(stderr(&output).contains("the capture is cut short: it ends inside packet "));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_read_is_a_sentence_and_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.pcap");
    std::fs::write(&text, "LoadPlugin network\nLoadPlugin cpu\n").unwrap();
    let missing = folder.path().join("missing.pcap");
    for (path, words) in [
        (missing.as_path(), "cannot read the capture: "),
        (folder.path(), "is a directory"),
        (&text, "not a capture: this is text"),
    ] {
        let path = path.to_str().unwrap();
        let output = dump(&["--read", path]);
        let error = stderr(&output);
        assert!(error.contains(words) && error.contains(&format!(", in {path}\n")), "{error}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    }
}

#[test]
fn bad_flags_are_named() {
    for args in [
        &["--no-such-flag"][..],
        &["--format", "xml"],
        &["--host", "web-01"],
        &["--only", "/[a/"],
        &["--count", "many"],
        &["--listen", "nowhere at all"],
    ] {
        let output = dump(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(args[0]), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let mut child = collectoscope()
        .args(["dump", "--read"])
        .arg(data("plain.pcap"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with('['));
    let output = child.wait_with_output().unwrap();
    assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = collectoscope();
    command.args(["dump", "--read"]).arg(data("plain.pcap")).stdout(full);
    let output = command.output().unwrap();
    assert!(stderr(&output).contains("cannot write to standard output: no space left"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_capture_can_come_through_a_pipe() {
    let mut child = collectoscope()
        .args(["dump", "--read", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&pcap(&[hex(TWO_LISTS)])).unwrap();
    drop(stdin);
    assert_eq!(stdout_lines(&child.wait_with_output().unwrap()).len(), 2);
}

/// Starts the program with its own free port; the address is in its first words.
pub(crate) fn listening(args: &[&str]) -> (Child, SocketAddr, BufReader<impl Read + use<>>) {
    let mut child = collectoscope()
        .args(args)
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert!(errors.read_line(&mut line).unwrap() > 0, "it ended without listening");
        let Some((_, port)) =
            line.split_once("listening on ").and_then(|(_, place)| place.split_once("127.0.0.1:"))
        else {
            continue;
        };
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        break SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
    };
    (child, address, errors)
}

#[test]
fn what_arrives_is_printed_until_the_count_is_reached() {
    let (mut child, address, _errors) = listening(&["dump", "--count", "2"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&hex(TWO_LISTS), address).unwrap();
    assert_eq!(end(&mut child), Some(0));
    let output = child.wait_with_output().unwrap();
    let lines = stdout_lines(&output);
    assert_eq!(lines[0], "[1795426812.5] h/p/gauge [(1, 1.0)]");
    assert_eq!(lines.len(), 2);
}

#[test]
fn faults_from_the_network_name_their_sender() {
    let (mut child, address, mut errors) = listening(&["dump", "--count", "1"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = socket.local_addr().unwrap();
    socket.send_to(&hex(FAULTY), address).unwrap();
    socket.send_to(&hex(TWO_LISTS), address).unwrap();
    assert_eq!(end(&mut child), Some(0));
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    let fault = format!("datagram 1 from {sender} at byte 6: part length 3 is below 4");
    assert!(rest.contains(&fault), "{rest}");
}

#[test]
fn listening_ends_when_its_time_is_up() {
    let (mut child, _, _errors) = listening(&["dump", "--for", "0.3"]);
    assert_eq!(end(&mut child), Some(0));
}

#[test]
fn several_sources_are_printed_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("some.pcap");
    fs::write(&file, pcap(&[hex(TWO_LISTS)])).unwrap();
    let capture = format!("file:{}", file.display());
    for (args, captured) in [
        (&["dump", "--source", &capture][..], true),
        (&["dump", "--read", file.to_str().unwrap()], true),
        (&["dump", "--source", "udp://127.0.0.2:0"], false),
        (&["--no-local", "--source", &capture], true),
    ] {
        let (mut child, address, _errors) = listening(args);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        if captured {
            assert!(lines.next().unwrap().contains(" h/p/gauge [(1, 1.0)]"), "{args:?}");
            assert!(lines.next().is_some(), "{args:?}");
        }
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(&hex(TWO_LISTS), address).unwrap();
        assert!(lines.next().unwrap().contains(" h/p/gauge [(1, 1.0)]"), "{args:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_source_of_an_unknown_kind_is_refused_with_those_there_are() {
    for command in [&["dump"][..], &["record", "x"], &[]] {
        let output =
            collectoscope().args(command).args(["--source", "mqtt://broker"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = stderr(&output);
        let known = "write udp://ADDR[:PORT][%IFACE] or file:CAPTURE";
        assert!(said.contains("\"mqtt://broker\"") && said.contains(known), "{said}");
    }
}

#[test]
fn a_capture_is_recorded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (data("plain.pcap"), folder.path().join("again.pcap"));
    let output = collectoscope().args(["record", "--read"]).arg(&from).arg(&to).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = |path: &Path| stdout_lines(&dump(&["--read", path.to_str().unwrap()]));
    assert_eq!(lines(&to), lines(&from));
}

#[test]
fn an_address_of_somebody_else_is_said_and_is_a_failure() {
    // TEST-NET-1: no machine has it.
    let output = dump(&["--listen", "192.0.2.1:0", "--for", "0.3"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("192.0.2.1"), "{}", stderr(&output));
}

/// Runs the program without a command or display until it prints a line that starts so.
#[track_caller]
fn check_prints_instead(args: &[&str], start: &str) {
    let (mut child, address, _errors) = listening(args);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&hex(TWO_LISTS), address).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines.any(|line| line.unwrap().contains(start));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found);
}

#[test]
fn without_a_display_what_arrives_is_printed_instead() {
    check_prints_instead(&["--no-local"], "[1795426812.5] h/p/gauge [(1, 1.0)]");
}

#[test]
fn without_a_display_this_machine_is_printed_too() {
    check_prints_instead(&[], "/memory/memory/free [(1, ");
}

#[test]
fn a_screenshot_without_a_display_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.png");
    let output = collectoscope().arg("--screenshot").arg(&picture).output().unwrap();
    assert_eq!((output.status.code(), picture.exists()), (Some(1), false));
    assert!(!stderr(&output).is_empty());
}
