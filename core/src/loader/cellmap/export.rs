//! A configuration → cellmap-data's keyword arguments, and what they cannot say.

use super::{Setting, Settings, import};
use crate::catalog::{Catalog, LabelCrop};
use crate::geometry::Zyx;
use crate::loader::params::{self, Kind, Value};
use crate::loader::{ArraySpec, Data, LoaderConfig};
use crate::sample::{SmallCrops, Strategy};
use crate::volume::DType;

/// What makes the same batches with cellmap-data, as nearly as it can.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// Keywords of `CellMapDataSplit`.
    pub split: Vec<(String, Setting)>,
    /// Keywords of `CellMapDataLoader`, after the datasets.
    pub loader: Vec<(String, Setting)>,
    /// Names of the transforms that are called in `split`.
    pub transforms: Vec<&'static str>,
    /// Dotted keys whose values it cannot say, with them.
    pub unsaid: Vec<String>,
}

/// cellmap-data's words for `config`. `catalog`: what is open, to name the data one by one where the configuration names
/// only a folder, which cellmap-data cannot look through.
#[must_use]
pub fn export(config: &LoaderConfig, catalog: Option<&Catalog>) -> Exported {
    let operations = intensity_calls(config);
    let mut split = vec![
        entry("input_arrays", arrays(config.input.iter())),
        entry("target_arrays", arrays(config.target.iter())),
        entry("classes", texts(&config.data.classes)),
    ];
    if let Some(path) = &config.data.split {
        split.push(entry("csv_path", Setting::Text(path.to_string_lossy().into_owned())));
    } else {
        split.push(entry("dataset_dict", dataset_dict(&config.data, catalog)));
    }
    split.push(entry("pad", Setting::Bool(config.sampling.small_crops != SmallCrops::Drop)));
    if let Some(transforms) = spatial(config) {
        split.push(entry("spatial_transforms", transforms));
    }
    split.push(entry("train_raw_value_transforms", composed(&operations, largest(catalog))));
    if !config.data.relations.is_empty() {
        let lists = config.data.relations.iter().map(|(class, others)| entry(class, texts(others)));
        split.push(entry("class_relation_dict", Setting::Map(lists.collect())));
    }
    let mut loader = vec![
        entry("classes", texts(&config.data.classes)),
        entry("batch_size", integer(config.loader.batch_size)),
        entry("weighted_sampler", Setting::Bool(config.sampling.strategy != Strategy::Uniform)),
    ];
    if let Some(batches) = config.sampling.iterations_per_epoch {
        loader.push(entry("iterations_per_epoch", integer(batches)));
    }
    let unsaid = unsaid(config, &split, &loader);
    let transforms = operations.iter().map(|(name, _)| *name).collect();
    Exported { split, loader, transforms, unsaid }
}

fn entry(name: &str, setting: Setting) -> (String, Setting) {
    (name.to_owned(), setting)
}

fn texts(texts: &[String]) -> Setting {
    Setting::List(texts.iter().cloned().map(Setting::Text).collect())
}

fn integer(number: impl TryInto<i64>) -> Setting {
    Setting::Integer(number.try_into().unwrap_or(i64::MAX))
}

fn arrays<'a>(specs: impl Iterator<Item = (&'a String, &'a ArraySpec)>) -> Setting {
    let spec = |spec: &ArraySpec| {
        let shape = spec.shape.to_array().map(integer).to_vec();
        let scale = spec.voxel_size_nm.to_array().map(Setting::Float).to_vec();
        Setting::Map(vec![entry("shape", Setting::List(shape)), entry("scale", Setting::List(scale))])
    };
    Setting::Map(specs.map(|(name, array)| entry(name, spec(array))).collect())
}

/// Raw and labels of each crop; of a dataset without crops the raw alone.
fn dataset_dict(data: &Data, catalog: Option<&Catalog>) -> Setting {
    let pair = |raw: String, labels: Option<String>| {
        let labels = labels.map(|labels| entry("gt", Setting::Text(labels)));
        Setting::Map([entry("raw", Setting::Text(raw))].into_iter().chain(labels).collect())
    };
    let written = |sources: &[crate::loader::DataSource]| -> Vec<Setting> {
        sources.iter().map(|source| pair(source.raw.to_string_lossy().into_owned(), source.labels.clone())).collect()
    };
    let found = catalog.filter(|_| data.path.is_some() || data.search.is_some() || data.train.is_empty());
    let train = match found {
        None => written(&data.train),
        Some(catalog) => catalog
            .datasets
            .iter()
            .flat_map(|dataset| {
                let raw = dataset.raw.path();
                let crops = dataset.crops.iter().filter_map(|crop| Some(pair(raw.to_owned(), Some(template(crop)?))));
                let crops: Vec<_> = crops.collect();
                if crops.is_empty() { vec![pair(raw.to_owned(), None)] } else { crops }
            })
            .collect(),
    };
    let lists = [("train", train), ("validate", written(&data.validate))];
    Setting::Map(
        lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| entry(name, Setting::List(list)))
            .collect(),
    )
}

/// `…/crop1/[mito,er]`: the classes that have an array of their own.
fn template(crop: &LabelCrop) -> Option<String> {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let first = crop.classes.iter().find_map(|labels| folder(labels.volume.path()))?;
    let own = crop.classes.iter().filter(|labels| labels.volume.path() == format!("{first}/{}", labels.class));
    let own: Vec<_> = own.map(|labels| labels.class.as_str()).collect();
    (!own.is_empty()).then(|| format!("{first}/[{}]", own.join(",")))
}

fn spatial(config: &LoaderConfig) -> Option<Setting> {
    let axes = |entries: Vec<(String, Setting)>| Setting::Map(vec![entry("axes", Setting::Map(entries))]);
    let mut transforms = Vec::new();
    if let Some(mirror) = &config.augment.mirror {
        let of = [("z", mirror.z), ("y", mirror.y), ("x", mirror.x)];
        let of = of.into_iter().filter(|(_, probability)| *probability > 0.0);
        transforms.push(entry("mirror", axes(of.map(|(axis, p)| entry(axis, Setting::Float(p))).collect())));
    }
    let values = params::values(config).unwrap_or_default();
    let listed = params::get(&values, "augment.transpose.axes").and_then(Value::as_array);
    if let Some(listed) = listed {
        let names = listed.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
        transforms.push(entry("transpose", Setting::Map(vec![entry("axes", texts(&names))])));
    }
    if let Some(rotate) = params::get(&values, "augment.rotate").and_then(Value::as_table) {
        let range = |axis: &str| {
            let ends: Vec<_> = rotate.get(axis)?.as_array()?.iter().filter_map(Value::as_float).collect();
            let turns = ends.iter().any(|end| *end != 0.0);
            turns.then(|| entry(axis, Setting::List(ends.into_iter().map(Setting::Float).collect())))
        };
        transforms.push(entry("rotate", axes(["z", "y", "x"].into_iter().filter_map(range).collect())));
    }
    (!transforms.is_empty()).then_some(Setting::Map(transforms))
}

/// Operations that it has too, in their order, with the keyword of their range.
fn intensity_calls(config: &LoaderConfig) -> Vec<(&'static str, Setting)> {
    let values = params::values(config).unwrap_or_default();
    let Some(augment) = values.get("augment").and_then(Value::as_table) else { return Vec::new() };
    let finest = config.primary().map_or(1.0, |spec| smallest(spec.voxel_size_nm));
    let call = |(key, table): (&String, &Value)| {
        let (name, keyword, param) = match key.as_str() {
            "contrast" => ("RandomContrast", "contrast_range", "range"),
            "gamma" => ("RandomGamma", "gamma_range", "range"),
            "noise" => ("GaussianNoise", "std", "sigma"),
            "blur" => ("GaussianBlur", "sigma", "sigma_nm"),
            _ => return None,
        };
        let ends: Vec<f64> = table.get(param)?.as_array()?.iter().filter_map(Value::as_float).collect();
        // Two have a fixed width: the largest that would be drawn.
        let argument = match name {
            "GaussianNoise" => Setting::Float(*ends.last()?),
            "GaussianBlur" => Setting::Float(ends.last()? / finest),
            _ => Setting::List(ends.into_iter().map(Setting::Float).collect()),
        };
        let mut keywords = vec![entry(keyword, argument)];
        if name == "GaussianBlur" {
            keywords.push(entry("dim", Setting::Integer(3)));
        }
        Some((name, Setting::Call { name: name.to_owned(), positional: Vec::new(), keywords }))
    };
    augment.iter().filter_map(call).collect()
}

fn smallest(size: Zyx<f64>) -> f64 {
    size.to_array().into_iter().fold(f64::INFINITY, f64::min)
}

/// Operations behind what brings raw to 0–1 in every version of cellmap-data; since 2026.3 none of its own does.
fn composed(operations: &[(&'static str, Setting)], largest: f64) -> Setting {
    let call = |name: &str, positional, keywords| Setting::Call { name: name.to_owned(), positional, keywords };
    let float = Setting::Unknown { source: "torch.float32".to_owned(), line: 0 };
    let one = |value: f64| Setting::List(vec![Setting::Float(value)]);
    let scale = vec![entry("mean", one(0.0)), entry("std", one(largest))];
    let zeros = Setting::Map(vec![entry("nan", Setting::Integer(0))]);
    let first = [
        call("ToDtype", vec![float], Vec::new()),
        call("Normalize", Vec::new(), scale),
        call("NaNtoNum", vec![zeros], Vec::new()),
    ];
    let all = first.into_iter().chain(operations.iter().map(|(_, operation)| operation.clone())).collect();
    call("Compose", vec![Setting::List(all)], Vec::new())
}

/// The largest intensity that is stored, which becomes 1.
fn largest(catalog: Option<&Catalog>) -> f64 {
    let first = catalog.and_then(|catalog| catalog.datasets.first());
    if first.is_some_and(|dataset| dataset.raw.dtype() == DType::U16) {
        f64::from(u16::MAX)
    } else {
        f64::from(u8::MAX)
    }
}

/// What is not what it was once the keywords are taken over again.
fn unsaid(config: &LoaderConfig, split: &[(String, Setting)], loader: &[(String, Setting)]) -> Vec<String> {
    let all: Settings = split.iter().chain(loader).cloned().collect();
    let back = import(&all, None).ok().and_then(|back| params::values(&back.config).ok()).unwrap_or_default();
    let values = params::values(config).unwrap_or_default();
    let leaves = params::keys(&values).into_iter().filter(|(_, param)| param.kind != Kind::Table);
    let differs = |(key, _): (String, _)| {
        let value = params::get(&values, &key)?;
        let is_place = ["data.path", "data.search"].iter().any(|place| key.starts_with(place));
        (!is_place && params::get(&back, &key) != Some(value)).then(|| format!("{key} = {value}"))
    };
    leaves.filter_map(differs).collect()
}
