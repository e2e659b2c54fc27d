//! One multiscale array: level choice, pure read plans, their execution, the decoded-chunk cache, resampling.

mod absence;
mod array;
mod bend;
mod boxes;
mod byte_cache;
mod cache;
mod codes;
mod convert;
mod dtype;
mod gather;
mod layout;
mod level;
mod lru;
mod oddities;
mod patch;
mod plan;
mod planning;
mod shard;
mod slips;
mod tables;
mod transform_key;
mod transforms;
mod volume_impl;
mod walker;
mod warp_gather;
mod warp_plan;
mod warped;

pub use absence::read_absence;
pub use cache::{Chunk, ChunkCache, ChunkKey};
pub use codes::{LabelCodes, Presence};
pub use dtype::{Buffer, DType, Voxel, element};
pub use level::{Level, choose_level};
pub use patch::{Caches, PatchOut, PatchReport, Resample, read_patch};
pub use planning::{PlannedRead, plan_patch};
pub use transforms::TransformCache;
pub use volume_impl::{Volume, VolumeId};
