//! The chunk grid of the level on display, and what is known of each chunk.

use microtome_core::geometry::BoxNm;

use super::Reading;

/// What is known of a chunk of the EM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChunkStatus {
    /// Decoded and on the graphics card.
    Resident,
    /// Wanted, and nobody has begun with it; coarser levels stand in for it.
    Queued,
    /// Being read and decoded; coarser levels stand in for it.
    Decoding,
    /// Not in the store: drawn as the fill value.
    Absent,
    /// It cannot be read, or has no room.
    Failed,
}

impl ChunkStatus {
    /// All of them, in the order of the legend.
    pub const ALL: [Self; 5] = [Self::Resident, Self::Decoding, Self::Queued, Self::Absent, Self::Failed];

    /// What the legend calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resident => "cached",
            Self::Decoding => "decoding",
            Self::Queued => "queued",
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }

    /// From what streaming knows.
    #[must_use]
    pub const fn of(known: ChunkKnown) -> Self {
        match known {
            ChunkKnown { is_resident: true, is_absent: true, .. } => Self::Absent,
            ChunkKnown { is_resident: true, .. } => Self::Resident,
            ChunkKnown { is_refused: true, .. } => Self::Failed,
            ChunkKnown { is_in_flight: true, .. } => Self::Decoding,
            ChunkKnown { .. } => Self::Queued,
        }
    }
}

/// What streaming knows of a chunk.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChunkKnown {
    /// It can be drawn, as data or as the fill value.
    pub is_resident: bool,
    /// The store does not have it.
    pub is_absent: bool,
    /// It cannot be read, or has no room.
    pub is_refused: bool,
    /// A thread has it in hand.
    pub is_in_flight: bool,
}

/// The chunks of one level that a slice meets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChunkGrid {
    /// Name of the level, such as `s1`.
    pub level: String,
    /// Each chunk's box, nm, and what is known of it.
    pub chunks: Vec<(BoxNm, ChunkStatus)>,
    /// How many samples of the last batch decode each of these chunks.
    pub reads: Vec<u32>,
    /// What reading the samples of the last batch takes, if there is one in this dataset.
    pub reading: Option<Reading>,
}

impl ChunkGrid {
    /// Chunks of a status.
    #[must_use]
    pub fn count(&self, status: ChunkStatus) -> usize {
        self.chunks.iter().filter(|(_, known)| *known == status).count()
    }

    /// `s1 chunks: 12 cached, 3 queued`: what there is of each status.
    #[must_use]
    pub fn words(&self) -> String {
        let counts = ChunkStatus::ALL.map(|status| (self.count(status), status.name()));
        let said: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}")).collect();
        let said = if said.is_empty() { "none here".to_owned() } else { said.join(", ") };
        let reading = self.reading.as_ref().map(|reading| format!(" · the last batch {}", reading.words()));
        format!("{} chunks: {said}{}", self.level, reading.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microtome_core::geometry::Zyx;

    #[test]
    fn what_is_drawable_is_no_failure_and_only_fill_is_absent() {
        let none = ChunkKnown::default();
        let resident = ChunkKnown { is_resident: true, ..none };
        assert_eq!(ChunkStatus::of(ChunkKnown { is_refused: true, ..resident }), ChunkStatus::Resident);
        assert_eq!(ChunkStatus::of(ChunkKnown { is_absent: true, ..resident }), ChunkStatus::Absent);
        assert_eq!(ChunkStatus::of(ChunkKnown { is_refused: true, ..none }), ChunkStatus::Failed);
        assert_eq!(ChunkStatus::of(ChunkKnown { is_in_flight: true, ..none }), ChunkStatus::Decoding);
        assert_eq!(ChunkStatus::of(none), ChunkStatus::Queued);
    }

    #[test]
    fn the_words_count_what_there_is() {
        let cell = |status| (BoxNm::new(Zyx::splat(0.0), Zyx::splat(1.0)), status);
        let chunks = vec![cell(ChunkStatus::Absent), cell(ChunkStatus::Resident), cell(ChunkStatus::Resident)];
        assert_eq!(
            ChunkGrid { level: "s2".to_owned(), chunks, ..ChunkGrid::default() }.words(),
            "s2 chunks: 2 cached, 1 absent"
        );
        assert_eq!(ChunkGrid { level: "s2".to_owned(), ..ChunkGrid::default() }.words(), "s2 chunks: none here");
    }
}
