//! Planes out of batches: as values to draw, small enough to be sent, and back as a batch of one plane.

use std::sync::Arc;

use super::{Batch, BatchArray, Provenance, Role};
use crate::telemetry::wire::{LabelPlane, RawPlane, SampleSlice};
use crate::volume::{Buffer, Voxel};
use crate::with_buffer;

/// Samples of a batch that are sent.
const MAX_SAMPLES: usize = 8;
/// Columns and rows that are sent; of more only every second, third, … is.
const MAX_SIDE: usize = 128;
/// Classes that a word of bits has room for.
const MAX_CLASSES: usize = 64;

impl BatchArray {
    /// Elements of plane `z` of one channel of one sample, if there is such a plane.
    #[must_use]
    pub fn plane(&self, (sample, z): (usize, usize), channel: usize) -> Option<std::ops::Range<usize>> {
        let [samples, channels, depth, height, width] = self.shape;
        (sample < samples && channel < channels && z < depth).then(|| {
            let plane = height * width;
            let start = ((sample * channels + channel) * depth + z) * plane;
            start..start + plane
        })
    }

    /// Plane `z` of the first channel of a sample, `[y, x]` in C order.
    #[must_use]
    pub fn grey_plane(&self, (sample, z): (usize, usize)) -> Option<Vec<f32>> {
        let range = self.plane((sample, z), 0)?;
        with_buffer!(&self.data, data => Some(data.get(range)?.iter().map(|value| value.to_f64() as f32).collect()))
    }

    /// The ids of one class in plane `z` of a sample, `[y, x]` in C order: `None` where unknown; of several channels of a
    /// class those of the first; what is above 0 is there, such as the inside of a class by its distances.
    #[must_use]
    pub fn class_plane(&self, at: (usize, usize), class: usize) -> Option<Vec<Option<u64>>> {
        if let (Some(known), Buffer::U64(words)) = (&self.known_bits, &self.data) {
            let range = self.plane(at, 0)?;
            let bit = |words: &[u64], at: usize| words[at] >> class & 1;
            let id = |at: usize| (bit(known, at) == 1).then(|| bit(words, at));
            return Some(range.map(id).collect());
        }
        let range = self.plane(at, class * (self.shape[1] / self.classes.len().max(1)))?;
        let mut ids = ids(&self.data, range.clone())?;
        if let Some(known) = &self.known {
            ids.iter_mut().zip(&known[range]).filter(|(_, known)| **known == 0).for_each(|(id, _)| *id = None);
        }
        Some(ids)
    }
}

/// Ids of a stretch of elements; `None` is NaN, which says unknown.
fn ids(data: &Buffer, range: std::ops::Range<usize>) -> Option<Vec<Option<u64>>> {
    let id = |value: f64, id: u64| match id {
        _ if value.is_nan() => None,
        _ if value <= 0.0 => Some(0),
        id => Some(id.max(1)),
    };
    Some(with_buffer!(data, values => values.get(range)?.iter().map(|v| id(v.to_f64(), v.to_id())).collect()))
}

/// The middle planes of the first samples of a batch.
pub(super) fn slices_of(batch: &Batch) -> Vec<SampleSlice> {
    let find = |role| batch.arrays.iter().find(|array| array.role == role);
    let (input, target) = (find(Role::Input), find(Role::Target));
    let samples = batch.provenance.len().min(MAX_SAMPLES);
    let slice = |(sample, provenance): (usize, &Provenance)| SampleSlice {
        batch: batch.number,
        sample: sample as u32,
        samples: samples as u32,
        // Plain values; should they ever not be written, the picture says less.
        provenance: serde_json::to_string(provenance).unwrap_or_default(),
        raw: input.and_then(|array| raw_plane(array, sample)),
        labels: target.and_then(|array| label_plane(array, sample)),
    };
    batch.provenance.iter().take(samples).enumerate().map(slice).collect()
}

fn raw_plane(array: &BatchArray, sample: usize) -> Option<RawPlane> {
    let (size, picked) = Picked::of(array);
    let values = array.grey_plane((sample, array.shape[2] / 2))?;
    Some(RawPlane { array: array.name.clone(), size, values: picked.of_plane(&values) })
}

fn label_plane(array: &BatchArray, sample: usize) -> Option<LabelPlane> {
    let (size, picked) = Picked::of(array);
    let classes: Vec<String> = array.classes.iter().take(MAX_CLASSES).cloned().collect();
    let count = size[0] as usize * size[1] as usize;
    let (mut values, mut known) = (vec![0_u64; count], vec![0_u64; count]);
    for class in 0..classes.len() {
        let ids = picked.of_plane(&array.class_plane((sample, array.shape[2] / 2), class)?);
        for (id, (value, known)) in ids.into_iter().zip(values.iter_mut().zip(&mut known)) {
            let Some(id) = id else { continue };
            *known |= 1 << class;
            // One class alone is shown by object, several by class.
            *value |= if classes.len() == 1 { id } else { u64::from(id != 0) << class };
        }
    }
    Some(LabelPlane { array: array.name.clone(), size, classes, values, known })
}

/// Which columns and rows of a plane are sent.
struct Picked {
    step: usize,
    width: usize,
    height: usize,
}

impl Picked {
    fn of(array: &BatchArray) -> ([u32; 2], Self) {
        let [.., height, width] = array.shape;
        let step = width.max(height).div_ceil(MAX_SIDE).max(1);
        let size = [width.div_ceil(step) as u32, height.div_ceil(step) as u32];
        (size, Self { step, width, height })
    }

    fn of_plane<T: Copy>(&self, plane: &[T]) -> Vec<T> {
        let Self { step, width, height } = *self;
        let row = |y: usize| (0..width).step_by(step).map(move |x| y * width + x);
        (0..height).step_by(step).flat_map(row).filter_map(|at| plane.get(at).copied()).collect()
    }
}

impl Batch {
    /// A batch of one plane out of the slices of its samples, as far as they belong together; `None` if they do not, or if
    /// where they came from cannot be read.
    #[must_use]
    pub fn of_slices(slices: &[SampleSlice]) -> Option<Self> {
        let first = slices.first()?;
        let whole = slices.iter().all(|slice| slice.is_whole() && slice.batch == first.batch);
        let provenance: Option<Vec<Provenance>> =
            slices.iter().map(|slice| serde_json::from_str(&slice.provenance).ok()).collect();
        let provenance = provenance.filter(|_| whole)?;
        let mut arrays = Vec::new();
        if first.raw.is_some() {
            arrays.push(input_of(slices)?);
        }
        if first.labels.is_some() {
            arrays.push(target_of(slices)?);
        }
        let epoch = provenance.first()?.epoch;
        Some(Self { epoch, number: first.batch, arrays: arrays.into(), provenance, skipped: Vec::new() })
    }
}

fn input_of(slices: &[SampleSlice]) -> Option<BatchArray> {
    let planes: Option<Vec<&RawPlane>> = slices.iter().map(|slice| slice.raw.as_ref()).collect();
    let planes = planes?;
    let size = planes.first()?.size;
    let same = planes.iter().all(|plane| plane.size == size);
    same.then(|| BatchArray {
        name: planes[0].array.clone(),
        role: Role::Input,
        shape: shape(planes.len(), size),
        data: Buffer::F32(planes.iter().flat_map(|plane| &plane.values).copied().collect()),
        known: None,
        known_bits: None,
        classes: Arc::default(),
    })
}

fn target_of(slices: &[SampleSlice]) -> Option<BatchArray> {
    let planes: Option<Vec<&LabelPlane>> = slices.iter().map(|slice| slice.labels.as_ref()).collect();
    let planes = planes?;
    let first = planes.first()?;
    if !planes.iter().all(|plane| plane.size == first.size && plane.classes == first.classes) {
        return None;
    }
    let words: Vec<u64> = planes.iter().flat_map(|plane| &plane.known).copied().collect();
    let by_bits = first.classes.len() != 1;
    let known = (!by_bits).then(|| words.iter().map(|word| (word & 1) as u8).collect::<Vec<_>>().into());
    Some(BatchArray {
        name: first.array.clone(),
        role: Role::Target,
        shape: shape(planes.len(), first.size),
        data: Buffer::U64(planes.iter().flat_map(|plane| &plane.values).copied().collect()),
        known,
        known_bits: by_bits.then(|| words.into()),
        classes: first.classes.iter().take(MAX_CLASSES).cloned().collect(),
    })
}

const fn shape(samples: usize, [width, height]: [u32; 2]) -> [usize; 5] {
    [samples, 1, 1, height as usize, width as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(role: Role, channels: usize, data: Buffer, classes: &[&str]) -> BatchArray {
        let classes: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
        BatchArray {
            name: "a".to_owned(),
            role,
            shape: [2, channels, 3, 2, 4],
            data,
            known: None,
            known_bits: None,
            classes: classes.into(),
        }
    }

    #[test]
    fn labels_of_several_classes_become_bits_and_of_one_stay_ids() {
        // Every element its own number; sample 1, middle plane.
        let numbers = |channels: usize| Buffer::U16((0..2 * channels * 24).map(|n| n as u16).collect());
        let mut two = array(Role::Target, 2, numbers(2), &["mito", "er"]);
        let mut known = vec![1; 96];
        known[48 + 8] = 0;
        two.known = Some(known.into());
        let plane = label_plane(&two, 1).unwrap();
        assert_eq!((plane.size, plane.values.len()), ([4, 2], 8));
        assert_eq!((plane.values[0], plane.known[0]), (0b10, 0b10), "nobody annotated the first class here");
        assert_eq!((plane.values[1], plane.known[1]), (0b11, 0b11));
        let one = label_plane(&array(Role::Target, 1, numbers(1), &["mito"]), 1).unwrap();
        assert_eq!(one.values, (32..40).collect::<Vec<_>>());
        assert_eq!(one.known, [1; 8]);
    }

    #[test]
    fn large_planes_are_thinned_out() {
        let mut large = array(Role::Input, 1, Buffer::U8((0..=255).cycle().take(300 * 130).collect()), &[]);
        large.shape = [1, 1, 1, 130, 300];
        let plane = raw_plane(&large, 0).unwrap();
        assert_eq!((plane.size, plane.values.len()), ([100, 44], 4400));
        assert_eq!(plane.values[..3], [0.0, 3.0, 6.0]);
        assert_eq!(plane.values[100], f32::from((3 * 300 % 256) as u8));
    }
}
