//! How much of each class there is, as a page: per crop in voxels, and in all with the weights that follow.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use microtome_core::catalog::{Catalog, ClassTotal, CountOrigin, CountRow, CountTable};
use serde::Serialize;

use super::table;

/// Counts as JSON: names instead of indices, and the totals.
#[derive(Serialize)]
pub struct Counts<'a> {
    crops: Vec<Row<'a>>,
    classes: Vec<Class>,
}

#[derive(Serialize)]
struct Row<'a> {
    dataset: &'a str,
    crop: &'a str,
    #[serde(flatten)]
    counted: &'a CountRow,
}

#[derive(Serialize)]
struct Class {
    class: String,
    #[serde(flatten)]
    total: ClassTotal,
    weight: f64,
}

impl<'a> Counts<'a> {
    /// Of a table of `catalog`, whose names it takes.
    pub fn new(catalog: &'a Catalog, counted: &'a CountTable) -> Self {
        let named = |row: &'a CountRow| {
            let dataset = catalog.datasets.get(row.dataset_index)?;
            Some(Row { dataset: &dataset.name, crop: &dataset.crops.get(row.crop_index)?.name, counted: row })
        };
        let weights = counted.class_weights();
        let class = |(class, total): (String, ClassTotal)| {
            let weight = weights.get(&class).copied().unwrap_or(1.0);
            Class { class, total, weight }
        };
        Self {
            crops: counted.rows.iter().filter_map(named).collect(),
            classes: counted.totals().into_iter().map(class).collect(),
        }
    }

    /// Two tables: class by crop, and class by class.
    pub fn page(&self) -> String {
        if self.crops.is_empty() {
            return "no crop annotates any class\n".to_owned();
        }
        let head = ["crop", "class", "present", "absent", "unknown", "of it present", "from"].map(str::to_owned);
        let rows = std::iter::once(head).chain(self.crops.iter().map(crop_cells));
        let totals = ["class", "crops", "with some", "present µm³", "absent µm³", "weight"].map(str::to_owned);
        let classes = std::iter::once(totals).chain(self.classes.iter().map(class_cells));
        table::aligned(&rows.collect::<Vec<_>>()) + "\n" + &table::aligned(&classes.collect::<Vec<_>>())
    }
}

fn crop_cells(row: &Row<'_>) -> [String; 7] {
    let count = &row.counted.count;
    let origin = match row.counted.origin {
        CountOrigin::Metadata => "metadata",
        CountOrigin::Voxels => "voxels",
    };
    [
        format!("{}/{}", row.dataset, row.crop),
        row.counted.class.clone(),
        count.present.to_string(),
        count.absent.to_string(),
        count.unknown.to_string(),
        format!("{:.3} %", 100.0 * count.present as f64 / count.total().max(1) as f64),
        origin.to_owned(),
    ]
}

fn class_cells(class: &Class) -> [String; 6] {
    const NM3_PER_UM3: f64 = 1e9;
    [
        class.class.clone(),
        class.total.crops.to_string(),
        class.total.crops_with_some.to_string(),
        format!("{:.4}", class.total.present_nm3 / NM3_PER_UM3),
        format!("{:.4}", class.total.absent_nm3 / NM3_PER_UM3),
        format!("{:.3}", class.weight),
    ]
}

/// Counts a catalog; what had to be read is remembered in the user's cache folder.
pub fn count(catalog: &Catalog) -> anyhow::Result<CountTable> {
    let folder = cache_folder()?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(catalog.count(Some(Path::new(&folder)))?)
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let places =
        directories::ProjectDirs::from("", "", "microtome").context("this system names no cache folder; set HOME")?;
    Ok(places.cache_dir().join("counts"))
}
