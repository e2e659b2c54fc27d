//! The strategies: where a sample lies, from what is known about the sources' content. Pure.

use std::sync::Arc;

use super::aim::Window;
use super::balance::{Choice, Runs};
use super::content::Content;
use super::draw::{Draw, Purpose};
use super::lattice::{Footprint, Lattice};
use super::neighbourhood::Cells;
use super::positions::{Place, Positions, Table};
use super::weights::{Weights, given};
use super::{LeftOut, Reason, Sampling, Source, Strategy};
use crate::Result;
use crate::geometry::{PatchGrid, Zyx};

/// Which sample is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub seed: u64,
    pub epoch: u64,
    pub index: u64,
    pub attempt: u32,
    /// Samples that share a neighbourhood.
    pub group_size: u64,
}

impl Moment {
    /// The sample's own stream.
    pub(super) fn draw(&self, purpose: Purpose) -> Draw {
        Draw::new(self.seed, self.epoch, self.index, self.attempt, purpose)
    }

    /// The stream of its group; in groups of one that is its own, else one that no sample has.
    pub(super) fn draw_of_group(&self, purpose: Purpose) -> Draw {
        const OF_GROUPS: u32 = 1 << 31;
        let attempt = if self.has_neighbours() { self.attempt | OF_GROUPS } else { self.attempt };
        Draw::new(self.seed, self.epoch, self.group(), attempt, purpose)
    }

    fn group(&self) -> u64 {
        self.index / self.group_size.max(1)
    }

    fn has_neighbours(&self) -> bool {
        self.group_size > 1
    }
}

/// What is known about the content of the sources.
#[derive(Debug, Clone, Default)]
pub(super) enum Known {
    #[default]
    Nothing,
    Weights(Weights),
    Content {
        content: Arc<Content>,
        runs: Arc<Runs>,
    },
}

/// How places are chosen.
#[derive(Debug, Clone)]
pub(super) struct Guide {
    pub strategy: Strategy,
    foreground_probability: f64,
    /// Voxels and voxel size (nm) of the array that has to show what samples are drawn for.
    pub target: (Zyx<usize>, Zyx<f64>),
    pub known: Known,
}

/// A table of positions and the sources that they are in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub table: &'a Table,
    pub sources: &'a [Source],
}

impl Guide {
    /// # Errors
    /// [`crate::Error::Config`] for weights of names that no source has, or that are all 0.
    pub(super) fn new(
        sampling: &Sampling,
        target: (Zyx<usize>, Zyx<f64>),
        sources: &[Source],
        positions: &Positions,
    ) -> Result<Self> {
        let foreground_probability = sampling.foreground.unwrap_or_default().probability;
        let known = if sampling.strategy == Strategy::Weighted && !sampling.weights.is_empty() {
            Known::Weights(Weights::of(&given(sources, &sampling.weights)?, positions)?)
        } else {
            Known::Nothing
        };
        Ok(Self { strategy: sampling.strategy, foreground_probability, target, known })
    }

    /// Why nothing is drawn from a source, as far as that follows from what is known about its content.
    pub(super) fn leaves_out(&self, source: usize) -> Option<LeftOut> {
        match &self.known {
            Known::Nothing => None,
            Known::Weights(weights) => (!weights.has(source)).then_some(LeftOut::NoWeight),
            Known::Content { content, .. } => {
                let only_foreground = self.strategy == Strategy::ClassBalanced || self.foreground_probability >= 1.0;
                (only_foreground && !content.holds(source)).then_some(LeftOut::NoForeground)
            }
        }
    }

    /// The place of a patch that lies like `lies`, wherever that is centred, and why it is there.
    pub(super) fn place(&self, field: Field<'_>, lies: &PatchGrid, moment: &Moment) -> (Place, Reason) {
        let group = moment.has_neighbours().then(|| moment.group());
        let reason = Reason { strategy: self.strategy, group, ..Reason::default() };
        match &self.known {
            Known::Content { content, runs } => {
                let aimed = self.choice(content, runs, moment).and_then(|choice| {
                    let class = &content.classes[choice.class];
                    let (place, voxel_nm) = self.aim(content, choice, field, lies, moment)?;
                    Some((
                        place,
                        Reason { class: Some(class.name.clone()), foreground_nm: Some(voxel_nm), ..reason.clone() },
                    ))
                });
                aimed.unwrap_or_else(|| (field.any(moment), reason))
            }
            Known::Weights(weights) => {
                let source = weights.draw(&mut moment.draw_of_group(Purpose::Foreground));
                (field.any_of(source, moment).unwrap_or_else(|| field.any(moment)), reason)
            }
            Known::Nothing => (field.any(moment), reason),
        }
    }

    /// The class and voxel that a sample is drawn for, if it is for one.
    fn choice(&self, content: &Content, runs: &Runs, moment: &Moment) -> Option<Choice> {
        let mut draw = moment.draw_of_group(Purpose::Foreground);
        let any_voxel = |class: usize, draw: &mut Draw| Choice {
            class,
            nth: draw.below(u128::from(content.classes[class].present())) as u64,
        };
        if self.strategy == Strategy::ClassBalanced {
            let choice = runs.choice(content, moment.seed, moment.epoch, moment.group());
            // What could not be read is drawn again for the same class.
            return Some(if moment.attempt == 0 { choice } else { any_voxel(choice.class, &mut draw) });
        }
        draw.chance(self.foreground_probability).then(|| {
            let class = draw.below(content.classes.len() as u128) as usize;
            any_voxel(class, &mut draw)
        })
    }

    /// A patch around the chosen voxel, or around another of its neighbourhood.
    fn aim(
        &self,
        content: &Content,
        choice: Choice,
        field: Field<'_>,
        lies: &PatchGrid,
        moment: &Moment,
    ) -> Option<(Place, Zyx<f64>)> {
        let (place, nth) = content.classes[choice.class].place(choice.nth)?;
        let lattice = field.table.lattice(place.source)?;
        let voxel_nm = if moment.has_neighbours() {
            let cell_nm = field.cells(place.source)?.extent_nm;
            place.neighbour_nm(nth, cell_nm, &mut moment.draw(Purpose::Neighbourhood))
        } else {
            place.voxel_nm(nth)
        };
        let target = PatchGrid { shape: self.target.0, voxel_size_nm: self.target.1, ..*lies };
        let window = Window { lattice, primary: &field.table.footprint, target: &Footprint::of(&target) };
        let mut draw = moment.draw(Purpose::Position);
        let lower_edge_nm = if lies.warp.is_none() {
            window.around(voxel_nm, &mut draw)
        } else {
            window.around_warped(voxel_nm, &target, &mut draw)
        };
        Some((Place { source: place.source, lower_edge_nm }, voxel_nm))
    }
}

impl Field<'_> {
    /// Every position equally likely.
    fn any(&self, moment: &Moment) -> Place {
        let anchor = self.table.any(&mut moment.draw_of_group(Purpose::Position));
        self.table.lattice(anchor.source).map_or(anchor, |lattice| self.near(lattice, anchor, moment))
    }

    /// Every position of one source equally likely.
    fn any_of(&self, source: usize, moment: &Moment) -> Option<Place> {
        let lattice = self.table.lattice(source)?;
        let position = moment.draw_of_group(Purpose::Position).below(lattice.len());
        Some(self.near(lattice, Place { source, lower_edge_nm: lattice.lower_edge_nm(position) }, moment))
    }

    /// Without neighbours the place itself.
    fn near(&self, lattice: &Lattice, anchor: Place, moment: &Moment) -> Place {
        let Some(cells) = self.cells(anchor.source).filter(|_| moment.has_neighbours()) else { return anchor };
        let cell = cells.around(lattice, anchor.lower_edge_nm);
        let position = moment.draw(Purpose::Neighbourhood).below(cell.len());
        Place { lower_edge_nm: cell.lower_edge_nm(position), ..anchor }
    }

    fn cells(&self, source: usize) -> Option<Cells> {
        let footprint = &self.table.footprint;
        let source = self.sources.get(source)?;
        let (_, anchor_nm) = source.region(footprint.voxel_size_nm)?;
        let chunk_nm = source.chunk_nm(footprint.voxel_size_nm)?;
        Some(Cells::of_chunks(anchor_nm, chunk_nm, footprint.extent_nm()))
    }
}
