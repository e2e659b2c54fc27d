//! Commands that what is open offers to the palette: fly to each crop and volume, show, hide or isolate each class.

use super::{Command, DataCommand};
use crate::state::State;

/// A command with a name of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What runs.
    pub command: Command,
    /// What it is called.
    pub label: String,
    /// What it does, in one sentence.
    pub tooltip: &'static str,
}

/// What there is to offer; nothing if nothing is open.
#[must_use]
pub fn offers(state: &State) -> Vec<Offer> {
    let Some(data) = state.session.open() else { return Vec::new() };
    let mut offers = Vec::new();
    let mut offer = |command, label, tooltip| offers.push(Offer { command, label, tooltip });
    for class in &data.class_names {
        let isolate = DataCommand::IsolateClass(class.clone());
        offer(Command::Data(isolate), format!("Isolate {class}"), "Show only this class; again: as before.");
        let toggle = DataCommand::ToggleClass(class.clone());
        offer(Command::Data(toggle), format!("Show or hide {class}"), "In every crop of the shown dataset.");
    }
    for name in data.config.input.keys().filter(|_| data.config.input.len() > 1) {
        let see = Command::SetNetworkInput(name.clone());
        offer(see, format!("See as input {name} does"), "Show the data as this input of the network gets them.");
    }
    for (dataset, set) in data.catalog.datasets.iter().enumerate() {
        let fly = |target| Command::FlyTo { dataset, target };
        if dataset != data.dataset_index {
            let beside = "The same place of both, side by side; they move and zoom together.";
            offer(Command::ShowBeside(dataset), format!("Show {} beside it", set.name), beside);
        }
        offer(fly(set.raw.bounds()), format!("Fly to {}", set.name), "Show the whole volume in the slices.");
        for crop in &set.crops {
            let label = format!("Fly to {} of {}", crop.name, set.name);
            offer(fly(crop.bounds), label, "Show this label crop in the slices.");
        }
    }
    offers
}
