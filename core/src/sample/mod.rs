//! Where samples are drawn: pure functions of (epoch, index, seed, attempt). No data is touched, no clock is read.

mod assign;
mod augment;
mod augment_keys;
mod draw;
mod even;
mod fate;
pub mod intensity;
mod keys;
mod lattice;
mod named;
mod permutation;
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

pub use assign::is_for_validation;
pub(crate) use assign::name_hash;
pub use augment::{Augment, Mirror, Transpose};
pub use fate::{Fate, LeftOut};
pub use keys::{AbsentChunks, Sampling, SmallCrops, Strategy, Subset};
pub use request::Request;
pub use sampler::{PatchSpec, Sampler};
pub use source::Source;
pub use spatial::{ElasticKeys, MisalignKeys, Rotate, Scale, ShearRange};
