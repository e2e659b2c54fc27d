//! What the keys of `[input.NAME]`, `[target.NAME]`, `[sampling]` and `[loader]` mean.

use super::kind::{Kind, Limits};
use super::{Param, Section};

const SHAPE: Kind = Kind::Axes(Limits::new("voxels", (1.0, 512.0), 1.0));
const VOXEL_SIZE: Kind = Kind::Axes(Limits::new("nm", (1.0, 200.0), 0.5));

/// `[input.NAME]`
pub(super) const INPUT: Section = Section {
    name: "input.*",
    header: "[input.raw]",
    usual: true,
    meaning: "What the network sees: any number of arrays, each under its own name. Samples are placed on the voxel grid of \
              the first (by name); the others share its centre.",
    params: &[
        Param::usual(
            "input.*.shape",
            SHAPE,
            &["[128, 128, 128]"],
            "Voxels along z, y, x; [128, 128] is a plane of one voxel along z.",
        ),
        Param::usual(
            "input.*.voxel_size_nm",
            VOXEL_SIZE,
            &["[8, 8, 8]"],
            "Along z, y, x, nm; [8, 8] for a plane: as thick as a voxel is high.",
        ),
        Param::usual(
            "input.*.encoding",
            Kind::Choice(&[
                ("u8", "0-255; of signed integers and floats what is below 0 becomes 0"),
                ("f16", "integers divided by their maximum (signed ones reach -1), floats as stored"),
                ("f32", "the same in 32 bits"),
            ]),
            &["\"f32\""],
            "Operations on intensities take 0-1: what is below 0 becomes 0 there, too, unless a normalise with a range or \
             z-scores comes first.",
        ),
        Param::other(
            "input.*.volume",
            Kind::Text,
            &["\"em/fibsem-uint16\""],
            "Another image of each dataset, by its path from there (wildcards allowed); left out: the one it is opened with.",
        ),
        Param::other(
            "input.*.channels",
            Kind::Integers,
            &["[0, 2]"],
            "Of images with a channel axis; left out: all of them.",
        ),
    ],
    more: "",
};

/// `[target.NAME]`
pub(super) const TARGET: Section = Section {
    name: "target.*",
    header: "[target.labels]",
    usual: true,
    meaning: "What it should say: any number of arrays, one channel per class. What depends on voxels around the patch reads \
              them. Offsets and distances run along the patch's own axes, as it lies after [augment]; in a patch of one \
              voxel along an axis, distances and boundaries are those in the plane.",
    params: &[
        Param::usual("target.*.shape", SHAPE, &["[128, 128, 128]"], "As that of an input."),
        Param::usual("target.*.voxel_size_nm", VOXEL_SIZE, &["[8, 8, 8]"], "As that of an input, nm."),
        Param::usual(
            "target.*.encoding",
            Kind::Choice(&[
                (
                    "ids",
                    "as stored, with a mask of what is known (negative ids count down from the top of the type: -1 is the largest)",
                ),
                ("u8", "0/1, with a mask"),
                ("f32", "0/1, NaN where unknown"),
                ("bits", "all classes (64 at most) in one u64 per voxel, bit c for class c, with a mask of such bits"),
                (
                    "distance",
                    "f32, nm to the border of the class, positive inside, negative outside; NaN where unknown, or where \
                     what is unknown is nearer than the border. Needs clip_nm",
                ),
                (
                    "affinity",
                    "u8 with a mask, a channel per class and offset: 1 where a voxel and the one at the offset have the \
                     same id other than 0. Needs offsets",
                ),
                ("boundary", "u8 with a mask: 1 where one of the six neighbours by a face has another id"),
            ]),
            &["\"ids\""],
            "What the values mean.",
        ),
        Param::other("target.*.classes", Kind::Texts, &["[\"mito\"]"], "Some of data.classes, for this target only."),
        Param::within(
            "target.*.clip_nm",
            Kind::Number(Limits::new("nm", (1.0, 1000.0), 1.0)),
            "Of distances: those beyond are cut off, and labels are read so far around the patch, nm.",
        ),
        Param::within(
            "target.*.tanh_nm",
            Kind::Number(Limits::new("nm", (1.0, 1000.0), 1.0)),
            "Of distances: left out, they are nm; else tanh(distance / tanh_nm).",
        ),
        Param::within(
            "target.*.offsets",
            Kind::Offsets,
            "Of affinities: from a voxel to the other of the pair, in voxels along z, y, x.",
        ),
    ],
    more: "# [target.distance]\n# shape = [128, 128, 128]\n# voxel_size_nm = [8, 8, 8]\n# encoding = \"distance\"\n\
           # clip_nm = 200\n# tanh_nm = 50\n# [target.affinity]\n# shape = [128, 128, 128]\n# voxel_size_nm = [8, 8, 8]\n\
           # encoding = \"affinity\"\n# offsets = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]\n",
};

/// `[sampling]`
pub(super) const SAMPLING: Section = Section {
    name: "sampling",
    header: "[sampling]",
    usual: true,
    meaning: "Where samples are drawn.",
    params: &[
        Param::usual(
            "sampling.strategy",
            Kind::Choice(&[
                ("uniform", "every patch position with equal probability"),
                (
                    "grid",
                    "for validation: tiles that cover every crop completely, each voxel once (targets are unknown beyond \
                     the last), in an order of which every prefix is spread evenly over crops and space; the same in \
                     every epoch, and without [augment] but for normalise",
                ),
                (
                    "class_balanced",
                    "the class whose foreground was seen least so far, and a patch around one of its voxels",
                ),
                ("foreground", "the same for a class at random, for a part of the samples; the others are uniform"),
                ("weighted", "crops by their weights"),
            ]),
            &["\"uniform\""],
            "How the place of a sample is chosen.",
        ),
        Param::other("sampling.foreground", Kind::Table, &["{ probability = 0.67 }"], "With strategy \"foreground\"."),
        Param::within(
            "sampling.foreground.probability",
            Kind::Probability,
            "Share of the samples around a voxel of a class; the others are uniform.",
        ),
        Param::other(
            "sampling.weights",
            Kind::Map,
            &["{ \"jrc_hela-2/crop1\" = 2.0, \"jrc_mus-*\" = 0.5 }"],
            "With strategy \"weighted\". Left out: crops weigh as much as they hold of rare classes. Else by names of \
             datasets or \"dataset/crop\", wildcards allowed, the longest that matches; 1 where none does.",
        ),
        Param::usual(
            "sampling.chunk_local",
            Kind::Integer(Limits::new("samples", (1.0, 64.0), 1.0)),
            &["1"],
            "So many samples in a row from one neighbourhood of chunks, which are then decoded once; 1: each from anywhere.",
        ),
        Param::other(
            "sampling.samples_per_epoch",
            Kind::Integer(Limits::new("samples", (1.0, 100_000.0), 1.0)),
            &["8000"],
            "Of all ranks together; the last batch of an epoch holds what is left. Left out: 8000; of a grid every tile, \
             and never more.",
        ),
        Param::other(
            "sampling.iterations_per_epoch",
            Kind::Integer(Limits::new("batches", (1.0, 100_000.0), 1.0)),
            &["1000"],
            "Instead of samples_per_epoch: batches in an epoch, of all ranks together.",
        ),
        Param::other(
            "sampling.subset",
            Kind::Table,
            &["{ count = 5000, datasets = [\"jrc_*\"], crops = [\"crop7\"] }"],
            "Draw from a part only; each of its keys may be left out.",
        ),
        Param::within(
            "sampling.subset.count",
            Kind::Integer(Limits::new("positions", (1.0, 100_000.0), 1.0)),
            "So many different positions, drawn once by loader.seed; an epoch goes through all of them before any comes again.",
        ),
        Param::within("sampling.subset.datasets", Kind::Texts, "Datasets by name, wildcards allowed; left out: all."),
        Param::within(
            "sampling.subset.crops",
            Kind::Texts,
            "Crops by name, also as \"dataset/crop\", wildcards allowed; left out: all.",
        ),
        Param::usual(
            "sampling.small_crops",
            Kind::Choice(&[
                ("pad", "centre the patch on it, unknown outside"),
                ("jitter", "let it lie anywhere inside the patch"),
                ("drop", "leave it out"),
            ]),
            &["\"pad\""],
            "A crop that is smaller than the patch.",
        ),
        Param::usual(
            "sampling.absent_chunks",
            Kind::Choice(&[
                ("mask", "raw is the fill value, targets are unknown there"),
                ("skip", "draw another sample (of a grid: an empty tile, all unknown)"),
                ("fail", "end with an error"),
            ]),
            &["\"mask\""],
            "Raw in chunks that are not in the store, as of a partly downloaded dataset; chunks of labels may be left out \
             where they hold nothing but the fill value, and read as that.",
        ),
    ],
    more: "",
};

/// `[loader]`
pub(super) const LOADER: Section = Section {
    name: "loader",
    header: "[loader]",
    usual: true,
    meaning: "How batches are made.",
    params: &[
        Param::usual(
            "loader.batch_size",
            Kind::Integer(Limits::new("samples", (1.0, 64.0), 1.0)),
            &["8"],
            "Samples in a batch.",
        ),
        Param::usual(
            "loader.seed",
            Kind::Integer(Limits::new("", (0.0, 9999.0), 1.0)),
            &["1"],
            "Same configuration, seed, epoch and index: same bytes, on any machine.",
        ),
        Param::usual(
            "loader.memory",
            Kind::Bytes,
            &["\"4 GiB\""],
            "Cache, queue and batches in flight together; bytes, or KB, MB, GB, KiB, MiB, GiB, TiB.",
        ),
        Param::usual(
            "loader.threads",
            Kind::Integer(Limits::new("threads", (0.0, 64.0), 1.0)),
            &["0"],
            "Worker threads; 0: all cores.",
        ),
        Param::usual(
            "loader.on_error",
            Kind::Choice(&[("skip", "count it and draw another"), ("fail", "end with the error")]),
            &["\"skip\""],
            "A sample that cannot be read.",
        ),
        Param::usual(
            "loader.retries",
            Kind::Integer(Limits::new("times", (0.0, 20.0), 1.0)),
            &["3"],
            "Before that: how often a read is tried again that timed out, was interrupted, …",
        ),
    ],
    more: "",
};
