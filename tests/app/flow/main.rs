//! The real app, driven through its accessibility tree: what a user does, and what the window then says.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

mod arrangement;
mod attach;
mod balance;
mod cellmap;
mod chunks;
mod contrast;
mod crop_colors;
mod data;
mod driver;
mod export;
mod faults;
mod files;
mod hints;
mod idle;
mod keyboard;
mod loader;
mod network;
mod oblique;
mod overview;
mod places;
mod preview;
mod scale;
mod slices;
mod snapshots;
mod tune;
