//! Quiet words in the upper left of a slice that say what is not as usual in it; each with a tooltip.

use egui::{FontId, Label, RichText, Sense, Ui, UiBuilder, vec2};

use super::Screen;
use super::overlay::DIRECTIONS;
use crate::context::PaneContext;
use crate::format;

/// One of them.
struct Chip {
    words: String,
    tooltip: String,
}

/// Draws them below the position, one under the other.
pub fn chips_ui(ui: &mut Ui, ctx: &PaneContext<'_>, screen: &Screen) {
    const ROW: f32 = 22.0;
    const FIRST: f32 = 30.0;
    for (row, chip) in chips(ctx, screen).into_iter().enumerate() {
        let at = screen.rect.left_top() + vec2(8.0, FIRST + ROW * row as f32);
        let font = FontId::proportional(12.0);
        // The first stands beside the axes.
        let taken = if row == 0 { DIRECTIONS } else { 0.0 };
        let room = screen.rect.width() - 16.0 - taken;
        let galley = ui.painter().layout_no_wrap(chip.words.clone(), font.clone(), ctx.theme.over_image);
        let rect = egui::Rect::from_min_size(at, vec2(galley.size().x.min(room), galley.size().y));
        let ground = rect.expand2(vec2(5.0, 3.0));
        ui.painter().with_clip_rect(screen.rect).rect_filled(ground, 3.0, ctx.theme.over_image_ground);
        let text = RichText::new(chip.words).font(font).color(ctx.theme.over_image);
        let mut inner = ui.new_child(UiBuilder::new().max_rect(rect));
        inner.set_clip_rect(screen.rect);
        inner.add(Label::new(text).truncate().selectable(false).sense(Sense::hover())).on_hover_text(chip.tooltip);
    }
}

fn chips(ctx: &PaneContext<'_>, screen: &Screen) -> Vec<Chip> {
    let state = ctx.state;
    let side = state.side_name(screen.side).map(|words| {
        let tooltip = format!("{} Both halves move and zoom together.", state.views.arrangement.purpose());
        Chip { words, tooltip }
    });
    let turned = screen.view.turned.map(|basis| Chip {
        words: format!("turned {:.0}° away from {}", basis.degrees_from(screen.normal()), screen.normal().name()),
        tooltip: "An oblique slice through the cursor. Ctrl drag turns it, Shift R straightens it.".to_owned(),
    });
    let network = state.network_words(screen.normal()).filter(|_| !state.is_beside(screen.side));
    let network = network.map(|said| Chip { words: said.words, tooltip: said.tooltip });
    let own = state.display.own_contrast[screen.normal()].filter(|_| !state.is_beside(screen.side));
    let own = own.map(|contrast| Chip {
        words: format!("own contrast {}–{}", format::number(contrast.lo), format::number(contrast.hi)),
        tooltip: "Black and white of what this slice alone showed when it was asked for (Shift A).".to_owned(),
    });
    side.into_iter().chain(own).chain(turned).chain(network).collect()
}
