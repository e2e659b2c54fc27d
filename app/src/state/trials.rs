//! Changes of the configuration, put to the test: what the loader made before and after each, against what was predicted.

use std::time::Duration;

use microtome_core::diagnose::{Plan, Remedy, Score, Trial, Window, scores};
use microtome_core::telemetry::KeyChange;

/// How long the changed loader runs steadily before it is judged, seconds.
const JUDGED_AFTER_S: f64 = 5.0;
/// Trials that are kept.
const KEPT: usize = 100;

/// What was tried since the app started.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trials {
    done: Vec<Trial>,
    /// A remedy that was applied, until the loader is changed.
    planned: Option<Plan>,
    /// A change whose outcome is not known yet.
    running: Option<Running>,
}

#[derive(Debug, Clone, PartialEq)]
struct Running {
    plan: Plan,
    before: Window,
    /// The age of the loader that was changed: the one that is judged is younger.
    elapsed: Duration,
    has_begun: bool,
}

impl Trials {
    /// What was tried, oldest first.
    #[must_use]
    pub fn done(&self) -> &[Trial] {
        &self.done
    }

    /// How well each kind of remedy was predicted.
    #[must_use]
    pub fn scores(&self) -> Vec<Score> {
        scores(&self.done)
    }

    /// What is being tried.
    #[must_use]
    pub fn running(&self) -> Option<&Plan> {
        self.running.as_ref().map(|running| &running.plan)
    }

    /// A remedy is applied: the next change of the loader is its.
    pub fn plan(&mut self, remedy: &Remedy) {
        self.planned = Some(Plan::of(remedy));
    }

    /// The loader, which is so old and made what `before` says, goes on with a changed configuration. Without enough to
    /// compare with nothing is tried.
    pub fn changed(&mut self, changes: &[KeyChange], before: Option<Window>, elapsed: Duration) {
        let plan = self.planned.take().unwrap_or_else(|| Plan { what: words_of(changes), ..Plan::default() });
        let before = before.filter(|_| !changes.is_empty());
        self.running = before.map(|before| Running { plan, before, elapsed, has_begun: false });
    }

    /// There is no loader any more.
    pub fn stop(&mut self) {
        (self.planned, self.running) = (None, None);
    }

    /// A loader of this age made what `window` says; answers the trial that this ends.
    pub fn look(&mut self, elapsed: Duration, window: Option<&Window>) -> Option<&Trial> {
        let running = self.running.as_mut()?;
        running.has_begun |= elapsed < running.elapsed;
        let window = window.filter(|window| running.has_begun && window.seconds >= JUDGED_AFTER_S)?;
        let Running { plan, before, .. } = self.running.take()?;
        let trial = Trial::between(plan, &before, window)?;
        if self.done.len() == KEPT {
            self.done.remove(0);
        }
        self.done.push(trial);
        self.done.last()
    }
}

fn words_of(changes: &[KeyChange]) -> String {
    let words = |change: &KeyChange| {
        change
            .after
            .as_ref()
            .map_or_else(|| format!("{} left out", change.key), |value| format!("{} = {value}", change.key))
    };
    let most: Vec<_> = changes.iter().take(3).map(words).collect();
    let more = if changes.len() > 3 { format!(" and {} more", changes.len() - 3) } else { String::new() };
    most.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use microtome_core::diagnose::RemedyKind;
    use microtome_core::telemetry::Stats;

    use super::*;

    const OLD: Duration = Duration::from_secs(60);

    /// So many samples per second for ten seconds.
    fn window(rate: u64, seconds: u64) -> Window {
        let at = |second: u64| Stats {
            elapsed: Duration::from_secs(second),
            samples: rate * second,
            batches: rate * second / 2,
            ..Stats::default()
        };
        Window::between(&at(10), &at(10 + seconds)).unwrap()
    }

    fn remedy() -> Remedy {
        Remedy {
            kind: RemedyKind::Threads,
            what: "4 threads instead of 2".to_owned(),
            because: String::new(),
            cost: String::new(),
            changes: Vec::new(),
            commands: Vec::new(),
            predicted_samples_per_s: 180.0,
            gain: 0.8,
        }
    }

    fn changes() -> Vec<KeyChange> {
        vec![KeyChange { key: "loader.threads".to_owned(), before: Some("2".to_owned()), after: Some("4".to_owned()) }]
    }

    #[test]
    fn a_remedy_that_was_applied_is_judged_by_the_loader_after_it() {
        let mut trials = Trials::default();
        trials.plan(&remedy());
        trials.changed(&changes(), Some(window(100, 10)), OLD);
        assert_eq!(trials.running().map(|plan| plan.kind), Some(Some(RemedyKind::Threads)));
        assert_eq!(trials.look(OLD, Some(&window(100, 10))), None, "that is still the loader before");
        assert_eq!(trials.look(Duration::from_secs(1), None), None);
        assert_eq!(trials.look(Duration::from_secs(4), Some(&window(150, 3))), None, "too short");
        let trial = trials.look(Duration::from_secs(9), Some(&window(150, 6))).cloned().unwrap();
        assert!((trial.measured_gain() - 0.5).abs() < 1e-9);
        assert_eq!(trials.look(Duration::from_secs(20), Some(&window(150, 6))), None, "once");
        let scores = trials.scores();
        assert_eq!((scores.len(), scores[0].trials), (1, 1));
        assert!((scores[0].mean_error - 0.2).abs() < 1e-9);
    }

    #[test]
    fn a_change_by_hand_is_tried_without_a_score() {
        let mut trials = Trials::default();
        trials.changed(&changes(), Some(window(100, 10)), OLD);
        trials.look(Duration::from_secs(9), Some(&window(90, 6)));
        assert_eq!((trials.done().len(), trials.scores().len()), (1, 0));
        assert_eq!(trials.done()[0].plan.what, "loader.threads = 4");
        trials.changed(&changes(), None, OLD);
        assert_eq!(trials.running(), None, "there is nothing to compare with");
    }
}
