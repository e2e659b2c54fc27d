//! Configurations that together have every key, and proof that the documented example is one.

use super::{
    AbsentChunks, ArraySpec, Augment, Data, DataSource, ElasticKeys, Encoding, Foreground, LoaderConfig, LoaderKeys,
    Mirror, MisalignKeys, Plane, Rotate, Sampling, Scale, Search, ShearRange, SmallCrops, Strategy, Subset,
    TelemetryKeys, Transpose,
};
use crate::geometry::{Axis, Zyx};
use crate::sample::intensity::Operation;

/// Every operation with every key; one that is left out is found by its number.
fn every_operation() -> Vec<Operation> {
    use crate::sample::intensity::*;
    let (range, probability, fraction) = (Range { from: 0.25, to: 0.5 }, 0.5, 0.25);
    let all = vec![
        Operation::Contrast(Contrast { range, probability }),
        Operation::Brightness(Brightness { range, probability }),
        Operation::Gamma(Gamma { range, probability }),
        Operation::Noise(Noise { sigma: range, probability }),
        Operation::Poisson(Poisson { counts: Range { from: 10.0, to: 100.0 }, probability }),
        Operation::Blur(Blur { sigma_nm: range, probability }),
        Operation::Sharpen(Sharpen { sigma_nm: range, amount: range, probability }),
        Operation::SectionShift(SectionShift { scale: range, shift: range, probability }),
        Operation::MissingSections(MissingSections { fraction, fill: Fill::Mean, probability }),
        Operation::LowContrast(LowContrast { fraction, range, probability }),
        Operation::Charging(Charging { fraction, amplitude: range, radius_nm: range, tail_nm: range, probability }),
        Operation::Cutout(Cutout { boxes: [1, 3], size_nm: range, fill: Fill::Dark, probability }),
        Operation::Normalise(Normalise {
            range: None,
            percentile: None,
            mean: None,
            std: None,
            dataset: true,
            probability,
        }),
    ];
    assert_eq!(all.len(), Operation::KEYS.len());
    all
}

/// Targets that together have every key.
fn every_target() -> std::collections::BTreeMap<String, ArraySpec> {
    let spec = |encoding| ArraySpec {
        shape: Zyx::splat(8),
        voxel_size_nm: Zyx::splat(8.0),
        encoding,
        volume: None,
        channels: Vec::new(),
        classes: vec!["mito".to_owned()],
        clip_nm: None,
        tanh_nm: None,
        offsets: Vec::new(),
    };
    let distance = ArraySpec { clip_nm: Some(64.0), tanh_nm: Some(32.0), ..spec(Encoding::Distance) };
    let affinity = ArraySpec { offsets: vec![Zyx::new(-1, 0, 0)], ..spec(Encoding::Affinity) };
    let named = [("labels", spec(Encoding::Ids)), ("distance", distance), ("affinity", affinity)];
    named.map(|(name, spec)| (name.to_owned(), spec)).into()
}

/// An input with every key.
fn every_input() -> ArraySpec {
    let (volume, channels) = (Some("em/fibsem-uint8".to_owned()), vec![0, 2]);
    ArraySpec { volume, channels, ..ArraySpec::new(Zyx::splat(8), Zyx::splat(8.0), Encoding::F16) }
}

/// A valid configuration with nearly every key.
pub(super) fn full() -> LoaderConfig {
    // Every field of every table, written out: a new key does not compile until it stands here.
    LoaderConfig {
        data: Data {
            path: Some("a.zarr".into()),
            split: Some("datasplit.csv".into()),
            search: Some(Search { voxel_size_nm: Some(Zyx::splat(8.0)), ..Search::default() }),
            train: vec![DataSource { raw: "a".into(), labels: Some("b".to_owned()) }],
            validate: vec![DataSource { raw: "c".into(), labels: None }],
            classes: vec!["mito".to_owned()],
            class_table: Some("classes.csv".into()),
            relations_from_class_table: true,
            relations: std::collections::BTreeMap::from([("mito".to_owned(), vec!["er".to_owned()])]),
            counts_cache: Some("counts".into()),
        },
        input: [("raw".to_owned(), every_input())].into(),
        target: every_target(),
        // `weights` do not go with `foreground`, nor `iterations_per_epoch` with `samples_per_epoch`.
        sampling: Sampling {
            strategy: Strategy::Foreground,
            foreground: Some(Foreground::default()),
            weights: std::collections::BTreeMap::new(),
            chunk_local: 4,
            samples_per_epoch: Some(8000),
            iterations_per_epoch: None,
            subset: Some(Subset { count: None, datasets: vec!["jrc_*".to_owned()], crops: vec!["crop7".to_owned()] }),
            small_crops: SmallCrops::default(),
            absent_chunks: AbsentChunks::default(),
        },
        augment: Augment {
            mirror: Some(Mirror { z: 0.5, y: 0.5, x: 0.5 }),
            transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
            planes: Some(vec![Plane::Xy, Plane::Xz, Plane::Yz]),
            rotate: Some(Rotate { z: [-180.0, 180.0], y: [0.0; 2], x: [0.0; 2], probability: 0.5 }),
            scale: Some(Scale { range: [0.9, 1.1], probability: 0.5 }),
            shear: Some(ShearRange { zy: [-0.1, 0.1], zx: [-0.1, 0.1], yx: [0.0; 2], probability: 0.5 }),
            elastic: Some(ElasticKeys {
                spacing_nm: Zyx::splat(400.0),
                sigma_nm: Zyx::new(0.0, 30.0, 30.0),
                probability: 0.3,
            }),
            misalign: Some(MisalignKeys {
                jitter_nm: [0.0, 4.0],
                slip: 0.03,
                shift: 0.01,
                largest_nm: 30.0,
                probability: 0.3,
            }),
            intensity: every_operation(),
        },
        loader: LoaderKeys::default(),
        telemetry: TelemetryKeys {
            serve: Some("127.0.0.1:0".to_owned()),
            token: Some("a long word".to_owned()),
            allow_tuning: true,
            puffin: Some("127.0.0.1:8585".to_owned()),
            watchdog_s: 20,
        },
        file: None,
    }
}

/// Configurations that together have every key there is; not all of them are valid.
pub(super) fn every_key() -> Vec<LoaderConfig> {
    use crate::sample::intensity::{Normalise, Range};
    let mut others = full();
    others.sampling.subset = Some(Subset { count: Some(100), ..Subset::default() });
    others.sampling.iterations_per_epoch = Some(10);
    others.sampling.weights = [("jrc_*".to_owned(), 2.0)].into();
    others.data.validate[0].labels = Some("c/[mito]".to_owned());
    let range = Some(Range { from: 0.0, to: 1.0 });
    let (mean, std) = (Some(0.5), Some(0.25));
    let normalise = Normalise { range, percentile: range, mean, std, dataset: false, probability: 1.0 };
    others.augment.intensity = vec![Operation::Normalise(normalise)];
    vec![full(), others, LoaderConfig::default()]
}

#[test]
fn the_example_is_valid_and_has_the_defaults() {
    let config = LoaderConfig::from_toml(LoaderConfig::example()).unwrap();
    assert_eq!(config.loader, LoaderKeys::default());
    assert_eq!(config.sampling, Sampling::default());
    assert_eq!(config.telemetry, TelemetryKeys::default());
    let text = toml::to_string(&full()).unwrap();
    assert_eq!(LoaderConfig::from_toml(&text).unwrap(), full());
}
