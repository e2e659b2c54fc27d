//! The real loader: a store in memory whose reads take as long as told, codecs, patches and operations that take what they
//! take, and a consumer that sleeps.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::diagnose::{Change, Diagnosis, Limit, Window};
use microtome_core::geometry::{GridTransform, Zyx};
use microtome_core::loader::params::{self, Value};
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::store::Metered;
use microtome_core::telemetry::Stage;
use microtome_core::testing::fixture::FixtureLevel;
use microtome_core::testing::{Fault, FaultStore, Fixture};
use microtome_core::volume::Volume;

use crate::table::{self, Row, Tried};

const ABOUT: &str = "The real loader on a volume in memory (random voxels, gzip) whose chunks take as long to read as told, with a \
    consumer that sleeps. Each loader runs for a while before it is measured. Remedies that the configuration can say are set and the \
    loader run again; its rate has to be within 20 % of the prediction.";
/// Before and while a loader is measured.
const WARM_UP: Duration = Duration::from_millis(700);
const MEASURED: Duration = Duration::from_millis(1300);

/// A loader with something slow in it.
struct Case {
    name: &'static str,
    planted: Limit,
    /// Voxels a side of the volume, of its chunks, of the patches.
    sides: [u64; 3],
    read: Duration,
    step: Duration,
    encoding: &'static str,
    memory: &'static str,
    threads: usize,
    augment: &'static str,
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const NO_AUGMENT: &str = "";
const NOISE: &str =
    "noise = { sigma = [0.01, 0.05], probability = 1.0 }\nblur = { sigma_nm = [4, 12], probability = 1.0 }";

fn cases() -> Vec<Case> {
    let case = |name, planted, sides, (read, step), (encoding, memory, threads), augment| Case {
        name,
        planted,
        sides,
        read,
        step,
        encoding,
        memory,
        threads,
        augment,
    };
    let [fetch, decode, gather, augment] =
        [Stage::Fetch, Stage::Decode, Stage::Gather, Stage::Augment].map(Limit::Stage);
    let none = Duration::ZERO;
    vec![
        case("fetch-a: 2 ms a chunk, 2 threads", fetch, [192, 32, 48], (ms(2), none), ("u8", "3 MiB", 2), NO_AUGMENT),
        case("fetch-b: 5 ms a chunk, 2 threads", fetch, [192, 32, 32], (ms(5), none), ("u8", "3 MiB", 2), NO_AUGMENT),
        case("fetch-c: 3 ms a chunk, 1 thread", fetch, [128, 32, 48], (ms(3), none), ("f32", "4 MiB", 1), NO_AUGMENT),
        case(
            "fetch-d: 3 ms a chunk, steps of 20 ms",
            fetch,
            [192, 32, 48],
            (ms(3), ms(20)),
            ("u8", "3 MiB", 2),
            NO_AUGMENT,
        ),
        case(
            "decode-a: chunks of 64, little memory",
            decode,
            [192, 64, 32],
            (none, none),
            ("u8", "4 MiB", 2),
            NO_AUGMENT,
        ),
        case("decode-b: chunks of 48, 1 thread", decode, [192, 48, 32], (none, none), ("u8", "3 MiB", 1), NO_AUGMENT),
        case(
            "decode-c: chunks of 64, f32, steps of 5 ms",
            decode,
            [256, 64, 48],
            (none, ms(5)),
            ("f32", "8 MiB", 2),
            NO_AUGMENT,
        ),
        case("gather-a: f32, all in memory", gather, [160, 32, 96], (none, none), ("f32", "256 MiB", 2), NO_AUGMENT),
        case(
            "gather-b: u8, all in memory, 1 thread",
            gather,
            [160, 32, 128],
            (none, none),
            ("u8", "256 MiB", 1),
            NO_AUGMENT,
        ),
        case(
            "augment-a: noise and blur, all in memory",
            augment,
            [160, 32, 64],
            (none, none),
            ("f32", "256 MiB", 2),
            NOISE,
        ),
        case(
            "augment-b: noise and blur, u8, 1 thread",
            augment,
            [160, 32, 48],
            (none, none),
            ("u8", "256 MiB", 1),
            NOISE,
        ),
        case(
            "augment-c: noise and blur, steps of 10 ms",
            augment,
            [160, 32, 64],
            (none, ms(10)),
            ("f32", "256 MiB", 2),
            NOISE,
        ),
        case(
            "consumer-a: steps of 40 ms",
            Limit::Consumer,
            [160, 32, 64],
            (none, ms(40)),
            ("f32", "256 MiB", 2),
            NO_AUGMENT,
        ),
        case(
            "consumer-b: steps of 80 ms, 1 ms a chunk",
            Limit::Consumer,
            [160, 32, 32],
            (ms(1), ms(80)),
            ("u8", "128 MiB", 2),
            NO_AUGMENT,
        ),
    ]
}

/// Tries those whose name begins with `only`, and writes `real.md`.
pub fn run(folder: &Path, only: &str) -> anyhow::Result<()> {
    let chosen = cases().into_iter().filter(|case| case.name.starts_with(only));
    let rows = chosen.map(|case| try_case(&case).context(case.name)).collect::<anyhow::Result<Vec<_>>>()?;
    let path = folder.join("real.md");
    std::fs::write(&path, table::of("Real loaders", ABOUT, &rows)).with_context(|| path.display().to_string())
}

impl Case {
    fn config(&self) -> anyhow::Result<LoaderConfig> {
        let Self { encoding, memory, threads, augment, .. } = self;
        let side = self.sides[2];
        let augment = if augment.is_empty() { String::new() } else { format!("[augment]\n{augment}\n") };
        Ok(LoaderConfig::from_toml(&format!(
            "[input.raw]\nshape = [{side}, {side}, {side}]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"{encoding}\"\n{augment}\
             [loader]\nbatch_size = 4\nthreads = {threads}\nmemory = \"{memory}\"\n"
        ))?)
    }

    fn catalog(&self) -> anyhow::Result<Arc<Catalog>> {
        let world_from_voxel = GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0));
        let levels = vec![FixtureLevel { shape: Zyx::splat(self.sides[0]), world_from_voxel }];
        let fixture = Fixture { chunk: Zyx::splat(self.sides[1]), levels, ..Fixture::default() };
        let store = FaultStore::new(fixture.write().map_err(|error| anyhow!("{error}"))?);
        let metered = Arc::new(Metered::new(Arc::new(store.clone()), "memory"));
        let raw = Arc::new(Volume::open_in(&metered, "")?);
        store.put("s0/c", Fault::Delay(self.read));
        let dataset = Dataset { name: "planted".to_owned(), raw, crops: Vec::new() };
        Ok(Arc::new(Catalog { datasets: vec![dataset], ..Catalog::default() }))
    }
}

fn try_case(case: &Case) -> anyhow::Result<Row> {
    let (catalog, config) = (case.catalog()?, case.config()?);
    let window = measure(&catalog, config.clone(), case.step)?;
    let diagnosis = Diagnosis::of(&window);
    let mut remedies = Vec::new();
    for remedy in diagnosis.remedies.iter().filter(|remedy| !remedy.changes.is_empty()) {
        let changed = remedy.changes.iter().try_fold(config.clone(), changed)?;
        let measured = measure(&catalog, changed, case.step)?.samples_per_s();
        let predicted = remedy.predicted_samples_per_s;
        remedies.push(Tried { kind: remedy.kind, what: remedy.what.clone(), predicted, measured });
    }
    Ok(Row { name: case.name.to_owned(), planted: case.planted, causal: None, diagnosis, remedies })
}

fn changed(config: LoaderConfig, change: &Change) -> anyhow::Result<LoaderConfig> {
    let value = change.value.as_ref().map(|text| format!("value = {text}").parse::<params::Values>());
    let value: Option<Value> = value.transpose()?.and_then(|mut table| table.remove("value"));
    Ok(params::set(&config, &change.key, value)?)
}

fn measure(catalog: &Arc<Catalog>, config: LoaderConfig, step: Duration) -> anyhow::Result<Window> {
    let loader = Loader::new(Arc::clone(catalog), config)?;
    let began = Instant::now();
    let take_until = |end: Duration| -> anyhow::Result<()> {
        let first = loader.stats().batches;
        while began.elapsed() < end || loader.stats().batches < first + 8 {
            loader.next_batch()?;
            std::thread::sleep(step);
        }
        Ok(())
    };
    take_until(WARM_UP)?;
    let before = loader.stats();
    take_until(WARM_UP + MEASURED)?;
    Window::between(&before, &loader.stats()).context("no batch came")
}
