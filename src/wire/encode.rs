//! Value lists to datagrams.
/// Size.
pub const SIZE_MAX_DEFAULT: usize = 1_452;
/// Error.
#[derive(Debug)]
pub enum EncodeError {}
/// Encoder.
#[derive(Debug)]
pub struct Encoder {}
