//! What the law and proof tests share.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

pub mod data;
pub mod mutate;
