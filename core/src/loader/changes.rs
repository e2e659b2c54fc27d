//! What differs between two configurations, by key.

use super::LoaderConfig;
use super::params::{Value, Values, values};
use crate::telemetry::KeyChange;

impl LoaderConfig {
    /// Every key whose value differs from what it was in `before`. The token is named, but not told.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<KeyChange> {
        changes(before, self)
    }
}

fn changes(before: &LoaderConfig, after: &LoaderConfig) -> Vec<KeyChange> {
    // A configuration that TOML cannot say has no keys to name.
    let of = |config: &LoaderConfig| values(config).unwrap_or_default();
    let mut found = Vec::new();
    add_changes("", &of(before), &of(after), &mut found);
    for change in found.iter_mut().filter(|change| change.key == "telemetry.token") {
        let hidden = |value: &mut String| "(not told)".clone_into(value);
        change.before.iter_mut().chain(&mut change.after).for_each(hidden);
    }
    found
}

fn add_changes(table: &str, before: &Values, after: &Values, found: &mut Vec<KeyChange>) {
    let new = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(new) {
        let key = if table.is_empty() { name.clone() } else { format!("{table}.{name}") };
        match (before.get(name), after.get(name)) {
            (Some(Value::Table(then)), Some(Value::Table(now))) => add_changes(&key, then, now, found),
            (then, now) if then != now => {
                let text = |value: &Value| value.to_string();
                found.push(KeyChange { key, before: then.map(text), after: now.map(text) });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> LoaderConfig {
        let text = "[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n";
        LoaderConfig::from_toml(&format!("{text}{more}")).unwrap()
    }

    #[test]
    fn what_differs_is_named_and_the_token_is_not_told() {
        assert!(changes(&config(""), &config("")).is_empty());
        let after = config(
            "[augment]\nmirror = { z = 0.5 }\n[loader]\nthreads = 3\n[telemetry]\ntoken = \"swordfish-and-more\"\n",
        );
        let found = changes(&config("[loader]\nthreads = 2\n"), &after);
        let keys: Vec<_> = found.iter().map(|change| change.key.as_str()).collect();
        assert_eq!(keys, ["augment.mirror", "loader.threads", "telemetry.token"]);
        assert_eq!((found[1].before.as_deref(), found[1].after.as_deref()), (Some("2"), Some("3")));
        assert_eq!(found[0].before, None);
        assert!(!format!("{found:?}").contains("swordfish"));
    }
}
