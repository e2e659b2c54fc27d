//! What the sources hold of each class, as draws need it: which crops, how much, where. Plain tables from a survey.

use super::density::Density;
use super::draw::Draw;
use crate::catalog::{Occupancy, SurveyRow};
use crate::geometry::{GridTransform, Zyx};

/// A source and what it holds of one class.
#[derive(Debug, Clone)]
pub(super) struct ClassPlace {
    /// Index into the sampler's sources.
    pub source: usize,
    /// Voxel 0 and voxel size of what was surveyed.
    pub world_from_voxel: GridTransform,
    pub occupancy: Occupancy,
    density: Density,
    /// Voxels of the class before this source, in all sources.
    before: u64,
}

/// A class that is somewhere.
#[derive(Debug, Clone)]
pub(super) struct ClassContent {
    pub name: String,
    places: Vec<ClassPlace>,
    present: u64,
    /// Share of a patch that is of the class, on average over patches drawn for it.
    typical_share: f64,
}

/// The classes that are somewhere, in the configured order.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub classes: Vec<ClassContent>,
    /// Per source: classes that it holds, and which of their places it is.
    of_source: Vec<Vec<(usize, usize)>>,
    /// Voxels of the target.
    patch: Zyx<f64>,
}

/// A source that was surveyed: its index, and the grid on which.
pub(super) type Surveyed = (usize, GridTransform);

impl Content {
    /// For targets of `patch` voxels. `surveyed` tells the source and grid of each row. Classes that are nowhere are left
    /// out.
    pub(super) fn new(
        classes: &[String],
        patch: Zyx<usize>,
        rows: impl Iterator<Item = (Surveyed, SurveyRow)>,
    ) -> Self {
        let patch = patch.map(|n| n as f64);
        let mut of_class: Vec<_> = classes.iter().map(|name| ClassContent::empty(name)).collect();
        for (surveyed, row) in rows {
            if let Some(class) = of_class.iter_mut().find(|class| class.name == row.class) {
                class.add(surveyed, row.occupancy);
            }
        }
        of_class.retain(|class| class.present > 0);
        let mut of_source: Vec<Vec<_>> = Vec::new();
        for (index, class) in of_class.iter_mut().enumerate() {
            class.typical_share = class.mean_share(patch);
            for (position, place) in class.places.iter().enumerate() {
                if of_source.len() <= place.source {
                    of_source.resize(place.source + 1, Vec::new());
                }
                of_source[place.source].push((index, position));
            }
        }
        Self { classes: of_class, of_source, patch }
    }

    /// Whether a source holds some of any class.
    pub(super) fn holds(&self, source: usize) -> bool {
        self.of_source.get(source).is_some_and(|held| !held.is_empty())
    }

    /// The foreground of every class that a patch around voxel `nth` of `class` is expected to hold, over what one drawn
    /// for the class itself holds on average. Classes that its crop lacks are left out: nothing is added for them.
    pub(super) fn worth(&self, class: usize, nth: u64) -> impl Iterator<Item = (usize, f64)> + '_ {
        let drawn = self.classes[class].place(nth);
        let voxel = drawn.and_then(|(place, nth)| place.occupancy.voxel(nth)).unwrap_or(Zyx::splat(0));
        let held = drawn.and_then(|(place, _)| self.of_source.get(place.source)).map_or(&[][..], Vec::as_slice);
        held.iter().map(move |&(class, position)| {
            let class_content = &self.classes[class];
            let density = &class_content.places[position].density;
            let share = density.share_around(voxel.map(|v| v as f64), self.patch);
            (class, share / class_content.typical_share)
        })
    }
}

impl ClassContent {
    fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), places: Vec::new(), present: 0, typical_share: 0.0 }
    }

    fn add(&mut self, (source, world_from_voxel): Surveyed, occupancy: Occupancy) {
        if occupancy.present() > 0 {
            let (before, density) = (self.present, Density::new(&occupancy));
            self.present += occupancy.present();
            self.places.push(ClassPlace { source, world_from_voxel, occupancy, density, before });
        }
    }

    /// Over patches around the middles of blocks, which come by their voxels of the class.
    fn mean_share(&self, patch: Zyx<f64>) -> f64 {
        let of_place = |place: &ClassPlace| {
            let edge = place.occupancy.block_edge() as f64;
            let of_block = |(block, present): (Zyx<u64>, u64)| {
                let middle = block.map(|b| (b as f64 + 0.5) * edge);
                place.density.share_around(middle, patch) * present as f64
            };
            place.occupancy.block_counts().map(of_block).sum::<f64>()
        };
        let sum: f64 = self.places.iter().map(of_place).sum();
        (sum / self.present as f64).max(f64::MIN_POSITIVE)
    }

    /// Voxels of the class in all sources.
    pub(super) const fn present(&self) -> u64 {
        self.present
    }

    /// Where its `nth` voxel is: the place, and which of the place's voxels.
    pub(super) fn place(&self, nth: u64) -> Option<(&ClassPlace, u64)> {
        let index = self.places.partition_point(|place| place.before <= nth).checked_sub(1)?;
        let place = &self.places[index];
        Some((place, nth - place.before))
    }
}

impl ClassPlace {
    /// The middle of the `nth` voxel, nm.
    pub(super) fn voxel_nm(&self, nth: u64) -> Zyx<f64> {
        self.middle_nm(self.occupancy.voxel(nth).unwrap_or(Zyx::splat(0)))
    }

    /// A voxel of the class out of the cell, about `cell_nm` wide, that holds the `nth`; each voxel of the class is as
    /// likely as without cells if `nth` is drawn evenly.
    pub(super) fn neighbour_nm(&self, nth: u64, cell_nm: Zyx<f64>, draw: &mut Draw) -> Zyx<f64> {
        let Some(voxel) = self.occupancy.voxel(nth) else { return self.voxel_nm(nth) };
        let block_nm = self.world_from_voxel.voxel_size_nm * self.occupancy.block_edge() as f64;
        let blocks = (cell_nm / block_nm).map(|n| n.round().max(1.0) as u64);
        let cell = self.occupancy.cell(voxel, blocks);
        let nth = draw.below(u128::from(cell.present())) as u64;
        self.middle_nm(cell.voxel(nth).unwrap_or(voxel))
    }

    fn middle_nm(&self, voxel: Zyx<u64>) -> Zyx<f64> {
        self.world_from_voxel.world_from_voxel(voxel.map(|v| v as f64))
    }
}
