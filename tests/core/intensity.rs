//! Intensity augmentation through the loader: inputs change as their recipe says, targets never, the same everywhere.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::sync::{Arc, OnceLock};

use microtome_core::Error;
use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::sample::intensity::{NormaliseStep, Step};
use microtome_core::volume::Buffer;
use proptest::prelude::*;

fn phantom() -> Arc<Catalog> {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phantom.zarr");
        write(&path, &PhantomSpec { shape: Zyx::splat(64), ..PhantomSpec::default() }, |_| ()).unwrap();
        let catalog = Catalog::open(&path).unwrap();
        (folder, Arc::new(catalog))
    });
    Arc::clone(catalog)
}

/// Two inputs of one grid, a coarser one, and labels; `augment` goes into `[augment]`.
fn text(augment: &str) -> String {
    let array = |name: &str, size: u32, encoding: &str| {
        format!("[{name}]\nshape = [12, 10, 14]\nvoxel_size_nm = [{size}, {size}, {size}]\nencoding = \"{encoding}\"\n")
    };
    let arrays = [
        array("input.a", 8, "f32"),
        array("input.b", 8, "f16"),
        array("input.c", 8, "u8"),
        array("input.d", 16, "f32"),
        array("target.labels", 8, "ids"),
    ];
    let loader = "[sampling]\nsamples_per_epoch = 6\n[loader]\nbatch_size = 3\nmemory = \"64 MiB\"\n";
    let spatial =
        "mirror = { z = 0.5, y = 0.5, x = 0.5 }\ntranspose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }\n";
    format!("{}{loader}[augment]\n{spatial}{augment}\n", arrays.concat())
}

const EVERY_OPERATION: &str = "
    contrast = { range = [0.8, 1.2], probability = 0.5 }
    section_shift = { scale = [0.9, 1.1], shift = [-0.05, 0.05], probability = 0.5 }
    blur = { sigma_nm = [0, 12], probability = 0.5 }
    brightness = { range = [-0.1, 0.1], probability = 0.5 }
    gamma = { range = [0.7, 1.5], probability = 0.5 }
    sharpen = { sigma_nm = [4, 12], amount = [0.5, 1.5], probability = 0.5 }
    low_contrast = { fraction = 0.2, range = [0.1, 0.5], probability = 0.5 }
    charging = { fraction = 0.3, amplitude = [-0.3, 0.4], radius_nm = [20, 80], tail_nm = [10, 60], probability = 0.5 }
    poisson = { counts = [100, 1000], probability = 0.5 }
    noise = { sigma = [0.0, 0.05], probability = 0.5 }
    missing_sections = { fraction = 0.1, probability = 0.5 }
    cutout = { boxes = [1, 3], size_nm = [20, 60], fill = \"mean\", probability = 0.5 }
    normalise = { percentile = [1, 99], probability = 0.5 }
    ";

fn batches(augment: &str, threads: usize, count: usize) -> Vec<Batch> {
    let mut config = LoaderConfig::from_toml(&text(augment)).unwrap();
    config.loader.threads = threads;
    let loader = Loader::new(phantom(), config).unwrap();
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

fn floats<'a>(batch: &'a Batch, name: &str) -> &'a [f32] {
    match &batch.array(name).unwrap().data {
        Buffer::F32(values) => values,
        other => unreachable!("{name} holds {:?}", other.dtype()),
    }
}

#[test]
fn threads_change_no_byte() {
    let reference = batches(EVERY_OPERATION, 1, 8);
    for threads in [2, 8] {
        for (got, expected) in batches(EVERY_OPERATION, threads, 8).iter().zip(&reference) {
            assert_eq!(got.provenance, expected.provenance);
            assert!(got == expected, "{threads} threads: batch {} differs", expected.number);
        }
    }
    let steps: Vec<_> = reference.iter().flat_map(|b| &b.provenance).map(|p| p.intensity.steps.len()).collect();
    assert!(steps.iter().any(|&n| n < 5) && steps.iter().any(|&n| n > 8), "{steps:?}");
}

#[test]
fn what_is_not_drawn_leaves_every_byte() {
    let plain = batches("", 2, 4);
    assert!(plain.iter().flat_map(|b| &b.provenance).all(|p| p.intensity.is_empty()));
    let never = batches("noise = { sigma = [0.1, 0.2], probability = 0 }", 2, 4);
    assert!(never == plain);
    // Where only some samples are changed, the others keep their bytes; positions and targets stay as they were.
    let some = batches("noise = { sigma = [0.1, 0.2], probability = 0.5 }", 2, 4);
    let mut changed = 0;
    for (some, plain) in some.iter().zip(&plain) {
        assert_eq!(some.array("labels"), plain.array("labels"));
        let len = 12 * 10 * 14;
        for (sample, provenance) in some.provenance.iter().enumerate() {
            assert_eq!(provenance.grid, plain.provenance[sample].grid);
            let range = sample * len..(sample + 1) * len;
            let same = floats(some, "a")[range.clone()] == floats(plain, "a")[range];
            assert_eq!(same, provenance.intensity.is_empty());
            changed += usize::from(!same);
        }
    }
    assert!(changed > 2 && changed < 10, "{changed}");
}

#[test]
fn every_encoding_holds_the_same_rounded_to_the_nearest() {
    for batch in batches(EVERY_OPERATION, 2, 6) {
        let (Buffer::F16(halves), Buffer::U8(bytes)) =
            (&batch.array("b").unwrap().data, &batch.array("c").unwrap().data)
        else {
            unreachable!("the configuration says f16 and u8")
        };
        let len = 12 * 10 * 14;
        for (at, &value) in floats(&batch, "a").iter().enumerate() {
            // Halves have 11 bits: the nearest is off by at most half of the last, also where the leading one is alone.
            let error = (halves[at].to_f32() - value).abs();
            assert!(error <= (value * 2.0_f32.powi(-11)).max(2.0_f32.powi(-25)), "voxel {at}: {error}");
            if !batch.provenance[at / len].intensity.is_empty() {
                assert_eq!(bytes[at], (value * 255.0).round_ties_even() as u8, "voxel {at}");
            }
        }
    }
}

#[test]
fn inputs_of_a_sample_share_the_recipe() {
    let augment =
        "missing_sections = { fraction = 0.3, probability = 1 }\nbrightness = { range = [0.2, 0.3], probability = 1 }";
    for batch in batches(augment, 2, 4) {
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let [Step::MissingSections(_), Step::Brightness(step)] = provenance.intensity.steps.as_slice() else {
                unreachable!("{provenance:?}")
            };
            let len = 12 * 10 * 14;
            // Dark sections show the brightness alone: the darkest voxel of each input is exactly it.
            for name in ["a", "d"] {
                let values = &floats(&batch, name)[sample * len..(sample + 1) * len];
                let darkest = values.iter().copied().fold(1.0, f32::min);
                assert_eq!(darkest, step.shift as f32, "{name}");
            }
        }
    }
}

#[test]
fn the_order_of_the_file_is_the_order_of_application() {
    let brightness = "brightness = { range = [-0.5, -0.5], probability = 1 }";
    let gamma = "gamma = { range = [2, 2], probability = 1 }";
    let plain = batches("", 1, 1);
    let check = |augment: String, expected: fn(f32) -> f32| {
        let changed = batches(&augment, 1, 1);
        for (value, plain) in floats(&changed[0], "a").iter().zip(floats(&plain[0], "a")) {
            assert!((value - expected(*plain)).abs() < 1e-6, "{augment}");
        }
    };
    check(format!("{brightness}\n{gamma}"), |v| (v - 0.5).max(0.0).powi(2));
    check(format!("{gamma}\n{brightness}"), |v| (v * v - 0.5).max(0.0));
}

#[test]
fn z_scores_leave_the_unit_range_and_stay_finite_in_half_precision() {
    let augment = "contrast = { range = [0.5, 1.5], probability = 1 }\nnormalise = { mean = 0.5, std = 1e-6 }";
    let config = LoaderConfig::from_toml(&text(augment).replace("\"u8\"", "\"f32\"")).unwrap();
    let batch = Loader::new(phantom(), config).unwrap().next_batch().unwrap();
    assert!(floats(&batch, "a").iter().any(|value| value.abs() > 70_000.0));
    assert!(floats(&batch, "a").iter().all(|value| value.is_finite()));
    let Buffer::F16(halves) = &batch.array("b").unwrap().data else { unreachable!("the configuration says f16") };
    assert!(halves.iter().all(|half| half.is_finite()) && halves.iter().any(|half| half.to_f32() < -60_000.0));
}

#[test]
fn working_memory_counts_in_the_budget() {
    let loader = |augment: &str| {
        let mut config = LoaderConfig::from_toml(&text(augment)).unwrap();
        config.loader.threads = 4;
        Loader::new(phantom(), config)
    };
    let taken = |augment: &str| {
        let stats = loader(augment).unwrap().stats();
        stats.chunk_cache.capacity_bytes + stats.transform_cache.capacity_bytes + stats.queue.capacity_bytes
    };
    let all = taken("");
    // One batch is in use.
    assert!(all < 64 << 20 && all > 60 << 20, "{all}");
    // u8 and f16 need the channel as f32, sharpening a copy and a plane of it; labels alone take five bytes for each voxel.
    let more = 4 * (2 * 4 - 5) * 1680;
    assert!(taken("sharpen = { sigma_nm = [4, 12], amount = [1, 1], probability = 1 }") <= all - more);
}

/// A range within `lo..=hi`, whole numbers and fractions.
fn range(lo: f64, hi: f64) -> impl Strategy<Value = String> {
    (0.0_f64..=1.0, 0.0_f64..=1.0).prop_map(move |(a, b)| {
        let (a, b) = (a.min(b), a.max(b));
        format!("[{}, {}]", lo + a * (hi - lo), (lo + b * (hi - lo)).min(hi))
    })
}

/// Any valid operation but z-scores.
fn operation() -> impl Strategy<Value = (&'static str, String)> {
    let one = |key: &'static str, name: &'static str, lo, hi| {
        range(lo, hi).prop_map(move |range| (key, format!("{name} = {range}"))).boxed()
    };
    let percentiles = (0.0_f64..50.0, 50.1_f64..100.0);
    prop_oneof![
        one("contrast", "range", 0.0, 100.0),
        one("brightness", "range", -1.0, 1.0),
        one("gamma", "range", 0.01, 100.0),
        one("noise", "sigma", 0.0, 1.0),
        one("poisson", "counts", 1.0, 1e6),
        one("blur", "sigma_nm", 0.0, 1e6),
        (range(0.0, 1e6), range(0.0, 100.0)).prop_map(|(s, a)| ("sharpen", format!("sigma_nm = {s}, amount = {a}"))),
        (range(0.0, 100.0), range(-1.0, 1.0)).prop_map(|(f, b)| ("section_shift", format!("scale = {f}, shift = {b}"))),
        (0.0_f64..=1.0).prop_map(|f| ("missing_sections", format!("fraction = {f}, fill = \"mean\""))),
        (0.0_f64..=1.0, range(0.0, 1.0)).prop_map(|(f, r)| ("low_contrast", format!("fraction = {f}, range = {r}"))),
        (range(-1.0, 1.0), range(0.001, 1e6), range(0.001, 1e6)).prop_map(|(a, r, t)| {
            ("charging", format!("fraction = 1, amplitude = {a}, radius_nm = {r}, tail_nm = {t}"))
        }),
        (0_u32..4, 4_u32..9, range(0.0, 1e6))
            .prop_map(|(a, b, s)| ("cutout", format!("boxes = [{a}, {b}], size_nm = {s}"))),
        percentiles.prop_map(|(a, b)| ("normalise", format!("percentile = [{a}, {b}]"))),
    ]
}

fn written(operations: &[(&'static str, String)]) -> String {
    let mut seen = Vec::new();
    let mut lines = String::new();
    for (key, values) in operations {
        if !seen.contains(key) {
            seen.push(*key);
            lines += &format!("{key} = {{ {values}, probability = 1 }}\n");
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_configured_intensities_stay_finite(operations in proptest::collection::vec(operation(), 1..5)) {
        for batch in batches(&written(&operations), 2, 2) {
            for name in ["a", "d"] {
                prop_assert!(floats(&batch, name).iter().all(|value| (0.0..=1.0).contains(value)));
            }
        }
    }

    /// One number of a valid operation is replaced by one that cannot be meant: the error names the operation.
    #[test]
    fn whatever_is_wrong_is_named(
        (key, values) in operation(),
        at in any::<prop::sample::Index>(),
        bad in proptest::sample::select(vec!["nan", "inf", "-2e9", "2e9", "\"x\"", "[0, 1, 2]", "{ a = 1 }"]),
    ) {
        let numbers: Vec<_> = values.match_indices(|c: char| c.is_ascii_digit() || c == '-').map(|(i, _)| i).collect();
        let is_first = |i: &usize| !values[..*i].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-');
        let starts: Vec<_> = numbers.into_iter().filter(is_first).collect();
        let start = *at.get(&starts);
        let len = values[start..].find([',', ']']).unwrap_or(values.len() - start);
        let broken = format!("{}{bad}{}", &values[..start], &values[start + len..]);
        let error = LoaderConfig::from_toml(&text(&format!("{key} = {{ {broken}, probability = 1 }}"))).unwrap_err();
        let Error::Config { key: named, line, .. } = &error else { unreachable!("{error:?}") };
        prop_assert!(named.starts_with(&format!("augment.{key}.")), "{broken}: {error}");
        prop_assert!(line.is_some());
    }
}

#[test]
fn mistakes_are_named() {
    for (augment, expected) in [
        ("contrast = { range = [1.2, 0.8], probability = 1 }", "augment.contrast.range: [1.2, 0.8] runs backwards"),
        ("contrast = { range = [1, 1], probability = 2 }", "augment.contrast.probability: 2 is no probability"),
        ("contrast = { probability = 1 }", "augment.contrast: missing key `range`"),
        (
            "contrast = { rnge = [1, 1], probability = 1 }",
            "augment.contrast.rnge: unknown key `rnge`; the nearest known is `range`",
        ),
        ("contrst = { range = [1, 1] }", "augment.contrst: unknown key `contrst`; the nearest known is `contrast`"),
        (
            "normalize = { range = [0, 1] }",
            "augment.normalize: unknown key `normalize`; the nearest known is `normalise`",
        ),
        ("normalise = { range = [0, 1], mean = 0.5 }", "augment.normalise: give one of"),
        ("normalise = { mean = 0.5 }", "augment.normalise.mean: `std` is missing"),
        ("normalise = { percentile = [5, 5] }", "augment.normalise.percentile: [5, 5] leaves nothing between"),
        (
            "normalise = { mean = 0.5, std = 0.1 }\nnoise = { sigma = [0, 1], probability = 1 }",
            "augment.normalise: the other",
        ),
        ("normalise = { mean = 0.5, std = 0.1 }", "augment.normalise: z-scores do not fit the bytes of input.c"),
        (
            "cutout = { boxes = [3, 1], size_nm = [5, 5], probability = 1 }",
            "augment.cutout.boxes: [3, 1] runs backwards",
        ),
        (
            "missing_sections = { fraction = 0.1, fill = \"black\", probability = 1 }",
            "augment.missing_sections.fill: unknown value `black`",
        ),
        (
            "blur = { sigma_nm = [1, 2, 3], probability = 1 }",
            "augment.blur.sigma_nm: invalid length 3, expected two values: [from, to]",
        ),
    ] {
        let message = LoaderConfig::from_toml(&text(augment)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nexpected {expected}");
        assert!(message.starts_with("line "), "{message}");
    }
}

/// Samples of the whole phantom, normalised so.
fn z_scores(normalise: &str) -> Vec<Batch> {
    let text = format!(
        "[input.a]\nshape = [24, 24, 24]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"f32\"\n[augment]\nnormalise = {normalise}\n\
         [loader]\nbatch_size = 16\nthreads = 2\nmemory = \"256 MiB\"\n"
    );
    let loader = Loader::new(phantom(), LoaderConfig::from_toml(&text).unwrap()).unwrap();
    (0..12).map(|_| loader.next_batch().unwrap()).collect()
}

#[test]
fn z_scores_are_made_with_the_datasets_own_mean_and_standard_deviation() {
    let batches = z_scores("{ dataset = true }");
    let dataset = &phantom().datasets[0];
    let measured = dataset.intensities(Zyx::splat(8.0), false, &|| false).unwrap().expect("the phantom is not even");
    for step in batches.iter().flat_map(|batch| &batch.provenance).flat_map(|place| &place.intensity.steps) {
        assert_eq!(*step, Step::Normalise(NormaliseStep::ZScore { mean: measured.mean, std: measured.std }));
    }
    let values: Vec<_> = batches.iter().flat_map(|batch| floats(batch, "a")).map(|&v| f64::from(v)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let std = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
    // 192 crops of a volume that they cover several times: not the very voxels that were measured.
    assert!(mean.abs() < 0.1 && (std - 1.0).abs() < 0.1, "mean {mean}, standard deviation {std}");
    assert_ne!(measured.mean, 0.0);
    let given = z_scores(&format!("{{ mean = {}, std = {} }}", measured.mean, measured.std));
    for (given, own) in given.iter().zip(&batches) {
        assert_eq!(given.arrays, own.arrays);
    }
}
