//! What a batch shows of each class: counted on evenly spaced voxels, so that it costs next to nothing.

use super::{Batch, BatchArray, Role};
use crate::volume::{Buffer, Voxel};
use crate::with_buffer;

/// What some samples show of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassTally {
    /// Its name.
    pub class: String,
    /// Voxels looked at where the class is known to be there or not.
    pub known: u64,
    /// Of these, voxels of the class.
    pub present: u64,
    /// Samples looked at.
    pub samples: u64,
    /// Of these, samples that show some of it (on the voxels looked at).
    pub samples_with_some: u64,
}

impl ClassTally {
    /// Adds what other samples show of the same class.
    pub const fn add(&mut self, other: &Self) {
        self.known += other.known;
        self.present += other.present;
        self.samples += other.samples;
        self.samples_with_some += other.samples_with_some;
    }
}

impl Batch {
    /// What its first target shows of each class: of each sample about `most_voxels` voxels are looked at, evenly spaced.
    /// Of distances what is inside counts as the class; of several channels of a class the first. Empty without a target.
    #[must_use]
    pub fn class_tallies(&self, most_voxels: usize) -> Vec<ClassTally> {
        let Some(target) = self.arrays.iter().find(|array| array.role == Role::Target) else { return Vec::new() };
        let tally = |(index, class): (usize, &String)| {
            let mut tally = ClassTally { class: class.clone(), ..ClassTally::default() };
            for sample in 0..target.shape[0] {
                let (known, present) = look(target, (sample, index), most_voxels);
                tally.add(&ClassTally {
                    known,
                    present,
                    samples: 1,
                    samples_with_some: u64::from(present > 0),
                    ..ClassTally::default()
                });
            }
            tally
        };
        target.classes.iter().enumerate().map(tally).collect()
    }
}

/// Voxels that are known, and that are of the class, among those looked at.
fn look(array: &BatchArray, (sample, class): (usize, usize), most_voxels: usize) -> (u64, u64) {
    let [_, channels, depth, height, width] = array.shape;
    let voxels = depth * height * width;
    // Odd, so that it does not fall into step with rows of an even width.
    let step = voxels.div_ceil(most_voxels.max(1)).max(1) | 1;
    let places = |channel: usize| ((sample * channels + channel) * voxels..).step_by(step).take(voxels.div_ceil(step));
    if let (Some(known), Buffer::U64(words)) = (&array.known_bits, &array.data) {
        let bit = |words: &[u64], at: usize| words.get(at).is_some_and(|word| word >> class & 1 == 1);
        return count(places(0).map(|at| (bit(known, at), bit(words, at))));
    }
    let channel = class * (channels / array.classes.len().max(1)).max(1);
    let is_known = |at: usize| array.known.as_ref().is_none_or(|known| known.get(at).is_some_and(|known| *known != 0));
    with_buffer!(&array.data, values => count(places(channel).filter_map(|at| {
        let value = values.get(at)?.to_f64();
        Some((is_known(at) && !value.is_nan(), value > 0.0))
    })))
}

fn count(looks: impl Iterator<Item = (bool, bool)>) -> (u64, u64) {
    looks.filter(|(known, _)| *known).fold((0, 0), |(known, all), (_, present)| (known + 1, all + u64::from(present)))
}
