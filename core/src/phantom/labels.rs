//! The label arrays of one class in one crop, while they are written.

use serde_json::Map;

use super::arrays::{Site, Stored, Target};
use super::classes::Class;
use super::pyramid::{mode, named, write_coarser};
use super::scan::Mark;
use super::spec::LevelPlan;
use crate::Result;
use crate::geometry::VoxelBox;
use crate::ome::annotation::{AnnotationType, ArrayAnnotation, Possibilities};
use crate::ome::multiscale_attributes;

/// Side of the blocks (in Zarr v3: shards) of labels.
pub(super) const LABEL_BLOCK: u64 = 128;

/// A class that is being written: `u32` ids for instances, `u8` 0 and 1 for the others.
pub(super) struct Labels {
    class: &'static Class,
    key: String,
    finest: Target,
    /// Voxels of the finest level that are not of the class.
    absent: u64,
}

impl Labels {
    /// Begins the group `key`.
    pub(super) fn start(site: &Site, class: &'static Class, key: String, level: &LevelPlan) -> Result<Self> {
        let path = format!("{key}/s0");
        let finest = if class.instances {
            site.array::<u32>(&path, level, LABEL_BLOCK)?
        } else {
            site.array::<u8>(&path, level, LABEL_BLOCK)?
        };
        Ok(Self { class, key, finest, absent: 0 })
    }

    /// Stores a block of the finest level.
    pub(super) fn store(&mut self, block: &VoxelBox, marks: &[Mark]) -> Result<()> {
        if self.class.instances {
            self.store_as(block, marks, |id| id)
        } else {
            self.store_as(block, marks, |id| id as u8)
        }
    }

    fn store_as<T: Stored>(&mut self, block: &VoxelBox, marks: &[Mark], cast: impl Fn(u32) -> T) -> Result<()> {
        let values: Vec<T> = marks.iter().map(|mark| cast(mark.value(self.class))).collect();
        self.absent += values.iter().filter(|&&value| value == T::default()).count() as u64;
        self.finest.store(block, &values)
    }

    /// Writes the coarser levels and the metadata.
    pub(super) fn finish(self, site: &Site, levels: &[LevelPlan]) -> Result<()> {
        let Self { class, key, finest, absent } = self;
        let annotation = ArrayAnnotation {
            class_name: class.name.to_owned(),
            annotation_type: if class.instances { AnnotationType::INSTANCES } else { AnnotationType::SEMANTIC },
            complement_counts: None,
        };
        let attributes = |level: usize| {
            // Counts stand on the level they were counted on.
            let counts = Possibilities { absent: i64::try_from(absent).ok(), ..Possibilities::default() };
            let mut attributes = Map::new();
            ArrayAnnotation { complement_counts: (level == 0).then_some(counts), ..annotation.clone() }
                .add_to(&mut attributes);
            attributes
        };
        if class.instances {
            write_coarser(site, &key, finest, levels, LABEL_BLOCK, mode::<u32>, attributes)?;
        } else {
            write_coarser(site, &key, finest, levels, LABEL_BLOCK, mode::<u8>, attributes)?;
        }
        let mut group = multiscale_attributes(site.format, class.name, &named(levels));
        annotation.add_to(&mut group);
        site.group(&key, &group)
    }
}
