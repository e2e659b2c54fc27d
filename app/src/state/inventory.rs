//! What is counted in the background: bytes on disk by level, and about how much of each class there is.

use std::collections::HashMap;

use microtome_core::catalog::CountEstimate;
use microtome_core::store::Stored;

/// A volume of the open catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Index of the dataset.
    pub dataset: usize,
    /// Indices of the crop and of the class in it; `None` for the EM.
    pub labels: Option<(usize, usize)>,
}

/// Something that is counted in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountJob {
    /// The files of a volume, level by level.
    Disk(ImageRef),
    /// Every class of every crop.
    Classes,
}

/// How far a count is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CountPhase {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// It goes on.
    Counting,
    /// All is counted.
    Done,
    /// The user stopped it; what was counted stays.
    Stopped,
    /// It failed: what, where.
    Failed(String),
}

/// What a volume takes on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskView {
    /// How far it is.
    pub phase: CountPhase,
    /// The levels that are counted, finest first.
    pub levels: Vec<Stored>,
}

/// About how much of each class there is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassCountsView {
    /// How far it is.
    pub phase: CountPhase,
    /// By dataset and crop.
    pub rows: Vec<CountEstimate>,
    /// What could not be read, in words.
    pub failures: Vec<String>,
}

/// News of a count.
#[derive(Debug, Clone, PartialEq)]
pub enum Counted {
    /// The next level of a volume.
    Level(ImageRef, Stored),
    /// A class of a crop.
    Class(CountEstimate),
    /// It ended; what could not be read.
    Done(CountJob, Vec<String>),
    /// It failed.
    Failed(CountJob, String),
}

/// Everything that is counted in the background.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// Volumes whose files were asked for.
    pub disk: HashMap<ImageRef, DiskView>,
    /// The classes.
    pub classes: ClassCountsView,
}

impl Inventory {
    /// How far a count is.
    #[must_use]
    pub fn phase(&self, job: CountJob) -> CountPhase {
        match job {
            CountJob::Disk(image) => self.disk.get(&image).map(|view| view.phase.clone()).unwrap_or_default(),
            CountJob::Classes => self.classes.phase.clone(),
        }
    }

    /// Says how far a count is; one that begins anew forgets what it counted.
    pub fn set_phase(&mut self, job: CountJob, phase: CountPhase) {
        let anew = phase == CountPhase::Counting;
        match job {
            CountJob::Disk(image) => {
                let view = self.disk.entry(image).or_default();
                let levels = if anew { Vec::new() } else { std::mem::take(&mut view.levels) };
                *view = DiskView { phase, levels };
            }
            CountJob::Classes if anew => self.classes = ClassCountsView { phase, ..ClassCountsView::default() },
            CountJob::Classes => self.classes.phase = phase,
        }
    }

    /// Takes over what was counted.
    pub fn take(&mut self, counted: Counted) {
        match counted {
            Counted::Level(image, stored) => self.disk.entry(image).or_default().levels.push(stored),
            Counted::Class(estimate) => self.classes.rows.push(estimate),
            Counted::Done(job, failures) => {
                self.set_phase(job, CountPhase::Done);
                if job == CountJob::Classes {
                    self.classes.failures = failures;
                }
            }
            Counted::Failed(job, reason) => self.set_phase(job, CountPhase::Failed(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_again_does_not_add_up() {
        let image = ImageRef { dataset: 0, labels: None };
        let job = CountJob::Disk(image);
        let mut inventory = Inventory::default();
        assert_eq!(inventory.phase(job), CountPhase::NotAsked);
        for _ in 0..2 {
            inventory.set_phase(job, CountPhase::Counting);
            inventory.take(Counted::Level(image, Stored { bytes: 7, files: 1, is_complete: true }));
            inventory.set_phase(job, CountPhase::Stopped);
            assert_eq!(inventory.disk[&image].levels.len(), 1, "what was counted stays");
        }
        inventory.take(Counted::Done(job, Vec::new()));
        assert_eq!(inventory.phase(job), CountPhase::Done);
    }
}
