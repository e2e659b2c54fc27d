//! `microtome info`: what is in a dataset, as a page or as JSON.

use std::path::PathBuf;

use microtome::format;
use microtome_core::catalog::{self, CatalogInfo, DatasetInfo, DiskUse, ImageInfo, LevelInfo, Split};
use microtome_core::geometry::{BoxNm, Zyx};

use super::output::Output;
use super::{arguments, counts, input, table};

/// Say what is in a dataset: levels, voxel sizes, chunks, codecs, label crops and classes
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome info jrc_hela-2.zarr\n  \
    microtome info jrc_hela-2.zarr --json | jq '.datasets[0].raw.levels[0].shape'\n  \
    microtome info train.toml --counts --split validate\n\n\
    Everything is in z, y, x. Sizes and positions are nanometres; an offset is the centre of voxel 0. \"Conforms\" is the \
    verdict of the OME-NGFF specification on the metadata; much that does not conform can still be opened. \
    A configuration's training crops that overlap what it validates on, or lie nearer than half a patch, are warned of. \
    Nothing is written into data; without --counts no voxel is read.")]
pub struct Args {
    /// Dataset (OME-Zarr, CellMap, or a folder of them) or configuration (.toml)
    #[arg(value_name = "PATH|CONFIG")]
    path: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Add up the files of every array (lists every chunk: slow on large stores)
    #[arg(long)]
    disk: bool,
    /// Instead: how much of each class there is, per crop and in all, with class weights (what metadata do not say is
    /// counted once, by reading the labels, and remembered in the user's cache folder)
    #[arg(long, conflicts_with = "disk")]
    counts: bool,
    /// Which data of the configuration: train or validate
    #[arg(long, value_name = "SPLIT", default_value = "train", value_parser = arguments::split)]
    split: Split,
}

/// Describes and prints.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    let opened = input::open(&args.path, args.split)?;
    let catalog = &opened.catalog;
    if args.counts {
        let table = counts::count(catalog)?;
        let counts = counts::Counts::new(catalog, &table);
        return if args.json { out.json(&counts) } else { out.text(&counts.page()) };
    }
    let disk = if args.disk { DiskUse::Measure } else { DiskUse::Skip };
    let mut info = catalog::describe(catalog, disk);
    if args.split == Split::Train {
        info.warnings.extend(input::leaks(&opened)?);
    }
    if args.json { out.json(&info) } else { out.text(&page(&info)) }
}

fn page(info: &CatalogInfo) -> String {
    let mut lines: Vec<String> = info.datasets.iter().flat_map(dataset).collect();
    lines.extend(info.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn dataset(info: &DatasetInfo) -> Vec<String> {
    let mut lines = vec![info.name.clone(), format!("  em      {}", info.raw.path)];
    lines.extend(image(&info.raw, "    "));
    for crop in &info.crops {
        lines.push(format!("  {}   {}", crop.name, extent(&crop.bounds_nm)));
        for class in &crop.classes {
            lines.push(format!("    {}", class.class));
            lines.extend(image(&class.labels, "      "));
        }
    }
    if !info.classes.is_empty() {
        lines.push(format!("  classes {}", info.classes.join(", ")));
    }
    lines.push(String::new());
    lines
}

fn image(info: &ImageInfo, indent: &str) -> Vec<String> {
    let is_measured = info.levels.iter().any(|level| level.stored_bytes.is_some());
    let on_disk = if is_measured { "on disk" } else { "" };
    let head = ["level", "voxels z, y, x", "voxel nm", "offset nm", "chunk", "in memory", on_disk].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(info.levels.iter().map(row)).collect();
    let lines = table::aligned(&rows);
    [standing(info).as_str()].into_iter().chain(lines.lines()).map(|line| format!("{indent}{line}")).collect()
}

/// Element type, format and verdict, in a line.
fn standing(info: &ImageInfo) -> String {
    let first = info.levels.first();
    let zarr = first.map_or(String::new(), |level| format!("Zarr v{}", level.zarr_format));
    let codecs = first.map_or(String::new(), |level| level.codecs.join(" + "));
    let ngff = match (&info.ngff_version, &info.ngff) {
        (_, None) => "bare array, no OME-NGFF".to_owned(),
        (version, Some(conformance)) => {
            let version = version.as_deref().unwrap_or("without a version");
            let verdict = match conformance.problems.first() {
                None => "conforms".to_owned(),
                Some(problem) => format!("does not conform: {problem}"),
            };
            format!("OME-NGFF {version}, {verdict}")
        }
    };
    [info.dtype.name().to_owned(), zarr, codecs, ngff]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn row(level: &LevelInfo) -> [String; 7] {
    let chunk = match level.shard_shape {
        Some(shard) => format!("{} in {}", times(level.chunk_shape), times(shard)),
        None => times(level.chunk_shape),
    };
    [
        if level.name.is_empty() { "-".to_owned() } else { level.name.clone() },
        times(level.shape),
        times(level.voxel_size_nm),
        list(level.translation_nm),
        chunk,
        format::bytes(level.decoded_bytes),
        level.stored_bytes.map(format::bytes).unwrap_or_default(),
    ]
}

fn extent(bounds: &BoxNm) -> String {
    format!("{} nm at {} nm", times(bounds.extent_nm()), list(bounds.lo))
}

fn times<T: std::fmt::Display>(value: Zyx<T>) -> String {
    value.map(|v| v.to_string()).to_array().join(" x ")
}

fn list<T: std::fmt::Display>(value: Zyx<T>) -> String {
    value.map(|v| v.to_string()).to_array().join(", ")
}
