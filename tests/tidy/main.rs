//! The law of the house, as tests: import law, file and text rules, registered targets. Every rule is shown to fail.
//!
//! Each rule is a pure function from a file (or a table) to findings. The tests in this file run the rules over the
//! repository; each rule's own module holds the snippets that it must catch.

#![allow(clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

mod colours;
mod files;
mod imports;
mod lexer;
mod packages;
mod repository;
mod targets;
mod text;

use repository::{Finding, SourceFile};

/// Runs one rule over every Rust file that `wanted` picks, and fails with all findings at once.
fn hold(rule: fn(&SourceFile) -> Vec<Finding>, wanted: fn(&str) -> bool) {
    let files: Vec<_> = repository::files().into_iter().filter(|file| wanted(&file.path)).collect();
    assert!(!files.is_empty(), "the rule looked at no file: its folder has moved");
    repository::report(files.iter().flat_map(rule).collect());
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// Code of the products, as against tests and benches.
fn is_product(path: &str) -> bool {
    is_rust(path) && ["core/src/", "app/src/", "app/render/src/"].iter().any(|folder| path.starts_with(folder))
}

#[test]
fn rooms_of_the_core_import_only_from_their_left() {
    hold(imports::core_law, |path| is_rust(path) && path.starts_with("core/src/"));
}

#[test]
fn the_app_keeps_its_walls() {
    hold(imports::app_law, |path| is_rust(path) && path.starts_with("app/src/"));
}

#[test]
fn only_the_theme_names_colours() {
    hold(colours::only_in_theme, |path| is_rust(path) && path.starts_with("app/src/"));
}

#[test]
fn every_rust_file_says_its_one_purpose() {
    hold(files::opens_with_purpose, is_rust);
}

#[test]
fn files_stay_readable_in_one_sitting() {
    hold(files::length, is_rust);
}

#[test]
fn core_and_render_print_nothing() {
    hold(text::no_printing, |path| {
        is_rust(path) && (path.starts_with("core/src/") || path.starts_with("app/render/src/"))
    });
}

#[test]
fn products_do_not_unwrap() {
    hold(text::no_unwrap, is_product);
}

#[test]
fn nothing_unfinished_is_left() {
    hold(text::unfinished_has_a_reason, is_rust);
}

#[test]
fn no_file_names_a_machine() {
    hold(text::no_machine, |_| true);
}

#[test]
fn the_lock_file_knows_one_registry() {
    hold(text::one_registry, |path| path.ends_with("Cargo.lock"));
}

#[test]
fn every_rust_file_is_part_of_a_target() {
    repository::report(targets::unregistered(&repository::files()));
}

#[test]
fn packages_depend_only_on_what_the_law_allows() {
    repository::report(packages::findings(packages::from_cargo));
}
