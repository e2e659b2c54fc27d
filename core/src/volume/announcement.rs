//! What a read will ask the chunk cache for, said beforehand.

use super::cache::EntryKey;
use super::{ChunkKey, ClassBundle, PlannedRead, Volume, VolumeId};

/// Chunks (and the indices of the shards that they lie in) that one read will look up, each as often as it will.
///
/// For [`super::ChunkCache::announce`]. Made from plans ([`super::plan_patch`]), which read nothing.
#[derive(Debug, Clone, Default)]
pub struct Announcement {
    keys: Vec<EntryKey>,
}

impl Announcement {
    /// Of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// Adds what reading `planned` from `volume` will look up.
    pub fn add(&mut self, volume: &Volume, planned: &PlannedRead) {
        self.add_chunks(volume.id(), planned);
        self.add_shards(volume, planned);
    }

    /// Adds what reading a bundle of classes will look up; `planned` is the plan of [`ClassBundle::volume`].
    pub fn add_bundle(&mut self, bundle: &ClassBundle, planned: &PlannedRead) {
        self.add_chunks(bundle.id(), planned);
        bundle.volumes().iter().for_each(|volume| self.add_shards(volume, planned));
    }

    fn add_chunks(&mut self, volume: VolumeId, planned: &PlannedRead) {
        let key = |chunk: &_| EntryKey::Chunk(ChunkKey { volume, level: planned.level as u32, chunk: *chunk });
        self.keys.extend(planned.chunks.iter().map(key));
    }

    /// An index is looked up once for each chunk that is not there, and announced once.
    fn add_shards(&mut self, volume: &Volume, planned: &PlannedRead) {
        let of_chunk = |chunk: &_| volume.shard_of(planned.level, *chunk);
        let mut shards: Vec<_> = planned.chunks.iter().filter_map(of_chunk).collect();
        shards.sort_unstable_by_key(|shard| shard.to_array());
        shards.dedup();
        let key = |chunk| ChunkKey { volume: volume.id(), level: planned.level as u32, chunk };
        self.keys.extend(shards.into_iter().map(|shard| EntryKey::ShardIndex(key(shard))));
    }

    /// Adds one lookup of a chunk.
    pub fn add_key(&mut self, key: ChunkKey) {
        self.keys.push(EntryKey::Chunk(key));
    }

    /// How many lookups it says, those of indices among them.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// True if it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn keys(&self) -> &[EntryKey] {
        &self.keys
    }

    #[cfg(test)]
    pub(super) const fn of_keys(keys: Vec<EntryKey>) -> Self {
        Self { keys }
    }
}
