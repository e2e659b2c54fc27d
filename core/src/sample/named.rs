//! Which sources the names of `[sampling] subset` mean.

use super::{Source, Subset};
use crate::{Error, Result};

/// Splits the sources into those that are named and those that are not; everything is where no names are given.
///
/// A dataset is named by a pattern of its name; a crop by one of its name or of `dataset/crop`.
///
/// # Errors
/// [`Error::Config`] for a pattern that names nothing.
pub(super) fn split_by_name(sources: Vec<Source>, subset: &Subset) -> Result<(Vec<Source>, Vec<Source>)> {
    let names_dataset = |source: &Source, pattern: &glob::Pattern| pattern.matches(&source.dataset);
    let names_crop = |source: &Source, pattern: &glob::Pattern| {
        source.crop.as_ref().is_some_and(|crop| pattern.matches(crop)) || pattern.matches(&source.label())
    };
    let datasets = patterns("datasets", &subset.datasets, &sources, names_dataset)?;
    let crops = patterns("crops", &subset.crops, &sources, names_crop)?;
    let is_named = |source: &Source| {
        (datasets.is_empty() || datasets.iter().any(|pattern| names_dataset(source, pattern)))
            && (crops.is_empty() || crops.iter().any(|pattern| names_crop(source, pattern)))
    };
    let (named, others): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_named);
    if named.is_empty() && !others.is_empty() {
        return Err(wrong("crops".to_owned(), "no crop of these datasets is named".to_owned()));
    }
    Ok((named, others))
}

fn patterns(
    key: &str,
    texts: &[String],
    sources: &[Source],
    names: impl Fn(&Source, &glob::Pattern) -> bool,
) -> Result<Vec<glob::Pattern>> {
    let parse = |(index, text): (usize, &String)| {
        // Brackets name classes elsewhere, and here nothing.
        let pattern = glob::Pattern::new(&text.replace('[', "[[]"))
            .map_err(|error| wrong(format!("{key}[{index}]"), format!("{text:?} is no pattern: {error}")))?;
        if sources.iter().any(|source| names(source, &pattern)) {
            return Ok(pattern);
        }
        let known: Vec<_> = sources.iter().take(10).map(Source::label).collect();
        let more = if sources.len() > known.len() { ", …" } else { "" };
        let problem = format!("{text:?} names nothing that can be drawn from; there are: {}{more}", known.join(", "));
        Err(wrong(format!("{key}[{index}]"), problem))
    };
    texts.iter().enumerate().map(parse).collect()
}

fn wrong(key: String, problem: String) -> Error {
    Error::Config { file: None, line: None, key: format!("sampling.subset.{key}"), problem }
}
