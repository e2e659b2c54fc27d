//! What can be changed while a loader runs, and how: its memory. Whatever would change which batches come, or needs other
//! threads, needs another loader.

use super::LoaderConfig;
use super::budget::Budget;
use super::engine::Engine;
use super::params::{self, Values, problem_of};
use crate::Result;
use crate::telemetry::{Event, KeyChange};

/// The key that can be set.
const MEMORY: &str = "loader.memory";

/// What is in force, where that may be another than the loader was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InForce {
    /// `loader.memory`.
    pub memory_bytes: u64,
    /// What of it chunks may take, unless the machine runs short.
    pub chunk_bytes: u64,
    /// What of it batches in flight and in the queue may.
    pub batches_bytes: u64,
}

/// What a budget is divided among, whatever its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// Bytes of a full batch.
    pub batch_bytes: u64,
    /// Independent reads of one.
    pub tasks: usize,
    /// Worker threads.
    pub threads: usize,
    /// What each of them may need for itself.
    pub working_bytes: u64,
}

impl Needs {
    /// The shares of so much memory.
    ///
    /// # Errors
    /// As [`Budget::divide`].
    pub(super) fn divide(self, memory_bytes: u64) -> Result<Budget> {
        Budget::divide(memory_bytes, self.batch_bytes, self.tasks, self.threads, self.working_bytes)
    }
}

impl Engine {
    /// The configuration in force.
    pub(super) fn config_in_force(&self) -> LoaderConfig {
        let mut config = self.config.clone();
        config.loader.memory = self.in_force.lock().memory_bytes;
        config
    }

    /// Sets a key to a value as TOML has it, while the loader runs; answers what has changed.
    ///
    /// # Errors
    /// Why that cannot be, in words: a key that is unknown or cannot be set while it runs, a value that does not fit.
    pub(super) fn set_live(&self, key: &str, value: &str) -> Result<Vec<KeyChange>, String> {
        let parsed = format!("value = {value}").parse::<Values>().ok().and_then(|mut values| values.remove("value"));
        let value = parsed.ok_or_else(|| format!("{key}: {value} is no TOML value"))?;
        let before = self.config_in_force();
        let in_words = |error: &crate::Error| {
            let (key, problem) = problem_of(error);
            format!("{key}: {problem}")
        };
        let after = params::set(&before, key, Some(value)).map_err(|error| in_words(&error))?;
        let changes = after.changes_since(&before);
        if let Some(other) = changes.iter().find(|change| change.key != MEMORY) {
            return Err(why_not(&other.key));
        }
        if !changes.is_empty() {
            self.resize(after.loader.memory).map_err(|error| in_words(&error))?;
            self.marks.note(Event::ConfigChanged { changes: changes.clone() });
        }
        Ok(changes)
    }

    /// Divides so much memory anew.
    fn resize(&self, memory_bytes: u64) -> Result<()> {
        let budget = self.needs.divide(memory_bytes)?;
        budget.probe_memory()?;
        let caches = &self.caches;
        let both_bytes = budget.chunk_bytes + budget.transform_bytes;
        let chunk_bytes = both_bytes.saturating_sub(caches.transforms.stats().capacity_bytes);
        let before_bytes = caches.chunks.stats().capacity_bytes;
        // Held throughout, so that the guard does not meanwhile go by what was.
        let mut in_force = self.in_force.lock();
        *in_force = InForce { memory_bytes, chunk_bytes, batches_bytes: budget.batches_bytes };
        caches.chunks.set_capacity_bytes(chunk_bytes);
        self.recycler.set_most_bytes(budget.batches_bytes + budget.held_bytes);
        self.handover.set_capacity_bytes(budget.batches_bytes);
        self.marks.note(Event::CacheResized { before_bytes, after_bytes: chunk_bytes });
        Ok(())
    }
}

/// Why a key cannot be set while the loader runs.
fn why_not(key: &str) -> String {
    let same_batches = ["loader.threads", "loader.on_error", "loader.retries", "telemetry."];
    let why = if same_batches.iter().any(|start| key.starts_with(start)) {
        "it is settled when the loader starts"
    } else {
        "it would change which batches come, in the middle of a training"
    };
    format!(
        "{key} cannot be set while the loader runs: {why}. Set it in the configuration and start anew; {MEMORY} can be set"
    )
}
