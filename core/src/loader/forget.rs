//! What a sample is not to show: targets made unknown where they lie outside a tile, or where there is no raw.

use super::layout::BatchLayout;
use super::read::{Slot, SlotData, slots};
use super::{BatchArray, Role};
use crate::geometry::{Axis, BoxNm, PatchGrid, Zyx};

impl Slot<'_> {
    /// Makes the voxel at `index` of each of the slot's channels of so many voxels unknown: NaN where the element type has
    /// it, else 0 and a mask of 0.
    fn forget(&mut self, index: usize, voxels: usize) {
        fn fill<T: Copy>(elements: &mut [T], (index, voxels): (usize, usize), value: T) {
            elements.iter_mut().skip(index).step_by(voxels.max(1)).for_each(|element| *element = value);
        }
        let place = (index, voxels);
        match &mut self.data {
            SlotData::U8(data) => fill(data, place, 0),
            SlotData::U16(data) => fill(data, place, 0),
            SlotData::U32(data) => fill(data, place, 0),
            SlotData::U64(data) => fill(data, place, 0),
            SlotData::F16(data) => fill(data, place, half::f16::NAN),
            SlotData::F32(data) => fill(data, place, f32::NAN),
        }
        if let Some(known) = &mut self.known {
            fill(known.said(), place, 0);
        }
        if let Some(known) = &mut self.known_bits {
            fill(known.said(), place, 0);
        }
    }

    /// Makes every voxel unknown whose centre lies outside `shown` (half-open, nm); the patch is not turned.
    pub(super) fn forget_outside(&mut self, grid: &PatchGrid, shown: &BoxNm) {
        let inside = Zyx::from_fn(|axis| voxels_inside(grid, shown, axis));
        let mut index = 0;
        for z in 0..grid.shape.z {
            for y in 0..grid.shape.y {
                let row_is_inside = inside.z.contains(&z) && inside.y.contains(&y);
                for x in 0..grid.shape.x {
                    if !(row_is_inside && inside.x.contains(&x)) {
                        self.forget(index, grid.shape.product());
                    }
                    index += 1;
                }
            }
        }
    }

    /// Makes every voxel unknown at which `absent` is not 0.
    pub(super) fn forget_where(&mut self, absent: &[u8]) {
        absent
            .iter()
            .enumerate()
            .filter(|(_, absent)| **absent != 0)
            .for_each(|(index, _)| self.forget(index, absent.len()));
    }

    fn clear(&mut self) {
        match &mut self.data {
            SlotData::U8(data) => data.fill(0),
            SlotData::U16(data) => data.fill(0),
            SlotData::U32(data) => data.fill(0),
            SlotData::U64(data) => data.fill(0),
            SlotData::F16(data) => data.fill(half::f16::ZERO),
            SlotData::F32(data) => data.fill(0.0),
        }
    }
}

impl BatchLayout {
    /// Makes a sample hold nothing: inputs 0, targets unknown.
    pub(super) fn clear_sample(&self, arrays: &mut [BatchArray], sample: usize) {
        for (array, layout) in arrays.iter_mut().zip(&self.arrays) {
            let count = layout.slots();
            for slot in slots(array, layout.slot_len()).iter_mut().skip(sample * count).take(count) {
                match layout.role {
                    Role::Input => slot.clear(),
                    Role::Target => slot.fill_unknown(),
                }
            }
        }
    }
}

/// The voxels of a patch along one axis whose centres lie in a half-open box. Centres that are off an edge only by
/// rounding noise are on it: what one tile gives up, its neighbour takes.
fn voxels_inside(grid: &PatchGrid, shown: &BoxNm, axis: Axis) -> std::ops::Range<usize> {
    const EPSILON: f64 = 1e-6;
    let first_nm = grid.center_nm[axis] - (grid.shape[axis] as f64 - 1.0) / 2.0 * grid.voxel_size_nm[axis];
    let voxel = |edge_nm: f64| {
        let from_first = (edge_nm - first_nm) / grid.voxel_size_nm[axis];
        (from_first - EPSILON).ceil().clamp(0.0, grid.shape[axis] as f64) as usize
    };
    voxel(shown.lo[axis])..voxel(shown.hi[axis])
}

#[cfg(test)]
mod tests {
    use super::super::Known;
    use super::*;
    use crate::geometry::{Orientation, Warp};

    #[test]
    fn neighbouring_boxes_share_the_voxels_between_them() {
        // Six voxels of 4 nm with centres at 2, 6, …, 22 nm, cut at every nanometre.
        let grid = PatchGrid {
            center_nm: Zyx::splat(12.0),
            shape: Zyx::splat(6),
            voxel_size_nm: Zyx::splat(4.0),
            orientation: Orientation::IDENTITY,
            warp: Warp::NONE,
        };
        for cut in 0..=24 {
            let cut = f64::from(cut);
            let [below, above] = [(0.0, cut), (cut, 24.0)]
                .map(|(lo, hi)| voxels_inside(&grid, &BoxNm::new(Zyx::splat(lo), Zyx::splat(hi)), Axis::X));
            assert_eq!((below.start, below.end, above.end), (0, above.start, 6), "{cut}");
            assert_eq!(below.end, (0..6).filter(|voxel| f64::from(voxel * 4 + 2) < cut).count());
        }
    }

    #[test]
    fn outside_a_box_is_unknown() {
        let grid = PatchGrid {
            center_nm: Zyx::splat(0.0),
            shape: Zyx::new(1, 2, 3),
            voxel_size_nm: Zyx::splat(2.0),
            orientation: Orientation::IDENTITY,
            warp: Warp::NONE,
        };
        // The second row, but for its last voxel.
        let shown = BoxNm::new(Zyx::new(-1.0, 0.0, -3.0), Zyx::new(1.0, 2.0, 1.0));
        let (mut ids, mut known, mut values) = ([7_u16; 6], Known::from_said(vec![1_u8; 6]), [1.0_f32; 6]);
        let mask = known.parts(6, 1).next();
        Slot { data: SlotData::U16(&mut ids), known: mask, known_bits: None }.forget_outside(&grid, &shown);
        Slot { data: SlotData::F32(&mut values), known: None, known_bits: None }.forget_outside(&grid, &shown);
        assert_eq!((ids, &*known), ([0, 0, 0, 7, 7, 0], &[0, 0, 0, 1, 1, 0][..]));
        assert_eq!(values.map(f32::is_nan), [true, true, true, false, false, true]);
        // Bits, and two channels of a class: at the same voxel each.
        let (mut words, mut known_words, mut pairs) = ([7_u64; 6], Known::from_said(vec![7_u64; 6]), [1_u8; 12]);
        let known_bits = known_words.parts(6, 7).next();
        Slot { data: SlotData::U64(&mut words), known: None, known_bits }.forget_where(&[0, 1, 0, 0, 0, 0]);
        assert_eq!((words, &*known_words), ([7, 0, 7, 7, 7, 7], &[7, 0, 7, 7, 7, 7][..]));
        Slot { data: SlotData::U8(&mut pairs), known: None, known_bits: None }.forget_where(&[0, 1, 0, 0, 0, 0]);
        assert_eq!(pairs, [1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1]);
    }
}
