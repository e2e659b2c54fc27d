//! The pane Preview on the real loader: what it shows is what the loader draws, under the settings as they are edited.

use std::sync::Arc;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use microtome::command::Command;
use microtome::state::preview::{Painter, PreviewView};
use microtome::{AppOptions, Start};
use microtome_core::loader::params::Value;
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_tests::data;

use crate::driver::Driver;

/// fib25 with labels, and augmentation that is always applied.
fn config() -> LoaderConfig {
    let text = "[data]\npath = \"PATH\"\n[input.raw]\nshape = [16, 20, 24]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"f32\"\n\
                [target.labels]\nshape = [16, 20, 24]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"ids\"\n[augment]\n\
                mirror = { z = 0.5, y = 0.5, x = 0.5 }\nrotate = { z = [-30, 30], probability = 1.0 }\n\
                contrast = { range = [0.5, 1.5], probability = 1.0 }\nnoise = { sigma = [0.05, 0.2], probability = 1.0 }\n\
                [loader]\nbatch_size = 2\nmemory = \"256 MiB\"\nthreads = 1\n";
    let path = data::root().join("fib25.zarr").display().to_string();
    LoaderConfig::from_toml(&text.replace("PATH", &path)).expect("valid")
}

/// The window on it with the pane in front and its first picture there.
fn driver(folder: &tempfile::TempDir) -> Driver {
    let file = folder.path().join("train.toml");
    std::fs::write(&file, toml::to_string(&config()).expect("plain values")).expect("written");
    let options = AppOptions { start: Start::Config(file), run_loader: true, ..AppOptions::default() };
    let mut driver = Driver::start(options);
    driver.wait("a batch", |state| state.loader.batch.is_some());
    assert!(driver.state().preview.shown.is_none(), "nothing is drawn for a pane that nobody sees");
    driver.click("Preview");
    settled(&mut driver);
    driver
}

/// The view of what is wanted now.
fn settled(driver: &mut Driver) -> Arc<PreviewView> {
    driver.settle();
    driver.wait("the preview", |state| state.preview.shown.is_some() && !state.preview.is_busy());
    driver.settle();
    Arc::clone(driver.state().preview.shown.as_ref().expect("there"))
}

fn titles(view: &PreviewView) -> Vec<&str> {
    view.shots.iter().map(|shot| shot.title.as_str()).collect()
}

#[test]
fn before_and_after_are_a_sample_as_the_loader_draws_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    let view = settled(&mut driver);
    let loader = Loader::new(Arc::new(config().open_catalog().expect("opens")), config()).expect("starts");
    let batch = loader.next_batch().expect("a batch");
    assert_eq!(view.provenance, batch.provenance[0]);
    assert_eq!(titles(&view), ["before", "after"]);
    assert!(view.shots.iter().all(|shot| shot.raw.size == [24, 20] && shot.labels.is_some()));
    assert_ne!(view.shots[0].raw, view.shots[1].raw);
    assert!(view.largest_difference > 0.0 && view.histograms.before != view.histograms.after);
    for label in ["sample before", "sample after", "difference"] {
        driver.harness.get_by_role_and_label(Role::Image, label);
    }
    driver.harness.get_by_label_contains("histograms before and after");
}

#[test]
fn a_redraw_keeps_the_place_or_the_augmentation() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    let first = settled(&mut driver);
    driver.key(Modifiers::NONE, Key::X);
    let other_numbers = settled(&mut driver);
    let center = |view: &PreviewView| view.provenance.grid.center_nm;
    assert_eq!(center(&other_numbers), center(&first));
    assert_ne!(other_numbers.provenance.intensity, first.provenance.intensity);
    assert_eq!(other_numbers.shots[0].raw, first.shots[0].raw, "before stays");
    driver.click("Keep the place (Preview)");
    driver.click("Keep the augmentation (Preview)");
    driver.click("Redraw (Preview)");
    let other_place = settled(&mut driver);
    assert_ne!(center(&other_place), center(&first));
    assert_eq!(other_place.provenance.intensity, other_numbers.provenance.intensity);
    driver.click("Keep the place (Preview)");
    driver.key(Modifiers::NONE, Key::X);
    assert_eq!(settled(&mut driver).provenance, other_place.provenance, "both are kept");
}

#[test]
fn a_crop_that_is_clicked_is_the_one_that_is_previewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    driver.key(Modifiers::NONE, Key::Space);
    driver.harness.get_by_label_contains("crop 2: ").click();
    let view = settled(&mut driver);
    // The pointer is over the batch: it is still the one that was clicked.
    let batch = driver.state().loader.batch.clone().expect("there");
    assert_ne!(batch.crops[1].provenance.index, 0);
    assert_eq!(view.provenance, batch.crops[1].provenance);
}

#[test]
fn an_edit_is_seen_before_the_loader_runs_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    driver.key(Modifiers::NONE, Key::Space);
    let first = settled(&mut driver);
    // Both panes side by side.
    driver.key(Modifiers::COMMAND, Key::P);
    driver.node("Find a command").type_text("layout: tune");
    driver.settle();
    driver.harness.key_press(Key::Enter);
    driver.settle();
    driver.node("contrast range from").focus();
    driver.settle();
    driver.key(Modifiers::NONE, Key::ArrowUp);
    let edited = driver.state().session.open().and_then(|data| data.draft.get("augment.contrast.range")).cloned();
    assert_ne!(edited, Some(Value::from(vec![0.5, 1.5])), "the key changed the number");
    let view = settled(&mut driver);
    assert_ne!(view.provenance.intensity, first.provenance.intensity);
    assert_eq!(view.provenance.grid, first.provenance.grid);
    driver.key(Modifiers::COMMAND, Key::Z);
    let undone = settled(&mut driver);
    assert_eq!((&undone.provenance, &undone.shots), (&first.provenance, &first.shots));
}

#[test]
fn every_stage_stands_on_its_own_and_the_last_is_what_the_network_gets() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    let pair = settled(&mut driver);
    driver.click("Preview: Stages");
    let view = settled(&mut driver);
    assert_eq!(titles(&view), ["as cut out", "spatial", "contrast", "noise"]);
    assert!(view.shots.iter().all(|shot| shot.took.is_some_and(|took| !took.is_zero())));
    assert_eq!((&view.shots[0].raw, &view.shots[3].raw), (&pair.shots[0].raw, &pair.shots[1].raw));
    assert!(view.shots.windows(2).all(|pair| pair[0].raw != pair[1].raw), "each stage changes something");
    assert!(view.shots[2].words.starts_with("contrast factor"), "{}", view.shots[2].words);
    driver.harness.get_by_role_and_label(Role::Image, "stage contrast");
}

#[test]
fn draws_stand_side_by_side_and_a_parameter_is_swept_to_its_extremes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    let pair = settled(&mut driver);
    driver.click("Preview: Draws");
    let view = settled(&mut driver);
    assert_eq!((view.shots.len(), &view.shots[0].raw), (9, &pair.shots[1].raw));
    assert!(view.shots[1..].iter().all(|shot| shot.raw != view.shots[0].raw));
    driver.click("4 draws");
    assert_eq!(titles(&settled(&mut driver)), ["draw 0", "draw 1", "draw 2", "draw 3"]);

    driver.click("Preview: Sweep");
    assert_eq!(titles(&settled(&mut driver)), ["0", "1"], "mirror z, which is or is not");
    driver.harness.get_by_role_and_label(Role::ComboBox, "Swept parameter").click();
    driver.settle();
    driver.click("contrast range");
    let sweep = settled(&mut driver);
    assert_eq!(titles(&sweep), ["0.5", "0.75", "1", "1.25", "1.5"]);
    assert!(sweep.shots.windows(2).all(|pair| pair[0].raw != pair[1].raw && pair[0].labels == pair[1].labels));
    driver.click("7 values");
    assert_eq!(settled(&mut driver).shots.len(), 7);
    driver.click("Extremes");
    assert_eq!(titles(&settled(&mut driver)), ["0.5", "1.5"]);
}

#[test]
fn the_slice_goes_through_the_patch() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = driver(&folder);
    let middle = settled(&mut driver);
    assert_eq!((middle.slice, middle.slices), (8, 16));
    driver.node("Slice of the preview").focus();
    driver.settle();
    driver.key(Modifiers::NONE, Key::ArrowLeft);
    let next = settled(&mut driver);
    assert_eq!(next.slice, 7);
    assert!(next.shots[0].raw != middle.shots[0].raw && next.histograms == middle.histograms);
}

/// The window on the layout for tuning, with everything that the preview needs on the graphics card.
fn tuning(folder: &tempfile::TempDir) -> Driver {
    let mut driver = driver(folder);
    driver.key(Modifiers::NONE, Key::Space);
    driver.palette("layout: tune");
    settled(&mut driver);
    let ready = |painter: &Painter| matches!(painter, Painter::Loader(reason) if reason.is_empty());
    driver.wait("the chunks of the preview", |state| ready(&state.preview.painter));
    driver
}

/// What the window shows of the sample after augmentation.
fn after(driver: &mut Driver) -> image::RgbaImage {
    let rect = driver.harness.get_by_role_and_label(Role::Image, "sample after").rect();
    let image = driver.harness.render().expect("drawn");
    let [x, y, width, height] =
        [rect.left(), rect.top(), rect.width(), rect.height() - 18.0].map(|v| v.max(0.0) as u32);
    image::imageops::crop_imm(&image, x, y, width, height).to_image()
}

#[test]
fn while_a_slider_moves_the_graphics_card_shows_what_the_loader_shows_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = tuning(&folder);
    let before = after(&mut driver);
    let turned = Some(Value::from(vec![29.0, 29.0]));
    driver.run(Command::SetParam { key: "augment.rotate.z".to_owned(), value: turned });
    // In the very next frame: nothing waits for the loader.
    driver.harness.step();
    assert!(matches!(driver.state().preview.painter, Painter::Device(_)), "{:?}", driver.state().preview.painter);
    driver.harness.get_by_label("Made by: GPU");
    let by_device = after(&mut driver);
    settled(&mut driver);
    driver.harness.get_by_label("Made by: loader's own crop");
    let by_loader = after(&mut driver);
    let off = |a: &image::RgbaImage, b: &image::RgbaImage| {
        let channels = a.as_raw().iter().zip(b.as_raw());
        channels.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.as_raw().len() as f64
    };
    assert!(off(&by_device, &by_loader) < 1.0, "{}", off(&by_device, &by_loader));
    assert!(off(&before, &by_loader) > 4.0, "{}", off(&before, &by_loader));
}

#[test]
fn what_the_graphics_card_cannot_make_is_named_and_made_by_the_loader() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = tuning(&folder);
    let blur = toml::from_str("sigma_nm = [8, 8]\nprobability = 1.0").expect("a table");
    let value = Some(Value::Table(blur));
    driver.run(Command::SetParam { key: "augment.blur".to_owned(), value });
    driver.harness.step();
    assert!(
        matches!(&driver.state().preview.painter, Painter::Loader(reason) if reason == "blur: shown by the loader"),
        "{:?}",
        driver.state().preview.painter
    );
    driver.harness.get_by_label("Made by: loader's own crop");
    driver.click("Preview: Stages");
    settled(&mut driver);
    assert!(matches!(&driver.state().preview.painter, Painter::Loader(reason) if reason.contains("before and after")));
}
