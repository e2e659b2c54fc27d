//! Batches from the running loader: samples per second with plenty of cache and with little, as ids and as `f32`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Throughput;
use microtome_benches::{FORMATS, Fixtures, criterion, patch_side};
use microtome_core::catalog::Catalog;
use microtome_core::geometry::Axis;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Augment, Encoding, Loader, LoaderConfig, Mirror, Transpose};

/// Raw and these eight are what the peers were measured with.
const CLASSES: [&str; 8] = ["cyto", "ecs", "er", "lyso", "mito", "nuc", "pm", "ves"];
/// Samples per batch.
const BATCH: usize = 4;
/// Room for every chunk and as many batches as the loader wants.
const RICH_BYTES: u64 = 4 << 30;
/// Room for a few dozen chunks (beside one batch in flight and one in use): most reads decode.
const POOR_CHUNK_BYTES: u64 = 12 << 20;

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&FORMATS)?;
    let mut criterion = criterion();
    for format in FORMATS {
        let mut group = criterion.benchmark_group(format!("loader_v{}", format.zarr_format()));
        group.throughput(Throughput::Elements(BATCH as u64));
        let catalog = Arc::new(Catalog::open(&fixtures.dataset(format))?);
        for (name, encoding) in [("ids", Encoding::Ids), ("f32", Encoding::F32)] {
            let rich = config(&catalog, encoding, RICH_BYTES);
            // What cannot be loaded fails here, with a message, rather than inside the measurement.
            let batch_bytes = Loader::new(catalog.clone(), rich)?.next_batch()?.size_bytes();
            for (cache, memory) in [("rich", RICH_BYTES), ("poor", 2 * batch_bytes + POOR_CHUNK_BYTES)] {
                let config = config(&catalog, encoding, memory);
                group.bench_function(format!("{cache}_{name}"), |bencher| {
                    bencher.iter_custom(|batches| steady(&catalog, &config, batches));
                });
            }
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

/// Random patches of raw and eight classes, mirrored and transposed.
fn config(catalog: &Catalog, labels: Encoding, memory: u64) -> LoaderConfig {
    let mut config = LoaderConfig::for_catalog(catalog);
    let side = usize::try_from(patch_side()).unwrap_or(1);
    for array in config.input.values_mut().chain(config.target.values_mut()) {
        array.shape = Zyx::splat(side);
    }
    config.target.values_mut().for_each(|array| array.encoding = labels);
    config.data.classes = CLASSES.map(str::to_owned).to_vec();
    config.augment = Augment {
        mirror: Some(Mirror { z: 0.5, y: 0.5, x: 0.5 }),
        transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
        ..Augment::default()
    };
    config.loader.batch_size = BATCH;
    config.loader.memory = memory;
    config
}

/// Time for `batches` once the loader runs steadily: what it prepared ahead is taken before the clock starts.
fn steady(catalog: &Arc<Catalog>, config: &LoaderConfig, batches: u64) -> Duration {
    let run = || -> microtome_core::Result<Duration> {
        let loader = Loader::new(catalog.clone(), config.clone())?;
        for _ in 0..8 {
            loader.next_batch()?;
        }
        let start = Instant::now();
        for _ in 0..batches {
            loader.next_batch()?;
        }
        Ok(start.elapsed())
    };
    // A loader that fails gives a time that nobody takes for a measurement.
    run().unwrap_or(Duration::MAX)
}
