//! The loader: a configuration and a catalog in, batches out; named threads, byte-bounded queues, statistics.

mod batch;
pub mod bytes;
mod config;
mod config_text;
mod defaults;
mod nearest;
mod run;
mod validate;

pub use batch::{Batch, BatchArray, Provenance, ReadSource, Role};
pub use config::{ArraySpec, Data, DataSource, Encoding, LoaderConfig, LoaderKeys, OnError};
pub use run::Loader;

pub use crate::sample::{Augment, Mirror, Sampling, SmallCrops, Strategy, Transpose};
