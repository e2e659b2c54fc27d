//! What is open: datasets, levels, label crops, classes, warnings.

use egui::{CollapsingHeader, Color32, CornerRadius, RichText, Sense, Ui, vec2};
use microtome_core::catalog::{Dataset, LabelCrop};
use microtome_core::geometry::Zyx;

use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::OpenData;

/// Draws the tree.
pub fn tree_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(data) = ctx.state.session.open() else {
        ui.weak("Nothing is open.");
        return;
    };
    ui.spacing_mut().indent = 14.0;
    for (index, dataset) in data.catalog.datasets.iter().enumerate() {
        dataset_ui(ui, ctx, data, index, dataset);
    }
    for warning in &data.catalog.warnings {
        ui.label(RichText::new(format!("! {warning}")).color(ctx.theme.risk));
    }
}

fn dataset_ui(ui: &mut Ui, ctx: &PaneContext<'_>, data: &OpenData, index: usize, dataset: &Dataset) {
    let shown = index == data.dataset_index;
    let title = RichText::new(&dataset.name).strong().color(if shown { ctx.theme.strong } else { ctx.theme.text });
    let header = CollapsingHeader::new(title).id_salt(("dataset", index)).default_open(shown || index < 4);
    let header = header.show(ui, |ui| {
        if !shown && ui.button("Show in the slices").clicked() {
            ctx.send(Command::ShowDataset(index));
        }
        levels_ui(ui, ctx, dataset, shown);
        if dataset.crops.is_empty() {
            ui.weak("no label crops");
        }
        for (crop_index, crop) in dataset.crops.iter().enumerate() {
            crop_ui(ui, ctx, Where { dataset: index, crop: crop_index, shown }, crop);
        }
    });
    header.header_response.on_hover_text(dataset.raw.path());
}

fn levels_ui(ui: &mut Ui, ctx: &PaneContext<'_>, dataset: &Dataset, shown: bool) {
    ui.horizontal(|ui| {
        if shown {
            let mut visible = ctx.state.display.show_raw;
            let check = ui.checkbox(&mut visible, "");
            check.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, visible, "Show EM"));
            if check.on_hover_text("Show the electron micrograph in the slices.").changed() {
                ctx.send(Command::ToggleRaw);
            }
        }
        let levels = dataset.raw.levels();
        let last = levels.last().map_or("", |level| level.path.as_str());
        let first = levels.first().map_or("", |level| level.path.as_str());
        let span = if levels.len() > 1 { format!("{first}…{last}") } else { first.to_owned() };
        let title = RichText::new(format!("EM  {span}")).color(ctx.theme.text);
        CollapsingHeader::new(title).id_salt("levels").show(ui, |ui| {
            for level in levels {
                let line = format!("{:<3} {}", level.path, shape(level.shape));
                ui.label(RichText::new(line).monospace().size(11.0)).on_hover_text(format!(
                    "voxels z × y × x\nchunks of {}{}\nZarr v{}, {}",
                    shape(level.chunk_shape),
                    level.shard_shape.map(|shard| format!(" in shards of {}", shape(shard))).unwrap_or_default(),
                    level.zarr_format,
                    level.codecs.join(", "),
                ));
                let line = format!("    {} nm  {}", size(level.voxel_size_nm()), level.dtype);
                ui.label(RichText::new(line).monospace().size(11.0).color(ctx.theme.weak));
            }
        });
    });
}

/// Where a crop stands in the catalog.
#[derive(Clone, Copy)]
struct Where {
    dataset: usize,
    crop: usize,
    shown: bool,
}

fn crop_ui(ui: &mut Ui, ctx: &PaneContext<'_>, at: Where, crop: &LabelCrop) {
    ui.horizontal(|ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
        ui.painter().rect_stroke(mark, 1.0, egui::Stroke::new(1.5, ctx.theme.label_crop), egui::StrokeKind::Inside);
        let link = ui.link(RichText::new(&crop.name).color(ctx.theme.text));
        let extent = crop.bounds.extent_nm().map(|nm| nm.round());
        let tooltip = format!("Fly there. z × y × x: {} × {} × {} nm", extent.z, extent.y, extent.x);
        if link.on_hover_text(tooltip).clicked() {
            ctx.send(Command::FlyTo { dataset: at.dataset, target: crop.bounds });
        }
        ui.weak(format::counted(crop.classes.len() as u64, "class", "classes"));
    });
    let names = ctx.state.session.open().map_or(&[][..], |data| &data.class_names);
    ui.indent(("crop", at.dataset, at.crop), |ui| {
        for (class_index, labels) in crop.classes.iter().enumerate() {
            let color = names.iter().position(|name| *name == labels.class).unwrap_or(0);
            let swatch = ctx.theme.class(color);
            ui.horizontal(|ui| {
                if at.shown {
                    let mut visible = ctx.state.display.is_class_visible(at.crop, class_index);
                    let check = ui.checkbox(&mut visible, "");
                    let name = format!("Show {} of {}", labels.class, crop.name);
                    check.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, visible, &name));
                    if check.changed() {
                        let (crop, class) = (at.crop, class_index);
                        ctx.send(Command::SetClassVisible { crop, class, visible });
                    }
                }
                swatch_ui(ui, swatch, ctx.state.display.color_by_object && at.shown);
                ui.label(&labels.class).on_hover_text(labels.volume.path());
            });
        }
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

fn shape(voxels: Zyx<u64>) -> String {
    format!("{}×{}×{}", voxels.z, voxels.y, voxels.x)
}

/// `8` or `5.24×4×4`
fn size(nm: Zyx<f64>) -> String {
    let nm = nm.map(|v| (v * 1000.0).round() / 1000.0);
    if nm.z == nm.y && nm.y == nm.x { nm.x.to_string() } else { format!("{}×{}×{}", nm.z, nm.y, nm.x) }
}
