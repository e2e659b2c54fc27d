//! Checks of `[sampling]` that its types cannot make.

use super::LoaderConfig;
use super::validate::wrong;
use crate::Result;
use crate::sample::intensity::Operation;
use crate::sample::{Augment, Strategy, Subset};

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
    if sampling.strategy == Strategy::Grid { check_grid(&config.augment) } else { Ok(()) }
}

fn check_subset(subset: &Subset, strategy: Strategy) -> Result<()> {
    match (subset.count, strategy) {
        (Some(0), _) => wrong("sampling.subset.count", "a subset of 0 positions is none; at least 1"),
        (Some(_), Strategy::Grid) => wrong(
            "sampling.subset.count",
            "strategy = \"grid\" goes through its tiles in order; set samples_per_epoch to stop early",
        ),
        _ => Ok(()),
    }
}

/// A grid shows every voxel once, as it is; only what brings intensities onto a range is no variation.
fn check_grid(augment: &Augment) -> Result<()> {
    let spatial = [
        ("mirror", augment.mirror.is_some()),
        ("transpose", augment.transpose.is_some()),
        ("rotate", augment.rotate.is_some()),
        ("scale", augment.scale.is_some()),
        ("shear", augment.shear.is_some()),
        ("elastic", augment.elastic.is_some()),
        ("misalign", augment.misalign.is_some()),
    ];
    let varied = spatial.iter().find(|(_, is_there)| *is_there).map(|(key, _)| *key);
    let is_fixed = |operation: &&Operation| matches!(operation, Operation::Normalise(_));
    let changed = augment.intensity.iter().find(|operation| !is_fixed(operation)).map(Operation::key);
    match varied.or(changed) {
        Some(key) => wrong(
            format!("augment.{key}"),
            "strategy = \"grid\" shows every voxel once and as it is; remove this, or draw with another strategy",
        ),
        None => Ok(()),
    }
}
