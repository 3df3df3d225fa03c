//! Origins: who sent something, and by which source it came. Senders of two sources are two: each
//! source has its own way and its own clock.

use crate::ingest::Sender;
use std::net::{IpAddr, SocketAddr};

/// Number of a source, given by whoever owns the sources. List ids are counted per source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u16);

/// Sender of something, and the source by which it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin<A = SocketAddr> {
    /// Source by which it came.
    pub source: SourceId,
    /// Sender of it.
    pub sender: Sender<A>,
}

impl Origin {
    /// Origin of the machine, whatever the port.
    pub fn machine(&self) -> Origin<IpAddr> {
        Origin { source: self.source, sender: self.sender.machine() }
    }
}
