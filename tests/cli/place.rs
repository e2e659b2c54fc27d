//! Where the test data are, copies of them to spoil, and what a folder holds.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// A path inside the test data; fails clearly where there are none.
pub fn data(inner: &str) -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("MICROTOME_TEST_DATA").map_or(default, PathBuf::from);
    let path = root.join(inner);
    assert!(path.exists(), "no test data: set MICROTOME_TEST_DATA to their folder ({} is absent)", path.display());
    path
}

/// A copy that may be spoiled.
pub fn copy(from: &Path, to: &Path) {
    for entry in WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Names and contents of everything below a folder, as one number to compare.
pub fn fingerprint(folder: &Path) -> String {
    let mut hash = Sha256::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        hash.update(entry.path().to_string_lossy().as_bytes());
        if entry.file_type().is_file() {
            hash.update(std::fs::read(entry.path()).unwrap());
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
