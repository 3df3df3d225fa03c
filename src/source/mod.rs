//! Sources.
mod bind;
pub mod interfaces;
mod kernel;
mod listen;
pub mod pcap;
pub mod udp;
/// Outlet
#[derive(Debug)]
pub struct Outlet;
