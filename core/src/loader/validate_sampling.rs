//! Checks of `[sampling]` that its types cannot make.

use super::LoaderConfig;
use super::validate::wrong;
use crate::Result;
use crate::sample::intensity::Operation;
use crate::sample::{Augment, Sampling, Strategy, Subset};

/// Every key of `[sampling]`, and what strategy `grid` asks of `[augment]`.
///
/// # Errors
/// [`crate::Error::Config`] that names the key and what would be right.
pub(super) fn check_sampling(config: &LoaderConfig) -> Result<()> {
    let sampling = &config.sampling;
    if sampling.samples_per_epoch == Some(0) {
        return wrong("sampling.samples_per_epoch", "an epoch of 0 samples is none; at least 1");
    }
    if sampling.iterations_per_epoch == Some(0) {
        return wrong("sampling.iterations_per_epoch", "an epoch of 0 batches is none; at least 1");
    }
    if sampling.samples_per_epoch.is_some() && sampling.iterations_per_epoch.is_some() {
        return wrong(
            "sampling.iterations_per_epoch",
            "samples_per_epoch says already how long an epoch is; keep one of the two",
        );
    }
    if let Some(subset) = &sampling.subset {
        check_subset(subset, sampling.strategy)?;
    }
    check_strategy(config)?;
    check_neighbours(sampling)?;
    if sampling.strategy == Strategy::Grid { check_grid(&config.augment) } else { Ok(()) }
}

fn check_subset(subset: &Subset, strategy: Strategy) -> Result<()> {
    match (subset.count, strategy) {
        (Some(0), _) => wrong("sampling.subset.count", "a subset of 0 positions is none; at least 1"),
        (Some(_), Strategy::Grid) => wrong(
            "sampling.subset.count",
            "strategy = \"grid\" goes through its tiles in order; set samples_per_epoch to stop early",
        ),
        (Some(_), Strategy::ClassBalanced | Strategy::Foreground | Strategy::Weighted) => {
            let name = strategy.name();
            let problem = format!(
                "a fixed set of positions is drawn uniformly, \"{name}\" chooses its own; name datasets and crops instead, \
                 or set strategy = \"uniform\""
            );
            wrong("sampling.subset.count", problem)
        }
        _ => Ok(()),
    }
}

/// What goes with which strategy, and what strategies that look at classes need.
fn check_strategy(config: &LoaderConfig) -> Result<()> {
    let sampling = &config.sampling;
    let strategy = sampling.strategy;
    if let Some(foreground) = sampling.foreground {
        if strategy != Strategy::Foreground {
            return wrong("sampling.foreground", only_with(Strategy::Foreground, strategy));
        }
        if !(0.0..=1.0).contains(&foreground.probability) {
            let problem = format!("{} is no probability; from 0 to 1", foreground.probability);
            return wrong("sampling.foreground.probability", problem);
        }
    }
    check_weights(sampling)?;
    let needs_classes = match strategy {
        Strategy::ClassBalanced | Strategy::Foreground => true,
        Strategy::Weighted => sampling.weights.is_empty(),
        Strategy::Uniform | Strategy::Grid => false,
    };
    if needs_classes && config.target.is_empty() {
        let name = strategy.name();
        let problem = format!(
            "\"{name}\" looks at the classes of the targets, and there is no target; add [target.labels], or draw with \
             \"uniform\""
        );
        return wrong("sampling.strategy", problem);
    }
    Ok(())
}

fn check_weights(sampling: &Sampling) -> Result<()> {
    if !sampling.weights.is_empty() && sampling.strategy != Strategy::Weighted {
        return wrong("sampling.weights", only_with(Strategy::Weighted, sampling.strategy));
    }
    match sampling.weights.iter().find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0)) {
        Some((name, weight)) => {
            wrong(format!("sampling.weights.{name}"), format!("{weight} is no weight; a number, 0 or more"))
        }
        None => Ok(()),
    }
}

fn only_with(wanted: Strategy, got: Strategy) -> String {
    let (wanted, got) = (wanted.name(), got.name());
    format!("this is for strategy = \"{wanted}\", not for \"{got}\"; change the strategy or leave it out")
}

fn check_neighbours(sampling: &Sampling) -> Result<()> {
    const KEY: &str = "sampling.chunk_local";
    let has_count = sampling.subset.as_ref().is_some_and(|subset| subset.count.is_some());
    match sampling.chunk_local {
        0 => wrong(KEY, "0 samples are no neighbourhood; 1 draws each from anywhere"),
        1 => Ok(()),
        _ if sampling.strategy == Strategy::Grid => {
            wrong(KEY, "strategy = \"grid\" goes through its tiles in an order of its own; leave it out")
        }
        _ if has_count => {
            wrong(KEY, "subset.count draws a fixed set of positions from everywhere; leave one of them out")
        }
        _ => Ok(()),
    }
}

/// A grid shows every voxel once, as it is; only what brings intensities onto a range is no variation.
fn check_grid(augment: &Augment) -> Result<()> {
    // A new key does not compile until it stands here.
    let Augment { mirror, transpose, planes, rotate, scale, shear, elastic, misalign, intensity } = augment;
    let spatial = [
        ("mirror", mirror.is_some()),
        ("transpose", transpose.is_some()),
        ("planes", planes.is_some()),
        ("rotate", rotate.is_some()),
        ("scale", scale.is_some()),
        ("shear", shear.is_some()),
        ("elastic", elastic.is_some()),
        ("misalign", misalign.is_some()),
    ];
    let varied = spatial.iter().find(|(_, is_there)| *is_there).map(|(key, _)| *key);
    let is_fixed = |operation: &&Operation| matches!(operation, Operation::Normalise(_));
    let changed = intensity.iter().find(|operation| !is_fixed(operation)).map(Operation::key);
    match varied.or(changed) {
        Some(key) => wrong(
            format!("augment.{key}"),
            "strategy = \"grid\" shows every voxel once and as it is; remove this, or draw with another strategy",
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::config_text::parse;

    const ARRAYS: &str = "[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n";
    const TARGET: &str = "[target.l]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"ids\"\n";

    /// What is said about the first line of `sampling` on is `expected`.
    fn refused(before: &str, sampling: &str, expected: &str) {
        let text = format!("{ARRAYS}{before}[sampling]\n{sampling}\n");
        let message = parse(&text, Some(Path::new("train.toml"))).unwrap_err().to_string();
        assert!(message.starts_with(&format!("train.toml:{expected}")), "{message}\nexpected {expected}");
    }

    #[test]
    fn impossible_epochs_and_subsets_name_line_and_key() {
        refused("", "samples_per_epoch = 0", "6: sampling.samples_per_epoch: ");
        refused("", "iterations_per_epoch = 0", "6: sampling.iterations_per_epoch: ");
        let both = "samples_per_epoch = 5\niterations_per_epoch = 5";
        refused("", both, "7: sampling.iterations_per_epoch: samples_per_epoch says already");
        refused("", "subset = { count = 0 }", "6: sampling.subset.count: ");
        let grid = |more: &str| format!("strategy = \"grid\"\n{more}");
        let tiles = "7: sampling.subset.count: strategy = \"grid\" goes through its tiles in order";
        refused("", &grid("subset = { count = 9 }"), tiles);
        let mirror = grid("[augment]\nmirror = { y = 0.5 }");
        refused("", &mirror, "8: augment.mirror: strategy = \"grid\" shows every voxel once");
        let noise = grid("[augment]\nnoise = { sigma = [0, 0.1], probability = 1 }");
        refused("", &noise, "8: augment.noise: strategy = \"grid\" shows every voxel once");
    }

    #[test]
    fn what_does_not_go_with_a_strategy_names_line_and_key() {
        refused("", "chunk_local = 0", "6: sampling.chunk_local: 0 samples");
        refused("", "strategy = \"grid\"\nchunk_local = 4", "7: sampling.chunk_local: strategy = \"grid\"");
        refused("", "chunk_local = 4\nsubset = { count = 9 }", "6: sampling.chunk_local: subset.count draws");
        let balanced = "strategy = \"class_balanced\"";
        let fixed = "10: sampling.subset.count: a fixed set of positions is drawn uniformly, \"class_balanced\"";
        refused(TARGET, &format!("subset = {{ count = 9 }}\n{balanced}"), fixed);
        refused("", balanced, "6: sampling.strategy: \"class_balanced\" looks at the classes of the targets");
        let elsewhere = "6: sampling.foreground: this is for strategy = \"foreground\", not for \"uniform\"";
        refused("", "foreground = { probability = 0.5 }", elsewhere);
        let twice = "strategy = \"foreground\"\nforeground = { probability = 2 }";
        refused(TARGET, twice, "11: sampling.foreground.probability: 2 is no probability");
        refused("", "weights = { a = 1.0 }", "6: sampling.weights: this is for strategy = \"weighted\"");
        let negative = "strategy = \"weighted\"\n[sampling.weights]\n\"a/b\" = -1";
        refused("", negative, "8: sampling.weights.a/b: -1 is no weight");
    }
}
