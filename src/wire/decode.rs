//! Datagram to facts and faults.
//!
//! The parts of a datagram set names, time and interval that stay in force until replaced; a
//! values part emits a value list, a message a notification. No state survives a datagram.

use super::fault::{Fault, FaultKind, Needed};
use super::part::{Part, parts};
use super::values::Values;
use crate::metric::{CdTime, Interval, Names, Severity};

/// What [`decode`] tells, in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A value list.
    Values(ValueList<'a>),
    /// A notification.
    Notification(Notification<'a>),
    /// A signed or encrypted part.
    Protected(Protected<'a>),
    /// Something wrong.
    Fault(Fault),
}

/// A value list that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct ValueList<'a> {
    /// Who; host, plugin and type are not empty.
    pub names: Names<'a>,
    /// When it was measured, by the host's clock; never zero.
    pub time: CdTime,
    /// Promised time to the next; zero when not told.
    pub interval: Interval,
    /// The numbers.
    pub values: Values<'a>,
}

/// A notification that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a> {
    /// Whom it is about; any may be empty.
    pub names: Names<'a>,
    /// When, never zero.
    pub time: CdTime,
    /// How bad.
    pub severity: Severity,
    /// The text, any bytes, never empty.
    pub message: &'a [u8],
}

/// A signed or encrypted part, which is recognised but not opened.
#[derive(Clone, Copy, Debug)]
pub struct Protected<'a> {
    /// Which of the two.
    pub protection: Protection,
    /// The user it names, never empty.
    pub user: &'a [u8],
    /// Where the part starts in the datagram.
    pub offset_bytes: usize,
}

/// How a part is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// Part 0x0200: a signature over everything behind it.
    Signed,
    /// Part 0x0210: parts inside it are encrypted.
    Encrypted,
}

/// What is in force.
#[derive(Default)]
struct State<'a> {
    names: Names<'a>,
    time: CdTime,
    interval: Interval,
    severity: u64,
}

/// Tells `sink` everything `datagram` holds, in order.
///
/// Takes what the daemon takes, and goes on where it gives up only when lengths and names are
/// still sure ([`FaultKind::is_final`]). Ends at a signature: what it covers is not read before
/// it is verified. Goes on behind an encrypted part, which covers only itself.
#[inline]
pub fn decode<'a>(datagram: &'a [u8], sink: &mut impl FnMut(Event<'a>)) {
    let mut state = State::default();
    for part in parts(datagram) {
        let (offset_bytes, part) = match part {
            Ok(located) => located,
            Err(fault) => {
                sink(Event::Fault(fault));
                continue;
            }
        };
        let fault = |kind| Event::Fault(Fault { offset_bytes, kind });
        match part {
            Part::Host(name) => state.names.host = name,
            Part::Plugin(name) => state.names.plugin = name,
            Part::PluginInstance(name) => state.names.plugin_instance = name,
            Part::Type(name) => state.names.type_ = name,
            Part::TypeInstance(name) => state.names.type_instance = name,
            Part::Time(time) => state.time = time,
            Part::Interval(interval) => state.interval = interval,
            Part::Severity(code) => state.severity = code,
            Part::Values(values) => match state.value_list(values) {
                Ok(list) => sink(Event::Values(list)),
                Err(needed) => sink(fault(FaultKind::ValuesWithout(needed))),
            },
            Part::Message(message) => match state.notification(message) {
                Ok(notification) => sink(Event::Notification(notification)),
                Err(kind) => sink(fault(kind)),
            },
            Part::Signature { user } => {
                let protection = Protection::Signed;
                sink(Event::Protected(Protected { protection, user, offset_bytes }));
                return;
            }
            Part::Encryption { user } => {
                let protection = Protection::Encrypted;
                sink(Event::Protected(Protected { protection, user, offset_bytes }));
            }
            Part::Unknown(_) => {}
        }
    }
}

impl<'a> State<'a> {
    #[inline]
    fn value_list(&self, values: Values<'a>) -> Result<ValueList<'a>, Needed> {
        let &Self { names, time, interval, .. } = self;
        if time == CdTime::ZERO {
            return Err(Needed::Time);
        }
        if names.host.is_empty() {
            return Err(Needed::Host);
        }
        if names.plugin.is_empty() {
            return Err(Needed::Plugin);
        }
        if names.type_.is_empty() {
            return Err(Needed::Type);
        }
        Ok(ValueList { names, time, interval, values })
    }

    fn notification(&self, message: &'a [u8]) -> Result<Notification<'a>, FaultKind> {
        let &Self { names, time, severity: code, .. } = self;
        // The daemon casts the number to an `int` before it compares: 2³² + 2 is a warning.
        let severity = Severity::from_code(code & u64::from(u32::MAX))
            .ok_or(FaultKind::UnknownSeverity { code })?;
        if time == CdTime::ZERO {
            return Err(FaultKind::NotificationWithoutTime);
        }
        if message.is_empty() {
            return Err(FaultKind::MessageEmpty);
        }
        Ok(Notification { names, time, severity, message })
    }
}
