//! How many voxels of a patch have which intensity.

use microtome_core::loader::BatchArray;
use microtome_core::volume::Voxel;
use microtome_core::with_buffer;

use super::scene::unit_of;
use crate::state::preview::Histograms;

/// Intensities of the first channel of a sample, not all of them where there are many.
pub(super) fn intensities(array: &BatchArray) -> Vec<f32> {
    const ENOUGH: usize = 1 << 18;
    let [_, _, depth, height, width] = array.shape;
    let voxels = (depth * height * width).min(array.data.len());
    let (unit, step) = (unit_of(array), voxels.div_ceil(ENOUGH).max(1));
    with_buffer!(&array.data, data => {
        data[..voxels].iter().step_by(step).map(|value| value.to_f64() as f32 * unit).collect()
    })
}

/// Of two arrays, over the same bins.
pub(super) fn histograms(before: Option<&BatchArray>, after: Option<&BatchArray>) -> Histograms {
    const BINS: usize = 64;
    const LEVELS: f64 = 255.0;
    let [before, after] = [before, after].map(|array| {
        let values = array.map(intensities).unwrap_or_default();
        values.into_iter().filter(|value| value.is_finite()).map(f64::from).collect::<Vec<_>>()
    });
    let all = || before.iter().chain(&after).copied();
    let (from, to) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if from > to {
        return Histograms::default();
    }
    // Each bin holds as many of the 256 levels of 8-bit raw as the next, or the outline would be a comb. What rounding adds
    // to a whole number of levels makes no bin wider.
    let levels = (to - from) * LEVELS + 1.0 - 1e-3;
    let width = (levels / BINS as f64).ceil().max(1.0) / LEVELS;
    let from = ((from * LEVELS).round() - 0.5) / LEVELS;
    let to = from + width * BINS as f64;
    let shares = |values: &[f64]| {
        let mut bins = vec![0.0; BINS];
        for value in values {
            let bin = ((value - from) / (to - from) * BINS as f64) as usize;
            bins[bin.min(BINS - 1)] += 1.0 / values.len() as f64;
        }
        bins
    };
    Histograms { from, to, before: shares(&before), after: shares(&after) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use microtome_core::loader::Role;
    use microtome_core::volume::Buffer;

    use super::*;

    #[test]
    fn histograms_count_every_voxel_over_the_same_bins() {
        let array = |values: Vec<u8>| BatchArray {
            name: "raw".to_owned(),
            role: Role::Input,
            shape: [1, 1, 1, 1, values.len()],
            data: Buffer::U8(values),
            known: None,
            known_bits: None,
            classes: Arc::from([]),
        };
        let found = histograms(Some(&array(vec![0, 0, 255, 255])), Some(&array(vec![51; 4])));
        let ends = [found.from, found.to].map(|end| (end * 510.0).round());
        assert_eq!(ends, [-1.0, 511.0], "half a level beyond the outermost");
        assert_eq!((found.before[0], found.before[63], found.before.iter().sum::<f64>()), (0.5, 0.5, 1.0));
        assert_eq!(found.after[12], 1.0, "51 of 255 is a fifth");
        assert_eq!(histograms(None, None), Histograms::default());
        // What is even stays even, whatever part of the levels is there: 53 bins of 3.
        let even = histograms(Some(&array((20..179).collect())), None);
        let filled: Vec<_> = even.before.iter().filter(|share| **share > 0.0).collect();
        assert!(filled.len() == 53 && filled.iter().all(|share| (**share - even.before[0]).abs() < 1e-9), "{filled:?}");
    }
}
