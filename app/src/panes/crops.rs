//! The Crops pane: the last batch as a grid of middle slices with labels; a click flies to where one was drawn.

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, FontId, Id, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use super::figure::swatch_ui;
use super::focus;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format::drawn;
use crate::state::{BatchView, CropView, LoaderPhase, Thumbnail};
use crate::theme::Theme;

/// Draws the pane.
pub fn crops_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(batch) = &ctx.state.loader.batch else {
        empty_ui(ui, ctx);
        return;
    };
    let hold = ui.rect_contains_pointer(ui.max_rect());
    if hold != ctx.state.loader.hold_batch {
        ctx.send(Command::HoldBatch(hold));
    }
    let textures = textures(ui, batch);
    head_ui(ui, ctx, batch);
    let count = batch.crops.len();
    let columns = columns(ui.available_size(), count);
    let side = (ui.available_width() / columns as f32 - ui.spacing().item_spacing.x).max(48.0);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for row in 0..count.div_ceil(columns) {
            ui.horizontal(|ui| {
                for index in row * columns..((row + 1) * columns).min(count) {
                    crop_ui(ui, ctx, &batch.crops[index], &textures.crops[index], index, side);
                }
            });
        }
        focus::follow_focus(ui);
    });
}

fn empty_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.centered_and_justified(|ui| {
        ui.weak(match &ctx.state.loader.phase {
            LoaderPhase::Off => "Run the loader (Space) to see what it draws.".to_owned(),
            LoaderPhase::Failed(reason) => format!("The loader stopped: {reason}"),
            _ => "The first batch is on its way…".to_owned(),
        });
    });
}

fn head_ui(ui: &mut Ui, ctx: &PaneContext<'_>, batch: &BatchView) {
    ui.horizontal(|ui| {
        let text = format!("batch {} · epoch {}", batch.number, batch.crops.first().map_or(0, |c| c.provenance.epoch));
        ui.label(text).on_hover_text(
            "The middle z slice of every sample of the last batch, a few times a second; the pictures stand still while \
             the pointer is over them.",
        );
        if ctx.state.loader.hold_batch && ctx.state.loader.phase == LoaderPhase::Running {
            ui.weak("held under the pointer");
        }
        legend_ui(ui, ctx);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let mut labels = ctx.state.display.show_labels;
            let check = ui.checkbox(&mut labels, "labels");
            check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, labels, "Labels over crops"));
            if check.on_hover_text("Labels over slices and crops (L). Hatched: nobody annotated there.").changed() {
                ctx.send(Command::ToggleLabels);
            }
        });
    });
}

/// What the colours of the crops over the slices mean, where they mean more than age.
fn legend_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    const MOST: usize = 6;
    let legend = ctx.state.crop_legend();
    for (tone, words) in legend.iter().take(MOST) {
        ui.add_space(6.0);
        swatch_ui(ui, ctx.color_of_crop(tone));
        ui.label(words).on_hover_text(ctx.state.display.crop_color.purpose());
    }
    if legend.len() > MOST {
        let rest: Vec<_> = legend.iter().skip(MOST).map(|(_, words)| words.as_str()).collect();
        ui.weak(format!("and {} more", rest.len())).on_hover_text(rest.join("\n"));
    }
}

/// As many columns as make the pictures largest without scrolling.
fn columns(room: egui::Vec2, count: usize) -> usize {
    const CAPTION: f32 = 18.0;
    let side = |columns: usize| {
        let rows = count.div_ceil(columns) as f32;
        (room.x / columns as f32).min(room.y / rows - CAPTION)
    };
    (1..=count.max(1)).max_by(|a, b| side(*a).total_cmp(&side(*b))).unwrap_or(1)
}

fn crop_ui(ui: &mut Ui, ctx: &PaneContext<'_>, crop: &CropView, textures: &CropTextures, index: usize, side: f32) {
    const CAPTION: f32 = 15.0;
    let (rect, response) =
        ui.allocate_exact_size(vec2(side, side.min(room_for_picture(ui, side)) + CAPTION), Sense::click());
    let place = &crop.provenance;
    let name = match &place.crop {
        Some(crop) => format!("{} {crop}", place.dataset),
        None => place.dataset.clone(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("crop {}: {name}", index + 1)));
    if response.clicked() {
        ctx.send(Command::SelectCrop(index));
    }
    let frame = Rect::from_min_max(rect.min, pos2(rect.max.x, rect.max.y - CAPTION));
    let picture = fitted(frame, crop.raw.size);
    let painter = ui.painter_at(rect.expand(2.0));
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(textures.raw.id(), picture, uv, Theme::AS_IT_IS);
    if ctx.state.display.show_labels
        && let Some(labels) = &textures.labels
    {
        let [right, down] = crop.label_share;
        let part = Rect::from_center_size(picture.center(), picture.size() * vec2(right, down));
        let tint = Theme::faded(Theme::AS_IT_IS, ctx.state.display.label_opacity);
        painter.image(labels.id(), part, uv, tint);
    }
    let selected = ctx.state.display.selected_crop == Some(index);
    if selected || response.hovered() {
        let color = if selected { ctx.theme.sample } else { ctx.theme.weak };
        painter.rect_stroke(picture, 0.0, Stroke::new(2.0, color), StrokeKind::Outside);
    }
    let color = if selected { ctx.theme.strong } else { ctx.theme.weak };
    let caption =
        painter.layout(place.crop.clone().unwrap_or_else(|| name.clone()), FontId::proportional(11.0), color, side);
    painter.galley(Align2::CENTER_BOTTOM.anchor_size(rect.center_bottom(), caption.size()).min, caption, color);
    response.on_hover_text(provenance_text(crop));
}

/// Pictures are as wide as their column; where that is too high for the pane, as high as the pane.
fn room_for_picture(ui: &Ui, side: f32) -> f32 {
    side.min((ui.clip_rect().height() - 20.0).max(48.0))
}

fn fitted(frame: Rect, [width, height]: [usize; 2]) -> Rect {
    if width == 0 || height == 0 {
        return frame;
    }
    let scale = (frame.width() / width as f32).min(frame.height() / height as f32);
    Rect::from_center_size(frame.center(), vec2(width as f32, height as f32) * scale)
}

fn provenance_text(crop: &CropView) -> String {
    let place = &crop.provenance;
    let levels: Vec<String> = place
        .sources
        .iter()
        .filter_map(|source| Some(format!("{} s{}", source.class.as_ref().unwrap_or(&source.array), source.level?)))
        .collect();
    let axes = format!("axes {}", drawn::axes(&place.grid.orientation));
    let lines = [drawn::place(place), axes].into_iter();
    let lines = lines.chain(drawn::warp(&place.grid.warp)).chain(drawn::intensity(place)).chain(drawn::others(place));
    let lines = lines.chain([
        format!("levels {}", levels.join(", ")),
        format!("epoch {} sample {} seed {}", place.epoch, place.index, place.seed),
        "Click: fly there, and show it in the pane Preview.".to_owned(),
    ]);
    lines.collect::<Vec<_>>().join("\n")
}

/// The pictures of one batch on the graphics card.
#[derive(Clone)]
struct BatchTextures {
    batch: Arc<BatchView>,
    crops: Arc<Vec<CropTextures>>,
}

struct CropTextures {
    raw: TextureHandle,
    labels: Option<TextureHandle>,
}

/// Uploads the pictures of a batch once.
fn textures(ui: &Ui, batch: &Arc<BatchView>) -> BatchTextures {
    let id = Id::unique("crop textures");
    let known = ui.data_mut(|data| data.get_temp::<BatchTextures>(id));
    if let Some(known) = known.filter(|known| Arc::ptr_eq(&known.batch, batch)) {
        return known;
    }
    let upload = |thumbnail: &Thumbnail, name: &str, options| {
        let size = thumbnail.size.map(|side| side.max(1));
        let image = if thumbnail.rgba.is_empty() {
            ColorImage::filled(size, Color32::TRANSPARENT)
        } else {
            ColorImage::from_rgba_unmultiplied(size, &thumbnail.rgba)
        };
        ui.ctx().load_texture(name, image, options)
    };
    let crops = batch.crops.iter().map(|crop| CropTextures {
        raw: upload(&crop.raw, "crop", TextureOptions::LINEAR),
        labels: crop.labels.as_ref().map(|labels| upload(labels, "crop labels", TextureOptions::NEAREST)),
    });
    let textures = BatchTextures { batch: Arc::clone(batch), crops: Arc::new(crops.collect()) };
    ui.data_mut(|data| data.insert_temp(id, textures.clone()));
    textures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_follow_the_shape_of_the_pane() {
        assert_eq!(columns(vec2(800.0, 420.0), 8), 4);
        assert_eq!(columns(vec2(300.0, 900.0), 8), 2);
        assert_eq!(columns(vec2(300.0, 300.0), 0), 1);
    }

    #[test]
    fn pictures_keep_their_proportions() {
        let frame = Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 100.0));
        assert_eq!(fitted(frame, [64, 32]).size(), vec2(100.0, 50.0));
        assert_eq!(fitted(frame, [0, 0]), frame);
    }
}
