//! `strategy = "weighted"`: sources by their weights, given by name or following from what they hold. Pure.

use std::collections::BTreeMap;

use super::Source;
use super::draw::Draw;
use super::positions::Positions;
use crate::catalog::CountTable;
use crate::{Error, Result};

/// Weights are drawn as whole parts of the largest, so that every machine draws alike.
const PARTS: f64 = (1_u64 << 40) as f64;

/// The sources that have a weight, and their weights summed up to and including each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Weights {
    up_to: Vec<(usize, u128)>,
}

impl Weights {
    /// Of one weight per source, 0 or more; `None` if all are 0.
    pub(super) fn new(weights: &[f64]) -> Option<Self> {
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let mut up_to = Vec::new();
        let mut total = 0;
        for (source, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            total += ((weight / largest * PARTS).round() as u128).max(1);
            up_to.push((source, total));
        }
        (total > 0).then_some(Self { up_to })
    }

    /// Of the sources that a patch fits into.
    ///
    /// # Errors
    /// [`Error::Config`] if the weights of all of them are 0.
    pub(super) fn of(weights: &[f64], positions: &Positions) -> Result<Self> {
        let drawn = |(source, weight): (usize, &f64)| if positions.allow(source) { *weight } else { 0.0 };
        let drawn: Vec<_> = weights.iter().enumerate().map(drawn).collect();
        Self::new(&drawn).ok_or_else(|| Error::Config {
            file: None,
            line: None,
            key: "sampling.weights".to_owned(),
            problem: "every crop that a patch fits into has weight 0; give one of them more".to_owned(),
        })
    }

    /// Whether a source is ever drawn.
    pub(super) fn has(&self, source: usize) -> bool {
        self.up_to.binary_search_by_key(&source, |(source, _)| *source).is_ok()
    }

    /// A source.
    pub(super) fn draw(&self, draw: &mut Draw) -> usize {
        let total = self.up_to.last().map_or(0, |(_, total)| *total);
        let part = draw.below(total);
        self.up_to.get(self.up_to.partition_point(|(_, up_to)| *up_to <= part)).map_or(0, |(source, _)| *source)
    }
}

/// The weights that the configuration gives: for each source that of its own name, else of the longest name that matches;
/// 1 where none does.
///
/// # Errors
/// [`Error::Config`] for a name that no source has.
pub(super) fn given(sources: &[Source], weights: &BTreeMap<String, f64>) -> Result<Vec<f64>> {
    let mut patterns = Vec::new();
    for (name, weight) in weights {
        let pattern = glob::Pattern::new(&name.replace('[', "[[]"));
        let pattern = pattern.map_err(|error| wrong(name, format!("this is no name or pattern: {error}")))?;
        let matches = |source: &Source| pattern.matches(&source.label()) || pattern.matches(&source.dataset);
        if !sources.iter().any(matches) {
            let known: Vec<_> = sources.iter().map(Source::label).collect();
            return Err(wrong(name, format!("nothing is called so; there are: {}", known.join(", "))));
        }
        patterns.push((pattern, name, *weight));
    }
    let weight = |source: &Source| {
        let (label, dataset) = (source.label(), &source.dataset);
        let matching = patterns.iter().filter(|(pattern, _, _)| pattern.matches(&label) || pattern.matches(dataset));
        let best = matching.max_by_key(|(_, name, _)| (**name == label, name.len()));
        best.map_or(1.0, |(_, _, weight)| *weight)
    };
    Ok(sources.iter().map(weight).collect())
}

/// The weights that follow from counts: Σ over `classes` of foreground · class weight (cellmap reference 2.9, state P:
/// there each of a dataset's samples gets that sum over their number, so that the dataset gets all of it). Rare classes
/// weigh more; a crop with none of the classes has weight 0.
pub(super) fn by_content(sources: &[Source], counts: &CountTable, classes: &[String]) -> Vec<f64> {
    let mut weights = counts.class_weights();
    weights.retain(|class, _| classes.contains(class));
    let weight = |source: &Source| {
        source.crop_index.map_or(0.0, |crop| counts.crop_weight(source.dataset_index, crop, &weights))
    };
    sources.iter().map(weight).collect()
}

fn wrong(name: &str, problem: String) -> Error {
    Error::Config { file: None, line: None, key: format!("sampling.weights.{name}"), problem }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Purpose;
    use super::*;
    use crate::catalog::{ClassCount, CountOrigin, CountRow};

    fn source(dataset: &str, crop_index: usize) -> Source {
        Source {
            dataset_index: 0,
            dataset: dataset.to_owned(),
            crop_index: Some(crop_index),
            crop: Some(format!("crop{crop_index}")),
            crop_bounds: None,
            raw_levels: Vec::new(),
        }
    }

    #[test]
    fn sources_come_by_their_weights() {
        let weights = Weights::new(&[1.0, 0.0, 2.5, 0.5]).unwrap();
        let mut counts = [0_u32; 4];
        for index in 0..40_000 {
            counts[weights.draw(&mut Draw::new(1, 0, index, 0, Purpose::Position))] += 1;
        }
        let expected = [10_000.0, 25_000.0, 5_000.0];
        let chi2: f64 =
            [counts[0], counts[2], counts[3]].iter().zip(expected).map(|(&n, e)| (f64::from(n) - e).powi(2) / e).sum();
        // 2 degrees of freedom: above 13.82 once in a thousand.
        assert!(counts[1] == 0 && chi2 < 13.82, "{counts:?}: {chi2}");
        assert_eq!(Weights::new(&[0.0, 0.0]), None);
    }

    #[test]
    fn the_most_precise_name_counts_and_a_name_of_nothing_is_refused() {
        let sources = [source("hela", 1), source("hela", 2), source("hela", 12), source("fly", 1)];
        let weights = |pairs: &[(&str, f64)]| {
            given(&sources, &pairs.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect())
        };
        let found = weights(&[("hela", 0.5), ("hela/crop1*", 3.0), ("hela/crop1", 2.0)]).unwrap();
        assert_eq!(found, [2.0, 0.5, 3.0, 1.0]);
        assert_eq!(weights(&[("*", 4.0)]).unwrap(), [4.0; 4]);
        let error = weights(&[("hela/crop3", 1.0)]).unwrap_err().to_string();
        assert!(error.contains("sampling.weights.hela/crop3") && error.contains("fly/crop1"), "{error}");
    }

    #[test]
    fn weights_by_content_are_those_of_the_reference() {
        let row = |crop_index, class: &str, present, absent| CountRow {
            dataset_index: 0,
            crop_index,
            class: class.to_owned(),
            count: ClassCount { present, absent, unknown: 0, voxel_nm3: 2.0 },
            origin: CountOrigin::Voxels,
        };
        let table = CountTable { rows: vec![row(1, "er", 10, 90), row(1, "mito", 40, 60), row(2, "er", 30, 70)] };
        let sources = [source("hela", 1), source("hela", 2), source("hela", 12)];
        let found = by_content(&sources, &table, &["er".to_owned(), "mito".to_owned()]);
        // er weighs 160 / 40, mito 60 / 40; foreground in nm³.
        assert_eq!(found, [20.0 * 4.0 + 80.0 * 1.5, 60.0 * 4.0, 0.0]);
        assert_eq!(by_content(&sources, &table, &["mito".to_owned()]), [120.0, 0.0, 0.0]);
    }
}
