//! Why a capture cannot be read, in sentences.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a capture cannot be read, or not further.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// No such file, no permission.
    #[error(
        "cannot read the capture: {cause}, in {}\n  one is made with: \
         tcpdump -i any -w FILE udp port 25826",
        Place(path)
    )]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Neither pcap nor pcapng.
    #[error("not a capture: {reason}, in {}\n  {advice}", Place(path))]
    NotCapture {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A link type we cannot look into.
    #[error(
        "cannot read link type {link_type}, in {}\n  known are Ethernet (1), raw IP (101), \
         Linux cooked (113, 276) and loopback (0, 108); capture again with: tcpdump -i any",
        Place(path)
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
    #[error("cannot read on after packet {packets}: {cause}, in {}", Place(path))]
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
                format!("cannot be read on after packet {packets}: {cause}")
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

/// What a file that is no capture looks like, and what to do about it.
pub(super) fn what_it_is(start: &[u8]) -> (&'static str, &'static str) {
    match start {
        [] => ("the file is empty", "did the capturing program end properly?"),
        [0x1f, 0x8b, ..] => ("this is compressed", "unpack it first: gunzip -k FILE.gz"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("this is compressed", "unpack it first: zstd -dk FILE"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            ("this is compressed", "unpack it first: xz -dk FILE")
        }
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0x4d, 0x3c, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0x3c, 0x4d, ..] => {
            ("it ends inside its own header", "did the capturing program end properly?")
        }
        // The first 12 bytes of a pcapng tell that it is one.
        [0x0a, 0x0d, 0x0d, 0x0a, rest @ ..] if rest.len() < 8 => {
            ("it ends inside its own header", "did the capturing program end properly?")
        }
        _ => (
            "it does not start as a pcap file does",
            "one is made with: tcpdump -i any -w FILE udp port 25826",
        ),
    }
}
