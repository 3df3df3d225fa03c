//! Recordings and captures: what we write is read by us and by Wireshark, whatever ends it; what
//! Wireshark's tools write is read by us.

use crate::support::wait::{PATIENCE, until};
use crate::support::{
    collectoscope, data, datagrams, dump, dump_data, hex, pcap, stderr, stdout_lines,
};
use collectoscope::ingest::Limits;
use collectoscope::reception::{Replay, Speed, Stage, Status};
use collectoscope::source::Intake;
use collectoscope::source::capture::Capture;
use collectoscope::source::outlet::Outlet;
use collectoscope::source::replay::{self, ReplayOptions, Replaying};
use collectoscope::wire::SecurityLevel;
use nix::sys::signal::{Signal, kill};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// `h/p/gauge` 1.0 at 1795426812.5.
const LIST: &str = "0000 0006 6800  0008 000c 1ac1027f20000000  0009 000c 0000000280000000
    0002 0006 7000  0004 000a 676175676500  0006 000f 0001 01 000000000000f03f";
const LINE: &str = "[1795426812.5] h/p/gauge [(1, 1.0)]";

/// The program while it listens; ends with the test.
struct Running {
    child: Child,
    /// Where it listens, one per `--listen`.
    addresses: Vec<SocketAddr>,
    errors: BufReader<std::process::ChildStderr>,
}

impl Running {
    /// Starts `command` with `--listen`s of free ports, and waits until it listens.
    fn start(command: &mut Command, listen: &[&str]) -> Self {
        for listen in listen {
            command.args(["--listen", listen]);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let (mut addresses, mut said) = (Vec::new(), String::new());
        while addresses.len() < listen.len() {
            let mut line = String::new();
            let is_over = errors.read_line(&mut line).unwrap() == 0;
            assert!(!is_over, "it ended without listening: {said}");
            said += &line;
            let place = line.split_once("listening on udp ").map(|(_, place)| place);
            let address = place.and_then(|place| place.split(';').next());
            addresses.extend(address.and_then(|address| address.trim().parse::<SocketAddr>().ok()));
        }
        Self { child, addresses, errors }
    }

    /// Starts `record FILE` on 127.0.0.1.
    fn record(file: &Path, args: &[&str]) -> Self {
        let mut command = collectoscope();
        command.arg("record").arg(file).args(args);
        Self::start(&mut command, &["127.0.0.1:0"])
    }

    fn signal(&self, signal: Signal) {
        kill(nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end: exit code, and what it said after it listened.
    fn end(mut self) -> (Option<i32>, String) {
        let status = until("its end", || self.child.try_wait().unwrap());
        let mut said = String::new();
        self.errors.read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends datagrams not faster than they are taken.
fn send(from: &UdpSocket, to: SocketAddr, datagrams: &[Vec<u8>]) {
    for (number, datagram) in datagrams.iter().enumerate() {
        from.send_to(datagram, to).unwrap();
        if number % 10 == 9 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Sender, receiver and payload of all that a recording holds for these ports.
fn recorded(path: &Path, ports: &[u16]) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
    let mut capture = Capture::open(path).unwrap().only(ports);
    let mut all = Vec::new();
    let mut take = |datagram: &collectoscope::source::udp::Datagram<'_>| {
        all.push((datagram.sender, datagram.to, datagram.bytes.to_vec()));
    };
    while capture.next(&mut take).unwrap() {}
    all
}

/// Waits until a recording holds so many datagrams.
#[track_caller]
fn until_recorded(path: &Path, port: u16, count: usize) {
    until("the datagrams in the file", || {
        let bytes = fs::metadata(path).ok()?.len();
        (bytes >= 24 && recorded(path, &[port]).len() == count).then_some(())
    });
}

/// Runs one of Wireshark's programs; its output.
#[track_caller]
fn wireshark(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| {
        panic!("{program} does not start ({error}): apt-get install --no-install-recommends tshark")
    });
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_recording_gives_back_exactly_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    for (name, listen, from) in
        [("plain", "127.0.0.1:0", "127.0.0.1:0"), ("ipv6", "[::1]:0", "[::1]:0")]
    {
        let file = folder.path().join(name);
        let sent = datagrams(&data(&format!("{name}.pcap")));
        let mut command = collectoscope();
        command.arg("record").arg(&file).args(["--count", &sent.len().to_string()]);
        let program = Running::start(&mut command, &[listen]);
        let (socket, to) = (UdpSocket::bind(from).unwrap(), program.addresses[0]);
        send(&socket, to, &sent);
        let (code, said) = program.end();
        let bytes: usize = sent.iter().map(Vec::len).sum();
        let sum = format!("recorded {} datagrams, {bytes} bytes; 0 lost in the kernel", sent.len());
        assert!(code == Some(0) && said.contains(&sum), "{code:?} {said}");
        let sender = socket.local_addr().unwrap();
        let wanted: Vec<_> = sent.into_iter().map(|bytes| (sender, to, bytes)).collect();
        assert!(recorded(&file, &[]) == wanted);
        let again = dump(&["--read", file.to_str().unwrap()]);
        assert_eq!(stdout_lines(&again), stdout_lines(&dump_data(&format!("{name}.pcap"), &[])));
    }
}

#[test]
fn wireshark_reads_a_recording_of_both_families_without_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.pcap");
    let mut command = collectoscope();
    command.arg("record").arg(&file).args(["--count", "42"]);
    let program = Running::start(&mut command, &["127.0.0.1:0", "[::1]:0"]);
    let sent = &datagrams(&data("plain.pcap"))[..20];
    let largest = vec![0; 65_507];
    for address in program.addresses.clone() {
        let from = UdpSocket::bind((address.ip(), 0)).unwrap();
        send(&from, address, sent);
        from.send_to(&largest, address).unwrap();
    }
    let ports: Vec<_> = program.addresses.iter().map(SocketAddr::port).collect();
    assert_eq!(program.end().0, Some(0));

    let file = file.to_str().unwrap();
    let tshark = |filter: &str| {
        let decode: Vec<_> =
            ports.iter().map(|port| format!("udp.port=={port},collectd")).collect();
        let mut args = vec!["-r", file, "-O", "collectd"];
        args.extend(decode.iter().flat_map(|decode| ["-d", decode.as_str()]));
        args.extend(["-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
        args.extend([
            "-Y",
            filter,
            "-T",
            "fields",
            "-e",
            "collectd.data.valcnt",
            "-e",
            "frame.number",
        ]);
        wireshark("tshark", &args).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(tshark("udp").len(), 42);
    assert_eq!(tshark("collectd && udp.length < 65515").len(), 40);
    let lists: usize = tshark("collectd.data.valcnt")
        .iter()
        .map(|line| {
            let counts = line.split('\t').next().unwrap();
            counts.split(',').map(|count| count.parse::<usize>().unwrap()).sum::<usize>()
        })
        .sum();
    let values = |datagram: &Vec<u8>| {
        let mut count = 0;
        collectoscope::wire::decode(datagram, &mut |event| {
            if let collectoscope::wire::Event::Values(list) = event {
                count += list.values.len();
            }
        });
        count
    };
    assert_eq!(lists, 2 * sent.iter().map(values).sum::<usize>());
    let wrong = "udp.checksum.status == 0 || ip.checksum.status == 0 || \
                 (_ws.malformed && udp.length < 65515)";
    assert!(tshark(wrong).is_empty(), "{:?}", tshark(wrong));
    assert_eq!(tshark("udp.checksum.status == 1").len(), 42);
}

#[test]
fn what_wiresharks_tools_make_of_a_capture_lists_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plain, ipv6) = (data("plain.pcap"), data("ipv6.pcap"));
    let [plain, ipv6] = [&plain, &ipv6].map(|path| path.to_str().unwrap());
    let lines = |file: &str| {
        let output = dump(&["--read", file]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        stdout_lines(&output)
    };
    let wanted = lines(plain);
    for format in ["pcapng", "nsecpcap", "pcap"] {
        let file = path(format);
        wireshark("editcap", &["-F", format, plain, &file]);
        assert!(lines(&file) == wanted, "{format}");
    }
    // A recording has another link type.
    let raw = path("raw.pcap");
    fs::write(&raw, pcap(&vec![hex(LIST); 3])).unwrap();
    let merged = path("merged.pcapng");
    wireshark("mergecap", &["-a", "-F", "pcapng", "-w", &merged, plain, &raw, ipv6]);
    assert!(lines(&merged) == [wanted, lines(&raw), lines(ipv6)].concat());
    wireshark("mergecap", &["-F", "pcapng", "-w", &merged, plain, ipv6]);
    let (mut found, mut both) = (lines(&merged), [lines(plain), lines(ipv6)].concat());
    found.sort_unstable();
    both.sort_unstable();
    assert!(found == both);
}

#[test]
fn fragments_that_a_kernel_made_are_put_together_over_each_link_and_family() {
    let wanted = datagrams(&data("plain.pcap"))[..2].concat();
    let found = recorded(&data("fragments.pcapng"), &[]);
    let (v4, v6) = ("127.0.0.1:4000".parse().unwrap(), "[::1]:4000".parse().unwrap());
    let senders: Vec<SocketAddr> = found.iter().map(|(sender, ..)| *sender).collect();
    assert_eq!(senders, [v4, v6, v4, v6]);
    assert!(found.iter().all(|(_, to, bytes)| *bytes == wanted && to.port() == 25_826));
    let output = dump_data("fragments.pcapng", &[]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn an_encrypted_capture_is_replayed_with_the_right_passwords() {
    let values = |auth_file: Option<PathBuf>| {
        let capture = Capture::open(&data("encrypted.pcap")).unwrap();
        let (outlet, intake) = Outlet::new(8, Box::new(|| {}));
        let all = ReplayOptions { auth_file, ..options(capture, Speed::Max) };
        let Replaying { running: _running, .. } = replay::start(all, outlet).unwrap();
        ended(&intake);
        std::iter::from_fn(|| intake.next()).map(|batch| batch.values.len()).sum::<usize>()
    };
    // From the listing of the capture.
    assert_eq!(values(Some(data("authfile"))), 2_946);
    assert_eq!(values(None), 0);
}

#[test]
fn a_recording_that_is_killed_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("killed.pcap");
    let program = Running::record(&file, &[]);
    let (to, sent) = (program.addresses[0], datagrams(&data("plain.pcap")));
    send(&UdpSocket::bind("127.0.0.1:0").unwrap(), to, &sent);
    until_recorded(&file, to.port(), sent.len());
    program.signal(Signal::SIGKILL);
    assert_eq!(program.end().0, None);
    let payloads: Vec<_> = recorded(&file, &[to.port()]).into_iter().map(|one| one.2).collect();
    assert!(payloads == sent);
}

#[test]
fn a_signal_ends_a_recording_with_its_sum() {
    let folder = tempfile::tempdir().unwrap();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let file = folder.path().join(signal.as_str());
        let program = Running::record(&file, &[]);
        let to = program.addresses[0];
        send(&UdpSocket::bind("127.0.0.1:0").unwrap(), to, &[hex(LIST)]);
        until_recorded(&file, to.port(), 1);
        program.signal(signal);
        let sum = "collectoscope: recorded 1 datagram, 61 bytes; 0 lost in the kernel\n";
        assert_eq!(program.end(), (Some(0), sum.to_owned()));
    }
}

#[test]
fn a_signal_ends_dump_with_its_summary() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut command = collectoscope();
        let mut program =
            Running::start(command.arg("dump").stdout(Stdio::piped()), &["127.0.0.1:0"]);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        send(&socket, program.addresses[0], &[b"\0\0\0\x01".to_vec(), hex(LIST)]);
        let mut lines = BufReader::new(program.child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), LINE);
        program.signal(signal);
        let (code, said) = program.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.ends_with("collectoscope: 1 fault from 127.0.0.1\n"), "{said}");
    }
}

#[test]
fn a_recording_ends_when_its_time_is_up_and_does_not_begin_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("some.pcap");
    assert_eq!(Running::record(&file, &["--for", "0.2"]).end().0, Some(0));
    assert_eq!(fs::metadata(&file).unwrap().len(), 24);
    fs::write(&file, "precious").unwrap();
    let output = collectoscope().arg("record").arg(&file).args(["--for", "0.2"]).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("is there already and is not overwritten") && said.contains("--force"));
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    assert_eq!(Running::record(&file, &["--for", "0.2", "--force"]).end().0, Some(0));
    assert_eq!(fs::metadata(&file).unwrap().len(), 24);
}

#[test]
fn a_full_disk_ends_a_recording_with_a_sentence_and_leaves_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, kept) = (folder.path().join("disk"), folder.path().join("kept.pcap"));
    fs::create_dir(&disk).unwrap();
    // The disk ends with the test: what was on it is kept outside. Where / is no mount point (a
    // bare chroot) it cannot be kept from the mounts outside, so it is unmounted too.
    let script = "mount --make-rslave / 2>/dev/null
        mount -t tmpfs -o size=64k none \"$1\" || exit
        disk=$1; kept=$2; shift 2; \"$@\"; status=$?; cp \"$3\" \"$kept\"
        umount \"$disk\"; exit $status";
    let is_root = nix::unistd::geteuid().is_root();
    let mut command = Command::new("unshare");
    command.args([if is_root { "-m" } else { "-rm" }, "--propagation", "unchanged"]);
    command.args(["sh", "-c", script, "sh"]);
    command.arg(&disk).arg(&kept).arg(env!("CARGO_BIN_EXE_collectoscope"));
    command.arg("record").arg(disk.join("some.pcap")).env("XDG_CONFIG_HOME", &disk);
    let program = Running::start(&mut command, &["127.0.0.1:0"]);
    let (to, sent) = (program.addresses[0], datagrams(&data("plain.pcap")));
    send(&UdpSocket::bind("127.0.0.1:0").unwrap(), to, &sent);
    let (code, said) = program.end();
    assert_eq!(code, Some(1), "{said}");
    let found: Vec<_> = recorded(&kept, &[]).into_iter().map(|one| one.2).collect();
    assert!(found.len() > 30 && found == sent[..found.len()], "{}", found.len());
    let words = format!(
        "cannot record on: no space left on device; the {} datagrams before it are \
         kept, to {}",
        found.len(),
        disk.join("some.pcap").display()
    );
    assert!(said.contains(&words), "{words:?} is not in {said}");
}

#[test]
fn a_device_without_room_is_a_failure_before_anything_is_recorded() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = collectoscope();
    command.args(["record", "-"]).stdout(full);
    let (code, said) = Running::start(&mut command, &["127.0.0.1:0"]).end();
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot record: no space left on device"), "{said}");
    assert!(said.ends_with(", to standard output\n"), "{said}");
}

#[test]
fn a_recording_through_a_pipe_is_read_as_it_is_made_and_ends_quietly_with_its_reader() {
    let mut command = collectoscope();
    let mut program =
        Running::start(command.args(["record", "-"]).stdout(Stdio::piped()), &["127.0.0.1:0"]);
    let to = program.addresses[0];
    let mut reader = collectoscope()
        .args(["dump", "--count", "1", "--read", "-"])
        .stdin(program.child.stdout.take().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    send(&socket, to, &[hex(LIST)]);
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), LINE);
    assert!(reader.wait().unwrap().success());
    send(&socket, to, &[hex(LIST)]);
    let sum = "collectoscope: recorded 1 datagram, 61 bytes; 0 lost in the kernel\n";
    assert_eq!(program.end(), (Some(0), sum.to_owned()));
}

/// `dump --read -`, its standard input, and its lines as they come.
fn dump_stdin() -> (Child, ChildStdin, io::Lines<BufReader<std::process::ChildStdout>>) {
    let mut child = collectoscope()
        .args(["dump", "--read", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let stdin = child.stdin.take().unwrap();
    (child, stdin, lines)
}

#[test]
fn a_datagram_is_printed_as_soon_as_its_packet_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let classic = pcap(&vec![hex(LIST); 3]);
    let (from, to) = (folder.path().join("some.pcap"), folder.path().join("some.pcapng"));
    fs::write(&from, &classic).unwrap();
    wireshark("editcap", &["-F", "pcapng", from.to_str().unwrap(), to.to_str().unwrap()]);
    for file in [classic, fs::read(&to).unwrap()] {
        let (mut child, mut stdin, mut lines) = dump_stdin();
        // All but the last byte of the second packet's record, and more than all of the first's.
        let (start, rest) = file.split_at(file.len() - 120);
        stdin.write_all(start).unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), LINE);
        stdin.write_all(rest).unwrap();
        for _ in 0..2 {
            assert_eq!(lines.next().unwrap().unwrap(), LINE);
        }
        assert!(child.try_wait().unwrap().is_none());
        drop(stdin);
        assert!(lines.next().is_none() && child.wait().unwrap().success());
    }
}

#[test]
fn a_signal_ends_the_reading_of_a_pipe_that_stays_open() {
    let (child, mut stdin, mut lines) = dump_stdin();
    stdin.write_all(&pcap(&[hex(LIST)])).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), LINE);
    kill(nix::unistd::Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    drop(stdin);
}

#[test]
fn a_pipe_that_ends_inside_a_packet_gives_what_was_there_and_says_so() {
    let (child, mut stdin, mut lines) = dump_stdin();
    let file = pcap(&vec![hex(LIST); 3]);
    stdin.write_all(&file[..file.len() - 1]).unwrap();
    drop(stdin);
    assert_eq!(lines.by_ref().map_while(Result::ok).collect::<Vec<_>>(), [LINE, LINE]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let words = "the capture is cut short: it ends inside packet 3, the ones before were read, in \
                 standard input";
    assert!(said.contains(words), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn only_the_ports_asked_for_are_read() {
    let plain = data("plain.pcap");
    let path = plain.to_str().unwrap();
    let count = |args: &[&str]| stdout_lines(&dump(&[&["--read", path], args].concat())).len();
    assert_eq!(count(&["--port", "25826"]), count(&[]));
    assert_eq!(count(&["--port", "25826", "--port", "1"]), count(&[]));
    assert_eq!(count(&["--port", "25827"]), 0);
}

#[test]
fn without_a_display_a_capture_is_printed_instead() {
    let plain = data("plain.pcap");
    let output = collectoscope().arg("--read").arg(&plain).args(["--speed", "1"]).output().unwrap();
    assert_eq!(stdout_lines(&output), stdout_lines(&dump_data("plain.pcap", &[])));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("carrying on without a window, as: collectoscope dump --read"), "{said}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_capture_that_cannot_be_opened_is_a_failure_before_any_window() {
    let output = collectoscope()
        .args(["--read", "/nowhere/some.pcap"])
        .env("DISPLAY", ":64999")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("collectoscope: cannot read the capture: no such file"), "{said}");
    assert!(!said.contains("window"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

/// A capture of any length: the header of a file, then its records again and again.
struct Endless {
    header: io::Cursor<Vec<u8>>,
    records: io::Cursor<Vec<u8>>,
    times: usize,
}

impl Endless {
    fn new(path: &Path, times: usize) -> Self {
        let mut file = fs::read(path).unwrap();
        let records = io::Cursor::new(file.split_off(24));
        Self { header: io::Cursor::new(file), records, times }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.header.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        let read = self.records.read(buffer)?;
        if read > 0 || self.times <= 1 {
            return Ok(read);
        }
        self.times -= 1;
        self.records.set_position(0);
        self.records.read(buffer)
    }
}

/// How a replay ended.
fn ended(intake: &Intake) -> Replay {
    let end = until("the end", || intake.status().filter(Status::is_over));
    end.replay.unwrap()
}

fn options(capture: Capture, speed: Speed) -> ReplayOptions {
    let (level, limits) = (SecurityLevel::None, Limits::default());
    ReplayOptions { capture, speed, auth_file: None, level, limits }
}

#[test]
fn a_hundred_megabytes_read_at_once_come_through_a_slow_channel_without_a_loss() {
    let plain = data("plain.pcap");
    let times = 100_000_000 / usize::try_from(fs::metadata(&plain).unwrap().len()).unwrap() + 1;
    let reader = Box::new(Endless::new(&plain, times));
    let capture = Capture::read(&PathBuf::from("large.pcap"), reader).unwrap();
    let (outlet, intake) = Outlet::new(1, Box::new(|| {}));
    let Replaying { running: _running, .. } =
        replay::start(options(capture, Speed::Max), outlet).unwrap();
    let (mut values, mut datagrams) = (0, 0);
    while let Some(batch) = intake.wait(PATIENCE) {
        assert_eq!((batch.dropped_values, batch.refused_lists), (0, 0));
        values += batch.values.len();
        datagrams += batch.senders.iter().map(|delta| delta.datagrams).sum::<u64>();
        intake.give_back(batch);
    }
    // From the listing of the capture.
    let times = times as u64;
    assert_eq!((values as u64, datagrams), (7_410 * times, 250 * times));
    let replay = intake.status().unwrap().replay.unwrap();
    assert_eq!((replay.packets, replay.error), (Some(250 * times), None));
}

/// A pcap of [`LIST`] that arrives at these milliseconds.
fn at_millis(times: &[u32]) -> Vec<u8> {
    let mut file = pcap(&vec![hex(LIST); times.len()]);
    let record = (file.len() - 24) / times.len();
    for (number, millis) in times.iter().enumerate() {
        let at = 24 + number * record;
        let micros = (millis % 1_000) * 1_000;
        let secs = 1_795_426_812 + millis / 1_000;
        file[at..at + 4].copy_from_slice(&secs.to_le_bytes());
        file[at + 4..at + 8].copy_from_slice(&micros.to_le_bytes());
    }
    file
}

#[test]
fn a_paced_replay_waits_as_the_capture_did_and_its_clock_runs_as_fast() {
    let file = io::Cursor::new(at_millis(&[0, 0, 4_000]));
    let capture = Capture::read(Path::new("some.pcap"), Box::new(file)).unwrap();
    let (outlet, intake) = Outlet::new(8, Box::new(|| {}));
    let start = Instant::now();
    let Replaying { running: _running, clock, .. } =
        replay::start(options(capture, Speed::Times(10.0)), outlet).unwrap();
    let first = intake.wait(PATIENCE).unwrap();
    let replay = intake.status().unwrap().replay.unwrap();
    assert_eq!((first.rows.len(), replay.stage), (2, Stage::Reading));
    let second = intake.wait(PATIENCE).unwrap();
    let took = start.elapsed();
    assert_eq!(second.rows.len(), 1);
    assert!(took >= Duration::from_millis(400), "{took:?}");
    let end = ended(&intake);
    // It stands at the last packet.
    assert_eq!(clock.now().to_string(), "1795426816");
    assert_eq!(end.stage, Stage::Ended);
}

#[test]
fn the_clock_of_a_paced_replay_is_between_the_packets_meanwhile() {
    let file = io::Cursor::new(at_millis(&[0, 3_600_000]));
    let capture = Capture::read(Path::new("some.pcap"), Box::new(file)).unwrap();
    let (outlet, intake) = Outlet::new(8, Box::new(|| {}));
    let Replaying { running, clock, .. } =
        replay::start(options(capture, Speed::Times(100.0)), outlet).unwrap();
    intake.wait(PATIENCE).unwrap();
    let start = intake.status().unwrap().replay.unwrap().first.unwrap();
    let (before, first) = (Instant::now(), clock.now());
    std::thread::sleep(Duration::from_millis(100));
    let (second, took) = (clock.now(), before.elapsed());
    let passed = second.secs_from(first);
    assert!(first >= start && passed >= 10.0, "{passed}");
    assert!(passed <= 100.0 * took.as_secs_f64() + 0.1, "{passed} in {took:?}");
    // An hour is left, but nobody waits for it.
    let stopping = Instant::now();
    drop(running);
    assert!(stopping.elapsed() < PATIENCE, "{:?}", stopping.elapsed());
}

#[test]
fn the_clock_of_a_replay_at_once_is_that_of_the_last_packet_read() {
    let file = io::Cursor::new(at_millis(&[0, 3_600_000, 1_000]));
    let capture = Capture::read(Path::new("some.pcap"), Box::new(file)).unwrap();
    let (outlet, intake) = Outlet::new(8, Box::new(|| {}));
    let Replaying { running: _running, clock, .. } =
        replay::start(options(capture, Speed::Max), outlet).unwrap();
    ended(&intake);
    assert_eq!(clock.now().to_string(), "1795430412");
    // Batches hold a second at most: hosts were heard when the datagrams arrived.
    let arrivals: Vec<_> = std::iter::from_fn(|| intake.next())
        .filter(|batch| !batch.rows.is_empty())
        .map(|batch| batch.arrival.to_string())
        .collect();
    assert_eq!(arrivals, ["1795426812", "1795430412"]);
}
