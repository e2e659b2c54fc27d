//! The menus, generated from the command table.

use egui::{Button, MenuBar, Ui};

use crate::command::{Command, CommandSpec, Menu, table};
use crate::context::PaneContext;
use crate::options::Start;

/// What has a menu of its own within the View menu.
const PARTS_OF_VIEW: [(&str, Menu); 7] = [
    ("Views", Menu::Views),
    ("Oblique slices", Menu::Turn),
    ("Contrast of views", Menu::Contrast),
    ("Colour map", Menu::ColorMap),
    ("Colours of crops", Menu::CropColor),
    ("Panes", Menu::Pane),
    ("Appearance", Menu::Look),
];

/// Draws the menu bar.
pub fn menus_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    MenuBar::new().ui(ui, |ui| {
        for (title, menu) in [
            ("File", Menu::File),
            ("Edit", Menu::Edit),
            ("View", Menu::View),
            ("Loader", Menu::Loader),
            ("Help", Menu::Help),
        ] {
            ui.menu_button(title, |ui| {
                ui.set_min_width(220.0);
                for spec in table().iter().filter(|spec| spec.menu == menu) {
                    item_ui(ui, ctx, spec);
                    if spec.command == Command::TogglePathField {
                        recent_ui(ui, ctx);
                    }
                }
                if menu == Menu::View {
                    PARTS_OF_VIEW.into_iter().for_each(|part| part_ui(ui, ctx, part));
                }
            });
        }
    });
}

fn part_ui(ui: &mut Ui, ctx: &PaneContext<'_>, (title, menu): (&str, Menu)) {
    ui.menu_button(title, |ui| {
        table().iter().filter(|spec| spec.menu == menu).for_each(|spec| item_ui(ui, ctx, spec));
    });
}

fn item_ui(ui: &mut Ui, ctx: &PaneContext<'_>, spec: &CommandSpec) {
    let enabled = (spec.enabled)(ctx.state);
    let checked = spec.checked.is_some_and(|checked| checked(ctx.state));
    let mut button = Button::new(&spec.label).selected(checked);
    if let Some(shortcut) = spec.shortcut {
        button = button.shortcut_text(shortcut.to_string());
    }
    let response = ui.add_enabled(enabled, button).on_hover_text(&spec.tooltip);
    let response = response.on_disabled_hover_text(spec.tip(ctx.state));
    if response.clicked() {
        ctx.send(spec.command.clone());
        ui.close();
    }
}

fn recent_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.add_enabled_ui(!ctx.state.recent.is_empty(), |ui| {
        ui.menu_button("Open recent", |ui| {
            for path in &ctx.state.recent {
                if ui.button(path.display().to_string()).clicked() {
                    ctx.send(Command::Open(Start::from_path(path.clone())));
                    ui.close();
                }
            }
        });
    });
}
