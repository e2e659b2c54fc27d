//! The epoch and its edges: tiles that cover, ranks that share, states to go on from, raw that is not there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

mod absent;
mod dealt;
mod scene;
mod tiles;
