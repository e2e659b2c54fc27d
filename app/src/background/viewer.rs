//! Reads and decodes chunks for the slices: the most urgent first, and what is no longer wanted not at all.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use microtome_core::geometry::Zyx;
use microtome_core::loader::Seen;
use microtome_core::volume::{Buffer, Caches, Chunk, Volume};
use microtome_render::{ChunkId, Fill, LevelGeometry, Texels, fold_id};
use parking_lot::{Condvar, Mutex};

use super::{Waker, spawn};
use crate::state::{Histogram, Layer, LayerKind};

/// One chunk that the slices want.
#[derive(Debug, Clone)]
pub struct Want {
    /// Which texture it becomes.
    pub id: ChunkId,
    /// The data.
    pub volume: Arc<Volume>,
    /// As the network sees it, if it does.
    pub seen: Option<Arc<Seen>>,
    /// EM or labels.
    pub is_raw: bool,
    /// Its level.
    pub geometry: LevelGeometry,
}

impl Want {
    /// A chunk of a layer.
    #[must_use]
    pub fn new(layer: &Layer, level: usize, chunk: Zyx<u64>) -> Self {
        let id = ChunkId { volume: layer.slot, level: u32::try_from(level).unwrap_or(u32::MAX), chunk };
        let is_raw = layer.kind == LayerKind::Raw;
        let seen = layer.seen.clone();
        Self { id, volume: Arc::clone(&layer.volume), seen, is_raw, geometry: layer.levels[level] }
    }
}

/// What became of a chunk.
#[derive(Debug)]
pub struct Loaded {
    /// Which one.
    pub id: ChunkId,
    /// Its data, or what went wrong.
    pub outcome: Outcome,
}

/// What became of a chunk.
#[derive(Debug)]
pub enum Outcome {
    /// It is there.
    Chunk {
        /// As it is stored, for the value under the pointer.
        chunk: Arc<Chunk>,
        /// As the graphics card wants it.
        prepared: Prepared,
        /// Its grey values, for EM.
        histogram: Option<Arc<Histogram>>,
    },
    /// It is absent from the store: all fill value.
    Absent(Fill),
    /// It cannot be read: what, where, what to do.
    Failed(String),
}

/// A chunk as the graphics card wants it.
#[derive(Debug)]
pub enum Prepared {
    /// Just as it is stored.
    AsStored,
    /// Converted.
    Converted(Texels<'static>),
}

#[derive(Default)]
struct Queue {
    wanted: VecDeque<Want>,
    /// From the moment a thread takes them until the window has them.
    in_flight: HashSet<ChunkId>,
    stop: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    caches: Mutex<Arc<Caches>>,
}

/// Threads named `viewer-0` and so on.
pub struct Viewer {
    shared: Arc<Shared>,
    loaded: Option<Receiver<Loaded>>,
    threads: usize,
    waker: Waker,
}

impl Viewer {
    /// Decoded chunks that may wait for the window.
    const WAITING: usize = 64;

    /// Starts the threads.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn start(threads: usize, caches: Arc<Caches>, waker: &Waker) -> anyhow::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(Self::WAITING);
        let shared = Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new(), caches: Mutex::new(caches) });
        let viewer = Self { shared, loaded: Some(receiver), threads: threads.max(1), waker: Arc::clone(waker) };
        for number in 0..viewer.threads {
            let (shared, sender, waker) = (Arc::clone(&viewer.shared), sender.clone(), Arc::clone(waker));
            spawn(&format!("viewer-{number}"), move || work(&shared, &sender, &waker))?;
        }
        Ok(viewer)
    }

    /// Forgets what is wanted and what is being read, for other data. Threads in the middle of a read, which may take for
    /// ever, are left to themselves; others take their place.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn start_afresh(&mut self, caches: Arc<Caches>) -> anyhow::Result<()> {
        if self.shared.queue.lock().in_flight.is_empty() {
            self.want(Vec::new());
            self.use_caches(caches);
        } else {
            *self = Self::start(self.threads, caches, &self.waker)?;
        }
        Ok(())
    }

    /// Replaces everything that is wanted, most urgent first.
    pub fn want(&self, wanted: Vec<Want>) {
        let mut queue = self.shared.queue.lock();
        // What is under the pointer and on display is wanted twice; a second thread would only wait for the first.
        let mut seen = queue.in_flight.clone();
        queue.wanted = wanted.into_iter().filter(|want| seen.insert(want.id)).collect();
        drop(queue);
        self.shared.wake.notify_all();
    }

    /// Reads through these caches from now on.
    pub fn use_caches(&self, caches: Arc<Caches>) {
        *self.shared.caches.lock() = caches;
    }

    /// Through which it reads.
    #[must_use]
    pub fn caches(&self) -> Arc<Caches> {
        Arc::clone(&self.shared.caches.lock())
    }

    /// The next chunk that is ready, without waiting.
    #[must_use]
    pub fn poll(&self) -> Option<Loaded> {
        let loaded = self.loaded.as_ref()?.try_recv().ok()?;
        self.shared.queue.lock().in_flight.remove(&loaded.id);
        Some(loaded)
    }

    /// Chunks that are being read or decoded, or wait for the window; all others that are wanted are queued.
    #[must_use]
    pub fn in_flight(&self) -> HashSet<ChunkId> {
        self.shared.queue.lock().in_flight.clone()
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.shared.queue.lock().stop = true;
        self.shared.wake.notify_all();
        // Threads that wait for room in the channel end when nobody listens any more.
        self.loaded = None;
        // Nobody waits for the threads: one of them may be in a read that never ends.
    }
}

fn work(shared: &Shared, sender: &Sender<Loaded>, waker: &Waker) {
    const LOOK_AGAIN: Duration = Duration::from_millis(500);
    loop {
        let want = {
            let mut queue = shared.queue.lock();
            loop {
                if queue.stop {
                    return;
                }
                if let Some(want) = queue.wanted.pop_front() {
                    queue.in_flight.insert(want.id);
                    break want;
                }
                shared.wake.wait_for(&mut queue, LOOK_AGAIN);
            }
        };
        let caches = Arc::clone(&shared.caches.lock());
        let loaded = Loaded { id: want.id, outcome: load(&want, &caches) };
        if sender.send(loaded).is_err() {
            return;
        }
        waker();
    }
}

fn load(want: &Want, caches: &Caches) -> Outcome {
    let level = want.id.level as usize;
    let read = match &want.seen {
        Some(seen) => seen.read(want.id.chunk, caches).map(|tile| Some(Arc::new(tile))),
        None => want.volume.chunk(level, want.id.chunk, &caches.chunks),
    };
    let chunk = match read {
        Ok(Some(chunk)) => chunk,
        Ok(None) => return Outcome::Absent(fill(want, level)),
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let texels = if want.is_raw { Texels::intensities(&chunk.data) } else { Texels::ids(&chunk.data) };
    let as_stored = matches!((&chunk.data, want.is_raw), (Buffer::U8(_), true) | (Buffer::U32(_), false));
    let prepared = if as_stored { Prepared::AsStored } else { Prepared::Converted(texels.into_owned()) };
    let inside = Histogram::inside(&want.geometry.chunk_voxels(want.id.chunk));
    // What is counted are the values that are stored.
    let is_counted = want.is_raw && want.seen.is_none();
    let histogram = is_counted.then(|| Arc::new(Histogram::of_chunk(&chunk, inside)));
    Outcome::Chunk { chunk, prepared, histogram }
}

fn fill(want: &Want, level: usize) -> Fill {
    let value = want.volume.levels().get(level).map_or(0.0, |level| level.fill_value);
    if want.is_raw { Fill::Intensity(value as f32) } else { Fill::Id(fold_id(value as u64)) }
}
