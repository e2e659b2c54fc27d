//! Where jobs are left for the thread that draws them: the newest waits, those before it are forgotten.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::state::preview::PreviewJob;

/// One job at most.
#[derive(Default)]
pub(in crate::background) struct Desk {
    slot: Mutex<Slot>,
    wake: Condvar,
}

#[derive(Default)]
struct Slot {
    job: Option<Arc<PreviewJob>>,
    is_closed: bool,
}

impl Desk {
    /// Leaves a job in place of the one that waits.
    pub(in crate::background) fn ask(&self, job: Arc<PreviewJob>) {
        self.slot.lock().job = Some(job);
        self.wake.notify_all();
    }

    /// No more jobs.
    pub(in crate::background) fn close(&self) {
        self.slot.lock().is_closed = true;
        self.wake.notify_all();
    }

    /// Waits for the next job; `None` once it is closed.
    pub(in crate::background) fn next(&self) -> Option<Arc<PreviewJob>> {
        let mut slot = self.slot.lock();
        loop {
            if slot.is_closed {
                return None;
            }
            if let Some(job) = slot.job.take() {
                return Some(job);
            }
            self.wake.wait(&mut slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use microtome_core::loader::LoaderConfig;

    use super::*;
    use crate::state::preview::{PreviewAsk, job};

    #[test]
    fn the_newest_job_is_the_next_one() {
        let job = |place| {
            let ask = PreviewAsk { place, ..PreviewAsk::default() };
            Arc::new(job(&LoaderConfig::default(), &ask))
        };
        let desk = Desk::default();
        desk.ask(job(1));
        desk.ask(job(2));
        assert_eq!(desk.next().map(|job| job.place), Some(2));
        desk.ask(job(3));
        desk.close();
        assert_eq!(desk.next(), None, "closed");
    }
}
