//! The dataset that the documented example speaks of, tiny, where its paths say that it is.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use microtome_core::geometry::Zyx;
use serde_json::json;

use crate::volumes::{Format, Level, pyramid, write, write_crop};

/// The folder that configurations are read from: `jrc_hela-2.zarr`, as `data.path` and `data.train` want it, the same in
/// `jrc_hela-2`, as `data.search` does, and a datasplit.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        for place in ["jrc_hela-2.zarr", "jrc_hela-2/jrc_hela-2.zarr"] {
            write_dataset(&folder.path().join(place).join("recon-1"));
        }
        let row = |split: &str, crop: &str| {
            let container = "jrc_hela-2.zarr";
            let labels = format!("recon-1/labels/groundtruth/{crop}/[mito,er]");
            format!("\"{split}\",\"{container}\",\"recon-1/em/fibsem-uint8\",\"{container}\",\"{labels}\"\n")
        };
        std::fs::write(folder.path().join("datasplit.csv"), row("train", "crop1") + &row("validate", "crop7")).unwrap();
        folder
    });
    folder.path()
}

/// The configuration's place for one thread of the tests.
pub fn file(text: &str) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let name: String = thread.chars().filter(char::is_ascii_digit).collect();
    let file = folder().join(format!("{name}.toml"));
    std::fs::write(&file, text).unwrap();
    file
}

/// An EM volume of two levels; crop1 with every class, crop7 smaller than a patch along z and without `nuc`.
fn write_dataset(recon: &Path) {
    let em = pyramid(Zyx::new(30, 34, 38), Zyx::splat(8.0), Zyx::splat(0.0), 2);
    write(&recon.join("em/fibsem-uint8"), Format::V2, &em, &json!({}), |world_nm| (world_nm.z + world_nm.x) as u8);
    for (crop, first, shape, classes) in [
        ("crop1", Zyx::new(4.0, 5.0, 6.0), Zyx::new(16, 14, 18), &["er", "mito", "nuc"][..]),
        ("crop7", Zyx::new(20.0, 8.0, 8.0), Zyx::new(6, 12, 13), &["er", "mito"][..]),
    ] {
        let group = recon.join("labels/groundtruth").join(crop);
        let levels: Vec<Level> = pyramid(shape, Zyx::splat(8.0), first * 8.0, 1);
        for class in classes {
            let stripe = class.len() as f64 * 16.0;
            let id = move |world_nm: Zyx<f64>| u16::from((world_nm.y + world_nm.x) % stripe < 16.0) * 300;
            write(&group.join(class), Format::V2, &levels, &json!({}), id);
        }
        write_crop(&group, classes);
    }
}
