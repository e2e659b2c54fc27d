//! What commands about what the slices show do to the state: through whose eyes, and how they are laid out.

use super::Command;
use crate::state::State;

/// Applies a command about what the slices show. Answers one that is none.
pub fn apply(state: &mut State, command: Command) -> Option<Command> {
    match command {
        Command::ToggleNetwork => state.network.is_on = !state.network.is_on && state.network_input().is_some(),
        Command::SetNetworkInput(name) => {
            state.network.input = Some(name);
            state.network.is_on = true;
        }
        other => return Some(other),
    }
    None
}
