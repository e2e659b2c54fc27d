//! Class balance: the class seen least so far is drawn next, by real foreground; and still any index by itself. Pure.
//!
//! The rule is that of cellmap-data's `ClassBalancedSampler` (cellmap reference 2.10), which counts arrays that exist and
//! runs through an epoch in order. Here what counts is the foreground expected in the patch drawn, and the run starts
//! anew for every [`BLOCK`] draws, each with a stream of its own: an index costs one block, wherever it is.
//!
//! Foreground is counted in units of what a sample drawn for that class holds on average. In nm³ a class of 10⁻⁵ of a
//! patch would take 10⁴ draws for every one of a class of a tenth: nearly all of an epoch would show the rarest class.
//! Expected is what a survey finds around the voxel drawn, not the crop's average: a crop that holds some of every class
//! would count for all of them, whatever its patches show.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::content::Content;
use super::draw::{Draw, Purpose};

/// Draws in a run of the greedy rule.
pub(super) const BLOCK: u64 = 512;
/// Runs that are kept: builders work on neighbouring batches, which may lie in two runs.
const KEPT: usize = 8;

/// What a draw is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// Index into the content's classes.
    pub class: usize,
    /// Which voxel of the class, in all sources.
    pub nth: u64,
}

type Run = ((u64, u64), Arc<Vec<Choice>>);

/// The last runs of the greedy rule, by epoch and block.
#[derive(Debug, Default)]
pub(super) struct Runs {
    kept: Mutex<VecDeque<Run>>,
}

impl Runs {
    /// What draw `index` of `epoch` is for.
    pub(super) fn choice(&self, content: &Content, seed: u64, epoch: u64, index: u64) -> Choice {
        let key = (epoch, index / BLOCK);
        let kept = self.kept.lock().iter().find(|(kept, _)| *kept == key).map(|(_, run)| Arc::clone(run));
        // Two threads may both make a run; they make the same.
        let run = kept.unwrap_or_else(|| {
            let run = Arc::new(run(content, seed, key));
            let mut kept = self.kept.lock();
            kept.push_back((key, Arc::clone(&run)));
            if kept.len() > KEPT {
                kept.pop_front();
            }
            run
        });
        run[(index % BLOCK) as usize]
    }
}

/// One run of the greedy rule: from nothing seen, the class seen least, ties evenly; a voxel of it, evenly; and then what
/// a patch around that voxel holds of every class is seen.
fn run(content: &Content, seed: u64, (epoch, block): (u64, u64)) -> Vec<Choice> {
    let mut draw = Draw::new(seed, epoch, block, 0, Purpose::Balance);
    let mut seen = vec![0.0_f64; content.classes.len()];
    let step = |_| {
        let least = seen.iter().copied().fold(f64::INFINITY, f64::min);
        let ties: Vec<_> = (0..seen.len()).filter(|class| seen[*class] <= least).collect();
        let class = ties[draw.below(ties.len() as u128) as usize];
        let nth = draw.below(u128::from(content.classes[class].present())) as u64;
        content.worth(class, nth).for_each(|(class, worth)| seen[class] += worth);
        Choice { class, nth }
    };
    (0..BLOCK).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ClassCount, Occupancy, SurveyRow};
    use crate::geometry::{GridTransform, Zyx};

    /// Crops of 10³ voxels with so many of each class.
    fn content_of(crops: &[&[(&str, u64)]]) -> Content {
        let classes = ["common", "rare", "nowhere"].map(str::to_owned);
        let grid = GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0));
        let row = |crop_index: usize, class: &str, present: u64| SurveyRow {
            dataset_index: 0,
            crop_index,
            class: class.to_owned(),
            count: ClassCount::default(),
            occupancy: Occupancy::of_voxels(Zyx::splat(10), |v| (v.z * 10 + v.y) * 10 + v.x < present),
        };
        let rows = crops.iter().enumerate().flat_map(|(crop, classes)| {
            classes.iter().map(move |(class, present)| ((crop, grid), row(crop, class, *present)))
        });
        Content::new(&classes, Zyx::splat(10), rows)
    }

    fn shares_of(content: &Content, draws: u64) -> Vec<f64> {
        let runs = Runs::default();
        let mut counts = vec![0.0; content.classes.len()];
        for index in 0..draws {
            counts[runs.choice(content, 1, 0, index).class] += 1.0 / draws as f64;
        }
        counts
    }

    #[test]
    fn classes_apart_are_drawn_equally_often_however_rare() {
        let content = content_of(&[&[("common", 900)], &[("rare", 2)], &[("nowhere", 0)]]);
        assert_eq!(content.classes.len(), 2, "what is nowhere is left out");
        let shares = shares_of(&content, 4 * BLOCK);
        assert!(shares.iter().all(|share| (share - 0.5).abs() < 0.01), "{shares:?}");
    }

    #[test]
    fn what_comes_along_is_seen_too() {
        // Whoever draws the rare class sees the common one: it needs no draws of its own.
        let content = content_of(&[&[("common", 500), ("rare", 20)]]);
        let shares = shares_of(&content, 4 * BLOCK);
        // Only ties.
        assert!((shares[0] - 0.5).abs() < 0.05, "{shares:?}");
        // Three quarters of the common class lie elsewhere: half of what it needs comes with the rare one.
        let apart = content_of(&[&[("common", 100), ("rare", 20)], &[("common", 300)]]);
        let shares = shares_of(&apart, 8 * BLOCK);
        // A common draw is worth 1, a rare one 0.4 of common: x + 0.4 (1 - x) + ... = what rare gets, 0.25 x + (1 - x).
        let (common, rare) = (shares[0] + 0.4 * shares[1], shares[1] + 0.25 * shares[0]);
        assert!((common - rare).abs() < 0.05 && shares[0] < shares[1], "{shares:?}: {common} {rare}");
    }

    #[test]
    fn any_index_by_itself_is_what_it_is_in_order_and_on_any_thread() {
        let content = content_of(&[&[("common", 500), ("rare", 20)], &[("common", 3)]]);
        let in_order: Vec<_> = {
            let runs = Runs::default();
            (0..3 * BLOCK).map(|index| runs.choice(&content, 7, 2, index)).collect()
        };
        let runs = Runs::default();
        let check = |thread: u64| {
            for step in 0..500 {
                let index = (step * 7919 + thread * 101) % (3 * BLOCK);
                assert_eq!(runs.choice(&content, 7, 2, index), in_order[index as usize]);
                // Others come and push it out.
                let another = (step % 50 == 0).then(|| runs.choice(&content, 7, 10 + step, index));
                assert!(another.is_none_or(|choice| choice.class < 2));
            }
        };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let check = &check;
                scope.spawn(move || check(thread));
            }
        });
        assert!(runs.kept.lock().len() <= KEPT);
        assert_ne!(Runs::default().choice(&content, 7, 2, 5).nth, Runs::default().choice(&content, 7, 3, 5).nth);
    }
}
