//! Tests of both ends of the channel.

use super::super::join::NOTIFICATION_WORDS;
use super::*;
use crate::ingest::{
    Announced, ListId, NOTIFICATIONS_PER_BATCH_MAX, Row, SENDERS_PER_BATCH_MAX, SenderDelta,
};
use crate::metric::{DsType, Identifier, Interval, Notification, Severity};
use crate::wire::Trust;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn quiet() -> Box<dyn Fn() + Send> {
    Box::new(|| {})
}

/// One row of one value on each of `lists`; the value is the list's number.
fn rows(lists: std::ops::Range<u32>) -> Batch {
    let row = |list| Row {
        list: ListId(list),
        time: CdTime::from_secs(1),
        interval: Interval::ZERO,
        values_count: 1,
        trust: Trust::Plain,
    };
    Batch {
        rows: lists.clone().map(row).collect(),
        values: lists.map(u64::from).collect(),
        ..Batch::default()
    }
}

fn announced(list: u32) -> Announced {
    Announced {
        list: ListId(list),
        sender: [10, 0, 0, 1].into(),
        identifier: Identifier::new("h", "p", "", "gauge", ""),
        kinds: [DsType::Gauge].into(),
    }
}

fn notification() -> Notification {
    Notification {
        identifier: Identifier::default(),
        time: CdTime::from_secs(1),
        severity: Severity::Okay,
        message: "m".into(),
    }
}

fn sender(number: u16) -> SenderDelta {
    let mut delta = SenderDelta::new(SocketAddr::from((Ipv4Addr::LOCALHOST, number)));
    delta.datagrams = 1;
    delta
}

fn drain(outlet: &mut Outlet, intake: &Intake) -> Vec<Batch> {
    let mut batches = Vec::new();
    while let Some(batch) = intake.next() {
        batches.push(batch);
        outlet.flush();
    }
    batches
}

#[test]
fn a_full_backlog_keeps_the_newest_and_counts_exactly_what_was_lost() {
    let (mut outlet, intake) = Outlet::with_backlog(2, 3 * BATCH_WORDS, quiet());
    for turn in 0..1_000u32 {
        outlet.offer(rows(turn * 1_000..(turn + 1) * 1_000));
    }
    let batches = drain(&mut outlet, &intake);
    let got: Vec<u64> = batches.iter().flat_map(|batch| batch.values.clone()).collect();
    let lost: u64 = batches.iter().map(|batch| batch.dropped_values).sum();
    assert!(lost > 0);
    assert_eq!(got.len() as u64 + lost, 1_000_000);
    assert_eq!(got.last(), Some(&999_999));
    assert!(got.is_sorted());
}

#[test]
fn the_backlog_never_grows_past_its_limit_and_one_batch() {
    let (mut outlet, _intake) = Outlet::with_backlog(1, 3 * BATCH_WORDS, quiet());
    for _ in 0..500 {
        let notifications = vec![notification(); 100];
        outlet.offer(Batch { notifications, ..rows(0..1_000) });
        let held: usize = outlet.backlog.iter().map(words).sum();
        assert_eq!(held, outlet.backlog_words);
        let most = NOTIFICATIONS_PER_BATCH_MAX * NOTIFICATION_WORDS + 2 * BATCH_WORDS;
        assert!(held <= most, "{held} words");
    }
}

#[test]
fn every_list_is_announced_before_its_first_row_whatever_is_lost() {
    let (mut outlet, intake) = Outlet::with_backlog(1, BATCH_WORDS, quiet());
    for list in 0..5_000 {
        let announced = vec![announced(list)];
        outlet.offer(Batch { announced, ..rows(list..list + 1) });
        outlet.offer(rows(0..list.min(50)));
    }
    let (mut known, mut lost) = (0, 0);
    for batch in drain(&mut outlet, &intake) {
        for list in &batch.announced {
            assert_eq!(list.list.0, known);
            known += 1;
        }
        assert!(batch.rows.iter().all(|row| row.list.0 < known));
        lost += batch.dropped_values;
    }
    assert!(known == 5_000 && lost > 0, "{known} known, {lost} lost");
}

#[test]
fn counts_survive_when_their_batch_is_dropped() {
    let (mut outlet, intake) = Outlet::with_backlog(1, BATCH_WORDS, quiet());
    for _ in 0..100 {
        let senders = vec![sender(1), sender(2)];
        let notifications = vec![notification()];
        let drops = Batch { kernel_drops: 3, refused_lists: 2, ..rows(0..5_000) };
        outlet.offer(Batch { senders, notifications, ..drops });
    }
    let batches = drain(&mut outlet, &intake);
    assert!(batches.iter().any(|batch| batch.dropped_values > 0));
    let sum = |of: fn(&Batch) -> u64| batches.iter().map(of).sum::<u64>();
    assert_eq!(sum(|batch| batch.kernel_drops), 300);
    assert_eq!(sum(|batch| batch.refused_lists), 200);
    assert_eq!(sum(|batch| batch.notifications.len() as u64), 100);
    assert_eq!(sum(|batch| batch.senders.iter().map(|delta| delta.datagrams).sum()), 200);
}

#[test]
fn senders_and_notifications_of_a_joined_batch_stay_within_the_limits_of_one() {
    let (mut outlet, intake) = Outlet::new(1, quiet());
    outlet.offer(rows(0..1));
    for number in 0..=u16::MAX {
        outlet.offer(Batch { senders: vec![sender(number)], ..Batch::default() });
    }
    for _ in 0..=NOTIFICATIONS_PER_BATCH_MAX {
        outlet.offer(Batch { notifications: vec![notification()], ..Batch::default() });
    }
    let batches = drain(&mut outlet, &intake);
    assert!(batches.iter().all(|batch| batch.senders.len() <= SENDERS_PER_BATCH_MAX + 1));
    let datagrams: u64 =
        batches.iter().flat_map(|batch| &batch.senders).map(|delta| delta.datagrams).sum();
    assert_eq!(datagrams, 65_536);
    let most = batches.iter().map(|batch| batch.notifications.len()).max();
    assert!(most <= Some(NOTIFICATIONS_PER_BATCH_MAX));
    let counted: u64 = batches
        .iter()
        .map(|batch| batch.notifications.len() as u64 + batch.dropped_notifications)
        .sum();
    assert_eq!(counted, NOTIFICATIONS_PER_BATCH_MAX as u64 + 1);
}

#[test]
fn of_what_is_reported_of_a_source_the_newest_waits() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let wake = Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed));
    let (outlet, intake) = Outlet::new(1, wake);
    assert_eq!(intake.status(), None);
    let status = |summary: &str| Status { summary: summary.into(), ..Status::default() };
    for summary in ["first", "second", "third"] {
        outlet.report(status(summary));
    }
    assert_eq!(intake.status(), Some(status("third")));
    assert_eq!((intake.status(), woken.load(Ordering::Relaxed)), (None, 3));
    drop(intake);
    outlet.report(status("nobody reads"));
}

#[test]
fn an_intake_is_closed_when_its_outlet_is_gone_and_all_was_read() {
    let (outlet, intake) = Outlet::new(1, Box::new(|| {}));
    outlet.report(Status::default());
    assert!(outlet.deliver(Batch::default(), Duration::from_secs(30)).is_none());
    assert!(!intake.is_closed());
    drop(outlet);
    assert!(!intake.is_closed() && intake.status().is_some());
    assert!(!intake.is_closed() && intake.next().is_some());
    assert!(intake.is_closed());
}

#[test]
fn the_other_side_is_woken_once_per_drain() {
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&woken);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    let (mut outlet, intake) = Outlet::new(8, Box::new(count));
    for _ in 0..100 {
        outlet.offer(rows(0..10));
    }
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    assert_eq!(intake.next().map(|batch| batch.rows.len()), Some(10));
    outlet.flush();
    assert_eq!(woken.load(Ordering::Relaxed), 2);
    assert_eq!(intake.next().map(|batch| batch.rows.len()), Some(990));
    assert!(!outlet.is_waiting());
}

#[test]
fn a_batch_is_due_when_it_is_whole_or_the_other_side_has_nothing_to_do() {
    let (mut outlet, intake) = Outlet::new(1, quiet());
    let many = u32::try_from(BATCH_WORDS).unwrap();
    let (small, whole) = (rows(0..10), rows(0..many / 4));
    assert!(outlet.is_due(&small) && outlet.is_due(&whole));
    outlet.offer(rows(0..10));
    assert!(!outlet.is_due(&small) && outlet.is_due(&whole));
    outlet.offer(rows(0..many));
    assert!(intake.next().is_some());
    assert!(!outlet.is_due(&small), "something older waits in the backlog");
    outlet.flush();
    assert!(intake.next().is_some());
    assert!(outlet.is_due(&small));
}

#[test]
fn what_uses_numbers_again_is_not_joined_to_what_waits() {
    let (mut outlet, intake) = Outlet::new(1, quiet());
    for renumbers in [false, false, true, false] {
        outlet.offer(Batch { renumbers, ..rows(0..10) });
    }
    let mut taken = Vec::new();
    while let Some(batch) = intake.next() {
        taken.push((batch.rows.len(), batch.renumbers));
        outlet.flush_all();
    }
    assert_eq!(taken, [(10, false), (10, false), (20, true)]);
}

#[test]
fn what_came_before_the_source_was_quiet_is_taken_in_one_drain() {
    let (mut outlet, intake) = Outlet::new(2, quiet());
    for _ in 0..3 {
        outlet.offer(rows(0..10));
    }
    outlet.flush();
    assert!(outlet.is_waiting());
    outlet.flush_all();
    assert!(!outlet.is_waiting());
    // The channel is full: what comes now waits, quiet or not.
    outlet.offer(rows(0..5));
    outlet.flush_all();
    assert!(outlet.is_waiting());
    let taken: Vec<_> = std::iter::from_fn(|| intake.next().map(|b| b.rows.len())).collect();
    assert_eq!(taken, [10, 20]);
}

#[test]
fn a_batch_given_back_comes_round_emptied() {
    let (mut outlet, intake) = Outlet::new(1, quiet());
    outlet.offer(rows(0..10));
    intake.give_back(intake.next().unwrap());
    let again = outlet.recycled().unwrap();
    assert!(again.rows.is_empty() && again.rows.capacity() >= 10);
}

#[test]
fn a_source_that_can_wait_loses_nothing() {
    let (outlet, intake) = Outlet::new(2, quiet());
    let producer = std::thread::Builder::new().spawn(move || {
        for turn in 0..1_000u32 {
            let mut waiting = Some(rows(turn * 100..(turn + 1) * 100));
            while let Some(batch) = waiting.take() {
                waiting = outlet.deliver(batch, Duration::from_secs(9));
            }
        }
    });
    let mut values = Vec::new();
    while let Some(batch) = intake.wait(Duration::from_secs(9)) {
        assert_eq!(batch.dropped_values, 0);
        values.extend(batch.values);
    }
    producer.unwrap().join().unwrap();
    assert_eq!(values, (0..100_000).collect::<Vec<u64>>());
}

#[test]
fn a_batch_that_finds_no_room_in_time_is_given_back() {
    let (outlet, intake) = Outlet::new(1, quiet());
    assert!(outlet.deliver(rows(0..1), Duration::ZERO).is_none());
    let back = outlet.deliver(rows(0..7), Duration::from_millis(1)).unwrap();
    assert_eq!(back.rows.len(), 7);
    drop(intake);
    assert!(outlet.deliver(back, Duration::from_secs(9)).is_none());
}

#[test]
fn an_outlet_nobody_reads_from_any_more_holds_nothing() {
    let (mut outlet, intake) = Outlet::new(1, quiet());
    drop(intake);
    outlet.offer(rows(0..10));
    assert!(!outlet.is_waiting());
}

#[test]
fn what_waits_is_in_proportion_to_the_memory_it_waits_for() {
    for (mib, batches, backlog_mib) in
        [(16, 4, 4), (128, 16, 32), (512, 64, 128), (4_096, 64, 1_024)]
    {
        let (outlet, _intake) = Outlet::beside(mib << 20, Box::new(|| {}));
        assert_eq!(outlet.ready.capacity(), Some(batches));
        assert_eq!(outlet.backlog_words_max, (backlog_mib << 20) / 8);
    }
}
