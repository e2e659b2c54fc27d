//! What is to be made of one sample, as plain values: where its voxels come from, and what is done to them.

use std::ops::Range;
use std::sync::Arc;

use microtome_core::geometry::{Axis, VoxelBox, Zyx};

use crate::{ChunkId, LevelGeometry};

/// One plane of one sample: the first channel of its first input, and the labels of its first target.
#[derive(Debug, Clone, PartialEq)]
pub struct ResamplePlan {
    /// Intensities.
    pub raw: RawPlan,
    /// What is done to them, in this order.
    pub chain: Vec<ChainStep>,
    /// Labels; `None` beyond the first or last plane of the target, and where there is no target.
    pub labels: Option<LabelPlan>,
}

/// The chunks of one level of a volume, by their numbers among the textures.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSource {
    /// The volume's number.
    pub volume: u64,
    /// Index of the level.
    pub level: u32,
    /// Its voxels and chunks.
    pub geometry: LevelGeometry,
}

/// Where the intensities of a patch come from.
#[derive(Debug, Clone, PartialEq)]
pub struct RawPlan {
    /// The level that is read.
    pub source: LevelSource,
    /// Voxels of the patch along its own axes.
    pub shape: Zyx<u32>,
    /// The plane along the patch's z that is shown.
    pub plane: u32,
    /// Factor from stored values to intensities in 0–1.
    pub to_unit: f32,
    /// Every chunk of which the patch may use a voxel.
    pub chunks: Vec<Zyx<u64>>,
    /// A box that holds every stored voxel that the patch uses.
    pub voxels: VoxelBox,
    /// Where its voxels lie.
    pub way: Way,
}

/// How the voxels of a patch lie among the stored ones.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// Along the volume's z, y, x.
    Axes(Zyx<AxisWay>),
    /// In any other way.
    Warp(Box<WarpWay>),
}

/// One of the volume's axes of a patch that lies along them.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisWay {
    /// The patch's axis that runs along it.
    pub patch_axis: Axis,
    /// For each patch voxel along that: the first stored voxel and the weights from it on; `None` outside of the volume.
    pub taps: Vec<Option<(i64, Vec<f32>)>>,
}

/// Where the voxels of a warped patch lie, in stored voxels along the volume's z, y, x; whole numbers are voxel centres.
#[derive(Debug, Clone, PartialEq)]
pub struct WarpWay {
    /// Position of patch voxel (0, 0, 0) before it is displaced.
    pub origin: [f64; 3],
    /// For each patch axis the step from one patch voxel to the next.
    pub steps: Zyx<[f64; 3]>,
    /// From a position to the samples that its voxel is the mean of.
    pub samples: Vec<[f64; 3]>,
    /// Control points that displace it.
    pub field: Option<FieldWay>,
    /// The patch axis across sections, and for each voxel along it how far its section is moved.
    pub slips: Option<(Axis, Vec<[f64; 3]>)>,
    /// Of each voxel of the plane that is shown its exact position; `None` outside of the volume.
    pub plane: Vec<Option<[f64; 3]>>,
}

/// Control points: a voxel is moved by the sum of 4 · 4 · 4 of them, times the weights of its three knots.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldWay {
    /// Control points along each patch axis.
    pub counts: Zyx<usize>,
    /// For each of the volume's axes their displacements in stored voxels, C order along the patch's axes.
    pub points: [Vec<f64>; 3],
    /// For each patch axis and voxel along it the first of four control points and their weights.
    pub knots: Zyx<Vec<(i64, [f64; 4])>>,
}

/// What is done to every intensity x. *Unit* puts numbers into 0–1, and NaN to 0.
#[derive(Debug, Clone, PartialEq)]
pub enum ChainStep {
    /// unit(x)
    Unit,
    /// unit(m + factor · (x - m) + summand), m the mean of the patch, or 0.
    Linear {
        /// Factor.
        factor: f32,
        /// Summand.
        summand: f32,
        /// Whether distances are those from the mean of the patch.
        about_mean: bool,
    },
    /// unit(unit(x) to the power of this).
    Power(f32),
    /// unit(x + σ · n), n a normal draw made of two words of a ChaCha8 stream: see `normal` in `intensity.wgsl`.
    Noise {
        /// σ
        sigma: f32,
        /// The key of the streams, of which each row has its own.
        key: [u32; 8],
    },
    /// (x - mean) / std; what is not finite counts as 0.
    ZScore {
        /// Mean.
        mean: f32,
        /// Standard deviation.
        std: f32,
    },
    /// unit(m + factor · (x - m) + summand), m the mean of the section.
    Sections {
        /// The patch axis across sections.
        axis: Axis,
        /// For each voxel along it factor and summand; `None`: it stays.
        steps: Vec<Option<[f32; 2]>>,
    },
    /// Whole sections become 0, or the mean of the patch.
    Missing {
        /// The patch axis across sections.
        axis: Axis,
        /// For each voxel along it.
        is_missing: Vec<bool>,
        /// Whether it is the mean.
        with_mean: bool,
    },
    /// Boxes become 0, or the mean of the patch.
    Boxes {
        /// Voxels along each patch axis.
        boxes: Vec<Zyx<Range<usize>>>,
        /// Whether it is the mean.
        with_mean: bool,
    },
    /// unit(x + r · c).
    Spots {
        /// The patch axis across sections; of the others rows lie along the slower one.
        axis: Axis,
        /// For each voxel along it r by row and c by column; `None`: it stays.
        spots: Vec<Option<[Vec<f32>; 2]>>,
    },
}

/// The labels of a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPlan {
    /// Width and height, voxels.
    pub size: [u32; 2],
    /// In the order in which they are drawn.
    pub classes: Vec<ClassPlan>,
}

/// The labels of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassPlan {
    /// Where they are looked up; `None`: nobody annotated it.
    pub from: Option<ClassFrom>,
}

/// Of each voxel of a plane, C order, the stored voxel that is nearest; `None` outside of the volume. Classes on one grid
/// share it.
pub type NearestVoxels = Arc<Vec<Option<[i64; 3]>>>;

/// Where the labels of a class are looked up, and what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassFrom {
    /// The level that is read.
    pub source: LevelSource,
    /// Of each voxel of the plane the stored voxel; `None` outside of the volume.
    pub nearest: NearestVoxels,
    /// The ids (folded) that mean present, absent and unknown: see `presence` in `resample.wgsl`.
    pub codes: [Option<u32>; 3],
    /// Whether every id that is present counts as 1.
    pub presence_only: bool,
}

/// Why the device does not make a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResampleRefusal {
    /// These chunks have no texture yet.
    Missing(Vec<ChunkId>),
    /// Chunks of the raw are not in the store.
    Absent,
    /// More bytes are needed at once than the device or the budget allows.
    TooLarge,
    /// The mean of so large a patch is taken, which takes a software rasteriser seconds.
    Slow,
    /// The device has no compute shaders, or too few bindings.
    NoCompute,
}

impl ResamplePlan {
    /// Every chunk that is needed.
    #[must_use]
    pub fn chunks(&self) -> Vec<ChunkId> {
        let mut chunks: Vec<_> = self.raw.chunks.iter().map(|chunk| self.raw.source.id(*chunk)).collect();
        let classes = self.labels.iter().flat_map(|labels| &labels.classes).filter_map(|class| class.from.as_ref());
        for from in classes {
            chunks.extend(from.chunks());
        }
        chunks
    }

    /// Whether some step takes a mean of more than the plane that is shown.
    pub(super) fn needs_patch(&self) -> bool {
        self.chain.iter().any(ChainStep::needs_patch)
    }
}

impl LevelSource {
    /// A chunk of it.
    #[must_use]
    pub const fn id(&self, chunk: Zyx<u64>) -> ChunkId {
        ChunkId { volume: self.volume, level: self.level, chunk }
    }
}

impl ChainStep {
    /// Whether it takes a mean of more than a plane along the patch's z.
    pub(super) fn needs_patch(&self) -> bool {
        match self {
            Self::Linear { about_mean: mean, .. }
            | Self::Missing { with_mean: mean, .. }
            | Self::Boxes { with_mean: mean, .. } => *mean,
            Self::Sections { axis, .. } => *axis != Axis::Z,
            _ => false,
        }
    }
}

impl ClassFrom {
    /// The chunk of a stored voxel, and where it lies in it.
    pub(super) fn place(&self, voxel: [i64; 3]) -> (Zyx<u64>, Zyx<u32>) {
        let (voxel, shape) = (Zyx::from(voxel).map(i64::unsigned_abs), self.source.geometry.chunk_shape);
        let chunk = voxel.zip_map(shape, |v, n| v / n.max(1));
        let within = voxel.zip_map(shape, |v, n| (v % n.max(1)) as u32);
        (chunk, within)
    }

    /// Every chunk that is needed, in the order in which the plane first meets them.
    fn chunks(&self) -> Vec<ChunkId> {
        let mut chunks: Vec<ChunkId> = Vec::new();
        for voxel in self.nearest.iter().flatten() {
            let id = self.source.id(self.place(*voxel).0);
            if chunks.last() != Some(&id) && !chunks.contains(&id) {
                chunks.push(id);
            }
        }
        chunks
    }
}

impl RawPlan {
    /// The box of stored voxels that the shown plane uses, or the whole patch.
    pub(super) fn window(&self, whole: bool) -> VoxelBox {
        if whole {
            return self.voxels;
        }
        let used = match &self.way {
            Way::Axes(axes) => VoxelBox::new(
                Zyx::from_fn(|axis| self.axis_range(&axes[axis]).start),
                Zyx::from_fn(|axis| self.axis_range(&axes[axis]).end),
            ),
            Way::Warp(warp) => warp.window(),
        };
        used.intersection(&VoxelBox::of_shape(self.source.geometry.shape))
    }

    fn axis_range(&self, axis: &AxisWay) -> Range<i64> {
        let shown = match axis.patch_axis {
            Axis::Z => self.plane as usize..self.plane as usize + 1,
            _ => 0..axis.taps.len(),
        };
        let taps = axis.taps.get(shown).unwrap_or_default().iter().flatten();
        let ends = taps.map(|(first, weights)| *first..*first + weights.len() as i64);
        ends.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0)
    }
}

impl WarpWay {
    fn window(&self) -> VoxelBox {
        let (mut lo, mut hi) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for position in self.plane.iter().flatten() {
            for axis in 0..3 {
                lo[axis] = lo[axis].min(position[axis]);
                hi[axis] = hi[axis].max(position[axis]);
            }
        }
        if lo[0] > hi[0] {
            return VoxelBox::new(Zyx::splat(0), Zyx::splat(0));
        }
        // One more on each side: what rounds otherwise on the device is there, too.
        let reach = |axis: usize| self.samples.iter().map(|offset| offset[axis].abs()).fold(0.0, f64::max) + 1.0;
        let lo = [0, 1, 2].map(|axis| (lo[axis] - reach(axis)).floor() as i64);
        let hi = [0, 1, 2].map(|axis| (hi[axis] + reach(axis)).ceil() as i64 + 1);
        VoxelBox::new(lo.into(), hi.into())
    }
}
