//! UDP sockets as Linux lists them in `/proc`: datagrams dropped, and who holds a port.
//!
//! Everything here is best effort: where there is no `/proc`, the answers are "none".

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One line of `/proc/net/udp` or `/proc/net/udp6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UdpSocketLine {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) inode: u64,
    /// Datagrams thrown away because the receive buffer was full; wraps.
    pub(super) drops: u32,
    /// It is connected to one peer, and receives from no other.
    pub(super) is_connected: bool,
}

/// Every UDP socket in this process's network namespace.
pub(super) fn udp_sockets() -> Vec<UdpSocketLine> {
    let mut found = Vec::new();
    for path in ["/proc/self/net/udp", "/proc/self/net/udp6"] {
        let text = fs::read_to_string(path).unwrap_or_default();
        found.extend(text.lines().filter_map(parse_line));
    }
    found
}

/// The programs behind sockets: inode to "collectd (pid 17)". Walks `/proc`, some milliseconds on
/// a busy machine; only processes of the same user can be looked into without privileges.
pub(super) fn holders(inodes: &[u64]) -> Vec<(u64, String)> {
    let wanted: Vec<(u64, String)> =
        inodes.iter().map(|inode| (*inode, format!("socket:[{inode}]"))).collect();
    let mut found: Vec<(u64, String)> = Vec::new();
    let pids = fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    for pid in pids {
        if found.len() == wanted.len() {
            break;
        }
        let Ok(handles) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            continue;
        };
        for target in handles.flatten().filter_map(|handle| fs::read_link(handle.path()).ok()) {
            let held = wanted.iter().find(|(_, name)| target.as_os_str() == name.as_str());
            let Some((inode, _)) = held else { continue };
            if !found.iter().any(|(known, _)| known == inode) {
                found.push((*inode, program(pid)));
            }
        }
    }
    found
}

fn program(pid: u32) -> String {
    if pid == std::process::id() {
        return "this collectoscope itself".into();
    }
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    format!("{} (pid {pid})", crate::metric::display_safe(name.trim()))
}

/// Columns: sl local remote st queues timer retransmits uid timeout inode ref pointer drops.
fn parse_line(line: &str) -> Option<UdpSocketLine> {
    let mut columns = line.split_ascii_whitespace();
    let (address, port) = columns.nth(1)?.split_once(':')?;
    let (_, peer_port) = columns.next()?.split_once(':')?;
    Some(UdpSocketLine {
        address: parse_address(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        is_connected: u16::from_str_radix(peer_port, 16).ok()? != 0,
        inode: columns.nth(6)?.parse().ok()?,
        drops: columns.nth(2)?.parse().ok()?,
    })
}

/// Hexadecimal words of 32 bits, each in the machine's own byte order.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut octets = [0; 16];
            for (at, place) in octets.chunks_exact_mut(4).enumerate() {
                place.copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn a_line_of_the_kernel_is_read() {
        // From Linux 6.18, with the drops made up.
        let line = " 1302: 0100007F:64E2 00000000:0000 07 00000000:00000000 00:00000000 00000000 \
                    \x20    0        0 17733 2 00000000d6a6dd4b 42        ";
        assert_eq!(
            parse_line(line),
            Some(UdpSocketLine {
                address: Ipv4Addr::LOCALHOST.into(),
                port: 25_826,
                inode: 17_733,
                drops: 42,
                is_connected: false,
            })
        );
        let connected = line.replace("00000000:0000", "0100007F:0009");
        assert!(parse_line(&connected).unwrap().is_connected);
        assert_eq!(
            parse_address("00000000000000000000000001000000"),
            Some(Ipv6Addr::LOCALHOST.into())
        );
    }

    #[test]
    fn the_heading_and_nonsense_are_nothing() {
        for line in ["", "   sl  local_address rem_address   st tx_queue", "1: zz:zz 3"] {
            assert_eq!(parse_line(line), None);
        }
    }
}
