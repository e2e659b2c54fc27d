//! What is under the pointer: looked up in chunks that are in memory, never read from the store.

use microtome_core::geometry::{GridTransform, Zyx};
use microtome_core::volume::{Chunk, Voxel};
use microtome_core::with_buffer;
use microtome_render::LevelGeometry;

/// The voxel of a level at a point, and the chunk that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Voxel in the level.
    pub voxel: Zyx<u64>,
    /// Its chunk.
    pub chunk: Zyx<u64>,
    /// Voxel in the chunk.
    pub in_chunk: Zyx<usize>,
}

impl Probe {
    /// The voxel of `level` at `world_nm`; `None` outside.
    #[must_use]
    pub fn at(level: &LevelGeometry, world_nm: Zyx<f64>) -> Option<Self> {
        let transform: GridTransform = level.world_from_voxel;
        let signed = transform.voxel_containing(world_nm);
        if !world_nm.all(f64::is_finite)
            || signed.any(|v| v < 0)
            || signed.zip_map(level.shape, |v, n| v.unsigned_abs() >= n).any(|outside| outside)
        {
            return None;
        }
        let voxel = signed.map(i64::unsigned_abs);
        let size = level.chunk_shape.map(|n| n.max(1));
        let chunk = voxel / size;
        let in_chunk = voxel.zip_map(size, |v, n| usize::try_from(v % n).unwrap_or(0));
        Some(Self { voxel, chunk, in_chunk })
    }

    /// Position of the voxel in a chunk's elements.
    #[must_use]
    pub fn index_in(&self, chunk: &Chunk) -> usize {
        (self.in_chunk.z * chunk.shape.y + self.in_chunk.y) * chunk.shape.x + self.in_chunk.x
    }
}

/// A value of a chunk, as a number and as an id.
#[must_use]
pub fn value_in(chunk: &Chunk, index: usize) -> Option<(f64, u64)> {
    with_buffer!(&chunk.data, values => values.get(index).map(|value| (value.to_f64(), value.to_id())))
}

/// A label under the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelReadout {
    /// The label crop.
    pub crop: String,
    /// The class.
    pub class: String,
    /// The object; 0 is background.
    pub id: u64,
}

/// What is under the pointer, or at the cursor while the pointer is elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Readout {
    /// Where, nm.
    pub world_nm: Zyx<f64>,
    /// Path of the EM level on display, such as `s1`.
    pub level: String,
    /// Voxel of that level; `None` outside the volume.
    pub voxel: Option<Zyx<u64>>,
    /// Its value; `None` outside, or until its chunk is in memory.
    pub raw: Option<f64>,
    /// Visible labels there, annotated background included.
    pub labels: Vec<LabelReadout>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use microtome_core::volume::Buffer;

    fn level() -> LevelGeometry {
        LevelGeometry {
            shape: Zyx::new(10, 20, 30),
            chunk_shape: Zyx::new(4, 8, 16),
            world_from_voxel: GridTransform::new(Zyx::new(30.0, 4.0, 4.0), Zyx::new(100.0, -8.0, 0.0)),
        }
    }

    #[test]
    fn a_point_is_found_in_its_chunk() {
        let world = level().world_from_voxel.world_from_voxel(Zyx::new(9.0, 8.4, 17.0));
        let probe = Probe::at(&level(), world).unwrap();
        assert_eq!(probe.voxel, Zyx::new(9, 8, 17));
        assert_eq!(probe.chunk, Zyx::new(2, 1, 1));
        assert_eq!(probe.in_chunk, Zyx::new(1, 0, 1));
        let chunk = Chunk::new(Zyx::new(4, 8, 16), Buffer::U16((0..512).collect()));
        assert_eq!(value_in(&chunk, probe.index_in(&chunk)), Some((129.0, 129)));
    }

    #[test]
    fn outside_there_is_nothing() {
        assert_eq!(Probe::at(&level(), Zyx::new(84.9, 0.0, 0.0)), None);
        assert_eq!(Probe::at(&level(), Zyx::new(100.0, 0.0, 118.0)), None);
        assert_eq!(Probe::at(&level(), Zyx::splat(f64::NAN)), None);
    }
}
