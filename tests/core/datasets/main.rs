//! Datasets as the field writes them: datasplits, the meaning of stored values, class relations, counts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

mod counts;
mod meaning;
mod search;
mod split;
