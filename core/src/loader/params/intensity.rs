//! What the keys of `[augment]` mean that change intensities.

use super::Param;
use super::augment::PROBABILITY;
use super::kind::{Kind, Limits};

const FILL: Kind = Kind::Choice(&[("dark", "0"), ("mean", "the mean of the patch")]);

const fn nm(to: f64) -> Kind {
    Kind::Range(Limits::new("nm", (0.0, to), 1.0))
}

/// Of a blur, which is none at 0.
const WIDTH: Kind = Kind::Range(Limits::new("nm", (0.0, 100.0), 1.0).neutral(0.0));

/// Changes nothing at `neutral`.
const fn around(neutral: f64, from: f64, to: f64) -> Kind {
    Kind::Range(Limits::new("", (from, to), 0.01).neutral(neutral))
}

const fn probability(key: &'static str) -> Param {
    Param::within(key, Kind::Probability, PROBABILITY)
}

/// Operations on intensities, in the order of the example.
pub(super) const OPERATIONS: &[Param] = &[
    Param::usual(
        "augment.contrast",
        Kind::Table,
        &["{ range = [0.8, 1.2], probability = 0.5 }"],
        "Scales distances from the patch's mean.",
    ),
    Param::within("augment.contrast.range", around(1.0, 0.0, 4.0), "The factor."),
    probability("augment.contrast.probability"),
    Param::other(
        "augment.brightness",
        Kind::Table,
        &["{ range = [-0.1, 0.1], probability = 0.5 }"],
        "Adds the same to every voxel.",
    ),
    Param::within("augment.brightness.range", around(0.0, -1.0, 1.0), "What is added."),
    probability("augment.brightness.probability"),
    Param::other(
        "augment.gamma",
        Kind::Table,
        &["{ range = [0.7, 1.5], probability = 0.3 }"],
        "Raises intensities to a power.",
    ),
    Param::within("augment.gamma.range", around(1.0, 0.1, 5.0), "The exponent: below 1 brightens."),
    probability("augment.gamma.probability"),
    Param::other(
        "augment.blur",
        Kind::Table,
        &["{ sigma_nm = [0, 12], probability = 0.2 }"],
        "Gaussian blur, alike along every axis of the world.",
    ),
    Param::within("augment.blur.sigma_nm", WIDTH, "Standard deviation, nm."),
    probability("augment.blur.probability"),
    Param::other(
        "augment.sharpen",
        Kind::Table,
        &["{ sigma_nm = [4, 12], amount = [0.5, 1.5], probability = 0.2 }"],
        "Adds what a blur takes away.",
    ),
    Param::within("augment.sharpen.sigma_nm", nm(100.0), "Standard deviation of the blur, nm."),
    Param::within("augment.sharpen.amount", around(0.0, 0.0, 5.0), "How many times it is added."),
    probability("augment.sharpen.probability"),
    Param::other(
        "augment.section_shift",
        Kind::Table,
        &["{ scale = [0.9, 1.1], shift = [-0.05, 0.05], probability = 0.3 }"],
        "Contrast and brightness of each section by itself.",
    ),
    Param::within("augment.section_shift.scale", around(1.0, 0.0, 4.0), "The factor of its contrast."),
    Param::within("augment.section_shift.shift", around(0.0, -1.0, 1.0), "What is added to it."),
    probability("augment.section_shift.probability"),
    Param::other(
        "augment.low_contrast",
        Kind::Table,
        &["{ fraction = 0.05, range = [0.1, 0.5], probability = 0.2 }"],
        "Makes some sections faint.",
    ),
    Param::within("augment.low_contrast.fraction", Kind::Probability, "Probability of each section."),
    Param::within("augment.low_contrast.range", around(1.0, 0.0, 1.0), "The factor of its contrast."),
    probability("augment.low_contrast.probability"),
    Param::other(
        "augment.charging",
        Kind::Table,
        &["{ fraction = 0.1, amplitude = [-0.3, 0.4], radius_nm = [20, 80], tail_nm = [100, 600], probability = 0.1 }"],
        "Spots that hold charge, with a tail, in some sections.",
    ),
    Param::within("augment.charging.fraction", Kind::Probability, "Probability of each section."),
    Param::within("augment.charging.amplitude", around(0.0, -1.0, 1.0), "What is added in the spot's middle."),
    Param::within("augment.charging.radius_nm", nm(500.0), "The spot's radius, nm."),
    Param::within("augment.charging.tail_nm", nm(5000.0), "Length of the tail, nm."),
    probability("augment.charging.probability"),
    Param::other(
        "augment.poisson",
        Kind::Table,
        &["{ counts = [100, 1000], probability = 0.3 }"],
        "Counts every voxel out in electrons.",
    ),
    Param::within(
        "augment.poisson.counts",
        Kind::Range(Limits::new("electrons", (1.0, 10_000.0), 1.0)),
        "Electrons counted in a voxel of intensity 1.",
    ),
    probability("augment.poisson.probability"),
    Param::usual("augment.noise", Kind::Table, &["{ sigma = [0.0, 0.05], probability = 0.5 }"], "Gaussian noise."),
    Param::within("augment.noise.sigma", around(0.0, 0.0, 1.0), "Standard deviation."),
    probability("augment.noise.probability"),
    Param::other(
        "augment.missing_sections",
        Kind::Table,
        &["{ fraction = 0.03, fill = \"dark\", probability = 0.2 }"],
        "Some sections hold nothing.",
    ),
    Param::within("augment.missing_sections.fraction", Kind::Probability, "Probability of each section."),
    Param::within("augment.missing_sections.fill", FILL, "What stands in its place."),
    probability("augment.missing_sections.probability"),
    Param::other(
        "augment.cutout",
        Kind::Table,
        &["{ boxes = [1, 3], size_nm = [50, 200], fill = \"mean\", probability = 0.2 }"],
        "Boxes of the patch hold nothing.",
    ),
    Param::within("augment.cutout.boxes", Kind::IntegerRange(Limits::new("boxes", (0.0, 20.0), 1.0)), "How many."),
    Param::within("augment.cutout.size_nm", nm(2000.0), "Their edges, nm."),
    Param::within("augment.cutout.fill", FILL, "What stands in their place."),
    probability("augment.cutout.probability"),
    Param::other(
        "augment.normalise",
        Kind::Table,
        &[
            "{ range = [0.2, 0.8], probability = 1.0 }",
            "{ percentile = [1, 99] }",
            "{ mean = 0.5, std = 0.15 }",
            "{ dataset = true }",
        ],
        "One of: what becomes 0 and 1; which percentiles of the patch do; z-scores, which leave 0-1 and therefore come last.",
    ),
    Param::within(
        "augment.normalise.range",
        Kind::Ends(Limits::new("", (0.0, 1.0), 0.01)),
        "Intensities that become 0 and 1.",
    ),
    Param::within(
        "augment.normalise.percentile",
        Kind::Ends(Limits::new("%", (0.0, 100.0), 0.5)),
        "Percentiles of the patch that become 0 and 1.",
    ),
    Param::within("augment.normalise.mean", Kind::Number(Limits::new("", (0.0, 1.0), 0.01)), "What becomes 0."),
    Param::within(
        "augment.normalise.std",
        Kind::Number(Limits::new("", (0.01, 1.0), 0.01)),
        "What becomes a distance of 1.",
    ),
    Param::within(
        "augment.normalise.dataset",
        Kind::Switch,
        "Z-scores by each dataset's own mean and std, measured once.",
    ),
    Param::within(
        "augment.normalise.probability",
        Kind::Probability,
        "Of being applied to a sample; may be left out: 1.",
    ),
];
