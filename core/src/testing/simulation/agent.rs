//! Who does something in a simulation: a worker, a builder, the consumer, each with the steps that it has before it.

use std::collections::VecDeque;

use crate::telemetry::Stage;

/// One step of an agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// Compute for so many seconds of a whole processor.
    Compute(Stage, f64),
    /// Let so many seconds pass: the latency of the store, or the consumer's own work.
    Pass(Option<Stage>, f64),
    /// Get so many bytes out of the store.
    Transfer(f64),
    /// Ask the cache for a chunk.
    Ask(usize),
    /// The chunk that was being made is there.
    Land(usize),
    /// Wait for a chunk that another makes.
    WaitFor(usize),
    /// Give the reads of the batch that is being built to the workers.
    GiveReads,
    /// Wait until they are through.
    WaitForReads,
    /// Hand the batch over.
    HandOver,
}

/// Somebody, at the first of its steps.
#[derive(Debug, Default)]
pub(super) struct Agent {
    pub steps: VecDeque<Step>,
    /// The batch that it works for.
    pub batch: u64,
    /// The array that it works for, of a worker.
    pub array: Option<usize>,
    /// What is left of the first step; its unit is the step's.
    pub left: f64,
    /// When the call of a stage began that the first step is of.
    pub began_s: f64,
}

impl Agent {
    /// Whether it has nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.steps.is_empty()
    }

    /// Goes on to the next step.
    pub(super) fn next(&mut self) {
        self.steps.pop_front();
        self.enter();
    }

    /// Begins the first step.
    pub(super) fn enter(&mut self) {
        self.left = match self.steps.front() {
            Some(Step::Compute(_, amount) | Step::Pass(_, amount) | Step::Transfer(amount)) => *amount,
            _ => 0.0,
        };
    }

    /// The stage that it is in.
    pub(super) fn stage(&self) -> Option<Stage> {
        match self.steps.front()? {
            Step::Compute(stage, _) => Some(*stage),
            Step::Pass(stage, _) => *stage,
            Step::Transfer(_) => Some(Stage::Fetch),
            Step::WaitFor(_) => Some(Stage::Wait),
            _ => None,
        }
    }
}
