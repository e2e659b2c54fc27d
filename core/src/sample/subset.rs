//! A fixed set of positions: drawn once by the seed, gone through as a whole before any comes again.

use super::draw::{Draw, Purpose};
use super::permutation::Permutation;
use super::positions::{Place, Positions, Table};
use crate::geometry::Zyx;
use crate::{Error, Result};

/// `count` different positions of patches that are not transposed.
#[derive(Debug, Clone)]
pub(super) struct FixedSet {
    seed: u64,
    count: u128,
    /// The positions to choose from: of sources that allow one however the patch lies.
    table: Table,
    members: Permutation,
}

impl FixedSet {
    /// So many positions, or all where there are fewer.
    ///
    /// # Errors
    /// [`Error::Config`] if no source holds a patch in every way that it can lie.
    pub(super) fn new(count: u64, positions: &Positions, seed: u64) -> Result<Self> {
        let table = positions.unmoved().of_sources(|source| positions.allow(source));
        let total = table.total();
        if total == 0 {
            let problem = "no crop holds a patch in every way that augment.transpose may turn it; make the patch smaller \
                           or set small_crops = \"pad\"";
            return Err(Error::Config {
                file: None,
                line: None,
                key: "sampling.subset".to_owned(),
                problem: problem.into(),
            });
        }
        let members = Permutation::new(total, &mut Draw::new(seed, 0, 0, 0, Purpose::Members));
        Ok(Self { seed, count: u128::from(count).min(total), table, members })
    }

    /// Where sample `index` of `epoch` lies, before it is transposed: an epoch goes through the whole set, in an order of
    /// its own, before it begins anew. What cannot be read is replaced by any other of the set.
    pub(super) fn place(&self, epoch: u64, index: u64, attempt: u32) -> Place {
        let index = u128::from(index);
        // A set smaller than an index of 64 bits has fewer passes than that.
        let pass = (index / self.count) as u64;
        let draw = |number| Draw::new(self.seed, epoch, number, attempt, Purpose::Order);
        let member = match attempt {
            0 => Permutation::new(self.count, &mut draw(pass)).at(index % self.count),
            _ => draw(index as u64).below(self.count),
        };
        self.table.position(self.members.at(member))
    }

    /// The allowed position of `table` nearest to `place` by the patch's middle: `place` itself unless the patch is
    /// transposed and not a cube.
    pub(super) fn lying(&self, place: Place, table: &Table) -> Place {
        let middle_nm = |table: &Table| table.footprint.extent_nm() * 0.5;
        let shift_nm: Zyx<f64> = middle_nm(&self.table) - middle_nm(table);
        let wanted_nm = place.lower_edge_nm + shift_nm;
        table.nearest(place.source, wanted_nm).unwrap_or(place)
    }
}
