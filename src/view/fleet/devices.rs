//! Devices: which interfaces and disks of a machine may be added up.
//!
//! A partition is part of a disk, a bridge passes on what its members carry: adding all of them
//! would count the same bytes twice. Decided by names, which the kernel or its administrator gave.

use std::collections::HashSet;

/// What kind of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Interface,
    Disk,
}

/// Interfaces that are made of others, or lead to a guest of the machine.
const MADE_INTERFACES: [&str; 33] = [
    "bond", "br", "bridge", "cali", "cilium", "cni", "docker", "dummy", "flannel", "fwbr", "fwln",
    "fwpr", "gre", "ifb", "kube", "lagg", "lxc", "lxcbr", "lxdbr", "macvtap", "ovs", "ppp", "sit",
    "tap", "team", "tun", "veth", "virbr", "vmbr", "vnet", "vxlan", "wg", "zt",
];
/// Block devices that are made of others, or of memory or files.
const MADE_DISKS: [&str; 10] =
    ["dm-", "drbd", "fd", "loop", "md", "nbd", "ram", "sr", "zd", "zram"];

/// The places of those that may be added up; where a machine has no other, what is made of others
/// counts.
pub(super) fn whole(names: &[&str], kind: Kind) -> Vec<usize> {
    let places = |keep: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let all = names.iter().enumerate();
        all.filter(|(_, name)| keep(name)).map(|(place, _)| place).collect()
    };
    let known: HashSet<&str> = names.iter().copied().collect();
    let is_part = |name: &str| whole_of(name, kind).is_some_and(|whole| known.contains(whole));
    let real = places(&|name| !is_made(name, kind) && !is_loopback(name, kind) && !is_part(name));
    if !real.is_empty() {
        return real;
    }
    let others = places(&|name| !is_loopback(name, kind) && !is_part(name));
    if others.is_empty() { places(&|_| true) } else { others }
}

fn is_loopback(name: &str, kind: Kind) -> bool {
    kind == Kind::Interface && name.strip_prefix("lo").is_some_and(is_number)
}

fn is_made(name: &str, kind: Kind) -> bool {
    let made: &[&str] = match kind {
        Kind::Interface => &MADE_INTERFACES,
        Kind::Disk => &MADE_DISKS,
    };
    made.iter().any(|made| {
        name.strip_prefix(made).is_some_and(|rest| {
            // `br0` and `br-lan` are bridges, `brocade` need not be one.
            !rest.starts_with(|first: char| first.is_ascii_lowercase()) || made.len() > 3
        })
    })
}

/// What a device is a part of, by its name: `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`; `eth0.10`
/// travels on `eth0`.
fn whole_of(name: &str, kind: Kind) -> Option<&str> {
    match kind {
        Kind::Interface => {
            let end = name.find(['.', ':', '@'])?;
            name.get(..end).filter(|whole| !whole.is_empty())
        }
        Kind::Disk => {
            let stem = name.trim_end_matches(|last: char| last.is_ascii_digit());
            let ends_in_digit = |whole: &str| whole.ends_with(|last: char| last.is_ascii_digit());
            match stem.strip_suffix('p').filter(|whole| ends_in_digit(whole)) {
                _ if stem.len() == name.len() => None,
                Some(whole) => Some(whole),
                None => Some(stem),
            }
        }
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, names: &str, expected: &str) {
        let names: Vec<_> = names.split_whitespace().collect();
        let whole: Vec<_> = whole(&names, kind).into_iter().map(|place| names[place]).collect();
        assert_eq!(whole.join(" "), expected);
    }

    #[test]
    fn no_byte_of_an_interface_is_counted_twice() {
        check(Kind::Interface, "lo eth0 eth1", "eth0 eth1");
        check(Kind::Interface, "br0 docker0 enp3s0 lo veth12ab wlan0", "enp3s0 wlan0");
        check(Kind::Interface, "bond0 bond0.10 eno1 eno2 lo", "eno1 eno2");
        check(Kind::Interface, "eth0 eth0.10 eth0:1", "eth0");
        check(Kind::Interface, "br-lan lan1 lan2 wan", "lan1 lan2 wan");
        check(Kind::Interface, "vtnet0 lo0", "vtnet0");
        check(Kind::Interface, "eno1 fwbr100i0 fwln100i0 fwpr100p0 tap100i0 vmbr0", "eno1");
        check(Kind::Interface, "bridge0 en0 lagg0 lo0", "en0");
        check(Kind::Interface, "ppp0 wan", "wan");
        check(Kind::Interface, "lo ppp0", "ppp0");
        // A container has one end of a pair, a router on a stick nothing else.
        check(Kind::Interface, "lo veth0", "veth0");
        check(Kind::Interface, "br0 lo", "br0");
        check(Kind::Interface, "lo", "lo");
        check(Kind::Interface, "brocade0 tunnelhead0 lo", "brocade0 tunnelhead0");
    }

    #[test]
    fn no_byte_of_a_disk_is_counted_twice() {
        check(Kind::Disk, "sda sda1 sda2 sdb", "sda sdb");
        check(Kind::Disk, "nvme0n1 nvme0n1p1 nvme0n1p2 nvme1n1", "nvme0n1 nvme1n1");
        check(Kind::Disk, "dm-0 dm-1 loop3 sda sr0", "sda");
        check(Kind::Disk, "md0 mmcblk0 mmcblk0p1 sda", "mmcblk0 sda");
        check(Kind::Disk, "vda vda1 vda15 zram0", "vda");
        // A guest whose disks are partitions: nothing else is there.
        check(Kind::Disk, "xvda1 xvda2", "xvda1 xvda2");
        check(Kind::Disk, "dm-0 dm-1", "dm-0 dm-1");
        check(Kind::Disk, "disk0 disk1", "disk0 disk1");
        check(Kind::Disk, "sdap1 sda", "sdap1 sda");
        check(Kind::Disk, "1 12 p1", "1 12 p1");
        check(Kind::Disk, "", "");
    }
}
