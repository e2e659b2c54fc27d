//! OME-NGFF multiscales: axes and levels, as far as they are needed to place voxels in the world.
//!
//! <https://ngff.openmicroscopy.org/0.4/#multiscale-md> and `/0.5/`. What can be read is more than what conforms: see
//! [`super::conformance()`] for the verdict.

use std::collections::HashSet;

use serde_json::{Map, Value};
use zarrs::storage::ReadableStorageTraits;

use super::json::Field;
use super::node::read_node;
use super::transform::ScaleTranslation;
use super::units::nanometres_in;
use crate::geometry::{Axis, GridTransform, Zyx};
use crate::{Error, Result};

/// What an axis counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AxisKind {
    /// `space`, or no type given.
    Space,
    /// `time`
    Time,
    /// `channel`
    Channel,
    /// Anything else, by its name.
    Custom(String),
}

/// One axis of the arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AxisMeta {
    /// Such as `z`.
    pub name: String,
    /// What it counts.
    pub kind: AxisKind,
    /// Unit as in the file.
    pub unit: Option<String>,
}

/// One array of the pyramid. Scale and translation are dataset and group transformations composed, in the order and
/// units of the axes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LevelMeta {
    /// Path of the array inside the group.
    pub path: String,
    /// Step per voxel.
    pub scale: Vec<f64>,
    /// Position of the centre of voxel 0.
    pub translation: Vec<f64>,
}

/// One pyramid. Holds y and x (and perhaps z), at least one level, and positive spatial scales: built only by reading.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Multiscale {
    /// As in the file: `0.4`, `0.5`; may be missing in 0.4.
    pub version: Option<String>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The arrays' dimensions, slowest first.
    pub axes: Vec<AxisMeta>,
    /// Finest first.
    pub levels: Vec<LevelMeta>,
    axis_of: Zyx<Option<usize>>,
    unit_nm: Zyx<f64>,
}

impl Multiscale {
    /// Which array dimension is z, y, x. Only z can be missing; dimensions not named here are read at index 0.
    #[must_use]
    pub fn axis_of(&self) -> Zyx<Option<usize>> {
        self.axis_of
    }

    /// The transform of a level, nm; a missing axis has voxel size 1 and translation 0. `level` counts in
    /// [`Multiscale::levels`]; beyond the last it means the last.
    #[must_use]
    pub fn world_from_voxel(&self, level: usize) -> GridTransform {
        let level = &self.levels[level.min(self.levels.len() - 1)];
        let nm = |values: &[f64], missing: f64| {
            Zyx::from_fn(|axis| self.axis_of[axis].map_or(missing, |d| values[d] * self.unit_nm[axis]))
        };
        GridTransform::new(nm(&level.scale, 1.0), nm(&level.translation, 0.0))
    }
}

/// The multiscales of the group at `key`, the first being the image itself; empty if the group (or array) has none.
/// `path` is the group's path in messages.
///
/// # Errors
/// [`Error::NotZarr`] if there is no group or array; otherwise as [`multiscales_of`] and [`read_node`].
pub fn read_multiscales<S: ReadableStorageTraits + ?Sized>(
    store: &S,
    key: &str,
    path: &str,
) -> Result<Vec<Multiscale>> {
    match read_node(store, key, path)? {
        Some(node) => multiscales_of(&node.attributes, path),
        None => Err(Error::NotZarr { path: path.to_owned(), hint: "open an OME-Zarr group or array".to_owned() }),
    }
}

/// The multiscales in a group's attributes (0.5: under `ome`; 0.4: at the top); empty if there is no such key.
///
/// # Errors
/// [`Error::Metadata`] that names the field: no datasets, no or duplicate axes, neither y nor x among them, a unit that
/// is no length, an absent scale, one whose length is not the number of axes or that is not positive, a path that
/// leaves the group.
pub fn multiscales_of(attributes: &Map<String, Value>, path: &str) -> Result<Vec<Multiscale>> {
    let (list, version) = match attributes.get("ome").filter(|ome| ome.get("multiscales").is_some()) {
        Some(ome) => (Field::root(ome.get("multiscales"), "ome.multiscales", path), ome.get("version")),
        None => (Field::root(attributes.get("multiscales"), "multiscales", path), None),
    };
    if list.value.is_none() {
        return Ok(Vec::new());
    }
    let version = version.and_then(Value::as_str);
    let items = list.items("a list of multiscales")?;
    if items.is_empty() {
        return Err(list.error("at least one multiscale"));
    }
    items.iter().map(|item| parse_multiscale(item, version)).collect()
}

fn parse_multiscale(item: &Field<'_>, version: Option<&str>) -> Result<Multiscale> {
    let axes_field = item.get("axes");
    let axes = parse_axes(&axes_field)?;
    let axis_of = find_axes(&axes, &axes_field)?;
    let unit_nm = units_nm(&axes, axis_of, &axes_field)?;
    let group = ScaleTranslation::parse(&item.get("coordinateTransformations"), axes.len())?;
    let datasets = item.get("datasets");
    let mut levels = Vec::new();
    for dataset in datasets.items("a list of datasets, one per level")? {
        levels.push(parse_level(&dataset, &group, axes.len(), axis_of)?);
    }
    if levels.is_empty() {
        return Err(datasets.error("at least one dataset"));
    }
    let text = |key: &str| item.get(key).value.and_then(Value::as_str).map(str::to_owned);
    let version = version.map(str::to_owned).or_else(|| text("version"));
    let mut multiscale = Multiscale { version, name: text("name"), axes, levels, axis_of, unit_nm };
    sort_finest_first(&mut multiscale);
    Ok(multiscale)
}

fn parse_axes(list: &Field<'_>) -> Result<Vec<AxisMeta>> {
    const EXPECTED: &str = "a list of axes with names (OME-NGFF 0.4 or 0.5; earlier versions are not supported)";
    let mut seen = HashSet::new();
    let mut axes = Vec::new();
    for item in list.items(EXPECTED)? {
        let name = item.get("name").text("a name, such as \"z\" (OME-NGFF 0.4 or 0.5)")?;
        if !seen.insert(name) {
            return Err(item.get("name").error("a name that no other axis has"));
        }
        let text = |key: &str| match item.get(key) {
            field if field.is_missing() => Ok(None),
            field => field.text("text").map(Some),
        };
        let kind = match text("type")? {
            None | Some("space") => AxisKind::Space,
            Some("time") => AxisKind::Time,
            Some("channel") => AxisKind::Channel,
            Some(other) => AxisKind::Custom(other.to_owned()),
        };
        axes.push(AxisMeta { name: name.to_owned(), kind, unit: text("unit")?.map(str::to_owned) });
    }
    Ok(axes)
}

/// Finds z, y and x by name: as they are, else in capitals.
fn find_axes(axes: &[AxisMeta], field: &Field<'_>) -> Result<Zyx<Option<usize>>> {
    let spatial = |axis: &AxisMeta| !matches!(axis.kind, AxisKind::Time | AxisKind::Channel);
    let named = |name: &str| axes.iter().position(|axis| spatial(axis) && axis.name == name);
    let found = Zyx::from_fn(|axis| named(axis.name()).or_else(|| named(&axis.name().to_uppercase())));
    if found.y.is_none() || found.x.is_none() {
        return Err(field.error("space axes named y and x (and perhaps z), in any order"));
    }
    Ok(found)
}

fn units_nm(axes: &[AxisMeta], axis_of: Zyx<Option<usize>>, field: &Field<'_>) -> Result<Zyx<f64>> {
    let mut unit_nm = Zyx::splat(1.0);
    for axis in Axis::ALL {
        let Some(dimension) = axis_of[axis] else { continue };
        let Some(unit) = &axes[dimension].unit else { continue };
        unit_nm[axis] = nanometres_in(unit).ok_or_else(|| Error::Metadata {
            path: field.path.to_owned(),
            field: format!("{}[{dimension}].unit", field.name),
            expected: "a unit of length, such as \"nanometer\"".to_owned(),
            got: format!("{unit:?}"),
        })?;
    }
    Ok(unit_nm)
}

fn parse_level(
    dataset: &Field<'_>,
    group: &ScaleTranslation,
    axes: usize,
    axis_of: Zyx<Option<usize>>,
) -> Result<LevelMeta> {
    let path_field = dataset.get("path");
    let path = inner_path(path_field.text("the path of an array")?)
        .ok_or_else(|| path_field.error("a path of an array inside the group"))?;
    let list = dataset.get("coordinateTransformations");
    let own = ScaleTranslation::parse(&list, axes)?;
    if !own.has_scale {
        return Err(list.error("a list with a scale (the voxel size)"));
    }
    let composed = own.then(group);
    let usable = |d: usize| {
        let (scale, translation) = (composed.scale[d], composed.translation[d]);
        scale > 0.0 && scale.is_finite() && translation.is_finite()
    };
    if !axis_of.all(|dimension| dimension.is_none_or(usable)) {
        return Err(list.error("a positive, finite scale on each space axis"));
    }
    Ok(LevelMeta { path, scale: composed.scale, translation: composed.translation })
}

/// `./s0/` → `s0`; `None` for a path that leaves the group or names nothing in it.
fn inner_path(path: &str) -> Option<String> {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let inside = !path.starts_with('/') && !parts.is_empty() && !parts.contains(&"..");
    inside.then(|| parts.join("/"))
}

/// Orders levels by voxel volume; levels of equal volume keep the file's order.
fn sort_finest_first(multiscale: &mut Multiscale) {
    let spatial: Vec<usize> = multiscale.axis_of.to_array().into_iter().flatten().collect();
    // A sum of logarithms: a product of three tiny scales underflows to equal zeros.
    let size = |level: &LevelMeta| spatial.iter().map(|d| level.scale[*d].ln()).sum::<f64>();
    multiscale.levels.sort_by(|a, b| size(a).total_cmp(&size(b)));
}
