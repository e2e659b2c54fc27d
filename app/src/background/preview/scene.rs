//! What all pictures of a job share: the slice, the grey values that are black and white, the colours.

use microtome_core::loader::{ArraySpec, Batch, BatchArray, LoaderConfig, Role};
use microtome_core::volume::Buffer;

use super::histogram::intensities;
use crate::background::Palette;
use crate::background::thumbnails::{Slice, grey, grey_slice, label_slice, window};
use crate::format::drawn;
use crate::state::Thumbnail;
use crate::state::preview::{Shot, same_slice};

/// The array that pictures are of.
pub(super) fn input_of(batch: &Batch) -> Option<&BatchArray> {
    batch.arrays.iter().find(|array| array.role == Role::Input)
}

/// The array of their labels.
pub(super) fn target_of(batch: &Batch) -> Option<&BatchArray> {
    batch.arrays.iter().find(|array| array.role == Role::Target)
}

/// What turns an element of an array into an intensity.
pub(super) const fn unit_of(array: &BatchArray) -> f32 {
    if matches!(array.data, Buffer::U8(_)) { 1.0 / 255.0 } else { 1.0 }
}

/// What all pictures of a job share.
pub(super) struct Scene<'a> {
    palette: &'a Palette,
    /// z of the slice in the first input.
    pub(super) slice: usize,
    /// How many slices there are.
    pub(super) slices: usize,
    /// z of the slice in the first target; `None` beyond it.
    label_slice: Option<usize>,
    /// Intensities that are black and white.
    pub(super) window: [f32; 2],
}

impl<'a> Scene<'a> {
    /// Of the sample before augmentation, `share` (0–1) of the way through it.
    pub(super) fn new(config: &LoaderConfig, before: &Batch, share: f32, palette: &'a Palette) -> Self {
        let slices = input_of(before).map_or(1, |input| input.shape[2]).max(1);
        let slice = (f64::from(share) * (slices - 1) as f64).round() as usize;
        let spec = |array: Option<&BatchArray>| array.and_then(|array| spec_of(config, array));
        let label_slice = match (spec(input_of(before)), spec(target_of(before))) {
            (Some(input), Some(target)) => same_slice(slice, input, target),
            _ => None,
        };
        let values = input_of(before).map(intensities).unwrap_or_default();
        // A little beyond what is there, so that what becomes brighter or darker does not vanish.
        let [lo, hi] = window(values.iter());
        let margin = (hi - lo) * 0.1;
        Self { palette, slice, slices, label_slice, window: [lo - margin, hi + margin] }
    }

    /// The picture of a sample.
    pub(super) fn shot(&self, title: String, batch: &Batch) -> Shot {
        let slice = self.input_slice(batch);
        let raw = slice.map(|slice| grey(&slice, self.window_of(&slice.values))).unwrap_or_default();
        let from = &batch.provenance[0];
        let axes = format!("axes {}", drawn::axes(&from.grid.orientation));
        let words = [axes].into_iter().chain(drawn::warp(&from.grid.warp)).chain(drawn::intensity(from));
        Shot { title, words: words.collect::<Vec<_>>().join("\n"), raw, labels: self.labels(batch), took: None }
    }

    /// The picture of its labels.
    pub(super) fn labels(&self, batch: &Batch) -> Option<Thumbnail> {
        label_slice(target_of(batch)?, (0, self.label_slice?), self.palette)
    }

    /// The slice of the first input, as intensities.
    fn input_slice(&self, batch: &Batch) -> Option<Slice> {
        let input = input_of(batch)?;
        let mut slice = grey_slice(input, 0, self.slice)?;
        slice.values.iter_mut().for_each(|value| *value *= unit_of(input));
        Some(slice)
    }

    /// One for all pictures, so that they compare; z-scores, which leave 0–1, have one of their own.
    pub(super) fn window_of(&self, values: &[f32]) -> [f32; 2] {
        let is_inside = |value: &f32| (-1e-3..=1.0 + 1e-3).contains(value);
        let was_inside = self.window[0] > -0.2 && self.window[1] < 1.2;
        if was_inside && !values.iter().all(is_inside) { window(values.iter()) } else { self.window }
    }

    /// After less before, and the largest of its values.
    pub(super) fn difference(&self, before: &Batch, after: &Batch) -> (Thumbnail, f32) {
        let (Some(before), Some(after)) = (self.input_slice(before), self.input_slice(after)) else {
            return (Thumbnail::default(), 0.0);
        };
        let differences: Vec<f32> =
            before.values.iter().zip(&after.values).map(|(before, after)| after - before).collect();
        let largest = differences.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let Palette { ground, lower, higher, .. } = *self.palette;
        let pixel = |difference: &f32| {
            let share = if largest > 0.0 { difference.abs() / largest } else { 0.0 };
            let full = if *difference < 0.0 { lower } else { higher };
            let mix = |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * share) as u8;
            [mix(ground[0], full[0]), mix(ground[1], full[1]), mix(ground[2], full[2]), 255]
        };
        (Thumbnail { size: before.size, rgba: differences.iter().flat_map(pixel).collect() }, largest)
    }
}

fn spec_of<'a>(config: &'a LoaderConfig, array: &BatchArray) -> Option<&'a ArraySpec> {
    let arrays = if array.role == Role::Input { &config.input } else { &config.target };
    arrays.get(&array.name)
}
