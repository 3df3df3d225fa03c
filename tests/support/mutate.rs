//! Damage to good inputs, the same for the same seed.

/// A small generator (xorshift64*), so that a seed says everything.
pub struct Rng(u64);

impl Rng {
    /// Any seed; zero is as good as any other.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    /// Below `bound`, which is at least one.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// One of `corpus` with one to eight pieces changed, cut, doubled, moved or taken from another.
pub fn damaged(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = corpus[rng.below(corpus.len())].clone();
    for _ in 0..=rng.below(8) {
        let at = rng.below(bytes.len().max(1));
        let length = rng.below(16).min(bytes.len().saturating_sub(at));
        match rng.below(8) {
            0 if !bytes.is_empty() => bytes[at] = rng.next() as u8,
            1 if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => bytes.insert(at, rng.next() as u8),
            6 => {
                let other = &corpus[rng.below(corpus.len())];
                let from = rng.below(other.len().max(1));
                let piece: Vec<u8> = other[from..].iter().copied().take(64).collect();
                bytes.splice(at..at, piece);
            }
            _ => {
                for byte in &mut bytes[at..at + length] {
                    *byte = [0, 0xff, 0x7f, 0x80][rng.below(4)];
                }
            }
        }
    }
    bytes
}
