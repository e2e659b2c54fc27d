//! The search field of the Data pane: what is found is said in a number, and the tree shows nothing else.

use egui::{Id, RichText, Role, TextEdit, Ui, WidgetInfo};

use crate::command::{Command, DataCommand};
use crate::context::PaneContext;
use crate::format;

/// Draws the field, if there is something to search.
pub fn search_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if ctx.state.session.open().is_none() {
        return;
    }
    let search = &ctx.state.search;
    let mut text = search.text.clone();
    let edit = TextEdit::singleline(&mut text).hint_text("Find crop, class, volume…").desired_width(f32::INFINITY);
    let edit = ui.add(edit);
    edit.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, "Find in the data");
        info.current_text_value = Some(search.text.clone());
        info
    });
    if is_wanted_anew(ui, search.focus_wanted) {
        edit.request_focus();
    }
    let tooltip = "Words of a dataset, volume, crop or class, such as \"crop7 mito\" (Ctrl F). Esc ends the search.";
    if edit.on_hover_text(tooltip).changed() {
        ctx.send(Command::Data(DataCommand::Search(text)));
    }
    if let Some(found) = &search.found {
        let color = if found.hits == 0 { ctx.theme.risk } else { ctx.theme.weak };
        let said =
            if found.hits == 0 { "nothing found".to_owned() } else { format::counted(found.hits, "hit", "hits") };
        ui.label(RichText::new(said).small().color(color));
    }
    ui.add_space(2.0);
}

/// True once after each wish for the keyboard.
fn is_wanted_anew(ui: &Ui, wanted: u64) -> bool {
    let id = Id::unique("search focus");
    ui.data_mut(|data| {
        let served = data.get_temp::<u64>(id).unwrap_or(0);
        data.insert_temp(id, wanted);
        wanted > served
    })
}
