//! What kinds of values keys take, with units and the range that a slider offers.

/// Where a slider begins and ends, and how far one press of a key moves it. The configuration may allow more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Of the number: `nm`, `°`, `voxels`, `samples`; empty where it has none.
    pub unit: &'static str,
    /// Smallest.
    pub from: f64,
    /// Largest.
    pub to: f64,
    /// From one value to the next.
    pub step: f64,
    /// The value that changes nothing, where there is one.
    pub neutral: Option<f64>,
}

impl Limits {
    /// Of numbers of `unit` in `from..=to`.
    pub(super) const fn new(unit: &'static str, (from, to): (f64, f64), step: f64) -> Self {
        Self { unit, from, to, step, neutral: None }
    }

    /// Of an operation that does nothing at `value`.
    pub(super) const fn neutral(self, value: f64) -> Self {
        Self { neutral: Some(value), ..self }
    }
}

/// What a key may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A table of further keys.
    Table,
    /// A number.
    Number(Limits),
    /// A whole number.
    Integer(Limits),
    /// 0–1.
    Probability,
    /// `[from, to]`: drawn from evenly.
    Range(Limits),
    /// `[from, to]` of whole numbers: drawn from evenly.
    IntegerRange(Limits),
    /// `[from, to]`: two values that count as they are.
    Ends(Limits),
    /// One of these words, each with its meaning.
    Choice(&'static [(&'static str, &'static str)]),
    /// Some of these words.
    Choices(&'static [&'static str]),
    /// A number for z, y and x each; whole ones where the step is whole.
    Axes(Limits),
    /// A word.
    Text,
    /// A path, relative to the configuration's file.
    Path,
    /// Words.
    Texts,
    /// Whole numbers.
    Integers,
    /// Offsets in voxels, z, y, x each.
    Offsets,
    /// Numbers, or lists of words, by name.
    Map,
    /// A size: `"4 GiB"`.
    Bytes,
    /// Yes or no.
    Switch,
}

impl Kind {
    /// The unit of its numbers; empty where they have none.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Number(limits)
            | Self::Integer(limits)
            | Self::Range(limits)
            | Self::IntegerRange(limits)
            | Self::Ends(limits)
            | Self::Axes(limits) => limits.unit,
            _ => "",
        }
    }
}
