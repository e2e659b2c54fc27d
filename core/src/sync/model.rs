//! Locks with the surface of `parking_lot` whose schedule the model checker decides. They work only inside of a model.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;
use std::time::Duration;

use shuttle::sync as checked;

/// See `parking_lot::Mutex`: a panic while it is held does not poison it.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(checked::Mutex<T>);

/// Unlocks when dropped.
#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T>(Option<checked::MutexGuard<'a, T>>);

/// See `parking_lot::Condvar`. A wait that would give up after a time never does, so that a lost wake-up is a deadlock,
/// which ends the model with an error.
#[derive(Debug, Default)]
pub(crate) struct Condvar(checked::Condvar);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checked::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        guard.0 = guard.0.take().map(|held| self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _at_most: Duration) {
        self.wait(guard);
    }

    pub(crate) fn wait_while_for<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
        _at_most: Duration,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let Some(held) = &self.0 else { unreachable!("the lock is away only while `wait` borrows the guard") };
        held
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let Some(held) = &mut self.0 else { unreachable!("the lock is away only while `wait` borrows the guard") };
        held
    }
}

/// Runs `model` under many schedules: all of them as far as they are few, then drawn evenly, then drawn so that each
/// defect that takes up to three untimely switches is found with a known probability (PCT, Burckhardt et al. 2010,
/// "A randomized scheduler with probabilistic guarantees of finding bugs").
///
/// `MICROTOME_MODEL_SCHEDULES` says how many of each (2000 if not set), `SHUTTLE_RANDOM_SEED` which.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a number that is none ends the test")]
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
    use shuttle::{Config, Runner};

    let schedules = std::env::var("MICROTOME_MODEL_SCHEDULES").map_or(2000, |number| number.parse().unwrap());
    let model = std::sync::Arc::new(model);
    let run = || {
        let model = std::sync::Arc::clone(&model);
        move || model()
    };
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    Runner::new(DfsScheduler::new(Some(schedules), false), config.clone()).run(run());
    Runner::new(RandomScheduler::new_from_seed(1, schedules), config.clone()).run(run());
    Runner::new(PctScheduler::new_from_seed(1, 3, schedules), config).run(run());
}
