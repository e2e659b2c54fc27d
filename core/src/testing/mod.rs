//! For tests and benches (feature `testing`): a slow oracle of the read path, fuzz targets, stores that count and fail, small arrays.

pub mod fixture;
pub mod fuzz;
pub mod oracle;
pub mod stores;

pub use fixture::{ArrayFormat, Fixture, FixtureLevel};
pub use oracle::Oracle;
pub use stores::{CountingStore, Fault, FaultStore, Read};
