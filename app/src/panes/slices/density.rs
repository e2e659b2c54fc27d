//! How densely draws would cover a slice: the denser the brighter, and amber where samples could lie but none does.

use egui::{Align2, Color32, FontId, Mesh, Painter, Rect, Shape, vec2};
use microtome_core::catalog::Dataset;
use microtome_core::geometry::{Axis, Zyx};
use microtome_core::sample::Coverage;

use super::Screen;
use crate::context::PaneContext;
use crate::format;
use crate::theme::Theme;

/// Opacity of the densest cell.
const DENSEST: f32 = 0.75;
/// Opacity of cells that are never covered.
const NEVER: f32 = 0.35;

/// Draws it.
pub fn density_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    if !ctx.state.display.show_density {
        return;
    }
    if screen.view.turned.is_some() {
        return words_ui(painter, ctx, screen, "draws are shown in slices along the axes");
    }
    let Some(data) = ctx.state.session.open() else { return };
    let Some(dataset) = data.dataset() else { return };
    let simulation = ctx.state.loader.simulation.as_ref();
    let Some(coverage) = simulation.and_then(|view| view.simulation.datasets.get(data.dataset_index)) else {
        return words_ui(painter, ctx, screen, "simulating draws…");
    };
    if !coverage.bounds().contains(clamped(coverage, screen)) {
        return;
    }
    let most = coverage.most();
    let mut mesh = Mesh::default();
    for at in cells(coverage, screen) {
        let target = coverage.cell_box(at);
        let Some(rect) = screen.rect_of(&target).filter(|rect| rect.intersects(screen.rect)) else { continue };
        let count = coverage.count(at);
        let color = match count {
            0 if can_be_drawn(dataset, target.center_nm()) => Theme::faded(ctx.theme.risk, NEVER),
            0 => continue,
            _ => Theme::faded(ctx.theme.sample, DENSEST * count as f32 / most as f32),
        };
        mesh.add_colored_rect(rect, color);
    }
    painter.add(Shape::mesh(mesh));
    let text = format!("covered by 0–{} of {} draws", format::count(u64::from(most)), format::count(coverage.draws()));
    words_ui(painter, ctx, screen, &text);
}

/// The middle of the slice, moved into the box on the slice's own axes.
fn clamped(coverage: &Coverage, screen: &Screen) -> Zyx<f64> {
    let mut at_nm = coverage.bounds().center_nm();
    at_nm[screen.normal()] = screen.view.center_nm[screen.normal()];
    at_nm
}

/// The cells that the slice cuts.
fn cells(coverage: &Coverage, screen: &Screen) -> impl Iterator<Item = Zyx<usize>> {
    let plane = coverage.cell_of(clamped(coverage, screen));
    let range =
        |axis: Axis| if axis == screen.normal() { plane[axis]..plane[axis] + 1 } else { 0..coverage.cells()[axis] };
    let (z, y, x) = (range(Axis::Z), range(Axis::Y), range(Axis::X));
    z.flat_map(move |z| {
        let x = x.clone();
        y.clone().flat_map(move |y| x.clone().map(move |x| Zyx::new(z, y, x)))
    })
}

/// Samples lie about label crops, where there are any.
fn can_be_drawn(dataset: &Dataset, at_nm: Zyx<f64>) -> bool {
    dataset.crops.is_empty() || dataset.crops.iter().any(|crop| crop.bounds.contains(at_nm))
}

fn words_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen, text: &str) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(12.0), ctx.theme.over_image);
    let rect = Align2::RIGHT_BOTTOM.anchor_size(screen.rect.right_bottom() - vec2(12.0, 12.0), galley.size());
    let ground: Rect = rect.expand2(vec2(5.0, 3.0));
    painter.rect_filled(ground, 3.0, ctx.theme.over_image_ground);
    painter.galley(rect.min, galley, Color32::PLACEHOLDER);
}
