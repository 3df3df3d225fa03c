//! Sources.
/// udp
pub mod udp {}
/// Outlet
#[derive(Debug)]
pub struct Outlet;
