//! How full a queue or a crew of threads is over time: for how long empty, for how long full, and how full on average.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A level over time, summed up. Take two and subtract for what happened in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Occupancy {
    /// How long it was watched.
    pub observed: Duration,
    /// Of that, how long there was nothing.
    pub empty: Duration,
    /// Of that, how long no more would have fitted.
    pub full: Duration,
    /// The level, integrated over seconds.
    pub level_seconds: f64,
}

impl Occupancy {
    /// What happened since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            observed: self.observed.saturating_sub(before.observed),
            empty: self.empty.saturating_sub(before.empty),
            full: self.full.saturating_sub(before.full),
            level_seconds: (self.level_seconds - before.level_seconds).max(0.0),
        }
    }

    /// Share of the time that it was empty, 0–1; `None` if it was not watched.
    #[must_use]
    pub fn empty_share(&self) -> Option<f64> {
        self.share(self.empty.as_secs_f64())
    }

    /// Share of the time that it was full, 0–1; `None` if it was not watched.
    #[must_use]
    pub fn full_share(&self) -> Option<f64> {
        self.share(self.full.as_secs_f64())
    }

    /// The level on average; `None` if it was not watched.
    #[must_use]
    pub fn mean_level(&self) -> Option<f64> {
        self.share(self.level_seconds)
    }

    fn share(&self, seconds: f64) -> Option<f64> {
        let observed = self.observed.as_secs_f64();
        (observed > 0.0).then(|| seconds / observed)
    }
}

/// Sums an [`Occupancy`] up. Whoever holds it holds the lock that guards the level.
#[derive(Debug)]
pub(crate) struct OccupancyClock {
    sum: Occupancy,
    since: Instant,
    level: u64,
    is_full: bool,
}

/// Empty, from now on.
impl Default for OccupancyClock {
    fn default() -> Self {
        Self { sum: Occupancy::default(), since: Instant::now(), level: 0, is_full: false }
    }
}

impl OccupancyClock {
    /// From now on the level is this.
    pub(crate) fn set(&mut self, level: u64, is_full: bool) {
        self.sum = self.read();
        (self.since, self.level, self.is_full) = (Instant::now(), level, is_full);
    }

    /// The level.
    pub(crate) const fn level(&self) -> u64 {
        self.level
    }

    /// Whether it is full.
    pub(crate) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// The sums up to now.
    pub(crate) fn read(&self) -> Occupancy {
        let Occupancy { observed, empty, full, level_seconds } = self.sum;
        let time = self.since.elapsed();
        let during = |is: bool| if is { time } else { Duration::ZERO };
        Occupancy {
            observed: observed + time,
            empty: empty + during(self.level == 0),
            full: full + during(self.is_full),
            level_seconds: level_seconds + self.level as f64 * time.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_for_the_level_that_was_there() {
        let mut clock = OccupancyClock::default();
        let pause = Duration::from_millis(10);
        std::thread::sleep(pause);
        clock.set(2, true);
        let empty = clock.read();
        assert!(empty.empty >= pause && empty.full < pause, "{empty:?}");
        std::thread::sleep(pause);
        clock.set(1, false);
        let then = clock.read().since(&empty);
        assert!(then.full >= pause && then.empty == Duration::ZERO, "{then:?}");
        assert!(then.mean_level().is_some_and(|level| level > 1.0 && level <= 2.0), "{then:?}");
        assert_eq!((clock.level(), clock.is_full()), (1, false));
        assert_eq!(Occupancy::default().empty_share(), None);
    }
}
