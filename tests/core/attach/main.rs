//! Looking at a loader from elsewhere: what viewers and recordings are told, and that no viewer can do it any harm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

mod children;
mod hostile;
mod protocol;
mod puffin_viewer;
mod recording;
mod served;
mod viewers;
