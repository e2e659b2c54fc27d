//! What became of every crop: drawn from or left out and why, how often, and what of its raw is not there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::sample::{Fate, LeftOut, Request, Sampler, Source};

/// A row of the table of sources: a label crop, or a whole volume without crops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// Its name.
    pub dataset: String,
    /// Index of the label crop in the dataset.
    pub crop_index: Option<usize>,
    /// Name of the crop; `None` for a whole volume.
    pub crop: Option<String>,
    /// Why nothing is drawn here, if so.
    pub left_out: Option<LeftOut>,
    /// Positions of patches that are not transposed; of a grid, its tiles.
    pub positions: u128,
    /// It is smaller than a patch on some axis, so that its samples are padded.
    pub is_small: bool,
    /// Samples read here so far, those that were replaced among them.
    pub samples: u64,
    /// Of these, samples some of whose raw is not in the store.
    pub samples_without_raw: u64,
    /// Chunks of raw that these samples touched and that are not in the store, each as often as it was touched.
    pub absent_raw_chunks: u64,
}

/// The table as it is counted.
#[derive(Debug)]
pub(super) struct Sources {
    rows: Vec<Row>,
    /// Row by dataset and crop.
    by_place: HashMap<(usize, Option<usize>), usize>,
}

#[derive(Debug)]
struct Row {
    /// Indices of dataset and crop.
    place: (usize, Option<usize>),
    dataset: String,
    crop: Option<String>,
    fate: Fate,
    samples: AtomicU64,
    samples_without_raw: AtomicU64,
    absent_raw_chunks: AtomicU64,
}

impl Sources {
    /// Every source of a catalog, and what `sampler` makes of it.
    pub(super) fn new(catalog: &Catalog, sampler: &Sampler) -> Self {
        let place = |source: &Source| (source.dataset_index, source.crop_index);
        let drawn = sampler.sources().iter().enumerate().map(|(index, source)| (place(source), sampler.fate(index)));
        let not_named = sampler.not_named().iter().map(|source| (place(source), Fate::LeftOut(LeftOut::NotNamed)));
        let fates: HashMap<_, _> = drawn.chain(not_named).collect();
        let row = |source: Source| Row {
            place: place(&source),
            fate: fates.get(&place(&source)).copied().unwrap_or(Fate::LeftOut(LeftOut::NoWantedClass)),
            dataset: source.dataset,
            crop: source.crop,
            samples: AtomicU64::new(0),
            samples_without_raw: AtomicU64::new(0),
            absent_raw_chunks: AtomicU64::new(0),
        };
        let all = Source::of_catalog(catalog, &[]);
        let by_place = all.iter().enumerate().map(|(index, source)| (place(source), index)).collect();
        Self { rows: all.into_iter().map(row).collect(), by_place }
    }

    /// Counts a sample that was read; true if it is the first of its source some of whose raw is not there.
    pub(super) fn count(&self, request: &Request, absent_raw_chunks: u64) -> bool {
        let place = (request.dataset_index, request.crop_index);
        let Some(row) = self.by_place.get(&place).map(|index| &self.rows[*index]) else { return false };
        row.samples.fetch_add(1, Ordering::Relaxed);
        if absent_raw_chunks == 0 {
            return false;
        }
        row.absent_raw_chunks.fetch_add(absent_raw_chunks, Ordering::Relaxed);
        row.samples_without_raw.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// The table now; `sampler` knows by now what is in the sources, if its strategy asks for that.
    pub(super) fn report(&self, sampler: Option<&Sampler>) -> Vec<SourceReport> {
        let by_content: HashMap<_, _> = sampler
            .into_iter()
            .flat_map(|sampler| sampler.left_out_by_content().map(|(index, why)| (&sampler.sources()[index], why)))
            .map(|(source, why)| ((source.dataset_index, source.crop_index), why))
            .collect();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let report = |row: &Row| {
            let (left_out, positions, is_small) = match (row.fate, by_content.get(&row.place)) {
                (Fate::LeftOut(reason), _) => (Some(reason), 0, false),
                (Fate::Drawn { positions, is_small }, why) => (why.copied(), positions, is_small),
            };
            SourceReport {
                dataset_index: row.place.0,
                dataset: row.dataset.clone(),
                crop_index: row.place.1,
                crop: row.crop.clone(),
                left_out,
                positions,
                is_small,
                samples: read(&row.samples),
                samples_without_raw: read(&row.samples_without_raw),
                absent_raw_chunks: read(&row.absent_raw_chunks),
            }
        };
        self.rows.iter().map(report).collect()
    }

    /// How many sources are left out, by reason, and how many are smaller than a patch, in words.
    pub(super) fn summary(&self) -> Option<String> {
        let left_out = |reason| self.rows.iter().filter(|row| row.fate == Fate::LeftOut(reason)).count();
        let of_reason = |reason: &LeftOut| (left_out(*reason), format!("left out: {}", reason.words()));
        let small = self.rows.iter().filter(|row| matches!(row.fate, Fate::Drawn { is_small: true, .. })).count();
        let counts = LeftOut::ALL.iter().map(of_reason).chain([(small, "padded: smaller than a patch".to_owned())]);
        let words: Vec<_> = counts.filter(|(count, _)| *count > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!words.is_empty()).then(|| format!("of {} crops and volumes, {}", self.rows.len(), words.join("; ")))
    }
}
