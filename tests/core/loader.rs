//! The loader on real and synthetic data: the same bytes however it runs, unknown never 0, and the budget holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::geometry::{Axis, PatchGrid, VoxelBox, Zyx};
use microtome_core::loader::{Batch, BatchArray, Loader, LoaderConfig, LoaderOptions, Role};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::telemetry::Event;
use microtome_core::volume::{Buffer, Caches, ChunkCache, Volume};
use microtome_core::with_buffer;
use microtome_core::{Error, volume::Voxel};

/// A small synthetic dataset: crop2 annotates only some classes, crop3 and crop4 are smaller than the patches below.
fn phantom() -> Arc<Catalog> {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phantom.zarr");
        write(&path, &PhantomSpec { shape: Zyx::splat(96), ..PhantomSpec::default() }, |_| ()).unwrap();
        let catalog = Catalog::open(&path).unwrap();
        assert_eq!(catalog.datasets[0].crops.len(), 4);
        (folder, Arc::new(catalog))
    });
    Arc::clone(catalog)
}

/// Patches of 24 × 20 × 28 voxels of 8 nm, mirrored and transposed.
fn config(more: &str) -> LoaderConfig {
    let arrays = "
        [input.raw]
        shape = [24, 20, 28]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [target.labels]
        shape = [24, 20, 28]
        voxel_size_nm = [8, 8, 8]
        encoding = \"ids\"
        [augment]
        mirror = { z = 0.5, y = 0.5, x = 0.5 }
        transpose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }
        [sampling]
        samples_per_epoch = 7
        [loader]
        batch_size = 3
        ";
    LoaderConfig::from_toml(&format!("{arrays}{more}")).unwrap()
}

/// What each thread takes to make labels: of 16 planes what is stored, which of it is inside, and two bytes of bits.
const LABELS_BYTES: u64 = 16 * 20 * 28 * 5;

fn batches(loader: &Loader, count: usize) -> Vec<Batch> {
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

#[test]
fn threads_and_memory_change_no_byte() {
    let reference = batches(&Loader::new(phantom(), config("memory = \"1 GiB\"\nthreads = 1")).unwrap(), 6);
    let two_batches = 2 * reference.iter().map(Batch::size_bytes).max().unwrap();
    let least = |threads: usize| two_batches + threads as u64 * LABELS_BYTES;
    for (threads, memory) in [(2, 1 << 30), (8, 1 << 30), (3, least(3)), (8, least(8) + 300_000)] {
        let mut config = config("");
        (config.loader.threads, config.loader.memory) = (threads, memory);
        let loader = Loader::new(phantom(), config).unwrap();
        for expected in &reference {
            let got = loader.next_batch().unwrap();
            assert_eq!(got.provenance, expected.provenance, "{threads} threads, {memory} bytes");
            assert!(got == *expected, "{threads} threads, {memory} bytes: batch {} differs", expected.number);
        }
    }
    let other = Loader::new(phantom(), config("seed = 2")).unwrap().next_batch().unwrap();
    assert_ne!(other.provenance[0].grid, reference[0].provenance[0].grid);
}

#[test]
fn epochs_end_with_a_short_batch_and_go_on_differently() {
    let batches = batches(&Loader::new(phantom(), config("")).unwrap(), 6);
    let found: Vec<_> = batches.iter().map(|b| (b.number, b.epoch, b.provenance.len(), b.arrays[0].shape[0])).collect();
    assert_eq!(found, [(0, 0, 3, 3), (1, 0, 3, 3), (2, 0, 1, 1), (3, 1, 3, 3), (4, 1, 3, 3), (5, 1, 1, 1)]);
    let indices: Vec<_> = batches[..3].iter().flat_map(|b| b.provenance.iter().map(|p| p.index)).collect();
    assert_eq!(indices, [0, 1, 2, 3, 4, 5, 6]);
    assert_ne!(batches[0].provenance[0].grid, batches[3].provenance[0].grid);
}

/// The voxels of level 0, looked up one by one.
struct Whole {
    level: microtome_core::volume::Level,
    data: Buffer,
}

impl Whole {
    fn of(volume: &Volume) -> Self {
        let level = volume.levels()[0].clone();
        let data = volume.read_box(0, &VoxelBox::of_shape(level.shape), &ChunkCache::new(0)).unwrap();
        Self { level, data }
    }

    /// The value at the voxel that contains a world position; `None` outside.
    fn at(&self, world_nm: Zyx<f64>) -> Option<u64> {
        let voxel = self.level.world_from_voxel.voxel_containing(world_nm);
        if !VoxelBox::of_shape(self.level.shape).contains(voxel) {
            return None;
        }
        let [z, y, x] = voxel.map(|v| v as usize).to_array();
        let [_, height, width] = self.level.shape.map(|n| n as usize).to_array();
        Some(with_buffer!(&self.data, values => values[(z * height + y) * width + x].to_id()))
    }
}

fn channel_values(array: &BatchArray, sample: usize, channel: usize) -> (Vec<f64>, Option<Vec<u8>>) {
    let [_, channels, z, y, x] = array.shape;
    let from = (sample * channels + channel) * z * y * x;
    let range = from..from + z * y * x;
    let data = with_buffer!(&array.data, values => values[range.clone()].iter().map(|v| v.to_f64()).collect());
    (data, array.known.as_ref().map(|known| known[range].to_vec()))
}

/// Every voxel's world position, in C order.
fn positions(grid: &PatchGrid) -> impl Iterator<Item = Zyx<f64>> {
    let [depth, height, width] = grid.shape.to_array();
    let at = |z, y, x| grid.world_from_patch(Zyx::new(z, y, x).map(|n: usize| n as f64));
    (0..depth).flat_map(move |z| (0..height).flat_map(move |y| (0..width).map(move |x| at(z, y, x))))
}

/// What a sample should hold, voxel by voxel: raw, and per class the id if it is known.
fn check_sample(batch: &Batch, sample: usize, dataset: &Dataset, classes: &[String]) -> (usize, usize) {
    let provenance = &batch.provenance[sample];
    let raw = Whole::of(&dataset.raw);
    let (values, _) = channel_values(batch.array("raw").unwrap(), sample, 0);
    for (value, world_nm) in values.iter().zip(positions(&provenance.grid)) {
        assert_eq!(*value, raw.at(world_nm).unwrap_or(0) as f64, "{provenance:?} at {world_nm}");
    }
    let crop = dataset.crops.iter().find(|crop| Some(&crop.name) == provenance.crop.as_ref()).unwrap();
    let (mut unknown, mut labelled) = (0, 0);
    for (channel, class) in classes.iter().enumerate() {
        let labels = crop.classes.iter().find(|labels| labels.class == *class);
        let whole = labels.map(|labels| Whole::of(&labels.volume));
        for target in batch.arrays.iter().filter(|array| array.role == Role::Target) {
            let (values, known) = channel_values(target, sample, channel);
            for (index, world_nm) in positions(&provenance.grid).enumerate() {
                let id = whole.as_ref().and_then(|whole| whole.at(world_nm));
                let expected = match (target.name.as_str(), id) {
                    ("present" | "nan", Some(id)) => f64::from(u8::from(id != 0)),
                    ("nan", None) => f64::NAN,
                    (_, id) => id.unwrap_or(0) as f64,
                };
                let same = values[index] == expected || (values[index].is_nan() && expected.is_nan());
                assert!(same, "{} of {class}: {} is not {expected} at {world_nm}", target.name, values[index]);
                if let Some(known) = &known {
                    assert_eq!(known[index], u8::from(id.is_some()), "{} of {class} at {world_nm}", target.name);
                }
                unknown += usize::from(id.is_none());
                labelled += usize::from(id.is_some_and(|id| id != 0));
            }
        }
    }
    (unknown, labelled)
}

#[test]
fn every_voxel_is_the_one_at_its_place_and_unknown_is_never_background() {
    let more = "
        [target.present]
        shape = [24, 20, 28]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [target.nan]
        shape = [24, 20, 28]
        voxel_size_nm = [8, 8, 8]
        encoding = \"f32\"
        ";
    let catalog = phantom();
    // crop4 is labelled on voxels of half the size: reading it resamples, which is not the matter here.
    let mut dataset = catalog.datasets[0].clone();
    dataset.crops.retain(|crop| crop.name != "crop4");
    let loader =
        Loader::new(Arc::new(Catalog { datasets: vec![dataset.clone()], ..Catalog::default() }), config(more)).unwrap();
    let classes = loader.classes();
    assert_eq!(classes, dataset.class_names());
    let mut seen = std::collections::BTreeSet::new();
    let (mut unknown, mut labelled) = (0, 0);
    for batch in batches(&loader, 6) {
        for sample in 0..batch.provenance.len() {
            seen.insert(batch.provenance[sample].crop.clone().unwrap());
            let (u, l) = check_sample(&batch, sample, &dataset, &classes);
            unknown += u;
            labelled += l;
        }
    }
    assert!(seen.contains("crop1") && seen.contains("crop2"), "{seen:?}");
    assert!(unknown > 0 && labelled > 0, "{unknown} {labelled}");
}

#[test]
fn chosen_classes_come_in_their_order_and_where_nobody_annotated_them_they_are_unknown() {
    let catalog = phantom();
    let mut config = config("");
    let all = catalog.datasets[0].class_names();
    let partial = catalog.datasets[0].crops.iter().find(|crop| crop.name == "crop2").unwrap();
    let annotated = partial.classes[0].class.clone();
    let absent = all.iter().find(|class| partial.classes.iter().all(|labels| labels.class != **class)).unwrap().clone();
    config.data.classes = vec![absent.clone(), annotated];
    config.sampling.samples_per_epoch = Some(40);
    let loader = Loader::new(Arc::clone(&catalog), config).unwrap();
    let mut checked = 0;
    for batch in batches(&loader, 13) {
        let labels = batch.array("labels").unwrap();
        assert_eq!(labels.shape[1], 2);
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let sources: Vec<_> = provenance.sources.iter().map(|s| (s.class.clone(), s.level.is_some())).collect();
            let in_crop2 = provenance.crop.as_deref() == Some("crop2");
            assert_eq!(sources[1], (Some(absent.clone()), !in_crop2), "{provenance:?}");
            if in_crop2 {
                let (values, known) = channel_values(labels, sample, 0);
                assert!(values.iter().all(|&id| id == 0.0) && known.unwrap().iter().all(|&k| k == 0));
                assert!(channel_values(labels, sample, 1).1.unwrap().contains(&1));
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "crop2 was never drawn");
}

#[test]
fn the_budget_holds_at_every_moment() {
    let mut config = config("threads = 2");
    config.loader.batch_size = 2;
    config.sampling.samples_per_epoch = Some(1000);
    let mut probe = config.clone();
    probe.loader.memory = 1 << 30;
    let batch_bytes = Loader::new(phantom(), probe).unwrap().next_batch().unwrap().size_bytes();
    config.loader.memory = 4 * batch_bytes + (1 << 19);
    let budget = config.loader.memory;
    let loader = Loader::new(phantom(), config).unwrap();
    let (mut most_queued, mut most_cached) = (0, 0);
    for _ in 0..30 {
        for _ in 0..20 {
            let stats = loader.stats();
            let (memory, queue) = (stats.memory, stats.queue);
            assert!(memory.cache_bytes + memory.queue_bytes + memory.in_flight_bytes <= budget, "{stats:?}");
            assert!(queue.bytes + memory.in_flight_bytes <= queue.capacity_bytes, "{stats:?}");
            most_queued = most_queued.max(queue.batches);
            most_cached = most_cached.max(memory.cache_bytes);
            std::thread::sleep(Duration::from_micros(200));
        }
        loader.next_batch().unwrap();
    }
    assert!(most_queued >= 1 && most_cached > 0, "{most_queued} {most_cached}");
    let stats = loader.stats();
    assert!(stats.chunk_cache.evictions > 0, "the budget was never tight: {stats:?}");
    assert_eq!((stats.batches, stats.samples, stats.batch_bytes), (30, 60, 30 * batch_bytes));
    assert_eq!(stats.memory.budget_bytes, budget);
}

/// Runs `work` on a thread of its own and fails, rather than hang, if it does not come back.
fn comes_back<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("guarded".to_owned()).spawn(move || sender.send(work())).unwrap();
    receiver.recv_timeout(Duration::from_secs(120)).expect("it hangs")
}

#[test]
fn dropping_ends_a_loader_that_nobody_reads_and_one_that_somebody_waits_for() {
    comes_back(|| drop(Loader::new(phantom(), config("")).unwrap()));
    comes_back(|| {
        let loader = Loader::new(phantom(), config("")).unwrap();
        while loader.stats().queue.batches == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(loader);
    });
    let ended = comes_back(|| {
        let loader = Arc::new(Loader::new(phantom(), config("")).unwrap());
        loader.pause();
        let waiting = Arc::clone(&loader);
        let consumer = std::thread::Builder::new().name("consumer".to_owned()).spawn(move || {
            loop {
                if let Err(error) = waiting.next_batch() {
                    return error;
                }
            }
        });
        loader.stop();
        let error = consumer.unwrap().join().unwrap();
        assert!(matches!(loader.next_batch(), Err(Error::Stopped)));
        drop(loader);
        error
    });
    assert!(matches!(ended, Error::Stopped));
}

#[test]
fn a_pause_begins_nothing_new_and_resuming_goes_on_in_order() {
    let loader = Loader::new(phantom(), config("memory = \"1 GiB\"")).unwrap();
    loader.pause();
    assert!(loader.is_paused());
    let mut before = 0;
    // What was begun before the pause is finished and can be taken.
    while loader.stats().queue.bytes + loader.stats().memory.in_flight_bytes > 0 {
        if let Some(batch) = loader.next_batch_timeout(Duration::from_millis(10)).unwrap() {
            assert_eq!(batch.number, before);
            before += 1;
        }
    }
    assert!(loader.next_batch_timeout(Duration::from_millis(50)).unwrap().is_none());
    loader.resume();
    assert_eq!(loader.next_batch().unwrap().number, before);
}

#[test]
fn caches_can_be_shared_and_statistics_start_at_zero() {
    let caches = Arc::new(Caches::new(1 << 30, 1 << 20));
    let shared = || LoaderOptions { caches: Some(Arc::clone(&caches)), ..LoaderOptions::default() };
    let config = || config("memory = \"512 MiB\"\nthreads = 2");
    let first = Loader::with_options(phantom(), config(), shared()).unwrap();
    // More than the second one can read ahead.
    let expected = batches(&first, 12);
    assert!(first.stats().chunk_cache.misses > 0);
    drop(first);
    let second = Loader::with_options(phantom(), config(), shared()).unwrap();
    assert!(Arc::ptr_eq(second.caches(), &caches));
    assert!(second.next_batch().unwrap() == expected[0]);
    let stats = second.stats();
    let shares = stats.chunk_cache.capacity_bytes + stats.transform_cache.capacity_bytes + stats.queue.capacity_bytes;
    let others = expected[0].size_bytes() + 2 * LABELS_BYTES;
    assert_eq!(shares + others, 512 << 20, "the rest is for the batch that is in use, and to make labels");
    assert_eq!(stats.chunk_cache.misses, 0, "everything was there: {stats:?}");
}

#[test]
fn what_happens_to_a_loader_is_marked() {
    let caches = Arc::new(Caches::new(1 << 30, 1 << 20));
    let before = config("memory = \"1 GiB\"\nthreads = 1");
    let options = LoaderOptions { caches: Some(caches), replaces: Some(before), ..LoaderOptions::default() };
    let loader = Loader::with_options(phantom(), config("memory = \"512 MiB\"\nthreads = 2"), options).unwrap();
    batches(&loader, 2);
    loader.pause();
    loader.resume();
    let events: Vec<Event> = loader.stats().events.into_iter().map(|mark| mark.event).collect();
    let [Event::ConfigChanged { changes }, Event::CacheResized { before_bytes, after_bytes }, rest @ ..] = &events[..]
    else {
        unreachable!("{events:?}")
    };
    let keys: Vec<_> = changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["loader.memory", "loader.threads"]);
    assert_eq!((*before_bytes, *after_bytes), (1 << 30, loader.stats().chunk_cache.capacity_bytes));
    assert_eq!(rest, [Event::EpochBegun { epoch: 0 }, Event::Paused, Event::Resumed]);
}

#[test]
fn what_does_not_fit_the_data_is_refused_by_its_key() {
    let refused = |config: LoaderConfig| Loader::new(phantom(), config).expect_err("must be refused").to_string();
    let mut unknown = config("");
    unknown.data.classes = vec!["mitoo".to_owned()];
    let message = refused(unknown);
    assert!(message.starts_with("data.classes: ") && message.contains("the nearest class is \"mito"), "{message}");
    let mut tight = config("");
    tight.loader.memory = 40_000 * 3;
    assert!(matches!(Loader::new(phantom(), tight), Err(Error::Budget { .. })));
    let mut beyond = config("");
    beyond.loader.memory = 1 << 60;
    beyond.loader.batch_size = 1 << 38;
    beyond.sampling.samples_per_epoch = Some(1 << 38);
    let message = refused(beyond);
    assert!(message.starts_with("loader.memory: the system refuses"), "{message}");
    let mut large = config("");
    large.input.get_mut("raw").unwrap().shape = Zyx::splat(90);
    large.sampling.small_crops = microtome_core::loader::SmallCrops::Drop;
    let message = refused(large);
    assert!(message.starts_with("sampling.small_crops: ") && message.contains("crop1"), "{message}");
    let mut bare = (*phantom()).clone();
    bare.datasets[0].crops.clear();
    let message = Loader::new(Arc::new(bare.clone()), config("")).expect_err("no labels").to_string();
    assert!(message.starts_with("target: "), "{message}");
    // Without targets the whole volume is drawn from.
    let mut inputs_only = config("");
    inputs_only.target.clear();
    let batch = Loader::new(Arc::new(bare), inputs_only).unwrap().next_batch().unwrap();
    assert!(batch.arrays.len() == 1 && batch.provenance.iter().all(|p| p.crop.is_none()));
}

#[test]
fn a_configuration_made_for_a_catalog_runs() {
    let catalog = phantom();
    let mut config = LoaderConfig::for_catalog(&catalog);
    config.validate().unwrap();
    assert_eq!(config.primary().unwrap().voxel_size_nm, catalog.datasets[0].raw.levels()[0].voxel_size_nm());
    config.loader.memory = 1 << 30;
    let batch = Loader::new(catalog, config).unwrap().next_batch().unwrap();
    assert_eq!(batch.arrays.iter().map(|array| array.name.as_str()).collect::<Vec<_>>(), ["raw", "labels"]);
    assert_eq!(batch.provenance.len(), 4);
}

#[test]
fn orientations_are_drawn_as_configured() {
    let mut config = config("");
    config.augment.mirror = None;
    config.augment.transpose.as_mut().unwrap().axes = vec![Axis::Y, Axis::X];
    let loader = Loader::new(phantom(), config).unwrap();
    let orientations: Vec<_> = batches(&loader, 6)
        .iter()
        .flat_map(|b| b.provenance.iter().map(|p| p.grid.orientation).collect::<Vec<_>>())
        .collect();
    assert!(orientations.iter().all(|o| o.source.z == Axis::Z && !o.mirror.any(|m| m)));
    assert!(orientations.iter().any(|o| o.source.y == Axis::X) && orientations.iter().any(|o| o.source.y == Axis::Y));
}
