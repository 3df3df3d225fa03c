//! Files that the window writes, where others have made something of them.

use crate::support::desktop::Desktop;
use crate::support::wait::until;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, ExitStatus};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Opens the window for a second or two with this umask; how it ended and what it said.
fn look(desktop: &Desktop, umask: &str, args: &[&Path]) -> (ExitStatus, String) {
    let said = desktop.folder().join("said");
    let program = desktop.program();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(program.get_program());
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["--listen", "127.0.0.1:0", "--no-local", "--after", "2", "--screenshot"]);
    shell.args(args).stderr(File::create(&said).unwrap());
    let status = shell.status().unwrap();
    (status, fs::read_to_string(&said).unwrap())
}

#[test]
fn the_status_file_and_the_picture_have_their_modes_and_nothing_is_written_through_what_lies_there()
{
    let desktop = Desktop::start();
    let at = |name: &str| desktop.folder().join(name);
    // What an older version would have written to, and waited for.
    mkfifo(&at("status.json.new"), Mode::S_IRWXU).unwrap();
    for umask in ["077", "000"] {
        let (picture, status_file) = (at("picture.png"), at("status.json"));
        let args = [&picture, Path::new("--status-file"), &status_file];
        let (ended, said) = look(&desktop, umask, &args);
        assert!(ended.success(), "{said}");
        assert_eq!((mode(&picture), mode(&status_file)), (0o644, 0o644));
        let status = fs::read_to_string(&status_file).unwrap();
        assert!(serde_json::from_str::<Value>(&status).unwrap()["frames"].is_u64());
    }
    let left = fs::read_dir(desktop.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let is_ours = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".new");
    let left: Vec<_> = left.filter(is_ours).filter(|name| name != "status.json.new").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_pipe_or_a_link_in_place_of_the_status_file_stays_and_is_said_once() {
    let desktop = Desktop::start();
    let at = |name: &str| desktop.folder().join(name);
    mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
    fs::write(at("precious"), "precious").unwrap();
    symlink(at("precious"), at("link")).unwrap();
    for (name, what) in [("pipe", "a pipe"), ("link", "a link; name the file itself")] {
        let (picture, status_file) = (at("picture.png"), at(name));
        let args = [&picture, Path::new("--status-file"), &status_file];
        let (ended, said) = look(&desktop, "022", &args);
        assert!(ended.success(), "{said}");
        let sentence = format!(
            "cannot write the status file, still trying: it is not a regular file but {what}"
        );
        assert_eq!(said.matches(&sentence).count(), 1, "{said}");
        let (ended, said) = look(&desktop, "022", &[&status_file]);
        assert!(!ended.success() && said.contains("cannot save the screenshot: "), "{said}");
    }
    assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo());
    assert!(at("link").is_symlink());
    assert_eq!(fs::read_to_string(at("precious")).unwrap(), "precious");
}

#[test]
fn a_status_file_that_could_not_be_written_is_tried_again() {
    let desktop = Desktop::start();
    let (folder, said) = (desktop.folder().join("later"), desktop.folder().join("said"));
    let status_file = folder.join("status.json");
    let mut command = desktop.program();
    command.args(["--listen", "127.0.0.1:0", "--no-local", "--status-file"]).arg(&status_file);
    let mut program = command.stderr(File::create(&said).unwrap()).spawn().unwrap();
    let count = |text: &str| fs::read_to_string(&said).unwrap().matches(text).count();
    until("a complaint", || (count("cannot write the status file") == 1).then_some(()));
    for round in 1..3 {
        fs::create_dir(&folder).unwrap();
        until("a status file", || status_file.exists().then_some(()));
        until("the good news", || (count("is written again") == round).then_some(()));
        assert_eq!(count("cannot write the status file"), round);
        fs::remove_dir_all(&folder).unwrap();
        until("the next complaint", || {
            (count("cannot write the status file") == round + 1).then_some(())
        });
    }
    program.kill().unwrap();
    program.wait().unwrap();
}
