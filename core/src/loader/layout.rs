//! What a batch consists of, worked out once: arrays, channels, element types, bytes, and which samples are in it.

use super::{ArraySpec, BatchArray, Encoding, LoaderConfig, Role, nearest::nearest};
use crate::catalog::Catalog;
use crate::geometry::Zyx;
use crate::sample::intensity::{self, Operation};
use crate::volume::{Buffer, DType};
use crate::{Error, Result};

/// One array of every batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArrayLayout {
    pub name: String,
    pub role: Role,
    pub spec: ArraySpec,
    pub dtype: DType,
    /// Channels of a target; one channel without a class for an input.
    pub classes: Vec<Option<String>>,
    /// Whether a mask of what is known goes with it.
    pub masked: bool,
}

/// The samples of one batch: `first..first + samples` of `epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub number: u64,
    pub epoch: u64,
    pub first: u64,
    pub samples: usize,
}

/// Every array of a batch, in the configured order, and how samples are dealt into batches.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BatchLayout {
    pub arrays: Vec<ArrayLayout>,
    pub batch_size: usize,
    pub samples_per_epoch: u64,
}

impl ArrayLayout {
    /// Elements of one channel of one sample.
    pub(super) fn voxels(&self) -> usize {
        self.spec.shape.product()
    }

    fn sample_bytes(&self) -> u64 {
        let element = self.dtype.size_bytes() + usize::from(self.masked);
        (self.voxels() as u64).saturating_mul((self.classes.len() * element) as u64)
    }

    fn zeros(&self, samples: usize) -> BatchArray {
        let Zyx { z, y, x } = self.spec.shape;
        let len = samples * self.classes.len() * self.voxels();
        BatchArray {
            name: self.name.clone(),
            role: self.role,
            shape: [samples, self.classes.len(), z, y, x],
            data: Buffer::zeros(self.dtype, len),
            known: self.masked.then(|| vec![0; len]),
        }
    }
}

impl BatchLayout {
    /// What the configuration asks for, on the data of a catalog.
    ///
    /// # Errors
    /// [`Error::Config`] if there are targets but no labels, or a class that is annotated nowhere.
    pub(super) fn new(catalog: &Catalog, config: &LoaderConfig) -> Result<Self> {
        let classes = if config.target.is_empty() { Vec::new() } else { target_classes(catalog, config)? };
        let ids = id_dtype(catalog, &classes);
        let array = |(role, name, spec): (Role, &str, &ArraySpec)| ArrayLayout {
            name: name.to_owned(),
            role,
            spec: spec.clone(),
            dtype: match spec.encoding {
                Encoding::U8 => DType::U8,
                Encoding::F16 => DType::F16,
                Encoding::F32 => DType::F32,
                Encoding::Ids => ids,
            },
            classes: match role {
                Role::Input => vec![None],
                Role::Target => classes.iter().cloned().map(Some).collect(),
            },
            masked: role == Role::Target && spec.encoding != Encoding::F32,
        };
        Ok(Self {
            arrays: config.arrays().map(array).collect(),
            batch_size: config.loader.batch_size,
            samples_per_epoch: config.sampling.samples_per_epoch,
        })
    }

    /// The samples of batch `number`. Epochs follow each other; no batch holds samples of two.
    pub(super) fn ticket(&self, number: u64) -> Ticket {
        let batch_size = (self.batch_size as u64).max(1);
        let batches_per_epoch = self.samples_per_epoch.div_ceil(batch_size).max(1);
        let first = (number % batches_per_epoch) * batch_size;
        let samples = batch_size.min(self.samples_per_epoch - first) as usize;
        Ticket { number, epoch: number / batches_per_epoch, first, samples }
    }

    /// Bytes of a batch of `samples`.
    pub(super) fn batch_bytes(&self, samples: usize) -> u64 {
        self.arrays.iter().map(|array| array.sample_bytes().saturating_mul(samples as u64)).sum()
    }

    /// Bytes that changing the intensities of one channel takes beside the batch: f32 where the batch holds another type,
    /// and what the operations ask for.
    pub(super) fn working_bytes(&self, operations: &[Operation]) -> u64 {
        if operations.is_empty() {
            return 0;
        }
        let elements = |array: &ArrayLayout| {
            let copy = if array.dtype == DType::F32 { 0 } else { array.voxels() };
            copy.saturating_add(intensity::scratch_len(operations, array.spec.shape))
        };
        let inputs = self.arrays.iter().filter(|array| array.role == Role::Input);
        let most = inputs.map(elements).max().unwrap_or(0);
        (most as u64).saturating_mul(size_of::<f32>() as u64)
    }

    /// Channels of all arrays: the independent reads of one sample.
    pub(super) fn channels(&self) -> usize {
        self.arrays.iter().map(|array| array.classes.len()).sum()
    }

    /// Memory for a batch of `samples`, all zero.
    pub(super) fn zeros(&self, samples: usize) -> Vec<BatchArray> {
        self.arrays.iter().map(|array| array.zeros(samples)).collect()
    }
}

/// The configured classes, or every one that is found, sorted.
fn target_classes(catalog: &Catalog, config: &LoaderConfig) -> Result<Vec<String>> {
    let mut found: Vec<_> = catalog.datasets.iter().flat_map(crate::catalog::Dataset::class_names).collect();
    found.sort();
    found.dedup();
    if found.is_empty() {
        let problem = "there are targets to fill, but the data have no labels; remove [target], or open data with label \
                       crops (labels/groundtruth/crop*/class)";
        return Err(Error::Config { file: None, line: None, key: "target".to_owned(), problem: problem.to_owned() });
    }
    if config.data.classes.is_empty() {
        return Ok(found);
    }
    let known: Vec<_> = found.iter().map(String::as_str).collect();
    if let Some(missing) = config.data.classes.iter().find(|class| !found.contains(class)) {
        let hint = nearest(missing, &known).unwrap_or_default();
        let problem = format!(
            "no crop annotates \"{missing}\"; the nearest class is \"{hint}\" (there are: {})",
            known.join(", ")
        );
        return Err(Error::Config { file: None, line: None, key: "data.classes".to_owned(), problem });
    }
    Ok(config.data.classes.clone())
}

/// The smallest unsigned type that holds the ids of every array of `classes`.
fn id_dtype(catalog: &Catalog, classes: &[String]) -> DType {
    let labels = catalog.datasets.iter().flat_map(|dataset| &dataset.crops).flat_map(|crop| &crop.classes);
    let wanted = labels.filter(|labels| classes.contains(&labels.class));
    wanted.map(|labels| unsigned(labels.volume.dtype())).max_by_key(|dtype| dtype.size_bytes()).unwrap_or(DType::U8)
}

/// The unsigned type in which ids of `dtype` are read.
const fn unsigned(dtype: DType) -> DType {
    match dtype {
        DType::U8 | DType::I8 => DType::U8,
        DType::U16 | DType::I16 => DType::U16,
        DType::U32 | DType::I32 => DType::U32,
        DType::U64 | DType::I64 | DType::F16 | DType::F32 | DType::F64 => DType::U64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout_of(batch_size: usize, samples_per_epoch: u64) -> BatchLayout {
        let spec = ArraySpec { shape: Zyx::new(2, 3, 4), voxel_size_nm: Zyx::splat(8.0), encoding: Encoding::Ids };
        let target = ArrayLayout {
            name: "labels".to_owned(),
            role: Role::Target,
            spec,
            dtype: DType::U16,
            classes: vec![Some("er".to_owned()), Some("mito".to_owned())],
            masked: true,
        };
        BatchLayout { arrays: vec![target], batch_size, samples_per_epoch }
    }

    #[test]
    fn batches_never_mix_epochs_and_the_last_may_be_short() {
        let layout = layout_of(4, 10);
        let tickets: Vec<_> = (0..5).map(|n| layout.ticket(n)).map(|t| (t.epoch, t.first, t.samples)).collect();
        assert_eq!(tickets, [(0, 0, 4), (0, 4, 4), (0, 8, 2), (1, 0, 4), (1, 4, 4)]);
        // An epoch smaller than a batch.
        assert_eq!(layout_of(4, 3).ticket(7), Ticket { number: 7, epoch: 7, first: 0, samples: 3 });
    }

    #[test]
    fn bytes_count_data_and_mask() {
        let layout = layout_of(4, 10);
        let arrays = layout.zeros(3);
        assert_eq!(arrays[0].shape, [3, 2, 2, 3, 4]);
        assert_eq!(arrays[0].size_bytes(), 3 * 2 * 24 * (2 + 1));
        assert_eq!(layout.batch_bytes(3), arrays[0].size_bytes());
    }
}
