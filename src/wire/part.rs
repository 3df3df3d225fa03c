//! Parts.
/// See protocol.
pub const NAME_MAX_BYTES: usize = 127;
/// See protocol.
pub const MESSAGE_MAX_BYTES: usize = 255;
/// One part.
pub enum Part {}
/// One fault.
pub enum PartFault {}
/// Splits.
pub fn parts(_bytes: &[u8]) {}
