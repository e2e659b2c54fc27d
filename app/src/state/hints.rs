//! First steps: one hint at a time, at the moment that it helps, until the user has read it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{LoaderPhase, Preset, State};

/// A hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// How to move.
    Move,
    /// How to see what the loader draws.
    RunLoader,
    /// Where augmentation is tuned.
    Tune,
    /// Where it says what limits the loader.
    Diagnose,
    /// How to find everything else.
    Palette,
}

impl Hint {
    /// All hints, in the order of first steps.
    pub const ALL: [Self; 5] = [Self::Move, Self::RunLoader, Self::Tune, Self::Diagnose, Self::Palette];

    /// What it says, in a sentence or two.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Move => {
                "The wheel goes through the slices, Ctrl wheel zooms, a drag pans, a click puts the cross there. 1 to 4 \
                 make one view large, and small again."
            }
            Self::RunLoader => {
                "Space starts the loader: the crops that it draws appear in the slices, its batches in the pane Crops."
            }
            Self::Tune => {
                "The layout Tune has every key of the configuration beside a sample before and after augmentation."
            }
            Self::Diagnose => {
                "At the top right stands what limits the loader. The layout Diagnose shows why, thread by thread."
            }
            Self::Palette => "Ctrl P finds every command by its name, F1 shows all keys.",
        }
    }

    /// Whether it helps now.
    fn is_due(self, state: &State) -> bool {
        let runs = state.loader.phase == LoaderPhase::Running;
        match self {
            Self::Move | Self::Palette => true,
            Self::RunLoader => state.loader.phase == LoaderPhase::Off,
            Self::Tune => runs && state.preset != Preset::Tune,
            Self::Diagnose => runs && state.preset != Preset::Diagnose,
        }
    }
}

/// Which hints were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Whether there are any: not in pictures, and not where nothing is remembered.
    pub on: bool,
    /// Those that were read.
    pub seen: BTreeSet<Hint>,
}

impl Hints {
    /// The hint to show.
    #[must_use]
    pub fn next(state: &State) -> Option<Hint> {
        let hints = &state.hints;
        let is_open = hints.on && state.session.open().is_some();
        let mut unread = Hint::ALL.into_iter().filter(|hint| is_open && !hints.seen.contains(hint));
        unread.find(|hint| hint.is_due(state))
    }

    /// Whether all were read.
    #[must_use]
    pub fn all_seen(&self) -> bool {
        Hint::ALL.iter().all(|hint| self.seen.contains(hint))
    }

    /// All again, or none any more.
    pub fn toggle(&mut self) {
        self.on = true;
        self.seen = if self.all_seen() { BTreeSet::new() } else { Hint::ALL.into() };
    }
}
