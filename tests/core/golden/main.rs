//! Golden tests: volumes of which every voxel is known by a formula, written byte by byte without the core's own writer,
//! and read back through the loader.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

mod counts;
mod labels;
mod ranges;
mod registration;
mod volumes;
