//! Rendering proven three ways: shaders without a device, pure plans by properties, pixels against the CPU twin.

mod budget;
mod device;
mod formats;
mod plan;
mod scene;
mod seams;
mod shaders;
mod twin;
mod view;
