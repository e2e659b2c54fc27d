//! The table of commands: menus, palette, shortcuts and the page of keys are generated from it.

mod edit;
mod view;

use std::sync::OnceLock;

use super::{Command, Key, Shortcut, attach, data};
use crate::state::preview::PreviewMode;
use crate::state::{LoaderPhase, Session, State};

/// Where a command stands in the menu bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Menu {
    /// Open, close, quit.
    File,
    /// Change the configuration.
    Edit,
    /// What is seen and how.
    View,
    /// The panes, in their own part of the View menu.
    Pane,
    /// Black and white of the EM, in a part of the View menu.
    Contrast,
    /// Themes and sizes of the window, in a part of the View menu.
    Look,
    /// What the colours of crops say, in a part of the View menu.
    CropColor,
    /// Turning slices, in a part of the View menu.
    Turn,
    /// The arrangements of the views, in their own part of the View menu.
    Views,
    /// The colour maps, in their own part of the View menu.
    ColorMap,
    /// Run and watch.
    Loader,
    /// Help.
    Help,
    /// Only by key and in the palette.
    None,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// What runs.
    pub command: Command,
    /// Where it stands.
    pub menu: Menu,
    /// What it is called.
    pub label: String,
    /// What it does, in one sentence.
    pub tooltip: String,
    /// The key that runs it.
    pub shortcut: Option<Shortcut>,
    /// When it may run.
    pub enabled: fn(&State) -> bool,
    /// What it lacks while it may not, in a sentence; empty where that goes without saying.
    pub needs: &'static str,
    /// For toggles: whether it is on.
    pub checked: Option<fn(&State) -> bool>,
}

impl CommandSpec {
    pub(super) fn new(menu: Menu, command: Command, label: &str, tooltip: &str) -> Self {
        Self {
            command,
            menu,
            label: label.to_owned(),
            tooltip: tooltip.to_owned(),
            shortcut: None,
            enabled: |_| true,
            needs: "",
            checked: None,
        }
    }

    pub(super) fn key(mut self, shortcut: Shortcut) -> Self {
        self.shortcut = Some(shortcut);
        self
    }

    pub(super) fn when(mut self, enabled: fn(&State) -> bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// As [`Self::when`], saying what it lacks otherwise.
    pub(super) fn needs(self, enabled: fn(&State) -> bool, needs: &'static str) -> Self {
        Self { needs, ..self.when(enabled) }
    }

    /// What a control that runs it says under the pointer: what it does, its key, and what it lacks while it may not run.
    #[must_use]
    pub fn tip(&self, state: &State) -> String {
        let key = self.shortcut.map(|shortcut| format!(" ({shortcut})")).unwrap_or_default();
        let needs = if (self.enabled)(state) || self.needs.is_empty() { "" } else { self.needs };
        format!("{}{key}{}{needs}", self.tooltip, if needs.is_empty() { "" } else { " " })
    }

    pub(super) fn check(mut self, checked: fn(&State) -> bool) -> Self {
        self.checked = Some(checked);
        self
    }
}

pub(super) fn is_open(state: &State) -> bool {
    state.session.open().is_some()
}

/// A loader of this process, or one elsewhere that may be paused or has gone.
fn can_play(state: &State) -> bool {
    let elsewhere = state.session.remote();
    is_open(state)
        || elsewhere.is_some_and(|r| r.can_be_tuned() || matches!(state.loader.phase, LoaderPhase::Failed(_)))
}

fn has_loader(state: &State) -> bool {
    matches!(state.loader.phase, LoaderPhase::Running | LoaderPhase::Paused)
}

/// Every command that needs no argument, in menu order.
pub fn table() -> &'static [CommandSpec] {
    static TABLE: OnceLock<Vec<CommandSpec>> = OnceLock::new();
    TABLE.get_or_init(|| {
        [
            file(),
            attach::file_rows(),
            edit::edit(),
            view::view(),
            data::rows(),
            view::layouts(),
            view::arrangements(),
            view::turns(),
            view::crop_colors(),
            view::places(),
            view::looks(),
            view::color_maps(),
            view::slice_keys(),
            view::panes(),
            loader(),
            attach::loader_rows(),
            preview(),
            help(),
        ]
        .concat()
    })
}

/// The row that runs this command.
#[must_use]
pub fn by_command(command: &Command) -> Option<&'static CommandSpec> {
    table().iter().find(|spec| spec.command == *command)
}

/// The row whose shortcut this is.
#[must_use]
pub fn by_key(shortcut: Shortcut) -> Option<&'static CommandSpec> {
    table().iter().find(|spec| spec.shortcut == Some(shortcut))
}

fn file() -> Vec<CommandSpec> {
    use Menu::File;
    let spec = CommandSpec::new;
    vec![
        spec(File, Command::ChooseFolder, "Open folder…", "Choose an OME-Zarr image group or a CellMap dataset.")
            .key(Shortcut::ctrl(Key::Char('O'))),
        spec(File, Command::ChooseConfig, "Open configuration…", "Choose a configuration file (TOML)."),
        spec(File, Command::TogglePathField, "Open path…", "Type or paste the path of data or of a configuration.")
            .key(Shortcut::ctrl_shift(Key::Char('O'))),
        spec(
            File,
            Command::ToggleExport,
            "Export the visible box…",
            "Write what the slices show as NumPy, TIFF or OME-Zarr.",
        )
        .key(Shortcut::ctrl(Key::Char('E')))
        .when(is_open),
        spec(File, Command::CancelExport, "Break off the export", "Stop writing, and remove what was written so far.")
            .when(|state| state.export.running.is_some()),
        spec(File, Command::ForgetRecent, "Forget recent datasets", "Empty the list of recently opened data.")
            .when(|state| !state.recent.is_empty()),
        spec(File, Command::Close, "Close data", "Stop the loader and close what is open.")
            .when(|state| !matches!(state.session, Session::Empty)),
        spec(File, Command::Quit, "Quit", "End Microtome.").key(Shortcut::ctrl(Key::Char('Q'))),
    ]
}

fn loader() -> Vec<CommandSpec> {
    use Menu::Loader;
    let spec = CommandSpec::new;
    vec![
        spec(
            Loader,
            Command::PlayPause,
            "Run or pause the loader",
            "Take batches as fast as they come, or stop taking.",
        )
        .key(Shortcut::plain(Key::Space))
        .when(can_play)
        .check(|state| state.loader.phase == LoaderPhase::Running),
        spec(
            Loader,
            Command::RestartLoader,
            "Restart the loader",
            "Stop it and start it anew: same seed, same batches.",
        )
        .when(has_loader),
        spec(
            Loader,
            Command::StopLoader,
            "End the loader",
            "Also one that is still starting; its memory is given back, and what is decoded with it.",
        )
        .when(has_loader),
        spec(
            Loader,
            Command::SimulateDraws(10_000),
            "Simulate 10 000 draws",
            "Count what they would cover, and for which classes they would be drawn; nothing is read.",
        )
        .when(has_loader),
        spec(Loader, Command::SimulateDraws(100_000), "Simulate 100 000 draws", "As 10 000 draws, ten times as exact.")
            .when(has_loader),
        spec(Loader, Command::StopSimulation, "Stop simulating draws", "What was counted so far stays.")
            .when(|state| state.loader.simulating.is_some()),
        spec(Loader, Command::ToggleTimelinePause, "Hold the timeline", "Keep the last seconds on display.")
            .key(Shortcut::plain(Key::Char('T')))
            .check(|state| state.timeline.view().paused),
        spec(Loader, Command::FitTimeline, "Fit the timeline", "Show everything that the timeline holds."),
        spec(
            Loader,
            Command::SelectShownTimeline,
            "Sum up the timeline",
            "Say what happened in what the timeline shows: spans, threads, waiting; Shift drag sums up a part.",
        )
        .when(|state| state.timeline.recording().span_count() > 0),
        spec(Loader, Command::KeepTimeline, "Keep the sum of the timeline", "Compare other stretches with it.").needs(
            |state| state.timeline.selected().is_some() || state.timeline.kept().is_some(),
            "Nothing is summed up.",
        ),
        spec(
            Loader,
            Command::ToggleFlame,
            "Sum up as a flame",
            "Spans inside of spans, as wide as the time they took.",
        )
        .check(|state| state.timeline.is_flame()),
        spec(Loader, Command::StepSpans(1), "Next span that was found", "Go through what was found in the timeline.")
            .needs(|state| state.timeline.search().count() > 0, "Nothing was found."),
        spec(Loader, Command::StepSpans(-1), "Previous span that was found", "Go back through what was found.")
            .needs(|state| state.timeline.search().count() > 0, "Nothing was found."),
    ]
}

fn preview() -> Vec<CommandSpec> {
    const CHECKED: [fn(&State) -> bool; 4] = [
        |state| state.preview.ask.mode == PreviewMode::ALL[0],
        |state| state.preview.ask.mode == PreviewMode::ALL[1],
        |state| state.preview.ask.mode == PreviewMode::ALL[2],
        |state| state.preview.ask.mode == PreviewMode::ALL[3],
    ];
    let spec = |command, label, tooltip| CommandSpec::new(Menu::Loader, command, label, tooltip);
    let redraw = "Show the next sample in the pane Preview; what is kept there stays.";
    let place = "A redraw of the preview shows the same place under other random numbers.";
    let numbers = "A redraw of the preview uses the same random numbers at another place.";
    let rows = vec![
        spec(Command::RedrawPreview, "Redraw the preview", redraw)
            .key(Shortcut::plain(Key::Char('X')))
            .when(|state| has_loader(state) && state.preview.ask.can_redraw()),
        spec(
            Command::StopPreview,
            "Break off the preview",
            "What is shown stays; a redraw or another setting draws again.",
        )
        .needs(|state| state.preview.is_busy(), "None is being drawn."),
        spec(Command::ToggleKeepPlace, "Keep the place", place).check(|state| state.preview.ask.keep_place),
        spec(Command::ToggleKeepNumbers, "Keep the augmentation", numbers)
            .check(|state| state.preview.ask.keep_numbers),
    ];
    let mode = |(mode, checked): (PreviewMode, fn(&State) -> bool)| {
        let label = format!("Preview: {}", mode.title());
        CommandSpec::new(Menu::None, Command::SetPreviewMode(mode), &label, mode.purpose()).check(checked)
    };
    rows.into_iter().chain(PreviewMode::ALL.into_iter().zip(CHECKED).map(mode)).collect()
}

fn help() -> Vec<CommandSpec> {
    use Menu::Help;
    let spec = CommandSpec::new;
    vec![
        spec(Help, Command::ToggleHelp, "Keys and mouse", "What every key and mouse button does.")
            .key(Shortcut::plain(Key::F(1)))
            .check(|state| state.help_open),
        spec(Help, Command::TogglePalette, "Command palette", "Find any command by typing a part of its name.")
            .key(Shortcut::ctrl(Key::Char('P')))
            .check(|state| state.palette_open),
        spec(
            Help,
            Command::ToggleHints,
            "Hints for first steps",
            "One at a time below the panes, when it helps; or none any more.",
        )
        .check(|state| state.hints.on && !state.hints.all_seen()),
        spec(Menu::None, Command::ClearLog, "Clear the log", "Empty the Log pane."),
        spec(Menu::None, Command::Escape, "Close what is on top", "Palette, path field, help or maximised pane.")
            .key(Shortcut::plain(Key::Escape)),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_and_no_label_is_taken_twice() {
        let keys: Vec<_> = table().iter().filter_map(|spec| spec.shortcut).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        let labels: HashSet<_> = table().iter().map(|spec| &spec.label).collect();
        assert_eq!(labels.len(), table().len());
        assert!(table().iter().all(|spec| spec.tooltip.ends_with('.')));
    }

    #[test]
    fn a_tip_has_the_key_and_what_is_lacking() {
        let tip = |command| by_command(&command).map(|spec| spec.tip(&State::default())).unwrap_or_default();
        assert_eq!(tip(Command::ToggleLabels), "Show labels as a coloured overlay. (L)");
        assert!(tip(Command::ToggleNetwork).ends_with("of the targets. (N) The configuration has no input."));
    }
}
