//! The UDP source: every socket datagrams may come by, read together.
//!
//! [`UdpSource::open`] never fails as a whole: what could not be opened is said in a
//! [`ListenReport`], the rest works on. Reading is bounded per call, so that no sender can keep
//! the caller. Knows nothing of what is in a datagram.

pub use super::listen::{GROUP_V4, GROUP_V6, ListenSpec, PORT_DEFAULT, ParseListenError};
pub use super::reader::DATAGRAM_MAX_BYTES;
pub use super::report::{ListenReport, ListenState, Trouble, buffer_advice};

use super::kernel;
use super::listener::{Listener, Network, Open};
use super::reader::{self, Received, Slots};
use crate::metric::CdTime;
use crate::wire::SecurityLevel;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

/// Datagrams taken from one socket per [`UdpSource::receive`]: then it is the next one's turn.
pub const DATAGRAMS_PER_TURN_MAX: usize = 256;
/// Bytes taken from one socket per [`UdpSource::receive`], give or take a datagram; where they
/// suddenly become large, one system call's worth of them, 2 MiB. 256 KiB hold about 16,000 value
/// lists, so a turn ends after a few milliseconds and a batch stays small.
pub const BYTES_PER_TURN_MAX: usize = 256 * 1024;
/// Sockets opened at most: `--listen` comes from the user, but a script may overdo it.
pub const SOCKETS_MAX: usize = 64;

/// How often to call [`UdpSource::follow`]: what comes up is listened to within 5 s, also where a
/// port must be free twice in a row. One call takes 0.3 ms with three interfaces, 1.7 with 100.
pub const FOLLOW_EVERY: Duration = Duration::from_secs(2);

/// What to listen to.
#[derive(Clone, Debug)]
pub struct UdpOptions {
    /// Empty means [`ListenSpec::default_set`].
    pub listen: Vec<ListenSpec>,
    /// Kernel receive buffer to ask for, per socket; 8 holds a burst of 6,000 full datagrams.
    pub receive_buffer_mib: usize,
    /// Of those in `listen` that name none.
    pub level: SecurityLevel,
}

impl Default for UdpOptions {
    fn default() -> Self {
        Self { listen: Vec::new(), receive_buffer_mib: 8, level: SecurityLevel::None }
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
    /// Where it was sent to: a group, or one of this machine's addresses. Where the system does
    /// not tell, the address listened on, which may be a wildcard.
    pub to: SocketAddr,
    /// Minimum security level of its listener.
    pub level: SecurityLevel,
    /// It came by the socket of [`UdpSource::add_loopback`].
    pub internal: bool,
}

/// Bound, non-blocking sockets.
#[derive(Debug)]
pub struct UdpSource {
    listeners: Vec<Listener>,
    /// One per listener, then those that are too many.
    reports: Vec<ListenReport>,
    loopback: Option<Open>,
    around: Network,
    slots: Slots,
}

impl UdpSource {
    /// Opens what can be opened; [`UdpSource::reports`] says what could not.
    pub fn open(options: &UdpOptions) -> Self {
        let mut specs = options.listen.clone();
        if specs.is_empty() {
            specs = ListenSpec::default_set();
        }
        for spec in &mut specs {
            spec.level.get_or_insert(options.level);
        }
        // Single addresses before wildcards before groups: the order in which they can share.
        specs.sort_by_key(|spec| (spec.is_group(), spec.address.is_unspecified()));
        specs.dedup_by(|later, earlier| later == earlier && later.port != 0);
        let mut source = Self {
            listeners: Vec::new(),
            reports: Vec::new(),
            loopback: None,
            around: Network::default(),
            slots: Slots::new(),
        };
        // Nothing listed means nothing found: then only what needs no interface works.
        let _ = source.around.look();
        let buffer_bytes = options.receive_buffer_mib.saturating_mul(1 << 20);
        for spec in specs {
            if source.listeners.len() < SOCKETS_MAX {
                let own = source.own_sockets();
                let (listener, report) =
                    Listener::new(spec, buffer_bytes, &mut source.around, &own);
                source.listeners.push(listener);
                source.reports.push(report);
            } else {
                let mut report = ListenReport::new(spec, buffer_bytes);
                report.trouble = Some(Trouble::TooMany(SOCKETS_MAX));
                source.reports.push(report);
            }
        }
        for report in &mut source.reports {
            report.is_default = options.listen.is_empty();
        }
        source.tell_what_still_works();
        source
    }

    /// Opens what can be opened by now, joins groups on interfaces that came up, lets go of those
    /// that went, and brings the reports up to date; call it every [`FOLLOW_EVERY`]. Returns what
    /// a user should know, one line per change.
    pub fn follow(&mut self) -> Vec<String> {
        if self.around.look().is_err() {
            return Vec::new();
        }
        let before = self.reports.clone();
        let own = self.own_sockets();
        for (listener, report) in self.listeners.iter_mut().zip(&mut self.reports) {
            listener.follow(report, &mut self.around, &own);
        }
        self.tell_what_still_works();
        let pairs = self.reports.iter().zip(&before);
        pairs.filter_map(|(now, before)| now.change_since(before)).collect()
    }

    fn own_sockets(&self) -> Vec<u64> {
        self.sockets().map(|open| open.inode).collect()
    }

    fn sockets(&self) -> impl Iterator<Item = &Open> {
        let listeners = self.listeners.iter().filter_map(|listener| listener.open.as_ref());
        listeners.chain(&self.loopback)
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
        let reader = reader::prepare(&socket)?;
        self.loopback = Some(Open::new(socket, reader, address));
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
        let Self { listeners, loopback, slots, .. } = self;
        let mut turns: Vec<Turn<'_>> = listeners
            .iter_mut()
            .filter_map(|Listener { open, spec, filtered, .. }| {
                let level = spec.level.unwrap_or_default();
                Some(Turn { open: open.as_ref()?, level, filter: Some((spec, filtered)) })
            })
            // What we send ourselves needs no protection.
            .chain(loopback.as_ref().map(|open| Turn {
                open,
                level: SecurityLevel::None,
                filter: None,
            }))
            .collect();
        let mut waiting: Vec<PollFd<'_>> = turns
            .iter()
            .map(|turn| PollFd::new(turn.open.socket.as_fd(), PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut waiting, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(0),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        let (mut count, mut failure) = (0, None);
        for (turn, polled) in turns.iter_mut().zip(&waiting) {
            if polled.any() == Some(false) {
                continue;
            }
            match turn.drain(slots, on_datagram) {
                Ok(taken) => count += taken,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(count), Err)
    }

    /// Datagrams the kernel threw away since the last call because a receive buffer was full;
    /// zero where the system does not say. Reads `/proc`: once per second is often enough.
    pub fn kernel_drops(&mut self) -> u64 {
        let lines = kernel::udp_sockets();
        let mut fresh = 0;
        let listeners = self.listeners.iter_mut().filter_map(|listener| listener.open.as_mut());
        for open in listeners.chain(&mut self.loopback) {
            if let Some(line) = lines.iter().find(|line| line.inode == open.inode) {
                fresh += u64::from(line.drops.wrapping_sub(open.drops));
                open.drops = line.drops;
            }
        }
        fresh
    }
}

/// One socket while it is read.
struct Turn<'a> {
    open: &'a Open,
    level: SecurityLevel,
    /// Senders to accept, and where the others are counted; none for the loopback of our own.
    filter: Option<(&'a ListenSpec, &'a mut u64)>,
}

impl Turn<'_> {
    fn drain(
        &mut self,
        slots: &mut Slots,
        on_datagram: &mut dyn FnMut(&Datagram<'_>),
    ) -> io::Result<usize> {
        let (mut count, mut taken, mut bytes_total) = (0, 0, 0);
        // Of each datagram in the next call; of the first nothing is known.
        let mut expected_bytes = DATAGRAM_MAX_BYTES;
        while count < DATAGRAMS_PER_TURN_MAX && bytes_total < BYTES_PER_TURN_MAX {
            let room = (BYTES_PER_TURN_MAX - bytes_total) / expected_bytes.max(1);
            let room = room.min(DATAGRAMS_PER_TURN_MAX - count);
            let received = match slots.receive(&self.open.socket, &self.open.reader, room) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            let arrival = CdTime::from_system(SystemTime::now());
            expected_bytes = 0;
            for Received { bytes, sender, to } in received {
                count += 1;
                bytes_total += bytes.len();
                expected_bytes = expected_bytes.max(bytes.len());
                if let Some((spec, filtered)) = &mut self.filter
                    && !spec.accepts(sender.ip())
                {
                    **filtered += 1;
                    continue;
                }
                taken += 1;
                let listened = self.open.address;
                on_datagram(&Datagram {
                    bytes,
                    sender,
                    arrival,
                    to: to.map_or(listened, |to| SocketAddr::new(to, listened.port())),
                    level: self.level,
                    internal: self.filter.is_none(),
                });
            }
        }
        Ok(taken)
    }
}

/// Whether `address` can only be reached on this machine.
pub fn is_loopback(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}
