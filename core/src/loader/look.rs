//! Single samples for somebody who looks: with another augmentation than the configured one, and stage by stage.
//!
//! They are made as those of batches are, by the same code on the same threads, and count as none. Their memory comes on
//! top of the loader's budget.

use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::{Batch, Loader, Role};
use crate::geometry::{PatchGrid, Zyx};
use crate::sample::{Augment, AugmentPlan, Request};
use crate::volume::{PatchOut, Resample, read_patch};
use crate::{Error, Result};

/// The first channel of a sample's first input behind one stage of its making.
#[derive(Debug)]
pub struct ChainStage<'a> {
    /// `cut`: as the volume has it; `spatial`: as it lies; else the key of the operation in `[augment]`.
    pub key: &'static str,
    /// z, y, x.
    pub shape: Zyx<usize>,
    /// Intensities in C order; in 0–1 where nothing says otherwise.
    pub voxels: &'a [f32],
    /// How long this stage alone took; that of `cut` and of `spatial` is a read of what is decoded already.
    pub took: Duration,
}

impl Loader {
    /// What `augment` would do to the sample of `request` with the random numbers of sample `index` of `epoch`: see
    /// [`Sampler::plan`](crate::sample::Sampler::plan). Reads no raw.
    ///
    /// # Errors
    /// As [`Loader::draw`].
    pub fn plan(&self, request: &Request, augment: &Augment, number: (u64, u64)) -> Result<AugmentPlan> {
        Ok(self.engine.sampler(self.workers()?)?.plan(request, augment, number))
    }

    /// The sample of a request that this loader drew (see [`Loader::draw`] and [`AugmentPlan::applied_to`]) as a batch of
    /// its own: the same bytes as in a batch of several. It counts as none.
    ///
    /// # Errors
    /// A sample that cannot be read; [`Error::Config`] for a request of other data; [`Error::Stopped`].
    pub fn look(&self, request: &Request) -> Result<Batch> {
        self.check(request)?;
        self.engine.look(request, self.workers()?)
    }

    /// Shows the first channel of the first input of a request behind every stage in turn: as the volume has it, as it lies,
    /// behind each operation on intensities.
    ///
    /// # Errors
    /// As [`Loader::look`]; without inputs [`Error::Config`].
    pub fn chain(&self, request: &Request, mut show: impl FnMut(ChainStage<'_>)) -> Result<()> {
        self.check(request)?;
        let shape = self.first_input()?;
        let cut = AugmentPlan::NOTHING.applied_to(request);
        let mut voxels = vec![0.0; shape.product()];
        for (key, request) in [("cut", &cut), ("spatial", request)] {
            let took = self.read_raw(request, &mut voxels)?;
            show(ChainStage { key, shape, voxels: &voxels, took });
        }
        let grid = self.grid_of_first(request)?;
        let mut scratch = Vec::new();
        for (index, step) in request.intensity.steps.iter().enumerate() {
            let began = Instant::now();
            request.intensity.apply_step(index, &mut voxels, &grid, &mut scratch);
            let took = began.elapsed();
            show(ChainStage { key: step.key(), shape, voxels: &voxels, took });
        }
        Ok(())
    }

    /// Reads raw as it lies, twice: the first time chunks are decoded, the second time is measured.
    fn read_raw(&self, request: &Request, voxels: &mut [f32]) -> Result<Duration> {
        let engine = &*self.engine;
        let grid = self.grid_of_first(request)?;
        let Some(volume) = engine.inputs.volume(0, request.dataset_index, 0) else { return Err(nothing_to_see()) };
        let mut read = || {
            engine.retrying(|| {
                read_patch(volume, &grid, Resample::Area, &engine.caches, PatchOut::F32(&mut *voxels), None)
            })
        };
        read()?;
        let began = Instant::now();
        read()?;
        Ok(began.elapsed())
    }

    /// Voxels of the first input.
    fn first_input(&self) -> Result<Zyx<usize>> {
        let input = self.engine.layout.arrays.first().filter(|array| array.role == Role::Input);
        input.map(|array| array.spec.shape).ok_or_else(nothing_to_see)
    }

    fn grid_of_first(&self, request: &Request) -> Result<PatchGrid> {
        let shape = self.first_input()?;
        let size_nm = self.engine.layout.arrays.first().map_or(request.grid.voxel_size_nm, |a| a.spec.voxel_size_nm);
        Ok(request.grid_of(shape, size_nm))
    }

    pub(super) fn workers(&self) -> Result<&ThreadPool> {
        self.threads.pool().map(AsRef::as_ref).ok_or(Error::Stopped)
    }

    /// Refuses a request that is not about this loader's data.
    pub(super) fn check(&self, request: &Request) -> Result<()> {
        let datasets = self.engine.catalog.datasets.len();
        if request.dataset_index < datasets {
            return Ok(());
        }
        let problem = format!("a request for dataset {} of {datasets}", request.dataset_index);
        Err(Error::Config { file: None, line: None, key: "data".to_owned(), problem })
    }
}

fn nothing_to_see() -> Error {
    let problem = "there is no input to look at".to_owned();
    Error::Config { file: None, line: None, key: "input".to_owned(), problem }
}
