//! Read amplification: what is decoded for samples, beside what they are.

use std::collections::HashMap;

use microtome_core::geometry::Zyx;

/// What reading the EM of one sample takes, if nothing of it is in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CropRead {
    /// Index of the dataset.
    pub dataset_index: usize,
    /// Index of the level that it is read from.
    pub level: usize,
    /// The chunks that it touches, by their position in the level's chunk grid.
    pub chunks: Vec<Zyx<u64>>,
    /// Bytes of these chunks, decoded.
    pub decoded_bytes: u64,
    /// Bytes of the sample's own voxels, as the level stores them.
    pub patch_bytes: u64,
}

/// The same of many samples of a dataset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Samples.
    pub crops: usize,
    /// Bytes decoded, each sample by itself.
    pub decoded_bytes: u64,
    /// Bytes of their own voxels.
    pub patch_bytes: u64,
    /// How many of them decode each chunk of the level on display; chunks that none does are not in it.
    pub counts: HashMap<Zyx<u64>, u32>,
}

impl Reading {
    /// Of the samples in a dataset; `None` if there is none. Chunks are counted at `level`.
    pub fn of<'a>(reads: impl Iterator<Item = &'a CropRead>, dataset_index: usize, level: usize) -> Option<Self> {
        let mut all = Self::default();
        for read in reads.filter(|read| read.dataset_index == dataset_index) {
            all.crops += 1;
            all.decoded_bytes += read.decoded_bytes;
            all.patch_bytes += read.patch_bytes;
            for chunk in read.chunks.iter().filter(|_| read.level == level) {
                *all.counts.entry(*chunk).or_default() += 1;
            }
        }
        (all.patch_bytes > 0).then_some(all)
    }

    /// Bytes decoded for each byte of a sample.
    #[must_use]
    pub fn amplification(&self) -> f64 {
        self.decoded_bytes as f64 / self.patch_bytes.max(1) as f64
    }

    /// How often the chunk that most samples need is decoded.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.counts.values().copied().max().unwrap_or(0)
    }

    /// `decodes 9.8 × its samples`
    #[must_use]
    pub fn words(&self) -> String {
        format!("decodes {:.1} × its samples", self.amplification())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dataset_index: usize, level: usize, chunks: &[u64]) -> CropRead {
        let chunks: Vec<_> = chunks.iter().map(|x| Zyx::new(0, 0, *x)).collect();
        CropRead { dataset_index, level, decoded_bytes: 100 * chunks.len() as u64, patch_bytes: 40, chunks }
    }

    #[test]
    fn samples_of_a_dataset_add_up_and_chunks_count_at_their_level() {
        let reads = [read(0, 0, &[1, 2]), read(0, 0, &[2, 3]), read(0, 1, &[2]), read(1, 0, &[2, 2, 2])];
        let of = Reading::of(reads.iter(), 0, 0).unwrap();
        assert_eq!((of.crops, of.decoded_bytes, of.patch_bytes), (3, 500, 120));
        assert_eq!((of.most(), of.counts[&Zyx::new(0, 0, 3)], of.counts.len()), (2, 1, 3));
        assert_eq!(of.words(), "decodes 4.2 × its samples");
        assert_eq!(Reading::of(reads.iter(), 2, 0), None);
    }
}
