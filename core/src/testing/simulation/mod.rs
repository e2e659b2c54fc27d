//! A loader in virtual time: builders, workers, a hand-over and a consumer whose work takes as long as it is told, and the real
//! chunk cache between them. It says what it did in the same [`Stats`](crate::telemetry::Stats) as the real one.
//!
//! What is simulated: batches begun in order within their number, reads that any worker takes in turn, chunks that are made
//! once however many ask, a store of some latency and bandwidth, processors that threads share, a consumer. What a sample
//! asks for is what the real sampler draws ([`Trace`](super::trace::Trace)).

mod agent;
pub mod cases;
mod ledger;
mod run;
mod scene;

pub use run::{Outcome, run};
pub use scene::Scene;
