//! The configuration as a user writes it: what of it holds, what is said of it, and what goes
//! before it.

use crate::support::wait::end;
use crate::support::{collectoscope, data, stderr, stdout_lines};
use std::fs::{self, File};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

/// A user with a configuration of their own.
struct User(tempfile::TempDir);

impl User {
    fn new(text: &str) -> Self {
        let user = Self::without();
        user.write("config.toml", text);
        user
    }

    fn without() -> Self {
        let user = Self(tempfile::tempdir().unwrap());
        fs::create_dir(user.0.path().join("collectoscope")).unwrap();
        user
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("collectoscope").join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = collectoscope();
        command.env("XDG_CONFIG_HOME", self.0.path()).args(args).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

fn capture() -> String {
    format!("source = \"file:{}\"\n", data("plain.pcap").display())
}

#[test]
fn mistakes_are_named_with_their_line_and_the_rest_holds_for_every_command() {
    let user = User::new(&format!("memroy = 512\nmemory = 5\n{}", capture()));
    let path = user.path("config.toml");
    let path = path.display();
    let said = format!(
        "collectoscope: cannot use \"memroy\" in line 1 of {path}: there is no such key; did you \
         mean \"memory\"?\n\
         collectoscope: cannot use memory = 5 in line 2 of {path}: not a number of MiB from 16 to \
         1048576\n"
    );
    let dumped = user.run(&["dump", "--count", "1"]);
    assert_eq!((stderr(&dumped), dumped.status.code()), (&*said, Some(0)));
    assert_eq!(stdout_lines(&dumped).len(), 1);
    let to = user.path("again.pcap");
    let recorded = user.run(&["record", to.to_str().unwrap()]);
    assert!(stderr(&recorded).starts_with(&said), "{}", stderr(&recorded));
    assert!(fs::metadata(to).unwrap().len() > 100_000);
    let shown = user.run(&["show", "config"]);
    assert_eq!((stderr(&shown), shown.status.code()), (&*said, Some(0)));
    // Where no window can open.
    let window = user.run(&[]);
    assert!(stderr(&window).starts_with(&said), "{}", stderr(&window));
    assert!(stdout_lines(&window).len() > 1_000);
}

#[test]
fn an_option_goes_before_the_configuration() {
    let user = User::new(&capture());
    let other = data("notifications.pcap");
    let lines = |args: &[&str]| stdout_lines(&user.run(&[&["dump"], args].concat()));
    let of_other = lines(&["--read", other.to_str().unwrap()]);
    assert!(!of_other.is_empty() && of_other.iter().all(|line| !line.contains(" web-01/")));
    let listening = user.run(&["dump", "--listen", "127.0.0.1:0", "--for", "0.2"]);
    assert!(listening.stdout.is_empty());
    assert!(stderr(&listening).contains("listening on"), "{}", stderr(&listening));
    // Each file named by hand is used instead of the user's, not beside it.
    user.write("other.toml", format!("source = \"file:{}\"", other.display()));
    let named = lines(&["--config", user.path("other.toml").to_str().unwrap()]);
    assert_eq!(named, of_other);
}

#[test]
fn addresses_and_paths_of_the_configuration_are_used() {
    let folder = data("");
    let user = User::without();
    fs::copy(folder.join("encrypted.pcap"), user.path("some.pcap")).unwrap();
    fs::copy(folder.join("authfile"), user.path("keys")).unwrap();
    fs::set_permissions(user.path("keys"), fs::Permissions::from_mode(0o600)).unwrap();
    user.write(
        "config.toml",
        "source = 'file:some.pcap'\nauth_file = 'keys'\nsecurity = 'encrypt'",
    );
    let dumped = user.run(&["dump"]);
    assert_eq!((stderr(&dumped), dumped.status.code()), ("", Some(0)));
    assert!(stdout_lines(&dumped).len() > 1_000);
    let refused = user.run(&["dump", "--read", data("signed.pcap").to_str().unwrap()]);
    assert!(refused.stdout.is_empty(), "{}", stderr(&refused));
    let taken =
        user.run(&["dump", "--security", "sign", "--read", data("signed.pcap").to_str().unwrap()]);
    assert!(stdout_lines(&taken).len() > 1_000);
    user.write("config.toml", "security = 'encrypt'");
    let shut = user.run(&["dump", "--for", "0.2"]);
    assert_eq!((shut.status.code(), shut.stdout.len()), (Some(1), 0));
    assert!(stderr(&shut).contains("needs --auth-file FILE"), "{}", stderr(&shut));
    user.write("config.toml", "listen = ['127.0.0.1:0', '[::1]:0']");
    let listening = user.run(&["dump", "--for", "0.2"]);
    assert_eq!(stderr(&listening).matches("listening on").count(), 2, "{}", stderr(&listening));
}

#[test]
fn what_is_sent_is_signed_by_the_configured_passwords() {
    let user = User::new("auth_file = 'keys'\ntypes_db = 'types.db'\nsecurity = 'none'\n");
    user.write("keys", "alice: pass\n");
    user.write("types.db", "door value:GAUGE:0:1\n");
    fs::set_permissions(user.path("keys"), fs::Permissions::from_mode(0o600)).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = socket.local_addr().unwrap().to_string();
    user.write("line", "PUTVAL h/p/door N:1\n");
    let mut command = user.command(&["send", &to, "--user", "alice", "--security", "sign"]);
    let output = command.stdin(File::open(user.path("line")).unwrap()).output().unwrap();
    assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
    let mut bytes = [0; 2_000];
    let (count, _) = socket.recv_from(&mut bytes).unwrap();
    assert_eq!(bytes[..2], [2, 0], "a signature");
    assert!(bytes[..count].windows(5).any(|name| name == b"door\0"));
    // Without a user nothing is signed, and nothing is said of passwords.
    let mut command = user.command(&["send", &to]);
    let output = command.stdin(File::open(user.path("line")).unwrap()).output().unwrap();
    assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
    let alone = user.run(&["send", &to, "--user", "alice"]);
    assert_eq!(alone.status.code(), Some(2), "{}", stderr(&alone));
}

#[test]
fn a_file_named_by_hand_that_cannot_be_read_is_a_wrong_argument() {
    let user = User::without();
    user.write("capture", fs::read(data("plain.pcap")).unwrap());
    nix::unistd::mkfifo(&user.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    File::create(user.path("large")).unwrap().set_len(100 << 20).unwrap();
    for (name, why) in [
        ("none.toml", "there is no such file"),
        ("", "it is a folder"),
        ("capture", "it is not UTF-8 text from line 1 on"),
        ("pipe", "it is not a regular file but a pipe"),
        ("large", "it has more than 1048576 bytes"),
    ] {
        let path = user.path(name);
        let path = path.to_str().unwrap();
        for command in [
            &[][..],
            &["dump"],
            &["record", "/dev/null/none"],
            &["send", "127.0.0.1:1"],
            &["show", "config"],
        ] {
            let output = user.run(&[command, &["--config", path]].concat());
            let said = stderr(&output);
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
            let start = format!("collectoscope: cannot read the configuration: {why}");
            assert!(said.starts_with(&start) && said.lines().count() == 1, "{said}");
        }
    }
}

#[test]
fn a_users_file_that_cannot_be_read_is_said_and_nothing_ends() {
    let dump = |user: &User| {
        let path = data("plain.pcap");
        let all = ["dump", "--count", "1", "--read", path.to_str().unwrap()];
        let output = user.run(&all);
        assert_eq!((output.status.code(), stdout_lines(&output).len()), (Some(0), 1));
        stderr(&output).to_owned()
    };
    assert_eq!(dump(&User::without()), "", "the first start");
    for empty in ["", "\n", "# nothing\n"] {
        assert_eq!(dump(&User::new(empty)), "");
    }
    let folder = User::without();
    fs::create_dir(folder.path("config.toml")).unwrap();
    let pipe = User::without();
    nix::unistd::mkfifo(&pipe.path("config.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let large = User::without();
    File::create(large.path("config.toml")).unwrap().set_len(100 << 20).unwrap();
    let latin = User::without();
    latin.write("config.toml", b"layout = \"\xe9\"");
    for (user, why) in [
        (folder, "it is a folder"),
        (pipe, "it is not a regular file but a pipe"),
        (large, "it has more than 1048576 bytes"),
        (latin, "it is not UTF-8 text from line 1 on"),
    ] {
        let said = dump(&user);
        let shown = user.run(&["show", "config"]);
        let listens =
            stdout_lines(&shown).iter().any(|line| line.starts_with("listen = [\"127.0.0.1"));
        assert!(listens, "{:?}", stdout_lines(&shown));
        let start = "collectoscope: cannot read the configuration: ";
        assert!(said.starts_with(&format!("{start}{why}")), "{said}");
        let end =
            "/collectoscope/config.toml; until that is mended only 127.0.0.1 is listened on\n";
        assert!(said.lines().count() == 1 && said.ends_with(end), "{said}");
    }
    let said = dump(&User::new("theme = \"dark\"\nmemory = 5\0 12\n"));
    assert!(said.contains("cannot read line 2 of ") && !said.contains('\0'), "{said}");
    let said = dump(&User::new("theme = \"dark\"\ntheme = \"light\"\n"));
    assert!(
        said.contains("cannot read line 2 of ") && said.contains("not TOML, duplicate key"),
        "{said}"
    );
}

#[test]
fn the_example_is_a_good_file_and_changes_nothing() {
    let user = User::without();
    let before = user.run(&["show", "config"]);
    let example = user.run(&["show", "example"]);
    assert_eq!((stderr(&example), example.status.code()), ("", Some(0)));
    user.write("config.toml", &example.stdout);
    let after = user.run(&["show", "config"]);
    assert_eq!((stderr(&after), &before.stdout), ("", &after.stdout));
    let path = user.path("config.toml");
    let checked = user.run(&["validate", path.to_str().unwrap()]);
    let good = format!("{}: good, a configuration with 0 keys", path.display());
    assert_eq!(stdout_lines(&checked), [good]);
}

#[test]
fn where_each_value_is_from_is_shown_and_no_secret_is() {
    let user = User::new("auth_file = \"keys\"\nmemory = 64\nmax_lists = 1000\n");
    user.write("keys", "alice: hunter2\n");
    user.write("settings.toml", "theme = \"light\"\nwindow_secs = 60.0\n");
    let output = user.run(&["show", "config", "--memory", "128", "--no-local"]);
    let lines = stdout_lines(&output);
    let (config, keys) = (user.path("config.toml"), user.path("keys"));
    let settings = user.path("settings.toml");
    for line in [
        format!("auth_file = \"{}\"  # {}, line 1", keys.display(), config.display()),
        "memory = 128  # --memory".into(),
        format!("max_lists = 1000  # {}, line 3", config.display()),
        "local = false  # --local, --no-local".into(),
        format!("theme = \"light\"  # kept by the window in {}", settings.display()),
        format!("window = \"1m\"  # kept by the window in {}", settings.display()),
        "security = \"none\"  # built in".into(),
    ] {
        assert!(lines.contains(&line), "{line} is not among {lines:#?}");
    }
    assert!(!lines.join("\n").contains("hunter2"));
    // What was printed is a configuration that says the same.
    user.write("printed.toml", &output.stdout);
    let printed = user.path("printed.toml");
    let again = user.run(&["show", "config", "--config", printed.to_str().unwrap()]);
    assert_eq!(stderr(&again), "");
    let values = |lines: &[String]| -> Vec<String> {
        lines.iter().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(values(&stdout_lines(&again)), values(&lines));
    // Looking changes nothing.
    user.write("settings.toml", "theme = \"pink\"\n");
    assert!(user.run(&["show", "config"]).status.success());
    assert!(settings.exists());
}

#[test]
fn each_kind_of_file_is_validated_as_what_it_is() {
    let user = User::without();
    let check = |name: &str, text: &str| {
        user.write(name, text);
        let path = user.path(name);
        let output = user.run(&["validate", path.to_str().unwrap()]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
        (output.status.code(), said.replace(&format!("{}", path.display()), "FILE"))
    };
    let layout = "version = 1\n[[tab]]\nshow = 'load'\n";
    let graph = "[[graph]]\nid = 'x'\ntitle = 'T'\nplugin = 'p'\ntype = 't'\neach = 'host'\n\
                 unit = ''\nstyle = 'line'\nline = [{}]\n";
    for (name, text, expected) in [
        ("a.toml", layout, "FILE: good, a layout with 1 tab, 1 panel\n"),
        ("f.toml", "[[tab]]\nfleet = [\"cpu\"]", "FILE: good, a layout with 1 tab, 1 table\n"),
        ("config.toml", "memory = 64\n", "FILE: good, a configuration with 1 key\n"),
        ("b.toml", graph, "FILE: good, a file of graphs with 1 graph\n"),
    ] {
        assert_eq!(check(name, text), (Some(0), expected.to_owned()));
    }
    for (name, text, lines) in [
        (
            "a.toml",
            "version = 1\n[[tab]]\nsohw = 'load'\n",
            "FILE, read as a layout:\nFILE: line 3: ",
        ),
        (
            "c.toml",
            "memory = 64\nthem = 'dark'\n",
            "FILE, read as a configuration:\ncannot use \"them\" in line 2 of FILE: there is no \
             such key; did you mean \"theme\"?\n",
        ),
        ("b.toml", "[[graph]]\nid = 'x'\n", "FILE, read as a file of graphs:\nFILE: line 1: graph"),
    ] {
        let (code, said) = check(name, text);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with(&format!("collectoscope: {lines}")), "{said}");
    }
    // Files that it names are looked at too.
    let names = "types_db = 'no.db'\ngraphs = 'g.toml'\nauth_file = 'no.passwd'\nlayout = 'No'\n";
    user.write("g.toml", "[[graph]]\nid = 'x'\n");
    let (code, said) = check("config.toml", names);
    assert_eq!(code, Some(1), "{said}");
    let folder = user.path("");
    let said = said.replace(&folder.display().to_string(), "");
    for words in [
        "cannot read types.db, its types are missing: there is no such file, in no.db",
        "graphs: line 1: graph \"x\": missing field",
        "there is no such file, no.passwd",
        "there is no layout \"No\"; there are ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    user.write("g.toml", graph);
    let (code, said) = check("config.toml", "graphs = 'g.toml'\nlayout = 'Fleet'\n");
    assert_eq!((code, &*said), (Some(0), "FILE: good, a configuration with 2 keys\n"));
    let none = user.run(&["validate", "/nowhere/at.toml"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("there is no such file"), "{}", stderr(&none));
}

#[test]
fn this_machine_is_measured_or_not_as_is_configured() {
    let printed_first = |user: &User, args: &[&str]| {
        let mut command = user.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        child.kill().unwrap();
        let _ = end(&mut child);
        line
    };
    let to = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let user = User::new(&format!("local = false\nlisten = \"{to}\"\n"));
    // Asked for all the same.
    assert!(printed_first(&user, &["--local"]).starts_with('['));
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagrams = crate::support::datagrams(&data("plain.pcap"));
    let (done, stop) = crossbeam_channel::bounded::<()>(1);
    let send = move || {
        while stop.recv_timeout(Duration::from_millis(20)).is_err() {
            sender.send_to(&datagrams[0], to).unwrap();
        }
    };
    let sending = thread::Builder::new().name("sender".into()).spawn(send).unwrap();
    let first = printed_first(&user, &[]);
    done.send(()).unwrap();
    sending.join().unwrap();
    assert!(first.contains("] web-01/") || first.contains("] db-01/"), "{first}");
}

#[test]
fn the_examples_of_the_readme_are_right() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## Configuration\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let examples = section.split("```toml\n").skip(1);
    let examples: Vec<_> = examples.map(|text| text.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    let place = collectoscope::config::Place { folder: "/f".into(), home: None };
    let read = collectoscope::config::read(&examples.concat(), &place);
    assert_eq!((read.faults, read.lines.len()), (Vec::new(), 5));
    assert_eq!(read.config.auth_file.as_deref(), Some(Path::new("/f/passwd")));
    assert_eq!(read.config.keys.unwrap().chosen().count(), 4);
}
