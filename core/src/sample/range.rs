//! `[from, to]` of a random parameter, and the checks of every number that `[augment]` may hold.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::draw::Draw;
use crate::{Error, Result};

/// `[from, to]`: a draw is uniform between both; equal ends give that value always.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub struct Range {
    /// Smallest value.
    pub from: f64,
    /// Largest value.
    pub to: f64,
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [from, to] = two(deserializer)?;
        Ok(Self { from, to })
    }
}

/// Reads a list of exactly two (serde's own arrays leave it to the format whether a third is an error).
pub(super) fn two<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<[T; 2], D::Error> {
    let values = Vec::<T>::deserialize(deserializer)?;
    let len = values.len();
    values.try_into().map_err(|_| D::Error::invalid_length(len, &"two values: [from, to]"))
}

impl From<[f64; 2]> for Range {
    fn from([from, to]: [f64; 2]) -> Self {
        Self { from, to }
    }
}

impl From<Range> for [f64; 2] {
    fn from(range: Range) -> Self {
        [range.from, range.to]
    }
}

impl Range {
    pub(super) fn draw(self, draw: &mut Draw) -> f64 {
        draw.between(self.from, self.to)
    }
}

/// Checks the values of one operation: errors name their key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check {
    /// The operation's key in `[augment]`.
    pub(super) operation: &'static str,
}

impl Check {
    /// Both ends within `lo..=hi`, in order.
    ///
    /// # Errors
    /// [`Error::Config`] that names the key and what would be right.
    pub(super) fn range(&self, key: &str, range: Range, (lo, hi): (f64, f64)) -> Result<()> {
        let Range { from, to } = range;
        if !(lo <= from && from <= hi && lo <= to && to <= hi) {
            return self.wrong(key, format!("[{from}, {to}] reaches outside what is possible; from {lo} to {hi}"));
        }
        if from > to {
            return self.wrong(key, format!("[{from}, {to}] runs backwards; write [{to}, {from}]"));
        }
        Ok(())
    }

    /// A number within `lo..=hi`.
    ///
    /// # Errors
    /// [`Error::Config`] that names the key and what would be right.
    pub(super) fn number(&self, key: &str, value: f64, (lo, hi): (f64, f64)) -> Result<()> {
        if (lo..=hi).contains(&value) {
            return Ok(());
        }
        self.wrong(key, format!("{value} is outside what is possible; from {lo} to {hi}"))
    }

    /// A number from 0 to 1.
    ///
    /// # Errors
    /// [`Error::Config`] that names the key.
    pub(super) fn probability(&self, key: &str, value: f64) -> Result<()> {
        if (0.0..=1.0).contains(&value) {
            return Ok(());
        }
        self.wrong(key, format!("{value} is no probability; from 0 to 1"))
    }

    /// [`Error::Config`] at `key` of the operation, or at the operation itself for an empty one.
    pub(super) fn wrong(&self, key: &str, problem: impl Into<String>) -> Result<()> {
        let dot = if key.is_empty() { "" } else { "." };
        let key = format!("augment.{}{dot}{key}", self.operation);
        Err(Error::Config { file: None, line: None, key, problem: problem.into() })
    }
}

/// Lengths in nm that can be meant: up to a millimetre.
pub(super) const LENGTHS_NM: (f64, f64) = (0.0, 1e6);
