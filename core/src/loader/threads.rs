//! The loader's threads, all named: `builder-k` begin batches in order, `worker-k` read their channels.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::engine::Engine;
use super::handover::Turn;
use crate::telemetry::Stage;
use crate::{Error, Result};

/// Longest stretch that a thread waits at a time, so that waiting shows in the timeline while it lasts.
pub(super) const WAIT_SLICE: Duration = Duration::from_millis(100);

/// Every thread of one loader.
#[derive(Debug)]
pub(super) struct Threads {
    builders: Vec<JoinHandle<()>>,
    pool: Option<Arc<ThreadPool>>,
    workers: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts the workers and `builders` builders.
    ///
    /// # Errors
    /// The system refuses a thread; those already started are ended.
    pub(super) fn start(engine: &Arc<Engine>, builders: usize) -> Result<Self> {
        let (pool, workers) = start_workers(engine.threads)?;
        let pool = Arc::new(pool);
        let mut threads = Self { builders: Vec::new(), pool: None, workers };
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
        Ok(threads)
    }

    /// Waits for every thread to end; the hand-over has been stopped before.
    pub(super) fn join(&mut self) {
        for builder in self.builders.drain(..) {
            // Builders hand panics over as errors; there is nothing left to tell.
            let _ended = builder.join();
        }
        // The last owner of the pool: dropping it lets its workers end.
        self.pool = None;
        for worker in self.workers.drain(..) {
            let _ended = worker.join();
        }
    }
}

fn start_workers(threads: usize) -> Result<(ThreadPool, Vec<JoinHandle<()>>)> {
    let mut handles = Vec::new();
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("worker-{index}"))
        .spawn_handler(|thread| {
            let name = thread.name().unwrap_or("worker").to_owned();
            handles.push(std::thread::Builder::new().name(name).spawn(|| thread.run())?);
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
        let bytes_of = |number| self.bytes_of(number);
        loop {
            match self.handover.reserve(bytes_of) {
                Turn::Build(number) => {
                    let made = self.build_guarded(number, pool);
                    let _stage = self.caches.meter.start(Stage::Collate, || format!("hand over batch {number}"));
                    self.handover.put(number, self.bytes_of(number), made);
                }
                Turn::Full => {
                    let _stage = self.caches.meter.start(Stage::Wait, || "for room in the queue".to_owned());
                    self.handover.wait_for_turn(bytes_of, WAIT_SLICE);
                }
                Turn::Paused => self.handover.wait_for_turn(bytes_of, WAIT_SLICE),
                Turn::Stop => return,
            }
        }
    }

    /// Builds a batch; a panic in it becomes an error, so that nobody waits for ever.
    fn build_guarded(&self, number: u64, pool: &ThreadPool) -> Result<super::Batch> {
        puffin::profile_scope!("build", format!("batch {number}"));
        let build = AssertUnwindSafe(|| self.build(self.epochs.ticket(number), pool));
        catch_unwind(build).unwrap_or_else(|panic| {
            Err(Error::Panicked { what: format!("building batch {number}"), reason: words_of(&*panic) })
        })
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}
