//! Three ways to find what makes the pace. Each looks at something else, so that they can disagree, and what that means is
//! said.

use serde::Serialize;

use super::{Limit, Model, Station, Window};
use crate::telemetry::Stage;

/// Below this share of its time the consumer does not wait worth speaking of, 0–1.
pub(super) const NOT_INPUT_BOUND: f64 = 0.05;

/// A way to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Demand and capacity: which station has least to spare, and what takes most of its time (operational analysis).
    Demand,
    /// Queues: those before the slow station are full, the one behind it is empty (SPDL, Google Dataflow).
    Queues,
    /// Blocking self time: what is at work while the consumer waits for a batch (tf.data).
    Blocking,
}

impl Method {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Demand => "demand and capacity",
            Self::Queues => "queues",
            Self::Blocking => "blocking time",
        }
    }
}

/// What one method says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which.
    pub method: Method,
    /// Where the pace is made.
    pub station: Station,
    /// By what; queues lie between stations and do not tell their stages apart.
    pub limit: Option<Limit>,
    /// Why, in figures.
    pub because: String,
}

/// The three findings, in the order of [`Method`].
pub(super) fn findings(window: &Window, model: &Model) -> [Finding; 3] {
    [by_demand(model), by_queues(window), by_blocking(window, model)]
}

fn by_demand(model: &Model) -> Finding {
    let bound = model.bound();
    let [workers, builders, processors] = model.loader_bounds();
    let rate = |rate: f64| if rate.is_finite() && rate < 1e6 { format!("{rate:.1}/s") } else { "any rate".to_owned() };
    let because = format!(
        "workers could make {}, builders {}, the processors {}; the consumer takes {}",
        rate(workers.samples_per_s),
        rate(builders.samples_per_s),
        rate(processors.samples_per_s),
        rate(model.consumer_samples_per_s()),
    );
    Finding { method: Method::Demand, station: bound.limit.station(), limit: Some(bound.limit), because }
}

fn by_queues(window: &Window) -> Finding {
    let empty = window.batch_queue.empty_share().unwrap_or(0.0);
    let full = window.batch_queue.full_share().unwrap_or(0.0);
    let waiting = 1.0 - window.read_queue.empty_share().unwrap_or(1.0);
    let busy = window.workers.full_share().unwrap_or(0.0);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let station = if full >= empty || window.stall_share() < NOT_INPUT_BOUND {
        Station::Consumer
    } else if waiting >= 0.5 || busy >= 0.5 {
        Station::Workers
    } else {
        Station::Builders
    };
    let because = format!(
        "the next batch was not there {} of the time and the queue full {}; reads waited for a worker {}, all workers were \
         busy {}",
        percent(empty),
        percent(full),
        percent(waiting),
        percent(busy),
    );
    let limit = (station == Station::Consumer).then_some(Limit::Consumer);
    Finding { method: Method::Queues, station, limit, because }
}

/// How busy the servers of a station are while the consumer waits decides between stations, and which stage they are in then
/// between stages. What is done ahead while nobody waits is not blamed, as in tf.data's analysis, where it overlaps no request.
fn by_blocking(window: &Window, model: &Model) -> Finding {
    const BUILT: [Stage; 2] = [Stage::Collate, Stage::Plan];
    const READ: [Stage; 4] = [Stage::Augment, Stage::Fetch, Stage::Decode, Stage::Gather];
    let in_stall = |stage: Stage| {
        window.times.iter().find(|times| times.stage == stage).map_or(0.0, |times| times.in_stall.as_secs_f64())
    };
    let all = |stages: &[Stage]| stages.iter().map(|stage| in_stall(*stage)).sum::<f64>();
    let most = |stages: &[Stage]| {
        let most = stages.iter().copied().max_by(|a, b| in_stall(*a).total_cmp(&in_stall(*b)));
        most.map_or(Limit::Consumer, Limit::Stage)
    };
    let limit = if window.stall_share() < NOT_INPUT_BOUND {
        Limit::Consumer
    } else if all(&BUILT) / model.builders > all(&READ) / model.threads {
        most(&BUILT)
    } else {
        most(&READ)
    };
    let stalled_s = window.stall_s.max(1e-9);
    let of_stage = |stage: Stage| format!("{} {:.1}", stage.name(), in_stall(stage) / stalled_s);
    let threads: Vec<_> =
        [Stage::Fetch, Stage::Decode, Stage::Gather, Stage::Augment, Stage::Collate].map(of_stage).to_vec();
    let because = if window.stall_share() < NOT_INPUT_BOUND {
        format!("the consumer waited {:.1} % of the time only", window.stall_share() * 100.0)
    } else {
        format!("threads at work while the consumer waited: {}", threads.join(", "))
    };
    Finding { method: Method::Blocking, station: limit.station(), limit: Some(limit), because }
}

/// What makes the pace, if all three are heard: the station that most name, and there what demand and capacity say, or else
/// blocking time.
pub(super) fn agreed([demand, queues, blocking]: &[Finding; 3], model: &Model) -> Limit {
    let station = if demand.station == queues.station || demand.station == blocking.station {
        demand.station
    } else if queues.station == blocking.station {
        queues.station
    } else {
        demand.station
    };
    let named = |finding: &Finding| finding.limit.filter(|limit| limit.station() == station);
    named(demand).or_else(|| named(blocking)).unwrap_or_else(|| model.longest(station))
}

/// What it means that they disagree; `None` if they do not.
pub(super) fn disagreement([demand, queues, blocking]: &[Finding; 3], window: &Window) -> Option<String> {
    let p99 = window.consumer.stalls.time_quantile(0.99).map_or(0.0, |time| time.as_secs_f64());
    let slow = format!("one wait in a hundred is longer than {}", super::words::seconds(p99));
    if demand.station == Station::Consumer && blocking.station != Station::Consumer {
        return Some(format!(
            "The loader is fast enough on average and late at times (bursts): {slow}. More batches ahead help, more speed \
             only as far as it shortens the slowest batches."
        ));
    }
    if demand.station != Station::Consumer && blocking.station == Station::Consumer {
        return Some(
            "The loader has next to nothing to spare: a slightly faster consumer would wait for it.".to_owned(),
        );
    }
    if demand.station == Station::Workers && queues.station == Station::Builders {
        return Some(
            "Workers are idle at times although they make the pace: too few reads are under way at a time. Larger batches, \
             or memory for more of them at a time, keep them busy."
                .to_owned(),
        );
    }
    if demand.station == Station::Builders && queues.station == Station::Workers {
        return Some("Reads pile up before the workers while builders make the pace: work comes in bursts.".to_owned());
    }
    if blocking.limit != demand.limit {
        let name = |finding: &Finding| finding.limit.map_or("nothing", Limit::name);
        return Some(format!(
            "On average {} takes most, while the consumer waits {} does: what is rare and slow delays batches; {slow}.",
            name(demand),
            name(blocking)
        ));
    }
    None
}
