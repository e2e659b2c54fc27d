//! Where jobs are left for the thread that draws them: the newest counts, those before it are broken off.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::state::preview::PreviewJob;

/// One job at most.
#[derive(Default)]
pub(in crate::background) struct Desk {
    slot: Mutex<Slot>,
    wake: Condvar,
}

/// A job that was taken up.
#[derive(Debug)]
pub(in crate::background) struct Ticket {
    /// What to draw.
    pub job: Arc<PreviewJob>,
    number: u64,
}

#[derive(Default)]
struct Slot {
    job: Option<Arc<PreviewJob>>,
    /// Of the newest job, and of what was broken off last.
    number: u64,
    is_closed: bool,
}

impl Desk {
    /// Leaves a job in place of the one that waits or is being drawn.
    pub(in crate::background) fn ask(&self, job: Arc<PreviewJob>) {
        self.put(Some(job));
    }

    /// Breaks off what waits and what is being drawn.
    pub(in crate::background) fn cancel(&self) {
        self.put(None);
    }

    fn put(&self, job: Option<Arc<PreviewJob>>) {
        let mut slot = self.slot.lock();
        slot.job = job;
        slot.number += 1;
        drop(slot);
        self.wake.notify_all();
    }

    /// Whether somebody still waits for what a job makes.
    pub(in crate::background) fn is_wanted(&self, ticket: &Ticket) -> bool {
        let slot = self.slot.lock();
        slot.number == ticket.number && !slot.is_closed
    }

    /// No more jobs.
    pub(in crate::background) fn close(&self) {
        self.slot.lock().is_closed = true;
        self.wake.notify_all();
    }

    /// Waits for the next job; `None` once it is closed.
    pub(in crate::background) fn next(&self) -> Option<Ticket> {
        let mut slot = self.slot.lock();
        loop {
            if slot.is_closed {
                return None;
            }
            if let Some(job) = slot.job.take() {
                return Some(Ticket { job, number: slot.number });
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
        let second = desk.next().unwrap();
        assert!(second.job.place == 2 && desk.is_wanted(&second));
        desk.ask(job(3));
        assert!(!desk.is_wanted(&second), "there is a newer one");
        let third = desk.next().unwrap();
        assert!(third.job.place == 3 && desk.is_wanted(&third));
        desk.cancel();
        assert!(!desk.is_wanted(&third), "broken off");
        desk.ask(job(4));
        desk.close();
        assert!(desk.next().is_none(), "closed");
    }
}
