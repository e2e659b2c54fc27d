//! What the app remembers from one start to the next: theme, recent datasets, layout, looks of
//! classes, hints that were read. One JSON file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::options::ThemeName;
use crate::state::{ClassLook, Hint, Preset};

/// What the app remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The look.
    pub theme: ThemeName,
    /// Everything in the window is so many tenths larger than at first.
    pub ui_scale_steps: i8,
    /// Recently opened, newest first.
    pub recent: Vec<PathBuf>,
    /// The arrangement that was chosen last.
    pub preset: Preset,
    /// How classes look, where the user changed it, by name.
    pub class_looks: BTreeMap<String, ClassLook>,
    /// First steps that were read.
    pub hints_seen: BTreeSet<Hint>,
    /// The panes as the user left them.
    pub layout: Option<serde_json::Value>,
    /// How many panes there were to arrange then.
    pub layout_panes: usize,
}

impl Settings {
    /// Recent datasets that are kept.
    pub const RECENT: usize = 10;

    /// The file in a settings folder.
    #[must_use]
    pub fn file(folder: &Path) -> PathBuf {
        folder.join("settings.json")
    }

    /// Reads the file. Without one, the defaults; a file that cannot be used gives the defaults and the reason.
    #[must_use]
    pub fn read(file: &Path) -> (Self, Option<String>) {
        let complaint = |reason: &dyn std::fmt::Display| {
            Some(format!("the settings cannot be used ({reason}); starting with the defaults: {}", file.display()))
        };
        match std::fs::read_to_string(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Self::default(), None),
            Err(error) => (Self::default(), complaint(&error)),
            Ok(text) => match serde_json::from_str(&text) {
                Ok(settings) => (settings, None),
                Err(error) => (Self::default(), complaint(&error)),
            },
        }
    }

    /// Puts a path at the front of the recent ones.
    pub fn remember(recent: &mut Vec<PathBuf>, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        recent.retain(|known| *known != path);
        recent.insert(0, path);
        recent.truncate(Self::RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_no_path_twice() {
        let mut recent = Vec::new();
        for name in ["/a", "/b", "/a"] {
            Settings::remember(&mut recent, Path::new(name));
        }
        assert_eq!(recent, [PathBuf::from("/a"), PathBuf::from("/b")]);
        (0..20).for_each(|i| Settings::remember(&mut recent, &PathBuf::from(format!("/{i}"))));
        assert_eq!(recent.len(), Settings::RECENT);
    }
}
