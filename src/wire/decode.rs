//! The decoder: a datagram to value lists, notifications and faults.
//!
//! The parts of a datagram set names, time and interval that stay in force until replaced; a
//! values part emits a value list, a message a notification. No state survives a datagram.
//! Signed and encrypted parts are opened on the way; the caller chooses security level and keys,
//! which mean what they mean in the daemon.

use super::code::{MAC_BYTES, NESTING_MAX, SHA1_BYTES};
use super::event::{Event, Notification, Protected, ValueList};
use super::fault::{Fault, FaultKind, Needed};
use super::keys::KeyRing;
use super::part::{Part, Parts, last_names, parts};
use super::sink::{Inherited, Sink};
use super::stray::Stray;
use super::trust::{Protection, SecurityLevel, Trust};
use super::values::Values;
use crate::metric::{CdTime, Interval, Names, Severity};
use std::sync::Arc;

/// Decodes datagrams and opens the protected parts in them.
///
/// Accepts what the daemon accepts, and reads on behind a fault where lengths and names are still
/// sure ([`FaultKind::is_final`]), as behind an encrypted part that cannot be opened: it covers
/// only itself. Behind a wrong signature nothing is read.
///
/// ```
/// use collectoscope::metric::{CdTime, Interval, Names, Value};
/// use collectoscope::wire::{Decoder, Encoder, Event, SecurityLevel};
///
/// let names = Names { host: b"web1", plugin: b"load", type_: b"load", ..Names::default() };
/// let (time, interval) = (CdTime::from_secs(1_800_000_000), Interval::from_secs(10));
/// let values = [Value::Gauge(0.5), Value::Gauge(0.25), Value::Gauge(0.125)];
/// let mut datagram = Vec::new();
/// let mut encoder = Encoder::default();
/// encoder.push(&names, time, interval, &values, &mut |_| {})?;
/// encoder.flush(&mut |bytes| datagram.extend_from_slice(bytes));
/// datagram.push(0); // as some senders do
///
/// let (mut received, mut faults) = (Vec::new(), Vec::new());
/// let mut decoder = Decoder::new(None);
/// decoder.decode(SecurityLevel::None, &datagram, &mut |event| match event {
///     Event::Values(list) => received.extend(list.values.iter()),
///     Event::Notification(one) => println!("{:?}", one.message),
///     Event::Protected(part) => println!("{:?} by {:?}", part.protection, part.user),
///     Event::Fault(fault) => faults.push(fault.to_string()),
/// });
/// assert_eq!(received, values);
/// assert_eq!(faults, ["at byte 84: 1 byte behind the last part"]);
/// # Ok::<(), collectoscope::wire::EncodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    pub(super) keys: Option<Arc<KeyRing>>,
    /// Content of encrypted parts, one buffer for each depth.
    plain: [Vec<u8>; NESTING_MAX],
}

impl Decoder {
    /// A decoder with the users of an AuthFile; none if there is no AuthFile.
    pub fn new(keys: Option<Arc<KeyRing>>) -> Self {
        Self { keys, plain: Default::default() }
    }

    /// Replaces the users.
    pub fn set_keys(&mut self, keys: Option<Arc<KeyRing>>) {
        self.keys = keys;
    }

    /// The users.
    pub const fn keys(&self) -> Option<&Arc<KeyRing>> {
        self.keys.as_ref()
    }

    /// Passes all that `datagram` holds to `sink`, in order, as a listener that demands `level`.
    ///
    /// Parts less protected than demanded are one fault for each depth, behind the rest.
    /// Never panics; allocates only to open encrypted parts, into buffers that are used again.
    #[inline]
    pub fn decode(
        &mut self,
        level: SecurityLevel,
        datagram: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) {
        self.decode_into(level, datagram, sink);
    }

    /// As [`Decoder::decode`], for a [`Sink`] that may expect the next list.
    #[inline]
    pub fn decode_into(&mut self, level: SecurityLevel, datagram: &[u8], sink: &mut impl Sink) {
        let keys = self.keys.as_deref();
        Run { level, keys, sink }.run(datagram, 0, Trust::Plain, &mut self.plain);
    }
}

/// Passes all that `datagram` holds to `sink`, in order, as a listener that demands no protection
/// and has no users: signatures are not checked and encrypted parts are not opened.
#[inline]
pub fn decode(datagram: &[u8], sink: &mut impl FnMut(Event<'_>)) {
    let mut plain = [const { Vec::new() }; NESTING_MAX];
    let level = SecurityLevel::None;
    Run { level, keys: None, sink }.run(datagram, 0, Trust::Plain, &mut plain);
}

/// Parameters that are the same at every depth.
struct Run<'r, S> {
    level: SecurityLevel,
    keys: Option<&'r KeyRing>,
    sink: &'r mut S,
}

/// Names and numbers in force, as set by the parts so far.
#[derive(Default)]
struct State<'a> {
    names: Names<'a>,
    time: CdTime,
    interval: Interval,
    severity: u64,
    trust: Trust,
}

impl<S: Sink> Run<'_, S> {
    /// Reads `bytes`, which start at `base` in the datagram and are protected by `trust`. There may
    /// be as many more protected parts inside each other as `plain` has buffers.
    #[inline]
    fn run(&mut self, bytes: &[u8], base: usize, trust: Trust, plain: &mut [Vec<u8>]) {
        if trust < self.level.least() {
            self.run_protected(bytes, base, trust, plain);
            return;
        }
        let mut state = State { trust, ..State::default() };
        let mut parts = parts(bytes);
        // End of the values of the list before.
        let mut lead_at = None;
        while let Some(part) = parts.next() {
            let (offset_bytes, part) = match part {
                Ok(located) => located,
                Err(fault) => {
                    self.bad_part(bytes, base, fault);
                    continue;
                }
            };
            let offset_bytes = base + offset_bytes;
            match part {
                Part::Host(name) => state.names.host = name,
                Part::Plugin(name) => state.names.plugin = name,
                Part::PluginInstance(name) => state.names.plugin_instance = name,
                Part::Type(name) => state.names.type_ = name,
                Part::TypeInstance(name) => state.names.type_instance = name,
                Part::Time(time) => state.time = time,
                Part::Interval(interval) => state.interval = interval,
                Part::Severity(code) => state.severity = code,
                Part::Values(values) => match state.value_list(offset_bytes, values) {
                    Ok(list) => {
                        let end = parts.offset_bytes();
                        let numbers = list.values.len() * 8;
                        let lead =
                            lead_at.and_then(|start| bytes.get(start..end.saturating_sub(numbers)));
                        self.sink.list(&list, lead);
                        self.expected(&mut parts, &mut state);
                        lead_at = Some(parts.offset_bytes());
                    }
                    Err(needed) => self.fault(offset_bytes, FaultKind::ValuesWithout(needed)),
                },
                Part::Message(message) => {
                    self.notification(state.notification(offset_bytes, message), offset_bytes);
                }
                Part::Signature { mac, user } => {
                    let behind = (parts.rest(), base + parts.offset_bytes());
                    let covered = covered(bytes, user, behind.0);
                    let signature = Signature { offset_bytes, mac, user, covered };
                    if !self.signed(&signature, behind, trust, plain) {
                        return;
                    }
                    state.trust = trust.max(Trust::Unverified);
                }
                Part::Encryption { user, iv, sealed } => {
                    self.encrypted(offset_bytes, (user, iv, sealed), trust, plain);
                }
                Part::Unknown(_) => {}
            }
        }
    }

    /// Reads lists unparsed as long as they are the expected ones.
    #[inline]
    fn expected<'d>(&mut self, parts: &mut Parts<'d>, state: &mut State<'d>) {
        let start = parts.rest();
        let mut inherited =
            Inherited { time: state.time, interval: state.interval, trust: state.trust };
        let mut rest = start;
        while let Some(behind) = self.sink.next(rest, &mut inherited) {
            rest = behind;
        }
        if rest.len() == start.len() {
            return;
        }
        state.time = inherited.time;
        // Names in the lists that were not parsed count for those that follow.
        if let Some(skipped) = start.len().checked_sub(rest.len())
            && !rest.is_empty()
            && let Some(skipped) = start.get(..skipped)
        {
            last_names(skipped, &mut |part| state.set(&part));
        }
        parts.skip_to(rest);
    }

    /// As [`Run::run`] where these parts are refused: reads only the protected ones among them.
    #[cold]
    fn run_protected(&mut self, bytes: &[u8], base: usize, trust: Trust, plain: &mut [Vec<u8>]) {
        let mut refused = None;
        let mut parts = parts(bytes);
        while let Some(part) = parts.next() {
            match part {
                Err(fault) => self.bad_part(bytes, base, fault),
                Ok((offset, Part::Encryption { user, iv, sealed })) => {
                    self.encrypted(base + offset, (user, iv, sealed), trust, plain);
                }
                Ok((offset, Part::Signature { mac, user }))
                    if self.level == SecurityLevel::Sign =>
                {
                    let behind = (parts.rest(), base + parts.offset_bytes());
                    let covered = covered(bytes, user, behind.0);
                    let signature = Signature { offset_bytes: base + offset, mac, user, covered };
                    if !self.signed(&signature, behind, trust, plain) {
                        break;
                    }
                }
                Ok((offset, _)) => {
                    refused.get_or_insert(base + offset);
                }
            }
        }
        if let Some(offset_bytes) = refused {
            self.fault(offset_bytes, FaultKind::Unprotected { demanded: self.level });
        }
    }

    /// Checks a signature and reads the bytes `behind` it, which start at the offset beside them.
    /// True when the caller reads them instead: the signature is neither checked nor demanded.
    #[cold]
    fn signed(
        &mut self,
        signature: &Signature<'_>,
        behind: (&[u8], usize),
        trust: Trust,
        plain: &mut [Vec<u8>],
    ) -> bool {
        let &Signature { offset_bytes, mac, user, covered } = signature;
        let outcome = match (self.keys.map(|keys| keys.get(user)), &plain) {
            (None, _) if self.level == SecurityLevel::None => Ok(Trust::Unverified),
            (None, _) => Err(FaultKind::NoKeys),
            (_, []) => Err(FaultKind::NestedTooDeep),
            (Some(None), _) => Err(FaultKind::UserUnknown),
            (Some(Some(key)), _) if !key.verify(covered, mac) => Err(FaultKind::SignatureWrong),
            (Some(Some(_)), _) => Ok(Trust::Signed),
        };
        let protection = Protection::Signed;
        self.sink.event(Event::Protected(Protected { protection, user, offset_bytes, outcome }));
        if let (Ok(Trust::Signed), Some((_, deeper))) = (outcome, plain.split_first_mut()) {
            self.run(behind.0, behind.1, trust.max(Trust::Signed), deeper);
        }
        outcome == Ok(Trust::Unverified)
    }

    #[cold]
    fn encrypted(
        &mut self,
        offset_bytes: usize,
        (user, iv, sealed): (&[u8], &[u8; 16], &[u8]),
        trust: Trust,
        plain: &mut [Vec<u8>],
    ) {
        let mut content = None;
        let outcome = match (self.keys.map(|keys| keys.get(user)), plain.split_first_mut()) {
            (None, _) => Err(FaultKind::NoKeys),
            (_, None) => Err(FaultKind::NestedTooDeep),
            (Some(None), _) => Err(FaultKind::UserUnknown),
            (Some(Some(key)), Some((buffer, deeper))) => match key.open(iv, sealed, buffer) {
                Some(opened) => {
                    content = Some((opened, deeper));
                    Ok(Trust::Encrypted)
                }
                None => Err(FaultKind::ChecksumWrong),
            },
        };
        let protection = Protection::Encrypted;
        self.sink.event(Event::Protected(Protected { protection, user, offset_bytes, outcome }));
        if let Some((content, deeper)) = content {
            // A stream cipher keeps every byte in its place; six bytes are header and user length.
            let base = offset_bytes + 6 + user.len() + iv.len() + SHA1_BYTES;
            self.run(content, base, trust.max(Trust::Encrypted), deeper);
        }
    }

    #[cold]
    #[inline(never)]
    fn notification(&mut self, read: Result<Notification<'_>, FaultKind>, offset_bytes: usize) {
        match read {
            Ok(notification) => self.sink.event(Event::Notification(notification)),
            Err(kind) => self.fault(offset_bytes, kind),
        }
    }

    /// Reports a part of `bytes` that cannot be read, or the whole datagram if it is text.
    #[cold]
    #[inline(never)]
    fn bad_part(&mut self, bytes: &[u8], base: usize, fault: Fault) {
        // What is good behind other faults is still read.
        match Stray::of(bytes).filter(|_| base == 0 && fault.kind.is_final()) {
            Some(stray) => self.fault(0, FaultKind::Text(stray)),
            None => self.fault(base + fault.offset_bytes, fault.kind),
        }
    }

    #[cold]
    #[inline(never)]
    fn fault(&mut self, offset_bytes: usize, kind: FaultKind) {
        self.sink.event(Event::Fault(Fault { offset_bytes, kind }));
    }
}

/// A signature part, and what it signs: the user and every byte behind the part.
struct Signature<'s> {
    offset_bytes: usize,
    mac: &'s [u8; MAC_BYTES],
    user: &'s [u8],
    covered: &'s [u8],
}

/// The bytes that a signature covers: `user` and all `behind` it, the end of `bytes`.
fn covered<'s>(bytes: &'s [u8], user: &[u8], behind: &[u8]) -> &'s [u8] {
    let covered_bytes = user.len() + behind.len();
    bytes.len().checked_sub(covered_bytes).and_then(|start| bytes.get(start..)).unwrap_or_default()
}

impl<'a> State<'a> {
    /// Sets a name.
    fn set(&mut self, part: &Part<'a>) {
        match *part {
            Part::Host(name) => self.names.host = name,
            Part::Plugin(name) => self.names.plugin = name,
            Part::PluginInstance(name) => self.names.plugin_instance = name,
            Part::Type(name) => self.names.type_ = name,
            Part::TypeInstance(name) => self.names.type_instance = name,
            _ => {}
        }
    }

    #[inline]
    fn value_list(&self, offset_bytes: usize, values: Values<'a>) -> Result<ValueList<'a>, Needed> {
        let &Self { names, time, interval, trust, .. } = self;
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
        Ok(ValueList { names, time, interval, values, trust, offset_bytes })
    }

    fn notification(
        &self,
        offset_bytes: usize,
        message: &'a [u8],
    ) -> Result<Notification<'a>, FaultKind> {
        let &Self { names, time, severity: code, trust, .. } = self;
        // The daemon casts the number to an `int` before it compares: 2³² + 2 is a warning.
        let severity = Severity::from_code(code & u64::from(u32::MAX))
            .ok_or(FaultKind::UnknownSeverity { code })?;
        if time == CdTime::ZERO {
            return Err(FaultKind::NotificationWithoutTime);
        }
        if message.is_empty() {
            return Err(FaultKind::MessageEmpty);
        }
        Ok(Notification { names, time, severity, message, trust, offset_bytes })
    }
}
