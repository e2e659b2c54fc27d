//! What targets can be, through the loader: every encoding against its definition, voxel by voxel.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

mod class_ids;
mod dtypes;
mod encodings;
mod inputs;
mod oracle;
mod seen;
