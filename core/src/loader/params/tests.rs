//! The description against what the configuration really reads and writes.

use std::collections::BTreeSet;

use super::super::config_example::{every_key, full};
use super::super::config_text::entries;
use super::*;
use crate::loader::LoaderConfig;

/// The names of arrays in [`full`].
const ARRAYS: [&str; 4] = ["raw", "labels", "distance", "affinity"];

/// Every key that the configuration writes, as descriptions name it.
fn written() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for config in every_key() {
        for entry in entries(&toml::to_string(&config).unwrap()) {
            let parts: Vec<&str> = entry.path.split('.').collect();
            let is_array = parts.len() > 1 && ["input", "target"].contains(&parts[0]) && ARRAYS.contains(&parts[1]);
            let named: Vec<&str> =
                parts.iter().enumerate().map(|(at, part)| if is_array && at == 1 { "*" } else { *part }).collect();
            found.insert(named.join(".").replace("[0]", ""));
        }
    }
    // What a map or a list holds is one value; tables that are sections are no keys.
    let is_inside = |path: &str| {
        path.contains('[') || ["data.relations.", "sampling.weights."].iter().any(|map| path.starts_with(map))
    };
    let sections: Vec<&str> =
        SECTIONS.iter().flat_map(|section| [section.name, section.name.trim_end_matches(".*")]).collect();
    found.into_iter().filter(|path| !is_inside(path) && !sections.contains(&path.as_str())).collect()
}

#[test]
fn every_key_that_is_read_is_described_and_the_other_way_round() {
    let described: BTreeSet<String> = params().map(|param| param.key.to_owned()).collect();
    assert_eq!(described.len(), params().count(), "no key is described twice");
    assert_eq!(written().symmetric_difference(&described).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_example_is_written_out_of_the_description() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/example.toml");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, example()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), example(), "UPDATE_SNAPSHOTS=1 accepts it; look at it first");
}

#[test]
fn what_the_example_says_is_what_its_keys_take() {
    for param in params() {
        let has_one = !param.examples.is_empty() || param.table().is_some() || param.key.starts_with("target.*.");
        assert!(has_one, "{} has no example", param.key);
        let example = || typical(param.table().unwrap_or(param));
        assert!(param.examples.is_empty() || example().is_some_and(|value| fits(param, &value)), "{}", param.key);
        assert!(param.meaning.ends_with(['.', '…', '1']), "{}: {}", param.key, param.meaning);
    }
}

fn fits(param: &Param, value: &Value) -> bool {
    match param.kind {
        Kind::Table | Kind::Map => value.is_table(),
        Kind::Number(_) | Kind::Probability => value.is_float() || value.is_integer(),
        Kind::Integer(_) => value.is_integer(),
        Kind::Range(_) | Kind::IntegerRange(_) | Kind::Ends(_) => value.as_array().is_some_and(|ends| ends.len() == 2),
        Kind::Choice(choices) => value.as_str().is_some_and(|word| choices.iter().any(|(choice, _)| *choice == word)),
        Kind::Choices(choices) => {
            value.as_array().is_some_and(|words| words.iter().all(|word| choices.contains(&word.as_str().unwrap())))
        }
        Kind::Axes(_) => value.as_array().is_some_and(|axes| axes.len() == 3),
        Kind::Text | Kind::Path | Kind::Bytes => value.is_str(),
        Kind::Texts | Kind::Integers | Kind::Offsets => value.is_array(),
        Kind::Switch => value.is_bool(),
    }
}

#[test]
fn a_key_that_is_set_to_what_it_is_changes_nothing() {
    let config = full();
    let values = values(&config).unwrap();
    for (key, _) in keys(&values) {
        let again = set(&config, &key, get(&values, &key).cloned());
        assert_eq!(again.as_ref().ok(), Some(&config), "{key}: {again:?}");
    }
}

#[test]
fn a_key_of_a_table_that_is_not_there_brings_the_typical_table() {
    let config = LoaderConfig { augment: crate::sample::Augment::default(), ..full() };
    let set = set(&config, "augment.rotate.z", Some(Value::from(vec![-10.0, 10.0]))).unwrap();
    let rotate = set.augment.rotate.unwrap();
    assert_eq!((rotate.z, rotate.probability), ([-10.0, 10.0], 0.5));
    assert_eq!(values::set(&config, "augment.rotate.z", None).unwrap(), config);
}

#[test]
fn what_is_added_stands_before_z_scores() {
    let mut values = Values::new();
    for (key, value) in
        [("augment.normalise.dataset", Value::from(true)), ("augment.noise.probability", Value::from(0.1))]
    {
        put(&mut values, key, Some(value));
    }
    let order: Vec<_> = values["augment"].as_table().unwrap().keys().collect();
    assert_eq!(order, ["noise", "normalise"]);
}

#[test]
fn a_wrong_value_is_refused_in_the_words_of_the_file() {
    for (key, value, line) in [
        ("augment.mirror.z", Value::from(1.5), "mirror = { z = 1.5, y = 0.5, x = 0.5 }"),
        ("augment.contrast.range", Value::from(vec![2.0, 1.0]), "contrast = { range = [2.0, 1.0], probability = 0.5 }"),
    ] {
        let start = "[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"f32\"\n[augment]\n";
        let config = LoaderConfig::from_toml(start).unwrap();
        let table = typical(param(key).unwrap().table().unwrap()).unwrap();
        let config = set(&config, key.rsplit_once('.').unwrap().0, Some(table)).unwrap();
        let refused = problem_of(&set(&config, key, Some(value)).unwrap_err());
        assert_eq!(refused, problem_of(&LoaderConfig::from_toml(&format!("{start}{line}\n")).unwrap_err()));
        assert_eq!(refused.0, key);
    }
}

#[test]
fn arrays_are_listed_by_their_names_and_every_key_is_found_again() {
    let keys = keys(&values(&full()).unwrap());
    for name in ["input.raw.shape", "target.affinity.offsets", "data.search.path", "augment.noise.sigma"] {
        assert!(keys.iter().any(|(key, _)| key == name), "{name}");
    }
    assert!(keys.iter().all(|(key, param)| super::param(key) == Some(*param)));
    assert_eq!(values::parts("input.a.b.shape"), ["input", "a.b", "shape"]);
}

#[test]
fn keys_go_back_to_defaults_or_to_typical_values() {
    let standard = |key: &str| standard(param(key).unwrap());
    assert_eq!(standard("loader.batch_size"), Some(Value::from(8)));
    assert_eq!(standard("augment.mirror.z"), Some(Value::from(0.5)));
    assert_eq!(standard("augment.rotate"), None);
    assert_eq!(standard("input.raw.encoding"), Some(Value::from("f32")));
}

#[test]
fn an_operation_that_is_switched_on_comes_where_the_description_has_it() {
    let order = |values: &Values| -> Vec<String> {
        let augment = values.get("augment").and_then(Value::as_table);
        augment.into_iter().flat_map(|augment| augment.keys().cloned()).collect()
    };
    let mut values: Values = "[augment]\ncontrast = { range = [0.8, 1.2] }\ncutout = {}\nnoise = {}\n".parse().unwrap();
    put(&mut values, "augment.blur", param("augment.blur").and_then(typical));
    put(&mut values, "augment.mirror.z", Some(Value::from(0.5)));
    assert_eq!(order(&values), ["mirror", "contrast", "blur", "cutout", "noise"]);
    // What is there stays where it is.
    put(&mut values, "augment.noise.probability", Some(Value::from(0.5)));
    put(&mut values, "augment.cutout.boxes", None);
    assert_eq!(order(&values), ["mirror", "contrast", "blur", "cutout", "noise"]);
}

/// A configuration with every table of `[augment]` as the example has it.
fn all_augmentations() -> Values {
    let mut values = values(&LoaderConfig::from_toml(LoaderConfig::example()).unwrap()).unwrap();
    for param in params().filter(|param| param.key.starts_with("augment.") && param.kind == Kind::Table) {
        put(&mut values, param.key, typical(param));
    }
    values
}

#[test]
fn every_parameter_can_be_pinned_anywhere_in_its_span() {
    let values = all_augmentations();
    let spans = spans(&values);
    let has = |key: &str| spans.iter().any(|span| span.key == key);
    assert!(has("augment.contrast.range") && has("augment.mirror.z") && has("augment.misalign.slip"), "{spans:?}");
    assert!(!has("augment.contrast.probability") && !has("augment.normalise.range"));
    for span in &spans {
        for at in span.values(7) {
            let config = pinned(&values, span, at).unwrap();
            let now = self::values(&config).unwrap();
            let table = span.key.rsplit_once('.').unwrap().0;
            let applied = get(&now, &format!("{table}.probability"));
            assert!(applied.is_none_or(|applied| applied.as_float() == Some(1.0)), "{span:?}");
            let pinned_at = get(&now, &span.key).unwrap();
            let range = [Value::from(at), Value::from(at)];
            let whole = [Value::from(at as i64), Value::from(at as i64)];
            let is_range = pinned_at.as_array().is_some_and(|ends| *ends == range || *ends == whole);
            assert!(is_range || pinned_at.as_float() == Some(at), "{span:?} at {at}: {pinned_at}");
        }
    }
}

#[test]
fn values_of_a_span_go_from_end_to_end() {
    let span = |from, to, is_whole| Span { key: "augment.a.b".to_owned(), unit: "", from, to, is_whole };
    assert_eq!(span(0.8, 1.2, false).values(5), [0.8, 0.9, 1.0, 1.1, 1.2]);
    assert_eq!(span(1.0, 3.0, true).values(7), [1.0, 2.0, 3.0]);
    assert_eq!(span(0.0, 1.0, true).values(2), [0.0, 1.0]);
    // A range of one value says nothing about what it could be: the slider does.
    let mut values = all_augmentations();
    put(&mut values, "augment.gamma.range", Some(Value::from(vec![1.0, 1.0])));
    let gamma = spans(&values).into_iter().find(|span| span.key == "augment.gamma.range").unwrap();
    assert_eq!([gamma.from, gamma.to], [0.1, 5.0]);
}

#[test]
fn every_preset_is_a_configuration_that_says_what_its_text_says() {
    let config = LoaderConfig::from_toml(LoaderConfig::example()).unwrap();
    for preset in PRESETS {
        let table = preset.value();
        let keys = table.as_table().unwrap();
        assert_eq!(keys.is_empty(), preset.name == "none", "{}", preset.name);
        let with = set(&config, "augment", Some(table.clone())).unwrap();
        let back = values(&with).unwrap();
        for key in keys.keys() {
            assert!(get(&back, &format!("augment.{key}")).is_some(), "{}: {key}", preset.name);
        }
    }
}
