//! What limits a loader, and what to change: pure, from its [`Stats`](crate::telemetry::Stats) alone.
//!
//! A [`Window`] is the difference of two states in which the loader ran steadily. [`Diagnosis::of`] says how much of the time the
//! consumer waits, what makes the pace by three independent [`Method`]s, and which [`Remedy`] would bring how much: the
//! [`Model`] solved again with what it changes. The [`MissRatioCurve`] says what a larger cache would miss.

mod curve;
mod methods;
mod model;
pub mod monitor;
mod predict;
mod remedy;
mod trial;
mod verdict;
mod window;
mod words;

pub use curve::{MissRatioCurve, WorkingPoint};
pub use methods::{Finding, Method};
pub use model::{Bound, Limit, Model, Station};
pub use remedy::{Change, Remedy, RemedyKind};
pub use trial::{Plan, Score, Trial, scores};
pub use verdict::{Diagnosis, InputBound, StageRow, Utilisation};
pub use window::Window;
