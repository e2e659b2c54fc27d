//! The locks of what threads share: `parking_lot`'s, or with the feature `model` the same out of a model checker.
//!
//! Shuttle (<https://docs.rs/shuttle>) runs a test on one system thread and chooses at every lock, wait and notification
//! which thread goes on. It scales to the cache and the hand-over as they are, with four threads and more; loom, which
//! also checks the orders of atomics, tries every schedule and ends with two or three threads of a few locks each. No
//! rule here rests on atomics: they only count.

#[cfg(not(feature = "model"))]
pub(crate) use parking_lot::{Condvar, Mutex};

#[cfg(feature = "model")]
mod model;
#[cfg(all(test, feature = "model"))]
pub(crate) use model::explore;
#[cfg(feature = "model")]
pub(crate) use model::{Condvar, Mutex};
