//! Origins: who sent something, and by which source it came. Senders of two sources are two: each
//! source has its own way and its own clock.

use crate::ingest::Sender;
use std::net::{IpAddr, SocketAddr};

/// Number of a source, given by whoever owns the sources. List ids are counted per source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u16);

/// Who sent something, and by which source it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin<A = SocketAddr> {
    /// Which source.
    pub source: SourceId,
    /// Who.
    pub sender: Sender<A>,
}

impl Origin {
    /// The same whatever its port.
    pub fn machine(&self) -> Origin<IpAddr> {
        Origin { source: self.source, sender: self.sender.machine() }
    }
}
