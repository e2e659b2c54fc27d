//! Diagnoses against loaders of which it is known what limits them: simulated in virtual time, and real ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

mod curves;
mod monitors;
mod planted;
mod real;
mod standstill;
mod trials;
