//! One [`ListenSpec`] to one bound, joined, non-blocking socket.
//!
//! Beside a collectd server on the same machine the two kinds of socket need opposite care:
//! - A group may be bound by many with address reuse; each gets its own copy.
//! - Unicast goes to one socket only, with reuse to the last that bound: so we bind *without*
//!   reuse, which fails when somebody else already listens, and allow reuse only afterwards, so
//!   that our groups, and a collectd started later, can still bind.
//!
//! On Linux a group socket of another program also stands in the way of a wildcard without reuse.
//! It takes no unicast, so then the wildcard is bound with reuse: see [`is_wildcard_free`].

use super::interfaces::{Interface, bind_to_interface, find};
use super::listen::ListenSpec;
use super::reader;
use super::reason::{errno, reason};
use super::report::{ListenReport, Trouble};
use nix::errno::Errno;
use quinn_udp::UdpSocketState;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What [`open`] made: the socket, and the interfaces it depends on.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) socket: Socket,
    pub(super) reader: UdpSocketState,
    /// Numbers of the interfaces where its group was joined; empty for unicast.
    pub(super) joined: Vec<u32>,
    /// Number of the one interface asked for; zero when it is any.
    pub(super) index: u32,
}

/// Who else is known to listen on a unicast port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// Perhaps somebody, from whom nothing must be taken.
    Unknown,
    /// Other sockets of this source only, which share.
    Ourselves,
}

/// Opens what `spec` asks for. There can be a socket and trouble at once: a group that could be
/// joined nowhere yet.
pub(super) fn open(
    spec: &ListenSpec,
    others: Others,
    interfaces: &[Interface],
    buffer_bytes: usize,
) -> (Option<Bound>, ListenReport) {
    let mut report = ListenReport::new(spec.clone(), buffer_bytes);
    match bind(spec, others, interfaces, buffer_bytes) {
        Ok(mut bound) => {
            report.bound = bound.socket.local_addr().ok().and_then(|address| address.as_socket());
            report.buffer_bytes = granted(&bound.socket).unwrap_or(0);
            if spec.is_group() {
                join(&bound.socket, &mut bound.joined, interfaces, &mut report);
            } else {
                report.trouble = unicast_trouble(spec, interfaces);
            }
            (Some(bound), report)
        }
        Err(trouble) => {
            report.trouble = Some(trouble);
            (None, report)
        }
    }
}

fn bind(
    spec: &ListenSpec,
    others: Others,
    all: &[Interface],
    buffer_bytes: usize,
) -> Result<Bound, Trouble> {
    let interface = match &spec.interface {
        None if spec.is_link_local() => return Err(Trouble::NeedsInterface),
        None => None,
        Some(name) => match find(all, name) {
            Some(found) => Some(found),
            None => {
                let known = all.iter().map(|found| found.name.clone()).collect();
                return Err(Trouble::NoInterface { known });
            }
        },
    };
    let failed = |error: io::Error| trouble(&error, spec, all);
    let socket = prepared(spec.address).map_err(failed)?;
    let index = interface.map_or(0, |found| found.index);
    let address = spec.socket_addr(index);
    if spec.is_group() || others == Others::Ourselves {
        socket.set_reuse_address(true).map_err(failed)?;
    }
    if spec.is_group() {
        socket.bind(&address.into()).map_err(failed)?;
    } else {
        if let Some(interface) = interface {
            bind_to_interface(&socket, &interface.name).map_err(failed)?;
        }
        bind_unicast(&socket, address, all).map_err(failed)?;
    }
    grow_buffer(&socket, buffer_bytes);
    socket.set_nonblocking(true).map_err(failed)?;
    let reader = reader::prepare(&socket).map_err(failed)?;
    Ok(Bound { socket, reader, joined: Vec::new(), index })
}

/// Why nothing can arrive at an address that was bound all the same.
pub(super) fn unicast_trouble(spec: &ListenSpec, interfaces: &[Interface]) -> Option<Trouble> {
    let named = spec.interface.as_ref().and_then(|name| find(interfaces, name));
    if named.is_some_and(|found| !found.is_up) {
        return Some(Trouble::Down);
    }
    without_family(spec.address, interfaces)
}

/// A socket with the options that must be set before it is bound.
fn prepared(address: IpAddr) -> io::Result<Socket> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Otherwise Linux also hands a wildcard socket every group any program has joined, and each
    // datagram would arrive twice. IPv6 has the option since Linux 4.20: older ones may refuse.
    #[cfg(target_os = "linux")]
    let _ = if address.is_ipv4() {
        socket.set_multicast_all_v4(false)
    } else {
        socket.set_multicast_all_v6(false)
    };
    Ok(socket)
}

fn bind_unicast(socket: &Socket, address: SocketAddr, all: &[Interface]) -> io::Result<()> {
    if let Err(error) = socket.bind(&address.into()) {
        let taken = errno(&error) == Some(Errno::EADDRINUSE);
        if !(taken && address.ip().is_unspecified() && is_wildcard_free(address, all)) {
            return Err(error);
        }
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
    }
    socket.set_reuse_address(true)
}

/// Whether nobody listens on the wildcard itself: then a single local address can be bound
/// without reuse. Sockets of others on groups or on single addresses do not lose anything to a
/// wildcard of ours, since the kernel prefers the more specific one.
fn is_wildcard_free(wildcard: SocketAddr, all: &[Interface]) -> bool {
    // Every 127.x.y.z is this machine on Linux: one that hardly anybody binds.
    let rare = IpAddr::from([127, 25, 82, 6]);
    let local = all.iter().flat_map(|found| {
        let v4 = found.v4.iter().map(|address| IpAddr::V4(*address));
        // Link-local ones would need a scope; there is always ::1.
        let v6 = found.v6.iter().filter(|v6| !v6.is_unicast_link_local()).copied();
        v4.chain(v6.map(IpAddr::V6))
    });
    std::iter::once(rare)
        .chain(local)
        .filter(|address| address.is_ipv4() == wildcard.is_ipv4())
        .take(PROBES_MAX)
        .any(|address| {
            prepared(address).is_ok_and(|probe| {
                probe.bind(&SocketAddr::new(address, wildcard.port()).into()).is_ok()
            })
        })
}

/// Local addresses tried by [`is_wildcard_free`]; a machine can have thousands.
const PROBES_MAX: usize = 64;

/// Joins a group on every interface it is not `joined` on yet, and leaves those that are gone.
/// The report's account of interfaces is written anew.
pub(super) fn join(
    socket: &Socket,
    joined: &mut Vec<u32>,
    interfaces: &[Interface],
    report: &mut ListenReport,
) {
    let asked = report.asked.clone();
    joined.retain(|index| {
        let is_there = interfaces.iter().any(|found| found.index == *index);
        if !is_there {
            // The kernel remembers, and counts, memberships of interfaces that are gone.
            leave(socket, asked.address, *index);
        }
        is_there
    });
    report.not_joined.clear();
    let named = asked.interface.as_ref().map(|name| find(interfaces, name));
    let mut places: Vec<&Interface> = match named {
        Some(one) => one.into_iter().filter(|found| found.is_up).collect(),
        None => interfaces.iter().filter(|found| found.can_join()).collect(),
    };
    // Memberships are few: those where something can be expected come first.
    places.sort_by_key(|found| !found.speaks(asked.address));
    for interface in places {
        if !joined.contains(&interface.index) {
            match join_on(socket, &asked, interface) {
                Ok(()) => joined.push(interface.index),
                // An interface that does not speak the family has nothing to be missed.
                Err(_) if interface.is_loopback || !interface.speaks(asked.address) => continue,
                Err(error) => {
                    report.not_joined.push((interface.name.clone(), join_failure(&error)));
                    continue;
                }
            }
        }
    }
    let is_joined = |found: &&Interface| found.is_up && joined.contains(&found.index);
    report.joined = interfaces.iter().filter(is_joined).map(|found| found.name.clone()).collect();
    // Linux joins without an address of the family too; nothing can arrive until there is one.
    report.trouble = without_family(asked.address, interfaces);
    if report.trouble.is_none() && report.joined.is_empty() {
        report.trouble = Some(match report.not_joined.first() {
            Some((name, why)) => Trouble::Other(format!("not joined on {name}: {why}")),
            None if named.flatten().is_some_and(|found| !found.is_up) => Trouble::Down,
            None => Trouble::NowhereToJoin,
        });
    }
}

/// With sources the kernel is asked for these only, where it can be: an IPv6 group is joined as a
/// whole, since no safe interface to `MCAST_JOIN_SOURCE_GROUP` exists. The rest is left out when
/// it is read.
fn join_on(socket: &Socket, asked: &ListenSpec, interface: &Interface) -> io::Result<()> {
    let index = interface.index;
    let group = match asked.address {
        IpAddr::V4(group) => group,
        IpAddr::V6(group) => return socket.join_multicast_v6(&group, index),
    };
    // For this the kernel wants an address of the interface instead of its number.
    let (Some(own), false) = (interface.v4.first(), asked.from.is_empty()) else {
        return socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index));
    };
    let mut sources = asked.from.iter().filter_map(|source| match source {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(_) => None,
    });
    let result = sources.try_for_each(|source| join_source(socket, &group, source, own, index));
    if result.is_err() {
        leave(socket, asked.address, index);
    }
    result
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn join_source(
    socket: &Socket,
    group: &Ipv4Addr,
    source: &Ipv4Addr,
    own: &Ipv4Addr,
    _index: u32,
) -> io::Result<()> {
    socket.join_ssm_v4(source, group, own)
}

/// Elsewhere the group is joined as a whole, once, and the rest is left out when it is read.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn join_source(
    socket: &Socket,
    group: &Ipv4Addr,
    _source: &Ipv4Addr,
    _own: &Ipv4Addr,
    index: u32,
) -> io::Result<()> {
    match socket.join_multicast_v4_n(group, &InterfaceIndexOrAddress::Index(index)) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(()),
        joined => joined,
    }
}

/// With all its sources. That there was nothing to leave is as good.
fn leave(socket: &Socket, group: IpAddr, index: u32) {
    let _ = match group {
        IpAddr::V4(v4) => socket.leave_multicast_v4_n(&v4, &InterfaceIndexOrAddress::Index(index)),
        IpAddr::V6(v6) => socket.leave_multicast_v6(&v6, index),
    };
}

fn join_failure(error: &io::Error) -> String {
    match errno(error) {
        Some(Errno::ENOBUFS) => "the kernel allows no more groups per socket, \
                               for more: sysctl -w net.ipv4.igmp_max_memberships=200"
            .into(),
        _ => reason(error),
    }
}

/// Whether no interface has an address of the family.
fn without_family(address: IpAddr, interfaces: &[Interface]) -> Option<Trouble> {
    // No interfaces at all means that they could not be listed.
    if interfaces.is_empty() || interfaces.iter().any(|found| found.speaks(address)) {
        return None;
    }
    Some(if address.is_ipv4() { Trouble::NoIpv4 } else { Trouble::NoIpv6 })
}

fn trouble(error: &io::Error, spec: &ListenSpec, all: &[Interface]) -> Trouble {
    match errno(error) {
        Some(Errno::EADDRINUSE) => Trouble::Taken { holder: None },
        Some(Errno::EAFNOSUPPORT) if spec.address.is_ipv4() => Trouble::NoIpv4,
        Some(Errno::EAFNOSUPPORT) => Trouble::NoIpv6,
        Some(Errno::EADDRNOTAVAIL) => without_family(spec.address, all).unwrap_or(Trouble::NotOurs),
        Some(Errno::EACCES) if spec.port < 1024 => Trouble::Privileged,
        _ => Trouble::Other(reason(error)),
    }
}

/// Asks for a receive buffer; past the system's limit only with privileges. What was granted is
/// read back by [`granted`].
fn grow_buffer(socket: &Socket, bytes: usize) {
    let _ = socket.set_recv_buffer_size(bytes);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if granted(socket).is_ok_and(|granted| granted < bytes) {
        let _ =
            nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::RcvBufForce, &bytes);
    }
}

/// The receive buffer as a user counts it. Linux doubles what is asked for, to pay for its own
/// bookkeeping (socket(7)), and reports the double.
fn granted(socket: &Socket) -> io::Result<usize> {
    let bytes = socket.recv_buffer_size()?;
    Ok(if cfg!(any(target_os = "linux", target_os = "android")) { bytes / 2 } else { bytes })
}
