//! Ids of every element type: none is lost, changed, or taken for another, in any encoding.

use std::sync::Arc;

use microtome_core::catalog::{Catalog, ClassLabels, Dataset, LabelCrop};
use microtome_core::loader::Batch;
use microtome_core::store::Metered;
use microtome_core::volume::{Buffer, DType, Volume, Voxel};
use microtome_core::with_buffer;
use serde_json::json;
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

use super::oracle::{batches, known, values};

/// Voxels of every array; also elements, because planes and rows have one.
const LEN: usize = 8;

/// A row of `LEN` voxels of 1 nm; the given elements over and over again.
fn volume(elements: &Buffer) -> Arc<Volume> {
    let store = Arc::new(MemoryStore::new());
    let metadata = json!({
        "zarr_format": 3, "node_type": "array", "shape": [1, 1, LEN], "fill_value": 0, "data_type": elements.dtype().name(),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1, 3]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    });
    store.set(&StoreKey::new("zarr.json").unwrap(), serde_json::to_vec(&metadata).unwrap().into()).unwrap();
    let array = Array::open(Arc::clone(&store), "/").unwrap();
    let bytes: Vec<u8> =
        elements.as_bytes().iter().copied().cycle().take(LEN * elements.dtype().size_bytes()).collect();
    array
        .store_array_subset(&ArraySubset::new_with_shape(vec![1, 1, LEN as u64]), ArrayBytes::new_flen(bytes))
        .unwrap();
    Arc::new(Volume::open_in(&Arc::new(Metered::new(store, "memory")), "").unwrap())
}

/// One batch of the whole row, with every class in every encoding.
fn batch(classes: &[(&str, Buffer)]) -> Batch {
    let class = |(class, elements): &(&str, Buffer)| ClassLabels {
        class: (*class).to_owned(),
        volume: volume(elements),
        annotation: None,
    };
    let raw = volume(&Buffer::U8(vec![1]));
    let crop =
        LabelCrop { name: "crop1".to_owned(), classes: classes.iter().map(class).collect(), bounds: raw.bounds() };
    let dataset = Dataset { name: "row".to_owned(), raw, crops: vec![crop] };
    let catalog = Arc::new(Catalog { datasets: vec![dataset], ..Catalog::default() });
    let target = |encoding: &str| {
        format!("[target.{encoding}]\nshape = [1, 1, {LEN}]\nvoxel_size_nm = [1, 1, 1]\nencoding = \"{encoding}\"\n")
    };
    let targets: String = ["ids", "u8", "f32", "bits"].map(target).concat();
    batches(&catalog, &format!("{targets}[loader]\nbatch_size = 1\nmemory = \"1 MiB\"\n"), 1).remove(0)
}

/// Checks one class of stored elements: the type of its ids in a batch, and each id, `None` for unknown.
fn check(elements: Buffer, dtype: DType, expected: &[Option<u64>]) {
    let stored = format!("{elements:?}");
    let batch = batch(&[("a", elements)]);
    let ids = batch.array("ids").unwrap();
    assert_eq!(ids.data.dtype(), dtype, "{stored}");
    let found: Vec<u64> = with_buffer!(&ids.data, ids => ids.iter().map(|id| id.to_id()).collect());
    let Buffer::U64(bits) = &batch.array("bits").unwrap().data else { panic!("bits are u64") };
    let floats = values(batch.array("f32").unwrap(), 0, 0);
    for (voxel, expected) in expected.iter().cycle().take(LEN).enumerate() {
        let present = expected.map(|id| u64::from(id != 0));
        assert_eq!(found[voxel], expected.unwrap_or(0), "{stored} as ids");
        assert_eq!(known(ids, 0, 0)[voxel], u8::from(expected.is_some()), "{stored}");
        let bytes = batch.array("u8").unwrap();
        assert_eq!(values(bytes, 0, 0)[voxel] as u64, present.unwrap_or(0), "{stored} as u8");
        assert_eq!(known(bytes, 0, 0)[voxel], u8::from(expected.is_some()), "{stored}");
        assert_eq!(bits[voxel], present.unwrap_or(0), "{stored} as bits");
        assert!(present.map_or(floats[voxel].is_nan(), |present| floats[voxel] == present as f64), "{stored} as f32");
    }
}

#[test]
fn unsigned_ids_come_as_they_are_stored_beyond_24_and_53_bits() {
    let all = |ids: &[u64]| ids.iter().map(|id| Some(*id)).collect::<Vec<_>>();
    check(Buffer::U8(vec![0, 1, 255]), DType::U8, &all(&[0, 1, 255]));
    // Ids whose low byte is 0 are present all the same.
    check(Buffer::U16(vec![256, 65_535, 0]), DType::U16, &all(&[256, 65_535, 0]));
    let large = [(1 << 24) + 1, u32::MAX, 1 << 16, 0];
    check(Buffer::U32(large.to_vec()), DType::U32, &all(&large.map(u64::from)));
    let larger = [(1 << 53) + 1, u64::MAX, 1 << 32, (1 << 24) + 1, 0];
    check(Buffer::U64(larger.to_vec()), DType::U64, &all(&larger));
}

#[test]
fn negative_ids_count_down_from_the_top_of_their_type() {
    let all = |ids: &[u64]| ids.iter().map(|id| Some(*id)).collect::<Vec<_>>();
    check(Buffer::I8(vec![-1, -128, 127, 0]), DType::U8, &all(&[255, 128, 127, 0]));
    check(Buffer::I16(vec![-1, -2, 300, 0]), DType::U16, &all(&[65_535, 65_534, 300, 0]));
    let top = u64::from(u32::MAX);
    check(Buffer::I32(vec![-1, i32::MIN, (1 << 24) + 1]), DType::U32, &all(&[top, 1 << 31, (1 << 24) + 1]));
    let wide = [-1, i64::MIN, (1 << 53) + 1, i64::MAX];
    check(Buffer::I64(wide.to_vec()), DType::U64, &all(&wide.map(|id| id as u64)));
}

#[test]
fn float_ids_are_whole_numbers_and_nan_and_minus_one_are_unknown() {
    let half = |value: f64| microtome_core::volume::element::F16::from_f64(value);
    check(Buffer::F16(vec![half(2048.0), half(1.0), half(f64::NAN)]), DType::U64, &[Some(2048), Some(1), None]);
    let (nan, exact) = (f32::NAN, 16_777_218.0_f32);
    check(Buffer::F32(vec![exact, 0.0, nan, -1.0]), DType::U64, &[Some(16_777_218), Some(0), None, None]);
    let largest = (1_u64 << 53) - 1;
    check(Buffer::F64(vec![largest as f64, 3.0, f64::NAN]), DType::U64, &[Some(largest), Some(3), None]);
}

#[test]
fn classes_of_different_types_share_the_widest() {
    let batch = batch(&[("a", Buffer::I8(vec![-1, 5])), ("b", Buffer::U32(vec![1 << 30]))]);
    let ids = batch.array("ids").unwrap();
    assert_eq!(ids.data.dtype(), DType::U32);
    assert_eq!(values(ids, 0, 0)[..2], [f64::from(u32::MAX), 5.0]);
    assert_eq!(values(ids, 0, 1)[0], f64::from(1 << 30));
}
