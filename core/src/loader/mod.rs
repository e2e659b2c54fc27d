//! The loader: a configuration and a catalog in, batches out; named threads, byte-bounded queues, statistics.

mod ahead;
mod array_layout;
mod array_spec;
mod batch;
mod budget;
mod build;
mod bundles;
pub mod bytes;
pub mod cellmap;
mod changes;
mod class_labels;
mod config;
#[cfg(test)]
mod config_example;
mod config_text;
mod crew;
mod defaults;
mod encode;
mod engine;
mod epoch;
mod forget;
mod guard;
mod guided;
mod handover;
mod inputs;
mod job;
mod known;
mod layout;
mod local;
mod local_bits;
mod local_put;
mod look;
mod look_sources;
mod mask;
mod measured;
mod nearest;
mod outline;
pub mod params;
mod read;
mod recycle;
mod replay;
mod report;
mod resize;
mod retry;
mod run;
mod seen;
mod serve;
mod share;
mod skipped;
mod slice;
mod state;
mod tally;
mod threads;
mod told;
mod trim;
mod turn;
mod validate;
mod validate_array;
mod validate_sampling;
mod validate_telemetry;

pub use array_spec::{ArraySpec, Encoding};
pub use batch::{Batch, BatchArray, Provenance, ReadSource, Role};
pub use config::{Data, DataSource, LoaderConfig, LoaderKeys, OnError, TelemetryKeys};
pub use known::Known;
pub use look::ChainStage;
pub use look_sources::{LookSources, LookedClass};
pub use outline::Outline;
pub use recycle::BatchArrays;
pub use report::SourceReport;
pub use run::{Loader, LoaderOptions};
pub use seen::{Seen, SeenClass, SeenRange};
pub use share::{Share, Uneven};
pub use skipped::SkippedSample;
pub use state::LoaderState;
pub use tally::ClassTally;
pub use turn::Turn;

pub use crate::catalog::Search;
pub use crate::sample::{
    AbsentChunks, Augment, ElasticKeys, Foreground, LeftOut, Mirror, MisalignKeys, Plane, Reason, Rotate, Sampling,
    Scale, ShearRange, SmallCrops, Strategy, Subset, Transpose,
};
