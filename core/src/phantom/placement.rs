//! Where the organelles of a seed lie: drawn one after the other, each where there is still room.

use std::collections::HashMap;

use super::body::{Body, Nucleus};
use super::cell::Cell;
use super::noise::{Dice, floor};
use super::organelles::{Content, Globe, Golgi, Mito};
use super::reticulum::{Reticulum, Tubule};
use super::spine::{bezier, chain};
use super::vector::{Vec3, norm, scaled, unit};

/// Organelles begin up to this far outside the box, so that its faces cut some.
const MARGIN_NM: f32 = 180.0;

/// How many of each per cubic micrometre of box, if they find room.
const MITOS: f32 = 3.0;
const LYSOSOMES: f32 = 0.45;
const STACKS: f32 = 0.12;
const VESICLES: f32 = 16.0;
const TUBULES: f32 = 14.0;
/// How often each is tried before it is given up.
const TRIES: usize = 40;

/// Fills a box of `extent_nm` with the tissue of `seed`.
pub(super) fn populate(seed: u64, extent_nm: Vec3) -> Cell {
    let mut site = Site {
        body: Body::new(&mut Dice::new(seed, 1), extent_nm),
        nucleus: Nucleus::new(&mut Dice::new(seed, 2), extent_nm),
        crowd: Crowd::default(),
        extent_nm,
    };
    let golgi = site.golgi(&mut Dice::new(seed, 3));
    let mut globes = site.lysosomes(&mut Dice::new(seed, 4));
    let mitos = site.mitos(&mut Dice::new(seed, 5));
    let vesicles = site.vesicles(&mut Dice::new(seed, 6), &golgi);
    globes.extend(vesicles);
    let tubules = site.tubules(&mut Dice::new(seed, 7));
    let reticulum = Reticulum::new(&mut Dice::new(seed, 8));
    Cell { body: site.body, nucleus: site.nucleus, reticulum, mitos, globes, golgi, tubules }
}

/// Balls that are taken, found by the cell of a coarse grid they lie in.
#[derive(Debug, Default)]
struct Crowd(HashMap<[i32; 3], Vec<(Vec3, f32)>>);

/// Side of the grid's cells; no ball's radius exceeds half of it.
const CROWD_NM: f32 = 640.0;

impl Crowd {
    fn key(p: Vec3) -> [i32; 3] {
        p.map(|v| floor(v / CROWD_NM)).to_array()
    }

    fn free(&self, center: Vec3, radius: f32) -> bool {
        let [z, y, x] = Self::key(center);
        let around = (-1..=1).flat_map(|dz| (-1..=1).flat_map(move |dy| (-1..=1).map(move |dx| (dz, dy, dx))));
        around
            .filter_map(|(dz, dy, dx)| self.0.get(&[z + dz, y + dy, x + dx]))
            .flatten()
            .all(|&(other, taken)| norm(other - center) > radius + taken)
    }

    fn take(&mut self, center: Vec3, radius: f32) {
        self.0.entry(Self::key(center)).or_default().push((center, radius));
    }
}

/// The cytoplasm that is being filled.
struct Site {
    body: Body,
    nucleus: Nucleus,
    crowd: Crowd,
    extent_nm: Vec3,
}

impl Site {
    /// How many to place, at a density per µm³.
    fn quota(&self, per_um3: f32) -> usize {
        let wide = self.extent_nm + Vec3::splat(MARGIN_NM);
        (wide.z * wide.y * wide.x * 1e-9 * per_um3).ceil() as usize
    }

    /// Draws until as many found room as there should be, or room has run out.
    fn fill<T>(&mut self, per_um3: f32, mut draw: impl FnMut(&mut Self, u32) -> Option<T>) -> Vec<T> {
        let quota = self.quota(per_um3);
        let mut placed = Vec::new();
        for _ in 0..quota.saturating_mul(TRIES) {
            if placed.len() == quota {
                break;
            }
            let id = placed.len() as u32 + 1;
            placed.extend(draw(self, id));
        }
        placed
    }

    fn anywhere(&self, dice: &mut Dice) -> Vec3 {
        self.extent_nm.map(|e| dice.between(-MARGIN_NM, e + MARGIN_NM))
    }

    /// True if a ball lies in cytoplasm, clear of nucleus and plasma membrane.
    fn in_cytoplasm(&self, center: Vec3, radius: f32) -> bool {
        let side = self.body.side(center, 420.0);
        side.cell != 0 && side.depth_nm > radius + 35.0 && self.nucleus.distance(center) > radius + 40.0
    }

    fn fits(&self, balls: &[(Vec3, f32)]) -> bool {
        balls.iter().all(|&(center, radius)| self.in_cytoplasm(center, radius) && self.crowd.free(center, radius))
    }

    /// Takes the room if all of it is free.
    fn claim(&mut self, balls: &[(Vec3, f32)]) -> bool {
        let fits = self.fits(balls);
        if fits {
            balls.iter().for_each(|&(center, radius)| self.crowd.take(center, radius));
        }
        fits
    }

    fn mitos(&mut self, dice: &mut Dice) -> Vec<Mito> {
        self.fill(MITOS, |site, id| {
            let radius = dice.between(100.0, 180.0);
            let start = site.anywhere(dice);
            let heading = dice.direction();
            let bend = unit(heading + scaled(dice.direction(), 0.75));
            let half = 0.5 * dice.between(250.0, 1150.0);
            let corner = start + scaled(heading, half);
            let points = bezier(start, corner, corner + scaled(bend, half), 10);
            let balls: Vec<_> = points.iter().map(|&point| (point, radius + 34.0)).collect();
            site.claim(&balls).then(|| Mito {
                id,
                spine: chain(&points),
                radius,
                relief: dice.noise(230.0),
                warp: dice.noise(120.0),
                grain: dice.noise(30.0),
                pitch: dice.between(44.0, 60.0),
                lean: scaled(dice.direction(), dice.between(0.0, 0.55)),
            })
        })
    }

    fn golgi(&mut self, dice: &mut Dice) -> Vec<Golgi> {
        self.fill(STACKS, |site, _| {
            let (center, axis) = (site.anywhere(dice), dice.direction());
            let radius = dice.between(190.0, 290.0);
            let cisternae = 4 + (dice.bits() % 3) as u16;
            // The stack is flat: a small ball in the middle and a ring of them, rather than one that holds it all.
            let side = super::vector::cross(axis, unit(super::vector::across(Vec3::new(0.3, 0.5, 0.8), axis)));
            let other = super::vector::cross(axis, side);
            let ring = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
            let balls =
                ring.map(|(a, b)| (center + scaled(side, a * 0.7 * radius) + scaled(other, b * 0.7 * radius), 150.0));
            site.claim(&balls).then(|| Golgi { center, axis, radius, cisternae, relief: dice.noise(210.0) })
        })
    }

    fn lysosomes(&mut self, dice: &mut Dice) -> Vec<Globe> {
        self.fill(LYSOSOMES, |site, id| {
            let (center, radius) = (site.anywhere(dice), dice.between(85.0, 190.0));
            let (relief, relief_nm, content) = (dice.noise(150.0), 0.12 * radius, Content::Lysosome);
            let room = radius + relief_nm + 16.0;
            site.claim(&[(center, room)]).then_some(Globe { id, center, radius, relief, relief_nm, content })
        })
    }

    /// Vesicles anywhere in the cytoplasm, half of them about the Golgi stacks.
    fn vesicles(&mut self, dice: &mut Dice, golgi: &[Golgi]) -> Vec<Globe> {
        self.fill(VESICLES, |site, id| {
            let radius = 26.0 + 40.0 * dice.between(0.0, 1.0) * dice.between(0.0, 1.0);
            let stack = dice.bits() as usize % (2 * golgi.len()).max(1);
            let center = match golgi.get(stack) {
                Some(stack) => stack.center + scaled(dice.direction(), dice.between(140.0, 520.0)),
                None => site.anywhere(dice),
            };
            let content = if dice.between(0.0, 1.0) < 0.2 { Content::DenseCore } else { Content::Clear };
            let relief = dice.noise(80.0);
            site.claim(&[(center, radius + 7.0)]).then_some(Globe {
                id,
                center,
                radius,
                relief,
                relief_nm: 0.0,
                content,
            })
        })
    }

    /// Tubules that wander through the cytoplasm and branch from each other.
    fn tubules(&self, dice: &mut Dice) -> Vec<Tubule> {
        let mut tubules: Vec<Tubule> = Vec::new();
        for _ in 0..self.quota(TUBULES) {
            let branch = dice.between(0.0, 1.0) < 0.6 && !tubules.is_empty();
            let mut at =
                if branch { tubules[dice.bits() as usize % tubules.len()].segment.from } else { self.anywhere(dice) };
            let radius = dice.between(23.0, 34.0);
            let mut heading = dice.direction();
            let mut points = vec![at];
            for _ in 0..(4 + dice.bits() % 14) {
                heading = unit(heading + scaled(dice.direction(), 0.42));
                at = at + scaled(heading, 62.0);
                if !self.in_cytoplasm(at, radius) {
                    break;
                }
                points.push(at);
            }
            if self.in_cytoplasm(points[0], radius) {
                tubules.extend(chain(&points).into_iter().map(|segment| Tubule { segment, radius }));
            }
        }
        tubules
    }
}
