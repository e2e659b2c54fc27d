//! Classes made from one array of class ids through a class table: presence, absence, unknown, and what has its own array.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use microtome_core::catalog::{Catalog, ClassTable, Split};
use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::volume::{Buffer, Voxel};
use microtome_core::with_buffer;
use microtome_tests::data;
use serde_json::{Value, json};

use super::oracle::{known, range, values};

const CROPS: &str = "recon-1/labels/groundtruth";

/// A copy of fib25 in a folder of its own; keep the first value alive.
fn fib25() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fib25.zarr");
    data::copy("fib25.zarr", &path);
    (folder, path)
}

fn change(file: &Path, change: impl Fn(&mut Value)) {
    let mut document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    change(&mut document);
    fs::write(file, document.to_string()).unwrap();
}

/// What both readings share; `data` is the rest of `[data]`, `targets` are the tables.
fn batches(data: &str, targets: &[&str], more: &str) -> Vec<Batch> {
    let table = |encoding: &&str| {
        format!("[target.{encoding}]\nshape = [24, 20, 16]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"{encoding}\"\n")
    };
    let targets: String = targets.iter().map(table).collect();
    let text = format!(
        "[data]\n{data}\n{targets}[augment]\nmirror = {{ z = 0.5, y = 0.5, x = 0.5 }}
         [sampling]\nsamples_per_epoch = 24\n[loader]\nbatch_size = 6\nmemory = \"64 MiB\"\n{more}"
    );
    let config = LoaderConfig::from_toml(&text).unwrap();
    let catalog = config.open_catalog().unwrap();
    assert_eq!(catalog.warnings, [""; 0]);
    let loader = Loader::new(Arc::new(catalog), config).unwrap();
    (0..4).map(|_| loader.next_batch().unwrap()).collect()
}

fn ids(batch: &Batch, sample: usize) -> Vec<u64> {
    let array = batch.array("ids").unwrap();
    with_buffer!(&array.data, data => data[range(array, sample, 0)].iter().map(|value| value.to_id()).collect())
}

/// The three ids that most voxels hold.
fn commonest(batches: &[Batch]) -> [u64; 3] {
    let mut counts = BTreeMap::new();
    for batch in batches {
        for sample in 0..batch.provenance.len() {
            ids(batch, sample).into_iter().filter(|id| *id != 0).for_each(|id| *counts.entry(id).or_insert(0) += 1);
        }
    }
    let mut counts: Vec<(i32, u64)> = counts.into_iter().map(|(id, count)| (-count, id)).collect();
    counts.sort_unstable();
    [counts[0].1, counts[1].1, counts[2].1]
}

/// crop1 annotates a and b, and has an array of b; crop2 says nothing about its values.
fn combine(path: &Path) {
    for crop in ["crop1", "crop2"] {
        let crop = path.join(CROPS).join(crop);
        fs::rename(crop.join("cell"), crop.join("all")).unwrap();
    }
    data::copy(&format!("fib25.zarr/{CROPS}/crop1/cell"), &path.join(CROPS).join("crop1/b"));
    change(&path.join(CROPS).join("crop1/.zattrs"), |all| {
        all["cellmap"]["annotation"]["class_names"] = json!(["a", "b"]);
    });
    for file in [".zattrs", "all/.zattrs", "all/s0/.zattrs"] {
        change(&path.join(CROPS).join("crop2").join(file), |all| {
            all.as_object_mut().unwrap().remove("cellmap");
        });
    }
}

#[test]
fn classes_come_from_class_ids_where_they_have_no_array_of_their_own() {
    let (folder, path) = fib25();
    let plain = batches(&format!("path = {path:?}\nclasses = [\"cell\"]"), &["ids"], "");
    let [a, b, c] = commonest(&plain);
    combine(&path);
    let table = folder.path().join("classes.csv");
    fs::write(&table, format!("name,id,parts\na,{a}\nb,{b},{b}\nab,4000000000,\"{a},{b}\"\nc,{c}\n")).unwrap();
    let data = format!("path = {path:?}\nclass_table = {table:?}\nclasses = [\"a\", \"b\", \"ab\", \"c\"]");
    let read = batches(&data, &["ids", "u8", "f32", "bits"], "threads = 3");
    let expected = |crop: &str, class: usize, id: u64| match (crop, class) {
        ("crop1", 1) => Some(id != 0),
        // Not annotated there.
        ("crop1", 3) => None,
        // There the annotation says that 0 is absent.
        ("crop1", _) if id == 0 => Some(false),
        (_, _) if ![a, b, c].contains(&id) => None,
        (_, 2) => Some(id != c),
        (_, class) => Some(id == [a, b, 0, c][class]),
    };
    let mut seen = BTreeMap::new();
    for (plain, batch) in plain.iter().zip(&read) {
        let [bytes, floats, bits] = ["u8", "f32", "bits"].map(|name| batch.array(name).unwrap());
        let Buffer::U64(words) = &bits.data else { panic!("{:?}", bits.data.dtype()) };
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            assert_eq!(provenance.grid, plain.provenance[sample].grid);
            let crop = provenance.crop.clone().unwrap();
            let stored = ids(plain, sample).into_iter().zip(known(plain.array("ids").unwrap(), sample, 0));
            let words = &words[range(bits, sample, 0)];
            let known_words = &bits.known_bits.as_ref().unwrap()[range(bits, sample, 0)];
            for (voxel, (id, inside)) in stored.enumerate() {
                for class in 0..4 {
                    let meant = expected(&crop, class, id).filter(|_| *inside == 1);
                    let is = |value: bool| f64::from(u8::from(value));
                    let place = format!("class {class} of {crop} where {id} is stored");
                    assert_eq!(values(bytes, sample, class)[voxel], is(meant == Some(true)), "{place}");
                    assert_eq!(known(bytes, sample, class)[voxel], u8::from(meant.is_some()), "{place}");
                    let float = values(floats, sample, class)[voxel];
                    assert!(meant.map_or(float.is_nan(), |meant| float == is(meant)), "{place}: {float}");
                    let id_there = values(batch.array("ids").unwrap(), sample, class)[voxel];
                    assert_eq!(id_there, if meant == Some(true) { id as f64 } else { 0.0 }, "{place}");
                    assert_eq!(words[voxel] >> class & 1, u64::from(meant == Some(true)), "{place}");
                    assert_eq!(known_words[voxel] >> class & 1, u64::from(meant.is_some()), "{place}");
                    *seen.entry((crop.clone(), class, meant)).or_insert(0) += 1;
                }
                if voxel == 40 {
                    // The helpers copy whole channels: a few voxels of each sample will do.
                    break;
                }
            }
            let reads = provenance.sources.iter().filter(|said| said.array == "u8" && said.chunks > 0).count();
            assert_eq!(reads, if crop == "crop1" { 2 } else { 1 }, "class ids are read once: {:?}", provenance.sources);
        }
    }
    for class in [0, 2] {
        for meant in [None, Some(false), Some(true)] {
            assert!(seen.keys().any(|(_, c, m)| (*c, *m) == (class, meant)), "class {class} {meant:?}: {seen:?}");
        }
    }
}

#[test]
fn crops_of_class_ids_alone_are_opened_by_every_way_there_is() {
    let (folder, path) = fib25();
    combine(&path);
    let table = Arc::new(ClassTable::parse("a,1\nb,2\nc,3\nabc,4,\"1,2,3\"\n", Path::new("classes.csv")).unwrap());
    let empty = || Catalog { class_table: Some(Arc::clone(&table)), ..Catalog::default() };
    let raw = path.join("recon-1/em/fibsem-uint8");
    let labels = |crop: &str| format!("{}/{crop}", path.join(CROPS).display());
    let classes = |catalog: &Catalog| catalog.datasets[0].class_names().join(" ");
    let added = |labels: &str| {
        let mut catalog = empty();
        catalog.add_source(&raw, Some(labels)).map(|()| classes(&catalog))
    };
    assert_eq!(added(&labels("crop2/all")).unwrap(), "a abc b c");
    assert_eq!(added(&labels("crop2")).unwrap(), "a abc b c");
    assert_eq!(added(&labels("crop2/[c,abc]")).unwrap(), "abc c");
    assert_eq!(added(&labels("crop2/c")).unwrap(), "c");
    assert_eq!(added(&labels("crop*/[a,b]")).unwrap(), "a b");
    // crop1 annotates a and b only, and b has an array.
    assert_eq!(added(&labels("crop1")).unwrap(), "a b");
    assert!(added(&labels("crop1/[c]")).unwrap_err().to_string().contains("no labels of class \"c\""));
    assert!(added(&labels("crop2/[d]")).unwrap_err().to_string().contains("no labels of class \"d\""));
    let mut catalog = empty();
    catalog.add_path(&path).unwrap();
    let crop1 = &catalog.datasets[0].crops[0];
    assert!(crop1.labels("b").unwrap().volume.path().ends_with("crop1/b"), "its own array wins");
    assert!(crop1.labels("a").unwrap().volume.path().ends_with("crop1/all"));
    let split = folder.path().join("split.csv");
    fs::write(&split, format!("train,{0},recon-1/em/fibsem-uint8,{0},\"{CROPS}/crop2/[a,c]\"\n", path.display()))
        .unwrap();
    let mut catalog = empty();
    catalog.add_split(&split, Split::Train).unwrap();
    assert_eq!(classes(&catalog), "a c");
    // Without a table the ids are one class, as ever.
    let mut catalog = Catalog::default();
    catalog.add_source(&raw, Some(&labels("crop2"))).unwrap();
    assert_eq!(classes(&catalog), "all");
}

#[test]
fn counts_and_relations_see_the_classes_of_the_table() {
    let (folder, path) = fib25();
    let [a, b, _] = commonest(&batches(&format!("path = {path:?}\nclasses = [\"cell\"]"), &["ids"], ""));
    combine(&path);
    let table = folder.path().join("classes.csv");
    fs::write(&table, format!("small,{a}\nlarge,{b}\nboth,4000000000,\"{a},{b}\"\n")).unwrap();
    let config = |more: &str| {
        let text = format!(
            "[data]\npath = {path:?}\nclass_table = {table:?}\n{more}\n[target.l]\nshape = [8, 8, 8]\nvoxel_size_nm = [10, 10, 10]
             encoding = \"u8\"\n"
        );
        LoaderConfig::from_toml(&text)
    };
    let catalog = config("").unwrap().open_catalog().unwrap();
    let counts = catalog.count(Some(folder.path())).unwrap();
    let again = catalog.count(Some(folder.path())).unwrap();
    assert_eq!(counts, again, "from the cache");
    let crop2 = catalog.datasets[0].crops.iter().position(|crop| crop.name == "crop2").unwrap();
    let [small, large, both] = ["small", "large", "both"].map(|class| *counts.get(0, crop2, class).unwrap());
    assert_eq!(both.present, small.present + large.present);
    assert!(both.present > 0);
    assert_eq!((small.absent, both.absent), (large.present, 0));
    assert_eq!(small.total(), both.total());
    assert!(both.unknown > 0, "{both:?}");
    let error = LoaderConfig::from_toml(
        "[data]\nrelations_from_class_table = true\n[input.r]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n",
    );
    assert!(error.unwrap_err().to_string().contains("data.relations_from_class_table: there is no class table"));
}
