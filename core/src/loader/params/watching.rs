//! What the keys of `[telemetry]` mean.

use super::kind::{Kind, Limits};
use super::{Param, Section};

/// `[telemetry]`
pub(super) const TELEMETRY: Section = Section {
    name: "telemetry",
    header: "[telemetry]",
    usual: true,
    meaning: "Who may look at the loader while it runs (microtome attach). It costs nothing while nobody does.",
    params: &[
        Param::other(
            "telemetry.serve",
            Kind::Text,
            &["\"127.0.0.1:0\"", "\"0.0.0.0:7400\""],
            "Where to listen for viewers; a port of 0 is any free one, and rank r listens r ports higher. Left out: nowhere. \
             Beyond this machine (as 0.0.0.0 is) a token is needed; nothing is encrypted, so prefer a tunnel (ssh -L).",
        ),
        Param::other("telemetry.token", Kind::Text, &["\"a long random word\""], "What viewers have to know to look."),
        Param::usual(
            "telemetry.allow_tuning",
            Kind::Switch,
            &["false"],
            "Whether viewers may change the loader (pause it, let it go on, set loader.memory), too.",
        ),
        Param::other(
            "telemetry.puffin",
            Kind::Text,
            &["\"127.0.0.1:8585\""],
            "Where to listen for puffin_viewer, which shows the spans alone; on this machine only.",
        ),
        Param::usual(
            "telemetry.watchdog_s",
            Kind::Integer(Limits::new("s", (0.0, 600.0), 1.0)),
            &["60"],
            "Seconds without any progress, while batches are waited for, after which the log says who waits for what; longer \
             where the store is known to be slow. 0: never.",
        ),
    ],
    more: "",
};
