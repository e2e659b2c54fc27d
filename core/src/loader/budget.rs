//! How the one memory budget is divided between batches (in flight and queued) and caches.

use crate::{Error, Result};

/// Batches that wait for the consumer, where memory allows.
const QUEUED: u64 = 3;
/// Most threads that build batches at a time.
const MAX_BUILDERS: u64 = 8;
/// Plans and tables are small; more would only take room from chunks.
const MAX_TRANSFORM_BYTES: u64 = 64 << 20;

/// Shares of the budget. Their sum, with the working memory, is the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Batches in flight and in the queue together.
    pub batches_bytes: u64,
    /// The batch that the consumer has, or has given back.
    pub held_bytes: u64,
    /// The transform cache.
    pub transform_bytes: u64,
    /// Decoded chunks: the rest.
    pub chunk_bytes: u64,
    /// Batches that may be built at a time.
    pub builders: usize,
}

impl Budget {
    /// Divides `memory_bytes` for batches of `batch_bytes` whose samples make `tasks` independent reads, on `threads`
    /// of which each may need `working_bytes` for itself.
    ///
    /// # Errors
    /// [`Error::Budget`] if one batch in flight, one that is used and the working memory do not fit.
    pub(super) fn divide(
        memory_bytes: u64,
        batch_bytes: u64,
        tasks: usize,
        threads: usize,
        working_bytes: u64,
    ) -> Result<Self> {
        let batch_bytes = batch_bytes.max(1);
        let working_bytes = working_bytes.saturating_mul(threads as u64);
        let needed_bytes = batch_bytes.saturating_mul(2).saturating_add(working_bytes);
        if needed_bytes > memory_bytes {
            let what = match working_bytes {
                0 => "one batch in flight and one in use",
                _ => "one batch in flight, one in use and what every thread takes to make samples",
            };
            return Err(Error::Budget { what, needed_bytes, budget_bytes: memory_bytes });
        }
        let memory_bytes = memory_bytes - working_bytes;
        // Two, so that the workers have the next batch while one is handed over; more where a batch alone cannot keep
        // the threads busy.
        let wanted = (threads as u64).div_ceil(tasks.max(1) as u64).saturating_add(1).clamp(2, MAX_BUILDERS);
        // Half of the memory at most, so that chunks stay; but always the two that are needed. One is the consumer's.
        let affordable = (memory_bytes / 2 / batch_bytes).max(2) - 1;
        let builders = wanted.min(affordable.saturating_sub(1).max(1));
        let batches_bytes = affordable.min(builders + QUEUED) * batch_bytes;
        let rest = memory_bytes - batches_bytes - batch_bytes;
        let transform_bytes = (rest / 16).min(MAX_TRANSFORM_BYTES);
        let chunk_bytes = rest - transform_bytes;
        Ok(Self { batches_bytes, held_bytes: batch_bytes, transform_bytes, chunk_bytes, builders: builders as usize })
    }

    /// Asks the system for the batches' memory and gives it back, so that a budget beyond the machine is an error here
    /// and not the end of the process later.
    ///
    /// # Errors
    /// [`Error::Config`] if the system refuses.
    pub(super) fn probe_memory(&self) -> Result<()> {
        let bytes = self.batches_bytes;
        let mut probe = Vec::<u8>::new();
        let granted = usize::try_from(bytes).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
        if granted {
            return Ok(());
        }
        let problem = format!(
            "the system refuses the {} that batches may take; lower it, or make batches or patches smaller",
            super::bytes::format(bytes)
        );
        Err(Error::Config { file: None, line: None, key: "loader.memory".to_owned(), problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_the_budget() {
        for (memory, batch, tasks, threads) in
            [(1 << 30, 1 << 20, 8, 4), (2 << 20, 1 << 20, 8, 4), (5 << 20, 2 << 20, 1, 64), (100, 1, 1, 1)]
        {
            let budget = Budget::divide(memory, batch, tasks, threads, 0).unwrap();
            let batches = budget.batches_bytes + budget.held_bytes;
            assert_eq!(batches + budget.transform_bytes + budget.chunk_bytes, memory);
            assert!(batches >= 2 * batch && budget.held_bytes == batch && budget.builders >= 1, "{budget:?}");
            assert!(budget.builders as u64 * batch <= budget.batches_bytes, "{budget:?}");
            let has_room = budget.builders as u64 * batch < budget.batches_bytes;
            assert!(has_room || batches == 2 * batch, "no room in the queue: {budget:?}");
        }
    }

    #[test]
    fn builders_follow_the_threads_that_a_batch_cannot_occupy() {
        assert_eq!(Budget::divide(1 << 40, 1 << 20, 8, 4, 0).unwrap().builders, 2);
        assert_eq!(Budget::divide(1 << 40, 1 << 20, 8, 32, 0).unwrap().builders, 5);
        assert_eq!(Budget::divide(1 << 40, 1 << 20, 1, 128, 0).unwrap().builders, 8);
        assert_eq!(Budget::divide(2 << 20, 1 << 20, 1, 128, 0).unwrap().builders, 1);
    }

    #[test]
    fn working_memory_is_taken_off_first() {
        let budget = Budget::divide(1 << 30, 1 << 20, 8, 4, 1 << 22).unwrap();
        assert_eq!(budget, Budget::divide((1 << 30) - (1 << 24), 1 << 20, 8, 4, 0).unwrap());
        let error = Budget::divide(100, 10, 1, 4, 21).unwrap_err();
        assert!(matches!(error, Error::Budget { needed_bytes: 104, budget_bytes: 100, .. }), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = Budget::divide(100, 51, 1, 1, 0).unwrap_err();
        assert!(matches!(error, Error::Budget { needed_bytes: 102, budget_bytes: 100, .. }), "{error}");
    }
}
