//! One multiscale array: level choice, pure read plans, their execution, the decoded-chunk cache, resampling.

mod absence;
mod array;
mod bend;
mod boxes;
mod bundle;
mod byte_cache;
mod cache;
mod class_bits;
mod codes;
mod convert;
mod dtype;
mod gather;
mod lanes;
mod layout;
mod level;
mod lru;
mod meanings;
mod moments;
mod oddities;
mod patch;
mod plan;
mod planning;
mod shard;
mod slab;
mod slips;
mod tables;
mod transform_key;
mod transforms;
mod volume_impl;
mod walker;
#[cfg(target_arch = "x86_64")]
mod warp_avx2;
mod warp_border;
mod warp_gather;
mod warp_places;
mod warp_plan;
mod warp_row;
#[cfg(test)]
mod warp_tests;
mod warp_tile;
mod warped;

pub use absence::read_absence;
pub use bundle::ClassBundle;
pub use cache::{Chunk, ChunkCache, ChunkKey};
pub use class_bits::{ClassSlab, IdBits, Word, read_bundle, read_id_bits};
pub use codes::{LabelCodes, Presence};
pub use dtype::{Buffer, DType, Voxel, element};
pub use level::{Level, choose_level};
pub use meanings::IdMeanings;
pub use moments::Moments;
pub use patch::{Caches, PatchOut, PatchReport, Resample, read_patch};
pub use planning::{PlannedRead, plan_patch};
pub use transforms::TransformCache;
pub use volume_impl::{Volume, VolumeId};
