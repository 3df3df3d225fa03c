//! Reading: value lists and notifications as they arrive, one after another.
//!
//! [`Reader`] is the front door for a program: sockets or a capture outside, an iterator of owned
//! [`Item`]s inside. It owns no thread and no channel, and is the counterpart of
//! [`crate::send::Sender`]. What a datagram holds beside items (faults, parts that cannot be
//! opened) is counted; [`crate::wire::Decoder`] reports it all.

use crate::metric::{CdTime, Identifier, Interval, Notification, Value, ValueList};
use crate::source::auth::AuthFile;
use crate::source::capture::{Capture, CaptureError};
use crate::source::inlet::{Inlet, InletOptions};
use crate::source::reason::reason;
use crate::source::udp::{ListenSpec, ParseListenError, UdpOptions, UdpSource};
use crate::text::{NotificationLine, ValuesLine};
use crate::wire::{self, Decoder, Event, SecurityLevel, Trust};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long nothing may come before what else is due is done: interfaces that come up are joined.
const TURN: Duration = Duration::from_millis(500);
/// The command that messages about captures name.
const READS: &str = "collectoscope dump --read";

/// Value lists and notifications, as they arrive.
///
/// ```no_run
/// use collectoscope::Reader;
///
/// // Both groups of collectd, and its port on every address.
/// for item in Reader::new()? {
///     println!("{}", item?);
/// }
/// # Ok::<(), collectoscope::read::ReadError>(())
/// ```
///
/// Filtering is an `if`:
///
/// ```
/// use collectoscope::Reader;
/// use collectoscope::metric::{CdTime, Identifier, Interval, Value};
/// use collectoscope::send::{Sender, SenderOptions};
/// use std::time::Duration;
///
/// let mut reader = Reader::listen("127.0.0.1:0")?.timeout(Duration::from_secs(30));
/// let to = format!("{}", reader.addresses()[0]).parse()?;
/// let mut sender = Sender::open(&[to], SenderOptions::default())?;
/// let (time, interval) = (CdTime::from_secs(1_800_000_000), Interval::from_secs(10));
/// for (plugin, value) in [("cpu", 1.5), ("load", 0.25)] {
///     let names = Identifier::new("web-1", plugin, "", "gauge", "");
///     sender.push(&names.names(), time, interval, &[Value::Gauge(value)])?;
/// }
/// sender.flush()?;
///
/// for item in &mut reader {
///     let item = item?;
///     if item.host() == "web-1" && item.plugin() == "load" {
///         assert_eq!(item.values(), [Value::Gauge(0.25)]);
///         assert_eq!(item.to_string(), "[1800000000] web-1/load/gauge [(1, 0.25)]");
///         break;
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    inlet: Inlet,
    decoder: Decoder,
    /// What one turn brought; nothing more is received before they are taken.
    items: VecDeque<Item>,
    timeout: Option<Duration>,
    faults: u64,
}

/// What to read; all that [`Reader::new`] leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    /// Where to listen; empty: both groups of collectd and its port on every address. See
    /// [`ListenSpec`] for how an address, a group, an interface and options are written.
    pub listen: Vec<ListenSpec>,
    /// A capture, read instead of listening, or beside it where `listen` says where.
    pub capture: Option<PathBuf>,
    /// Users and passwords for what is signed or encrypted; read again when it changes.
    pub auth_file: Option<PathBuf>,
    /// The least protection that is taken.
    pub level: SecurityLevel,
    /// Kernel receive buffer to ask for, per socket; none: [`UdpOptions`]' default.
    pub receive_buffer_mib: Option<usize>,
}

/// One value list or notification, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it says.
    pub content: Content,
    /// Where its datagram came from.
    pub sender: SocketAddr,
    /// When its datagram came, by the clock of this machine or of whoever captured it.
    pub arrival: CdTime,
    /// How it was protected.
    pub trust: Trust,
}

/// What an [`Item`] says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// One value per data source of its type.
    Values(ValueList),
    /// A message with a severity.
    Notification(Notification),
}

/// Why nothing can be read, or not further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// An address that cannot be read.
    #[error(transparent)]
    Address(#[from] ParseListenError),
    /// Not one of the addresses can be listened to; a sentence for each.
    #[error("nothing can arrive: {}", .0.join("; "))]
    NotListening(Vec<String>),
    /// The AuthFile cannot be read.
    #[error("cannot read the AuthFile: {reason}, {}", path.display())]
    AuthFile {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The capture cannot be opened, or not read further.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A socket failed. Reading may go on.
    #[error("cannot receive: {}", reason(.0))]
    Receive(io::Error),
}

impl Reader {
    /// Reads what is sent to both multicast groups of collectd, and to its port on every address.
    pub fn new() -> Result<Self, ReadError> {
        Self::with(ReaderOptions::default())
    }

    /// Reads what is sent to one address or group: `192.0.2.1:9000`, `239.192.74.66%eth0`; port 0
    /// takes a free one.
    pub fn listen(address: &str) -> Result<Self, ReadError> {
        Self::with(ReaderOptions { listen: vec![address.parse()?], ..ReaderOptions::default() })
    }

    /// Reads a capture (pcap, pcapng) to its end; `-` is standard input.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ReadError> {
        let capture = Some(path.into());
        Self::with(ReaderOptions { capture, ..ReaderOptions::default() })
    }

    /// Reads what `options` say.
    pub fn with(options: ReaderOptions) -> Result<Self, ReadError> {
        let ReaderOptions { listen, capture, auth_file, level, receive_buffer_mib } = options;
        let auth = auth_file.map(open_auth_file).transpose()?;
        let open = |path: &PathBuf| Capture::open_while(path, READS, &|| true);
        let capture = capture.as_ref().map(open).transpose()?;
        let defaults = UdpOptions::default();
        let receive_buffer_mib = receive_buffer_mib.unwrap_or(defaults.receive_buffer_mib);
        let is_listening = capture.is_none() || !listen.is_empty();
        let udp = is_listening.then_some(UdpOptions { listen, receive_buffer_mib, level });
        let inlet = Inlet::open(InletOptions { udp, local: false, capture, level, auth });
        if let Some(source) = inlet.source().filter(|source| !source.is_listening()) {
            let reports = source.reports().iter().map(ToString::to_string);
            return Err(ReadError::NotListening(reports.collect()));
        }
        let decoder = Decoder::new(inlet.keys());
        Ok(Self { inlet, decoder, items: VecDeque::new(), timeout: None, faults: 0 })
    }

    /// Ends the iteration when nothing came for so long; asking again goes on.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The addresses that are listened to, with their ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let reports = self.inlet.source().map_or(&[][..], UdpSource::reports);
        reports.iter().filter_map(|report| report.bound).collect()
    }

    /// What was wrong in datagrams so far, counted: damage, and parts that could not be opened.
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// Datagrams lost so far as a receive buffer was full; zero where the system does not say.
    pub fn lost(&mut self) -> u64 {
        self.inlet.lost()
    }

    /// Reads on once, for at most `wait`; an error is of a socket or of the capture.
    fn turn(&mut self, wait: Duration) -> Result<(), ReadError> {
        let Self { inlet, decoder, items, faults, .. } = self;
        let turn = inlet.turn(wait, &mut |datagram| {
            decoder.decode(datagram.level, datagram.bytes, &mut |event| {
                let (content, trust) = match event {
                    Event::Values(list) => (values(&list), list.trust),
                    Event::Notification(one) => (notification(&one), one.trust),
                    Event::Fault(_) => return *faults += 1,
                    Event::Protected(part) => return *faults += u64::from(part.outcome.is_err()),
                };
                let (sender, arrival) = (datagram.sender, datagram.arrival);
                items.push_back(Item { content, sender, arrival, trust });
            });
        });
        if turn.has_new_keys {
            self.decoder.set_keys(self.inlet.keys());
        }
        if let Some(error) = turn.failure {
            return Err(ReadError::Receive(error));
        }
        Ok(turn.ended.unwrap_or(Ok(()))?)
    }
}

impl Iterator for Reader {
    type Item = Result<Item, ReadError>;

    /// Waits for the next one. None at the end of a capture that is read alone, and when the
    /// time-out is over.
    fn next(&mut self) -> Option<Self::Item> {
        let start = Instant::now();
        let mut has_looked = false;
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some(Ok(item));
            }
            let left = self.timeout.map_or(TURN, |most| most.saturating_sub(start.elapsed()));
            if self.inlet.is_over() || (has_looked && left.is_zero()) {
                return None;
            }
            has_looked = true;
            if let Err(error) = self.turn(left.min(TURN)) {
                return Some(Err(error));
            }
        }
    }
}

impl Item {
    /// Whom it is about; of a notification any name may be empty.
    pub const fn identifier(&self) -> &Identifier {
        match &self.content {
            Content::Values(list) => &list.identifier,
            Content::Notification(one) => &one.identifier,
        }
    }

    /// The machine that it is about.
    pub fn host(&self) -> &str {
        &self.identifier().host
    }

    /// Who measured.
    pub fn plugin(&self) -> &str {
        &self.identifier().plugin
    }

    /// Which of several; may be empty.
    pub fn plugin_instance(&self) -> &str {
        &self.identifier().plugin_instance
    }

    /// The entry of types.db.
    pub fn type_(&self) -> &str {
        &self.identifier().type_
    }

    /// Which of several; may be empty.
    pub fn type_instance(&self) -> &str {
        &self.identifier().type_instance
    }

    /// When it was measured or happened, by the host's clock.
    pub const fn time(&self) -> CdTime {
        match &self.content {
            Content::Values(list) => list.time,
            Content::Notification(one) => one.time,
        }
    }

    /// The numbers, in the order of types.db; a notification has none.
    pub fn values(&self) -> &[Value] {
        match &self.content {
            Content::Values(list) => &list.values,
            Content::Notification(_) => &[],
        }
    }

    /// Promised time to the next; zero where that is not said.
    pub const fn interval(&self) -> Interval {
        match &self.content {
            Content::Values(list) => list.interval,
            Content::Notification(_) => Interval::ZERO,
        }
    }
}

impl fmt::Display for Item {
    /// The line that `collectoscope dump` prints, see [`ValuesLine`] and [`NotificationLine`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = &self.identifier().names();
        match &self.content {
            Content::Values(ValueList { time, values, .. }) => {
                ValuesLine { names, time: *time, values: values.iter().copied() }.fmt(f)
            }
            Content::Notification(Notification { time, severity, message, .. }) => {
                let (time, severity, message) = (*time, *severity, message.as_bytes());
                NotificationLine { names, time, severity, message }.fmt(f)
            }
        }
    }
}

fn open_auth_file(path: PathBuf) -> Result<AuthFile, ReadError> {
    let file = AuthFile::open(path.clone());
    match file.failure_reason() {
        None => Ok(file),
        Some(reason) => Err(ReadError::AuthFile { path, reason: reason.into() }),
    }
}

fn values(list: &wire::ValueList<'_>) -> Content {
    Content::Values(ValueList {
        identifier: Identifier::from_names(&list.names),
        time: list.time,
        interval: list.interval,
        values: list.values.iter().collect(),
    })
}

fn notification(one: &wire::Notification<'_>) -> Content {
    Content::Notification(Notification {
        identifier: Identifier::from_names(&one.names),
        time: one.time,
        severity: one.severity,
        message: String::from_utf8_lossy(one.message).into(),
    })
}
