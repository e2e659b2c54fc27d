//! Draws slices and label overlays with wgpu.
