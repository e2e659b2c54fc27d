//! Whatever the configuration: a batch of the promised shape, element type and mask, the same on any number of threads,
//! or an error that names the key.
//!
//! Configurations are put together from the keys of the documented example, so that a new key joins by being documented,
//! and some of their values are replaced. `MICROTOME_CONFIGURATIONS=20000` tries more of them than the gate does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

mod cellmap;
mod dataset;
mod keys;
mod looks;
mod promise;
#[path = "../golden/volumes.rs"]
#[allow(dead_code, reason = "the golden tests use more of it")]
mod volumes;

use microtome_core::Error;
use microtome_core::loader::{LoaderConfig, params};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use keys::{Change, Draft};

/// Runs `check` on so many drafts as the environment says, else `usual`.
fn for_drafts(usual: u32, drafts: impl Strategy<Value = Draft>, check: impl Fn(&Draft) -> Result<(), TestCaseError>) {
    let cases = std::env::var("MICROTOME_CONFIGURATIONS").map_or(usual, |number| number.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&drafts, |draft| check(&draft)).unwrap();
}

/// The dotted key that an error names.
fn key_of(error: &Error) -> Option<&str> {
    match error {
        Error::Config { key, .. } => Some(key),
        Error::Budget { .. } => Some("loader.memory"),
        _ => None,
    }
}

/// Whether one of two dotted keys lies inside the other.
fn is_about(key: &str, other: &str) -> bool {
    let inside =
        |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    inside(key, other) || inside(other, key)
}

#[test]
fn every_key_of_the_example_is_drawn() {
    let keys = keys::documented();
    let names: Vec<_> = keys.iter().map(|key| format!("{}.{}", key.table, key.name)).collect();
    for expected in ["data.relations", "data.search.crops", "data.train.labels", "augment.elastic", "loader.on_error"] {
        assert!(names.iter().any(|name| name == expected), "{expected} is not among {names:?}");
    }
    // As many as there are lines with a key, commented or not.
    let lines = LoaderConfig::example().lines().filter(|line| {
        let name = line.trim_start_matches("# ").split('=').next().unwrap_or_default().trim();
        line.contains('=') && !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    });
    assert_eq!(keys.len(), lines.count(), "{names:?}");
}

#[test]
fn the_documented_values_make_batches() {
    for_drafts(60, keys::drafts(0), |draft| {
        let made = promise::make(draft);
        // Two ways to say one thing may stand in the example, and some of its values exclude others.
        match made {
            Ok(_) => Ok(()),
            Err(error) => {
                let key = key_of(&error).ok_or_else(|| TestCaseError::fail(format!("{error:?} names no key")))?;
                prop_assert!(draft.has(key), "{key} is not in\n{}", draft.text());
                Ok(())
            }
        }
    });
}

#[test]
fn most_documented_values_go_together() {
    let made = std::cell::Cell::new((0, 0));
    for_drafts(80, keys::drafts(0), |draft| {
        let (good, all) = made.get();
        made.set((good + u32::from(promise::make(draft).is_ok()), all + 1));
        Ok(())
    });
    let (good, all) = made.get();
    assert!(good * 3 > all, "only {good} of {all} configurations made batches: little is tested");
}

#[test]
fn whatever_the_values_a_batch_keeps_its_promise_or_an_error_names_the_key() {
    for_drafts(120, keys::drafts(3), |draft| {
        let Err(error) = promise::make(draft) else { return Ok(()) };
        prop_assert!(!matches!(error, Error::Panicked { .. }), "{error}\n{}", draft.text());
        prop_assert!(!error.to_string().contains('\n'), "{error:?}");
        let key = key_of(&error);
        prop_assert!(key.is_some_and(|key| !key.is_empty()), "{error:?} names no key in\n{}", draft.text());
        Ok(())
    });
}

/// Reading and writing single keys of whatever configuration is valid.
#[test]
fn a_key_that_is_set_is_what_it_was_set_to() {
    for_drafts(200, keys::drafts(0), |draft| {
        let Ok(config) = LoaderConfig::from_toml(&draft.text()) else { return Ok(()) };
        let values = params::values(&config).unwrap();
        for (key, param) in params::keys(&values) {
            let value = params::get(&values, &key).cloned();
            let again = params::set(&config, &key, value.clone());
            prop_assert!(again.as_ref().ok() == Some(&config), "{key}: {again:?}");
            let others = [params::typical(param), params::standard(param), None].into_iter().filter(|v| *v != value);
            for other in others {
                let Ok(set) = params::set(&config, &key, other.clone()) else { continue };
                let now = params::get(&params::values(&set).unwrap(), &key).cloned();
                // What is left out, or empty, may come back as its default.
                let is_same = now == other || other.is_none() || now.is_none();
                prop_assert!(is_same || same_numbers(now.as_ref(), other.as_ref()), "{key}: {other:?} became {now:?}");
                let Ok(back) = params::set(&set, &key, value.clone()) else { continue };
                // An operation on intensities that was left out comes back where the description has it.
                prop_assert!(value.is_none() || params::values(&back).unwrap() == values, "{key} does not go back");
            }
        }
        Ok(())
    });
}

/// `[8, 8]` as it is typed, and `[8.0, 8.0]` as it is kept; a table with what is left out of it.
fn same_numbers(a: Option<&toml::Value>, b: Option<&toml::Value>) -> bool {
    let number = |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
    match (a, b) {
        (Some(toml::Value::Array(a)), Some(toml::Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_numbers(Some(a), Some(b)))
        }
        (Some(toml::Value::Table(a)), Some(toml::Value::Table(b))) => {
            b.iter().all(|(key, b)| same_numbers(a.get(key), Some(b)))
        }
        (Some(a), Some(b)) => a == b || number(a).is_some() && number(a) == number(b),
        _ => false,
    }
}

/// With one change to a configuration that works, the error is about that change.
#[test]
fn one_wrong_value_is_the_one_that_is_named() {
    for_drafts(120, keys::drafts(1), |draft| {
        let [Change { key, .. }] = draft.changes.as_slice() else { return Ok(()) };
        if promise::make(&draft.unchanged()).is_err() {
            return Ok(());
        }
        let Err(error) = promise::make(draft) else { return Ok(()) };
        let named = key_of(&error).unwrap_or_default();
        // What fits into memory is a matter of several keys; so is a class that is not there.
        let is_shared = matches!(error, Error::Budget { .. }) || named == "loader.memory" || named.starts_with("data");
        // A key that is written wrongly is named as it is written.
        let is_misspelt = named == format!("{key}s");
        prop_assert!(
            is_shared || is_misspelt || is_about(&named.replace("[0]", ""), key),
            "{error}, but {key} was changed:\n{}",
            draft.text()
        );
        Ok(())
    });
}
