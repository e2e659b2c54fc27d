//! The configuration that is being edited, against the one that runs and the one in the file.

mod written;

use std::path::{Path, PathBuf};

use microtome_core::loader::LoaderConfig;
use microtome_core::loader::params::{self, Kind, Value, Values};

pub use written::{Saving, rewritten};

/// Why an edited configuration is not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted key that it is about.
    pub key: String,
    /// What is wrong and what would be right.
    pub words: String,
}

/// A key that is not what it is in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Dotted key.
    pub key: String,
    /// In the file; `None`: left out.
    pub before: Option<Value>,
    /// Now.
    pub after: Option<Value>,
}

/// The configuration that is being edited.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    values: Values,
    /// The last that was valid.
    valid: Option<LoaderConfig>,
    /// How often anything was edited.
    version: u64,
    saved: Values,
    running: Values,
    file: Option<PathBuf>,
    problem: Option<Problem>,
    changes: Vec<Change>,
    undo: Vec<Values>,
    redo: Vec<Values>,
    /// The key whose slider is being dragged, or was edited last: further edits of it are the same step.
    open_edit: Option<String>,
    changed_at_s: f64,
}

impl Draft {
    /// How long after the last edit a configuration is applied, seconds.
    pub const APPLY_AFTER_S: f64 = 0.5;
    /// Steps that can be undone.
    const STEPS: usize = 200;

    /// Nothing edited yet. A configuration that TOML cannot say (a path that is no text) cannot be edited either.
    #[must_use]
    pub fn new(config: &LoaderConfig) -> Self {
        let values = params::values(config).unwrap_or_default();
        let (saved, running) = (values.clone(), values.clone());
        Self { values, saved, running, valid: Some(config.clone()), file: config.file.clone(), ..Self::default() }
    }

    /// The configuration as edited, or as it was when it last was valid.
    #[must_use]
    pub const fn valid(&self) -> Option<&LoaderConfig> {
        self.valid.as_ref()
    }

    /// How often anything was edited: what was made of the configuration is new as long as this stays.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Every key with its value, as edited.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// The value of a dotted key; `None` where it is left out.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        params::get(&self.values, key)
    }

    /// Why it is not applied.
    #[must_use]
    pub const fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// What is not as it is in the file, in the order of the description.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The file that it is saved to.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether there is a step to undo.
    #[must_use]
    pub const fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is a step to do again.
    #[must_use]
    pub const fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Sets a key, or leaves it out. Edits of one key that follow each other are one step, until [`Draft::settle`].
    pub fn set(&mut self, key: &str, value: Option<Value>, now_s: f64) {
        if self.get(key) == value.as_ref() {
            return;
        }
        if self.open_edit.as_deref() != Some(key) {
            self.remember();
        }
        self.open_edit = Some(key.to_owned());
        params::put(&mut self.values, key, value);
        self.edited(now_s);
    }

    /// The slider was let go: the next edit is a step of its own.
    pub fn settle(&mut self) {
        self.open_edit = None;
    }

    /// Takes the last step back.
    pub fn undo(&mut self, now_s: f64) {
        if let Some(before) = self.undo.pop() {
            self.redo.push(std::mem::replace(&mut self.values, before));
            self.settle();
            self.edited(now_s);
        }
    }

    /// Does a step again that was taken back.
    pub fn redo(&mut self, now_s: f64) {
        if let Some(after) = self.redo.pop() {
            self.undo.push(std::mem::replace(&mut self.values, after));
            self.settle();
            self.edited(now_s);
        }
    }

    /// Back to what is in the file; can be undone.
    pub fn revert(&mut self, now_s: f64) {
        if self.values != self.saved {
            self.remember();
            self.settle();
            self.values = self.saved.clone();
            self.edited(now_s);
        }
    }

    /// The configuration to run from now on, once, if it is due: valid, other than the one that runs, and half a second old.
    pub fn take_due(&mut self, now_s: f64) -> Option<LoaderConfig> {
        if self.waits_s(now_s)? > 0.0 {
            return None;
        }
        let config = params::check(&self.values).ok()?;
        self.running = self.values.clone();
        Some(LoaderConfig { file: self.file.clone(), ..config })
    }

    /// Seconds until the configuration is applied; `None` if there is nothing to apply.
    #[must_use]
    pub fn waits_s(&self, now_s: f64) -> Option<f64> {
        let is_due = self.problem.is_none() && self.values != self.running;
        is_due.then(|| (self.changed_at_s + Self::APPLY_AFTER_S - now_s).max(0.0))
    }

    /// The loader does not take what was applied.
    pub fn refuse(&mut self, problem: Problem) {
        self.problem = Some(problem);
    }

    /// What to write into `file`, and over what. `source`: what was opened, where that is no configuration.
    #[must_use]
    pub fn saving(&self, source: Option<&Path>, file: &Path) -> Saving {
        let mut after = self.values.clone();
        let places = ["path", "split", "search", "train"];
        let has_data = places.iter().any(|place| params::get(&after, &format!("data.{place}")).is_some());
        if let (false, Some(path)) = (has_data, source) {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
            params::put(&mut after, "data.path", Some(Value::from(path.to_string_lossy().into_owned())));
        }
        Saving { before: self.saved.clone(), after, is_own: self.file.as_deref() == Some(file) }
    }

    /// What was written is now the file.
    pub fn saved_as(&mut self, file: PathBuf, written: Values) {
        let path = params::get(&written, "data.path").cloned();
        if path.is_some() && self.get("data.path").is_none() {
            // A file that names its data says so from now on, before and after all steps.
            for values in [&mut self.values, &mut self.running].into_iter().chain(&mut self.undo).chain(&mut self.redo)
            {
                params::put(values, "data.path", path.clone());
            }
        }
        self.saved = written;
        self.file = Some(file);
        self.settle();
        self.changes = changes(&self.saved, &self.values);
    }

    fn remember(&mut self) {
        self.redo.clear();
        self.undo.push(self.values.clone());
        let excess = self.undo.len().saturating_sub(Self::STEPS);
        self.undo.drain(..excess);
    }

    fn edited(&mut self, now_s: f64) {
        self.changed_at_s = now_s;
        // What is valid is kept as it would be read back: 8 of a length as 8.0.
        let checked = params::check(&self.values).and_then(|config| Ok((params::values(&config)?, config)));
        self.version += 1;
        self.problem = match checked {
            Ok((values, config)) => {
                self.values = values;
                self.valid = Some(config);
                None
            }
            Err(error) => {
                let (key, words) = params::problem_of(&error);
                Some(Problem { key, words })
            }
        };
        self.changes = changes(&self.saved, &self.values);
    }
}

/// Keys that differ, those of tables one by one.
fn changes(before: &Values, after: &Values) -> Vec<Change> {
    let mut keys = params::keys(after);
    for (key, param) in params::keys(before) {
        if !keys.iter().any(|(known, _)| *known == key) {
            keys.push((key, param));
        }
    }
    let leaves = keys.into_iter().filter(|(_, param)| param.kind != Kind::Table);
    let change = |key: String| {
        let (before, after) = (params::get(before, &key).cloned(), params::get(after, &key).cloned());
        (before != after).then_some(Change { key, before, after })
    };
    leaves.filter_map(|(key, _)| change(key)).collect()
}

#[cfg(test)]
mod tests;
