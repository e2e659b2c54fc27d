//! Surveys of arrays, kept in a folder of the user's choice, one small file per array and voxel grid.
//!
//! A file holds for an array of the same path, shape, meaning of values and size on disk, and for the same grid; one that
//! is missing, old or broken is made again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::ClassLabels;
use super::count_cache::{Fingerprint, refuse_inside_data};
use super::counts::ClassCount;
use super::occupancy::{Occupancy, OccupiedBlock};
use super::survey::SurveyBox;
use crate::Result;

/// A folder of surveys.
#[derive(Debug)]
pub(super) struct SurveyCache {
    folder: PathBuf,
}

/// The place of one survey in the folder.
#[derive(Debug)]
pub(super) struct Entry {
    file: PathBuf,
    /// What it was made of, word by word the first record of the file.
    made_of: [String; 3],
}

/// The second record: present, absent and unknown voxels.
type Counts = (u64, u64, u64);
/// Every further record: block, voxels in it, and four of them.
type Block = (u32, u32, u32, u32, u32, u32);

impl SurveyCache {
    /// # Errors
    /// [`crate::Error::Io`] for a folder inside a dataset: nothing is ever written there.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        refuse_inside_data(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// `None` if the array's files cannot be listed.
    pub(super) fn entry(&self, labels: &ClassLabels, place: &SurveyBox) -> Option<Entry> {
        let Fingerprint { path, state } = Fingerprint::of(labels)?;
        let grid = place.world_from_voxel;
        let grid = format!("{} voxels of {} nm from {} nm", place.shape, grid.voxel_size_nm, grid.translation_nm);
        let made_of = [path, state, grid];
        // Only the name of the file; whose it is says its first record.
        let mut hasher = DefaultHasher::new();
        (&made_of[0], &made_of[2]).hash(&mut hasher);
        let file = self.folder.join(format!("survey-{:016x}.csv", hasher.finish()));
        Some(Entry { file, made_of })
    }

    /// The survey of an array that is as it was, on the same grid. The volume of a voxel is left 0.
    pub(super) fn get(&self, labels: &ClassLabels, place: &SurveyBox) -> Option<(ClassCount, Occupancy)> {
        let entry = self.entry(labels, place)?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(&entry.file).ok()?;
        let mut records = reader.records();
        let made_of = records.next()?.ok()?;
        if !made_of.iter().eq(entry.made_of.iter().map(String::as_str)) {
            return None;
        }
        let (present, absent, unknown): Counts = records.next()?.ok()?.deserialize(None).ok()?;
        let block = |(block, present, a, b, c, d): Block| OccupiedBlock { block, present, picks: [a, b, c, d] };
        let blocks: Option<Vec<_>> =
            records.map(|record| Some(block(record.ok()?.deserialize::<Block>(None).ok()?))).collect();
        let occupancy = Occupancy::restored(place.shape, blocks?)?;
        let count = ClassCount { present, absent, unknown, voxel_nm3: 0.0 };
        (occupancy.present() == present && count.total() == place.shape.product()).then_some((count, occupancy))
    }
}

impl Entry {
    /// Writes the file in one step. A survey that cannot be kept costs time next time, and a warning.
    pub(super) fn save(&self, count: &ClassCount, occupancy: &Occupancy) {
        if let Err(error) = self.write(count, occupancy) {
            tracing::warn!(file = %self.file.display(), "where classes are cannot be kept: {error}");
        }
    }

    fn write(&self, count: &ClassCount, occupancy: &Occupancy) -> Result<(), csv::Error> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let unfinished = self.file.with_extension(format!("{}.tmp", std::process::id()));
        let mut writer = csv::WriterBuilder::new().has_headers(false).flexible(true).from_path(&unfinished)?;
        writer.write_record(&self.made_of)?;
        let counts: Counts = (count.present, count.absent, count.unknown);
        writer.serialize(counts)?;
        for block in occupancy.blocks() {
            let [a, b, c, d] = block.picks;
            let record: Block = (block.block, block.present, a, b, c, d);
            writer.serialize(record)?;
        }
        writer.flush()?;
        drop(writer);
        Ok(std::fs::rename(&unfinished, &self.file)?)
    }
}
