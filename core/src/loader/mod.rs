//! The loader: a configuration and a catalog in, batches out; named threads, byte-bounded queues, statistics.

mod batch;
mod budget;
mod build;
pub mod bytes;
mod config;
mod config_text;
mod defaults;
mod engine;
mod excluded;
mod handover;
mod layout;
mod nearest;
mod read;
mod run;
mod skipped;
mod threads;
mod validate;

pub use batch::{Batch, BatchArray, Provenance, ReadSource, Role};
pub use config::{ArraySpec, Data, DataSource, Encoding, LoaderConfig, LoaderKeys, OnError};
pub use run::Loader;
pub use skipped::SkippedSample;

pub use crate::catalog::Search;
pub use crate::sample::{
    Augment, ElasticKeys, Mirror, MisalignKeys, Rotate, Sampling, Scale, ShearRange, SmallCrops, Strategy, Transpose,
};
