//! The cell as a function of position: what is where, and how bright, computed anywhere on its own.

use super::body::{Body, Nucleus, Pore};
use super::classes::Structure;
use super::organelles::{Globe, Golgi, Mito, REACH_NM};
use super::paint::{MEMBRANE_NM, Paint};
use super::placement;
use super::reticulum::{Reticulum, Tubule};
use super::spine::Segment;
use super::vector::{Vec3, norm};
use crate::geometry::{BoxNm, Zyx};

/// What is at a point of the phantom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    /// The structure.
    pub structure: Structure,
    /// Which mitochondrion, vesicle or lysosome, from 1; 0 elsewhere.
    pub instance: u32,
    /// 1 the cell, 2 its neighbour, 0 the resin between them.
    pub cell: u8,
    /// Grey value (0 black to 255 white) as stained, before the microscope's noise.
    pub intensity: f32,
}

/// A piece of tissue of natural size: part of a cell with its nucleus, a gap, and part of the next cell.
///
/// Positions are nm from the piece's corner. A pure function of seed and extent; organelles keep their natural sizes,
/// and a larger piece shows more of them.
#[derive(Debug, Clone)]
pub struct Cell {
    pub(super) body: Body,
    pub(super) nucleus: Nucleus,
    pub(super) reticulum: Reticulum,
    pub(super) mitos: Vec<Mito>,
    pub(super) globes: Vec<Globe>,
    pub(super) golgi: Vec<Golgi>,
    pub(super) tubules: Vec<Tubule>,
}

impl Cell {
    /// The tissue of `seed` in a box of `extent_nm`.
    #[must_use]
    pub fn from_seed(seed: u64, extent_nm: Zyx<f64>) -> Self {
        placement::populate(seed, extent_nm.map(|e| e.max(1.0) as f32))
    }

    /// What is at `position_nm`. To probe many points, take [`Cell::near`] of a box around them.
    #[must_use]
    pub fn sample(&self, position_nm: Zyx<f64>) -> Probe {
        self.near(&BoxNm::new(position_nm, position_nm)).sample(position_nm)
    }

    /// Everything that matters for points in `region_nm`.
    #[must_use]
    pub fn near(&self, region_nm: &BoxNm) -> Nearby<'_> {
        let all = Nearby {
            cell: self,
            mitos: self.mitos.iter().map(|mito| (mito, mito.spine.iter().collect())).collect(),
            globes: self.globes.iter().collect(),
            golgi: self.golgi.iter().collect(),
            tubules: self.tubules.iter().collect(),
            pores: self.nucleus.pores.iter().collect(),
        };
        all.narrowed(region_nm)
    }
}

/// The part of a [`Cell`] that matters in one region.
#[derive(Debug, Clone)]
pub struct Nearby<'a> {
    cell: &'a Cell,
    mitos: Vec<(&'a Mito, Vec<&'a Segment>)>,
    globes: Vec<&'a Globe>,
    golgi: Vec<&'a Golgi>,
    tubules: Vec<&'a Tubule>,
    pores: Vec<&'a Pore>,
}

impl<'a> Nearby<'a> {
    /// What still matters in a part of the region.
    #[must_use]
    pub fn narrowed(&self, part_nm: &BoxNm) -> Self {
        let center = part_nm.center_nm().map(|c| c as f32);
        let half = 0.5 * norm(part_nm.extent_nm().map(|e| e.max(0.0) as f32));
        let close = |point: Vec3, reach: f32| norm(point - center) <= half + reach;
        let segments = |mito: &Mito, near: &[&'a Segment]| -> Vec<&'a Segment> {
            near.iter().copied().filter(|s| s.distance(center) <= half + mito.reach()).collect()
        };
        Self {
            cell: self.cell,
            mitos: self
                .mitos
                .iter()
                .map(|(mito, near)| (*mito, segments(mito, near)))
                .filter(|(_, near)| !near.is_empty())
                .collect(),
            globes: self.globes.iter().copied().filter(|g| close(g.center, g.reach())).collect(),
            golgi: self.golgi.iter().copied().filter(|g| close(g.center, g.reach())).collect(),
            tubules: self.tubules.iter().copied().filter(|t| close(t.segment.middle(), t.reach())).collect(),
            pores: self
                .pores
                .iter()
                .copied()
                .filter(|pore| self.cell.nucleus.pore_near(pore, center, half + 140.0))
                .collect(),
        }
    }

    /// What is at `position_nm`, which has to lie in the region.
    #[must_use]
    pub fn sample(&self, position_nm: Zyx<f64>) -> Probe {
        let p = position_nm.map(|v| v as f32);
        let cell = self.cell;
        let mut paint = Paint::new();
        let from_nucleus = cell.nucleus.distance(p);
        if from_nucleus < 0.0 {
            cell.nucleus.paint(p, from_nucleus, self.pores.iter().copied(), &mut paint);
            return paint.probe();
        }
        let side = cell.body.side(p, 60.0);
        Body::paint(side, &mut paint);
        if side.cell == 0 || side.depth_nm < MEMBRANE_NM {
            return paint.probe();
        }
        cell.nucleus.paint(p, from_nucleus, self.pores.iter().copied(), &mut paint);
        let from_organelle = self.organelles(p, &mut paint);
        if from_organelle >= 0.0 {
            let clear = from_organelle.min(side.depth_nm - 2.0 * MEMBRANE_NM);
            let tubules = self.tubules.iter().copied();
            cell.reticulum.paint(p, from_nucleus, clear, tubules, &mut paint);
        }
        paint.probe()
    }

    /// Paints the organelle at `p`, if any, and the stain of those beside it; the distance to the nearest surface.
    fn organelles(&self, p: Vec3, paint: &mut Paint) -> f32 {
        let mut nearest = f32::INFINITY;
        for (mito, segments) in &self.mitos {
            let (distance, foot) = mito.distance(segments.iter().copied(), p);
            if let (true, Some(foot)) = (distance < REACH_NM, &foot) {
                mito.paint(p, distance, foot, paint);
            }
            nearest = nearest.min(distance);
        }
        for globe in &self.globes {
            let distance = globe.distance(p);
            if distance < REACH_NM && nearest >= 0.0 {
                globe.paint(p, distance, paint);
            }
            nearest = nearest.min(distance);
        }
        for golgi in &self.golgi {
            let distance = golgi.distance(p);
            if distance < REACH_NM && nearest >= 0.0 {
                Golgi::paint(distance, paint);
            }
            nearest = nearest.min(distance);
        }
        nearest
    }
}
