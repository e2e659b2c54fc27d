//! What a stored value becomes in a batch: intensities in 0–1 or 0–255, and means of them.

use super::Voxel;
use super::sums::Tally;

/// A type that raw can be stored in.
pub(super) trait Intensity: Voxel {
    /// In which voxels of whole weights are summed.
    type Sum: Tally<Self>;
    /// Factor from a value to the unit range: 1/maximum for integers, 1 for floats.
    const TO_UNIT: f64;
    /// In the unit range: integers divided by their maximum, floats as they are.
    fn unit(self) -> f32;
    /// 0–255: `u8` as stored, other integers scaled by their maximum, floats clamped to 0–1 and scaled.
    fn byte(self) -> u8;
    /// As `f32`, unscaled.
    fn value(self) -> f32;
    /// A mean of values, put where [`Intensity::unit`] puts values.
    fn mean_unit(mean: f32) -> f32 {
        (f64::from(mean) * Self::TO_UNIT) as f32
    }
    /// A mean of values, put where [`Intensity::byte`] puts values.
    fn mean_byte(mean: f32) -> u8 {
        unit_to_byte(f64::from(mean) * Self::TO_UNIT)
    }
}

/// 0–1 to 0–255, to the nearest. What is below counts as 0, what is above as 255, NaN as 0.
fn unit_to_byte(unit: f64) -> u8 {
    // `as` saturates.
    (unit * 255.0 + 0.5).floor() as u8
}

macro_rules! integers {
    ($($int:ty, $via:ty, $sum:ty;)*) => { $(impl Intensity for $int {
        type Sum = $sum;
        const TO_UNIT: f64 = 1.0 / <$int>::MAX as f64;
        fn unit(self) -> f32 {
            // One correctly rounded division, in a type that holds both sides (u64 and i64: nearly).
            (self as $via / <$int>::MAX as $via) as f32
        }
        fn byte(self) -> u8 {
            unit_to_byte(self as f64 / <$int>::MAX as f64)
        }
        fn value(self) -> f32 {
            self as f32
        }
    })* };
}

integers! {
    u16, f32, i32;
    u32, f64, f32;
    u64, f64, f32;
    i8, f32, i16;
    i16, f32, i32;
    i32, f64, f32;
    i64, f64, f32;
}

impl Intensity for u8 {
    type Sum = u16;
    const TO_UNIT: f64 = 1.0 / 255.0;
    fn unit(self) -> f32 {
        f32::from(self) / 255.0
    }
    fn byte(self) -> u8 {
        self
    }
    fn value(self) -> f32 {
        f32::from(self)
    }
    fn mean_byte(mean: f32) -> u8 {
        #[allow(clippy::manual_clamp, reason = "`clamp` leaves NaN as it is")]
        let bounded = (mean + 0.5).max(0.0).min(255.0);
        // SAFETY: between 0 and 255 by now: `max` makes 0 of NaN.
        #[allow(unsafe_code, reason = "a cast that looks at each value's range again is made one by one")]
        let byte = unsafe { bounded.to_int_unchecked::<i32>() };
        byte as Self
    }
}

macro_rules! floats {
    ($($float:ty, $value:expr;)*) => { $(impl Intensity for $float {
        type Sum = f32;
        const TO_UNIT: f64 = 1.0;
        fn unit(self) -> f32 {
            self.value()
        }
        fn byte(self) -> u8 {
            unit_to_byte(self.to_f64())
        }
        fn value(self) -> f32 {
            let value: fn($float) -> f32 = $value;
            value(self)
        }
    })* };
}

floats! {
    half::f16, |v| v.to_f32();
    f32, |v| v;
    f64, |v| v as f32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_span_the_unit_range() {
        assert_eq!((0_u8.unit(), 255_u8.unit(), 51_u8.unit()), (0.0, 1.0, 0.2));
        assert_eq!((u16::MAX.unit(), i16::MAX.unit(), i16::MIN.unit() < -1.0), (1.0, 1.0, true));
        assert_eq!((u64::MAX.unit(), i32::MAX.unit()), (1.0, 1.0));
    }

    #[test]
    fn bytes_are_scaled_and_clamped() {
        assert_eq!((200_u8.byte(), 257_u16.byte(), u16::MAX.byte(), (-5_i16).byte()), (200, 1, 255, 0));
        assert_eq!((0.5_f32.byte(), 1.5_f32.byte(), (-1.0_f64).byte(), f32::NAN.byte()), (128, 255, 0, 0));
    }

    #[test]
    fn means_land_where_values_do() {
        for v in [0_u8, 1, 100, 254, 255] {
            assert_eq!((u8::mean_byte(v.value()), u8::mean_unit(v.value())), (v.byte(), v.unit()));
        }
        assert_eq!((u8::mean_byte(100.5), u16::mean_byte(257.0), f32::mean_byte(0.5)), (101, 1, 128));
        for mean in [0.49, 0.5, 254.5, 255.49, 256.0, 1e30, -0.6, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            assert_eq!(u8::mean_byte(mean), (mean + 0.5) as u8, "{mean}");
        }
    }
}
