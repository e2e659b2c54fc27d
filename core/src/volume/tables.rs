//! Lookup tables of one axis of a patch: which voxels each patch voxel is made of, and with what weights. Pure.
//!
//! Everything is relative to an integer base voxel, so that patches at different places share their tables.

/// Distances below this many voxels are floating-point noise: a grid that is off by less is aligned.
pub(super) const NOISE: f64 = 1.5e-6;
/// Steps of [`AxisKey::offset`] in one voxel.
pub(super) const OFFSETS_PER_VOXEL: f64 = 1e6;

/// What determines a table. Positions count in stored voxels from the base; integers are voxel centres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AxisKey {
    /// Patch voxels.
    pub(super) len: usize,
    /// Stored voxels per patch voxel: the bits of a positive `f64`.
    pub(super) step_bits: u64,
    /// Position of patch voxel 0, in millionths of a voxel.
    pub(super) offset: u32,
    /// Whether the patch runs towards smaller positions.
    pub(super) mirror: bool,
    /// Whether to average; else the nearest voxel is taken.
    pub(super) average: bool,
    /// First voxel that exists, or any below the patch's reach.
    pub(super) clip_lo: i64,
    /// First voxel beyond those that exist, or any above the patch's reach.
    pub(super) clip_hi: i64,
}

/// The table of one axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AxisTable {
    /// The patch voxels whose centres are inside the volume: `inside_lo..inside_hi`.
    pub(super) inside_lo: usize,
    /// See `inside_lo`.
    pub(super) inside_hi: usize,
    /// First voxel used, from the base.
    pub(super) touched_lo: i64,
    /// First voxel beyond those used, from the base.
    pub(super) touched_hi: i64,
    /// For each patch voxel inside: its first voxel, from `touched_lo`.
    pub(super) first: Vec<usize>,
    /// How voxels are averaged; `None` if each patch voxel is a copy of its first voxel.
    pub(super) weights: Option<Weights>,
    /// How the first voxels of consecutive patch voxels follow each other.
    pub(super) run: Run,
}

/// How the first voxels of consecutive patch voxels follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// Each is so many voxels beyond the one before: 1, the next one.
    Up(usize),
    /// Each is so many voxels before the one before.
    Down(usize),
    /// In any other way.
    Scattered,
}

impl Run {
    fn of(first: &[i64]) -> Self {
        let mut steps = first.windows(2).map(|pair| pair[1] - pair[0]);
        let step = steps.next().unwrap_or(1);
        match usize::try_from(step.unsigned_abs()) {
            Ok(by) if step != 0 && steps.all(|other| other == step) => {
                if step > 0 {
                    Self::Up(by)
                } else {
                    Self::Down(by)
                }
            }
            _ => Self::Scattered,
        }
    }

    /// From one to the next, in voxels; 1 where there is no such step.
    pub(super) const fn step(self) -> isize {
        match self {
            Self::Up(step) => step.cast_signed(),
            Self::Down(step) => -step.cast_signed(),
            Self::Scattered => 1,
        }
    }
}

/// Weights of the voxels that make up a patch voxel: consecutive ones, from its first. They add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// Where the weights of each patch voxel start, and at the end their number.
    start: Vec<usize>,
    values: Vec<f32>,
}

impl Weights {
    /// Of the `inside`-th patch voxel inside.
    pub(super) fn of(&self, inside: usize) -> &[f32] {
        &self.values[self.start[inside]..self.start[inside + 1]]
    }

    /// All of them, patch voxel after patch voxel.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// How many each patch voxel has, if all have as many.
    pub(super) fn taps(&self) -> Option<usize> {
        let taps = *self.start.get(1)?;
        self.start.windows(2).all(|pair| pair[1] - pair[0] == taps).then_some(taps)
    }

    /// Those of each patch voxel, if all have the same.
    pub(super) fn common(&self) -> Option<&[f32]> {
        let weights = self.values.get(..self.taps()?)?;
        self.values.chunks_exact(weights.len().max(1)).all(|others| others == weights).then_some(weights)
    }

    /// The smallest power of two, up to 128, that makes whole numbers of all of them.
    pub(super) fn denominator(&self) -> Option<u32> {
        let makes_whole = |power: &u32| self.values.iter().all(|weight| (weight * *power as f32).fract() == 0.0);
        (0..8).map(|exponent| 1 << exponent).find(makes_whole)
    }
}

impl AxisTable {
    /// Works the table out.
    ///
    /// Nearest: the voxel whose centre is nearest, of two the larger. Average: each voxel by the share that it has of a
    /// box about the patch voxel's centre, as wide as the larger of patch and stored voxel; voxels that do not exist
    /// count for nothing, so that the weights of the others grow. Where the box cuts the voxels at its ends unevenly, their
    /// centres would pull the mean to one side by up to a twelfth of a voxel: as much weight as balances that goes from
    /// one of them to the next voxel inwards. So a value that is linear in space comes out exactly for any ratio of
    /// voxel sizes, and nothing changes where voxels are equal, the box cuts evenly, or reaches beyond the volume.
    pub(super) fn build(key: &AxisKey) -> Self {
        let step = f64::from_bits(key.step_bits) * if key.mirror { -1.0 } else { 1.0 };
        let position = |p: usize| f64::from(key.offset) / OFFSETS_PER_VOXEL + p as f64 * step;
        let nearest = |p: usize| (position(p) + 0.5 + NOISE).floor() as i64;
        let exists = |p: &usize| (key.clip_lo..key.clip_hi).contains(&nearest(*p));
        // Positions are monotonic: those inside are consecutive.
        let inside_lo = (0..key.len).find(exists).unwrap_or(0);
        let inside_hi = (inside_lo..key.len).find(|p| !exists(p)).unwrap_or(key.len);
        let inside_hi = if exists(&inside_lo) { inside_hi } else { inside_lo };

        let mut first = Vec::with_capacity(inside_hi - inside_lo);
        let mut weights = Weights { start: vec![0], values: Vec::new() };
        for p in inside_lo..inside_hi {
            if key.average {
                first.push(push_weights(key, position(p), step.abs().max(1.0) / 2.0, &mut weights.values));
            } else {
                first.push(nearest(p));
                weights.values.push(1.0);
            }
            weights.start.push(weights.values.len());
        }
        let last = |i: usize| first[i] + weights.of(i).len() as i64;
        let touched_lo = first.iter().copied().min().unwrap_or(0);
        let touched_hi = (0..first.len()).map(last).max().unwrap_or(touched_lo);
        let run = Run::of(&first);
        let copies = weights.values.len() == first.len();
        Self {
            inside_lo,
            inside_hi,
            touched_lo,
            touched_hi,
            first: first.into_iter().map(|voxel| (voxel - touched_lo) as usize).collect(),
            weights: (!copies).then_some(weights),
            run,
        }
    }

    /// Patch voxels inside the volume.
    pub(super) const fn inside_len(&self) -> usize {
        self.inside_hi - self.inside_lo
    }

    /// Bytes in memory.
    pub(super) fn size_bytes(&self) -> u64 {
        let weights =
            self.weights.as_ref().map_or(0, |w| size_of_val(w.start.as_slice()) + size_of_val(w.values.as_slice()));
        (size_of::<Self>() + size_of_val(self.first.as_slice()) + weights) as u64
    }
}

/// Appends the weights of the voxels within `half_width` of `position`; answers the first of those voxels.
fn push_weights(key: &AxisKey, position: f64, half_width: f64, values: &mut Vec<f32>) -> i64 {
    let (lo, hi) = (position - half_width, position + half_width);
    // Voxel `j` covers `j - 1/2` to `j + 1/2`. A voxel that is met by noise only is left out.
    let first = ((lo + 0.5 + NOISE).floor() as i64).max(key.clip_lo);
    let end = ((hi + 0.5 - NOISE).ceil() as i64).min(key.clip_hi);
    let share = |j: i64| ((j as f64 + 0.5).min(hi) - (j as f64 - 0.5).max(lo)).max(0.0);
    let total: f64 = (first..end).map(share).sum();
    let start = values.len();
    values.extend((first..end).map(|j| (share(j) / total) as f32));
    let weights = &mut values[start..];
    // By how much the part inside of a cut voxel lies off its centre, inwards, times its share.
    let inwards = |share: f64| share * (1.0 - share) / 2.0;
    // At the volume's edge the mean is of what exists, and lies where that does.
    let is_whole = total > 2.0 * half_width - 2.0 * NOISE;
    if is_whole && end - first > 1 {
        let last = weights.len() - 1;
        let net = ((inwards(share(first)) - inwards(share(end - 1))) / total) as f32;
        let (cut, next) = if net > 0.0 { (0, 1) } else { (last, last - 1) };
        weights[cut] -= net.abs();
        weights[next] += net.abs();
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(len: usize, step: f64, offset: f64, average: bool, clip: (i64, i64)) -> AxisKey {
        AxisKey {
            len,
            step_bits: step.to_bits(),
            offset: (offset * OFFSETS_PER_VOXEL).round() as u32,
            mirror: false,
            average,
            clip_lo: clip.0,
            clip_hi: clip.1,
        }
    }

    fn indices(table: &AxisTable) -> Vec<i64> {
        table.first.iter().map(|&i| i as i64 + table.touched_lo).collect()
    }

    const FREE: (i64, i64) = (-100, 100);

    #[test]
    fn an_aligned_average_is_a_copy() {
        let table = AxisTable::build(&key(5, 1.0, 0.0, true, FREE));
        assert_eq!(indices(&table), [0, 1, 2, 3, 4]);
        assert!(table.weights.is_none() && table.run == Run::Up(1));
        // A millionth of a voxel is noise.
        let noisy = AxisTable::build(&key(5, 1.0 + 1e-8, 1e-6, true, FREE));
        assert_eq!((indices(&noisy), noisy.weights), (vec![0, 1, 2, 3, 4], None));
    }

    #[test]
    fn a_shifted_average_is_linear_interpolation() {
        let table = AxisTable::build(&key(2, 1.0, 0.25, true, FREE));
        let weights = table.weights.as_ref().unwrap();
        assert_eq!(indices(&table), [0, 1]);
        assert_eq!((weights.of(0), weights.of(1)), ([0.75_f32, 0.25].as_slice(), [0.75_f32, 0.25].as_slice()));
        // So it is when the patch is finer than the volume.
        let fine = AxisTable::build(&key(3, 0.5, 0.0, true, FREE));
        let weights = fine.weights.as_ref().unwrap();
        assert_eq!(
            [weights.of(0), weights.of(1), weights.of(2)].map(<[f32]>::to_vec),
            [vec![1.0], vec![0.5; 2], vec![1.0]]
        );
    }

    #[test]
    fn a_coarser_patch_averages_by_area() {
        let halves = AxisTable::build(&key(2, 2.0, 0.5, true, FREE));
        assert_eq!(indices(&halves), [0, 2]);
        assert_eq!(halves.weights.as_ref().unwrap().of(1), [0.5, 0.5]);
        let centred = AxisTable::build(&key(1, 2.0, 0.0, true, FREE));
        assert_eq!((indices(&centred), centred.weights.unwrap().of(0)), (vec![-1], [0.25_f32, 0.5, 0.25].as_slice()));
    }

    #[test]
    fn what_is_linear_in_space_comes_out_exactly_for_any_ratio() {
        for step in [1.0, 1.1, 1.5, 1.6, 2.0, 2.37, 3.0, 7.9] {
            for offset in [0.0, 0.2, 0.5, 0.83] {
                let table = AxisTable::build(&key(9, step, offset, true, FREE));
                for (p, first) in indices(&table).into_iter().enumerate() {
                    let copy = [1.0_f32];
                    let weights = table.weights.as_ref().map_or(copy.as_slice(), |weights| weights.of(p));
                    let read: f64 = weights.iter().zip(first..).map(|(w, j)| f64::from(*w) * j as f64).sum();
                    let expected = offset + p as f64 * step;
                    assert!((read - expected).abs() < 1e-5, "step {step}, {offset}: {read}, not {expected}");
                    assert!(weights.iter().all(|weight| *weight >= 0.0), "{weights:?}");
                }
            }
        }
    }

    #[test]
    fn nearest_prefers_the_larger_index_of_a_tie() {
        assert_eq!(indices(&AxisTable::build(&key(3, 1.0, 0.5, false, FREE))), [1, 2, 3]);
        let mut mirrored = key(3, 1.0, 0.5, false, FREE);
        mirrored.mirror = true;
        assert_eq!(indices(&AxisTable::build(&mirrored)), [1, 0, -1]);
        assert_eq!(indices(&AxisTable::build(&key(4, 2.0, 0.5, false, FREE))), [1, 3, 5, 7]);
    }

    #[test]
    fn outside_is_where_no_voxel_is_nearest_and_weights_grow_at_the_edge() {
        let table = AxisTable::build(&key(6, 1.0, 0.25, true, (2, 4)));
        assert_eq!((table.inside_lo, table.inside_hi), (2, 4));
        let weights = table.weights.as_ref().unwrap();
        assert_eq!(weights.of(0), [0.75, 0.25]);
        assert_eq!(weights.of(1), [1.0], "the voxel beyond the edge counts for nothing");
        let outside = AxisTable::build(&key(6, 1.0, 0.25, true, (0, 0)));
        assert_eq!((outside.inside_len(), outside.first.len()), (0, 0));
        assert_eq!(outside.touched_lo, outside.touched_hi);
    }
}
