//! Chance that is a pure function: a seeded die, and smooth noise on a hashed lattice.

use super::vector::Vec3;

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): every input bit reaches every output bit.
const fn mix64(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// MurmurHash3's 32-bit finaliser.
const fn mix32(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

const HASH_Z: u32 = 0xcb1a_b31f;
const HASH_Y: u32 = 0xd816_3841;
const HASH_X: u32 = 0x8da6_b343;

/// A hash of a lattice point.
pub(super) const fn hash3(seed: u32, z: i32, y: i32, x: i32) -> u32 {
    let h = (z as u32).wrapping_mul(HASH_Z) ^ (y as u32).wrapping_mul(HASH_Y);
    mix32(h ^ (x as u32).wrapping_mul(HASH_X) ^ seed)
}

/// Half of [`mix32`]: enough for noise that is interpolated, where most of the phantom's time goes.
const fn stir(h: u32) -> u32 {
    let h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h ^ (h >> 12)
}

/// A hash as a number in [0, 1).
pub(super) const fn fraction(hash: u32) -> f32 {
    (hash >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// A hash as a draw from a bell curve of mean 0 and standard deviation 1 (the sum of its four bytes, scaled).
pub(super) const fn bell(hash: u32) -> f32 {
    let sum = (hash & 255) + ((hash >> 8) & 255) + ((hash >> 16) & 255) + (hash >> 24);
    // Four uniform bytes: mean 510, variance 4 · (256² - 1) / 12.
    (sum as f32 - 510.0) * (1.0 / 147.801)
}

/// A stream of random numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream number `stream` of `seed`.
    pub(super) const fn new(seed: u64, stream: u64) -> Self {
        Self(mix64(seed ^ mix64(stream.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    pub(super) const fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix64(self.0) >> 32) as u32
    }

    /// In [lo, hi).
    pub(super) fn between(&mut self, lo: f32, hi: f32) -> f32 {
        lo + fraction(self.bits()) * (hi - lo)
    }

    /// A direction, uniform on the sphere (by rejection from the cube).
    pub(super) fn direction(&mut self) -> Vec3 {
        for _ in 0..64 {
            let v = Vec3::new(self.between(-1.0, 1.0), self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let square = super::vector::dot(v, v);
            if (0.01..=1.0).contains(&square) {
                return super::vector::unit(v);
            }
        }
        Vec3::new(0.0, 0.0, 1.0)
    }

    /// Smooth noise that features of about `period_nm` make up.
    pub(super) fn noise(&mut self, period_nm: f32) -> Noise {
        Noise { seed: self.bits(), per_nm: 1.0 / period_nm }
    }
}

/// Value noise: random values on a lattice of `1 / per_nm` nm, smoothly interpolated; in [-1, 1], mean 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    pub(super) seed: u32,
    pub(super) per_nm: f32,
}

impl Noise {
    /// The noise at a position, nm.
    pub(super) fn at(&self, p: Vec3) -> f32 {
        // Turned against the axes, so that the lattice does not show in slices along them.
        let z = (0.80 * p.z + 0.36 * p.y - 0.48 * p.x) * self.per_nm;
        let y = (-0.60 * p.z + 0.48 * p.y - 0.64 * p.x) * self.per_nm;
        let x = (0.80 * p.y + 0.60 * p.x) * self.per_nm;
        lattice(self.seed, z, y, x)
    }
}

/// The greatest integer that is not above `v` (`f32::floor` is a call on the baseline x86-64).
pub(super) fn floor(v: f32) -> i32 {
    let whole = v as i32;
    if whole as f32 > v { whole.wrapping_sub(1) } else { whole }
}

/// Smooth interpolation weight.
fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

fn mixed(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Value noise with period 1 in each of the given coordinates.
pub(super) fn lattice(seed: u32, z: f32, y: f32, x: f32) -> f32 {
    let cell = floor(x);
    let row = LatticeRow::new(seed, z, y);
    mixed(row.value(cell), row.value(cell.wrapping_add(1)), ease(x - cell as f32))
}

/// The values of [`lattice`] along x, at fixed z and y, for callers that go along rows.
#[derive(Debug, Clone)]
pub(super) struct LatticeRow {
    seed: u32,
    /// Hashes of z and y at the lower and upper lattice planes.
    planes: [u32; 2],
    lines: [u32; 2],
    weights: [f32; 2],
    /// The last lattice cell along x, and the values at its two ends.
    cell: i32,
    ends: [f32; 2],
}

impl LatticeRow {
    pub(super) fn new(seed: u32, z: f32, y: f32) -> Self {
        let (iz, iy) = (floor(z), floor(y));
        Self {
            seed,
            planes: [iz, iz.wrapping_add(1)].map(|i| (i as u32).wrapping_mul(HASH_Z)),
            lines: [iy, iy.wrapping_add(1)].map(|i| (i as u32).wrapping_mul(HASH_Y)),
            weights: [ease(z - iz as f32), ease(y - iy as f32)],
            cell: i32::MIN,
            ends: [0.0; 2],
        }
    }

    /// The noise in the plane of lattice point `x`, in [-1, 1].
    fn value(&self, x: i32) -> f32 {
        let point = (x as u32).wrapping_mul(HASH_X) ^ self.seed;
        let corner = |plane: usize, line: usize| fraction(stir(self.planes[plane] ^ self.lines[line] ^ point));
        let lower = mixed(corner(0, 0), corner(0, 1), self.weights[1]);
        let upper = mixed(corner(1, 0), corner(1, 1), self.weights[1]);
        mixed(lower, upper, self.weights[0]) * 2.0 - 1.0
    }

    /// The noise at `x`.
    pub(super) fn at(&mut self, x: f32) -> f32 {
        let cell = floor(x);
        if cell != self.cell {
            self.ends = [self.value(cell), self.value(cell.wrapping_add(1))];
            self.cell = cell;
        }
        mixed(self.ends[0], self.ends[1], ease(x - cell as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_smooth_centred_and_bounded() {
        let noise = Dice::new(7, 0).noise(100.0);
        let values: Vec<f32> = (0..4000_u16).map(|i| noise.at(Vec3::new(f32::from(i) * 3.0, 50.0, -9000.0))).collect();
        assert!(values.iter().all(|v| v.abs() <= 1.0));
        assert!(values.windows(2).all(|w| (w[1] - w[0]).abs() < 0.2));
        assert!((values.iter().sum::<f32>() / 4000.0).abs() < 0.15);
        assert!(values.iter().any(|v| v.abs() > 0.5), "noise has to move");
    }

    #[test]
    fn rows_agree_with_points_and_floor_with_the_standard_one() {
        let mut row = LatticeRow::new(5, -3.3, 8.25);
        for i in -50_i16..50 {
            let x = f32::from(i) * 0.17;
            assert_eq!(row.at(x), lattice(5, -3.3, 8.25, x));
            assert_eq!(floor(x) as f32, x.floor());
        }
    }

    #[test]
    fn bell_has_mean_zero_and_deviation_one() {
        let draws: Vec<f32> = (0..20_000).map(|i| bell(hash3(3, i, 0, 0))).collect();
        let mean = draws.iter().sum::<f32>() / 20_000.0;
        let variance = draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let draw = |seed, stream| Dice::new(seed, stream).bits();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }
}
