//! Class balance: how much there is of each class in the data, in what the sampler draws, and in the targets.

use std::collections::BTreeMap;

use microtome_core::catalog::CountEstimate;
use microtome_core::loader::ClassTally;
use microtome_core::sample::{Simulation, draws_for_certainty, expected_draws};

/// How sure the larger figure of [`Waiting`] is.
pub const CERTAINTY: f64 = 0.95;

/// How much there is of a class; shares are of what is known, 0 to 1, and `None` where nothing is known yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassBalance {
    /// Its name.
    pub class: String,
    /// Share of the annotated volume of all crops.
    pub in_data: Option<f64>,
    /// Share of what simulated draws are expected to show: of each crop its own share, by how many draws come from it.
    pub in_draws: Option<f64>,
    /// Share of the simulated draws that are made for this class.
    pub drawn_for: Option<f64>,
    /// Share of the targets that were handed over.
    pub in_targets: Option<f64>,
    /// Share of the samples that were handed over that show some of it.
    pub shown_by: Option<f64>,
}

/// How long it takes until a class was seen often enough, epochs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// On average.
    pub mean_epochs: f64,
    /// After this many it was, with a probability of [`CERTAINTY`]; `None`: practically never.
    pub sure_epochs: Option<f64>,
}

/// The balance of every class, in the order of `names`.
#[must_use]
pub fn balance(
    names: &[String],
    counts: &[CountEstimate],
    simulation: Option<&Simulation>,
    tallies: &[ClassTally],
) -> Vec<ClassBalance> {
    let draws = simulation.map_or_else(BTreeMap::new, |simulation| simulation.crops.clone());
    let of_class = |class: &String| {
        let rows: Vec<_> = counts.iter().map(|estimate| &estimate.row).filter(|row| row.class == *class).collect();
        let volumes = rows.iter().map(|row| (row.count.present_nm3(), row.count.absent_nm3()));
        let drawn = rows.iter().map(|row| {
            let times = draws.get(&(row.dataset_index, Some(row.crop_index))).copied().unwrap_or(0) as f64;
            let known = (row.count.present + row.count.absent).max(1) as f64;
            (times * row.count.present as f64 / known, times * row.count.absent as f64 / known)
        });
        let tally = tallies.iter().find(|tally| tally.class == *class);
        let drawn_for = simulation.filter(|simulation| !simulation.classes.is_empty()).map(|simulation| {
            let times = simulation.classes.get(class).copied().unwrap_or(0);
            times as f64 / simulation.draws.max(1) as f64
        });
        ClassBalance {
            class: class.clone(),
            in_data: share(volumes),
            in_draws: share(drawn),
            drawn_for,
            in_targets: tally.and_then(|tally| part(tally.present, tally.known)),
            shown_by: tally.and_then(|tally| part(tally.samples_with_some, tally.samples)),
        }
    };
    names.iter().map(of_class).collect()
}

/// Present over present and absent, summed.
fn share(amounts: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (present, absent) = amounts.fold((0.0, 0.0), |sum, amount| (sum.0 + amount.0, sum.1 + amount.1));
    let known = present + absent;
    (known > 0.0).then(|| present / known)
}

fn part(of: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| of as f64 / all as f64)
}

impl ClassBalance {
    /// How long it takes until so many samples have shown the class: by the samples handed over, or, if none was yet, by
    /// the draws that are made for it. `None` as long as neither is known.
    #[must_use]
    pub fn waiting(&self, sightings: u64, samples_per_epoch: u64) -> Option<Waiting> {
        let probability = self.shown_by.or(self.drawn_for)?;
        let per_epoch = samples_per_epoch.max(1) as f64;
        Some(Waiting {
            mean_epochs: expected_draws(sightings, probability) / per_epoch,
            sure_epochs: draws_for_certainty(sightings, probability, CERTAINTY).map(|draws| draws as f64 / per_epoch),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microtome_core::catalog::{ClassCount, CountOrigin, CountRow};

    fn estimate(crop_index: usize, present: u64, absent: u64, voxel_nm3: f64) -> CountEstimate {
        let count = ClassCount { present, absent, unknown: 1000, voxel_nm3 };
        let row =
            CountRow { dataset_index: 0, crop_index, class: "er".to_owned(), count, origin: CountOrigin::Metadata };
        CountEstimate { row, read: None }
    }

    #[test]
    fn crops_count_by_volume_in_the_data_and_by_draws_in_what_is_drawn() {
        let counts = [estimate(0, 10, 90, 8.0), estimate(1, 50, 50, 1.0)];
        let mut simulation = Simulation::new([]);
        simulation.draws = 40;
        simulation.crops = [((0, Some(0)), 10), ((0, Some(1)), 30)].into();
        simulation.classes = [("er".to_owned(), 4)].into();
        let names = ["er".to_owned(), "mito".to_owned()];
        let tally = ClassTally { class: "er".to_owned(), known: 100, present: 20, samples: 8, samples_with_some: 2 };
        let found = balance(&names, &counts, Some(&simulation), &[tally]);
        // (10 · 8 + 50) of (100 · 8 + 100) nm³; (10 · 0.1 + 30 · 0.5) of 40 draws.
        assert_eq!(found[0].in_data, Some(130.0 / 900.0));
        assert_eq!((found[0].in_draws, found[0].drawn_for), (Some(0.4), Some(0.1)));
        assert_eq!((found[0].in_targets, found[0].shown_by), (Some(0.2), Some(0.25)));
        let nowhere = ClassBalance { class: "mito".to_owned(), drawn_for: Some(0.0), ..ClassBalance::default() };
        assert_eq!(found[1], nowhere, "what nobody annotated is unknown, not 0");
    }

    #[test]
    fn samples_that_were_seen_say_more_than_what_they_were_drawn_for() {
        let row = ClassBalance { shown_by: Some(0.5), drawn_for: Some(0.1), ..ClassBalance::default() };
        let waiting = row.waiting(100, 50).unwrap();
        assert_eq!(waiting.mean_epochs, 4.0);
        assert!(waiting.sure_epochs.is_some_and(|epochs| (4.2..5.0).contains(&epochs)), "{waiting:?}");
        assert_eq!(ClassBalance::default().waiting(100, 50), None);
        let never = ClassBalance { shown_by: Some(0.0), ..ClassBalance::default() }.waiting(1, 50).unwrap();
        assert!(never.mean_epochs.is_infinite() && never.sure_epochs.is_none());
    }
}
