//! The CPU twin of intensity.wgsl, on a whole patch.

use microtome_core::geometry::{Axis, Zyx};

use crate::resample::ChainStep;

fn unit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0_f64), |(sum, count), value| (sum + f64::from(value), count + 1.0));
    (sum / count.max(1.0)) as f32
}

/// A word of a ChaCha8 stream (Bernstein 2008), counted from its beginning.
fn word(key: &[u32; 8], stream: u32, at: u32) -> u32 {
    let mut first = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574, 0, 0, 0, 0, 0, 0, 0, 0, at / 16, 0, stream, 0];
    first[4..12].copy_from_slice(key);
    let mut state = first;
    for _ in 0..4 {
        for [a, b, c, d] in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
            quarter(&mut state, a, b, c, d);
        }
        for [a, b, c, d] in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
            quarter(&mut state, a, b, c, d);
        }
    }
    let at = at as usize % 16;
    state[at].wrapping_add(first[at])
}

fn quarter(state: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    for (x, y, z, by) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        state[x] = state[x].wrapping_add(state[y]);
        state[z] = (state[z] ^ state[x]).rotate_left(by);
    }
}

/// The normal draw of voxel `x` of a row of so many.
fn normal(key: &[u32; 8], row: u32, x: u32, width: u32) -> f32 {
    let half = width.div_ceil(2);
    let pair = if x >= half { x - half } else { x };
    let open = (f64::from(word(key, row, pair)) + 0.5) / 4_294_967_296.0;
    let turn = f64::from(word(key, row, half + pair)) / 4_294_967_296.0 * std::f64::consts::TAU;
    let radius = (-2.0 * open.ln()).max(0.0).sqrt();
    (radius * if x >= half { turn.sin() } else { turn.cos() }) as f32
}

fn z_score(value: f32, mean: f32, std: f32) -> f32 {
    let finite = if value.is_finite() { value } else { 0.0 };
    ((finite - mean) / std).clamp(f32::MIN, f32::MAX)
}

/// Applies a step to a patch.
pub(super) fn change(step: &ChainStep, shape: Zyx<usize>, patch: &mut [f32]) {
    let at = |i: usize| Zyx::new(i / (shape.y * shape.x), i / shape.x % shape.y, i % shape.x);
    let of_patch = mean(patch.iter().copied());
    let mean_if = |with_mean: bool| if with_mean { of_patch } else { 0.0 };
    let of_sections = match step {
        ChainStep::Sections { axis, .. } => section_means(shape, *axis, patch),
        _ => Vec::new(),
    };
    for (i, value) in patch.iter_mut().enumerate() {
        let (x, voxel) = (*value, at(i));
        *value = match step {
            ChainStep::Unit => unit(x),
            ChainStep::Linear { factor, summand, about_mean } => {
                let mean = mean_if(*about_mean);
                unit(mean + factor * (x - mean) + summand)
            }
            ChainStep::Power(exponent) => unit(f64::from(unit(x)).powf(f64::from(*exponent)) as f32),
            ChainStep::Noise { sigma, key } => {
                let row = (voxel.z * shape.y + voxel.y) as u32;
                unit(x + sigma * normal(key, row, voxel.x as u32, shape.x as u32))
            }
            ChainStep::ZScore { mean, std } => z_score(x, *mean, *std),
            ChainStep::Sections { axis, steps } => {
                let mean = of_sections[voxel[*axis]];
                steps[voxel[*axis]].map_or(x, |[factor, summand]| unit(mean + factor * (x - mean) + summand))
            }
            ChainStep::Missing { axis, is_missing, with_mean } => {
                if is_missing[voxel[*axis]] {
                    mean_if(*with_mean)
                } else {
                    x
                }
            }
            ChainStep::Boxes { boxes, with_mean } => {
                let holds =
                    |range: &Zyx<std::ops::Range<usize>>| Axis::ALL.iter().all(|a| range[*a].contains(&voxel[*a]));
                if boxes.iter().any(holds) { mean_if(*with_mean) } else { x }
            }
            ChainStep::Spots { axis, spots } => {
                let rest: Vec<_> = Axis::ALL.into_iter().filter(|other| other != axis).collect();
                let lines = spots[voxel[*axis]].as_ref();
                lines.map_or(x, |[rows, columns]| unit(x + rows[voxel[rest[0]]] * columns[voxel[rest[1]]]))
            }
        };
    }
}

fn section_means(shape: Zyx<usize>, axis: Axis, patch: &[f32]) -> Vec<f32> {
    let number = |i: usize| Zyx::new(i / (shape.y * shape.x), i / shape.x % shape.y, i % shape.x)[axis];
    let of_section =
        |section: usize| patch.iter().enumerate().filter(move |(i, _)| number(*i) == section).map(|(_, value)| *value);
    (0..shape[axis]).map(|section| mean(of_section(section))).collect()
}
