//! The command palette: every command that may run now, found by typing parts of its name.

use egui::{Align, Align2, Area, Frame, Id, Key, Order, RichText, ScrollArea, TextEdit, Ui};

use crate::command::{Command, CommandSpec, offers, table};
use crate::context::PaneContext;
use crate::options::Start;
use crate::state::State;

#[derive(Clone, Default)]
struct Typed {
    query: String,
    chosen: usize,
}

/// Draws the palette if it is open.
pub fn palette_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let id = Id::unique("palette");
    if !ctx.state.palette_open {
        ui.data_mut(|data| data.remove::<Typed>(id));
        return;
    }
    let mut typed = ui.data_mut(|data| data.get_temp::<Typed>(id)).unwrap_or_default();
    let found = matches(ctx.state, &typed.query);
    let moved = |key| ui.input_mut(|input| input.count_and_consume_key(egui::Modifiers::NONE, key));
    let down = moved(Key::ArrowDown);
    let up = moved(Key::ArrowUp);
    let enter = moved(Key::Enter) > 0;
    typed.chosen = (typed.chosen + down).saturating_sub(up).min(found.len().saturating_sub(1));
    let mut run = if enter { found.get(typed.chosen).map(|entry| entry.command.clone()) } else { None };
    Area::new(id).order(Order::Foreground).anchor(Align2::CENTER_TOP, [0.0, 60.0]).show(ui, |ui| {
        Frame::popup(ui.style()).inner_margin(10).show(ui, |ui| {
            ui.set_width(460.0);
            let edit =
                TextEdit::singleline(&mut typed.query).hint_text("Type a command, a recent dataset, a crop or a class");
            let edit = ui.add(edit.desired_width(f32::INFINITY));
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a command"));
            edit.request_focus();
            if edit.changed() {
                typed.chosen = 0;
            }
            ui.separator();
            ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show(ui, |ui| {
                for (row, entry) in found.iter().enumerate() {
                    if row_ui(ui, ctx, entry, row == typed.chosen, down + up > 0) {
                        run = Some(entry.command.clone());
                    }
                }
                if found.is_empty() {
                    ui.weak("No command has these letters.");
                }
            });
        });
    });
    ui.data_mut(|data| data.insert_temp(id, typed));
    if let Some(command) = run {
        ctx.send(Command::TogglePalette);
        ctx.send(command);
    }
}

struct Entry {
    label: String,
    tooltip: String,
    shortcut: String,
    command: Command,
}

fn row_ui(ui: &mut Ui, ctx: &PaneContext<'_>, entry: &Entry, chosen: bool, follow: bool) -> bool {
    let shortcut = RichText::new(&entry.shortcut).color(ctx.theme.weak);
    let button = egui::Button::new(&entry.label).right_text(shortcut).selected(chosen).frame_when_inactive(false);
    let button = ui.add_sized([ui.available_width(), 24.0], button).on_hover_text(&entry.tooltip);
    if chosen && follow {
        button.scroll_to_me(Some(Align::Center));
    }
    button.clicked()
}

/// What may run now and has all the typed words in its name; names that start with them first.
fn matches(state: &State, query: &str) -> Vec<Entry> {
    let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let offered = |spec: &&CommandSpec| {
        (spec.enabled)(state) && !matches!(spec.command, Command::TogglePalette | Command::Escape)
    };
    let commands = table().iter().filter(offered).map(|spec| Entry {
        label: spec.label.clone(),
        tooltip: spec.tooltip.clone(),
        shortcut: spec.shortcut.map(|shortcut| shortcut.to_string()).unwrap_or_default(),
        command: spec.command.clone(),
    });
    let recent = state.recent.iter().map(|path| Entry {
        label: format!("Open {}", path.display()),
        tooltip: "Recently opened.".to_owned(),
        shortcut: String::new(),
        command: Command::Open(Start::from_path(path.clone())),
    });
    let offered = if words.is_empty() { Vec::new() } else { offers(state) };
    let offered = offered.into_iter().map(|offer| Entry {
        label: offer.label,
        tooltip: offer.tooltip.to_owned(),
        shortcut: String::new(),
        command: offer.command,
    });
    let has_all = |entry: &Entry| {
        let label = entry.label.to_lowercase();
        words.iter().all(|word| label.contains(word.as_str()))
    };
    let mut found: Vec<Entry> = commands.chain(recent).chain(offered).filter(has_all).collect();
    let starts = |entry: &Entry| words.first().is_some_and(|word| entry.label.to_lowercase().starts_with(word));
    found.sort_by_key(|entry| !starts(entry));
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use microtome_core::loader::LoaderConfig;

    use super::*;
    use crate::state::{LoaderPhase, OpenData, Session};

    #[test]
    fn words_in_any_order_find_a_command_and_only_what_may_run() {
        let state = State::default();
        let labels = |query| matches(&state, query).into_iter().map(|entry| entry.label).collect::<Vec<_>>();
        assert_eq!(labels("path open"), ["Open path…"]);
        assert_eq!(labels("auto contrast"), [""; 0], "nothing is open");
        assert!(labels("").len() > 10);
        assert_eq!(labels("open")[0], "Open folder…");
    }

    #[test]
    fn every_command_that_may_run_is_found_and_says_its_key() {
        let config = LoaderConfig::from_toml(LoaderConfig::example()).expect("the example is valid");
        let data = OpenData::new(Start::Empty, Arc::default(), config);
        let mut state = State { session: Session::Open(Box::new(data)), ..State::default() };
        state.loader.phase = LoaderPhase::Running;
        let own = [Command::TogglePalette, Command::Escape];
        let (may, may_not): (Vec<_>, Vec<_>) =
            table().iter().filter(|spec| !own.contains(&spec.command)).partition(|spec| (spec.enabled)(&state));
        assert!(may.len() > 80 && may_not.len() < 20, "{} and {}", may.len(), may_not.len());
        for spec in may {
            let found = matches(&state, &spec.label);
            let entry = found.iter().find(|entry| entry.command == spec.command).expect("it is found by its name");
            assert_eq!(entry.shortcut, spec.shortcut.map(|key| key.to_string()).unwrap_or_default());
        }
        for spec in may_not {
            assert!(matches(&state, &spec.label).iter().all(|entry| entry.command != spec.command));
        }
    }
}
