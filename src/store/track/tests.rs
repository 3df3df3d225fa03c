//! Tests of tracks: sealing, late samples, giving up.

use super::merge::Merged;
use super::*;

const PROMISED: Interval = Interval::from_secs(10);

/// A track and what pushing needs.
struct Bench {
    track: Track,
    scratch: Scratch,
    entries: u32,
}

impl Bench {
    fn new(phase: u32) -> Self {
        let (track, scratch) = (Track::new(phase), Scratch::default());
        Self { track, scratch, entries: 0 }
    }

    fn filled(times: impl IntoIterator<Item = u64>) -> Self {
        let mut bench = Self::new(0);
        for secs in times {
            bench.push(secs, PROMISED);
        }
        bench
    }

    fn push(&mut self, secs: u64, promised: Interval) -> Pushed {
        self.push_bits(secs, secs, promised)
    }

    fn push_bits(&mut self, secs: u64, bits: u64, promised: Interval) -> Pushed {
        let bounds = Bounds { min: None, max: None };
        let mut tools = Tools { kind: DsType::Derive, bounds, scratch: &mut self.scratch };
        let sample = Sample { time: CdTime::from_secs(secs), bits };
        let (pushed, begins) = self.track.push(sample, promised, &mut tools);
        self.entries += u32::from(begins);
        assert_eq!(self.entries, self.track.entries(), "each run stands in the queue");
        pushed
    }

    /// Merges these seconds, in order, with themselves as values.
    fn merge(&mut self, secs: impl IntoIterator<Item = u64>) -> Merged {
        self.merge_bits(&secs.into_iter().map(|secs| (secs, secs)).collect::<Vec<_>>())
    }

    fn merge_bits(&mut self, late: &[(u64, u64)]) -> Merged {
        let bounds = Bounds { min: None, max: None };
        let mut tools = Tools { kind: DsType::Derive, bounds, scratch: &mut self.scratch };
        let sample = |&(secs, bits): &(u64, u64)| Sample { time: CdTime::from_secs(secs), bits };
        let late: Vec<Sample> = late.iter().map(sample).collect();
        let merged = self.track.merge(&late, PROMISED, &mut tools);
        self.entries += merged.runs;
        assert_eq!(self.entries, self.track.entries(), "each run stands in the queue");
        merged
    }

    fn evict(&mut self) -> Evicted {
        let evicted = self.track.evict(0, &mut self.scratch.lent);
        self.entries -= u32::from(!evicted.remains);
        assert_eq!(self.entries, self.track.entries(), "each run stands in the queue");
        evicted
    }

    fn times(&self) -> Vec<u64> {
        let packed = self.track.blocks.iter().flat_map(Block::samples);
        packed.chain(self.track.open.iter()).map(|sample| sample.bits).collect()
    }

    fn lengths(&self) -> Vec<usize> {
        self.track.blocks.iter().map(|block| block.len()).collect()
    }
}

#[test]
fn a_full_run_is_sealed_but_for_the_newest() {
    let mut bench = Bench::filled(0..136);
    assert_eq!((bench.lengths(), bench.track.open.len()), (vec![], 136));
    assert_eq!(bench.push(136, PROMISED), Pushed::Newest);
    assert_eq!((bench.lengths(), bench.track.open.len()), (vec![128], 9));
}

#[test]
fn small_blocks_become_a_large_one() {
    let bench = Bench::filled((0..3_000).map(|n| 10 * n));
    assert_eq!(bench.lengths(), [512, 512, 512, 512, 512, 128, 128, 128]);
    assert_eq!(bench.times(), (0..3_000).map(|n| 10 * n).collect::<Vec<_>>());
}

#[test]
fn tracks_that_begin_together_are_not_sealed_together() {
    let sealed = |phase: u32, length: usize| {
        let mut bench = Bench::new(phase);
        let mut times = (0..).map(|n| 10 * n);
        std::iter::from_fn(|| {
            let before = bench.lengths().iter().filter(|&&len| len >= length).count();
            bench.push(times.next().unwrap(), PROMISED);
            Some(bench.lengths().iter().filter(|&&len| len >= length).count() > before)
        })
        .take(1_000)
        .position(|now| now)
        .unwrap()
    };
    let mut small = std::collections::BTreeMap::<usize, usize>::new();
    let mut large = std::collections::BTreeSet::new();
    for phase in 0..256 {
        *small.entry(sealed(phase, 1)).or_default() += 1;
        large.insert(sealed(phase, 160));
    }
    assert!(small.len() == LACKS && small.values().all(|&together| together <= 3), "{small:?}");
    assert!(large.len() > 200, "{large:?}");
}

#[test]
fn a_new_interval_begins_a_run() {
    let mut bench = Bench::filled(0..3);
    bench.push(9, Interval::from_secs(1));
    bench.push(10, Interval::ZERO);
    assert_eq!(bench.lengths(), [3], "no interval is no change");
    assert_eq!(bench.track.blocks[0].interval, PROMISED);
}

#[test]
fn an_interval_that_changes_with_every_sample_costs_blocks_and_no_time() {
    let mut bench = Bench::new(0);
    for n in 0..1_000 {
        bench.push(n, Interval::from_secs(1 + n % 2 * 86_400));
    }
    assert_eq!(bench.lengths(), [1; 999]);
    assert_eq!(bench.times(), (0..1_000).collect::<Vec<_>>());
    assert!(bench.track.heap_bytes() < 1_000 * 190, "{}", bench.track.heap_bytes());
}

#[test]
fn late_samples_are_put_in_their_place_and_doubles_are_not_kept() {
    let mut bench = Bench::filled([10, 30, 40]);
    assert_eq!(bench.push(20, PROMISED), Pushed::Late);
    assert_eq!(bench.push(5, PROMISED), Pushed::Late);
    for secs in [5, 20, 40] {
        assert_eq!(bench.push(secs, PROMISED), Pushed::Duplicate);
    }
    assert_eq!(bench.times(), [5, 10, 20, 30, 40]);
}

#[test]
fn at_least_eight_samples_back_there_is_a_place() {
    for count in 120..700_u64 {
        let mut bench = Bench::filled((0..count).map(|n| 10 * n));
        assert_eq!(bench.push(10 * (count - 8) + 5, PROMISED), Pushed::Late, "{count}");
        assert_eq!(bench.times().len() as u64, count + 1);
    }
}

#[test]
fn another_value_at_a_time_that_is_there_is_a_conflict_and_not_kept() {
    let mut bench = Bench::filled((0..300).map(|n| 10 * n));
    for secs in [2_980, 2_990] {
        assert_eq!(bench.push_bits(secs, 77, PROMISED), Pushed::Conflict);
        assert_eq!(bench.push(secs, PROMISED), Pushed::Duplicate);
    }
    let merged = bench.merge_bits(&[(0, 77), (20, 77), (30, 30), (1_500, 1_500)]);
    assert_eq!((merged.added, merged.duplicates, merged.conflicts), (0, 2, 2));
    let nan = f64::NAN.to_bits();
    assert_eq!(bench.push_bits(5_000, nan, PROMISED), Pushed::Newest);
    assert_eq!(bench.push_bits(5_000, nan, PROMISED), Pushed::Duplicate);
}

#[test]
fn a_clock_that_ran_ahead_does_not_lock_out_the_rest() {
    for ahead in [1, 8, 100] {
        let mut bench = Bench::filled(80_000..80_000 + ahead);
        for secs in 0..2_000 {
            assert_eq!(bench.push(secs, PROMISED), Pushed::Late, "{secs}");
        }
        let expected: Vec<u64> = (0..2_000).chain(80_000..80_000 + ahead).collect();
        assert_eq!(bench.times(), expected);
        assert!(bench.lengths().len() < 20, "{:?}", bench.lengths());
    }
}

#[test]
fn what_is_behind_the_open_run_is_merged_into_blocks_and_the_gaps_between() {
    // Sealed are 0 to 1,270 and, after a gap of a day, 86,400 to 87,670; open is the rest.
    let times = |n: u64| if n < 128 { 10 * n } else { 86_400 + 10 * (n - 128) };
    let mut bench = Bench::filled((0..300).map(times));
    assert_eq!(bench.lengths(), [128, 128]);
    for secs in [5, 1_265, 5_000, 86_405] {
        assert_eq!(bench.push(secs, PROMISED), Pushed::Behind, "{secs}");
    }
    let epoch = bench.track.epoch();
    let merged = bench.merge([5, 1_265, 5_000, 86_405, 87_680, 88_105]);
    assert_eq!((merged.added, merged.duplicates), (5, 1));
    assert_ne!(bench.track.epoch(), epoch);
    let mut expected: Vec<u64> = (0..300).map(times).chain([5, 1_265, 5_000, 86_405]).collect();
    expected.push(88_105);
    expected.sort_unstable();
    assert_eq!(bench.times(), expected);
}

#[test]
fn late_samples_before_all_others_and_many_at_once_find_their_places() {
    for (count, late) in [(137, 1), (137, 128), (137, 3_000), (2_000, 5_000), (700, 129)] {
        let mut bench = Bench::filled((0..count).map(|n| 1_000_000 + 10 * n));
        let before = bench.merge((0..late).map(|n| 900_000 + 10 * n));
        assert_eq!(before.added, late);
        let between = bench.merge((0..100).map(|n| 1_000_005 + 10 * n));
        assert_eq!(between.added, 100);
        let times = bench.times();
        assert!(times.is_sorted() && times.len() as u64 == count + late + 100, "{count} {late}");
        assert!(bench.lengths().iter().all(|&len| len <= BLOCK_SAMPLES_MAX));
    }
}

#[test]
fn late_samples_that_come_one_by_one_share_blocks() {
    let mut bench = Bench::filled((0..137).map(|n| 1_000_000 + 10 * n));
    for n in 0..1_000 {
        assert_eq!(bench.merge([10 * n]).added, 1);
    }
    assert!(bench.lengths().len() <= 10, "{:?}", bench.lengths());
    assert_eq!(bench.times().len(), 1_137);
}

#[test]
fn the_oldest_block_goes_first_and_the_open_run_by_halves() {
    let mut bench = Bench::filled(0..700);
    assert_eq!((bench.lengths(), bench.track.open.len()), (vec![512, 128], 60));
    assert_eq!(bench.evict(), Evicted { samples: 512, remains: false });
    // The three entries of the blocks that the large one was made of.
    for _ in 0..3 {
        assert_eq!(bench.evict(), Evicted::default());
    }
    assert_eq!(bench.evict(), Evicted { samples: 128, remains: false });
    assert_eq!(bench.evict(), Evicted { samples: 30, remains: true });
    assert_eq!(bench.times(), (670..700).collect::<Vec<_>>());
    while bench.evict().remains {}
    let track = &bench.track;
    assert_eq!((track.oldest(), track.newest(), track.heap_bytes()), (None, None, 0));
}

#[test]
fn what_is_held_stays_while_younger_blocks_go() {
    let mut bench = Bench::filled(0..2_000);
    assert_eq!(bench.track.run_of(7), Some((1, false)));
    assert_eq!(bench.track.evict(8, &mut bench.scratch.lent).samples, 512);
    let expected: Vec<u64> = (0..1_024).chain(1_536..2_000).collect();
    assert_eq!(bench.times(), expected);
}

#[test]
fn times_rise_though_all_that_was_open_went_and_what_is_held_stays() {
    let mut bench = Bench::filled(0..700);
    let sealed = bench.track.sealed();
    let held = u32::try_from(sealed).unwrap() * 9;
    let epoch = bench.track.epoch();
    while bench.track.evict(held, &mut bench.scratch.lent).remains {}
    assert_eq!((bench.track.open().len(), bench.track.sealed()), (0, sealed));
    assert_ne!(bench.track.epoch(), epoch, "samples in the middle are gone");
    bench.entries = bench.track.entries();
    let last = bench.track.newest().unwrap().time.secs_nanos().0;
    assert_eq!(bench.push(last, PROMISED), Pushed::Behind);
    assert_eq!(bench.merge([last - 1, last]).duplicates, 2);
    assert_eq!(bench.push(last + 1, PROMISED), Pushed::Newest);
    assert_eq!(bench.track.newest().unwrap().time.secs_nanos().0, last + 1);
}

#[test]
fn its_bytes_are_those_of_its_allocations() {
    let mut bench = Bench::new(7);
    for round in 0..4_000_u64 {
        let secs = if round % 7 == 0 { round.saturating_sub(20) } else { round };
        bench.push(secs * 10 + round % 3, Interval::from_secs(1 + round / 1_000));
        if round % 300 == 0 {
            bench.evict();
        }
        let packed: usize = bench.track.blocks.iter().map(|block| block.heap_bytes()).sum();
        assert_eq!(bench.track.packed_bytes, packed);
    }
    while bench.track.oldest().is_some() {
        bench.evict();
    }
    assert_eq!(bench.track.heap_bytes(), 0);
}
