//! Counts from three sources: what the metadata say, what counting the stored codes gives, and what a batch shows.

use std::path::Path;

use microtome_core::catalog::{Catalog, ClassCount, CountOrigin};
use microtome_core::geometry::{GridTransform, Zyx};
use serde_json::{Value, json};

use super::volumes::{Format, batches, channel, pyramid, voxels, write, write_crop};

const SHAPE: Zyx<u64> = Zyx { z: 20, y: 22, x: 25 };
const EM: GridTransform =
    GridTransform { voxel_size_nm: Zyx { z: 8.0, y: 8.0, x: 8.0 }, translation_nm: Zyx { z: 0.0, y: 0.0, x: 0.0 } };
/// What is stored where a voxel is present, absent and unknown, of presence by code and of objects.
const CODES: [[u64; 3]; 2] = [[7, 3, 255], [0, 0, 9]];

/// Present, absent or unknown (0, 1, 2): a ball in the middle, and a slab that nobody looked at.
fn meaning(voxel: Zyx<u64>) -> usize {
    let from_middle = voxel.zip_map(SHAPE, |at, n| at as f64 - (n as f64 - 1.0) / 2.0);
    let radius = from_middle.map(|d| d * d).to_array().into_iter().sum::<f64>().sqrt();
    match (voxel.z < 3, radius < 7.5) {
        (true, _) => 2,
        (false, true) => 0,
        (false, false) => 1,
    }
}

/// How many voxels are present, absent and unknown, by going through them.
fn by_formula() -> [u64; 3] {
    let mut counts = [0; 3];
    voxels(SHAPE).for_each(|voxel| counts[meaning(voxel)] += 1);
    counts
}

/// A crop that fills its EM, with a class of semantic codes and a class of objects; counts in the metadata if asked for.
fn write_dataset(root: &Path, with_counts: bool) {
    let recon = root.join("recon-1");
    let levels = pyramid(SHAPE, EM.voxel_size_nm, EM.translation_nm, 1);
    write(&recon.join("em/fibsem-uint8"), Format::V2, &levels, &json!({}), |_| 1_u8);
    let crop = recon.join("labels/groundtruth/crop1");
    let [_, absent, unknown] = by_formula();
    let counts = with_counts.then(|| json!({"absent": absent, "unknown": unknown}));
    let annotation = |class: &str, kind: &str, encoding: Value| {
        let mut annotation = json!({"class_name": class, "annotation_type": {"type": kind, "encoding": encoding}});
        if let Some(counts) = &counts {
            annotation["complement_counts"] = counts.clone();
        }
        json!({"cellmap": {"annotation": annotation}})
    };
    let voxel = |world_nm| EM.voxel_containing(world_nm).map(|n: i64| n as u64);
    let [[present, absent, unknown], [_, no_object, not_looked_at]] = CODES;
    let encoding = json!({"present": present, "absent": absent, "unknown": unknown});
    let semantic = annotation("mito", "semantic_segmentation", encoding);
    write(&crop.join("mito"), Format::V2, &levels, &semantic, |world_nm| CODES[0][meaning(voxel(world_nm))] as u8);
    let encoding = json!({"absent": no_object, "unknown": not_looked_at});
    let objects = annotation("ves", "instance_segmentation", encoding);
    write(&crop.join("ves"), Format::V2, &levels, &objects, |world_nm| {
        let at = voxel(world_nm);
        // Many objects, none of them with the code of the unknown.
        if meaning(at) == 0 { 100 + (at.x % 5) as u16 } else { CODES[1][meaning(at)] as u16 }
    });
    write_crop(&crop, &["mito", "ves"]);
}

fn as_array(count: &ClassCount) -> [u64; 3] {
    [count.present, count.absent, count.unknown]
}

#[test]
fn metadata_codes_and_voxels_agree() {
    let expected = by_formula();
    assert!(expected.iter().all(|&count| count > 500), "{expected:?}");
    for (with_counts, origin) in [(true, CountOrigin::Metadata), (false, CountOrigin::Voxels)] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("counted.zarr");
        write_dataset(&root, with_counts);
        let table = Catalog::open(&root).unwrap().count(None).unwrap();
        assert_eq!(table.rows.len(), 2);
        for row in &table.rows {
            assert_eq!((row.origin, as_array(&row.count)), (origin, expected), "{row:?}");
        }
        let text = format!(
            "[data]\npath = {root:?}\n[input.raw]\nshape = [20, 22, 25]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
             [target.present]\nshape = [20, 22, 25]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
             [loader]\nbatch_size = 1\nthreads = 1\nmemory = \"16 MiB\"\n"
        );
        let batch = batches(&text, 1).remove(0);
        for class in 0..2 {
            let (present, known) = channel(batch.array("present").unwrap(), 0, class);
            let mut shown = [0; 3];
            for (present, known) in present.iter().zip(known.unwrap()) {
                shown[if *known == 0 { 2 } else { usize::from(*present == 0.0) }] += 1;
            }
            assert_eq!(shown, expected, "class {class}");
        }
    }
}
