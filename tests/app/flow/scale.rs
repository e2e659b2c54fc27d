//! Volumes far larger than memory, and grey values beyond 8 bits.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::{AppOptions, Start};
use microtome_core::geometry::{GridTransform, VoxelBox, Zyx};
use microtome_core::testing::{ArrayFormat, Fixture, FixtureLevel};
use microtome_core::volume::{ChunkCache, DType, Volume, Voxel};
use microtome_core::with_buffer;
use microtome_tests::data;
use serde_json::json;

use crate::driver::Driver;

/// A pyramid of a cube without a single chunk: what is not there takes no disk.
fn hollow(folder: &Path, side: u64) {
    let (mut datasets, mut edge, mut voxel_nm) = (Vec::new(), side, 4.0);
    let write = |path: &str, document: &serde_json::Value| {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().expect("it has one")).expect("a folder");
        std::fs::write(file, document.to_string()).expect("written");
    };
    for level in 0.. {
        let (shape, scale, translation) = ([edge; 3], [voxel_nm; 3], [(voxel_nm - 4.0) / 2.0; 3]);
        datasets.push(json!({"path": format!("s{level}"), "coordinateTransformations": [
            {"type": "scale", "scale": scale}, {"type": "translation", "translation": translation},
        ]}));
        let array = json!({
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint8", "fill_value": 7,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [64, 64, 64]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        });
        write(&format!("s{level}/zarr.json"), &array);
        if edge <= 128 {
            break;
        }
        (edge, voxel_nm) = (edge.div_ceil(2), voxel_nm * 2.0);
    }
    let axis = |name| json!({"name": name, "type": "space", "unit": "nanometer"});
    let multiscales = json!([{"axes": [axis("z"), axis("y"), axis("x")], "datasets": datasets}]);
    let attributes = json!({"ome": {"version": "0.5", "multiscales": multiscales}});
    write("zarr.json", &json!({"zarr_format": 3, "node_type": "group", "attributes": attributes}));
}

/// Chunks that the window asked the store for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Until the whole volume was on display.
    whole: u64,
    /// On the way to single voxels.
    zoomed: u64,
    /// As many as the views can show at a time.
    on_screen: u64,
}

/// Opens a cube, and zooms in until a voxel is larger than a pixel.
fn asked_for(side: u64) -> Asked {
    let folder = tempfile::tempdir().expect("a folder");
    hollow(folder.path(), side);
    let mut driver =
        Driver::start(AppOptions { start: Start::Path(folder.path().to_path_buf()), ..AppOptions::default() });
    let is_complete = |state: &microtome::state::State| {
        let readout = state.readout.as_ref();
        state.gpu.absent > 0 && state.pending_chunks == 0 && readout.is_some_and(|readout| readout.raw == Some(7.0))
    };
    driver.wait("the slices", is_complete);
    assert_eq!(driver.state().gpu.evictions, 0);
    let whole = driver.state().gpu.absent;
    for _ in 0..60 {
        driver.key(Modifiers::NONE, Key::Plus);
    }
    driver.wait("single voxels", is_complete);
    assert!(
        driver.state().views.nm_per_point < 1.0,
        "a voxel is {} points wide",
        4.0 / driver.state().views.nm_per_point
    );
    assert_eq!(driver.state().readout.as_ref().map(|readout| readout.level.as_str()), Some("s0"));
    // Chunks of 64 voxels that fit a view if a voxel is half a pixel, and one more at each edge; and the coarsest ones.
    let along = |points: f32| (2.0 * f64::from(points) / 64.0).ceil() + 2.0;
    let views = driver.state().views.viewport.to_array().map(|view| along(view.points[0]) * along(view.points[1]));
    Asked { whole, zoomed: driver.state().gpu.absent - whole, on_screen: views.iter().sum::<f64>() as u64 + 3 * 4 }
}

#[test]
fn how_many_chunks_are_asked_for_depends_on_the_screen_and_not_on_the_volume() {
    let [small, large] = [500, 100_000].map(asked_for);
    for asked in [small, large] {
        assert!(asked.whole > 0 && asked.whole <= asked.on_screen, "opening: {asked:?}");
    }
    assert!(large.whole <= 4 * small.whole, "{small:?} {large:?}");
    const LEVELS: u64 = 11;
    assert!(large.zoomed <= LEVELS * large.on_screen, "levels that were passed: {large:?}");
}

/// What the readout says at the cursor of a volume of this element type, its voxel, and the contrast found for it.
fn read_out(dtype: DType) {
    let folder = tempfile::tempdir().expect("a folder");
    let level =
        FixtureLevel { shape: Zyx::splat(40), world_from_voxel: GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0)) };
    let format = ArrayFormat::V3 { transpose: false };
    let fixture = Fixture { dtype, format, chunk: Zyx::splat(20), levels: vec![level], ..Fixture::default() };
    data::write_fixture(&fixture, folder.path());
    let mut driver = Driver::open(folder.path().to_path_buf(), false);
    let readout = driver.state().readout.clone().expect("it is open");
    let voxel = readout.voxel.expect("inside").map(|v| v as i64);
    let volume = Volume::open(folder.path()).expect("opens");
    let stored = |what: VoxelBox| -> Vec<f64> {
        let buffer = volume.read_box(0, &what, &ChunkCache::new(0)).expect("it is read");
        with_buffer!(&buffer, values => values.iter().map(|value| value.to_f64()).collect())
    };
    let here = stored(VoxelBox::new(voxel, voxel + Zyx::splat(1)))[0];
    assert_eq!(readout.raw, Some(here), "{dtype}");

    let all = stored(VoxelBox::new(Zyx::splat(0), Zyx::splat(40)));
    let (least, most) = all.iter().fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
    driver.wait("the contrast", |state| !state.display.auto_contrast_pending);
    let (contrast, span) = (driver.state().display.contrast, most - least);
    // Its ends are the 0.5th and the 99.5th of a hundred of values that are evenly spread.
    assert!((contrast.lo - least - 0.005 * span).abs() < 0.01 * span, "{dtype}: {contrast:?}, {least} to {most}");
    assert!((contrast.hi - most + 0.005 * span).abs() < 0.01 * span, "{dtype}: {contrast:?}, {least} to {most}");
    let histogram = driver.state().histogram.clone().expect("counted");
    assert!(histogram.lo <= least && histogram.hi >= most, "{dtype}: {} to {}", histogram.lo, histogram.hi);
    driver.harness.get_by_label_contains("Contrast window");
}

#[test]
fn sixteen_bits_are_read_out_as_stored_and_spread_over_the_contrast() {
    read_out(DType::U16);
    read_out(DType::I16);
}

#[test]
fn floats_are_read_out_as_stored_and_spread_over_the_contrast() {
    read_out(DType::F32);
}
