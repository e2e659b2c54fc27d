//! `coordinateTransformations`: lists of scales and translations, composed in order.

use super::json::Field;
use crate::Result;

/// `out = scale · in + translation`, axis by axis in file order and file units.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScaleTranslation {
    pub(super) scale: Vec<f64>,
    pub(super) translation: Vec<f64>,
    /// Whether a scale was among the steps.
    pub(super) has_scale: bool,
}

impl ScaleTranslation {
    pub(super) fn identity(axes: usize) -> Self {
        Self { scale: vec![1.0; axes], translation: vec![0.0; axes], has_scale: false }
    }

    /// `next ∘ self`: `self` first.
    pub(super) fn then(mut self, next: &Self) -> Self {
        for axis in 0..self.scale.len() {
            self.scale[axis] *= next.scale[axis];
            self.translation[axis] = self.translation[axis] * next.scale[axis] + next.translation[axis];
        }
        self.has_scale |= next.has_scale;
        self
    }

    /// Reads a list of transformations, applied in the order in which they stand. A missing list is the identity.
    pub(super) fn parse(list: &Field<'_>, axes: usize) -> Result<Self> {
        let mut composed = Self::identity(axes);
        if list.is_missing() {
            return Ok(composed);
        }
        for step in list.items("a list of coordinate transformations")? {
            composed = composed.then(&Self::parse_step(&step, axes)?);
        }
        Ok(composed)
    }

    fn parse_step(step: &Field<'_>, axes: usize) -> Result<Self> {
        const KINDS: &str = "\"scale\", \"translation\" or \"identity\"";
        let mut parsed = Self::identity(axes);
        match step.get("type").text(KINDS)? {
            "identity" => {}
            "scale" => {
                parsed.scale = numbers(&step.get("scale"), axes)?;
                parsed.has_scale = true;
            }
            "translation" => parsed.translation = numbers(&step.get("translation"), axes)?,
            _ => return Err(step.get("type").error(KINDS)),
        }
        Ok(parsed)
    }
}

/// One finite number per axis.
fn numbers(list: &Field<'_>, axes: usize) -> Result<Vec<f64>> {
    let expected = format!("{axes} numbers, one per axis");
    let items = list.items(&expected)?;
    if items.len() != axes {
        return Err(list.error(&expected));
    }
    let number = |item: &Field<'_>| {
        let value = item.value.and_then(serde_json::Value::as_f64).filter(|v| v.is_finite());
        value.ok_or_else(|| item.error("a finite number"))
    };
    items.iter().map(number).collect()
}
