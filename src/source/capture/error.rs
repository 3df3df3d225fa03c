//! Why a capture cannot be read, in sentences.

use super::foreign::Mend;
use super::unread::Unread;
use crate::metric::display_safe;
use crate::source::reason::reason;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a capture cannot be read, or not further.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// No such file, no permission.
    #[error(
        "cannot read the capture: {}, in {}\n  one is made with: \
         tcpdump -i any -w FILE udp port 25826",
        reason(cause),
        Place(path)
    )]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Neither pcap nor pcapng.
    #[error(
        "not a capture: {reason}, in {}\n  {}",
        Place(path), advice(path, mend, *unpacked, reader)
    )]
    NotCapture {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
        /// What to do.
        mend: Mend,
        /// It is what was in a file compressed with gzip.
        unpacked: bool,
        /// The command that reads captures: "collectoscope dump --read".
        reader: &'static str,
    },
    /// A link type we cannot look into.
    #[error(
        "cannot read {}, in {}\n  known are Ethernet (1), raw IP (101), Linux cooked (113, 276), \
         loopback (0, 108) and PPP (9, 50, 51); capture again with: tcpdump -i any",
        Unread::LinkType(*link_type), Place(path)
    )]
    LinkType {
        /// Which.
        path: PathBuf,
        /// Its number (`LINKTYPE_*` of tcpdump.org).
        link_type: u32,
    },
    /// The file ends in the middle of a packet.
    #[error(
        "the capture is cut short: it ends inside packet {}, the ones before were read, in {}",
        packets + 1, Place(path)
    )]
    Cut {
        /// Which.
        path: PathBuf,
        /// Whole packets before the cut.
        packets: u64,
    },
    /// What follows is no packet, and nobody can say where the next one begins.
    #[error(
        "the capture is damaged after packet {packets}: {reason}, the packets before were read, \
         in {}",
        Place(path)
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Whole packets before.
        packets: u64,
        /// What is there instead.
        reason: String,
    },
    /// Reading failed on the way.
    #[error("cannot read on after packet {packets}: {}, in {}", reason(cause), Place(path))]
    Read {
        /// Which.
        path: PathBuf,
        /// Whole packets before.
        packets: u64,
        /// Why.
        cause: io::Error,
    },
}

impl CaptureError {
    /// The same in few words, without the path.
    pub fn short(&self) -> String {
        match self {
            Self::Cut { packets, .. } => {
                format!("truncated, it ends inside packet {}", packets + 1)
            }
            Self::Damaged { packets, .. } => format!("damaged after packet {packets}"),
            Self::Read { packets, cause, .. } => {
                format!("cannot be read on after packet {packets}: {}", reason(cause))
            }
            Self::Open { .. } | Self::NotCapture { .. } | Self::LinkType { .. } => {
                "cannot be read".into()
            }
        }
    }
}

/// The path of what is read, as people call it.
pub(super) struct Place<'a>(pub(super) &'a Path);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Path::new("-") {
            f.write_str("standard input")
        } else {
            self.0.display().fmt(f)
        }
    }
}

/// What to type to get at the capture in what is at `path`.
fn advice(path: &Path, mend: &Mend, unpacked: bool, reader: &str) -> String {
    let is_pipe = path == Path::new("-");
    let file = shell_word(path);
    let command = match (mend, is_pipe || unpacked) {
        (Mend::Advice(advice), _) => return (*advice).to_owned(),
        (Mend::Filter { pipe, .. }, true) => (*pipe).to_owned(),
        (Mend::Filter { file: command, .. }, false) => command.replace("FILE", &file),
        (Mend::SkipTo(byte), true) => format!("tail -c +{byte}"),
        (Mend::SkipTo(byte), false) => format!("tail -c +{byte} {file}"),
    };
    let source = match (is_pipe, unpacked) {
        (true, true) => "... | zcat | ".to_owned(),
        (true, false) => "... | ".to_owned(),
        (false, true) => format!("zcat {file} | "),
        (false, false) => String::new(),
    };
    format!("try: {source}{command} | {reader} -")
}

/// A path as a shell takes it.
fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if path.chars().all(is_plain) {
        path
    } else {
        format!("'{}'", display_safe(&path).replace('\'', "'\\''"))
    }
}
