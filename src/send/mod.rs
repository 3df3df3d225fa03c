//! Sending: value lists and notifications to one or several destinations.
//!
//! [`Sender`] does for a program what the `Server` blocks do for collectd's network plugin:
//! unicast or multicast, IPv4 or IPv6, signed or encrypted if wanted. It owns no thread; whoever
//! wants lists to leave in time waits for [`Sender::due_in`] and calls [`Sender::flush`].
//! Nothing is sent when it is dropped.

mod destination;
mod link;

pub use destination::{Destination, ParseDestinationError};

use crate::metric::{CdTime, Identifier, Interval, Names, Severity, Value};
use crate::source::reason::errno;
use crate::wire::{
    EncodeError, Encoder, IV_BYTES, Protection, SIZE_MAX_DEFAULT, Seal, encode_notification,
};
use link::Link;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU8;
use std::ops::RangeInclusive;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Packet sizes to choose from: the daemon's, but no more than UDP carries over IPv4.
pub const PACKET_SIZES: RangeInclusive<usize> = 1_024..=65_507;

/// Options of a [`Sender`].
#[derive(Clone, Debug)]
pub struct SenderOptions {
    /// Routers a datagram may pass; without it the system's choice, which is 1 for groups.
    pub ttl: Option<NonZeroU8>,
    /// Signature or encryption, if any.
    pub seal: Option<Seal>,
    /// Bytes of a datagram with its signature or encryption, one of [`PACKET_SIZES`]. Receivers
    /// cut what is larger than their own `MaxPacketSize`.
    pub max_packet_size: usize,
    /// Moment at which value lists leave.
    pub flush: Flush,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self { ttl: None, seal: None, max_packet_size: SIZE_MAX_DEFAULT, flush: Flush::WhenFull }
    }
}

/// Moment at which gathered value lists leave. Notifications leave at once, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flush {
    /// When no more fits, as from the daemon: fewest datagrams.
    WhenFull,
    /// Each list in a datagram of its own.
    AtOnce,
    /// When no more fits, or this long after the first.
    After(Duration),
}

/// Reason why a [`Sender`] cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No destinations.
    #[error("no destination to send to")]
    NoDestination,
    /// A packet size outside [`PACKET_SIZES`].
    #[error("packet size {0} is out of range; write {least} to {most}",
            least = PACKET_SIZES.start(), most = PACKET_SIZES.end())]
    PacketSize(usize),
    /// A name without address.
    #[error("cannot find the address of {destination}: {}", link::reason(cause))]
    Resolve {
        /// The destination as written.
        destination: String,
        /// The resolver's answer.
        cause: io::Error,
    },
    /// No interface of that name.
    #[error("cannot send to {destination}: no interface {name}; this machine has {}",
            known.join(", "))]
    NoInterface {
        /// The destination as written.
        destination: String,
        /// Name asked for.
        name: String,
        /// Names of the interfaces of this machine.
        known: Vec<String>,
    },
    /// No route, or a socket option that the system refuses.
    #[error("cannot send to {}: {}", label(destination, address), link::reason(cause))]
    Socket {
        /// The destination as written.
        destination: String,
        /// Its address.
        address: SocketAddr,
        /// The system's answer.
        cause: io::Error,
    },
}

/// Reason why something was not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// A receiver would not accept it. What was gathered before is kept.
    #[error("cannot send {what}: {cause}")]
    Encode {
        /// The value list or notification, in words.
        what: String,
        /// Reason.
        cause: EncodeError,
    },
    /// Larger than a datagram may be. What was gathered before is kept.
    #[error(
        "cannot send {what}: it needs {bytes} bytes{protected}, a packet holds {max_packet_size}"
    )]
    TooLarge {
        /// The value list or notification, in words.
        what: String,
        /// Bytes it needs in a datagram of its own.
        bytes: usize,
        /// Bytes a datagram may have.
        max_packet_size: usize,
        /// Words for the protection that some of the bytes are for.
        protected: &'static str,
    },
    /// No randomness for an encryption.
    #[error("cannot encrypt: no random numbers from the system ({0})")]
    Random(getrandom::Error),
    /// At least one destination did not get a datagram, the others did.
    #[error("{}", Failure::list(.0))]
    Network(Vec<Failure>),
}

/// One destination that did not get a datagram.
#[derive(Debug)]
pub struct Failure {
    /// The destination as written.
    pub destination: String,
    /// Its address.
    pub address: SocketAddr,
    /// Size of the datagram; zero when the answer came later.
    pub bytes: usize,
    /// The system's answer. "Connection refused" is about the datagram before this one.
    pub cause: io::Error,
}

/// Totals of what was sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Value lists handed over for sending.
    pub lists: u64,
    /// Notifications handed over for sending.
    pub notifications: u64,
    /// Datagrams that the system accepted, of all destinations.
    pub datagrams: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Datagrams that a destination did not get, as far as the system reports.
    pub failures: u64,
}

/// Sends to a fixed set of destinations, the same to each.
///
/// ```
/// use collectoscope::metric::{CdTime, Interval, Names, Value};
/// use collectoscope::send::{Destination, Sender, SenderOptions};
/// use collectoscope::wire::{Protection, Seal};
/// # let listener = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// # let port = listener.local_addr()?.port();
///
/// let destination: Destination = format!("127.0.0.1:{port}").parse()?;
/// let seal = Seal::new(Protection::Encrypted, b"alice", b"secret")?;
/// let options = SenderOptions { seal: Some(seal), ..SenderOptions::default() };
/// let mut sender = Sender::open(&[destination], options)?;
///
/// let names = Names { host: b"web1", plugin: b"load", type_: b"load", ..Names::default() };
/// let now = CdTime::from_system(std::time::SystemTime::now());
/// let values = [0.5, 0.25, 0.125].map(Value::Gauge);
/// sender.push(&names, now, Interval::from_secs(10), &values)?;
/// sender.flush()?;
/// assert_eq!(sender.sent().datagrams, 1);
/// # let mut datagram = [0; 2_000];
/// # assert_eq!(listener.recv(&mut datagram)? as u64, sender.sent().bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sender {
    out: Out,
    encoder: Encoder,
    notification: Vec<u8>,
    max_packet_size: usize,
    flush: Flush,
    /// Time at which the first of the gathered lists came.
    gathering_since: Option<Instant>,
    lists: u64,
    notifications: u64,
}

impl Sender {
    /// Opens a socket for each destination; fails when one cannot be opened.
    pub fn open(destinations: &[Destination], options: SenderOptions) -> Result<Self, OpenError> {
        let SenderOptions { ttl, seal, max_packet_size, flush } = options;
        if destinations.is_empty() {
            return Err(OpenError::NoDestination);
        }
        if !PACKET_SIZES.contains(&max_packet_size) {
            return Err(OpenError::PacketSize(max_packet_size));
        }
        let links: Vec<Link> = destinations
            .iter()
            .map(|destination| Link::open(destination, ttl))
            .collect::<Result<_, _>>()?;
        let overhead_bytes = seal.as_ref().map_or(0, Seal::overhead_bytes);
        Ok(Self {
            encoder: Encoder::new(max_packet_size.saturating_sub(overhead_bytes)),
            out: Out { links, seal, overhead_bytes, ..Out::default() },
            notification: Vec::new(),
            max_packet_size,
            flush,
            gathering_since: None,
            lists: 0,
            notifications: 0,
        })
    }

    /// Gathers a value list. What leaves with it depends on [`SenderOptions::flush`]; a
    /// [`SendError::Network`] is about that; the list itself was accepted.
    pub fn push(
        &mut self,
        names: &Names<'_>,
        time: CdTime,
        interval: Interval,
        values: &[Value],
    ) -> Result<(), SendError> {
        let out = &mut self.out;
        let mut left = false;
        let pushed = self.encoder.push(names, time, interval, values, &mut |payload| {
            left = true;
            out.send(payload);
        });
        if let Err(cause) = pushed {
            let what = format!("the values of {}", Identifier::from_names(names));
            return Err(self.refusal(what, cause));
        }
        self.lists += 1;
        if left || self.gathering_since.is_none() {
            self.gathering_since = Some(Instant::now());
        }
        if self.due_in().is_some_and(|wait| wait.is_zero()) {
            return self.flush();
        }
        self.out.outcome()
    }

    /// Sends a notification at once.
    pub fn notify(
        &mut self,
        names: &Names<'_>,
        time: CdTime,
        severity: Severity,
        message: &[u8],
    ) -> Result<(), SendError> {
        let what = || format!("the notification of {}", Identifier::from_names(names));
        let mut payload = std::mem::take(&mut self.notification);
        let encoded = encode_notification(names, time, severity, message, &mut payload);
        let size_max = self.max_packet_size - self.out.overhead_bytes;
        let result = match encoded {
            Err(cause) => Err(self.refusal(what(), cause)),
            Ok(()) if payload.len() > size_max => {
                let cause = EncodeError::TooLarge { bytes: payload.len(), size_max };
                Err(self.refusal(what(), cause))
            }
            Ok(()) => {
                self.notifications += 1;
                self.out.send(&payload);
                self.out.outcome()
            }
        };
        self.notification = payload;
        result
    }

    /// Sends what is gathered, if anything.
    pub fn flush(&mut self) -> Result<(), SendError> {
        self.gathering_since = None;
        let out = &mut self.out;
        self.encoder.flush(&mut |payload| out.send(payload));
        self.out.outcome()
    }

    /// Time that [`Sender::flush`] may wait; none when nothing is gathered, or it leaves when full.
    pub fn due_in(&self) -> Option<Duration> {
        let since = self.gathering_since?;
        match self.flush {
            Flush::WhenFull => None,
            Flush::AtOnce => Some(Duration::ZERO),
            Flush::After(wait) => Some(wait.saturating_sub(since.elapsed())),
        }
    }

    /// Waits up to `timeout` for an answer that a port is unreachable; returns at the first.
    pub fn wait_for_refusal(&mut self, timeout: Duration) -> Result<(), SendError> {
        self.out.wait_for_refusal(timeout);
        self.out.outcome()
    }

    /// Totals so far.
    pub fn sent(&self) -> Sent {
        Sent { lists: self.lists, notifications: self.notifications, ..self.out.sent }
    }

    /// The addresses that the destinations stand for, in their order.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.out.links.iter().map(|link| link.address).collect()
    }

    fn refusal(&self, what: String, cause: EncodeError) -> SendError {
        match cause {
            EncodeError::TooLarge { bytes, .. } => SendError::TooLarge {
                what,
                bytes: bytes + self.out.overhead_bytes,
                max_packet_size: self.max_packet_size,
                protected: match self.out.seal.as_ref().map(Seal::protection) {
                    None => "",
                    Some(Protection::Signed) => " with its signature",
                    Some(Protection::Encrypted) => " with its encryption",
                },
            },
            cause => SendError::Encode { what, cause },
        }
    }
}

/// Seal and links: payloads are sealed and handed to every link.
#[derive(Debug, Default)]
struct Out {
    links: Vec<Link>,
    seal: Option<Seal>,
    overhead_bytes: usize,
    sealed: Vec<u8>,
    sent: Sent,
    /// Since the last [`Out::outcome`].
    failures: Vec<Failure>,
    random: Option<getrandom::Error>,
}

impl Out {
    fn send(&mut self, payload: &[u8]) {
        let Self { links, seal, sealed, sent, failures, .. } = self;
        let datagram = match seal {
            None => payload,
            Some(seal) => {
                let mut iv = [0; IV_BYTES];
                if seal.protection() == Protection::Encrypted
                    && let Err(error) = getrandom::fill(&mut iv)
                {
                    // An IV that is known or used twice gives the content away.
                    self.random = Some(error);
                    return;
                }
                seal.seal(payload, &iv, sealed);
                sealed
            }
        };
        let bytes = datagram.len();
        for link in links {
            match link.send(datagram) {
                Ok(()) => {
                    sent.datagrams += 1;
                    sent.bytes += u64::try_from(bytes).unwrap_or(0);
                }
                Err(cause) => failures.push(Failure::new(link, bytes, cause)),
            }
        }
    }

    fn wait_for_refusal(&mut self, timeout: Duration) {
        let links: Vec<&Link> = self.links.iter().filter(|link| link.may_be_refused()).collect();
        // An error is always polled for.
        let mut waiting: Vec<PollFd<'_>> =
            links.iter().map(|link| PollFd::new(link.socket.as_fd(), PollFlags::empty())).collect();
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        if waiting.is_empty() || !poll(&mut waiting, timeout).is_ok_and(|count| count > 0) {
            return;
        }
        for link in links {
            if let Ok(Some(cause)) = link.socket.take_error() {
                self.failures.push(Failure::new(link, 0, cause));
            }
        }
    }

    fn outcome(&mut self) -> Result<(), SendError> {
        if let Some(error) = self.random.take() {
            return Err(SendError::Random(error));
        }
        if self.failures.is_empty() {
            return Ok(());
        }
        let failures = std::mem::take(&mut self.failures);
        self.sent.failures += u64::try_from(failures.len()).unwrap_or(0);
        Err(SendError::Network(failures))
    }
}

impl Failure {
    fn new(link: &Link, bytes: usize, cause: io::Error) -> Self {
        let destination = link.destination.to_string();
        Self { destination, address: link.address, bytes, cause }
    }

    fn list(failures: &[Self]) -> String {
        failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The system's answer in words.
    pub fn reason(&self) -> String {
        link::reason(&self.cause)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = label(&self.destination, &self.address);
        write!(f, "cannot send to {label}: {}", self.reason())?;
        if errno(&self.cause) == Some(nix::errno::Errno::EMSGSIZE) {
            write!(f, " for this route: {} bytes; try a smaller packet size", self.bytes)?;
        }
        Ok(())
    }
}

/// A destination as it was written, with its address where that is not the same.
fn label(destination: &str, address: &SocketAddr) -> String {
    let address = address.to_string();
    if destination == address { address } else { format!("{destination} ({address})") }
}
