//! Ranks share an epoch, and a loader goes on where another one was.

use microtome_core::Error;
use microtome_core::loader::{
    Batch, Loader, LoaderConfig, LoaderOptions, LoaderState, Provenance, Share, Turn, Uneven,
};

use super::scene::{catalog, config};

const VARIED: &str = "
    [augment]
    mirror = { z = 0.5, y = 0.5, x = 0.5 }
    transpose = { axes = [\"y\", \"x\"], probability = 0.5 }
    rotate = { z = [-180, 180], probability = 0.5 }
    noise = { sigma = [0, 0.1], probability = 0.5 }
    [sampling]
    samples_per_epoch = 23
    SUBSET
    [loader]
    batch_size = 4
    ";

/// Ways of sampling in which a draw could depend on draws before it, and must not.
const SAMPLINGS: [&str; 4] =
    ["", "subset = { count = 10 }", "chunk_local = 3", "strategy = \"class_balanced\"\nchunk_local = 2"];

fn varied(subset: &str, loader: &str) -> LoaderConfig {
    config(&format!("{}{loader}", VARIED.replace("SUBSET", subset)))
}

fn with(config: LoaderConfig, share: Share, state: Option<LoaderState>) -> microtome_core::Result<Loader> {
    Loader::with_options(catalog(0), config, LoaderOptions { share, state, ..LoaderOptions::default() })
}

fn batches(loader: &Loader, count: u64) -> Vec<Batch> {
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

/// The samples of the second epoch, in order of their index.
fn second_epoch(loader: &Loader) -> Vec<Provenance> {
    let both = batches(loader, 2 * loader.batches_per_epoch());
    both.into_iter().filter(|batch| batch.epoch == 1).flat_map(|batch| batch.provenance).collect()
}

#[test]
fn the_ranks_together_see_what_one_process_sees() {
    for subset in SAMPLINGS {
        let alone = second_epoch(&with(varied(subset, ""), Share::default(), None).unwrap());
        assert_eq!(alone.len(), 23);
        for world_size in [1, 2, 3, 8] {
            for uneven in [Uneven::Repeat, Uneven::Drop] {
                let of_rank = |rank| {
                    let share = Share { rank, world_size, uneven };
                    second_epoch(&with(varied(subset, ""), share, None).unwrap())
                };
                let ranks: Vec<_> = (0..world_size).map(of_rank).collect();
                assert!(ranks.iter().all(|rank| rank.len() == ranks[0].len()), "ranks are out of step");
                let (again, mut once): (Vec<_>, Vec<_>) = ranks.into_iter().flatten().partition(|p| p.repeated);
                once.sort_by_key(|p| p.index);
                let dropped = if uneven == Uneven::Drop { 23 % world_size } else { 0 };
                assert_eq!(once, alone[..23 - dropped as usize], "{world_size} ranks, {uneven:?}");
                for repeated in again {
                    let expected = Provenance { repeated: true, ..alone[repeated.index as usize].clone() };
                    assert_eq!(repeated, expected);
                }
            }
        }
    }
}

#[test]
fn a_fixed_set_is_seen_whole_before_anything_comes_again() {
    let loader = with(varied("subset = { count = 10 }", "").clone(), Share::default(), None).unwrap();
    let epoch = second_epoch(&loader);
    let middle = |p: &Provenance| p.grid.center_nm.to_array().map(f64::to_bits);
    let of = |samples: &[Provenance]| samples.iter().map(middle).collect::<std::collections::HashSet<_>>();
    // Transposed y and x are of different length: a turned patch may lie at a neighbouring place.
    let unturned = |samples: &[Provenance]| {
        samples.iter().filter(|p| p.grid.orientation.source.y.name() == "y").cloned().collect::<Vec<_>>()
    };
    assert!(of(&unturned(&epoch)).len() <= 10);
    let places =
        |samples: &[Provenance]| samples.iter().map(|p| (p.dataset.clone(), p.crop.clone())).collect::<Vec<_>>();
    let (mut first, mut second) = (places(&epoch[..10]), places(&epoch[10..20]));
    assert_ne!(first, second, "another order");
    first.sort();
    second.sort();
    assert_eq!(first, second, "each pass is the same set");
}

#[test]
fn a_loader_goes_on_with_the_identical_next_batch() {
    for subset in SAMPLINGS {
        let whole = with(varied(subset, "threads = 2\nmemory = \"64 MiB\"\n"), Share::default(), None).unwrap();
        let expected = batches(&whole, 14);
        let two_batches = 2 * expected.iter().map(Batch::size_bytes).max().unwrap() + 100_000;
        for (taken, threads, memory) in [(0, 1, 64 << 20), (3, 1, two_batches), (4, 2, 64 << 20), (8, 8, 1 << 30)] {
            let other = |threads, memory| {
                let mut config = varied(subset, "");
                (config.loader.threads, config.loader.memory) = (threads, memory);
                config
            };
            let before = with(other(threads, memory), Share::default(), None).unwrap();
            assert!(batches(&before, taken) == expected[..taken as usize]);
            // As it would lie beside a checkpoint.
            let state: LoaderState = serde_json::from_str(&serde_json::to_string(&before.state()).unwrap()).unwrap();
            drop(before);
            assert_eq!((state.next_batch, state.epoch), (taken, taken / 6));
            let after = with(other(3, 64 << 20), Share::default(), Some(state)).unwrap();
            for expected in &expected[taken as usize..] {
                assert!(after.next_batch().unwrap() == *expected, "batch {} after {taken}", expected.number);
            }
        }
    }
}

#[test]
fn a_rank_goes_on_as_itself_only() {
    let share = |rank| Share { rank, world_size: 3, uneven: Uneven::Repeat };
    let before = with(varied("", ""), share(1), None).unwrap();
    let taken = batches(&before, 3);
    let state = before.state();
    let expected = batches(&before, 2);
    let after = with(varied("", ""), share(1), Some(state.clone())).unwrap();
    assert!(batches(&after, 2) == expected && expected[0].number == taken[2].number + 1);
    let refused = |config, share| match with(config, share, Some(state.clone())).expect_err("must be refused") {
        Error::State { differs } => differs,
        other => panic!("{other:?}"),
    };
    assert!(refused(varied("", ""), share(2)).contains("rank was 1 of 3, Repeat at the end, is 2 of 3"));
    assert!(refused(varied("", "seed = 5"), share(1)).contains("loader.seed was 1, is 5"));
    assert!(refused(varied("subset = { count = 10 }", ""), share(1)).contains("sampling was #"));
    let fewer = varied("subset = { datasets = [\"a\"] }", "");
    assert!(refused(fewer, share(1)).contains("data was #"));
}

#[test]
fn workers_in_turn_give_the_batches_of_one_process() {
    // Six batches of 23 samples an epoch; the memory lets batches be announced and prefetched.
    let alone = batches(&with(varied("", ""), Share::default(), None).unwrap(), 12);
    for (workers, first) in [(2, 0), (4, 0), (2, 3), (3, 1)] {
        let state = LoaderState { next_batch: first, ..with(varied("", ""), Share::default(), None).unwrap().state() };
        let of = |worker| {
            let turn = Turn { worker, workers };
            let options = LoaderOptions { turn, state: Some(state.clone()), ..LoaderOptions::default() };
            Loader::with_options(catalog(0), varied("", ""), options).unwrap()
        };
        let loaders: Vec<_> = (0..workers).map(of).collect();
        let mut given: Vec<Option<Batch>> = loaders.iter().map(|loader| loader.next_batch().ok()).collect();
        let mut expected = alone[first as usize..].iter();
        for epoch in 0..2 {
            // Who has no batch of this epoch left is passed over, as a data loader does.
            let mut workers = (0..loaders.len()).cycle();
            while given.iter().flatten().any(|batch| batch.epoch == epoch) {
                let worker = workers.next().unwrap();
                if let Some(batch) = given[worker].take_if(|batch| batch.epoch == epoch) {
                    assert_eq!(Some(&batch), expected.next());
                    let state = loaders[worker].state().next_batch;
                    given[worker] = loaders[worker].next_batch().ok();
                    assert_eq!(given[worker].as_ref().map(|batch| batch.number), Some(state));
                }
            }
        }
        assert_eq!(expected.next(), None, "all twelve batches");
    }
    let turn = Turn { worker: 6, workers: 7 };
    let late = Loader::with_options(catalog(0), varied("", ""), LoaderOptions { turn, ..LoaderOptions::default() });
    assert!(matches!(late, Err(Error::Share { .. })), "its turn never comes");
}

#[test]
fn an_outline_is_what_the_loader_becomes() {
    for (rank, world_size, uneven) in [(0, 1, Uneven::Repeat), (1, 3, Uneven::Repeat), (2, 3, Uneven::Drop)] {
        let (config, share) = (varied("", ""), Share { rank, world_size, uneven });
        let outline = config.outline(&catalog(0), share).unwrap();
        let loader = with(config, share, None).unwrap();
        let epoch = (outline.batches_per_epoch, outline.samples_per_epoch);
        assert_eq!(epoch, (loader.batches_per_epoch(), loader.samples_per_epoch()));
        assert_eq!(outline.start, loader.state());
        outline.check(&loader.state()).unwrap();
        let other = varied("", "seed = 99\n").outline(&catalog(0), share).unwrap();
        assert!(matches!(outline.check(&other.start), Err(Error::State { .. })));
    }
    let impossible = Share { rank: 2, world_size: 2, uneven: Uneven::Repeat };
    assert!(matches!(varied("", "").outline(&catalog(0), impossible), Err(Error::Share { .. })));
}
