//! From datagrams to values, batches and series.

use crate::{Figure, Options, figure, measure, support};
use collectoscope::ingest::{Batch, Ingest};
use collectoscope::metric::{CdTime, Interval};
use collectoscope::store::{SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Decoder, Event, SecurityLevel, decode};
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

pub(crate) fn ingest_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let datagrams = support::datagrams(&options.capture);
    let (mut ingest, mut recycled) = (Ingest::new(), None);
    let figure = measure(options, "", "ns/value", || {
        let (mut values, mut checksum) = (0, 0);
        batches(
            &mut ingest,
            &datagrams,
            &mut |batch| {
                values += batch.values.len() as u64;
                checksum = sum(batch, checksum);
            },
            &mut recycled,
        );
        (values, checksum)
    });
    Ok(vec![figure])
}

pub(crate) fn store_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let datagrams = support::datagrams(&options.capture);
    let mut ingest = Ingest::new();
    let mut ready = Vec::new();
    batches(&mut ingest, &datagrams, &mut |batch| ready.push(std::mem::take(batch)), &mut None);
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

fn batches(
    ingest: &mut Ingest,
    datagrams: &[Vec<u8>],
    take: &mut dyn FnMut(&mut Batch),
    recycled: &mut Option<Batch>,
) {
    let sender = SocketAddr::from(([10, 0, 0, 1], 25_826));
    for some in datagrams.chunks(BATCH_DATAGRAMS) {
        for datagram in some {
            ingest.datagram(std::hint::black_box(datagram), sender, CdTime::from_secs(1), LEVEL);
        }
        let mut batch = ingest.take(recycled.take());
        take(&mut batch);
        *recycled = Some(batch);
    }
}

fn sum(batch: &Batch, start: u64) -> u64 {
    let rows = batch.rows.iter().map(|row| row.time.raw());
    let numbers = rows.chain(batch.values.iter().copied());
    numbers.fold(start, |sum, number| sum.rotate_left(1) ^ number)
}
