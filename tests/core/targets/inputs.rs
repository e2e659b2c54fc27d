//! What inputs can be: planes of three directions, several images of a dataset, channels.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use microtome_core::Error;
use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::store::Metered;
use microtome_core::volume::Volume;
use microtome_tests::data;
use serde_json::{Value, json};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

use super::oracle::{Around, Whole, batches, known, phantom, values};

#[test]
fn a_plane_patch_shows_one_of_the_planes_asked_for_and_says_which() {
    let text = "
        [data]\nclasses = [\"cell\"]
        [input.raw]\nshape = [14, 10]\nvoxel_size_nm = [8, 8]\nencoding = \"u8\"
        [target.ids]\nshape = [14, 10]\nvoxel_size_nm = [8, 8]\nencoding = \"ids\"
        [augment]\nplanes = [\"xy\", \"xz\", \"yz\"]
        [sampling]\nsamples_per_epoch = 60
        [loader]\nbatch_size = 12\nmemory = \"64 MiB\"\n";
    let catalog = phantom();
    let mut planes = BTreeMap::new();
    for batch in batches(&catalog, text, 5) {
        assert_eq!(batch.array("raw").unwrap().shape, [12, 1, 1, 14, 10]);
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let crop =
                catalog.datasets[0].crops.iter().find(|crop| Some(&crop.name) == provenance.crop.as_ref()).unwrap();
            let whole = crop.labels("cell").map(Whole::of);
            let around = Around { whole: whole.as_ref(), grid: provenance.grid };
            let ids = batch.array("ids").unwrap();
            let found = values(ids, sample, 0).into_iter().zip(known(ids, sample, 0));
            for (found, voxel) in found.zip(around.voxels()) {
                let id = around.at(voxel);
                assert_eq!(
                    found,
                    (id.unwrap_or(0) as f64, &u8::from(id.is_some())),
                    "{voxel} of {:?}",
                    provenance.grid
                );
            }
            let axes = provenance.grid.orientation.source.map(|axis| axis.name()).to_array().concat();
            // 8 nm thick, and as high and wide along the axes that it says.
            let extent_nm = provenance.world_box.extent_nm();
            let expected_nm = match axes.as_str() {
                "zyx" => [8.0, 112.0, 80.0],
                "yzx" => [112.0, 8.0, 80.0],
                "xzy" => [112.0, 80.0, 8.0],
                other => panic!("{other} is no plane asked for"),
            };
            assert!((extent_nm - Zyx::from(expected_nm)).all(|d| d.abs() < 1e-6), "{axes}: {extent_nm}");
            *planes.entry(axes).or_insert(0) += 1;
        }
    }
    assert!(planes.len() == 3 && planes.values().all(|&n| n >= 8), "60 samples of three planes: {planes:?}");
}

#[test]
fn an_input_shows_the_image_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fib25.zarr");
    data::copy("fib25.zarr", &path);
    let shifted = path.join("recon-1/em/shifted");
    data::copy("fib25.zarr/recon-1/em/fibsem-uint8", &shifted);
    // The same voxels, two of them farther along x.
    let file = shifted.join(".zattrs");
    let mut document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for level in document["multiscales"][0]["datasets"].as_array_mut().unwrap() {
        let x = &mut level["coordinateTransformations"][1]["translation"][2];
        *x = json!(x.as_f64().unwrap() + 20.0);
    }
    fs::write(&file, document.to_string()).unwrap();
    let input = |name: &str, keys: &str| {
        format!("[input.{name}]\nshape = [6, 7, 12]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n{keys}\n")
    };
    let named = |keys: &str| input("a", "") + &input("b", keys) + "[loader]\nbatch_size = 4\nmemory = \"64 MiB\"\n";
    let catalog = Arc::new(Catalog::open(&path).unwrap());
    for volume in ["em/shifted", "em/shif*", "shifted"] {
        let batch = &batches(&catalog, &named(&format!("volume = {volume:?}")), 1)[0];
        let mut same = 0;
        for sample in 0..4 {
            let [a, b] = ["a", "b"].map(|name| values(batch.array(name).unwrap(), sample, 0));
            for row in 0..6 * 7 {
                let (a, b) = (&a[row * 12..row * 12 + 10], &b[row * 12 + 2..row * 12 + 12]);
                same += usize::from(a == b);
            }
        }
        // At the lower end of the volume there is nothing to compare with.
        assert!(same > 4 * 6 * 7 * 3 / 4, "{volume}: {same}");
    }
    let config = LoaderConfig::from_toml(&named("volume = \"em/none\"")).unwrap();
    let error = Loader::new(catalog, config).unwrap_err();
    assert!(
        matches!(&error, Error::Config { key, problem, .. } if key == "input.b.volume" && problem.contains("em/none")),
        "{error}"
    );
}

/// A row of 8 voxels of 1 nm with three channels, two of them in one chunk; channel c holds 10·c + x.
fn channels() -> Arc<Catalog> {
    let store = Arc::new(MemoryStore::new());
    let metadata = json!({
        "zarr_format": 3, "node_type": "array", "shape": [3, 1, 1, 8], "fill_value": 0, "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 1, 1, 3]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "dimension_names": ["c", "z", "y", "x"],
    });
    store.set(&StoreKey::new("zarr.json").unwrap(), serde_json::to_vec(&metadata).unwrap().into()).unwrap();
    let array = Array::open(Arc::clone(&store), "/").unwrap();
    let bytes: Vec<u8> = (0..3).flat_map(|channel| (0..8).map(move |x| 10 * channel + x)).collect();
    array.store_array_subset(&ArraySubset::new_with_shape(vec![3, 1, 1, 8]), ArrayBytes::new_flen(bytes)).unwrap();
    let raw = Arc::new(Volume::open_in(&Arc::new(Metered::new(store, "memory")), "").unwrap());
    assert_eq!((raw.channels(), raw.oddities()), (3, Vec::new()));
    Arc::new(Catalog {
        datasets: vec![Dataset { name: "row".to_owned(), raw, crops: Vec::new() }],
        ..Catalog::default()
    })
}

#[test]
fn channels_are_read_in_the_order_asked_for_or_all_of_them() {
    let text = |channels: &str| {
        format!(
            "[input.raw]\nshape = [1, 1, 8]\nvoxel_size_nm = [1, 1, 1]\nencoding = \"u8\"\n{channels}\n
             [loader]\nbatch_size = 2\nmemory = \"1 MiB\"\n"
        )
    };
    let starts = |batch: &Batch| -> Vec<f64> {
        let raw = batch.array("raw").unwrap();
        let row = |channel| {
            let row = values(raw, 1, channel);
            assert!(row.windows(2).all(|pair| pair[1] == pair[0] + 1.0), "{row:?}");
            row[0]
        };
        (0..raw.shape[1]).map(row).collect()
    };
    for (keys, expected) in
        [("", &[0.0, 10.0, 20.0][..]), ("channels = [2, 0]", &[20.0, 0.0]), ("channels = [1]", &[10.0])]
    {
        assert_eq!(starts(&batches(&channels(), &text(keys), 1)[0]), expected, "{keys}");
    }
    let config = LoaderConfig::from_toml(&text("channels = [3]")).unwrap();
    let error = Loader::new(channels(), config).unwrap_err();
    assert!(
        matches!(&error, Error::Config { key, problem, .. } if key == "input.raw.channels" && problem.contains("0 to 2")),
        "{error}"
    );
}
