//! The pictures of the preview, each with its labels and its words below it.

use std::sync::Arc;

use egui::{
    Color32, ColorImage, FontId, Id, Rect, Role, Sense, TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::device::callback;
use super::histogram::histogram_ui;
use crate::context::PaneContext;
use crate::format;
use crate::state::Thumbnail;
use crate::state::preview::{DevicePicture, Painter, PreviewView, Shot};
use crate::theme::Theme;

/// Room for the words below a picture, points.
const CAPTION: f32 = 17.0;
/// Pictures are not smaller, points.
const SMALLEST: f32 = 72.0;

/// Draws them.
pub(super) fn pictures_ui(ui: &mut Ui, ctx: &PaneContext<'_>, view: &Arc<PreviewView>) {
    let textures = textures(ui, view);
    let is_pair = view.shots.len() == 2 && view.job.variants.is_empty() && !view.job.stages;
    let count = if is_pair { 4 } else { view.shots.len() };
    let columns = if is_pair { 2 } else { columns(ui.available_size(), count) };
    let side = side(ui.available_width(), columns, ui.spacing().item_spacing.x);
    let mut next = 0;
    while next < count {
        ui.horizontal(|ui| {
            for index in next..(next + columns).min(count) {
                match view.shots.get(index) {
                    Some(shot) if is_pair && index == 1 => {
                        shot_ui(ui, ctx, view, (shot, &textures.shots[index]), (side, device_picture(ctx)));
                    }
                    Some(shot) => shot_ui(ui, ctx, view, (shot, &textures.shots[index]), (side, None)),
                    None if index > 2 => histogram_ui(ui, ctx, &view.histograms, vec2(side, side)),
                    None => difference_ui(ui, ctx, view, &textures.difference, side),
                }
            }
        });
        next += columns;
    }
}

/// As many columns as make the pictures largest; in a narrow pane not so many that they are too small to tell apart.
fn columns(room: Vec2, count: usize) -> usize {
    let side = |columns: usize| {
        let rows = count.div_ceil(columns) as f32;
        (room.x / columns as f32).min(room.y / rows - CAPTION)
    };
    let most = ((room.x / SMALLEST) as usize).clamp(1, count.max(1));
    (1..=most).max_by(|a, b| side(*a).total_cmp(&side(*b))).unwrap_or(1)
}

fn side(width: f32, columns: usize, gap: f32) -> f32 {
    ((width + gap) / columns as f32 - gap).max(SMALLEST * 0.5).floor()
}

fn shot_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    view: &PreviewView,
    (shot, textures): (&Shot, &ShotTextures),
    (side, device): (f32, Option<&DevicePicture>),
) {
    let took = shot.took.map(|took| format!(" · {}", format::duration(took))).unwrap_or_default();
    let caption = format!("{}{took}", shot.title);
    let label = if view.job.stages { format!("stage {}", shot.title) } else { format!("sample {}", shot.title) };
    let response = picture_ui(ui, ctx, (&shot.raw, &textures.raw), (&caption, &label), side, |painter, picture| {
        if let Some(shape) = device.and_then(|device| callback(ctx, view, device, picture)) {
            painter.add(shape);
        } else if let Some(labels) = textures.labels.as_ref().filter(|_| ctx.state.display.show_labels) {
            let [right, down] = view.label_share;
            let part = Rect::from_center_size(picture.center(), picture.size() * vec2(right, down));
            let tint = Theme::faded(Theme::AS_IT_IS, ctx.state.display.label_opacity);
            painter.image(labels.id(), part, WHOLE, tint);
        }
    });
    let timed =
        "\nThe time is that of this stage alone, on one thread, with everything decoded, beside the running loader.";
    let words = format!("{}{}", shot.words, if shot.took.is_some() { timed } else { "" });
    if !words.is_empty() {
        response.on_hover_text(words.trim_start());
    }
}

/// What the graphics card makes now, if it does.
fn device_picture<'a>(ctx: &PaneContext<'a>) -> Option<&'a DevicePicture> {
    match &ctx.state.preview.painter {
        Painter::Device(picture) => Some(picture),
        Painter::Loader(_) => None,
    }
}

fn difference_ui(ui: &mut Ui, ctx: &PaneContext<'_>, view: &PreviewView, texture: &TextureHandle, side: f32) {
    let up_to = format::decimal((f64::from(view.largest_difference) * 100.0).round() / 100.0);
    // The graphics card makes no difference: the loader's follows.
    let which = if device_picture(ctx).is_some() { "last difference" } else { "difference" };
    let caption = format!("{which}, up to {up_to}");
    let response = picture_ui(ui, ctx, (&view.difference, texture), (&caption, "difference"), side, |_, _| {});
    response.on_hover_text(
        "After less before, voxel by voxel: blue is darker, yellow brighter; the largest difference of the slice has the \
         full colour.",
    );
}

const WHOLE: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1.0, 1.0) };

/// A picture that fits into a square, what lies over it, and its caption.
fn picture_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    (thumbnail, texture): (&Thumbnail, &TextureHandle),
    (caption, label): (&str, &str),
    side: f32,
    over: impl FnOnce(&egui::Painter, Rect),
) -> egui::Response {
    let [width, height] = thumbnail.size.map(|side| side.max(1) as f32);
    let scale = (side / width).min(side / height);
    let size = vec2(width, height) * scale;
    let (rect, response) = ui.allocate_exact_size(vec2(side, size.y + CAPTION), Sense::hover());
    let picture = Rect::from_min_size(pos2(rect.center().x - size.x / 2.0, rect.top()), size);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    let painter = ui.painter_at(rect);
    painter.image(texture.id(), picture, WHOLE, Theme::AS_IT_IS);
    over(&painter, picture);
    let mut job =
        egui::text::LayoutJob::simple_singleline(caption.to_owned(), FontId::proportional(11.0), ctx.theme.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(side);
    let galley = painter.layout_job(job);
    let at = pos2(rect.center().x - galley.size().x / 2.0, picture.bottom() + 1.0);
    painter.galley(at, galley, ctx.theme.text);
    response
}

/// The pictures of one view on the graphics card.
#[derive(Clone)]
struct Textures {
    view: Arc<PreviewView>,
    shots: Arc<Vec<ShotTextures>>,
    difference: TextureHandle,
}

struct ShotTextures {
    raw: TextureHandle,
    labels: Option<TextureHandle>,
}

/// Uploads the pictures of a view once.
fn textures(ui: &Ui, view: &Arc<PreviewView>) -> Textures {
    let id = Id::unique("preview textures");
    let known = ui.data_mut(|data| data.get_temp::<Textures>(id));
    if let Some(known) = known.filter(|known| Arc::ptr_eq(&known.view, view)) {
        return known;
    }
    let upload = |thumbnail: &Thumbnail, options| {
        let image = if thumbnail.rgba.is_empty() {
            ColorImage::filled([1, 1], Color32::TRANSPARENT)
        } else {
            ColorImage::from_rgba_unmultiplied(thumbnail.size, &thumbnail.rgba)
        };
        ui.ctx().load_texture("preview", image, options)
    };
    let shot = |shot: &Shot| ShotTextures {
        raw: upload(&shot.raw, TextureOptions::LINEAR),
        labels: shot.labels.as_ref().map(|labels| upload(labels, TextureOptions::NEAREST)),
    };
    let textures = Textures {
        view: Arc::clone(view),
        shots: Arc::new(view.shots.iter().map(shot).collect()),
        difference: upload(&view.difference, TextureOptions::LINEAR),
    };
    ui.data_mut(|data| data.insert_temp(id, textures.clone()));
    textures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_as_large_as_the_pane_allows_and_no_smaller_than_one_can_see() {
        assert_eq!(columns(vec2(600.0, 600.0), 9), 3);
        assert_eq!(columns(vec2(160.0, 100.0), 16), 2);
        assert_eq!(columns(vec2(80.0, 400.0), 7), 1);
        assert_eq!(side(208.0, 2, 8.0), 100.0);
    }
}
