//! What can go wrong when chunks become textures and slices become pixels.

use microtome_core::geometry::Zyx;

/// Everything that can go wrong in this package. Messages are one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The number of elements does not belong to the shape.
    #[error("a chunk of {shape} voxels has {expected} elements, but {got} were given")]
    ChunkLength {
        /// Voxels, z, y, x.
        shape: Zyx<u32>,
        /// Elements that `shape` asks for.
        expected: u64,
        /// Elements that came.
        got: u64,
    },
    /// The chunk is larger than a 3-D texture of this device can be.
    #[error(
        "a chunk of {shape} voxels does not fit a 3-D texture of this device (at most {limit} a side); \
         rewrite the array with smaller chunks"
    )]
    ChunkTooLarge {
        /// Voxels, z, y, x.
        shape: Zyx<u32>,
        /// Largest side, voxels.
        limit: u32,
    },
    /// What is drawn now already fills the budget of texture memory.
    #[error(
        "{needed_bytes} bytes more do not fit the texture budget of {budget_bytes} bytes: {in_use_bytes} are drawn now; \
         raise the budget or show fewer layers"
    )]
    OverBudget {
        /// Bytes of the refused chunk.
        needed_bytes: u64,
        /// Bytes of textures that this frame or the last one drew.
        in_use_bytes: u64,
        /// The budget.
        budget_bytes: u64,
    },
    /// The view has no pixels, or more than a texture of this device can have.
    #[error("cannot draw {width}×{height} pixels; this device draws 1 to {limit} a side")]
    ViewportSize {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Largest side, pixels.
        limit: u32,
    },
    /// The image could not be copied back from the device.
    #[error("the drawn image could not be read back ({reason}); the graphics driver may have been reset")]
    Readback {
        /// The driver's words.
        reason: String,
    },
    /// The texture format of the target is not one that can be read back as 8-bit RGBA.
    #[error("images of format {format} cannot be read back; use an 8-bit RGBA or BGRA target")]
    ReadbackFormat {
        /// wgpu's name of the format.
        format: String,
    },
}
