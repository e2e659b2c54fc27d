//! The live panes on fixed figures: what they say, what the pointer does to them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test fails by panicking")]

mod bench;
mod diagnosis;
mod figures;
mod orbit;
mod properties;
mod snapshots;
mod timeline;
