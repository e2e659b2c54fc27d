//! Random volumes, views and styles, the same for ever from one seed.

use std::collections::HashMap;
use std::sync::Arc;

use microtome_core::geometry::{Axis, GridTransform, Zyx};
use microtome_core::volume::Buffer;
use microtome_render::reference::ReferenceChunk;
use microtome_render::{
    Basis, ChunkId, ColorMap, Fill, ImageStyle, Interpolation, LabelColors, LabelStyle, LayerStyle, LevelGeometry,
    SliceDraw, SliceLayer, SliceRenderer, SliceView, Texels,
};

use crate::device::Gpu;

/// Steele, Lea and Flood's SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, without, `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, of_100: u64) -> bool {
        self.below(100) < of_100
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A view and all chunks that its layers may have.
pub struct Scene {
    pub draw: SliceDraw,
    pub chunks: HashMap<ChunkId, ReferenceChunk>,
}

/// A pyramid of 1 to 3 levels, each half the one before on a random choice of axes.
pub fn random_levels(random: &mut Random) -> Vec<LevelGeometry> {
    let mut shape = Zyx::from_fn(|_| 1 + random.below(60));
    let mut voxel_size_nm = Zyx::from_fn(|_| random.between(2.0, 40.0));
    let mut translation_nm = Zyx::from_fn(|_| random.between(-1e5, 1e5));
    let mut levels = Vec::new();
    for _ in 0..1 + random.below(3) {
        let chunk_shape = Zyx::from_fn(|_| 3 + random.below(20));
        levels.push(LevelGeometry {
            shape,
            chunk_shape,
            world_from_voxel: GridTransform::new(voxel_size_nm, translation_nm),
        });
        let factor = Zyx::from_fn(|_| 1 + random.below(2));
        translation_nm = translation_nm + voxel_size_nm * factor.map(|f| (f as f64 - 1.0) * 0.5);
        voxel_size_nm = voxel_size_nm * factor.map(|f| f as f64);
        shape = shape.zip_map(factor, |n, f| (n / f).max(1));
    }
    levels
}

/// A view whose plane cuts the first level, at any zoom from many pixels a voxel to many voxels a pixel.
pub fn random_view(random: &mut Random, levels: &[LevelGeometry]) -> SliceView {
    let finest = &levels[0];
    let at = Zyx::from_fn(|axis| random.between(-0.49, finest.shape[axis] as f64 - 0.51));
    let zoom = random.between(-3.0, 1.5).exp2();
    SliceView {
        turned: None,
        normal: random.pick(&Axis::ALL),
        center_nm: finest.world_from_voxel.world_from_voxel(at),
        nm_per_pixel: zoom * finest.world_from_voxel.voxel_size_nm.x,
        viewport: [1 + random.below(150), 1 + random.below(100)].map(|side| side as u32),
    }
}

/// The same view with its plane turned: by any angles, and now and then along other axes or half-way between.
pub fn turned(view: SliceView, random: &mut Random) -> SliceView {
    let angle = |random: &mut Random| {
        if random.chance(30) { random.pick(&[0.0, 45.0, 90.0, -135.0]) } else { random.between(-180.0, 180.0) }
    };
    let basis = Basis::of_axes(view.normal).turned(angle(random), angle(random));
    SliceView { turned: Some(basis), ..view }
}

impl Scene {
    /// As [`Scene::random`], with the plane turned.
    pub fn random_turned(seed: u64) -> Self {
        let mut scene = Self::random(seed);
        scene.draw.view = turned(scene.draw.view, &mut Random(!seed));
        scene
    }

    /// An image, usually with labels over it; some chunks absent, some not loaded.
    pub fn random(seed: u64) -> Self {
        let mut random = Random(seed);
        let levels = random_levels(&mut random);
        let view = random_view(&mut random, &levels);
        let mut scene = Self { draw: SliceDraw { view, layers: Vec::new() }, chunks: HashMap::new() };
        let dtype = random.below(4);
        let mut style = random_image_style(&mut random, dtype);
        let has_labels = random.chance(70);
        if has_labels {
            // Each blended layer rounds to 8 bits once; two would differ from the twin by two.
            style.opacity = 1.0;
        }
        let style = LayerStyle::Image(style);
        scene.add_layer(&mut random, 1, &levels, style, dtype);
        if has_labels {
            let levels = if random.chance(50) { levels } else { random_levels(&mut random) };
            let style = LayerStyle::Labels(random_label_style(&mut random));
            let dtype = random.below(2);
            scene.add_layer(&mut random, 2, &levels, style, dtype);
        }
        scene
    }

    fn add_layer(&mut self, random: &mut Random, volume: u64, levels: &[LevelGeometry], style: LayerStyle, dtype: u64) {
        let layer = SliceLayer { volume, levels: Arc::from(levels), style };
        let loaded_of_100 = random.pick(&[100, 60]);
        for (index, level) in levels.iter().enumerate() {
            for_each_chunk(level, |chunk| {
                if random.chance(loaded_of_100) {
                    self.chunks.insert(layer.chunk_id(index, chunk), random_chunk(random, level, &style, dtype));
                }
            });
        }
        self.draw.layers.push(layer);
    }

    /// Puts every chunk on the device.
    pub fn upload(&self, gpu: &Gpu, renderer: &mut SliceRenderer) {
        for (id, chunk) in &self.chunks {
            let textures = renderer.textures_mut();
            match chunk {
                ReferenceChunk::Absent(fill) => textures.mark_absent(*id, *fill),
                ReferenceChunk::Texels(shape, texels) => {
                    textures.upload(&gpu.device, &gpu.queue, *id, *shape, texels).expect("room for a small scene");
                }
            }
        }
    }
}

pub fn for_each_chunk(level: &LevelGeometry, mut f: impl FnMut(Zyx<u64>)) {
    let grid = level.chunk_grid();
    for z in 0..grid.z {
        for y in 0..grid.y {
            (0..grid.x).for_each(|x| f(Zyx::new(z, y, x)));
        }
    }
}

/// Highest value that [`random_chunk`] makes, by element type.
fn range_of(dtype: u64) -> (f64, f64) {
    match dtype {
        0 => (0.0, 255.0),
        1 => (0.0, 65_535.0),
        2 => (-2000.0, 2000.0),
        _ => (-1.0, 1.0),
    }
}

fn random_image_style(random: &mut Random, dtype: u64) -> ImageStyle {
    let (lo, hi) = range_of(dtype);
    let from = random.between(lo, hi);
    ImageStyle {
        window: [from as f32, (from + random.between(0.05, 1.0) * (hi - lo)) as f32],
        invert: random.chance(50),
        color_map: random.pick(&ColorMap::ALL),
        interpolation: random.pick(&[Interpolation::Nearest, Interpolation::Linear]),
        opacity: random.pick(&[1.0, 0.7]),
    }
}

fn random_label_style(random: &mut Random) -> LabelStyle {
    LabelStyle {
        colors: random.pick(&[LabelColors::PerId, LabelColors::Uniform([250, 120, 7])]),
        opacity: random.between(0.0, 1.0) as f32,
        highlight: random.pick(&[None, Some(2)]),
    }
}

fn random_chunk(random: &mut Random, level: &LevelGeometry, style: &LayerStyle, dtype: u64) -> ReferenceChunk {
    // Some readers hand over whole chunks, some cut them at the edge of the array.
    let shape = if random.chance(50) { level.chunk_shape } else { level.shape.zip_map(level.chunk_shape, u64::min) };
    let count = shape.product();
    let is_absent = random.chance(15);
    let texels = match style {
        LayerStyle::Image(_) if is_absent => return ReferenceChunk::Absent(Fill::Intensity(random.below(9) as f32)),
        LayerStyle::Labels(_) if is_absent => return ReferenceChunk::Absent(Fill::Id(random.below(2) as u32)),
        LayerStyle::Image(_) => {
            let (lo, hi) = range_of(dtype);
            let mut value = || random.between(lo, hi);
            let buffer = match dtype {
                0 => Buffer::U8((0..count).map(|_| value() as u8).collect()),
                1 => Buffer::U16((0..count).map(|_| value() as u16).collect()),
                2 => Buffer::I16((0..count).map(|_| value() as i16).collect()),
                _ => Buffer::F64((0..count).map(|_| value()).collect()),
            };
            Texels::intensities(&buffer).into_owned()
        }
        LayerStyle::Labels(_) => {
            let buffer = match dtype {
                0 => Buffer::U8((0..count).map(|_| random.below(5) as u8).collect()),
                _ => Buffer::U64((0..count).map(|_| random.below(3).wrapping_mul(random.next())).collect()),
            };
            Texels::ids(&buffer).into_owned()
        }
    };
    ReferenceChunk::Texels(shape.map(|n| n as u32), texels)
}
