//! The same configuration in cellmap-data's words: its keyword arguments taken over, and written for it.
//!
//! What cellmap-data takes is described in its source (`CellMapDataSplit`, `CellMapDataLoader`, `CellMapDataset`); the
//! names that the CellMap segmentation challenge gives the same things in its training scripts are understood too.
//! Whatever reads Python (the window, the command line, the Python package) hands over plain [`Setting`]s.

mod augment;
mod export;
mod import;
mod intensity;
mod setting;
#[cfg(test)]
mod tests;

pub use export::{Exported, export};
pub use import::{Imported, import, is_known};
pub use setting::{Setting, Settings};
