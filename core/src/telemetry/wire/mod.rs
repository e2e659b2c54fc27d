//! What a loader and those who look at it say to each other, over a connection or in a recorded file.
//!
//! Both sides of a connection first say [`greeting`]: a word that says what this is, and the version of all that follows.
//! Then come messages: four bytes with their length (little-endian, without themselves), one byte with their kind, and the
//! content. What is read by eye or may gain fields is JSON; spans and pictures, of which there are many, are in the compact
//! form of `postcard`. A kind that is not known is passed over, so that a side may say more than the other understands.
//! A recorded file is the same: a greeting of its own, [`Message::Welcome`], and what a viewer would have been told.
//!
//! Nothing that comes in takes more memory than its own length times a small number, which [`MAX_BYTES`] bounds: lengths are
//! believed only as far as bytes have come.

mod codec;
mod framing;
mod message;
mod slices;
mod spans;

pub use codec::{decode, encode, packet};
pub use framing::{Deframer, Fault, MAX_BYTES, MAX_REQUEST_BYTES, VERSION, check_greeting, greeting};
pub use message::{About, Join, Message, Snapshot, Tune, Wants};
pub use slices::{LabelPlane, RawPlane, SampleSlice, SliceLog};
pub use spans::{SpanBlock, SpanLog};
