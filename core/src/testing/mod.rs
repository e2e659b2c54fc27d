//! For tests and benches (feature `testing`): a slow oracle of the read path, fuzz targets, stores that count and fail, small
//! arrays, traces of the sampler, a loader in virtual time.

pub mod fixture;
pub mod fuzz;
pub mod oracle;
pub mod simulation;
pub mod stores;
pub mod trace;

pub use fixture::{ArrayFormat, Fixture, FixtureLevel};
pub use oracle::Oracle;
pub use stores::{CountingStore, Fault, FaultStore, Read};
