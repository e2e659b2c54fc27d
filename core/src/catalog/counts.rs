//! How much of each class there is, per crop and in all, and the class weights that follow. Plain tables, no I/O.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ClassLabels;

/// Voxels of the finest level of one label array, by what they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Voxels of the class.
    pub present: u64,
    /// Voxels where somebody looked, and it is not there.
    pub absent: u64,
    /// Voxels where nobody looked.
    pub unknown: u64,
    /// Volume of one of these voxels, nm³.
    pub voxel_nm3: f64,
}

/// Where a count comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CountOrigin {
    /// `complement_counts` of the array's annotation.
    Metadata,
    /// The array itself was read, now or when its counts were cached.
    Voxels,
}

/// The count of one class in one crop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountRow {
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// Index of the crop in the dataset.
    pub crop_index: usize,
    /// Class name.
    pub class: String,
    /// Its voxels.
    pub count: ClassCount,
    /// Where that comes from.
    pub origin: CountOrigin,
}

/// One class in all crops that annotate it. Volumes, because crops differ in voxel size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassTotal {
    /// Crops that annotate it.
    pub crops: usize,
    /// Of these, crops in which there is some.
    pub crops_with_some: usize,
    /// Volume of the class, nm³.
    pub present_nm3: f64,
    /// Volume where it is known to be absent, nm³.
    pub absent_nm3: f64,
}

/// Counts of every annotated class in every crop of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CountTable {
    /// By dataset, then crop, then class name.
    pub rows: Vec<CountRow>,
}

impl ClassCount {
    /// What `complement_counts` say; `None` if they leave something open, or say more voxels than the array has.
    ///
    /// They count what is *not* an object on the finest array (cellmap reference 1.13 and 2.9): the rest is present.
    /// Where the encoding has a value for unknown, they have to say how many voxels hold it.
    #[must_use]
    pub fn from_metadata(labels: &ClassLabels) -> Option<Self> {
        let annotation = labels.annotation.as_ref()?;
        let counts = annotation.complement_counts?;
        let amount = |count: i64| u64::try_from(count).ok();
        let absent = amount(counts.absent?)?;
        let unknown = match (counts.unknown, annotation.annotation_type.encoding().unknown) {
            (Some(unknown), _) => amount(unknown)?,
            (None, Some(_)) => return None,
            (None, None) => 0,
        };
        let empty = Self { voxel_nm3: voxel_nm3(labels), ..Self::default() };
        let present = voxels(labels).checked_sub(absent)?.checked_sub(unknown)?;
        Some(Self { present, absent, unknown, ..empty })
    }

    /// All voxels.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.present.saturating_add(self.absent).saturating_add(self.unknown)
    }

    /// Volume of the class, nm³.
    #[must_use]
    pub fn present_nm3(&self) -> f64 {
        self.present as f64 * self.voxel_nm3
    }

    /// Volume where it is known to be absent, nm³.
    #[must_use]
    pub fn absent_nm3(&self) -> f64 {
        self.absent as f64 * self.voxel_nm3
    }
}

/// Voxels of the finest level.
pub(super) fn voxels(labels: &ClassLabels) -> u64 {
    labels.volume.levels()[0].shape.to_array().into_iter().fold(1, u64::saturating_mul)
}

/// Volume of a voxel of the finest level, nm³.
pub(super) fn voxel_nm3(labels: &ClassLabels) -> f64 {
    labels.volume.levels()[0].voxel_size_nm().product()
}

impl CountTable {
    /// The count of a class in a crop, if the crop annotates it.
    #[must_use]
    pub fn get(&self, dataset_index: usize, crop_index: usize, class: &str) -> Option<&ClassCount> {
        let wanted = (dataset_index, crop_index, class);
        let found = self.rows.iter().find(|row| (row.dataset_index, row.crop_index, row.class.as_str()) == wanted);
        found.map(|row| &row.count)
    }

    /// Every class, by name.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<String, ClassTotal> {
        let mut totals: BTreeMap<String, ClassTotal> = BTreeMap::new();
        for row in &self.rows {
            let total = totals.entry(row.class.clone()).or_default();
            total.crops += 1;
            total.crops_with_some += usize::from(row.count.present > 0);
            total.present_nm3 += row.count.present_nm3();
            total.absent_nm3 += row.count.absent_nm3();
        }
        totals
    }

    /// Weight of each class in a loss, by name: background over foreground in nm³, unknown left out, as the `pos_weight`
    /// of a binary cross-entropy (cellmap reference 2.9, states A and P). 1 for a class that is nowhere present, or
    /// nowhere absent: there is nothing to balance.
    #[must_use]
    pub fn class_weights(&self) -> BTreeMap<String, f64> {
        self.totals().into_iter().map(|(class, total)| (class, total.weight())).collect()
    }

    /// How much a crop is worth for `classes`, in weighted nm³: Σ foreground · class weight (cellmap reference 2.9; there
    /// it is divided by the number of samples, to be the weight of each).
    #[must_use]
    pub fn crop_weight(&self, dataset_index: usize, crop_index: usize, weights: &BTreeMap<String, f64>) -> f64 {
        let rows = self.rows.iter().filter(|row| (row.dataset_index, row.crop_index) == (dataset_index, crop_index));
        rows.filter_map(|row| Some(row.count.present_nm3() * weights.get(&row.class)?)).sum()
    }
}

impl ClassTotal {
    fn weight(&self) -> f64 {
        if self.present_nm3 > 0.0 && self.absent_nm3 > 0.0 { self.absent_nm3 / self.present_nm3 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(crop_index: usize, class: &str, present: u64, absent: u64, voxel_nm3: f64) -> CountRow {
        let count = ClassCount { present, absent, unknown: 5, voxel_nm3 };
        CountRow { dataset_index: 0, crop_index, class: class.to_owned(), count, origin: CountOrigin::Voxels }
    }

    #[test]
    fn weights_are_background_over_foreground_by_volume() {
        let table = CountTable {
            rows: vec![
                row(0, "er", 0, 100, 64.0),
                row(0, "mito", 10, 90, 64.0),
                row(0, "vim", 100, 0, 64.0),
                row(1, "mito", 80, 20, 8.0),
            ],
        };
        let weights = table.class_weights();
        assert_eq!(weights["mito"], (90.0 * 64.0 + 20.0 * 8.0) / (10.0 * 64.0 + 80.0 * 8.0));
        // Neither infinite nor nothing.
        assert_eq!((weights["er"], weights["vim"]), (1.0, 1.0));
        let totals = table.totals();
        assert_eq!((totals["er"].crops, totals["er"].crops_with_some, totals["mito"].crops_with_some), (1, 0, 2));
        assert_eq!(table.crop_weight(0, 1, &weights), 80.0 * 8.0 * weights["mito"]);
        assert_eq!(table.get(0, 1, "mito").map(ClassCount::total), Some(105));
        assert_eq!(table.get(0, 1, "er"), None);
    }
}
