//! What a quad of a turned plane tells the shader.

use bytemuck::{Pod, Zeroable};
use microtome_core::geometry::{VoxelBox, Zyx};

use crate::turned::TurnedQuad;
use crate::{LevelGeometry, SliceView};

/// `struct Turned` in slice.wgsl, one instance of the vertex buffer. Positions are x, y, z in voxels of a level, counted from
/// the voxel at the middle of the view: there f32 is exact enough however large the volume is.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct TurnedInstance {
    /// First column and row, first column and row beyond.
    pub pixels: [f32; 4],
    /// Of the level on display.
    pub shown: Lattice,
    /// Of the chunk's level.
    pub own: Lattice,
    /// 1 if the chunk is absent, bits of its fill value.
    pub fill: [u32; 2],
}

/// The plane in voxels of a level, and the box that a pixel's nearest voxel has to lie in.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Lattice {
    /// The middle of the view; first voxel of the box, x.
    pub origin: [f32; 4],
    /// A pixel to the right; first voxel, y.
    pub right: [f32; 4],
    /// A pixel down; first voxel, z.
    pub down: [f32; 4],
    /// First voxel beyond the box; from a loaded texel to the data's units.
    pub end: [f32; 4],
}

/// Attributes of [`TurnedInstance`], by shader location.
pub(crate) const TURNED_ATTRIBUTES: [wgpu::VertexAttribute; 10] = wgpu::vertex_attr_array![
    0 => Float32x4, 1 => Float32x4, 2 => Float32x4, 3 => Float32x4, 4 => Float32x4,
    5 => Float32x4, 6 => Float32x4, 7 => Float32x4, 8 => Float32x4, 9 => Uint32x2
];

impl TurnedInstance {
    pub fn new(
        view: &SliceView,
        levels: &[LevelGeometry],
        quad: &TurnedQuad,
        fill_bits: Option<u32>,
        value_scale: f32,
    ) -> Self {
        let p = quad.pixels;
        Self {
            pixels: [p.x0, p.y0, p.x1, p.y1].map(|v| v as f32),
            shown: Lattice::new(view, &levels[quad.shown], &quad.shown_voxels, value_scale),
            own: Lattice::new(view, &levels[quad.level], &quad.voxels, value_scale),
            fill: [u32::from(fill_bits.is_some()), fill_bits.unwrap_or(0)],
        }
    }
}

impl Lattice {
    fn new(view: &SliceView, level: &LevelGeometry, voxels: &VoxelBox, value_scale: f32) -> Self {
        let grid = &level.world_from_voxel;
        let base = grid.voxel_containing(view.center_nm);
        let origin = grid.voxel_from_world(view.center_nm) - base.map(|v| v as f64);
        let per_pixel = |direction: Zyx<f64>| direction * view.nm_per_pixel / grid.voxel_size_nm;
        let lo = voxels.lo.zip_map(base, |v, base| v.saturating_sub(base) as f64);
        let end = voxels.hi.zip_map(base, |v, base| v.saturating_sub(base) as f64);
        let packed = |v: Zyx<f64>, last: f64| [v.x, v.y, v.z, last].map(|v| v as f32);
        Self {
            origin: packed(origin, lo.x),
            right: packed(per_pixel(view.right_vector()), lo.y),
            down: packed(per_pixel(view.down_vector()), lo.z),
            end: packed(end, f64::from(value_scale)),
        }
    }

    /// First voxel of the box, x, y, z.
    pub const fn lo(&self) -> [f32; 3] {
        [self.origin[3], self.right[3], self.down[3]]
    }
}
