//! The Microtome window, its offscreen host and the command line.
//!
//! [`App`] is the same whether a window, the offscreen host or a test drives it: each frame `logic` takes in what the
//! background threads did and applies commands, then `ui` paints. Panes read [`context::PaneContext`] and send
//! [`command::Command`]s; nothing on the UI thread reads data or waits.

mod app;
pub mod background;
mod chrome;
pub mod command;
pub mod context;
pub mod format;
pub mod host;
mod keys;
mod layout;
pub mod options;
pub mod panes;
pub mod python;
pub mod report;
pub mod settings;
pub mod state;
pub mod theme;

pub use app::App;
pub use options::{AppOptions, Start, ThemeName};
