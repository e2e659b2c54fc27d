//! Commands about what is open: searching it, how its classes look, and what is counted of it in the background.

use super::table::is_open;
use super::{Command, CommandSpec, Key, Menu, Shortcut};
use crate::state::{ClassLook, CountJob, CountPhase, Effect, PaneKind, Session, State, find};

/// An action on what is open.
#[derive(Debug, Clone, PartialEq)]
pub enum DataCommand {
    /// Search datasets, volumes, crops and classes for these words.
    Search(String),
    /// Put the keyboard into the search field.
    FocusSearch,
    /// Show or hide a class in every crop of the shown dataset.
    ShowClass {
        /// Its name.
        class: String,
        /// Shown.
        visible: bool,
    },
    /// Show or hide a class in every crop, whichever it is not now.
    ToggleClass(String),
    /// Show only this class, or, if that is so, what was shown before.
    IsolateClass(String),
    /// Show again what was shown before a class was isolated.
    ShowAllClasses,
    /// Give a class a colour, sRGB; `None` is that of the palette.
    SetClassColor {
        /// Its name.
        class: String,
        /// The colour.
        color: Option<[u8; 3]>,
    },
    /// Give a class a part of the labels' opacity, 0–1.
    SetClassOpacity {
        /// Its name.
        class: String,
        /// The part.
        opacity: f32,
    },
    /// Every class as it looks at first.
    ResetClassLooks,
    /// How many samples are to show a class, for how long that takes.
    SetSightings(u64),
    /// Count something in the background.
    Count(CountJob),
    /// Stop a count.
    StopCount(CountJob),
}

/// The rows of the command table.
pub(super) fn rows() -> Vec<CommandSpec> {
    use Menu::View;
    let spec = |command, label, tooltip| CommandSpec::new(View, Command::Data(command), label, tooltip);
    vec![
        spec(DataCommand::FocusSearch, "Find in the data…", "Search datasets, volumes, crops and classes by name.")
            .key(Shortcut::ctrl(Key::Char('F')))
            .when(is_open),
        spec(DataCommand::ShowAllClasses, "End isolation", "Show again what was shown before a class was isolated.")
            .when(|state| state.display.isolated.is_some()),
        spec(DataCommand::ResetClassLooks, "Reset looks of classes", "Colours and opacity of every class as at first.")
            .when(|state| !state.display.looks.is_empty()),
    ]
}

/// Applies one.
pub fn apply(state: &mut State, command: DataCommand) {
    match command {
        DataCommand::Search(text) => search(state, text),
        DataCommand::FocusSearch => {
            state.search.focus_wanted += 1;
            state.maximised = None;
            state.effects.push(Effect::ShowPane(PaneKind::Data));
        }
        DataCommand::ShowClass { class, visible } => show_class(state, &class, visible),
        DataCommand::ToggleClass(class) => {
            let visible = state.class_visibility(&class) != Some(true);
            show_class(state, &class, visible);
        }
        DataCommand::IsolateClass(class) => {
            let isolated = &mut state.display.isolated;
            *isolated = if isolated.as_ref() == Some(&class) { None } else { Some(class) };
        }
        DataCommand::ShowAllClasses => state.display.isolated = None,
        DataCommand::SetClassColor { class, color } => change_look(state, class, |look| look.color = color),
        DataCommand::SetClassOpacity { class, opacity } => {
            change_look(state, class, |look| look.opacity = opacity.clamp(0.0, 1.0));
        }
        DataCommand::ResetClassLooks => {
            state.display.looks.clear();
            state.effects.push(Effect::Recolor);
        }
        DataCommand::SetSightings(times) => state.sightings = times.max(1),
        DataCommand::Count(job) if state.inventory.phase(job) == CountPhase::Counting => {}
        DataCommand::Count(job) => {
            state.inventory.set_phase(job, CountPhase::Counting);
            state.effects.push(Effect::Count(job));
        }
        DataCommand::StopCount(job) => state.effects.push(Effect::StopCount(job)),
    }
}

/// Searches what is open.
pub(super) fn search(state: &mut State, text: String) {
    state.search.found = state.session.open().and_then(|data| find(&data.names, &text));
    state.search.text = text;
}

fn show_class(state: &mut State, class: &str, visible: bool) {
    let Session::Open(data) = &state.session else { return };
    let Some(dataset) = data.dataset() else { return };
    for (crop, labels) in dataset.crops.iter().enumerate() {
        let of_class = labels.classes.iter().enumerate().filter(|(_, labels)| labels.class == class);
        for (index, _) in of_class {
            state.display.set_class_visible(crop, index, visible);
        }
    }
}

fn change_look(state: &mut State, class: String, change: impl FnOnce(&mut ClassLook)) {
    let mut look = state.display.look(&class);
    change(&mut look);
    // What is as at first is not remembered.
    if look == ClassLook::default() {
        state.display.looks.remove(&class);
    } else {
        state.display.looks.insert(class, look);
    }
    state.effects.push(Effect::Recolor);
}
