//! What is seen of a whole volume is, tile by tile, what a sample at that place shows.

use std::sync::Arc;

use microtome_core::geometry::Zyx;
use microtome_core::loader::{Loader, LoaderConfig, Seen, SeenRange};
use microtome_core::volume::{Buffer, Caches, Voxel};
use microtome_core::with_buffer;
use microtome_tests::data;

fn config(encoding: &str, target: &str, augment: &str) -> LoaderConfig {
    let path = data::root().join("fib25.zarr").display().to_string();
    let text = format!(
        "[data]\npath = {path:?}\n[input.raw]\nshape = [32, 32, 32]\nvoxel_size_nm = [16, 12, 20]\nencoding = \
         \"{encoding}\"\n[target.labels]\nshape = [32, 32, 32]\nvoxel_size_nm = [8, 12, 20]\nencoding = \"{target}\"\n\
         [augment]\n{augment}\n[loader]\nbatch_size = 1\nmemory = \"256 MiB\"\nthreads = 1\n"
    );
    LoaderConfig::from_toml(&text).unwrap()
}

fn numbers(data: &Buffer) -> Vec<(u64, u64)> {
    with_buffer!(data, values => values.iter().map(|v| (v.to_f64().to_bits(), v.to_id())).collect())
}

/// The middle of a tile, nm, as the loader is asked for it.
fn middle_nm(seen: &Seen, at: Zyx<u64>) -> Zyx<f64> {
    let first = at.zip_map(seen.tile, |at, n| at as f64 * n as f64);
    seen.world_from_voxel.world_from_voxel(first + seen.tile.map(|n| (n as f64 - 1.0) / 2.0))
}

#[test]
fn a_tile_of_an_input_is_a_sample_in_that_place() {
    for (encoding, augment, range) in [
        ("u8", "", SeenRange::Between(0.0, 255.0)),
        ("f16", "normalise = { range = [0.3, 0.6] }", SeenRange::Between(0.0, 1.0)),
        ("u8", "normalise = { range = [0.3, 0.6] }", SeenRange::Between(0.0, 255.0)),
        ("f32", "normalise = { percentile = [5, 95] }", SeenRange::Between(0.0, 1.0)),
        ("f32", "normalise = { dataset = true }", SeenRange::ZScores),
    ] {
        let config = config(encoding, "ids", augment);
        let catalog = Arc::new(config.open_catalog().unwrap());
        let seen = Seen::input(&catalog, &config, ("raw", 0), &|| false).unwrap();
        assert_eq!((seen.range, seen.tile), (range, Zyx::splat(32)), "{augment}");
        let loader = Loader::new(Arc::clone(&catalog), config).unwrap();
        let mut request = loader.draw(0, 0).unwrap();
        // One tile inside, one that reaches beyond the volume.
        for at in [Zyx::splat(0), Zyx::from_fn(|axis| (seen.shape[axis] - 1) / 32)] {
            request.grid.center_nm = middle_nm(&seen, at);
            let sample = loader.look(&request).unwrap();
            let tile = seen.read(at, &Caches::new(1 << 26, 1 << 20)).unwrap();
            assert!(numbers(&tile.data) == numbers(&sample.array("raw").unwrap().data), "{encoding} {augment} {at}");
        }
    }
}

#[test]
fn a_tile_of_a_target_is_a_sample_in_that_place() {
    for encoding in ["ids", "u8"] {
        let config = config("u8", encoding, "");
        let catalog = Arc::new(config.open_catalog().unwrap());
        let classes = Seen::target(&catalog, &config, ("labels", 0)).unwrap();
        let loader = Loader::new(Arc::clone(&catalog), config).unwrap();
        let names = loader.classes();
        let mut there = 0;
        for of in &classes {
            let labels = &catalog.datasets[0].crops[of.crop].classes[of.class];
            let channel = names.iter().position(|name| *name == labels.class).unwrap();
            let mut request = loader.draw(0, 0).unwrap();
            request.crop_index = Some(of.crop);
            let at = Zyx::from_fn(|axis| (of.seen.shape[axis] - 1) / 64);
            request.grid.center_nm = middle_nm(&of.seen, at);
            let sample = loader.look(&request).unwrap();
            let len = of.seen.tile.product();
            let channel = channel * len..(channel + 1) * len;
            let expected: Vec<u64> =
                numbers(&sample.array("labels").unwrap().data).into_iter().map(|(_, id)| id).collect();
            let tile = of.seen.read(at, &Caches::new(1 << 26, 1 << 20)).unwrap();
            let got: Vec<u64> = numbers(&tile.data).into_iter().map(|(_, id)| id).collect();
            assert_eq!(got, expected[channel], "{encoding} {}", labels.class);
            there += got.iter().filter(|id| **id != 0).count();
        }
        assert!(classes.len() > 1 && there > 1000, "{} classes, {there} voxels", classes.len());
    }
}

#[test]
fn what_is_not_configured_is_not_seen() {
    let config = config("u8", "ids", "");
    let catalog = config.open_catalog().unwrap();
    assert!(Seen::input(&catalog, &config, ("fine", 0), &|| false).is_err());
    assert!(Seen::input(&catalog, &config, ("raw", 1), &|| false).is_err());
    assert!(Seen::target(&catalog, &config, ("mask", 0)).is_err());
    let mut wide = self::config("f32", "ids", "normalise = { percentile = [5, 95] }");
    wide.input.values_mut().for_each(|spec| spec.shape = Zyx::splat(512));
    assert!(Seen::input(&catalog, &wide, ("raw", 0), &|| false).is_err(), "half a gigabyte for one tile");
}
