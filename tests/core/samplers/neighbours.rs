//! `chunk_local`: chunks are decoded once for several samples, and no position is likelier for it.

use std::sync::Arc;

use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::Loader;
use microtome_core::phantom::{PhantomSpec, write};

use super::{batches, config, phantom};

/// Chunks decoded for so many samples when hardly any chunk stays in memory from one sample to the next.
fn decodes(catalog: &Arc<Catalog>, sampling: &str, samples: usize) -> (u64, u64) {
    let mut config = config(sampling);
    config.target.clear();
    config.input.get_mut("raw").unwrap().shape = Zyx::splat(32);
    config.loader.threads = 1;
    config.loader.batch_size = 8;
    config.loader.memory = 3 << 20;
    let loader = Loader::new(Arc::clone(catalog), config).unwrap();
    let batches = batches(&loader, samples);
    let touched = batches.iter().flat_map(|b| &b.provenance).flat_map(|p| &p.sources).map(|s| s.chunks as u64).sum();
    (loader.stats().chunk_cache.misses, touched)
}

#[test]
fn a_group_decodes_its_chunks_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.zarr");
    write(&path, &PhantomSpec { shape: Zyx::splat(192), ..PhantomSpec::default() }, |_| ()).unwrap();
    let mut catalog = Catalog::open(&path).unwrap();
    // The whole volume: 27 chunks of 256 KiB, of which fewer than 12 fit.
    catalog.datasets[0].crops.clear();
    let catalog = Arc::new(catalog);
    let (alone, touched_alone) = decodes(&catalog, "", 128);
    let (in_groups, touched) = decodes(&catalog, "chunk_local = 8", 128);
    println!("decodes for 128 samples: {alone} of {touched_alone} touched; in groups of 8: {in_groups} of {touched}");
    assert!(in_groups * 2 < alone, "{in_groups} decodes in groups of 8, {alone} without");
    // A group of 8 touches 8 chunks at most: cells are one chunk, and a patch is smaller. What batches begun ahead of
    // those taken decode comes on top.
    assert!(in_groups <= (128 / 8 + 4) * 8, "{in_groups}");
}

#[test]
fn groups_share_a_crop_and_a_neighbourhood() {
    for strategy in ["uniform", "class_balanced", "foreground", "weighted"] {
        let loader = Loader::new(phantom(), config(&format!("strategy = \"{strategy}\"\nchunk_local = 4"))).unwrap();
        let provenance: Vec<_> = batches(&loader, 64).into_iter().flat_map(|batch| batch.provenance).collect();
        let mut different = 0;
        for group in provenance.chunks(4) {
            let number = group[0].index / 4;
            for sample in group {
                assert_eq!(sample.reason.group, Some(number), "{strategy}");
                assert_eq!(
                    (&sample.crop, &sample.reason.class),
                    (&group[0].crop, &group[0].reason.class),
                    "{strategy}"
                );
                let apart_nm = sample.grid.center_nm - group[0].grid.center_nm;
                // Chunks of 64 voxels of 8 nm; patches of 16 around voxels of one cell.
                assert!(apart_nm.all(|nm| nm.abs() < 640.0), "{strategy}: {apart_nm}");
                different += usize::from(apart_nm.any(|nm| nm != 0.0));
            }
        }
        assert!(different > 24, "{strategy}: members differ, {different} of 48");
    }
}
