//! The boxes of the overview: label crops and the last batch, which a click flies to, and fainter what came before.

use egui::{Painter, Pos2, Stroke};

use super::Scene;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format::drawn;
use crate::state::CropColor;
use crate::state::orbit::{Corners, EDGES, corners_of_box, corners_of_patch};
use crate::theme::Theme;

/// A box that a click flies to.
pub struct Target {
    corners: Corners,
    /// What it is called.
    pub name: String,
    /// What a click does.
    pub command: Command,
    is_sample: bool,
    is_selected: bool,
}

/// Every box that a click flies to: label crops of the shown dataset, then the samples of the last batch in it.
pub fn targets(ctx: &PaneContext<'_>) -> Vec<Target> {
    let Some(data) = ctx.state.session.open() else { return Vec::new() };
    if !ctx.state.display.show_boxes {
        return Vec::new();
    }
    let crops = data.dataset().into_iter().flat_map(|dataset| &dataset.crops).map(|crop| Target {
        corners: corners_of_box(&crop.bounds),
        name: format!("label crop {}", crop.name),
        command: Command::FlyTo { dataset: data.dataset_index, target: crop.bounds },
        is_sample: false,
        is_selected: false,
    });
    let samples = ctx.state.loader.batch.iter().flat_map(|batch| batch.crops.iter().enumerate());
    let shown = samples.filter(|(_, crop)| crop.provenance.dataset_index == data.dataset_index);
    let samples = shown.map(|(index, crop)| Target {
        corners: corners_of_patch(&crop.provenance.grid),
        name: format!("sample {} of the last batch: {}", index + 1, drawn::place(&crop.provenance)),
        command: Command::SelectCrop(index),
        is_sample: true,
        is_selected: ctx.state.display.selected_crop == Some(index),
    });
    crops.chain(samples).collect()
}

/// The target under a point of the screen.
pub fn pick(scene: &Scene, targets: &[Target], at: Pos2) -> Option<usize> {
    let corners: Vec<Corners> = targets.iter().map(|target| target.corners).collect();
    let at = at - scene.rect.min;
    scene.projection.pick([at.x, at.y].map(f64::from), &corners)
}

/// Where samples were drawn before, the newest brightest.
pub fn footprints_ui(painter: &Painter, ctx: &PaneContext<'_>, scene: &Scene) {
    let Some(data) = ctx.state.session.open() else { return };
    if !ctx.state.display.show_boxes {
        return;
    }
    let footprints = &ctx.state.loader.footprints;
    for (index, footprint) in footprints.iter().enumerate().filter(|(_, f)| f.dataset_index == data.dataset_index) {
        let freshness = (index + 1) as f32 / footprints.len() as f32;
        let by = ctx.state.display.crop_color;
        let plain = (ctx.theme.accent, 0.24);
        let (color, strength) =
            if by == CropColor::Age { plain } else { (ctx.color_of_crop(&by.tone(footprint)), 0.6) };
        let color = Theme::faded(color, 0.06 + strength * freshness.powi(3));
        box_ui(painter, scene, &footprint.corners_nm, Stroke::new(1.0, color));
    }
}

/// Draws the boxes, the one under the pointer and the picked one stronger.
pub fn targets_ui(painter: &Painter, ctx: &PaneContext<'_>, scene: &Scene, targets: &[Target], hovered: Option<usize>) {
    for (index, target) in targets.iter().enumerate() {
        let color = if target.is_sample { ctx.theme.accent } else { ctx.theme.label_crop_box };
        let stroke = match (target.is_selected, hovered == Some(index)) {
            (true, _) => Stroke::new(2.5, ctx.theme.strong),
            (false, true) => Stroke::new(2.2, color),
            (false, false) => Stroke::new(if target.is_sample { 1.0 } else { 1.5 }, Theme::faded(color, 0.85)),
        };
        box_ui(painter, scene, &target.corners, stroke);
    }
}

fn box_ui(painter: &Painter, scene: &Scene, corners: &Corners, stroke: Stroke) {
    for [a, b] in EDGES {
        painter.line_segment([scene.point(corners[a]), scene.point(corners[b])], stroke);
    }
}
