//! Where a loader is, to be saved with a checkpoint and gone on from: the next batch, and what it depends on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LoaderConfig;
use super::share::Share;
use crate::sample::{Source, name_hash};
use crate::{Error, Result};

/// Where a loader is. Every draw is a pure function of seed, epoch and index, so the number of the next batch says it all;
/// the rest makes sure that it is taken up by a loader that gives the same batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderState {
    /// [`LoaderState::VERSION`] when it was saved.
    pub version: u32,
    /// Number of the first batch that nobody has taken yet, since the start of training.
    pub next_batch: u64,
    /// Its epoch; for people.
    pub epoch: u64,
    /// What batches depend on: short values as they are, of others a fingerprint.
    pub depends_on: BTreeMap<String, String>,
}

impl LoaderState {
    /// Raised whenever the same configuration comes to mean other batches.
    pub const VERSION: u32 = 1;

    /// Says what differs if this was saved by a loader that depends on something else.
    ///
    /// # Errors
    /// [`Error::State`].
    pub(super) fn check(&self, depends_on: &BTreeMap<String, String>) -> Result<()> {
        if self.version != Self::VERSION {
            let differs = format!("it is of version {}, this is version {}", self.version, Self::VERSION);
            return Err(Error::State { differs });
        }
        let keys: std::collections::BTreeSet<_> = self.depends_on.keys().chain(depends_on.keys()).collect();
        let difference = |key: &&String| {
            let [then, now] =
                [&self.depends_on, depends_on].map(|values| values.get(*key).map_or("none", String::as_str));
            (then != now).then(|| format!("{key} was {then}, is {now}"))
        };
        let differs: Vec<_> = keys.iter().filter_map(difference).collect();
        if differs.is_empty() { Ok(()) } else { Err(Error::State { differs: differs.join("; ") }) }
    }
}

/// Everything that a batch depends on, by name. Threads, memory, who looks and what is done about errors change no batch.
pub(super) fn depends_on(config: &LoaderConfig, sources: &[Source], share: Share) -> BTreeMap<String, String> {
    let LoaderConfig { data, input, target, sampling, augment, loader, telemetry: _, file: _ } = config;
    let place = |source: &Source| {
        let level = |level: &crate::volume::Level| format!("{} {:?}", level.shape, level.world_from_voxel);
        let levels: Vec<_> = source.raw_levels.iter().map(level).collect();
        format!("{} {:?} {levels:?}", source.label(), source.crop_bounds)
    };
    let places: Vec<_> = sources.iter().map(place).collect();
    let text = |value: Result<String, toml::ser::Error>, or: &dyn std::fmt::Debug| {
        fingerprint(&value.unwrap_or_else(|_| format!("{or:?}")))
    };
    let entries = [
        ("data", fingerprint(&places.join("\n"))),
        ("data.classes", fingerprint(&data.classes.join(", "))),
        ("data.relations", fingerprint(&format!("{:?}", data.relations))),
        ("input", text(toml::to_string(input), input)),
        ("target", text(toml::to_string(target), target)),
        ("sampling", text(toml::to_string(sampling), sampling)),
        ("augment", text(toml::to_string(augment), augment)),
        ("loader.batch_size", loader.batch_size.to_string()),
        ("loader.seed", loader.seed.to_string()),
        ("rank", format!("{} of {}, {:?} at the end", share.rank, share.world_size, share.uneven)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn fingerprint(text: &str) -> String {
    format!("#{:016x}", name_hash(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> LoaderConfig {
        let text = "[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n";
        LoaderConfig::from_toml(&format!("{text}{more}")).unwrap()
    }

    fn saved(more: &str) -> LoaderState {
        let depends_on = depends_on(&config(more), &[], Share::default());
        LoaderState { version: LoaderState::VERSION, next_batch: 7, epoch: 0, depends_on }
    }

    #[test]
    fn what_changes_no_batch_is_no_difference() {
        let other = config("[loader]\nthreads = 3\nmemory = \"1 GiB\"\non_error = \"fail\"\n");
        saved("").check(&depends_on(&other, &[], Share::default())).unwrap();
        let through_text: LoaderState = toml::from_str(&toml::to_string(&saved("")).unwrap()).unwrap();
        assert_eq!(through_text, saved(""));
    }

    #[test]
    fn every_difference_is_named() {
        let refused =
            |more: &str, share| saved("").check(&depends_on(&config(more), &[], share)).unwrap_err().to_string();
        let alone = Share::default();
        let error = refused("[loader]\nseed = 9\nbatch_size = 2\n", alone);
        assert!(
            error.contains("loader.seed was 1, is 9") && error.contains("loader.batch_size was 8, is 2"),
            "{error}"
        );
        let ranks = refused("", Share { rank: 1, world_size: 2, ..alone });
        assert!(ranks.contains("rank was 0 of 1") && ranks.contains("1 of 2"), "{ranks}");
        for (more, key) in [
            ("[augment]\nmirror = { z = 0.5 }\n", "augment"),
            ("[sampling]\nsmall_crops = \"drop\"\n", "sampling"),
            ("[target.l]\nshape = [4, 4, 4]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n", "target"),
            ("[data]\nclasses = [\"mito\"]\n", "data.classes"),
        ] {
            assert!(refused(more, alone).contains(&format!("{key} was #")), "{key}");
        }
        let old = LoaderState { version: 0, ..saved("") };
        assert!(old.check(&old.depends_on).unwrap_err().to_string().contains("version 0"));
    }
}
