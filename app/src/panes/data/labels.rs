//! One class of one crop in the tree: shown or hidden, what its values mean, what its metadata count, and its levels.

use egui::{Color32, CornerRadius, Id, Label, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use microtome_core::catalog::{ClassCount, ClassLabels, CountEstimate};
use microtome_core::ome::annotation::AnnotationType;

use super::fold::{Fold, fold_ui};
use super::image::image_ui;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::ImageRef;
use crate::theme::Theme;

/// Draws it; `shown`: its dataset is in the slices. `crop` is the name of the crop.
pub fn labels_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    (image, shown): (ImageRef, bool),
    (crop, labels): (&str, &ClassLabels),
) {
    let label = format!("Details of {} of {crop}", labels.class);
    let fold = Fold { id: Id::unique(("labels", image)), label: &label, open: false, forced: false };
    let header = |ui: &mut Ui| {
        if let Some((crop_index, class)) = image.labels.filter(|_| shown) {
            let mut visible = ctx.state.display.is_class_visible(crop_index, class);
            let check = ui.checkbox(&mut visible, "");
            let name = format!("Show {} of {crop}", labels.class);
            check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, visible, &name));
            if check.on_hover_text(format!("{name} in the slices.")).changed() {
                ctx.send(Command::SetClassVisible { crop: crop_index, class, visible });
            }
        }
        let swatch = Theme::rgb(ctx.color_of_class(&labels.class));
        swatch_ui(ui, swatch, ctx.state.display.color_by_object && shown);
        let dimmed = shown && ctx.state.display.isolated.as_ref().is_some_and(|isolated| *isolated != labels.class);
        let color = if dimmed { ctx.theme.weak } else { ctx.theme.text };
        let name = Label::new(RichText::new(&labels.class).color(color)).truncate();
        ui.add(name).on_hover_text(labels.volume.path());
    };
    fold_ui(ui, fold, header, |ui| {
        for (line, tooltip) in details(ctx, image, labels) {
            ui.label(RichText::new(line).small()).on_hover_text(tooltip);
        }
        image_ui(ui, ctx, image, &labels.volume);
    });
}

/// The colour of a class; ringed if objects have colours of their own.
fn swatch_ui(ui: &mut Ui, color: Color32, by_object: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    if by_object {
        ui.painter().rect_stroke(rect, CornerRadius::same(5), egui::Stroke::new(2.0, color), egui::StrokeKind::Inside);
    } else {
        ui.painter().rect_filled(rect, CornerRadius::same(5), color);
    }
}

fn details(ctx: &PaneContext<'_>, image: ImageRef, labels: &ClassLabels) -> Vec<(String, &'static str)> {
    let mut lines = vec![(kind(labels).to_owned(), "What the values of the array mean, by its annotation.")];
    match ClassCount::from_metadata(labels) {
        Some(count) => {
            let tooltip = "Voxels of the finest level, as the annotation's complement_counts say.";
            lines.extend(counts(&count).map(|line| (format!("{line} (metadata)"), tooltip)));
        }
        None => {
            let is_this = |estimate: &&CountEstimate| {
                let row = &estimate.row;
                Some((row.crop_index, row.class.as_str()))
                    == image.labels.map(|(crop, _)| (crop, labels.class.as_str()))
                    && row.dataset_index == image.dataset
            };
            match ctx.state.inventory.classes.rows.iter().find(is_this) {
                Some(estimate) => {
                    let level = estimate.read.as_ref().map_or("", |read| read.name.as_str());
                    let tooltip = "Counted in the background on a coarse level, for the pane Classes.";
                    lines.extend(
                        counts(&estimate.row.count).map(|line| (format!("{line} (read from {level})"), tooltip)),
                    );
                }
                None => lines.push(("no counts in the metadata".to_owned(), "The pane Classes counts what is there.")),
            }
        }
    }
    lines
}

/// What the values mean.
fn kind(labels: &ClassLabels) -> &'static str {
    if labels.volume.codes().meanings().is_some() {
        return "one class of an array of class ids";
    }
    match &labels.annotation {
        Some(annotation) => match annotation.annotation_type {
            AnnotationType::SemanticSegmentation { .. } => "semantic: present, absent or unknown",
            AnnotationType::InstanceSegmentation { .. } => "instances: every object has an id",
        },
        None => "no annotation: 0 is absent, all else an id",
    }
}

/// How much of the crop somebody annotated, and how much of that is the class.
fn counts(count: &ClassCount) -> [String; 2] {
    let share = |part: u64, of: u64| format::percent(part as f64 / of.max(1) as f64);
    let known = count.present + count.absent;
    [
        format!("annotated {}, unknown {}", share(known, count.total()), share(count.unknown, count.total())),
        format!(
            "present {} voxels, {} of what is annotated",
            format::count(count.present),
            share(count.present, known)
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_annotated_is_no_background() {
        let count = ClassCount { present: 25, absent: 75, unknown: 100, voxel_nm3: 1.0 };
        assert_eq!(counts(&count), ["annotated 50 %, unknown 50 %", "present 25 voxels, 25 % of what is annotated"]);
        assert_eq!(counts(&ClassCount::default())[0], "annotated 0 %, unknown 0 %");
    }
}
