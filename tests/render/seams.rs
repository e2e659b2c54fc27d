//! No gap and no double blending where chunks and levels meet.

use std::sync::Arc;

use microtome_core::geometry::Zyx;
use microtome_render::{
    Fill, LabelColors, LabelStyle, LayerStyle, PixelRect, SliceDraw, SliceLayer, SliceView, Texels, visible_chunks,
};

use crate::device::gpu;
use crate::scene::{Random, for_each_chunk, random_levels, random_view, turned};

const BACKGROUND: [u8; 4] = [0, 0, 0, 255];

#[test]
fn a_half_transparent_constant_is_uniform_whatever_is_loaded() {
    constant_is_uniform(|view, _| view);
}

#[test]
fn a_half_transparent_constant_is_uniform_in_turned_planes() {
    constant_is_uniform(turned);
}

fn constant_is_uniform(lay: impl Fn(SliceView, &mut Random) -> SliceView) {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    let style = LabelStyle { colors: LabelColors::Uniform([200, 100, 255]), opacity: 0.5, highlight: None };
    let mut inside = 0;
    for seed in 0..60 {
        let mut random = Random(seed);
        let levels = random_levels(&mut random);
        let view = random_view(&mut random, &levels);
        let view = lay(view, &mut Random(!seed));
        let layer = SliceLayer { volume: 1, levels: Arc::from(levels.as_slice()), style: LayerStyle::Labels(style) };
        renderer.begin_frame();
        renderer.textures_mut().remove_volume(1);
        // The coarsest level is always there, finer ones in part: as while loading.
        for (index, level) in levels.iter().enumerate() {
            let texels = Texels::Ids(vec![9; level.chunk_shape.product() as usize].into());
            for_each_chunk(level, |chunk| {
                let id = layer.chunk_id(index, chunk);
                if index + 1 == levels.len() || random.chance(50) {
                    let shape = level.chunk_shape.map(|n| n as u32);
                    renderer.textures_mut().upload(&gpu.device, &gpu.queue, id, shape, &texels).expect("room");
                } else if random.chance(20) {
                    renderer.textures_mut().mark_absent(id, Fill::Id(9));
                }
            });
        }
        let draw = SliceDraw { view, layers: vec![layer] };
        let image = renderer.render_to_rgba(&gpu.device, &gpu.queue, &draw, BACKGROUND).expect("drawn");
        let blended = [100, 50, 128];
        for (i, pixel) in image.chunks_exact(4).enumerate() {
            let at = [i as u32 % view.viewport[0], i as u32 / view.viewport[0]];
            if covers_all_levels(&levels, &view, at) {
                inside += 1;
                let off = blended.iter().zip(pixel).map(|(want, got): (&i32, _)| (want - i32::from(*got)).abs()).max();
                assert!(off <= Some(1), "scene {seed}, pixel {at:?} is {pixel:?}, half of the colour is {blended:?}");
            }
        }
    }
    assert!(inside > 40_000, "only {inside} pixels were inside");
}

/// True if the pixel's centre lies inside every level: rounded-down coarse levels end a little earlier.
fn covers_all_levels(levels: &[microtome_render::LevelGeometry], view: &SliceView, [x, y]: [u32; 2]) -> bool {
    let world_nm = view.world_from_pixel([f64::from(x) + 0.5, f64::from(y) + 0.5]);
    levels.iter().all(|level| {
        let voxel = level.world_from_voxel.voxel_from_world(world_nm);
        voxel.zip_map(level.shape, |v, n| v > -0.499_999 && v < n as f64 - 0.500_001).all(|inside| inside)
    })
}

#[test]
fn neighbours_meet_at_the_same_pixel_far_from_the_origin() {
    // A hundred micrometres away, with a voxel size that is no binary fraction.
    let level = microtome_render::LevelGeometry {
        shape: Zyx::splat(100_000),
        chunk_shape: Zyx::splat(64),
        world_from_voxel: microtome_core::geometry::GridTransform::new(Zyx::splat(5.24), Zyx::splat(0.1)),
    };
    for step in 0..200 {
        let view = SliceView {
            turned: None,
            normal: microtome_core::geometry::Axis::Z,
            center_nm: Zyx::splat(400_000.0 + f64::from(step) * 0.37),
            nm_per_pixel: 5.24 / 1.37 + f64::from(step) * 0.01,
            viewport: [301, 199],
        };
        let mut covered = vec![0_u8; 301 * 199];
        for (_, PixelRect { x0, y0, x1, y1 }) in visible_chunks(&view, &level) {
            (y0..y1).for_each(|y| (x0..x1).for_each(|x| covered[(y * 301 + x) as usize] += 1));
        }
        assert!(covered.iter().all(|times| *times == 1), "step {step}");
    }
}
