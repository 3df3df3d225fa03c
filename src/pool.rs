//! The pool: a few threads for work that would keep a frame waiting.
//!
//! A job is a pure function that learns from [`Progress::go_on`] that nobody wants its answer any
//! more: a job that is cancelled stops early. Jobs wait in a bounded queue and begin in order. All
//! threads are joined when the pool is dropped. Knows nothing of what the jobs do.

use crate::view::format::panic_message;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;

/// Jobs that wait. One of each kind of work is enough, and there are few kinds: in a full queue are
/// jobs whose answers nobody will look at.
pub const QUEUE_MAX: usize = 16;

type Work = Box<dyn FnOnce() + Send>;

/// A few threads and the jobs that wait for them.
pub struct Pool {
    /// None once the pool ends.
    jobs: Option<Sender<Work>>,
    threads: Vec<JoinHandle<()>>,
    /// Called on their thread when an answer is there.
    wake: Arc<dyn Fn() + Send + Sync>,
    ends: Arc<AtomicBool>,
}

/// How far a job is, and whether its answer is still wanted.
#[derive(Debug)]
pub struct Progress {
    cancelled: AtomicBool,
    /// Of the pool.
    ends: Arc<AtomicBool>,
    /// The bits of the part that is done.
    done: AtomicU32,
}

impl Progress {
    /// Said by a job from time to time: which part is done, from 0 to 1. Whether to go on.
    pub fn go_on(&self, done: f32) -> bool {
        self.done.store(done.to_bits(), Ordering::Relaxed);
        !self.cancelled.load(Ordering::Relaxed) && !self.ends.load(Ordering::Relaxed)
    }
}

/// A job that waits or runs. Dropping it cancels the job.
#[derive(Debug)]
pub struct Job<T> {
    answer: Receiver<Result<T, String>>,
    progress: Arc<Progress>,
}

impl<T> Job<T> {
    /// The answer if it is there, or the message with which the job panicked. None for ever of a
    /// job that gave up because the pool ends.
    pub fn answer(&self) -> Option<Result<T, String>> {
        self.answer.try_recv().ok()
    }

    /// Waits for the answer, for when the program ends.
    pub fn wait(&self) -> Option<Result<T, String>> {
        self.answer.recv().ok()
    }

    /// Which part is done, from 0 to 1, as far as the job says.
    pub fn done(&self) -> f32 {
        f32::from_bits(self.progress.done.load(Ordering::Relaxed))
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.progress.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Pool {
    /// A pool of `threads` threads. `wake` is called by them whenever an answer is there.
    pub fn new(threads: usize, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (sender, jobs) = bounded::<Work>(QUEUE_MAX);
        let start = |number: usize| {
            let jobs = jobs.clone();
            let thread = std::thread::Builder::new().name(format!("pool {number}"));
            // Where the system has no thread for it, jobs are refused.
            thread.spawn(move || jobs.iter().for_each(|job| job())).ok()
        };
        let threads: Vec<_> = (0..threads).filter_map(start).collect();
        let jobs = (!threads.is_empty()).then_some(sender);
        Self { jobs, threads, wake: Arc::new(wake), ends: Arc::default() }
    }

    /// Has `job` done on one of its threads: none where the queue is full. The job gives no answer
    /// only after [`Progress::go_on`] said no.
    pub fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Progress) -> Option<T> + Send + 'static,
    ) -> Option<Job<T>> {
        let (cancelled, done) = (AtomicBool::new(false), AtomicU32::new(0));
        let progress = Arc::new(Progress { cancelled, ends: Arc::clone(&self.ends), done });
        let (sender, answer) = bounded(1);
        let (mine, wake) = (Arc::clone(&progress), Arc::clone(&self.wake));
        let work = move || {
            if !mine.go_on(0.0) {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| job(&mine)));
            let outcome = outcome.map_err(|panic| panic_message(&*panic)).transpose();
            if let Some(outcome) = outcome {
                // Who asked may be gone.
                let _ = sender.send(outcome);
                wake();
            }
        };
        self.jobs.as_ref()?.try_send(Box::new(work)).ok()?;
        Some(Job { answer, progress })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // Jobs that panic do not end their thread.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool that says when an answer is there.
    fn pool(threads: usize) -> (Pool, Receiver<()>) {
        let (sender, woken) = bounded(1_000);
        (Pool::new(threads, move || sender.send(()).unwrap()), woken)
    }

    #[test]
    fn answers_come_back_and_wake_who_asked() {
        let (pool, woken) = pool(2);
        let jobs: Vec<_> = (0..10_u32).map(|n| pool.run(move |_| Some(n * n)).unwrap()).collect();
        (0..10).for_each(|_| woken.recv().unwrap());
        for (n, job) in (0..).zip(jobs) {
            assert_eq!(job.answer(), Some(Ok(n * n)));
            assert_eq!(job.answer(), None, "once");
        }
    }

    #[test]
    fn a_full_queue_refuses_and_takes_again_when_there_is_room() {
        let (pool, woken) = pool(1);
        let (release, waits) = bounded::<()>(0);
        let (begun, begins) = bounded(0);
        let first = pool.run(move |_| {
            begun.send(()).unwrap();
            waits.recv().ok()
        });
        begins.recv().unwrap();
        let waiting: Vec<_> = (0..QUEUE_MAX).map(|n| pool.run(move |_| Some(n)).unwrap()).collect();
        assert!(pool.run(|_| Some(0)).is_none());
        release.send(()).unwrap();
        (0..=QUEUE_MAX).for_each(|_| woken.recv().unwrap());
        assert_eq!(first.unwrap().answer(), Some(Ok(())));
        assert!(waiting.iter().enumerate().all(|(n, job)| job.answer() == Some(Ok(n))));
        assert!(pool.run(|_| Some(0)).is_some());
    }

    /// Runs until it is to stop; says so, and when it has begun.
    fn endless(pool: &Pool) -> (Job<()>, Receiver<&'static str>) {
        let (says, said) = bounded(2);
        let job = pool.run(move |progress| {
            says.send("begun").unwrap();
            while progress.go_on(0.25) {
                std::thread::yield_now();
            }
            says.send("stopped").unwrap();
            None
        });
        (job.unwrap(), said)
    }

    #[test]
    fn a_job_that_is_cancelled_stops_and_one_that_waits_is_not_begun() {
        let (pool, _woken) = pool(1);
        let (job, said) = endless(&pool);
        assert_eq!(said.recv(), Ok("begun"));
        let never = pool.run(|_| -> Option<()> { panic!("begun though it was cancelled") });
        drop(never);
        while job.done() < 0.25 {
            std::thread::yield_now();
        }
        assert_eq!(job.answer(), None);
        drop(job);
        assert_eq!(said.recv(), Ok("stopped"));
    }

    #[test]
    fn a_pool_that_is_dropped_stops_its_jobs_and_waits_for_them() {
        let (pool, _woken) = pool(1);
        let (job, said) = endless(&pool);
        assert_eq!(said.recv(), Ok("begun"));
        drop(pool);
        assert_eq!(said.try_recv(), Ok("stopped"), "joined");
        assert_eq!(job.answer(), None);
    }

    #[test]
    fn a_job_that_panics_says_so_and_its_thread_goes_on() {
        let (pool, woken) = pool(1);
        let bad = pool.run(|_| -> Option<()> { panic!("row {} is not there", 7) }).unwrap();
        let good = pool.run(|_| Some(1)).unwrap();
        (0..2).for_each(|_| woken.recv().unwrap());
        assert_eq!(bad.answer(), Some(Err("row 7 is not there".to_owned())));
        assert_eq!(good.answer(), Some(Ok(1)));
    }
}
