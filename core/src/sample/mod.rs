//! Where samples are drawn: pure functions of (epoch, index, seed, attempt). No data is touched, no clock is read.

mod assign;
mod augment;
mod augment_keys;
mod draw;
pub mod intensity;
mod keys;
mod lattice;
mod positions;
mod range;
mod request;
mod sampler;
mod source;
mod spatial;
mod spatial_check;

pub use assign::is_for_validation;
pub use augment::{Augment, Mirror, Transpose};
pub use keys::{Sampling, SmallCrops, Strategy};
pub use request::Request;
pub use sampler::Sampler;
pub use source::Source;
pub use spatial::{ElasticKeys, MisalignKeys, Rotate, Scale, ShearRange};
