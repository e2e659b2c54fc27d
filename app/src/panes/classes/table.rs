//! The table of classes: a bar and a figure for what there is of each in the data, in the draws and in the targets.

use egui::{RichText, Ui};

use crate::context::PaneContext;
use crate::format;
use crate::panes::figure::{bar_ui, cell_ui, swatch_ui};
use crate::state::{ClassBalance, Waiting};
use crate::theme::Theme;

/// Widths of the columns, points: class, three shares, samples, epochs.
const NAME: f32 = 110.0;
const SHARE: f32 = 132.0;
const FIGURE: f32 = 62.0;
const SAMPLES: f32 = 70.0;
const EPOCHS: f32 = 130.0;

const HEADS: [(&str, f32, &str); 6] = [
    ("class", NAME, "Every class of what is open."),
    ("in the data", SHARE, "Share of the annotated volume of all crops; unknown is left out."),
    (
        "in the draws",
        SHARE,
        "Share expected in simulated draws: of each crop its own share, by how many draws come from it. Where within a crop \
         they lie is left out.",
    ),
    (
        "in the targets",
        SHARE,
        "Share of the known voxels of the targets that were handed over since the loader started.",
    ),
    (
        "samples",
        SAMPLES,
        "Share of the samples handed over that show some of the class; of draws made for it, before there are any.",
    ),
    (
        "epochs",
        EPOCHS,
        "Epochs until so many samples have shown the class: on average, and with a probability of 95 %.",
    ),
];

/// Draws it.
pub fn table_ui(ui: &mut Ui, ctx: &PaneContext<'_>, rows: &[ClassBalance]) {
    ui.horizontal(|ui| {
        for (index, (name, width, tooltip)) in HEADS.into_iter().enumerate() {
            let text = RichText::new(name).small().color(ctx.theme.weak);
            cell_ui(ui, width, index >= 4, text).on_hover_text(tooltip);
        }
    });
    let shares = rows.iter().flat_map(|row| [row.in_data, row.in_draws, row.in_targets]).flatten();
    let most = shares.fold(0.0, f64::max);
    for row in rows {
        row_ui(ui, ctx, row, most);
    }
}

fn row_ui(ui: &mut Ui, ctx: &PaneContext<'_>, row: &ClassBalance, most: f64) {
    let theme = ctx.theme;
    let color = Theme::rgb(ctx.color_of_class(&row.class));
    ui.horizontal(|ui| {
        ui.allocate_ui(egui::vec2(NAME, 18.0), |ui| {
            ui.set_min_width(NAME);
            ui.horizontal(|ui| {
                swatch_ui(ui, color);
                cell_ui(ui, NAME - 24.0, false, RichText::new(&row.class).color(theme.text)).on_hover_text(&row.class);
            });
        });
        for (what, share) in [("data", row.in_data), ("draws", row.in_draws), ("targets", row.in_targets)] {
            share_ui(ui, ctx, share, (most, color), &format!("{} in the {what}", row.class));
        }
        let (samples, tooltip) = match (row.shown_by, row.drawn_for) {
            (Some(share), _) => (format::percent(share), "Samples handed over that show some of it."),
            (None, Some(share)) => (format!("{} for it", format::percent(share)), "Simulated draws made for it."),
            (None, None) => ("–".to_owned(), "Run the loader, or simulate draws."),
        };
        cell_ui(ui, SAMPLES, true, RichText::new(samples).color(theme.text)).on_hover_text(tooltip);
        let waiting = row.waiting(ctx.state.sightings, ctx.state.loader.samples_per_epoch);
        let never = waiting.is_some_and(|waiting| waiting.sure_epochs.is_none());
        let text = RichText::new(epochs(waiting)).color(if never { theme.risk } else { theme.text });
        let cell = cell_ui(ui, EPOCHS, true, text);
        let words = format!("epochs until {} was seen {} times: {}", row.class, ctx.state.sightings, epochs(waiting));
        cell.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words.clone()));
        cell.on_hover_text(words);
    });
}

/// A bar, relative to the largest share of the table, and the share.
fn share_ui(ui: &mut Ui, ctx: &PaneContext<'_>, share: Option<f64>, (most, color): (f64, egui::Color32), label: &str) {
    let figure = share.map_or_else(|| "–".to_owned(), format::percent);
    let label = format!("{label}: {figure}");
    ui.allocate_ui(egui::vec2(SHARE, 18.0), |ui| {
        ui.set_min_width(SHARE);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.allocate_ui(egui::vec2(SHARE - FIGURE, 12.0), |ui| {
                let part = share.map_or(0.0, |share| share / most.max(f64::MIN_POSITIVE));
                bar_ui(ui, ctx.theme, &[(part, color)], &label).on_hover_text(&label);
            });
            cell_ui(ui, FIGURE - 8.0, false, RichText::new(figure).color(ctx.theme.text));
        });
    });
}

/// `3.4, 5.1 sure`
fn epochs(waiting: Option<Waiting>) -> String {
    match waiting {
        None => "–".to_owned(),
        Some(Waiting { sure_epochs: None, .. }) => "never seen".to_owned(),
        Some(Waiting { mean_epochs, sure_epochs: Some(sure) }) => {
            format!("{}, 95 % by {}", format::number(mean_epochs), format::number(sure))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_seen_has_no_number_of_epochs() {
        assert_eq!(epochs(None), "–");
        assert_eq!(epochs(Some(Waiting { mean_epochs: f64::INFINITY, sure_epochs: None })), "never seen");
        let seen = Waiting { mean_epochs: 3.4, sure_epochs: Some(5.1) };
        assert_eq!(epochs(Some(seen)), "3.4, 95 % by 5.1");
    }
}
