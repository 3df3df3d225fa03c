//! A network namespace of the test's own: fixed ports, multicast and interfaces without touching
//! the machine's. The test binary runs itself again inside, for that one test.

use std::process::Command;

const MARK: &str = "COLLECTOSCOPE_TEST_NETNS";

/// The multicast route makes IPv6 groups work over `lo`; IPv4 needs none.
const SETUP: &str = "ip link set lo up && ip -6 route add local ff18::/16 dev lo table local \
                     && exec \"$@\"";

/// Runs `body` inside a namespace with `lo` up; `test` is the full name of the calling test.
#[track_caller]
pub fn inside(test: &str, body: impl FnOnce()) {
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    let is_root = nix::unistd::geteuid().is_root();
    let output = Command::new("unshare")
        .args([if is_root { "-n" } else { "-rn" }, "sh", "-c", SETUP, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .output()
        .expect("unshare is missing: apt-get install util-linux iproute2");
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{test} in a network namespace (needs unshare and ip, and the right to make one):\n{told}"
    );
}

/// Runs `ip` with the words of `line`.
#[track_caller]
pub fn ip(line: &str) {
    let output =
        Command::new("ip").args(line.split(' ')).output().expect("apt-get install iproute2");
    assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A pair of interfaces, `left` with 10.99.0.1 and fd99::1, `right` with 10.99.0.2 and fd99::2:
/// what is sent by one comes in by the other.
pub fn veth() {
    ip("link add left type veth peer name right");
    for (name, end) in [("left", 1), ("right", 2)] {
        for (setting, value) in [("accept_local", "1"), ("rp_filter", "0")] {
            // Both ends are this machine's, which a machine finds suspicious.
            std::fs::write(format!("/proc/sys/net/ipv4/conf/{name}/{setting}"), value).unwrap();
        }
        ip(&format!("link set {name} up"));
        ip(&format!("addr add 10.99.0.{end}/24 dev {name}"));
        // Without waiting for another machine to object to the address.
        ip(&format!("addr add fd99::{end}/64 dev {name} nodad"));
    }
}
