//! Commands about loaders of other processes, and about recording the one of this window.

use super::{Command, CommandSpec, Menu};
use crate::state::{Effect, LoaderPhase, State};

/// Whether a command is one of these.
pub(super) const fn is_about_attaching(command: &Command) -> bool {
    matches!(
        command,
        Command::ToggleAttach
            | Command::FindLoaders
            | Command::ToggleRecordField
            | Command::Record(_)
            | Command::StopRecording
    )
}

/// Applies one of them.
pub(super) fn apply(state: &mut State, command: Command) {
    match command {
        Command::ToggleAttach => {
            state.attach.open = !state.attach.open;
            if state.attach.open {
                find(state);
            }
        }
        Command::FindLoaders => find(state),
        Command::ToggleRecordField => state.attach.record_field_open = !state.attach.record_field_open,
        Command::Record(file) => {
            state.attach.record_field_open = false;
            state.effects.push(Effect::Record(Some(file)));
        }
        Command::StopRecording => state.effects.push(Effect::Record(None)),
        _ => {}
    }
}

fn find(state: &mut State) {
    state.attach.found = None;
    state.effects.push(Effect::FindLoaders);
}

/// A loader of this window runs.
fn runs_here(state: &State) -> bool {
    state.session.open().is_some() && matches!(state.loader.phase, LoaderPhase::Running | LoaderPhase::Paused)
}

/// Their rows of the File menu.
pub(super) fn file_rows() -> Vec<CommandSpec> {
    let attach = "Show what a loader in another process does, such as that of a training run.";
    vec![CommandSpec::new(Menu::File, Command::ToggleAttach, "Attach to a loader…", attach)]
}

/// Their rows of the Loader menu.
pub(super) fn loader_rows() -> Vec<CommandSpec> {
    let record = "Write figures, spans and thumbnails into a file that can be opened and reported about later.";
    vec![
        CommandSpec::new(Menu::Loader, Command::ToggleRecordField, "Record into a file…", record)
            .when(|state| runs_here(state) && state.attach.recording.is_none()),
        CommandSpec::new(Menu::Loader, Command::StopRecording, "Stop recording", "Close the file of the recording.")
            .when(|state| state.attach.recording.is_some()),
        CommandSpec::new(Menu::None, Command::FindLoaders, "Look for loaders", "Look for loaders that serve here."),
    ]
}
