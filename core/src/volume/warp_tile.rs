//! The voxels of one chunk, looked up at blocks of positions that use no other chunk.

use super::Voxel;
use super::convert::Intensity;
use super::warp_places::{BLOCK, Frame, Instructions, LANES, Places};
use super::warp_planes::Rows;

/// A chunk's voxels, for positions that use no voxel beyond them.
#[derive(Debug)]
pub(super) struct Tile<'a, S> {
    /// The chunk.
    pub(super) grain: Grain<'a, S>,
    /// Its first voxel, in array coordinates.
    pub(super) lo: [f64; 3],
    /// From a position to each sample of the mean about it.
    pub(super) samples: &'a [[f64; 3]],
    /// What to look up with.
    pub(super) instructions: Instructions,
}

/// A chunk's elements, in C order.
#[derive(Debug)]
pub(super) struct Grain<'a, S> {
    /// All of them.
    pub(super) elements: &'a [S],
    /// Elements from one row to the next.
    pub(super) row: usize,
    /// Elements from one plane to the next.
    pub(super) plane: usize,
}

/// A run of positions in a row: all of its block's slices are as long, and padded to a multiple of [`LANES`].
pub(super) struct Run<'a> {
    /// The row's positions, for each axis, with at least [`LANES`] more behind its last.
    pub(super) row: &'a [Vec<f64>; 3],
    /// The first of the run.
    pub(super) first: usize,
    /// How many there are.
    pub(super) len: usize,
}

impl Run<'_> {
    /// From each block's first position to behind its last, counted from the run's first.
    fn blocks(&self) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let len = self.len;
        (0..len).step_by(BLOCK).map(move |lo| lo..len.min(lo + BLOCK))
    }

    fn padded(&self, block: &std::ops::Range<usize>) -> [&[f64]; 3] {
        let lo = self.first + block.start;
        self.row.each_ref().map(|row| &row[lo..lo + block.len().next_multiple_of(LANES)])
    }
}

impl<S: Voxel> Tile<'_, S> {
    const fn frame(&self, offset: [f64; 3]) -> Frame {
        Frame { lo: self.lo, offset, strides: [self.grain.plane as u32, self.grain.row as u32, 1] }
    }

    /// Calls `each` with where in the run it is and the voxel that holds it, `shift` beyond the centre of which on every
    /// axis the next voxel begins.
    pub(super) fn values<D>(&self, run: &Run<'_>, shift: f64, out: &mut [D], convert: impl Fn(S) -> D) {
        let mut places = Places::new();
        let frame = self.frame([shift; 3]);
        for block in run.blocks() {
            places.find::<false>(self.instructions, run.padded(&block), &frame, block.len());
            for (out, index) in out[block].iter_mut().zip(&places.index) {
                *out = convert(self.grain.elements[*index as usize]);
            }
        }
    }

    /// As [`Tile::values`], of a row in planes that lie at `depths`.
    pub(super) fn values_of_planes<D>(
        &self,
        run: &Run<'_>,
        shift: f64,
        depths: &[f64],
        rows: &mut Rows<'_, D>,
        convert: impl Fn(S) -> D,
    ) {
        let mut places = Places::new();
        let frame = self.frame([shift; 3]).flat();
        for block in run.blocks() {
            places.find::<false>(self.instructions, run.padded(&block), &frame, block.len());
            for (layer, depth) in depths.iter().enumerate() {
                let elements = self.grain.starting_at_plane(split_depth(*depth, self.lo[0], shift).0).elements;
                for (out, index) in rows.part(layer, &block).iter_mut().zip(&places.index) {
                    *out = convert(elements[*index as usize]);
                }
            }
        }
    }
}

/// The whole number at or below a position, less `lo`, plus `offset`; and what is left of it. As [`Places::find`] has it.
fn split_depth(depth: f64, lo: f64, offset: f64) -> (usize, f32) {
    let depth = (depth - lo) + offset;
    let whole = depth as u32;
    (whole as usize, (depth - f64::from(whole)) as f32)
}

impl<S: Intensity> Tile<'_, S> {
    /// Fills `out` with `convert` of the mean of the samples about each position of the run.
    pub(super) fn means<D>(&self, run: &Run<'_>, out: &mut [D], convert: impl Fn(f32) -> D) {
        let (mut places, count) = (Places::new(), self.samples.len() as f32);
        for block in run.blocks() {
            let mut sums = [0.0; BLOCK];
            for offset in self.samples {
                places.find::<true>(self.instructions, run.padded(&block), &self.frame(*offset), block.len());
                self.grain.add_block(self.instructions, &places, block.len(), &mut sums);
            }
            if self.samples.len() > 1 {
                sums.iter_mut().for_each(|sum| *sum /= count);
            }
            for (out, mean) in out[block].iter_mut().zip(sums) {
                *out = convert(mean);
            }
        }
    }

    /// As [`Tile::means`], of a row in planes that lie at `depths`.
    pub(super) fn means_of_planes<D>(
        &self,
        run: &Run<'_>,
        depths: &[f64],
        rows: &mut Rows<'_, D>,
        convert: impl Fn(f32) -> D,
    ) {
        // Samples that differ in z are found once for each layer: few patches have them.
        let (mut places, count) = (Places::new(), self.samples.len() as f32);
        for block in run.blocks() {
            let mut found: Option<[f64; 3]> = None;
            for (layer, depth) in depths.iter().enumerate() {
                let mut sums = [0.0; BLOCK];
                for offset in self.samples {
                    if found != Some(*offset) {
                        let frame = self.frame(*offset).flat();
                        places.find::<true>(self.instructions, run.padded(&block), &frame, block.len());
                        found = Some(*offset);
                    }
                    let (plane, part) = split_depth(*depth, self.lo[0], offset[0]);
                    places.part[0] = [part; BLOCK];
                    self.grain.starting_at_plane(plane).add_block(self.instructions, &places, block.len(), &mut sums);
                }
                if self.samples.len() > 1 {
                    sums.iter_mut().for_each(|sum| *sum /= count);
                }
                for (out, mean) in rows.part(layer, &block).iter_mut().zip(sums) {
                    *out = convert(mean);
                }
            }
        }
    }
}

impl<'a, S: Voxel> Grain<'a, S> {
    /// The planes from one on.
    fn starting_at_plane(&self, plane: usize) -> Grain<'a, S> {
        Grain { elements: self.elements.get(plane * self.plane..).unwrap_or_default(), ..*self }
    }
}

impl<S: Intensity> Grain<'_, S> {
    /// Adds to each sum the value at a place, interpolated.
    fn add_block(&self, instructions: Instructions, places: &Places, len: usize, sums: &mut [f32; BLOCK]) {
        match instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) if super::warp_avx2::Avx2::has::<S>() => avx2.add_means(self, places, len, sums),
            _ => self.add_means(places, 0, &mut sums[..len]),
        }
    }

    /// As [`Grain::add_block`], for the places from `first` on, one by one.
    pub(super) fn add_means(&self, places: &Places, first: usize, sums: &mut [f32]) {
        let [z, y, x] = places.part.each_ref().map(|part| &part[first..]);
        let parts = z.iter().zip(y).zip(x);
        for ((sum, index), ((z, y), x)) in sums.iter_mut().zip(&places.index[first..]).zip(parts) {
            *sum += self.interpolate(*index as usize, [*z, *y, *x]);
        }
    }

    #[inline]
    fn interpolate(&self, first: usize, [z, y, x]: [f32; 3]) -> f32 {
        let along_x = |index: usize| {
            let pair = &self.elements[index..index + 2];
            between(pair[0].value(), pair[1].value(), x)
        };
        let along_y = |index: usize| between(along_x(index), along_x(index + self.row), y);
        between(along_y(first), along_y(first + self.plane), z)
    }
}

/// What lies between `a` and `b` at `part`, 0 to 1.
#[inline]
fn between(a: f32, b: f32, part: f32) -> f32 {
    a + (b - a) * part
}
