//! NumPy arrays on the memory of a batch, without a copy.

use microtome_core::loader::{BatchArray, BatchArrays, Known};
use microtome_core::{volume::Buffer, with_buffer};
use numpy::ndarray::{ArrayView, Dimension, IntoDimension};
use numpy::{Element, PyArray, PyArrayMethods};
use pyo3::prelude::*;

use crate::process::OfProcess;

/// Owns the memory of a batch, which goes back to its loader when the last array on it is gone.
///
/// Nothing in Rust looks at the memory while this has it: it belongs to the NumPy arrays whose base this is.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Memory {
    _arrays: OfProcess<BatchArrays>,
}

/// Where an array lies, and how it is read.
struct Place<T> {
    first: *mut T,
    len: usize,
    shape: [usize; 5],
    is_writable: bool,
}

/// Arrays on the memory of a batch: data, and what is known.
pub(crate) struct Views<'py> {
    pub(crate) data: Bound<'py, PyAny>,
    pub(crate) known: Option<Bound<'py, PyAny>>,
}

/// Arrays on the memory of a batch, in its order. Data can be written to; what is known only where it is this batch's own.
pub(crate) fn views(py: Python<'_>, mut arrays: BatchArrays) -> PyResult<Vec<Views<'_>>> {
    let makers: Vec<_> = arrays.iter_mut().map(places).collect();
    // Moving vectors does not move what they point to.
    let memory = Bound::new(py, Memory { _arrays: OfProcess::new(arrays) })?.into_any();
    makers.into_iter().map(|maker| maker(&memory)).collect()
}

type Maker = Box<dyn for<'a, 'py> FnOnce(&'a Bound<'py, PyAny>) -> PyResult<Views<'py>>>;

fn places(array: &mut BatchArray) -> Maker {
    let shape = array.shape;
    let bytes = array.known.as_mut().map(|known| place_of_known(known, shape));
    let words = array.known_bits.as_mut().map(|known| place_of_known(known, shape));
    fn maker<T: Element + 'static>(data: Place<T>, bytes: Option<Place<u8>>, words: Option<Place<u64>>) -> Maker {
        Box::new(move |memory| {
            let known = match (bytes, words) {
                (Some(bytes), _) => Some(bytes.view(memory)?),
                (None, Some(words)) => Some(words.view(memory)?),
                (None, None) => None,
            };
            Ok(Views { data: data.view(memory)?, known })
        })
    }
    with_buffer!(&mut array.data, data => {
        let place = Place { first: data.as_mut_ptr(), len: data.len(), shape, is_writable: true };
        maker(place, bytes, words)
    })
}

/// What all batches share is not to be written to, and is not copied for it.
fn place_of_known<T: Copy>(known: &mut Known<T>, shape: [usize; 5]) -> Place<T> {
    let is_writable = !known.is_shared();
    let len = known.len();
    let first = if is_writable { known.as_mut_ptr() } else { known.as_ptr().cast_mut() };
    Place { first, len, shape, is_writable }
}

impl<T: Element> Place<T> {
    /// The array, as long as whose `memory` lives this place is there.
    fn view<'py>(&self, memory: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let shape = self.shape.into_dimension();
        if shape.size_checked() != Some(self.len) {
            let words = format!("{} elements in an array of {:?}", self.len, self.shape);
            return Err(pyo3::exceptions::PyRuntimeError::new_err(words));
        }
        // SAFETY: `first` is the first of `len` elements, as many as `shape` has, of a vector (or of shared memory that
        // nothing writes to) that `memory` owns. It stays where it is until `memory` is dropped, which the array holds.
        // Nothing in Rust refers to the elements from now on: `Memory` only drops them.
        #[allow(unsafe_code, reason = "memory that Python owns for a while")]
        let array = unsafe {
            let view = ArrayView::from_shape_ptr(shape, self.first.cast_const());
            PyArray::borrow_from_array(&view, memory.clone())
        };
        if !self.is_writable {
            array.readwrite().make_nonwriteable();
        }
        Ok(array.into_any())
    }
}

/// An array of its own of these elements, whose memory it takes over.
pub(crate) fn owned<'py>(py: Python<'py>, buffer: Buffer, shape: [usize; 3]) -> PyResult<Bound<'py, PyAny>> {
    with_buffer!(buffer, elements => Ok(PyArray::from_vec(py, elements).reshape(shape)?.into_any()))
}
