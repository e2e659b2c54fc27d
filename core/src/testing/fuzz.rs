//! What strangers' files are read with, as functions of any bytes: run by the fuzzer, and over its corpus by the tests.
//!
//! A target panics if a rule is broken: no input may panic the core, an error says where on one line, and what was read
//! can be written and read again.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

use crate::catalog::source::LabelPath;
use crate::catalog::split;
use crate::geometry::{Orientation, PatchGrid, Warp, Zyx};
use crate::loader::{Batch, LoaderConfig};
use crate::ome::annotation::{ArrayAnnotation, CropAnnotation};
use crate::ome::{conformance, multiscales_of};
use crate::store::open_memory;
use crate::telemetry::{Log, export, wire};
use crate::volume::{Caches, DType, LabelCodes, PatchOut, Resample, Volume, read_patch};
use crate::{Error, Result};

/// A function that must accept any bytes, and its name.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its corpus folder.
    pub name: &'static str,
    /// Runs it once.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 7] = [
    Target { name: "image", run: image },
    Target { name: "array", run: array },
    Target { name: "annotation", run: annotation },
    Target { name: "datasplit", run: datasplit },
    Target { name: "labels", run: labels },
    Target { name: "config", run: config },
    Target { name: "wire", run: messages },
];

/// Voxels along each axis of the patches that are read from what opens.
const PATCH: usize = 4;

/// The metadata of an image group, version 2 (`.zattrs`) or 3 (`zarr.json`), above arrays that are as they should be.
fn image(document: &[u8]) {
    let attributes = attributes_in(document);
    if let Some(attributes) = &attributes {
        for zarr_format in [2, 3] {
            let _verdict = conformance(attributes, zarr_format);
        }
        if let Some(images) = read(multiscales_of(attributes, "image")) {
            for image in &images {
                assert!(!image.levels.is_empty(), "an image without levels");
                (0..image.levels.len()).for_each(|level| _ = image.world_from_voxel(level));
            }
        }
    }
    let group = if is_version_3(document) { "zarr.json" } else { ".zattrs" };
    let array = array_document("zarr.json").to_string();
    look_at(&[(group, document), ("s0/zarr.json", array.as_bytes()), ("s1/zarr.json", array.as_bytes())]);
}

/// The metadata of an array, version 2 (`.zarray`) or 3 (`zarr.json`), in a group that is as it should be, and alone.
fn array(document: &[u8]) {
    let name = if is_version_3(document) { "zarr.json" } else { ".zarray" };
    look_at(&[(name, document)]);
    let scale = json!([{"type": "scale", "scale": [8, 8, 8]}]);
    let axes = json!([{"name": "z"}, {"name": "y"}, {"name": "x"}]);
    let datasets = json!([{"path": "s0", "coordinateTransformations": scale}]);
    let group = json!({"multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets}]}).to_string();
    look_at(&[(".zattrs", group.as_bytes()), (&format!("s0/{name}"), document)]);
}

/// The attributes of a crop, or of a class in it, as far as `cellmap.annotation` is concerned.
fn annotation(document: &[u8]) {
    let Some(attributes) = attributes_in(document) else { return };
    if let Some(Some(crop)) = read(CropAnnotation::from_attributes(&attributes, "crop1")) {
        let mut written = Map::new();
        crop.add_to(&mut written);
        assert_eq!(read(CropAnnotation::from_attributes(&written, "crop1")), Some(Some(crop)));
    }
    if let Some(Some(array)) = read(ArrayAnnotation::from_attributes(&attributes, "crop1/mito")) {
        for dtype in [DType::U8, DType::I8, DType::U64, DType::I64, DType::F32] {
            let codes = LabelCodes::annotated(&array.annotation_type, dtype);
            [0, 1, 255, u64::MAX].into_iter().for_each(|id| _ = codes.presence(id));
        }
        let mut written = Map::new();
        array.add_to(&mut written);
        assert_eq!(read(ArrayAnnotation::from_attributes(&written, "crop1/mito")), Some(Some(array)));
    }
}

/// A datasplit CSV.
fn datasplit(file: &[u8]) {
    let text = String::from_utf8_lossy(file);
    let lines = text.lines().count();
    match split::parse(&text, Path::new("datasplit.csv")) {
        Ok(rows) => {
            for row in rows {
                assert!((1..=lines).contains(&row.line), "line {} of {lines}", row.line);
                assert!(!row.raw.path.is_empty(), "line {} has no raw volume", row.line);
            }
        }
        Err(error) => {
            let Error::Config { file: Some(_), line: Some(line), .. } = &error else { unreachable!("{error:?}") };
            assert!((1..=lines).contains(line), "line {line} of {lines}");
            check_error(&error);
        }
    }
}

/// The path of labels, with its bracket of classes, as a row of a datasplit or a configuration names it.
fn labels(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let Some(parsed) = read(LabelPath::parse(&text)) else { return };
    let distinct: std::collections::HashSet<_> = parsed.classes.iter().collect();
    assert_eq!(distinct.len(), parsed.classes.len(), "a class twice");
    assert!(parsed.classes.iter().all(|class| !class.is_empty() && class.trim() == class), "{parsed:?}");
    if !parsed.classes.is_empty() {
        let written = format!("{}/[{}]", parsed.path, parsed.classes.join(","));
        assert_eq!(read(LabelPath::parse(&written)), Some(parsed), "{written}");
    }
}

/// A configuration.
fn config(file: &[u8]) {
    let text = String::from_utf8_lossy(file);
    if let Some(config) = read(LoaderConfig::from_toml(&text)) {
        let written = toml::to_string(&config).map_err(|error| error.to_string());
        let again = written.as_ref().map(|text| LoaderConfig::from_toml(text).map_err(|error| error.to_string()));
        assert_eq!(again, Ok(Ok(config)), "written as {written:?}");
    }
}

/// What a viewer or a loader hears, in parts that are as long as the first byte says; and what can be made of it.
fn messages(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    for max_bytes in [wire::MAX_REQUEST_BYTES, wire::MAX_BYTES] {
        let mut deframer = wire::Deframer::new(max_bytes);
        let mut log = Log::new(wire::About::default());
        for part in bytes.chunks(usize::from(*first).max(1)) {
            deframer.push(part);
            while let Ok(Some((kind, content))) = deframer.next() {
                assert!(content.len() < max_bytes, "longer than any may be");
                let Ok(Some(message)) = wire::decode(kind, content) else { continue };
                // Bytes are compared, because a slice may hold what is no number.
                let said = wire::encode(&message).ok();
                let again = said.as_ref().and_then(|(kind, content)| wire::decode(*kind, content).ok().flatten());
                let again = again.and_then(|message| wire::encode(&message).ok());
                assert!(said == again && said.is_some(), "{message:?} is said otherwise the second time");
                log.push(message);
            }
        }
        let timeline = log.spans.timeline();
        assert!(timeline.start_ns <= timeline.end_ns);
        let _blocks = wire::SpanBlock::of_timeline(&timeline);
        if let Some(batch) = log.slices.whole().and_then(Batch::of_slices) {
            for array in batch.arrays.iter() {
                (0..array.classes.len()).for_each(|class| _ = array.class_plane((0, 0), class));
                let _grey = array.grey_plane((0, 0));
            }
        }
        let written =
            export::write_trace(&log, std::io::sink()).and_then(|()| export::write_csv(&log, std::io::sink()));
        assert!(written.is_ok(), "{written:?}");
    }
}

/// What was read; an error is looked at and dropped.
fn read<T>(made: Result<T>) -> Option<T> {
    made.map_err(|error| check_error(&error)).ok()
}

/// An error is one line that says something.
fn check_error(error: &Error) {
    let words = error.to_string();
    assert!(!words.trim().is_empty() && !words.contains(['\n', '\r']), "{words:?}");
}

fn is_version_3(document: &[u8]) -> bool {
    let name = b"node_type";
    document.windows(name.len()).any(|window| window == name)
}

/// The attributes of a node's document: itself in version 2, a member in version 3.
fn attributes_in(document: &[u8]) -> Option<Map<String, Value>> {
    let mut document: Map<String, Value> = serde_json::from_slice(document).ok()?;
    match document.remove("attributes") {
        Some(Value::Object(attributes)) => Some(attributes),
        _ => Some(document),
    }
}

/// A small array without chunks.
fn array_document(name: &str) -> Value {
    let chunk_grid = json!({"name": "regular", "configuration": {"chunk_shape": [4, 4, 4]}});
    let chunk_key = json!({"name": "default", "configuration": {"separator": "/"}});
    json!({
        "zarr_format": 3, "node_type": "array", "shape": [9, 10, 11], "data_type": "uint8", "fill_value": 7,
        "chunk_grid": chunk_grid, "chunk_key_encoding": chunk_key, "attributes": {"of": name},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    })
}

/// Opens a hierarchy of these documents and reads a patch about the middle of what opens.
fn look_at(documents: &[(&str, &[u8])]) {
    let memory = Arc::new(MemoryStore::new());
    for (key, document) in documents {
        if let Ok(key) = StoreKey::new(*key) {
            let _stored = memory.set(&key, document.to_vec().into());
        }
    }
    let Some(volume) = read(Volume::open_in(&open_memory(memory, "fuzz"), "")) else { return };
    assert!(!volume.levels().is_empty(), "a volume without levels");
    for level in volume.levels() {
        let _ = (level.bounds(), level.chunk_grid());
    }
    let _ = (volume.oddities(), volume.bounds());
    let caches = Caches::new(1 << 16, 1 << 16);
    for resample in [Resample::Area, Resample::Nearest] {
        let grid = PatchGrid {
            center_nm: volume.bounds().center_nm(),
            shape: Zyx::splat(PATCH),
            voxel_size_nm: volume.levels()[0].voxel_size_nm() * 1.5,
            orientation: Orientation::IDENTITY,
            warp: Warp::NONE,
        };
        let mut values = vec![0_f32; grid.shape.product()];
        let _report = read(read_patch(&volume, &grid, resample, &caches, PatchOut::F32(&mut values), None));
    }
}
