//! What the values of a label array say: which of them mean present, absent or unknown.
//!
//! The three possibilities and their codes are those of `cellmap_schemas` (cellmap reference 5.2). What nobody looked at
//! is unknown and never background (reference 4.2: every version of cellmap-data gets this wrong).

use std::sync::Arc;

use super::{DType, IdMeanings, PatchOut};
use crate::ome::annotation::AnnotationType;

/// What one voxel says about one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Somebody looked, and it is not there.
    Absent,
    /// It is there.
    Present,
    /// Nobody looked.
    Unknown,
}

/// Which values of a label array mean what.
///
/// - Unknown is the value coded as unknown, also if it is coded as something else, too; and NaN.
/// - Where a value is coded as present (semantic segmentation), that value alone is present. Every other value is absent,
///   unless there is a code for absent: then a value that no code names is unknown.
/// - Else every value is an id but the one coded as absent (0 if there is no such code). Should that not be 0, then 0 is
///   unknown, because in a batch id 0 is background.
/// - Where a class is one of several in an array of class ids, what each id says about it stands in [`IdMeanings`].
///
/// Codes are compared with ids, [`super::Voxel::to_id`]: integers of any size exactly, negative ones included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LabelCodes {
    present: Option<u64>,
    absent: Option<u64>,
    unknown: Option<u64>,
    /// Elements may be NaN, which reads as id [`u64::MAX`].
    nan: bool,
    /// What class ids say, where values are such; then `present` is unused.
    meanings: Option<Arc<IdMeanings>>,
}

/// [`PatchOut::Present8`] while it is gathered: unknown, until the mask says so.
const UNKNOWN_BYTE: u8 = 2;

impl LabelCodes {
    /// What values of an array of `dtype` mean without any annotation: 0 is absent, every other value is an id.
    #[must_use]
    pub const fn ids(dtype: DType) -> Self {
        Self { present: None, absent: Some(0), unknown: None, nan: dtype.is_float(), meanings: None }
    }

    /// For values that are not to be interpreted yet: every value as it is stored, NaN as [`u64::MAX`].
    #[must_use]
    pub const fn stored() -> Self {
        Self { present: None, absent: Some(0), unknown: None, nan: false, meanings: None }
    }

    /// As an annotation says.
    #[must_use]
    pub fn annotated(annotation: &AnnotationType, dtype: DType) -> Self {
        let encoding = annotation.encoding();
        let present = match annotation {
            AnnotationType::SemanticSegmentation { encoding } => encoding.present,
            AnnotationType::InstanceSegmentation { .. } => None,
        };
        // As ids are: negative values wrap.
        let code = |value: i64| value as u64;
        let absent = encoding.absent.map(code);
        Self {
            present: present.map(code),
            absent: if present.is_none() { absent.or(Some(0)) } else { absent },
            unknown: encoding.unknown.map(code),
            nan: dtype.is_float(),
            meanings: None,
        }
    }

    /// Of one class of an array of class ids. `of_array` are the codes of the array itself: its values for unknown and
    /// absent keep their meaning, but 0 is absent only where an annotation says so.
    #[must_use]
    pub fn of_class(meanings: IdMeanings, of_array: Option<&AnnotationType>, dtype: DType) -> Self {
        let encoding = of_array.map(AnnotationType::encoding).copied().unwrap_or_default();
        let code = |value: i64| value as u64;
        Self {
            present: None,
            absent: encoding.absent.map(code),
            unknown: encoding.unknown.map(code),
            nan: dtype.is_float(),
            meanings: Some(Arc::new(meanings)),
        }
    }

    /// What the ids say, of one class of an array of class ids.
    #[must_use]
    pub fn meanings(&self) -> Option<&IdMeanings> {
        self.meanings.as_deref()
    }

    /// What a voxel of this id says.
    #[must_use]
    #[inline]
    pub fn presence(&self, id: u64) -> Presence {
        let is = |code: Option<u64>| code == Some(id);
        let unnamed = match self.present {
            _ if self.meanings.is_some() => self.meanings.as_ref().map_or(Presence::Unknown, |m| m.of(id)),
            Some(_) if self.absent.is_some() => Presence::Unknown,
            Some(_) => Presence::Absent,
            None if id == 0 => Presence::Unknown,
            None => Presence::Present,
        };
        if is(self.unknown) || (self.nan && id == u64::MAX) {
            Presence::Unknown
        } else if is(self.present) {
            Presence::Present
        } else if is(self.absent) {
            Presence::Absent
        } else {
            unnamed
        }
    }

    /// True if 0 is absent and every other value an id: what is gathered is then what is meant.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        matches!(self, Self { present: None, absent: Some(0), unknown: None, nan: false, meanings: None })
    }

    /// True if some value says unknown.
    #[must_use]
    pub const fn can_be_unknown(&self) -> bool {
        let unnamed_are_unknown = match self.present {
            Some(_) => self.absent.is_some(),
            // Ids: 0 is unknown if something else is absent.
            None => !matches!(self.absent, Some(0)),
        };
        unnamed_are_unknown || self.unknown.is_some() || self.nan || self.meanings.is_some()
    }

    /// Of codes of which the present and the absent one alone say something known: these, as bytes of unsigned elements.
    pub(super) fn two_bytes(&self) -> Option<[u8; 2]> {
        let code = |code: Option<u64>| code.and_then(|code| u8::try_from(code).ok());
        let (present, absent) = (code(self.present)?, code(self.absent)?);
        let mean_that = |byte: u8, presence| self.presence(u64::from(byte)) == presence;
        (mean_that(present, Presence::Present) && mean_that(absent, Presence::Absent)).then_some([present, absent])
    }

    /// The only id that says present, if there is one.
    #[must_use]
    pub const fn present_id(&self) -> Option<u64> {
        if self.meanings.is_some() { None } else { self.present }
    }

    /// True if one value says present; false if values are ids.
    #[must_use]
    pub const fn is_semantic(&self) -> bool {
        self.present.is_some() || self.meanings.is_some()
    }

    /// The ids coded as present, absent and unknown, if these alone decide what [`LabelCodes::presence`] answers.
    #[must_use]
    pub fn plain_codes(&self) -> Option<[Option<u64>; 3]> {
        (self.meanings.is_none() && !self.nan).then_some([self.present, self.absent, self.unknown])
    }

    /// What a voxel of this id counts as in a batch: its id (0 where absent or unknown), and whether that is known.
    #[must_use]
    pub fn settled(&self, id: u64) -> (u64, bool) {
        match self.presence(id) {
            Presence::Present => (id, true),
            Presence::Absent => (0, true),
            Presence::Unknown => (0, false),
        }
    }

    #[inline]
    pub(super) fn present_byte(&self, id: u64) -> u8 {
        match self.presence(id) {
            Presence::Absent => 0,
            Presence::Present => 1,
            Presence::Unknown => UNKNOWN_BYTE,
        }
    }

    /// Turns gathered labels into what they mean: 0 for absent and unknown, and 0 in `known` for unknown.
    pub(super) fn settle(&self, out: &mut PatchOut<'_>, known: Option<&mut [u8]>) {
        if self.is_plain() {
            return;
        }
        match out {
            PatchOut::Present8(out) => settle(out, known, |value| match *value {
                UNKNOWN_BYTE => (0, true),
                value => (value, false),
            }),
            PatchOut::Ids8(out) => {
                let narrowed = self.narrowed(u8::BITS);
                // Nearly always there is nothing to settle, which is seen much faster than it is done.
                let is_settled = |[present, absent]: [u8; 2]| {
                    absent == 0 && out.iter().fold(0, |n, v| n | u8::from(*v != present) & u8::from(*v != 0)) == 0
                };
                if !narrowed.two_bytes().is_some_and(is_settled) {
                    narrowed.settle_ids(out, known, u64::from);
                }
            }
            PatchOut::Ids16(out) => self.narrowed(u16::BITS).settle_ids(out, known, u64::from),
            PatchOut::Ids32(out) => self.narrowed(u32::BITS).settle_ids(out, known, u64::from),
            PatchOut::Ids64(out) => self.settle_ids(out, known, |id| id),
            PatchOut::U8(_) | PatchOut::F16(_) | PatchOut::F32(_) => {}
        }
    }

    fn settle_ids<D: Copy + Default>(&self, out: &mut [D], known: Option<&mut [u8]>, widen: impl Fn(D) -> u64) {
        settle(out, known, |&value| match self.presence(widen(value)) {
            Presence::Present => (value, false),
            Presence::Absent => (D::default(), false),
            Presence::Unknown => (D::default(), true),
        });
    }

    /// The codes as ids of so many bits, in which ids of at most as many are stored.
    fn narrowed(&self, bits: u32) -> Self {
        let mask = u64::MAX >> (u64::BITS - bits);
        let narrow = |code: Option<u64>| code.map(|code| code & mask);
        Self {
            present: narrow(self.present),
            absent: narrow(self.absent),
            unknown: narrow(self.unknown),
            // No float has so few bits when it is read as an id.
            nan: false,
            // Class ids are not negative: they have no more bits than their array.
            meanings: self.meanings.clone(),
        }
    }
}

/// Replaces each element by the first of what `meaning` answers; the second says whether it is unknown.
fn settle<D>(out: &mut [D], known: Option<&mut [u8]>, meaning: impl Fn(&D) -> (D, bool)) {
    match known {
        Some(known) => {
            for (value, known) in out.iter_mut().zip(known) {
                let (meant, unknown) = meaning(value);
                *value = meant;
                *known &= u8::from(!unknown);
            }
        }
        None => out.iter_mut().for_each(|value| *value = meaning(value).0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ome::annotation::Possibilities;

    fn encoding(unknown: Option<i64>, absent: Option<i64>, present: Option<i64>) -> Possibilities {
        Possibilities { unknown, absent, present }
    }

    fn said(codes: &LabelCodes, ids: &[u64]) -> String {
        let letter = |&id: &u64| match codes.presence(id) {
            Presence::Absent => 'a',
            Presence::Present => 'p',
            Presence::Unknown => 'u',
        };
        ids.iter().map(letter).collect()
    }

    #[test]
    fn semantic_codes_decide_presence() {
        let semantic = |encoding| LabelCodes::annotated(&AnnotationType::SemanticSegmentation { encoding }, DType::U8);
        for (encoding, expected) in [
            (encoding(None, Some(0), Some(1)), "apuu"),
            (encoding(None, None, Some(1)), "apaa"),
            (encoding(Some(255), None, Some(1)), "apau"),
            (encoding(Some(0), Some(2), Some(1)), "upau"),
            (encoding(Some(0), Some(1), Some(2)), "uapu"),
            (encoding(Some(255), Some(0), None), "appu"),
            // Unknown wins over whatever else its code is used for.
            (encoding(Some(0), Some(0), Some(1)), "upuu"),
            (encoding(Some(1), Some(0), Some(1)), "auuu"),
        ] {
            assert_eq!(said(&semantic(encoding), &[0, 1, 2, 255]), expected, "{encoding:?}");
        }
    }

    #[test]
    fn instance_codes_leave_ids_alone() {
        let instances =
            |encoding, dtype| LabelCodes::annotated(&AnnotationType::InstanceSegmentation { encoding }, dtype);
        for (encoding, expected) in [
            (encoding(None, Some(0), None), "appp"),
            (encoding(None, None, None), "appp"),
            (encoding(Some(255), Some(0), Some(1)), "appu"),
            (encoding(None, Some(2), None), "upap"),
        ] {
            assert_eq!(said(&instances(encoding, DType::U8), &[0, 1, 2, 255]), expected, "{encoding:?}");
        }
        // -1 of any signed type reads as the largest id.
        let signed = instances(encoding(Some(-1), Some(0), None), DType::I16);
        assert_eq!(said(&signed, &[0, 5, u64::MAX]), "apu");
        let float = LabelCodes::ids(DType::F32);
        assert_eq!((said(&float, &[0, 5, u64::MAX]), float.is_plain()), ("apu".to_owned(), false));
        assert!(
            LabelCodes::ids(DType::U64).is_plain()
                && LabelCodes::ids(DType::U64).presence(u64::MAX) == Presence::Present
        );
    }

    #[test]
    fn settled_ids_keep_objects_and_mask_the_unknown_in_any_width() {
        let codes = LabelCodes::annotated(
            &AnnotationType::InstanceSegmentation { encoding: encoding(Some(-1), Some(7), None) },
            DType::I8,
        );
        let mut known = [1, 1, 1, 1, 0];
        let mut ids = [7_u16, 5, u16::MAX, 0, 0];
        codes.settle(&mut PatchOut::Ids16(&mut ids), Some(&mut known));
        assert_eq!((ids, known), ([0, 5, 0, 0, 0], [1, 1, 0, 0, 0]));
        let mut bytes = [7, 5, u64::MAX, 0].map(|id| codes.present_byte(id));
        codes.settle(&mut PatchOut::Present8(&mut bytes), None);
        assert_eq!(bytes, [0, 1, 0, 0]);
    }
}
