//! What a change would bring: the model solved again with other demands, scaled so that it says what was measured now.

use super::{Model, Window};

/// How sharply the slower of loader and consumer makes the pace: with this exponent both alike lose a tenth to each other.
const SHARPNESS: f64 = 7.0;

/// The model's scale: what the loader really makes for each sample per second that the model says at best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibrated {
    /// Of the loader, 1 where the model is right.
    efficiency: f64,
    /// What is left between the model and the measured rate.
    rest: f64,
    measured: f64,
}

impl Calibrated {
    /// Of the measured rate: a loader that is waited for works as fast as it can, but for the time that it has no room.
    pub(super) fn of(window: &Window, model: &Model) -> Self {
        let measured = window.samples_per_s();
        let full = window.batch_queue.full_share().unwrap_or(0.0).clamp(0.0, 0.95);
        let made = measured / (1.0 - full);
        let bound = model.loader().samples_per_s;
        // A loader that mostly has no room shows nothing of what it could do: the model is the best there is.
        let known = (1.0 - full).powi(2) * window.stall_share().sqrt();
        let efficiency = (made / bound).clamp(0.3, 1.1).powf(known);
        let mut calibrated = Self { efficiency, rest: 1.0, measured };
        let said = calibrated.rate(model);
        calibrated.rest = if said > 0.0 { (measured / said).clamp(0.5, 1.5) } else { 1.0 };
        calibrated
    }

    /// Samples per second that the loader makes for a consumer that takes no time.
    pub(super) fn loader_samples_per_s(&self, model: &Model) -> f64 {
        self.efficiency * model.loader().samples_per_s
    }

    /// Samples per second of both together.
    pub(super) fn samples_per_s(&self, model: &Model) -> f64 {
        self.rest * self.rate(model)
    }

    /// The measured samples per second.
    pub(super) const fn measured(&self) -> f64 {
        self.measured
    }

    fn rate(&self, model: &Model) -> f64 {
        softly_least(self.loader_samples_per_s(model), model.consumer_samples_per_s())
    }
}

/// The smaller of two rates, less what they lose to each other where they are close: queues between them are short.
fn softly_least(a: f64, b: f64) -> f64 {
    let (least, most) = (a.min(b), a.max(b));
    if least <= 0.0 || !most.is_finite() {
        least
    } else {
        least * (1.0 + (least / most).powf(SHARPNESS)).powf(-1.0 / SHARPNESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rates_lose_a_tenth_and_unequal_ones_nothing() {
        assert!((softly_least(10.0, 10.0) - 9.06).abs() < 0.01);
        assert!((softly_least(10.0, 30.0) - 10.0).abs() < 0.01);
        assert_eq!((softly_least(7.0, f64::INFINITY), softly_least(0.0, 3.0)), (7.0, 0.0));
    }
}
