//! How several processes take the batches of one rank in turn, as the workers of a PyTorch `DataLoader` do: each makes
//! every n-th batch, so that together they give the very batches of one, in the same order.

use super::share::Share;
use crate::{Error, Result};

/// Which batches of a rank this process makes: of every epoch the batches number `worker`, `worker + workers`, ….
///
/// Where a loader goes on in the middle of an epoch, that epoch counts from there, as those who take in turn begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// This process, from 0.
    pub worker: u64,
    /// How many take turns.
    pub workers: u64,
}

impl Default for Turn {
    /// One process.
    fn default() -> Self {
        Self { worker: 0, workers: 1 }
    }
}

/// The batches of one worker: from one number to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walk {
    turn: Turn,
    /// At least 1.
    batches_per_epoch: u64,
}

impl Walk {
    /// Every batch, in epochs without end.
    #[cfg(test)]
    pub(super) const ALL: Self = Self { turn: Turn { worker: 0, workers: 1 }, batches_per_epoch: u64::MAX };

    /// Through epochs of so many batches.
    ///
    /// # Errors
    /// [`Error::Share`] for a worker that is not below the number of workers, or whose turn never comes.
    pub(super) fn new(turn: Turn, batches_per_epoch: u64, share: Share) -> Result<Self> {
        let problem = if turn.worker >= turn.workers {
            format!("worker {} of {}: workers count from 0", turn.worker, turn.workers)
        } else if turn.worker >= batches_per_epoch {
            format!("an epoch has {batches_per_epoch} batches: worker {} of {} has none", turn.worker, turn.workers)
        } else {
            return Ok(Self { turn, batches_per_epoch });
        };
        Err(Error::Share { rank: share.rank, world_size: share.world_size, problem })
    }

    /// This worker's first batch, where all begin at `number`.
    pub(super) const fn first(&self, number: u64) -> u64 {
        self.in_epoch_of(number, number.saturating_add(self.turn.worker))
    }

    /// This worker's batch after its batch `number`.
    pub(super) const fn after(&self, number: u64) -> u64 {
        self.in_epoch_of(number, number.saturating_add(self.turn.workers))
    }

    /// The numbers that may be ahead of a batch by so many of this worker's batches.
    pub(super) const fn stretch(&self, batches: u64) -> u64 {
        batches.saturating_mul(self.turn.workers)
    }

    /// `candidate`, or this worker's first batch of the next epoch if it is not of that of `number`.
    const fn in_epoch_of(&self, number: u64, candidate: u64) -> u64 {
        let end = (number / self.batches_per_epoch + 1).saturating_mul(self.batches_per_epoch);
        if candidate < end { candidate } else { end + self.turn.worker }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(worker: u64, workers: u64, batches_per_epoch: u64) -> Walk {
        Walk::new(Turn { worker, workers }, batches_per_epoch, Share::default()).unwrap()
    }

    /// The batches that all workers give in turn from a batch on, each epoch begun with the first worker.
    fn in_turn(workers: u64, batches_per_epoch: u64, from: u64, to: u64) -> Vec<u64> {
        let walks: Vec<_> = (0..workers.min(batches_per_epoch)).map(|n| walk(n, workers, batches_per_epoch)).collect();
        let mut next: Vec<_> = walks.iter().map(|walk| walk.first(from)).collect();
        let mut given = Vec::new();
        for epoch in from / batches_per_epoch..to / batches_per_epoch {
            let end = (epoch + 1) * batches_per_epoch;
            while next.iter().any(|number| *number < end) {
                for (walk, next) in walks.iter().zip(&mut next).filter(|(_, next)| **next < end) {
                    given.push(*next);
                    *next = walk.after(*next);
                }
            }
        }
        given
    }

    #[test]
    fn workers_in_turn_give_every_batch_in_order() {
        for (workers, batches) in [(1, 1), (1, 5), (2, 5), (2, 6), (3, 7), (4, 3), (8, 20)] {
            for from in 0..batches {
                let to = 4 * batches;
                assert_eq!(in_turn(workers, batches, from, to), (from..to).collect::<Vec<_>>(), "{workers} {batches}");
            }
        }
    }

    #[test]
    fn a_worker_that_has_no_turn_is_refused() {
        let refused = |worker, workers| Walk::new(Turn { worker, workers }, 3, Share::default()).is_err();
        assert!(refused(2, 2) && refused(0, 0) && refused(3, 4) && !refused(2, 4));
    }
}
