//! The phantom: a credible cell, the same bytes for a seed, in both formats, complete or absent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use microtome_core::catalog::Catalog;
use microtome_core::geometry::{BoxNm, VoxelBox, Zyx};
use microtome_core::ome::NgffVersion;
use microtome_core::phantom::{CLASSES, Cell, PhantomSpec, Probe, Structure, write};
use microtome_core::volume::{Buffer, ChunkCache, DType, Volume};
use microtome_core::{Error, with_buffer};
use sha2::{Digest, Sha256};

const RAW: &str = "recon-1/em/fibsem-uint8";
const CROPS: &str = "recon-1/labels/groundtruth";

/// Small, but with everything in it: 1.8 µm a side.
fn spec(format: NgffVersion) -> PhantomSpec {
    let shape = Zyx::new(120, 128, 131);
    PhantomSpec { shape, voxel_size_nm: Zyx::splat(14.0), format, ..PhantomSpec::default() }
}

/// The dataset of [`spec`], written once.
fn dataset(format: NgffVersion) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    static WRITTEN: [OnceLock<()>; 2] = [OnceLock::new(), OnceLock::new()];
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap());
    let path = folder.path().join(format!("v{}.zarr", format.zarr_format()));
    let which = usize::from(format == NgffVersion::V05);
    WRITTEN[which].get_or_init(|| write(&path, &spec(format), |_| ()).unwrap());
    path
}

/// Every level of an image group, as ids or grey values.
fn read(path: &Path) -> Vec<(Volume, usize, Vec<u64>)> {
    let levels = Volume::open(path).unwrap().levels().len();
    (0..levels).map(|level| read_level(path, level)).collect()
}

fn read_level(path: &Path, level: usize) -> (Volume, usize, Vec<u64>) {
    let volume = Volume::open(path).unwrap();
    let roi = VoxelBox::of_shape(volume.levels()[level].shape);
    let buffer = volume.read_box(level, &roi, &ChunkCache::new(0)).unwrap();
    let values = ids(&buffer);
    (volume, level, values)
}

fn ids(buffer: &Buffer) -> Vec<u64> {
    use microtome_core::volume::Voxel;
    with_buffer!(buffer, values => values.iter().map(|v| v.to_id()).collect())
}

/// Groups of label arrays of a dataset, as paths below it.
fn label_groups(dataset: &Path) -> Vec<String> {
    let sorted = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let crops = sorted(&dataset.join(CROPS));
    let classes = |crop: String| {
        let below = sorted(&dataset.join(CROPS).join(&crop));
        below.into_iter().map(move |class| format!("{CROPS}/{crop}/{class}"))
    };
    crops.into_iter().flat_map(classes).collect()
}

/// A hash of every file below a folder with its name.
fn digest(folder: &Path) -> String {
    let mut hash = Sha256::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            hash.update(entry.path().strip_prefix(folder).unwrap().to_string_lossy().as_bytes());
            hash.update(std::fs::read(entry.path()).unwrap());
        }
    }
    format!("{:x}", hash.finalize())
}

/// Probes of 2 µm of tissue of a seed, on a grid.
fn probes(seed: u64) -> Vec<Probe> {
    let extent = Zyx::splat(2048.0);
    let cell = Cell::from_seed(seed, extent);
    let near = cell.near(&BoxNm::new(Zyx::splat(0.0), extent));
    let grid = || (0..36).map(|i| 20.0 + 56.7 * f64::from(i));
    let mut probes = Vec::new();
    for z in grid() {
        for y in grid() {
            probes.extend(grid().map(|x| near.sample(Zyx::new(z, y, x))));
        }
    }
    probes
}

#[test]
fn every_seed_grows_a_plausible_cell() {
    for seed in [1, 2, 77, u64::MAX] {
        let probes = probes(seed);
        let part = |name: &str| {
            let class = CLASSES.iter().find(|class| class.name == name).unwrap();
            probes.iter().filter(|probe| class.value(probe) != 0).count() as f64 / probes.len() as f64
        };
        // Ranges about what stereology of cultured cells finds, wide enough for a box of two micrometres.
        let ranges = [
            ("ecs", 0.005, 0.20),
            ("pm", 0.002, 0.05),
            ("nuc", 0.08, 0.45),
            ("mito", 0.02, 0.25),
            ("er", 0.02, 0.20),
            ("ves", 0.0002, 0.03),
            ("cyto", 0.25, 0.80),
        ];
        for (name, least, most) in ranges {
            let part = part(name);
            assert!((least..most).contains(&part), "seed {seed}: {name} fills {part:.4} of the volume");
        }
    }
}

#[test]
fn stain_makes_membranes_dark_and_resin_bright() {
    let probes = probes(1);
    let mean = |structure: Structure| {
        let values: Vec<f64> =
            probes.iter().filter(|p| p.structure == structure).map(|p| f64::from(p.intensity)).collect();
        assert!(values.len() > 20, "{structure:?} has {} points", values.len());
        values.iter().sum::<f64>() / values.len() as f64
    };
    let cytosol = mean(Structure::Cyto);
    for membrane in [Structure::Pm, Structure::ErMem, Structure::NeMem, Structure::MitoMem] {
        assert!(mean(membrane) < cytosol - 35.0, "{membrane:?}");
    }
    assert!(mean(Structure::MitoMem) < mean(Structure::MitoLum) - 15.0);
    assert!(mean(Structure::Hchrom) < mean(Structure::Nucleoplasm) - 20.0);
    assert!(mean(Structure::ErLum) > mean(Structure::ErMem) + 30.0);
    assert!(mean(Structure::Ecs) > cytosol + 15.0);
}

#[test]
fn a_point_is_the_same_alone_and_among_others() {
    let cell = Cell::from_seed(3, Zyx::splat(1500.0));
    let whole = cell.near(&BoxNm::new(Zyx::splat(0.0), Zyx::splat(1500.0)));
    for i in 0..1500 {
        let point = Zyx::new(f64::from(i * 7 % 1500), f64::from(i * 11 % 1500), f64::from(i * 13 % 1500));
        let part = whole.narrowed(&BoxNm::about(point, Zyx::splat(90.0)));
        assert_eq!(part.sample(point), whole.sample(point));
        assert_eq!(cell.sample(point), whole.sample(point));
    }
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let small = PhantomSpec { shape: Zyx::new(70, 90, 75), ..PhantomSpec::default() };
    let written = |name: &str, threads: usize, spec: &PhantomSpec| {
        let path = folder.path().join(name);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(&path, spec, |_| ())).unwrap();
        digest(&path)
    };
    for format in [NgffVersion::V04, NgffVersion::V05] {
        let spec = PhantomSpec { format, ..small };
        let name = |threads| format!("{}_{threads}", format.name());
        assert_eq!(written(&name(1), 1, &spec), written(&name(3), 3, &spec), "{format}");
    }
    let other = PhantomSpec { seed: 2, ..small };
    assert_ne!(written("other", 2, &other), digest(&folder.path().join("0.4_1")), "another seed is another cell");
}

#[test]
fn both_formats_hold_equal_voxels() {
    let (v2, v3) = (dataset(NgffVersion::V04), dataset(NgffVersion::V05));
    let mut groups = label_groups(&v2);
    assert_eq!(groups, label_groups(&v3));
    groups.push(RAW.to_owned());
    for group in groups {
        let (old, new) = (read(&v2.join(&group)), read(&v3.join(&group)));
        assert_eq!(old.len(), new.len(), "{group}");
        for (a, b) in old.iter().zip(&new) {
            let (a_level, b_level) = (&a.0.levels()[a.1], &b.0.levels()[b.1]);
            assert_eq!(a_level.shape, b_level.shape, "{group}");
            assert_eq!(a_level.world_from_voxel, b_level.world_from_voxel, "{group}");
            assert_eq!(a.2, b.2, "{group} s{}", a.1);
        }
    }
}

#[test]
fn classes_are_disjoint_and_complete() {
    let path = dataset(NgffVersion::V04);
    let labels: HashMap<&str, Vec<u64>> = CLASSES
        .iter()
        .map(|class| (class.name, read_level(&path.join(CROPS).join("crop1").join(class.name), 0).2))
        .collect();
    let at = |class: &str, i: usize| u64::from(labels[class][i] != 0);
    let leaves = ["cyto", "ecs", "er", "golgi", "lyso", "mito", "nuc", "pm", "ves"];
    for i in 0..labels["cell"].len() {
        assert_eq!(leaves.iter().map(|class| at(class, i)).sum::<u64>(), 1, "voxel {i} is of one class");
        assert_eq!(at("mito_lum", i) + at("mito_mem", i), at("mito", i));
        assert_eq!(at("cell", i), 1 - at("ecs", i));
        for (part, whole) in [("er_mem", "er"), ("hchrom", "nuc"), ("ne", "nuc"), ("np", "ne")] {
            assert!(at(part, i) <= at(whole, i), "{part} lies in {whole}");
        }
    }
    for class in CLASSES {
        let distinct: std::collections::BTreeSet<u64> = labels[class.name].iter().copied().collect();
        assert!(distinct.len() >= 2, "{} is in crop1", class.name);
        assert!(class.instances || distinct.len() == 2, "{} is 0 or 1", class.name);
    }
}

#[test]
fn labels_lie_on_what_they_name() {
    let path = dataset(NgffVersion::V05);
    let (raw, _, grey) = read_level(&path.join(RAW), 0);
    let (raw_shape, raw_grid) = (raw.levels()[0].shape.map(|n| n as i64), raw.levels()[0].world_from_voxel);
    for crop in ["crop1", "crop4"] {
        let (labels, _, ids) = read_level(&path.join(CROPS).join(crop).join("er"), 0);
        let (_, _, membrane) = read_level(&path.join(CROPS).join(crop).join("er_mem"), 0);
        let level = &labels.levels()[0];
        let (mut lumen, mut wall) = (Vec::new(), Vec::new());
        for (i, (er, membrane)) in ids.iter().zip(&membrane).enumerate() {
            let (plane, row) = ((level.shape.y * level.shape.x) as usize, level.shape.x as usize);
            let voxel = Zyx::new((i / plane) as f64, (i % plane / row) as f64, (i % row) as f64);
            let world = level.world_from_voxel.world_from_voxel(voxel);
            let at = raw_grid.voxel_containing(world);
            let value = grey[((at.z * raw_shape.y + at.y) * raw_shape.x + at.x) as usize] as f64;
            if *membrane != 0 {
                wall.push(value);
            } else if *er != 0 {
                lumen.push(value);
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(lumen.len() > 30 && wall.len() > 30, "{crop}");
        // A shift of one voxel would bring lumen and membrane to the same grey.
        assert!(mean(&wall) < mean(&lumen) - 20.0, "{crop}: {} {}", mean(&wall), mean(&lumen));
    }
}

#[test]
fn crops_are_laid_out_as_promised() {
    let path = dataset(NgffVersion::V04);
    let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in label_groups(&path) {
        let (crop, class) = group.rsplit_once('/').unwrap();
        classes.entry(crop.rsplit_once('/').unwrap().1.to_owned()).or_default().push(class.to_owned());
    }
    assert_eq!(classes.keys().collect::<Vec<_>>(), ["crop1", "crop2", "crop3", "crop4"]);
    assert_eq!(classes["crop2"], ["er", "mito", "ves"], "annotates only some classes");
    for crop in ["crop1", "crop3", "crop4"] {
        assert_eq!(classes[crop], CLASSES.iter().map(|class| class.name).collect::<Vec<_>>());
    }
    let raw = Volume::open(&path.join(RAW)).unwrap();
    let bounds = raw.bounds();
    for (crop, classes) in &classes {
        for class in classes {
            let volume = Volume::open(&path.join(CROPS).join(crop).join(class)).unwrap();
            let inside = volume.bounds().intersection(&bounds).extent_nm() - volume.bounds().extent_nm();
            assert!(inside.all(|d| d.abs() < 1e-6), "{crop}/{class} lies in the EM");
            assert!(volume.levels()[0].world_from_voxel.translation_nm.all(|t| t > 0.0));
            let instances = CLASSES.iter().any(|c| c.name == class && c.instances);
            assert_eq!(volume.dtype(), if instances { DType::U32 } else { DType::U8 });
        }
    }
    let half = Volume::open(&path.join(CROPS).join("crop4/mito")).unwrap().levels()[0].world_from_voxel;
    assert_eq!(half.voxel_size_nm, Zyx::splat(7.0));
    // Two half voxels share one whole one: their centres lie a quarter before and after its centre.
    let at = raw.levels()[0].world_from_voxel.voxel_from_world(half.translation_nm);
    assert!(at.all(|v| (v - v.floor() - 0.75).abs() < 1e-9), "{at}");
}

#[test]
fn the_catalog_opens_it_without_a_warning() {
    for format in [NgffVersion::V04, NgffVersion::V05] {
        let catalog = Catalog::open(&dataset(format)).unwrap();
        assert_eq!(catalog.warnings, Vec::<String>::new());
        let [dataset] = catalog.datasets.as_slice() else { panic!("one dataset") };
        assert_eq!(
            dataset.crops.iter().map(|crop| crop.name.as_str()).collect::<Vec<_>>(),
            ["crop1", "crop2", "crop3", "crop4"]
        );
        assert_eq!(dataset.class_names(), CLASSES.iter().map(|class| class.name).collect::<Vec<_>>());
        assert_eq!(dataset.raw.levels()[0].shape, spec(format).shape);
    }
}

#[test]
fn complement_counts_are_the_counts() {
    let path = dataset(NgffVersion::V04);
    for group in label_groups(&path) {
        let text = std::fs::read_to_string(path.join(&group).join("s0/.zattrs")).unwrap();
        let attributes: serde_json::Value = serde_json::from_str(&text).unwrap();
        let annotation = &attributes["cellmap"]["annotation"];
        let zeros = read_level(&path.join(&group), 0).2.iter().filter(|&&id| id == 0).count();
        assert_eq!(annotation["complement_counts"]["absent"], zeros, "{group}");
        assert_eq!(annotation["class_name"], group.rsplit_once('/').unwrap().1);
    }
}

#[test]
fn coarser_levels_are_means_and_modes_of_the_finer() {
    let path = dataset(NgffVersion::V05);
    for (group, mean) in [(RAW.to_owned(), true), (format!("{CROPS}/crop1/mito"), false)] {
        let levels = read(&path.join(&group));
        assert!(levels.len() >= 2, "{group}");
        for pair in levels.windows(2) {
            let shape = |i: usize| pair[i].0.levels()[pair[i].1].shape.map(|n| n as usize);
            let (fine, coarse) = (shape(0), shape(1));
            assert_eq!(coarse, fine.map(|n| n / 2));
            for (i, &value) in pair[1].2.iter().enumerate().step_by(7) {
                let (z, y, x) = (i / (coarse.y * coarse.x), i / coarse.x % coarse.y, i % coarse.x);
                let eight = (0..8).map(|k| {
                    let (z, y, x) = (2 * z + k / 4, 2 * y + k / 2 % 2, 2 * x + k % 2);
                    pair[0].2[(z * fine.y + y) * fine.x + x]
                });
                if mean {
                    let exact = eight.sum::<u64>() as f64 / 8.0;
                    assert!((value as f64 - exact).abs() <= 0.5, "{group} {value} {exact}");
                } else {
                    let eight: Vec<u64> = eight.collect();
                    let count = |id: u64| eight.iter().filter(|&&other| other == id).count();
                    assert!(eight.iter().all(|&id| count(id) <= count(value)), "{group} {value} {eight:?}");
                }
            }
        }
    }
}

#[test]
fn chunks_of_nothing_are_absent() {
    let path = dataset(NgffVersion::V04);
    let (mut present, mut absent) = (0, 0);
    for group in label_groups(&path) {
        let volume = Volume::open(&path.join(&group)).unwrap();
        let cache = ChunkCache::new(0);
        let grid = volume.levels()[0].shape.map(|n| n.div_ceil(64));
        for i in 0..grid.product() {
            let chunk = Zyx::new(i / (grid.y * grid.x), i / grid.x % grid.y, i % grid.x);
            match volume.chunk(0, chunk, &cache).unwrap() {
                Some(chunk) => {
                    assert!(ids(&chunk.data).iter().any(|&id| id != 0), "{group} {i} is stored, but only zeros");
                    present += 1;
                }
                None => absent += 1,
            }
        }
    }
    assert!(present > 50 && absent > 10, "{present} {absent}");
}

#[test]
fn any_size_can_be_written_and_opened() {
    let folder = tempfile::tempdir().unwrap();
    let shapes = [Zyx::splat(1), Zyx::new(17, 33, 9), Zyx::new(1, 70, 3), Zyx::new(65, 64, 129)];
    for format in [NgffVersion::V04, NgffVersion::V05] {
        for (i, shape) in shapes.into_iter().enumerate() {
            let spec = PhantomSpec { shape, format, ..PhantomSpec::anisotropic(8) };
            let path = folder.path().join(format!("{i}_{format}.zarr"));
            write(&path, &spec, |_| ()).unwrap();
            for group in label_groups(&path).into_iter().chain([RAW.to_owned()]) {
                for (volume, level, values) in read(&path.join(&group)) {
                    assert_eq!(values.len() as u64, volume.levels()[level].shape.product());
                }
            }
            let (_, _, raw) = read_level(&path.join(RAW), 0);
            assert!(raw.iter().all(|&v| v > 0), "the EM has no zeros");
        }
    }
}

#[test]
fn impossible_specs_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zarr");
    let zero = PhantomSpec { shape: Zyx::new(4, 0, 4), ..PhantomSpec::default() };
    let negative = PhantomSpec { voxel_size_nm: Zyx::new(8.0, -8.0, 8.0), ..PhantomSpec::default() };
    for (spec, key) in [(zero, "phantom.shape"), (negative, "phantom.voxel_size_nm")] {
        let error = write(&path, &spec, |_| ()).unwrap_err();
        assert!(matches!(&error, Error::Config { key: k, .. } if k == key), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_dataset_is_complete_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zarr");
    let tiny = PhantomSpec { shape: Zyx::splat(20), ..PhantomSpec::default() };
    // What a killed run leaves.
    let partial = folder.path().join(".x.zarr.partial");
    std::fs::create_dir_all(partial.join("recon-1")).unwrap();
    std::fs::write(partial.join("recon-1/rest"), "of a killed run").unwrap();
    let (last, total) = (AtomicU64::new(0), AtomicU64::new(0));
    write(&path, &tiny, |progress| {
        assert!(!path.exists(), "nothing is there to open before it is complete");
        last.fetch_max(progress.done, Ordering::Relaxed);
        total.store(progress.total, Ordering::Relaxed);
    })
    .unwrap();
    assert!(!path.join("recon-1/rest").exists(), "the rest of the killed run is gone");
    assert_eq!(last.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["x.zarr"]);
    // A second time it is left as it is.
    let before = digest(&path);
    let error = write(&path, &PhantomSpec { seed: 5, ..tiny }, |_| ()).unwrap_err();
    assert!(matches!(&error, Error::Io { action: "create", .. }), "{error}");
    assert_eq!(digest(&path), before);
}

#[test]
fn two_writers_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zarr");
    let tiny = PhantomSpec { shape: Zyx::splat(20), ..PhantomSpec::default() };
    let refused = AtomicU64::new(0);
    write(&path, &tiny, |_| {
        let error = write(&path, &tiny, |_| ()).unwrap_err().to_string();
        assert!(error.contains("another process is writing it"), "{error}");
        refused.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    assert!(refused.load(Ordering::Relaxed) > 0);
    assert!(Volume::open(&path.join(RAW)).is_ok());
}
