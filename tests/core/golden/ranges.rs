//! The range of raw: 0–1 as floats whatever integers are stored, 0–255 as bytes.

use microtome_core::geometry::Zyx;
use microtome_core::volume::Buffer;
use serde_json::json;

use super::volumes::{Format, Level, Stored, batches, pyramid, write};

/// A volume whose x rises from 0 to `T`'s largest value, read in one patch with this encoding.
fn ramp<T: Stored>(encoding: &str, value: impl Fn(f64) -> T) -> Buffer {
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("ramp.zarr");
    let levels = pyramid(Zyx::new(4, 5, 256), Zyx::splat(8.0), Zyx::splat(0.0), 1);
    let Level { world_from_voxel, .. } = levels[0];
    write(&group, Format::V3, &levels, &json!({}), |world_nm| {
        value(world_from_voxel.voxel_from_world(world_nm).x / 255.0)
    });
    let text = format!(
        "[[data.train]]\nraw = {group:?}\n[input.raw]\nshape = [4, 5, 256]\nvoxel_size_nm = [8, 8, 8]\n\
         encoding = \"{encoding}\"\n[loader]\nbatch_size = 1\nthreads = 1\nmemory = \"16 MiB\"\n"
    );
    batches(&text, 1).remove(0).arrays.remove(0).data
}

#[test]
fn floats_run_from_0_to_1() {
    let from_u8 = ramp("f32", |unit| (unit * 255.0).round() as u8);
    let from_u16 = ramp("f32", |unit| (unit * 65_535.0).round() as u16);
    let as_stored = ramp("f32", |unit| unit as f32);
    for found in [from_u8, from_u16, as_stored] {
        let Buffer::F32(found) = found else { unreachable!("the configuration asks for f32") };
        for (index, value) in found.iter().enumerate() {
            let expected = (index % 256) as f32 / 255.0;
            assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
        }
    }
}

#[test]
fn half_floats_run_from_0_to_1() {
    let Buffer::F16(found) = ramp("f16", |unit| (unit * 255.0).round() as u8) else { unreachable!("as configured") };
    for (index, value) in found.iter().enumerate() {
        let expected = (index % 256) as f32 / 255.0;
        assert!((value.to_f32() - expected).abs() < 5e-4, "{value}, not {expected}");
    }
}

#[test]
fn bytes_run_from_0_to_255() {
    for found in [ramp("u8", |unit| (unit * 255.0).round() as u8), ramp("u8", |unit| (unit * 65_535.0).round() as u16)]
    {
        let Buffer::U8(found) = found else { unreachable!("the configuration asks for u8") };
        assert!(found.iter().enumerate().all(|(index, &value)| usize::from(value) == index % 256), "{found:?}");
    }
}
