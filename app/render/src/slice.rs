//! What to draw in a view, as plain values, and those values as the shader reads them.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use crate::colormap::LABEL_ROW;
use crate::draw_list::ChunkQuad;
use crate::texels::TexelKind;
use crate::{ChunkId, ColorMap, LevelGeometry, SliceView};

/// One view with its layers, drawn in order, each over the ones before. Where no layer has data, the target stays.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceDraw {
    /// The plane and its viewport.
    pub view: SliceView,
    /// Images first, labels over them.
    pub layers: Vec<SliceLayer>,
}

/// One volume in a view.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceLayer {
    /// The volume, as in [`ChunkId::volume`].
    pub volume: u64,
    /// Its levels, in the order of [`ChunkId::level`].
    pub levels: Arc<[LevelGeometry]>,
    /// How it looks.
    pub style: LayerStyle,
}

impl SliceLayer {
    /// The id of a chunk of this layer.
    #[must_use]
    pub fn chunk_id(&self, level: usize, chunk: microtome_core::geometry::Zyx<u64>) -> ChunkId {
        ChunkId { volume: self.volume, level: u32::try_from(level).unwrap_or(u32::MAX), chunk }
    }
}

/// How a layer looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LayerStyle {
    /// Intensities.
    Image(ImageStyle),
    /// Object ids.
    Labels(LabelStyle),
}

impl LayerStyle {
    /// The kind of texels that this style can draw.
    #[must_use]
    pub const fn kind(&self) -> TexelKind {
        match self {
            Self::Image(_) => TexelKind::Intensity,
            Self::Labels(_) => TexelKind::Id,
        }
    }
}

/// How intensities look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageStyle {
    /// The values drawn as the lowest and the highest colour, in the data's own units.
    pub window: [f32; 2],
    /// Low values get the highest colour, as in EM of the other contrast.
    pub invert: bool,
    /// From value to colour.
    pub color_map: ColorMap,
    /// Between voxels.
    pub interpolation: Interpolation,
    /// 0 invisible, 1 opaque.
    pub opacity: f32,
}

/// What is drawn between voxel centres of the plane; along the normal it is always the nearest voxel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// The nearest voxel: every voxel a square.
    #[default]
    Nearest,
    /// Bilinear inside a chunk; the outer half voxel of a chunk repeats its edge.
    Linear,
}

/// How object ids look. Id 0 is never drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelStyle {
    /// From id to colour.
    pub colors: LabelColors,
    /// 0 invisible, 1 opaque.
    pub opacity: f32,
    /// An id (folded) drawn brighter than the others.
    pub highlight: Option<u32>,
}

/// From object id to colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LabelColors {
    /// Each id its own: [`crate::label_color`].
    PerId,
    /// All ids the same sRGB colour, as for one class.
    Uniform([u8; 3]),
}

/// What a layer tells the shader: `struct Layer` in slice.wgsl.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct LayerUniform {
    pub viewport: [f32; 2],
    pub opacity: f32,
    pub color_row: u32,
    pub window_lo: f32,
    pub window_width: f32,
    pub invert: u32,
    pub linear: u32,
    pub solid: [f32; 4],
    pub highlight: u32,
    pub has_highlight: u32,
    pub linear_target: u32,
    pub padding: u32,
}

impl LayerUniform {
    /// `linear_target`: the target encodes sRGB itself and wants linear light.
    pub fn new(view: &SliceView, style: &LayerStyle, linear_target: bool) -> Self {
        let mut uniform = Self {
            viewport: view.viewport.map(|side| side as f32),
            linear_target: u32::from(linear_target),
            ..Self::zeroed()
        };
        match style {
            LayerStyle::Image(image) => uniform.set_image(image),
            LayerStyle::Labels(labels) => uniform.set_labels(labels),
        }
        uniform
    }

    fn set_image(&mut self, style: &ImageStyle) {
        let [lo, hi] = style.window.map(|v| if v.is_finite() { v } else { 0.0 });
        // An empty window is a threshold just above `lo`: the smallest width at which lo + width is another number.
        let smallest = (lo.abs() * 4.0 * f32::EPSILON).max(f32::MIN_POSITIVE);
        self.window_lo = lo;
        self.window_width = (hi - lo).clamp(smallest, f32::MAX);
        self.opacity = opacity(style.opacity);
        self.color_row = style.color_map.row();
        self.invert = u32::from(style.invert);
        self.linear = u32::from(style.interpolation == Interpolation::Linear);
    }

    fn set_labels(&mut self, style: &LabelStyle) {
        self.opacity = opacity(style.opacity);
        self.color_row = LABEL_ROW;
        self.highlight = style.highlight.unwrap_or(0);
        self.has_highlight = u32::from(style.highlight.is_some());
        if let LabelColors::Uniform([r, g, b]) = style.colors {
            self.solid = [r, g, b, 255].map(|c| f32::from(c) / 255.0);
        }
    }
}

fn opacity(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

/// What a quad tells the shader: `struct Quad` in slice.wgsl, one instance of the vertex buffer.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct QuadInstance {
    /// First column and row inside, first column and row beyond.
    pub pixels: [f32; 4],
    /// Voxel (right, down) at the first pixel's centre, voxels per pixel (right, down).
    pub voxels: [f32; 4],
    /// Voxel along the normal, index of the normal axis, 1 if the chunk is absent, bits of its fill value.
    pub slice_axis_fill: [u32; 4],
    /// From a loaded texel to the data's units.
    pub value_scale: f32,
}

/// Attributes of [`QuadInstance`], by shader location.
pub(crate) const QUAD_ATTRIBUTES: [wgpu::VertexAttribute; 4] =
    wgpu::vertex_attr_array![0 => Float32x4, 1 => Float32x4, 2 => Uint32x4, 3 => Float32];

impl QuadInstance {
    pub fn new(view: &SliceView, quad: &ChunkQuad, fill_bits: Option<u32>, value_scale: f32) -> Self {
        let p = quad.pixels;
        let normal = [0, 1, 2][view.normal.index()];
        Self {
            pixels: [p.x0, p.y0, p.x1, p.y1].map(|v| v as f32),
            voxels: [quad.first_voxel[0], quad.first_voxel[1], quad.voxels_per_pixel[0], quad.voxels_per_pixel[1]],
            slice_axis_fill: [quad.slice, normal, u32::from(fill_bits.is_some()), fill_bits.unwrap_or(0)],
            value_scale,
        }
    }
}
