//! Specs: which source to start, whatever its kind, and the one way to start it.

use super::capture::Capture;
use super::outlet::Outlet;
use super::reason::reason;
use super::receiver::{Receiver, ReceiverOptions};
use super::replay::{self, CaptureClock, ReplayOptions, Replaying};
use super::running::Running;
use super::udp::{ListenSpec, ParseListenError};
use crate::reception::Status;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A source, and all that it needs. A new kind is a variant here and an arm in [`start`].
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceSpec {
    /// Sockets, and this machine if it is measured.
    Udp(ReceiverOptions),
    /// A capture.
    Capture(Box<ReplayOptions>),
}

/// A source on its thread.
#[derive(Debug)]
pub struct Started {
    /// The thread; none where it could not be started, which `status` says.
    pub running: Option<Running>,
    /// How the source goes at the start; later its outlet reports that.
    pub status: Status,
    /// The clock of a capture.
    pub clock: Option<CaptureClock>,
}

/// Opens a source and starts its thread, which hands over to `outlet`.
pub fn start(spec: SourceSpec, outlet: Outlet) -> Started {
    match spec {
        SourceSpec::Udp(options) => {
            let receiver = Receiver::open(options);
            let status = receiver.status();
            let started = receiver.start(outlet);
            started.map_or_else(
                |error| Started::failed("udp", &error, "nothing is received"),
                |running| Started { running: Some(running), status, clock: None },
            )
        }
        SourceSpec::Capture(options) => match replay::start(*options, outlet) {
            Ok(Replaying { running, clock, status }) => {
                Started { running: Some(running), status, clock: Some(clock) }
            }
            Err(error) => Started::failed("capture", &error, "nothing is read"),
        },
    }
}

impl Started {
    fn failed(name: &str, error: &io::Error, next: &str) -> Self {
        let message = format!("cannot be started: {}", reason(error));
        Self { running: None, status: Status::failed(name, &message, next), clock: None }
    }
}

impl SourceSpec {
    /// Users and passwords of what is signed or encrypted.
    pub fn auth_file(&self) -> Option<&Path> {
        match self {
            Self::Udp(options) => options.auth_file.as_deref(),
            Self::Capture(options) => options.auth_file.as_deref(),
        }
    }

    /// The capture, if it is one.
    pub fn into_capture(self) -> Option<Capture> {
        match self {
            Self::Udp(_) => None,
            Self::Capture(options) => Some(options.capture),
        }
    }
}

/// A source as `--source` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceUrl {
    /// `udp://ADDR[:PORT][%IFACE]` and options behind commas.
    Udp(ListenSpec),
    /// `file:PATH`: a capture.
    File(PathBuf),
}

/// Why a [`SourceUrl`] could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseSourceError {
    /// No scheme, or one that nothing here speaks.
    #[error("{0:?} is no source; write udp://ADDR[:PORT][%IFACE] or file:CAPTURE")]
    Scheme(String),
    /// Nothing behind `file:`.
    #[error("file: needs the path of a capture behind it")]
    NoPath,
    /// An address that cannot be read.
    #[error(transparent)]
    Listen(#[from] ParseListenError),
}

impl FromStr for SourceUrl {
    type Err = ParseSourceError;

    fn from_str(text: &str) -> Result<Self, ParseSourceError> {
        if let Some(listen) = text.strip_prefix("udp://") {
            return Ok(Self::Udp(listen.parse()?));
        }
        match text.strip_prefix("file:") {
            // As in a browser, where a host of no name is this machine.
            Some(path) => match path.strip_prefix("//").unwrap_or(path) {
                "" => Err(ParseSourceError::NoPath),
                path => Ok(Self::File(path.into())),
            },
            None => Err(ParseSourceError::Scheme(text.into())),
        }
    }
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(listen) => write!(f, "udp://{listen}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_by_its_scheme() {
        for (text, shown) in [
            ("udp://0.0.0.0:25827", "udp://0.0.0.0:25827"),
            ("udp://[::1]:9000,sign", "udp://[::1]:9000,sign"),
            ("udp://239.192.74.66%lo", "udp://239.192.74.66:25826%lo"),
            ("file:monday.pcap", "file:monday.pcap"),
            ("file:///tmp/monday.pcap", "file:/tmp/monday.pcap"),
        ] {
            assert_eq!(text.parse::<SourceUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_source_is_said_with_the_schemes_there_are() {
        let known = "is no source; write udp://ADDR[:PORT][%IFACE] or file:CAPTURE";
        for text in ["mqtt://broker", "0.0.0.0:25827", "UDP://::", "", "monday.pcap"] {
            let said = text.parse::<SourceUrl>().unwrap_err().to_string();
            assert_eq!(said, format!("{text:?} {known}"));
        }
        for (text, start) in
            [("udp://example.net", "\"example.net\" is not an IP"), ("file:", "file: needs the")]
        {
            let said = text.parse::<SourceUrl>().unwrap_err().to_string();
            assert!(said.starts_with(start), "{said}");
        }
    }
}
