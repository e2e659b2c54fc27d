//! The window without a pointer, and with a screen reader: every control has a name, can be reached, shows where the keyboard
//! is, and says what it does.

use std::collections::BTreeMap;

use egui::accesskit::{Action, Role};
use egui::{Key, Modifiers, Order, Rect};
use egui_kittest::kittest::{NodeT, Queryable};
use microtome::command::Command;
use microtome::panes::PaneKind;
use microtome::state::{LoaderPhase, Preset};
use microtome_core::geometry::Axis;
use microtome_tests::data;

use crate::driver::Driver;

/// A node that can be acted on.
#[derive(Debug, Clone)]
struct Control {
    role: Role,
    name: String,
    rect: Rect,
    is_focusable: bool,
    is_disabled: bool,
}

/// Every control on the screen, by its number in the tree.
fn controls(driver: &Driver) -> BTreeMap<u64, Control> {
    let mut found = BTreeMap::new();
    for node in driver.harness.root().children_recursive() {
        let kit = node.accesskit_node();
        let data = kit.data();
        let acts = [Action::Click, Action::SetValue, Action::Increment, Action::Focus];
        // Words can be selected, and scroll bars belong to what they scroll.
        let is_control = !matches!(kit.role(), Role::Label | Role::ScrollBar);
        if !is_control || !acts.iter().any(|action| data.supports_action(*action)) || kit.raw_bounds().is_none() {
            continue;
        }
        let control = Control {
            role: kit.role(),
            name: kit.label().unwrap_or_default(),
            rect: node.rect(),
            is_focusable: data.supports_action(Action::Focus),
            is_disabled: kit.is_disabled(),
        };
        found.insert(kit.locate().0.0, control);
    }
    found
}

/// The app on fib25 with a loader that has run and stands still.
fn paused() -> Driver {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch", |state| state.loader.batch.is_some() && !state.loader.sources.is_empty());
    driver.key(Modifiers::NONE, Key::Space);
    driver.wait("the pause", |state| state.loader.phase == LoaderPhase::Paused);
    driver.settle();
    driver
}

fn all_have_names(driver: &Driver, place: &str) {
    let nameless: Vec<_> = controls(driver).into_values().filter(|control| control.name.trim().is_empty()).collect();
    assert!(nameless.is_empty(), "{place}: {nameless:#?}");
}

#[test]
fn every_control_has_a_name() {
    let mut driver = paused();
    for preset in Preset::ALL {
        driver.run(Command::SetLayout(preset));
        driver.settle();
        assert!(controls(&driver).len() > 40, "{preset:?}");
        all_have_names(&driver, &format!("{preset:?}"));
    }
    for kind in PaneKind::ALL {
        driver.run(Command::ShowPane(kind));
        driver.settle();
        all_have_names(&driver, kind.title());
    }
    for menu in ["File", "Edit", "View", "Loader", "Help"] {
        driver.click(menu);
        all_have_names(&driver, menu);
        driver.key(Modifiers::NONE, Key::Escape);
    }
    let windows = [
        Command::TogglePalette,
        Command::ToggleExport,
        Command::ToggleGoTo,
        Command::ToggleHelp,
        Command::TogglePathField,
        Command::ToggleSaveField,
    ];
    for window in windows {
        driver.run(window.clone());
        driver.settle();
        all_have_names(&driver, &format!("{window:?}"));
        driver.run(window);
        driver.settle();
    }
    driver.run(Command::Close);
    driver.settle();
    all_have_names(&driver, "nothing is open");
}

#[test]
fn every_control_is_reached_by_tab_and_shows_it() {
    let mut driver = paused();
    driver.press("Arrays");
    driver.press("Batches");
    let mut missed: BTreeMap<u64, Control> =
        controls(&driver).into_iter().filter(|(_, control)| control.is_focusable && !control.is_disabled).collect();
    let all = missed.len();
    assert!(all > 80, "{all}");
    for _ in 0..all + 20 {
        driver.harness.key_press(Key::Tab);
        driver.harness.run_steps(2);
        let root = driver.harness.root();
        let focused = root.children_recursive().find(|node| node.accesskit_node().is_focused());
        if let Some(focused) = focused {
            missed.remove(&focused.accesskit_node().locate().0.0);
        }
    }
    assert!(missed.is_empty(), "of {all}, Tab does not reach {missed:#?}");
}

#[test]
fn what_the_keyboard_is_on_has_a_ring_and_is_scrolled_to() {
    let mut driver = paused();
    driver.press("Batches");
    let label = "batch size number";
    let clip = driver.node("xy slice").rect().y_range();
    driver.node(label).focus();
    driver.harness.run_steps(20);
    let rect = driver.node(label).rect();
    assert!(clip.max + 400.0 > rect.max.y && rect.min.y > clip.min, "{rect} is on the screen");
    let ring = |driver: &Driver, about: Rect| {
        let accent = microtome::theme::Theme::new(driver.state().theme).accent;
        driver.harness.output().shapes.iter().any(|clipped| match &clipped.shape {
            egui::Shape::Rect(shape) => {
                let is_ring = shape.stroke.color == accent && shape.stroke.width >= 2.0;
                is_ring
                    && (shape.rect.center() - about.center()).length() < 4.0
                    && shape.rect.width() < about.width() + 8.0
            }
            _ => false,
        })
    };
    driver.node("Boxes").focus();
    driver.settle();
    assert!(ring(&driver, driver.node("Boxes").rect()));
    assert!(!ring(&driver, driver.node("Smooth").rect()));
}

#[test]
fn a_view_that_has_the_keyboard_takes_the_arrows() {
    let mut driver = paused();
    driver.node("xz slice").focus();
    driver.settle();
    let before = driver.state().views.clone();
    assert_eq!(before.active, Axis::Y);
    driver.key(Modifiers::NONE, Key::ArrowRight);
    driver.key(Modifiers::NONE, Key::ArrowRight);
    let after = driver.state().views.clone();
    assert!(after.center_nm.x > before.center_nm.x, "{:?} {:?}", before.center_nm, after.center_nm);
    assert!(driver.node("xz slice").is_focused(), "the keyboard stays");
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Running);
}

#[test]
fn the_contrast_is_set_with_arrow_keys() {
    let mut driver = paused();
    driver.harness.get_by_label_contains("Contrast window").focus();
    driver.settle();
    let before = driver.state().display.contrast;
    driver.key(Modifiers::NONE, Key::ArrowUp);
    let nearer = driver.state().display.contrast;
    assert!(nearer.lo > before.lo && nearer.hi < before.hi, "{before:?} {nearer:?}");
    driver.key(Modifiers::NONE, Key::ArrowRight);
    let moved = driver.state().display.contrast;
    assert!(moved.lo > nearer.lo && moved.hi > nearer.hi, "{nearer:?} {moved:?}");
}

#[test]
fn every_control_says_what_it_does_under_the_pointer() {
    let mut driver = paused();
    driver.harness.ctx.all_styles_mut(|style| {
        style.interaction.tooltip_delay = 0.0;
        style.interaction.show_tooltips_only_when_still = false;
    });
    // What explains itself: views, what folds below its title, menus, and the crosses and lines of panes.
    let explains_itself = |control: &Control| {
        let of_itself = [Role::Canvas, Role::Window, Role::DisclosureTriangle, Role::Splitter, Role::TabList];
        let by_name = ["File", "Edit", "View", "Loader", "Help", "Close"];
        of_itself.contains(&control.role) || by_name.contains(&control.name.as_str())
    };
    let mut silent = Vec::new();
    for preset in [Preset::Explore, Preset::Tune] {
        driver.run(Command::SetLayout(preset));
        driver.settle();
        for (id, control) in controls(&driver) {
            let at = control.rect.center();
            if control.is_disabled || explains_itself(&control) || !driver.harness.ctx.content_rect().contains(at) {
                continue;
            }
            driver.harness.hover_at(at);
            driver.harness.run_steps(2);
            let is_it = |hovered: &egui::Id| hovered.accesskit_id().0 == id;
            let is_under = driver.harness.ctx.viewport(|viewport| viewport.interact_widgets.hovered.iter().any(is_it));
            let layers = driver.harness.ctx.memory(|memory| memory.areas().visible_layer_ids());
            if is_under && !layers.iter().any(|layer| layer.order == Order::Tooltip) {
                silent.push(format!("{:?} {:?}", control.role, control.name));
            }
        }
    }
    silent.sort();
    silent.dedup();
    assert!(silent.is_empty(), "{silent:#?}");
}
