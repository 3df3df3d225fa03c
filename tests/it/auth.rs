//! The AuthFile on disk, and what each security level takes through real sockets: from the real
//! daemon in every protection, with right and wrong passwords.

use crate::support::daemon::{Daemon, Plan};
use crate::support::wait::until;
use crate::support::{collectoscope, data, netns, stderr, stdout_lines};
use collectoscope::ingest::Ingest;
use collectoscope::metric::{CdTime, Identifier, Interval, Value};
use collectoscope::source::Outlet;
use collectoscope::source::auth::{AUTH_FAULTS_SHOWN_MAX, AUTH_FILE_BYTES_MAX, AuthFile};
use collectoscope::source::receiver::{Receiver, ReceiverOptions};
use collectoscope::source::udp::{UdpOptions, UdpSource};
use collectoscope::wire::{Encoder, Protection, Seal, SecurityLevel, Trust};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

const PASSWORD: &str = "a very secret password";

/// An AuthFile for its owner alone, in a folder of its own.
fn auth_file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth");
    write(&path, text);
    (folder, path)
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn lines(file: &AuthFile) -> Vec<&str> {
    file.report().lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn a_good_file_is_told_with_its_users_and_without_passwords() {
    let (_folder, path) = auth_file(&format!("# users\nalice: {PASSWORD}\nbob: {PASSWORD}\n"));
    let file = AuthFile::open(path.clone());
    assert_eq!(lines(&file), [format!("passwords of 2 users, from {}", path.display())]);
    assert!(file.is_read() && file.report().lines[0].ok && file.report().trouble.is_none());
    assert_eq!(file.keys().len(), 2);
    assert!(!format!("{file:?}").contains("secret"), "{file:?}");
}

#[test]
fn bad_lines_are_told_with_number_and_reason_and_no_password() {
    let bad = format!("alice {PASSWORD}\nbob:\ncarol: {PASSWORD}\ncarol: {PASSWORD} 2\n");
    let (_folder, path) = auth_file(&(bad + &": secret\n".repeat(10)));
    let file = AuthFile::open(path);
    let told = lines(&file).join("\n");
    for phrase in [
        "passwords of 1 user, from",
        "AuthFile line 1: no colon between user and password, line ignored, in /",
        "AuthFile line 2: no password behind the colon, line ignored",
        "AuthFile line 4: this user has a password already, line ignored",
        "8 more lines ignored",
    ] {
        assert!(told.contains(phrase), "{phrase}: {told}");
    }
    assert_eq!(file.report().lines.len(), AUTH_FAULTS_SHOWN_MAX + 2);
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn a_file_that_others_may_read_is_told_with_the_command_against_it() {
    let (_folder, path) = auth_file("alice: secret\n");
    let mut file = AuthFile::open(path.clone());
    assert_eq!(file.report().lines.len(), 1);
    for (mode, shown) in [(0o640, "0640"), (0o604, "0604"), (0o666, "0666")] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(file.look(), "a change of the mode alone is seen");
        let wanted = format!("(its mode is {shown}): chmod 600 {}", path.display());
        let warning = &file.report().lines[1];
        assert!(!warning.ok && warning.text.ends_with(&wanted), "{warning:?}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(file.look() && file.report().lines.len() == 1);
}

#[test]
fn what_is_no_auth_file_is_said_and_nobody_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let big = vec![b'#'; AUTH_FILE_BYTES_MAX + 1];
    fs::write(at("big"), big).unwrap();
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
    for (path, phrase) in [
        (at("missing"), "there is no such file, /"),
        (folder.path().to_owned(), "it is a folder; name the file in it, /"),
        (at("big"), "it has more than 1 MiB, is it an AuthFile?"),
        (at("pipe"), "it is not a regular file; write the passwords to one with mode 600"),
        (at("loop"), "too many symbolic links encountered"),
    ] {
        let mut file = AuthFile::open(path.clone());
        let told = lines(&file).join("\n");
        assert!(told.contains(phrase) && told.contains(&*path.to_string_lossy()), "{told}");
        let start = "cannot read the AuthFile, nothing signed or encrypted is accepted: ";
        assert!(told.starts_with(start), "{told}");
        assert_eq!(file.report().trouble, Some("AuthFile not read"));
        assert!(!file.is_read() && file.keys().is_empty());
        assert!(!file.look(), "it is said once");
    }
}

#[test]
fn a_file_that_may_not_be_read_is_said() {
    let check = || {
        let (folder, path) = auth_file("alice: secret\n");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
        let user = nix::unistd::geteuid();
        if user.is_root() {
            nix::unistd::seteuid(65_534.into()).unwrap();
        }
        let file = AuthFile::open(path);
        nix::unistd::seteuid(user).unwrap();
        assert!(lines(&file)[0].contains("this user may not read it"), "{:?}", lines(&file));
    };
    // Root may read everything: in a process of its own it becomes somebody else.
    match nix::unistd::geteuid().is_root() {
        true => netns::inside("auth::a_file_that_may_not_be_read_is_said", check),
        false => check(),
    }
}

#[test]
fn an_empty_file_is_told_to_accept_nothing() {
    let (_folder, path) = auth_file("# nobody yet\n\n");
    let file = AuthFile::open(path);
    assert!(lines(&file)[0].starts_with("the AuthFile names no user, nothing signed or encrypted"));
    assert_eq!(file.report().trouble, Some("AuthFile without users"));
    assert!(file.is_read() && file.keys().is_empty());
}

#[test]
fn every_change_of_the_file_is_read() {
    let (folder, path) = auth_file("alice: secret\n");
    let mut file = AuthFile::open(path.clone());
    let users = |file: &AuthFile| -> String {
        ["alice", "bob", "carol"]
            .iter()
            .filter(|user| file.keys().knows(user.as_bytes()))
            .copied()
            .collect()
    };
    assert_eq!(users(&file), "alice");
    // In place, with the same length, at once.
    write(&path, "carol: secret\n");
    assert!(file.look());
    assert_eq!(users(&file), "carol");
    // Another file in its place, with an older time.
    let other = folder.path().join("other");
    write(&other, "bob: secret\n");
    let old = SystemTime::now() - Duration::from_secs(86_400);
    fs::File::options().write(true).open(&other).unwrap().set_modified(old).unwrap();
    fs::rename(&other, &path).unwrap();
    assert!(file.look());
    assert_eq!(users(&file), "bob");
    assert!(!file.look(), "nothing changed");
    // Gone: the old ones stay, as in the daemon, and that is said once.
    fs::remove_file(&path).unwrap();
    assert!(file.look());
    assert!(lines(&file)[0].starts_with("cannot read the AuthFile again, its old passwords stay"));
    assert_eq!((users(&file), file.look()), ("bob".into(), false));
    write(&path, "alice: secret\nbob: other\n");
    assert!(file.look());
    assert_eq!(users(&file), "alicebob");
    assert_eq!(file.report().trouble, None);
}

/// `Server` lines of one daemon to each of `ports`, protected as asked.
fn servers(ports: &[u16], level: &str, password: &str) -> String {
    let secrets = match level {
        "None" => String::new(),
        _ => format!("Username \"alice\"\nPassword \"{password}\"\n"),
    };
    let server = |port| {
        format!(
            "<Server \"127.0.0.1\" \"{port}\">\nSecurityLevel \"{level}\"\n{secrets}</Server>\n"
        )
    };
    ports.iter().map(server).collect()
}

/// What listeners of all levels have taken, by level and host.
struct Levels {
    source: UdpSource,
    ingests: BTreeMap<SecurityLevel, Ingest>,
    taken: BTreeMap<(SecurityLevel, String), Trust>,
    /// Datagrams, and lists taken.
    heard: BTreeMap<(SecurityLevel, SocketAddr), u64>,
}

const LEVELS: [SecurityLevel; 3] =
    [SecurityLevel::None, SecurityLevel::Sign, SecurityLevel::Encrypt];

impl Levels {
    fn open(auth: Option<&AuthFile>) -> Self {
        let listen = LEVELS.map(|level| format!("127.0.0.1:0,{level}").parse().unwrap()).into();
        let ingests = LEVELS.map(|level| {
            let mut ingest = Ingest::new();
            ingest.set_keys(auth.map(AuthFile::keys));
            (level, ingest)
        });
        Self {
            source: UdpSource::open(&UdpOptions { listen, ..UdpOptions::default() }),
            ingests: ingests.into(),
            taken: BTreeMap::new(),
            heard: BTreeMap::new(),
        }
    }

    fn ports(&self) -> Vec<u16> {
        self.source.reports().iter().map(|report| report.bound.unwrap().port()).collect()
    }

    fn receive(&mut self, hosts: &mut BTreeMap<SecurityLevel, Vec<Identifier>>) {
        let Self { source, ingests, taken, heard } = self;
        source
            .receive(Duration::from_millis(50), &mut |datagram| {
                let ingest = ingests.get_mut(&datagram.level).unwrap();
                let (sender, arrival) = (datagram.sender, datagram.arrival);
                ingest.datagram(datagram.bytes, sender, arrival, datagram.level);
                *heard.entry((datagram.level, sender)).or_default() += 1;
            })
            .unwrap();
        for (level, ingest) in ingests {
            let batch = ingest.take(None);
            let known = hosts.entry(*level).or_default();
            known.extend(batch.announced.into_iter().map(|announced| announced.identifier));
            for row in batch.rows {
                let host = known[row.list.0 as usize].host.to_string();
                let trust = taken.entry((*level, host)).or_insert(row.trust);
                assert_eq!(*trust, row.trust);
            }
        }
    }
}

/// The table of what a listener takes, from the daemon's own behaviour as a server.
fn expected(with_keys: bool) -> BTreeMap<(SecurityLevel, String), Trust> {
    use SecurityLevel::{Encrypt, None, Sign};
    let rows: &[_] = if with_keys {
        &[
            (None, "plain", Trust::Plain),
            (None, "signed", Trust::Signed),
            (None, "encrypted", Trust::Encrypted),
            (Sign, "signed", Trust::Signed),
            (Sign, "encrypted", Trust::Encrypted),
            (Encrypt, "encrypted", Trust::Encrypted),
        ]
    } else {
        &[
            (None, "plain", Trust::Plain),
            (None, "signed", Trust::Unverified),
            (None, "signed-wrong", Trust::Unverified),
        ]
    };
    rows.iter().map(|(level, host, trust)| ((*level, (*host).to_owned()), *trust)).collect()
}

#[test]
fn each_level_takes_from_the_daemon_what_the_daemon_would_take() {
    let (_folder, path) = auth_file(&format!("alice: {PASSWORD}\n"));
    let file = AuthFile::open(path);
    let mut both = [Levels::open(Some(&file)), Levels::open(None)];
    let ports: Vec<u16> = both.iter().flat_map(Levels::ports).collect();
    let _daemons: Vec<Daemon> = [
        ("plain", "None", ""),
        ("signed", "Sign", PASSWORD),
        ("encrypted", "Encrypt", PASSWORD),
        ("signed-wrong", "Sign", "wrong"),
        ("encrypted-wrong", "Encrypt", "wrong"),
    ]
    .iter()
    .map(|(host, level, password)| {
        let network = servers(&ports, level, password);
        Daemon::start(&Plan { host, plugins: &["load", "memory", "uptime"], network })
    })
    .collect();
    let mut hosts = [BTreeMap::new(), BTreeMap::new()];
    until("three datagrams of each of five daemons to each of six listeners", || {
        for (levels, hosts) in both.iter_mut().zip(&mut hosts) {
            levels.receive(hosts);
        }
        let enough = both.iter().map(|levels| levels.heard.values().filter(|&&n| n >= 3).count());
        (enough.sum::<usize>() == 5 * 6).then_some(())
    });
    for (levels, with_keys) in both.iter().zip([true, false]) {
        assert_eq!(levels.taken, expected(with_keys), "with keys: {with_keys}");
    }
}

/// A sender whose datagrams are encrypted by `password`.
struct Encrypting {
    seal: Seal,
    socket: UdpSocket,
    to: SocketAddr,
    count: u64,
}

impl Encrypting {
    fn new(to: SocketAddr, password: &str) -> Self {
        let seal = Seal::new(Protection::Encrypted, b"alice", password.as_bytes()).unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { seal, socket, to, count: 0 }
    }

    fn send(&mut self) {
        let identifier = Identifier::new("own", "test", "", "gauge", "");
        self.count += 1;
        let time = CdTime::from_secs(1_800_000_000 + self.count);
        let values = [Value::Gauge(1.5)];
        let mut encoder = Encoder::new(1_452 - self.seal.overhead_bytes());
        let mut plain = Vec::new();
        let mut keep = |bytes: &[u8]| plain.extend_from_slice(bytes);
        let interval = Interval::from_secs(1);
        encoder.push(&identifier.names(), time, interval, &values, &mut keep).unwrap();
        encoder.flush(&mut keep);
        let mut sealed = Vec::new();
        self.seal.seal(&plain, &[7; 16], &mut sealed);
        self.socket.send_to(&sealed, self.to).unwrap();
    }
}

#[test]
fn values_flow_once_the_right_password_was_written() {
    let (folder, path) = auth_file("alice: wrong\n");
    let listen = vec!["127.0.0.1:0,encrypt".parse().unwrap()];
    let udp = UdpOptions { listen, ..UdpOptions::default() };
    let auth_file = Some(path.clone());
    let receiver = Receiver::open(ReceiverOptions { udp, auth_file, ..ReceiverOptions::default() });
    let at = receiver.reports()[0].bound.unwrap();
    let mut sender = Encrypting::new(at, PASSWORD);
    let (outlet, intake) = Outlet::new(4, Box::new(|| {}));
    let _running = receiver.start(outlet).unwrap();
    let refused = |batch: &collectoscope::ingest::Batch| {
        batch.senders.iter().map(|delta| delta.faults).sum::<u64>()
    };
    until("a datagram refused", || {
        sender.send();
        let batch = intake.wait(Duration::from_millis(20))?;
        assert!(batch.rows.is_empty());
        (refused(&batch) > 0).then_some(())
    });
    let new = folder.path().join("new");
    write(&new, &format!("alice: {PASSWORD}\nbob: x\n"));
    fs::rename(&new, &path).unwrap();
    until("a value", || {
        sender.send();
        let batch = intake.wait(Duration::from_millis(20))?;
        (!batch.rows.is_empty()).then_some(())
    });
    until("the new file reported", || {
        let lines = intake.status()?.lines;
        lines.iter().any(|line| line.text.starts_with("passwords of 2 users")).then_some(())
    });
}

#[test]
fn dump_takes_what_the_daemon_encrypts_once_the_password_is_right() {
    let (_folder, path) = auth_file("alice: wrong\n");
    let out = tempfile::NamedTempFile::new().unwrap();
    let err = tempfile::NamedTempFile::new().unwrap();
    let mut dump = collectoscope()
        .args(["dump", "--listen", "127.0.0.1:0", "--security", "encrypt", "--for", "60"])
        .arg("--auth-file")
        .arg(&path)
        .stdout(out.reopen().unwrap())
        .stderr(err.reopen().unwrap())
        .spawn()
        .unwrap();
    let told = || fs::read_to_string(err.path()).unwrap();
    let port = until("a port", || {
        let text = told();
        let (_, rest) = text.split_once("listening on udp 127.0.0.1:")?;
        rest.split_once(',')?.0.parse().ok()
    });
    let plugins = &["cpu", "processes", "memory", "interface", "contextswitch", "load"];
    let plan = |network| Plan { host: "sealed", plugins, network };
    let _sealed = Daemon::start(&plan(servers(&[port], "Encrypt", PASSWORD)));
    let _signed = Daemon::start(&plan(servers(&[port], "Sign", PASSWORD)));
    until("the wrong password told", || {
        told().contains("user alice: not read, the checksum does not match").then_some(())
    });
    assert_eq!(fs::read_to_string(out.path()).unwrap(), "");
    write(&path, &format!("alice: {PASSWORD}\n"));
    // Within 2 s the password counts; the daemon sends when its buffer is full.
    until("values printed", || {
        fs::read_to_string(out.path()).unwrap().contains("sealed/").then_some(())
    });
    fs::remove_file(&path).unwrap();
    until("the missing file told", || {
        told().contains("cannot read the AuthFile again, its old passwords stay").then_some(())
    });
    dump.kill().unwrap();
    dump.wait().unwrap();
    assert!(!told().contains(PASSWORD), "{}", told());
}

#[test]
fn dump_of_a_capture_that_is_still_written_takes_new_passwords() {
    let (_folder, path) = auth_file("nobody: knows\n");
    let out = tempfile::NamedTempFile::new().unwrap();
    let mut dump = collectoscope()
        .args(["dump", "--read", "-", "--auth-file"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(out.reopen().unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let capture = fs::read(data("encrypted.pcap")).unwrap();
    let (header, packets) = capture.split_at(24);
    let mut stdin = dump.stdin.take().unwrap();
    stdin.write_all(header).unwrap();
    stdin.write_all(packets).unwrap();
    fs::write(&path, fs::read(data("authfile")).unwrap()).unwrap();
    until("values printed", || {
        stdin.write_all(packets).unwrap();
        (fs::metadata(out.path()).unwrap().len() > 0).then_some(())
    });
    drop(stdin);
    assert!(dump.wait().unwrap().success());
}

#[test]
fn dump_without_its_auth_file_ends_with_a_sentence() {
    let capture = data("encrypted.pcap");
    let capture = capture.to_str().unwrap();
    for arguments in [["--listen", "127.0.0.1:0"], ["--read", capture]] {
        let output = collectoscope()
            .args(["dump", "--for", "1", "--auth-file", "/nothing/here"])
            .args(arguments)
            .output()
            .unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("there is no such file, /nothing/here"), "{told}");
    }
}

#[test]
fn a_level_without_an_auth_file_is_refused_with_a_sentence() {
    for (arguments, option) in [
        (&["--security", "sign"][..], "--security sign"),
        (&["dump", "--for", "1", "--security", "encrypt"], "--security encrypt"),
        (&["dump", "--for", "1", "--listen", "[::1]:0,sign"], "--listen [::1]:0,sign"),
    ] {
        let output = collectoscope().args(arguments).output().unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(&format!("{option} needs --auth-file FILE: ")), "{told}");
        assert!(told.contains("nothing would ever be accepted"), "{told}");
        assert!(stdout_lines(&output).is_empty());
    }
}
