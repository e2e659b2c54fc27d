//! cellmap-data's keyword arguments → a configuration, and what is not quite the same in it.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Setting, Settings, augment, intensity};
use crate::loader::LoaderConfig;
use crate::loader::params::{self, Value, Values};
use crate::{Error, Result};

/// What was taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Checked as a file is; it belongs to no file yet.
    pub config: LoaderConfig,
    /// What is not the same as in cellmap-data, or was left out: a sentence each.
    pub notes: Vec<String>,
}

/// The configuration that says what `settings` say. `file`: where they stand; paths are relative to its folder.
///
/// Where cellmap-data's versions differ, the one that is meant is said in a note. Settings that only say how cellmap-data
/// does its work (`device`, `num_workers`, …) have no place here.
///
/// # Errors
/// [`Error::Config`] with the name of a setting that is missing or is not what it should be.
pub fn import(settings: &Settings, file: Option<&Path>) -> Result<Imported> {
    let mut taken = Importer { settings, used: BTreeSet::new(), values: Values::new(), notes: Vec::new() };
    let located = |error| match error {
        Error::Config { key, problem, .. } => {
            Error::Config { file: file.map(Path::to_owned), line: None, key, problem }
        }
        other => other,
    };
    taken.all().map_err(located)?;
    let mut config = params::check(&taken.values).map_err(located)?;
    if let Some(folder) = file.and_then(Path::parent) {
        config.data.relative_to(folder);
    }
    Ok(Imported { config, notes: taken.notes })
}

/// Whether a setting says what is drawn, or how; a training script has many others.
#[must_use]
pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || WITHOUT_EFFECT.contains(&name)
}

/// What is taken over.
const KNOWN: [&str; 28] = [
    "csv_path",
    "datasplit_path",
    "dataset_dict",
    "train",
    "validate",
    "raw_path",
    "input_path",
    "target_path",
    "classes",
    "class_relation_dict",
    "class_relationships",
    "use_mutual_exclusion",
    "input_arrays",
    "input_array_info",
    "target_arrays",
    "target_array_info",
    "pad",
    "weighted_sampler",
    "sampler",
    "iterations_per_epoch",
    "spatial_transforms",
    "train_raw_value_transforms",
    "raw_value_transforms",
    "target_value_transforms",
    "batch_size",
    "train_micro_batch_size_per_gpu",
    "random_seed",
    "seed",
];

/// Does not change what is drawn.
const WITHOUT_EFFECT: [&str; 22] = [
    "device",
    "is_train",
    "rng",
    "context",
    "force_has_data",
    "empty_value",
    "axis_order",
    "max_workers",
    "num_workers",
    "pin_memory",
    "persistent_workers",
    "prefetch_factor",
    "drop_last",
    "shuffle",
    "timeout",
    "multiprocessing_context",
    "enable_memory_profiling",
    "memory_limit_mb",
    "tensorstore_cache_bytes",
    "val_raw_value_transforms",
    "random_validation",
    "dataset",
];

pub(super) struct Importer<'a> {
    settings: &'a Settings,
    used: BTreeSet<&'a str>,
    values: Values,
    notes: Vec<String>,
}

impl<'a> Importer<'a> {
    fn all(&mut self) -> Result<()> {
        let of_challenge = ["input_array_info", "datasplit_path"].iter().any(|key| self.settings.contains_key(*key));
        self.data(of_challenge)?;
        self.arrays("input", &["input_arrays", "input_array_info"], "input")?;
        self.arrays("target", &["target_arrays", "target_array_info"], "output")?;
        self.sampling(of_challenge)?;
        augment::spatial(self)?;
        intensity::raw(self)?;
        intensity::targets(self);
        for (name, key) in [("batch_size", "batch_size"), ("train_micro_batch_size_per_gpu", "batch_size")] {
            self.whole_number(&[name], "loader", key)?;
        }
        self.whole_number(&["random_seed", "seed"], "loader", "seed")?;
        self.note_the_rest();
        Ok(())
    }

    /// The first of several names that is there and is not `None`. What only running it would tell is noted, and left out.
    pub(super) fn take(&mut self, names: &[&'static str]) -> Option<(&'static str, &'a Setting)> {
        let (name, setting) = self.take_anyway(names)?;
        if matches!(setting, Setting::Unknown { .. }) {
            self.note(format!("{name}: left as it is without, instead of {}", setting.in_words()));
            return None;
        }
        Some((name, setting))
    }

    fn take_anyway(&mut self, names: &[&'static str]) -> Option<(&'static str, &'a Setting)> {
        let settings = self.settings;
        self.used.extend(names);
        names.iter().find_map(|name| {
            let setting = settings.get(*name).filter(|setting| **setting != Setting::None)?;
            Some((*name, setting))
        })
    }

    pub(super) fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }

    pub(super) fn set(&mut self, table: &str, key: &str, value: impl Into<Value>) {
        let entry = self.values.entry(table.to_owned()).or_insert_with(|| Value::Table(Values::new()));
        if let Value::Table(inner) = entry {
            inner.insert(key.to_owned(), value.into());
        }
    }

    /// Voxel size of the first input, nm along z, y, x.
    pub(super) fn voxel_size_nm(&self) -> Option<Vec<f64>> {
        let inputs = self.values.get("input")?.as_table()?;
        let size = inputs.values().next()?.get("voxel_size_nm")?.as_array()?;
        size.iter().map(Value::as_float).collect()
    }

    fn whole_number(&mut self, names: &[&'static str], table: &str, key: &str) -> Result<()> {
        match self.take(names) {
            None => Ok(()),
            Some((_, Setting::Integer(number))) => {
                self.set(table, key, *number);
                Ok(())
            }
            Some((name, other)) => Err(wrong(name, "a whole number", other)),
        }
    }

    fn data(&mut self, of_challenge: bool) -> Result<()> {
        match self.take(&["csv_path", "datasplit_path"]) {
            Some((_, Setting::Text(path))) => self.set("data", "split", path.clone()),
            Some((name, other)) => return Err(wrong(name, "the path of a CSV file", other)),
            None if of_challenge => self.set("data", "split", "datasplit.csv"),
            None => {}
        }
        if let Some((name, split)) = self.take(&["dataset_dict"]) {
            let lists = split.entries().ok_or_else(|| wrong(name, "{\"train\": […], \"validate\": […]}", split))?;
            for (split, pairs) in lists {
                self.pairs(split, pairs)?;
            }
        }
        for split in ["train", "validate"] {
            if let Some((name, pairs)) = self.take(&[split]) {
                self.pairs(name, pairs)?;
            }
        }
        if let Some((_, Setting::Text(raw))) = self.take(&["raw_path", "input_path"]) {
            let labels = self.take(&["target_path"]).map(|(_, labels)| labels);
            self.set("data", "train", Value::Array(vec![source(raw, labels)]));
        }
        match self.take(&["classes"]) {
            None => {}
            Some((name, classes)) => match classes.texts() {
                Some(classes) => self.set("data", "classes", classes),
                None if matches!(classes, Setting::Call { .. }) => {
                    let words = "not known without running it; every class found is taken: name them in data.classes";
                    self.note(format!("{name}: {}: {words}", classes.in_words()));
                }
                None => return Err(wrong(name, "a list of names", classes)),
            },
        }
        self.relations()
    }

    /// The list of one split, `[{"raw": …, "gt": …}]`.
    fn pairs(&mut self, split: &str, pairs: &Setting) -> Result<()> {
        if !["train", "validate"].contains(&split) {
            self.note(format!("dataset_dict: {split:?} is neither \"train\" nor \"validate\", and is left out"));
            return Ok(());
        }
        let Setting::List(pairs) = pairs else {
            return Err(wrong(split, "a list of {\"raw\": …, \"gt\": …}", pairs));
        };
        let sources = pairs.iter().map(|pair| match pair.get("raw") {
            Some(Setting::Text(raw)) => Ok(source(raw, pair.get("gt"))),
            _ => Err(wrong(split, "{\"raw\": …, \"gt\": …} for each", pair)),
        });
        let sources: Vec<Value> = sources.collect::<Result<_>>()?;
        if !sources.is_empty() {
            self.set("data", split, sources);
        }
        Ok(())
    }

    fn relations(&mut self) -> Result<()> {
        if let Some((name, relations)) = self.take(&["class_relation_dict", "class_relationships"]) {
            let expected = "{class: [classes that it excludes]}";
            let lists = relations.entries().ok_or_else(|| wrong(name, expected, relations))?;
            let lists = lists.iter().map(|(class, others)| {
                let others = others.texts().ok_or_else(|| wrong(name, expected, others))?;
                Ok((class.clone(), Value::from(others)))
            });
            self.set("data", "relations", lists.collect::<Result<Values>>()?);
        }
        if let Some((name, Setting::Bool(true))) = self.take(&["use_mutual_exclusion"]) {
            self.note(format!(
                "{name}: needs the class table: set data.class_table and data.relations_from_class_table = true"
            ));
        }
        Ok(())
    }

    /// `{"shape": …, "scale": …}`, or several of them by name.
    fn arrays(&mut self, group: &str, names: &[&'static str], single: &str) -> Result<()> {
        let Some((name, arrays)) = self.take_anyway(names) else {
            return if group == "input" {
                Err(Error::Config {
                    file: None,
                    line: None,
                    key: "input_arrays".to_owned(),
                    problem:
                        "missing; expected input_arrays={\"raw\": {\"shape\": (128, 128, 128), \"scale\": (8, 8, 8)}}, \
                              or input_array_info"
                            .to_owned(),
                })
            } else {
                Ok(())
            };
        };
        let entries = arrays.entries().ok_or_else(|| wrong(name, "{name: {\"shape\": …, \"scale\": …}}", arrays))?;
        let is_single = arrays.get("shape").is_some() && arrays.get("scale").is_some();
        let one = [(single.to_owned(), arrays.clone())];
        let mut tables = Values::new();
        for (array, spec) in if is_single { &one } else { entries } {
            let table = array_table(&format!("{name}[{array:?}]"), spec)?;
            tables.insert(array.clone(), Value::Table(table));
        }
        self.values.insert(group.to_owned(), Value::Table(tables));
        Ok(())
    }

    fn sampling(&mut self, of_challenge: bool) -> Result<()> {
        let pads = match self.take(&["pad"]) {
            Some((_, Setting::Bool(pads))) => *pads,
            // The name of the split that is padded.
            Some((_, Setting::Text(split))) => split.contains("train"),
            Some((name, other)) => return Err(wrong(name, "True, False, \"train\" or \"validate\"", other)),
            None => of_challenge,
        };
        self.set("sampling", "small_crops", if pads { "pad" } else { "drop" });
        let weighted = match self.take(&["weighted_sampler"]) {
            Some((_, Setting::Bool(weighted))) => *weighted,
            Some((name, other)) => return Err(wrong(name, "True or False", other)),
            None => of_challenge,
        };
        self.set("sampling", "strategy", if weighted { "class_balanced" } else { "uniform" });
        if self.take(&["sampler"]).is_some() {
            self.note("sampler: an object of its own; sampling.strategy takes its place");
        }
        self.whole_number(&["iterations_per_epoch"], "sampling", "iterations_per_epoch")?;
        if self.settings.contains_key("iterations_per_epoch") {
            self.note(
                "iterations_per_epoch: batches, as up to version 2026.2; later cellmap-data counts samples, and only with \
                 weighted_sampler=True",
            );
        }
        Ok(())
    }

    fn note_the_rest(&mut self) {
        let rest = self.settings.keys().filter(|name| !self.used.contains(name.as_str()));
        let rest: Vec<_> = rest.filter(|name| !WITHOUT_EFFECT.contains(&name.as_str())).cloned().collect();
        if !rest.is_empty() {
            self.notes.push(format!("left out, as there is nothing like it here: {}", rest.join(", ")));
        }
    }
}

fn source(raw: &str, labels: Option<&Setting>) -> Value {
    let mut table = Values::from_iter([("raw".to_owned(), Value::from(raw))]);
    if let Some(Setting::Text(labels)) = labels.filter(|labels| **labels != Setting::Text(String::new())) {
        table.insert("labels".to_owned(), Value::from(labels.as_str()));
    }
    Value::Table(table)
}

/// cellmap reference 1.3: a scale that is shorter than the shape is extended on the left by its first entry.
fn array_table(name: &str, spec: &Setting) -> Result<Values> {
    let of = |key: &str| {
        let setting = spec.get(key).ok_or_else(|| wrong(name, "{\"shape\": …, \"scale\": …}", spec))?;
        let numbers = setting.numbers().filter(|numbers| (1..=3).contains(&numbers.len()));
        numbers.ok_or_else(|| wrong(&format!("{name}[{key:?}]"), "up to three numbers along z, y, x", setting))
    };
    let (mut shape, mut scale) = (of("shape")?, of("scale")?);
    let axes = shape.len().max(scale.len()).max(2);
    while shape.len() < axes {
        shape.insert(0, 1.0);
    }
    while scale.len() < axes {
        scale.insert(0, scale[0]);
    }
    if let Some(bad) = shape.iter().find(|length| length.fract() != 0.0) {
        return Err(wrong(&format!("{name}[\"shape\"]"), "whole numbers of voxels", &Setting::Float(*bad)));
    }
    let shape: Vec<i64> = shape.into_iter().map(|length| length as i64).collect();
    Ok(Values::from_iter([
        ("shape".to_owned(), Value::from(shape)),
        ("voxel_size_nm".to_owned(), Value::from(scale)),
        ("encoding".to_owned(), Value::from("f32")),
    ]))
}

pub(super) fn wrong(name: &str, expected: &str, got: &Setting) -> Error {
    let problem = format!("expected {expected}, got {}", got.in_words());
    Error::Config { file: None, line: None, key: name.to_owned(), problem }
}
