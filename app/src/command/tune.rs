//! What commands do to the configuration that is being edited.

use microtome_core::diagnose::{Change, Remedy};
use microtome_core::loader::params::{self, Value, Values};

use super::Command;
use crate::python::{cellmap_text, python_text};
use crate::state::{Draft, Effect, LogLevel, Session, State};

/// Whether a command is one of those here.
pub(super) const fn is_about_config(command: &Command) -> bool {
    matches!(
        command,
        Command::SetParam { .. }
            | Command::ApplyRemedy(_)
            | Command::SettleParam
            | Command::Undo
            | Command::Redo
            | Command::RevertConfig
            | Command::SaveConfig
            | Command::SaveConfigAs(_)
            | Command::ToggleSaveField
            | Command::CopyPython
            | Command::CopyCellmap
            | Command::UsePreset(_)
    )
}

/// Applies it.
pub(super) fn apply(state: &mut State, command: Command) {
    let now_s = state.now_s;
    if let (Session::Remote(_), Command::ApplyRemedy(remedy)) = (&state.session, &command) {
        tune_elsewhere(state, remedy);
        return;
    }
    let Some(draft) = state.session.draft_mut() else { return };
    match command {
        Command::SetParam { key, value } => draft.set(&key, value, now_s),
        Command::ApplyRemedy(remedy) => {
            for change in &remedy.changes {
                // What is no TOML is no value either.
                if let Some(value) = value_of(change) {
                    draft.set(&change.key, value, now_s);
                }
            }
            draft.settle();
            state.trials.plan(&remedy);
        }
        Command::SettleParam => draft.settle(),
        Command::Undo => draft.undo(now_s),
        Command::Redo => draft.redo(now_s),
        Command::RevertConfig => draft.revert(now_s),
        Command::CopyPython => {
            let text = python_text(draft.values());
            state.effects.push(Effect::CopyText(text));
            state.say(LogLevel::Info, "the configuration is on the clipboard, as Python");
        }
        Command::CopyCellmap => copy_cellmap(state),
        Command::UsePreset(index) => {
            let Some(preset) = params::PRESETS.get(index) else { return };
            draft.set("augment", Some(preset.value()), now_s);
            draft.settle();
            state.say(
                LogLevel::Info,
                format!("augmentation as in the preset {}; undo brings back what was", preset.name),
            );
        }
        Command::ToggleSaveField => state.save_field_open = !state.save_field_open,
        Command::SaveConfig => match draft.file().map(std::path::Path::to_path_buf) {
            Some(file) => save(state, file),
            None => state.save_field_open = true,
        },
        Command::SaveConfigAs(file) => save(state, file),
        _ => {}
    }
}

/// Asks a loader elsewhere to change; its answer comes as news.
fn tune_elsewhere(state: &mut State, remedy: &Remedy) {
    for change in &remedy.changes {
        match &change.value {
            Some(value) => state.effects.push(Effect::TuneElsewhere { key: change.key.clone(), value: value.clone() }),
            None => state.say(LogLevel::Warning, format!("{} cannot be left out while the loader runs", change.key)),
        }
    }
}

/// What a change sets its key to, `None` within if it is left out; `None` for what is no TOML.
fn value_of(change: &Change) -> Option<Option<Value>> {
    match &change.value {
        Some(text) => Some(Some(format!("value = {text}").parse::<Values>().ok()?.remove("value")?)),
        None => Some(None),
    }
}

/// What is being edited, or was when it last was valid.
fn copy_cellmap(state: &mut State) {
    let Some(data) = state.session.open() else { return };
    let Some(config) = data.draft.valid() else { return };
    let text = cellmap_text(config, Some(&data.catalog));
    state.effects.push(Effect::CopyText(text));
    state.say(LogLevel::Info, "the configuration is on the clipboard, as Python for cellmap-data");
}

/// A configuration that no loader would take is not written.
fn save(state: &mut State, file: std::path::PathBuf) {
    state.save_field_open = false;
    let problem = state.session.open().and_then(|data| Draft::problem(&data.draft)).cloned();
    match problem {
        Some(problem) => state.say(LogLevel::Warning, format!("not saved: {}: {}", problem.key, problem.words)),
        None => state.effects.push(Effect::SaveConfig(file)),
    }
}
