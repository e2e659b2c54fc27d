//! The app's side of what is counted in the background: starts and stops it, and takes what came into the state.

use std::sync::Arc;

use crate::background::{CountWork, Counter, Waker};
use crate::state::{CountJob, CountPhase, ImageRef, Inventory, OpenData, State};

/// What counts, once something was asked for.
pub struct Counting {
    waker: Waker,
    counter: Option<Counter>,
}

impl Counting {
    /// Nothing asked for yet.
    pub const fn new(waker: Waker) -> Self {
        Self { waker, counter: None }
    }

    /// Counts something of what is open.
    pub fn start(&mut self, state: &mut State, job: CountJob) -> anyhow::Result<()> {
        let Some(work) = state.session.open().and_then(|data| work_of(data, job)) else { return Ok(()) };
        let counter = match &mut self.counter {
            Some(counter) => counter,
            None => self.counter.insert(Counter::start(Arc::clone(&self.waker))?),
        };
        counter.count(work);
        state.inventory.set_phase(job, CountPhase::Counting);
        Ok(())
    }

    /// Stops a count; what was counted stays.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn stop(&mut self, state: &mut State, job: CountJob) -> anyhow::Result<()> {
        self.take_news(state);
        if let Some(counter) = &mut self.counter {
            counter.stop(job);
            state.inventory.set_phase(job, CountPhase::Stopped);
        }
        Ok(())
    }

    /// Takes in what was counted.
    pub fn take_news(&self, state: &mut State) {
        for counted in self.counter.iter().flat_map(Counter::take) {
            state.inventory.take(counted);
        }
    }

    /// Stops every count and forgets what was counted.
    pub fn forget(&mut self, state: &mut State) {
        if let Some(counter) = &mut self.counter {
            counter.forget();
        }
        state.inventory = Inventory::default();
    }
}

fn work_of(data: &OpenData, job: CountJob) -> Option<CountWork> {
    match job {
        CountJob::Classes => Some(CountWork::Classes(Arc::clone(&data.catalog))),
        CountJob::Disk(image) => {
            let ImageRef { dataset, labels } = image;
            let dataset = data.catalog.datasets.get(dataset)?;
            let volume = match labels {
                None => &dataset.raw,
                Some((crop, class)) => &dataset.crops.get(crop)?.classes.get(class)?.volume,
            };
            Some(CountWork::Disk(image, Arc::clone(volume)))
        }
    }
}
