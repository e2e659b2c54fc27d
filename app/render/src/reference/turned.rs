//! The CPU twin of what slice.wgsl does for turned planes.

use super::{Fragment, ReferenceChunk, mix};
use crate::texels::Texels;
use crate::turned_instance::{Lattice, TurnedInstance};

/// What a fragment of a turned plane sees; its methods are the shader's functions.
pub(super) struct TurnedFragment<'a> {
    /// Colours and styles are those of any fragment.
    pub common: Fragment<'a>,
    pub turned: &'a TurnedInstance,
}

fn turned_position(pixel: [f32; 2], viewport: [f32; 2], lattice: &Lattice) -> [f32; 3] {
    let from_middle = [0, 1].map(|side| pixel[side].floor() + 0.5 - viewport[side] * 0.5);
    std::array::from_fn(|i| lattice.origin[i] + from_middle[0] * lattice.right[i] + from_middle[1] * lattice.down[i])
}

fn owns(at: [f32; 3], lattice: &Lattice) -> bool {
    let lo = lattice.lo();
    (0..3).all(|i| {
        let voxel = (at[i] + 0.5).floor();
        voxel >= lo[i] && voxel < lattice.end[i]
    })
}

impl TurnedFragment<'_> {
    fn positions(&self) -> [[f32; 3]; 2] {
        [&self.turned.shown, &self.turned.own]
            .map(|lattice| turned_position(self.common.pixel, self.common.layer.viewport, lattice))
    }

    /// Whether the pixel is the chunk's.
    pub fn is_own(&self) -> bool {
        let [shown, own] = self.positions();
        owns(shown, &self.turned.shown) && owns(own, &self.turned.own)
    }

    /// Index of the texel of a voxel, kept inside the chunk.
    fn turned_texel(&self, voxel: [f32; 3]) -> usize {
        let ReferenceChunk::Texels(shape, _) = self.common.chunk else { return 0 };
        let lo = self.turned.own.lo();
        let at = |i: usize, n: u32| ((voxel[i] - lo[i]) as i64).clamp(0, i64::from(n) - 1) as usize;
        let (x, y, z) = (at(0, shape.x), at(1, shape.y), at(2, shape.z));
        (z * shape.y as usize + y) * shape.x as usize + x
    }

    fn load_turned(&self, voxel: [f32; 3]) -> f32 {
        let ReferenceChunk::Texels(_, texels) = self.common.chunk else { return 0.0 };
        let index = self.turned_texel(voxel);
        let loaded = match texels {
            Texels::U8(v) => f32::from(v[index]) / 255.0,
            Texels::F32(v) => v[index],
            Texels::Ids(_) => 0.0,
        };
        loaded * self.turned.own.end[3]
    }

    /// Intensity at the pixel.
    pub fn turned_intensity(&self) -> f32 {
        if self.turned.fill[0] == 1 {
            return f32::from_bits(self.turned.fill[1]);
        }
        let [_, at] = self.positions();
        if self.common.layer.linear == 0 {
            return self.load_turned(at.map(|v| (v + 0.5).floor()));
        }
        let low = at.map(f32::floor);
        let share: [f32; 3] = std::array::from_fn(|i| at[i] - low[i]);
        let load = |x: f32, y: f32, z: f32| self.load_turned([low[0] + x, low[1] + y, low[2] + z]);
        let row = |y: f32, z: f32| mix(load(0.0, y, z), load(1.0, y, z), share[0]);
        let plane = |z: f32| mix(row(0.0, z), row(1.0, z), share[1]);
        mix(plane(0.0), plane(1.0), share[2])
    }

    /// Object id at the pixel.
    pub fn turned_id(&self) -> u32 {
        match self.common.chunk {
            ReferenceChunk::Texels(_, Texels::Ids(ids)) => {
                ids[self.turned_texel(self.positions()[1].map(|v| (v + 0.5).floor()))]
            }
            _ => self.turned.fill[1],
        }
    }

    /// How far (voxels) the pixel is from where rounding decides: the borders of voxels, or, where it interpolates between
    /// them, of chunks.
    pub fn tie_distance(&self) -> f32 {
        let [shown, own] = self.positions();
        let of_voxels = |at: [f32; 3]| at.map(|v| ((v + 0.5) - (v + 0.5).round()).abs());
        let of_box = |at: [f32; 3], lattice: &Lattice| {
            let lo = lattice.lo();
            let from = |i: usize| (at[i] + 0.5 - lo[i]).abs().min((at[i] + 0.5 - lattice.end[i]).abs());
            [from(0), from(1), from(2)]
        };
        let inside = if self.common.layer.linear == 1 || self.turned.fill[0] == 1 {
            of_box(own, &self.turned.own)
        } else {
            of_voxels(own)
        };
        inside.into_iter().chain(of_box(shown, &self.turned.shown)).fold(f32::INFINITY, f32::min)
    }
}
