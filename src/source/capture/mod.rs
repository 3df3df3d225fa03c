//! Capture files: the UDP datagrams of a pcap or pcapng, in order, as if they had just arrived.
//!
//! Both byte orders, micro- and nanoseconds, several interfaces; over Ethernet, raw IP, Linux
//! "cooked" (`-i any`, both versions), BSD loopback, PPP and PPPoE, with VLAN tags, MPLS labels
//! and tunnels around; fragments put together; gzip unpacked. A datagram is there as soon as its
//! packet is, also where a program is still writing the capture to a pipe. A capture that was cut
//! short gives what is there and then says so.

mod container;
mod error;
mod foreign;
mod fragments;
mod gunzip;
mod input;
mod inside;
mod layers;
mod link;
mod packet;
mod pcap;
mod pcapng;
mod unread;
mod write;

pub use error::CaptureError;
pub use foreign::Mend;
pub use unread::Unread;
pub use write::{Existing, WriteError, Writer};

use super::udp::{Datagram, PORT_DEFAULT};
use crate::metric::{CdTime, Interval, counted};
use crate::wire::{Event, SecurityLevel, decode};
use container::Container;
use error::Place;
use foreign::Foreign;
use fragments::Fragments;
use input::{Filled, Input};
use inside::{Inside, Udp};
use packet::{Packet, Parsed, Start};
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the window reads a capture.
pub const WINDOW_READS: &str = "collectoscope --read";
/// How long the header is waited for before whoever waits is asked whether to go on.
const HEADER_WAIT: Duration = Duration::from_millis(200);
/// How far a capture is looked for behind something else: longer than any greeting of a login.
const LOOK_BYTES: usize = 64 * 1024;
/// How often in a row nothing may come meanwhile: then it is said what is there.
const LOOK_WAITS: usize = 15;
/// Packets of several queues change places within a few milliseconds; that is no disorder.
const FALL_MIN: Interval = Interval::from_secs(1);
/// Nor is it when captures are appended to one another, or a clock was set.
const FALLS_MIN: u64 = 3;

/// What a capture held so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets, whatever is in them.
    pub packets: u64,
    /// Datagrams handed over.
    pub datagrams: u64,
    /// Those of them whose end was not captured.
    pub cut: u64,
    /// UDP datagrams of which not all IP fragments are there.
    pub incomplete: u64,
    /// Packets that are not UDP, and UDP that is not collectd's.
    pub others: u64,
    /// Packets that may hold a datagram, but that we cannot look into.
    pub unread: u64,
    /// What the first of them is.
    pub first_unread: Option<Unread>,
    /// Datagrams that are a second or more older than the one before them.
    pub falls: u64,
    /// By how much the worst of those is.
    pub fall_max: Interval,
    /// Times are nanoseconds though the file says microseconds, and were taken as such.
    pub nanos_in_disguise: bool,
}

impl Counts {
    /// What is not there although it should be, a line each.
    pub fn left_out(&self) -> Vec<String> {
        let line = |count, what, why: String| {
            (count > 0).then(|| format!("{} {why}", counted(count, what)))
        };
        let incomplete = "left out: not all of their IP fragments came".to_owned();
        let cut = "without an end: capture again with the option -s 0".to_owned();
        let unread = self.first_unread.map_or_else(String::new, |first| match self.unread {
            1 => format!("not read: {first}"),
            _ => format!("not read, the first: {first}"),
        });
        [
            line(self.incomplete, "datagram", incomplete),
            line(self.cut, "datagram", cut),
            line(self.unread, "packet", unread),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What is strange about the times, a line each.
    pub fn about_times(&self) -> Vec<String> {
        let disorder = (self.falls >= FALLS_MIN).then(|| {
            let by = self.fall_max.secs_f64().round();
            format!(
                "packets are out of order: {} times one is older than the one before, by up to \
                 {by} s; to sort them: reordercap IN OUT",
                self.falls
            )
        });
        let nanos = self.nanos_in_disguise.then(|| {
            "its times are nanoseconds though its header says microseconds: read as such".to_owned()
        });
        nanos.into_iter().chain(disorder).collect()
    }

    /// What is not collectd's, if there was such.
    pub fn others_line(&self) -> Option<String> {
        let others = self.others;
        (others > 0).then(|| format!("{} left out: not of collectd", counted(others, "packet")))
    }
}

/// How far [`Capture::step`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A datagram was handed over.
    Datagram,
    /// Something else was passed over.
    Other,
    /// Whoever writes the capture has not gone on in time.
    Waiting,
    /// There is no more.
    End,
}

/// An open capture.
pub struct Capture {
    path: PathBuf,
    input: Input,
    container: Container,
    ports: Vec<u16>,
    fragments: Fragments,
    counts: Counts,
    /// Time of the last datagram.
    last: CdTime,
    ended: bool,
}

impl Capture {
    /// Opens the capture at `path`, or standard input for `-`. Waits until the header is there.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        Self::open_while(path, WINDOW_READS, &|| true)
    }

    /// The same, but gives up (with an error) soon after `go_on` has become false. `reader` is the
    /// command that messages name for reading captures.
    pub fn open_while(
        path: &Path,
        reader: &'static str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Self, CaptureError> {
        let opened = Input::open(path);
        let input = opened.map_err(|cause| CaptureError::Open { path: path.to_owned(), cause })?;
        Self::start(path, input, reader, go_on)
    }

    /// Reads a capture from `reader`; `path` is for messages.
    pub fn read(path: &Path, reader: Box<dyn Read + Send>) -> Result<Self, CaptureError> {
        Self::start(path, Input::from_reader(reader), WINDOW_READS, &|| true)
    }

    fn start(
        path: &Path,
        mut input: Input,
        reader: &'static str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Self, CaptureError> {
        let path = path.to_owned();
        let container = loop {
            let wanted = match Container::start(input.bytes()) {
                Start::Header(count, container) => {
                    input.consume(count);
                    break container;
                }
                Start::LinkType(link_type) => {
                    return Err(CaptureError::LinkType { path, link_type });
                }
                Start::NotCapture if input.unpack() => continue,
                Start::NotCapture => return Err(foreign(path, &mut input, reader, go_on)),
                Start::More(wanted) => wanted,
            };
            match input.fill(wanted, Some(HEADER_WAIT)) {
                Ok(Filled::Nothing) if go_on() => {}
                Ok(Filled::More) => {}
                Ok(Filled::End) => return Err(foreign(path, &mut input, reader, go_on)),
                Ok(Filled::Nothing) => {
                    let cause = io::ErrorKind::Interrupted.into();
                    return Err(CaptureError::Open { path, cause });
                }
                Err(cause) => return Err(CaptureError::Open { path, cause }),
            }
        };
        Ok(Self {
            path,
            input,
            container,
            ports: Vec::new(),
            fragments: Fragments::default(),
            counts: Counts::default(),
            last: CdTime::ZERO,
            ended: false,
        })
    }

    /// Takes only what was sent to `ports`, and all of it; with none, what [`Capture::step`] says.
    #[must_use]
    pub fn only(mut self, ports: &[u16]) -> Self {
        self.ports = ports.to_owned();
        self
    }

    /// Hands the next datagram to `take`. False at the end; after an error there is no more.
    pub fn next(&mut self, take: &mut dyn FnMut(&Datagram<'_>)) -> Result<bool, CaptureError> {
        loop {
            match self.step(None, take)? {
                Step::Datagram => return Ok(true),
                Step::Other | Step::Waiting => {}
                Step::End => return Ok(false),
            }
        }
    }

    /// Reads on by one packet and hands the datagram in it, if any, to `take`. Where the capture
    /// is still being written, waits for it up to `wait`, for ever without.
    ///
    /// A datagram is what was sent to port 25826 (taken as it is, faults and all), or to another
    /// port if it begins as collectd's protocol does: no fault before the first value list,
    /// notification or protected part. See [`Capture::only`].
    pub fn step(
        &mut self,
        wait: Option<Duration>,
        take: &mut dyn FnMut(&Datagram<'_>),
    ) -> Result<Step, CaptureError> {
        while !self.ended {
            let wanted = match self.container.parse(self.input.bytes()) {
                Parsed::Packet(count, packet) => {
                    let taken = self.packet(&packet, take);
                    self.input.consume(count);
                    return Ok(if taken { Step::Datagram } else { Step::Other });
                }
                Parsed::Other(count) => {
                    self.input.consume(count);
                    return Ok(Step::Other);
                }
                Parsed::Damaged(reason) => {
                    self.ended = true;
                    let (path, packets) = (self.path.clone(), self.counts.packets);
                    return Err(CaptureError::Damaged { path, packets, reason });
                }
                Parsed::More(wanted) => wanted,
            };
            let filled = self.input.fill(wanted, wait);
            let (path, packets) = (|| self.path.clone(), self.counts.packets);
            match filled {
                Ok(Filled::More) => {}
                Ok(Filled::Nothing) => return Ok(Step::Waiting),
                Ok(Filled::End) => {
                    self.ended = true;
                    if !self.input.bytes().is_empty() {
                        return Err(CaptureError::Cut { path: path(), packets });
                    }
                }
                // Of what is unpacked the end was cut off.
                Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
                    self.ended = true;
                    return Err(CaptureError::Cut { path: path(), packets });
                }
                Err(cause) => {
                    self.ended = true;
                    return Err(CaptureError::Read { path: path(), packets, cause });
                }
            }
        }
        Ok(Step::End)
    }

    /// Whether it may be that not everything has been written yet: it is no file.
    pub fn is_live(&self) -> bool {
        self.input.is_live()
    }

    /// What it is called: its path, or "standard input".
    pub fn name(&self) -> String {
        Place(&self.path).to_string()
    }

    /// What was there so far.
    pub fn counts(&self) -> Counts {
        let nanos_in_disguise = self.container.has_nanos_in_disguise();
        Counts { incomplete: self.fragments.incomplete(), nanos_in_disguise, ..self.counts }
    }

    /// Looks into a packet; whether a datagram was handed over.
    fn packet(&mut self, packet: &Packet, take: &mut dyn FnMut(&Datagram<'_>)) -> bool {
        self.counts.packets += 1;
        let arrival = packet.arrival;
        let frame = self.input.bytes().get(packet.data.clone()).unwrap_or_default();
        let whole;
        let mut inside = match packet.link {
            Ok(link) => link.open(frame, packet.interface),
            Err(link_type) => Inside::Unread(Unread::LinkType(link_type)),
        };
        if let Inside::Fragment(fragment) = &inside {
            let Some(bytes) = self.fragments.add(fragment, arrival) else {
                return false;
            };
            whole = bytes;
            inside = link::reassembled(&fragment.of, &whole);
        }
        let Udp { from, to, bytes, is_cut } = match inside {
            Inside::Udp(udp) if is_wanted(&self.ports, &udp) => udp,
            Inside::Udp(_) | Inside::Other => {
                self.counts.others += 1;
                return false;
            }
            Inside::Unread(what) => {
                self.counts.unread += 1;
                self.counts.first_unread.get_or_insert(what);
                return false;
            }
            // Fragments of what came in fragments.
            Inside::Fragment(_) => {
                self.counts.unread += 1;
                self.counts.first_unread.get_or_insert(Unread::TunnelFragment);
                return false;
            }
        };
        self.counts.datagrams += 1;
        self.counts.cut += u64::from(is_cut);
        let fall = self.last.since(arrival);
        if fall >= FALL_MIN {
            self.counts.falls += 1;
            self.counts.fall_max = self.counts.fall_max.max(fall);
        }
        self.last = arrival;
        let level = SecurityLevel::None;
        take(&Datagram { bytes, sender: from, arrival, to, level, internal: false });
        true
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("path", &self.path)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// Whether a datagram is one of those that are asked for.
fn is_wanted(ports: &[u16], udp: &Udp<'_>) -> bool {
    match ports {
        [] => udp.to.port() == PORT_DEFAULT || is_collectd(udp.bytes),
        ports => ports.contains(&udp.to.port()),
    }
}

/// Whether the first thing `datagram` says is not a fault.
fn is_collectd(datagram: &[u8]) -> bool {
    let mut first_is_good = None;
    decode(datagram, &mut |event| {
        first_is_good.get_or_insert(!matches!(event, Event::Fault(_)));
    });
    first_is_good.unwrap_or(false)
}

/// Why this is no capture, after a look at what follows: a greeting may stand before one.
fn foreign(
    path: PathBuf,
    input: &mut Input,
    reader: &'static str,
    go_on: &dyn Fn() -> bool,
) -> CaptureError {
    let mut waits = 0;
    while !foreign::is_known(input.bytes()) && input.bytes().len() < LOOK_BYTES && go_on() {
        match input.fill(LOOK_BYTES, Some(HEADER_WAIT)) {
            Ok(Filled::More) => {}
            Ok(Filled::Nothing) if waits < LOOK_WAITS => waits += 1,
            _ => break,
        }
    }
    let unpacked = input.is_unpacked();
    let Foreign { reason, mend } = foreign::what_it_is(input.bytes());
    CaptureError::NotCapture { path, reason, mend, unpacked, reader }
}

#[cfg(test)]
mod tests;
