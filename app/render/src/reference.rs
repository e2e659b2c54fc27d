//! The CPU twin of every function of slice.wgsl, by the same name and in the same arithmetic (f32); and, in double
//! precision, of what resamples.

mod intensity;
mod resample;
mod turned;

use std::collections::HashMap;

use microtome_core::geometry::Zyx;

use crate::colormap::{LUT_WIDTH, lut_rgba};
use crate::slice::{LayerStyle, LayerUniform, QuadInstance};
use crate::texels::{Fill, Texels};
use crate::turned_instance::TurnedInstance;
use crate::{ChunkId, PixelRect, SliceDraw, SliceLayer, draw_list, hash_id, turned_list};
pub use resample::resample;
use turned::TurnedFragment;

/// A fragment of a turned plane has its place from elsewhere.
const NO_QUAD: QuadInstance =
    QuadInstance { pixels: [0.0; 4], voxels: [0.0; 4], slice_axis_fill: [0; 4], value_scale: 1.0 };

/// A chunk in memory, as [`crate::ChunkTextures`] has it on the device.
#[derive(Debug, Clone)]
pub enum ReferenceChunk {
    /// Voxels, and as many texels.
    Texels(Zyx<u32>, Texels<'static>),
    /// Absent from the store.
    Absent(Fill),
}

impl ReferenceChunk {
    /// Bits of its value, if it is absent; from a loaded texel to the data's units.
    fn fill_and_scale(&self) -> (Option<u32>, f32) {
        match self {
            Self::Texels(_, texels) => (None, texels.value_scale()),
            Self::Absent(fill) => (Some(fill.bits()), 1.0),
        }
    }

    fn can_draw(&self, style: &LayerStyle) -> bool {
        let kind = match self {
            Self::Texels(_, texels) => texels.kind(),
            Self::Absent(fill) => fill.kind(),
        };
        kind == style.kind()
    }
}

/// One pixel of a reference image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReferencePixel {
    /// RGBA, 0 to 1, rounded to 8 bits after every layer as the target does.
    pub rgba: [f32; 4],
    /// How far (voxels) the pixel is from the border between two voxels, where rounding decides; over all layers
    /// that take the nearest voxel.
    pub tie_distance: f32,
}

/// Draws a view as [`crate::SliceRenderer::render_to_rgba`] does on a target that is not sRGB.
#[must_use]
pub fn render(draw: &SliceDraw, chunks: &HashMap<ChunkId, ReferenceChunk>, background: [u8; 4]) -> Vec<ReferencePixel> {
    let [width, height] = draw.view.viewport.map(|side| side as usize);
    let clear = ReferencePixel { rgba: background.map(|c| f32::from(c) / 255.0), tie_distance: f32::INFINITY };
    let mut image = vec![clear; width * height];
    for layer in &draw.layers {
        draw_layer(draw, layer, chunks, &mut image);
    }
    image
}

fn draw_layer(
    draw: &SliceDraw,
    layer: &SliceLayer,
    chunks: &HashMap<ChunkId, ReferenceChunk>,
    image: &mut [ReferencePixel],
) {
    let uniform = LayerUniform::new(&draw.view, &layer.style, false);
    let colors = lut_rgba();
    let find = |level, chunk| chunks.get(&layer.chunk_id(level, chunk)).filter(|c| c.can_draw(&layer.style));
    let is_resident = |level, chunk| find(level, chunk).is_some();
    let mut target = Target { draw, image };
    if draw.view.turned.is_some() {
        for quad in turned_list(&draw.view, &layer.levels, is_resident) {
            let Some(chunk) = find(quad.level, quad.chunk) else { continue };
            let (fill_bits, scale) = chunk.fill_and_scale();
            let turned = TurnedInstance::new(&draw.view, &layer.levels, &quad, fill_bits, scale);
            target.each(&quad.pixels, |pixel| {
                let common = Fragment { layer: &uniform, colors: &colors, quad: &NO_QUAD, chunk, pixel };
                let fragment = TurnedFragment { common, turned: &turned };
                let source = fragment.is_own().then(|| match layer.style {
                    LayerStyle::Image(_) => fragment.common.image_color(fragment.turned_intensity()),
                    LayerStyle::Labels(_) => fragment.common.label_color(fragment.turned_id()),
                });
                (source, fragment.tie_distance())
            });
        }
        return;
    }
    for quad in draw_list(&draw.view, &layer.levels, is_resident) {
        let Some(chunk) = find(quad.level, quad.chunk) else { continue };
        let (fill_bits, scale) = chunk.fill_and_scale();
        let instance = QuadInstance::new(&draw.view, &quad, fill_bits, scale);
        target.each(&quad.pixels, |pixel| {
            let fragment = Fragment { layer: &uniform, colors: &colors, quad: &instance, chunk, pixel };
            let source = match layer.style {
                LayerStyle::Image(_) => fragment.fs_image(),
                LayerStyle::Labels(_) => fragment.fs_labels(),
            };
            (Some(source), fragment.tie_distance())
        });
    }
}

/// Where the layers are drawn.
struct Target<'a> {
    draw: &'a SliceDraw,
    image: &'a mut [ReferencePixel],
}

impl Target<'_> {
    /// Blends what a fragment answers (`None`: nothing) into each pixel, with its tie distance.
    fn each(&mut self, pixels: &PixelRect, fragment: impl Fn([f32; 2]) -> (Option<[f32; 4]>, f32)) {
        for y in pixels.y0..pixels.y1 {
            for x in pixels.x0..pixels.x1 {
                let (source, tie_distance) = fragment([x as f32, y as f32]);
                let pixel = &mut self.image[y as usize * self.draw.view.viewport[0] as usize + x as usize];
                if let Some(source) = source {
                    pixel.rgba = blend(source, pixel.rgba);
                }
                pixel.tie_distance = pixel.tie_distance.min(tie_distance);
            }
        }
    }
}

/// Premultiplied alpha blending into a target of 8 bits per channel.
fn blend(source: [f32; 4], target: [f32; 4]) -> [f32; 4] {
    let kept = 1.0 - source[3];
    std::array::from_fn(|i| ((source[i] + target[i] * kept).clamp(0.0, 1.0) * 255.0).round() / 255.0)
}

/// What a fragment sees; its methods are the shader's functions.
struct Fragment<'a> {
    layer: &'a LayerUniform,
    colors: &'a [u8],
    quad: &'a QuadInstance,
    chunk: &'a ReferenceChunk,
    /// Whole pixel.
    pixel: [f32; 2],
}

impl Fragment<'_> {
    fn voxel_position(&self) -> [f32; 2] {
        let [first_x, first_y, step_x, step_y] = self.quad.voxels;
        let [x0, y0, ..] = self.quad.pixels;
        [first_x + (self.pixel[0] - x0) * step_x, first_y + (self.pixel[1] - y0) * step_y]
    }

    /// Index of the texel of a voxel (right, down), kept inside the chunk.
    fn texel(&self, voxel: [f32; 2], shape: Zyx<u32>) -> usize {
        let [slice, axis, ..] = self.quad.slice_axis_fill;
        let [right, down] = voxel.map(|v| v as i64);
        let slice = i64::from(slice);
        let at = match axis {
            0 => Zyx::new(slice, down, right),
            1 => Zyx::new(down, slice, right),
            _ => Zyx::new(right, down, slice),
        };
        let at = at.zip_map(shape, |v, n| v.clamp(0, i64::from(n) - 1) as usize);
        let shape = shape.map(|n| n as usize);
        (at.z * shape.y + at.y) * shape.x + at.x
    }

    fn load_intensity(&self, voxel: [f32; 2]) -> f32 {
        let ReferenceChunk::Texels(shape, texels) = self.chunk else { return 0.0 };
        let index = self.texel(voxel, *shape);
        let loaded = match texels {
            Texels::U8(v) => f32::from(v[index]) / 255.0,
            Texels::F32(v) => v[index],
            Texels::Ids(_) => 0.0,
        };
        loaded * self.quad.value_scale
    }

    fn intensity(&self) -> f32 {
        if self.quad.slice_axis_fill[2] == 1 {
            return f32::from_bits(self.quad.slice_axis_fill[3]);
        }
        let at = self.voxel_position();
        if self.layer.linear == 0 {
            return self.load_intensity(at.map(|v| (v + 0.5).floor()));
        }
        let [low_x, low_y] = at.map(f32::floor);
        let share = [at[0] - low_x, at[1] - low_y];
        let row = |y: f32| mix(self.load_intensity([low_x, y]), self.load_intensity([low_x + 1.0, y]), share[0]);
        mix(row(low_y), row(low_y + 1.0), share[1])
    }

    fn color(&self, entry: usize) -> [f32; 3] {
        let at = (self.layer.color_row as usize * LUT_WIDTH + entry) * 4;
        std::array::from_fn(|i| f32::from(self.colors[at + i]) / 255.0)
    }

    fn map_color(&self, t: f32) -> [f32; 3] {
        let last = LUT_WIDTH - 1;
        let at = t * last as f32;
        let low = (at.floor() as usize).min(last - 1);
        let (below, above) = (self.color(low), self.color(low + 1));
        std::array::from_fn(|i| mix(below[i], above[i], at - low as f32))
    }

    fn id_color(&self, id: u32) -> [f32; 3] {
        let [r, g, b, is_solid] = self.layer.solid;
        if is_solid == 1.0 { [r, g, b] } else { self.color(hash_id(id) as usize % LUT_WIDTH) }
    }

    fn to_target(&self, color: [f32; 3]) -> [f32; 4] {
        let alpha = self.layer.opacity;
        [color[0] * alpha, color[1] * alpha, color[2] * alpha, alpha]
    }

    fn image_color(&self, stored: f32) -> [f32; 4] {
        let (lo, width) = (self.layer.window_lo, self.layer.window_width);
        let value = stored.clamp(lo, lo + width);
        let t = ((value - lo) / width).clamp(0.0, 1.0);
        self.to_target(self.map_color(if self.layer.invert == 1 { 1.0 - t } else { t }))
    }

    fn label_color(&self, id: u32) -> [f32; 4] {
        if id == 0 {
            return [0.0; 4];
        }
        let mut color = self.id_color(id);
        if self.layer.has_highlight == 1 && id == self.layer.highlight {
            color = color.map(|c| mix(c, 1.0, 0.5));
        }
        self.to_target(color)
    }

    fn fs_image(&self) -> [f32; 4] {
        self.image_color(self.intensity())
    }

    fn fs_labels(&self) -> [f32; 4] {
        let id = match self.chunk {
            ReferenceChunk::Texels(shape, Texels::Ids(ids)) => {
                ids[self.texel(self.voxel_position().map(|v| (v + 0.5).floor()), *shape)]
            }
            _ => self.quad.slice_axis_fill[3],
        };
        self.label_color(id)
    }

    fn tie_distance(&self) -> f32 {
        if self.layer.linear == 1 || self.quad.slice_axis_fill[2] == 1 {
            return f32::INFINITY;
        }
        let from_border = |v: f32| ((v + 0.5) - (v + 0.5).round()).abs();
        let [right, down] = self.voxel_position().map(from_border);
        right.min(down)
    }
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a * (1.0 - share) + b * share
}
