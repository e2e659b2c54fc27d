//! Plans as the shaders read them: uniforms, and tables of words.

use bytemuck::{Pod, Zeroable};
use microtome_core::geometry::{Axis, VoxelBox, Zyx};

use super::plan::{AxisWay, ChainStep, FieldWay, RawPlan, WarpWay, Way};

/// What `resample` reads; see `Resample` in `resample.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct ResampleUniform {
    pub shape: [u32; 4],
    pub counts: [u32; 4],
    pub window_lo: [i32; 4],
    pub level: [i32; 4],
    pub anchor: [i32; 4],
    pub origin: [f32; 4],
    pub step_z: [f32; 4],
    pub step_y: [f32; 4],
    pub step_x: [f32; 4],
    pub at: [u32; 4],
    pub slips: [u32; 4],
}

/// What `look_up_labels` reads; see `Labels` in `resample.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct LabelsUniform {
    pub range: [u32; 4],
    pub codes: [u32; 4],
    pub has: [u32; 4],
    pub fill: [u32; 4],
}

/// What `change_voxels` and the means read; see `Change` in `intensity.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct ChangeUniform {
    pub shape: [u32; 4],
    pub kind: [u32; 4],
    pub numbers: [f32; 4],
    pub key: [u32; 8],
}

/// Along the volume's axes.
const AXES: i32 = 0;
/// By a list of the plane's places.
const PLACES: i32 = 1;
/// By affine, control points and sections.
const WARP: i32 = 2;
/// In place of a voxel: outside of the volume.
const OUTSIDE: i32 = -i32::MAX;
/// In place of the axis across sections: they are not moved.
const NO_AXIS: i32 = 3;

/// Words of all tables of a frame.
#[derive(Debug, Default)]
pub(crate) struct Tables(pub Vec<u32>);

impl Tables {
    fn here(&self) -> u32 {
        self.0.len() as u32
    }

    fn numbers(&mut self, numbers: impl IntoIterator<Item = f32>) {
        self.0.extend(numbers.into_iter().map(f32::to_bits));
    }

    fn offsets(&mut self, offsets: &[[f64; 3]]) -> u32 {
        let at = self.here();
        self.numbers(offsets.iter().flatten().map(|v| *v as f32));
        at
    }

    /// What makes the shown plane, or with `whole` the patch, from a window.
    pub fn resample(&mut self, raw: &RawPlan, whole: bool, window: &VoxelBox, value_scale: f32) -> ResampleUniform {
        let Zyx { z, y, x } = raw.shape;
        let lo = window.lo.map(|v| v as i32).to_array();
        let level = raw.source.geometry.shape.map(|n| i32::try_from(n).unwrap_or(i32::MAX)).to_array();
        let uniform = ResampleUniform {
            shape: [z, y, x, if whole { 0 } else { raw.plane }],
            window_lo: [lo[0], lo[1], lo[2], AXES],
            level: [level[0], level[1], level[2], 0],
            anchor: [0, 0, 0, NO_AXIS],
            origin: [0.0, 0.0, 0.0, raw.to_unit * value_scale],
            ..ResampleUniform::default()
        };
        match &raw.way {
            Way::Axes(axes) => self.axes(axes, uniform),
            Way::Warp(warp) if whole => self.warp(warp, uniform),
            Way::Warp(warp) => self.places(warp, uniform),
        }
    }

    fn axes(&mut self, axes: &Zyx<AxisWay>, mut uniform: ResampleUniform) -> ResampleUniform {
        let start = self.here();
        uniform.at[0] = start;
        self.0.extend([0; 3]);
        let mut weights: Vec<f32> = Vec::new();
        for (index, axis) in axes.clone().to_array().iter().enumerate() {
            self.0[start as usize + index] = self.here() - start;
            uniform.slips[index] = axis.patch_axis.index() as u32;
            for taps in &axis.taps {
                let (first, of_voxel) = taps.as_ref().map_or((0, &[][..]), |(first, weights)| (*first, &weights[..]));
                self.0.extend([first as i32 as u32, of_voxel.len() as u32, weights.len() as u32]);
                weights.extend(of_voxel);
            }
        }
        uniform.at[1] = self.here();
        self.numbers(weights);
        uniform
    }

    fn places(&mut self, warp: &WarpWay, mut uniform: ResampleUniform) -> ResampleUniform {
        uniform.window_lo[3] = PLACES;
        uniform.level[3] = warp.samples.len() as i32;
        uniform.at[0] = self.here();
        self.0.reserve(warp.plane.len() * 6);
        for position in &warp.plane {
            match position {
                None => self.0.extend([OUTSIDE as u32, 0, 0, 0, 0, 0]),
                Some(position) => {
                    let low = position.map(f64::floor);
                    self.0.extend(low.map(|v| v as i32 as u32));
                    self.numbers([0, 1, 2].map(|axis| (position[axis] - low[axis]) as f32));
                }
            }
        }
        uniform.at[1] = self.offsets(&warp.samples);
        uniform
    }

    fn warp(&mut self, warp: &WarpWay, mut uniform: ResampleUniform) -> ResampleUniform {
        uniform.window_lo[3] = WARP;
        uniform.level[3] = warp.samples.len() as i32;
        // Positions are small numbers, so that single precision tells them apart.
        let anchor = warp.origin.map(f64::floor);
        let beyond = [0, 1, 2].map(|axis| warp.origin[axis] - anchor[axis]);
        let single = |[z, y, x]: [f64; 3], last: f32| [z as f32, y as f32, x as f32, last];
        let [z, y, x] = anchor.map(|v| v as i32);
        uniform.anchor = [z, y, x, NO_AXIS];
        uniform.origin = single(beyond, uniform.origin[3]);
        let steps = warp.steps.map(|step| single(step, 0.0));
        (uniform.step_z, uniform.step_y, uniform.step_x) = (steps.z, steps.y, steps.x);
        uniform.at[1] = self.offsets(&warp.samples);
        if let Some(field) = &warp.field {
            self.field(field, &mut uniform);
        }
        if let Some((axis, by)) = &warp.slips {
            uniform.anchor[3] = axis.index() as i32;
            uniform.slips[3] = self.offsets(by);
        }
        uniform
    }

    fn field(&mut self, field: &FieldWay, uniform: &mut ResampleUniform) {
        for (to, count) in uniform.counts.iter_mut().zip(field.counts.to_array()) {
            *to = count as u32;
        }
        uniform.at[2] = self.here();
        for axis in Axis::ALL {
            for (first, weights) in &field.knots[axis] {
                self.0.push(*first as u32);
                self.numbers(weights.map(|weight| weight as f32));
            }
        }
        uniform.at[3] = self.here();
        let [z, y, x] = &field.points;
        for ((z, y), x) in z.iter().zip(y).zip(x) {
            self.numbers([*z as f32, *y as f32, *x as f32]);
        }
    }

    /// What makes one step of the chain; the first plane is set where it is dispatched.
    pub fn change(&mut self, step: &ChainStep, shape: Zyx<u32>) -> ChangeUniform {
        let mut uniform = ChangeUniform { shape: [shape.z, shape.y, shape.x, 0], ..ChangeUniform::default() };
        uniform.kind[2] = self.here();
        match step {
            ChainStep::Unit => {}
            ChainStep::Linear { factor, summand, about_mean } => {
                uniform.kind[0] = 1;
                uniform.kind[3] = u32::from(*about_mean);
                uniform.numbers = [*factor, *summand, 0.0, 0.0];
            }
            ChainStep::Power(exponent) => (uniform.kind[0], uniform.numbers[0]) = (2, *exponent),
            ChainStep::Noise { sigma, key } => {
                (uniform.kind[0], uniform.numbers[0], uniform.key) = (3, *sigma, *key);
            }
            ChainStep::ZScore { mean, std } => (uniform.kind[0], uniform.numbers) = (4, [*mean, *std, 0.0, 0.0]),
            ChainStep::Sections { axis, steps } => {
                (uniform.kind[0], uniform.kind[1]) = (5, axis.index() as u32);
                for step in steps {
                    let [factor, summand] = step.unwrap_or_default();
                    self.0.extend([u32::from(step.is_some()), factor.to_bits(), summand.to_bits()]);
                }
            }
            ChainStep::Missing { axis, is_missing, with_mean } => {
                (uniform.kind[0], uniform.kind[1], uniform.kind[3]) = (6, axis.index() as u32, u32::from(*with_mean));
                self.0.extend(is_missing.iter().map(|missing| u32::from(*missing)));
            }
            ChainStep::Boxes { boxes, with_mean } => {
                (uniform.kind[0], uniform.kind[3]) = (7, u32::from(*with_mean));
                self.0.push(boxes.len() as u32);
                let ends = boxes.iter().flat_map(|at| [&at.z, &at.y, &at.x]);
                self.0.extend(ends.flat_map(|range| [range.start as u32, range.end as u32]));
            }
            ChainStep::Spots { axis, spots } => {
                (uniform.kind[0], uniform.kind[1]) = (8, axis.index() as u32);
                self.spots(spots);
            }
        }
        uniform
    }

    fn spots(&mut self, spots: &[Option<[Vec<f32>; 2]>]) {
        let start = self.0.len();
        self.0.resize(start + spots.len(), 0);
        for (section, spot) in spots.iter().enumerate() {
            if let Some(lines) = spot {
                self.0[start + section] = (self.0.len() - start) as u32;
                self.numbers(lines.iter().flatten().copied());
            }
        }
    }
}
