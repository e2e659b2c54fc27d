//! Arrays as `.npy`, format 1.0 (NumPy enhancement proposal 1): a short header, then the elements.
//!
//! Written here because half precision is an encoding of batches, which the crates for this format do not write.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use super::export::{Export, ReadPart};
use super::io;
use crate::Result;
use crate::volume::{DType, Volume};

/// Writes `bytes`, the native-endian elements of a C-order array of `shape`; an existing file is replaced.
///
/// # Errors
/// [`crate::Error::Io`] if the file cannot be written.
pub fn write_npy(path: &Path, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    let written = file.write_all(&header(dtype, shape)).and_then(|()| file.write_all(bytes));
    written.and_then(|()| file.flush()).map_err(|error| io("write", path, error))
}

/// Writes a box part by part. False if `read` broke off.
pub(super) fn write(volume: &Volume, export: &Export, path: &Path, read: &mut ReadPart<'_>) -> Result<bool> {
    let failed = |error| io("write", path, error);
    let shape = export.voxels.shape().map(|n| n as usize).to_array();
    let mut file = create(path)?;
    file.write_all(&header(volume.dtype(), &shape)).map_err(failed)?;
    for slab in export.slabs(volume) {
        let ControlFlow::Continue(part) = read(&slab)? else { return Ok(false) };
        file.write_all(part.as_bytes()).map_err(failed)?;
    }
    file.flush().map_err(failed)?;
    Ok(true)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    File::create(path).map(BufWriter::new).map_err(|error| io("create", path, error))
}

/// Magic, version, length and a Python dictionary, padded so that the elements start at a multiple of 64.
fn header(dtype: DType, shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let native = if cfg!(target_endian = "little") { '<' } else { '>' };
    let dimensions: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut words = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
        descr(dtype, native),
        dimensions.trim_end()
    );
    let unpadded = MAGIC.len() + 2 + words.len() + 1;
    words.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    words.push('\n');
    let mut header = MAGIC.to_vec();
    // A shape of five dimensions is far below the 64 KiB that this length field can say.
    header.extend((words.len() as u16).to_le_bytes());
    header.extend(words.as_bytes());
    header
}

/// NumPy's type string: byte order (`many` for elements of more than a byte), kind, bytes.
pub(super) fn descr(dtype: DType, many: char) -> String {
    let kind = match dtype {
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 'i',
        DType::F16 | DType::F32 | DType::F64 => 'f',
    };
    let order = match dtype.size_bytes() {
        1 => '|',
        _ => many,
    };
    format!("{order}{kind}{}", dtype.size_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_start_aligned_and_one_dimension_is_still_a_tuple() {
        for shape in [&[5][..], &[1, 2, 128, 128, 128]] {
            assert_eq!(header(DType::F16, shape).len() % 64, 0);
        }
        let text = String::from_utf8_lossy(&header(DType::U64, &[5])).into_owned();
        assert!(text.contains("'descr': '<u8'") && text.contains("'shape': (5,)"), "{text}");
    }
}
