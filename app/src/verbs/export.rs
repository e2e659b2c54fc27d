//! `microtome export`: a box of the EM or of labels, as it is stored, in a file that other programs read.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use microtome::format;
use microtome_core::catalog::{Catalog, Split};
use microtome_core::geometry::{BoxNm, Zyx};
use microtome_core::volume::{ChunkCache, Volume};
use microtome_core::write::{Export, Format, export};

use super::interrupt::Interrupt;
use super::output::Output;
use super::{arguments, input};

/// Decoded chunks that are kept: those that two parts share.
const CACHE_BYTES: u64 = 256 << 20;

/// Write a box of the EM or of labels as NumPy, TIFF or OME-Zarr
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome export jrc_hela-2.zarr --level 2 --out overview.tif\n  \
    microtome export jrc_hela-2.zarr --box 0:1024,2000:3024,2000:3024 --out box.npy\n  \
    microtome export jrc_hela-2.zarr --volume crop1/mito --out mito.zarr\n  \
    microtome export jrc_hela-2.zarr --chunk 32,32,32 --out small-chunks.zarr   for small patches at random places\n\n\
    Voxels are written as they are stored, from one level, without resampling: those whose centres lie in the box. A \
    .tif carries the voxel size as Fiji reads it, a .zarr also the place in the world. The window exports what it shows \
    (File, Export the visible box…).")]
pub struct Args {
    /// Dataset (OME-Zarr, CellMap, or a folder of them) or configuration (.toml)
    #[arg(value_name = "PATH|CONFIG")]
    path: PathBuf,
    /// What to write: its ending, .npy, .tif or .zarr, says the format
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Which dataset, where PATH has several; otherwise the first
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// The EM, or the labels of one class of a crop
    #[arg(long, value_name = "em|CROP/CLASS", default_value = "em")]
    volume: String,
    /// Which level: 0 is the finest
    #[arg(long, value_name = "N", default_value_t = 0)]
    level: usize,
    /// The box in the world, nm: z, y, x, each from:to; without it everything
    #[arg(long = "box", value_name = "Z:Z,Y:Y,X:X", value_parser = arguments::box_nm, allow_hyphen_values = true)]
    box_nm: Option<BoxNm>,
    /// Voxels of a chunk of a .zarr: z, y, x
    #[arg(long, value_name = "Z,Y,X", default_value = "64,64,64", value_parser = arguments::chunk)]
    chunk: Zyx<u64>,
}

/// Reads and writes.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    Format::of_path(&args.out)?;
    let catalog = input::open(&args.path, Split::Train)?.catalog;
    let volume = volume(&catalog, args)?;
    let levels = volume.levels();
    let Some(level) = levels.get(args.level) else {
        bail!("--level {}: there are {}, from 0 on: {}", args.level, levels.len(), volume.path());
    };
    let bounds = level.bounds();
    let what = Export::of(&volume, args.level, args.box_nm.as_ref().unwrap_or(&bounds));
    let Some(what) = what.map(|what| Export { chunk_shape: args.chunk, ..what }) else {
        bail!("--box holds no voxel; level {} reaches from {} to {} nm (z, y, x)", args.level, bounds.lo, bounds.hi);
    };
    let interrupt = Interrupt::listen();
    let bar = bar();
    let is_written = export(&volume, &what, &args.out, &ChunkCache::new(CACHE_BYTES), |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        if interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    bar.finish_and_clear();
    if !is_written {
        bail!("broken off; nothing was written: {}", args.out.display());
    }
    let shape = what.voxels.shape().map(|n| n.to_string()).to_array().join(" x ");
    let (bytes, dtype) = (format::bytes(what.bytes(&volume)), volume.dtype());
    out.line(&format!("wrote {} ({shape} voxels z, y, x of {dtype}, {bytes})", args.out.display()))
}

/// The volume that the arguments name.
fn volume(catalog: &Catalog, args: &Args) -> anyhow::Result<Arc<Volume>> {
    let names = || catalog.datasets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>().join(", ");
    let is_asked_for = |name: &str| args.dataset.as_ref().is_none_or(|asked| asked == name);
    let dataset = catalog.datasets.iter().find(|set| is_asked_for(&set.name));
    let dataset = dataset.with_context(|| format!("--dataset: no such dataset; there is {}", names()))?;
    if args.volume == "em" {
        return Ok(Arc::clone(&dataset.raw));
    }
    let labels = dataset.crops.iter().flat_map(|crop| crop.classes.iter().map(move |labels| (crop, labels)));
    let mut named = labels.map(|(crop, labels)| (format!("{}/{}", crop.name, labels.class), &labels.volume));
    match named.clone().find(|(name, _)| *name == args.volume) {
        Some((_, volume)) => Ok(Arc::clone(volume)),
        None => {
            let first = named.next().map_or(String::new(), |(name, _)| format!(", or labels such as {name}"));
            bail!("--volume {:?}: no such volume in {}; say em{first}", args.volume, dataset.name)
        }
    }
}

fn bar() -> ProgressBar {
    // The template is a constant; should it ever be wrong the plain bar does.
    let style = ProgressStyle::with_template("writing {bar:30} {percent} % {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
