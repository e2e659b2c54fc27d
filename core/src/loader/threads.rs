//! The loader's threads, all named: `builder-k` begin batches in order, `worker-k` read their channels, `guard` sees that
//! they get on.

#[cfg(all(test, feature = "model"))]
mod tests;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Batch;
use super::engine::Engine;
use super::guard::guard;
use super::handover::{Handover, Turn};
use crate::telemetry::{Meter, Roster, Stage, Task, roster};
use crate::{Error, Result};

/// Longest stretch that a thread waits at a time, so that waiting shows in the timeline while it lasts.
pub(super) const WAIT_SLICE: Duration = Duration::from_millis(100);

/// Every thread of one loader.
#[derive(Debug)]
pub(super) struct Threads {
    builders: Vec<JoinHandle<()>>,
    pool: Option<Arc<ThreadPool>>,
    workers: Vec<JoinHandle<()>>,
    guard: Option<JoinHandle<()>>,
}

impl Threads {
    /// Starts the workers and `builders` builders.
    ///
    /// # Errors
    /// The system refuses a thread; those already started are ended.
    pub(super) fn start(engine: &Arc<Engine>, builders: usize) -> Result<Self> {
        let (pool, workers) = start_workers(engine.threads, &engine.roster)?;
        let pool = Arc::new(pool);
        let mut threads = Self { builders: Vec::new(), pool: None, workers, guard: None };
        for index in 0..builders {
            let (for_thread, its_pool) = (Arc::clone(engine), Arc::clone(&pool));
            let spawned = std::thread::Builder::new()
                .name(format!("builder-{index}"))
                .spawn(move || for_thread.build_until_stopped(&its_pool));
            match spawned {
                Ok(handle) => threads.builders.push(handle),
                Err(source) => {
                    engine.handover.stop();
                    drop(pool);
                    threads.join();
                    return Err(refused(source));
                }
            }
        }
        threads.pool = Some(pool);
        let for_thread = Arc::clone(engine);
        match std::thread::Builder::new().name("guard".to_owned()).spawn(move || guard(&for_thread)) {
            Ok(handle) => threads.guard = Some(handle),
            Err(source) => {
                engine.handover.stop();
                threads.join();
                return Err(refused(source));
            }
        }
        Ok(threads)
    }

    /// The workers; there until the loader is dropped.
    pub(super) const fn pool(&self) -> Option<&Arc<ThreadPool>> {
        self.pool.as_ref()
    }

    /// Waits for every thread to end; the hand-over has been stopped before.
    pub(super) fn join(&mut self) {
        for builder in self.builders.drain(..) {
            // Builders hand panics over as errors; there is nothing left to tell.
            let _ended = builder.join();
        }
        if let Some(guard) = self.guard.take() {
            // A panic of it has been printed; the loader is at its end.
            let _ended = guard.join();
        }
        // The last owner of the pool: dropping it lets its workers end.
        self.pool = None;
        for worker in self.workers.drain(..) {
            let _ended = worker.join();
        }
    }
}

fn start_workers(threads: usize, roster: &Arc<Roster>) -> Result<(ThreadPool, Vec<JoinHandle<()>>)> {
    let mut handles = Vec::new();
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("worker-{index}"))
        .spawn_handler(|thread| {
            let name = thread.name().unwrap_or("worker").to_owned();
            let roster = Arc::clone(roster);
            let run = move || {
                let _seat = roster.sit_down();
                thread.run();
            };
            handles.push(std::thread::Builder::new().name(name).spawn(run)?);
            Ok(())
        })
        .build()
        .map_err(|error| refused(std::io::Error::other(error)))?;
    Ok((pool, handles))
}

fn refused(source: std::io::Error) -> Error {
    Error::Io { action: "start", path: "the loader's threads".to_owned(), reason: source.into() }
}

impl Engine {
    /// A builder thread: batch after batch, until the loader stops or a batch fails.
    fn build_until_stopped(&self, pool: &ThreadPool) {
        let _seat = self.roster.sit_down();
        let build = |number| {
            let _task = roster::begin(Task::Batch { number });
            puffin::profile_scope!("build", format!("batch {number}"));
            self.build(self.epochs.ticket(number), pool)
        };
        build_in_turn(&self.handover, &self.caches.meter, |number| self.bytes_of(number), build);
    }
}

/// Builds batches as the hand-over has room for them, each as large as `bytes_of` says, until it says to stop.
fn build_in_turn(
    handover: &Handover,
    meter: &Arc<Meter>,
    bytes_of: impl Fn(u64) -> u64,
    build: impl Fn(u64) -> Result<Batch>,
) {
    loop {
        match handover.reserve(&bytes_of) {
            Turn::Build(number) => {
                let made = guarded(number, || build(number));
                let _stage = meter.start(Stage::Collate, || format!("hand over batch {number}"));
                handover.put(number, bytes_of(number), made);
            }
            Turn::Full => {
                let _stage = meter.start(Stage::Wait, || "for room in the queue".to_owned());
                handover.wait_for_turn(&bytes_of, WAIT_SLICE);
            }
            Turn::Paused => handover.wait_for_turn(&bytes_of, WAIT_SLICE),
            Turn::Stop => return,
        }
    }
}

/// What `build` makes of batch `number`; a panic in it becomes an error, so that nobody waits for ever.
fn guarded(number: u64, build: impl FnOnce() -> Result<Batch>) -> Result<Batch> {
    catch_unwind(AssertUnwindSafe(build)).unwrap_or_else(|panic| {
        Err(Error::Panicked { what: format!("building batch {number}"), reason: words_of(&*panic) })
    })
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}
