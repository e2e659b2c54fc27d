//! Draws slices and label overlays of multiscale volumes with wgpu, into whatever pass the caller has.
//!
//! - [`SliceView`] is the plane and its zoom: pure maths between pixels and nanometres.
//! - [`LevelGeometry`], [`choose_display_level`], [`wanted_chunks`] and [`draw_list()`] decide, purely, what to load
//!   and which pixels come from which chunk.
//! - [`ChunkTextures`] keeps decoded chunks on the device within a budget of bytes.
//! - [`ResamplePlan`] says how a sample is cut out, turned, bent and changed; the device makes it from the same textures.
//! - [`SliceRenderer`] paints; `reference` holds the CPU twin of every shader.
//!
//! This package knows neither files nor windows: it is handed decoded chunks, and a device.

mod basis;
mod chunk_textures;
mod colormap;
mod context;
mod draw_list;
mod error;
mod ids;
mod levels;
mod readback;
pub mod reference;
mod renderer;
mod resample;
mod residency;
mod slice;
mod texels;
mod turned;
mod turned_instance;
mod view;

pub use basis::{Basis, dot};
pub use chunk_textures::{ChunkTextures, TextureStats};
pub use colormap::{ColorMap, LUT_WIDTH, Lut};
pub use draw_list::{ChunkQuad, draw_list};
pub use error::RenderError;
pub use ids::{fold_id, hash_id, label_color};
pub use levels::{LevelGeometry, MAX_VISIBLE_CHUNKS, PixelRect, choose_display_level, visible_chunks, wanted_chunks};
pub use renderer::{FrameStats, PaintHandle, SliceRenderer};
pub use resample::{
    AxisWay, ChainStep, ClassFrom, ClassPlan, FieldWay, LabelPlan, LevelSource, NearestVoxels, PlaneStyle, RawPlan,
    ResamplePlan, ResampleRefusal, ResampledPlane, WarpWay, Way,
};
pub use residency::{ChunkId, Residency};
pub use slice::{ImageStyle, Interpolation, LabelColors, LabelStyle, LayerStyle, SliceDraw, SliceLayer};
pub use texels::{Fill, TexelKind, Texels};
pub use turned::{TurnedQuad, turned_list};
pub use view::SliceView;
