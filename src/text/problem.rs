//! Problems of a line, in words by which its writer can correct it.

use crate::metric::{DsType, counted, display_safe};
use crate::wire::NAME_MAX_BYTES;
use thiserror::Error;

/// Reason why a line is refused; nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {}: {problem}", .offset_bytes + 1)]
pub struct LineError {
    /// Offset in the line; the message counts columns from 1.
    pub offset_bytes: usize,
    /// Problem at that place.
    pub problem: Problem,
}

/// Problem of a line. Words are quoted as they stand, cut to a readable length.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Neither of the two commands; the protocol's others ask a daemon.
    #[error("{0} is neither PUTVAL nor PUTNOTIF")]
    UnknownCommand(Box<str>),
    /// Quotes without end; also a backslash as the last character.
    #[error("the double quote is never closed")]
    Unterminated,
    /// Text right behind closing quotes.
    #[error("no blank behind the closing quote; put the whole field in double quotes")]
    NoBlankBehindQuote,
    /// `PUTVAL` and nothing else.
    #[error("no identifier; write PUTVAL host/plugin/type time:value")]
    NoIdentifier,
    /// Fewer than three parts.
    #[error("{0} is not an identifier; write host/plugin[-instance]/type[-instance]")]
    Identifier(Box<str>),
    /// An identifier with blanks outside quotes, as it seems.
    #[error("{0} is not an identifier; if it has blanks, put it in double quotes")]
    Blanks(Box<str>),
    /// Single quotes around an identifier.
    #[error("single quotes do not count as quotes; put the identifier in double quotes")]
    SingleQuotes,
    /// An empty name where it may not be empty.
    #[error("no {0} in the identifier; write host/plugin[-instance]/type[-instance]")]
    NoName(&'static str),
    /// A name longer than a datagram may carry.
    #[error("{field} of {bytes} bytes, at most {NAME_MAX_BYTES}")]
    NameTooLong {
        /// The name.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A NUL in a name or message, which cannot be sent.
    #[error("{0} holds a NUL")]
    Nul(&'static str),
    /// A type that is in no types.db that was read.
    #[error("type {0} is in no types.db; name the file that defines it: --types-db FILE")]
    UnknownType(Box<str>),
    /// An identifier without values.
    #[error("no values; write time:value, where N is the time now")]
    NoValues,
    /// Neither seconds nor `N`.
    #[error("{}", no_time(.0, "write seconds since 1970, or N for now"))]
    Time(Box<str>),
    /// Neither, and without values: perhaps a part of the identifier.
    #[error("{0} is not a time; if it is part of the identifier, put all of that in double quotes")]
    Rest(Box<str>),
    /// Too few or too many values.
    #[error("{}, but {type_} has {sources}", values(*.count))]
    ValueCount {
        /// Number of values in the line.
        count: usize,
        /// The type.
        type_: Box<str>,
        /// Number of data sources, with their names.
        sources: Box<str>,
    },
    /// Not a number of the DS type.
    #[error("{word} is not a value of {} {source_name}; {}", name(*.ds_type),
        comma(.word).unwrap_or(wanted(*.ds_type)))]
    Value {
        /// The word in its place.
        word: Box<str>,
        /// The data source.
        source_name: Box<str>,
        /// DS type of the data source.
        ds_type: DsType,
    },
    /// An option that `PUTVAL` does not have.
    #[error("unknown option {0}; PUTVAL has interval= and meta:KEY=")]
    UnknownOption(Box<str>),
    /// Not a number of seconds.
    #[error("{0} is not an interval; write a number of seconds")]
    Interval(Box<str>),
    /// No `NAME=VALUE` in a notification.
    #[error("expected NAME=VALUE; put a value with blanks in double quotes")]
    NotAnOption,
    /// An option that `PUTNOTIF` does not have.
    #[error(
        "unknown option {0}; PUTNOTIF has severity= time= message= host= plugin= \
         plugin_instance= type= type_instance= s:KEY="
    )]
    UnknownNotificationOption(Box<str>),
    /// Not a time in a notification, where there is no `N`.
    #[error("{}", no_time(.0, "write seconds since 1970"))]
    NotificationTime(Box<str>),
    /// Not a severity.
    #[error("{0} is not a severity; write failure, warning or okay")]
    Severity(Box<str>),
    /// A notification without an option that it must have.
    #[error("no {0}=; a notification needs severity=, time= and message=")]
    Missing(&'static str),
}

impl LineError {
    pub(super) const fn new(offset_bytes: usize, problem: Problem) -> Self {
        Self { offset_bytes, problem }
    }
}

/// Characters of a word that are shown.
const SHOWN_MAX: usize = 40;

/// `word` in quotes, safe to show and not long.
pub(super) fn shown(word: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(word);
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(SHOWN_MAX).collect();
    let more = if chars.next().is_some() { "…" } else { "" };
    format!("\"{}{more}\"", display_safe(&start)).into()
}

/// Advice for a word with a comma in it.
fn comma(word: &str) -> Option<&'static str> {
    word.contains(',').then_some("write a point, not a comma")
}

fn no_time(word: &str, wanted: &str) -> String {
    format!("{word} is not a time; {}", comma(word).unwrap_or(wanted))
}

fn values(count: usize) -> String {
    if count == 0 { "no value".into() } else { counted(count as u64, "value") }
}

const fn name(ds_type: DsType) -> &'static str {
    match ds_type {
        DsType::Counter => "COUNTER",
        DsType::Gauge => "GAUGE",
        DsType::Derive => "DERIVE",
        DsType::Absolute => "ABSOLUTE",
    }
}

const fn wanted(ds_type: DsType) -> &'static str {
    match ds_type {
        DsType::Gauge => "write a number, or U for undefined",
        DsType::Derive => "write an integer below 2^63 (0x is hexadecimal, a leading 0 octal)",
        DsType::Counter | DsType::Absolute => {
            "write an integer from 0 to below 2^64 (0x is hexadecimal, a leading 0 octal)"
        }
    }
}
