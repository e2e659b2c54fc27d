//! Remedies that make work cheaper or share it among more: threads, batches ahead, encodings, augmentation, classes.

use super::super::model::{COMPUTED, place};
use super::super::words;
use super::{Case, Change, Remedy, RemedyKind, change};
use crate::telemetry::{ArraySetup, Stage};

/// Threads that are proposed at most, for each processor, where reading from the store takes most.
const MOST_PER_CORE: f64 = 8.0;
/// The part of what the most threads would gain that fewer have to reach to be preferred.
const NEARLY: f64 = 0.9;
/// What is left of gathering however few bytes are written: the voxels are still read.
const LEAST_GATHER: f64 = 0.35;
/// Stages below this part of the workers' time are no cause.
const WORTH: f64 = 0.05;

impl Case<'_> {
    /// More threads: to all processors, or beyond them where threads wait for the store.
    pub(super) fn threads(&self) -> Option<Remedy> {
        let model = self.model;
        let computed_s: f64 = COMPUTED.iter().map(|stage| model.workers_s[place(*stage)]).sum();
        let all_s: f64 = model.workers_s.iter().sum();
        let waits = 1.0 - computed_s / all_s.max(1e-12);
        let most = if waits > 0.3 { model.cores * MOST_PER_CORE } else { model.cores };
        let tried: Vec<_> = (0..)
            .map(|doublings| (model.threads * 2_f64.powi(doublings)).min(most))
            .take_while(|threads| *threads < most)
            .chain([most])
            .filter(|threads| *threads > model.threads)
            .map(|threads| {
                let more = model.with_threads(threads);
                (threads, self.calibrated.samples_per_s(&more), more)
            })
            .collect();
        let best = tried.iter().map(|(_, rate, _)| *rate).fold(0.0, f64::max);
        let measured = self.calibrated.measured();
        let (threads, _, more) =
            tried.into_iter().find(|(_, rate, _)| rate - measured >= NEARLY * (best - measured))?;
        let busy = self.window.workers.full_share().unwrap_or(0.0);
        let store = if waits > 0.3 {
            format!(", {} of their time at the store (if it serves as many at a time as fast)", words::percent(waits))
        } else {
            String::new()
        };
        Some(self.remedy(
            (RemedyKind::Threads, &more),
            format!("{threads:.0} threads instead of {:.0}", model.threads),
            format!("all workers are busy {} of the time{store}", words::percent(busy)),
            "more load on processors and store; what every thread needs for itself is taken from the cache".to_owned(),
            vec![change("loader.threads", format!("{threads:.0}"))],
        ))
    }

    /// More batches ahead, where the loader is fast enough on average.
    pub(super) fn prefetch_depth(&self) -> Option<Remedy> {
        let setup = &self.window.setup;
        let wanted = setup.builders as u64 + 4;
        let loader = self.calibrated.loader_samples_per_s(self.model);
        let consumer = self.model.consumer_samples_per_s();
        let is_bursty = self.window.stall_share() >= super::super::methods::NOT_INPUT_BOUND && loader > consumer * 1.05;
        if !is_bursty || setup.batches_ahead >= wanted {
            return None;
        }
        let added = (wanted - setup.batches_ahead) * setup.batch_bytes;
        // Half of the memory goes to batches at most.
        let memory = (2 * (wanted + 1) * setup.batch_bytes).max(setup.memory_bytes + added);
        let mebibytes = memory.div_ceil(1 << 20);
        let predicted = loader.min(consumer) * 0.98;
        let remedy = self.remedy(
            (RemedyKind::PrefetchDepth, self.model),
            format!("room for {wanted} batches ahead instead of {}", setup.batches_ahead),
            format!("the loader could make {loader:.1} samples/s, the consumer takes {consumer:.1}: it waits for single slow batches"),
            format!("{} more memory; no bias", words::bytes((memory - setup.memory_bytes) as f64)),
            vec![change("loader.memory", format!("\"{mebibytes} MiB\""))],
        );
        let gain = predicted / self.calibrated.measured() - 1.0;
        Some(Remedy { predicted_samples_per_s: predicted, gain, ..remedy })
    }

    /// Without what `[augment]` does to intensities and how it bends.
    pub(super) fn augmentation(&self) -> Option<Remedy> {
        let setup = &self.window.setup;
        let augment_s = self.model.workers_s[place(Stage::Augment)];
        let is_cheap =
            |key: &str| ["mirror", "transpose", "planes"].iter().any(|name| key == format!("augment.{name}"));
        let costly: Vec<_> = setup.augmentations.iter().filter(|key| !is_cheap(key)).collect();
        if costly.is_empty() || !self.is_cause(augment_s) {
            return None;
        }
        let changes = costly.iter().map(|key| Change { key: (*key).clone(), value: None }).collect();
        let names: Vec<_> = costly.iter().map(|key| key.trim_start_matches("augment.")).collect();
        Some(self.remedy(
            (RemedyKind::Augmentation, &self.model.clone().scaled(Stage::Augment, 0.0)),
            format!("do {} elsewhere, such as on the GPU", names.join(", ")),
            format!("augmenting takes {} of a worker for each sample", words::seconds(augment_s)),
            "the training code has to do it; without it the network sees less variety".to_owned(),
            changes,
        ))
    }

    /// Targets and inputs of fewer bytes, and fewer classes.
    pub(super) fn encodings(&self) -> Vec<Remedy> {
        let arrays = self.window.setup.arrays.iter();
        arrays
            .flat_map(|array| [self.label_encoding(array), self.precision(array), self.class_subset(array)])
            .flatten()
            .collect()
    }

    fn label_encoding(&self, array: &ArraySetup) -> Option<Remedy> {
        let classes = array.channels.max(1) as f64;
        let (to, bytes_per_class) = match array.encoding.as_str() {
            "f32" if classes > 8.0 => ("bits", 16.0 / classes),
            "f32" => ("u8", 2.0),
            "u8" | "ids" if classes > 8.0 => ("bits", 16.0 / classes),
            _ => return None,
        };
        let is_target = array.key.starts_with("target.");
        let cost = "the training code has to take the other encoding apart; the same labels";
        let kind = RemedyKind::LabelEncoding;
        if is_target { self.fewer_bytes((kind, array), (to, bytes_per_class * classes), cost) } else { None }
    }

    fn precision(&self, array: &ArraySetup) -> Option<Remedy> {
        let is_f32_input = array.key.starts_with("input.") && array.encoding == "f32";
        let cost = "intensities in 256 steps, to be scaled by the training code";
        let bytes = array.channels.max(1) as f64;
        if is_f32_input { self.fewer_bytes((RemedyKind::Precision, array), ("u8", bytes), cost) } else { None }
    }

    /// An array in another encoding, of so many bytes for each voxel of all channels: gathering takes less as it writes less.
    fn fewer_bytes(
        &self,
        (kind, array): (RemedyKind, &ArraySetup),
        (to, voxel_bytes): (&str, f64),
        cost: &str,
    ) -> Option<Remedy> {
        let gather_s = self.window.array_s(&array.key, Stage::Gather);
        if !self.is_cause(gather_s) {
            return None;
        }
        let voxels = array.shape.iter().product::<u64>() as f64;
        let part = (voxels * voxel_bytes / array.sample_bytes.max(1) as f64).clamp(LEAST_GATHER, 1.0);
        let model = self.gathering_less(gather_s * (1.0 - part));
        Some(self.remedy(
            (kind, &model),
            format!("encode {} as {to}", array.key),
            format!(
                "as {} it takes {} a sample, and gathering it {} of a worker",
                array.encoding,
                words::bytes(array.sample_bytes as f64),
                words::seconds(gather_s)
            ),
            cost.to_owned(),
            vec![change(&format!("{}.encoding", array.key), format!("\"{to}\""))],
        ))
    }

    /// Half of the classes: decoding and gathering them takes half.
    fn class_subset(&self, array: &ArraySetup) -> Option<Remedy> {
        if !array.key.starts_with("target.") || array.channels < 2 {
            return None;
        }
        let [fetch_s, decode_s, gather_s] =
            [Stage::Fetch, Stage::Decode, Stage::Gather].map(|stage| self.window.array_s(&array.key, stage));
        if !self.is_cause(fetch_s + decode_s + gather_s) {
            return None;
        }
        let kept = (array.channels / 2) as f64 / array.channels as f64;
        let mut model = self.gathering_less(gather_s * (1.0 - kept));
        for (stage, of_array_s) in [(Stage::Fetch, fetch_s), (Stage::Decode, decode_s)] {
            let all_s = model.workers_s[place(stage)];
            model = model.scaled(stage, (1.0 - of_array_s * (1.0 - kept) / all_s.max(1e-12)).clamp(0.0, 1.0));
        }
        Some(self.remedy(
            (RemedyKind::ClassSubset, &model),
            format!("train {} of the {} classes of {} at a time", array.channels / 2, array.channels, array.key),
            format!("its classes take {} of a worker for each sample", words::seconds(fetch_s + decode_s + gather_s)),
            "the network learns fewer classes: these are the first, others do as well".to_owned(),
            array.classes.get(..array.channels / 2).map(|kept| classes_change(array, kept)).into_iter().collect(),
        ))
    }

    fn gathering_less(&self, saved_s: f64) -> super::super::Model {
        let all_s = self.model.workers_s[place(Stage::Gather)];
        self.model.clone().scaled(Stage::Gather, (1.0 - saved_s / all_s.max(1e-12)).clamp(0.0, 1.0))
    }

    /// Whether so much of the workers' time for each sample is worth speaking of.
    fn is_cause(&self, demand_s: f64) -> bool {
        demand_s >= WORTH * self.model.workers_s.iter().sum::<f64>()
    }
}

/// Some classes of a target, as its key has them.
fn classes_change(array: &ArraySetup, kept: &[String]) -> Change {
    let names = kept.iter().map(|name| toml::Value::from(name.as_str())).collect::<Vec<_>>();
    change(&format!("{}.classes", array.key), toml::Value::Array(names).to_string())
}
