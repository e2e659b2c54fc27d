//! A multiscale volume: boxes as they are stored, and patches of any grid.

use std::path::PathBuf;

use microtome_core::Error;
use microtome_core::geometry::{PatchGrid, VoxelBox};
use microtome_core::volume::{
    self, Buffer, DType, LabelCodes, PatchOut, PatchReport, Resample, element, read_absence, read_patch, read_region,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{Raise, wrong_argument};
use crate::grid::GridArguments;
use crate::memory::owned;
use crate::reader::{Reader, Tools};
use crate::values::{plain, zyx};

/// An open volume.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Volume {
    volume: volume::Volume,
    reader: Py<Reader>,
}

/// What a patch is to hold.
#[derive(Clone, Copy)]
enum Wanted {
    Stored,
    U8,
    F16,
    F32,
    Ids,
    Present,
}

impl Wanted {
    fn named(name: &str) -> PyResult<Self> {
        match name {
            "stored" => Ok(Self::Stored),
            "u8" => Ok(Self::U8),
            "f16" => Ok(Self::F16),
            "f32" => Ok(Self::F32),
            "ids" => Ok(Self::Ids),
            "present" => Ok(Self::Present),
            _ => Err(wrong_argument(
                "encoding",
                format!("expected \"stored\", \"u8\", \"f16\", \"f32\", \"ids\" or \"present\", not {name:?}"),
            )),
        }
    }
}

/// A patch that was read.
struct Patch {
    data: Buffer,
    known: Vec<u8>,
    report: PatchReport,
}

impl Volume {
    /// Of what is open.
    pub(crate) const fn new(volume: volume::Volume, reader: Py<Reader>) -> Self {
        Self { volume, reader }
    }
}

#[pymethods]
impl Volume {
    /// Opens an image group or an array.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf, reader: Py<Reader>) -> PyResult<Self> {
        Ok(Self::new(py.detach(|| volume::Volume::open(&path)).raise()?, reader))
    }

    /// Where it is.
    #[getter]
    fn path(&self) -> &str {
        self.volume.path()
    }

    /// The last part of the path.
    #[getter]
    fn name(&self) -> &str {
        self.volume.name()
    }

    /// NumPy's name of the element type.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.volume.dtype().name()
    }

    /// How many channels it has.
    #[getter]
    fn channels(&self) -> u64 {
        self.volume.channels()
    }

    /// The same volume at another channel; `None` if it has none of that number.
    fn of_channel(&self, py: Python<'_>, channel: u64) -> Option<Self> {
        let volume = self.volume.of_channel(channel)?;
        Some(Self::new(volume, self.reader.clone_ref(py)))
    }

    /// Every level, finest first.
    fn levels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, self.volume.levels())
    }

    /// The level that a patch of this voxel size is read from.
    fn level_for(&self, voxel_size_nm: [f64; 3]) -> usize {
        volume::choose_level(self.volume.levels(), zyx(voxel_size_nm))
    }

    /// What is odd although it opens.
    fn oddities(&self) -> Vec<String> {
        self.volume.oddities()
    }

    /// A box of one level as it is stored, from voxel `lo` to before `hi`; outside of the level its fill value.
    fn read_box<'py>(&self, py: Python<'py>, level: usize, lo: [i64; 3], hi: [i64; 3]) -> PyResult<Bound<'py, PyAny>> {
        let tools = self.reader.get().tools()?;
        let region = VoxelBox::new(zyx(lo), zyx(hi));
        let read = || tools.run(|| read_region(&self.volume, level, &region, &tools.caches.chunks));
        let buffer = py.detach(read).raise()?;
        owned(py, buffer, region.shape().to_array().map(|n| n as usize))
    }

    /// A patch of a grid: data, what of it is known, and what reading it took.
    fn read_patch<'py>(
        &self,
        py: Python<'py>,
        grid: GridArguments,
        encoding: &str,
        nearest: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyDict>)> {
        let tools = self.reader.get().tools()?;
        let (grid, wanted) = (grid.grid()?, Wanted::named(encoding)?);
        let resample = if nearest { Resample::Nearest } else { Resample::Area };
        let patch = py.detach(|| tools.run(|| read(&self.volume, &grid, wanted, resample, &tools))).raise()?;
        let report = PyDict::new(py);
        report.set_item("level", patch.report.level)?;
        report.set_item("chunks", patch.report.chunks)?;
        report.set_item("absent_chunks", patch.report.absent_chunks)?;
        report.set_item("outside_voxels", patch.report.outside_voxels)?;
        let shape = grid.shape.to_array();
        let known = as_bool(owned(py, Buffer::U8(patch.known), shape)?)?;
        Ok((owned(py, patch.data, shape)?, known, report))
    }

    /// Of each voxel of a grid, whether the chunk of the nearest voxel of `level` is not in the store.
    fn read_absence<'py>(&self, py: Python<'py>, level: usize, grid: GridArguments) -> PyResult<Bound<'py, PyAny>> {
        let tools = self.reader.get().tools()?;
        let grid = grid.grid()?;
        let absent = py.detach(|| {
            tools.run(|| {
                let mut absent = vec![0; voxels(&self.volume, &grid)?];
                read_absence(&self.volume, level, &grid, &tools.caches, &mut absent)?;
                Ok(absent)
            })
        });
        as_bool(owned(py, Buffer::U8(absent.raise()?), grid.shape.to_array())?)
    }
}

/// Bytes of 0 and 1 as bool, without a copy.
fn as_bool(bytes: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    bytes.call_method1("view", ("bool",))
}

/// Voxels of a grid, if memory for them can be had.
fn voxels(volume: &volume::Volume, grid: &PatchGrid) -> Result<usize, Error> {
    /// Bytes of the largest element.
    const LARGEST: usize = 8;
    let too_large =
        || Error::TooLarge { path: volume.path().to_owned(), shape: grid.shape.map(|n| n as u64).to_array() };
    let voxels = grid.shape.to_array().into_iter().try_fold(1, usize::checked_mul).ok_or_else(too_large)?;
    let mut probe = Vec::<u8>::new();
    let bytes = voxels.checked_mul(LARGEST).ok_or_else(too_large)?;
    probe.try_reserve_exact(bytes).map_err(|_| too_large())?;
    Ok(voxels)
}

fn read(
    volume: &volume::Volume,
    grid: &PatchGrid,
    wanted: Wanted,
    resample: Resample,
    tools: &Tools,
) -> Result<Patch, Error> {
    let len = voxels(volume, grid)?;
    let mut known = vec![0; len];
    let caches = &tools.caches;
    let stored = || volume.clone().with_codes(LabelCodes::stored());
    let mut into =
        |volume: &volume::Volume, out: PatchOut<'_>| read_patch(volume, grid, resample, caches, out, Some(&mut known));
    let (data, report) = match (wanted, volume.dtype()) {
        (Wanted::U8, _) | (Wanted::Stored, DType::U8) => {
            let mut data = vec![0; len];
            let report = into(&stored(), PatchOut::U8(&mut data))?;
            (Buffer::U8(data), report)
        }
        (Wanted::F16, _) | (Wanted::Stored, DType::F16) => {
            let mut data = vec![half::f16::ZERO; len];
            let report = into(&stored(), PatchOut::F16(&mut data))?;
            (Buffer::F16(data), report)
        }
        (Wanted::F32, _) | (Wanted::Stored, DType::F32) => {
            let mut data = vec![0.0; len];
            let report = into(&stored(), PatchOut::F32(&mut data))?;
            (Buffer::F32(data), report)
        }
        (Wanted::Stored, dtype) if dtype.is_float() || resample == Resample::Area => {
            let mut data = vec![0.0; len];
            let report = into(&stored(), PatchOut::F32(&mut data))?;
            (from_unit(&data, dtype), report)
        }
        (Wanted::Stored, dtype) => {
            let mut data = vec![0; len];
            let report = into(&stored(), PatchOut::Ids64(&mut data))?;
            (from_ids(&data, dtype), report)
        }
        (Wanted::Ids, _) => {
            let mut data = vec![0; len];
            let report = into(volume, PatchOut::Ids64(&mut data))?;
            (Buffer::U64(data), report)
        }
        (Wanted::Present, _) => {
            let mut data = vec![0; len];
            let report = into(volume, PatchOut::Present8(&mut data))?;
            (Buffer::U8(data), report)
        }
    };
    Ok(Patch { data, known, report })
}

/// Stored integers from their ids, which are their bits.
fn from_ids(ids: &[u64], dtype: DType) -> Buffer {
    macro_rules! narrowed {
        ($($name:ident)*) => {
            match dtype {
                $(DType::$name => Buffer::$name(ids.iter().map(|id| *id as element::$name).collect()),)*
                _ => Buffer::U64(ids.to_vec()),
            }
        };
    }
    narrowed!(U16 U32 I8 I16 I32 I64)
}

/// Stored values from means, which are parts of an integer's maximum; floats are themselves.
fn from_unit(means: &[f32], dtype: DType) -> Buffer {
    macro_rules! scaled {
        ($($name:ident)*) => {
            match dtype {
                $(DType::$name => {
                    let scale = element::$name::MAX as f64;
                    // `as` saturates.
                    Buffer::$name(means.iter().map(|mean| (f64::from(*mean) * scale).round() as element::$name).collect())
                })*
                _ => Buffer::F64(means.iter().map(|mean| f64::from(*mean)).collect()),
            }
        };
    }
    scaled!(U16 U32 U64 I8 I16 I32 I64)
}
