//! Leakage between training and validation: boxes of one volume that overlap, or lie so near that patches may. Pure.
//!
//! A patch lies in its box if the box is large enough. It reaches beyond by up to half of its own extent where the box is
//! smaller and it is padded, where it is turned, and where an array of the batch is larger than the one that is placed:
//! what is nearer than that may be seen in training and validated on.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::catalog::Catalog;
use crate::geometry::{Axis, BoxNm, Zyx};

/// A box that samples come from, in training or validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitBox {
    /// The volume that it lies in: boxes of different volumes never leak.
    pub volume: String,
    /// Index of the dataset in its own catalog.
    pub dataset_index: usize,
    /// Index of the label crop in the dataset; `None` for a whole volume.
    pub crop_index: Option<usize>,
    /// `fib25/crop1`, or `fib25` for a whole volume.
    pub name: String,
    /// The box, nm.
    pub bounds: BoxNm,
}

/// How near two boxes are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Closeness {
    /// They share this box.
    Overlap {
        /// What both hold, nm.
        shared: BoxNm,
    },
    /// They share nothing, but patches may.
    Near {
        /// What lies between them along each axis, nm; 0 along an axis on which they overlap or touch.
        gap_nm: Zyx<f64>,
    },
}

/// A training box and a validation box that are too near.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// Index of the training box.
    pub train: usize,
    /// Index of the validation box.
    pub validate: usize,
    /// How near they are.
    pub closeness: Closeness,
}

impl SplitBox {
    /// The boxes of a catalog from which samples of `classes` (empty: of every class) are drawn, as far as there is raw.
    #[must_use]
    pub fn of_catalog(catalog: &Catalog, classes: &[String]) -> Vec<Self> {
        let of_source = |source: Source| {
            let raw = &catalog.datasets.get(source.dataset_index)?.raw;
            let bounds = source.crop_bounds.map_or_else(|| raw.bounds(), |crop| crop.intersection(&raw.bounds()));
            // Two spellings of a path are one volume.
            let path = std::fs::canonicalize(raw.path());
            let path = path.map_or_else(|_| raw.path().to_owned(), |path| path.display().to_string());
            (!bounds.is_empty()).then(|| Self {
                volume: path,
                dataset_index: source.dataset_index,
                crop_index: source.crop_index,
                name: source.label(),
                bounds,
            })
        };
        Source::of_catalog(catalog, classes).into_iter().filter_map(of_source).collect()
    }
}

/// What leaks between the training data of a configuration, already opened, and what it validates on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Leakage {
    /// Training boxes.
    pub train: Vec<SplitBox>,
    /// Validation boxes.
    pub validate: Vec<SplitBox>,
    /// Pairs of them that are too near.
    pub leaks: Vec<Leak>,
}

impl Leakage {
    /// Between two sets of boxes, see [`leaks`].
    #[must_use]
    pub fn between(train: Vec<SplitBox>, validate: Vec<SplitBox>, reach_nm: Zyx<f64>) -> Self {
        let leaks = leaks(&train, &validate, reach_nm);
        Self { train, validate, leaks }
    }

    /// Every leak in words: the two boxes, and how near they are.
    pub fn sentences(&self) -> impl Iterator<Item = String> + '_ {
        let words = |leak: &Leak| {
            let (train, validate) = (self.train.get(leak.train)?, self.validate.get(leak.validate)?);
            Some(format!("{} (train) and {} (validate): {}", train.name, validate.name, leak.closeness.words()))
        };
        self.leaks.iter().filter_map(words)
    }
}

/// Every pair of a training and a validation box of one volume that overlap, or between which there is less than
/// `reach_nm` along every axis. By the index of the training box, then of the validation box.
#[must_use]
pub fn leaks(train: &[SplitBox], validate: &[SplitBox], reach_nm: Zyx<f64>) -> Vec<Leak> {
    let mut of_volume: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, of) in validate.iter().enumerate() {
        of_volume.entry(&of.volume).or_default().push(index);
    }
    // In the order of their beginnings along z, only a stretch of them can be near.
    for boxes in of_volume.values_mut() {
        boxes.sort_by(|a, b| validate[*a].bounds.lo.z.total_cmp(&validate[*b].bounds.lo.z));
    }
    let mut found = Vec::new();
    for (index, of) in train.iter().enumerate() {
        let Some(boxes) = of_volume.get(of.volume.as_str()) else { continue };
        let end = boxes.partition_point(|other| validate[*other].bounds.lo.z <= of.bounds.hi.z + reach_nm.z);
        let near = boxes[..end].iter().filter_map(|other| {
            let closeness = closeness(&of.bounds, &validate[*other].bounds, reach_nm)?;
            Some(Leak { train: index, validate: *other, closeness })
        });
        let first = found.len();
        found.extend(near);
        found[first..].sort_by_key(|leak| leak.validate);
    }
    found
}

/// How near two boxes are, if they are too near.
fn closeness(a: &BoxNm, b: &BoxNm, reach_nm: Zyx<f64>) -> Option<Closeness> {
    let shared = a.intersection(b);
    if !shared.is_empty() {
        return Some(Closeness::Overlap { shared });
    }
    let gap_nm = Zyx::from_fn(|axis: Axis| (a.lo[axis] - b.hi[axis]).max(b.lo[axis] - a.hi[axis]).max(0.0));
    gap_nm.zip_map(reach_nm, |gap, reach| gap < reach).all(|near| near).then_some(Closeness::Near { gap_nm })
}

impl Leak {
    /// What to look at, nm: what both boxes share, else both and what lies between them.
    #[must_use]
    pub fn place(&self, train: &BoxNm, validate: &BoxNm) -> BoxNm {
        match self.closeness {
            Closeness::Overlap { shared } => shared,
            Closeness::Near { .. } => train.union(validate),
        }
    }
}

impl Closeness {
    /// In words, such as `overlap of 200 × 200 × 400 nm`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Overlap { shared } => {
                let [z, y, x] = shared.extent_nm().map(f64::round).to_array();
                format!("overlap of {z} × {y} × {x} nm")
            }
            Self::Near { gap_nm } => {
                let [z, y, x] = gap_nm.map(f64::round).to_array();
                format!("only {z} × {y} × {x} nm apart: patches may overlap")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_that_touch_leak_only_if_patches_reach_beyond_them() {
        let of = |lo: f64| SplitBox {
            volume: "em".to_owned(),
            dataset_index: 0,
            crop_index: None,
            name: "em".to_owned(),
            bounds: BoxNm::new(Zyx::new(lo, 0.0, 0.0), Zyx::new(lo + 10.0, 10.0, 10.0)),
        };
        let (a, b) = ([of(0.0)], [of(10.0)]);
        assert!(leaks(&a, &b, Zyx::splat(0.0)).is_empty());
        let found = leaks(&a, &b, Zyx::splat(1.0));
        assert_eq!(found[0].closeness.words(), "only 0 × 0 × 0 nm apart: patches may overlap");
        let over = leaks(&a, &[of(4.0)], Zyx::splat(0.0));
        assert_eq!(over[0].closeness.words(), "overlap of 6 × 10 × 10 nm");
        let elsewhere = SplitBox { volume: "another".to_owned(), ..of(4.0) };
        assert!(leaks(&a, &[elsewhere], Zyx::splat(99.0)).is_empty());
    }
}
