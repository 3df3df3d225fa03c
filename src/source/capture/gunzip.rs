//! gzip, unpacked as it comes: of a pipe all that has arrived is there at once.

use flate2::write::MultiGzDecoder;
use std::io::{self, Write as _};

/// Packed bytes taken at a time: what becomes of them, a thousand times as much at most, is held.
const TURN_BYTES: usize = 8 * 1024;

/// Unpacks what it is given, bit by bit.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    packed: Vec<u8>,
    is_damaged: bool,
}

impl Gunzip {
    pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

    /// Begins with `packed`.
    pub(super) fn new(packed: Vec<u8>) -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), packed, is_damaged: false }
    }

    /// Whether there is nothing to unpack.
    pub(super) fn is_hungry(&self) -> bool {
        self.packed.is_empty() && !self.is_damaged
    }

    /// Where more packed bytes go.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.packed.resize(TURN_BYTES, 0);
        &mut self.packed
    }

    /// `count` bytes were put there.
    pub(super) fn filled(&mut self, count: usize) {
        self.packed.truncate(count);
    }

    /// Unpacks some; perhaps it is too little to make a byte of.
    pub(super) fn unpack(&mut self) -> io::Result<Vec<u8>> {
        let rest = self.packed.split_off(self.packed.len().min(TURN_BYTES));
        let packed = std::mem::replace(&mut self.packed, rest);
        if self.is_damaged {
            return Err(io::Error::other("the compressed data is damaged"));
        }
        if self.decoder.write_all(&packed).and_then(|()| self.decoder.flush()).is_err() {
            self.is_damaged = true;
            // What came before the damage is good, and comes out before the next byte goes in.
            let _ = self.decoder.write(&[0]);
        }
        Ok(std::mem::take(self.decoder.get_mut()))
    }

    /// Nothing follows; whether that is the end.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.decoder.try_finish().map_err(|_| io::ErrorKind::UnexpectedEof.into())
    }
}
