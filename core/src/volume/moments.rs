//! Sums from which mean and standard deviation of raw are made.

use super::Buffer;
use super::convert::Intensity;
use crate::with_buffer;

/// How many values, their sum and that of their squares. Values in 0–1: integers divided by their maximum, floats as they
/// are; what is not finite counts for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// Values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub sum_of_squares: f64,
}

impl Moments {
    /// Of the values of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            sum_of_squares: self.sum_of_squares + other.sum_of_squares,
        }
    }

    /// Mean; 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// Standard deviation of the values themselves (not an estimate for others); 0 of nothing.
    #[must_use]
    pub fn std(&self) -> f64 {
        (self.sum_of_squares / self.count.max(1) as f64 - self.mean().powi(2)).max(0.0).sqrt()
    }

    fn of<S: Intensity>(values: &[S]) -> Self {
        let add = |sums: Self, value: &S| {
            let unit = f64::from(value.unit());
            if !unit.is_finite() {
                return sums;
            }
            Self { count: sums.count + 1, sum: sums.sum + unit, sum_of_squares: sums.sum_of_squares + unit * unit }
        };
        values.iter().fold(Self::default(), add)
    }
}

impl Buffer {
    /// Moments of the elements as raw.
    #[must_use]
    pub fn moments(&self) -> Moments {
        with_buffer!(self, values => Moments::of(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_add_up_and_pass_over_what_is_no_number() {
        let bytes = Buffer::U8(vec![0, 255, 255, 0]).moments();
        assert_eq!((bytes.count, bytes.mean(), bytes.std()), (4, 0.5, 0.5));
        let floats = Buffer::F32(vec![0.25, f32::NAN, 0.75, f32::INFINITY]).moments();
        assert_eq!((floats.count, floats.mean(), floats.std()), (2, 0.5, 0.25));
        assert_eq!(bytes.plus(floats).count, 6);
        assert_eq!((Moments::default().mean(), Moments::default().std()), (0.0, 0.0));
    }
}
