//! Reading again what failed for a reason that may pass, after a short wait that grows and that a stop ends.

use std::time::Duration;

use super::engine::Engine;
use crate::telemetry::{FaultReason, Stage};
use crate::{Error, Result};

/// Wait before the first repetition; each further one is four times as long.
const FIRST_WAIT: Duration = Duration::from_millis(10);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long to wait before repetition `number`, from 0.
fn wait_before(number: u32) -> Duration {
    4_u32
        .checked_pow(number)
        .and_then(|factor| FIRST_WAIT.checked_mul(factor))
        .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

impl Engine {
    /// Runs `read`, and again, up to `loader.retries` times, while it fails for a reason that may pass.
    ///
    /// # Errors
    /// The last error; [`Error::Stopped`] if the loader stops while this waits.
    pub(super) fn retrying<T>(&self, mut read: impl FnMut() -> Result<T>) -> Result<T> {
        for number in 0..self.config.loader.retries {
            let reason = match read() {
                Err(error) if FaultReason::of(&error).may_pass() => FaultReason::of(&error),
                made => return made,
            };
            self.faults.count_retry(reason);
            let _stage = self.caches.meter.start(Stage::Wait, || format!("to read again: {}", reason.words()));
            if self.handover.wait_for_stop(wait_before(number)) {
                return Err(Error::Stopped);
            }
        }
        read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (0..6).map(|number| wait_before(number).as_millis()).collect();
        assert_eq!(waits, [10, 40, 160, 640, 2000, 2000]);
        assert_eq!(wait_before(u32::MAX), LONGEST_WAIT);
    }
}
