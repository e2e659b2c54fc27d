//! What the keys of `[augment]` mean that say where a sample lies.

use super::kind::{Kind, Limits};
use super::{Param, Section};

const DEGREES: Kind = Kind::Range(Limits::new("°", (-180.0, 180.0), 1.0).neutral(0.0));
const SLOPE: Kind = Kind::Range(Limits::new("nm per nm", (-1.0, 1.0), 0.01).neutral(0.0));

/// What every probability of an augmentation means.
pub(super) const PROBABILITY: &str = "Of being applied to a sample.";

/// `[augment]`
pub(super) const AUGMENT: Section = Section {
    name: "augment",
    header: "[augment]",
    usual: true,
    meaning: "Left out: nothing is varied. First where a sample lies, all in one gather (labels from the nearest voxel, raw \
              interpolated): mirror, then transpose, then scale, shear and rotation about the patch's centre and elastic \
              displacement, in nanometres along the volume's axes. A sample is placed before it is turned; where it then \
              reaches beyond its crop, labels are unknown. Then intensities of inputs (never of targets) in the order in \
              which their operations stand here. A range [from, to] is drawn from evenly. Intensities are 0-1 and stay in \
              it, in every encoding. A section is a plane normal to the volume's z, as thick as a voxel of the first array.",
    params: &[
        Param::usual(
            "augment.mirror",
            Kind::Table,
            &["{ z = 0.5, y = 0.5, x = 0.5 }"],
            "Mirrors along axes of the volume, each by itself.",
        ),
        Param::within("augment.mirror.z", Kind::Probability, "Probability along z."),
        Param::within("augment.mirror.y", Kind::Probability, "Probability along y."),
        Param::within("augment.mirror.x", Kind::Probability, "Probability along x."),
        Param::usual(
            "augment.transpose",
            Kind::Table,
            &["{ axes = [\"z\", \"y\", \"x\"], probability = 1.0 }"],
            "Permutes axes, every permutation alike.",
        ),
        Param::within("augment.transpose.axes", Kind::Choices(&["z", "y", "x"]), "Those that change places."),
        Param::within("augment.transpose.probability", Kind::Probability, PROBABILITY),
        Param::other(
            "augment.planes",
            Kind::Choices(&["xy", "xz", "yz"]),
            &["[\"xy\", \"xz\", \"yz\"]"],
            "The plane that a sample shows with its y (rows: y, z, z) and x (columns: x, x, y), one of these at random; \
             left out: \"xy\". For plane patches of two axes; transpose then permutes the patch's own axes.",
        ),
        Param::other(
            "augment.rotate",
            Kind::Table,
            &["{ z = [-180, 180], y = [0, 0], x = [0, 0], probability = 0.5 }"],
            "Turns about the volume's axes, about z first, then y, then x. An axis left out does not turn.",
        ),
        Param::within("augment.rotate.z", DEGREES, "Degrees about z, from x to y."),
        Param::within("augment.rotate.y", DEGREES, "Degrees about y, from z to x."),
        Param::within("augment.rotate.x", DEGREES, "Degrees about x, from y to z."),
        Param::within("augment.rotate.probability", Kind::Probability, PROBABILITY),
        Param::other(
            "augment.scale",
            Kind::Table,
            &["{ range = [0.9, 1.1], probability = 0.5 }"],
            "Enlarges or shrinks by one factor for all axes.",
        ),
        Param::within(
            "augment.scale.range",
            Kind::Range(Limits::new("", (0.25, 4.0), 0.01).neutral(1.0)),
            "The factor: above 1 the patch covers more, and things look smaller.",
        ),
        Param::within("augment.scale.probability", Kind::Probability, PROBABILITY),
        Param::other(
            "augment.shear",
            Kind::Table,
            &["{ zy = [-0.1, 0.1], zx = [-0.1, 0.1], yx = [0, 0], probability = 0.5 }"],
            "Slants along the volume's axes.",
        ),
        Param::within("augment.shear.zy", SLOPE, "nm that y shifts per nm of z."),
        Param::within("augment.shear.zx", SLOPE, "nm that x shifts per nm of z."),
        Param::within("augment.shear.yx", SLOPE, "nm that x shifts per nm of y."),
        Param::within("augment.shear.probability", Kind::Probability, PROBABILITY),
        Param::other(
            "augment.elastic",
            Kind::Table,
            &["{ spacing_nm = [400, 400, 400], sigma_nm = [0, 30, 30], probability = 0.3 }"],
            "Smooth random displacement of control points.",
        ),
        Param::within(
            "augment.elastic.spacing_nm",
            Kind::Axes(Limits::new("nm", (10.0, 4000.0), 10.0)),
            "From one control point to the next along z, y, x, nm.",
        ),
        Param::within(
            "augment.elastic.sigma_nm",
            Kind::Axes(Limits::new("nm", (0.0, 200.0), 0.5)),
            "Standard deviation of their displacement along z, y, x, nm; at most a quarter of the spacing.",
        ),
        Param::within("augment.elastic.probability", Kind::Probability, PROBABILITY),
        Param::other(
            "augment.misalign",
            Kind::Table,
            &["{ jitter_nm = [0, 4], slip = 0.03, shift = 0.01, largest_nm = 30, probability = 0.3 }"],
            "Sections that do not lie on each other, along y and x.",
        ),
        Param::within(
            "augment.misalign.jitter_nm",
            Kind::Range(Limits::new("nm", (0.0, 100.0), 0.5).neutral(0.0)),
            "Standard deviation of each section's own shift, nm.",
        ),
        Param::within("augment.misalign.slip", Kind::Probability, "Of each section to lie off alone."),
        Param::within("augment.misalign.shift", Kind::Probability, "Of each section to lie off with all beyond it."),
        Param::within(
            "augment.misalign.largest_nm",
            Kind::Number(Limits::new("nm", (0.0, 500.0), 1.0)),
            "Largest slip and shift, nm.",
        ),
        Param::within("augment.misalign.probability", Kind::Probability, PROBABILITY),
    ],
    more: "",
};
