//! Image groups on disk whose voxels are a function of their place, as raw bytes: no codec, no library.

use std::path::Path;

use microtome_core::geometry::{Axis, GridTransform, Zyx};
use microtome_core::loader::{Batch, BatchArray, Loader, LoaderConfig};
use microtome_core::volume::Voxel as _;
use microtome_core::with_buffer;
use serde_json::{Map, Value, json};

/// Voxels of a chunk: no divisor of the shapes, and different along each axis.
const CHUNK: Zyx<u64> = Zyx { z: 13, y: 17, x: 19 };

/// Zarr 2 with OME-NGFF 0.4, or Zarr 3 with 0.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    V2,
    V3,
}

/// An element type as it stands in files.
pub trait Stored: Copy + Default {
    /// In Zarr 2 and in Zarr 3.
    const NAMES: [&'static str; 2];
    fn bytes(self) -> Vec<u8>;
}

macro_rules! stored {
    ($($kind:ty: $v2:literal $v3:literal),*) => { $(impl Stored for $kind {
        const NAMES: [&'static str; 2] = [$v2, $v3];
        fn bytes(self) -> Vec<u8> {
            self.to_le_bytes().to_vec()
        }
    })* };
}
stored!(u8: "|u1" "uint8", u16: "<u2" "uint16", u32: "<u4" "uint32", u64: "<u8" "uint64", i64: "<i8" "int64",
    f32: "<f4" "float32");

/// One array of a pyramid.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    pub shape: Zyx<u64>,
    pub world_from_voxel: GridTransform,
}

/// Levels that halve: voxel 0 of each covers voxels 0 and 1 of the one before, so that its centre lies half a (finer)
/// voxel further on.
pub fn pyramid(shape: Zyx<u64>, voxel_size_nm: Zyx<f64>, translation_nm: Zyx<f64>, levels: usize) -> Vec<Level> {
    let level = |index: u32| {
        let factor = f64::from(1 << index);
        let translation_nm = translation_nm + voxel_size_nm * ((factor - 1.0) / 2.0);
        let world_from_voxel = GridTransform::new(voxel_size_nm * factor, translation_nm);
        Level { shape: shape.map(|n| n.div_ceil(1 << index)), world_from_voxel }
    };
    (0..levels as u32).map(level).collect()
}

/// Every voxel of a level: its index, C order.
pub fn voxels(shape: Zyx<u64>) -> impl Iterator<Item = Zyx<u64>> {
    let Zyx { z, y, x } = shape;
    (0..z).flat_map(move |z| (0..y).flat_map(move |y| (0..x).map(move |x| Zyx { z, y, x })))
}

/// Writes an image group; `value` is asked with the world position of each voxel's centre. `attributes` stand on the
/// group and on the finest array.
pub fn write<T: Stored>(
    group: &Path,
    format: Format,
    levels: &[Level],
    attributes: &Value,
    value: impl Fn(Zyx<f64>) -> T,
) {
    let more = attributes.as_object().cloned().unwrap_or_default();
    write_group(group, format, levels, &more);
    for (index, level) in levels.iter().enumerate() {
        let folder = group.join(format!("s{index}"));
        let more = if index == 0 { more.clone() } else { Map::new() };
        write_array_document::<T>(&folder, format, level.shape, more);
        let chunks = level.shape.zip_map(CHUNK, u64::div_ceil);
        for chunk in voxels(chunks) {
            let first = Zyx::from_fn(|axis| chunk[axis] * CHUNK[axis]);
            let at = |inner: Zyx<u64>| {
                let voxel = Zyx::from_fn(|axis| first[axis] + inner[axis]);
                let inside = Axis::ALL.into_iter().all(|axis| voxel[axis] < level.shape[axis]);
                let world_nm = level.world_from_voxel.world_from_voxel(voxel.map(|n| n as f64));
                if inside { value(world_nm) } else { T::default() }
            };
            let bytes: Vec<u8> = voxels(CHUNK).flat_map(|inner| at(inner).bytes()).collect();
            let prefix = if format == Format::V2 { "" } else { "c/" };
            let file = folder.join(format!("{prefix}{}/{}/{}", chunk.z, chunk.y, chunk.x));
            put(&file, &bytes);
        }
    }
}

/// The crop's own metadata: its classes.
pub fn write_crop(group: &Path, classes: &[&str]) {
    let attributes = json!({"cellmap": {"annotation": {"name": "crop1", "class_names": classes}}});
    put_json(&group.join(".zgroup"), &json!({"zarr_format": 2}));
    put_json(&group.join(".zattrs"), &attributes);
}

fn write_group(group: &Path, format: Format, levels: &[Level], more: &Map<String, Value>) {
    let dataset = |(index, level): (usize, &Level)| {
        let GridTransform { voxel_size_nm, translation_nm } = level.world_from_voxel;
        let scale = json!({"type": "scale", "scale": voxel_size_nm.to_array()});
        let translation = json!({"type": "translation", "translation": translation_nm.to_array()});
        json!({"path": format!("s{index}"), "coordinateTransformations": [scale, translation]})
    };
    let datasets: Vec<_> = levels.iter().enumerate().map(dataset).collect();
    let axes = ["z", "y", "x"].map(|name| json!({"name": name, "type": "space", "unit": "nanometer"}));
    let multiscale = json!({"axes": axes, "datasets": datasets, "version": "0.4"});
    let mut attributes = more.clone();
    match format {
        Format::V2 => {
            attributes.insert("multiscales".to_owned(), json!([multiscale]));
            put_json(&group.join(".zgroup"), &json!({"zarr_format": 2}));
            put_json(&group.join(".zattrs"), &Value::Object(attributes));
        }
        Format::V3 => {
            attributes.insert("ome".to_owned(), json!({"version": "0.5", "multiscales": [multiscale]}));
            let document = json!({"zarr_format": 3, "node_type": "group", "attributes": attributes});
            put_json(&group.join("zarr.json"), &document);
        }
    }
}

fn write_array_document<T: Stored>(folder: &Path, format: Format, shape: Zyx<u64>, attributes: Map<String, Value>) {
    let (shape, chunk) = (shape.to_array(), CHUNK.to_array());
    if format == Format::V2 {
        let document = json!({
            "zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": T::NAMES[0], "order": "C", "fill_value": 0,
            "filters": null, "compressor": null, "dimension_separator": "/",
        });
        put_json(&folder.join(".zarray"), &document);
        put_json(&folder.join(".zattrs"), &Value::Object(attributes));
        return;
    }
    let document = json!({
        "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": T::NAMES[1], "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "attributes": attributes,
    });
    put_json(&folder.join("zarr.json"), &document);
}

fn put_json(file: &Path, document: &Value) {
    put(file, document.to_string().as_bytes());
}

fn put(file: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

/// `count` batches of a configuration in TOML, whose data it names itself.
pub fn batches(text: &str, count: usize) -> Vec<Batch> {
    let config = LoaderConfig::from_toml(text).unwrap();
    let catalog = config.open_catalog().unwrap();
    assert_eq!(catalog.warnings, Vec::<String>::new());
    let loader = Loader::new(catalog.into(), config).unwrap();
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

/// One channel of one sample, and its mask where it has one.
pub fn channel(array: &BatchArray, sample: usize, channel: usize) -> (Vec<f64>, Option<&[u8]>) {
    let [_, channels, z, y, x] = array.shape;
    let from = (sample * channels + channel) * z * y * x;
    let range = from..from + z * y * x;
    let values = with_buffer!(&array.data, data => data[range.clone()].iter().map(|value| value.to_f64()).collect());
    (values, array.known.as_ref().map(|known| &known[range]))
}

/// The ids of one channel of one sample, exactly.
pub fn ids(array: &BatchArray, sample: usize, channel: usize) -> Vec<u64> {
    let [_, channels, z, y, x] = array.shape;
    let from = (sample * channels + channel) * z * y * x;
    with_buffer!(&array.data, data => data[from..from + z * y * x].iter().map(|value| value.to_id()).collect())
}

/// A position inside a patch, voxel by voxel in C order.
pub fn indices(shape: Zyx<usize>) -> impl Iterator<Item = Zyx<f64>> {
    voxels(shape.map(|n| n as u64)).map(|voxel| voxel.map(|n| n as f64))
}
