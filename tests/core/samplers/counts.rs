//! What strategies need to know is found out once, kept outside the dataset, and given up when the loader goes.

use std::path::Path;
use std::sync::Arc;

use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};

use super::{batches, config};

fn small_phantom(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("phantom.zarr");
    write(&path, &PhantomSpec { shape: Zyx::splat(64), ..PhantomSpec::default() }, |_| ()).unwrap();
    path
}

fn balanced(cache: &Path) -> LoaderConfig {
    let mut config = config("strategy = \"class_balanced\"");
    config.data.counts_cache = Some(cache.to_owned());
    config
}

fn label_chunks(path: &Path) -> Vec<std::path::PathBuf> {
    let files = walkdir::WalkDir::new(path.join("recon-1/labels")).into_iter().map(Result::unwrap);
    let chunks = files.filter(|entry| entry.file_type().is_file());
    let named = chunks.filter(|entry| !entry.file_name().to_string_lossy().starts_with(".z"));
    named.map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn classes_are_looked_for_once_and_again_when_an_array_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_phantom(folder.path());
    let cache = folder.path().join("counts");
    let start = || Loader::new(Arc::new(Catalog::open(&path).unwrap()), balanced(&cache)).unwrap();
    let listed = || walkdir::WalkDir::new(&path).into_iter().count();
    let before = listed();
    let first = start();
    let reference = first.next_batch().unwrap();
    assert!(first.stats().chunk_cache.misses > 0);
    let kept = std::fs::read_dir(&cache).unwrap().count();
    assert!(kept > 10, "{kept} files");
    assert_eq!(listed(), before, "nothing is written into the dataset");
    drop(first);
    // Labels that cannot be decoded any more, of the same size: where classes are comes from the cache.
    for chunk in label_chunks(&path) {
        let bytes = std::fs::read(&chunk).unwrap();
        std::fs::write(&chunk, vec![0xA5; bytes.len()]).unwrap();
    }
    let mut config = balanced(&cache);
    config.target.get_mut("labels").unwrap().encoding = microtome_core::loader::Encoding::Ids;
    let loader = Loader::new(Arc::new(Catalog::open(&path).unwrap()), config).unwrap();
    let error = loader.next_batch().unwrap_err().to_string();
    assert!(!error.contains("no crop that is drawn from holds any"), "the survey came from the cache: {error}");
    drop(loader);
    // Without the cache there is nothing to be found.
    let loader = Loader::new(Arc::new(Catalog::open(&path).unwrap()), super::config("strategy = \"class_balanced\""));
    let error = loader.unwrap().next_batch().unwrap_err().to_string();
    assert!(error.contains("no crop that is drawn from holds any"), "{error}");
    assert_eq!(reference.provenance.len(), 8);
}

#[test]
fn a_kept_survey_draws_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_phantom(folder.path());
    let catalog = Arc::new(Catalog::open(&path).unwrap());
    let cache = folder.path().join("counts");
    let batches_of = |config| batches(&Loader::new(Arc::clone(&catalog), config).unwrap(), 32);
    let reference = batches_of(config("strategy = \"class_balanced\""));
    assert!(batches_of(balanced(&cache)) == reference);
    assert!(batches_of(balanced(&cache)) == reference);
    // Broken files are made again.
    for entry in std::fs::read_dir(&cache).unwrap() {
        let file = entry.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    }
    assert!(batches_of(balanced(&cache)) == reference);
}

#[test]
fn a_cache_inside_the_data_is_refused_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_phantom(folder.path());
    let catalog = Arc::new(Catalog::open(&path).unwrap());
    for strategy in ["class_balanced", "weighted"] {
        let mut config = config(&format!("strategy = \"{strategy}\""));
        config.data.counts_cache = Some(path.join("counts"));
        let error = Loader::new(Arc::clone(&catalog), config).unwrap().next_batch().unwrap_err().to_string();
        assert!(error.contains("data.counts_cache: ") && error.contains("inside the data"), "{error}");
    }
    assert!(!path.join("counts").exists());
}

#[test]
fn a_loader_that_goes_gives_the_search_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_phantom(folder.path());
    let catalog = Arc::new(Catalog::open(&path).unwrap());
    let boxes_seen = std::sync::atomic::AtomicUsize::new(0);
    let caches = microtome_core::volume::Caches::new(1 << 26, 1 << 20);
    let labels = &catalog.datasets[0].crops[0].classes[0];
    let level = &labels.volume.levels()[0];
    let place = microtome_core::catalog::SurveyBox {
        dataset_index: 0,
        crop_index: 0,
        world_from_voxel: level.world_from_voxel,
        shape: level.shape,
    };
    let classes = catalog.datasets[0].class_names();
    let plan = microtome_core::catalog::SurveyPlan {
        boxes: &[place],
        classes: &classes,
        caches: &caches,
        cache_folder: None,
        skip_unreadable: true,
        is_stopped: &|| boxes_seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 3,
    };
    let stopped = catalog.survey(&plan);
    assert!(matches!(stopped, Err(microtome_core::Error::Stopped)), "{stopped:?}");
    assert!(boxes_seen.into_inner() < 3 + classes.len());
    // And a loader that is dropped at once ends, wherever its search is.
    for _ in 0..5 {
        drop(Loader::new(Arc::clone(&catalog), config("strategy = \"class_balanced\"")).unwrap());
    }
}
