//! Where the app runs: in a window of the desktop, or offscreen for pictures, tests and notebooks.

pub mod offscreen;
#[cfg(feature = "window")]
pub mod window;
