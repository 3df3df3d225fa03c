//! From datagrams to values, batches and series.

use crate::feed::{NOW, copied};
use crate::{Figure, MEASURED, Options, figure, measure, support};
use collectoscope::ingest::{Batch, Ingest};
use collectoscope::metric::{CdTime, Interval};
use collectoscope::store::{SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Decoder, Event, Part, SecurityLevel, decode, parts};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Instant;

/// Datagrams a batch: what the receiver takes in one turn when it is busy.
const LEVEL: SecurityLevel = SecurityLevel::None;
const BATCH_DATAGRAMS: usize = 64;
/// Rounds of the store: all together fit its budget, so that nothing is evicted.
const STORE_ROUNDS: u64 = 200;

pub(crate) fn decode_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let datagrams = support::datagrams(&options.capture);
    let (mut values, mut checksum) = (0_u64, 0);
    let figure = measure(options, "", "ns/value", || {
        (values, checksum) = (0, 0_u64);
        for datagram in &datagrams {
            decode(std::hint::black_box(datagram), &mut |event| {
                sum_event(&event, &mut values, &mut checksum);
            });
        }
        (values, checksum)
    });
    Ok(vec![figure])
}

/// Protected captures: opened and read, and the bare primitive over as many bytes.
pub(crate) fn protected_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    for (part, name, primitive) in [
        ("signed", "signed.pcap", ("HMAC-SHA-256 alone", hmac as fn(&mut [u8]) -> u64)),
        ("encrypted", "encrypted.pcap", ("AES-256-OFB and SHA-1 alone", ofb_and_sha1)),
    ] {
        let datagrams = support::datagrams(&support::data(name));
        let mut decoder = Decoder::new(Some(support::keys()));
        let (mut values, mut checksum) = (0_u64, 0);
        figures.push(measure(options, part, "ns/value", || {
            (values, checksum) = (0, 0_u64);
            for datagram in &datagrams {
                decoder.decode(LEVEL, std::hint::black_box(datagram), &mut |event| {
                    sum_event(&event, &mut values, &mut checksum);
                });
            }
            (values, checksum)
        }));
        let mut copies = datagrams.clone();
        let (words, run) = primitive;
        figures.push(measure(options, words, "ns/value", || {
            let sum = copies.iter_mut().fold(0, |sum: u64, bytes| sum.wrapping_add(run(bytes)));
            // What was encrypted in place differs in every round; the count does not.
            (values, if part == "signed" { sum } else { 0 })
        }));
    }
    Ok(figures)
}

fn hmac(bytes: &mut [u8]) -> u64 {
    use hmac::{Hmac, KeyInit, Mac};
    static KEYED: LazyLock<Hmac<sha2::Sha256>> =
        LazyLock::new(|| Hmac::new_from_slice(b"w0nderl4nd").unwrap());
    let mut mac = KEYED.clone();
    mac.update(bytes);
    mac.finalize().into_bytes().iter().fold(0, |sum, &byte| sum * 3 + u64::from(byte) % 3)
}

fn ofb_and_sha1(bytes: &mut [u8]) -> u64 {
    use aes::Aes256;
    use ofb::OfbCore;
    use ofb::cipher::{InnerIvInit, KeyInit, StreamCipherCore};
    use sha1::Digest;
    static KEYED: LazyLock<Aes256> = LazyLock::new(|| Aes256::new(&[7; 32].into()));
    let stream = OfbCore::inner_iv_init(KEYED.clone(), &[3; 16].into());
    stream.apply_keystream_partial((&mut *bytes).into());
    sha1::Sha1::digest(bytes).iter().fold(0, |sum, &byte| sum ^ u64::from(byte))
}

#[inline(always)]
fn sum_event(event: &Event<'_>, values: &mut u64, checksum: &mut u64) {
    if let Event::Values(list) = event {
        *checksum = checksum.rotate_left(1) ^ list.time.raw();
        *checksum ^= list.names.type_instance.len() as u64;
        for value in list.values.iter() {
            *values += 1;
            *checksum = checksum.wrapping_add(value.bits());
        }
    }
}

/// The capture as it is: some hundred series.
pub(crate) fn identify_few_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let sender = SocketAddr::from(([10, 0, 0, 1], 25_826));
    let datagrams = support::datagrams(&options.capture);
    let datagrams: Vec<_> = datagrams.into_iter().map(|datagram| (sender, datagram)).collect();
    identify_figure(options, &datagrams)
}

/// The start of the capture, in which every series speaks, as if from many times as many hosts:
/// first datagrams of all, then second ones.
pub(crate) fn identify_many_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let wanted = if options.once { 3_000 } else { 1_000_000 };
    let datagrams = support::datagrams(&options.capture);
    let (mut ingest, mut series, mut used) = (Ingest::new(), 0, 0);
    for (number, datagram) in datagrams.iter().enumerate() {
        ingest.datagram(datagram, SocketAddr::from(([10, 0, 0, 1], 1)), NOW, LEVEL);
        let new = ingest.take(None).announced;
        series += new.iter().map(|list| list.kinds.len()).sum::<usize>();
        if !new.is_empty() && number < datagrams.len() / 5 {
            used = number + 1;
        }
    }
    let copies = u32::try_from(wanted / series.max(1) + 1).map_err(|error| error.to_string())?;
    let all: Vec<_> = datagrams
        .iter()
        .take(used)
        .flat_map(|datagram| (0..copies).map(move |copy| of_another_host(datagram, copy)))
        .collect();
    identify_figure(options, &all)
}

/// The datagram of one of many hosts, and its sender.
fn of_another_host(datagram: &[u8], copy: u32) -> (SocketAddr, Vec<u8>) {
    let ends = parts(datagram).flatten().map(|(offset, _)| offset).skip(1).chain([datagram.len()]);
    let mut other = Vec::with_capacity(datagram.len() + 8);
    for ((offset, part), end) in parts(datagram).flatten().zip(ends) {
        match part {
            Part::Host(host) => {
                let mut host = copied(host, &format!("{copy:05}"));
                host.push(0);
                let length = u16::try_from(host.len() + 4).unwrap();
                other.extend([0, 0].iter().chain(&length.to_be_bytes()).chain(&host));
            }
            _ => other.extend(datagram.get(offset..end).unwrap_or_default()),
        }
    }
    let [_, a, b, c] = copy.to_be_bytes();
    (SocketAddr::from(([10, a, b, c], 25_826)), other)
}

fn identify_figure(
    options: &Options,
    datagrams: &[(SocketAddr, Vec<u8>)],
) -> Result<Vec<Figure>, String> {
    let (mut ingest, mut recycled) = (Ingest::new(), None);
    let mut received: Vec<Vec<u8>> = vec![Vec::new(); BATCH_DATAGRAMS];
    let (start, mut nanos_per_value, mut checksum) = (Instant::now(), Vec::new(), 0);
    // The first round names all lists, and is not like the others.
    for number in 0.. {
        let (mut values, mut nanos) = (0_u64, 0);
        checksum = 0;
        for some in datagrams.chunks(BATCH_DATAGRAMS) {
            // As after a system call, which leaves what was received in the cache.
            for ((_, datagram), buffer) in some.iter().zip(&mut received) {
                datagram.clone_into(buffer);
            }
            let batch_start = Instant::now();
            for ((sender, _), datagram) in some.iter().zip(&received) {
                ingest.datagram(std::hint::black_box(datagram), *sender, NOW, LEVEL);
            }
            let batch = ingest.take(recycled.take());
            nanos += batch_start.elapsed().as_nanos();
            values += batch.values.len() as u64;
            checksum = sum(&batch, checksum);
            recycled = Some(batch);
        }
        if number > 0 {
            nanos_per_value.push(nanos as f64 / values.max(1) as f64);
        }
        if number > 0 && (options.once || start.elapsed() > MEASURED) {
            break;
        }
    }
    Ok(vec![figure("", "ns/value", nanos_per_value, checksum)])
}

pub(crate) fn store_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let sender = SocketAddr::from(([10, 0, 0, 1], 25_826));
    let datagrams = support::datagrams(&options.capture);
    let mut ingest = Ingest::new();
    let mut ready = Vec::new();
    for some in datagrams.chunks(BATCH_DATAGRAMS) {
        some.iter().for_each(|datagram| ingest.datagram(datagram, sender, NOW, LEVEL));
        let mut batch = ingest.take(None);
        date(&mut batch);
        ready.push(batch);
    }
    let times = ready.iter().flat_map(|batch| batch.rows.iter().map(|row| row.time));
    let (first, last) = (times.clone().min(), times.max());
    let (Some(first), Some(last)) = (first, last) else {
        return Err("no value in the capture".to_owned());
    };
    let step = Interval::from_raw(last.since(first).raw() + Interval::from_secs(10).raw());
    let mut store = Store::new(512 << 20, TypesDb::built_in());
    let rounds = if options.once { 2 } else { STORE_ROUNDS };
    let mut nanos = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        for batch in &ready {
            store.absorb(SourceId(0), batch, CdTime::MAX);
        }
        let values: usize = ready.iter().map(|batch| batch.values.len()).sum();
        nanos.push(start.elapsed().as_nanos() as f64 / values.max(1) as f64);
        for batch in &mut ready {
            batch.announced.clear();
            for row in &mut batch.rows {
                row.time = row.time.saturating_add(step);
            }
            for datagram in &mut batch.datagrams {
                datagram.arrival = datagram.arrival.saturating_add(step);
            }
        }
    }
    let totals = store.health().totals;
    if totals.evicted_samples > 0 {
        return Err("the capture is too large for the store: samples were evicted".to_owned());
    }
    // The first round makes the series and is not like the others.
    nanos.remove(0);
    Ok(vec![figure("", "ns/value", nanos, totals.stored_values)])
}

/// Lets each datagram arrive when the newest of its values was measured.
fn date(batch: &mut Batch) {
    let mut rows = batch.rows.as_slice();
    for datagram in &mut batch.datagrams {
        let count = usize::try_from(datagram.rows).unwrap_or(usize::MAX).min(rows.len());
        let (mine, rest) = rows.split_at(count);
        rows = rest;
        datagram.arrival = mine.iter().map(|row| row.time).max().unwrap_or_default();
    }
}

fn sum(batch: &Batch, start: u64) -> u64 {
    let rows = batch.rows.iter().map(|row| row.time.raw());
    let numbers = rows.chain(batch.values.iter().copied());
    numbers.fold(start, |sum, number| sum.rotate_left(1) ^ number)
}
