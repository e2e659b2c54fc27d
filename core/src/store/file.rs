//! Local files, read only by construction.
//!
//! zarrs' own file store can write, keeps a lock for every key it ever saw and panics on file names that are not UTF-8;
//! this one does nothing but read.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator, InvalidByteRangeError};
use zarrs::storage::{
    Bytes, ListableStorageTraits, MaybeBytes, MaybeBytesIterator, ReadableStorageTraits, StorageError, StoreKey,
    StoreKeys, StoreKeysPrefixes, StorePrefix,
};

/// The files below one folder. Symbolic links are followed; names that are not UTF-8 are not listed.
#[derive(Debug)]
pub struct FileStore {
    root: PathBuf,
}

impl FileStore {
    /// The files below `root`. Touches nothing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path_of(&self, key: &str) -> PathBuf {
        if key.is_empty() { self.root.clone() } else { self.root.join(key) }
    }

    /// Everything below `prefix`. Linked folders are not entered: links may run in circles.
    fn list_into(&self, prefix: &str, keys: &mut StoreKeys) -> Result<(), StorageError> {
        for (name, kind) in children(&self.path_of(prefix))? {
            let child = format!("{prefix}{name}");
            match kind {
                Kind::File => keys.push(StoreKey::new(child)?),
                Kind::Folder => self.list_into(&format!("{child}/"), keys)?,
                Kind::LinkedFolder => {}
            }
        }
        Ok(())
    }
}

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    File,
    Folder,
    LinkedFolder,
}

/// `None` if there is no such file: neither a missing entry nor a path that runs through a file is a failure.
fn if_present<T>(result: std::io::Result<T>) -> Result<Option<T>, StorageError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Names in a folder and what each stands for, sorted; empty if there is no such folder.
fn children(folder: &Path) -> Result<Vec<(String, Kind)>, StorageError> {
    let Some(entries) = if_present(std::fs::read_dir(folder))? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let mut kind = entry.file_type()?;
        let linked = kind.is_symlink();
        if linked {
            // A link that leads nowhere, or in a circle, is nothing.
            let Ok(target) = std::fs::metadata(entry.path()) else { continue };
            kind = target.file_type();
        }
        let kind = match (kind.is_dir(), linked) {
            (false, _) => Kind::File,
            (true, false) => Kind::Folder,
            (true, true) => Kind::LinkedFolder,
        };
        found.push((name, kind));
    }
    found.sort();
    Ok(found)
}

/// The bytes of `range`, or an error if the file ends before it does.
fn read_range(file: &mut File, size: u64, range: ByteRange) -> Result<Bytes, StorageError> {
    let beyond = || StorageError::from(InvalidByteRangeError::new(range, size));
    let (start, length) = match range {
        ByteRange::FromStart(start, Some(length)) => (start, length),
        ByteRange::FromStart(start, None) => (start, size.checked_sub(start).ok_or_else(beyond)?),
        ByteRange::Suffix(length) => (size.checked_sub(length).ok_or_else(beyond)?, length),
    };
    // Checked before the allocation: a damaged shard index can ask for exabytes.
    if start.checked_add(length).is_none_or(|end| end > size) {
        return Err(beyond());
    }
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| beyond())?];
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

impl ReadableStorageTraits for FileStore {
    fn get(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        Ok(if_present(std::fs::read(self.path_of(key.as_str())))?.map(Bytes::from))
    }

    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let Some(mut file) = if_present(File::open(self.path_of(key.as_str())))? else { return Ok(None) };
        let size = file.metadata()?.len();
        Ok(Some(Box::new(byte_ranges.map(move |range| read_range(&mut file, size, range)))))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        let metadata = if_present(std::fs::metadata(self.path_of(key.as_str())))?;
        Ok(metadata.filter(|m| m.is_file()).map(|m| m.len()))
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

impl ListableStorageTraits for FileStore {
    fn list(&self) -> Result<StoreKeys, StorageError> {
        self.list_prefix(&StorePrefix::root())
    }

    fn list_prefix(&self, prefix: &StorePrefix) -> Result<StoreKeys, StorageError> {
        let mut keys = Vec::new();
        self.list_into(prefix.as_str(), &mut keys)?;
        Ok(keys)
    }

    fn list_dir(&self, prefix: &StorePrefix) -> Result<StoreKeysPrefixes, StorageError> {
        let (mut keys, mut prefixes) = (Vec::new(), Vec::new());
        for (name, kind) in children(&self.path_of(prefix.as_str()))? {
            let child = format!("{}{name}", prefix.as_str());
            match kind {
                Kind::File => keys.push(StoreKey::new(child)?),
                Kind::Folder | Kind::LinkedFolder => prefixes.push(StorePrefix::new(format!("{child}/"))?),
            }
        }
        Ok(StoreKeysPrefixes::new(keys, prefixes))
    }

    fn size_prefix(&self, prefix: &StorePrefix) -> Result<u64, StorageError> {
        let sizes = self.list_prefix(prefix)?.into_iter().map(|key| self.size_key(&key));
        sizes.map(|size| size.map(Option::unwrap_or_default)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This crate's own sources, as a store that is sure to be there.
    fn sources() -> FileStore {
        FileStore::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
    }

    fn key(text: &str) -> StoreKey {
        StoreKey::new(text).unwrap()
    }

    #[test]
    fn ranges_are_parts_of_the_file() {
        let store = sources();
        let whole = store.get(&key("store/file.rs")).unwrap().unwrap();
        let size = whole.len() as u64;
        assert_eq!(store.size_key(&key("store/file.rs")).unwrap(), Some(size));
        let ranges = [
            (ByteRange::FromStart(5, Some(10)), 5..15),
            (ByteRange::Suffix(7), whole.len() - 7..whole.len()),
            (ByteRange::FromStart(3, None), 3..whole.len()),
            (ByteRange::FromStart(size, Some(0)), whole.len()..whole.len()),
        ];
        let asked = Box::new(ranges.clone().into_iter().map(|(range, _)| range));
        let parts = store.get_partial_many(&key("store/file.rs"), asked).unwrap().unwrap();
        for (part, (_, range)) in parts.zip(ranges) {
            assert_eq!(part.unwrap(), whole[range]);
        }
    }

    #[test]
    fn ranges_beyond_the_end_fail_without_allocating_them() {
        let store = sources();
        for range in [
            ByteRange::FromStart(0, Some(u64::MAX)),
            ByteRange::FromStart(u64::MAX, Some(1)),
            ByteRange::FromStart(u64::MAX, None),
            ByteRange::Suffix(u64::MAX),
            ByteRange::FromStart(0, Some(1 << 50)),
        ] {
            assert!(store.get_partial(&key("store/file.rs"), range).is_err(), "{range}");
        }
    }

    #[test]
    fn what_is_absent_is_none_even_below_a_file() {
        let store = sources();
        for absent in ["nothing", "store/nothing/at/all", "store/file.rs/s0"] {
            assert!(store.get(&key(absent)).unwrap().is_none(), "{absent}");
            assert!(store.get_partial(&key(absent), ByteRange::Suffix(1)).unwrap().is_none(), "{absent}");
            assert_eq!(store.size_key(&key(absent)).unwrap(), None, "{absent}");
        }
        // A folder is no value, but reading one is not the same as its absence.
        assert!(store.get(&key("store")).is_err());
        assert_eq!(store.size_key(&key("store")).unwrap(), None);
    }

    #[test]
    fn listing_finds_files_and_folders() {
        let store = sources();
        let listed = store.list_dir(&StorePrefix::new("store/").unwrap()).unwrap();
        assert!(listed.keys().contains(&key("store/file.rs")) && listed.prefixes().is_empty());
        assert!(store.list().unwrap().contains(&key("store/file.rs")));
        assert!(store.list_dir(&StorePrefix::new("nowhere/").unwrap()).unwrap().keys().is_empty());
    }
}
