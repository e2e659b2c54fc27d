//! What commands do to the 3-D overview, and which of those that act on the active view it takes.

use super::Command;
use crate::state::State;
use crate::state::orbit::Orbit;

/// Applies a command to the overview. Answers one that is not the overview's.
pub fn apply(state: &mut State, command: Command) -> Option<Command> {
    let views = &mut state.views;
    match command {
        Command::ActivateOverview => {
            views.overview_active = true;
            views.hover_nm = None;
        }
        Command::ActivateSlice(normal) => {
            views.active = normal;
            views.overview_active = false;
        }
        Command::DragOverview(points) => views.orbit = views.orbit.dragged(points),
        Command::MoveOverview(points) => views.orbit = views.orbit.moved(points),
        Command::ZoomOverview { about, factor } => views.orbit = views.orbit.zoomed_about(about, factor),
        // The keys of the active view.
        Command::PanActive(right, down) if views.overview_active => views.orbit = views.orbit.dragged([right, down]),
        Command::ZoomActive(factor) if views.overview_active => {
            views.orbit = views.orbit.zoomed_about([0.0; 2], factor);
        }
        Command::ResetView if views.overview_active => views.orbit = Orbit::default(),
        other => return Some(other),
    }
    None
}
