//! Every pixel that the device draws against the CPU twin, over random volumes, zooms, windows, types and styles.

use microtome_render::reference::{ReferencePixel, render};

use crate::device::gpu;
use crate::scene::Scene;

const SCENES: u64 = 120;
const BACKGROUND: [u8; 4] = [30, 60, 90, 255];
/// Nearer than this (voxels) to the border of two voxels, rounding may choose either.
const TIE_VOXELS: f32 = 1e-3;

/// The largest difference of a pixel's channels, of 255.
fn difference(gpu: &[u8], cpu: &ReferencePixel) -> f32 {
    let channels = gpu.iter().zip(cpu.rgba);
    channels.map(|(gpu, cpu)| (f32::from(*gpu) - cpu * 255.0).abs()).fold(0.0, f32::max)
}

fn device_draws_as_the_cpu(scene: impl Fn(u64) -> Scene) {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    let (mut pixels, mut ties, mut drawn) = (0_usize, 0_usize, 0_usize);
    for seed in 0..SCENES {
        let scene = scene(seed);
        renderer.begin_frame();
        for volume in [1, 2] {
            renderer.textures_mut().remove_volume(volume);
        }
        scene.upload(&gpu, &mut renderer);
        let image =
            renderer.render_to_rgba(&gpu.device, &gpu.queue, &scene.draw, BACKGROUND).expect("the device draws");
        let expected = render(&scene.draw, &scene.chunks, BACKGROUND);
        assert_eq!(image.len(), expected.len() * 4);
        for (i, (got, want)) in image.chunks_exact(4).zip(&expected).enumerate() {
            pixels += 1;
            drawn += usize::from(got != BACKGROUND);
            if want.tie_distance < TIE_VOXELS {
                ties += 1;
            } else {
                let off = difference(got, want);
                assert!(off <= 1.01, "scene {seed}, pixel {i}: {got:?}, twin {want:?}, {:?}", scene.draw);
            }
        }
    }
    assert!(drawn * 6 > pixels, "only {drawn} of {pixels} pixels show data");
    assert!(ties * 50 < pixels, "{ties} of {pixels} pixels could not be compared");
}

#[test]
fn device_and_cpu_draw_the_same() {
    device_draws_as_the_cpu(Scene::random);
}

#[test]
fn device_and_cpu_draw_the_same_of_turned_planes() {
    device_draws_as_the_cpu(Scene::random_turned);
}
