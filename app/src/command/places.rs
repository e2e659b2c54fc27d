//! What commands do with places: copy one, make a link of it, go to one; and the ruler.

use super::Command;
use super::apply::{look_at, show_dataset};
use crate::state::{Effect, LogLevel, Place, Ruler, State, neuroglancer_link};

/// Applies a command about places. Answers one that is none.
pub fn apply(state: &mut State, command: Command) -> Option<Command> {
    match command {
        Command::CopyPosition => copy_position(state, state.views.cursor_nm),
        Command::CopyPositionAt(at_nm) => copy_position(state, at_nm),
        Command::CopyNeuroglancerLink => copy_link(state),
        Command::ToggleGoTo => state.go_to_open = !state.go_to_open,
        Command::GoTo(place) => go_to(state, &place),
        Command::Measure { normal, from_nm, to_nm } => state.views.ruler = Some(Ruler { normal, from_nm, to_nm }),
        other => return Some(other),
    }
    None
}

fn copy_position(state: &mut State, at_nm: microtome_core::geometry::Zyx<f64>) {
    let text = Place::on_display(state, at_nm).to_string();
    state.say(LogLevel::Info, format!("copied {text}"));
    state.effects.push(Effect::CopyText(text));
}

fn copy_link(state: &mut State) {
    let path = state.session.open().and_then(|data| data.dataset()).map(|dataset| dataset.raw.path().to_owned());
    if let Some(path) = path {
        // A relative path means something only here.
        let path = if path.contains("://") {
            path
        } else {
            std::path::absolute(&path).map_or(path, |absolute| absolute.display().to_string())
        };
        let link = neuroglancer_link(&Place::on_display(state, state.views.cursor_nm), &path);
        state.say(LogLevel::Info, "copied a neuroglancer link for this place");
        state.effects.push(Effect::CopyText(link));
    }
}

fn go_to(state: &mut State, place: &Place) {
    let Some(data) = state.session.open() else { return };
    let index = match &place.dataset {
        None => Some(data.dataset_index),
        Some(name) => data.catalog.datasets.iter().position(|dataset| dataset.name == *name),
    };
    let Some(index) = index else {
        let name = place.dataset.as_deref().unwrap_or_default();
        state.say(LogLevel::Warning, format!("no open dataset is named {name}; open it first, or leave its name out"));
        return;
    };
    state.go_to_open = false;
    show_dataset(state, index);
    look_at(state, place.position_nm, place.nm_per_point);
}
