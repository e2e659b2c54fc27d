//! `bench-instructions FOLDER`: does every hot loop once on a fixed phantom, and prints what came out as CSV with a checksum.
//!
//! `instructions.sh` runs it under callgrind, which counts between [`count_from_here`] and [`count_until_here`]; `dispatch.sh` runs it on an
//! emulated processor without AVX2, where every checksum has to be the same.

use std::hash::Hasher as _;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use microtome_benches::kinds::{Kind, volume};
use microtome_benches::quieten;
use microtome_core::catalog::Catalog;
use microtome_core::geometry::{Axis, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::loader::{Batch, Encoding, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::sample::{AugmentPlan, Request};
use microtome_core::volume::{Buffer, Caches, ClassBundle, PatchOut, Resample, Volume, read_bundle, read_patch};
use microtome_core::with_buffer;

/// Just so many that they are written past the caches, as whole patches of a batch are.
const SHAPE: Zyx<usize> = Zyx { z: 64, y: 128, x: 128 };
/// Voxels a side of the volumes.
const SIDE: u64 = 256;
/// Raw and these eight are what the peers were measured with.
const CLASSES: [&str; 8] = ["cyto", "ecs", "er", "lyso", "mito", "nuc", "pm", "ves"];
/// The crop of the phantom in which every class is labelled.
const CROP: &str = "crop1";

/// Gathers and encodes, each case once out of full caches.
#[derive(Parser)]
struct Args {
    /// Where the phantom is, or is written
    folder: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let dataset = Args::parse().folder.join("phantom.zarr");
    if !dataset.exists() {
        write(&dataset, &PhantomSpec { shape: Zyx::splat(SIDE), ..PhantomSpec::default() }, |_| ())?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "case,voxels,checksum")?;
    let mut say = |case: &str, voxels: usize, sum: u64| writeln!(out, "{case},{voxels},{sum:016x}");
    gathers(&mut say)?;
    bundle(&dataset, &mut say)?;
    loader(&dataset, &mut say)?;
    Ok(())
}

/// Callgrind counts from here on.
#[inline(never)]
fn count_from_here() {
    black_box(());
}

/// Callgrind writes down what it counted. Not the same code as [`count_from_here`], or they would become one function.
#[inline(never)]
fn count_until_here() {
    black_box(1);
}

/// Does it once to fill the caches, and once counted.
fn twice(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    work()?;
    count_from_here();
    let done = work();
    count_until_here();
    done
}

type Say<'a> = &'a mut dyn FnMut(&str, usize, u64) -> std::io::Result<()>;

/// Patches of each kind, out of the volume of the bench `gather`: of the phantom one at half its resolution would be copied
/// from the next level.
fn gathers(say: Say<'_>) -> anyhow::Result<()> {
    let (volume, caches) = (volume(SIDE)?, Caches::new(1 << 30, 64 << 20));
    let (mut floats, mut bytes) = (vec![0_f32; SHAPE.product()], vec![0_u8; SHAPE.product()]);
    for kind in Kind::all() {
        let grid = kind.patch(&volume, SHAPE);
        let read = |out: PatchOut<'_>| -> anyhow::Result<()> {
            read_patch(&volume, &grid, Resample::Area, &caches, out, None)?;
            Ok(())
        };
        twice(|| read(PatchOut::F32(&mut floats)))?;
        say(&format!("{}/f32", kind.name), floats.len(), sum(&Buffer::F32(floats.clone())))?;
        twice(|| read(PatchOut::U8(&mut bytes)))?;
        say(&format!("{}/u8", kind.name), bytes.len(), sum(&Buffer::U8(bytes.clone())))?;
        twice(|| read(PatchOut::Ids8(&mut bytes)))?;
        say(&format!("{}/ids8", kind.name), bytes.len(), sum(&Buffer::U8(bytes.clone())))?;
    }
    Ok(())
}

/// Eight classes at once, a bit for each, as they are stored and turned.
fn bundle(dataset: &Path, say: Say<'_>) -> anyhow::Result<()> {
    let labels = dataset.join("recon-1/labels/groundtruth").join(CROP);
    let volumes = CLASSES.map(|class| Volume::open(&labels.join(class)));
    let volumes = volumes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let caches = Caches::new(1 << 30, 64 << 20);
    let (bundle, _) = ClassBundle::group(&volumes.iter().collect::<Vec<_>>(), &caches.chunks)
        .into_iter()
        .next()
        .context("the classes have no geometry in common")?;
    let level = &bundle.volume().levels()[0];
    let middle = level.world_from_voxel.world_from_voxel(level.shape.map(|n| (n as f64 - 1.0) / 2.0));
    let turned = Orientation { source: Zyx::new(Axis::Z, Axis::X, Axis::Y), ..Orientation::IDENTITY };
    let mut bits = vec![0_u8; SHAPE.product()];
    for (name, orientation) in [("copied/bits8", Orientation::IDENTITY), ("transposed_yx/bits8", turned)] {
        let grid = PatchGrid {
            center_nm: middle,
            shape: SHAPE,
            voxel_size_nm: level.voxel_size_nm(),
            orientation,
            warp: Warp::NONE,
        };
        twice(|| {
            read_bundle(&bundle, &grid, &caches, |slab| bits[slab.voxels.clone()].copy_from_slice(slab.present))?;
            Ok(())
        })?;
        say(name, bits.len(), sum(&Buffer::U8(bits.clone())))?;
    }
    Ok(())
}

/// A whole sample of raw and eight classes by the loader's own code, in each encoding of labels.
fn loader(dataset: &Path, say: Say<'_>) -> anyhow::Result<()> {
    let catalog = Arc::new(Catalog::open(dataset)?);
    let encodings = [("u8", Encoding::U8), ("f32", Encoding::F32), ("ids", Encoding::Ids), ("bits", Encoding::Bits)];
    for (name, encoding) in encodings {
        let loader = Loader::new(Arc::clone(&catalog), config(&catalog, encoding))?;
        let request = request(&loader)?;
        quieten(&loader);
        let mut batch: Option<Batch> = None;
        twice(|| {
            batch = Some(loader.look(&request)?);
            Ok(())
        })?;
        let batch = batch.context("there is no sample")?;
        let mut hasher = std::hash::DefaultHasher::new();
        for array in batch.arrays.iter() {
            hasher.write_u64(sum(&array.data));
            hasher.write(array.known.as_deref().unwrap_or_default());
            array.known_bits.iter().flatten().for_each(|bits| hasher.write_u64(*bits));
        }
        say(&format!("sample/{name}"), SHAPE.product(), hasher.finish())?;
    }
    Ok(())
}

/// Raw as bytes, and eight classes.
fn config(catalog: &Catalog, encoding: Encoding) -> LoaderConfig {
    let mut config = LoaderConfig::for_catalog(catalog);
    config.input.values_mut().for_each(|array| (array.shape, array.encoding) = (SHAPE, Encoding::U8));
    config.target.values_mut().for_each(|array| (array.shape, array.encoding) = (SHAPE, encoding));
    config.data.classes = CLASSES.map(str::to_owned).to_vec();
    (config.loader.batch_size, config.loader.threads) = (1, 1);
    config
}

/// The first sample of the epoch that is drawn from the crop with every class, as it is stored.
fn request(loader: &Loader) -> anyhow::Result<Request> {
    for index in 0..loader.samples_per_epoch() {
        let request = loader.draw(0, index)?;
        let crop =
            request.crop_index.map(|crop| loader.catalog().datasets[request.dataset_index].crops[crop].name.as_str());
        if crop == Some(CROP) {
            return Ok(AugmentPlan::NOTHING.applied_to(&request));
        }
    }
    anyhow::bail!("no sample of {CROP} was drawn")
}

/// A checksum of elements, the same in every run.
fn sum(data: &Buffer) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    with_buffer!(data, elements => hasher.write(bytemuck::cast_slice(elements)));
    hasher.finish()
}
