//! What people hand to the program: files that are no captures, pipes that nobody writes or
//! reads, options that do not fit, a network that is not up yet.

use crate::support::wait::until;
use crate::support::{
    collectoscope, data, dump, dump_data, hex, netns, pcap, stderr, stdout_lines,
};
use nix::sys::signal::{Signal, kill};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// `h/p/gauge` 1.0 at 1795426812.5.
const LIST: &str = "0000 0006 6800  0008 000c 1ac1027f20000000  0009 000c 0000000280000000
    0002 0006 7000  0004 000a 676175676500  0006 000f 0001 01 000000000000f03f";
const LINE: &str = "[1795426812.5] h/p/gauge [(1, 1.0)]";

/// Runs a line of the shell in `folder`, where `collectoscope` is the program.
#[track_caller]
fn shell(folder: &Path, line: &str) -> Output {
    let line = line.replace("collectoscope", env!("CARGO_BIN_EXE_collectoscope"));
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(folder).env("XDG_CONFIG_HOME", folder);
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().unwrap()
}

/// What is typed after "try: ".
#[track_caller]
fn advice(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{}", stderr(output));
    let line = stderr(output).lines().find_map(|line| line.trim().strip_prefix("try: "));
    line.unwrap_or_else(|| panic!("no advice: {}", stderr(output))).to_owned()
}

/// Makes `file` of some.pcap by `make`; following what is said of it gives every value list.
#[track_caller]
fn check_advice(make: &str, file: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("some.pcap"), pcap(&vec![hex(LIST); 3])).unwrap();
    let made = shell(folder.path(), make);
    assert!(made.status.success(), "{make} (see tests/all for its package): {}", stderr(&made));
    let quoted = format!("'{file}'");
    for start in ["collectoscope dump --read", "collectoscope --read"] {
        let line = advice(&shell(folder.path(), &format!("{start} {quoted}")));
        assert!(line.contains(&format!("| {start} -")), "{line}");
        let followed = shell(folder.path(), &line);
        assert_eq!(stdout_lines(&followed), [LINE; 3], "{make}: {line}: {}", stderr(&followed));
        let line = advice(&shell(folder.path(), &format!("cat {quoted} | {start} -")));
        let rest = line.strip_prefix("... ").unwrap();
        let followed = shell(folder.path(), &format!("cat {quoted} {rest}"));
        assert_eq!(stdout_lines(&followed), [LINE; 3], "{make}: {rest}: {}", stderr(&followed));
    }
}

#[test]
fn the_advice_about_compressed_files_works_when_it_is_typed() {
    check_advice("zip -q some.zip some.pcap", "some.zip");
    check_advice("bzip2 -c some.pcap > some.bz2", "some.bz2");
    check_advice("xz -c some.pcap > some.xz", "some.xz");
    check_advice("zstd -qc some.pcap > some.zst", "some.zst");
    check_advice("lz4 -qc some.pcap > some.lz4", "some.lz4");
    check_advice("tar -cf 'my files.tar' some.pcap", "my files.tar");
}

#[test]
fn the_advice_about_dumps_and_greetings_works_when_it_is_typed() {
    check_advice("(echo Welcome; echo 'Last login: today'; cat some.pcap) > got", "got");
    check_advice("(printf '\\033[1mHi\\n'; cat some.pcap) | gzip > got.gz", "got.gz");
    check_advice("xxd some.pcap > text", "text");
    check_advice("xxd -p some.pcap > text", "text");
    check_advice("od -A x -t x1z some.pcap > text", "text");
    check_advice("od -t x1 some.pcap > text", "text");
    check_advice("base64 some.pcap > text", "text");
}

#[test]
fn gzip_is_read_from_files_and_from_pipes() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(data("plain.pcap"), folder.path().join("some.pcap")).unwrap();
    assert!(shell(folder.path(), "gzip -k some.pcap").status.success());
    let wanted = stdout_lines(&dump_data("plain.pcap", &[]));
    for line in [
        "collectoscope dump --read some.pcap.gz",
        "collectoscope dump --read - < some.pcap.gz",
        "cat some.pcap.gz | collectoscope dump --read -",
        "collectoscope --read some.pcap.gz",
    ] {
        assert!(stdout_lines(&shell(folder.path(), line)) == wanted, "{line}");
    }
}

#[test]
fn what_has_come_of_a_gzip_through_a_pipe_is_printed_before_more_comes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("some.pcap"), pcap(&[hex(LIST)])).unwrap();
    let packed = shell(folder.path(), "gzip -c some.pcap").stdout;
    let mut child = collectoscope()
        .args(["dump", "--read", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // All but the checksum at the end.
    stdin.write_all(&packed[..packed.len() - 8]).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), LINE);
    stdin.write_all(&packed[packed.len() - 8..]).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_capture_of_which_nothing_can_be_read_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("some.pcap");
    let mut bytes = pcap(&[]);
    // Two frames of PPP that are compressed.
    bytes[20] = 9;
    for _ in 0..2 {
        bytes.extend(hex("00000000 00000000 05000000 05000000 ff0300fd01"));
    }
    fs::write(&file, &bytes).unwrap();
    let output = dump(&["--read", file.to_str().unwrap()]);
    let says = "collectoscope: 2 packets not read, the first: PPP protocol 0x00fd (compressed)\n\
                collectoscope: nothing in the capture could be read\n";
    assert_eq!((stderr(&output), output.status.code()), (says, Some(1)));
}

fn send_signal(child: &Child, signal: Signal) {
    kill(nix::unistd::Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Waits for the end: exit code, and what was said.
fn end(mut child: Child) -> (Option<i32>, String) {
    let status = until("its end", || child.try_wait().unwrap());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.code(), said)
}

/// A pipe with a name, and `dump --read` of it, started.
fn dump_fifo(folder: &Path, args: &[&str]) -> (std::path::PathBuf, Child) {
    let fifo = folder.join("fifo");
    if !fifo.exists() {
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    }
    let mut command = collectoscope();
    command.args(["dump", "--read"]).arg(&fifo).args(args);
    (fifo, command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Whether the program blocks SIGINT: it waits for signals then.
fn takes_signals(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
    u64::from_str_radix(blocked.trim(), 16).unwrap() & 1 << (Signal::SIGINT as u32 - 1) != 0
}

#[test]
fn a_pipe_that_nobody_opens_is_left_in_time_and_by_signals() {
    let folder = tempfile::tempdir().unwrap();
    let (_, child) = dump_fifo(folder.path(), &["--for", "0.3"]);
    assert_eq!(end(child), (Some(0), String::new()));
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (_, child) = dump_fifo(folder.path(), &[]);
        until("its signals", || takes_signals(&child).then_some(()));
        send_signal(&child, signal);
        assert_eq!(end(child), (Some(0), String::new()));
    }
}

#[test]
fn a_pipe_that_is_opened_later_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (fifo, child) = dump_fifo(folder.path(), &[]);
    until("its signals", || takes_signals(&child).then_some(()));
    fs::write(&fifo, pcap(&[hex(LIST)])).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((stdout_lines(&output), output.status.code()), (vec![LINE.to_owned()], Some(0)));
}

#[test]
fn dump_ends_in_time_and_by_signals_when_nobody_reads_it() {
    let plain = data("plain.pcap");
    let start = |args: &[&str]| {
        let mut command = collectoscope();
        command.args(["dump", "--read"]).arg(&plain).args(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let nobody = "collectoscope: cannot write to standard output: nobody reads it\n";
    let mut child = start(&["--for", "0.3"]);
    let stdout = child.stdout.take();
    assert_eq!(end(child), (Some(1), nobody.to_owned()));
    drop(stdout);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut child = start(&[]);
        let stdout = child.stdout.take();
        until("a full pipe", || is_stuck(&child).then_some(()));
        send_signal(&child, signal);
        assert_eq!(end(child), (Some(1), nobody.to_owned()));
        drop(stdout);
    }
}

/// Whether the program has written all that a pipe holds and waits.
fn is_stuck(child: &Child) -> bool {
    let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap();
    let (io, stat) = (read("io"), read("stat"));
    let written = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
    // Pieces do not fill every page.
    written.parse::<u64>().unwrap() >= 60_000 && stat.contains(") S ")
}

#[test]
fn a_recording_that_nobody_reads_ends_in_time_and_by_signals() {
    for how in [Some(Signal::SIGINT), Some(Signal::SIGTERM), None] {
        let mut command = collectoscope();
        command.args(["record", "-", "--listen", "127.0.0.1:0"]);
        if how.is_none() {
            command.args(["--for", "1"]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let address = listening(&mut errors);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        // More than a pipe and its 64 KiB hold.
        for _ in 0..3 {
            socket.send_to(&vec![0; 60_000], &address).unwrap();
        }
        if let Some(signal) = how {
            send_signal(&child, signal);
        }
        let status = until("its end", || child.try_wait().unwrap());
        let mut said = String::new();
        errors.read_to_string(&mut said).unwrap();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("cannot record on: nobody reads it; the "), "{said}");
        drop(stdout);
    }
}

/// Where it listens, as it says.
fn listening(errors: &mut impl BufRead) -> String {
    loop {
        let mut line = String::new();
        assert!(errors.read_line(&mut line).unwrap() > 0, "it ended without listening");
        if let Some((_, place)) = line.split_once("listening on udp ") {
            return place.split(';').next().unwrap().trim().to_owned();
        }
    }
}

#[test]
fn a_recording_looks_at_its_file_before_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there.pcap");
    fs::write(&there, "precious").unwrap();
    for (path, words) in [
        (there.as_path(), "is there already and is not overwritten"),
        (folder.path(), "cannot record: is a directory"),
        (&folder.path().join("not/there.pcap"), "cannot record: no such file or directory"),
    ] {
        let mut command = collectoscope();
        let output =
            command.arg("record").arg(path).args(["--listen", "127.0.0.1:0"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(said.contains(words) && !said.contains("listening"), "{said}");
    }
    assert_eq!(fs::read(&there).unwrap(), b"precious");
}

#[test]
fn options_of_captures_are_refused_without_one() {
    for args in [
        &["dump", "--port", "7000"][..],
        &["dump", "--port", "7000", "--listen", "127.0.0.1:0"],
        &["dump", "--port", "7000", "--receive-buffer", "8"],
        &["--port", "7000", "--listen", "127.0.0.1:0"],
        &["--port", "7000", "--no-local"],
        &["--port", "7000", "--max-lists", "5"],
        &["--speed", "2", "--listen", "127.0.0.1:0"],
    ] {
        let output = collectoscope().args(args).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(stderr(&output).contains("--read"), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn bad_numbers_are_refused_in_our_words() {
    for (args, words) in [
        (&["dump", "--read", "x", "--port", "many"][..], "not a port, a number from 1 to 65535"),
        (&["dump", "--read", "x", "--port", "0"], "not a port, a number from 1 to 65535"),
        (&["dump", "--read", "x", "--port", "65536"], "not a port, a number from 1 to 65535"),
        (&["dump", "--count", "many"], "not a number from 1 on"),
        (&["record", "x", "--count", "0"], "not a number from 1 on"),
        (&["--memory", "lots"], "not a number of MiB from 16 to 1048576"),
        (&["--memory", "15"], "not a number of MiB from 16 to 1048576"),
        (&["dump", "--only", "/[a/"], "not a regular expression: unclosed character class"),
        (&["send", "127.0.0.1", "--ttl", "x"], "not a number of hops from 1 to 255"),
        (&["send", "127.0.0.1", "--ttl", "0"], "not a number of hops from 1 to 255"),
        (&["dump", "--for", "x"], "not a number of seconds"),
        (&["--size", "x"], "not a size"),
        (&["dump", "--receive-buffer", "x"], "not a number of MiB from 1 to 1024"),
    ] {
        let output = collectoscope().args(args).output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
        for leaked in ["invalid digit", "is not in", "..=", "error parsing", "number would be"] {
            assert!(!said.contains(leaked), "{args:?}: {said}");
        }
    }
}

#[test]
fn what_the_system_says_comes_without_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let missing = missing.to_str().unwrap();
    for args in [
        &["dump", "--read", missing][..],
        &["dump", "--read", folder.path().to_str().unwrap()],
        &["dump", "--auth-file", missing, "--listen", "127.0.0.1:0"],
        &["--read", missing],
        &["record", &format!("{missing}/x"), "--listen", "127.0.0.1:0"],
        &["send", "127.0.0.1", "--user", "a", "--auth-file", missing],
        &["send", "host.invalid"],
    ] {
        let output = collectoscope().args(args).stdin(Stdio::null()).output().unwrap();
        let said = stderr(&output);
        assert!(!output.status.success() && !said.is_empty(), "{args:?}");
        for leaked in ["os error", "failed to lookup", "No such"] {
            assert!(!said.contains(leaked), "{args:?}: {said}");
        }
    }
    let types = said_of_types(missing);
    assert!(types.contains("cannot read types.db") && !types.contains("os error"), "{types}");
}

/// What `send` says about a types.db.
fn said_of_types(path: &str) -> String {
    let args = ["send", "127.0.0.1", "--types-db", path];
    stderr(&collectoscope().args(args).stdin(Stdio::null()).output().unwrap()).to_owned()
}

#[test]
fn a_filter_that_nothing_matches_says_what_was_there() {
    let said = |args: &[&str]| {
        let output = dump_data("plain.pcap", args);
        assert_eq!((output.stdout.len(), output.status.code()), (0, Some(0)));
        stderr(&output).to_owned()
    };
    let hosts = said(&["--only", "host:nosuch"]);
    assert!(hosts.starts_with("collectoscope: nothing matches host:nosuch; seen: "), "{hosts}");
    assert!(hosts.contains("web-01") && hosts.contains("db-01"), "{hosts}");
    // The first word that is to blame, and only what the others left.
    let plugins = said(&["--only", "host:web-01 plugin:cpus type:x"]);
    assert!(plugins.contains("nothing matches plugin:cpus; seen: "), "{plugins}");
    let all = said(&["--only", "host:web-01 nosuch"]);
    assert!(all.contains("nothing matches nosuch; seen: web-01/"), "{all}");
    let hosts = said(&["--format", "hex", "--only", "host:nosuch"]);
    assert!(hosts.contains("nothing matches host:nosuch; seen: "), "{hosts}");
    let printed = dump_data("plain.pcap", &["--only", "host:web-01", "--count", "1"]);
    assert_eq!(stderr(&printed), "");
}

#[test]
fn names_of_a_terminals_commands_and_directions_do_not_reach_it() {
    // Host "\x9b2J\u{202e}x\u{9b}y", as bytes of Latin-1 and as UTF-8.
    let name = hex("9b324a e280ae 78 c29b 79 00");
    let length = u8::try_from(name.len() + 4).unwrap();
    let list = [&[0, 0, 0, length][..], &name, &hex(LIST)[6..]].concat();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), pcap(&[list])).unwrap();
    for format in ["text", "json", "csv", "putval", "hex"] {
        let output = dump(&["--read", file.path().to_str().unwrap(), "--format", format]);
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains('y'), "{format}: {told:?}");
        let is_safe = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        assert!(told.chars().all(is_safe), "{format}: {told:?}");
    }
}

#[test]
fn commands_wait_for_a_network_that_is_not_up_yet() {
    netns::inside("inputs::commands_wait_for_a_network_that_is_not_up_yet", || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some.pcap");
        let record = ["record", file.to_str().unwrap()];
        for command in [&["dump"][..], &["--no-local"], &record] {
            let mut program = collectoscope();
            program.args(command).args(["--listen", "10.99.0.1:7000"]);
            if command != ["--no-local"] {
                program.args(["--count", "1", "--for", "60"]);
            }
            let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut errors = BufReader::new(child.stderr.take().unwrap());
            let mut said = String::new();
            while !said.contains("waiting for the network") {
                assert!(errors.read_line(&mut said).unwrap() > 0, "{said}");
            }
            netns::veth();
            assert_eq!(listening(&mut errors), "10.99.0.1:7000");
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            socket.send_to(&hex(LIST), "10.99.0.1:7000").unwrap();
            if command != record {
                assert_eq!(lines.next().unwrap().unwrap(), LINE);
            }
            if command == ["--no-local"] {
                send_signal(&child, Signal::SIGINT);
            }
            assert_eq!(until("its end", || child.try_wait().unwrap()).code(), Some(0));
            netns::ip("link delete left");
        }
        assert!(fs::metadata(&file).unwrap().len() > 24);
    });
}

#[test]
fn what_never_came_up_is_a_failure_that_names_it() {
    // TEST-NET-1: no machine has it.
    let output = dump(&["--listen", "192.0.2.1:7000", "--for", "0.3"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.ends_with("nothing can arrive: not listening on udp 192.0.2.1:7000\n"), "{said}");
    // What will not pass by itself is not waited for.
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let output = dump(&["--listen", &address]);
    let wanted = format!("nothing can arrive: not listening on udp {address}\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).ends_with(&wanted), "{}", stderr(&output));
}
