//! Places as text, the ruler, and the colours of the EM.

use egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use microtome::state::{Place, State};
use microtome_core::geometry::{Axis, Zyx};
use microtome_tests::data;

use crate::driver::Driver;

fn fib25() -> Driver {
    Driver::open(data::root().join("fib25.zarr"), false)
}

fn where_(state: &State) -> (Zyx<f64>, f64) {
    (state.views.cursor_nm, state.views.nm_per_point)
}

#[test]
fn a_copied_position_is_pasted_back() {
    let mut driver = fib25();
    driver.harness.event(Event::Paste("0.31, 0.42, 0.53 µm zoom 3".to_owned()));
    driver.settle();
    let there = where_(driver.state());
    let off = there.0 - Zyx::new(310.0, 420.0, 530.0);
    assert!(off.all(|nm| nm.abs() <= 5.0) && (there.1 - 3.0).abs() < 1e-9, "the nearest voxel, {there:?}");
    driver.palette("copy position");
    let text = driver.copied();
    assert_eq!(Place::parse(&text).and_then(|place| place.dataset).as_deref(), Some("fib25"), "{text}");
    driver.key(Modifiers::NONE, Key::R);
    assert_ne!(where_(driver.state()), there);
    driver.harness.event(Event::Paste(text));
    driver.settle();
    assert_eq!(where_(driver.state()), there);
    driver.harness.event(Event::Paste("no position at all".to_owned()));
    driver.settle();
    assert_eq!(where_(driver.state()), there);
}

#[test]
fn a_position_is_typed_and_nonsense_is_explained() {
    let mut driver = fib25();
    driver.key(Modifiers::COMMAND, Key::G);
    driver.node("Position").type_text("z 200 parsec");
    driver.settle();
    driver.harness.get_by_label_contains("This is no position");
    driver.key(Modifiers::NONE, Key::Escape);
    assert!(!driver.state().go_to_open);
    driver.key(Modifiers::COMMAND, Key::G);
    driver.node("Position").type_text("x 205 y 305 z 405");
    driver.settle();
    driver.key(Modifiers::NONE, Key::Enter);
    assert!(!driver.state().go_to_open);
    assert!((driver.state().views.cursor_nm - Zyx::new(405.0, 305.0, 205.0)).all(|nm| nm.abs() <= 5.0));
    driver.harness.event(Event::Paste("1 2 3 dataset nowhere".to_owned()));
    driver.settle();
    assert!(driver.state().log.entries().any(|entry| entry.message.contains("nowhere")));
    assert!(driver.state().views.cursor_nm.all(|nm| nm > 100.0), "it stays where it is");
}

#[test]
fn the_neuroglancer_link_names_the_volume() {
    let mut driver = fib25();
    driver.palette("neuroglancer");
    let link = driver.copied();
    assert!(link.starts_with("https://neuroglancer-demo.appspot.com/#!%7B"), "{link}");
    assert!(link.contains("zarr://file:///") && link.contains("fib25.zarr"), "{link}");
}

#[test]
fn shift_drag_measures_until_escape() {
    let mut driver = fib25();
    let rect = driver.node("xy slice").rect();
    let (from, to) = (rect.center(), rect.center() + vec2(40.0, 30.0));
    let center = driver.state().views.center_nm;
    driver.harness.event(Event::ModifiersChanged(Modifiers::SHIFT));
    driver.harness.hover_at(from);
    driver.settle();
    driver.harness.drag_at(from);
    driver.settle();
    driver.harness.hover_at(to);
    driver.settle();
    driver.harness.drop_at(to);
    driver.harness.event(Event::ModifiersChanged(Modifiers::NONE));
    driver.settle();
    let views = &driver.state().views;
    let ruler = views.ruler.expect("something is measured");
    assert_eq!(ruler.normal, Axis::Z);
    assert!((ruler.length_nm() - 50.0 * views.nm_per_point).abs() < 1e-3 * ruler.length_nm(), "{ruler:?}");
    assert_eq!(views.center_nm, center, "measuring does not pan");
    driver.harness.get_by_label_contains("ruler ");
    driver.key(Modifiers::NONE, Key::Escape);
    assert_eq!(driver.state().views.ruler, None);
}

#[test]
fn the_em_is_inverted_and_coloured() {
    let mut driver = fib25();
    driver.key(Modifiers::NONE, Key::L);
    driver.key(Modifiers::NONE, Key::B);
    let at = driver.node("xy slice").rect().center() + vec2(23.0, 17.0);
    let pixel = |driver: &mut Driver| {
        driver.settle();
        let image = driver.harness.render().expect("the frame is drawn");
        let [r, g, b, _] = image.get_pixel(at.x as u32, at.y as u32).0;
        [r, g, b].map(i32::from)
    };
    let [grey, green, blue] = pixel(&mut driver);
    assert!(grey == green && green == blue && (20..236).contains(&grey), "{grey} {green} {blue}");
    driver.click("Invert");
    let inverted = pixel(&mut driver);
    assert!(inverted.iter().all(|channel| (channel - (255 - grey)).abs() <= 1), "{grey} {inverted:?}");
    driver.click("Invert");
    driver.click("Colour map of the EM");
    driver.click("inferno");
    let expected = microtome_render::ColorMap::Inferno.color(grey as f32 / 255.0);
    let shown = pixel(&mut driver);
    for (shown, expected) in shown.into_iter().zip(expected) {
        assert!((shown as f32 - expected * 255.0).abs() <= 4.0, "{shown} {expected}");
    }
}
