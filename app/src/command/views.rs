//! What commands about what the slices show do to the state: through whose eyes, and how they are laid out.

use microtome_core::geometry::Zyx;

use super::Command;
use crate::state::{Arrangement, Effect, PaneKind, State};

/// Applies a command about what the slices show. Answers one that is none.
pub fn apply(state: &mut State, command: Command) -> Option<Command> {
    match command {
        Command::ToggleNetwork => state.network.is_on = !state.network.is_on && state.network_input().is_some(),
        Command::SetNetworkInput(name) => {
            state.network.input = Some(name);
            state.network.is_on = true;
        }
        Command::Turn { normal, about_down_degrees, about_right_degrees } => {
            state.views.turn(normal, about_down_degrees, about_right_degrees);
        }
        Command::TurnActive(about_down, about_right) => {
            state.views.turn(state.views.active, about_down, about_right);
        }
        Command::AutoContrastActive => state.effects.push(Effect::Gauge(state.views.active)),
        Command::StopContrast => state.effects.push(Effect::StopGauge),
        Command::SetCropColor(by) => state.display.crop_color = by,
        Command::CommonContrast => state.display.own_contrast = Zyx::splat(None),
        Command::ResetTurns => state.views.turned = Zyx::splat(None),
        Command::Arrange(arrangement) => state.arrange(arrangement),
        Command::ShowBeside(index) => {
            state.arrange(Arrangement::Datasets);
            state.show_beside(index);
        }
        other => return Some(other),
    }
    None
}

/// A pane that is asked for gets its place: another slice in the place of the one that is there alone, or all four views.
pub(super) fn make_room(state: &mut State, kind: PaneKind) {
    match kind.normal() {
        Some(normal) => state.views.single = normal,
        None if kind == PaneKind::Overview => state.views.arrangement = Arrangement::Four,
        None => {}
    }
}
