//! Value lists and notifications to datagrams, as the daemon writes them.
//!
//! A part that says again what is already in force is left out. No state survives a datagram, so
//! each one can be lost alone.

use super::code::{self, HEADER_BYTES, MESSAGE_MAX_BYTES, NAME_MAX_BYTES};
use crate::metric::{CdTime, Interval, Names, Severity, Value};
use std::ops::Range;
use thiserror::Error;

/// The daemon's default `MaxPacketSize`: an Ethernet frame less IPv6 and UDP headers.
pub const SIZE_MAX_DEFAULT: usize = 1_452;

/// The length of a part has 16 bits, and so has that of a datagram.
const SIZE_MAX_LIMIT: usize = 65_535;

/// Reason why a value list or notification cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A receiver would drop the whole datagram.
    #[error("{field} of {bytes} bytes, at most {max_bytes}")]
    TooLong {
        /// One of the five names, or `message`.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// Greatest length.
        max_bytes: usize,
    },
    /// A receiver would cut the name there.
    #[error("{field} holds a NUL at byte {offset_bytes}")]
    Nul {
        /// One of the five names, or `message`.
        field: &'static str,
        /// Offset of the NUL in it.
        offset_bytes: usize,
    },
    /// A receiver would discard it.
    #[error("no {field}")]
    Missing {
        /// One of the five names, `message`, `time` or `values`.
        field: &'static str,
    },
    /// Larger than a whole datagram may be.
    #[error("{bytes} bytes do not fit a datagram of {size_max}")]
    TooLarge {
        /// Bytes it needs in a datagram of its own.
        bytes: usize,
        /// Bytes a datagram may have.
        size_max: usize,
    },
}

/// Gathers value lists into datagrams of at most a given size.
///
/// A full datagram is handed to the caller's `send` and its room is reused: nothing is allocated
/// per list. What is gathered and not flushed is lost on drop.
#[derive(Clone, Debug)]
pub struct Encoder {
    buffer: Vec<u8>,
    size_max: usize,
    state: State,
}

/// Names and numbers in force at the end of the buffer; names as ranges of it.
#[derive(Clone, Debug, Default)]
struct State {
    host: Range<usize>,
    time: CdTime,
    interval: Interval,
    plugin: Range<usize>,
    plugin_instance: Range<usize>,
    type_: Range<usize>,
    type_instance: Range<usize>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new(SIZE_MAX_DEFAULT)
    }
}

impl Encoder {
    /// An encoder for datagrams of at most `size_max` bytes (and never more than 65,535).
    pub fn new(size_max: usize) -> Self {
        let size_max = size_max.min(SIZE_MAX_LIMIT);
        Self { buffer: Vec::with_capacity(2 * size_max), size_max, state: State::default() }
    }

    /// Appends a value list; when it does not fit, `send` first gets the datagram so far.
    ///
    /// On an error nothing was appended, and what was gathered before is still there.
    pub fn push(
        &mut self,
        names: &Names<'_>,
        time: CdTime,
        interval: Interval,
        values: &[Value],
        send: &mut impl FnMut(&[u8]),
    ) -> Result<(), EncodeError> {
        check_names(names)?;
        for (field, missing) in [
            ("host", names.host.is_empty()),
            ("plugin", names.plugin.is_empty()),
            ("type", names.type_.is_empty()),
            ("time", time == CdTime::ZERO),
            ("values", values.is_empty()),
        ] {
            if missing {
                return Err(EncodeError::Missing { field });
            }
        }
        let bytes = alone_bytes(names, interval, values.len());
        // More than 65,535 values cannot pass here either: each takes nine bytes.
        if bytes > self.size_max {
            return Err(EncodeError::TooLarge { bytes, size_max: self.size_max });
        }
        let (filled, state) = (self.buffer.len(), self.state.clone());
        self.append(names, time, interval, values);
        if self.buffer.len() > self.size_max {
            self.buffer.truncate(filled);
            self.state = state;
            self.flush(send);
            self.append(names, time, interval, values);
        }
        debug_assert!(self.buffer.len() <= self.size_max, "alone_bytes is what append writes");
        Ok(())
    }

    /// Hands what is gathered to `send`, if anything.
    pub fn flush(&mut self, send: &mut impl FnMut(&[u8])) {
        if !self.buffer.is_empty() {
            send(&self.buffer);
        }
        self.buffer.clear();
        self.state = State::default();
    }

    /// In the daemon's order: host, time, interval, plugin, type, values, each only if it changed.
    fn append(&mut self, names: &Names<'_>, time: CdTime, interval: Interval, values: &[Value]) {
        let Self { buffer, state, .. } = self;
        change(buffer, &mut state.host, code::HOST, names.host);
        if state.time != time {
            state.time = time;
            put_number(buffer, code::TIME_HR, time.raw());
        }
        if state.interval != interval {
            state.interval = interval;
            put_number(buffer, code::INTERVAL_HR, interval.raw());
        }
        change(buffer, &mut state.plugin, code::PLUGIN, names.plugin);
        let instance = &mut state.plugin_instance;
        change(buffer, instance, code::PLUGIN_INSTANCE, names.plugin_instance);
        change(buffer, &mut state.type_, code::TYPE, names.type_);
        let instance = &mut state.type_instance;
        change(buffer, instance, code::TYPE_INSTANCE, names.type_instance);
        put_values(buffer, values);
    }
}

/// Writes a notification, which is always a datagram of its own, over what `datagram` holds.
///
/// Host, plugin, type and instances may be empty.
pub fn encode_notification(
    names: &Names<'_>,
    time: CdTime,
    severity: Severity,
    message: &[u8],
    datagram: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    check_names(names)?;
    check_string("message", message, MESSAGE_MAX_BYTES)?;
    for (field, missing) in [("time", time == CdTime::ZERO), ("message", message.is_empty())] {
        if missing {
            return Err(EncodeError::Missing { field });
        }
    }
    datagram.clear();
    put_number(datagram, code::TIME_HR, time.raw());
    put_number(datagram, code::SEVERITY, severity.code());
    for (part_type, name) in [
        (code::HOST, names.host),
        (code::PLUGIN, names.plugin),
        (code::PLUGIN_INSTANCE, names.plugin_instance),
        (code::TYPE, names.type_),
        (code::TYPE_INSTANCE, names.type_instance),
    ] {
        if !name.is_empty() {
            put_string(datagram, part_type, name);
        }
    }
    put_string(datagram, code::MESSAGE, message);
    Ok(())
}

fn check_names(names: &Names<'_>) -> Result<(), EncodeError> {
    check_string("host", names.host, NAME_MAX_BYTES)?;
    check_string("plugin", names.plugin, NAME_MAX_BYTES)?;
    check_string("plugin instance", names.plugin_instance, NAME_MAX_BYTES)?;
    check_string("type", names.type_, NAME_MAX_BYTES)?;
    check_string("type instance", names.type_instance, NAME_MAX_BYTES)
}

fn check_string(field: &'static str, text: &[u8], max_bytes: usize) -> Result<(), EncodeError> {
    if text.len() > max_bytes {
        return Err(EncodeError::TooLong { field, bytes: text.len(), max_bytes });
    }
    match text.iter().position(|&byte| byte == 0) {
        Some(offset_bytes) => Err(EncodeError::Nul { field, offset_bytes }),
        None => Ok(()),
    }
}

/// Bytes of a list at the start of a datagram.
fn alone_bytes(names: &Names<'_>, interval: Interval, values_count: usize) -> usize {
    let number = HEADER_BYTES + 8;
    let string = |text: &[u8]| {
        if text.is_empty() { 0 } else { HEADER_BYTES + text.len() + 1 }
    };
    string(names.host)
        + number
        + if interval.is_zero() { 0 } else { number }
        + string(names.plugin)
        + string(names.plugin_instance)
        + string(names.type_)
        + string(names.type_instance)
        + HEADER_BYTES
        + 2
        + values_count.saturating_mul(9)
}

/// Writes `name` and remembers where, unless it is in force already.
fn change(buffer: &mut Vec<u8>, in_force: &mut Range<usize>, part_type: u16, name: &[u8]) {
    if buffer.get(in_force.clone()) != Some(name) {
        put_string(buffer, part_type, name);
        let end = buffer.len() - 1;
        *in_force = end - name.len()..end;
    }
}

fn put_string(buffer: &mut Vec<u8>, part_type: u16, text: &[u8]) {
    put_header(buffer, part_type, text.len() + 1);
    buffer.extend_from_slice(text);
    buffer.push(0);
}

fn put_number(buffer: &mut Vec<u8>, part_type: u16, number: u64) {
    put_header(buffer, part_type, 8);
    buffer.extend_from_slice(&number.to_be_bytes());
}

fn put_values(buffer: &mut Vec<u8>, values: &[Value]) {
    put_header(buffer, code::VALUES, 2 + 9 * values.len());
    let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
    buffer.extend_from_slice(&count.to_be_bytes());
    buffer.extend(values.iter().map(|value| value.ds_type().code()));
    for value in values {
        buffer.extend_from_slice(&match *value {
            Value::Counter(number) | Value::Absolute(number) => number.to_be_bytes(),
            Value::Derive(number) => number.to_be_bytes(),
            // The daemon has one NaN (`htond`, network.c).
            Value::Gauge(number) if number.is_nan() => [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
            Value::Gauge(number) => number.to_le_bytes(),
        });
    }
}

fn put_header(buffer: &mut Vec<u8>, part_type: u16, payload_bytes: usize) {
    let length = u16::try_from(HEADER_BYTES + payload_bytes);
    debug_assert!(length.is_ok(), "callers check sizes before they write");
    buffer.extend_from_slice(&part_type.to_be_bytes());
    buffer.extend_from_slice(&length.unwrap_or(u16::MAX).to_be_bytes());
}
