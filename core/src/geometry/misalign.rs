//! Sections that do not lie on each other: random shifts in the plane of cutting, as in serial-section EM.
//!
//! The three kinds are those of gunpowder's `ElasticAugment` (`jitter_sigma` there moves control points; `prob_slip`,
//! `prob_shift` and `max_misalign` are as here), <https://funkelab.github.io/gunpowder/api.html#elasticaugment>.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::elastic::{LARGEST_NORMAL, normals};
use super::{Sections, Zyx};

/// More sections than this are not tabulated.
const MAX_SECTIONS: i64 = 1 << 22;
/// Tells the streams of sections from all other random streams.
const OF_SECTION: [u8; 4] = *b"slip";

/// The parameters of random shifts of sections along the volume's y and x; the same parameters mean the same shifts, on
/// any machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misalign {
    /// Which sections there are.
    pub sections: Sections,
    /// Every section lies off by a normally distributed shift of this standard deviation along either axis, nm.
    pub jitter_nm: f64,
    /// Probability that a section alone lies off by up to `largest_nm` along either axis, evenly distributed.
    pub slip: f64,
    /// Probability that a section and all beyond it, seen from section 0, lie off by as much.
    pub shift: f64,
    /// Largest slip and largest shift along either axis, nm.
    pub largest_nm: f64,
    /// Names the shifts.
    pub seed: u64,
}

/// What section `k` adds: a displacement of its own, and one of all beyond it (y, x, nm).
struct Drawn {
    own_nm: [f64; 2],
    beyond_nm: [f64; 2],
}

/// The displacements of consecutive sections.
#[derive(Debug, Clone, PartialEq)]
pub struct SectionShifts {
    /// Number of the first section.
    pub first: i64,
    /// Displacements along y and x, nm.
    pub by_nm: Vec<[f64; 2]>,
}

impl Misalign {
    fn draw(&self, section: i64) -> Drawn {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[28..].copy_from_slice(&OF_SECTION);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(section as u64);
        let (jitter_y, jitter_x) = normals(&mut rng);
        // Every number is drawn, so that a change of one probability leaves the other numbers as they were.
        let mut unit = || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut by = |probability: f64| {
            let (happens, y, x) = (unit() < probability, unit(), unit());
            if happens { [y, x].map(|unit| (2.0 * unit - 1.0) * self.largest_nm) } else { [0.0; 2] }
        };
        let (slip, beyond_nm) = (by(self.slip), by(self.shift));
        Drawn { own_nm: [jitter_y * self.jitter_nm + slip[0], jitter_x * self.jitter_nm + slip[1]], beyond_nm }
    }

    /// The displacements of all sections that offsets of up to `half_extent_nm` from the centre lie in, and of section 0;
    /// `None` if they are too many to list.
    #[must_use]
    pub fn about(&self, half_extent_nm: f64) -> Option<SectionShifts> {
        let (first, last) =
            (self.sections.number_at(-half_extent_nm).min(0), self.sections.number_at(half_extent_nm).max(0));
        if !half_extent_nm.is_finite() || last.saturating_sub(first) >= MAX_SECTIONS {
            return None;
        }
        let mut by_nm = vec![[0.0; 2]; (last - first + 1) as usize];
        // Outwards from section 0, which shifts of others leave where it is.
        for towards in [-1, 1] {
            let mut beyond_nm = [0.0; 2];
            let mut section = if towards < 0 { -1 } else { 0 };
            while (first..=last).contains(&section) {
                let drawn = self.draw(section);
                for axis in 0..2 {
                    if section != 0 {
                        beyond_nm[axis] += drawn.beyond_nm[axis];
                    }
                    by_nm[(section - first) as usize][axis] = beyond_nm[axis] + drawn.own_nm[axis];
                }
                section += towards;
            }
        }
        Some(SectionShifts { first, by_nm })
    }

    /// How far the world point that lies `offset_nm` along the volume's z from the centre is moved, nm. Slow where many
    /// sections lie between: [`Misalign::about`] lists them.
    #[must_use]
    pub fn displacement_nm(&self, offset_z_nm: f64) -> Zyx<f64> {
        let shifts = self.about(offset_z_nm.abs());
        let [y, x] = shifts.and_then(|shifts| shifts.of(self.sections.number_at(offset_z_nm))).unwrap_or_default();
        Zyx::new(0.0, y, x)
    }

    /// A bound of the displacement along y and x, nm, over offsets of up to `half_extent_nm` along the volume's z.
    #[must_use]
    pub fn bound_nm(&self, half_extent_nm: f64) -> Zyx<f64> {
        let sections = 2.0 * half_extent_nm / self.sections.thickness_nm + 2.0;
        let bound = match self.about(half_extent_nm) {
            Some(shifts) => shifts.largest_nm(),
            None => [self.jitter_nm * LARGEST_NORMAL + self.largest_nm * (1.0 + sections); 2],
        };
        Zyx::new(0.0, bound[0], bound[1])
    }
}

impl SectionShifts {
    /// Of a section; `None` if it is not listed.
    #[must_use]
    pub fn of(&self, section: i64) -> Option<[f64; 2]> {
        let index = usize::try_from(section.checked_sub(self.first)?).ok()?;
        self.by_nm.get(index).copied()
    }

    /// The largest displacement along y and x, nm.
    #[must_use]
    pub fn largest_nm(&self) -> [f64; 2] {
        [0, 1].map(|axis| self.by_nm.iter().map(|by| by[axis].abs()).fold(0.0, f64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misalign(jitter_nm: f64, slip: f64, shift: f64, seed: u64) -> Misalign {
        let sections = Sections { thickness_nm: 40.0, edge_nm: -20.0 };
        Misalign { sections, jitter_nm, slip, shift, largest_nm: 30.0, seed }
    }

    fn variance(values: &[f64]) -> f64 {
        values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64
    }

    #[test]
    fn jitter_moves_every_section_for_itself() {
        let shifts = misalign(5.0, 0.0, 0.0, 1).about(40.0 * 4000.0).unwrap();
        assert_eq!((shifts.first, shifts.by_nm.len()), (-4000, 8001));
        for axis in 0..2 {
            let values: Vec<_> = shifts.by_nm.iter().map(|by| by[axis]).collect();
            // The variance of 8001 normal numbers is known to 1.6 %; 4 of these. Neighbours are independent.
            assert!((variance(&values) / 25.0 - 1.0).abs() < 0.064, "{}", variance(&values));
            let differences: Vec<_> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!((variance(&differences) / 50.0 - 1.0).abs() < 0.1);
        }
    }

    #[test]
    fn slips_are_as_frequent_and_as_large_as_asked_and_leave_others_in_place() {
        let shifts = misalign(0.0, 0.1, 0.0, 2).about(40.0 * 5000.0).unwrap();
        let moved: Vec<_> = shifts.by_nm.iter().filter(|by| **by != [0.0; 2]).collect();
        // 10001 trials: mean 1000, standard deviation 30.
        assert!((880..1120).contains(&moved.len()), "{}", moved.len());
        assert!(moved.iter().all(|by| by[0].abs() <= 30.0 && by[1].abs() <= 30.0));
        // Evenly distributed: 30² / 3.
        let y: Vec<_> = moved.iter().map(|by| by[0]).collect();
        assert!((variance(&y) / 300.0 - 1.0).abs() < 0.12, "{}", variance(&y));
    }

    #[test]
    fn a_shift_moves_all_sections_beyond_and_none_before() {
        let shifts = misalign(0.0, 0.0, 0.1, 3).about(40.0 * 100.0).unwrap();
        assert_eq!(shifts.of(0), Some([0.0; 2]));
        let steps = shifts.by_nm.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((8..40).contains(&steps), "{steps} steps among 200 borders");
        assert!(shifts.largest_nm()[0] > 30.0, "shifts add up");
    }

    #[test]
    fn one_place_is_moved_alike_whatever_is_listed() {
        let misalign = misalign(3.0, 0.2, 0.2, 4);
        let all = misalign.about(2_000.0).unwrap();
        for section in -50..=50 {
            let z_nm = section as f64 * 40.0 + 7.0;
            let [y, x] = all.of(section).unwrap();
            assert_eq!(misalign.displacement_nm(z_nm), Zyx::new(0.0, y, x), "section {section}");
        }
        let bound = misalign.bound_nm(2_000.0);
        assert!(all.by_nm.iter().all(|by| by[0].abs() <= bound.y && by[1].abs() <= bound.x));
        assert_eq!(misalign.about(f64::INFINITY), None);
        assert!(misalign.bound_nm(1e12).y > 1e9);
    }

    #[test]
    fn the_shifts_are_those_that_users_have_seen() {
        // Recorded when this was first written; a change here changes every misaligned sample of every user.
        let found = misalign(5.0, 1.0, 1.0, 9).about(40.0).unwrap().by_nm.concat();
        let rounded: Vec<_> = found.iter().map(|v| (v * 1e6).round()).collect();
        assert_eq!(rounded, RECORDED);
    }

    const RECORDED: [f64; 6] = [-20_604_131.0, 6_817_329.0, 4_135_911.0, -30_783_572.0, -23_569_395.0, 18_034_282.0];
}
