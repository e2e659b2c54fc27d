//! Loaders in virtual time.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use microtome_core::diagnose::{Diagnosis, Limit, Window};
use microtome_core::telemetry::Stage;
use microtome_core::testing::simulation::Scene;
use microtome_core::testing::simulation::cases::{PLANTED, planted_case, simulate, with_remedy};

use crate::table::{self, Row, Tried};

const ABOUT: &str = "Random loaders in virtual time (core/src/testing/simulation): what samples ask for is what the real sampler \
    draws, the chunk cache is the real one, times are made up, and one thing was made the slowest by a factor of 1.3 to 3 \
    (of the workers' stages the factor is to the next stage; of builders and consumer to the workers). Predictions are \
    compared with the same loader simulated again with what the remedy changes; the rate has to be within 20 %.";

/// Tries them on all processors and writes `simulated.md`.
pub fn run(folder: &Path, cases: u64) -> anyhow::Result<()> {
    let (next, rows) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || -> anyhow::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= cases {
                return Ok(());
            }
            let row = try_case(number)?;
            rows.lock().map_err(|_| anyhow::anyhow!("another case panicked"))?.push((number, row));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow::anyhow!("a case panicked"))?)
    })?;
    let mut rows = rows.into_inner().map_err(|_| anyhow::anyhow!("a case panicked"))?;
    rows.sort_by_key(|(number, _)| *number);
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    let path = folder.join("simulated.md");
    std::fs::write(&path, table::of("Simulated loaders", ABOUT, &rows)).with_context(|| path.display().to_string())
}

fn try_case(number: u64) -> anyhow::Result<Row> {
    let case = planted_case(number)?;
    let outcome = simulate(&case.scene)?;
    let window = Window::between(&outcome.before, &outcome.after).context("no batch came")?;
    let diagnosis = Diagnosis::of(&window);
    let mut remedies = Vec::new();
    for remedy in &diagnosis.remedies {
        if let Some(changed) = with_remedy(&case.scene, remedy) {
            let measured = simulate(&changed)?.samples_per_s();
            let predicted = remedy.predicted_samples_per_s;
            remedies.push(Tried { kind: remedy.kind, what: remedy.what.clone(), predicted, measured });
        }
    }
    let scene = &case.scene;
    let name = format!(
        "{number}: {} threads, {} × {}³ of {}³, {} chunks kept, batches of {}, margin {:.1}",
        scene.threads,
        scene.case.arrays,
        scene.case.crop,
        scene.case.volume,
        scene.cache_chunks,
        scene.batch_size,
        case.margin
    );
    let causal = if diagnosis.limit == case.planted { None } else { Some(causal(scene)?) };
    Ok(Row { name, planted: case.planted, causal, diagnosis, remedies })
}

/// What gains most when it takes half as long: tried where the verdict is another than what was planted.
fn causal(scene: &Scene) -> anyhow::Result<Limit> {
    let halved = |limit: Limit| {
        let mut scene = scene.clone();
        match limit {
            Limit::Consumer => scene.consumer_s /= 2.0,
            Limit::Stage(Stage::Fetch) => scene.latency_s /= 2.0,
            Limit::Stage(Stage::Decode) => scene.decode_s /= 2.0,
            Limit::Stage(Stage::Gather) => scene.gather_s /= 2.0,
            Limit::Stage(Stage::Augment) => scene.augment_s /= 2.0,
            Limit::Stage(_) => scene.collate_s /= 2.0,
        }
        scene
    };
    let mut best = (0.0, Limit::Consumer);
    for limit in PLANTED {
        let rate = simulate(&halved(limit))?.samples_per_s();
        if rate > best.0 {
            best = (rate, limit);
        }
    }
    Ok(best.1)
}
