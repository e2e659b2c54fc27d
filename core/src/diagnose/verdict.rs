//! The verdict: whether training waits for its data, for which stage, and what could be had.

use serde::Serialize;

use super::methods::{NOT_INPUT_BOUND, agreed, disagreement, findings};
use super::model::{COMPUTED, place};
use super::remedy::{Remedy, remedies};
use super::words::percent;
use super::{Finding, Limit, MissRatioCurve, Model, Station, Window};
use crate::telemetry::Stage;

/// From this share of its time on, waiting for batches is most of what is wrong, 0–1 (TensorFlow's input-pipeline analyzer
/// draws the lines at 20 % and 5 %).
const HIGHLY: f64 = 0.2;

/// How much the consumer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputBound {
    /// Less than 5 % of the time.
    Not,
    /// 5 % or more.
    Moderately,
    /// 20 % or more.
    Highly,
}

/// One stage of the loader, or its consumer, in a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageRow {
    /// Which.
    pub limit: Limit,
    /// Who does it.
    pub station: Station,
    /// Time of one of them for each sample, seconds.
    pub demand_s: f64,
    /// Samples per second if its station did nothing else; `None` if it takes no time.
    pub capacity_samples_per_s: Option<f64>,
    /// How many of them are at it on average.
    pub busy: f64,
    /// Time of a call, seconds, in the middle, at 90 and at 99 %; `None` if there was none.
    pub quantiles_s: Option<[f64; 3]>,
}

/// Whether the stages explain the work that the processors did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Utilisation {
    /// Processors that were busy on average; `None` where the system does not tell.
    pub measured_cores: Option<f64>,
    /// Samples per second times what the stages that compute take for each: threads that computed, or wanted to.
    pub explained_cores: f64,
    /// Processors of the machine that the process may use.
    pub cores: f64,
    /// Workers that were at a read on average.
    pub busy_workers: f64,
    /// Worker threads.
    pub threads: f64,
}

impl Utilisation {
    /// Busy processors that no stage explains: the consumer, the window, or what nobody times. Negative: threads that wanted
    /// to compute had to wait for a processor.
    #[must_use]
    pub fn unexplained_cores(&self) -> Option<f64> {
        self.measured_cores.map(|measured| measured - self.explained_cores)
    }
}

/// What limits a loader, and what to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// Samples per second.
    pub samples_per_s: f64,
    /// Length of the window, seconds, and batches in it.
    pub window_s: f64,
    /// Batches in it.
    pub batches: f64,
    /// Share of the time that the consumer waited, 0–1.
    pub input_bound_share: f64,
    /// The same in a word.
    pub input_bound: InputBound,
    /// What makes the pace.
    pub limit: Limit,
    /// What the three methods say.
    pub findings: [Finding; 3],
    /// What it means that they disagree, if they do.
    pub disagreement: Option<String>,
    /// The verdict in one line.
    pub verdict: String,
    /// Samples per second that the loader could make for a consumer that takes no time.
    pub loader_samples_per_s: f64,
    /// Samples per second that the consumer could take from a loader that takes no time; `None` if it does nothing but take.
    pub consumer_samples_per_s: Option<f64>,
    /// Whether that was measured by serving the same batches again.
    pub is_replayed: bool,
    /// Every stage, and the consumer.
    pub stages: Vec<StageRow>,
    /// Whether the stages explain what the processors did.
    pub utilisation: Utilisation,
    /// Misses of the chunk cache by its size.
    pub curve: Option<MissRatioCurve>,
    /// What to change, that which gains most first.
    pub remedies: Vec<Remedy>,
}

impl Diagnosis {
    /// Of what a window shows.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        let model = Model::of(window);
        let findings = findings(window, &model);
        let share = window.stall_share();
        let input_bound = match share {
            share if share >= HIGHLY => InputBound::Highly,
            share if share >= NOT_INPUT_BOUND => InputBound::Moderately,
            _ => InputBound::Not,
        };
        let limit = if input_bound == InputBound::Not { Limit::Consumer } else { agreed(&findings, &model) };
        let calibrated = super::predict::Calibrated::of(window, &model);
        let curve = MissRatioCurve::of(window);
        let consumer = model.consumer_samples_per_s();
        let mut diagnosis = Self {
            samples_per_s: window.samples_per_s(),
            window_s: window.seconds,
            batches: window.batches,
            input_bound_share: share,
            input_bound,
            limit,
            disagreement: disagreement(&findings, window),
            findings,
            verdict: String::new(),
            loader_samples_per_s: calibrated.loader_samples_per_s(&model),
            consumer_samples_per_s: consumer.is_finite().then_some(consumer),
            is_replayed: window.replay_samples_per_s.is_some(),
            stages: stages(window, &model),
            utilisation: utilisation(window, &model),
            remedies: remedies(window, &model, &calibrated, curve.as_ref()),
            curve,
        };
        diagnosis.verdict = diagnosis.verdict();
        diagnosis
    }

    fn verdict(&self) -> String {
        let share = percent(self.input_bound_share);
        let rate = self.samples_per_s;
        if self.input_bound == InputBound::Not {
            return format!(
                "Not input-bound ({share} of the time is spent waiting for data): the consumer makes the pace at {rate:.1} \
                 samples/s, the loader could make {:.1}.",
                self.loader_samples_per_s.max(rate)
            );
        }
        let degree = if self.input_bound == InputBound::Highly { "Input-bound" } else { "Moderately input-bound" };
        let by = match self.limit {
            Limit::Consumer => "bursts: the loader is fast enough on average".to_owned(),
            Limit::Stage(stage) => {
                let row = self.stages.iter().find(|row| row.limit == self.limit);
                let busy = row.map_or(0.0, |row| row.busy);
                format!("{}, which keeps {busy:.1} threads busy", name_of(stage))
            }
        };
        let could = match self.consumer_samples_per_s {
            Some(most) => format!(" Without waiting it would be {most:.1}."),
            None => String::new(),
        };
        format!("{degree} ({share} of the time is spent waiting for data) by {by}: {rate:.1} samples/s.{could}")
    }
}

/// A stage, as one speaks of it.
const fn name_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Plan => "planning reads",
        Stage::Fetch => "reading from the store",
        Stage::Decode => "decoding chunks",
        Stage::Gather => "gathering patches",
        Stage::Augment => "augmenting",
        Stage::Collate => "collating batches",
        Stage::Wait => "waiting for each other's reads",
    }
}

fn stages(window: &Window, model: &Model) -> Vec<StageRow> {
    let rate = window.samples_per_s();
    let row = |limit: Limit, station, demand_s: f64, servers: f64, quantiles_s| StageRow {
        limit,
        station,
        demand_s,
        capacity_samples_per_s: (demand_s > 0.0).then(|| servers / demand_s),
        busy: rate * demand_s,
        quantiles_s,
    };
    let quantiles = |histogram: &crate::telemetry::Histogram| {
        let at = |quantile: f64| histogram.time_quantile(quantile).map(|time| time.as_secs_f64());
        Some([at(0.5)?, at(0.9)?, at(0.99)?])
    };
    let mut rows: Vec<StageRow> = Vec::new();
    for stage in Stage::ALL {
        let times = window.times_of(stage).and_then(quantiles);
        let (workers_s, builders_s) = (model.workers_s[place(stage)], model.builders_s[place(stage)]);
        let by_builders = stage == Stage::Collate || builders_s > workers_s;
        let (station, demand_s, servers) = if by_builders {
            (Station::Builders, builders_s, model.builders)
        } else {
            (Station::Workers, workers_s, model.threads)
        };
        // Waits of consumers and builders are in the histogram, too, and say nothing of the workers'.
        rows.push(row(Limit::Stage(stage), station, demand_s, servers, times.filter(|_| stage != Stage::Wait)));
    }
    let work = quantiles(&window.consumer.work);
    rows.push(row(Limit::Consumer, Station::Consumer, model.consumer_s, 1.0, work));
    rows
}

fn utilisation(window: &Window, model: &Model) -> Utilisation {
    let rate = window.samples_per_s();
    let computed_s = COMPUTED.iter().map(|stage| model.workers_s[place(*stage)]).sum::<f64>();
    Utilisation {
        measured_cores: window.processor_s.map(|seconds| seconds / window.seconds),
        explained_cores: rate * (computed_s + model.builders_s.iter().sum::<f64>()),
        cores: model.cores,
        busy_workers: window.workers.mean_level().unwrap_or(0.0),
        threads: model.threads,
    }
}
