//! One address to listen on, through its life: opened, overtaken, lost with its interface, opened
//! again.
//!
//! [`Listener::follow`] compares what is with what was asked for and mends what it can; its
//! [`ListenReport`] says the rest. Never waits.

use super::bind::{self, Bound, Others};
use super::interfaces::{Interface, find, interfaces};
use super::kernel::{self, UdpSocketLine};
use super::listen::ListenSpec;
use super::report::{ListenReport, Trouble};
use quinn_udp::UdpSocketState;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// What the kernel says of interfaces and of everybody's sockets, at one moment.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) interfaces: Vec<Interface>,
    sockets: Vec<UdpSocketLine>,
    /// Who holds them, looked up once per socket: that takes long.
    holders: HashMap<u64, Option<String>>,
}

impl Network {
    /// Looks again. An error leaves everything as it was.
    pub(super) fn look(&mut self) -> io::Result<()> {
        self.interfaces = interfaces()?;
        self.sockets = kernel::udp_sockets();
        self.holders.retain(|inode, _| self.sockets.iter().any(|line| line.inode == *inode));
        Ok(())
    }

    /// The sockets of others that take unicast on `port` and match `is_rival`.
    fn rivals(
        &self,
        port: u16,
        own: &[u64],
        is_rival: impl Fn(IpAddr) -> bool,
    ) -> Vec<UdpSocketLine> {
        let rivals = self.sockets.iter().filter(|line| {
            line.port == port
                && !line.is_connected
                && !line.address.is_multicast()
                && !own.contains(&line.inode)
                && is_rival(line.address)
        });
        rivals.copied().collect()
    }

    /// The program behind the first of `lines` that is known.
    fn holder(&mut self, lines: &[UdpSocketLine]) -> Option<String> {
        let new: Vec<u64> = lines
            .iter()
            .map(|line| line.inode)
            .filter(|inode| !self.holders.contains_key(inode))
            .collect();
        if !new.is_empty() {
            self.holders.extend(new.iter().map(|inode| (*inode, None)));
            let named = kernel::holders(&new);
            self.holders.extend(named.into_iter().map(|(inode, name)| (inode, Some(name))));
        }
        lines.iter().find_map(|line| self.holders.get(&line.inode)?.clone())
    }
}

/// A [`ListenSpec`] and its socket, when there is one.
#[derive(Debug)]
pub(super) struct Listener {
    /// As asked for; port 0 becomes the port that was given.
    pub(super) spec: ListenSpec,
    pub(super) open: Option<Open>,
    buffer_bytes: usize,
    /// Datagrams left out because of `from=`.
    pub(super) filtered: u64,
    /// Its port, taken before, could be had when it was tried last.
    was_free: bool,
    /// Its address was one of this machine's.
    was_ours: bool,
}

/// A bound, non-blocking socket.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) socket: UdpSocket,
    pub(super) reader: UdpSocketState,
    pub(super) address: SocketAddr,
    pub(super) inode: u64,
    /// Drops as the kernel last counted them.
    pub(super) drops: u32,
    joined: Vec<u32>,
    /// The interface it is tied to; zero for none.
    index: u32,
}

impl Open {
    pub(super) fn new(socket: UdpSocket, reader: UdpSocketState, address: SocketAddr) -> Self {
        let inode = nix::sys::stat::fstat(&socket).map_or(0, |stat| stat.st_ino);
        Self { socket, reader, address, inode, drops: 0, joined: Vec::new(), index: 0 }
    }
}

impl Listener {
    /// Opens what can be opened now.
    pub(super) fn new(
        spec: ListenSpec,
        buffer_bytes: usize,
        around: &mut Network,
        own: &[u64],
    ) -> (Self, ListenReport) {
        let mut report = ListenReport::new(spec.clone(), buffer_bytes);
        let mut listener = Self {
            spec,
            open: None,
            buffer_bytes,
            filtered: 0,
            // Nobody waits for it yet, so there is nobody to be polite to.
            was_free: true,
            was_ours: false,
        };
        listener.follow(&mut report, around, own);
        (listener, report)
    }

    /// Mends what can be mended, and brings `report` up to date. `own` are the sockets of this
    /// source.
    pub(super) fn follow(&mut self, report: &mut ListenReport, around: &mut Network, own: &[u64]) {
        if self.open.as_ref().is_some_and(|open| !self.is_in_place(open, &around.interfaces)) {
            // An interface that comes back under its old name is another one to the kernel.
            self.open = None;
        }
        match &mut self.open {
            None => self.try_to_open(report, around, own),
            Some(open) if self.spec.is_group() => {
                let socket = socket2::SockRef::from(&open.socket);
                bind::join(&socket, &mut open.joined, &around.interfaces, report);
            }
            Some(_) => report.trouble = bind::unicast_trouble(&self.spec, &around.interfaces),
        }
        report.filtered = self.filtered;
        if let Some(open) = &self.open
            && !self.spec.is_group()
        {
            let address = open.address;
            self.look_for_rivals(address, report, around, own);
        }
    }

    fn is_in_place(&self, open: &Open, interfaces: &[Interface]) -> bool {
        let Some(name) = &self.spec.interface else {
            return true;
        };
        find(interfaces, name).is_some_and(|found| found.index == open.index)
    }

    fn try_to_open(&mut self, report: &mut ListenReport, around: &mut Network, own: &[u64]) {
        let address = self.spec.address;
        let in_the_way =
            |other: IpAddr| address.is_unspecified() || other.is_unspecified() || other == address;
        let rivals = around.rivals(self.spec.port, own, in_the_way);
        let all = around.rivals(self.spec.port, &[], in_the_way);
        let others =
            if rivals.is_empty() && !all.is_empty() { Others::Ourselves } else { Others::Unknown };
        let (bound, new) = bind::open(&self.spec, others, &around.interfaces, self.buffer_bytes);
        let bound = bound.zip(new.bound);
        if bound.is_some() && !self.was_free {
            // Its holder may only be starting again: it finds the port free the whole time until
            // the next look, and so do we if it stays away.
            self.was_free = true;
            return;
        }
        let (asked, is_default) = (report.asked.clone(), report.is_default);
        *report = ListenReport { asked, is_default, ..new };
        if let Some((Bound { socket, reader, joined, index }, address)) = bound {
            self.spec.port = address.port();
            self.open = Some(Open { joined, index, ..Open::new(socket.into(), reader, address) });
        } else if let Some(Trouble::Taken { holder }) = &mut report.trouble {
            self.was_free = false;
            *holder = around.holder(&rivals);
        }
    }

    /// Others that were let in beside a unicast socket of ours: all allowed it to be shared, and
    /// the kernel gives each datagram to the most specific address, then to the one bound last.
    fn look_for_rivals(
        &mut self,
        ours: SocketAddr,
        report: &mut ListenReport,
        around: &mut Network,
        own: &[u64],
    ) {
        report.elsewhere.clear();
        if report.trouble.is_none() && self.is_gone(&around.interfaces) {
            report.trouble = Some(Trouble::NotOurs);
        }
        if report.trouble.is_some() {
            return;
        }
        // There was none when ours was bound. One tied to an interface is more specific than all
        // that are not.
        let is_tied = self.spec.interface.is_some();
        let later = around.rivals(ours.port(), own, |other| other == ours.ip() && !is_tied);
        if !later.is_empty() {
            report.trouble = Some(Trouble::Overtaken { holder: around.holder(&later) });
            return;
        }
        if ours.ip().is_unspecified() {
            let family = ours.is_ipv4();
            let more = around.rivals(ours.port(), own, |other| {
                other.is_ipv4() == family && !other.is_unspecified()
            });
            for line in more.into_iter().take(ELSEWHERE_MAX) {
                let holder = around.holder(&[line]).unwrap_or_else(|| "another program".into());
                report.elsewhere.push((line.address, holder));
            }
        }
    }

    /// Whether the address was on an interface and is no more. Some are on none and ours all the
    /// same, such as 127.0.0.2.
    fn is_gone(&mut self, interfaces: &[Interface]) -> bool {
        let is_there = interfaces.iter().any(|found| match self.spec.address {
            IpAddr::V4(v4) => found.v4.contains(&v4),
            IpAddr::V6(v6) => found.v6.contains(&v6),
        });
        self.was_ours |= is_there;
        self.was_ours && !is_there && !self.spec.address.is_unspecified()
    }
}

/// Addresses listed for one wildcard that go to other programs.
const ELSEWHERE_MAX: usize = 8;
