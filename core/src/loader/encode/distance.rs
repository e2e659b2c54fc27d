//! The signed distance to the border of a class, exact on anisotropic voxels, and unknown where it cannot be certain.
//!
//! The squared distance transform of Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", Theory of
//! Computing 8 (2012) 415–428, axis by axis. There distances run from voxel centre to voxel centre; here they run from a
//! centre to the nearest point of a voxel, so that the border lies between voxels: along an axis the nearest point of
//! another voxel is one of its faces, half a voxel from its centre, and that of the same voxel is the centre itself.

use super::Labels;
use crate::geometry::{Axis, Zyx};

/// What a distance becomes in the batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::loader) struct DistanceScale {
    /// Distances are cut off here, nm.
    pub clip_nm: f64,
    /// tanh(distance / this), if given.
    pub tanh_nm: Option<f64>,
}

/// Fills `out` with the signed distance, nm or scaled, of each voxel of the patch inside `labels`; NaN where the voxel is
/// unknown, or where unknown voxels lie nearer than the border and than `clip_nm`.
///
/// What lies beyond `labels` is taken to be farther than `clip_nm`, which its margin has to see to.
pub(in crate::loader) fn distance(labels: &Labels<'_>, voxel_size_nm: Zyx<f64>, scale: DistanceScale, out: &mut [f32]) {
    let of = |wanted: &dyn Fn(u64, bool) -> bool| {
        let mut squared: Vec<f32> = labels.voxels().map(|(id, known)| seed(wanted(id, known))).collect();
        squared_distances(&mut squared, labels.shape, voxel_size_nm);
        squared
    };
    let to_class = of(&|id, known| known && id != 0);
    let to_rest = of(&|id, known| known && id == 0);
    let to_unknown = labels.voxels().any(|(_, known)| !known).then(|| of(&|_, known| !known));
    for (out, voxel) in out.iter_mut().zip(labels.inner()) {
        let unknown_nm = to_unknown.as_ref().map_or(f64::INFINITY, |squared| f64::from(squared[voxel]).sqrt());
        // One of the two is 0: the voxel's own side.
        let border_nm = f64::from(to_class[voxel].max(to_rest[voxel])).sqrt().min(scale.clip_nm);
        let signed_nm = if labels.ids[voxel] == 0 { -border_nm } else { border_nm };
        *out = if labels.known[voxel] == 0 || border_nm > unknown_nm { f32::NAN } else { scale.apply(signed_nm) };
    }
}

impl DistanceScale {
    /// `libm`, so that every machine gets the same bits.
    fn apply(self, distance_nm: f64) -> f32 {
        self.tanh_nm.map_or(distance_nm, |scale_nm| libm::tanh(distance_nm / scale_nm)) as f32
    }
}

const fn seed(wanted: bool) -> f32 {
    if wanted { 0.0 } else { f32::INFINITY }
}

/// Turns 0 (wanted) and infinity (not) into the squared distance, nm², to the nearest wanted voxel.
fn squared_distances(squared: &mut [f32], shape: Zyx<usize>, voxel_size_nm: Zyx<f64>) {
    let strides = Zyx::new(shape.y * shape.x, shape.x, 1);
    for axis in [Axis::X, Axis::Y, Axis::Z] {
        let [first, second] = match axis {
            Axis::Z => [Axis::Y, Axis::X],
            Axis::Y => [Axis::Z, Axis::X],
            Axis::X => [Axis::Z, Axis::Y],
        };
        let mut line = Line::new(shape[axis], voxel_size_nm[axis]);
        for a in 0..shape[first] {
            for b in 0..shape[second] {
                line.transform(squared, a * strides[first] + b * strides[second], strides[axis]);
            }
        }
    }
}

/// One line of voxels, and the lower envelope of the parabolas that stand on its faces.
struct Line {
    len: usize,
    voxel_nm: f64,
    values: Vec<f64>,
    /// Faces (k is at k - ½ voxels) whose parabolas make up the envelope, and the squared distance that each starts from.
    faces: Vec<(usize, f64)>,
    /// From which position (voxels) on each of `faces` is the lowest.
    from: Vec<f64>,
}

impl Line {
    fn new(len: usize, voxel_nm: f64) -> Self {
        let (faces, from) = (Vec::with_capacity(len + 1), Vec::with_capacity(len + 1));
        Self { len, voxel_nm, values: vec![0.0; len], faces, from }
    }

    /// The minimum over all voxels of the line of their value plus the squared distance to them along the line.
    fn transform(&mut self, squared: &mut [f32], start: usize, stride: usize) {
        for (index, value) in self.values.iter_mut().enumerate() {
            *value = f64::from(squared[start + index * stride]);
        }
        self.build_envelope();
        let Some(last) = self.faces.len().checked_sub(1) else { return };
        let mut lowest = 0;
        for index in 0..self.len {
            while lowest < last && self.from[lowest + 1] <= index as f64 {
                lowest += 1;
            }
            let (face, base) = self.faces[lowest];
            let nm = (index as f64 + 0.5 - face as f64) * self.voxel_nm;
            squared[start + index * stride] = self.values[index].min(base + nm * nm) as f32;
        }
    }

    fn build_envelope(&mut self) {
        self.faces.clear();
        self.from.clear();
        let value = |index: Option<usize>| index.and_then(|i| self.values.get(i)).copied().unwrap_or(f64::INFINITY);
        for face in 0..=self.len {
            let base = value(face.checked_sub(1)).min(value(Some(face)));
            if base == f64::INFINITY {
                continue;
            }
            let mut from = f64::NEG_INFINITY;
            while let Some((&(before, before_base), &before_from)) = self.faces.last().zip(self.from.last()) {
                // Where the two parabolas meet, in voxels.
                let gap = (face - before) as f64;
                let rise = (base - before_base) / (self.voxel_nm * self.voxel_nm);
                from = (before + face) as f64 / 2.0 - 0.5 + rise / (2.0 * gap);
                if from > before_from {
                    break;
                }
                self.faces.pop();
                self.from.pop();
                from = f64::NEG_INFINITY;
            }
            self.faces.push((face, base));
            self.from.push(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, voxel by voxel: to the nearest point of the nearest voxel of the other side.
    fn brute(labels: &Labels<'_>, size_nm: Zyx<f64>, scale: DistanceScale) -> Vec<f32> {
        let at = |voxel: usize| {
            let Zyx { y, x, .. } = labels.shape;
            Zyx::new(voxel / (y * x), voxel / x % y, voxel % x).map(|n| n as f64)
        };
        let gap_nm = |a: usize, b: usize| {
            let apart = (at(a) - at(b)).map(|d| (d.abs() - 0.5).max(0.0)) * size_nm;
            (apart * apart).to_array().into_iter().sum::<f64>().sqrt()
        };
        let nearest = |from: usize, wanted: &dyn Fn(usize) -> bool| {
            (0..labels.ids.len()).filter(|v| wanted(*v)).map(|v| gap_nm(from, v)).fold(f64::INFINITY, f64::min)
        };
        let value = |voxel: usize| {
            let is_class = labels.ids[voxel] != 0;
            let other = nearest(voxel, &|v| labels.known[v] == 1 && (labels.ids[v] != 0) != is_class);
            let unknown = nearest(voxel, &|v| labels.known[v] == 0);
            let border = other.min(scale.clip_nm);
            if border > unknown { f32::NAN } else { scale.apply(if is_class { border } else { -border }) }
        };
        labels.inner().map(value).collect()
    }

    fn same(a: &[f32], b: &[f32]) -> bool {
        a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-5 * b.abs().max(1.0))
    }

    /// A labelling of few blobs, some of it unknown, made of one number.
    fn voxels(seed: u64, len: usize) -> (Vec<u64>, Vec<u8>) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let share = next() % 9;
        let unknown = next() % 4;
        (0..len).map(|_| (u64::from(next() % 10 < share) * 7, u8::from(next() % 20 >= unknown))).unzip()
    }

    #[test]
    fn every_voxel_is_as_far_as_brute_force_says() {
        for seed in 0..300 {
            let shape = Zyx::new(1 + seed as usize % 5, 1 + seed as usize % 7, 1 + seed as usize % 6);
            let (ids, known) = voxels(seed, shape.product());
            let margin = shape.map(|n| if n > 3 { 1 } else { 0 });
            let labels = Labels { shape, margin, ids: &ids, known: &known };
            let size_nm = [Zyx::new(40.0, 4.0, 4.0), Zyx::new(1.0, 3.0, 7.5), Zyx::splat(8.0)][seed as usize % 3];
            let clip_nm = [5.0, 30.0, f64::INFINITY][seed as usize % 4 % 3];
            let scale = DistanceScale { clip_nm, tanh_nm: (seed % 5 == 0).then_some(12.0) };
            let mut out = vec![9.0; labels.inner().count()];
            distance(&labels, size_nm, scale, &mut out);
            let expected = brute(&labels, size_nm, scale);
            assert!(same(&out, &expected), "{seed} {shape}: {out:?} instead of {expected:?}");
        }
    }

    #[test]
    fn the_border_lies_between_voxels_and_the_sign_says_the_side() {
        let (ids, known) = ([0, 0, 3, 3, 0], [1; 5]);
        let labels = Labels { shape: Zyx::new(1, 1, 5), margin: Zyx::splat(0), ids: &ids, known: &known };
        let mut out = [0.0; 5];
        let scale = DistanceScale { clip_nm: 10.0, tanh_nm: None };
        distance(&labels, Zyx::splat(8.0), scale, &mut out);
        assert_eq!(out, [-10.0, -4.0, 4.0, 4.0, -4.0]);
        distance(&labels, Zyx::splat(8.0), DistanceScale { tanh_nm: Some(4.0), ..scale }, &mut out);
        assert!((out[2] - 1_f32.tanh()).abs() < 1e-6 && (out[0] + 2.5_f32.tanh()).abs() < 1e-6, "{out:?}");
    }

    #[test]
    fn nothing_is_claimed_where_the_unknown_is_nearer() {
        // Class, three voxels away a border, one voxel away the unknown.
        let (ids, known) = ([5, 5, 5, 5, 0, 0], [0, 1, 1, 1, 1, 1]);
        let labels = Labels { shape: Zyx::new(1, 1, 6), margin: Zyx::splat(0), ids: &ids, known: &known };
        let mut out = [0.0; 6];
        distance(&labels, Zyx::splat(2.0), DistanceScale { clip_nm: 3.0, tanh_nm: None }, &mut out);
        let said: Vec<_> = out.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
        assert_eq!(said, [None, None, Some(3.0), Some(1.0), Some(-1.0), Some(-3.0)]);
    }
}
