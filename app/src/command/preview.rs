//! What commands ask of the preview.

use super::Command;
use crate::state::{Effect, State};

/// Applies a command about the preview. Answers one that is none.
pub fn apply(state: &mut State, command: Command) -> Option<Command> {
    let preview = &mut state.preview;
    let ask = &mut preview.ask;
    match command {
        Command::WatchPreview => preview.is_watched = true,
        Command::SetPreviewMode(mode) => ask.mode = mode,
        Command::RedrawPreview => ask.redraw(),
        Command::StopPreview => state.effects.push(Effect::StopPreview),
        Command::ToggleKeepPlace => ask.keep_place = !ask.keep_place,
        Command::ToggleKeepNumbers => ask.keep_numbers = !ask.keep_numbers,
        Command::SetPreviewSlice(share) => ask.slice = share.clamp(0.0, 1.0),
        Command::SetPreviewDraws(draws) => ask.draws = draws,
        Command::SetSweptKey(key) => ask.swept = key,
        Command::SetSweepValues(values) => ask.values = values,
        other => return Some(other),
    }
    None
}
