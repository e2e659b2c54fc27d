//! Which samples are in which batch: epochs follow each other, and each is dealt to the ranks step by step.

use super::share::{Share, Uneven};
use crate::{Error, Result};

/// The samples of one batch: places `first..first + samples` in the dealt order of `epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub number: u64,
    pub epoch: u64,
    pub first: u64,
    pub samples: usize,
}

/// Epochs of so many samples, dealt to ranks in batches.
///
/// In each step the ranks get one batch each of neighbouring samples: together what one process would get with batches
/// that are as many times larger. In the last step of an epoch batches may be smaller, but all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epochs {
    samples: u64,
    batch_size: u64,
    share: Share,
}

impl Epochs {
    /// # Errors
    /// [`Error::Share`] if an epoch holds nothing for every rank; a rank that is not below the number of processes.
    pub(super) fn new(samples: u64, batch_size: usize, share: Share) -> Result<Self> {
        share.check()?;
        let epochs = Self { samples: samples.max(1), batch_size: (batch_size as u64).max(1), share };
        if epochs.samples_per_rank() > 0 {
            return Ok(epochs);
        }
        let problem = format!("an epoch of {samples} samples leaves nothing for a rank when its end is dropped");
        Err(Error::Share { rank: share.rank, world_size: share.world_size, problem })
    }

    /// Samples in one epoch, of all ranks together.
    pub(super) const fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples that each rank gets in one epoch.
    pub(super) const fn samples_per_rank(&self) -> u64 {
        match self.share.uneven {
            Uneven::Repeat => self.samples.div_ceil(self.share.world_size),
            Uneven::Drop => self.samples / self.share.world_size,
        }
    }

    /// Batches that each rank gets in one epoch.
    pub(super) const fn batches_per_rank(&self) -> u64 {
        self.samples_per_rank().div_ceil(self.batch_size)
    }

    /// The samples of this rank's batch `number`. No batch holds samples of two epochs.
    pub(super) fn ticket(&self, number: u64) -> Ticket {
        let step = number % self.batches_per_rank();
        let samples = self.batch_size.min(self.samples_per_rank() - step * self.batch_size);
        let first = step * self.batch_size * self.share.world_size + self.share.rank * samples;
        Ticket { number, epoch: number / self.batches_per_rank(), first, samples: samples as usize }
    }

    /// The index in the epoch of a place in the dealt order, and whether it comes for the second time.
    pub(super) const fn index_at(&self, place: u64) -> (u64, bool) {
        (place % self.samples, place >= self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(samples: u64, batch_size: usize, rank: u64, world_size: u64, uneven: Uneven) -> Epochs {
        Epochs::new(samples, batch_size, Share { rank, world_size, uneven }).unwrap()
    }

    #[test]
    fn batches_never_mix_epochs_and_the_last_may_be_short() {
        let alone = |samples, batch_size| epochs(samples, batch_size, 0, 1, Uneven::Repeat);
        let tickets: Vec<_> = (0..5).map(|n| alone(10, 4).ticket(n)).map(|t| (t.epoch, t.first, t.samples)).collect();
        assert_eq!(tickets, [(0, 0, 4), (0, 4, 4), (0, 8, 2), (1, 0, 4), (1, 4, 4)]);
        // An epoch smaller than a batch.
        assert_eq!(alone(3, 4).ticket(7), Ticket { number: 7, epoch: 7, first: 0, samples: 3 });
    }

    /// Every rank's indices in the first epoch, batch by batch.
    fn dealt(samples: u64, batch_size: usize, world_size: u64, uneven: Uneven) -> Vec<Vec<Vec<(u64, bool)>>> {
        let of_rank = |rank| {
            let epochs = epochs(samples, batch_size, rank, world_size, uneven);
            let batch = |number| {
                let ticket = epochs.ticket(number);
                (ticket.first..ticket.first + ticket.samples as u64).map(|place| epochs.index_at(place)).collect()
            };
            (0..epochs.batches_per_rank()).map(batch).collect()
        };
        (0..world_size).map(of_rank).collect()
    }

    #[test]
    fn ranks_share_an_epoch_without_overlap_and_in_step() {
        for samples in [1, 7, 8, 24, 100, 101, 103] {
            for (world_size, batch_size) in [(1, 4), (2, 4), (3, 4), (8, 4), (8, 1), (3, 50)] {
                let ranks = dealt(samples, batch_size, world_size, Uneven::Repeat);
                let mut once: Vec<_> = ranks.iter().flatten().flatten().filter(|(_, again)| !again).collect();
                once.sort_unstable();
                let all: Vec<_> = (0..samples).map(|index| (index, false)).collect();
                assert_eq!(once, all.iter().collect::<Vec<_>>(), "{samples} samples on {world_size} ranks");
                let again = ranks.iter().flatten().flatten().filter(|(_, again)| *again).count() as u64;
                assert!(again < world_size, "{again}");
                let sizes = |rank: &Vec<Vec<(u64, bool)>>| rank.iter().map(Vec::len).collect::<Vec<_>>();
                assert!(ranks.iter().all(|rank| sizes(rank) == sizes(&ranks[0])), "ranks are out of step");
                // A step of all ranks is a batch of a single process that is as many times larger.
                let together: Vec<_> = ranks.iter().flat_map(|rank| &rank[0]).map(|(index, _)| *index).collect();
                assert!(together.iter().enumerate().all(|(at, index)| at as u64 % samples == *index));
                if samples >= world_size {
                    let kept = dealt(samples, batch_size, world_size, Uneven::Drop);
                    let mut kept: Vec<_> = kept.iter().flatten().flatten().collect();
                    kept.sort_unstable();
                    assert_eq!(kept, all[..(samples - samples % world_size) as usize].iter().collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn impossible_shares_are_refused() {
        let refused = |rank, world_size, uneven| Epochs::new(5, 4, Share { rank, world_size, uneven }).is_err();
        assert!(refused(2, 2, Uneven::Repeat) && refused(0, 0, Uneven::Repeat));
        assert!(refused(0, 6, Uneven::Drop) && !refused(0, 6, Uneven::Repeat));
    }
}
