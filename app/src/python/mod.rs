//! Configurations as Python: written for `microtome` and for cellmap-data, and taken over from scripts of the latter.
//!
//! Scripts are read, never run.

mod evaluate;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{config, settings};
pub use write::{cellmap_text, python_text};
