//! What the keys of `[data]` and of its tables mean.

use super::kind::{Kind, Limits};
use super::{Param, Section};

/// `[data]`
pub(super) const DATA: Section = Section {
    name: "data",
    header: "[data]",
    usual: true,
    meaning: "What to train on: `path`, `split`, `[data.search]` and `[[data.train]]` may stand beside each other.",
    params: &[
        Param::usual(
            "data.path",
            Kind::Path,
            &["\"jrc_hela-2.zarr\""],
            "One OME-Zarr image group, one CellMap dataset, or a folder of such datasets, with all label crops found in it.",
        ),
        Param::usual(
            "data.classes",
            Kind::Texts,
            &["[\"mito\", \"er\", \"nuc\"]"],
            "Target channels, in this order. Left out or empty: every class found, sorted.",
        ),
        Param::other(
            "data.relations",
            Kind::Map,
            &["{ mito = [\"nuc\", \"er\"] }"],
            "Classes that exclude each other: one that a crop does not annotate is absent where the other is present, and \
             unknown elsewhere.",
        ),
        Param::other(
            "data.class_table",
            Kind::Path,
            &["\"classes.csv\""],
            "The class table of crops that hold one array of class ids, `all`: rows of name,id,\"included ids\". Classes \
             without an array of their own are made from `all`: present where an id belongs to them, absent where it \
             belongs to another class, unknown where the id is 0 (but where the array's annotation calls 0 absent), not \
             in the table, or that of a group which the class is only a part of. Where the crop's annotation lists \
             classes, only these are made.",
        ),
        Param::other(
            "data.relations_from_class_table",
            Kind::Switch,
            &["true"],
            "Classes of the table that share no part exclude each other, beside `relations`.",
        ),
        Param::other(
            "data.counts_cache",
            Kind::Path,
            &["\"counts\""],
            "Folder that keeps how much there is of each class, and where, for strategies that look at classes. Left out: \
             label crops are looked through at every start. Never inside a dataset.",
        ),
        Param::other(
            "data.split",
            Kind::Path,
            &["\"datasplit.csv\""],
            "Instead of `path`, or beside it: a CellMap datasplit, each row \"train\" or \"validate\", raw_container, \
             raw_dataset, gt_container, gt_dataset (both empty: raw only); its paths are relative to the CSV, and may \
             hold wildcards.",
        ),
    ],
    more: "",
};

/// `[data.search]`
pub(super) const SEARCH: Section = Section {
    name: "data.search",
    header: "[data.search]",
    usual: false,
    meaning: "Also: crops found by the shape of their paths; labels are taken of `classes`.",
    params: &[
        Param::other(
            "data.search.path",
            Kind::Text,
            &["\"{dataset}/{dataset}.zarr/recon-1/{name}\""],
            "{dataset} stands for the dataset's name, {name} for raw_name or crop_name.",
        ),
        Param::other("data.search.raw_name", Kind::Text, &["\"em/fibsem-uint8\""], "The EM in a dataset."),
        Param::other(
            "data.search.crop_name",
            Kind::Text,
            &["\"labels/groundtruth/{crop}/{label}\""],
            "The labels of a class in a dataset; ends in {crop}/{label}.",
        ),
        Param::other("data.search.datasets", Kind::Texts, &["[\"jrc_*\"]"], "Names; wildcards are allowed."),
        Param::other("data.search.crops", Kind::Texts, &["[\"*\"]"], "Names; wildcards are allowed."),
        Param::other(
            "data.search.voxel_size_nm",
            Kind::Axes(Limits::new("nm", (1.0, 200.0), 0.5)),
            &["[8, 8, 8]"],
            "Leave out labels with larger voxels on any axis; left out: take all.",
        ),
        Param::other(
            "data.search.force_all_classes",
            Kind::Choices(&["train", "validate"]),
            &["[\"validate\"]"],
            "For these, take only crops that hold every class.",
        ),
        Param::other(
            "data.search.validation_probability",
            Kind::Probability,
            &["0.1"],
            "Of each crop, drawn by loader.seed and its name; the others are trained on.",
        ),
    ],
    more: "",
};

/// `[[data.train]]`
pub(super) const TRAIN: Section = Section {
    name: "data.train",
    header: "[[data.train]]",
    usual: false,
    meaning: "Also: volumes and labels to train on, one by one.",
    params: &[
        Param::other(
            "data.train.raw",
            Kind::Path,
            &["\"jrc_hela-2.zarr/recon-1/em/fibsem-uint8\""],
            "An image group, or a whole dataset. Wildcards: * and ? in a name, ** for any folders.",
        ),
        Param::other(
            "data.train.labels",
            Kind::Text,
            &["\"jrc_hela-2.zarr/recon-1/labels/groundtruth/crop1/[mito,er]\""],
            "May be left out, name one class (\".../crop1/mito\"), several, or a whole crop (\".../crop1\").",
        ),
    ],
    more: "",
};

/// `[[data.validate]]`
pub(super) const VALIDATE: Section = Section {
    name: "data.validate",
    header: "[[data.validate]]",
    usual: false,
    meaning: "The same, to validate on.",
    params: &[
        Param::other(
            "data.validate.raw",
            Kind::Path,
            &["\"jrc_hela-2.zarr/recon-1/em/fibsem-uint8\""],
            "As that of [[data.train]].",
        ),
        Param::other(
            "data.validate.labels",
            Kind::Text,
            &["\"jrc_hela-2.zarr/recon-1/labels/groundtruth/crop7/[mito,er]\""],
            "As those of [[data.train]].",
        ),
    ],
    more: "",
};
