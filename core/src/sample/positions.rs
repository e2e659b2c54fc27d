//! The allowed patch positions of all sources: one table per axis permutation, picked from without listing them.

use super::draw::Draw;
use super::lattice::{Footprint, Lattice};
use super::{SmallCrops, Source};
use crate::geometry::{Axis, Orientation, Zyx};
use crate::{Error, Result};

/// A source, and the lower edge (nm) of a patch in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Index into the sources.
    pub source: usize,
    /// Of the footprint along the world's axes.
    pub lower_edge_nm: Zyx<f64>,
}

/// The positions in one source.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Index into the sources.
    pub source: usize,
    /// Its positions.
    pub lattice: Lattice,
    /// The number of positions up to and including this entry.
    pub up_to: u128,
}

/// The positions of patches whose axes lie in the world as `permutation` says.
#[derive(Debug, Clone)]
pub(super) struct Table {
    permutation: Zyx<Axis>,
    /// The patch as it lies.
    pub footprint: Footprint,
    /// The sources that allow any, in their order.
    pub entries: Vec<Entry>,
}

/// One table per axis permutation that can be drawn.
#[derive(Debug, Clone)]
pub(super) struct Positions {
    tables: Vec<Table>,
}

impl Positions {
    /// For patches of so many voxels of a size (nm) that can lie as `permutations` say, the unmoved one first.
    ///
    /// # Errors
    /// [`Error::Config`] if no source allows any position for one of them, saying which sources there are and how large.
    pub(super) fn new(
        sources: &[Source],
        (shape, voxel_size_nm): (Zyx<usize>, Zyx<f64>),
        permutations: &[Zyx<Axis>],
        small: SmallCrops,
    ) -> Result<Self> {
        let table = |permutation: &Zyx<Axis>| Table::new(*permutation, sources, shape, voxel_size_nm, small);
        let tables: Vec<_> = permutations.iter().map(table).collect();
        match tables.iter().find(|table| table.total() == 0) {
            Some(table) => Err(nothing_fits(sources, table)),
            None => Ok(Self { tables }),
        }
    }

    /// The table of patches that are not transposed.
    pub(super) fn unmoved(&self) -> &Table {
        &self.tables[0]
    }

    /// The table of patches whose axes lie in the world as `permutation` says.
    pub(super) fn lying(&self, permutation: Zyx<Axis>) -> &Table {
        // Every permutation that can be drawn has a table.
        self.tables.iter().find(|table| table.permutation == permutation).unwrap_or(&self.tables[0])
    }

    /// Whether a source allows a position however the patch lies.
    pub(super) fn allow(&self, source: usize) -> bool {
        self.tables.iter().all(|table| table.lattice(source).is_some())
    }
}

impl Table {
    fn new(
        permutation: Zyx<Axis>,
        sources: &[Source],
        shape: Zyx<usize>,
        voxel_size_nm: Zyx<f64>,
        small: SmallCrops,
    ) -> Self {
        let lies = Orientation { source: permutation, mirror: Zyx::default() };
        let footprint = Footprint { shape: lies.along_world(shape), voxel_size_nm: lies.along_world(voxel_size_nm) };
        let mut entries = Vec::new();
        let mut up_to = 0_u128;
        for (index, source) in sources.iter().enumerate() {
            let Some((region, anchor_nm)) = source.region(footprint.voxel_size_nm) else { continue };
            let Some(lattice) = Lattice::inside(&region, anchor_nm, &footprint, small) else { continue };
            up_to = up_to.saturating_add(lattice.len());
            entries.push(Entry { source: index, lattice, up_to });
        }
        Self { permutation, footprint, entries }
    }

    /// The positions in one source.
    pub(super) fn lattice(&self, source: usize) -> Option<&Lattice> {
        let found = self.entries.binary_search_by_key(&source, |entry| entry.source);
        Some(&self.entries[found.ok()?].lattice)
    }

    /// The same for a part of the sources.
    pub(super) fn of_sources(&self, is_wanted: impl Fn(usize) -> bool) -> Self {
        let mut entries = Vec::new();
        let mut up_to = 0_u128;
        for Entry { source, lattice, .. } in self.entries.iter().filter(|entry| is_wanted(entry.source)) {
            up_to = up_to.saturating_add(lattice.len());
            entries.push(Entry { source: *source, lattice: *lattice, up_to });
        }
        Self { entries, ..*self }
    }

    /// The position in `source` nearest to a lower edge (nm); `None` if the source allows none.
    pub(super) fn nearest(&self, source: usize, lower_edge_nm: Zyx<f64>) -> Option<Place> {
        Some(Place { source, lower_edge_nm: self.lattice(source)?.nearest(lower_edge_nm) })
    }

    /// How many positions there are.
    pub(super) fn total(&self) -> u128 {
        self.entries.last().map_or(0, |entry| entry.up_to)
    }

    /// Position `index` of all, counted source by source.
    pub(super) fn position(&self, index: u128) -> Place {
        let found = self.entries.partition_point(|entry| entry.up_to <= index);
        let before = found.checked_sub(1).map_or(0, |previous| self.entries[previous].up_to);
        let Entry { source, lattice, .. } = &self.entries[found];
        Place { source: *source, lower_edge_nm: lattice.lower_edge_nm(index - before) }
    }

    /// Each position with equal probability.
    pub(super) fn any(&self, draw: &mut Draw) -> Place {
        self.position(draw.below(self.total()))
    }
}

fn nothing_fits(sources: &[Source], table: &Table) -> Error {
    const NAMED: usize = 5;
    let size = |source: &Source| {
        let (region, _) = source.region(table.footprint.voxel_size_nm)?;
        let voxels = (region.extent_nm() / table.footprint.voxel_size_nm).map(|n| n.max(0.0).floor() as u64);
        Some(format!("{} {voxels}", source.label()))
    };
    let mut sizes: Vec<_> = sources.iter().filter_map(size).collect();
    let more = sizes.len().saturating_sub(NAMED);
    sizes.truncate(NAMED);
    let mut listed = sizes.join(", ");
    if more > 0 {
        listed += &format!(" and {more} more");
    }
    let problem = if sources.is_empty() {
        "nothing to draw from: no dataset, or no crop in which one of data.classes is annotated".to_owned()
    } else {
        format!(
            "no crop that overlaps its raw volume holds a patch of {} voxels of {} nm (z, y, x along the volume); in \
             such voxels there are: {listed}; make the patch smaller or set small_crops = \"pad\" or \"jitter\"",
            table.footprint.shape, table.footprint.voxel_size_nm
        )
    };
    Error::Config { file: None, line: None, key: "sampling.small_crops".to_owned(), problem }
}
