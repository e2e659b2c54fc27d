//! The fuzz targets over their committed corpus, whole and damaged, so that the gate runs them without a fuzzer.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::path::{Path, PathBuf};

use microtome_core::testing::fuzz::{TARGETS, Target};

/// Damaged copies of every file of the corpus.
const DAMAGED: usize = 48;
/// All seeds together, bytes: the corpus stays small enough to be committed.
const MAX_CORPUS_BYTES: usize = 200_000;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn seeds_of(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = corpus().join(target.name);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Runs a target and says on which file and damage it failed.
fn run(target: &Target, path: &Path, damage: &str, bytes: &[u8]) {
    let ran = std::panic::catch_unwind(|| (target.run)(bytes));
    assert!(ran.is_ok(), "{} panics on {} {damage}: {:?}", target.name, path.display(), String::from_utf8_lossy(bytes));
}

#[test]
fn every_seed_is_read_or_refused() {
    let mut corpus_bytes = 0;
    for target in &TARGETS {
        let seeds = seeds_of(target);
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        for (path, bytes) in seeds {
            corpus_bytes += bytes.len();
            run(target, &path, "as it is", &bytes);
        }
    }
    assert!(corpus_bytes < MAX_CORPUS_BYTES, "{corpus_bytes} bytes");
}

#[test]
fn damaged_seeds_are_read_or_refused() {
    for target in &TARGETS {
        for (path, bytes) in seeds_of(target) {
            for step in 0..DAMAGED {
                let at = step * bytes.len() / DAMAGED;
                run(target, &path, &format!("cut at {at}"), &bytes[..at]);
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (step % 8);
                run(target, &path, &format!("with a bit flipped at {at}"), &flipped);
                let twice = [&bytes[..at], &bytes[at / 2..]].concat();
                run(target, &path, &format!("with {}..{at} twice", at / 2), &twice);
            }
        }
    }
}

#[test]
fn every_folder_of_the_corpus_is_a_target() {
    let folders = std::fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut folders: Vec<_> = folders.map(|name| name.into_string().unwrap()).collect();
    let mut targets: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    folders.sort();
    targets.sort();
    assert_eq!(folders, targets);
}
