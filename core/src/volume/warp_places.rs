//! Where positions lie in a tile: of each the voxel at or below it, and how far beyond that it is, a block at a time.

#[cfg(target_arch = "x86_64")]
use super::warp_avx2::Avx2;

/// Positions that the widest instructions handle at once; blocks are padded to whole multiples.
pub(super) const LANES: usize = 8;

/// Most positions of a block: what is known about them stays in the nearest cache.
pub(super) const BLOCK: usize = 64;

/// The instructions that the machine has. All make the same bits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instructions {
    /// What the compiler makes of plain loops.
    Portable,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Instructions {
    /// The best that this machine has.
    pub(super) fn detected() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Portable
    }

    /// Does work made of plain loops, made for these instructions.
    pub(super) fn work(self, work: impl Work) {
        match self {
            Self::Portable => work.work(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.work(work),
        }
    }

    /// Runs plain loops, made for these instructions as far as they are inlined: not if they are long.
    #[inline]
    pub(super) fn run<R>(self, body: impl FnOnce() -> R) -> R {
        match self {
            Self::Portable => body(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.run(body),
        }
    }
}

/// Work made of plain loops. Long ones are only made for the instructions of their caller where they must be inlined.
pub(super) trait Work {
    /// Does it; to be marked `#[inline(always)]`.
    fn work(self);
}

/// How positions become places in a tile: less `lo`, plus `offset`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The tile's first voxel, in array coordinates.
    pub(super) lo: [f64; 3],
    /// From a position to what is looked up there.
    pub(super) offset: [f64; 3],
    /// For each axis: elements of the tile from one voxel to the next.
    pub(super) strides: [u32; 3],
}

impl Frame {
    /// The same in the tile's first plane, wherever positions are in z.
    pub(super) const fn flat(self) -> Self {
        let [_, y, x] = self.strides;
        Self { strides: [0, y, x], ..self }
    }
}

/// The places of a block of positions.
#[derive(Debug)]
pub(super) struct Places {
    /// The element whose voxel is at or below each position on all axes.
    pub(super) index: [u32; BLOCK],
    /// For each axis: from that voxel to each position, 0 to 1.
    pub(super) part: [[f32; BLOCK]; 3],
}

impl Places {
    /// Of nothing yet.
    pub(super) const fn new() -> Self {
        Self { index: [0; BLOCK], part: [[0.0; BLOCK]; 3] }
    }

    /// Finds the places of `len` positions, for each axis the first of a slice padded to a multiple of [`LANES`]; what
    /// follows them becomes the place of the first. `PARTS` says whether to find how far beyond their voxels they are.
    ///
    /// Positions that are not in the tile get any place.
    pub(super) fn find<const PARTS: bool>(
        &mut self,
        instructions: Instructions,
        positions: [&[f64]; 3],
        frame: &Frame,
        len: usize,
    ) {
        match instructions {
            Instructions::Portable => self.find_portable::<PARTS>(positions, frame),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) => avx2.find::<PARTS>(self, positions, frame),
        }
        let first = self.index[0];
        self.index[len..positions[0].len()].fill(first);
    }

    fn find_portable<const PARTS: bool>(&mut self, positions: [&[f64]; 3], frame: &Frame) {
        self.index.fill(0);
        for (axis, positions) in positions.into_iter().enumerate() {
            let (lo, offset, stride) = (frame.lo[axis], frame.offset[axis], frame.strides[axis]);
            let places = self.index.iter_mut().zip(&mut self.part[axis]);
            for ((index, part), position) in places.zip(positions) {
                let position = (position - lo) + offset;
                let whole = position as u32;
                *index = index.wrapping_add(whole.wrapping_mul(stride));
                if PARTS {
                    *part = (position - f64::from(whole)) as f32;
                }
            }
        }
    }
}
