//! Reading a socket: many datagrams per system call, into memory that is used again.
//!
//! [`prepare`] makes a socket report where each datagram was sent to, [`Slots`] is the memory.
//! Where the system has no `recvmmsg`, one datagram comes per call. Knows nothing of turns.

use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::SockRef;
use std::array;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

/// The largest UDP payload is 65,507 bytes (IPv6 jumbograms aside): nothing is ever cut.
pub const DATAGRAM_MAX_BYTES: usize = 65_535;

/// Room for as many datagrams as one call brings: 32 x 65,535 bytes are 2 MiB, of which only what
/// datagrams reach takes memory.
#[derive(Debug)]
pub(super) struct Slots {
    memory: Box<[u8]>,
    met: [RecvMeta; BATCH_SIZE],
}

/// One datagram in its slot.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) sender: SocketAddr,
    /// The address it was sent to, where the system reports it.
    pub(super) to: Option<IpAddr>,
}

/// Makes the socket report where datagrams were sent to, and nothing else: each report costs the
/// kernel time with every datagram.
pub(super) fn prepare(socket: &impl AsFd) -> io::Result<UdpSocketState> {
    let state = UdpSocketState::new(socket.into())?;
    let options = SockRef::from(socket);
    // What cannot be switched off is not there, or is passed over when it is reported.
    let _ = if options.local_addr()?.is_ipv4() {
        options.set_recv_tos_v4(false)
    } else {
        options.set_recv_tclass_v6(false)
    };
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &false);
        // Each datagram its own slot, whose length is its own: those of collectd differ in length,
        // so there would be nothing to join.
        let _ = setsockopt(socket, sockopt::UdpGroSegment, &false);
    }
    Ok(state)
}

impl Slots {
    /// Empty.
    pub(super) fn new() -> Self {
        let memory = vec![0; BATCH_SIZE * DATAGRAM_MAX_BYTES].into();
        Self { memory, met: [RecvMeta::default(); BATCH_SIZE] }
    }

    /// Takes what waits at a socket that is not to block, in one call: at most `count_max` and as
    /// many as there are slots, at least one. What was there before is gone.
    pub(super) fn receive(
        &mut self,
        socket: &UdpSocket,
        state: &UdpSocketState,
        count_max: usize,
    ) -> io::Result<impl Iterator<Item = Received<'_>>> {
        let mut slots = self.memory.chunks_exact_mut(DATAGRAM_MAX_BYTES);
        let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] =
            array::from_fn(|_| IoSliceMut::new(slots.next().unwrap_or_default()));
        let buffers = buffers.get_mut(..count_max.clamp(1, BATCH_SIZE)).unwrap_or_default();
        let count = state.recv(socket.into(), buffers, &mut self.met)?;
        let slots = self.memory.chunks_exact(DATAGRAM_MAX_BYTES);
        Ok(slots.zip(&self.met).take(count).map(|(slot, met)| {
            debug_assert_eq!(met.len, met.stride, "joined datagrams");
            Received {
                bytes: slot.get(..met.len).unwrap_or_default(),
                sender: plain(met.addr),
                to: met.dst_ip,
            }
        }))
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
