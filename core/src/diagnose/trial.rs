//! A change that was made, put to the test: the window before against the window after, and what had been predicted. The
//! advice keeps score of its own errors.

use serde::{Deserialize, Serialize};

use super::{Remedy, RemedyKind, Window};

/// A gain counts as measured from so many times its uncertainty on.
const TOLD_APART: f64 = 2.0;
/// Batches of a window below which its rate says nothing.
const MIN_BATCHES: f64 = 4.0;

/// What is about to be changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Which remedy; `None` for a change that nobody advised.
    pub kind: Option<RemedyKind>,
    /// What is done, in a few words.
    pub what: String,
    /// Samples per second that were predicted.
    pub predicted_samples_per_s: Option<f64>,
}

impl Plan {
    /// To do what a remedy says.
    #[must_use]
    pub fn of(remedy: &Remedy) -> Self {
        Self {
            kind: Some(remedy.kind),
            what: remedy.what.clone(),
            predicted_samples_per_s: Some(remedy.predicted_samples_per_s),
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was done.
    pub plan: Plan,
    /// Samples per second before and after.
    pub samples_per_s: [f64; 2],
    /// Length of the windows, seconds.
    pub seconds: [f64; 2],
    /// Share of the time that the consumer waited before and after, 0–1.
    pub stall_share: [f64; 2],
    /// Standard error of the gain, from how much single batches differ.
    pub uncertainty: f64,
}

impl Trial {
    /// Compares the window before a change with one after it; `None` if either holds too few batches.
    #[must_use]
    pub fn between(plan: Plan, before: &Window, after: &Window) -> Option<Self> {
        if before.batches < MIN_BATCHES || after.batches < MIN_BATCHES || before.samples_per_s() <= 0.0 {
            return None;
        }
        let ratio = after.samples_per_s() / before.samples_per_s();
        let relative = f64::hypot(relative_error(before), relative_error(after));
        Some(Self {
            plan,
            samples_per_s: [before.samples_per_s(), after.samples_per_s()],
            seconds: [before.seconds, after.seconds],
            stall_share: [before.stall_share(), after.stall_share()],
            uncertainty: ratio * relative,
        })
    }

    /// What it brought, as a part of the rate before: 0.31 is 31 % more.
    #[must_use]
    pub fn measured_gain(&self) -> f64 {
        self.samples_per_s[1] / self.samples_per_s[0] - 1.0
    }

    /// What it was to bring.
    #[must_use]
    pub fn predicted_gain(&self) -> Option<f64> {
        self.plan.predicted_samples_per_s.map(|rate| rate / self.samples_per_s[0] - 1.0)
    }

    /// The predicted rate less the measured one, as a part of the measured one; above 0 if too much was promised.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        let predicted = self.plan.predicted_samples_per_s?;
        (self.samples_per_s[1] > 0.0).then(|| predicted / self.samples_per_s[1] - 1.0)
    }

    /// Whether the gain is more, or the loss, than batches differ anyway.
    #[must_use]
    pub fn is_told_apart(&self) -> bool {
        self.measured_gain().abs() > TOLD_APART * self.uncertainty
    }

    /// All of it in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let signed = |gain: f64| format!("{:+.0} %", gain * 100.0);
        let noise = format!("± {:.0}", self.uncertainty * 100.0);
        let measured = format!("{} ({noise}) measured", signed(self.measured_gain()));
        let predicted = self.predicted_gain().map(|gain| format!(", {} predicted", signed(gain))).unwrap_or_default();
        let [before, after] = self.samples_per_s;
        let doubt = if self.is_told_apart() { "" } else { "; batches differ as much anyway" };
        format!("{}: from {before:.1} to {after:.1} samples/s, {measured}{predicted}{doubt}", self.plan.what)
    }
}

/// Standard error of a window's rate as a part of it: from the times between its last batches.
fn relative_error(window: &Window) -> f64 {
    let times: Vec<f64> =
        window.last_batches.windows(2).map(|pair| pair[1].taken.saturating_sub(pair[0].taken).as_secs_f64()).collect();
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count.max(1.0);
    if times.len() < 2 || mean <= 0.0 {
        return 0.0;
    }
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    // Of all batches of the window, as these are.
    variance.sqrt() / mean / window.batches.max(1.0).sqrt()
}

/// How well a kind of remedy was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Which kind.
    pub kind: RemedyKind,
    /// How often it was tried.
    pub trials: usize,
    /// Gain predicted, on average.
    pub predicted_gain: f64,
    /// Gain measured, on average.
    pub measured_gain: f64,
    /// Measured rates by predicted ones, on average (geometric): 1 is right, below 1 was promised too much.
    pub ratio: f64,
    /// Predictions off by so much, as a part of the measured rate, on average.
    pub mean_error: f64,
}

impl Score {
    /// All of it in a line.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "{} tried: {:+.0} % predicted, {:+.0} % measured; rates are {:.2} of what was predicted, off by {:.0} %",
            self.trials,
            self.predicted_gain * 100.0,
            self.measured_gain * 100.0,
            self.ratio,
            self.mean_error * 100.0
        )
    }
}

/// The score of every kind that was tried with a prediction, in the order of the kinds.
#[must_use]
pub fn scores(trials: &[Trial]) -> Vec<Score> {
    let mut kinds: Vec<RemedyKind> = trials.iter().filter_map(|trial| trial.plan.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().filter_map(|kind| score(kind, trials)).collect()
}

fn score(kind: RemedyKind, trials: &[Trial]) -> Option<Score> {
    let of_kind: Vec<(f64, f64, f64)> = trials
        .iter()
        .filter(|trial| trial.plan.kind == Some(kind))
        .filter_map(|trial| Some((trial.predicted_gain()?, trial.measured_gain(), trial.error()?)))
        .collect();
    let count = of_kind.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64, f64)) -> f64| of_kind.iter().map(of).sum::<f64>() / count;
    (!of_kind.is_empty()).then(|| Score {
        kind,
        trials: of_kind.len(),
        predicted_gain: mean(&|row| row.0),
        measured_gain: mean(&|row| row.1),
        ratio: mean(&|row| -(1.0 + row.2).max(1e-9).ln()).exp(),
        mean_error: mean(&|row| row.2.abs()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(kind: Option<RemedyKind>, predicted: Option<f64>, after: f64) -> Trial {
        let plan = Plan { kind, what: "more threads".to_owned(), predicted_samples_per_s: predicted };
        let (samples_per_s, seconds, stall_share) = ([100.0, after], [10.0; 2], [0.5, 0.1]);
        Trial { plan, samples_per_s, seconds, stall_share, uncertainty: 0.05 }
    }

    #[test]
    fn gains_and_errors_are_parts_of_the_rates() {
        let trial = trial(Some(RemedyKind::Threads), Some(150.0), 125.0);
        assert!((trial.measured_gain() - 0.25).abs() < 1e-12 && trial.is_told_apart());
        assert_eq!(trial.predicted_gain().map(|gain| (gain * 100.0).round()), Some(50.0));
        assert_eq!(trial.error().map(|error| (error * 100.0).round()), Some(20.0));
        let words = trial.words();
        assert_eq!(words, "more threads: from 100.0 to 125.0 samples/s, +25 % (± 5) measured, +50 % predicted");
        assert!(!Trial { uncertainty: 0.2, ..trial }.is_told_apart());
    }

    #[test]
    fn every_kind_has_its_own_score_and_unadvised_changes_have_none() {
        let threads = Some(RemedyKind::Threads);
        let trials = [
            trial(threads, Some(200.0), 100.0),
            trial(threads, Some(100.0), 200.0),
            trial(Some(RemedyKind::CacheSize), Some(120.0), 120.0),
            trial(None, None, 300.0),
        ];
        let scores = scores(&trials);
        assert_eq!(
            scores.iter().map(|score| (score.kind, score.trials)).collect::<Vec<_>>(),
            [(RemedyKind::CacheSize, 1), (RemedyKind::Threads, 2)]
        );
        assert!((scores[0].ratio - 1.0).abs() < 1e-12 && scores[0].mean_error.abs() < 1e-12);
        assert!((scores[1].ratio - 1.0).abs() < 1e-12, "twice and half of it cancel out");
        assert!((scores[1].mean_error - 0.75).abs() < 1e-12, "but each was an error");
    }
}
