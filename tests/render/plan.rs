//! Properties of the plans: which chunks a view shows, which it wants, and which pixels come from which.

use std::collections::HashSet;

use microtome_core::geometry::Zyx;
use microtome_render::{
    LevelGeometry, MAX_VISIBLE_CHUNKS, PixelRect, SliceView, choose_display_level, draw_list, visible_chunks,
    wanted_chunks,
};
use proptest::prelude::*;

use crate::scene::{Random, random_levels, random_view, turned};

/// Which entry of `rects` covers each pixel; fails if two do.
fn owners(view: &SliceView, rects: impl Iterator<Item = PixelRect>) -> Result<Vec<Option<usize>>, TestCaseError> {
    let [width, height] = view.viewport;
    let mut owners = vec![None; (width * height) as usize];
    for (index, rect) in rects.enumerate() {
        prop_assert!(!rect.is_empty() && rect.x1 <= width && rect.y1 <= height, "{rect:?}");
        for y in rect.y0..rect.y1 {
            for x in rect.x0..rect.x1 {
                prop_assert_eq!(owners[(y * width + x) as usize].replace(index), None, "pixel {} {} twice", x, y);
            }
        }
    }
    Ok(owners)
}

/// The chunk under a pixel's centre, found the slow way; `None` outside or so near an edge that rounding decides.
fn chunk_under(view: &SliceView, level: &LevelGeometry, pixel: usize) -> Option<Option<Zyx<u64>>> {
    let width = view.viewport[0] as usize;
    let at = [(pixel % width) as f64 + 0.5, (pixel / width) as f64 + 0.5];
    let voxel = level.world_from_voxel.voxel_from_world(view.world_from_pixel(at)).map(|v| v + 0.5);
    if voxel.any(|v| (v - v.round()).abs() < 1e-6) {
        return None;
    }
    let index = voxel.map(f64::floor);
    let inside = index.zip_map(level.shape, |v, n| v >= 0.0 && v < n as f64).all(|inside| inside);
    Some(inside.then(|| index.zip_map(level.chunk_shape, |v, n| v as u64 / n)))
}

fn scene(seed: u64) -> (SliceView, Vec<LevelGeometry>, Random) {
    let mut random = Random(seed);
    let levels = random_levels(&mut random);
    let view = random_view(&mut random, &levels);
    (view, levels, random)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn visible_chunks_cover_exactly_the_array(seed in any::<u64>()) {
        let (view, levels, _) = scene(seed);
        for level in &levels {
            let visible = visible_chunks(&view, level);
            for (pixel, owner) in owners(&view, visible.iter().map(|(_, rect)| *rect))?.into_iter().enumerate() {
                if let Some(expected) = chunk_under(&view, level, pixel) {
                    prop_assert_eq!(owner.map(|i| visible[i].0), expected, "pixel {}", pixel);
                }
            }
        }
    }

    #[test]
    fn a_turned_plane_shows_every_chunk_that_it_cuts(seed in any::<u64>()) {
        let (view, levels, mut random) = scene(seed);
        let view = turned(view, &mut random);
        for level in &levels {
            let visible = visible_chunks(&view, level);
            let [width, height] = view.viewport;
            prop_assert!(visible.iter().all(|(_, r)| !r.is_empty() && r.x1 <= width && r.y1 <= height));
            let once = visible.iter().map(|(chunk, _)| *chunk).collect::<HashSet<_>>();
            prop_assert_eq!(once.len(), visible.len(), "each once");
            for pixel in 0..(width * height) as usize {
                if let Some(Some(chunk)) = chunk_under(&view, level, pixel) {
                    let (x, y) = (pixel as u32 % width, pixel as u32 / width);
                    let holds = |r: &PixelRect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
                    prop_assert!(visible.iter().any(|(c, r)| *c == chunk && holds(r)), "pixel {}", pixel);
                }
            }
        }
    }

    #[test]
    fn the_finest_loaded_level_is_drawn_and_each_pixel_once(seed in any::<u64>(), loaded_of_100 in 0..100_u64) {
        let (view, levels, _) = scene(seed);
        let is_loaded = |level: usize, c: Zyx<u64>| {
            let [z, y, x] = c.to_array();
            Random(seed ^ (level as u64) << 48 ^ z << 32 ^ y << 16 ^ x).chance(loaded_of_100)
        };
        let quads = draw_list(&view, &levels, is_loaded);
        let shown = choose_display_level(&levels, &view);
        let owners = owners(&view, quads.iter().map(|quad| quad.pixels))?;
        for (pixel, owner) in owners.into_iter().enumerate() {
            if let Some(index) = owner {
                let quad = quads[index];
                prop_assert!(is_loaded(quad.level, quad.chunk) && quad.level >= shown);
            }
            match chunk_under(&view, &levels[shown], pixel) {
                Some(Some(chunk)) if is_loaded(shown, chunk) => {
                    prop_assert_eq!(owner.map(|i| (quads[i].level, quads[i].chunk)), Some((shown, chunk)));
                }
                Some(None) => prop_assert_eq!(owner, None),
                _ => {}
            }
        }
    }

    #[test]
    fn a_quad_points_at_the_voxel_under_its_first_pixel(seed in any::<u64>()) {
        let (view, levels, _) = scene(seed);
        for quad in draw_list(&view, &levels, |_, _| true) {
            let level = &levels[quad.level];
            let first = [f64::from(quad.pixels.x0) + 0.5, f64::from(quad.pixels.y0) + 0.5];
            let voxel = level.world_from_voxel.voxel_from_world(view.world_from_pixel(first));
            let lo = level.chunk_voxels(quad.chunk).lo;
            for (axis, local) in [view.right(), view.down()].into_iter().zip(quad.first_voxel) {
                prop_assert!((lo[axis] as f64 + f64::from(local) - voxel[axis]).abs() < 1e-4);
                prop_assert!(local > -0.51 && f64::from(local) < level.chunk_shape[axis] as f64 - 0.49);
            }
            let slice = lo[view.normal] + i64::from(quad.slice);
            prop_assert_eq!(Some(slice as u64), level.slice_index(&view));
        }
    }

    #[test]
    fn what_is_wanted_is_the_coarsest_and_the_shown_level_once_each(seed in any::<u64>()) {
        let (view, levels, _) = scene(seed);
        let wanted = wanted_chunks(&view, &levels);
        let distinct: HashSet<_> = wanted.iter().map(|(level, chunk)| (*level, chunk.to_array())).collect();
        prop_assert_eq!(distinct.len(), wanted.len());
        let shown = choose_display_level(&levels, &view);
        for (chunk, _) in visible_chunks(&view, &levels[shown]) {
            prop_assert!(wanted.contains(&(shown, chunk)));
        }
        // When all that is wanted has come, the view is complete.
        let all = draw_list(&view, &levels, |level, chunk| wanted.contains(&(level, chunk)));
        prop_assert!(all.iter().all(|quad| quad.level == shown));
    }
}

fn level(voxel_nm: [f64; 3], shape: u64, chunk: u64) -> LevelGeometry {
    LevelGeometry {
        shape: Zyx::splat(shape),
        chunk_shape: Zyx::splat(chunk),
        world_from_voxel: microtome_core::geometry::GridTransform::new(voxel_nm.into(), Zyx::splat(0.0)),
    }
}

fn xy_view(nm_per_pixel: f64) -> SliceView {
    let normal = microtome_core::geometry::Axis::Z;
    SliceView { normal, turned: None, center_nm: Zyx::splat(512.0), nm_per_pixel, viewport: [64, 64] }
}

#[test]
fn the_level_follows_the_zoom() {
    let levels: Vec<_> = [8.0, 16.0, 32.0].map(|nm| level([nm; 3], 128, 32)).to_vec();
    let chosen = [1.0, 8.0, 15.0, 16.0, 31.0, 32.0, 500.0].map(|zoom| choose_display_level(&levels, &xy_view(zoom)));
    assert_eq!(chosen, [0, 0, 0, 1, 1, 2, 2]);
    assert_eq!(choose_display_level(&[], &xy_view(8.0)), 0);
}

#[test]
fn thick_sections_do_not_hold_back_the_coarser_level() {
    let levels = [level([40.0, 4.0, 4.0], 128, 32), level([40.0, 8.0, 8.0], 64, 32), level([80.0, 16.0, 16.0], 32, 32)];
    let mut view = xy_view(8.0);
    view.normal = microtome_core::geometry::Axis::Y;
    assert_eq!(choose_display_level(&levels, &view), 1);
    view.nm_per_pixel = 20.0;
    assert_eq!(choose_display_level(&levels, &view), 1, "z at level 2 is coarser than a pixel and than level 0");
}

#[test]
fn a_volume_of_tiny_chunks_does_not_drown_the_view() {
    let mut view = xy_view(8.0);
    view.viewport = [1000, 800];
    view.center_nm = Zyx::splat(40_000.0);
    let tiny = level([8.0; 3], 10_000, 1);
    let visible = visible_chunks(&view, &tiny);
    assert!(!visible.is_empty() && visible.len() <= MAX_VISIBLE_CHUNKS, "{}", visible.len());
    let [x, y] = [visible[0].1.x0, visible[0].1.y0].map(i64::from);
    assert!((x - 500).abs() <= 1 && (y - 400).abs() <= 1, "the centre comes first: {x} {y}");
    let coarser = level([16.0; 3], 5000, 64);
    assert_eq!(choose_display_level(&[tiny, coarser], &view), 1);
}

#[test]
fn useless_views_and_levels_show_nothing() {
    let good = level([8.0; 3], 128, 16);
    assert!(!visible_chunks(&xy_view(8.0), &good).is_empty() && !wanted_chunks(&xy_view(8.0), &[good]).is_empty());
    for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
        assert!(visible_chunks(&xy_view(bad), &good).is_empty());
        assert!(draw_list(&xy_view(bad), &[good], |_, _| true).is_empty());
        assert!(visible_chunks(&xy_view(8.0), &level([bad; 3], 128, 16)).is_empty());
    }
    let mut far = xy_view(8.0);
    far.center_nm = Zyx::splat(1e300);
    assert!(wanted_chunks(&far, &[good]).is_empty());
    assert!(visible_chunks(&xy_view(8.0), &level([8.0; 3], 0, 16)).is_empty());
    assert!(draw_list(&xy_view(8.0), &[], |_, _| true).is_empty());
    // A chunk that claims to be larger than any number of voxels.
    assert_eq!(visible_chunks(&xy_view(8.0), &level([8.0; 3], 128, u64::MAX)).len(), 1);
}
