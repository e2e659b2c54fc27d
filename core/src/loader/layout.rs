//! What a batch consists of, worked out once: arrays, channels, element types, bytes, and which samples are in it.

use super::array_layout::ArrayLayout;
use super::inputs::Inputs;
use super::{ArraySpec, BatchArray, LoaderConfig, ReadSource, Role, nearest::nearest};
use crate::catalog::Catalog;
use crate::geometry::Zyx;
use crate::sample::Augment;
use crate::{Error, Result};

/// Every array of a batch, in the configured order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BatchLayout {
    pub arrays: Vec<ArrayLayout>,
}

impl BatchLayout {
    /// What the configuration asks for, on the data of a catalog.
    ///
    /// # Errors
    /// [`Error::Config`] if there are targets but no labels, or a class that is annotated nowhere.
    pub(super) fn new(catalog: &Catalog, config: &LoaderConfig, inputs: &Inputs) -> Result<Self> {
        let found = if config.target.is_empty() { Vec::new() } else { target_classes(catalog, config)? };
        let array = |(index, (role, name, spec)): (usize, (Role, &str, &ArraySpec))| {
            let classes = match role {
                Role::Input => vec![None; inputs.channels(index)],
                Role::Target => classes_of(name, spec, &found)?.into_iter().map(Some).collect(),
            };
            ArrayLayout::new(catalog, name, role, spec, classes)
        };
        let arrays = config.arrays().enumerate().map(array).collect::<Result<_>>()?;
        Ok(Self { arrays })
    }

    /// Bytes of a batch of `samples`.
    pub(super) fn batch_bytes(&self, samples: usize) -> u64 {
        self.arrays.iter().map(|array| array.sample_bytes().saturating_mul(samples as u64)).sum()
    }

    /// Bytes that making one channel takes beside the batch, at most.
    pub(super) fn working_bytes(&self, augment: &Augment) -> u64 {
        self.arrays.iter().map(|array| array.working_bytes(augment)).max().unwrap_or(0)
    }

    /// The independent reads of one sample.
    pub(super) fn reads(&self) -> usize {
        self.arrays.iter().map(ArrayLayout::reads).sum()
    }

    /// Where a source stands in a batch: its array's place, and its class' place in the array.
    pub(super) fn place_of(&self, source: &ReadSource) -> (usize, usize) {
        let array = self.arrays.iter().position(|array| array.name == source.array).unwrap_or(self.arrays.len());
        let classes = self.arrays.get(array).map(|array| array.classes.as_slice()).unwrap_or_default();
        (array, classes.iter().position(|class| *class == source.class).unwrap_or(0))
    }

    /// Whether `arrays` are what [`BatchLayout::zeros`] makes for so many samples, but for their contents.
    pub(super) fn fits(&self, arrays: &[BatchArray], samples: usize) -> bool {
        let all = arrays.iter().zip(&self.arrays);
        arrays.len() == self.arrays.len() && all.into_iter().all(|(array, layout)| layout.fits(array, samples))
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
pub(super) fn target_classes(catalog: &Catalog, config: &LoaderConfig) -> Result<Vec<String>> {
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

/// The classes of one target: its own, which have to be among those of the data, or all of these.
pub(super) fn classes_of(name: &str, spec: &ArraySpec, found: &[String]) -> Result<Vec<String>> {
    if spec.classes.is_empty() {
        return Ok(found.to_vec());
    }
    let known: Vec<_> = found.iter().map(String::as_str).collect();
    match spec.classes.iter().find(|class| !found.contains(class)) {
        None => Ok(spec.classes.clone()),
        Some(missing) => {
            let hint = nearest(missing, &known).unwrap_or_default();
            let there = known.join(", ");
            let problem = format!(
                "\"{missing}\" is none of the classes of the data; the nearest is \"{hint}\" (there are: {there})"
            );
            Err(Error::Config { file: None, line: None, key: format!("target.{name}.classes"), problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Encoding;
    use super::*;

    #[test]
    fn bytes_count_data_and_mask() {
        let spec = ArraySpec::new(Zyx::new(2, 3, 4), Zyx::splat(8.0), Encoding::Ids);
        let classes = ["er", "mito"].map(|class| Some(class.to_owned())).to_vec();
        let target = ArrayLayout::new(&Catalog::default(), "labels", Role::Target, &spec, classes).unwrap();
        let layout = BatchLayout { arrays: vec![target] };
        let arrays = layout.zeros(3);
        assert_eq!(arrays[0].shape, [3, 2, 2, 3, 4]);
        assert_eq!(arrays[0].size_bytes(), 3 * 2 * 24 * (1 + 1));
        assert_eq!(layout.batch_bytes(3), arrays[0].size_bytes());
    }
}
