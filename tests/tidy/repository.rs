//! The files of the repository as the rules see them, and how findings are reported.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A text file of the repository.
pub struct SourceFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// A rule that is broken somewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// File, relative to the root.
    pub path: String,
    /// 1-based.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Finding {
    /// A finding in `file`.
    pub fn new(file: &SourceFile, line: usize, message: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, message: message.into() }
    }
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_path_buf()
}

/// Every text file that git tracks or would track.
pub fn files() -> Vec<SourceFile> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    assert!(listed.status.success(), "tidy needs a git checkout: {}", String::from_utf8_lossy(&listed.stderr));
    let mut paths: Vec<_> = listed.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().filter_map(|path| read(&String::from_utf8_lossy(path))).collect()
}

/// `None` for a file that is not text, or that is deleted but not yet committed so.
fn read(path: &str) -> Option<SourceFile> {
    let text = String::from_utf8(std::fs::read(root().join(path)).ok()?).ok()?;
    Some(SourceFile { path: path.to_owned(), text })
}

/// Fails with every finding, one a line, clickable.
pub fn report(findings: Vec<Finding>) {
    let lines: Vec<_> = findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.message)).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// A file for the tests of rules.
#[cfg(test)]
pub fn snippet(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}
