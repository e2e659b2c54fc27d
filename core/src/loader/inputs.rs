//! From which volumes inputs are read: the EM of each dataset or another image of it, one channel or several.

use super::{ArraySpec, LoaderConfig};
use crate::catalog::{Catalog, Dataset};
use crate::volume::Volume;
use crate::{Error, Result};

/// For each input, in the order of the batch, for each dataset, for each channel.
#[derive(Debug)]
pub(super) struct Inputs(Vec<Vec<Vec<Volume>>>);

impl Inputs {
    /// Finds and opens them.
    ///
    /// # Errors
    /// [`Error::Config`] for an image or a channel that a dataset lacks, or for datasets with different numbers of channels of
    /// which all are wanted.
    pub(super) fn open(catalog: &Catalog, config: &LoaderConfig) -> Result<Self> {
        let input = |(name, spec): (&String, &ArraySpec)| {
            let channels = |dataset| channels_of(dataset, name, spec);
            let volumes = catalog.datasets.iter().map(channels).collect::<Result<Vec<_>>>()?;
            let (least, most) = (volumes.iter().map(Vec::len).min(), volumes.iter().map(Vec::len).max());
            if let (Some(least), Some(most)) = (least, most)
                && least != most
            {
                let problem = format!(
                    "datasets have from {least} to {most} channels; name those to read, such as channels = [0]"
                );
                return Err(Error::Config { file: None, line: None, key: format!("input.{name}"), problem });
            }
            Ok(volumes)
        };
        config.input.iter().map(input).collect::<Result<_>>().map(Self)
    }

    /// How many channels an input has.
    pub(super) fn channels(&self, input: usize) -> usize {
        self.0.get(input).and_then(|datasets| datasets.first()).map_or(1, Vec::len)
    }

    /// What a channel of an input is read from.
    pub(super) fn volume(&self, input: usize, dataset_index: usize, channel: usize) -> Option<&Volume> {
        self.0.get(input)?.get(dataset_index)?.get(channel)
    }
}

/// The channels of one input in one dataset.
///
/// # Errors
/// [`Error::Config`] for an image or a channel that the dataset lacks.
pub(super) fn channels_of(dataset: &Dataset, name: &str, spec: &ArraySpec) -> Result<Vec<Volume>> {
    let wrong = |key: &str, problem: String| Error::Config {
        file: None,
        line: None,
        key: format!("input.{name}.{key}"),
        problem,
    };
    let volume = match &spec.volume {
        None => dataset.raw.clone(),
        Some(path) => dataset.image(path).map_err(|error| wrong("volume", error.to_string()))?,
    };
    let count = volume.channels();
    let all: Vec<_> = (0..count).collect();
    let wanted = if spec.channels.is_empty() { &all } else { &spec.channels };
    let channel = |channel: &u64| {
        volume.of_channel(*channel).ok_or_else(|| {
            let there = if count == 1 { "one channel, 0".to_owned() } else { format!("channels 0 to {}", count - 1) };
            wrong("channels", format!("there is no channel {channel}; {} has {there}", volume.path()))
        })
    };
    wanted.iter().map(channel).collect()
}
