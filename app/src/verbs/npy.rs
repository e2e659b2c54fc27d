//! Arrays as `.npy`, format 1.0 (NumPy enhancement proposal 1): a short header, then the elements.
//!
//! Written here because half precision is an encoding of batches, which the crates for this format do not write.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use microtome_core::volume::DType;

/// Writes `bytes`, the native-endian elements of a C-order array of `shape`.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, dtype: DType, shape: &[usize], bytes: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
    file.write_all(&header(dtype, shape)).with_context(cannot)?;
    file.write_all(bytes).and_then(|()| file.flush()).with_context(cannot)
}

/// Magic, version, length and a Python dictionary, padded so that the elements start at a multiple of 64.
fn header(dtype: DType, shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let dimensions: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut words =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr(dtype), dimensions.trim_end());
    let unpadded = MAGIC.len() + 2 + words.len() + 1;
    words.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    words.push('\n');
    let mut header = MAGIC.to_vec();
    // A shape of five dimensions is far below the 64 KiB that this length field can say.
    header.extend((words.len() as u16).to_le_bytes());
    header.extend(words.as_bytes());
    header
}

/// NumPy's type string: byte order, kind, bytes.
fn descr(dtype: DType) -> String {
    let kind = match dtype {
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 'i',
        DType::F16 | DType::F32 | DType::F64 => 'f',
    };
    let order = match dtype.size_bytes() {
        1 => '|',
        _ if cfg!(target_endian = "little") => '<',
        _ => '>',
    };
    format!("{order}{kind}{}", dtype.size_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_independent_reader_gets_the_same_array() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let values: Vec<f32> = (0..24).map(|n| n as f32 / 3.0).collect();
        write(&path, DType::F32, &[2, 3, 4], bytemuck::cast_slice(&values)).unwrap();
        let read: ndarray::Array3<f32> = ndarray_npy::read_npy(&path).unwrap();
        assert_eq!(read.shape(), [2, 3, 4]);
        assert_eq!(read.into_raw_vec_and_offset().0, values);
    }

    #[test]
    fn elements_start_aligned_and_one_dimension_is_still_a_tuple() {
        for shape in [&[5][..], &[1, 2, 128, 128, 128]] {
            assert_eq!(header(DType::F16, shape).len() % 64, 0);
        }
        let text = String::from_utf8_lossy(&header(DType::U64, &[5])).into_owned();
        assert!(text.contains("'descr': '<u8'") && text.contains("'shape': (5,)"), "{text}");
    }
}
