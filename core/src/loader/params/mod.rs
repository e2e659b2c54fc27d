//! Every key of the configuration, described once: what it is called, what kind of value it takes, and what it means.
//!
//! The documented example ([`LoaderConfig::example`](super::LoaderConfig::example)), the window's controls and their
//! tooltips are all made from [`SECTIONS`]; nothing else says what a key means to its user.

mod augment;
mod data;
mod example;
mod intensity;
mod kind;
mod pin;
mod presets;
mod running;
#[cfg(test)]
mod tests;
mod values;
mod watching;

pub use example::example;
pub use kind::{Kind, Limits};
pub use pin::{Span, pinned, spans};
pub use presets::{PRESETS, Preset};
pub use values::{Value, Values, check, get, keys, problem_of, put, set, standard, typical, values};

/// A table of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Its dotted name; `*` stands for the name of an array.
    pub name: &'static str,
    /// Its line in the example, such as `[input.raw]` or `[[data.train]]`.
    pub header: &'static str,
    /// Whether the example's reader needs it; else it stands there behind `#`.
    pub usual: bool,
    /// What it is for.
    pub meaning: &'static str,
    /// Its keys, each behind the table that it is in.
    pub params: &'static [Param],
    /// Further lines of the example, as they are: other tables of the kind.
    pub more: &'static str,
}

impl Section {
    /// Whether it may stand there several times.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.header.starts_with("[[")
    }
}

/// A key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Dotted; `*` stands for the name of an array.
    pub key: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Typical values, as TOML; the first is what the key becomes when it is switched on. Those of a key within an inline
    /// table stand in the table's.
    pub examples: &'static [&'static str],
    /// Whether the example sets it; else it stands there behind `#`.
    pub usual: bool,
    /// What it does, in one sentence or a few.
    pub meaning: &'static str,
}

impl Param {
    /// A key that the example sets.
    const fn usual(key: &'static str, kind: Kind, examples: &'static [&'static str], meaning: &'static str) -> Self {
        Self { key, kind, examples, usual: true, meaning }
    }

    /// A key that may be left out.
    const fn other(key: &'static str, kind: Kind, examples: &'static [&'static str], meaning: &'static str) -> Self {
        Self { key, kind, examples, usual: false, meaning }
    }

    /// A key within the inline table before it.
    const fn within(key: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { key, kind, examples: &[], usual: false, meaning }
    }

    /// The last part of its key.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.key.rsplit('.').next().unwrap_or(self.key)
    }

    /// The inline table that it is within.
    #[must_use]
    pub fn table(&self) -> Option<&'static Self> {
        let (table, _) = self.key.rsplit_once('.')?;
        params().find(|param| param.key == table && param.kind == Kind::Table)
    }
}

/// Every table of the configuration, in the order of the example.
pub const SECTIONS: &[Section] = &[
    data::DATA,
    data::SEARCH,
    data::TRAIN,
    data::VALIDATE,
    running::INPUT,
    running::TARGET,
    running::SAMPLING,
    augment::AUGMENT,
    running::LOADER,
    watching::TELEMETRY,
];

/// Every key, in the order of the example. Those of operations on intensities follow the other keys of `[augment]`.
pub fn params() -> impl Iterator<Item = &'static Param> {
    SECTIONS.iter().flat_map(Section::all)
}

impl Section {
    /// Its keys.
    pub fn all(&self) -> impl Iterator<Item = &'static Param> + use<> {
        let operations: &[Param] = if self.name == augment::AUGMENT.name { intensity::OPERATIONS } else { &[] };
        self.params.iter().chain(operations)
    }
}

/// The description of a dotted key, such as `input.raw.shape`; `None` if there is no such key.
#[must_use]
pub fn param(key: &str) -> Option<&'static Param> {
    let parts = values::parts(key);
    let is_it = |param: &&Param| {
        let pattern: Vec<_> = param.key.split('.').collect();
        pattern.len() == parts.len() && pattern.iter().zip(&parts).all(|(name, part)| *name == "*" || name == part)
    };
    params().find(is_it)
}
