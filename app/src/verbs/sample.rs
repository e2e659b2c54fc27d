//! `microtome sample`: crops as files, each with where it came from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use microtome::format;
use microtome_core::catalog::{Catalog, Split};
use microtome_core::geometry::Warp;
use microtome_core::loader::{Batch, BatchArray, Loader, Provenance, Role, SourceReport};
use microtome_core::volume::{Buffer, DType};
use microtome_core::write::write_npy;
use serde::Serialize;

use super::interrupt::Interrupt;
use super::output::Output;
use super::table::aligned;
use super::{arguments, input};

/// Write crops as .npy files, each with a JSON of where it came from
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome sample train.toml --count 16 --seed 7 --out crops/\n  \
    microtome sample train.toml --split validate --list --out crops/\n  \
    python -c \"import numpy; print(numpy.load('crops/000000.raw.npy').shape)\"\n\n\
    Files of sample 0, for an input `raw` and a target `labels`:\n  \
    000000.raw.npy           (channel, z, y, x)\n  \
    000000.labels.npy        (class, z, y, x), classes as configured\n  \
    000000.labels.known.npy  1 where the label is known, 0 where nobody annotated (bits: a bit per class)\n  \
    000000.json              dataset, world box (nm), levels, seed, every random draw, files\n\n\
    Same configuration and seed, same bytes: on any machine, for any number of threads.")]
pub struct Args {
    /// Configuration (.toml), or a dataset, then with a configuration that fits it
    #[arg(value_name = "CONFIG|PATH")]
    path: PathBuf,
    /// How many samples
    #[arg(long, short = 'n', value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Seed; the configuration's own if left out
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Which data of the configuration: train or validate
    #[arg(long, value_name = "SPLIT", default_value = "train", value_parser = arguments::split)]
    split: Split,
    /// Folder to write into; made if absent
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Write into a folder that is not empty; files of the same names are replaced
    #[arg(long)]
    force: bool,
    /// Say of each sample, in a line, where it lies and everything that was drawn for it
    #[arg(long)]
    list: bool,
}

/// The JSON beside the arrays of one sample.
#[derive(Serialize)]
struct Record<'a> {
    dataset_path: &'a str,
    augmentation: Augmentation,
    #[serde(flatten)]
    provenance: &'a Provenance,
    arrays: Vec<ArrayRecord<'a>>,
}

/// The orientation in words: patch axes z, y, x run along these axes of the volume, mirrored or not; then what bends the
/// patch beyond that (scale, shear, rotation).
#[derive(Serialize)]
struct Augmentation {
    transpose: [&'static str; 3],
    mirror: [bool; 3],
    #[serde(flatten)]
    warp: Warp,
}

#[derive(Serialize)]
struct ArrayRecord<'a> {
    name: &'a str,
    role: Role,
    /// Of its channels, or of its bits from the lowest.
    classes: &'a [String],
    file: String,
    known_file: Option<String>,
    dtype: &'static str,
    shape: [usize; 4],
}

/// Draws and writes.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    let interrupt = Interrupt::listen();
    let input::Input { catalog, mut config } = input::open(&args.path, args.split)?;
    config.loader.seed = args.seed.unwrap_or(config.loader.seed);
    // Nobody waits for a full batch when fewer samples are wanted; what a sample holds does not depend on the batch.
    config.loader.batch_size = config.loader.batch_size.min(usize::try_from(args.count).unwrap_or(usize::MAX)).max(1);
    check_names(config.input.keys().chain(config.target.keys()))?;
    claim(&args.out, args.force)?;
    let loader = Loader::new(catalog.clone(), config)?;
    let (mut written, mut bytes) = (0, 0);
    while written < args.count {
        let batch = loader.next_batch()?;
        for sample in 0..batch.provenance.len() {
            if written == args.count || interrupt.asked() {
                break;
            }
            bytes += write_sample(&args.out, written, &batch, sample, &catalog)?;
            if args.list {
                out.line(&format!("{written:06} {}", format::drawn::line(&batch.provenance[sample])))?;
            }
            written += 1;
        }
        if interrupt.asked() {
            bail!("stopped after {} in {}", format::counted(written, "sample", "samples"), args.out.display());
        }
    }
    if args.list {
        out.text(&remarkable_sources(&loader.sources_report()))?;
    }
    let samples = format::counted(written, "sample", "samples");
    out.line(&format!("wrote {samples} ({}) to {}", format::bytes(bytes), args.out.display()))
}

/// A line for every crop that nothing is drawn from, that is padded, or some of whose raw is not there.
fn remarkable_sources(sources: &[SourceReport]) -> String {
    let remark = |source: &SourceReport| {
        let crop = source.crop.as_ref().map(|crop| format!("/{crop}")).unwrap_or_default();
        let left_out = source.left_out.map(|reason| format!("left out: {}", reason.words()));
        let padded = source.is_small.then(|| "padded: smaller than a patch".to_owned());
        let absent = (source.samples_without_raw > 0)
            .then(|| format!("raw not in the store for {} of {} samples", source.samples_without_raw, source.samples));
        let remarks: Vec<_> = [left_out, padded, absent].into_iter().flatten().collect();
        (!remarks.is_empty()).then(|| [format!("{}{crop}", source.dataset), remarks.join("; ")])
    };
    aligned(&sources.iter().filter_map(remark).collect::<Vec<_>>())
}

/// Names of arrays become names of files.
fn check_names<'a>(mut names: impl Iterator<Item = &'a String>) -> anyhow::Result<()> {
    let is_plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match names.find(|name| !is_plain(name)) {
        Some(name) => bail!("array {name:?} cannot name a file; use letters, digits, `_` and `-`"),
        None => Ok(()),
    }
}

/// Makes the folder; refuses one with something in it, and any place inside a dataset.
fn claim(folder: &Path, force: bool) -> anyhow::Result<()> {
    input::refuse_inside_data(&folder.join("0"))?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let mut entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    if !force && entries.next().is_some() {
        bail!("the folder is not empty; name another one, or say --force to replace files in it: {}", folder.display());
    }
    Ok(())
}

/// Writes the arrays of one sample, then its record; answers the bytes of the arrays.
fn write_sample(folder: &Path, number: u64, batch: &Batch, sample: usize, catalog: &Catalog) -> anyhow::Result<u64> {
    let mut arrays = Vec::new();
    let mut bytes = 0;
    for array in &batch.arrays {
        let (record, written) = write_array(folder, number, array, sample)?;
        arrays.push(record);
        bytes += written;
    }
    let provenance = &batch.provenance[sample];
    let orientation = provenance.grid.orientation;
    let augmentation = Augmentation {
        transpose: orientation.source.map(|axis| axis.name()).to_array(),
        mirror: orientation.mirror.to_array(),
        warp: provenance.grid.warp,
    };
    let dataset_path = catalog.datasets.get(provenance.dataset_index).map_or("", |dataset| dataset.raw.path());
    let record = Record { dataset_path, augmentation, provenance, arrays };
    let path = folder.join(format!("{number:06}.json"));
    let text = serde_json::to_string_pretty(&record)? + "\n";
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(bytes)
}

fn write_array<'a>(
    folder: &Path,
    number: u64,
    array: &'a BatchArray,
    sample: usize,
) -> anyhow::Result<(ArrayRecord<'a>, u64)> {
    let [_, channels, z, y, x] = array.shape;
    let shape = [channels, z, y, x];
    let len = channels * z * y * x;
    let voxels = slice_bytes(&array.data, sample, len);
    let file = format!("{number:06}.{}.npy", array.name);
    write_npy(&folder.join(&file), array.data.dtype(), &shape, voxels)?;
    let mut bytes = voxels.len();
    let mut known_file = None;
    let bits = array.known_bits.as_deref().map(|known| (DType::U64, bytemuck::cast_slice(known)));
    if let Some((mask_dtype, known)) = array.known.as_deref().map(|known| (DType::U8, known)).or(bits) {
        let name = format!("{number:06}.{}.known.npy", array.name);
        let mask_bytes = len * mask_dtype.size_bytes();
        let mask = &known[sample * mask_bytes..(sample + 1) * mask_bytes];
        write_npy(&folder.join(&name), mask_dtype, &shape, mask)?;
        bytes += mask_bytes;
        known_file = Some(name);
    }
    let dtype = array.data.dtype().name();
    let classes = &array.classes;
    let record = ArrayRecord { name: &array.name, role: array.role, classes, file, known_file, dtype, shape };
    Ok((record, bytes as u64))
}

/// The bytes of one sample of a batch's array.
fn slice_bytes(data: &Buffer, sample: usize, len: usize) -> &[u8] {
    let sample_bytes = len * data.dtype().size_bytes();
    &data.as_bytes()[sample * sample_bytes..(sample + 1) * sample_bytes]
}
