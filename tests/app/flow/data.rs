//! The Data pane: search, details with sizes on disk, looks of classes that survive a restart, isolation, flying there.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use microtome::command::{Command, DataCommand};
use microtome::state::{CountJob, CountPhase, ImageRef};
use microtome::{AppOptions, Start};
use microtome_tests::data;

use crate::driver::Driver;

fn fib25() -> Driver {
    Driver::open(data::root().join("fib25.zarr"), false)
}

#[test]
fn a_search_shows_what_it_finds_says_how_much_and_ends_with_escape() {
    let mut driver = fib25();
    driver.node("Show cell of crop2");
    driver.key(Modifiers::COMMAND, Key::F);
    driver.node("Find in the data").type_text("crop1");
    driver.settle();
    let found = driver.state().search.found.clone().expect("something is searched for");
    assert_eq!((found.hits, driver.state().search.text.as_str()), (1, "crop1"));
    driver.node("1 hit");
    driver.node("Fly to crop1");
    assert!(driver.harness.query_by_label("Fly to crop2").is_none(), "it has no such word");
    driver.key(Modifiers::NONE, Key::Escape);
    assert_eq!(driver.state().search.found, None);
    driver.node("Show cell of crop2");
    driver.key(Modifiers::COMMAND, Key::F);
    driver.node("Find in the data").type_text("golgi");
    driver.settle();
    driver.node("nothing found");
}

#[test]
fn details_say_what_a_level_takes_on_disk() {
    let mut driver = fib25();
    let em = CountJob::Disk(ImageRef { dataset: 0, labels: None });
    assert_eq!(driver.state().inventory.phase(em), CountPhase::NotAsked, "nothing is listed before it is asked for");
    driver.press("Levels of the EM of fib25");
    driver.wait("the files to be counted", |state| state.inventory.phase(em) == CountPhase::Done);
    driver.settle();
    let counted = driver.state().inventory.disk[&ImageRef { dataset: 0, labels: None }].levels.clone();
    let level = data::root().join("fib25.zarr/recon-1/em/fibsem-uint8/s0");
    let files = walkdir::WalkDir::new(&level).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
    let sizes: Vec<u64> = files.map(|entry| entry.metadata().expect("a file").len()).collect();
    assert_eq!((counted[0].files, counted[0].bytes), (sizes.len() as u64, sizes.iter().sum()));
    let words = format!("{} on disk in", microtome::format::bytes(counted[0].bytes));
    assert!(driver.harness.query_all_by_label_contains(&words).count() >= 1, "{words}");
    driver.press("Details of cell of crop2");
    let labels = CountJob::Disk(ImageRef { dataset: 0, labels: Some((1, 0)) });
    driver.wait("the files of the labels", |state| state.inventory.phase(labels) == CountPhase::Done);
}

#[test]
fn looks_of_classes_are_chosen_and_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || AppOptions {
        start: Start::Path(data::root().join("fib25.zarr")),
        settings_dir: Some(folder.path().to_path_buf()),
        ..AppOptions::default()
    };
    {
        let mut driver = Driver::start(options());
        driver.wait("the dataset", |state| state.session.open().is_some());
        driver.settle();
        driver.click("Look of cell");
        driver.click("Colour 3 for cell");
        let look = driver.state().display.look("cell");
        assert_eq!((look.color, look.opacity), (Some(microtome::theme::class_rgb(2)), 1.0));
        driver.node("Opacity of cell").focus();
        driver.settle();
        driver.key(Modifiers::NONE, Key::ArrowLeft);
        assert!(driver.state().display.look("cell").opacity < 1.0, "by the keyboard alone");
    }
    let mut driver = Driver::start(options());
    driver.wait("the dataset", |state| state.session.open().is_some());
    driver.settle();
    assert_eq!(driver.state().display.look("cell").color, Some(microtome::theme::class_rgb(2)));
    driver.click("Reset looks");
    assert!(driver.state().display.looks.is_empty());
}

#[test]
fn the_colour_of_a_class_is_drawn_in_the_slices() {
    let mut driver = fib25();
    let hidden = image(&mut driver, false);
    let blended = image(&mut driver, true);
    let colored =
        |a: &image::RgbaImage, b: &image::RgbaImage| a.pixels().zip(b.pixels()).filter(|(a, b)| a != b).count();
    assert!(colored(&hidden, &blended) > 1000, "labels are drawn");
    driver.run(Command::Data(DataCommand::SetClassColor { class: "cell".to_owned(), color: Some([255, 0, 255]) }));
    driver.run(Command::Data(DataCommand::SetClassOpacity { class: "cell".to_owned(), opacity: 0.0 }));
    assert_eq!(colored(&hidden, &image(&mut driver, true)), 0, "what has no opacity is not drawn");
    driver.run(Command::Data(DataCommand::SetClassOpacity { class: "cell".to_owned(), opacity: 1.0 }));
    let magenta = image(&mut driver, true);
    let more_red = hidden.pixels().zip(magenta.pixels()).filter(|(before, now)| before != now);
    let (all, magenta) = more_red.fold((0, 0), |(all, magenta), (before, now)| {
        let grew = now.0[0] >= before.0[0] && now.0[2] >= before.0[2] && now.0[1] <= before.0[1];
        (all + 1, magenta + usize::from(grew))
    });
    assert!(all > 1000 && magenta == all, "{magenta} of {all} pixels have turned to the colour");
}

/// The xy slice, without cursor and boxes as far as these can be hidden, with labels or without.
fn image(driver: &mut Driver, labels: bool) -> image::RgbaImage {
    let display = &driver.state().display;
    let (boxes, by_object, shown) = (display.show_boxes, display.color_by_object, display.show_labels);
    for (is_on, command) in [
        (boxes, Command::ToggleBoxes),
        (by_object, Command::ToggleColorByObject),
        (shown != labels, Command::ToggleLabels),
    ] {
        if is_on {
            driver.run(command);
        }
    }
    driver.settle();
    let rect = driver.node("xy slice").rect().shrink(24.0);
    let window = driver.harness.render().expect("the frame is drawn");
    let [x, y, width, height] = [rect.left(), rect.top(), rect.width(), rect.height()].map(|v| v.round() as u32);
    image::imageops::crop_imm(&window, x, y, width, height).to_image()
}

#[test]
fn a_class_is_isolated_and_all_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cell");
    let spec = microtome_core::phantom::PhantomSpec {
        shape: microtome_core::geometry::Zyx::splat(96),
        ..microtome_core::phantom::PhantomSpec::default()
    };
    microtome_core::phantom::write(&path, &spec, |_| {}).expect("the phantom is written");
    let mut driver = Driver::open(path, false);
    let before = driver.state().visible_layers().count();
    let class = driver.state().session.open().expect("open").class_names.iter().find(|name| *name == "mito").cloned();
    let class = class.expect("the phantom has mitochondria");
    driver.press("Fold of class looks");
    driver.harness.run_steps(30);
    driver.press(&format!("Show only {class}"));
    let shown = driver.state().visible_layers().count();
    assert!(shown >= 2 && shown < before, "{shown} of {before} layers");
    driver.press("Show all");
    assert_eq!(driver.state().visible_layers().count(), before);
    driver.press(&format!("Show {class} in every crop"));
    assert!(driver.state().visible_layers().count() < before);
    assert_eq!(driver.state().class_visibility(&class), Some(false));
    // The palette has the same.
    driver.key(Modifiers::COMMAND, Key::P);
    driver.node("Find a command").type_text(&format!("isolate {class}"));
    driver.settle();
    driver.key(Modifiers::NONE, Key::Enter);
    assert_eq!(driver.state().display.isolated, Some(class));
}

#[test]
fn names_of_crops_and_volumes_fly_there() {
    let mut driver = fib25();
    driver.press("Fly to crop2");
    let bounds = driver.state().session.open().expect("open").catalog.datasets[0].crops[1].bounds;
    let views = &driver.state().views;
    assert!(bounds.contains(views.cursor_nm), "{bounds:?} {:?}", views.cursor_nm);
    driver.press("Fly to fib25");
    let whole = driver.state().session.open().expect("open").bounds().expect("a volume");
    assert_eq!(driver.state().views.center_nm, whole.center_nm());
    driver.press("Fold of crop2");
    driver.settle();
    assert!(driver.harness.query_by_label("Show cell of crop2").is_none(), "it is folded away");
    let fold = driver.node("Fold of crop2").accesskit_node().label();
    assert_eq!(fold.as_deref(), Some("Fold of crop2"));
}
