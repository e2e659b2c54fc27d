//! A stack of planes in one TIFF, with the voxel size as ImageJ and Fiji read it.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::ops::ControlFlow;
use std::path::Path;

use tiff::encoder::colortype::{
    ColorType, Gray8, Gray16, Gray32, Gray32Float, Gray64, Gray64Float, GrayI8, GrayI16, GrayI32, GrayI64,
};
use tiff::encoder::{Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard, TiffValue};
use tiff::tags::{ResolutionUnit, Tag};

use super::export::{Export, ReadPart};
use super::io;
use crate::Result;
use crate::geometry::Zyx;
use crate::volume::{Buffer, Volume};

/// The largest file whose places fit in 32 bits, with room for what stands between the planes.
const CLASSIC_BYTES: u64 = 3 << 30;

/// Writes a box plane by plane: as TIFF, or as BigTIFF where that is too small. False if `read` broke off.
pub(super) fn write(volume: &Volume, export: &Export, path: &Path, read: &mut ReadPart<'_>) -> Result<bool> {
    let file = File::create(path).map(BufWriter::new).map_err(|error| io("create", path, error))?;
    // Half floats are written as floats.
    if export.bytes(volume).saturating_mul(2) < CLASSIC_BYTES {
        let encoder = TiffEncoder::<_, TiffKindStandard>::new_generic(file);
        write_planes(encoder.map_err(|error| failed(path, error))?, volume, export, path, read)
    } else {
        let encoder = TiffEncoder::<_, TiffKindBig>::new_generic(file);
        write_planes(encoder.map_err(|error| failed(path, error))?, volume, export, path, read)
    }
}

fn write_planes<W: Write + Seek, K: TiffKind>(
    mut encoder: TiffEncoder<W, K>,
    volume: &Volume,
    export: &Export,
    path: &Path,
    read: &mut ReadPart<'_>,
) -> Result<bool> {
    let page = Page::of(volume, export);
    for slab in export.slabs(volume) {
        let ControlFlow::Continue(part) = read(&slab)? else { return Ok(false) };
        page.write_all(&mut encoder, &part).map_err(|error| failed(path, error))?;
    }
    Ok(true)
}

fn failed(path: &Path, error: tiff::TiffError) -> crate::Error {
    let error = match error {
        tiff::TiffError::IoError(error) => error,
        other => std::io::Error::other(other),
    };
    io("write", path, error)
}

/// What all planes have in common.
struct Page {
    width: u32,
    height: u32,
    voxel_size_nm: Zyx<f64>,
    description: String,
}

impl Page {
    fn of(volume: &Volume, export: &Export) -> Self {
        let shape = export.voxels.shape();
        let side = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let voxel_size_nm = export.world_from_voxel(volume).voxel_size_nm;
        // ImageJ's own format: https://imagej.net/ij/docs/guide (TIFF, "ImageJ=" description).
        let description = format!(
            "ImageJ=1.53t\nimages={n}\nslices={n}\nunit=nm\nspacing={spacing}\nloop=false\n",
            n = shape.z,
            spacing = voxel_size_nm.z
        );
        Self { width: side(shape.x), height: side(shape.y), voxel_size_nm, description }
    }

    fn write_all<W: Write + Seek, K: TiffKind>(
        &self,
        encoder: &mut TiffEncoder<W, K>,
        part: &Buffer,
    ) -> tiff::TiffResult<()> {
        match part {
            Buffer::U8(values) => self.write::<Gray8, _, _>(encoder, values),
            Buffer::U16(values) => self.write::<Gray16, _, _>(encoder, values),
            Buffer::U32(values) => self.write::<Gray32, _, _>(encoder, values),
            Buffer::U64(values) => self.write::<Gray64, _, _>(encoder, values),
            Buffer::I8(values) => self.write::<GrayI8, _, _>(encoder, values),
            Buffer::I16(values) => self.write::<GrayI16, _, _>(encoder, values),
            Buffer::I32(values) => self.write::<GrayI32, _, _>(encoder, values),
            Buffer::I64(values) => self.write::<GrayI64, _, _>(encoder, values),
            Buffer::F16(values) => {
                let values: Vec<f32> = values.iter().map(|value| value.to_f32()).collect();
                self.write::<Gray32Float, _, _>(encoder, &values)
            }
            Buffer::F32(values) => self.write::<Gray32Float, _, _>(encoder, values),
            Buffer::F64(values) => self.write::<Gray64Float, _, _>(encoder, values),
        }
    }

    fn write<C: ColorType, W: Write + Seek, K: TiffKind>(
        &self,
        encoder: &mut TiffEncoder<W, K>,
        values: &[C::Inner],
    ) -> tiff::TiffResult<()>
    where
        [C::Inner]: TiffValue,
    {
        for plane in values.chunks_exact((self.width as usize * self.height as usize).max(1)) {
            let mut image = encoder.new_image::<C>(self.width, self.height)?;
            image.resolution_unit(ResolutionUnit::None);
            image.x_resolution(per_nm(self.voxel_size_nm.x));
            image.y_resolution(per_nm(self.voxel_size_nm.y));
            image.encoder().write_tag(Tag::ImageDescription, self.description.as_str())?;
            image.write_data(plane)?;
        }
        Ok(())
    }
}

/// Voxels per nanometre, to a millionth of one.
fn per_nm(voxel_size_nm: f64) -> Rational {
    const PARTS: f64 = 1e6;
    Rational { n: PARTS as u32, d: (voxel_size_nm * PARTS).round().clamp(1.0, f64::from(u32::MAX)) as u32 }
}
