//! Rendering proven three ways: shaders without a device, pure plans by properties, pixels against the CPU twin.

#![allow(clippy::expect_used, reason = "the helpers of a test fail by panicking, as the test does")]

mod budget;
mod device;
mod formats;
mod plan;
mod resample;
mod resample_types;
mod scene;
mod seams;
mod shaders;
mod twin;
mod view;
