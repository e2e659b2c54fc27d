//! Rules about a file as a whole: it says what it is for, and it is short enough to read.

use crate::repository::{Finding, SourceFile};

/// Longer files hold more than one purpose.
const MAX_LINES: usize = 500;

/// A Rust file opens with `//!` and at least a few words.
pub fn opens_with_purpose(file: &SourceFile) -> Vec<Finding> {
    let first = file.text.lines().next().unwrap_or_default();
    let purpose = first.strip_prefix("//! ").unwrap_or_default();
    if purpose.split_whitespace().count() >= 2 {
        return Vec::new();
    }
    vec![Finding::new(file, 1, "the first line must be `//! ` and say the file's one purpose")]
}

/// At most [`MAX_LINES`] lines. (Functions: clippy's `too_many_lines`, limit in `clippy.toml`.)
pub fn length(file: &SourceFile) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if lines <= MAX_LINES {
        return Vec::new();
    }
    vec![Finding::new(file, MAX_LINES, format!("{lines} lines, {MAX_LINES} at most: split it by meaning"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::snippet;

    #[test]
    fn a_file_without_a_purpose_is_found() {
        for text in ["", "use a;\n//! Too late.", "//!\n//! Second line.", "//! One", "// Plain comment here."] {
            assert_eq!(opens_with_purpose(&snippet("a.rs", text)).len(), 1, "{text:?}");
        }
        assert!(opens_with_purpose(&snippet("a.rs", "//! Reads chunks.\n")).is_empty());
    }

    #[test]
    fn one_line_too_many_is_found() {
        assert!(length(&snippet("a.rs", &"\n".repeat(MAX_LINES))).is_empty());
        assert_eq!(length(&snippet("a.rs", &"\n".repeat(MAX_LINES + 1))).len(), 1);
    }
}
