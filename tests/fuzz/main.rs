//! One of the targets of `microtome_core::testing::fuzz`, chosen by `MICROTOME_FUZZ_TARGET`, under libFuzzer.
#![no_main]
#![allow(clippy::expect_used, reason = "a fuzzer that is started wrongly ends")]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use microtome_core::testing::fuzz::{TARGETS, Target};

/// The target that the environment names.
fn target() -> Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let name = std::env::var("MICROTOME_FUZZ_TARGET").expect("MICROTOME_FUZZ_TARGET names a target");
        *TARGETS.iter().find(|target| target.name == name).expect("a target of that name")
    })
}

fuzz_target!(|bytes: &[u8]| (target().run)(bytes));
