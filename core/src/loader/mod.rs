//! The loader: a configuration and a catalog in, batches out; named threads, byte-bounded queues, statistics.

mod batch;
mod config;
mod run;

pub use batch::{Batch, BatchArray, Provenance, ReadSource, Role};
pub use config::{
    ArraySpec, Augment, Data, DataSource, Encoding, LoaderConfig, LoaderKeys, Mirror, OnError, Sampling, SmallCrops,
    Transpose,
};
pub use run::Loader;
