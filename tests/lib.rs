//! What the law and proof tests share.
