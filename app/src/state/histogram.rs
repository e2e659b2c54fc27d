//! How often each grey value occurs: in one chunk, and in all chunks on display.

use microtome_core::geometry::{Axis, VoxelBox, Zyx};
use microtome_core::volume::{Chunk, DType, Voxel};
use microtome_core::with_buffer;

use super::Contrast;

/// Bins of a histogram.
pub const BINS: usize = 256;

/// Counts of values between `lo` and `hi` in equal bins. Values of 8-bit data have a bin each.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Middle of the first bin.
    pub lo: f64,
    /// Middle of the last bin.
    pub hi: f64,
    /// One count per bin.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts the voxels of a chunk that lie inside its array: the first `inside` of each axis. Values that are not
    /// finite are left out. At most 64³ voxels are looked at, evenly spread.
    #[must_use]
    pub fn of_chunk(chunk: &Chunk, inside: Zyx<usize>) -> Self {
        let dtype = chunk.data.dtype();
        with_buffer!(&chunk.data, values => {
            let samples = sampled(chunk.shape, inside).filter_map(|index| values.get(index)).map(|value| value.to_f64());
            let (lo, hi) = fixed_range(dtype).unwrap_or_else(|| range(samples.clone()));
            let mut histogram = Self { lo, hi, counts: vec![0; BINS] };
            samples.for_each(|value| histogram.add(value, 1));
            histogram
        })
    }

    /// Counts values of elements of that type; those that are not finite are left out. `None` if there is none.
    #[must_use]
    pub fn of_values(values: &[f64], dtype: DType) -> Option<Self> {
        let (lo, hi) = fixed_range(dtype).unwrap_or_else(|| range(values.iter().copied()));
        let mut histogram = Self { lo, hi, counts: vec![0; BINS] };
        values.iter().filter(|value| value.is_finite()).for_each(|value| histogram.add(*value, 1));
        histogram.counts.iter().any(|count| *count > 0).then_some(histogram)
    }

    /// How many voxels of a chunk lie inside the array, per axis.
    #[must_use]
    pub fn inside(chunk_voxels: &VoxelBox) -> Zyx<usize> {
        chunk_voxels.shape().map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// All of them together; `None` if there is none.
    #[must_use]
    pub fn merged<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let lo = parts.clone().map(|part| part.lo).fold(f64::INFINITY, f64::min);
        let hi = parts.clone().map(|part| part.hi).fold(f64::NEG_INFINITY, f64::max);
        if lo > hi {
            return None;
        }
        let mut whole = Self { lo, hi, counts: vec![0; BINS] };
        for part in parts {
            for (bin, count) in part.counts.iter().enumerate() {
                whole.add(part.value_of(bin), *count);
            }
        }
        Some(whole)
    }

    /// The contrast window between the 0.5th and the 99.5th percentile, `fill` (the value of absent data) left out
    /// unless the rest is all alike: then the fill is half of the picture.
    #[must_use]
    pub fn auto_contrast(&self, fill: f64) -> Option<Contrast> {
        const TAIL: f64 = 0.005;
        let skip = self.bin_of(fill);
        let others = self.counts.iter().enumerate().filter(|(bin, count)| Some(*bin) != skip && **count > 0).count();
        let counts = |bin: usize| if others > 1 && Some(bin) == skip { 0 } else { self.counts[bin] };
        let total: u64 = (0..BINS).map(counts).sum();
        if total == 0 {
            return None;
        }
        let tail = (total as f64 * TAIL) as u64;
        let lo = self.value_of(first_beyond(tail, 0..BINS, counts)?);
        let hi = self.value_of(first_beyond(tail, (0..BINS).rev(), counts)?);
        let least = (self.hi - self.lo).max(1.0) / (BINS - 1) as f64;
        Some(Contrast { lo, hi: hi.max(lo + least) })
    }

    /// The value in the middle of a bin.
    #[must_use]
    pub fn value_of(&self, bin: usize) -> f64 {
        self.lo + (self.hi - self.lo) * bin as f64 / (BINS - 1) as f64
    }

    fn bin_of(&self, value: f64) -> Option<usize> {
        let width = self.hi - self.lo;
        let position = if width > 0.0 { (value - self.lo) / width * (BINS - 1) as f64 } else { value - self.lo };
        (position > -0.5 && position < BINS as f64 - 0.5).then(|| position.round() as usize)
    }

    fn add(&mut self, value: f64, count: u64) {
        if let Some(bin) = self.bin_of(value) {
            self.counts[bin] += count;
        }
    }
}

/// The first bin at which more than `tail` have been counted.
fn first_beyond(tail: u64, mut bins: impl Iterator<Item = usize>, counts: impl Fn(usize) -> u64) -> Option<usize> {
    let mut seen = 0;
    bins.find(|bin| {
        seen += counts(*bin);
        seen > tail
    })
}

fn fixed_range(dtype: DType) -> Option<(f64, f64)> {
    match dtype {
        DType::U8 => Some((0.0, 255.0)),
        DType::I8 => Some((-128.0, 127.0)),
        _ => None,
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (lo, hi) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if lo <= hi { (lo, hi) } else { (0.0, 0.0) }
}

/// Positions in a chunk's elements of at most 64³ voxels, evenly spread over the part inside the array.
fn sampled(shape: Zyx<usize>, inside: Zyx<usize>) -> impl Iterator<Item = usize> + Clone {
    let inside = inside.zip_map(shape, usize::min);
    let stride = inside.map(|n| n.div_ceil(64).max(1));
    let along = move |axis: Axis| (0..inside[axis]).step_by(stride[axis]);
    along(Axis::Z).flat_map(move |z| {
        along(Axis::Y).flat_map(move |y| {
            let row = (z * shape.y + y) * shape.x;
            along(Axis::X).map(move |x| row + x)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use microtome_core::volume::Buffer;

    fn chunk(data: Buffer) -> Chunk {
        Chunk::new(Zyx::new(1, 1, data.len()), data)
    }

    #[test]
    fn only_voxels_inside_the_array_count() {
        let c = chunk(Buffer::U8(vec![7, 7, 9, 200]));
        let histogram = Histogram::of_chunk(&c, Zyx::new(1, 1, 3));
        assert_eq!((histogram.counts[7], histogram.counts[9], histogram.counts[200]), (2, 1, 0));
    }

    #[test]
    fn chunks_of_different_range_merge_without_loss() {
        let a = Histogram::of_chunk(&chunk(Buffer::U16(vec![100, 200, 300])), Zyx::new(1, 1, 3));
        let b = Histogram::of_chunk(&chunk(Buffer::F32(vec![-50.0, f32::NAN, 4000.0])), Zyx::new(1, 1, 3));
        let whole = Histogram::merged([&a, &b].into_iter()).unwrap();
        assert_eq!((whole.lo, whole.hi), (-50.0, 4000.0));
        assert_eq!(whole.counts.iter().sum::<u64>(), 5);
        assert_eq!(Histogram::merged([].into_iter()), None);
    }

    #[test]
    fn auto_contrast_leaves_out_fill_and_outliers() {
        let mut values = vec![0_u8; 4999];
        values.extend((0..1000).map(|i| 80 + (i % 60) as u8));
        values.push(255);
        let shape = Zyx::new(10, 25, 24);
        let histogram = Histogram::of_chunk(&Chunk::new(shape, Buffer::U8(values)), shape);
        let contrast = histogram.auto_contrast(0.0);
        assert_eq!(contrast, Some(Contrast { lo: 80.0, hi: 139.0 }));
    }

    #[test]
    fn fill_stays_where_all_else_is_alike() {
        let mut mask = vec![0_u8; 900];
        mask.extend([1; 100]);
        let contrast = Histogram::of_chunk(&chunk(Buffer::U8(mask)), Zyx::new(1, 1, 1000)).auto_contrast(0.0);
        assert_eq!(contrast, Some(Contrast { lo: 0.0, hi: 1.0 }), "0 black, 1 white");
    }

    #[test]
    fn constant_data_gets_a_window_that_is_not_empty() {
        for data in [Buffer::U8(vec![0; 9]), Buffer::F32(vec![3.5; 9]), Buffer::U16(vec![7; 9])] {
            let contrast = Histogram::of_chunk(&chunk(data), Zyx::new(1, 1, 9)).auto_contrast(0.0).unwrap();
            assert!(contrast.hi > contrast.lo);
        }
    }
}
