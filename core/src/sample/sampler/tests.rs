//! Tests of the sampler: what is drawn, how often, and from where.

use std::collections::{HashMap, HashSet};

use super::super::testing::{cubes, level, source};
use super::*;
use crate::geometry::{Axis, BoxNm};
use crate::sample::{Mirror, SmallCrops, Subset, Transpose};

fn sampler(sources: Vec<Source>, shape: Zyx<usize>, small: SmallCrops, augment: &Augment) -> Result<Sampler> {
    Sampler::new(sources, cubes(shape), &Sampling { small_crops: small, ..Sampling::default() }, augment, 5)
}

fn first_voxel(request: &Request) -> Zyx<f64> {
    (request.grid.footprint().lo * (1.0 / 8.0)) + Zyx::splat(0.5)
}

#[test]
fn every_position_is_equally_likely_first_and_last_included() {
    let sampler =
        sampler(vec![source(0, 20, None)], Zyx::new(20, 20, 11), SmallCrops::Drop, &Augment::default()).unwrap();
    assert_eq!(sampler.positions(), 10);
    let mut counts = [0_u32; 10];
    for index in 0..10_000 {
        let voxel = first_voxel(&sampler.draw(0, index, 0));
        assert_eq!((voxel.z, voxel.y, voxel.x.fract()), (0.0, 0.0, 0.0));
        counts[voxel.x as usize] += 1;
    }
    let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
    // 9 degrees of freedom: above 27.88 once in a thousand.
    assert!(chi2 < 27.88, "{counts:?}: {chi2}");
}

#[test]
fn sources_are_chosen_by_their_number_of_positions() {
    // 2³ positions in one crop, 4³ in the other.
    let sources = vec![source(0, 64, Some((10.0, 19.0))), source(1, 64, Some((20.0, 31.0)))];
    let sampler = sampler(sources, Zyx::splat(8), SmallCrops::Drop, &Augment::default()).unwrap();
    assert_eq!(sampler.positions(), 8 + 64);
    let mut counts = HashMap::new();
    for index in 0..72_000 {
        let request = sampler.draw(1, index, 0);
        let voxel = first_voxel(&request).map(|v| v as u64);
        *counts.entry((request.dataset_index, voxel)).or_insert(0_u32) += 1;
    }
    assert_eq!(counts.len(), 72);
    let chi2: f64 = counts.values().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
    // 71 degrees of freedom: above 112.3 once in a thousand.
    assert!(chi2 < 112.3, "{chi2}");
}

#[test]
fn a_draw_depends_on_its_arguments_only() {
    let augment = Augment {
        mirror: Some(Mirror { z: 0.5, y: 0.5, x: 0.5 }),
        transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
        ..Augment::default()
    };
    let sampler = sampler(vec![source(0, 1_000, None)], Zyx::splat(32), SmallCrops::Pad, &augment).unwrap();
    let later = sampler.draw(3, 17, 0);
    assert_eq!(later, sampler.clone().draw(3, 17, 0));
    assert_ne!(later.grid, sampler.draw(3, 18, 0).grid);
    assert_ne!(later.grid, sampler.draw(4, 17, 0).grid);
    assert_ne!(later.grid, sampler.draw(3, 17, 1).grid);
}

#[test]
fn transposed_patches_stay_inside_and_reach_every_edge() {
    let augment =
        Augment { transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }), ..Augment::default() };
    let sampler = sampler(vec![source(0, 12, None)], Zyx::new(2, 6, 12), SmallCrops::Drop, &augment).unwrap();
    let whole = level(12, 8.0).bounds();
    let mut reached = whole;
    for index in 0..2_000 {
        let request = sampler.draw(0, index, 0);
        let footprint = request.grid.footprint();
        assert_eq!(footprint.intersection(&whole), footprint, "{request:?}");
        reached = BoxNm::new(reached.lo.zip_map(footprint.hi, f64::max), reached.hi.zip_map(footprint.lo, f64::min));
    }
    assert_eq!((reached.lo, reached.hi), (whole.hi, whole.lo));
}

#[test]
fn a_small_crop_is_centred_when_padded() {
    let sources = vec![source(0, 64, Some((30.0, 34.0)))];
    let sampler = sampler(sources, Zyx::splat(16), SmallCrops::Pad, &Augment::default()).unwrap();
    assert_eq!(first_voxel(&sampler.draw(0, 0, 0)), Zyx::splat(24.0));
    assert_eq!(sampler.positions(), 1);
}

#[test]
fn nothing_left_says_which_crops_and_how_large() {
    let sources = vec![source(0, 64, Some((30.0, 34.0)))];
    let error = sampler(sources, Zyx::splat(16), SmallCrops::Drop, &Augment::default()).unwrap_err().to_string();
    assert!(error.contains("d0/crop1 (4, 4, 4)") && error.contains("small_crops = \"pad\""), "{error}");
    let error = sampler(Vec::new(), Zyx::splat(16), SmallCrops::Pad, &Augment::default()).unwrap_err().to_string();
    assert!(error.contains("nothing to draw from"), "{error}");
    let sources = vec![source(0, 64, Some((30.0, 34.0))), source(1, 64, None)];
    let rest = sampler(sources, Zyx::splat(16), SmallCrops::Drop, &Augment::default()).unwrap();
    assert_eq!(rest.fate(0), Fate::LeftOut(LeftOut::TooSmall));
    assert_eq!(rest.fate(1), Fate::Drawn { positions: 49 * 49 * 49, is_small: false });
    // A crop beside its raw volume can be drawn from by nobody.
    let beside = vec![source(0, 64, Some((100.0, 140.0)))];
    assert!(sampler(beside, Zyx::splat(16), SmallCrops::Pad, &Augment::default()).is_err());
}

#[test]
fn other_arrays_share_centre_and_orientation() {
    let sampler = sampler(vec![source(0, 64, None)], Zyx::splat(16), SmallCrops::Pad, &Augment::default()).unwrap();
    let request = sampler.draw(0, 0, 0);
    let other = request.grid_of(Zyx::splat(4), Zyx::splat(16.0));
    assert_eq!((other.center_nm, other.orientation), (request.grid.center_nm, request.grid.orientation));
    assert_eq!(other.warp, request.grid.warp);
    assert_eq!((other.shape, other.voxel_size_nm), (Zyx::splat(4), Zyx::splat(16.0)));
}

/// The voxels that a request shows, by its tile's box if it has one.
fn voxels_shown(request: &Request, size_nm: Zyx<f64>) -> Vec<(usize, Zyx<i64>)> {
    let shown = request.tile.unwrap_or_else(|| request.grid.footprint());
    let [lo, hi] = [shown.lo, shown.hi].map(|edge| (edge / size_nm).map(|n| (n + 0.5).round() as i64));
    let rows = (lo.z..hi.z).flat_map(|z| (lo.y..hi.y).map(move |y| (z, y)));
    rows.flat_map(|(z, y)| (lo.x..hi.x).map(move |x| (request.dataset_index, Zyx::new(z, y, x)))).collect()
}

#[test]
fn a_grid_shows_every_voxel_of_every_source_once() {
    let grid = Sampling { strategy: Strategy::Grid, ..Sampling::default() };
    let sources = || vec![source(0, 64, Some((10.0, 33.0))), source(1, 64, Some((20.0, 24.0))), source(2, 31, None)];
    for (shape, tile) in
        [((7, 10, 31), (7, 10, 31)), ((8, 8, 8), (8, 8, 8)), ((12, 13, 9), (5, 6, 9)), ((1, 64, 64), (1, 64, 64))]
    {
        let spec = |(z, y, x): (usize, usize, usize)| cubes(Zyx::new(z, y, x));
        let patch = PatchSpec { tile_nm: spec(tile).tile_nm, ..spec(shape) };
        let sampler = Sampler::new(sources(), patch, &grid, &Augment::default(), 5).unwrap();
        let tiles = sampler.tiles().unwrap();
        let mut seen = HashSet::new();
        for index in 0..tiles {
            let request = sampler.draw(3, index, 0);
            let shown = request.tile.unwrap();
            assert_eq!(request.grid.footprint().intersection(&shown), shown, "a tile lies inside its patch");
            let on_grid = (request.grid.footprint().lo * 0.125 + Zyx::splat(0.5)).map(|n| n.fract().abs());
            assert_eq!(on_grid, Zyx::splat(0.0), "patches lie on the voxels of the volume");
            for voxel in voxels_shown(&request, Zyx::splat(8.0)) {
                assert!(seen.insert(voxel), "{voxel:?} is shown twice, by {shape:?} in tiles of {tile:?}");
            }
        }
        assert_eq!(seen.len(), 23 * 23 * 23 + 4 * 4 * 4 + 31 * 31 * 31);
        let of_sources = (0..3).map(|index| match sampler.fate(index) {
            Fate::Drawn { positions, .. } => positions as u64,
            Fate::LeftOut(_) => 0,
        });
        assert_eq!(of_sources.sum::<u64>(), tiles);
    }
}

fn fixed_set(sources: Vec<Source>, shape: Zyx<usize>, count: u64, augment: &Augment) -> Sampler {
    let subset = Some(Subset { count: Some(count), ..Subset::default() });
    Sampler::new(sources, cubes(shape), &Sampling { subset, ..Sampling::default() }, augment, 5).unwrap()
}

#[test]
fn a_fixed_set_is_gone_through_before_any_of_it_comes_again() {
    let sources = || vec![source(0, 64, Some((10.0, 30.0))), source(1, 64, None)];
    let sampler = fixed_set(sources(), Zyx::splat(8), 100, &Augment::default());
    let place = |epoch, index| {
        let request = sampler.draw(epoch, index, 0);
        (request.dataset_index, first_voxel(&request).map(|v| v as u64))
    };
    let pass = |epoch, pass: u64| (pass * 100..(pass + 1) * 100).map(|i| place(epoch, i)).collect::<Vec<_>>();
    let set: HashSet<_> = pass(0, 0).into_iter().collect();
    assert_eq!(set.len(), 100, "the positions differ");
    for (epoch, number) in [(0, 1), (0, 7), (1, 0), (9, 3)] {
        let again = pass(epoch, number);
        assert_ne!(again, pass(0, 0), "another order each time");
        assert_eq!(again.into_iter().collect::<HashSet<_>>(), set);
    }
    let replaced = sampler.draw(0, 3, 1);
    assert!(set.contains(&(replaced.dataset_index, first_voxel(&replaced).map(|v| v as u64))));
    // More than there are: all of them, evenly.
    let all = fixed_set(vec![source(0, 64, Some((10.0, 20.0)))], Zyx::splat(8), 1000, &Augment::default());
    let places: HashSet<_> = (0..27).map(|i| first_voxel(&all.draw(0, i, 0)).map(|v| v as u64)).collect();
    assert_eq!(places.len(), 27);
}

#[test]
fn a_fixed_set_stays_in_place_when_patches_are_transposed() {
    let transpose = Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 });
    let augment = Augment { transpose, ..Augment::default() };
    let sampler = fixed_set(vec![source(0, 200, None)], Zyx::new(8, 16, 32), 5, &augment);
    let plain = fixed_set(vec![source(0, 200, None)], Zyx::new(8, 16, 32), 5, &Augment::default());
    let whole = level(200, 8.0).bounds();
    let mut turned = 0;
    for index in 0..500 {
        let (request, before) = (sampler.draw(0, index, 0), plain.draw(0, index, 0));
        let shift = (request.grid.center_nm - before.grid.center_nm) * 0.125;
        // At most from the edge, where the patch is 8 voxels, inwards to where 32 have room.
        assert!(shift.all(|n| n.abs() <= 12.0), "{shift}");
        let footprint = request.grid.footprint();
        assert_eq!(footprint.intersection(&whole), footprint);
        turned += usize::from(request.grid.orientation.source != before.grid.orientation.source);
    }
    assert!(turned > 300, "{turned}");
}

#[test]
fn a_subset_names_datasets_and_crops() {
    let named = |datasets: &[&str], crops: &[&str]| {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let subset = Some(Subset { count: None, datasets: texts(datasets), crops: texts(crops) });
        let sources = vec![source(0, 64, Some((10.0, 40.0))), source(1, 64, Some((10.0, 40.0))), source(21, 64, None)];
        let sampling = Sampling { subset, ..Sampling::default() };
        let sampler = Sampler::new(sources, cubes(Zyx::splat(8)), &sampling, &Augment::default(), 5);
        sampler.map(|sampler| {
            let indices = |sources: &[Source]| sources.iter().map(|s| s.dataset_index).collect::<Vec<_>>();
            (indices(sampler.sources()), indices(sampler.not_named()))
        })
    };
    assert_eq!(named(&[], &[]).unwrap(), (vec![0, 1, 21], vec![]));
    assert_eq!(named(&["d?"], &[]).unwrap(), (vec![0, 1], vec![21]));
    assert_eq!(named(&["*1"], &["crop*"]).unwrap(), (vec![1], vec![0, 21]));
    assert_eq!(named(&[], &["d0/crop1"]).unwrap(), (vec![0], vec![1, 21]));
    let error = named(&[], &["crop1", "crop2"]).unwrap_err().to_string();
    assert!(
        error.starts_with("sampling.subset.crops[1]: \"crop2\" names nothing") && error.contains("d0/crop1"),
        "{error}"
    );
    let error = named(&["d21"], &["crop1"]).unwrap_err().to_string();
    assert!(error.starts_with("sampling.subset.crops: no crop of these"), "{error}");
}

#[test]
fn a_small_crop_lies_anywhere_inside_the_patch_when_jittered() {
    // 4 voxels in patches of 8: 5 positions per axis.
    let sampler =
        sampler(vec![source(0, 64, Some((30.0, 34.0)))], Zyx::splat(8), SmallCrops::Jitter, &Augment::default())
            .unwrap();
    assert_eq!(sampler.fate(0), Fate::Drawn { positions: 125, is_small: true });
    let mut counts = HashMap::new();
    for index in 0..12_500 {
        let voxel = first_voxel(&sampler.draw(0, index, 0));
        assert!(voxel.all(|v| (26.0..=30.0).contains(&v)), "{voxel}");
        *counts.entry(voxel.map(|v| v as u64)).or_insert(0_u32) += 1;
    }
    let chi2: f64 = counts.values().map(|&n| (f64::from(n) - 100.0).powi(2) / 100.0).sum();
    // 124 degrees of freedom: above 177.6 once in a thousand.
    assert!(counts.len() == 125 && chi2 < 177.6, "{chi2}");
}
