//! The loader: a configuration and a catalog in, batches out; named threads, byte-bounded queues, statistics.

mod batch;
mod budget;
mod build;
pub mod bytes;
mod config;
mod config_text;
mod defaults;
mod engine;
mod epoch;
mod excluded;
mod forget;
mod guided;
mod handover;
mod layout;
mod mask;
mod nearest;
mod read;
mod report;
mod retry;
mod run;
mod share;
mod skipped;
mod state;
mod threads;
mod validate;
mod validate_sampling;

pub use batch::{Batch, BatchArray, Provenance, ReadSource, Role};
pub use config::{ArraySpec, Data, DataSource, Encoding, LoaderConfig, LoaderKeys, OnError};
pub use report::SourceReport;
pub use run::{Loader, LoaderOptions};
pub use share::{Share, Uneven};
pub use skipped::SkippedSample;
pub use state::LoaderState;

pub use crate::catalog::Search;
pub use crate::sample::{
    AbsentChunks, Augment, ElasticKeys, Foreground, LeftOut, Mirror, MisalignKeys, Reason, Rotate, Sampling, Scale,
    ShearRange, SmallCrops, Strategy, Subset, Transpose,
};
