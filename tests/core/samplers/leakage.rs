//! Leakage between training and validation boxes, against a search through all their cells.

use microtome_core::geometry::{BoxNm, Zyx};
use microtome_core::sample::{Closeness, Leak, SplitBox, leaks};
use proptest::prelude::*;

fn split_box(volume: u8, lo: [i32; 3], extent: [i32; 3]) -> SplitBox {
    let lo = Zyx::from(lo.map(f64::from));
    SplitBox {
        volume: volume.to_string(),
        dataset_index: 0,
        crop_index: None,
        name: String::new(),
        bounds: BoxNm::new(lo, lo + Zyx::from(extent.map(f64::from))),
    }
}

/// The cells of 1 nm in a box.
fn cells(of: &SplitBox) -> Vec<[i32; 3]> {
    let (lo, hi) = (of.bounds.lo.map(|v| v as i32), of.bounds.hi.map(|v| v as i32));
    (lo.z..hi.z).flat_map(|z| (lo.y..hi.y).flat_map(move |y| (lo.x..hi.x).map(move |x| [z, y, x]))).collect()
}

/// Cell by cell: how many cells both hold, and whether two of theirs have less than `reach` between them on every axis.
fn by_cells(a: &SplitBox, b: &SplitBox, reach: i32) -> (usize, bool) {
    let (a, b) = (cells(a), cells(b));
    let shared = a.iter().filter(|cell| b.contains(cell)).count();
    let between = |a: i32, b: i32| ((a - b).abs() - 1).max(0);
    let near = a.iter().any(|a| b.iter().any(|b| (0..3).all(|axis| between(a[axis], b[axis]) < reach)));
    (shared, near)
}

fn boxes() -> impl Strategy<Value = Vec<SplitBox>> {
    let one = (0..2_u8, prop::array::uniform3(0..12), prop::array::uniform3(1..4));
    prop::collection::vec(one.prop_map(|(volume, lo, extent)| split_box(volume, lo, extent)), 0..6)
}

proptest! {
    #[test]
    fn what_leaks_is_what_a_search_through_all_cells_finds(train in boxes(), validate in boxes(), reach in 0..5) {
        let found = leaks(&train, &validate, Zyx::splat(f64::from(reach)));
        let mut expected = Vec::new();
        for (i, a) in train.iter().enumerate() {
            for (j, b) in validate.iter().enumerate().filter(|(_, b)| a.volume == b.volume) {
                let (shared, near) = by_cells(a, b, reach);
                if shared > 0 || near {
                    expected.push((i, j, shared));
                }
            }
        }
        let volume = |leak: &Leak| match leak.closeness {
            Closeness::Overlap { shared } => shared.extent_nm().product() as usize,
            Closeness::Near { .. } => 0,
        };
        let found: Vec<_> = found.iter().map(|leak| (leak.train, leak.validate, volume(leak))).collect();
        prop_assert_eq!(found, expected);
    }
}
