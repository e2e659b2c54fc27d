//! What is open: datasets, their EM, label crops, classes, warnings; while something is searched for, only what was found.

use egui::{Button, Id, Label, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use microtome_core::catalog::{Dataset, LabelCrop};

use super::super::figure::no_data;
use super::fold::{Fold, fold_ui};
use super::image::{image_ui, size};
use super::labels::labels_ui;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::{CropFound, DatasetFound, ImageRef, OpenData};

/// Crops of a dataset that are unfolded at first; more would push everything else out of sight.
const UNFOLDED: usize = 6;

/// Draws the tree.
pub fn tree_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(data) = ctx.state.session.open() else {
        ui.weak(no_data(ctx));
        return;
    };
    let found = ctx.state.search.found.as_ref();
    for (index, dataset) in data.catalog.datasets.iter().enumerate() {
        let found = found.and_then(|found| found.datasets.get(index));
        if found.is_none_or(|found| found.shown) {
            dataset_ui(ui, ctx, data, At { dataset: index, shown: index == data.dataset_index }, (dataset, found));
        }
    }
    if found.is_none() {
        for warning in &data.catalog.warnings {
            ui.label(RichText::new(format!("! {warning}")).color(ctx.theme.risk));
        }
    }
}

/// Where something stands in the catalog.
#[derive(Clone, Copy)]
struct At {
    dataset: usize,
    /// The dataset is the one in the slices.
    shown: bool,
}

fn dataset_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    data: &OpenData,
    at: At,
    (dataset, found): (&Dataset, Option<&DatasetFound>),
) {
    let open = at.shown || at.dataset < 4;
    let label = format!("Fold of {}", dataset.name);
    let id = Id::unique(("dataset", data.catalog.datasets.len(), at.dataset));
    let fold = Fold { id, label: &label, open, forced: found.is_some() };
    let header = |ui: &mut Ui| {
        let color = if at.shown { ctx.theme.strong } else { ctx.theme.text };
        fly_ui(ui, ctx, at, RichText::new(&dataset.name).strong().color(color), &dataset.name, dataset.raw.bounds());
    };
    fold_ui(ui, fold, header, |ui| {
        if !at.shown {
            let show =
                ui.button("Show in the slices").on_hover_text("Put this dataset in place of the one on display.");
            show.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("Show {} in the slices", dataset.name))
            });
            if show.clicked() {
                ctx.send(Command::ShowDataset(at.dataset));
            }
        }
        if found.is_none_or(|found| found.volume) {
            em_ui(ui, ctx, at, dataset);
        }
        if dataset.crops.is_empty() {
            ui.weak("no label crops");
        }
        for (index, crop) in dataset.crops.iter().enumerate() {
            let found = found.and_then(|found| found.crops.get(index));
            if found.is_none_or(|found| found.shown) {
                crop_ui(ui, ctx, at, (index, dataset.crops.len() <= UNFOLDED), (crop, found));
            }
        }
    });
}

fn em_ui(ui: &mut Ui, ctx: &PaneContext<'_>, at: At, dataset: &Dataset) {
    let levels = dataset.raw.levels();
    let name = |level: Option<&microtome_core::volume::Level>| level.map_or("", |level| level.path.as_str()).to_owned();
    let (first, last) = (name(levels.first()), name(levels.last()));
    let span = if levels.len() > 1 { format!("{first}…{last}") } else { first };
    let label = format!("Levels of the EM of {}", dataset.name);
    let fold = Fold { id: Id::unique(("em", at.dataset)), label: &label, open: false, forced: false };
    let header = |ui: &mut Ui| {
        if at.shown {
            let mut visible = ctx.state.display.show_raw;
            let check = ui.checkbox(&mut visible, "");
            check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, visible, "Show EM"));
            if check.on_hover_text("Show the electron micrograph in the slices.").changed() {
                ctx.send(Command::ToggleRaw);
            }
        }
        let line = Label::new(RichText::new(format!("EM  {span}")).color(ctx.theme.text)).truncate();
        ui.add(line).on_hover_text(dataset.raw.path());
    };
    fold_ui(ui, fold, header, |ui| image_ui(ui, ctx, ImageRef { dataset: at.dataset, labels: None }, &dataset.raw));
}

/// The name of a box: a link that flies there.
fn fly_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    at: At,
    text: RichText,
    name: &str,
    target: microtome_core::geometry::BoxNm,
) {
    let link = ui.add(Button::new(text).frame(false).truncate());
    link.widget_info(|| WidgetInfo::labeled(Role::Link, true, format!("Fly to {name}")));
    let extent = size(target.extent_nm());
    if link.on_hover_text(format!("{name}\nFly there. z × y × x: {extent} nm")).clicked() {
        ctx.send(Command::FlyTo { dataset: at.dataset, target });
    }
}

fn crop_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    at: At,
    (index, open): (usize, bool),
    (crop, found): (&LabelCrop, Option<&CropFound>),
) {
    let label = format!("Fold of {}", crop.name);
    let fold = Fold { id: Id::unique(("crop", at.dataset, index)), label: &label, open, forced: found.is_some() };
    let header = |ui: &mut Ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
        ui.painter().rect_stroke(mark, 1.0, egui::Stroke::new(1.5, ctx.theme.label_crop), egui::StrokeKind::Inside);
        fly_ui(ui, ctx, at, RichText::new(&crop.name).color(ctx.theme.text), &crop.name, crop.bounds);
        leak_ui(ui, ctx, at, (index, crop));
        let classes = format::counted(crop.classes.len() as u64, "class", "classes");
        ui.add(Label::new(RichText::new(classes).color(ctx.theme.weak)).truncate());
    };
    fold_ui(ui, fold, header, |ui| {
        let line = format!("{} nm at {}", size(crop.bounds.extent_nm()), size_at(&crop.bounds));
        let line = Label::new(RichText::new(line).small().color(ctx.theme.weak)).truncate();
        ui.add(line).on_hover_text("Extent of the crop and its lower corner in the world, z × y × x, nm.");
        for (class, labels) in crop.classes.iter().enumerate() {
            if found.is_none_or(|found| found.classes.get(class) == Some(&true)) {
                let image = ImageRef { dataset: at.dataset, labels: Some((index, class)) };
                labels_ui(ui, ctx, (image, at.shown), (&crop.name, labels));
            }
        }
    });
}

/// A warning beside a crop that is too near to what is validated on; it flies to where that is.
fn leak_ui(ui: &mut Ui, ctx: &PaneContext<'_>, at: At, (index, crop): (usize, &LabelCrop)) {
    let Some(data) = ctx.state.session.open() else { return };
    let Some(leak) = data.leak_of(at.dataset, Some(index)) else { return };
    let Some(validate) = data.leakage.validate.get(leak.validate) else { return };
    let mark = ui.add(Button::new(RichText::new("! leaks").small().color(ctx.theme.risk)).frame(false).small());
    mark.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Leakage of {}", crop.name)));
    let tooltip = format!("Validated on {}: {}. Click to fly there.", validate.name, leak.closeness.words());
    if mark.on_hover_text(tooltip).clicked() {
        ctx.send(Command::FlyTo { dataset: at.dataset, target: leak.place(&crop.bounds, &validate.bounds) });
    }
}

fn size_at(bounds: &microtome_core::geometry::BoxNm) -> String {
    let [z, y, x] = bounds.lo.map(|nm| ((nm * 1000.0).round() / 1000.0).to_string()).to_array();
    format!("{z}, {y}, {x}")
}
