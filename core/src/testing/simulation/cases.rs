//! Random loaders in which one thing was made the slowest on purpose.

use super::super::trace::{Case, Trace};
use super::{Outcome, Scene, run};
use crate::Result;
use crate::diagnose::{Limit, Remedy, RemedyKind};
use crate::geometry::Zyx;
use crate::telemetry::Stage;
use crate::volume::{Buffer, Chunk, ChunkCache, ChunkKey, VolumeId};

/// Batches that are simulated before those that count, and those.
pub const BATCHES: (u64, u64) = (40, 120);
/// What can be planted.
pub const PLANTED: [Limit; 6] = [
    Limit::Consumer,
    Limit::Stage(Stage::Fetch),
    Limit::Stage(Stage::Decode),
    Limit::Stage(Stage::Gather),
    Limit::Stage(Stage::Augment),
    Limit::Stage(Stage::Collate),
];

/// A random loader and what is slowest in it.
#[derive(Debug, Clone)]
pub struct PlantedCase {
    /// The loader.
    pub scene: Scene,
    /// What was made the slowest.
    pub planted: Limit,
    /// How many times more time the planted takes than the next: of the workers' stages than the next stage, of builders and
    /// consumer than the workers.
    pub margin: f64,
}

/// Random numbers by name of what they are for (SplitMix64).
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn within(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[((self.unit() * of.len() as f64) as usize).min(of.len() - 1)]
    }
}

/// Case number `number`: the kinds of [`PLANTED`] in turn, everything else by chance.
///
/// # Errors
/// A crop that does not fit its volume.
pub fn planted_case(number: u64) -> Result<PlantedCase> {
    let mut dice = Dice(number.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0x1405_7b7e_f767_814f);
    let planted = PLANTED[(number % PLANTED.len() as u64) as usize];
    let threads = dice.one_of(&[1, 2, 4, 8]);
    let case = Case {
        volume: dice.one_of(&[500, 800]),
        arrays: dice.one_of(&[1, 2, 3]),
        crop: dice.one_of(&[64, 128]),
        chunk_local: dice.one_of(&[1, 1, 4]),
    };
    let chunks = case.volume.div_ceil(super::super::trace::CHUNK).pow(3) * case.arrays;
    let batch_size = dice.one_of(&[2, 4, 8]);
    let mut scene = Scene {
        threads,
        cores: threads * dice.one_of(&[1, 2]),
        batch_size,
        batches_ahead: dice.one_of(&[3, 6]),
        case,
        cache_chunks: (chunks as f64 * dice.within(0.1, 0.7)) as u64,
        announced: dice.one_of(&[0, 16, 64]),
        latency_s: 0.0,
        bandwidth: 1e12,
        decode_s: 0.0,
        gather_s: 0.0,
        augment_s: 0.0,
        collate_s: 0.0,
        plan_s: 1e-5,
        consumer_s: 0.0,
        spread: dice.one_of(&[0.0, 0.2, 0.5]),
        seed: number,
    };
    let margin = dice.within(1.3, 3.0);
    let worker_s = dice.within(0.002, 0.02);
    // Of the workers' time for a sample: fetch, decode, gather, augment.
    let mut parts = [0.0; 4].map(|_: f64| dice.within(0.1, 1.0));
    let at = PLANTED[1..5].iter().position(|limit| *limit == planted);
    if let Some(at) = at {
        let others = (0..4).filter(|other| *other != at).map(|other| parts[other]).fold(0.0, f64::max);
        parts[at] = others * margin;
    }
    let sum: f64 = parts.iter().sum();
    let parts = parts.map(|part| part / sum * worker_s);
    let made = chunks_made_per_sample(&scene)?.max(0.02);
    let arrays = case.arrays as f64;
    (scene.latency_s, scene.decode_s) = (parts[0] / made, parts[1] / made);
    (scene.gather_s, scene.augment_s) = (parts[2] / arrays, parts[3] / arrays);
    // Of a batch, if only the workers made the pace.
    let batch_s = worker_s / threads as f64 * batch_size as f64;
    let builders = scene.builders() as f64;
    scene.collate_s = builders * batch_s * if planted == PLANTED[5] { margin } else { dice.within(0.02, 0.3) };
    scene.consumer_s = match planted {
        Limit::Consumer => batch_s * margin,
        Limit::Stage(Stage::Collate) => batch_s * margin * dice.within(0.05, 0.7),
        Limit::Stage(_) => batch_s * dice.within(0.05, 0.7),
    };
    Ok(PlantedCase { scene, planted, margin })
}

/// Chunks that a sample has to have made, once the cache is warm.
fn chunks_made_per_sample(scene: &Scene) -> Result<f64> {
    const SAMPLES: usize = 400;
    let trace = Trace::new(&scene.case, SAMPLES)?;
    let cache = ChunkCache::new(scene.cache_bytes());
    let mut made = 0;
    for (index, sample) in trace.samples.iter().enumerate() {
        for chunk in sample {
            let key = ChunkKey { volume: VolumeId(0), level: 0, chunk: Zyx::new(0, 0, *chunk as u64) };
            drop(cache.get_or_decode(key, super::scene::CHUNK_BYTES, || {
                made += usize::from(index >= SAMPLES / 2);
                let data = Buffer::U8(vec![0; super::scene::CHUNK_BYTES as usize]);
                Ok(Some(Chunk::new(Zyx::splat(16), data)))
            }));
        }
    }
    Ok(made as f64 / (SAMPLES / 2) as f64)
}

/// The scene with what a remedy changes; `None` for those that a simulation has nothing of.
#[must_use]
pub fn with_remedy(scene: &Scene, remedy: &Remedy) -> Option<Scene> {
    let value = |key: &str| remedy.changes.iter().find(|change| change.key == key)?.value.clone();
    let number = |key: &str| value(key)?.parse::<u64>().ok();
    let memory_bytes = || {
        let text = value("loader.memory")?;
        Some(text.trim_matches('"').trim_end_matches(" MiB").parse::<u64>().ok()? << 20)
    };
    match remedy.kind {
        RemedyKind::CacheSize => Some(scene.with_memory_bytes(memory_bytes()?)),
        RemedyKind::Threads => Some(Scene { threads: number("loader.threads")? as usize, ..scene.clone() }),
        RemedyKind::ChunkLocal => {
            let case = Case { chunk_local: number("sampling.chunk_local")?, ..scene.case };
            Some(Scene { case, ..scene.clone() })
        }
        RemedyKind::Augmentation => Some(Scene { augment_s: 0.0, ..scene.clone() }),
        RemedyKind::PrefetchDepth => Some(Scene { batches_ahead: scene.builders() as u64 + 4, ..scene.clone() }),
        _ => None,
    }
}

/// Simulates a case as long as all are.
///
/// # Errors
/// A crop that does not fit its volume.
pub fn simulate(scene: &Scene) -> Result<Outcome> {
    run(scene, BATCHES)
}
