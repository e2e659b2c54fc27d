//! What the microscope adds: shot noise, its correlated part, curtaining and uneven sections.

use super::noise::{LatticeRow, bell, hash3, lattice};

/// A FIB-SEM as noise on a voxel grid. Depends only on the seed and the voxel's position in the volume.
#[derive(Debug, Clone, Copy)]
pub struct Detector {
    seed: u32,
}

impl Detector {
    /// The detector of a seed.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self { seed: (seed ^ (seed >> 32)) as u32 ^ 0x5eed_f1b5 }
    }

    /// The detector on one row of voxels, along x.
    #[must_use]
    pub fn row(&self, z: u64, y: u64) -> DetectorRow {
        let seed = |salt: u32| self.seed.wrapping_mul(0x9e37_79b1).wrapping_add(salt.wrapping_mul(0x7f4a_7c15));
        let (iz, iy) = (z as i32, y as i32);
        let (fz, fy) = (iz as f32, iy as f32);
        // Each section is milled and scanned on its own: a little brighter or darker than the last.
        let section = 2.2 * bell(hash3(seed(1), iz, 0, 0)) + 2.5 * lattice(seed(2), fz * 0.11, 0.5, 0.5);
        DetectorRow {
            z: iz,
            y: iy,
            section,
            curtain: LatticeRow::new(seed(3), fz * 0.31, fy * 0.012),
            shading: LatticeRow::new(seed(4), fz * 0.006, fy * 0.009),
            drift: LatticeRow::new(seed(5), fz * 0.45, fy * 0.45),
            shot: seed(6),
        }
    }
}

/// A [`Detector`] on one row of voxels.
#[derive(Debug, Clone)]
pub struct DetectorRow {
    z: i32,
    y: i32,
    section: f32,
    curtain: LatticeRow,
    shading: LatticeRow,
    drift: LatticeRow,
    shot: u32,
}

impl DetectorRow {
    /// The recorded grey value of voxel `x` whose stained value is `signal` (0 to 255). Never 0.
    pub fn record(&mut self, x: u64, signal: f32) -> u8 {
        let ix = x as i32;
        let fx = ix as f32;
        // Curtains hang along y, the direction of the ion beam, and change from section to section.
        let curtain = 3.2 * self.curtain.at(fx * 0.17);
        let shading = 4.0 * self.shading.at(fx * 0.008);
        let drift = 8.0 * self.drift.at(fx * 0.38);
        // Electrons are counted: the deviation grows with the root of the signal, here by its first terms.
        let deviation = 3.6 + 0.028 * signal;
        let bits = hash3(self.shot, self.z, self.y, ix);
        let value = signal + self.section + curtain + shading + drift + deviation * bell(bits);
        (value + 0.5).clamp(1.0, 255.0) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_many_voxels_is_the_signal() {
        let detector = Detector::from_seed(1);
        let mut sum = 0_u64;
        for z in 0..40 {
            for y in 0..40 {
                let mut row = detector.row(z * 31, y * 57);
                sum += (0..40).map(|x| u64::from(row.record(x * 43, 140.0))).sum::<u64>();
            }
        }
        let mean = sum as f64 / 64_000.0;
        assert!((mean - 140.0).abs() < 2.0, "{mean}");
    }

    #[test]
    fn noise_differs_from_voxel_to_voxel_and_never_reads_zero() {
        let detector = Detector::from_seed(1);
        let mut row = detector.row(3, 4);
        let row: Vec<u8> = (0..200).map(|x| row.record(x, 120.0)).collect();
        assert!(row.iter().max() > row.iter().min().map(|v| v + 20).as_ref());
        let mut dark = detector.row(0, 0);
        assert!((0..1000).all(|x| dark.record(x, 0.0) > 0));
    }
}
