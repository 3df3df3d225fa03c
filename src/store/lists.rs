//! Lists: times or values of a few samples in few bytes, each list for itself.
//!
//! A list begins with what it holds and how many, and needs nothing that stands before it, so that
//! lists can be put one behind the other. Times are the difference from the promised grid, values
//! what they are: what counts its steps, a decimal number the whole number it is when the point is
//! moved. Knows nothing of blocks.

use super::pack::{LIST_MAX, Numbers, pack, take_array, unpack};
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

    /// Doubles with `digits` digits behind the point.
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

/// Added to a number below 2^51 it is a double in whose lowest bits stands the whole part.
pub(super) const WHOLE: f64 = 6_755_399_441_055_744.0;

/// The whole number that a double is once it is multiplied; whether it is, only the way back says.
fn to_decimal(bits: u64, power: f64) -> u64 {
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
            write(Form::WORDS, None, numbers.get(..list.len()), out);
        }
        let end = out.len();
        if interval.is_zero() || end - start > GRID_BYTES * list.len() {
            // After a gap a grid is of no use.
            for (number, time) in numbers.iter_mut().zip(list) {
                *number = time.raw();
            }
            let first = to_steps(&mut numbers);
            write(Form::WORDS, Some(first), numbers.get(..list.len()), out);
            if interval.is_zero() || out.len() - end < end - start {
                out.drain(start..end);
            } else {
                out.truncate(end);
            }
        }
    }
}

/// Reads a list of times off the front of `bytes`; returns how many. What stands behind them in
/// `list` means nothing. None where that is not possible, which no bytes that were packed cause.
pub(super) fn unpack_times(
    bytes: &mut &[u8],
    interval: Interval,
    list: &mut Numbers,
) -> Option<usize> {
    let (_, count, first) = read(bytes, list)?;
    if first.is_some() {
        ValueForm { count, first, power: None }.add_up(list);
    } else {
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
        let first = to_steps(&mut steps);
        let (numbers, steps) = (numbers.get(..list.len()), steps.get(..list.len()));
        let by_steps = match kind {
            DsType::Counter | DsType::Derive => true,
            DsType::Gauge | DsType::Absolute => spread(steps) < spread(numbers),
        };
        match by_steps {
            true => write(form, Some(first), steps, out),
            false => write(form, None, numbers, out),
        }
    }
}

/// How values are made of the numbers of a list, which stand beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueForm {
    pub(super) count: usize,
    /// Where the numbers are steps, each to the value of the same place from the one before, the
    /// first value.
    pub(super) first: Option<u64>,
    /// Where they stand for doubles, what those were multiplied by.
    pub(super) power: Option<f64>,
}

impl ValueForm {
    /// The same value `count` times.
    pub(super) fn constant(bits: u64, count: usize, numbers: &mut Numbers) -> Self {
        numbers.fill(0);
        Self { count, first: Some(bits), power: None }
    }

    /// Makes whole numbers of steps.
    pub(super) fn add_up(&mut self, numbers: &mut Numbers) {
        if let Some(mut number) = self.first.take() {
            for (at, step) in numbers.iter_mut().enumerate() {
                number = if at == 0 { number } else { number.wrapping_add(*step) };
                *step = number;
            }
        }
    }

    /// Makes values of numbers.
    pub(super) fn finish(mut self, numbers: &mut Numbers) {
        self.add_up(numbers);
        if let Some(power) = self.power {
            for number in numbers.iter_mut().take(self.count) {
                *number = from_decimal(*number, power);
            }
        }
    }
}

/// Reads the numbers of a list of values off the front of `bytes`; see [`unpack_times`].
pub(super) fn unpack_values(bytes: &mut &[u8], numbers: &mut Numbers) -> Option<ValueForm> {
    let (form, count, first) = read(bytes, numbers)?;
    Some(ValueForm { count, first, power: form.power() })
}

/// How far numbers lie apart.
fn spread(numbers: Option<&[u64]>) -> u64 {
    let signed = || numbers.unwrap_or_default().iter().map(|n| n.cast_signed());
    let (least, most) = (signed().min().unwrap_or(0), signed().max().unwrap_or(0));
    most.wrapping_sub(least).cast_unsigned()
}

/// Makes steps of numbers; returns the first number, whose place takes the second step so that
/// it costs nothing.
fn to_steps(numbers: &mut Numbers) -> u64 {
    let [first, second, ..] = *numbers;
    let mut before = first.wrapping_sub(second.wrapping_sub(first));
    for number in numbers.iter_mut() {
        let step = number.wrapping_sub(before);
        before = std::mem::replace(number, step);
    }
    first
}

/// Writes numbers, or steps and the first number.
fn write(form: Form, first: Option<u64>, numbers: Option<&[u64]>, out: &mut Vec<u8>) {
    let numbers = numbers.unwrap_or_default();
    let form = if first.is_some() { form.steps() } else { form };
    out.extend([form.0, u8::try_from(numbers.len()).unwrap_or(u8::MAX)]);
    if let Some(first) = first {
        out.extend_from_slice(&first.to_le_bytes());
    }
    pack(numbers, out);
}

/// The reverse of [`write()`]: form, count, and the first where all others are steps.
fn read(bytes: &mut &[u8], list: &mut Numbers) -> Option<(Form, usize, Option<u64>)> {
    let [form, count] = *take_array::<2>(bytes)?;
    let (form, count) = (Form(form), usize::from(count));
    let first = if form.is_steps() { Some(u64::from_le_bytes(*take_array(bytes)?)) } else { None };
    unpack(bytes, count, list)?;
    Some((form, count, first))
}
