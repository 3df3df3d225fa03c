//! The UDP source: every socket datagrams may come by, read together.
//!
//! [`UdpSource::open`] never fails as a whole: what could not be opened is said in a
//! [`ListenReport`], the rest works on. Reading is bounded per call, so that no sender can keep
//! the caller. Knows nothing of what is in a datagram.

pub use super::listen::{GROUP_V4, GROUP_V6, ListenSpec, PORT_DEFAULT, ParseListenError};
pub use super::report::{ListenReport, ListenState, Trouble, buffer_advice};

use super::bind::{self, Bound};
use super::interfaces::{Interface, interfaces};
use super::kernel;
use crate::metric::CdTime;
use crate::wire::SecurityLevel;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

/// The largest UDP payload is 65,507 bytes (IPv6 jumbograms aside): nothing is ever cut.
pub const DATAGRAM_MAX_BYTES: usize = 65_535;
/// Datagrams taken from one socket per [`UdpSource::receive`]: then it is the next one's turn.
pub const DATAGRAMS_PER_TURN_MAX: usize = 256;
/// Bytes taken from one socket per [`UdpSource::receive`], give or take a datagram. 256 KiB hold
/// about 16,000 value lists, so a turn ends after a few milliseconds and a batch stays small.
pub const BYTES_PER_TURN_MAX: usize = 256 * 1024;
/// Sockets opened at most: `--listen` comes from the user, but a script may overdo it.
pub const SOCKETS_MAX: usize = 64;

/// What to listen to.
#[derive(Clone, Debug)]
pub struct UdpOptions {
    /// Empty means [`ListenSpec::default_set`].
    pub listen: Vec<ListenSpec>,
    /// Kernel receive buffer to ask for, per socket; 8 holds a burst of 6,000 full datagrams.
    pub receive_buffer_mib: usize,
}

impl Default for UdpOptions {
    fn default() -> Self {
        Self { listen: Vec::new(), receive_buffer_mib: 8 }
    }
}

/// One datagram as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Its payload.
    pub bytes: &'a [u8],
    /// Where it came from.
    pub sender: SocketAddr,
    /// When, by this machine's clock.
    pub arrival: CdTime,
    /// Where it was received: the group or the address listened on, which may be a wildcard.
    pub to: SocketAddr,
    /// The least protection its listener takes.
    pub level: SecurityLevel,
    /// It came by the socket of [`UdpSource::add_loopback`].
    pub internal: bool,
}

/// Bound, non-blocking sockets.
#[derive(Debug)]
pub struct UdpSource {
    listeners: Vec<Listener>,
    reports: Vec<ListenReport>,
    buffer: Box<[u8]>,
    buffer_wanted_bytes: usize,
}

#[derive(Debug)]
struct Listener {
    socket: UdpSocket,
    bound: SocketAddr,
    level: SecurityLevel,
    inode: u64,
    drops: u32,
    internal: bool,
    /// Place of its report, and the interfaces joined; `None` for unicast.
    group: Option<(usize, Vec<u32>)>,
}

impl UdpSource {
    /// Opens what can be opened; [`UdpSource::reports`] tells the rest.
    pub fn open(options: &UdpOptions) -> Self {
        // Nothing listed means nothing found: then only what needs no interface works.
        let found = interfaces().unwrap_or_default();
        let mut specs = options.listen.clone();
        if specs.is_empty() {
            specs = ListenSpec::default_set();
        }
        // Single addresses before wildcards before groups: the order in which they can share.
        specs.sort_by_key(|spec| (spec.is_group(), spec.address.is_unspecified()));
        specs.dedup_by(|later, earlier| later == earlier && later.port != 0);
        let mut source = Self {
            listeners: Vec::new(),
            reports: Vec::new(),
            buffer: vec![0; DATAGRAM_MAX_BYTES].into(),
            buffer_wanted_bytes: options.receive_buffer_mib.saturating_mul(1 << 20),
        };
        for spec in &specs {
            source.open_one(spec, &found);
        }
        source.tell_what_still_works();
        source
    }

    fn open_one(&mut self, spec: &ListenSpec, found: &[Interface]) {
        if self.listeners.len() >= SOCKETS_MAX {
            let mut report = ListenReport::new(spec.clone(), self.buffer_wanted_bytes);
            report.trouble = Some(Trouble::TooMany(SOCKETS_MAX));
            self.reports.push(report);
            return;
        }
        let (bound, report) = bind::open(spec, found, self.buffer_wanted_bytes);
        if let Some(Bound { socket, joined }) = bound {
            let group = spec.is_group().then_some((self.reports.len(), joined));
            self.listeners.push(Listener {
                group,
                level: spec.level,
                ..Listener::new(socket.into())
            });
        }
        self.reports.push(report);
    }

    fn tell_what_still_works(&mut self) {
        let mut works: Vec<&'static str> = Vec::new();
        for report in self.reports.iter().filter(|report| report.trouble.is_none()) {
            let kind = report.asked.kind();
            if !works.contains(&kind) {
                works.push(kind);
            }
        }
        for report in &mut self.reports {
            report.still.clone_from(&works);
        }
    }

    /// What came of each address, in the order they were opened.
    pub fn reports(&self) -> &[ListenReport] {
        &self.reports
    }

    /// Whether anything from outside can arrive.
    pub fn is_listening(&self) -> bool {
        self.reports.iter().any(|report| report.state() != ListenState::Failed)
    }

    /// Opens a socket of its own on the loopback, on a free port, for what this program sends to
    /// itself; what arrives there is marked [`Datagram::internal`].
    pub fn add_loopback(&mut self) -> io::Result<SocketAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .or_else(|_| UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        self.listeners.push(Listener { internal: true, ..Listener::new(socket) });
        Ok(address)
    }

    /// Waits up to `timeout` for datagrams, then hands over what has arrived, socket by socket,
    /// at most [`DATAGRAMS_PER_TURN_MAX`] and [`BYTES_PER_TURN_MAX`] each. Returns how many.
    ///
    /// An error of one socket is returned after the others were read; reading goes on next time.
    pub fn receive(
        &mut self,
        timeout: Duration,
        on_datagram: &mut dyn FnMut(&Datagram<'_>),
    ) -> io::Result<usize> {
        let mut waiting: Vec<PollFd<'_>> = self
            .listeners
            .iter()
            .map(|listener| PollFd::new(listener.socket.as_fd(), PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut waiting, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(0),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        let (mut count, mut failure) = (0, None);
        for (listener, polled) in self.listeners.iter().zip(&waiting) {
            if polled.any() == Some(false) {
                continue;
            }
            match listener.drain(&mut self.buffer, on_datagram) {
                Ok(taken) => count += taken,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(count), Err)
    }

    /// Datagrams the kernel threw away since the last call because a receive buffer was full;
    /// zero where the system does not tell. Reads `/proc`: once per second is often enough.
    pub fn kernel_drops(&mut self) -> u64 {
        let lines = kernel::udp_sockets();
        let mut fresh = 0;
        for listener in &mut self.listeners {
            if let Some(line) = lines.iter().find(|line| line.inode == listener.inode) {
                fresh += u64::from(line.drops.wrapping_sub(listener.drops));
                listener.drops = line.drops;
            }
        }
        fresh
    }

    /// Joins the groups on interfaces that came up since, forgets those that went, and brings the
    /// reports up to date. Cheap, but not free: every few seconds is often enough.
    pub fn join_new_interfaces(&mut self) {
        let Ok(found) = interfaces() else { return };
        for listener in &mut self.listeners {
            let Some((place, joined)) = &mut listener.group else {
                continue;
            };
            let Some(report) = self.reports.get_mut(*place) else {
                continue;
            };
            bind::join(&socket2::SockRef::from(&listener.socket), joined, &found, report);
        }
        self.tell_what_still_works();
    }
}

impl Listener {
    fn new(socket: UdpSocket) -> Self {
        let inode = nix::sys::stat::fstat(&socket).map_or(0, |stat| stat.st_ino);
        // Every socket of a listener is bound.
        let bound = socket.local_addr().unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
        let level = SecurityLevel::None;
        Self { socket, bound, level, inode, drops: 0, internal: false, group: None }
    }

    fn drain(
        &self,
        buffer: &mut [u8],
        on_datagram: &mut dyn FnMut(&Datagram<'_>),
    ) -> io::Result<usize> {
        let (mut count, mut bytes_total) = (0, 0);
        while count < DATAGRAMS_PER_TURN_MAX && bytes_total < BYTES_PER_TURN_MAX {
            let (length, sender) = match self.socket.recv_from(buffer) {
                Ok(taken) => taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            count += 1;
            bytes_total += length;
            on_datagram(&Datagram {
                bytes: buffer.get(..length).unwrap_or_default(),
                sender: plain(sender),
                arrival: CdTime::from_system(SystemTime::now()),
                to: self.bound,
                level: self.level,
                internal: self.internal,
            });
        }
        Ok(count)
    }
}

/// Without flow label, so that one sender is one address.
fn plain(sender: SocketAddr) -> SocketAddr {
    match sender {
        SocketAddr::V6(mut v6) => {
            v6.set_flowinfo(0);
            if !v6.ip().is_unicast_link_local() {
                v6.set_scope_id(0);
            }
            SocketAddr::V6(v6)
        }
        v4 @ SocketAddr::V4(_) => v4,
    }
}

/// Whether `address` can only be reached on this machine.
pub fn is_loopback(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}
