//! Where the test data lie, and small helpers to copy and read them.

use std::path::{Path, PathBuf};

use microtome_core::testing::Fixture;
use serde_json::Value;
use zarrs::storage::{ListableStorageTraits as _, ReadableStorageTraits as _};

/// The folder of test data: `$MICROTOME_TEST_DATA`, or `../shared/data` beside the repository.
///
/// # Panics
/// If there is no such folder: tests that need data fail without it, they are never skipped.
#[must_use]
pub fn root() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("MICROTOME_TEST_DATA").map_or_else(default, PathBuf::from);
    assert!(
        root.join("expected.json").is_file(),
        "no test data at {}; set MICROTOME_TEST_DATA to the folder that holds expected.json",
        root.display()
    );
    root
}

/// A JSON file of the test data.
///
/// # Panics
/// If it is missing or broken.
#[must_use]
pub fn json(path: &str) -> Value {
    let path = root().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Copies a folder of the test data to `target`, so that a test can change it.
///
/// # Panics
/// If it cannot be copied.
pub fn copy(path: &str, target: &Path) {
    let source = root().join(path);
    for entry in walkdir::WalkDir::new(&source).follow_links(true) {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        let Ok(inner) = entry.path().strip_prefix(&source) else { continue };
        let to = target.join(inner);
        let done = if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to)
        } else {
            // Read and write, not `fs::copy`: the copy must not inherit a read-only mode.
            std::fs::read(entry.path()).and_then(|bytes| std::fs::write(&to, bytes))
        };
        done.unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    }
}

/// Writes the image group of a fixture into a folder, for what opens paths.
///
/// # Panics
/// If it cannot be written.
pub fn write_fixture(fixture: &Fixture, target: &Path) {
    let store = fixture.write().unwrap_or_else(|error| panic!("{error}"));
    let keys = store.list().unwrap_or_else(|error| panic!("{error}"));
    for key in keys {
        let bytes = store.get(&key).ok().flatten().unwrap_or_else(|| panic!("{key} is gone"));
        let file = target.join(key.as_str());
        let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&file, &bytes)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
