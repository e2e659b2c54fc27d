//! Whether a loader still gets on: decided from a count of what it has done and a clock, and nothing else.

use std::time::Duration;

/// A loader is given so many times the longest stage that it has ever ended: a slow store is not a dead one.
const TIMES_LONGEST: u32 = 3;
/// But never more than so many times the patience that was set.
const TIMES_PATIENCE: u32 = 10;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Grows whenever anything gets on.
    pub steps: u64,
    /// The consumer waits, and what it waits for is not there; nobody has paused the loader.
    pub is_waited_for: bool,
    /// The longest that anything took so far.
    pub longest: Duration,
}

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bark {
    /// Nothing has got on for so long.
    Stalled {
        /// For how long.
        still: Duration,
    },
    /// It gets on again.
    GotOn {
        /// After so long.
        still: Duration,
    },
}

/// Looks again and again, and speaks once for each stall.
#[derive(Debug, Clone)]
pub(crate) struct Watchdog {
    patience: Duration,
    every: Duration,
    last: Option<(Duration, u64)>,
    still: Duration,
    has_barked: bool,
}

impl Watchdog {
    /// One that waits for so long, if it looks this often.
    pub(crate) const fn new(patience: Duration, every: Duration) -> Self {
        Self { patience, every, last: None, still: Duration::ZERO, has_barked: false }
    }

    /// What it says at `now`, a clock that does not run backwards.
    ///
    /// Of the time since the last look no more counts than twice what should have passed: a process that was stopped, or a
    /// machine that had no time for this thread, had none for the others either.
    pub(crate) fn look(&mut self, now: Duration, seen: Progress) -> Option<Bark> {
        let (at, steps) = self.last.replace((now, seen.steps)).unwrap_or((now, seen.steps));
        if steps != seen.steps || !seen.is_waited_for {
            let still = std::mem::take(&mut self.still);
            return std::mem::take(&mut self.has_barked).then_some(Bark::GotOn { still });
        }
        self.still += now.saturating_sub(at).min(self.every * 2);
        let patience = self.patience.max(seen.longest * TIMES_LONGEST).min(self.patience * TIMES_PATIENCE);
        if self.has_barked || self.still < patience {
            return None;
        }
        self.has_barked = true;
        Some(Bark::Stalled { still: self.still })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(1);

    fn dog() -> Watchdog {
        Watchdog::new(Duration::from_secs(10), EVERY)
    }

    /// What it says at each second, for steps as they are at that second.
    fn said(dog: &mut Watchdog, steps: impl IntoIterator<Item = u64>, is_waited_for: bool) -> Vec<(usize, Bark)> {
        let longest = Duration::from_secs(1);
        let look = |(second, steps): (usize, u64)| {
            let seen = Progress { steps, is_waited_for, longest };
            Some((second, dog.look(Duration::from_secs(second as u64), seen)?))
        };
        steps.into_iter().enumerate().filter_map(look).collect()
    }

    #[test]
    fn it_speaks_once_for_each_stall_and_once_when_it_is_over() {
        let steps = [5; 30].into_iter().chain([6, 6]).chain([7; 11]);
        let ten = Duration::from_secs(10);
        let expected = [
            (10, Bark::Stalled { still: ten }),
            (30, Bark::GotOn { still: Duration::from_secs(29) }),
            (42, Bark::Stalled { still: ten }),
        ];
        assert_eq!(said(&mut dog(), steps, true), expected);
    }

    #[test]
    fn a_slow_loader_and_one_that_nobody_waits_for_are_not_dead() {
        // A step every nine seconds.
        assert_eq!(said(&mut dog(), (0..100).map(|second| second / 9), true), []);
        assert_eq!(said(&mut dog(), [5; 100], false), []);
    }

    #[test]
    fn a_store_that_took_long_before_is_given_longer() {
        let seen = |longest| Progress { steps: 5, is_waited_for: true, longest: Duration::from_secs(longest) };
        let first = |longest| {
            let mut dog = dog();
            (0..1000).find(|second| dog.look(Duration::from_secs(*second), seen(longest)).is_some())
        };
        assert_eq!([first(1), first(20), first(500)], [Some(10), Some(60), Some(100)]);
    }

    #[test]
    fn time_in_which_this_thread_did_not_run_counts_for_little() {
        let mut dog = dog();
        let seen = Progress { steps: 5, is_waited_for: true, longest: Duration::ZERO };
        assert_eq!(dog.look(Duration::ZERO, seen), None);
        assert_eq!(dog.look(Duration::from_secs(3600), seen), None, "the machine was asleep");
        assert!(dog.still <= 2 * EVERY);
    }
}
