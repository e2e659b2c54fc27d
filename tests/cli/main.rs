//! The real binary, run as a process: what it answers, what it refuses, and that it never writes into data.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

mod attach;
mod bad_input;
mod cellmap;
mod info;
mod place;
mod run;
mod sample;
