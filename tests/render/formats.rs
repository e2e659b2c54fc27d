//! The same picture in the window's format and in the others.

use microtome_render::{RenderError, Texels};

use crate::device::gpu;
use crate::scene::Scene;
use microtome_core::geometry::Zyx;
use microtome_render::ChunkId;

const BACKGROUND: [u8; 4] = [0, 0, 0, 255];

#[test]
fn every_eight_bit_target_shows_the_same_colours() {
    let gpu = gpu();
    for seed in 200..210 {
        let mut scene = Scene::random(seed);
        // sRGB targets blend in linear light: only opaque layers are equal there.
        scene.draw.layers.truncate(1);
        if let microtome_render::LayerStyle::Image(style) = &mut scene.draw.layers[0].style {
            style.opacity = 1.0;
        }
        let image = |format| {
            let mut renderer = gpu.renderer(format);
            scene.upload(&gpu, &mut renderer);
            renderer.render_to_rgba(&gpu.device, &gpu.queue, &scene.draw, BACKGROUND).unwrap()
        };
        let plain = image(wgpu::TextureFormat::Rgba8Unorm);
        assert_eq!(plain, image(wgpu::TextureFormat::Bgra8Unorm), "scene {seed}");
        let encoded = image(wgpu::TextureFormat::Rgba8UnormSrgb);
        let off = plain.iter().zip(&encoded).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(2), "scene {seed}: {off:?} of 255");
    }
}

#[test]
fn impossible_sizes_are_refused_with_a_reason() {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    let mut draw = Scene::random(0).draw;
    draw.view.viewport = [0, 5];
    let refused = renderer.render_to_rgba(&gpu.device, &gpu.queue, &draw, BACKGROUND);
    assert!(matches!(refused, Err(RenderError::ViewportSize { width: 0, height: 5, .. })), "{refused:?}");

    let id = ChunkId { volume: 1, level: 0, chunk: Zyx::splat(0) };
    let limit = gpu.device.limits().max_texture_dimension_3d;
    let mut upload = |shape: Zyx<u32>, len: usize| {
        renderer.textures_mut().upload(&gpu.device, &gpu.queue, id, shape, &Texels::U8(vec![0; len].into()))
    };
    let long = Zyx::new(1, 1, limit + 1);
    assert_eq!(upload(long, limit as usize + 1), Err(RenderError::ChunkTooLarge { shape: long, limit }));
    let shape = Zyx::new(2, 2, 2);
    assert_eq!(upload(shape, 7), Err(RenderError::ChunkLength { shape, expected: 8, got: 7 }));
    assert_eq!(upload(Zyx::new(0, 2, 2), 0).map_err(|e| e.to_string().contains("0 elements")), Err(true));
    assert!(upload(shape, 8).is_ok());
}
