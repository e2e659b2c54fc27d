//! One array of every batch, worked out once: element type, channels, mask, and what making it takes.

use super::{ArraySpec, BatchArray, Encoding, Known, Role};
use crate::catalog::Catalog;
use crate::geometry::Zyx;
use crate::sample::{Augment, intensity};
use crate::volume::{Buffer, DType};
use crate::{Error, Result};

/// Classes that one `u64` holds.
const MOST_BITS: usize = u64::BITS as usize;

/// How an array says what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mask {
    /// Not at all, or by NaN.
    None,
    /// A byte for each element.
    Bytes,
    /// A bit for each class.
    Bits,
}

/// One array of every batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArrayLayout {
    pub name: String,
    pub role: Role,
    pub spec: ArraySpec,
    pub dtype: DType,
    /// Classes of a target, in order; of an input, `None` for each channel.
    pub classes: Vec<Option<String>>,
    pub mask: Mask,
    /// Whether labels of some class are made from class ids.
    from_class_ids: bool,
    /// Classes whose ids are wanted, and read alone, in some crop.
    read_alone: usize,
}

impl ArrayLayout {
    /// The array `name` with these classes.
    ///
    /// # Errors
    /// [`Error::Config`] for more classes than `bits` holds.
    pub(super) fn new(
        catalog: &Catalog,
        name: &str,
        role: Role,
        spec: &ArraySpec,
        classes: Vec<Option<String>>,
    ) -> Result<Self> {
        if spec.encoding == Encoding::Bits && classes.len() > MOST_BITS {
            let problem = format!(
                "{} classes do not fit the {MOST_BITS} bits of \"bits\"; name at most {MOST_BITS}, or make a second target",
                classes.len()
            );
            return Err(Error::Config { file: None, line: None, key: format!("target.{name}.classes"), problem });
        }
        let mask = match (role, spec.encoding) {
            (Role::Input, _) | (_, Encoding::F16 | Encoding::F32 | Encoding::Distance) => Mask::None,
            (Role::Target, Encoding::Bits) => Mask::Bits,
            (Role::Target, Encoding::U8 | Encoding::Ids | Encoding::Affinity | Encoding::Boundary) => Mask::Bytes,
        };
        let dtype = match spec.encoding {
            Encoding::U8 | Encoding::Affinity | Encoding::Boundary => DType::U8,
            Encoding::F16 => DType::F16,
            Encoding::F32 | Encoding::Distance => DType::F32,
            Encoding::Ids => id_dtype(catalog, &classes),
            Encoding::Bits => DType::U64,
        };
        let from_class_ids = labels_of(catalog, &classes).any(|labels| labels.volume.codes().meanings().is_some());
        let read_alone = if spec.encoding == Encoding::Ids { with_ids_of_their_own(catalog, &classes) } else { 0 };
        Ok(Self { name: name.to_owned(), role, spec: spec.clone(), dtype, classes, mask, from_class_ids, read_alone })
    }

    /// Elements of one channel of one sample.
    pub(super) fn voxels(&self) -> usize {
        self.spec.shape.product()
    }

    fn channels_per_class(&self) -> usize {
        if self.spec.encoding == Encoding::Affinity { self.spec.offsets.len() } else { 1 }
    }

    /// Parts of one sample that can be made one by one: its classes, but all of them together where they share a channel.
    pub(super) fn slots(&self) -> usize {
        if self.mask == Mask::Bits { 1 } else { self.classes.len() }
    }

    /// Reads of one sample that do not wait for each other: classes of which each voxel says enough are read together.
    pub(super) fn reads(&self) -> usize {
        if self.role == Role::Target && self.spec.encoding.is_local() { self.read_alone.max(1) } else { self.slots() }
    }

    /// Elements of one of the [`ArrayLayout::slots`].
    pub(super) fn slot_len(&self) -> usize {
        self.voxels() * self.channels_per_class()
    }

    /// Bytes of one sample.
    pub(super) fn sample_bytes(&self) -> u64 {
        let mask_bytes = match self.mask {
            Mask::None => 0,
            Mask::Bytes => 1,
            Mask::Bits => size_of::<u64>(),
        };
        let element = self.dtype.size_bytes() + mask_bytes;
        (self.slot_len() as u64).saturating_mul((self.slots() * element) as u64)
    }

    /// Bytes that making one slot takes beside the batch, at most. Raw that is changed: f32 where the batch holds another
    /// type, and what the operations ask for. Labels: ids and masks of the patch with its margin, and distances.
    pub(super) fn working_bytes(&self, augment: &Augment) -> u64 {
        let operations = &augment.intensity;
        if self.role == Role::Input {
            let copy = if self.dtype == DType::F32 { 0 } else { self.voxels() };
            let elements = copy.saturating_add(intensity::scratch_len(operations, self.spec.shape));
            return if operations.is_empty() { 0 } else { (elements as u64).saturating_mul(size_of::<f32>() as u64) };
        }
        if self.spec.encoding.is_local() {
            let is_read_in_place = self.spec.encoding == Encoding::Ids && self.read_alone == self.classes.len();
            if is_read_in_place {
                return 0;
            }
            // Planes as they are stored, their mask and their bits, as many at a time as a tile has.
            let stored = if self.from_class_ids { 8 } else { 2 };
            let planes = Zyx { z: self.spec.shape.z.min(16), ..self.spec.shape };
            let voxels = planes.to_array().into_iter().fold(1, |voxels: u64, n| voxels.saturating_mul(n as u64));
            // A warped patch is made as a whole, with its mask.
            let whole = if augment.warps() { (self.voxels() as u64).saturating_mul(stored.min(2)) } else { 0 };
            return voxels.saturating_mul(stored + 1 + 2).saturating_add(whole);
        }
        // An id of 8 bytes and a mask of 1.
        const LABELS: u64 = 9;
        let shared = if self.from_class_ids { LABELS } else { 0 };
        let per_voxel = match self.spec.encoding {
            Encoding::Distance => LABELS + 3 * size_of::<f32>() as u64,
            Encoding::Affinity | Encoding::Boundary => LABELS,
            Encoding::U8 | Encoding::F16 | Encoding::F32 | Encoding::Bits | Encoding::Ids => 0,
        };
        let grown =
            self.spec.shape.zip_map(self.spec.margin(), |n, margin| (n as u64).saturating_add(2 * margin as u64));
        let voxels = grown.to_array().into_iter().fold(1, u64::saturating_mul);
        voxels.saturating_mul(shared.saturating_add(per_voxel))
    }

    /// Whether `array` is what [`ArrayLayout::zeros`] makes for so many samples, but for its contents.
    pub(super) fn fits(&self, array: &BatchArray, samples: usize) -> bool {
        let len = samples * self.slots() * self.slot_len();
        let mask = |wanted: bool| if wanted { Some(len) } else { None };
        array.name == self.name
            && (array.data.dtype(), array.data.len()) == (self.dtype, len)
            && array.known.as_deref().map(<[u8]>::len) == mask(self.mask == Mask::Bytes)
            && array.known_bits.as_deref().map(<[u64]>::len) == mask(self.mask == Mask::Bits)
            && array.shape[0] == samples
    }

    /// Memory for so many samples, all zero.
    pub(super) fn zeros(&self, samples: usize) -> BatchArray {
        let Zyx { z, y, x } = self.spec.shape;
        let len = samples * self.slots() * self.slot_len();
        BatchArray {
            name: self.name.clone(),
            role: self.role,
            shape: [samples, self.slots() * self.channels_per_class(), z, y, x],
            data: Buffer::zeros(self.dtype, len),
            known: (self.mask == Mask::Bytes).then(|| Known::zeros(len, samples * self.slots())),
            known_bits: (self.mask == Mask::Bits).then(|| Known::zeros(len, samples * self.slots())),
            classes: self.classes.iter().flatten().cloned().collect(),
        }
    }
}

/// The labels of these classes in every crop.
fn labels_of<'a>(
    catalog: &'a Catalog,
    classes: &'a [Option<String>],
) -> impl Iterator<Item = &'a crate::catalog::ClassLabels> {
    let labels = catalog.datasets.iter().flat_map(|dataset| &dataset.crops).flat_map(|crop| &crop.classes);
    labels.filter(|labels| classes.iter().flatten().any(|class| *class == labels.class))
}

/// How many of `classes` have, in some crop, labels of their own that say more than where the class is.
fn with_ids_of_their_own(catalog: &Catalog, classes: &[Option<String>]) -> usize {
    let has_ids = |class: &Option<String>| {
        labels_of(catalog, std::slice::from_ref(class)).any(|labels| {
            let codes = labels.volume.codes();
            codes.meanings().is_none() && codes.present_id().is_none()
        })
    };
    classes.iter().filter(|class| has_ids(class)).count()
}

/// The smallest unsigned type that holds the ids of every array of `classes`.
fn id_dtype(catalog: &Catalog, classes: &[Option<String>]) -> DType {
    let dtypes = labels_of(catalog, classes).map(|labels| unsigned(labels.volume.dtype()));
    dtypes.max_by_key(|dtype| dtype.size_bytes()).unwrap_or(DType::U8)
}

/// The unsigned type in which ids of `dtype` are read.
const fn unsigned(dtype: DType) -> DType {
    match dtype {
        DType::U8 | DType::I8 => DType::U8,
        DType::U16 | DType::I16 => DType::U16,
        DType::U32 | DType::I32 => DType::U32,
        DType::U64 | DType::I64 | DType::F16 | DType::F32 | DType::F64 => DType::U64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(encoding: Encoding, classes: usize) -> Result<ArrayLayout> {
        let spec = ArraySpec {
            offsets: vec![Zyx::new(-1, 0, 0), Zyx::new(0, 2, 0), Zyx::new(0, 0, -1)],
            clip_nm: Some(16.0),
            ..ArraySpec::new(Zyx::new(2, 3, 4), Zyx::splat(8.0), encoding)
        };
        let names = (0..classes).map(|class| Some(class.to_string())).collect();
        ArrayLayout::new(&Catalog::default(), "labels", Role::Target, &spec, names)
    }

    #[test]
    fn shapes_masks_and_bytes_follow_the_encoding() {
        for (encoding, channels, element, masks) in [
            (Encoding::Ids, 5, 1, Mask::Bytes),
            (Encoding::U8, 5, 1, Mask::Bytes),
            (Encoding::F32, 5, 4, Mask::None),
            (Encoding::Distance, 5, 4, Mask::None),
            (Encoding::Boundary, 5, 1, Mask::Bytes),
            (Encoding::Affinity, 15, 1, Mask::Bytes),
            (Encoding::Bits, 1, 8, Mask::Bits),
        ] {
            let layout = layout(encoding, 5).unwrap();
            let array = layout.zeros(2);
            assert_eq!((array.shape, layout.mask), ([2, channels, 2, 3, 4], masks), "{encoding:?}");
            assert_eq!(array.data.size_bytes(), 2 * channels * 24 * element, "{encoding:?}");
            assert_eq!(
                (array.known.is_some(), array.known_bits.is_some()),
                (masks == Mask::Bytes, masks == Mask::Bits)
            );
            assert_eq!(array.size_bytes(), 2 * layout.sample_bytes(), "{encoding:?}");
            assert_eq!(array.classes.len(), 5);
        }
    }

    #[test]
    fn bits_hold_64_classes_and_no_more() {
        assert!(layout(Encoding::Bits, 64).is_ok() && layout(Encoding::Ids, 65).is_ok());
        let error = layout(Encoding::Bits, 65).unwrap_err();
        assert!(matches!(&error, Error::Config { key, .. } if key == "target.labels.classes"), "{error}");
    }

    #[test]
    fn a_margin_takes_working_memory() {
        let bytes = |encoding| layout(encoding, 1).unwrap().working_bytes(&Augment::default());
        assert_eq!(bytes(Encoding::Ids), 2 * 3 * 4 * (2 + 1 + 2));
        assert_eq!(bytes(Encoding::Distance), (2 + 4) * (3 + 4) * (4 + 4) * (9 + 12));
        assert_eq!(bytes(Encoding::Affinity), (2 + 2) * (3 + 4) * (4 + 2) * 9);
    }
}
