//! Space: voxels, nanometres, boxes, the affine between them, and which chunks a box touches. No I/O, no clock.
//!
//! Conventions, the same everywhere in Microtome:
//! - Axis order is z, y, x.
//! - World coordinates are nanometres.
//! - A translation is the world position of the **centre of voxel 0** (cellmap reference, part 2.2: the real data
//!   are painted on centres). Voxel `i` therefore covers the world from `t + (i - 1/2)·v` to `t + (i + 1/2)·v`.
//! - Boxes are half-open: `lo` belongs to the box, `hi` does not.
//! - A transform reads `target_from_source`, so `a_from_c = a_from_b.after(b_from_c)`.

mod affine;
mod boxes;
mod decompose;
mod elastic;
mod misalign;
mod orientation;
mod patch;
mod sections;
mod warp;
mod windows;
mod zyx;

pub use affine::{GridTransform, LinearZyx};
pub use boxes::{BoxNm, VoxelBox};
pub use elastic::{Elastic, ElasticField, Knot};
pub use misalign::{Misalign, SectionShifts};
pub use orientation::Orientation;
pub use patch::PatchGrid;
pub use sections::Sections;
pub use warp::{Affine, Shear, Warp};
pub use windows::{ChunkWindow, chunk_windows};
pub use zyx::{Axis, Zyx};
