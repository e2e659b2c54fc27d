//! Augments one patch: every draw of how it lies and what is done to it, and every operation on intensities, beside a copy
//! of the same bytes.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome_benches::{Fixtures, criterion, patch_side, quieten};
use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Augment, Loader, LoaderConfig};
use microtome_core::ome::NgffVersion;
use microtome_core::sample::{PatchSpec, Request, Sampler, Sampling, Source};
use serde_json::{Value, json};

/// Keys of `[augment]` for where a sample lies.
const SPATIAL: [&str; 7] = ["mirror", "transpose", "rotate", "scale", "shear", "elastic", "misalign"];

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&[NgffVersion::V04])?;
    let catalog = Arc::new(Catalog::open(&fixtures.dataset(NgffVersion::V04))?);
    let mut criterion = criterion();
    let mut group = criterion.benchmark_group("augment_draw");
    group.throughput(Throughput::Elements(1));
    draws(&mut group, &catalog)?;
    group.finish();
    let mut group = criterion.benchmark_group("augment");
    group.throughput(Throughput::Elements(patch_side().pow(3)));
    operations(&mut group, &catalog)?;
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// Every key of `[augment]`, always applied, as strong as the example configuration has it.
fn keys() -> Value {
    json!({
        "mirror": { "z": 0.5, "y": 0.5, "x": 0.5 },
        "transpose": { "axes": ["z", "y", "x"], "probability": 1.0 },
        "rotate": { "z": [-180.0, 180.0], "y": [-180.0, 180.0], "x": [-180.0, 180.0], "probability": 1.0 },
        "scale": { "range": [0.9, 1.1], "probability": 1.0 },
        "shear": { "zy": [-0.1, 0.1], "zx": [-0.1, 0.1], "yx": [-0.1, 0.1], "probability": 1.0 },
        "elastic": { "spacing_nm": [400.0, 400.0, 400.0], "sigma_nm": [30.0, 30.0, 30.0], "probability": 1.0 },
        "misalign": { "jitter_nm": [0.0, 4.0], "slip": 0.03, "shift": 0.01, "largest_nm": 30.0, "probability": 1.0 },
        "contrast": { "range": [0.8, 1.2], "probability": 1.0 },
        "brightness": { "range": [-0.1, 0.1], "probability": 1.0 },
        "gamma": { "range": [0.7, 1.5], "probability": 1.0 },
        "blur": { "sigma_nm": [12.0, 12.0], "probability": 1.0 },
        "sharpen": { "sigma_nm": [12.0, 12.0], "amount": [0.5, 1.5], "probability": 1.0 },
        "section_shift": { "scale": [0.9, 1.1], "shift": [-0.05, 0.05], "probability": 1.0 },
        "low_contrast": { "fraction": 0.05, "range": [0.1, 0.5], "probability": 1.0 },
        "charging": {
            "fraction": 0.1, "amplitude": [-0.3, 0.4], "radius_nm": [20.0, 80.0], "tail_nm": [100.0, 600.0],
            "probability": 1.0,
        },
        "poisson": { "counts": [100.0, 1000.0], "probability": 1.0 },
        "noise": { "sigma": [0.05, 0.05], "probability": 1.0 },
        "missing_sections": { "fraction": 0.03, "fill": "dark", "probability": 1.0 },
        "cutout": { "boxes": [1, 3], "size_nm": [50.0, 200.0], "fill": "mean", "probability": 1.0 },
        "normalise": { "percentile": [1.0, 99.0] },
    })
}

/// `[augment]` with the keys of those names.
fn augment(all: &Value, names: &[&str]) -> anyhow::Result<Augment> {
    let chosen: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), all[*name].clone())).collect();
    Ok(serde_json::from_value(Value::Object(chosen))?)
}

/// The keys that are operations on intensities.
fn intensity_keys(all: &Value) -> Vec<&str> {
    let keys = all.as_object().into_iter().flat_map(|keys| keys.keys());
    keys.map(String::as_str).filter(|key| !SPATIAL.contains(key)).collect()
}

/// Draws of samples, which touch no data: where they lie, how, and every number of the operations on intensities.
fn draws(group: &mut BenchmarkGroup<'_, WallTime>, catalog: &Catalog) -> anyhow::Result<()> {
    let all = keys();
    let operations = intensity_keys(&all);
    let everything: Vec<&str> = SPATIAL.into_iter().chain(operations.iter().copied()).collect();
    let cases: [(&str, &[&str]); 5] = [
        ("place_only", &[]),
        ("mirror_transpose", &SPATIAL[..2]),
        ("spatial", &SPATIAL),
        ("intensity", &operations),
        ("everything", &everything),
    ];
    let voxel_size_nm = catalog.datasets[0].raw.levels()[0].voxel_size_nm();
    let patch = PatchSpec {
        shape: Zyx::splat(usize::try_from(patch_side())?),
        voxel_size_nm,
        tile_nm: voxel_size_nm * patch_side() as f64,
    };
    for (name, keys) in cases {
        let sources = Source::of_catalog(catalog, &[]);
        let sampler = Sampler::new(sources, patch, &Sampling::default(), &augment(&all, keys)?, 1)?;
        let mut index = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                index += 1;
                black_box(sampler.draw(0, index, 0))
            });
        });
    }
    Ok(())
}

/// Operations on one channel of intensities, one at a time, by the loader's own code and clock.
fn operations(group: &mut BenchmarkGroup<'_, WallTime>, catalog: &Arc<Catalog>) -> anyhow::Result<()> {
    let voxels = usize::try_from(patch_side().pow(3))?;
    let (from, mut to) = (vec![0.5_f32; voxels], vec![0.0_f32; voxels]);
    group.bench_function("copy", |bencher| {
        bencher.iter(|| {
            to.copy_from_slice(black_box(&from));
            black_box(to[voxels / 2])
        });
    });
    let mut config = LoaderConfig::for_catalog(catalog);
    for array in config.input.values_mut().chain(config.target.values_mut()) {
        array.shape = Zyx::splat(usize::try_from(patch_side())?);
    }
    let loader = Loader::new(Arc::clone(catalog), config)?;
    quieten(&loader);
    let all = keys();
    for name in intensity_keys(&all) {
        let request = with_operation(&loader, &augment(&all, &[name])?)?;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| taken(&loader, &request)).sum());
        });
    }
    Ok(())
}

/// A sample to which one operation is done.
fn with_operation(loader: &Loader, augment: &Augment) -> anyhow::Result<Request> {
    let request = loader.draw(0, 0)?;
    let request = loader.plan(&request, augment, (0, 0))?.applied_to(&request);
    ensure!(request.intensity.steps.len() == 1, "{augment:?} was not drawn");
    // What cannot be read fails here, with a message, rather than inside the measurement.
    loader.chain(&request, |_| ())?;
    Ok(request)
}

/// How long the last stage of a sample's making takes. A read that fails gives a time that nobody takes for a measurement.
fn taken(loader: &Loader, request: &Request) -> Duration {
    let mut last = Duration::ZERO;
    let began = Instant::now();
    match loader.chain(request, |stage| last = stage.took) {
        Ok(()) => last.min(began.elapsed()),
        Err(_) => Duration::MAX,
    }
}
