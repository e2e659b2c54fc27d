//! Counted voxels, kept in a folder of the user's choice: counting reads whole arrays, and should happen once.
//!
//! One file, `counts.csv`. An entry holds for an array of the same path, shape, meaning of values and size on disk; an
//! array that is overwritten by one of exactly as many bytes is not noticed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ClassLabels;
use super::counts::{ClassCount, voxel_nm3};
use crate::store::{data_around, open_local};
use crate::{Error, Result};

const FILE: &str = "counts.csv";

/// What a count was made of: the array and the state that it was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub path: String,
    pub state: String,
}

/// The counts of a folder.
#[derive(Debug)]
pub(super) struct CountCache {
    file: PathBuf,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    path: String,
    state: String,
    present: u64,
    absent: u64,
    unknown: u64,
}

impl Fingerprint {
    /// `None` if the array's files cannot be listed.
    pub(super) fn of(labels: &ClassLabels) -> Option<Self> {
        let volume = &labels.volume;
        let level = &volume.levels()[0];
        let stored_bytes = open_local(Path::new(volume.path())).ok()?.stored_bytes(&level.path).ok()?;
        let mut path = std::path::absolute(volume.path()).ok()?.display().to_string();
        let annotation = labels.annotation.as_ref().map(|annotation| annotation.annotation_type);
        let meaning = annotation.map_or_else(
            || "ids".to_owned(),
            |meaning| {
                let encoding = meaning.encoding();
                let codes = [encoding.unknown, encoding.absent, encoding.present];
                let codes = codes.map(|code| code.map_or_else(|| "-".to_owned(), |code| code.to_string()));
                format!("{} {}", if volume.codes().is_semantic() { "semantic" } else { "instances" }, codes.join(" "))
            },
        );
        let mut state = format!("{} {} {stored_bytes} B, {meaning}", level.shape, level.dtype);
        if let Some(meanings) = volume.codes().meanings() {
            // One of several classes in one array: what is present is the class, what is unknown is left to all of them.
            path = format!("{path} [{}]", labels.class);
            state = format!("{state}, {meanings}");
        }
        Some(Self { path, state })
    }
}

impl CountCache {
    /// What is in `folder`; a cache that is not there or cannot be read is empty.
    ///
    /// # Errors
    /// [`Error::Io`] for a folder inside a dataset: nothing is ever written there.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        refuse_inside_data(folder)?;
        let file = folder.join(FILE);
        let mut entries = BTreeMap::new();
        if let Ok(mut reader) = csv::Reader::from_path(&file) {
            let read = reader.deserialize::<Entry>().flatten();
            entries.extend(read.map(|entry| (entry.path.clone(), entry)));
        }
        Ok(Self { file, entries })
    }

    /// The count of an array that is as it was when it was counted.
    pub(super) fn get(&self, labels: &ClassLabels) -> Option<ClassCount> {
        let fingerprint = Fingerprint::of(labels)?;
        let entry = self.entries.get(&fingerprint.path).filter(|entry| entry.state == fingerprint.state)?;
        let Entry { present, absent, unknown, .. } = *entry;
        Some(ClassCount { present, absent, unknown, voxel_nm3: voxel_nm3(labels) })
    }

    pub(super) fn insert(&mut self, Fingerprint { path, state }: Fingerprint, count: &ClassCount) {
        let ClassCount { present, absent, unknown, .. } = *count;
        self.entries.insert(path.clone(), Entry { path, state, present, absent, unknown });
    }

    /// Writes the file in one step. A cache that cannot be written costs time next time, and a warning.
    pub(super) fn save(&self) {
        if let Err(error) = self.write() {
            tracing::warn!(file = %self.file.display(), "the counts of classes cannot be kept: {error}");
        }
    }

    fn write(&self) -> Result<(), csv::Error> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let unfinished = self.file.with_extension(format!("{}.tmp", std::process::id()));
        let mut writer = csv::Writer::from_path(&unfinished)?;
        self.entries.values().try_for_each(|entry| writer.serialize(entry))?;
        writer.flush()?;
        drop(writer);
        Ok(std::fs::rename(&unfinished, &self.file)?)
    }
}

/// A folder inside a Zarr hierarchy is no place for a cache.
pub(super) fn refuse_inside_data(folder: &Path) -> Result<()> {
    match data_around(folder) {
        None => Ok(()),
        Some(zarr) => Err(Error::Io {
            action: "keep counts",
            path: folder.display().to_string(),
            reason: Arc::new(std::io::Error::other(format!("this is inside the data of {}", zarr.display()))),
        }),
    }
}
