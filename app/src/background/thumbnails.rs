//! Batches as pictures: the middle slice of each sample, its labels in colour, and a hatch where nobody annotated.

use microtome_core::geometry::Zyx;
use microtome_core::loader::{ArraySpec, Batch, BatchArray, LoaderConfig, Role};
use microtome_render::{fold_id, label_color};

use crate::state::{BatchView, CropView, Thumbnail, fills_space};

/// Colours of classes, in order; the theme names them.
#[derive(Debug, Clone)]
pub struct Palette {
    /// Name and sRGB of every class.
    pub classes: Vec<(String, [u8; 3])>,
    /// Where nobody annotated.
    pub unknown: [u8; 3],
    /// Where two pictures do not differ.
    pub ground: [u8; 3],
    /// Where the second is darker.
    pub lower: [u8; 3],
    /// Where the second is brighter.
    pub higher: [u8; 3],
}

/// The middle slices of a batch.
#[must_use]
pub fn batch_view(batch: &Batch, config: &LoaderConfig, palette: &Palette) -> BatchView {
    let input = batch.arrays.iter().find(|array| array.role == Role::Input);
    let target = batch.arrays.iter().find(|array| array.role == Role::Target);
    let middle = |array: &BatchArray| array.shape[2] / 2;
    let slice = |sample| input.and_then(|array| grey_slice(array, sample, middle(array)));
    let slices: Vec<_> = (0..batch.provenance.len()).map(slice).collect();
    let window = window(slices.iter().flatten().flat_map(|slice| &slice.values));
    let label_share = share(config, input, target);
    let crops = batch.provenance.iter().enumerate().map(|(sample, provenance)| CropView {
        raw: slices[sample].as_ref().map_or_else(Thumbnail::default, |slice| grey(slice, window)),
        labels: target.and_then(|array| label_slice(array, (sample, middle(array)), palette)),
        label_share,
        provenance: provenance.clone(),
        read: None,
    });
    BatchView { number: batch.number, crops: crops.collect() }
}

/// A plane of grey values.
pub(super) struct Slice {
    /// Width, height.
    pub size: [usize; 2],
    /// In C order.
    pub values: Vec<f32>,
}

/// Plane z of the first channel of a sample.
pub(super) fn grey_slice(array: &BatchArray, sample: usize, z: usize) -> Option<Slice> {
    let [.., height, width] = array.shape;
    let values = array.grey_plane((sample, z))?;
    Some(Slice { size: [width, height], values })
}

/// Grey values from the 0.5th to the 99.5th percentile over the whole batch, so that crops compare.
pub(super) fn window<'a>(values: impl Iterator<Item = &'a f32>) -> [f32; 2] {
    const TAIL: f64 = 0.005;
    let mut sorted: Vec<f32> = values.copied().filter(|value| value.is_finite()).step_by(7).collect();
    if sorted.is_empty() {
        return [0.0, 1.0];
    }
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let (lo, hi) = (at(TAIL), at(1.0 - TAIL));
    [lo, if hi > lo { hi } else { lo + 1.0 }]
}

/// Grey values as a picture: `lo` is black, `hi` white.
pub(super) fn grey(slice: &Slice, [lo, hi]: [f32; 2]) -> Thumbnail {
    let shade = |value: &f32| ((value - lo) / (hi - lo) * 255.0).clamp(0.0, 255.0) as u8;
    let rgba = slice.values.iter().map(shade).flat_map(|v| [v, v, v, 255]).collect();
    Thumbnail { size: slice.size, rgba }
}

/// Plane z of the labels of a sample as a picture.
pub(super) fn label_slice(array: &BatchArray, at: (usize, usize), palette: &Palette) -> Option<Thumbnail> {
    let [.., height, width] = array.shape;
    let mut rgba = vec![0_u8; height * width * 4];
    let mut known_anywhere = vec![false; height * width];
    let all_fill = array.classes.iter().all(|class| fills_space(class));
    for (index, class) in array.classes.iter().enumerate() {
        // As in the slices: what fills space would veil everything else.
        let is_veil = fills_space(class) && !all_fill;
        let color = palette.classes.iter().find(|(name, _)| name == class).map(|(_, color)| *color);
        for (pixel, id) in array.class_plane(at, index)?.into_iter().enumerate() {
            known_anywhere[pixel] |= id.is_some();
            let Some(id) = id.filter(|id| !is_veil && *id != 0) else { continue };
            // One class alone is shown by object, several by class, as in the slices.
            let [r, g, b] = if array.classes.len() == 1 { label_color(fold_id(id)) } else { color.unwrap_or([255; 3]) };
            rgba[pixel * 4..pixel * 4 + 4].copy_from_slice(&[r, g, b, 255]);
        }
    }
    hatch(&mut rgba, &known_anywhere, width, palette.unknown);
    Some(Thumbnail { size: [width, height], rgba })
}

/// Diagonal lines where nobody annotated any class.
fn hatch(rgba: &mut [u8], known: &[bool], width: usize, [r, g, b]: [u8; 3]) {
    let spacing = (width / 16).clamp(4, 12);
    for (pixel, _) in known.iter().enumerate().filter(|(_, known)| !**known) {
        let (row, column) = (pixel / width, pixel % width);
        let alpha = if (row + column) % spacing < spacing.div_ceil(4) { 170 } else { 60 };
        rgba[pixel * 4..pixel * 4 + 4].copy_from_slice(&[r, g, b, alpha]);
    }
}

/// How large the target's slice is beside the input's, per direction (right, down): 1 if they cover the same world.
pub(super) fn share(config: &LoaderConfig, input: Option<&BatchArray>, target: Option<&BatchArray>) -> [f32; 2] {
    let extent = |spec: &ArraySpec| spec.shape.map(|n| n as f64) * spec.voxel_size_nm;
    let input = input.and_then(|array| config.input.get(&array.name)).map(extent);
    let target = target.and_then(|array| config.target.get(&array.name)).map(extent);
    let share: Zyx<f64> = match (input, target) {
        (Some(input), Some(target)) => target / input,
        _ => Zyx::splat(1.0),
    };
    [share.x as f32, share.y as f32]
}
