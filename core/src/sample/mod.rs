//! Where samples are drawn: pure functions of (epoch, index, seed, attempt). No data is touched, no clock is read.

mod aim;
mod assign;
mod augment;
mod augment_keys;
mod balance;
mod content;
mod coverage;
mod density;
mod draw;
mod even;
mod fate;
mod guide;
mod informed;
pub mod intensity;
mod keys;
mod lattice;
mod named;
mod neighbourhood;
mod permutation;
mod plan;
mod positions;
mod range;
mod request;
mod sampler;
mod source;
mod spatial;
mod spatial_check;
mod subset;
#[cfg(test)]
mod testing;
mod tiles;
mod weights;

pub use assign::is_for_validation;
pub(crate) use assign::name_hash;
pub use augment::{Augment, Mirror, Plane, Transpose};
pub use coverage::{Coverage, Simulation};
pub use fate::{Fate, LeftOut};
pub use informed::Needs;
pub use keys::{AbsentChunks, Foreground, Sampling, SmallCrops, Strategy, Subset};
pub use plan::AugmentPlan;
pub use request::{Reason, Request};
pub use sampler::{PatchSpec, Sampler};
pub use source::Source;
pub use spatial::{ElasticKeys, MisalignKeys, Rotate, Scale, ShearRange};
