//! The pane `diagnosis`: the verdict, why, what to change, and how many chunk lookups a larger cache would miss.

use egui::{RichText, ScrollArea, Ui};
use egui_plot::{Line, Plot, PlotPoints, Points};
use microtome_core::diagnose::{
    Change, Diagnosis, Finding, InputBound, Limit, MissRatioCurve, Remedy, StageRow, Station,
};

use super::alerts::{alerts_ui, standstill_ui};
use super::figure::{cell_ui, message_ui, nothing_yet_ui};
use super::trials::trials_ui;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::RemoteView;
use crate::theme::Theme;

const COLUMNS: [(&str, f32, &str); 6] = [
    ("stage", 70.0, "What is done."),
    ("by", 64.0, "Who does it: workers, builders, or the consumer of the batches."),
    ("demand", 72.0, "Time of one of them for each sample."),
    ("capacity", 76.0, "Samples per second if all of them did nothing else."),
    ("busy", 48.0, "How many of them are at it on average."),
    ("p50 · p90 · p99", 170.0, "Time of a call: in the middle, and below which 90 and 99 of 100 calls stay."),
];

/// Draws the pane.
pub fn diagnosis_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if nothing_yet_ui(ui, ctx) {
        return;
    }
    super::step::step_ui(ui, ctx);
    let loader = &ctx.state.loader;
    let Some(diagnosis) = &loader.diagnosis else {
        let words = "The loader has not run steadily for long enough yet; a verdict follows in a moment.";
        if loader.alerts.is_empty() {
            message_ui(ui, ctx.theme, words);
            return;
        }
        ScrollArea::vertical().id_salt("diagnosis").auto_shrink(false).show(ui, |ui| {
            ui.label(RichText::new(words).color(ctx.theme.weak));
            watched_ui(ui, ctx);
        });
        return;
    };
    ScrollArea::vertical().id_salt("diagnosis").auto_shrink(false).show(ui, |ui| {
        ui.label(RichText::new(&diagnosis.verdict).heading().color(color_of(ctx, diagnosis.input_bound)))
            .on_hover_text(
                "Over the last seconds of steady running: share of the time that the consumer waited for a batch.",
            );
        ui.add_space(4.0);
        diagnosis.findings.iter().for_each(|finding| finding_ui(ui, ctx.theme, finding));
        if let Some(why) = &diagnosis.disagreement {
            ui.label(RichText::new(format!("They disagree: {why}")).color(ctx.theme.risk));
        }
        watched_ui(ui, ctx);
        ui.add_space(8.0);
        remedies_ui(ui, ctx, diagnosis);
        trials_ui(ui, ctx.theme, &ctx.state.trials);
        ui.add_space(8.0);
        ScrollArea::horizontal().id_salt("stages").show(ui, |ui| stages_ui(ui, ctx.theme, &diagnosis.stages));
        utilisation_ui(ui, ctx.theme, diagnosis);
        if let Some(curve) = &diagnosis.curve {
            ui.add_space(8.0);
            curve_ui(ui, ctx.theme, curve);
        }
    });
}

/// What the monitors say, and who waits for what.
fn watched_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.add_space(8.0);
    alerts_ui(ui, ctx.theme, ctx.state.loader.alerts.iter());
    if let Some(stats) = &ctx.state.loader.stats {
        standstill_ui(ui, ctx.theme, &stats.standstills);
    }
}

/// Red where training waits most of all, amber where it waits; neither where no training is known.
fn color_of(ctx: &PaneContext<'_>, input_bound: InputBound) -> egui::Color32 {
    match input_bound {
        InputBound::Highly if ctx.state.has_training() => ctx.theme.loss,
        InputBound::Moderately if ctx.state.has_training() => ctx.theme.risk,
        _ => ctx.theme.strong,
    }
}

fn finding_ui(ui: &mut Ui, theme: &Theme, finding: &Finding) {
    let limit = finding.limit.map_or(finding.station.name(), Limit::name);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{}: {limit}", finding.method.words())).color(theme.strong));
        ui.label(RichText::new(&finding.because).small().color(theme.weak));
    });
}

fn remedies_ui(ui: &mut Ui, ctx: &PaneContext<'_>, diagnosis: &Diagnosis) {
    if diagnosis.remedies.is_empty() {
        ui.label(RichText::new("Nothing that is known here to change would bring 2 % or more.").color(ctx.theme.weak));
        return;
    }
    for remedy in &diagnosis.remedies {
        remedy_ui(ui, ctx, remedy);
    }
}

fn remedy_ui(ui: &mut Ui, ctx: &PaneContext<'_>, remedy: &Remedy) {
    ui.horizontal_wrapped(|ui| {
        let gain = format!("+{}", format::percent(remedy.gain));
        ui.label(RichText::new(gain).strong().color(ctx.theme.good)).on_hover_text(format!(
            "Predicted: {} samples/s in the long run, by the measured demands with what this changes.",
            format::number(remedy.predicted_samples_per_s)
        ));
        ui.label(RichText::new(&remedy.what).color(ctx.theme.strong));
        let is_elsewhere = ctx.state.session.remote();
        let may_apply = is_elsewhere.is_none_or(RemoteView::can_be_tuned);
        if !remedy.changes.is_empty() && may_apply {
            let button = ui.small_button("Apply");
            let name = format!("Apply: {}", remedy.what);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            let keys: Vec<_> = remedy.changes.iter().map(words_of).collect();
            if button.on_hover_text(format!("Set {}. Ctrl Z takes it back.", keys.join(", "))).clicked() {
                ctx.send(Command::ApplyRemedy(Box::new(remedy.clone())));
            }
        }
    });
    for command in &remedy.commands {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(command).monospace().small().color(ctx.theme.text));
            let button = ui.small_button("Copy");
            let name = format!("Copy the command: {}", remedy.what);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if button.on_hover_text("Put the command on the clipboard; it is for a terminal.").clicked() {
                ui.ctx().copy_text(command.clone());
            }
        });
    }
    ui.label(RichText::new(format!("because {}; cost: {}", remedy.because, remedy.cost)).small().color(ctx.theme.weak));
}

fn words_of(change: &Change) -> String {
    change.value.as_ref().map_or(format!("{} left out", change.key), |value| format!("{} = {value}", change.key))
}

fn stages_ui(ui: &mut Ui, theme: &Theme, stages: &[StageRow]) {
    ui.horizontal(|ui| {
        for (at, (name, width, tooltip)) in COLUMNS.iter().enumerate() {
            cell_ui(ui, *width, at >= 2, RichText::new(*name).small().color(theme.weak)).on_hover_text(*tooltip);
        }
    });
    for row in stages.iter().filter(|row| row.demand_s > 0.0 || row.station == Station::Consumer) {
        let seconds = |s: f64| format::nanoseconds((s * 1e9) as i64);
        let times = row
            .quantiles_s
            .map_or(String::new(), |[p50, p90, p99]| format!("{} · {} · {}", seconds(p50), seconds(p90), seconds(p99)));
        let capacity =
            row.capacity_samples_per_s.map_or("any".to_owned(), |rate| format!("{}/s", format::number(rate)));
        let cells = [
            row.limit.name().to_owned(),
            row.station.name().to_owned(),
            seconds(row.demand_s),
            capacity,
            format!("{:.2}", row.busy),
            times,
        ];
        ui.horizontal(|ui| {
            for (at, (text, (_, width, _))) in cells.into_iter().zip(COLUMNS).enumerate() {
                cell_ui(ui, width, at >= 2, RichText::new(text).color(theme.text));
            }
        });
    }
}

fn utilisation_ui(ui: &mut Ui, theme: &Theme, diagnosis: &Diagnosis) {
    let utilisation = &diagnosis.utilisation;
    let (Some(measured), Some(rest)) = (utilisation.measured_cores, utilisation.unexplained_cores()) else { return };
    let text = format!(
        "{measured:.2} of {:.0} processors busy; the stages explain {:.2}, the rest is {rest:+.2}",
        utilisation.cores, utilisation.explained_cores
    );
    ui.label(RichText::new(text).small().color(theme.weak)).on_hover_text(
        "Processor time of the whole process, this window among it, against samples per second times what the stages take for \
         each. Negative: threads had to wait for a processor.",
    );
}

fn curve_ui(ui: &mut Ui, theme: &Theme, curve: &MissRatioCurve) {
    let here = curve.working_point;
    let title = format!(
        "chunk lookups that miss: {} with {} now",
        format::percent(here.miss_ratio),
        format::bytes(here.bytes as u64)
    );
    ui.label(RichText::new(title).color(theme.text)).on_hover_text(
        "By size of the chunk cache, from reuse distances of a sample of the chunks (SHARDS), stretched so that the curve goes \
         through what was measured at the size in force: this cache knows what will be asked for, and misses less than one \
         that only knows the past.",
    );
    let log2 = |bytes: f64| bytes.max(1.0).log2();
    let points: PlotPoints<'static> = curve.drawn().into_iter().map(|(bytes, ratio)| [log2(bytes), ratio]).collect();
    let bytes_label = |exponent: f64| format::bytes(exponent.exp2() as u64);
    Plot::new("miss-ratio curve")
        .height(150.0)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .include_y(1.0)
        .grid_color(theme.line)
        .x_axis_formatter(move |mark, _| bytes_label(mark.value))
        .y_axis_formatter(
            |mark, _| if (0.0..=1.0).contains(&mark.value) { format::percent(mark.value) } else { String::new() },
        )
        .show(ui, |plot| {
            plot.line(Line::new("misses", points).color(theme.series[0]).width(1.5));
            let now = PlotPoints::from(vec![[log2(here.bytes), here.miss_ratio]]);
            plot.points(Points::new("now", now).radius(5.0).color(theme.series[2]));
        });
}
