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

/// Every array of a batch, in the configured order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BatchLayout {
    pub arrays: Vec<ArrayLayout>,
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
        Ok(Self { arrays: config.arrays().map(array).collect() })
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

/// The least extent along each axis of any target, nm; `None` without targets.
pub(super) fn smallest_target_nm(config: &LoaderConfig) -> Option<Zyx<f64>> {
    config.target.values().map(ArraySpec::extent_nm).reduce(|a, b| a.zip_map(b, f64::min))
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

    #[test]
    fn bytes_count_data_and_mask() {
        let spec = ArraySpec { shape: Zyx::new(2, 3, 4), voxel_size_nm: Zyx::splat(8.0), encoding: Encoding::Ids };
        let target = ArrayLayout {
            name: "labels".to_owned(),
            role: Role::Target,
            spec,
            dtype: DType::U16,
            classes: vec![Some("er".to_owned()), Some("mito".to_owned())],
            masked: true,
        };
        let layout = BatchLayout { arrays: vec![target] };
        let arrays = layout.zeros(3);
        assert_eq!(arrays[0].shape, [3, 2, 2, 3, 4]);
        assert_eq!(arrays[0].size_bytes(), 3 * 2 * 24 * (2 + 1));
        assert_eq!(layout.batch_bytes(3), arrays[0].size_bytes());
    }
}
