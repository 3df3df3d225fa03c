//! Lists: times or values of a few samples in few bytes, each list for itself.
//!
//! A list begins with what it holds and how many, and needs nothing that stands before it, so that
//! lists can be put one behind the other. Times are the difference from the promised grid, values
//! what they are: what counts its steps, a decimal number the whole number it is when the point is
//! moved. Knows nothing of blocks.

use super::pack::{LIST_MAX, List, pack, take_array, unpack};
use crate::metric::{CdTime, DsType, Interval};

/// A list of times that takes more than this a sample is also tried the other way.
const GRID_BYTES: usize = 5;
/// Digits behind the point that are tried: microseconds in seconds have six.
const DIGITS_MAX: u8 = 6;
const POWERS: [f64; DIGITS_MAX as usize + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// What the numbers of a list stand for; its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form(u8);

impl Form {
    /// Words as they are; times from one interval after another.
    const WORDS: Self = Self(0);
    /// Differences from the one before, which is written first.
    const STEPS: u8 = 0x80;

    fn is_steps(self) -> bool {
        self.0 & Self::STEPS != 0
    }

    fn steps(self) -> Self {
        Self(self.0 | Self::STEPS)
    }

    /// Doubles with so many digits behind the point.
    fn decimals(digits: u8) -> Self {
        Self(digits + 1)
    }

    /// What such doubles are multiplied by.
    fn power(self) -> Option<f64> {
        let digits = (self.0 & !Self::STEPS).checked_sub(1)?;
        POWERS.get(usize::from(digits)).copied()
    }

    /// The form of a list of doubles: most are decimal numbers of few digits.
    fn of_doubles(list: &[u64]) -> Self {
        let decimals = |form: &Self| {
            let power = form.power().unwrap_or(1.0);
            list.iter().all(|&bits| from_decimal(to_decimal(bits, power), power) == bits)
        };
        (0..=DIGITS_MAX).map(Self::decimals).find(decimals).unwrap_or(Self::WORDS)
    }
}

/// The whole number that a double is once it is multiplied; whether it is, only the way back says.
fn to_decimal(bits: u64, power: f64) -> u64 {
    // Added to a number below 2^51, its whole part stands in the lowest bits.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let whole = f64::from_bits(bits) * power + WHOLE;
    whole.to_bits().wrapping_sub(WHOLE.to_bits())
}

fn from_decimal(number: u64, power: f64) -> u64 {
    (number.cast_signed() as f64 / power).to_bits()
}

/// Appends times that rise, as lists.
pub(super) fn pack_times(times: &[CdTime], interval: Interval, out: &mut Vec<u8>) {
    let mut numbers = [0; LIST_MAX];
    for list in times.chunks(LIST_MAX) {
        let start = out.len();
        if !interval.is_zero() {
            let mut grid = 0_u64;
            for (number, time) in numbers.iter_mut().zip(list) {
                *number = time.raw().wrapping_sub(grid);
                grid = grid.wrapping_add(interval.raw());
            }
            write(Form::WORDS, numbers.get(..list.len()), out);
        }
        let end = out.len();
        if interval.is_zero() || end - start > GRID_BYTES * list.len() {
            // After a gap a grid is of no use.
            for (number, time) in numbers.iter_mut().zip(list) {
                *number = time.raw();
            }
            to_steps(&mut numbers);
            write(Form::WORDS.steps(), numbers.get(..list.len()), out);
            if interval.is_zero() || out.len() - end < end - start {
                out.drain(start..end);
            } else {
                out.truncate(end);
            }
        }
    }
}

/// Takes a list of times off the front of `bytes`; how many there are. What stands behind them in
/// `list` means nothing. None where that is not possible, which no bytes that were packed cause.
pub(super) fn unpack_times(
    bytes: &mut &[u8],
    interval: Interval,
    list: &mut List,
) -> Option<usize> {
    let (form, count) = read(bytes, list)?;
    if !form.is_steps() {
        let mut grid = 0_u64;
        for number in list.iter_mut() {
            *number = number.wrapping_add(grid);
            grid = grid.wrapping_add(interval.raw());
        }
    }
    Some(count)
}

/// Appends values of a series of `kind`, as lists.
pub(super) fn pack_values(kind: DsType, bits: &[u64], out: &mut Vec<u8>) {
    for list in bits.chunks(LIST_MAX) {
        let form = match kind {
            DsType::Gauge => Form::of_doubles(list),
            DsType::Counter | DsType::Derive | DsType::Absolute => Form::WORDS,
        };
        let mut numbers = [0; LIST_MAX];
        for (number, &bits) in numbers.iter_mut().zip(list) {
            *number = form.power().map_or(bits, |power| to_decimal(bits, power));
        }
        let mut steps = numbers;
        to_steps(&mut steps);
        let (numbers, steps) = (numbers.get(..list.len()), steps.get(..list.len()));
        let by_steps = match kind {
            DsType::Counter | DsType::Derive => true,
            DsType::Gauge | DsType::Absolute => {
                spread(steps.and_then(|steps| steps.get(1..))) < spread(numbers)
            }
        };
        match by_steps {
            true => write(form.steps(), steps, out),
            false => write(form, numbers, out),
        }
    }
}

/// Takes a list of values off the front of `bytes`; see [`unpack_times`].
pub(super) fn unpack_values(bytes: &mut &[u8], list: &mut List) -> Option<usize> {
    let (form, count) = read(bytes, list)?;
    if let Some(power) = form.power() {
        for number in list.iter_mut().take(count) {
            *number = from_decimal(*number, power);
        }
    }
    Some(count)
}

/// How far numbers lie apart.
fn spread(numbers: Option<&[u64]>) -> u64 {
    let signed = || numbers.unwrap_or_default().iter().map(|n| n.cast_signed());
    let (least, most) = (signed().min().unwrap_or(0), signed().max().unwrap_or(0));
    most.wrapping_sub(least).cast_unsigned()
}

/// All but the first become the difference from the one before.
fn to_steps(numbers: &mut List) {
    let mut before = 0;
    for number in numbers.iter_mut() {
        let step = number.wrapping_sub(before);
        before = std::mem::replace(number, step);
    }
}

fn write(form: Form, numbers: Option<&[u64]>, out: &mut Vec<u8>) {
    let numbers = numbers.unwrap_or_default();
    let Some((first, steps)) = numbers.split_first() else {
        return;
    };
    out.extend([form.0, u8::try_from(numbers.len()).unwrap_or(u8::MAX)]);
    if form.is_steps() {
        out.extend_from_slice(&first.to_le_bytes());
        pack(steps, out);
    } else {
        pack(numbers, out);
    }
}

/// The reverse of [`write`], steps added up.
fn read(bytes: &mut &[u8], list: &mut List) -> Option<(Form, usize)> {
    let [form, count] = *take_array::<2>(bytes)?;
    let (form, count) = (Form(form), usize::from(count));
    if !form.is_steps() {
        unpack(bytes, count, list)?;
        return Some((form, count));
    }
    let mut number = u64::from_le_bytes(*take_array::<8>(bytes)?);
    unpack(bytes, count.checked_sub(1)?, list)?;
    for step in list.iter_mut() {
        let next = number.wrapping_add(*step);
        *step = number;
        number = next;
    }
    Some((form, count))
}
