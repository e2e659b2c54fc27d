//! What the law and proof tests share.

pub mod data;
pub mod mutate;
