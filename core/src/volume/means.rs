//! Means along the volume's x, out of rows of sums.

use super::convert::Intensity;
use super::sums::Tally;
use super::tables::{AxisTable, Run};

/// Elements that a row of sums needs beyond its own: the last voxels of an output need not follow its first.
pub(super) const PADDING: usize = 4;

/// How the outputs of an axis are made of its voxels.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind<'a> {
    /// Of two each in equal parts, next to each other.
    Pairs,
    /// By the same weights each, so many voxels on.
    Even { weights: &'a [f32], step: usize },
    /// Each by its own weights, of a number common to all or not.
    Any { taps: Option<usize> },
}

/// How to make means along an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Means<'a> {
    table: &'a AxisTable,
    kind: Kind<'a>,
}

impl<'a> Means<'a> {
    /// Along the axis of a table.
    pub(super) fn of(table: &'a AxisTable) -> Self {
        let weights = table.weights.as_ref().map_or(Some([1.0].as_slice()), |weights| weights.common());
        let step = match table.run {
            Run::Up(step) | Run::Down(step) => Some(step),
            Run::Scattered => None,
        };
        let kind = match (weights, step) {
            (Some([0.5, 0.5]), Some(2)) => Kind::Pairs,
            (Some(weights), Some(step)) => Kind::Even { weights, step },
            _ => Kind::Any { taps: table.weights.as_ref().map_or(Some(1), |weights| weights.taps()) },
        };
        Self { table, kind }
    }

    /// Whether [`Means::make`] makes the last output first.
    pub(super) const fn is_down(&self) -> bool {
        matches!((self.kind, self.table.run), (Kind::Pairs | Kind::Even { .. }, Run::Down(_)))
    }

    /// Makes `finish` of the mean of each output, from sums in units of `unit`, with [`PADDING`] more. `room` is for as many
    /// floats as there are sums, and once again.
    #[inline(always)]
    pub(super) fn make<S: Intensity, A: Tally<S>, D>(
        &self,
        (sums, unit): (&[A], f32),
        room: &mut [f32],
        finish: impl Fn(f32) -> D,
        out: &mut [D],
    ) {
        if self.kind == Kind::Pairs {
            for (out, [a, b]) in out.iter_mut().zip(sums.as_chunks::<2>().0) {
                *out = finish(a.plus_other(*b) * (0.5 * unit));
            }
            return;
        }
        let (room, means) = room.split_at_mut(sums.len());
        let (sums, means) = (A::values(sums, unit, room), &mut means[..out.len()]);
        match self.kind {
            Kind::Even { weights, step } => even_means(sums, weights, step, means),
            _ => self.any_means(sums, means),
        }
        for (out, mean) in out.iter_mut().zip(means) {
            *out = finish(*mean);
        }
    }

    #[inline(always)]
    fn any_means(&self, sums: &[f32], means: &mut [f32]) {
        let first = self.table.first.as_slice();
        let Some(weights) = &self.table.weights else {
            means.iter_mut().zip(first).for_each(|(mean, &first)| *mean = sums[first]);
            return;
        };
        match (self.kind, weights.values()) {
            (Kind::Any { taps: Some(2) }, values) => means_of::<2>(sums, first, values, means),
            (Kind::Any { taps: Some(3) }, values) => means_of::<3>(sums, first, values, means),
            (Kind::Any { taps: Some(4) }, values) => means_of::<4>(sums, first, values, means),
            _ => {
                for (output, (mean, &first)) in means.iter_mut().zip(first).enumerate() {
                    *mean = weights.of(output).iter().zip(&sums[first..]).map(|(weight, sum)| weight * sum).sum();
                }
            }
        }
    }
}

/// Each of as many voxels.
#[inline(always)]
fn means_of<const TAPS: usize>(sums: &[f32], first: &[usize], weights: &[f32], means: &mut [f32]) {
    for ((mean, &first), weights) in means.iter_mut().zip(first).zip(weights.as_chunks::<TAPS>().0) {
        let sums = &sums[first..first + TAPS];
        *mean = weights.iter().zip(sums).map(|(weight, sum)| weight * sum).sum();
    }
}

/// A weight after the other, for all outputs.
#[inline(always)]
fn even_means(sums: &[f32], weights: &[f32], step: usize, means: &mut [f32]) {
    for (tap, &weight) in weights.iter().enumerate() {
        let (sums, is_first) = (&sums[tap..], tap == 0);
        match step {
            1 => add_tap::<1>(sums, weight, is_first, means),
            2 => add_tap::<2>(sums, weight, is_first, means),
            3 => add_tap::<3>(sums, weight, is_first, means),
            4 => add_tap::<4>(sums, weight, is_first, means),
            _ => add(sums.iter().step_by(step), weight, is_first, means),
        }
    }
}

#[inline(always)]
fn add_tap<const STEP: usize>(sums: &[f32], weight: f32, is_first: bool, means: &mut [f32]) {
    add(sums.as_chunks::<STEP>().0.iter().map(|sums| &sums[0]), weight, is_first, means);
}

#[inline(always)]
fn add<'a>(sums: impl Iterator<Item = &'a f32>, weight: f32, is_first: bool, means: &mut [f32]) {
    if is_first {
        means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = weight * sum);
    } else {
        means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += weight * sum);
    }
}
