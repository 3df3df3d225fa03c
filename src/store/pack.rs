//! Packing: short lists of numbers in few bytes, exact for all of them.
//!
//! A list is written as its least number and how far each is above that, in as many bits as most
//! of them need; the few that need more have the rest noted beside. Where only few numbers are
//! different, those are written once, and then each by its place among them. Numbers lie in four
//! lanes, number `4 r + l` in row `r` of lane `l`, so that a row is read at once. Knows nothing of
//! what the numbers mean.
//!
//! Sources: Zukowski et al., "Super-Scalar RAM-CPU Cache Compression" (ICDE 2006); Lemire and
//! Boytsov, "Decoding billions of integers per second through vectorization" (2015).

/// Most numbers of a list.
pub(super) const LIST_MAX: usize = 128;
/// Numbers of a row.
const LANES: usize = 4;
/// Different numbers at most, where they are written once; more would be slow to look through.
const DISTINCT_MAX: usize = 16;
/// Width from which on numbers are checked for being few different ones.
const DISTINCT_WIDTH_MIN: u32 = 4;
/// Numbers at most that need more bits than the others.
const EXCEPTIONS_MAX: usize = LIST_MAX / 4;
/// Marks a list of few different numbers; the other bits are how many, less one.
const DISTINCT_MARK: u8 = 0x80;

/// The numbers of a list, as it is packed or unpacked.
pub(super) type Numbers = [u64; LIST_MAX];

/// How a list is written.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Subtracted from all, wrapping round.
    base: u64,
    /// Low bits that are zero in all.
    shift: u32,
    /// Bits of each number.
    width: u32,
    /// Bits of the largest.
    width_max: u32,
    /// How many need more bits than `width`.
    exceptions: usize,
    bytes: usize,
}

impl Frame {
    /// The one with the fewest bytes.
    fn of(list: &[u64]) -> Self {
        let least = list.iter().map(|n| n.cast_signed()).min().unwrap_or_default();
        let frame = Self::above(list, least.cast_unsigned());
        if least >= 0 || frame.width == 0 {
            return frame;
        }
        // Of numbers that mostly grow the one that fell is an exception, not the base of all.
        let other = Self::above(list, list.iter().copied().min().unwrap_or_default());
        if other.bytes < frame.bytes { other } else { frame }
    }

    fn above(list: &[u64], base: u64) -> Self {
        let all = list.iter().fold(0, |all, n| all | n.wrapping_sub(base));
        let shift = if all == 0 { 0 } else { all.trailing_zeros() };
        let width_max = bits_of(all >> shift);
        let bytes = planes_bytes(width_max, list.len());
        let mut best = Self { base, shift, width: width_max, width_max, exceptions: 0, bytes };
        let mut counts = [0_u8; 65];
        for n in list {
            if let Some(count) = counts.get_mut(bits_of(n.wrapping_sub(base) >> shift) as usize) {
                *count += 1;
            }
        }
        let mut exceptions = 0;
        for width in (0..width_max).rev() {
            let count = counts.get(width as usize + 1).copied().unwrap_or_default();
            exceptions += usize::from(count);
            if exceptions > EXCEPTIONS_MAX {
                break;
            }
            let each = 1 + rest_bytes(width_max - width);
            let bytes = planes_bytes(width, list.len()) + exceptions * each;
            if bytes < best.bytes {
                best = Self { width, exceptions, bytes, ..best };
            }
        }
        best
    }

    fn write(&self, list: &[u64], out: &mut Vec<u8>) {
        let Self { base, shift, width, width_max, exceptions, .. } = *self;
        let rest_bytes = rest_bytes(width_max - width);
        let base_bits = bits_of(zigzag(base));
        let base_bytes = base_bits.div_ceil(8) as usize;
        let sizes = (rest_bytes << 4) | base_bytes;
        out.extend([byte(width as usize), byte(shift as usize), byte(exceptions), byte(sizes)]);
        out.extend_from_slice(zigzag(base).to_le_bytes().get(..base_bytes).unwrap_or_default());
        let mut above = [0; LIST_MAX];
        for (above, n) in above.iter_mut().zip(list) {
            *above = n.wrapping_sub(base) >> shift;
        }
        if exceptions > 0 {
            for (place, above) in above.iter().enumerate().filter(|(_, above)| *above >> width > 0)
            {
                let rest = (above >> width).to_le_bytes();
                out.push(byte(place));
                out.extend_from_slice(rest.get(..rest_bytes).unwrap_or_default());
            }
        }
        pack_planes(&above, list.len(), width, out);
    }

    fn read(bytes: &mut &[u8], count: usize, list: &mut Numbers) -> Option<()> {
        let [width, shift, exceptions, sizes] = *take_array::<4>(bytes)?;
        let width = u32::from(width);
        let base = unzigzag(take_number(bytes, usize::from(sizes & 15))?);
        let rest_bytes = usize::from(sizes >> 4);
        let rests = take(bytes, usize::from(exceptions) * (1 + rest_bytes))?;
        let shift = u32::from(shift);
        unpack_plane(bytes, count, width.min(PLANE_BITS), list, |n, low| {
            *n = base.wrapping_add(low << (shift & 63));
        })?;
        if width > PLANE_BITS {
            unpack_plane(bytes, count, width - PLANE_BITS, list, |n, high| {
                *n = n.wrapping_add(high << ((PLANE_BITS + shift) & 63));
            })?;
        }
        if exceptions > 0 {
            for rest in rests.chunks_exact(1 + rest_bytes) {
                let (&place, mut rest) = rest.split_first()?;
                let rest = take_number(&mut rest, rest_bytes)?.checked_shl(width + shift)?;
                let n = list.get_mut(usize::from(place))?;
                *n = n.wrapping_add(rest);
            }
        }
        Some(())
    }
}

/// Appends a list of at most [`LIST_MAX`] numbers; their count is not written.
pub(super) fn pack(list: &[u64], out: &mut Vec<u8>) {
    debug_assert!(list.len() <= LIST_MAX, "{} numbers in a list", list.len());
    let frame = Frame::of(list);
    if frame.width >= DISTINCT_WIDTH_MIN
        && let Some((table, places)) = distinct(list)
    {
        let start = out.len();
        out.push(DISTINCT_MARK | byte(table.len() - 1));
        Frame::of(&table).write(&table, out);
        pack_planes(&places, list.len(), place_bits(table.len()), out);
        if out.len() - start <= frame.bytes {
            return;
        }
        out.truncate(start);
    }
    frame.write(list, out);
}

/// The reverse of [`pack`]: reads `count` numbers off the front of `bytes`. What stands behind
/// them in `list` means nothing. None where that is not possible, which no bytes that [`pack`]
/// wrote can cause.
#[inline]
pub(super) fn unpack(bytes: &mut &[u8], count: usize, list: &mut Numbers) -> Option<()> {
    let mark = *bytes.first()?;
    if mark & DISTINCT_MARK == 0 {
        return Frame::read(bytes, count, list);
    }
    take(bytes, 1)?;
    let len = usize::from(mark & !DISTINCT_MARK) + 1;
    let mut table = [0; LIST_MAX];
    Frame::read(bytes, len, &mut table)?;
    unpack_plane(bytes, count, place_bits(len), list, |n, place| *n = place)?;
    let table = table.first_chunk::<DISTINCT_MAX>()?;
    for n in list.iter_mut().take(count) {
        *n = *table.get(usize::try_from(*n).ok()?)?;
    }
    Some(())
}

/// The different numbers of a list and the place of each, if they are few.
fn distinct(list: &[u64]) -> Option<(Vec<u64>, Numbers)> {
    let mut table = Vec::with_capacity(DISTINCT_MAX);
    let mut places = [0; LIST_MAX];
    for (place, n) in places.iter_mut().zip(list) {
        let known = table.iter().position(|known| known == n);
        let at = known.unwrap_or(table.len());
        if known.is_none() {
            if table.len() == DISTINCT_MAX {
                return None;
            }
            table.push(*n);
        }
        *place = at as u64;
    }
    Some((table, places))
}

fn place_bits(len: usize) -> u32 {
    bits_of(len as u64 - 1)
}

/// Bits of a plane at most, so that a row and what is left of the one before fit into 64.
const PLANE_BITS: u32 = 32;

/// Numbers of `width` bits, as two planes of numbers when they are wide.
fn pack_planes(list: &Numbers, count: usize, width: u32, out: &mut Vec<u8>) {
    pack_plane(list, count, 0, width.min(PLANE_BITS), out);
    pack_plane(list, count, PLANE_BITS, width.saturating_sub(PLANE_BITS), out);
}

/// Writes the `width` bits from bit `from` on of each number.
fn pack_plane(list: &Numbers, count: usize, from: u32, width: u32, out: &mut Vec<u8>) {
    let mask = (1_u64 << width) - 1;
    let (mut lanes, mut used) = ([0_u64; LANES], 0);
    let mut write = |lanes: &mut [u64; LANES]| {
        let mut word = [0; 4 * LANES];
        for (bytes, lane) in word.as_chunks_mut::<4>().0.iter_mut().zip(lanes) {
            let [a, b, c, d, ..] = lane.to_le_bytes();
            *bytes = [a, b, c, d];
            *lane >>= 32;
        }
        out.extend_from_slice(&word);
    };
    for row in list.as_chunks::<LANES>().0.iter().take(count.div_ceil(LANES)) {
        for (lane, n) in lanes.iter_mut().zip(row) {
            *lane |= ((n >> from) & mask) << used;
        }
        used += width;
        if used >= 32 {
            write(&mut lanes);
            used -= 32;
        }
    }
    if used > 0 {
        write(&mut lanes);
    }
}

/// The reverse of [`pack_plane`]. Each row is read from the words themselves, so that none waits
/// for the one before.
#[inline(always)]
fn unpack_plane(
    bytes: &mut &[u8],
    count: usize,
    width: u32,
    list: &mut Numbers,
    put: impl Fn(&mut u64, u64),
) -> Option<()> {
    let words = take(bytes, plane_bytes(width, count))?.as_chunks::<{ 4 * LANES }>().0;
    let mask = u32::MAX.checked_shr(PLANE_BITS - width).unwrap_or_default();
    let mut at = 0;
    for row in list.as_chunks_mut::<LANES>().0.iter_mut().take(count.div_ceil(LANES)) {
        let (word, used) = ((at / 32) as usize, at % 32);
        let low = lanes(words.get(word).unwrap_or(&[0; 4 * LANES]));
        let high = lanes(words.get(word + 1).unwrap_or(&[0; 4 * LANES]));
        for ((n, low), high) in row.iter_mut().zip(low).zip(high) {
            let bits = (low >> used) | ((high << 1) << (31 - used));
            put(n, u64::from(bits & mask));
        }
        at += width;
    }
    Some(())
}

#[inline(always)]
fn lanes(word: &[u8; 4 * LANES]) -> [u32; LANES] {
    let mut lanes = [0; LANES];
    for (lane, bytes) in lanes.iter_mut().zip(word.as_chunks::<4>().0) {
        *lane = u32::from_le_bytes(*bytes);
    }
    lanes
}

fn plane_bytes(width: u32, count: usize) -> usize {
    (count.div_ceil(LANES) * width as usize).div_ceil(32) * 4 * LANES
}

fn planes_bytes(width: u32, count: usize) -> usize {
    let high = width.saturating_sub(PLANE_BITS);
    plane_bytes(width.min(PLANE_BITS), count) + plane_bytes(high, count)
}

/// Bytes for what an exception has beyond the others' bits.
fn rest_bytes(bits: u32) -> usize {
    bits.div_ceil(8) as usize
}

fn bits_of(n: u64) -> u32 {
    u64::BITS - n.leading_zeros()
}

fn byte(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

/// Small numbers for those near zero, on either side.
fn zigzag(n: u64) -> u64 {
    (n << 1) ^ (n.cast_signed() >> 63).cast_unsigned()
}

fn unzigzag(n: u64) -> u64 {
    (n >> 1) ^ (n & 1).wrapping_neg()
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (mine, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(mine)
}

pub(super) fn take_array<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (mine, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(mine)
}

fn take_number(bytes: &mut &[u8], count: usize) -> Option<u64> {
    let mut number = [0; 8];
    number.get_mut(..count)?.copy_from_slice(take(bytes, count)?);
    Some(u64::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Packs and unpacks; how many bytes it took.
    fn packed(list: &[u64]) -> usize {
        let mut bytes = vec![0xaa];
        pack(list, &mut bytes);
        bytes.push(0xbb);
        let (mut rest, mut back) = (&bytes[1..], [u64::MAX; LIST_MAX]);
        unpack(&mut rest, list.len(), &mut back).unwrap();
        assert_eq!(&back[..list.len()], list);
        assert_eq!(rest, [0xbb], "as many bytes are read as were written");
        bytes.len() - 2
    }

    fn list(each: impl Fn(u64) -> u64) -> Vec<u64> {
        (0..128).map(each).collect()
    }

    #[test]
    fn as_many_bits_are_written_as_are_needed() {
        assert_eq!(packed(&list(|_| 7)), 4 + 1);
        assert_eq!(packed(&list(|n| n * n % 127)), 4 + 128 * 7 / 8);
        assert_eq!(packed(&list(|n| (1 << 40) + n * n % 127)), 4 + 6 + 128 * 7 / 8);
        // Zeros at the end cost nothing.
        assert_eq!(packed(&list(|n| (n * n % 127) << 30)), 4 + 128 * 7 / 8);
    }

    #[test]
    fn numbers_below_zero_are_as_small_as_those_above() {
        assert_eq!(packed(&list(|n| (n * n % 127).wrapping_sub(60))), 4 + 1 + 128 * 7 / 8);
    }

    #[test]
    fn one_that_is_larger_or_fell_does_not_make_all_wide() {
        let list = list(|n| 1_000 + n * n % 127);
        for odd in [1 << 40, u64::MAX, 0_u64.wrapping_sub(1 << 40)] {
            let mut list = list.clone();
            list[77] = odd;
            assert!(packed(&list) <= 128 * 7 / 8 + 4 + 2 + 10, "{odd}: {}", packed(&list));
        }
    }

    #[test]
    fn few_different_numbers_are_written_once() {
        let rare = list(|n| u64::MAX / (3 + n * n * n % 5));
        assert!(packed(&rare) < 128 * 3 / 8 + 50, "{}", packed(&rare));
    }

    proptest! {
        #[test]
        fn every_list_comes_back(
            numbers in prop::collection::vec(any::<u64>(), 1..=LIST_MAX),
            width in 0_u32..65,
            (base, shift) in (any::<u64>(), 0_u32..64),
            odd in prop::collection::vec((0..LIST_MAX, any::<u64>()), 0..9),
            modulus in prop_oneof![Just(u64::MAX), 1..20_u64],
        ) {
            let mask = 1_u64.checked_shl(width).map_or(u64::MAX, |one| one - 1);
            let small = |n: &u64| base.wrapping_add(((n % modulus) & mask) << shift);
            let mut list: Vec<u64> = numbers.iter().map(small).collect();
            for (place, n) in odd {
                let place = place % list.len();
                list[place] = n;
            }
            packed(&list);
        }
    }
}
