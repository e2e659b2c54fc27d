//! What commands do about writing the box on display into a file.

use super::Command;
use crate::state::{Effect, State};

/// Applies a command about exports. Answers one that is none.
pub fn apply(state: &mut State, command: Command) -> Option<Command> {
    match command {
        Command::ToggleExport => state.export.open = !state.export.open,
        Command::SetExportLayer(layer) => (state.export.layer, state.export.level) = (layer, None),
        Command::SetExportLevel(level) => state.export.level = level,
        Command::Export(path) => {
            if let Some(plan) = state.export_plan().filter(|_| state.export.running.is_none()) {
                state.export.open = false;
                state.effects.push(Effect::Export { path, plan });
            }
        }
        Command::CancelExport => state.effects.push(Effect::CancelExport),
        other => return Some(other),
    }
    None
}
